"""What was measured of GLOW -> what is reported: scores, entropies, comparisons, losses and weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from negbank.ranking import interval, paired
from negbank.report.tuned import Contrast, Entropy, LossCurve, Score, TunedRun, WeightSpread
from negbank.report.tuned_words import PAIRS
from negbank.validation.chains import BASE, GLOW, RIGHT, WRONG
from negbank.validation.solving import ProblemSet, Solved
from negbank.validation.tuning import Lesson, TuningMeasured, TuningPlan

Floats = npt.NDArray[np.float64]

_QUANTILES: Final = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class TunedSummary:
    """The parts of a result that come from what was measured; the fields are the result's."""

    scores: tuple[Score, ...]
    entropies: tuple[Entropy, ...]
    contrasts: tuple[Contrast, ...]
    losses: tuple[LossCurve, ...]
    weights: tuple[WeightSpread, ...]
    training: tuple[TunedRun, ...]
    too_long: int
    unjudged: int
    unfinished: int


def summarise_tuning(measured: TuningMeasured, plan: TuningPlan, ks: tuple[int, ...]) -> TunedSummary:
    """Everything that is reported of one plan, in pass@k of each of `ks`."""
    table = _Table(measured, plan)
    return TunedSummary(
        tuple(_scores(table, ks)), tuple(_entropies(table)), tuple(_contrasts(table, ks)), tuple(_losses(table)),
        tuple(_weights(table)), tuple(_training(table)), plan.chains.too_long,
        sum(solved.unjudged for solved in measured.solved.values()),
        sum(solved.unfinished for solved in measured.solved.values()),
    )  # fmt: skip


@dataclass(frozen=True)
class _Table:
    measured: TuningMeasured
    plan: TuningPlan

    @property
    def systems(self) -> tuple[str, ...]:
        return (BASE, *self.plan.systems)

    def over_runs(self, system: str, problems: ProblemSet, of: Callable[[Solved], Floats]) -> Floats:
        """(runs, problems) of what `of` gives for each run."""
        return np.stack([of(self.measured.solved[system, seed, problems.source]) for seed in range(self.plan.seeds)])

    def lessons(self, system: str) -> list[Lesson]:
        return [self.measured.lessons[system, seed] for seed in range(self.plan.seeds)]


def _scores(table: _Table, ks: tuple[int, ...]) -> Iterator[Score]:
    for problems in table.plan.problems:
        for k in ks:
            for system in table.systems:
                matrix = table.over_runs(system, problems, lambda solved, k=k: solved.pass_at(k))  # type: ignore[misc]
                found = interval(matrix)
                record: dict[str, Any] = {"system": system, "source": problems.source, "domain": problems.domain}
                by_seed = tuple(matrix.mean(axis=1).tolist())
                yield Score(**record, k=k, accuracy=found.mean, low=found.low, high=found.high, by_seed=by_seed)


def _entropies(table: _Table) -> Iterator[Entropy]:
    for problems in table.plan.problems:
        for system in table.systems:
            matrix = table.over_runs(system, problems, lambda solved: solved.entropy_by_problem)
            found = interval(matrix)
            record: dict[str, Any] = {"system": system, "source": problems.source, "domain": problems.domain}
            by_seed = tuple(matrix.mean(axis=1).tolist())
            yield Entropy(**record, nats=found.mean, low=found.low, high=found.high, by_seed=by_seed)


def _contrasts(table: _Table, ks: tuple[int, ...]) -> Iterator[Contrast]:
    for problems in table.plan.problems:
        for k in ks:
            for left, right in PAIRS:
                if {left, right} <= set(table.systems):
                    ours, theirs = (
                        table.over_runs(system, problems, lambda solved, k=k: solved.pass_at(k))  # type: ignore[misc]
                        for system in (left, right)
                    )
                    found = paired(ours, theirs)
                    record: dict[str, Any] = {"left": left, "right": right, "source": problems.source}
                    yield Contrast(
                        **record, domain=problems.domain, k=k, difference=found.difference, low=found.low,
                        high=found.high, p=found.p,
                    )  # fmt: skip


def _losses(table: _Table) -> Iterator[LossCurve]:
    for system in table.plan.systems:
        for side in (RIGHT, WRONG):
            picked = [lesson.losses_nats[:, lesson.is_wrong == (side == WRONG)] for lesson in table.lessons(system)]
            if picked[0].shape[1]:
                name: Any = system
                where: Any = side
                yield LossCurve(name, where, tuple(np.concatenate(picked, axis=1).mean(axis=1).tolist()))


def _weights(table: _Table) -> Iterator[WeightSpread]:
    if GLOW not in table.plan.systems:
        return
    lessons, glow = table.lessons(GLOW), table.plan.glow
    for side in (RIGHT, WRONG):
        picked = np.concatenate([one.weights[:, one.is_wrong == (side == WRONG)] for one in lessons], axis=1)
        for epoch, row in enumerate(picked, start=1):
            p5, p25, p50, p75, p95 = np.percentile(row, _QUANTILES).tolist()
            where: Any = side
            yield WeightSpread(
                epoch, where, float(row.mean()), p5, p25, p50, p75, p95,
                at_low=float(np.mean(row <= glow.low)), at_high=float(np.mean(row >= glow.high)),
            )  # fmt: skip


def _training(table: _Table) -> Iterator[TunedRun]:
    for (system, seed), lesson in table.measured.lessons.items():
        wrong, name = int(lesson.is_wrong.sum()), system
        record: dict[str, Any] = {"system": name, "seed": seed, "right": len(lesson.is_wrong) - wrong, "wrong": wrong}
        yield TunedRun(**record, epochs=len(lesson.losses_nats), tokens=lesson.tokens, elapsed_s=lesson.elapsed_s)
