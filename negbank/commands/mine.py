"""`mine`: from a source to a new version.

source -> candidates, encoded, ranked and guarded (`gather`) -> the first of each question -> plausibility -> a version.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from negbank import __version__
from negbank.commands.assess import row_id
from negbank.commands.files import optional_output, write_rows
from negbank.commands.gather import Embedder, Gathered, Inputs, MineSettings, gather, quotas, without_known
from negbank.commands.judge import Judging, judged
from negbank.commands.mine_chains import ChainCounts, mine_chains
from negbank.commands.registry import Place, open_registry
from negbank.commands.summary import TierSummary, by_tier
from negbank.encode import Encoder, load_encoder
from negbank.errors import SourceError, UnknownNameError
from negbank.guards import IMPLAUSIBLE, Screened, explained
from negbank.judging import load_judge
from negbank.mining import Taken, take
from negbank.plausibility import Background, label
from negbank.records import (
    ALL_TIERS,
    ERRONEOUS_COT,
    NEAR_MISS,
    NEGATIVES,
    OTHER_QUESTION,
    TIERS,
    UNRELATED,
    Progress,
    SourceData,
    TextVectors,
    no_progress,
)  # fmt: skip
from negbank.registry import Commit, NewPart, Registry, Version, check_dataset_name
from negbank.registry.disk import translated
from negbank.sources import read_source, refuse_unsupported
from negbank.sources.file import FileData
from negbank.sources.summary import summary_lines

MIN_PLAUSIBILITY = 0.9
"""Below it a text of another question is no near-miss (`--expand`)."""

__all__ = ["MineResult", "MineSettings", "mine"]


@dataclass(frozen=True)
class MineResult:
    """The new version, and how it came to be.

    `created` is False where the dataset's newest version holds exactly this already. `refused` has a row for
    every question and candidate that was refused, with its `reason` (of chains the first 10,000); `refusals` counts
    them by tier and reason. `chains` says what became of chains of thought.
    """

    version: Version
    created: bool
    source: str
    questions: int
    tiers: tuple[TierSummary, ...]
    refused: pl.DataFrame
    refusals: tuple[tuple[str, str, int], ...]
    notices: tuple[str, ...]
    chains: ChainCounts | None = None
    understood: tuple[str, ...] = ()
    """How a file was read, in lines for a person."""

    def to_dict(self) -> dict[str, Any]:
        """For `--json`: everything but the refused rows."""
        return {
            "version": str(self.version),
            "manifest": self.version.name,
            "created": self.created,
            "source": self.source,
            "questions": self.questions,
            "tiers": [asdict(tier) for tier in self.tiers],
            "refusals": [{"tier": t, "reason": r, "count": n} for t, r, n in self.refusals],
            "notices": list(self.notices),
            **({"chains": asdict(self.chains)} if self.chains else {}),
        }


def mine(
    source: str,
    tiers: Sequence[str] = (NEAR_MISS,),
    settings: MineSettings | None = None,
    *,
    registry: Place = None,
    progress: Progress = no_progress,
) -> MineResult:
    """Mine negatives of `tiers` from `source` into a new version; tiers that are not mined again are kept.

    The tier erroneous-cot is mined by itself, from the chains that `settings.chains` names.

    Raises SourceError where questions cannot be read, EncoderError where the encoder cannot be used, and
    StorageError where the disk refuses; the registry is then as it was.
    """
    settings = settings or MineSettings()
    place = open_registry(registry)
    named = (source, settings.pool, *settings.source.hold_out, *settings.chains.trajectories, place.place)
    with optional_output(settings.refused, filter(None, named), replace=settings.replace) as listed:
        if ERRONEOUS_COT in tiers:
            return _mine_chains(source, tuple(tiers), settings, place, progress, listed)
        return _mine_answers(source, tuple(tiers), settings, place, progress, listed)


def _mine_answers(
    source: str,
    tiers: tuple[str, ...],
    settings: MineSettings,
    place: Registry,
    progress: Progress,
    listed: Path | None,
) -> MineResult:
    """The tiers of short answers; what was refused is written to `listed` before the version is made."""
    inputs = _read(source, tiers, settings)
    dataset = _dataset(settings, inputs.data)
    encoder = load_encoder(settings.encoder, device=settings.device)
    gathered = gather(inputs, Embedder(encoder, progress))
    screened = without_known(gathered.screened, _kept_rows(place, dataset, inputs.tiers), inputs.data.questions)
    chosen = _choose(replace(gathered, screened=screened), inputs, progress)
    if empty := [tier for tier in inputs.tiers if tier not in set(chosen.rows["tier"])]:
        raise SourceError(_nothing(inputs, empty, chosen.screened))
    parts = [_part(tier, inputs, chosen, encoder) for tier in inputs.tiers]
    refused = pl.concat(
        [inputs.data.refused, explained(chosen.screened.refused, inputs.data.questions)], how="diagonal"
    )
    if listed:
        write_rows(refused, listed)
    commit = place.commit(dataset, parts, settings.message or "", settings.command)
    return _result(commit, inputs, chosen, refused)


def _dataset(settings: MineSettings, data: SourceData) -> str:
    """The dataset that gets the version: the one that was named, else one of the source's name."""
    return check_dataset_name(data.name if settings.dataset is None else settings.dataset)


@dataclass(frozen=True)
class _Chosen:
    """The rows of a version (NEGATIVES), what was refused, how many are short, and what a judge said."""

    rows: pl.DataFrame
    screened: Screened
    taken: Taken
    judging: Judging | None = None


def _choose(gathered: Gathered, inputs: Inputs, progress: Progress) -> _Chosen:
    """The first candidates of each question that the judge leaves, less what is hardly an answer to it."""
    questions, screened = inputs.data.questions, gathered.screened
    taken = take(screened.kept, quotas(inputs), questions.height)
    judging = None
    if inputs.settings.judge:
        judge = load_judge(inputs.settings.judge, inputs.settings.judging)
        rounds, new = list[Judging](), taken.rows
        while not new.is_empty():  # a refused candidate makes room for the next one
            rounds.append(judged(new, questions, judge, progress))
            screened = rounds[-1].refuse(screened)
            before, taken = taken, take(screened.kept, quotas(inputs), questions.height)
            new = taken.rows.join(before.rows, on=["question_id", "negative"], how="anti")
        judging = Judging.of(rounds) if rounds else None
    rows = _negatives(inputs.data, taken, gathered.vectors)
    implausible = (rows["origin"] == OTHER_QUESTION) & (rows["tier"] == NEAR_MISS)
    implausible &= rows["plausibility"] < MIN_PLAUSIBILITY
    if implausible.any():
        keys = ["question_id", "negative", "tier"]
        gone = rows.filter(implausible).select(keys).with_columns(gone=True)
        found = screened.kept.select(keys).join(gone, on=keys, how="left", maintain_order="left")["gone"]
        screened = screened.refusing(found.fill_null(False), IMPLAUSIBLE)
        taken = take(taken.rows.join(gone, on=keys, how="anti"), quotas(inputs), questions.height)
        rows = _negatives(inputs.data, taken, gathered.vectors)
    return _Chosen(judging.told(rows) if judging else rows, screened, taken, judging)


def _nothing(inputs: Inputs, tiers: list[str], screened: Screened) -> str:
    """Why some tiers have no row, and what to do."""
    counts = screened.counts.filter(pl.col("tier").is_in(tiers))
    reasons = counts.group_by("reason", maintain_order=True).agg(pl.col("count").sum()).rows()
    listed = ", ".join(f"{count:,} {reason}" for reason, count in reasons) or "no candidates"
    return (
        f"{inputs.data.name}: nothing is left of the tier {' or '.join(tiers)} ({listed}), so no version was made. "
        "Mine another tier, or bring wrong answers of your own with negbank add"
    )


def _mine_chains(
    source: str,
    tiers: tuple[str, ...],
    settings: MineSettings,
    place: Registry,
    progress: Progress,
    listed: Path | None,
) -> MineResult:
    """The tier erroneous-cot: no encoder, and no other tier beside it."""
    if set(tiers) != {ERRONEOUS_COT}:
        raise SourceError(f"the tier {ERRONEOUS_COT} is mined by itself; mine the others before or after it")
    if [source, *settings.chains.trajectories].count("-") > 1:
        raise SourceError("standard input can be read once: name a file for the other")
    data = read_source(source, settings.source)
    dataset = _dataset(settings, data)
    with translated(tempfile.gettempdir(), "name another folder in TMPDIR"):
        mined = mine_chains(place, dataset, data, settings, progress, listed)
    return MineResult(
        version=mined.commit.version,
        created=mined.commit.created,
        source=data.name,
        questions=data.questions.height,
        tiers=(mined.tier,),
        refused=pl.concat([data.refused, mined.refused], how="diagonal"),
        refusals=(*_unusable(data), *mined.refusals),
        notices=data.notices,
        chains=mined.counts,
        understood=_understood(data),
    )


def _unusable(data: SourceData) -> list[tuple[str, str, int]]:
    """The questions of a source that are none, by reason."""
    return [("question", reason, count) for reason, count in data.refused["reason"].value_counts(sort=True).rows()]


def _read(source: str, tiers: tuple[str, ...], settings: MineSettings) -> Inputs:
    """The source's questions, and the pool's where a tier needs them."""
    for tier in tiers:
        if tier not in TIERS:
            raise UnknownNameError("tier", tier, ALL_TIERS)
    if UNRELATED in tiers and settings.pool is None:
        raise SourceError("the tier unrelated needs another source to draw from: name a pool")
    data = read_source(source, settings.source)
    refuse_unsupported(data, tiers, settings.expand)
    pool = read_source(settings.pool) if settings.pool and UNRELATED in tiers else None
    if pool is not None and pool.name == data.name:
        raise SourceError(f"the tier unrelated must come from another source than {data.name}: name another pool")
    return Inputs(data, pool, tuple(tier for tier in TIERS if tier in tiers), settings)


def _negatives(data: SourceData, taken: Taken, vectors: TextVectors) -> pl.DataFrame:
    """NEGATIVES: the candidates taken, with their question, scores and id."""
    background = Background.of(data.questions, vectors)
    texts = data.questions.select("question_id", "question", "context", "answer", "answers", "subject")
    labelled = label(taken.rows.join(texts, on="question_id"), vectors, background)
    ids = [row_id(*parts) for parts in labelled.select("question", "context", "answer", "negative").iter_rows()]
    return labelled.with_columns(
        pl.Series("id", ids, pl.String), category=pl.lit([], dtype=pl.List(pl.String)),
        judge_verdict=pl.lit(None, pl.String), judge_probability=pl.lit(None, pl.Float32),
    ).select(NEGATIVES.names())  # fmt: skip


def _part(tier: str, inputs: Inputs, chosen: _Chosen, encoder: Encoder) -> NewPart:
    """One tier's rows and how they were mined: nothing here depends on when or where."""
    data, pool, settings = inputs.data, inputs.pool if tier == UNRELATED else None, inputs.settings
    mined = {
        "source": data.name,
        "revision": data.revision,
        "license": data.license,
        "questions": data.questions.height,
        "refused_questions": dict(sorted(data.refused["reason"].value_counts().iter_rows())),
        "evaluation_questions": data.evaluation.height,
        "held_out": [asdict(held_out) for held_out in data.held_out],
        "pool": pool.name if pool else None,
        "pool_revision": pool.revision if pool else None,
        "pool_license": pool.license if pool else None,
        "encoder": {"name": encoder.name, "weights_hash": encoder.weights_hash, "fingerprint": encoder.fingerprint},
        "parameters": {
            "per_question": settings.per_question,
            "expand": settings.expand if tier == NEAR_MISS else 0,
            **settings.source.recorded(),
        },
        "seed": settings.seed,
        "refused": {reason: count for reason, of, count in chosen.screened.counts.iter_rows() if of == tier},
        **({"judge": chosen.judging.about()} if chosen.judging else {}),
        "unique_ids": True,
        "negbank": __version__,
    }
    return NewPart(tier, "train", chosen.rows.filter(pl.col("tier") == tier), mined)


def _result(commit: Commit, inputs: Inputs, chosen: _Chosen, refused: pl.DataFrame) -> MineResult:
    """What a person and a program want to know of it."""
    data = inputs.data
    candidates = [(tier, reason, count) for reason, tier, count in chosen.screened.counts.iter_rows()]
    pool_notices = inputs.pool.notices if inputs.pool else ()
    judge_notices = chosen.judging.judged.notices() if chosen.judging else ()
    return MineResult(
        version=commit.version,
        created=commit.created,
        source=data.name,
        questions=data.questions.height,
        tiers=by_tier(chosen.rows, chosen.taken.short, chosen.taken.missing),
        refused=refused,
        refusals=(*_unusable(data), *candidates),
        notices=(*data.notices, *pool_notices, *judge_notices),
        understood=_understood(data),
    )


def _understood(data: SourceData) -> tuple[str, ...]:
    """How a file was read; nothing for a source by name."""
    return tuple(summary_lines(data.understood)) if isinstance(data, FileData) and data.understood else ()


def _kept_rows(registry: Registry, dataset: str, tiers: tuple[str, ...]) -> pl.DataFrame:
    """NEGATIVES of the tiers that stay: what is mined now must not repeat them."""
    newest = registry.newest(dataset)
    kept = [tier for tier in newest.tiers if tier not in (*tiers, ERRONEOUS_COT)] if newest else []
    return pl.concat([NEGATIVES.to_frame(), *(registry.read(newest, tier) for tier in kept if newest)])
