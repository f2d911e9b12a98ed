"""A validation's result <-> JSON: everything that a reader needs to judge it, and to run it again.

Reading is strict: another schema, an unknown key, a missing one, a value of another type or out of its range is
refused, with every such place. A result may come with a dataset that a stranger made, so its texts are a stranger's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, TypeVar

from negbank.decoding import Between, Path, decode, encode
from negbank.errors import BenchmarkError
from negbank.text.display import short

SCHEMA: Final = 1

Natural = Annotated[int, Between(0)]
Count = Annotated[int, Between(1)]
Share = Annotated[float, Between(0, 1)]
Difference = Annotated[float, Between(-1, 1)]
Seconds = Annotated[float, Between(0)]
System = Literal["base", "sft", "sft-base", "likra", "base-likra"]
Tier = Literal["near-miss", "irrelevant", "unrelated"]
Measure = Literal["acc", "acc_norm"]
Head = Literal["positive", "negative"]
Kind = Literal["correct", "most-likely-incorrect", "irrelevant", "unrelated"]
Value = int | float | str | None
T = TypeVar("T")

SYSTEMS: Final = ("base", "sft", "sft-base", "base-likra", "likra")
"""Systems in the order in which they are shown."""


@dataclass(frozen=True)
class BaseModel:
    """The base model; `weights` is the SHA-256 of its parameters, `precision` what it was computed in."""

    name: str
    revision: str | None
    weights: str
    parameters: Natural
    architecture: str
    precision: str = "fp32"


@dataclass(frozen=True)
class Evaluation:
    """What was asked, and how: `questions` of `source`; `chance` is what guessing gets.

    `measure` is the one that the verdict is about. `dropped_shots` did not fit the model's window. Intervals are at
    `level`, by a bootstrap of `resamples`.
    """

    source: str
    revision: str
    questions: Count
    chance: Share
    shots: Natural
    shot_kind: Literal["per-question", "fixed"]
    measure: Measure
    dropped_shots: Natural = 0
    level: Share = 0.95
    resamples: Count = 10_000


@dataclass(frozen=True)
class Point:
    """A system's accuracy after `examples`, which is where the point stands on the curve.

    `positives` and `negatives` are what its heads were trained on; a system without a negative head has no `tier`, and
    one that is no ratio has no `weight`. `by_seed` are the accuracies of the runs.
    """

    system: System
    tier: Tier | None
    examples: Natural
    positives: Natural
    negatives: Natural
    weight: Annotated[float, Between(0)] | None
    measure: Measure
    accuracy: Share
    low: Share
    high: Share
    by_seed: tuple[Share, ...]


@dataclass(frozen=True)
class Shift:
    """How a head's log-likelihood of a kind of answer has changed since the base model, in nats a character."""

    head: Head
    tier: Tier | None
    examples: Natural
    kind: Kind
    nats_per_character: float


@dataclass(frozen=True)
class Probe:
    """How well a system does that is not shown the questions."""

    system: System
    tier: Tier | None
    examples: Natural
    accuracy: Share
    low: Share
    high: Share
    chance: Share
    told_apart_by_style: bool


@dataclass(frozen=True)
class Compared:
    """How much better `left` does than `right` on the same questions; `tier` is that of the negative head."""

    left: System
    right: System
    tier: Tier | None
    examples: Natural
    measure: Measure
    difference: Difference
    low: Difference
    high: Difference
    p: Share

    @property
    def shown(self) -> bool:
        """Whether a difference is shown: the interval and the test over questions must both say so."""
        return (self.low > 0 or self.high < 0) and self.p < 0.05


@dataclass(frozen=True)
class Referred:
    """What someone else measured with the same base model and in the same measure."""

    base: str
    system: System
    measure: Measure
    accuracy: Share
    source: str


@dataclass(frozen=True)
class HeadRun:
    """The training of one head: the loss of each step, and how long it took."""

    head: Head
    tier: Tier | None
    seed: int
    examples: Natural
    tokens: Natural
    loss_nats: tuple[float, ...]
    elapsed_s: Seconds
    examples_per_s: Annotated[float, Between(0)]


@dataclass(frozen=True)
class Result:
    """One validation of one version. `contamination` is the share of negatives that were replaced by right answers.

    `recipe` is the recipe's record with what the command line changed in it; `started` is an ISO time.
    """

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
    evaluation: Evaluation
    curve: tuple[Point, ...]
    weights: tuple[Point, ...] = ()
    shift: tuple[Shift, ...] = ()
    probe: Probe | None = None
    comparisons: tuple[Compared, ...] = ()
    contamination: Share = 0.0
    references: tuple[Referred, ...] = ()
    training: tuple[HeadRun, ...] = ()
    notices: tuple[str, ...] = ()
    schema: Literal[1] = 1
    kind: Literal["likra"] = "likra"

    def points(self, system: str, tier: str | None = None, measure: str | None = None) -> tuple[Point, ...]:
        """A line of the curve, ascending by examples, in `measure` or in the verdict's."""
        wanted = (system, tier, measure or self.evaluation.measure)
        found = [point for point in self.curve if (point.system, point.tier, point.measure) == wanted]
        return tuple(sorted(found, key=lambda point: point.examples))

    @property
    def lines(self) -> tuple[tuple[str, str | None], ...]:
        """The systems and tiers of the curve, in the order in which they are shown."""
        pairs = dict.fromkeys((point.system, point.tier) for point in self.curve)
        return tuple(sorted(pairs, key=lambda pair: SYSTEMS.index(pair[0])))

    @property
    def main_tier(self) -> str | None:
        """The tier that the verdict is about: the first one of a system with a negative head."""
        return next((point.tier for point in self.curve if point.tier), None)


def to_json(result: object) -> str:
    """`result` as JSON, the same text for the same result."""
    try:
        return json.dumps(encode(result), indent=1, allow_nan=False) + "\n"
    except ValueError as error:
        raise BenchmarkError(f"the result holds a number that is none, and is not written: {error}") from error


def from_json(text: str | bytes, where: str = "result") -> Result:
    """The result that `to_json` wrote. Raises BenchmarkError with every problem, each with its place in the JSON."""
    return _checked(decoded(Result, read_json(text, where), where), where)


def read_json(text: str | bytes, where: str) -> Any:
    """What a result's JSON holds, of this schema if it holds one. Raises BenchmarkError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BenchmarkError(f"{where}: is no JSON: {error}") from error
    if isinstance(data, dict) and data.get("schema") != SCHEMA:
        raise BenchmarkError(
            f"{where}: is of schema {short(data.get('schema'), 40)}, and this negbank reads {SCHEMA}; "
            "run the benchmark again, or read it with the negbank that wrote it"
        )
    return data


def decoded(kind: type[T], data: object, where: str) -> T:
    """A result of that kind. Raises BenchmarkError with every problem, each with its place in the JSON."""
    result, problems = decode(kind, data)
    if result is None:
        lines = "\n".join(f"  {_place(problem.path)} {problem.text}" for problem in problems[:50])
        more = f"\n  and {len(problems) - 50:,} more" if len(problems) > 50 else ""
        raise BenchmarkError(f"{where}: {len(problems):,} problem{'s' * (len(problems) != 1)}\n{lines}{more}")
    return result


def without_losses(result: Result) -> Result:
    """`result` with no more than the last loss of each head: small enough for a version's record."""
    return replace(result, training=tuple(replace(run, loss_nats=run.loss_nats[-1:]) for run in result.training))


def _checked(result: Result, where: str) -> Result:
    """`result`, whose numbers agree with each other."""
    for name, spans in (("curve", result.curve), ("weights", result.weights)):
        for place, point in enumerate(spans):
            if not point.low <= point.high:
                raise BenchmarkError(f"{where}: {name}[{place}] has an interval from {point.low} to {point.high}")
    return result


def _place(path: Path) -> str:
    """A place as JavaScript and jq name it: `.curve[3].accuracy`."""
    words = (f"[{part}]" if isinstance(part, int) else f".{ascii(part)[1:-1]}" for part in path)
    return "".join(words) or "."
