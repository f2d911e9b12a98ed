"""Candidates -> those kept, and those refused with a reason.

A guard is a pure function from rows to a mask; `screen` runs all of them from cheap to dear, and the first that
refuses gives the reason. What may pass is decided so: a good negative lost costs one row, a right answer kept teaches
the opposite of the truth, so the guards refuse in doubt - but for a question's own distractors, whose labels are better
evidence than any cosine (see `paraphrases`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from negbank.errors import GuardError, UnknownNameError, VectorError
from negbank.guards.margins import DEFAULT_OVERLAP, Margin, Overlap, near_evaluation
from negbank.guards.meaning import means_nothing_alone
from negbank.guards.normalise import normalise
from negbank.records import (
    CANDIDATES,
    DISTRACTOR,
    OTHER_QUESTION,
    QUESTIONS,
    REFUSED,
    REPORTED,
    TIERS,
    TextVectors,
)

EMPTY: Final = "empty"
ANSWER_MEANS_NOTHING_ALONE: Final = "answer-means-nothing-alone"
EVALUATION_OVERLAP: Final = "evaluation-overlap"
NO_MEANING_ALONE: Final = "no-meaning-alone"
EQUALS_ANSWER: Final = "equals-answer"
PARAPHRASE: Final = "paraphrase"
SAME_QUESTION: Final = "same-question"
EVALUATION_NEAR_DUPLICATE: Final = "evaluation-near-duplicate"
DUPLICATE: Final = "duplicate"

REASONS: Final = {
    EMPTY: "the text is blank",
    ANSWER_MEANS_NOTHING_ALONE: "the question's right answer only points at its choices, so any of them may be right",
    EVALUATION_OVERLAP: "the question is in the evaluation set",
    NO_MEANING_ALONE: "the text only points at choices that do not go with it",
    EQUALS_ANSWER: "the text equals a right answer to this question",
    PARAPHRASE: "the text is as close to the right answer as a paraphrase",
    SAME_QUESTION: "the text comes from a question that asks nearly the same",
    EVALUATION_NEAR_DUPLICATE: "the question is nearly one of the evaluation set",
    DUPLICATE: "the question has this negative already, in the same or a more plausible tier",
}
"""Each reason code, in the order in which the guards run, and what it means."""

LABELLED_WRONG: Final = (DISTRACTOR, REPORTED)
"""Origins whose texts a person has called wrong for this very question."""

COUNTS: Final = pl.Schema({"reason": pl.String(), "tier": pl.String(), "count": pl.Int64()})

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """By what `screen` judges. `paraphrase` is calibrated on answers, `same_question` on question texts.

    `evaluation` (QUESTIONS) is what no training data may hold; None where there is nothing to keep apart.
    """

    paraphrase: Margin
    same_question: Margin
    evaluation: pl.DataFrame | None = None
    overlap: Overlap = DEFAULT_OVERLAP


@dataclass(frozen=True)
class Screened:
    """`kept` (CANDIDATES) and `refused` (REFUSED), both in the order of the input; `counts` (COUNTS) of the refused.

    Every candidate is in exactly one of the two, and the counts add up to the rows of `refused`.
    """

    kept: pl.DataFrame
    refused: pl.DataFrame
    counts: pl.DataFrame


def screen(candidates: pl.DataFrame, questions: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Screened:
    """`candidates` (CANDIDATES) apart by whether a guard refuses them; `questions` (QUESTIONS) are theirs.

    `vectors` holds the texts of `texts_to_encode`. A row's fate depends on its own question, on the evaluation set and
    on the questions of the same text, and on no other row. Raises GuardError for a frame of another schema, a question
    or an origin that is not there, or an id given twice; VectorError for a text without a vector.
    """
    _check(candidates, questions)
    rows = _joined(candidates, questions)
    reason = np.full(len(rows), None, dtype=object)
    for code, guard in _GUARDS.items():
        alive = np.flatnonzero(reason == None)  # noqa: E711 - element by element
        if len(alive) == 0:
            break
        try:
            refused = guard(rows[alive], vectors, rules)
        except KeyError as error:
            raise VectorError(
                f"the guard {code!r} has no vector of the text {error}; encode texts_to_encode() first"
            ) from error
        reason[alive[refused]] = code
    marked = candidates.with_columns(pl.Series("reason", reason.tolist(), dtype=pl.String))
    refused_rows = marked.filter(pl.col("reason").is_not_null()).select(REFUSED.names())
    kept = marked.filter(pl.col("reason").is_null()).select(CANDIDATES.names())
    return Screened(kept, refused_rows, _counts(refused_rows))


def texts_to_encode(
    candidates: pl.DataFrame, questions: pl.DataFrame, evaluation: pl.DataFrame | None = None
) -> list[str]:
    """Every text of which `screen` may ask the vector, sorted, each once."""
    texts: set[str] = {*candidates["negative"], *questions["question"], *questions["answer"]}
    if evaluation is not None:
        texts |= {*evaluation["question"], *evaluation["answer"]}
    return sorted(texts)


def explained(refused: pl.DataFrame, questions: pl.DataFrame) -> pl.DataFrame:
    """`refused` with the question, its right answer and what the reason means: the rows of `--refused FILE`."""
    meanings = pl.DataFrame({"reason": list(REASONS), "meaning": list(REASONS.values())})
    return refused.join(
        questions.select("question_id", "question", "answer"), on="question_id", how="left", maintain_order="left"
    ).join(meanings, on="reason", how="left", maintain_order="left")


def empty(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the negative is blank."""
    return (rows["negative"].str.strip_chars() == "").to_numpy()


def answer_means_nothing_alone(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the right answer is blank or only points at the choices.

    After "all of the above" or "both A and B" every distractor is right; after "none of these" the column `answer`
    means nothing. 383 of MMLU's 15,858 questions are such, none of ARC's 6,918.
    """
    asked = rows.select("question", "answer").unique().sort("question", "answer")
    pairs = zip(asked["question"], asked["answer"], strict=True)
    judged = [not answer.strip() or means_nothing_alone(answer, question) for question, answer in pairs]
    return _by_question(rows, asked, judged)


def evaluation_overlap(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the question's text, normalised, is one of the evaluation set, whatever its choices are."""
    if rules.evaluation is None:
        return np.zeros(len(rows), dtype=bool)
    known = _normalised(rules.evaluation["question"]).unique()
    return rows["question_key"].is_in(known.implode()).to_numpy()


def no_meaning_alone(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the negative only points at choices; in its own question labels that the question names mean
    something, and "I and III only" stays."""
    pairs = zip(rows["negative"], rows["question"], rows["origin"].is_in(LABELLED_WRONG), strict=True)
    return np.array([means_nothing_alone(text, question if at_home else None) for text, question, at_home in pairs])


def equals_answer(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the negative, normalised, is a right answer to a question of this text, normalised.

    Sources repeat questions with other choices; what is right in one of them is not wrong in the next.
    """
    return rows["equals_answer"].to_numpy()


def paraphrases(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the cosine of negative and right answer reaches the calibrated margin.

    Not asked of texts that were labelled wrong: the ARC distractors nearest to their answers are `Rr` and `RR` (1.000),
    `DNA to RNA to protein` and `DNA to protein to RNA` (.998), `from liquid to gas` and `from gas to liquid` (.996):
    sentence encoders hardly see case, order and negation. All of the 110 nearest ARC pairs (.993 and above) are
    wrong indeed and are the best near-misses there are, so no threshold below 1 would be of use.
    """
    judged = ~rows["origin"].is_in(LABELLED_WRONG).to_numpy()
    out = np.zeros(len(rows), dtype=bool)
    some = rows.filter(judged)
    out[judged] = vectors.cosine(some["answer"].to_list(), some["negative"].to_list()) >= rules.paraphrase.min_cosine
    return out


def from_same_question(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the text was taken from a question that asks nearly the same, where it may be right here too.

    "Which is a chemical change?" has many right answers far from each other (rusting, frying an egg), and a
    wrong one for "Which is NOT a chemical change?" (cosine of the questions .98) is right.
    """
    judged = (rows["origin"] == OTHER_QUESTION).to_numpy()
    out = np.zeros(len(rows), dtype=bool)
    some = rows.filter(judged)
    cosine = vectors.cosine(some["question"].to_list(), some["origin_question"].to_list())
    out[judged] = cosine >= rules.same_question.min_cosine
    return out


def evaluation_near_duplicate(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the question is nearly one of the evaluation set; see `margins.near_evaluation`."""
    if rules.evaluation is None or rules.evaluation.is_empty():
        return np.zeros(len(rows), dtype=bool)
    asked = rows.select("question", "answer").unique().sort("question", "answer")
    limits = rules.overlap.limits(rules.same_question, rules.paraphrase)
    return _by_question(rows, asked, near_evaluation(asked, rules.evaluation, vectors, limits).tolist())


def duplicate(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether a row before it, by tier then rank, holds the same negative, normalised, for the same question."""
    order = {tier: place for place, tier in enumerate(TIERS)}
    ordered = rows.with_row_index("row").sort(
        pl.col("tier").replace_strict(order), "rank", "origin", "origin_id", "negative", "row", nulls_last=True
    )
    first = ordered.unique(["question_id", "negative_key"], keep="first", maintain_order=True)["row"]
    out = np.ones(len(rows), dtype=bool)
    out[first.to_numpy()] = False
    return out


Guard = Callable[[pl.DataFrame, TextVectors, Rules], Mask]

_GUARDS: Final[dict[str, Guard]] = {
    EMPTY: empty,
    ANSWER_MEANS_NOTHING_ALONE: answer_means_nothing_alone,
    EVALUATION_OVERLAP: evaluation_overlap,
    NO_MEANING_ALONE: no_meaning_alone,
    EQUALS_ANSWER: equals_answer,
    PARAPHRASE: paraphrases,
    SAME_QUESTION: from_same_question,
    EVALUATION_NEAR_DUPLICATE: evaluation_near_duplicate,
    # last: only what would else be kept makes another row a duplicate
    DUPLICATE: duplicate,
}


def _check(candidates: pl.DataFrame, questions: pl.DataFrame) -> None:
    for name, frame, schema in (("candidates", candidates, CANDIDATES), ("questions", questions, QUESTIONS)):
        if frame.schema != schema:
            raise GuardError(f"{name} have the columns {dict(frame.schema)}, not {dict(schema)}")
    twice = questions.filter(pl.col("question_id").is_duplicated())["question_id"]
    if not twice.is_empty():
        raise GuardError(f"the question id {twice[0]!r} is given twice; ids name one question each")
    known = set(questions["question_id"])
    needed = candidates.filter(pl.col("origin") == OTHER_QUESTION)["origin_id"]
    for role, ids in (("question_id", candidates["question_id"]), ("origin_id", needed)):
        missing = next((i for i in ids.unique(maintain_order=True) if i not in known), None)
        if missing is not None:
            raise GuardError(f"a candidate's {role} {missing!r} is not among the {len(known)} questions given")
    unknown = next((tier for tier in candidates["tier"].unique().sort() if tier not in TIERS), None)
    if unknown is not None:
        raise UnknownNameError("tier", unknown, TIERS)
    blank = [name for name in ("negative", "rank", "origin") if candidates[name].has_nulls()]
    blank += [name for name in ("question", "answer") if questions[name].has_nulls()]
    if blank:
        raise GuardError(f"the column {blank[0]!r} has nulls")


def _joined(candidates: pl.DataFrame, questions: pl.DataFrame) -> pl.DataFrame:
    """`candidates` with what the guards look at: texts, normalised texts, and whether a right answer is equalled."""
    keyed = questions.select(
        "question_id",
        "question",
        "answer",
        _normalised(questions["question"]).alias("question_key"),
        _normalised(questions["answer"]).alias("answer_key"),
    )
    right = keyed.select("question_key", negative_key="answer_key").unique().with_columns(equals_answer=True)
    origins = questions.select(origin_id="question_id", origin_question="question")
    rows = candidates.with_columns(_normalised(candidates["negative"]).alias("negative_key"))
    rows = rows.join(keyed, on="question_id", how="left", maintain_order="left")
    rows = rows.join(right, on=["question_key", "negative_key"], how="left", maintain_order="left")
    rows = rows.join(origins, on="origin_id", how="left", maintain_order="left")
    return rows.with_columns(pl.col("equals_answer").fill_null(False))


def _normalised(texts: pl.Series) -> pl.Series:
    """`normalise` of each, each distinct text once."""
    keys = {text: normalise(text) for text in texts.unique()}
    return pl.Series(texts.name, [keys[text] for text in texts], dtype=pl.String)


def _by_question(rows: pl.DataFrame, asked: pl.DataFrame, judged: list[bool]) -> Mask:
    """(len(rows),) what was `judged` of each row's question and answer."""
    found = asked.with_columns(pl.Series("judged", judged, dtype=pl.Boolean))
    return rows.join(found, on=["question", "answer"], how="left", maintain_order="left")["judged"].to_numpy()


def _counts(refused: pl.DataFrame) -> pl.DataFrame:
    """COUNTS in the order of the guards, then of the tiers."""
    counted = refused.group_by("reason", "tier").len("count").cast({"count": pl.Int64})
    places = {reason: place for place, reason in enumerate(REASONS)}
    tiers = {tier: place for place, tier in enumerate(TIERS)}
    return counted.sort(pl.col("reason").replace_strict(places), pl.col("tier").replace_strict(tiers)).select(
        COUNTS.names()
    )
