"""One run of GLOW's experiment: the base solves problems, each system is tuned on its chains, and solves them too.

All that was measured lies in the run's folder, so that an interrupted run goes on where it was::

    <folder>/base/seed-0-gsm8k.npz         problems solved by the base
    <folder>/seed-0/glow/                  checkpoint and losses of a system, and its weights in model/
    <folder>/seed-0/glow/tuned.npz         losses and weights of each chain at each epoch
    <folder>/seed-0/glow/gsm8k.npz         problems solved by it
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from negbank.causal import Base
from negbank.glow import GlowSettings
from negbank.heads import Chain, TuneSettings, drop_head, tune
from negbank.reasoning.answers import Judge
from negbank.records import Progress, no_progress
from negbank.sampling import SampleSettings
from negbank.validation.chains import BASE, GLOW, WRONG, ChainSets
from negbank.validation.solving import ProblemSet, Solved, read_solved, solve, write_solved

TUNED_FILE: Final = "tuned.npz"
MODEL: Final = "model"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TuningPlan:
    """What is measured: systems, chains and problems; how is learned, and how is solved.

    `tuning` holds no GLOW: `glow` is for the system of that name alone.
    """

    systems: tuple[str, ...]
    chains: ChainSets
    problems: tuple[ProblemSet, ...]
    tuning: TuneSettings
    glow: GlowSettings
    sampling: SampleSettings
    samples: int
    seeds: int = 1
    judge: Judge | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False)
class Lesson:
    """How a system was tuned: (epochs, chains) losses and weights, and which of the chains are wrong ones."""

    losses_nats: Floats
    weights: Floats
    is_wrong: npt.NDArray[np.bool_]
    tokens: int
    elapsed_s: float


@dataclass(frozen=True, eq=False)
class TuningMeasured:
    """By system, seed and source what was solved, and by system and seed how it was tuned."""

    solved: dict[tuple[str, int, str], Solved]
    lessons: dict[tuple[str, int], Lesson]


def measure_tuning(
    load: Callable[[], Base], plan: TuningPlan, folder: Path, progress: Progress = no_progress
) -> TuningMeasured:
    """All of one plan; what `folder` holds already is not measured again. `load` gives the base as it was at first.

    Raises TrainingError where a system cannot be tuned, ModelError where a problem cannot be sampled, BenchmarkError
    where the version lacks a side; what is done is kept.
    """
    for system in plan.systems:
        plan.chains.of(system, 0)  # what cannot be trained is said before anything is
    measured = TuningMeasured({}, {})
    for seed in range(plan.seeds):
        files = {problems.source: folder / BASE / f"seed-{seed}-{problems.source}.npz" for problems in plan.problems}
        _solve_all(load, plan, seed, files, measured.solved, BASE, progress)
        for system in plan.systems:
            _tune_one(load, plan, (system, seed), folder / f"seed-{seed}" / system, measured, progress)
    return measured


def _tune_one(
    load: Callable[[], Base], plan: TuningPlan, key: tuple[str, int], folder: Path, measured: TuningMeasured,
    progress: Progress,
) -> None:  # fmt: skip
    system, seed = key
    files = {problems.source: folder / f"{problems.source}.npz" for problems in plan.problems}
    chains = plan.chains.of(system, seed)
    if not ((folder / TUNED_FILE).exists() and all(file.exists() for file in files.values())):
        base = load()
        training = replace(plan.tuning.training, seed=seed)
        settings = TuneSettings(training, plan.tuning.lora, plan.glow if system == GLOW else None)
        tuned = tune(base, system, chains, settings, folder, progress)
        tuned.learner.save(folder / MODEL, len(chains))
        _write_lesson(folder / TUNED_FILE, Lesson(tuned.losses_nats, tuned.weights, _wrong(chains), tuned.tokens,
                                                  tuned.elapsed_s))  # fmt: skip
        with tuned.learner.active():
            _solve_all(lambda: base, plan, seed, files, measured.solved, system, progress)
        if settings.lora is not None:
            drop_head(base, system)
    else:
        _solve_all(load, plan, seed, files, measured.solved, system, progress)
    measured.lessons[key] = _read_lesson(folder / TUNED_FILE)


def _solve_all(
    load: Callable[[], Base], plan: TuningPlan, seed: int, files: dict[str, Path],
    solved: dict[tuple[str, int, str], Solved], system: str, progress: Progress,
) -> None:  # fmt: skip
    """Every set of problems, read from its file where that is there."""
    base: Base | None = None
    for problems in plan.problems:
        file = files[problems.source]
        if not file.exists():
            base = base or load()
            done = solve(base, problems, plan.sampling, plan.samples, seed, plan.judge, progress)
            write_solved(file, done)
        solved[system, seed, problems.source] = read_solved(file, problems, plan.samples)


def _wrong(chains: Sequence[Chain]) -> npt.NDArray[np.bool_]:
    return np.array([chain.id.file == WRONG for chain in chains], dtype=np.bool_)


def _write_lesson(file: Path, lesson: Lesson) -> None:
    temporary = file.with_suffix(".tmp.npz")
    np.savez(
        temporary, losses_nats=lesson.losses_nats, weights=lesson.weights, is_wrong=lesson.is_wrong,
        run=np.array([lesson.tokens, lesson.elapsed_s]),
    )  # fmt: skip
    temporary.replace(file)


def _read_lesson(file: Path) -> Lesson:
    with np.load(file, allow_pickle=False) as held:
        losses, weights, is_wrong, run = (held[name] for name in ("losses_nats", "weights", "is_wrong", "run"))
    return Lesson(losses, weights, is_wrong, int(run[0]), float(run[1]))
