"""Candidates -> those kept, and those refused with a reason.

A guard is a pure function from rows to a mask. `screen` runs them from cheap to dear, and the first that refuses gives
the reason. A good negative that is lost costs one row; a right answer that is kept teaches the opposite of the truth.
So the guards refuse when in doubt.

Rules come first (`decide`): they know what a short answer says, whoever proposed it. Only rules may overrule a person
or a file that called a text wrong for this very question (LABELLED_WRONG). A text that nobody judged must also have the
right answer's type and stay clear of it in embedding space.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from negbank.errors import GuardError, UnknownNameError, VectorError
from negbank.guards.cosine_rule import cosine_judges
from negbank.guards.decide import decide
from negbank.guards.doubt import other_form, part_of, shares_word
from negbank.guards.margins import DEFAULT_OVERLAP, Margin, Overlap, near_evaluation
from negbank.guards.meaning import means_nothing_alone
from negbank.guards.normalise import normalise
from negbank.guards.reasons import (
    AMBIGUOUS,
    ANSWER_MEANS_NOTHING_ALONE,
    DUPLICATE,
    EMPTY,
    EVALUATION_NEAR_DUPLICATE,
    EVALUATION_OVERLAP,
    NO_MEANING_ALONE,
    OTHER_TOPIC,
    OTHER_TYPE,
    PARAPHRASE,
    PART_OF_ANSWER,
    REASONS,
    SAME,
    SAME_QUESTION,
    SAME_TOPIC,
)
from negbank.guards.types import types_match
from negbank.records import (
    CANDIDATES,
    DISTRACTOR,
    NEAR_MISS,
    OTHER_QUESTION,
    QUESTIONS,
    REFUSED,
    REPORTED,
    TIERS,
    UNRELATED,
    FloatArray,
    TextVectors,
)

LABELLED_WRONG: Final = (DISTRACTOR, REPORTED)
"""Origins whose texts a person has called wrong for this very question."""

_NEAR_ANSWER: Final = (pl.col("origin") == OTHER_QUESTION) & (pl.col("tier") == NEAR_MISS)
"""Whether a row is another question's answer that is taken for a near-miss (`--expand`)."""

DIFFERENT: Final = "different"
"""What `ruled` says where a rule found the text to be wrong."""

ASKED: Final = pl.concat_str(
    "question", pl.when(pl.col("context").is_null()).then(pl.lit("")).otherwise(pl.lit("\n") + pl.col("context"))
).alias("asked")
"""A question with its passage, as guards encode it; the question first, since encoders cut long texts."""

COUNTS: Final = pl.Schema({"reason": pl.String(), "tier": pl.String(), "count": pl.Int64()})

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """By what `screen` judges. `paraphrase` is calibrated on answers, `same_question` on question texts.

    `evaluation` (QUESTIONS) is what no training data may hold; None where there is nothing to keep apart. `overlap`
    counts from `same_question` and `near_answer` on, a stricter margin of answers than `paraphrase` (which it is where
    None is given): two answers alike prove little by themselves, so they must be closer. `same_topic` and `other_topic`
    are calibrated on question texts too and hold for near answers of other questions: what answers a question on the
    same topic is often right, and what answers one on quite another often means nothing.
    """

    paraphrase: Margin
    same_question: Margin
    evaluation: pl.DataFrame | None = None
    overlap: Overlap = DEFAULT_OVERLAP
    near_answer: Margin | None = None
    same_topic: Margin | None = None
    other_topic: Margin | None = None


@dataclass(frozen=True)
class Screened:
    """`kept` (CANDIDATES) and `refused` (REFUSED), both in the order of the input; `counts` (COUNTS) of the refused.

    Every candidate is in exactly one of the two, and the counts add up to the rows of `refused`.
    """

    kept: pl.DataFrame
    refused: pl.DataFrame
    counts: pl.DataFrame

    def refusing(self, rows: pl.Series, reason: str) -> Screened:
        """The same with the `kept` rows that are true in `rows` refused for `reason`."""
        if not rows.any():
            return self
        more = self.kept.filter(rows).with_columns(reason=pl.lit(reason)).select(REFUSED.names())
        refused = pl.concat([self.refused, more])
        return Screened(self.kept.filter(~rows), refused, _counts(refused))

    def replaced(self, other: Screened, ids: Sequence[str]) -> Screened:
        """The same with what `other` says of the questions `ids`."""
        rest = ~pl.col("question_id").is_in(list(ids))
        kept = pl.concat([self.kept.filter(rest), other.kept])
        refused = pl.concat([self.refused.filter(rest), other.refused])
        return Screened(kept, refused, _counts(refused))


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


def undecided(candidates: pl.DataFrame, questions: pl.DataFrame) -> pl.Series:
    """(n,) whether no rule decides about a candidate (CANDIDATES): what is left for a judge."""
    return _joined(candidates, questions)["ruled"].is_null()


def texts_to_encode(
    candidates: pl.DataFrame, questions: pl.DataFrame, evaluation: pl.DataFrame | None = None
) -> list[str]:
    """Every text of which `screen` may ask the vector, sorted, each once."""
    texts = {*candidates["negative"]}
    for frame in (questions, *([] if evaluation is None else [evaluation])):
        texts |= {*frame["question"], *frame["answer"], *frame.select(ASKED).to_series()}
        texts |= {*frame["answers"].explode().drop_nulls()}
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
    found = asked.with_columns(judged=pl.Series(judged, dtype=pl.Boolean))
    return rows.join(found, on=["question", "answer"], how="left", maintain_order="left")["judged"].to_numpy()


def evaluation_overlap(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the question's text, normalised, is one of the evaluation set, whatever its choices are."""
    if rules.evaluation is None:
        return np.zeros(len(rows), dtype=bool)
    known = question_keys(rules.evaluation).unique()
    return rows["question_key"].is_in(known.implode()).to_numpy()


def no_meaning_alone(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the negative only points at choices; in its own question labels that the question names mean
    something, and "I and III only" stays."""
    pairs = zip(rows["negative"], rows["question"], rows["origin"].is_in(LABELLED_WRONG), strict=True)
    return np.array([means_nothing_alone(text, question if at_home else None) for text, question, at_home in pairs])


def _ruled(reason: str) -> Guard:
    """The guard that refuses the rows for which a rule gave `reason`."""

    def guard(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
        """(n,) whether a rule refuses the negative for this reason."""
        return (rows["ruled"] == reason).fill_null(False).to_numpy()

    return guard


def other_type(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the negative is of another type than the right answers: a place where a number is asked for.

    Asked of near-misses and irrelevant texts that nobody judged; a question's own choices are its author's business.
    """
    judged = (~rows["origin"].is_in(LABELLED_WRONG) & (rows["tier"] != UNRELATED)).to_numpy()
    out = np.zeros(len(rows), dtype=bool)
    some = rows.filter(judged).select("question", "rights", "negative", "tier").iter_rows()
    out[judged] = [
        not types_match(question, rights, negative) or (tier == NEAR_MISS and other_form(rights, negative))
        for question, rights, negative, tier in some
    ]
    return out


def part_of_answer(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether an undecided text that nobody judged is part of a right answer by its words, or holds all of one."""
    judged = (~rows["origin"].is_in(LABELLED_WRONG) & (rows["ruled"].fill_null("") != DIFFERENT)).to_numpy()
    out = np.zeros(len(rows), dtype=bool)
    some = rows.filter(judged).select("rights", "negative", "tier").iter_rows()
    out[judged] = [(shares_word if tier == NEAR_MISS else part_of)(rights, negative) for rights, negative, tier in some]
    return out


def paraphrases(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the cosine of negative and a right answer reaches the calibrated margin.

    Only asked of texts that nobody judged, that no rule told apart from the right answers, and that are long enough on
    both sides for a cosine to mean something (`cosine_judges`). A short answer of another question that is taken for a
    near-miss (`--expand`) is refused too if its cosine reaches the stricter margin of `near_answer`: "repeat the
    experiment" for "do the experiment again". There a doubt is enough, as the next neighbour takes its place.

    Of texts that were called wrong a cosine says little: the ARC distractors nearest to their answers are `Rr` and `RR`
    (1.000), `DNA to RNA to protein` and `DNA to protein to RNA` (.998), `from liquid to gas` and `from gas to liquid`
    (.996). All of the 110 nearest ARC pairs (.993 and above) are wrong, and they are the best near-misses there are.
    """
    judged = ~rows["origin"].is_in(LABELLED_WRONG) & (rows["ruled"].fill_null("") != DIFFERENT)
    pairs = rows.with_row_index("row").filter(judged).select("row", "negative", "rights", expanded=_NEAR_ANSWER)
    pairs = pairs.explode("rights")
    long = pl.Series(
        [cosine_judges(*pair) for pair in pairs.select("rights", "negative").iter_rows()], dtype=pl.Boolean
    )
    pairs = pairs.with_columns(long=long).filter(pl.col("long") | pl.col("expanded"))
    strict = (rules.near_answer or rules.paraphrase).min_cosine
    least = pairs.select(pl.when("long").then(rules.paraphrase.min_cosine).otherwise(strict)).to_series().to_numpy()
    near = vectors.cosine(pairs["rights"].to_list(), pairs["negative"].to_list()) >= least
    out = np.zeros(len(rows), dtype=bool)
    out[pairs["row"].to_numpy()[near]] = True
    return out


def from_same_question(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the text was taken from a question that asks nearly the same, where it may be right here too.

    "Which is a chemical change?" has many right answers far from each other (rusting, frying an egg), and a
    wrong one for "Which is NOT a chemical change?" (cosine of the questions .98) is right.
    """
    judged = (rows["origin"] == OTHER_QUESTION).to_numpy()
    return _question_cosines(rows, vectors, judged) >= rules.same_question.min_cosine


def from_same_topic(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether a near answer was taken from a question on the same topic, where it may be right here too."""
    if rules.same_topic is None:
        return np.zeros(len(rows), dtype=bool)
    return _question_cosines(rows, vectors, _near_answers(rows)) >= rules.same_topic.min_cosine


def from_other_topic(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether a near answer was taken from a question on quite another topic, so that it means nothing here."""
    if rules.other_topic is None:
        return np.zeros(len(rows), dtype=bool)
    return _question_cosines(rows, vectors, _near_answers(rows)) < rules.other_topic.min_cosine


def _near_answers(rows: pl.DataFrame) -> Mask:
    return rows.select(_NEAR_ANSWER).to_series().to_numpy()


def _question_cosines(rows: pl.DataFrame, vectors: TextVectors, wanted: Mask) -> FloatArray:
    """(n,) cosine of a row's question and the question that its text answers; NaN where it is not `wanted`."""
    some = rows.filter(wanted)
    out = np.full(len(rows), np.nan, dtype=np.float32)
    out[wanted] = vectors.cosine(some["asked"].to_list(), some["origin_asked"].to_list())
    return out


def evaluation_near_duplicate(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether the question is nearly one of the evaluation set; see `margins.near_evaluation`."""
    if rules.evaluation is None or rules.evaluation.is_empty():
        return np.zeros(len(rows), dtype=bool)
    asked = rows.select(question="asked", answer="answer").unique().sort("question", "answer")
    limits = rules.overlap.limits(rules.same_question, rules.near_answer or rules.paraphrase)
    held_out = rules.evaluation.select(ASKED.alias("question"), "answer")
    near = near_evaluation(asked, held_out, vectors, limits)
    found = asked.rename({"question": "asked"}).with_columns(near=near)
    return rows.join(found, on=["asked", "answer"], how="left", maintain_order="left")["near"].to_numpy()


def duplicate(rows: pl.DataFrame, vectors: TextVectors, rules: Rules) -> Mask:
    """(n,) whether a row before it, by tier then rank, holds the same negative, normalised, for the same question."""
    order = {tier: place for place, tier in enumerate(TIERS)}
    ordered = rows.with_row_index("row").sort(
        pl.col("tier").replace_strict(order), "rank", "origin", "origin_id", "negative", "row", nulls_last=True
    )
    first = ordered.unique(["question_key", "negative_key"], keep="first", maintain_order=True)["row"]
    out = np.ones(len(rows), dtype=bool)
    out[first.to_numpy()] = False
    return out


Guard = Callable[[pl.DataFrame, TextVectors, Rules], Mask]

_GUARDS: Final[dict[str, Guard]] = {
    EMPTY: empty,
    ANSWER_MEANS_NOTHING_ALONE: answer_means_nothing_alone,
    EVALUATION_OVERLAP: evaluation_overlap,
    NO_MEANING_ALONE: no_meaning_alone,
    **{reason: _ruled(reason) for reason in (*SAME.values(), AMBIGUOUS)},
    OTHER_TYPE: other_type,
    PART_OF_ANSWER: part_of_answer,
    PARAPHRASE: paraphrases,
    SAME_QUESTION: from_same_question,
    SAME_TOPIC: from_same_topic,
    OTHER_TOPIC: from_other_topic,
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
    """`candidates` with what the guards look at: their question's texts, every right answer, and what the rules say.

    Sources repeat questions with other choices; `rights` are the right answers to all questions of the same text, since
    what is right in one of them is not wrong in the next.
    """
    keyed = questions.select(
        "question_id", "question", "answer", "answers", ASKED, question_key=question_keys(questions)
    )
    every = pl.concat_list(pl.concat_list("answer"), pl.col("answers").fill_null([]))
    rights = keyed.select("question_key", rights=every).group_by("question_key").agg(pl.col("rights").explode())
    rights = rights.with_columns(pl.col("rights").list.unique(maintain_order=True))
    origins = keyed.select(origin_id="question_id", origin_asked="asked")
    rows = candidates.with_columns(_normalised(candidates["negative"]).alias("negative_key"))
    rows = rows.join(keyed.drop("answers"), on="question_id", how="left", maintain_order="left")
    rows = rows.join(rights, on="question_key", how="left", maintain_order="left")
    rows = rows.join(origins, on="origin_id", how="left", maintain_order="left")
    texts = rows.select("question", "rights", "negative").iter_rows()
    return rows.with_columns(pl.Series("ruled", [_rule(*texts_of_row) for texts_of_row in texts], dtype=pl.String))


def _rule(question: str, rights: list[str], negative: str) -> str | None:
    """The reason for which a rule refuses, DIFFERENT where a rule finds the text wrong, None where no rule decides."""
    decision = decide(question, rights, negative)
    if decision is None:
        return None
    if decision.verdict == "same":
        return SAME[decision.rule]
    return AMBIGUOUS if decision.verdict == "ambiguous" else DIFFERENT


def question_keys(questions: pl.DataFrame) -> pl.Series:
    """What makes two questions (columns `question`, `context`) the same: their text, normalised, and their passage."""
    contexts = questions["context"].fill_null("").str.replace_all(r"\s+", " ").str.strip_chars()
    return _normalised(questions["question"]) + "\n" + contexts


def _normalised(texts: pl.Series) -> pl.Series:
    """`normalise` of each, each distinct text once."""
    keys = {text: normalise(text) for text in texts.unique()}
    return pl.Series(texts.name, [keys[text] for text in texts], dtype=pl.String)


def _counts(refused: pl.DataFrame) -> pl.DataFrame:
    """COUNTS in the order of the guards, then of the tiers."""
    counted = refused.group_by("reason", "tier").len("count").cast({"count": pl.Int64})
    places = {reason: place for place, reason in enumerate(REASONS)}
    tiers = {tier: place for place, tier in enumerate(TIERS)}
    return counted.sort(pl.col("reason").replace_strict(places), pl.col("tier").replace_strict(tiers)).select(
        COUNTS.names()
    )
