"""`add`: wrong answers that came from elsewhere, labelled, guarded, and put into a dataset."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from negbank import __version__
from negbank.commands.gather import Embedder, rules_for, without_known
from negbank.commands.label import LabelColumns, complete_rows, text_rows
from negbank.commands.registry import Place, open_registry
from negbank.commands.summary import TierSummary, by_tier
from negbank.encode import Encoder, load_encoder
from negbank.errors import SourceError
from negbank.guards import Screened, explained, screen
from negbank.plausibility import Background, label
from negbank.records import (
    CANDIDATES,
    NEGATIVES,
    QUESTIONS,
    REPORTED,
    Progress,
    SourceData,
    TextVectors,
    content_id,
    no_progress,
)  # fmt: skip
from negbank.registry import Edit, Registry, Version, check_dataset_name
from negbank.sources import read_source
from negbank.sources.file import HUB_PREFIX, SUFFIXES, read_hub_table, read_table
from negbank.terms import DEFAULT_ENCODER


@dataclass(frozen=True)
class AddSettings:
    """What may be asked of `add` besides file and dataset.

    `source` is where the rows' questions belong: they get its ids, and its evaluation set is kept apart.
    `license` is that of the rows, as the Hub names it; None is not known.
    """

    columns: LabelColumns = field(default_factory=LabelColumns)
    source: str | None = None
    split: str | None = None
    license: str | None = None
    encoder: str = DEFAULT_ENCODER
    device: str | None = None
    message: str = ""
    command: str = ""


@dataclass(frozen=True)
class AddResult:
    """The new version, what came in by tier, and what was refused with its reason."""

    version: Version
    created: bool
    tiers: tuple[TierSummary, ...]
    refused: pl.DataFrame
    refusals: tuple[tuple[str, str, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """For `--json`: everything but the refused rows."""
        return {
            "version": str(self.version),
            "manifest": self.version.name,
            "created": self.created,
            "tiers": [asdict(tier) for tier in self.tiers],
            "refusals": [{"tier": t, "reason": r, "count": n} for t, r, n in self.refusals],
        }


def add(
    place: str,
    dataset: str,
    settings: AddSettings | None = None,
    *,
    registry: Place = None,
    progress: Progress = no_progress,
) -> AddResult:
    """Put wrong answers into `dataset`: a file, `-`, a folder of files, or `hf:org/name`, as a new version.

    Each gets a tier and a plausibility; the guards refuse what is right after all, what the dataset has already,
    and what belongs to the source's evaluation set. Raises SourceError where the rows cannot be read.
    """
    settings = settings or AddSettings()
    target = open_registry(registry)
    check_dataset_name(dataset)
    table = _read(place, settings.split)
    rows = text_rows(place, table, settings.columns)
    complete = complete_rows(place, rows)
    source = read_source(settings.source) if settings.source else None
    encoder = load_encoder(settings.encoder, device=settings.device)
    embed_texts = Embedder(encoder, progress)
    asked = _questions(complete, source)
    behind = source.questions if source else asked
    vectors = embed_texts(_texts(complete, behind, source))
    labelled = _labelled(complete, table, asked, vectors, Background.of(behind, vectors))
    rules = rules_for(behind, source.evaluation if source else None, vectors, embed_texts)
    screened = screen(labelled.select(CANDIDATES.names()).cast(CANDIDATES), asked, vectors, rules)
    screened = without_known(screened, _known(target, dataset))
    kept = _rows(labelled, screened)
    note = _note(place, settings, encoder, screened, rows.height - complete.height)
    edits = [Edit(t, "train", kept.filter(pl.col("tier") == t), note=note) for t in kept["tier"].unique().sort()]
    if not edits and target.newest(dataset) is None:
        raise SourceError(
            f"{place}: every row was refused ({_reasons(screened)}); there is nothing to make a version of"
        )
    commit = target.commit(dataset, edits, settings.message, settings.command)
    counts = tuple((tier, reason, count) for reason, tier, count in screened.counts.iter_rows())
    blank = (("row", "empty", rows.height - complete.height),) if rows.height > complete.height else ()
    refused = explained(screened.refused, asked)
    return AddResult(commit.version, commit.created, by_tier(kept), refused, (*blank, *counts))


def _read(place: str, split: str | None) -> pl.DataFrame:
    """The rows of a file, of standard input, of every file in a folder, or of a dataset on the Hub."""
    if place.startswith(HUB_PREFIX):
        return read_hub_table(place, split)
    if not Path(place).is_dir():
        return read_table(place)
    files = sorted(p for p in Path(place).rglob("*") if p.suffix in SUFFIXES and not _hidden(p.relative_to(place)))
    if not files:
        raise SourceError(f"{place} holds no file that can be read; there must be one of {', '.join(SUFFIXES)}")
    return pl.concat([read_table(str(file)) for file in files], how="diagonal_relaxed")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _questions(rows: pl.DataFrame, source: SourceData | None) -> pl.DataFrame:
    """QUESTIONS that the rows ask, under the ids of the source where it asks the same."""
    asked = rows.select("question", "answer").unique(maintain_order=True)
    own = [content_id(*pair) for pair in asked.iter_rows()]
    asked = asked.with_columns(pl.Series("own_id", own, pl.String))
    if source is None:
        known = QUESTIONS.to_frame()
    else:
        known = source.questions.unique(["question", "answer"], keep="first", maintain_order=True)
    joined = asked.join(known.select("question_id", "question", "answer"), on=["question", "answer"], how="left")
    return joined.select(
        pl.coalesce("question_id", "own_id").alias("question_id"), "question", "answer",
        distractors=pl.lit([], dtype=pl.List(pl.String)), subject=pl.lit(None, pl.String), split=pl.lit("train"),
    ).cast(QUESTIONS)  # fmt: skip


def _texts(rows: pl.DataFrame, behind: pl.DataFrame, source: SourceData | None) -> list[str]:
    frames = [rows, behind, *([source.evaluation] if source else [])]
    texts = [text for frame in frames for column in ("question", "answer") for text in frame[column]]
    return [*texts, *rows["negative"]]


def _labelled(
    rows: pl.DataFrame, table: pl.DataFrame, asked: pl.DataFrame, vectors: TextVectors, background: Background
) -> pl.DataFrame:
    """NEGATIVES of all rows, before any is refused."""
    more = {name: pl.col(name) for name in ("category", "subject") if name in table.columns}
    extra = table.with_row_index("row").select("row", **more)
    scored = label(rows, vectors, background).join(extra, on="row", maintain_order="left")
    scored = scored.join(asked.select("question_id", "question", "answer"), on=["question", "answer"])
    ids = [content_id(*parts) for parts in scored.select("question", "answer", "negative").iter_rows()]
    return scored.with_columns(
        pl.Series("id", ids, pl.String),
        tier=pl.col("predicted_tier"),
        rank=pl.int_range(pl.len(), dtype=pl.Int32).over("question_id", "predicted_tier"),
        origin=pl.lit(REPORTED),
        origin_id=pl.lit(None, pl.String),
        category=_category(scored),
        subject=pl.col("subject").cast(pl.String) if "subject" in more else pl.lit(None, pl.String),
    )


def _category(rows: pl.DataFrame) -> pl.Expr:
    """The column `category` as a list of texts, empty where there is none."""
    if "category" not in rows.columns:
        return pl.lit([], dtype=pl.List(pl.String))
    column = pl.col("category")
    as_list = column if isinstance(rows.schema["category"], pl.List) else pl.concat_list(column.cast(pl.String))
    return as_list.cast(pl.List(pl.String)).list.drop_nulls().fill_null([])


def _rows(labelled: pl.DataFrame, screened: Screened) -> pl.DataFrame:
    """NEGATIVES of the rows that were kept."""
    keys = ["question_id", "negative", "tier", "rank"]
    return labelled.join(screened.kept.select(keys), on=keys, how="semi", maintain_order="left").select(
        NEGATIVES.names()
    )


def _known(registry: Registry, dataset: str) -> pl.DataFrame:
    newest = registry.newest(dataset)
    return registry.read(newest) if newest else NEGATIVES.to_frame()


def _note(place: str, settings: AddSettings, encoder: Encoder, screened: Screened, blank: int) -> dict[str, Any]:
    """How these rows came in, kept with the version."""
    refused = {reason: int(count) for reason, count in screened.refused["reason"].value_counts(sort=True).iter_rows()}
    return {
        "source": place if place == "-" or place.startswith(HUB_PREFIX) else Path(place).name,
        "license": settings.license,
        "questions_of": settings.source,
        "encoder": {"name": encoder.name, "weights_hash": encoder.weights_hash, "fingerprint": encoder.fingerprint},
        "refused": refused | ({"empty": blank} if blank else {}),
        "negbank": __version__,
    }


def _reasons(screened: Screened) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in screened.refused["reason"].value_counts().iter_rows())
