import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.guards.normalise import _LETTERS, _join_prose, _one_pass, normalise
from negbank.guards.spelling import MAX_MARKS, _stream_safe

EQUAL = [
    ("0.5", "1/2"), ("50%", "0.5"), (".5", "½"), ("0.50", "50 percent"), ("1,000", "1000"), ("1e3", "1000"),
    ("3 x 10^8 m/s", "300,000,000 meters per second"), ("3×10⁸", "3 x 10^{8}"), ("twenty-five", "25"),
    ("5 km", "5,000 m"), ("5km", "5 kilometres"), ("5 kilometers", "5 km"), ("2½ hours", "150 min"),
    ("18 km/h", "5 m/s"), ("36 kilometers per hour", "10 m/s"), ("3 m/s²", "3 m/s/s"), ("5 mL", "5 cm^3"),
    ("1 ft", "12 inches"), ("two thirds", "2/3"), ("five million", "5,000,000"), ("1.0 x 10^-3", "0.001"),
    ("100ºC", "100 degrees Celsius"), ("20-year", "20 years"), ("0.5 kg", "500 g"), ("six", "6."),
    ("An Atom.", "atom"), ("the Sun.", "sun"), ("A lot", "lot"), ("In the nucleus", "in nucleus"), ("No", "no"),
    ("A Dog", "dog"), ("H_{2}O", "H₂O"), ("multi-celled", "multi celled"), ("−4", "-4"), ("Both A & C", "both A and C"),
    ("The  earth’s", "the Earth's"), ("a -> b", "a → b"), ("U.S.", "US"), ("10 a.m.", "10 am"),
    ("“shared” electrons", "shared electrons"), ("conﬁrmed", "confirmed"), ("DNA", "dna"), ("x = 0.5", "x = 1/2"),
]  # fmt: skip

DIFFERENT = [
    ("-5", "5"), ("A", "a"), ("no", "none"), ("C", "c"), ("Mg", "mg"), ("Pb", "PB"), ("CO", "Co"), ("3:1", "1:3"),
    ("x^2", "x2"), ("C++", "C"), ("C#", "C"), ("2 m", "2 M"), ("{1,2}", "{2,1}"), ("f(x)", "fx"), ("Rr", "RR"),
    ("Rr", "rr"), ("RRYY", "rryy"), ("1/2/2003", "1/4006"), ("120/80", "180/120"), ("vitamin A", "vitamin"),
    ("hepatitis a virus", "hepatitis virus"), ("5°C", "5°F"), ("100 C", "100 °C"), ("5-3", "53"), ("n!", "n"),
    ("5!", "5"), ("+2", "2"), ("Na+", "Na"), ("Cl-", "Cl"), ("1, 1/2", "1 1/2"), ("007", "7"), ("not red", "red"),
    ("i", "-i"), ("1,2", "12"), ("a and b", "and b"), ("~L", "L"), ("3 m", "3 ft"), ("(3,100)", "3100"), ("?", "."),
    ("2^0.5", "2^1/2"), ("pH", "PH"), ("1/0", "0"), ("x-1", "x+1"), ("1980s", "33 minutes"), ("6'", "6''"),
    ("(F • L) • ~C", "F • L • ~C"), ("(H ∨ ~G) ⊃ J", "H ∨ (~G ⊃ J)"), ("II", "2"), ("egg, larva", "larva, egg"),
    ("10^3 m", "10^3"), ("5 - -3", "5 - 3"), ("50 percentage points", "50%"), ("III", "iii"), ("Earth's", "Earths"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_texts_that_say_the_same_have_one_form(left: str, right: str) -> None:
    assert normalise(left) == normalise(right)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_texts_that_differ_in_meaning_stay_apart(left: str, right: str) -> None:
    assert normalise(left) != normalise(right)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("18 km/h", "5 m / s"),
        ("2.5 hours", "9000 s"),
        ("1 L", "1/1000 m ^ 3"),
        ("-50%", "-1/2"),
        ("The Cells of an Animal.", "cells of animal"),
        ("1, 2 and 3", "1 , 2 and 3"),
        ("   ", ""),
        ("", ""),
        ("...", "..."),
    ],
)
def test_forms_worked_out_by_hand(text: str, form: str) -> None:
    assert normalise(text) == form


FRAGMENTS = (
    "a A the an The one two twenty five half thirds million hundred 0 5 10 007 1/2 50 % percent . , ; : ! ? ' \" ( ) [ "
    "{ } - – + = ^ _ * / \\ km m s h L per square cm3 °C degrees C F x × 10 ^ 3 e3 1,000 ½ ² H_{2}O Rr RR Mg NaCl no "
    "No He he and & ~ → -> $ U.S. dog Earth's multi-celled İ ß ﬁ ͅ µ --- --"
).split()
PIECES = st.sampled_from([*FRAGMENTS, " ", " ", ""])
TEXTS = st.lists(PIECES, max_size=9).map("".join) | st.lists(PIECES, max_size=9).map(" ".join) | st.text(max_size=30)


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_a_form_is_its_own_form(text: str) -> None:
    form = normalise(text)
    assert normalise(form) == form


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["a", "A", "the", "cell", "Cell", "DNA", "No", "He", "Rr", "dog's", "an"]), min_size=1))
def test_prose_takes_the_short_way_to_the_same_end(words: list[str]) -> None:
    text = " ".join(words)
    # "~" alone sends a text the long way; as a word of its own at the end it changes nothing before it but `alone`
    long_way = _one_pass(f"{text} dog ~").removesuffix(" ~")
    assert _join_prose(_LETTERS.findall(f"{text} dog")) == long_way


@pytest.mark.parametrize(
    "unit",
    ["9", "1 ", "-", "(", "1/", "1,000", "a'", "_", "^{", "1.", "a.", "10^", "one ", "5 m/", '"', "\u0301\u0323"],
)
def test_work_is_linear_on_hostile_texts(unit: str) -> None:
    small, large = (_processor_seconds(unit * (size // len(unit))) for size in (4_000, 32_000))
    # quadratic would be 64 times as long; the constant is for units whose small text takes no time at all
    assert large < 30 * small + 0.25


def _processor_seconds(text: str) -> float:
    """The least of three: of this process alone, so that a busy machine does not decide."""
    seconds = []
    for _ in range(3):
        normalise.cache_clear()
        start = time.process_time()
        normalise(text)
        seconds.append(time.process_time() - start)
    return min(seconds)


@pytest.mark.parametrize("text", ["9" * 100_000, "1e999999999", "10^99999999", "1/0", "0/0 m", "5 m/m", "²" * 50])
def test_hostile_numbers_keep_their_spelling_apart_and_raise_nothing(text: str) -> None:
    assert normalise(text) != normalise(text + "1")


def test_combining_marks_are_broken_up_before_they_are_sorted() -> None:
    runs = _stream_safe("a" + "\u0301\u0323" * 500).split("\u034f")
    assert max(len(run) for run in runs) <= MAX_MARKS + 1
