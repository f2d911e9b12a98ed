"""`label`: tier and plausibility for negatives that came from elsewhere, less what the guards refuse."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from negbank.commands.assess import Assessed, FileRows, Helpers, assess, read_rows
from negbank.commands.gather import Embedder
from negbank.commands.summary import TierSummary, by_tier
from negbank.encode import load_encoder
from negbank.guards import explained
from negbank.judging import JudgeSettings, load_judge
from negbank.plausibility import MIN_QUESTIONS
from negbank.records import Progress, no_progress
from negbank.sources import SourceOptions, read_source
from negbank.sources.file import byte_columns
from negbank.sources.summary import summary_lines
from negbank.terms import DEFAULT_ENCODER
from negbank.text.display import visible

ADDED = ("tier", "plausibility", "similarity", "question_similarity")
JUDGED = ("judge_verdict", "judge_probability")


@dataclass(frozen=True)
class LabelResult:
    """The file's `rows` with `tier`, `plausibility`, `similarity` and `question_similarity`.

    `refused` are the rows that a guard refused, with their reason; they are not among `rows`. `refusals` counts them
    by tier and reason, those that lack a text too. `understood` says in lines how the file was read.
    """

    rows: pl.DataFrame
    tiers: tuple[TierSummary, ...]
    refused: pl.DataFrame
    refusals: tuple[tuple[str, str, int], ...]
    understood: tuple[str, ...]
    notices: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For `--json`: everything but the rows."""
        return {
            "tiers": [asdict(t) for t in self.tiers],
            "refusals": [{"tier": t, "reason": r, "count": n} for t, r, n in self.refusals],
            "notices": list(self.notices),
        }


@dataclass(frozen=True)
class LabelSettings:
    """What may be asked of `label` besides the file.

    `source` is where the rows' questions belong, by name or file: how close a text lies to its source is part of
    its plausibility. None takes the file's own questions and answers for the source. `by_embedding` lets the
    embedding decide the tier; else a wrong answer that the file ties to a question is a near-miss.
    """

    file: SourceOptions = field(default_factory=SourceOptions)
    source: str | None = None
    by_embedding: bool = False
    judge: str | None = None
    judging: JudgeSettings = field(default_factory=JudgeSettings)
    encoder: str = DEFAULT_ENCODER
    device: str | None = None


def label(place: str, settings: LabelSettings | None = None, *, progress: Progress = no_progress) -> LabelResult:
    """Tier and plausibility for every wrong answer of a file, less those that the guards refuse.

    Raises MalformedFileError for a file that cannot be read, and UnknownNameError for a column that is not there.
    """
    settings = settings or LabelSettings()
    file = read_rows(place, settings.file)
    source = read_source(settings.source) if settings.source else None
    encoder = load_encoder(settings.encoder, device=settings.device)
    judge = load_judge(settings.judge, settings.judging) if settings.judge else None
    found = assess(file, source, Helpers(Embedder(encoder, progress), judge, settings.by_embedding))
    kept = found.kept()
    return LabelResult(
        _labelled(file, kept, judged=judge is not None), by_tier(kept), explained(found.screened.refused, found.asked),
        file.refusals(found.screened), tuple(summary_lines(file.understood)),
        tuple(_notices(file, found, settings.source)),
    )  # fmt: skip


def _labelled(file: FileRows, kept: pl.DataFrame, *, judged: bool) -> pl.DataFrame:
    """The file's own columns with the labels; the wrong answer too where no column of the file is it."""
    own = file.originals(kept["row"])
    labels = kept.select(*ADDED, *(JUDGED if judged else ()))
    has_column = any(kind == pl.String and own[name].equals(kept["negative"]) for name, kind in own.schema.items())
    if not has_column:
        labels = kept.select("negative", *labels.columns)
    return pl.concat([own.drop(labels.columns, strict=False), labels], how="horizontal")


def _notices(file: FileRows, found: Assessed, source: str | None) -> list[str]:
    """What a person should know of the labels."""
    notices = list(found.judging.judged.notices()) if found.judging else []
    if replaced := [name for name in ADDED if any(name in record for record in file.records[:100])]:
        notices.append(f"{file.place}: its columns {', '.join(replaced)} are replaced")
    if dropped := byte_columns(file.records):
        notices.append(f"{file.place}: not written, since they hold bytes: {', '.join(map(visible, dropped))}")
    if (count := found.behind.select("question", "answer").unique().height) < MIN_QUESTIONS:
        remedy = "" if source else "; name the questions' source with --source"
        few = "1 question says little about its" if count == 1 else f"{count} questions say little about their"
        notices.append(f"{few} source: labels rest on three cosines only{remedy}")
    return notices
