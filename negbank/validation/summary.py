"""What was measured -> what is reported: curves, a sweep of weights, comparisons, shifts and the probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from negbank.ranking import interval, paired, per_character, points, ratio, told_apart_by_style
from negbank.report import Compared, HeadRun, Point, Probe, Shift
from negbank.validation.exam import Exam
from negbank.validation.measure import HeadKey, Likelihoods, Measured

BASE, SFT, SFT_BASE, BASE_LIKRA, LIKRA = "base", "sft", "sft-base", "base-likra", "likra"
MEASURES: Final = ("acc", "acc_norm")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """What is reported: systems, the tiers of negative heads with the verdict's first, the weights, the measure."""

    systems: tuple[str, ...]
    tiers: tuple[str, ...]
    weight: float
    weights: tuple[float, ...]
    measure: str


@dataclass(frozen=True)
class Summary:
    """The parts of a result that come from likelihoods; the fields are the result's."""

    curve: tuple[Point, ...]
    weights: tuple[Point, ...]
    shift: tuple[Shift, ...]
    probe: Probe | None
    comparisons: tuple[Compared, ...]
    training: tuple[HeadRun, ...]


def summarise(measured: Measured, exam: Exam, asked: Asked) -> Summary:
    """Everything that is said of one experiment. Pure; raises BenchmarkError for scores that are no numbers."""
    table = _Table(measured, exam)
    last = table.last(asked.tiers)
    return Summary(
        curve=tuple(_curve(table, asked)),
        weights=tuple(_sweep(table, asked)),
        shift=tuple(_shifts(table)),
        probe=_probe(table, asked, last),
        comparisons=tuple(_comparisons(table, asked)),
        training=tuple(_training(measured)),
    )


@dataclass(frozen=True)
class _System:
    """One system at one point: its heads' numbers of examples, None where it has no such head.

    `weight` is None where nothing is subtracted.
    """

    name: str
    tier: str | None
    positives: int | None
    negatives: int | None
    weight: float | None

    @property
    def examples(self) -> int:
        return max(self.positives or 0, self.negatives or 0)


_UNTRAINED: Final = _System(BASE, None, None, None, None)


@dataclass(frozen=True)
class _Table:
    """Likelihoods by head and point, and what is made of them."""

    measured: Measured
    exam: Exam

    @property
    def seeds(self) -> list[int]:
        return sorted({key.seed for key in self.measured.heads})

    def points_of(self, tier: str | None) -> list[int]:
        """The points of the positive head (no tier), or of a tier's negative head."""
        return sorted(self.measured.heads[HeadKey(tier, self.seeds[0])])

    def last(self, tiers: Sequence[str]) -> int:
        """The largest number of examples that any head has seen."""
        return max(self.points_of(tier)[-1] for tier in (None, *tiers))

    def points(self, system: _System, measure: str) -> Floats:
        """(runs, questions) points of a system; the base has one run."""
        seeds = self.seeds if system.name != BASE else self.seeds[:1]
        rows = [points(self._scores(system, seed, measure), self.exam.offsets, self.exam.right) for seed in seeds]
        return np.stack(rows)

    def blank_points(self, system: _System) -> Floats:
        """As `points` where the questions are not shown, in `acc`."""
        rows = [self._combined(system, seed, "blank") for seed in self.seeds]
        return np.stack([points(row, self.exam.offsets, self.exam.right) for row in rows])

    def of_head(self, tier: str | None, seed: int, point: int) -> Likelihoods:
        """The likelihoods of one head at one point."""
        return self.measured.heads[HeadKey(tier, seed)][point]

    def _scores(self, system: _System, seed: int, measure: str) -> Floats:
        scores = self._combined(system, seed, "choices")
        return per_character(scores, self._characters) if measure == "acc_norm" else scores

    def _combined(self, system: _System, seed: int, what: str) -> Floats:
        """log p+ - w log p-, where the base stands for a head that is not there."""
        base: Floats = getattr(self.measured.base, what)
        upper = base if system.positives is None else getattr(self.of_head(None, seed, system.positives), what)
        if system.weight is None:
            return np.asarray(upper)
        negatives = system.negatives
        lower = base if negatives is None else getattr(self.of_head(system.tier, seed, negatives), what)
        return ratio(upper, lower, system.weight)

    @property
    def _characters(self) -> npt.NDArray[np.int64]:
        return np.array([len(text) - 1 for prompt in self.exam.prompts for text in prompt.answers], dtype=np.int64)


def _systems(table: _Table, asked: Asked) -> Iterator[_System]:
    """Every system at every point of the curve; a head that has fewer points than the other stands at its last."""
    if BASE in asked.systems:
        yield _UNTRAINED
    positive = table.points_of(None)
    if SFT in asked.systems:
        yield from (_System(SFT, None, point, None, None) for point in positive)
    if SFT_BASE in asked.systems:
        yield from (_System(SFT_BASE, None, point, None, asked.weight) for point in positive)
    for tier in asked.tiers:
        negative = table.points_of(tier)
        if LIKRA in asked.systems:
            for point in sorted({*positive, *negative}):
                yield _System(LIKRA, tier, _at(positive, point), _at(negative, point), asked.weight)
        if BASE_LIKRA in asked.systems:
            yield from (_System(BASE_LIKRA, tier, None, point, asked.weight) for point in negative)


def _at(known: Sequence[int], point: int) -> int:
    """The last of `known` points up to `point`, or the first one."""
    return max((k for k in known if k <= point), default=known[0])


def _curve(table: _Table, asked: Asked) -> Iterator[Point]:
    for system in _systems(table, asked):
        yield from (_point(table, system, measure) for measure in MEASURES)


def _sweep(table: _Table, asked: Asked) -> Iterator[Point]:
    """The systems with a negative head at their last point, at every weight."""
    positive = table.points_of(None)[-1]
    for tier in asked.tiers:
        negative = table.points_of(tier)[-1]
        for weight in asked.weights:
            if LIKRA in asked.systems:
                yield _point(table, _System(LIKRA, tier, positive, negative, weight), asked.measure)
            if BASE_LIKRA in asked.systems:
                yield _point(table, _System(BASE_LIKRA, tier, None, negative, weight), asked.measure)


def _point(table: _Table, system: _System, measure: str) -> Point:
    matrix = table.points(system, measure)
    found = interval(matrix)
    record: dict[str, Any] = {
        "system": system.name, "tier": system.tier, "examples": system.examples, "positives": system.positives or 0,
        "negatives": system.negatives or 0, "weight": system.weight, "measure": measure, "accuracy": found.mean,
        "low": found.low, "high": found.high, "by_seed": tuple(matrix.mean(axis=1).tolist()),
    }  # fmt: skip
    return Point(**record)


def _comparisons(table: _Table, asked: Asked) -> Iterator[Compared]:
    """Likra against SFT and against a ratio without wrong answers, and the negative head alone against the base, at
    every point; where Likra or SFT is asked for without the other, it against the base."""
    positive, systems = table.points_of(None), set(asked.systems)
    if {SFT, BASE} <= systems and LIKRA not in systems:
        for point in positive:
            yield _compared(table, asked, _System(SFT, None, point, None, None), _UNTRAINED)
    rivals = [(SFT, None), (SFT_BASE, asked.weight)] if SFT in systems else [(BASE, None), (SFT_BASE, asked.weight)]
    for tier in asked.tiers:
        negative = table.points_of(tier)
        for name, weight in rivals:
            for point in sorted({*positive, *negative}) if {LIKRA, name} <= systems else ():
                left = _System(LIKRA, tier, _at(positive, point), _at(negative, point), asked.weight)
                right = _UNTRAINED if name == BASE else _System(name, None, _at(positive, point), None, weight)
                yield _compared(table, asked, left, right)
        for point in negative if {BASE_LIKRA, BASE} <= systems else ():
            yield _compared(table, asked, _System(BASE_LIKRA, tier, None, point, asked.weight), _UNTRAINED)


def _compared(table: _Table, asked: Asked, left: _System, right: _System) -> Compared:
    found = paired(table.points(left, asked.measure), table.points(right, asked.measure))
    record: dict[str, Any] = {
        "left": left.name, "right": right.name, "tier": left.tier, "examples": left.examples, "measure": asked.measure,
        "difference": found.difference, "low": found.low, "high": found.high, "p": found.p,
    }  # fmt: skip
    return Compared(**record)


def _shifts(table: _Table) -> Iterator[Shift]:
    """How far each head has moved each kind of answer from the base, in nats a character, over all runs."""
    kinds = _Kinds(table)
    for tier in dict.fromkeys(key.tier for key in table.measured.heads):
        for point in table.points_of(tier):
            moved = [kinds.moved(table.of_head(tier, seed, point)) for seed in table.seeds]
            for kind in moved[0]:
                mean = float(np.mean([run[kind] for run in moved]))
                record: dict[str, Any] = {"tier": tier, "examples": point, "kind": kind, "nats_per_character": mean}
                yield Shift(head="positive" if tier is None else "negative", **record)


class _Kinds:
    """Kinds of answers to the exam's questions, and how far likelihoods of them have moved."""

    def __init__(self, table: _Table) -> None:
        exam, self.base = table.exam, table.measured.base
        self.characters = table._characters
        starts = exam.offsets[:-1]
        self.correct = starts + exam.right
        wrong = self.base.choices.copy()
        wrong[self.correct] = -np.inf
        bounds = zip(starts, exam.offsets[1:], strict=True)
        self.likely = np.array([start + int(np.argmax(wrong[start:stop])) for start, stop in bounds], dtype=np.int64)
        texts = [answer for prompt in exam.watching for answer in prompt.answers]
        self.watched = np.array([len(text) - 1 for text in texts]).reshape(-1, max(1, len(exam.watched)))
        self.kinds = tuple(exam.watched)

    def moved(self, head: Likelihoods) -> dict[str, float]:
        """The mean change of each kind, in nats a character."""
        change = (head.choices - self.base.choices) / self.characters
        found = {"correct": change[self.correct].mean(), "most-likely-incorrect": change[self.likely].mean()}
        if self.kinds:
            others = ((head.watched - self.base.watched) / self.watched).mean(axis=0)
            found |= dict(zip(self.kinds, others, strict=True))
        return {kind: float(value) for kind, value in found.items()}


def _probe(table: _Table, asked: Asked, last: int) -> Probe | None:
    """How well the last system with a negative head does without the questions, None where that was not measured."""
    name = LIKRA if LIKRA in asked.systems else BASE_LIKRA
    if not asked.tiers or name not in asked.systems or not table.measured.base.blank.size:
        return None
    tier = asked.tiers[0]
    positive = table.points_of(None)[-1] if name == LIKRA else None
    system = _System(name, tier, positive, table.points_of(tier)[-1], asked.weight)
    found = interval(table.blank_points(system))
    record: dict[str, Any] = {"system": name, "tier": tier, "examples": last}
    return Probe(
        **record, accuracy=found.mean, low=found.low, high=found.high, chance=table.exam.chance,
        told_apart_by_style=told_apart_by_style(found, table.exam.chance),
    )  # fmt: skip


def _training(measured: Measured) -> Iterator[HeadRun]:
    for key, run in measured.training.items():
        tier: Any = key.tier
        yield HeadRun(
            head="positive" if tier is None else "negative", tier=tier, seed=key.seed, examples=run.examples,
            tokens=run.tokens, loss_nats=run.losses_nats, elapsed_s=run.elapsed_s,
            examples_per_s=run.examples / run.elapsed_s if run.elapsed_s else 0.0,
        )  # fmt: skip
