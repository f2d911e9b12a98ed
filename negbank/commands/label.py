"""`label`: tier and plausibility for negatives that came from elsewhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from negbank.commands.summary import TierSummary, by_tier
from negbank.encode import embed, load_encoder
from negbank.errors import MalformedFileError, SourceError, UnknownNameError
from negbank.plausibility import MIN_QUESTIONS, Background
from negbank.plausibility import label as label_rows
from negbank.records import Progress, TextVectors, no_progress
from negbank.sources import read_source
from negbank.sources.file import read_table
from negbank.sources.rows import ANSWER_NAMES, QUESTION_NAMES
from negbank.terms import DEFAULT_ENCODER

NEGATIVE_NAMES = ("negative", "wrong_answer", "wrong", "incorrect", "rejected")
ADDED = ("tier", "plausibility", "similarity", "question_similarity")


@dataclass(frozen=True)
class LabelColumns:
    """The columns of a file that hold question, right answer and wrong answer; None is to be found by usual names."""

    question: str | None = None
    answer: str | None = None
    negative: str | None = None


@dataclass(frozen=True)
class LabelResult:
    """The file's rows with `tier`, `plausibility`, `similarity` and `question_similarity`.

    `refused` rows had a blank or missing text, and are not among `rows`.
    """

    rows: pl.DataFrame
    tiers: tuple[TierSummary, ...]
    refused: int
    notices: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"tiers": [asdict(t) for t in self.tiers], "refused": self.refused, "notices": list(self.notices)}


@dataclass(frozen=True)
class LabelSettings:
    """What may be asked of `label` besides the file.

    `source` is where the rows' questions belong, by name or file: how close a text lies to its source is part of
    its plausibility. None takes the file's own questions and answers for the source.
    """

    columns: LabelColumns = LabelColumns()
    source: str | None = None
    encoder: str = DEFAULT_ENCODER
    device: str | None = None


def label(file: str, settings: LabelSettings | None = None, *, progress: Progress = no_progress) -> LabelResult:
    """Tier and plausibility for every row of a JSONL, CSV or Parquet file, or of JSON lines on standard input (`-`).

    Raises MalformedFileError for a file that cannot be read, and UnknownNameError for a column that is not there.
    """
    settings = settings or LabelSettings()
    table = read_table(file)
    rows = text_rows(file, table, settings.columns)
    complete = complete_rows(file, rows)
    questions = read_source(settings.source).questions if settings.source else complete
    vectors = _embed(complete, questions, settings, progress)
    labelled = label_rows(complete, vectors, Background.of(questions, vectors))
    scores = labelled.select("row", *ADDED[1:], tier="predicted_tier")
    kept = table.with_row_index("row").drop(ADDED, strict=False).join(scores, on="row", maintain_order="left")
    refused = rows.height - complete.height
    return LabelResult(
        kept.drop("row"), by_tier(scores), refused, _notices(file, table, refused, questions, settings.source)
    )


def text_rows(file: str, table: pl.DataFrame, columns: LabelColumns) -> pl.DataFrame:
    """The texts to label: row, question, answer, negative."""
    found = {
        "question": _column(table, "question", columns.question, QUESTION_NAMES),
        "answer": _column(table, "answer", columns.answer, ANSWER_NAMES),
        "negative": _column(table, "negative", columns.negative, NEGATIVE_NAMES),
    }
    for kind, name in found.items():
        if table[name].dtype.is_nested():
            raise SourceError(f"{file}: the column {name!r} must hold texts; name another with --{kind}-column")
    texts = {kind: pl.col(name).cast(pl.String).fill_null("") for kind, name in found.items()}
    return table.with_row_index("row").select("row", **texts)


def complete_rows(file: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Those of `rows` that have all three texts. Raises MalformedFileError where none has."""
    complete = rows.filter(
        pl.all_horizontal(pl.col("question", "answer", "negative").str.strip_chars().str.len_chars() > 0)
    )
    if complete.is_empty():
        raise MalformedFileError(file, "no row has a question, a right answer and a wrong one")
    return complete


def _column(table: pl.DataFrame, kind: str, given: str | None, usual: tuple[str, ...]) -> str:
    """The column that holds what `kind` says."""
    if given is not None:
        if given not in table.columns:
            raise UnknownNameError("column", given, table.columns)
        return given
    name = next((name for name in usual if name in table.columns), None)
    if name is None:
        listed = ", ".join(table.columns)
        raise SourceError(f"no {kind} column is known here; name it with --{kind}-column. There are: {listed}")
    return name


def _embed(rows: pl.DataFrame, questions: pl.DataFrame, settings: LabelSettings, progress: Progress) -> TextVectors:
    texts = [*rows["question"], *rows["answer"], *rows["negative"], *questions["question"], *questions["answer"]]
    return embed(texts, load_encoder(settings.encoder, device=settings.device), progress=progress)


def _notices(
    file: str, table: pl.DataFrame, refused: int, questions: pl.DataFrame, source: str | None
) -> tuple[str, ...]:
    """What a person should know of the labels."""
    notices = []
    if refused:
        notices.append(f"{file}: {refused:,} rows have a blank question, answer or negative; they are left out")
    if replaced := [name for name in ADDED if name in table.columns]:
        notices.append(f"{file}: its columns {', '.join(replaced)} are replaced")
    if (count := questions.select("question", "answer").unique().height) < MIN_QUESTIONS:
        remedy = "" if source else "; name the questions' source with --source"
        notices.append(f"{count} questions say little about their source: labels rest on three cosines alone{remedy}")
    return tuple(notices)
