"""What `mine` gathers before it takes: candidates of each tier, their vectors, and the guards' verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import polars as pl

from negbank.commands.chain_inputs import ChainSettings
from negbank.encode import Encoder, embed
from negbank.errors import GuardError, SourceError
from negbank.guards import DUPLICATE, Rules, Screened, calibrate, question_keys, screen, texts_to_encode
from negbank.guards.cosine_rule import calibrate_answers
from negbank.guards.margins import QUANTILE, TOPIC_QUANTILES, Margin, calibrate_each
from negbank.guards.normalise import normalise
from negbank.judging import JudgeSettings
from negbank.mining import Quota, irrelevant, near_miss, unrelated
from negbank.records import (
    CANDIDATES,
    DISTRACTOR,
    IRRELEVANT,
    NEAR_MISS,
    OTHER_QUESTION,
    OTHER_SOURCE,
    UNRELATED,
    Progress,
    SourceData,
    TextVectors,
)  # fmt: skip
from negbank.sources import SourceOptions, read_source
from negbank.terms import DEFAULT_ENCODER, MAX_COUNT

Margins = TypeVar("Margins", Margin, list[Margin])


@dataclass(frozen=True)
class MineSettings:
    """What may be asked of `mine` besides source and tiers; the defaults are the command's."""

    pool: str | None = None
    """Where the tier unrelated is drawn from: a source by name, file, or `hf:org/name`."""
    per_question: int = 3
    """Negatives a question in each tier; of chains those that are made by perturbing, all others are kept."""
    expand: int = 0
    """Near-misses a question from the answers of other questions, besides its own wrong choices."""
    seed: int = 0
    judge: str | None = None
    """A model that looks at what no rule has decided: a cross-encoder's folder or name, or a server's URL."""
    judging: JudgeSettings = field(default_factory=JudgeSettings)
    encoder: str = DEFAULT_ENCODER
    device: str | None = None
    dataset: str | None = None
    """The dataset that gets the version; None is the source's name."""
    message: str | None = None
    command: str = ""
    """The command line, kept with the version."""
    refused: str | None = None
    """A file that lists what was refused: .jsonl, .csv or .parquet. It is tried before the work."""
    replace: bool = False
    """Whether `refused` may be a file that is there already."""
    source: SourceOptions = field(default_factory=SourceOptions)
    chains: ChainSettings = field(default_factory=ChainSettings)
    """Where the tier erroneous-cot has its chains from; it uses no encoder."""

    def __post_init__(self) -> None:
        """Raise SourceError for a number of negatives that means nothing."""
        for name, least in (("per_question", 1), ("expand", 0)):
            if not least <= (count := getattr(self, name)) <= MAX_COUNT:
                raise SourceError(f"{name} is between {least} and {MAX_COUNT:,}, not {count:,}")


@dataclass(frozen=True)
class Inputs:
    """What is mined, from what, with what."""

    data: SourceData
    pool: SourceData | None
    tiers: tuple[str, ...]
    settings: MineSettings


@dataclass(frozen=True)
class Embedder:
    """Texts to vectors, with the encoder and the progress of this run."""

    encoder: Encoder
    progress: Progress

    def __call__(self, texts: Iterable[str]) -> TextVectors:
        """The vectors of the distinct `texts`."""
        return embed(texts, self.encoder, progress=self.progress)


@dataclass(frozen=True)
class Gathered:
    """Candidates that were screened, the vectors of every text in them, and what the guards judged by."""

    screened: Screened
    vectors: TextVectors
    rules: Rules


def gather(inputs: Inputs, embed_texts: Embedder) -> Gathered:
    """All candidates, screened.

    Of the tiers that are drawn at random, only as many as are asked for are encoded at first. Where guards leave a
    question short, the rest of its draw is screened too.
    """
    questions, drawn = inputs.data.questions, _drawn(inputs)
    candidates = _wanted(inputs, drawn, {})
    vectors = embed_texts(_texts(inputs, candidates))
    near_misses = _near_misses(inputs, vectors, embed_texts)
    rules = rules_for(questions, inputs.data.evaluation, vectors, embed_texts)
    screened = screen(pl.concat([near_misses, candidates]), questions, vectors, rules)
    if more := _lacking(inputs, screened):
        again = _alike(questions, frozenset[str]().union(*more.values()))
        candidates = _wanted(inputs, drawn, more)
        vectors = embed_texts(_texts(inputs, candidates))
        some = pl.concat([near_misses, candidates]).filter(pl.col("question_id").is_in(again))
        screened = screened.replaced(screen(some, questions, vectors, rules), again)
    return Gathered(screened, vectors, rules)


def _alike(questions: pl.DataFrame, ids: frozenset[str]) -> list[str]:
    """The `ids` with those of questions of the same text, whose duplicates are refused together."""
    keyed = questions.select("question_id", key=question_keys(questions))
    keys = keyed.filter(pl.col("question_id").is_in(sorted(ids)))["key"].unique()
    return keyed.filter(pl.col("key").is_in(keys.implode()))["question_id"].to_list()


def _wanted(inputs: Inputs, drawn: Mapping[str, pl.DataFrame], more: Mapping[str, frozenset[str]]) -> pl.DataFrame:
    """Of the tiers that are drawn, as many as are asked for, and all that were drawn for questions in `more[tier]`."""
    enough = pl.col("rank") < inputs.settings.per_question
    wanted = [
        frame.filter(enough | pl.col("question_id").is_in(sorted(more.get(tier, ())))) for tier, frame in drawn.items()
    ]
    return pl.concat([CANDIDATES.to_frame(), *wanted])


def _texts(inputs: Inputs, candidates: pl.DataFrame) -> list[str]:
    """Every text that miners and guards compare."""
    questions = inputs.data.questions
    own = questions["distractors"].explode().drop_nulls().to_list() if NEAR_MISS in inputs.tiers else []
    return [*own, *texts_to_encode(candidates, questions, inputs.data.evaluation)]


def _drawn(inputs: Inputs) -> dict[str, pl.DataFrame]:
    """CANDIDATES of each tier that is drawn at random, more than are asked for."""
    questions, settings = inputs.data.questions, inputs.settings
    drawn = {}
    if IRRELEVANT in inputs.tiers:
        drawn[IRRELEVANT] = irrelevant.mine(questions, settings.per_question, settings.seed)
    if inputs.pool is not None:
        drawn[UNRELATED] = unrelated.mine(questions, inputs.pool, settings.per_question, settings.seed)
    return drawn


def _lacking(inputs: Inputs, screened: Screened) -> dict[str, frozenset[str]]:
    """Of each drawn tier the questions that the guards left with fewer than asked for."""
    every = frozenset(inputs.data.questions["question_id"])
    lacking = {}
    for tier in set(inputs.tiers) & {IRRELEVANT, UNRELATED}:
        counts = screened.kept.filter(pl.col("tier") == tier)["question_id"].value_counts()
        full = counts.filter(pl.col("count") >= inputs.settings.per_question)["question_id"]
        if short := every - frozenset(full):
            lacking[tier] = short
    return lacking


def rules_for(
    questions: pl.DataFrame, evaluation: pl.DataFrame | None, vectors: TextVectors, embed_texts: Embedder
) -> Rules:
    """What the guards judge by, calibrated on `questions` under this encoder; on `demo` where they are few."""
    topics = partial(calibrate_each, quantiles=(QUANTILE, *TOPIC_QUANTILES))
    paraphrase = _calibrated(questions["answer"], vectors, embed_texts, calibrate_answers)
    near_answer = _calibrated(questions["answer"], vectors, embed_texts, calibrate)
    same_question, other_topic, same_topic = _calibrated(questions["question"], vectors, embed_texts, topics)
    return Rules(
        paraphrase, same_question, evaluation,
        near_answer=near_answer, same_topic=same_topic, other_topic=other_topic,
    )  # fmt: skip


def _calibrated(
    texts: pl.Series, vectors: TextVectors, embed_texts: Embedder, by: Callable[[Sequence[str], TextVectors], Margins]
) -> Margins:
    """What `by` says of `texts`, a column of the questions; of demo's where they are too few."""
    try:
        return by(texts.to_list(), vectors)
    except GuardError:
        others = read_source("demo").questions[texts.name].to_list()
        return by(others, embed_texts(others))


def without_known(screened: Screened, known: pl.DataFrame, questions: pl.DataFrame) -> Screened:
    """`screened` less what the dataset holds already (`known`, NEGATIVES), refused as duplicates."""
    if known.is_empty():
        return screened
    asked = known.select("question", "context").unique()
    keys = asked.with_columns(key=question_keys(asked))
    there = known.join(keys, on=["question", "context"], nulls_equal=True).select("key", "negative")
    have = {(key, normalise(text)) for key, text in there.iter_rows()}
    key_of = dict(zip(questions["question_id"], question_keys(questions), strict=True))
    pairs = screened.kept.select("question_id", "negative").iter_rows()
    again = pl.Series([(key_of[question], normalise(text)) in have for question, text in pairs], dtype=pl.Boolean)
    return screened.refusing(again, DUPLICATE)


def _near_misses(inputs: Inputs, vectors: TextVectors, embed_texts: Embedder) -> pl.DataFrame:
    """CANDIDATES of the tier near-miss: own wrong choices, and answers of other questions where asked for."""
    questions, device = inputs.data.questions, embed_texts.encoder.device
    found = [CANDIDATES.to_frame()]
    for quota in quotas(inputs):
        if quota.tier == NEAR_MISS and quota.origin == DISTRACTOR:
            found.append(near_miss.distractors(questions, vectors))
        elif quota.tier == NEAR_MISS:
            by = partial(calibrate_each, quantiles=near_miss.BAND)
            least, most = _calibrated(questions["answer"], vectors, embed_texts, by)
            between = least.min_cosine, most.min_cosine
            found.append(near_miss.expand(questions, vectors, quota.count, between, inputs.settings.seed, device))
    return pl.concat(found)


def quotas(inputs: Inputs) -> list[Quota]:
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
