from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank import ranking
from negbank.errors import BenchmarkError
from negbank.ranking import Estimate, chance, interval, paired, per_character, points, ratio, told_apart_by_style


def array(*values: float) -> np.ndarray[Any, Any]:
    return np.array(values, np.float64)


def offsets_of(counts: list[int]) -> np.ndarray[Any, Any]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


@st.composite
def question_sets(draw: st.DrawFn) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Scores with many ties, offsets, right answers."""
    counts = draw(st.lists(st.integers(1, 6), min_size=1, max_size=12))
    scores = draw(st.lists(st.integers(-4, 4), min_size=sum(counts), max_size=sum(counts)))
    right = [draw(st.integers(0, count - 1)) for count in counts]
    return array(*scores), offsets_of(counts), np.array(right)


def test_the_ratio_is_worked_out_by_hand() -> None:
    np.testing.assert_allclose(ratio(array(-1.0, -2.0), array(-3.0, -0.5), 0.5), [0.5, -1.75])


@given(st.lists(st.floats(-1e6, 0), min_size=1, max_size=30))
def test_with_weight_0_the_ratio_is_the_positive_head(log_likelihoods: list[float]) -> None:
    positive = array(*log_likelihoods)
    result = ratio(positive, np.full(len(positive), -np.inf), 0.0)
    assert np.array_equal(result, positive) and result is not positive


@given(st.lists(st.floats(-100, 0), min_size=1, max_size=30))
def test_two_equal_heads_of_weight_1_tell_nothing_apart(log_likelihoods: list[float]) -> None:
    same = array(*log_likelihoods)
    assert points(ratio(same, same, 1.0), offsets_of([len(same)]), np.array([0]))[0] == 1 / len(same)


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_a_weight_is_a_number_from_0_on(weight: float) -> None:
    with pytest.raises(BenchmarkError, match="weight of the negative head"):
        ratio(array(-1), array(-1), weight)


def test_scores_that_are_no_numbers_are_refused_wherever_they_come_from() -> None:
    nan, fine = array(-1.0, float("nan")), array(-1.0, -2.0)
    for call in (
        lambda: ratio(nan, fine, 0.0),
        lambda: ratio(fine, nan, 1.0),
        lambda: ratio(array(-np.inf), array(-np.inf), 1.0),
        lambda: per_character(nan, np.array([1, 2])),
        lambda: points(nan, offsets_of([2]), np.array([0])),
        lambda: interval(nan),
        lambda: paired(fine, nan),
    ):
        with pytest.raises(BenchmarkError, match="not numbers"):
            call()


def test_heads_that_scored_other_answers_are_refused() -> None:
    with pytest.raises(BenchmarkError, match="2 and 3 answers"):
        ratio(array(1, 2), array(1, 2, 3), 1.0)


def test_per_character() -> None:
    np.testing.assert_allclose(per_character(array(-6.0, -6.0), np.array([2, 3])), [-3.0, -2.0])
    with pytest.raises(BenchmarkError, match="no characters"):
        per_character(array(-6.0), np.array([0]))


def test_points_by_hand() -> None:
    scores = array(3, 1, 2, 5, 5, 0, 7, 7, 7, 1)
    found = points(scores, offsets_of([3, 3, 3, 1]), np.array([0, 1, 2, 0]))
    np.testing.assert_array_equal(found, [1, 1 / 2, 1 / 3, 1])
    assert points(scores, offsets_of([3, 3, 3, 1]), np.array([1, 2, 0, 0])).tolist() == [0, 0, 1 / 3, 1]
    assert points(array(), offsets_of([]), np.array([], int)).shape == (0,)


@given(question_sets(), st.floats(-1e9, 1e9))
def test_a_constant_scorer_gets_exactly_what_guessing_gets(data: Any, value: float) -> None:
    scores, offsets, right = data
    assert points(np.full(len(scores), value), offsets, right).mean() == chance(offsets)


@given(question_sets(), st.randoms())
def test_the_order_of_the_answers_changes_nothing(data: Any, random: Any) -> None:
    scores, offsets, right = data
    permuted, moved = scores.copy(), right.copy()
    for question, (start, stop) in enumerate(itertools.pairwise(offsets)):
        order = list(range(stop - start))
        random.shuffle(order)
        permuted[start:stop] = scores[start:stop][order]
        moved[question] = order.index(right[question])
    assert np.array_equal(points(scores, offsets, right), points(permuted, offsets, moved))


@given(question_sets())
def test_over_all_places_of_the_right_answer_the_points_add_up_to_one(data: Any) -> None:
    scores, offsets, _ = data
    for start, stop in itertools.pairwise(offsets):
        own, one = scores[start:stop], offsets_of([int(stop - start)])
        total = sum(points(own, one, np.array([place]))[0] for place in range(len(own)))
        assert total == pytest.approx(1)


@pytest.mark.parametrize(
    ("offsets", "right", "message"),
    [
        ([0, 2, 2, 4], [0, 0, 0], "question 1 has no answers"),
        ([0, 2, 5], [0, 0], "offsets go from 0 to the 4 answers"),
        ([1, 4], [0], "offsets go from 0"),
        ([], [], "offsets go from 0"),
        ([0, 2, 4], [0], "1 right answer to 2 questions"),
        ([0, 2, 4], [0, 2], "question 1 has 2 answers; none of them is number 2"),
        ([0, 2, 4], [-1, 0], "question 0 has 2 answers; none of them is number -1"),
    ],
)
def test_what_does_not_fit_together_is_refused(offsets: list[int], right: list[int], message: str) -> None:
    with pytest.raises(BenchmarkError, match=message):
        points(array(1, 2, 3, 4), np.array(offsets, np.int64), np.array(right, np.int64))


def test_chance() -> None:
    assert chance(offsets_of([4, 4, 2])) == pytest.approx((0.25 + 0.25 + 0.5) / 3)
    with pytest.raises(BenchmarkError, match="no questions"):
        chance(np.array([0]))


def test_an_interval_is_near_the_normal_one_for_many_questions() -> None:
    found = interval(np.repeat([1.0, 0.0], [600, 400]))
    assert found.mean == 0.6
    half = 1.96 * np.sqrt(0.6 * 0.4 / 1000)
    assert found.low == pytest.approx(0.6 - half, abs=0.003)
    assert found.high == pytest.approx(0.6 + half, abs=0.003)


def test_the_same_seed_gives_the_same_bits_and_another_one_nearly_the_same() -> None:
    random = np.random.default_rng(0)
    left, right = (random.random((3, 200)) < 0.7) * 1.0, (random.random((3, 200)) < 0.6) * 1.0
    assert interval(left, seed=5) == interval(left, seed=5) != interval(left, seed=6)
    assert paired(left, right, seed=5) == paired(left, right, seed=5)
    assert interval(left, seed=5).low == pytest.approx(interval(left, seed=6).low, abs=0.01)


def test_the_order_of_questions_changes_nothing() -> None:
    values = np.random.default_rng(0).choice([0.0, 0.5, 1.0], (2, 300))
    assert interval(values) == interval(values[:, ::-1])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=40), st.integers(0, 99))
def test_an_interval_lies_around_its_mean_and_within_the_points(values: list[float], seed: int) -> None:
    found = interval(array(*values), seed, resamples=2000)
    assert min(values) - 1e-12 <= found.low <= found.high <= max(values) + 1e-12
    assert found.low <= found.mean + 1e-12 and found.mean <= found.high + 1e-12


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(1)
    covered = 0
    for trial in range(400):
        found = interval((random.random(250) < 0.7) * 1.0, trial, resamples=1000)
        covered += found.low <= 0.7 <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_runs_that_differ_widen_the_interval_so_that_it_covers_other_runs() -> None:
    """Accuracy differs from run to run; an interval over questions alone does not know."""
    random = np.random.default_rng(2)
    covered, blind = 0, 0
    for trial in range(150):
        levels = np.clip(random.normal(0.6, 0.06, 6), 0, 1)
        values = (random.random((6, 400)) < levels[:, None]) * 1.0
        found = interval(values, trial, resamples=400)
        over_questions = interval(values.mean(axis=0), trial, resamples=400)
        covered += found.low <= 0.6 <= found.high
        blind += over_questions.low <= 0.6 <= over_questions.high
    assert covered / 150 >= 0.85
    assert blind / 150 <= 0.7


def test_pairing_sees_what_two_intervals_do_not() -> None:
    random = np.random.default_rng(3)
    right = (random.random(500) < 0.5) * 1.0
    left = right.copy()
    left[np.flatnonzero(right == 0)[:25]] = 1.0
    found = paired(left, right)
    assert found.difference == pytest.approx(0.05)
    assert found.low > 0 and found.p == pytest.approx(1 / 10_001)
    assert interval(left).low < interval(right).high
    back = paired(right, left)
    assert (back.difference, back.p) == (-found.difference, found.p)
    assert back.low == pytest.approx(-found.high, abs=0.005)


def test_p_by_hand() -> None:
    """Three questions more of three that differ: of eight sign patterns two are as far out; of ten with one loss, 22 of
    1,024 (a sign test)."""
    left, right = np.array([1.0, 1, 1, 0, 1]), np.array([0.0, 0, 0, 0, 1])
    assert paired(left, right, resamples=100_000).p == pytest.approx(2 / 8, abs=0.01)
    left, right = np.array([1.0] * 9 + [0]), np.array([0.0] * 9 + [1])
    assert paired(left, right, resamples=100_000).p == pytest.approx(22 / 1024, abs=0.003)


def test_equal_systems_do_not_differ() -> None:
    same = (np.random.default_rng(4).random((2, 100)) < 0.5) * 1.0
    assert paired(same, same) == ranking.Comparison(0.0, 0.0, 0.0, 1.0)


def test_p_is_below_a_twentieth_once_in_twenty_where_systems_are_alike() -> None:
    random = np.random.default_rng(5)
    found = [
        paired((random.random(200) < 0.6) * 1.0, (random.random(200) < 0.6) * 1.0, trial, resamples=500).p
        for trial in range(500)
    ]
    assert 0.02 <= np.mean([p < 0.05 for p in found]) <= 0.08


def test_one_run_stands_against_every_run_of_the_other() -> None:
    base, trained = np.array([[1.0, 0, 0, 1]]), np.array([[1.0, 1, 0, 1], [1, 1, 1, 1]])
    assert paired(trained, base).difference == pytest.approx(3 / 8)
    with pytest.raises(BenchmarkError, match="3 and 2 runs"):
        paired(np.ones((3, 4)), np.ones((2, 4)))
    with pytest.raises(BenchmarkError, match="4 and 5 questions"):
        paired(np.ones((1, 4)), np.ones((1, 5)))


def test_no_points_and_odd_settings_are_refused() -> None:
    for empty in (np.zeros((0, 4)), np.zeros((2, 0)), np.zeros((1, 2, 3))):
        with pytest.raises(BenchmarkError, match="runs, questions"):
            interval(empty)
    with pytest.raises(BenchmarkError, match="level"):
        interval(array(1, 0), level=1.0)
    with pytest.raises(BenchmarkError, match="resamples"):
        interval(array(1, 0), resamples=0)


def test_memory_is_flat_in_the_number_of_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "BLOCK", 100_000)
    values = np.random.default_rng(6).random((1, 1000))  # the worst case: every question is of its own kind
    tracemalloc.start()
    interval(values, resamples=3000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 8 * ranking.BLOCK < 8 * 3000 * 1000


def test_blocks_share_one_stream_of_chances(monkeypatch: pytest.MonkeyPatch) -> None:
    values = (np.random.default_rng(7).random((3, 300)) < 0.5) * 1.0
    whole = interval(values)
    monkeypatch.setattr(ranking, "BLOCK", 1000)
    parts = interval(values)
    assert (parts.low, parts.high) == (pytest.approx(whole.low, abs=0.01), pytest.approx(whole.high, abs=0.01))


def test_a_probe_counts_where_its_low_end_is_well_above_chance() -> None:
    assert told_apart_by_style(Estimate(0.40, 0.37, 0.43), 0.25)
    assert not told_apart_by_style(Estimate(0.32, 0.29, 0.35), 0.25)
    assert not told_apart_by_style(Estimate(0.10, 0.08, 0.12), 0.25)
