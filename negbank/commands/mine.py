"""`mine`: from a source to a new version.

source -> candidates, encoded, ranked and guarded (`gather`) -> the first of each question -> plausibility -> a version.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from negbank import __version__
from negbank.commands.gather import Embedder, Gathered, Inputs, MineSettings, gather, quotas, without_known
from negbank.commands.mine_chains import ChainCounts, mine_chains
from negbank.commands.registry import Place, open_registry
from negbank.commands.summary import TierSummary, by_tier
from negbank.encode import Encoder, load_encoder
from negbank.errors import SourceError, UnknownNameError
from negbank.guards import LABELLED_WRONG, Screened, estimate, explained
from negbank.mining import Taken, take
from negbank.plausibility import Background, label
from negbank.records import (
    ALL_TIERS,
    ERRONEOUS_COT,
    NEAR_MISS,
    NEGATIVES,
    TIERS,
    UNRELATED,
    Progress,
    SourceData,
    TextVectors,
    content_id,
    no_progress,
)  # fmt: skip
from negbank.registry import NewPart, Registry, Version, check_dataset_name
from negbank.registry.disk import translated
from negbank.sources import read_source

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
    if ERRONEOUS_COT in tiers:
        return _mine_chains(source, tuple(tiers), settings, place, progress)
    inputs = _read(source, tuple(tiers), settings)
    dataset = check_dataset_name(settings.dataset or inputs.data.name)
    encoder = load_encoder(settings.encoder, device=settings.device)
    gathered = gather(inputs, Embedder(encoder, progress))
    screened = without_known(gathered.screened, _kept_rows(place, dataset, inputs.tiers))
    taken = take(screened.kept, quotas(inputs), inputs.data.questions.height)
    rows = _negatives(inputs.data, taken, gathered.vectors)
    gathered = replace(gathered, screened=screened)
    parts = [_part(tier, rows, inputs, gathered, encoder) for tier in inputs.tiers]
    commit = place.commit(dataset, parts, settings.message or "", settings.command)
    return _result(commit.version, commit.created, inputs, screened, taken, rows)


def _mine_chains(
    source: str, tiers: tuple[str, ...], settings: MineSettings, place: Registry, progress: Progress
) -> MineResult:
    """The tier erroneous-cot: no encoder, and no other tier beside it."""
    if set(tiers) != {ERRONEOUS_COT}:
        raise SourceError(f"the tier {ERRONEOUS_COT} is mined by itself; mine the others before or after it")
    if [source, *settings.chains.trajectories].count("-") > 1:
        raise SourceError("standard input can be read once: name a file for the other")
    data = read_source(source, settings.source)
    dataset = check_dataset_name(settings.dataset or data.name)
    with translated(tempfile.gettempdir()):
        mined = mine_chains(place, dataset, data, settings, progress)
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
    pool = read_source(settings.pool) if settings.pool and UNRELATED in tiers else None
    if pool is not None and pool.name == data.name:
        raise SourceError(f"the tier unrelated must come from another source than {data.name}: name another pool")
    return Inputs(data, pool, tuple(tier for tier in TIERS if tier in tiers), settings)


def _negatives(data: SourceData, taken: Taken, vectors: TextVectors) -> pl.DataFrame:
    """NEGATIVES: the candidates taken, with their question, scores and id."""
    background = Background.of(data.questions, vectors)
    rows = taken.rows.join(data.questions.select("question_id", "question", "answer", "subject"), on="question_id")
    labelled = label(rows, vectors, background)
    ids = [content_id(*parts) for parts in labelled.select("question", "answer", "negative").iter_rows()]
    category = pl.lit([], dtype=pl.List(pl.String))
    return labelled.with_columns(pl.Series("id", ids, pl.String), category=category).select(NEGATIVES.names())


def _part(tier: str, rows: pl.DataFrame, inputs: Inputs, gathered: Gathered, encoder: Encoder) -> NewPart:
    """One tier's rows and how they were mined: nothing here depends on when or where."""
    own = rows.filter(pl.col("tier") == tier)
    called_wrong = own["origin"].is_in(LABELLED_WRONG).to_numpy()
    estimated = estimate(own["similarity"].to_numpy(), called_wrong, gathered.rules.paraphrase.min_cosine)
    data, pool, settings = inputs.data, inputs.pool if tier == UNRELATED else None, inputs.settings
    mined = {
        "source": data.name,
        "revision": data.revision,
        "license": data.license,
        "questions": data.questions.height,
        "evaluation_questions": data.evaluation.height,
        "pool": pool.name if pool else None,
        "pool_revision": pool.revision if pool else None,
        "pool_license": pool.license if pool else None,
        "encoder": {"name": encoder.name, "weights_hash": encoder.weights_hash, "fingerprint": encoder.fingerprint},
        "parameters": {
            "per_question": settings.per_question,
            "expand": settings.expand if tier == NEAR_MISS else 0,
            **asdict(settings.source),
        },
        "seed": settings.seed,
        "refused": {reason: count for reason, of, count in gathered.screened.counts.iter_rows() if of == tier},
        "false_negatives": asdict(estimated) if estimated else None,
        "negbank": __version__,
    }
    return NewPart(tier, "train", own, mined)


def _result(
    version: Version, created: bool, inputs: Inputs, screened: Screened, taken: Taken, rows: pl.DataFrame
) -> MineResult:
    """What a person and a program want to know of it."""
    unusable = inputs.data.refused
    candidates = [(tier, reason, count) for reason, tier, count in screened.counts.iter_rows()]
    pool_notices = inputs.pool.notices if inputs.pool else ()
    return MineResult(
        version=version,
        created=created,
        source=inputs.data.name,
        questions=inputs.data.questions.height,
        tiers=by_tier(rows, taken.short, taken.missing),
        refused=pl.concat([unusable, explained(screened.refused, inputs.data.questions)], how="diagonal"),
        refusals=(*_unusable(inputs.data), *candidates),
        notices=(*inputs.data.notices, *pool_notices),
    )


def _kept_rows(registry: Registry, dataset: str, tiers: tuple[str, ...]) -> pl.DataFrame:
    """NEGATIVES of the tiers that stay: what is mined now must not repeat them."""
    newest = registry.newest(dataset)
    kept = [tier for tier in newest.tiers if tier not in (*tiers, ERRONEOUS_COT)] if newest else []
    return pl.concat([NEGATIVES.to_frame(), *(registry.read(newest, tier) for tier in kept if newest)])
