"""`benchmark --glow`: what a version's wrong chains are worth, measured by tuning a model on them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from negbank import __version__
from negbank.causal import Base, load_base
from negbank.commands.files import run_folder, try_folder, write_whole
from negbank.commands.glow_ground import GlowGround, GlowWanted, glow_ground, refuse_shared
from negbank.commands.registry import Place, open_registry
from negbank.errors import BenchmarkError
from negbank.generation.records import PLAIN_STOPS
from negbank.glow import GlowSettings
from negbank.heads import LoraSettings, TrainSettings, TuneSettings
from negbank.machine import describe_machine, describe_versions, now
from negbank.reasoning.judge import MathJudge
from negbank.recipes import GlowTable, Recipe, as_record
from negbank.records import ERRONEOUS_COT, Progress, content_id, no_progress
from negbank.registry import Version
from negbank.report import BaseModel, to_json
from negbank.report.tuned import EffectReference, ProblemsUsed, Solving, TunedResult, without_curves
from negbank.report.tuned_page import tuned_page
from negbank.report.tuned_plots import tuned_plots
from negbank.sampling import SampleSettings
from negbank.terms import counted
from negbank.validation.chains import SYSTEMS, chain_sets
from negbank.validation.solving import GRADING
from negbank.validation.tuned_summary import summarise_tuning
from negbank.validation.tuning import TuningPlan, measure_tuning

RESULT = "result.json"
CHECKPOINT_PARAMETERS = 2_000_000
"""Parameters for which a second between two checkpoints is enough: writing one should cost little of the time."""


@dataclass(frozen=True)
class GlowBenchmarkSettings:
    """How a version is proved by GLOW; None is what the recipe says.

    `systems` are those that are trained; `max_examples` bounds the questions whose chains are learned from, `limit` the
    problems that are solved of each source. `alpha`, `beta`, `low`, `high` and `form` are those of the weight.
    """

    recipe: str | None = None
    base: str | None = None
    device: str | None = None
    systems: tuple[str, ...] = SYSTEMS
    seeds: int = 1
    limit: int | None = None
    max_examples: int | None = None
    epochs: int | None = None
    alpha: float | None = None
    beta: float | None = None
    low: float | None = None
    high: float | None = None
    form: Literal["sigmoid", "linear"] | None = None
    max_tokens: int | None = None
    folder: str | Path = "runs"
    command: str = ""


@dataclass(frozen=True)
class GlowBenchmarkResult:
    """What came out, for which version, and where its files lie."""

    version: Version
    result: TunedResult
    folder: Path

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"version": str(self.version), "folder": str(self.folder), "result": json.loads(to_json(self.result))}


def benchmark_glow(
    reference: str | None = None, settings: GlowBenchmarkSettings | None = None, *, registry: Place = None,
    progress: Progress = no_progress,
) -> GlowBenchmarkResult:  # fmt: skip
    """Tune the base on a version's right and wrong chains, and solve problems with what comes out.

    A run that was interrupted goes on from its folder. Raises BenchmarkError where the version lacks the tier or a side
    of it, or holds problems that are solved; RecipeError, ModelError and TrainingError as they say.
    """
    settings, started, clock = settings or GlowBenchmarkSettings(), now(), time.monotonic()
    place = open_registry(registry)
    try_folder(Path(settings.folder))
    wanted = GlowWanted(settings.recipe, settings.base, settings.device, settings.limit)
    ground = glow_ground(place, reference, wanted, progress)
    ground = replace(ground, recipe=_changed(ground.recipe, settings))
    rows = _rows(place.read(ground.version), ground.version)
    refuse_shared(ground.version, rows, ground.problems)
    recipe, glow = ground.recipe, _glow(ground.recipe)

    def load() -> Base:
        return load_base(ground.model, settings.device, ground.base.precision, ground.base.revision)

    base = load()
    about = _base(ground, base)
    folder = run_folder(Path(settings.folder), f"{ground.version}-glow", _record(ground, about, settings))
    with MathJudge() as judge:
        plan = TuningPlan(
            settings.systems, chain_sets(rows, base, recipe.training.max_examples), ground.problems,
            _tuning(recipe, ground, base, settings), _weighing(glow),
            SampleSettings(glow.temperature, glow.top_p, glow.max_tokens, glow.batch, PLAIN_STOPS), glow.samples,
            settings.seeds, judge,
        )  # fmt: skip
        notices = (*base.notices, *ground.notices, *_left_out(plan, base))
        del base  # a large model is not held twice
        summary = summarise_tuning(measure_tuning(load, plan, folder, progress), plan, glow.ks)
    result = TunedResult(
        version=str(ground.version), manifest=ground.version.name, negbank=__version__, command=settings.command,
        recipe=as_record(recipe), base=about, machine=describe_machine(),
        packages=describe_versions("torch", "transformers", "peft", "numpy"), seeds=tuple(range(settings.seeds)),
        started=started, elapsed_s=time.monotonic() - clock,
        solving=Solving(glow.samples, glow.temperature, glow.top_p, glow.max_tokens), problems=_used(ground),
        references=tuple(EffectReference(**asdict(r)) for r in recipe.glow_references if r.base == ground.base.name),
        notices=notices, **vars(summary),
    )  # fmt: skip
    _write(result, folder)
    place.record_validation(ground.version, to_json(without_curves(result)))
    return GlowBenchmarkResult(ground.version, result, folder)


def _glow(recipe: Recipe) -> GlowTable:
    return recipe.glow or GlowTable()


def _weighing(glow: GlowTable) -> GlowSettings:
    """Raises TrainingError for weights that cannot be."""
    return GlowSettings(glow.alpha, glow.beta, glow.low, glow.high, glow.form)


def _changed(recipe: Recipe, settings: GlowBenchmarkSettings) -> Recipe:
    """The recipe with what was asked for instead. Raises TrainingError for weights that cannot be."""
    given = {name: getattr(settings, name) for name in ("alpha", "beta", "low", "high", "form")}
    glow = replace(_glow(recipe), **{name: value for name, value in given.items() if value is not None})
    _weighing(glow)
    training = recipe.training
    if settings.max_examples is not None:
        training = replace(training, max_examples=settings.max_examples)
    if settings.epochs is not None:
        training = replace(training, epochs=settings.epochs)
    return replace(recipe, glow=glow, training=training)


def _rows(rows: pl.DataFrame, version: Version) -> pl.DataFrame:
    """The chains of a version. Raises BenchmarkError where it has none."""
    if not version.tiers.get(ERRONEOUS_COT):
        has = ", ".join(version.tiers) or "none"
        raise BenchmarkError(
            f"{version} has no rows of the tier {ERRONEOUS_COT} (it has: {has}); mine it: negbank mine gsm8k --tier "
            f"{ERRONEOUS_COT}"
        )
    return rows.filter(pl.col("tier") == ERRONEOUS_COT)


def _tuning(recipe: Recipe, ground: GlowGround, base: Base, settings: GlowBenchmarkSettings) -> TuneSettings:
    glow, parameters = _glow(recipe), base.info.parameters
    training = TrainSettings(
        learning_rate=recipe.learning_rate(ground.base, parameters), batch=recipe.training.batch,
        epochs=recipe.training.epochs, max_tokens=settings.max_tokens, schedule=glow.schedule, warmup=glow.warmup,
        max_norm=glow.max_norm, checkpoint_s=max(60.0, parameters / CHECKPOINT_PARAMETERS),
    )  # fmt: skip
    return TuneSettings(training, LoraSettings(**asdict(recipe.heads)) if glow.trains == "lora" else None)


def _base(ground: GlowGround, base: Base) -> BaseModel:
    info, precision = base.info, str(base.dtype).removeprefix("torch.")
    return BaseModel(ground.base.name, info.revision, info.weights, info.parameters, info.architecture, precision)


def _used(ground: GlowGround) -> tuple[ProblemsUsed, ...]:
    return tuple(
        ProblemsUsed(problems.source, problems.domain, revision, len(problems.questions))
        for problems, revision in zip(ground.problems, ground.revisions, strict=True)
    )


def _left_out(plan: TuningPlan, base: Base) -> Iterator[str]:
    if plan.chains.too_long:
        chains = counted(plan.chains.too_long, "chain")
        yield f"left out of training: {chains}, as the model takes {base.window:,} tokens"


def _record(ground: GlowGround, base: BaseModel, settings: GlowBenchmarkSettings) -> dict[str, Any]:
    """All that decides a run's numbers, by content: a name may stand for something else tomorrow."""
    chosen = replace(settings, command="", folder="", systems=(), max_tokens=None)
    return {
        "manifest": ground.version.name, "recipe": as_record(ground.recipe), "base": asdict(base),
        "revisions": ground.revisions, "problems": content_id(json.dumps([asdict(held) for held in ground.problems])),
        "stop": PLAIN_STOPS, "grading": GRADING, "settings": asdict(chosen),
    }  # fmt: skip


def _write(result: TunedResult, folder: Path) -> None:
    """The result as JSON, its plots, and the page that shows all of it."""
    drawn = tuned_plots(result)
    for plot in drawn:
        write_whole(folder / f"{plot.name}.svg", plot.svg)
        write_whole(folder / f"{plot.name}.png", plot.png)
    write_whole(folder / "report.html", tuned_page(result, drawn).encode())
    write_whole(folder / RESULT, to_json(result).encode())
