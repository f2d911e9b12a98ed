"""What a source's texts look like, and the features of a negative against them.

Closeness to a source is `log(mean(exp(p z))) / p` over its texts, `z` their standardised cosines: the mean at small
`p`, the nearest text at large `p`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from negbank.errors import LabelError
from negbank.records import FloatArray, TextVectors

MIN_QUESTIONS: Final = 128
"""Background questions that the "source" model needs; below, the "pair" model labels (benchmarks/LOG.md)."""

_SAME: Final = 0.999  # the cosine from which two texts count as one: casing and rounding, not paraphrase
_RIDGE: Final = 0.02  # penalty of the answer predictor, as a share of the questions' total variance
_POWERS: Final = (0.5, 1.5, 4.5)  # sharpness of closeness: most of the source, its region, its nearest texts
_CLIP: Final = 8.0  # standard deviations beyond which a feature says nothing more
_BLOCK: Final = 1024  # rows compared with the background at a time

PAIR_FEATURES: Final = ("answer_cosine", "question_cosine", "answer_question_cosine")
_SCALES: Final = ("mean", "wide", "middle", "near")
SOURCE_FEATURES: Final = (
    *PAIR_FEATURES,
    "centred_answer_cosine",
    "centred_question_cosine",
    "predicted_answer_cosine",
    *(f"{scale}_question_closeness" for scale in _SCALES),
    *(f"{scale}_answer_closeness" for scale in _SCALES),
    "question_hubness",
    "answer_hubness",
)

_Moments = tuple[float, float]
_Mask = npt.NDArray[np.bool_]
_Index = npt.NDArray[np.int64]
_Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Background:
    """What a source looks like: `questions` and `answers` `(m, d)` unit rows, `answers[i]` right for `questions[i]`.

    `predictor` `(d, d)` maps a centred question to its expected centred answer; the moments are mean and standard
    deviation of cosines between different questions' texts; `offset` and `scale` `(f,)` standardise the features.
    """

    questions: FloatArray
    answers: FloatArray
    question_mean: FloatArray
    answer_mean: FloatArray
    predictor: FloatArray
    question_answer: _Moments
    answer_answer: _Moments
    offset: FloatArray
    scale: FloatArray

    @property
    def size(self) -> int:
        """The number of questions that it holds."""
        return len(self.questions)

    @property
    def suffices(self) -> bool:
        """Whether it is large enough for the "source" model."""
        return self.size >= MIN_QUESTIONS

    @classmethod
    def of(cls, questions: pl.DataFrame, vectors: TextVectors, seed: int = 0, limit: int = 2000) -> Background:
        """The background of `questions` (columns question, answer), at most `limit` of them drawn with `seed`.

        Neither row order nor repeated rows matter. Raises LabelError for a missing column, a null, or a text without
        a vector.
        """
        q, a = _texts(questions, "question", "answer")
        pairs = sorted(set(zip(q, a, strict=True)))
        rng = np.random.default_rng(seed)
        if len(pairs) > limit:
            pairs = [pairs[i] for i in np.sort(rng.choice(len(pairs), limit, replace=False))]
        return cls.from_vectors(
            _vectors_of(vectors, [p[0] for p in pairs]), _vectors_of(vectors, [p[1] for p in pairs]), rng
        )

    @classmethod
    def from_vectors(cls, questions: FloatArray, answers: FloatArray, rng: np.random.Generator) -> Background:
        """The background of `(m, d)` unit rows; `rng` pairs each question with another's answer for the reference."""
        m, d = questions.shape
        f = len(SOURCE_FEATURES)
        plain = cls(
            questions=questions,
            answers=answers,
            question_mean=questions.mean(0) if m else np.zeros(d, np.float32),
            answer_mean=answers.mean(0) if m else np.zeros(d, np.float32),
            predictor=_predictor(questions, answers),
            question_answer=_moments(questions, answers),
            answer_answer=_moments(answers, answers),
            offset=np.zeros(f, np.float32),
            scale=np.ones(f, np.float32),
        )
        if not plain.suffices:
            return plain
        order = rng.permutation(m)
        other = np.empty(m, dtype=np.int64)
        other[order] = np.roll(order, 1)
        reference = _blocks(plain, questions, answers, answers[other], np.arange(m), other)
        spread = np.maximum(reference.std(0), 1e-6)
        return cls(**{**vars(plain), "offset": reference.mean(0), "scale": spread})


def features(rows: pl.DataFrame, vectors: TextVectors, background: Background) -> FloatArray:
    """The `(n, f)` features of rows (columns question, answer, negative): SOURCE_FEATURES, or PAIR_FEATURES where the
    background does not suffice.

    Raises LabelError for a missing column, a null, a text without a vector, or vectors with NaN.
    """
    questions, answers, negatives = _texts(rows, "question", "answer", "negative")
    q, a, n = (_vectors_of(vectors, texts) for texts in (questions, answers, negatives))
    if not background.suffices:
        return _pair_cosines(q, a, n)
    if q.shape[1] != background.questions.shape[1]:
        raise LabelError(
            f"vectors of {q.shape[1]} numbers cannot be compared with a background of {background.questions.shape[1]}"
        )
    numbers = {pair: i for i, pair in enumerate(dict.fromkeys(zip(questions, answers, strict=True)))}
    pairs = np.array([numbers[pair] for pair in zip(questions, answers, strict=True)], dtype=np.int64)
    standard = (_blocks(background, q, a, n, pairs, None) - background.offset) / background.scale
    return np.asarray(np.clip(standard, -_CLIP, _CLIP), dtype=np.float32)


def _texts(frame: pl.DataFrame, *columns: str) -> list[list[str]]:
    for column in columns:
        if column not in frame.columns:
            raise LabelError(f"no column {column!r} to label by; there are: {', '.join(frame.columns)}")
        if frame[column].null_count():
            row = frame[column].is_null().arg_true()[0]
            raise LabelError(f"row {row}: {column} is null; give it a text or leave the row out")
    return [frame[c].to_list() for c in columns]


def _vectors_of(vectors: TextVectors, texts: Sequence[str]) -> FloatArray:
    try:
        found = vectors.of(texts)
    except KeyError as error:
        raise LabelError(f"no vector for the text {error.args[0]!r}; encode it first") from error
    if (bad := np.flatnonzero(~np.isfinite(found).all(axis=1))).size:
        raise LabelError(f"the vector of {texts[bad[0]]!r} holds NaN or infinity")
    return found


def _predictor(questions: FloatArray, answers: FloatArray) -> FloatArray:
    """Ridge regression `(d, d)` from centred questions to centred answers; zeros for fewer than two."""
    m, d = questions.shape
    if m < 2:
        return np.zeros((d, d), np.float32)
    q = (questions - questions.mean(0)).astype(np.float64)
    a = (answers - answers.mean(0)).astype(np.float64)
    gram = q.T @ q
    penalty = _RIDGE * max(float(np.trace(gram)), 1e-9)
    return np.linalg.solve(gram + penalty * np.eye(d), q.T @ a).astype(np.float32)


def _moments(left: FloatArray, right: FloatArray) -> _Moments:
    """Mean and standard deviation of the cosines of `left[i]` and `right[j]`, i not j; 0 and 1 for fewer than two."""
    m = len(left)
    if m < 2:
        return 0.0, 1.0
    cosines = (left @ right.T).astype(np.float64)
    apart = cosines[~np.eye(m, dtype=bool)]
    return float(apart.mean()), max(float(apart.std()), 1e-6)


def _pair_cosines(q: FloatArray, a: FloatArray, n: FloatArray) -> FloatArray:
    return np.stack([_dot(n, a), _dot(n, q), _dot(a, q)], axis=1)


def _dot(left: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ij,ij->i", left, right), dtype=np.float32)


def _unit(x: npt.NDArray[np.floating[Any]]) -> FloatArray:
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _blocks(
    background: Background, q: FloatArray, a: FloatArray, n: FloatArray, pairs: _Index, other: _Index | None
) -> FloatArray:
    """The `(n, f)` SOURCE_FEATURES before standardising, in blocks.

    Rows with equal `pairs` have the same question and answer; `other[i]` is left out of the background for row i.
    """
    out = np.empty((len(n), len(SOURCE_FEATURES)), np.float32)
    for start in range(0, len(n), _BLOCK):
        cut = slice(start, start + _BLOCK)
        _, first, row = np.unique(pairs[cut], return_index=True, return_inverse=True)
        own, hubs = _of_pairs(background, q[cut][first], a[cut][first])
        skip = own[row]
        if other is not None:
            skip[np.arange(len(skip)), other[cut]] = True
        out[cut] = np.hstack(
            [_cosines(background, q[cut], a[cut], n[cut]), _of_negatives(background, n[cut], skip), hubs[row]]
        )
    return out


def _cosines(background: Background, q: FloatArray, a: FloatArray, n: FloatArray) -> FloatArray:
    """The `(n, 6)` cosines within a row: three as they are, three with the source's mean taken off.

    The last one is that of the negative and the answer that the question leads to expect.
    """
    negative, answer, question = n - background.answer_mean, a - background.answer_mean, q - background.question_mean
    others: tuple[FloatArray, ...] = (answer, question, np.asarray(question @ background.predictor, np.float32))
    centred = np.stack([_dot(_unit(negative), _unit(o)) for o in others], axis=1)
    return np.hstack([_pair_cosines(q, a, n), centred])


def _of_negatives(background: Background, n: FloatArray, skip: _Mask) -> FloatArray:
    """The `(n, 8)` closeness of negatives to questions and to answers, an answer that is the negative left out."""
    to_answers = n @ background.answers.T
    questions = _closeness(n @ background.questions.T, background.question_answer, skip)
    return np.hstack([questions, _closeness(to_answers, background.answer_answer, skip | (to_answers > _SAME))])


def _of_pairs(background: Background, q: FloatArray, a: FloatArray) -> tuple[_Mask, FloatArray]:
    """Which background questions a pair is, `(p, m)`; closeness of its question and answer to answers, `(p, 2)`."""
    among = a @ background.answers.T
    own = (q @ background.questions.T > _SAME) | (among > _SAME)
    question = _closeness(q @ background.answers.T, background.question_answer, own)
    answer = _closeness(among, background.answer_answer, own)
    middle = _SCALES.index("middle")
    return own, np.stack([question[:, middle], answer[:, middle]], axis=1)


def _closeness(cosines: FloatArray, moments: _Moments, skip: _Mask) -> FloatArray:
    """The `(n, 4)` closeness to the background texts that are not skipped, from their standardised cosines z.

    First the mean of z, then log(mean(exp(p z))) / p for each p of `_POWERS`: from the mean (p to 0) to the largest
    (p to infinity). All 0 where every text is skipped. `cosines` is overwritten.
    """
    skipped = np.nonzero(skip)
    left = cosines.shape[1] - np.bincount(skipped[0], minlength=len(cosines))
    some = np.maximum(left, 1)
    cosines -= np.float32(moments[0])
    cosines /= np.float32(moments[1])
    np.clip(cosines, -12, 12, out=cosines)
    cosines[skipped] = 0
    out = [cosines.sum(1) / some]
    cosines *= np.float32(_POWERS[0])
    power = np.exp(cosines, out=cosines)
    power[skipped] = 0
    for p in _POWERS:
        if p != _POWERS[0]:
            power *= power * power  # exp(p z) to exp(3 p z): each power is three times the one before
        out.append(np.log(np.maximum(power.sum(1) / some, 1e-30)) / p)
    closeness = np.stack(out, axis=1).astype(np.float32)
    closeness[left == 0] = 0
    return closeness
