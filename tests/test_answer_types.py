"""Answer types by form, and when a candidate's type cannot be an answer."""

from __future__ import annotations

import pytest

from negbank.guards.types import answer_type, types_match


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Yes", "yes-no"),
        ("No, it does not", "yes-no"),
        ("1,200", "number"),
        ("twenty-one", "number"),
        ("$5", "number"),
        ("5 km", "quantity"),
        ("three apples", "quantity"),
        ("4 July 1776", "date"),
        ("in 1914", "date"),
        ("Monday", "date"),
        ("10:30 am", "date"),
        ("the 19th century", "date"),
        ("Marie Curie", "person"),
        ("Dr. Smith Jones", "person"),
        ("Peru", "place"),
        ("Texas", "place"),
        ("a green leaf", "phrase"),
        ("decreases", "phrase"),
        ("marching", "phrase"),
        ("It boils when it is hot", "clause"),
        ("x = 5", "expression"),
        ("3 + 4", "expression"),
        ("print(x);", "code"),
        ("seconds", "phrase"),
    ],
)
def test_answer_type(text: str, kind: str) -> None:
    assert answer_type(text) == kind


@pytest.mark.parametrize(
    ("question", "answer", "candidate"),
    [
        ("Is it round?", "Yes", "nine"),
        ("Is it round?", "No", "Paris"),
        ("How many moons has Mars?", "two", "Paris"),
        ("How many moons has Mars?", "two", "a green leaf"),
        ("Who was the first man in space?", "Yuri Gagarin", "1961"),
        ("Who was the first man in space?", "Yuri Gagarin", "12 April 1961"),
        ("Who was the first man in space?", "Yuri Gagarin", "yes"),
        ("When did it end?", "1945", "Winston Churchill"),
        ("When did it end?", "in May 1945", "a treaty"),
        ("Which country is it?", "Peru", "Marie Curie"),
        ("Which country is it?", "Peru", "17"),
        ("What does a plant need?", "light", "42"),
        ("A man walks in and", "he sits down at the table and eats.", "No"),
    ],
)
def test_types_that_clearly_differ(question: str, answer: str, candidate: str) -> None:
    assert not types_match(question, [answer], candidate)


@pytest.mark.parametrize(
    ("question", "answer", "candidate"),
    [
        ("Is it round?", "Yes", "No"),
        ("Is it round?", "Yes", "The ball is not round at all"),
        ("How many moons has Mars?", "two", "a dozen"),
        ("How many moons has Mars?", "two", "none"),
        ("How much does it cost?", "18", "$18.50"),
        ("How many does he have?", "1815", "68"),
        ("Who did it?", "Yuri Gagarin", "the first dog in space"),
        ("When did it end?", "1945", "after the war"),
        ("What does an animal have?", "feathers", "four legs"),
        ("Which is it?", "Peru", "the coast"),
        ("Compute.", "-1", "i"),
        ("Which is it?", "3", "2 + 1"),
        ("What?", "a phrase", "another phrase"),
    ],
)
def test_lenient_in_doubt(question: str, answer: str, candidate: str) -> None:
    assert types_match(question, [answer], candidate)


def test_any_right_answer_may_give_the_type() -> None:
    assert types_match("What is it?", ["Peru", "1945"], "1946")
    assert types_match("What is it?", [""], "1946")
