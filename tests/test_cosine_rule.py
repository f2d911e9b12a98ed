"""An embedding is asked about long answers only, from a cosine that is calibrated on the source."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.errors import GuardError
from negbank.guards.cosine_rule import calibrate_answers, content_words, cosine_judges
from negbank.records import TextVectors

LONG = "the moon passes between the Earth and the Sun"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It reflects the light of the Sun.", {"reflects", "light", "sun"}),
        ("It isn't and it won’t be", set()),
        ("In 1990, 3 red-brick houses", {"1990", "3", "red", "brick", "houses"}),
        ("The U.S. Army's 1,000 men in 3.5 days", {"u.s.", "army's", "1,000", "men", "3.5", "days"}),
        ("the the THE", set()),
        ("dog dog Dog DOG", {"dog"}),  # four times one word says one thing
        ("¿Cuántos años tiene?", {"cuántos", "años", "tiene"}),
        ("", set()),
        ("... --- !!!", set()),
    ],
)
def test_content_words(text: str, words: set[str]) -> None:
    assert content_words(text) == words


@pytest.mark.parametrize(
    ("answer", "candidate", "expected"),
    [
        (LONG, "the Sun passes between the Earth and the Moon", True),
        (LONG, "the Moon", False),
        ("American", "United States", False),
        ("yes", "no, it is not", False),
        ("nine", "9", False),
        ("to be or not to be that is", LONG, False),  # many words, none of them content
        ("plants make sugar from light", "animals make light from sugar", True),
    ],
)
def test_both_sides_need_four(answer: str, candidate: str, expected: bool) -> None:
    assert cosine_judges(answer, candidate) is expected
    assert cosine_judges(candidate, answer) is expected


@given(st.text(), st.text())
def test_case_and_order_of_words_change_nothing(left: str, right: str) -> None:
    assert cosine_judges(left, right) == cosine_judges(right, left)
    assert cosine_judges(left, right) == cosine_judges(" ".join(reversed(left.split())), right)


def test_the_threshold_is_the_quantile_of_unrelated_pairs() -> None:
    angles = np.linspace(0, np.pi / 2, 150)
    texts = [f"answer {i}" for i in range(150)]
    matrix = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    vectors = TextVectors({text: i for i, text in enumerate(texts)}, matrix)
    margin = calibrate_answers(texts, vectors)
    every = np.sort((matrix @ matrix.T)[np.triu_indices(150, 1)])
    # 11,175 pairs: 12 of them, the 0.1% that are nearest, reach it
    assert margin.pairs == 11_175 and margin.min_cosine == pytest.approx(every[-11], abs=1e-6)
    with pytest.raises(GuardError, match="too few"):
        calibrate_answers(texts[:140], vectors)
