"""The result of a validation by GLOW <-> JSON; read as strictly as that of Likra (`result`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

from negbank.decoding import Between
from negbank.errors import BenchmarkError
from negbank.report.result import BaseModel, Count, Difference, Natural, Seconds, Share, Value

System = Literal["base", "sft", "negative-only", "mixed", "glow"]
Domain = Literal["in", "out"]
Side = Literal["right", "wrong"]
Nats = Annotated[float, Between(0)]

TUNED_SYSTEMS: Final = ("base", "sft", "negative-only", "mixed", "glow")
"""Systems in the order in which they are shown."""


@dataclass(frozen=True)
class Solving:
    """How problems were solved: `samples` each, drawn at `temperature` and `top_p`; intervals are bootstrapped."""

    samples: Count
    temperature: Annotated[float, Between(0)]
    top_p: Share
    max_tokens: Count
    level: Share = 0.95
    resamples: Count = 10_000


@dataclass(frozen=True)
class ProblemsUsed:
    """Problems that were solved, of which source, and whether they are of the domain of the chains."""

    source: str
    domain: Domain
    revision: str
    problems: Count


@dataclass(frozen=True)
class Score:
    """A system's pass@k on a source, its interval over problems and runs, and each run's own."""

    system: System
    source: str
    domain: Domain
    k: Count
    accuracy: Share
    low: Share
    high: Share
    by_seed: tuple[Share, ...]


@dataclass(frozen=True)
class Entropy:
    """Mean entropy of a token in nats under a system's own samples, with temperature 1, and its interval."""

    system: System
    source: str
    domain: Domain
    nats: Nats
    low: Nats
    high: Nats
    by_seed: tuple[Nats, ...]


@dataclass(frozen=True)
class Contrast:
    """How much better `left` does than `right` on the same problems, in pass@k."""

    left: System
    right: System
    source: str
    domain: Domain
    k: Count
    difference: Difference
    low: Difference
    high: Difference
    p: Share

    @property
    def shown(self) -> bool:
        """Whether a difference is shown: the interval and the test over problems must both say so."""
        return (self.low > 0 or self.high < 0) and self.p < 0.05


@dataclass(frozen=True)
class LossCurve:
    """Mean loss in nats of a system's chains of one side, by epoch, over all runs: each as it was met in training."""

    system: System
    side: Side
    nats: tuple[Nats, ...]


@dataclass(frozen=True)
class WeightSpread:
    """GLOW's weights in one epoch, over all chains of a side and all runs: quantiles, and shares at the clamp."""

    epoch: Count
    side: Side
    mean: Nats
    p5: Nats
    p25: Nats
    p50: Nats
    p75: Nats
    p95: Nats
    at_low: Share
    at_high: Share


@dataclass(frozen=True)
class TunedRun:
    """One training: how many chains of each side, over how many epochs, and how long it took."""

    system: System
    seed: int
    right: Natural
    wrong: Natural
    epochs: Count
    tokens: Natural
    elapsed_s: Seconds


@dataclass(frozen=True)
class EffectReference:
    """What a paper reports of GLOW on the same base model, as the recipe says."""

    base: str
    effect: Literal["ood-gain", "entropy-gain", "rl-start"]
    value: float
    unit: Literal["points", "percent"]
    source: str
    note: str = ""


@dataclass(frozen=True)
class TunedResult:
    """One validation of one version by GLOW; `recipe` is its record with what the command line changed in it."""

    version: str
    manifest: str
    negbank: str
    command: str
    recipe: Mapping[str, Any]
    base: BaseModel
    machine: Mapping[str, Value]
    packages: Mapping[str, str]
    seeds: tuple[int, ...]
    started: str
    elapsed_s: Seconds
    solving: Solving
    problems: tuple[ProblemsUsed, ...]
    scores: tuple[Score, ...]
    entropies: tuple[Entropy, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    losses: tuple[LossCurve, ...] = ()
    weights: tuple[WeightSpread, ...] = ()
    training: tuple[TunedRun, ...] = ()
    references: tuple[EffectReference, ...] = ()
    too_long: Natural = 0
    unjudged: Natural = 0
    unfinished: Natural = 0
    notices: tuple[str, ...] = ()
    schema: Literal[1] = 1
    kind: Literal["glow"] = "glow"

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that were measured, in the order in which they are shown."""
        found = {score.system for score in self.scores}
        return tuple(system for system in TUNED_SYSTEMS if system in found)

    def score(self, system: str, source: str, k: int) -> Score | None:
        """One score, or None where it was not measured."""
        wanted = (system, source, k)
        return next((score for score in self.scores if (score.system, score.source, score.k) == wanted), None)

    @property
    def main_source(self) -> str:
        """The source that the verdict is about: the first one out of the domain, else the first."""
        far = [used.source for used in self.problems if used.domain == "out"]
        return far[0] if far else self.problems[0].source


def checked_tuned(result: TunedResult, where: str) -> TunedResult:
    """`result`, whose numbers agree with each other. Raises BenchmarkError."""
    if not result.problems:
        raise BenchmarkError(f"{where}: names no problems that were solved")
    spans = [*(("scores", score.low, score.high) for score in result.scores)]
    spans += [("entropies", entropy.low, entropy.high) for entropy in result.entropies]
    for name, low, high in spans:
        if not low <= high:
            raise BenchmarkError(f"{where}: {name} has an interval from {low} to {high}")
    return result


def without_curves(result: TunedResult) -> TunedResult:
    """`result` with no more than first and last loss of each curve: small enough for a version's record."""
    ends = tuple(replace(curve, nats=(*curve.nats[:1], *curve.nats[1:][-1:])) for curve in result.losses)
    return replace(result, losses=ends)
