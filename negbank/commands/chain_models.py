"""The models that `mine` asks about chains of thought: one writes them, here or behind a URL, and one judges steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from negbank.errors import GenerationError
from negbank.generation import (
    Collected,
    Endpoint,
    EndpointSampler,
    GenerateSettings,
    Sampler,
    StepJudge,
    collect,
    default_file,
    default_judgements,
)
from negbank.records import Progress, SourceData, no_progress


@dataclass(frozen=True)
class ModelSettings:
    """Which models are asked, and how.

    Chains are written by `generate`, a model that is loaded here, or by `model` of the server at `endpoint`, as
    `chains` says. `judge_model` of the server at `judge` names the first wrong step where nobody else knows it. A
    server's key is read from NEGBANK_API_KEY, that of https://api.openai.com else from OPENAI_API_KEY.
    """

    generate: str | None = None
    endpoint: str | None = None
    model: str | None = None
    chains: GenerateSettings = field(default_factory=GenerateSettings)
    judge: str | None = None
    judge_model: str | None = None

    def __post_init__(self) -> None:
        if self.generate and self.endpoint:
            raise GenerationError("chains are written by a model here (generate) or by one of an endpoint, not by both")
        for url, model in ((self.endpoint, self.model), (self.judge, self.judge_model)):
            if bool(url) != bool(model):
                raise GenerationError("an endpoint and a model on it go together, for chains and for the judge")
        for url in (self.endpoint, self.judge):
            if url:
                Endpoint(url)  # so that a URL that is none is told before hours of sampling

    @property
    def writes(self) -> bool:
        """Whether chains are asked for."""
        return bool(self.generate or self.endpoint)


def write_chains(
    data: SourceData, models: ModelSettings, seed: int, device: str | None = None, progress: Progress = no_progress
) -> tuple[Collected, Mapping[str, Any]]:
    """The file of chains to the questions of `data`, in the cache, with those that it lacks written now; and how.

    Raises ModelError and GenerationError; what is done is kept, and gone on from by the same call.
    """
    sampler, chains = _sampler(models, device), replace(models.chains, seed=seed)
    file = default_file(data.revision, sampler, chains, data.questions)
    collected = collect(data.questions, sampler, chains, file, progress)
    return collected, {**sampler.provenance(), "samples": chains.samples, "seed": seed}


def step_judge(models: ModelSettings) -> StepJudge | None:
    """The judge of steps, where one is named."""
    if not models.judge or not models.judge_model:
        return None
    endpoint = Endpoint(models.judge)
    return StepJudge(endpoint, models.judge_model, default_judgements(endpoint, models.judge_model))


def _sampler(models: ModelSettings, device: str | None) -> Sampler:
    if models.endpoint and models.model:
        return EndpointSampler(Endpoint(models.endpoint), models.model, models.chains)
    if not models.generate:
        raise GenerationError("no model is named that writes chains")
    # here, as a server's chains need no torch
    from negbank.causal import load_base
    from negbank.generation.local import LocalSampler

    return LocalSampler(load_base(models.generate, device), models.chains)
