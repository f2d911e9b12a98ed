"""Chains of thought by a model: sampled here or from a server, kept one by one, and judged step by step if asked.

`LocalSampler` is in `local.py`: who asks a server needs no torch.
"""

from negbank.generation.client import Endpoint, Patience
from negbank.generation.collect import Collected, collect, default_file
from negbank.generation.endpoint import EndpointSampler
from negbank.generation.judge import StepJudge, default_judgements
from negbank.generation.records import Asked, GenerateSettings, Sampler, Written

__all__ = [
    "Asked", "Collected", "Endpoint", "EndpointSampler", "GenerateSettings", "Patience", "Sampler",
    "StepJudge", "Written", "collect", "default_file", "default_judgements",
]  # fmt: skip
