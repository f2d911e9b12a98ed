"""`score`: the heads of a benchmark as a detector of wrong answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from negbank.causal import Base, context_of, continuation_of, load_base
from negbank.commands.benchmark import RESULT
from negbank.commands.proving import model_of
from negbank.errors import BenchmarkError, UnknownNameError
from negbank.heads import active, drop_head, load_head
from negbank.ranking import ratio
from negbank.recipes import recipe_from_record
from negbank.records import Progress, as_asked, no_progress
from negbank.report import Result
from negbank.report.kinds import read_result
from negbank.scoring import Prompt, Scorer
from negbank.sources.file import read_table

SCORE = "score"
HEADS = "positive", "negative"


@dataclass(frozen=True)
class ScoreSettings:
    """Which columns hold question and answer, the weight of the negative head (None: the benchmark's), and where to."""

    question_column: str | None = None
    answer_column: str | None = None
    weight: float | None = None
    device: str | None = None
    max_tokens: int | None = None


@dataclass(frozen=True)
class ScoreResult:
    """The rows with `positive` and `negative` (summed log-likelihoods, nats) and `score` (log p+ - w log p-).

    A lower score is a likelier wrong answer; scores of answers to one question can be compared with each other.
    """

    rows: pl.DataFrame
    weight: float
    base: str

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"weight": self.weight, "base": self.base, "rows": self.rows.to_dicts()}


def score(
    file: str, heads: str | Path, settings: ScoreSettings | None = None, *, progress: Progress = no_progress
) -> ScoreResult:
    """Score each answer in `file` (`-` is standard input) with the heads of a benchmark's folder.

    Raises BenchmarkError for a folder without a finished benchmark, ModelError where its base cannot be had.
    """
    settings = settings or ScoreSettings()
    result = _result(Path(heads))
    rows = read_table(file)
    pairs = _pairs(rows, settings)
    recipe = recipe_from_record(result.recipe, str(heads))
    choice = recipe.base(result.base.name)
    base = load_base(
        model_of(recipe, choice, settings.device, progress), settings.device, choice.precision, choice.revision
    )
    scorer = Scorer(base, settings.max_tokens)
    prompts = [Prompt(context_of(question), (continuation_of(answer),)) for question, answer in pairs]
    found = {}
    for head, folder in zip(HEADS, _head_folders(Path(heads), result), strict=True):
        found[head] = _scored(base, scorer, folder, prompts, progress)
    weight = recipe.likra.weight if settings.weight is None else settings.weight
    found[SCORE] = ratio(found["positive"], found["negative"], weight)
    return ScoreResult(rows.with_columns(**{n: pl.Series(v) for n, v in found.items()}), weight, result.base.name)


def _scored(base: Base, scorer: Scorer, folder: Path, prompts: Sequence[Prompt], progress: Progress) -> Any:
    load_head(base, SCORE, folder)
    try:
        with active(base, SCORE):
            return scorer.score(prompts, progress).log_likelihood
    finally:
        drop_head(base, SCORE)


def _result(folder: Path) -> Result:
    file = folder / RESULT
    if not file.exists():
        raise BenchmarkError(f"{folder} holds no finished benchmark; make one: negbank benchmark --likra")
    result = read_result(file.read_text(encoding="utf-8"), str(file))
    if not isinstance(result, Result):
        raise BenchmarkError(f"{folder} is a benchmark of GLOW, which has no heads to score with; give one of --likra")
    return result


def _head_folders(folder: Path, result: Result) -> tuple[Path, Path]:
    """The positive head and the verdict's negative head of the first run, each after its last example."""
    tier = next((run.tier for run in result.training if run.head == "negative"), None)
    if tier is None:
        raise BenchmarkError(f"{folder} has no negative head; run the benchmark with --likra")
    own = folder / f"seed-{result.seeds[0]}"
    return _last_point(own / "positive"), _last_point(own / f"negative-{tier}")


def _last_point(folder: Path) -> Path:
    found = ((re.fullmatch(r"point-(\d+)", path.name), path) for path in folder.glob("point-*"))
    points = {int(match[1]): path for match, path in found if match}
    if not points:
        raise BenchmarkError(f"{folder} holds no head; run the benchmark again")
    return points[max(points)]


def _pairs(rows: pl.DataFrame, settings: ScoreSettings) -> list[tuple[str, str]]:
    """Question and answer of each row. Raises UnknownNameError for no such column, BenchmarkError for a gap."""
    names = settings.question_column or "question", settings.answer_column or "answer"
    for name in names:
        if name not in rows.columns:
            raise UnknownNameError("column", name, rows.columns)
    asked = as_asked(rows) if settings.question_column is None else rows
    texts = asked.select(pl.col(name).cast(pl.String) for name in names)
    for row, pair in enumerate(texts.iter_rows(), 1):
        if not all(text and text.strip() for text in pair):
            raise BenchmarkError(f"row {row} has no {' or no '.join(names)}; leave it out")
    return list(texts.iter_rows())
