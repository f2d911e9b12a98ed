"""`benchmark`: what a version's negatives are worth, measured by training heads on them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from negbank import __version__
from negbank.causal import Base, load_base
from negbank.commands.files import run_folder, try_folder, write_whole
from negbank.commands.proving import Ground, Wanted, choose_ground
from negbank.commands.registry import Place, open_registry
from negbank.errors import BenchmarkError
from negbank.guards.normalise import normalise
from negbank.heads import LoraSettings, TrainSettings
from negbank.machine import describe_machine, describe_versions, now
from negbank.recipes import BaseChoice, LikraSettings, Recipe, as_record
from negbank.records import Progress, as_asked, no_progress
from negbank.registry import Version
from negbank.report import BaseModel, Evaluation, Referred, Result, to_json, without_losses
from negbank.report.page import page
from negbank.report.plots import plots
from negbank.terms import IRRELEVANT, NEAR_MISS, UNRELATED, counted
from negbank.validation import (
    Asked,
    Asking,
    Draw,
    Exam,
    Plan,
    draw_lessons,
    fit_window,
    measure,
    set_exam,
    summarise,
    watch,
)

SYSTEMS: Final = ("base", "sft", "sft-base", "likra", "base-likra")
WATCHED: Final = 200
"""Questions of which irrelevant and unrelated answers are scored beside the choices."""

RESULT: Final = "result.json"


@dataclass(frozen=True)
class BenchmarkSettings:
    """How a version is proved; None is what the recipe says, and the recipe is the dataset's where none is named.

    `positives` and `negatives` bound each side by itself; `contamination` is the share of negatives replaced by right
    answers; `max_tokens` is how many tokens the model is given at once when it scores.
    """

    recipe: str | None = None
    base: str | None = None
    device: str | None = None
    systems: tuple[str, ...] = SYSTEMS
    compare_tiers: bool = False
    weights: tuple[float, ...] | None = None
    seeds: int = 1
    shots: int | None = None
    limit: int | None = None
    max_examples: int | None = None
    draw: Draw = field(default_factory=Draw)
    shift: bool = True
    max_tokens: int | None = None
    folder: str | Path = "runs"
    command: str = ""


@dataclass(frozen=True)
class BenchmarkResult:
    """What came out, for which version, and where its files lie."""

    version: Version
    result: Result
    folder: Path

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"version": str(self.version), "folder": str(self.folder), "result": json.loads(to_json(self.result))}


def benchmark(
    reference: str | None = None,
    settings: BenchmarkSettings | None = None,
    *,
    registry: Place = None,
    progress: Progress = no_progress,
) -> BenchmarkResult:
    """Train heads on a version's answers, score the evaluation questions with them, and keep what came out.

    Without a reference it is the dataset that the recipe names, or the newest one. A run that was interrupted goes on
    from its folder. Raises BenchmarkError where the version holds evaluation questions or lacks a tier, RecipeError,
    ModelError and TrainingError as they say.
    """
    settings, started, clock = settings or BenchmarkSettings(), now(), time.monotonic()
    place = open_registry(registry)
    try_folder(Path(settings.folder))
    ground = choose_ground(place, reference, Wanted(settings.recipe, settings.base, settings.device), progress)
    ground = replace(ground, recipe=_changed(ground.recipe, settings))
    recipe = ground.recipe
    rows = as_asked(place.read(ground.version))
    tiers, unrelated = _tiers(recipe, ground.version, settings), _unrelated(rows)
    refuse_overlap(ground.version, rows, ground.evaluation)
    base = load_base(ground.model, settings.device, ground.base.precision, ground.base.revision)
    rows, too_long = fit_window(rows.filter(pl.col("tier").is_in(tiers)), base.tokens, base.window)
    asking = Asking(recipe.evaluation.shots, recipe.evaluation.shot_kind, recipe.evaluation.limit)
    exam = set_exam(ground.evaluation, ground.pool, asking, base.tokens, base.window)
    if settings.shift:
        exam = watch(exam, unrelated, WATCHED, seed=0)
    folder = run_folder(Path(settings.folder), str(ground.version), _identity(ground, base, exam, settings))
    measured = measure(base, exam, _plan(rows, tiers, ground, base, settings), folder, progress)
    weights = recipe.likra.weights
    asked = Asked(settings.systems, tiers, recipe.likra.weight, weights, recipe.evaluation.measure)
    summary = summarise(measured, exam, asked)
    result = Result(
        version=str(ground.version), manifest=ground.version.name, negbank=__version__, command=settings.command,
        recipe=as_record(recipe), base=_base(ground.base, base), machine=describe_machine(),
        packages=describe_versions("torch", "transformers", "peft", "numpy"), seeds=tuple(range(settings.seeds)),
        started=started, elapsed_s=time.monotonic() - clock, evaluation=_evaluation(ground, exam),
        contamination=settings.draw.contamination,
        references=tuple(Referred(**asdict(r)) for r in recipe.references_for(ground.base.name, asked.measure)),
        notices=(*base.notices, *measured.notices, *ground.notices, *_left_out(too_long, exam, base)), **vars(summary),
    )  # fmt: skip
    _write(result, folder)
    place.record_validation(ground.version, to_json(without_losses(result)))
    return BenchmarkResult(ground.version, result, folder)


def refuse_overlap(version: Version, rows: pl.DataFrame, evaluation: pl.DataFrame) -> None:
    """Raise BenchmarkError where a question that is evaluated on is in the version: it would prove nothing."""
    held_out = {normalise(question) for question in evaluation["question"]}
    asked = rows["question"].unique().sort().to_list()
    if found := [question for question in asked if normalise(question) in held_out]:
        raise BenchmarkError(
            f"{version} holds {len(found)} of the evaluation questions, such as {found[0][:80]!r}; a model trained on "
            "it would be asked what it was told. Mine it from the training questions alone"
        )


def _changed(recipe: Recipe, settings: BenchmarkSettings) -> Recipe:
    """The recipe with what was asked for instead."""
    evaluation, training, likra = recipe.evaluation, recipe.training, recipe.likra
    if settings.shots is not None:
        evaluation = replace(evaluation, shots=settings.shots)
    if settings.limit is not None:
        evaluation = replace(evaluation, limit=settings.limit)
    if settings.max_examples is not None:
        training = replace(training, max_examples=settings.max_examples)
    if settings.weights is not None:
        likra = replace(likra, weights=settings.weights)
    return replace(recipe, evaluation=evaluation, training=training, likra=likra)


def _tiers(recipe: Recipe, version: Version, settings: BenchmarkSettings) -> tuple[str, ...]:
    """The tiers of negative heads, the verdict's first. Raises BenchmarkError for one that the version lacks."""
    if settings.compare_tiers:
        there = [tier for tier in (NEAR_MISS, IRRELEVANT, UNRELATED) if version.tiers.get(tier)]
        if len(there) < 2:
            raise BenchmarkError(f"{version} has one tier only; mine others to compare: --tier irrelevant")
        return tuple(there)
    tier = recipe.data.tier
    if not version.tiers.get(tier):
        has = ", ".join(version.tiers) or "none"
        raise BenchmarkError(
            f"{version} has no rows of the tier {tier} (it has: {has}); mine it, or name another recipe"
        )
    return (tier,)


def _plan(rows: pl.DataFrame, tiers: Sequence[str], ground: Ground, base: Base, settings: BenchmarkSettings) -> Plan:
    recipe, training = ground.recipe, ground.recipe.training
    return Plan(
        lessons={seed: draw_lessons(rows, tiers, settings.draw, seed) for seed in range(settings.seeds)},
        points=training.points_for,
        lora=LoraSettings(**asdict(recipe.heads)),
        training=TrainSettings(
            learning_rate=recipe.learning_rate(ground.base, base.info.parameters), batch=training.batch,
            epochs=training.epochs, max_tokens=settings.max_tokens,
        ),
        max_tokens=settings.max_tokens,
    )  # fmt: skip


def _unrelated(rows: pl.DataFrame) -> list[str]:
    """Texts of another source, where the version has some."""
    return rows.filter(pl.col("tier") == UNRELATED)["negative"].unique().sort().to_list()


def _base(choice: BaseChoice, base: Base) -> BaseModel:
    info, precision = base.info, str(base.dtype).removeprefix("torch.")
    return BaseModel(choice.name, info.revision, info.weights, info.parameters, info.architecture, precision)


def _evaluation(ground: Ground, exam: Exam) -> Evaluation:
    wanted = ground.recipe.evaluation
    return Evaluation(
        source=wanted.source, revision=ground.revision, questions=len(exam.prompts), chance=exam.chance,
        shots=wanted.shots, shot_kind=wanted.shot_kind, measure=wanted.measure, dropped_shots=exam.dropped,
    )  # fmt: skip


def _left_out(too_long: int, exam: Exam, base: Base) -> Iterator[str]:
    """What was left out for the model's sake, in words."""
    if too_long:
        yield f"left out of training: {counted(too_long, 'question')}, as the model takes {base.window} tokens"
    if exam.dropped:
        yield f"left out: {counted(exam.dropped, 'shot')}, as the model takes {base.window} tokens"
    if base.tokens.prefix_id is None:
        yield "answers were not scored without their questions: the tokenizer has no token to begin with"


def _identity(ground: Ground, base: Base, exam: Exam, settings: BenchmarkSettings) -> dict[str, Any]:
    """All that decides what is measured; weights of a ratio and tokens at once decide nothing of it."""
    chosen = replace(settings, command="", folder="", systems=(), weights=None, max_tokens=None)
    recipe = replace(ground.recipe, likra=LikraSettings())
    return {
        "manifest": ground.version.name, "recipe": as_record(recipe),
        "base": ground.base.name, "weights_of_base": base.info.weights, "precision_of_base": str(base.dtype),
        "exam": exam.name, **asdict(chosen),
    }  # fmt: skip


def _write(result: Result, folder: Path) -> None:
    """The result as JSON, its plots, and the page that shows all of it."""
    drawn = plots(result)
    for plot in drawn:
        write_whole(folder / f"{plot.name}.svg", plot.svg)
        write_whole(folder / f"{plot.name}.png", plot.png)
    write_whole(folder / "report.html", page(result, drawn).encode())
    write_whole(folder / RESULT, to_json(result).encode())
