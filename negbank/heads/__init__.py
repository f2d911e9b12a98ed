"""Heads: LoRA adapters trained on right or on wrong answers, several of them on one base model."""

from negbank.heads.adapters import active, drop_head, heads_of, load_head
from negbank.heads.settings import Example, HeadResult, LoraSettings, TrainSettings
from negbank.heads.train import train_head

__all__ = [
    "Example",
    "HeadResult",
    "LoraSettings",
    "TrainSettings",
    "active",
    "drop_head",
    "heads_of",
    "load_head",
    "train_head",
]
