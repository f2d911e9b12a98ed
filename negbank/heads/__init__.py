"""Heads: LoRA adapters trained on right or on wrong answers; and models or heads tuned on chains of thought."""

from negbank.heads.adapters import active, drop_head, heads_of, load_head
from negbank.heads.settings import Example, HeadResult, LoraSettings, TrainSettings
from negbank.heads.train import train_head
from negbank.heads.tune import HISTORY_FILE, Chain, Tuned, TuneSettings, tune

__all__ = [
    "HISTORY_FILE",
    "Chain",
    "Example",
    "HeadResult",
    "LoraSettings",
    "TrainSettings",
    "TuneSettings",
    "Tuned",
    "active",
    "drop_head",
    "heads_of",
    "load_head",
    "train_head",
    "tune",
]
