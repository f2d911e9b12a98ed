"""What a head is trained on, how, and what comes back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from negbank.errors import TrainingError

STAGE: Final = "train {name}"


@dataclass(frozen=True)
class Example:
    """One answer after its context; `continuation` begins with what parts it from the context, mostly a space."""

    context: str
    continuation: str


@dataclass(frozen=True)
class LoraSettings:
    """The shape of an adapter. `targets` are the names of the layers that get one; the defaults are the paper's."""

    rank: int = 8
    alpha: int = 8
    dropout: float = 0.0
    targets: tuple[str, ...] = ("up_proj", "down_proj", "gate_proj")


@dataclass(frozen=True)
class TrainSettings:
    """How a head is trained: AdamW, `batch` examples a step.

    The rate is `learning_rate` throughout, or goes up to it over the share `warmup` of the steps and down to nothing
    along a cosine. A gradient longer than `max_norm` is cut to that length.
    `max_tokens` bounds the tokens that are in memory at a time and changes no result but its last bits;
    `checkpoint_s` is the most work that a kill can cost.
    """

    learning_rate: float
    batch: int = 8
    epochs: int = 1
    max_tokens: int | None = None
    seed: int = 0
    weight_decay: float = 0.0
    checkpoint_s: float = 60
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: float = 0.0
    max_norm: float | None = None

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of step `step` (from 0) of `steps`; the schedule of transformers, warm-up rounded up."""
        if self.schedule == "constant":
            return self.learning_rate
        warm = math.ceil(self.warmup * steps)
        if step < warm:
            return self.learning_rate * step / warm
        return self.learning_rate * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2


@dataclass(frozen=True)
class HeadResult:
    """A trained head: `losses_nats` is one mean over answer tokens a step; `tokens` are all that were read.

    `examples` counts each epoch; `elapsed_s` is training alone, over all runs that it took, without what was
    done at points.
    """

    folder: Path
    examples: int
    losses_nats: tuple[float, ...]
    elapsed_s: float
    tokens: int


def check_settings(lora: LoraSettings, training: TrainSettings) -> None:
    """Refuse settings with which nothing can be trained. Raises TrainingError."""
    rules = (
        (lora.rank >= 1, f"a head's rank is 1 or more, not {lora.rank}"),
        (lora.alpha > 0, f"a head's alpha is above 0, not {lora.alpha}"),
        (0.0 <= lora.dropout < 1.0, f"dropout is a share from 0 to below 1, not {lora.dropout}"),
        (bool(lora.targets), "a head needs layers to sit on: give the names of some as targets"),
        (0.0 < training.learning_rate < float("inf"), f"a learning rate is above 0, not {training.learning_rate}"),
        (training.weight_decay >= 0.0, f"weight decay is 0 or more, not {training.weight_decay}"),
        (training.batch >= 1, f"a batch has 1 example or more, not {training.batch}"),
        (training.epochs >= 1, f"training takes 1 epoch or more, not {training.epochs}"),
        (training.schedule in ("constant", "cosine"), f"a schedule is constant or cosine, not {training.schedule!r}"),
        (0.0 <= training.warmup < 1.0, f"warm-up is a share from 0 to below 1, not {training.warmup}"),
        (
            training.max_norm is None or training.max_norm > 0,
            f"a gradient's length is above 0, not {training.max_norm}",
        ),
        (
            training.max_tokens is None or training.max_tokens >= 1,
            f"--max-tokens is 1 or more, not {training.max_tokens}",
        ),
    )
    for holds, problem in rules:
        if not holds:
            raise TrainingError(problem)
