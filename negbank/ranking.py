"""Scores of answers -> who is right how often, how sure that is, and whether one system beats another.

Pure NumPy: no model, no file, no clock. Answers of all questions stand in one flat array; `offsets` says where each
question's begin, and its last item where they end. Points are `(runs, questions)`: a row a run with a seed of its own.

Resampling never draws question by question. Questions with the same points in every run are alike, so a resample is
a draw of how often each kind of question comes up (multinomial), and of a sign flip how many of each kind are flipped
(binomial). That is the same distribution, and costs as much for ten thousand questions as for a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from negbank.errors import BenchmarkError
from negbank.terms import counted

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.integer]

BLOCK: Final = 4_000_000
"""Numbers that one block of resamples holds at most: 32 MB."""

STYLE_MARGIN: Final = 0.05
"""How far above chance a probe that sees no question must lie, at the low end of its interval, to be worth a word."""


@dataclass(frozen=True)
class Estimate:
    """A mean of points, 0 to 1, and the interval that it lies in."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """How much better the left system does: the mean difference of points, its interval, and its p value."""

    difference: float
    low: float
    high: float
    p: float


def ratio(positive: Floats, negative: Floats, weight: float) -> Floats:
    """score (n,) = log p+ - w log p-, in nats (arXiv 2503.14391, section 2); with weight 0 exactly log p+.

    Raises BenchmarkError for a weight below 0 or scores that are no numbers, such as the difference of two answers
    that both have no probability at all.
    """
    if not (np.isfinite(weight) and weight >= 0):
        raise BenchmarkError(f"the weight of the negative head is a number from 0 on, not {weight}")
    if positive.shape != negative.shape:
        raise BenchmarkError(f"the heads scored {positive.size} and {negative.size} answers; they must be the same")
    if weight == 0:  # 0 * -inf is no number
        return _numbers(positive).copy()
    with np.errstate(invalid="ignore"):
        return _numbers(np.asarray(positive, np.float64) - weight * np.asarray(negative, np.float64))


def per_character(log_likelihood: Floats, characters: Integers) -> Floats:
    """(n,) log-likelihoods divided by the answers' lengths, as `acc_norm` ranks them."""
    if (np.asarray(characters) < 1).any():
        raise BenchmarkError("an answer has no characters; its log-likelihood cannot be taken per character")
    return _numbers(log_likelihood) / characters


def points(scores: Floats, offsets: Integers, right: Integers) -> Floats:
    """(questions,) points: 1 where the right answer alone scores best, 1/k where k answers share the best score with
    it among them, 0 otherwise.

    So a scorer that tells no answer from another gets what guessing gets, wherever the right answer stands.
    `offsets` is (questions + 1,), `right` (questions,) is each question's right answer, counted from 0.
    """
    counts = _counts(offsets, len(scores))
    if len(right) != len(counts):
        raise BenchmarkError(f"{counted(len(right), 'right answer')} to {counted(len(counts), 'question')}")
    if wrong := np.flatnonzero((right < 0) | (right >= counts)).tolist():
        place = wrong[0]
        raise BenchmarkError(f"question {place} has {counts[place]} answers; none of them is number {right[place]}")
    if not len(counts):
        return np.zeros(0)
    starts = np.asarray(offsets)[:-1]
    best = np.repeat(np.maximum.reduceat(_numbers(scores), starts), counts)
    is_best = scores == best
    ties = np.add.reduceat(is_best.astype(np.int64), starts)
    return np.asarray(is_best[starts + right] / ties, np.float64)


def chance(offsets: Integers) -> float:
    """What guessing gets: the mean of 1 by the number of answers."""
    counts = _counts(offsets, int(offsets[-1]))
    if not len(counts):
        raise BenchmarkError("there are no questions to evaluate on")
    return float(np.mean(1.0 / counts))


def interval(points: Floats, seed: int = 0, resamples: int = 10_000, level: float = 0.95) -> Estimate:
    """The mean of `points` (runs, questions) and its percentile bootstrap interval.

    Questions are drawn again, and runs too where there are several: both vary from one experiment to the next. Of two
    or three runs the bootstrap sees too little to know how much runs vary; such an interval is rather too narrow. Where
    all questions have the same points the interval has no width, whatever is not known.
    """
    matrix = _matrix(points)
    low, high = _bootstrap(matrix, np.random.default_rng(seed), resamples, level)
    return Estimate(float(matrix.mean()), low, high)


def paired(left: Floats, right: Floats, seed: int = 0, resamples: int = 10_000, level: float = 0.95) -> Comparison:
    """How much better `left` (runs, questions) does than `right` on the same questions, run by run.

    A system without training has one run, which stands against every run of the other. `p` is that of a two-sided
    test over questions, with the signs of their differences flipped at random: how often as large a difference comes
    about where the systems are alike. It counts the observed one in, so it is never 0. It takes the runs as given.
    """
    ours, theirs = _matrix(left), _matrix(right)
    if ours.shape[1] != theirs.shape[1]:
        raise BenchmarkError(f"{ours.shape[1]} and {theirs.shape[1]} questions cannot be paired")
    if ours.shape[0] != theirs.shape[0] and 1 not in (ours.shape[0], theirs.shape[0]):
        raise BenchmarkError(f"{ours.shape[0]} and {theirs.shape[0]} runs cannot be paired")
    differences = ours - theirs
    random = np.random.default_rng(seed)
    low, high = _bootstrap(differences, random, resamples, level)
    p = _sign_flip(differences.mean(axis=0), random, resamples)
    return Comparison(float(differences.mean()), low, high, p)


def told_apart_by_style(probe: Estimate, chance: float) -> bool:
    """Whether a probe that is not shown the questions beats chance by so much that right and wrong answers differ in
    style: what is learned from them need then not be knowledge."""
    return probe.low > chance + STYLE_MARGIN


def _bootstrap(matrix: Floats, random: np.random.Generator, resamples: int, level: float) -> tuple[float, float]:
    """The percentile interval of the mean of (runs, questions)."""
    if not 0 < level < 1 or resamples < 1:
        raise BenchmarkError(f"no interval has level {level} and {resamples} resamples; 0.95 and 10,000 are usual")
    runs, questions = matrix.shape
    kinds, frequency = np.unique(matrix, axis=1, return_counts=True)
    means = np.empty(resamples)
    for block in _blocks(resamples, kinds.shape[1]):
        size = block.stop - block.start
        drawn = random.multinomial(questions, frequency / questions, size=size)
        taken = random.multinomial(runs, np.full(runs, 1 / runs), size=size) if runs > 1 else np.ones((size, 1))
        # einsum and not a product of matrices: its sums do not depend on how many threads BLAS has
        means[block] = np.einsum("sr,rk,sk->s", taken, kinds, drawn, optimize=["einsum_path", (0, 1), (0, 1)])
    tail = 50 * (1 - level)
    low, high = np.percentile(means / (runs * questions), [tail, 100 - tail])
    return float(low), float(high)


def _sign_flip(differences: Floats, random: np.random.Generator, resamples: int) -> float:
    """The two-sided p value of the mean of (questions,) differences under random signs."""
    sizes, frequency = np.unique(np.abs(differences), return_counts=True)
    observed = abs(differences.sum())
    reached = 0
    for block in _blocks(resamples, len(sizes)):
        kept = random.binomial(frequency, 0.5, size=(block.stop - block.start, len(sizes)))
        sums = np.abs(np.einsum("sk,k->s", 2 * kept - frequency, sizes))
        # sums of the same thirds in another order differ in their last digits
        reached += int(np.count_nonzero(sums >= observed - 1e-9 * max(1.0, observed)))
    return (reached + 1) / (resamples + 1)


def _blocks(resamples: int, width: int) -> Iterator[slice]:
    """Resamples in blocks of BLOCK numbers at most."""
    step = max(1, BLOCK // max(1, width))
    for start in range(0, resamples, step):
        yield slice(start, min(resamples, start + step))


def _matrix(points: Floats) -> Floats:
    """`points` as (runs, questions), of numbers alone and not empty."""
    matrix = np.atleast_2d(np.asarray(points, np.float64))
    if matrix.ndim != 2 or not matrix.size:
        raise BenchmarkError(f"points are (runs, questions), neither of them none, not {np.shape(points)}")
    return _numbers(matrix)


def _numbers(scores: Floats) -> Floats:
    """`scores` as float64. Raises BenchmarkError for one that is no number."""
    array = np.asarray(scores, np.float64)
    if bad := int(np.count_nonzero(np.isnan(array))):
        raise BenchmarkError(
            f"{bad:,} of {array.size:,} scores are not numbers (NaN); the model or a head is broken, "
            "or its precision is too low: try precision = 'fp32' or a lower learning_rate in the recipe"
        )
    return array


def _counts(offsets: Integers, answers: int) -> npt.NDArray[np.int64]:
    """(questions,) how many answers each question has. Raises BenchmarkError where `offsets` are no such thing."""
    places = np.asarray(offsets, np.int64)
    if places.ndim != 1 or not len(places) or places[0] != 0 or places[-1] != answers:
        raise BenchmarkError(f"offsets go from 0 to the {answers:,} answers, not {places[:1]} to {places[-1:]}")
    counts = np.diff(places)
    if empty := np.flatnonzero(counts < 1).tolist():
        raise BenchmarkError(f"question {empty[0]} has no answers")
    return counts
