"""From which cosine on two texts are taken to say the same, calibrated on a source and an encoder.

A margin is an order statistic: the cosine that only a few in ten thousand pairs of unrelated texts reach. That
holds for any encoder and any sign. A factor of the positive's score (`relative_margin` of sentence-transformers'
`mine_hard_negatives`, NV-Retriever's TopK-PercPos, arXiv 2407.15831) does not: below zero it moves the wrong way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from negbank.errors import GuardError
from negbank.guards.normalise import normalise
from negbank.records import FloatArray, TextVectors

QUANTILE: Final = 0.9995
"""Share of unrelated pairs below the margin. On ARC with all-MiniLM-L6-v2 it lies near .68 for answers. Of pairs of
right answers above .8 about half say the same, of .7 to .8 a fifth, of .6 to .65 about one in twenty."""

TOPIC_QUANTILES: Final = (0.5, 0.9)
"""Of the cosines of unrelated questions: between these two a question is neither on the same topic nor quite elsewhere.
Of 120 near answers to ARC that were read, 9 of the 12 that were right came from questions above the second, and 10 of
the 15 that meant nothing from below the first."""

MIN_ABOVE: Final = 10
"""Pairs that are to lie above the margin, or it is not known well enough."""

MAX_PAIRS: Final = 200_000
"""Pairs drawn at most; 100 of them lie above the margin, so it is known to about 10 percent of its rank."""

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Margin:
    """Texts of a cosine of at least `min_cosine` are taken to say the same.

    `quantile` and `pairs` tell how it was calibrated: the share of `pairs` unrelated pairs that lie below it.
    """

    min_cosine: float
    quantile: float
    pairs: int


@dataclass(frozen=True)
class Limits:
    """A question is a near-duplicate at `question` alone, or at `question_and_answer` with answers at `answer`."""

    question: float
    question_and_answer: float
    answer: float


@dataclass(frozen=True)
class Overlap:
    """How near a question must come to one of the evaluation set, as shares of the way from the margin to identity.

    A share of the way, and not a cosine, so that it holds for each encoder. On ARC with all-MiniLM-L6-v2 the
    defaults come to about .94 for the questions alone, or .84 where the answers have .81. There, training questions
    against ARC-Challenge's test: pairs above .94 are the same question with a word or two changed; from .84 to .94
    most share a template ("Which is a ... change?"), and those that ask the same have the same right answer.
    """

    question: float = 0.8
    question_and_answer: float = 0.5
    answer: float = 0.4

    def limits(self, questions: Margin, answers: Margin) -> Limits:
        """The cosines that the shares come to."""
        return Limits(
            _between(questions.min_cosine, self.question),
            _between(questions.min_cosine, self.question_and_answer),
            _between(answers.min_cosine, self.answer),
        )


DEFAULT_OVERLAP: Final = Overlap()


def _between(cosine: float, share: float) -> float:
    return cosine + (1.0 - cosine) * share


def calibrate(texts: Sequence[str], vectors: TextVectors, quantile: float = QUANTILE, seed: int = 0) -> Margin:
    """The margin for `texts` of one kind: all right answers of a source, or all of its questions.

    Pairs of distinct texts (after `normalise`) are drawn with `seed`; different questions rarely have the same
    answer, and the few that do lie in the tail that is cut off. For a source with fewer texts than
    `min_texts(quantile)` give those of another one under the same encoder, such as `demo`; GuardError is raised else.
    """
    return calibrate_each(texts, vectors, (quantile,), seed)[0]


def calibrate_each(
    texts: Sequence[str], vectors: TextVectors, quantiles: Sequence[float], seed: int = 0
) -> list[Margin]:
    """What `calibrate` gives for each of `quantiles`, from one draw of pairs."""
    if not all(0.0 < quantile < 1.0 for quantile in quantiles):
        raise GuardError(f"a margin's quantile is between 0 and 1, not {', '.join(map(str, quantiles))}")
    distinct = sorted({normalise(text): text for text in sorted(texts, reverse=True)}.values())
    possible, highest = len(distinct) * (len(distinct) - 1) // 2, max(quantiles)
    if possible * (1.0 - highest) < MIN_ABOVE:
        raise GuardError(
            f"{len(distinct)} distinct texts make {possible} pairs, too few for a margin at the quantile {highest}; "
            f"calibrate on a source of at least {min_texts(highest)}, such as demo, with the same encoder"
        )
    cosine = _pair_cosines(vectors.of(distinct), *_pairs(len(distinct), possible, seed))
    # the smallest value with at least `quantile` of the pairs below: a value of the sample, never a mean of two
    ranks = [min(int(np.ceil(quantile * len(cosine))), len(cosine) - 1) for quantile in quantiles]
    ordered = np.partition(cosine, ranks)
    return [
        Margin(float(ordered[rank]), quantile, len(cosine)) for rank, quantile in zip(ranks, quantiles, strict=True)
    ]


def min_texts(quantile: float = QUANTILE) -> int:
    """The fewest distinct texts that `calibrate` takes."""
    pairs = MIN_ABOVE / (1.0 - quantile)
    return int(np.ceil((1.0 + np.sqrt(1.0 + 8.0 * pairs)) / 2.0))


def _pair_cosines(matrix: FloatArray, left: Indices, right: Indices, block: int = 8192) -> FloatArray:
    """(n,) cosines of rows `left[i]` and `right[i]`, each summed alone; `block` pairs in memory at a time."""
    out = np.empty(len(left), dtype=np.float32)
    for start in range(0, len(left), block):
        some = slice(start, start + block)
        out[some] = np.einsum("ij,ij->i", matrix[left[some]], matrix[right[some]])
    return out


def _pairs(count: int, possible: int, seed: int) -> tuple[Indices, Indices]:
    """Indices of all pairs below `count`, or of `MAX_PAIRS` drawn with `seed`."""
    if possible <= MAX_PAIRS:
        rows, columns = np.triu_indices(count, 1)
        return rows.astype(np.int64), columns.astype(np.int64)
    random = np.random.default_rng(seed)
    left = random.integers(0, count, MAX_PAIRS)
    return left, (left + random.integers(1, count, MAX_PAIRS)) % count


def near_evaluation(
    asked: pl.DataFrame, evaluation: pl.DataFrame, vectors: TextVectors, limits: Limits, block: int = 1024
) -> npt.NDArray[np.bool_]:
    """(len(asked),) whether a row (`question`, `answer`) is nearly one of `evaluation`.

    A matrix product in blocks finds pairs that may be; their cosines are then taken one by one, so that a row's
    result does not depend on the rows around it. Memory is `block` squared pairs at most, whatever the sizes.
    """
    out = np.zeros(len(asked), dtype=bool)
    others = evaluation.select("question", "answer").unique().sort("question", "answer")
    floor = min(limits.question, limits.question_and_answer) - 1e-4
    for start in range(0, len(asked), block):
        some = asked[start : start + block]
        ours = vectors.of(some["question"])
        for first in range(0, len(others), block):
            part = others[first : first + block]
            row, column = np.nonzero(ours @ vectors.of(part["question"]).T >= floor)
            open_rows = ~out[start + row]
            row, column = row[open_rows], column[open_rows]
            near = _near_pairs(some[row.tolist()], part[column.tolist()], vectors, limits)
            out[start + row[near]] = True
    return out


def _near_pairs(
    ours: pl.DataFrame, theirs: pl.DataFrame, vectors: TextVectors, limits: Limits
) -> npt.NDArray[np.bool_]:
    questions = vectors.cosine(ours["question"].to_list(), theirs["question"].to_list())
    answers = vectors.cosine(ours["answer"].to_list(), theirs["answer"].to_list())
    same = (questions >= limits.question_and_answer) & (answers >= limits.answer)
    return (questions >= limits.question) | same
