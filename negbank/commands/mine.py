"""`mine`: from a source to a new version.

source -> miners draw -> texts are encoded -> miners rank -> guards refuse -> the first of each question are
taken -> plausibility -> a version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from negbank import __version__
from negbank.commands.registry import Place, open_registry
from negbank.commands.summary import TierSummary, by_tier
from negbank.encode import Encoder, embed, load_encoder
from negbank.errors import GuardError, SourceError, UnknownNameError
from negbank.guards import COUNTS, DUPLICATE, Rules, Screened, calibrate, explained, screen, texts_to_encode
from negbank.guards.normalise import normalise
from negbank.mining import Quota, Taken, irrelevant, near_miss, take, unrelated
from negbank.plausibility import Background, label
from negbank.records import (
    CANDIDATES,
    DISTRACTOR,
    IRRELEVANT,
    NEAR_MISS,
    NEGATIVES,
    OTHER_QUESTION,
    OTHER_SOURCE,
    TIERS,
    UNRELATED,
    Progress,
    SourceData,
    TextVectors,
    content_id,
    no_progress,
)  # fmt: skip
from negbank.registry import NewPart, Registry, Version, check_dataset_name
from negbank.sources import SourceOptions, read_source
from negbank.terms import DEFAULT_ENCODER


@dataclass(frozen=True)
class MineSettings:
    """What may be asked of `mine` besides source and tiers; the defaults are the command's."""

    pool: str | None = None
    """Where the tier unrelated is drawn from: a source by name, file, or `hf:org/name`."""
    per_question: int = 3
    """Negatives a question in each tier."""
    expand: int = 0
    """Near-misses a question from the answers of other questions, besides its own wrong choices."""
    seed: int = 0
    encoder: str = DEFAULT_ENCODER
    device: str | None = None
    dataset: str | None = None
    """The dataset that gets the version; None is the source's name."""
    message: str | None = None
    command: str = ""
    """The command line, kept with the version."""
    source: SourceOptions = field(default_factory=SourceOptions)


@dataclass(frozen=True)
class MineResult:
    """The new version, and how it came to be.

    `created` is False where the dataset's newest version holds exactly this already. `refused` has a row for
    every question and candidate that was refused, with its `reason`; `refusals` counts them by tier and reason.
    """

    version: Version
    created: bool
    source: str
    questions: int
    tiers: tuple[TierSummary, ...]
    refused: pl.DataFrame
    refusals: tuple[tuple[str, str, int], ...]
    notices: tuple[str, ...]

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
        }


@dataclass(frozen=True)
class _Inputs:
    """What is mined, from what, with what."""

    data: SourceData
    pool: SourceData | None
    tiers: tuple[str, ...]
    settings: MineSettings


def mine(
    source: str,
    tiers: Sequence[str] = (NEAR_MISS,),
    settings: MineSettings | None = None,
    *,
    registry: Place = None,
    progress: Progress = no_progress,
) -> MineResult:
    """Mine negatives of `tiers` from `source` into a new version; tiers that are not mined again are kept.

    Raises SourceError where questions cannot be read, EncoderError where the encoder cannot be used, and
    StorageError where the disk refuses; the registry is then as it was.
    """
    settings = settings or MineSettings()
    place = open_registry(registry)
    inputs = _read(source, tuple(tiers), settings)
    dataset = check_dataset_name(settings.dataset or inputs.data.name)
    encoder = load_encoder(settings.encoder, device=settings.device)
    embedder = _Embedder(encoder, progress)
    drawn = _drawn(inputs)
    candidates, vectors = _candidates(inputs, drawn, embedder, {})
    rules = _rules(inputs.data, vectors, embedder)
    screened = screen(candidates, inputs.data.questions, vectors, rules)
    if more := _more(inputs, screened):
        candidates, vectors = _candidates(inputs, drawn, embedder, more)
        screened = screen(candidates, inputs.data.questions, vectors, rules)
    screened = _without_known(screened, _kept_rows(place, dataset, inputs.tiers))
    taken = take(screened.kept, _quotas(inputs), inputs.data.questions.height)
    rows = _negatives(inputs.data, taken, vectors)
    parts = [_part(tier, rows, inputs, screened, encoder) for tier in inputs.tiers]
    commit = place.commit(dataset, parts, settings.message or "", settings.command)
    return _result(commit.version, commit.created, inputs, screened, taken, rows)


def _read(source: str, tiers: tuple[str, ...], settings: MineSettings) -> _Inputs:
    """The source's questions, and the pool's where a tier needs them."""
    for tier in tiers:
        if tier not in TIERS:
            raise UnknownNameError("tier", tier, TIERS)
    if UNRELATED in tiers and settings.pool is None:
        raise SourceError("the tier unrelated needs another source to draw from: name a pool")
    data = read_source(source, settings.source)
    pool = read_source(settings.pool) if settings.pool and UNRELATED in tiers else None
    if pool is not None and pool.name == data.name:
        raise SourceError(f"the tier unrelated must come from another source than {data.name}: name another pool")
    return _Inputs(data, pool, tuple(tier for tier in TIERS if tier in tiers), settings)


@dataclass(frozen=True)
class _Embedder:
    """Texts to vectors, with the encoder and the progress of this run."""

    encoder: Encoder
    progress: Progress

    def __call__(self, texts: Iterable[str]) -> TextVectors:
        return embed(texts, self.encoder, progress=self.progress)


def _candidates(
    inputs: _Inputs, drawn: Mapping[str, pl.DataFrame], embed_texts: _Embedder, more: Mapping[str, frozenset[str]]
) -> tuple[pl.DataFrame, TextVectors]:
    """CANDIDATES of all tiers, and the vectors of all texts that are compared.

    Of the tiers that are drawn, as many as are asked for, and all that were drawn for the questions in `more[tier]`:
    encoding is what takes long, and guards refuse few of them.
    """
    enough = pl.col("rank") < inputs.settings.per_question
    wanted = [
        frame.filter(enough | pl.col("question_id").is_in(sorted(more.get(tier, ())))) for tier, frame in drawn.items()
    ]
    candidates = pl.concat([CANDIDATES.to_frame(), *wanted])
    questions, texts = inputs.data.questions, []
    if NEAR_MISS in inputs.tiers:
        texts = questions["distractors"].explode().drop_nulls().to_list()
    vectors = embed_texts([*texts, *texts_to_encode(candidates, questions, inputs.data.evaluation)])
    return pl.concat([_near_misses(inputs, vectors), candidates]), vectors


def _drawn(inputs: _Inputs) -> dict[str, pl.DataFrame]:
    """CANDIDATES of each tier that is drawn at random, more than are asked for."""
    questions, settings = inputs.data.questions, inputs.settings
    drawn = {}
    if IRRELEVANT in inputs.tiers:
        drawn[IRRELEVANT] = irrelevant.mine(questions, settings.per_question, settings.seed)
    if inputs.pool is not None:
        drawn[UNRELATED] = unrelated.mine(questions, inputs.pool, settings.per_question, settings.seed)
    return drawn


def _more(inputs: _Inputs, screened: Screened) -> dict[str, frozenset[str]]:
    """Of each drawn tier the questions that the guards left with fewer than asked for."""
    every = frozenset(inputs.data.questions["question_id"])
    lacking = {}
    for tier in set(inputs.tiers) & {IRRELEVANT, UNRELATED}:
        counts = screened.kept.filter(pl.col("tier") == tier)["question_id"].value_counts()
        full = counts.filter(pl.col("count") >= inputs.settings.per_question)["question_id"]
        if short := every - frozenset(full):
            lacking[tier] = short
    return lacking


def _rules(data: SourceData, vectors: TextVectors, embed_texts: _Embedder) -> Rules:
    """What the guards judge by, calibrated on the source under this encoder; on `demo` where the source is small."""
    margins = {}
    for column in ("answer", "question"):
        texts, known = data.questions[column].to_list(), vectors
        try:
            margins[column] = calibrate(texts, known)
        except GuardError:  # too few texts
            texts = read_source("demo").questions[column].to_list()
            margins[column] = calibrate(texts, embed_texts(texts))
    return Rules(margins["answer"], margins["question"], data.evaluation)


def _without_known(screened: Screened, known: pl.DataFrame) -> Screened:
    """`screened` less what the dataset's other tiers hold already, refused as duplicates."""
    if known.is_empty():
        return screened
    have = {(q, normalise(text)) for q, text in known.select("question_id", "negative").iter_rows()}
    pairs = screened.kept.select("question_id", "negative").iter_rows()
    again = pl.Series([(question, normalise(text)) in have for question, text in pairs], dtype=pl.Boolean)
    repeated = screened.kept.filter(again).with_columns(reason=pl.lit(DUPLICATE))
    refused = pl.concat([screened.refused, repeated])
    counts = refused.group_by("reason", "tier", maintain_order=True).len("count").select(COUNTS.names()).cast(COUNTS)
    return Screened(screened.kept.filter(~again), refused, counts)


def _near_misses(inputs: _Inputs, vectors: TextVectors) -> pl.DataFrame:
    """CANDIDATES of the tier near-miss: own wrong choices, and answers of other questions where asked for."""
    found = [CANDIDATES.to_frame()]
    for quota in _quotas(inputs):
        if quota.tier == NEAR_MISS and quota.origin == DISTRACTOR:
            found.append(near_miss.distractors(inputs.data.questions, vectors))
        elif quota.tier == NEAR_MISS:
            device = inputs.settings.device or "cpu"
            found.append(near_miss.expand(inputs.data.questions, vectors, quota.count, device))
    return pl.concat(found)


def _quotas(inputs: _Inputs) -> list[Quota]:
    """How many negatives of each tier and origin a question is to get."""
    settings = inputs.settings
    has_choices = bool(inputs.data.questions["distractors"].list.len().sum())
    quotas = {
        NEAR_MISS: [Quota(NEAR_MISS, DISTRACTOR, settings.per_question)] if has_choices else [],
        IRRELEVANT: [Quota(IRRELEVANT, OTHER_QUESTION, settings.per_question)],
        UNRELATED: [Quota(UNRELATED, OTHER_SOURCE, settings.per_question)],
    }
    expand = settings.expand if has_choices else settings.expand or settings.per_question
    if expand:
        quotas[NEAR_MISS].append(Quota(NEAR_MISS, OTHER_QUESTION, expand))
    return [quota for tier in inputs.tiers for quota in quotas[tier]]


def _negatives(data: SourceData, taken: Taken, vectors: TextVectors) -> pl.DataFrame:
    """NEGATIVES: the candidates taken, with their question, scores and id."""
    background = Background.of(data.questions, vectors)
    rows = taken.rows.join(data.questions.select("question_id", "question", "answer", "subject"), on="question_id")
    labelled = label(rows, vectors, background)
    ids = [content_id(*parts) for parts in labelled.select("question", "answer", "negative").iter_rows()]
    category = pl.lit([], dtype=pl.List(pl.String))
    return labelled.with_columns(pl.Series("id", ids, pl.String), category=category).select(NEGATIVES.names())


def _part(tier: str, rows: pl.DataFrame, inputs: _Inputs, screened: Screened, encoder: Encoder) -> NewPart:
    """One tier's rows and how they were mined: nothing here depends on when or where."""
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
        "refused": {reason: count for reason, of, count in screened.counts.iter_rows() if of == tier},
        "negbank": __version__,
    }
    return NewPart(tier, "train", rows.filter(pl.col("tier") == tier), mined)


def _result(
    version: Version, created: bool, inputs: _Inputs, screened: Screened, taken: Taken, rows: pl.DataFrame
) -> MineResult:
    """What a person and a program want to know of it."""
    unusable = inputs.data.refused
    questions = [("question", reason, count) for reason, count in unusable["reason"].value_counts(sort=True).rows()]
    candidates = [(tier, reason, count) for reason, tier, count in screened.counts.iter_rows()]
    pool_notices = inputs.pool.notices if inputs.pool else ()
    return MineResult(
        version=version,
        created=created,
        source=inputs.data.name,
        questions=inputs.data.questions.height,
        tiers=by_tier(rows, taken.short, taken.missing),
        refused=pl.concat([unusable, explained(screened.refused, inputs.data.questions)], how="diagonal"),
        refusals=(*questions, *candidates),
        notices=(*inputs.data.notices, *pool_notices),
    )


def _kept_rows(registry: Registry, dataset: str, tiers: tuple[str, ...]) -> pl.DataFrame:
    """NEGATIVES of the tiers that stay: what is mined now must not repeat them."""
    if dataset not in {summary.dataset for summary in registry.datasets()}:
        return NEGATIVES.to_frame()
    rows = registry.read(registry.resolve(dataset))
    return rows.filter(~pl.col("tier").is_in(tiers))
