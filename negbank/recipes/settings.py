"""What a recipe says, as frozen dataclasses: a table of the TOML file each, a field a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from negbank.decoding import Between
from negbank.recipes.weights import MAX_WEIGHT, parse_weights

Count = Annotated[int, Between(1)]
Rate = Annotated[float, Between(0, 1, above=True)]
Share = Annotated[float, Between(0, 1)]
Weight = Annotated[float, Between(0, MAX_WEIGHT)]
System = Literal["base", "sft", "sft-base", "likra", "base-likra"]
Measure = Literal["acc", "acc_norm"]

LARGE: Final = 5_000_000_000
"""Parameters from which on a model counts as one of 7B: between the 3B and the 7B that the paper's rates are for."""


@dataclass(frozen=True)
class DataSettings:
    """`[data]`: the registry's `dataset`, whose negatives of `tier` are proved; `source` is what it is mined from.

    Right answers come from the version itself: each of its questions has one. `no_hold_out` names held-out splits of
    the source that are trained on all the same, because the paper did.
    """

    dataset: str
    source: str | None = None
    tier: Literal["near-miss", "irrelevant", "unrelated", "erroneous-cot"] = "near-miss"
    right_answers: Literal["version"] = "version"
    no_hold_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvaluationSettings:
    """`[evaluation]`: questions that `source` holds out, `limit` of them at most.

    `split` names a held-out split, such as `ARC-Challenge/test`; without it they are those that the benchmark itself is
    evaluated on. A question is preceded by
    `shots` others with their answers, drawn for it alone (`per-question`, as lm-evaluation-harness does) or the same
    for all (`fixed`), from the training questions whose ids begin with `shots_from`. A question that a source has twice
    is read once, so that shots are those of the harness only where the pool has no such question.
    """

    source: str
    split: str | None = None
    limit: Count | None = None
    shots: Annotated[int, Between(0, 100)] = 0
    shots_from: str = ""
    shot_kind: Literal["per-question", "fixed"] = "per-question"
    measure: Measure = "acc"


@dataclass(frozen=True)
class BaseChoice:
    """`[[base]]`: a model of the Hub or a folder; or, `pretrained`, one that reads a generated text."""

    name: str
    kind: Literal["hub", "pretrained"] = "hub"
    revision: str | None = None
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    learning_rate: Rate | None = None


@dataclass(frozen=True)
class HeadSettings:
    """`[lora]`: the shape of a head."""

    rank: Annotated[int, Between(1, 1024)] = 8
    alpha: Annotated[int, Between(1, 4096)] = 8
    dropout: Annotated[float, Between(0, 0.9)] = 0.0
    targets: tuple[str, ...] = ("up_proj", "down_proj", "gate_proj")


@dataclass(frozen=True)
class TrainingSettings:
    """`[training]`: `points` are the numbers of examples that the curve is drawn at; none: 16, 32, 64 and so on.

    An example that is read again in a later epoch counts again.
    """

    batch: Annotated[int, Between(1, 4096)] = 8
    epochs: Annotated[int, Between(1, 100)] = 1
    learning_rate: Rate | None = None
    max_examples: Count | None = None
    points: tuple[Count, ...] = ()

    def learned(self, examples: int) -> int:
        """How many of `examples` are learned from: `max_examples` at most."""
        return min(examples, self.max_examples or examples)

    def points_for(self, examples: int) -> tuple[int, ...]:
        """The points of a curve over the `examples` that are learned from: those that are reached, then all.

        Where no points are named, those after the first epoch are the epochs' ends.
        """
        once = self.learned(examples)
        if once < 1:
            return ()
        most = once * self.epochs
        first = self.points or tuple(16 * 2**power for power in range(40) if 16 * 2**power < once)
        ends = () if self.points else tuple(range(once, most, once))
        return (*(point for point in (*first, *ends) if point < most), most)


@dataclass(frozen=True)
class LikraSettings:
    """`[likra]`: the `weight` of the negative head, and those of a sweep, as a list or as `0:1.5:0.1`."""

    weight: Weight = 1.0
    weights: tuple[Weight, ...] = parse_weights("0:1.5:0.1")


@dataclass(frozen=True)
class GlowTable:
    """`[glow]`: how chains of thought are learned from and how that is measured; with it, a recipe is one for GLOW.

    `alpha`, `beta`, `low` and `high` are of the weight `clamp(alpha (1 - sigmoid(beta D)), low, high)`; the `form`
    `linear` is its tangent at D = 0. `trains` says whether all of the model is trained or a LoRA head. Each problem is
    solved `samples` times at `temperature` and `top_p`; `ks` are those of pass@k. `out_of_domain` are further sources
    that are evaluated on.
    """

    alpha: Annotated[float, Between(0, 100, above=True)] = 1.0
    beta: Annotated[float, Between(0, 1000)] = 20.0
    low: Annotated[float, Between(0, 1000)] = 0.5
    high: Annotated[float, Between(0, 1000)] = 5.0
    form: Literal["sigmoid", "linear"] = "sigmoid"
    trains: Literal["model", "lora"] = "model"
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: Annotated[float, Between(0, 0.9)] = 0.1
    max_norm: Annotated[float, Between(0, 1e6, above=True)] = 1.0
    samples: Annotated[int, Between(1, 1024)] = 8
    ks: tuple[Annotated[int, Between(1, 1024)], ...] = (1, 8)
    temperature: Annotated[float, Between(0, 10)] = 0.6
    top_p: Annotated[float, Between(0, 1, above=True)] = 0.95
    max_tokens: Count = 512
    batch: Annotated[int, Between(1, 65536)] = 64
    out_of_domain: tuple[str, ...] = ()


Effect = Literal["ood-gain", "entropy-gain", "rl-start"]
"""What a paper reports of GLOW: points out of domain over SFT, percent of entropy, points of a score after RL."""


@dataclass(frozen=True)
class GlowReference:
    """`[[glow_reference]]`: an effect that someone else measured, in `unit`, and where that stands."""

    base: str
    effect: Effect
    value: float
    unit: Literal["points", "percent"]
    source: str
    note: str = ""


@dataclass(frozen=True)
class Reference:
    """`[[reference]]`: what someone else measured, and where that stands."""

    base: str
    system: System
    measure: Measure
    accuracy: Share
    source: str


@dataclass(frozen=True)
class Recipe:
    """A recipe; the first of `bases` is the one that is used where nobody asks for another.

    `settings` are those of the generated world and `chains` those of generated arithmetic, for their own rooms to
    check. A recipe with `glow` is proved by GLOW, one without by Likra.
    """

    name: str
    summary: str
    data: DataSettings
    evaluation: EvaluationSettings
    bases: tuple[BaseChoice, ...]
    heads: HeadSettings = field(default_factory=HeadSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    likra: LikraSettings = field(default_factory=LikraSettings)
    references: tuple[Reference, ...] = ()
    settings: Mapping[str, int | float | str] = field(default_factory=dict)
    glow: GlowTable | None = None
    glow_references: tuple[GlowReference, ...] = ()
    chains: Mapping[str, int | float | str] | None = None

    def base(self, name: str | None = None) -> BaseChoice:
        """The base of that name, the first one where there is no name, or any other model, with no settings."""
        if name is None:
            return self.bases[0]
        return next((base for base in self.bases if base.name == name), BaseChoice(name))

    def learning_rate(self, base: BaseChoice, parameters: int) -> float:
        """The base's own rate, else the recipe's, else the paper's: 1e-4 for 7B, 1e-3 for 3B and below."""
        return base.learning_rate or self.training.learning_rate or (1e-4 if parameters >= LARGE else 1e-3)

    def references_for(self, base: str, measure: str) -> tuple[Reference, ...]:
        """What others measured of that base in that measure: nothing else is comparable."""
        return tuple(r for r in self.references if r.base == base and r.measure == measure)
