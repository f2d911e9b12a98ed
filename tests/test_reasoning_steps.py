"""Chains are split as they are written, and the divergence is a hint beside the gold chain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.reasoning.plausibility import ChainMarks, mark_chain
from negbank.reasoning.steps import first_divergent_step, quantities, split_steps

GOLD = ["Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 eggs a day.", "She makes 9 * 2 = $<<9*2=18>>18 every day."]
QUESTION = "Ducks lay 16 eggs. She eats three (3) and bakes with 4, and sells the others for $2 each. How much?"


@pytest.mark.parametrize(
    ("chain", "steps"),
    [
        ("one\n\n two \n#### 18", ("one", "two")),
        ("one\ntwo\nA: 18", ("one", "two")),
        ("He has 3.5 kg. Mr. Smith has 2. They have 5.5.", ("He has 3.5 kg.", "Mr. Smith has 2.", "They have 5.5.")),
        ("Each costs approx. $5. He pays.", ("Each costs approx. $5.", "He pays.")),
        ("Mr. Mr. Mr. A stops. B goes.", ("Mr. Mr. Mr. A stops.", "B goes.")),
        ("Step 1: add 1 + 1. Step 2: stop.", ("Step 1: add 1 + 1.", "Step 2: stop.")),
        ("Step 1: a\nmore of it\nStep 2: b", ("Step 1: a\nmore of it", "Step 2: b")),
        ("#### 18", ()),
        ("", ()),
    ],
)
def test_steps(chain: str, steps: tuple[str, ...]) -> None:
    assert split_steps(chain) == steps


@given(st.lists(st.text("abc 123.", min_size=1).map(str.strip).filter(bool), min_size=2, max_size=8))
def test_lines_come_back_as_they_were(lines: list[str]) -> None:
    assert split_steps("\n".join(lines)) == tuple(lines)


def test_a_step_comes_to_the_values_of_its_equations_or_to_its_numbers() -> None:
    assert quantities("16 - 3 = <<16-3=13>>13") == (13,)
    assert quantities("She has 5 of 1,200.") == (5, 1200)


@pytest.mark.parametrize(
    ("steps", "divergent"),
    [
        (GOLD, None),
        (["16 - 3 - 4 = 9 eggs", "9 * 3 = 27"], 1),
        (["16 - 3 = 13", "13 - 4 = 9", "9 * 2 = 18"], 0),  # right all the same: a hint, and no proof
        (["She has 16 eggs.", "16 - 3 - 4 = 9 eggs", "9 * 2 = 18"], None),
        (["She has 17 eggs.", "16 - 3 - 4 = 9 eggs"], 0),
        (["3 * 3 = 9", "9 * 2 = 18"], None),  # by chance the next value of the gold chain
        (["6 * 3 = 18"], 0),  # a later value from other numbers
        ([], None),
    ],
)
def test_the_first_step_that_leaves_the_gold_chain(steps: list[str], divergent: int | None) -> None:
    assert first_divergent_step(steps, GOLD, QUESTION) == divergent


def test_marks_by_hand() -> None:
    marks = mark_chain(["16 - 3 - 4 = 9", "9 * 3 = 27", "27 + 1 = 28"], GOLD, 1)
    assert (marks.lead, marks.length, marks.agreement) == (1 / 3, 2 / 3, 1 / 4)  # of 9, 18, 27 and 28, both have 9
    assert mark_chain([], GOLD, None) == ChainMarks(0.0, 0.0, 0.0)
    assert mark_chain(GOLD, GOLD, None) == ChainMarks(1.0, 1.0, 1.0)


@given(st.lists(st.sampled_from([*GOLD, "1 + 1 = 3", "words"]), max_size=6), st.integers(0, 8) | st.none())
def test_plausibility_is_from_0_to_1(steps: list[str], error: int | None) -> None:
    assert 0.0 <= mark_chain(steps, GOLD, error).plausibility <= 1.0
