from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.mining import Quota, irrelevant, near_miss, take, unrelated
from negbank.records import CANDIDATES, QUESTIONS, REFUSED_QUESTIONS, SourceData, TextVectors


def questions(*rows: tuple[str, str, str, list[str]]) -> pl.DataFrame:
    """(id, question, answer, distractors) as QUESTIONS."""
    names = ("question_id", "question", "answer", "distractors")
    return pl.DataFrame([dict(zip(names, row, strict=True)) | {"split": "train"} for row in rows], schema=QUESTIONS)


def vectors(**angles: float) -> TextVectors:
    """Unit vectors in the plane, by degrees."""
    radians = np.deg2rad(np.array(list(angles.values())))
    matrix = np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)
    return TextVectors({text: row for row, text in enumerate(angles)}, matrix)


def many(count: int) -> pl.DataFrame:
    return questions(
        *((f"q{i:03}", f"question {i}?", f"right {i}", [f"wrong {i}a", f"wrong {i}b"]) for i in range(count))
    )


def test_wrong_choices_are_ranked_by_nearness_to_the_right_answer() -> None:
    asked = questions(("q", "q?", "right", ["far", "near", "mid", "near"]))
    found = near_miss.distractors(asked, vectors(right=0, far=90, near=10, mid=45))
    assert found["negative"].to_list() == ["near", "mid", "far"]
    assert found["rank"].to_list() == [0, 1, 2]
    assert set(found["origin"]) == {"distractor"} and set(found["origin_id"]) == {"q"}


def test_equal_similarities_are_ranked_by_text() -> None:
    asked = questions(("q", "q?", "right", ["b", "c", "a"]))
    found = near_miss.distractors(asked, vectors(right=0, a=30, b=30, c=30))
    assert found["negative"].to_list() == ["a", "b", "c"]


def test_expanding_takes_the_nearest_answers_of_other_questions() -> None:
    asked = questions(("p", "p?", "a", []), ("q", "q?", "b", []), ("r", "r?", "c", ["d"]), ("s", "s?", "d", []))
    found = near_miss.expand(asked, vectors(a=0, b=10, c=30, d=80), count=2, between=(-1.0, 0.9999))
    by_question = {k[0]: v["negative"].to_list() for k, v in found.group_by("question_id")}
    assert by_question["p"] == ["b", "c", "d"]
    assert by_question["q"] == ["a", "c", "d"]
    assert by_question["r"] == ["b", "a"], "the question's own wrong choice is not an answer of another question"
    assert found.filter(pl.col("question_id") == "p")["origin_id"].to_list() == ["q", "r", "s"]


def test_answers_outside_the_band_are_left_out() -> None:
    asked = questions(("p", "p?", "a", []), ("q", "q?", "b", []), ("r", "r?", "c", []), ("s", "s?", "d", []))
    found = near_miss.expand(asked, vectors(a=0, b=10, c=60, d=80), count=2, between=(0.4, 0.6))
    assert found.filter(pl.col("question_id") == "p")["negative"].to_list() == ["c"], "b is too near, d too far"


def test_one_answer_for_all_expands_to_nothing() -> None:
    asked = questions(("p", "p?", "a", []), ("q", "q?", "a", []))
    assert near_miss.expand(asked, vectors(a=0), count=2, between=(-1.0, 0.9999)).is_empty()


def test_irrelevant_texts_come_from_other_questions() -> None:
    found = irrelevant.mine(many(30), count=3, seed=1).join(many(30), on="question_id")
    assert found.group_by("question_id").len()["len"].unique().to_list() == [58]
    own = found.filter(pl.col("negative").is_in(pl.col("distractors")) | (pl.col("negative") == pl.col("answer")))
    assert own.is_empty()
    assert (found["origin_id"] != found["question_id"]).all()
    assert found["negative"].str.starts_with("wrong").all()


def test_a_text_shared_by_two_questions_is_no_other_question_s_text() -> None:
    asked = questions(("p", "p?", "a", ["x"]), ("q", "q?", "b", ["x", "y"]))
    found = irrelevant.mine(asked, count=3, seed=0)
    assert found.filter(pl.col("question_id") == "p")["negative"].to_list() == ["y"]
    assert found.filter(pl.col("question_id") == "q").is_empty()


def test_questions_without_choices_lend_their_right_answers() -> None:
    asked = questions(("p", "p?", "a", []), ("q", "q?", "b", []))
    assert irrelevant.mine(asked, count=1, seed=0)["negative"].to_list() == ["b", "a"]


def test_unrelated_texts_come_from_the_pool_with_its_name() -> None:
    pool = SourceData("other", many(5), QUESTIONS.to_frame(), REFUSED_QUESTIONS.to_frame(), "r")
    found = unrelated.mine(questions(("q000", "?", "z", [])), pool, count=2, seed=0)
    assert set(found["origin"]) == {"other-source"} and found["origin_id"].str.starts_with("other:q").all()
    assert found.height == 12 and found["negative"].n_unique() == 12


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 40), st.randoms())
def test_a_draw_depends_on_seed_and_question_alone(seed: int, size: int, random: object) -> None:
    whole = irrelevant.pool(many(40))
    from negbank.mining.draw import Draw, draw

    asked = many(size)
    shuffled = asked.sample(fraction=1, shuffle=True, seed=seed % 1000)
    first = draw(asked, whole, Draw(3, seed, "irrelevant", "other-question")).sort("question_id", "rank")
    again = draw(shuffled, whole.reverse(), Draw(3, seed, "irrelevant", "other-question")).sort("question_id", "rank")
    assert first.equals(again)
    one = draw(asked[:1], whole, Draw(3, seed, "irrelevant", "other-question"))
    assert one.equals(first.filter(pl.col("question_id") == asked["question_id"][0]))


def test_another_seed_draws_otherwise() -> None:
    draws = [irrelevant.mine(many(30), 3, seed)["negative"].to_list() for seed in (1, 2)]
    assert draws[0] != draws[1]


def candidate(question: str, text: str, rank: int, origin: str = "distractor") -> tuple[object, ...]:
    return (question, text, "near-miss", rank, origin, question)


def test_taking_keeps_the_first_and_counts_what_is_short() -> None:
    kept = pl.DataFrame(
        [
            candidate("p", "c", 7), candidate("p", "a", 0), candidate("p", "b", 3),
            candidate("p", "e", 0, "other-question"), candidate("q", "d", 1),
        ],
        schema=CANDIDATES, orient="row",
    )  # fmt: skip
    quotas = [Quota("near-miss", "distractor", 2), Quota("near-miss", "other-question", 1)]
    taken = take(kept, quotas, question_count=3)
    assert taken.rows.select("question_id", "negative", "rank").rows() == [
        ("p", "a", 0), ("p", "b", 1), ("p", "e", 2), ("q", "d", 0),
    ]  # fmt: skip
    assert taken.short == {"near-miss": 2}, "q has one of three, and a third question has none"
    assert taken.missing == {"near-miss": 5}


def test_a_tier_without_candidates_is_all_short() -> None:
    taken = take(CANDIDATES.to_frame(), [Quota("unrelated", "other-source", 2)], question_count=4)
    assert taken.rows.is_empty() and taken.short == {"unrelated": 4} and taken.missing == {"unrelated": 8}


def test_a_text_that_was_not_encoded_is_a_bug_not_a_guess() -> None:
    with pytest.raises(KeyError):
        vectors(a=0).of(["b"])
