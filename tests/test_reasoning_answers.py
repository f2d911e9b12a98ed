"""The final answer is found by its sign, and called wrong only where that is shown."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank import processes
from negbank.errors import LabelError
from negbank.reasoning.answers import compare, find_answer
from negbank.reasoning.golds import gold_answer
from negbank.reasoning.judge import MathJudge
from negbank.reasoning.units import FAMILY, SIZE


@pytest.fixture(scope="module")
def judge() -> Iterator[MathJudge]:
    with MathJudge(time_limit_s=20) as judge:
        yield judge


@pytest.mark.parametrize(
    ("chain", "answer", "found_by"),
    [
        ("9 * 2 = 18\n#### 18", "18", "####"),
        ("9 * 2 = 18\nA: 1,800", "1,800", "A:"),
        ("Answer: $18.", "$18.", "A:"),
        ("So \\boxed{5}, no: \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}", "boxed"),
        ("\\boxed{\\left\\{ x \\mid x > 2 \\right\\}}", "\\left\\{ x \\mid x > 2 \\right\\}", "boxed"),
        ("The answer is 18 eggs. Good luck!", "18 eggs", "the answer is"),
        ("The answer is: 3.5", "3.5", "the answer is"),
        ("He has 3, then 4 left.", "4", "last sentence"),
        ("He is left with -$1,200.50", "-$1,200.50", "last sentence"),
        ("\\boxed{7 and so on, never closed. A: is what he said. 12", "12", "last sentence"),
        ("9 * 2 =\n####", "2", "last sentence"),
    ],
)
def test_the_final_answer_by_its_sign(chain: str, answer: str, found_by: str) -> None:
    found = find_answer(chain)
    assert found is not None
    assert (found.text, found.found_by) == (answer, found_by)


@pytest.mark.parametrize("chain", ["", "I do not know.", "####", "\\boxed{}"])
def test_a_chain_without_an_answer_has_none(chain: str) -> None:
    assert find_answer(chain) is None


def test_a_gold_is_an_answer_or_a_chain_that_ends_in_one() -> None:
    assert gold_answer("9 * 2 = <<9*2=18>>18\n#### 18") == "18"
    assert gold_answer(" \\frac{1}{2} ") == "\\frac{1}{2}"
    assert gold_answer("2 1/2") == "2 1/2"


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("18", "18"), ("18.0", "18"), ("$1,200", "1200"), ("1 200.00".replace(" ", ","), "$1200"), ("50%", "0.5"),
        ("50%", "50"), ("50 percent", "50%"), ("\\frac{1}{2}", "0.5"), ("2 1/2", "2.5"), ("\\$18", "18"),
        ("18 eggs.", "18"), ("**18**", "18"), ("$x = 3$", "3"), ("about 18", "18"), ("5 km", "5000 m"),
        ("120 minutes", "2 hours"), ("36 inches", "3 feet"), ("$2", "200 cents"), ("1.5 million", "1,500,000"),
        ("17.999999999999996", "18"), ("0.333333333", "1/3"), ("twelve", "12"), ("(B)", "B"), ("Saturday", "saturday"),
        ("\\text{Evelyn}", "Evelyn"), ("3 + 4", "7"), ("\\dfrac{3}{4}", "3/4"), ("66.7%", "0.667"),
        ("12 months", "1 year"), ("50 dollars per hour", "50"), ("$50/hour", "50"), ("$15 / week", "15"),
        ("20-inch", "20"), ("3-hour movie", "3"), ("1 1/2-inch", "1.5"), ("2 pairs", "4"), ("3 dozen eggs", "36"),
        ("3 quarters", "0.75"), ("$1.5M", "1500000"), ("$1.5 million", "1.5M"), ("5M", "5,000,000"),
        ("2.5K", "2500"), ("3 and a half", "3.5"), ("-3 and a half", "-3.5"), ("2 and a half hours", "150 minutes"),
        ("3 and three quarters", "3.75"), ("$3 and a half million", "3.5 million"),
    ],
)  # fmt: skip
def test_forms_of_one_answer_are_right_without_math_verify(answer: str, gold: str) -> None:
    assert compare(answer, gold).outcome == "right"


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("19", "18"), ("-18", "18"), ("0.5", "50"), ("18.5", "18"), ("7/14", "34"), ("-1.8 billion", "2"),
        ("5 km", "5 m"), ("10+John's age", "50"), ("A", "(B)"), ("138.915", "138"),
        ("2500", "25"), ("0." + "3" * 1480, "8"), ("2 hours", "3"), ("2 hours", "120 hours"), ("24 feet", "2"),
        ("2 inches", "24"), ("$50", "200"), ("$2", "$200"), ("4 pairs", "2"), ("2 pairs", "4 pairs"),
        ("2 dozen", "2 hundred"), ("$1.5 million", "2"), ("3 and a half", "3"), ("$5/person", "6"), ("50-x", "20"),
        ("Total - $50", "40"),
    ],
)  # fmt: skip
def test_other_answers_are_wrong_without_math_verify(answer: str, gold: str) -> None:
    assert compare(answer, gold).outcome == "wrong"


@pytest.mark.parametrize(
    ("answer", "gold", "reason"),
    [
        ("3.33", "10/3", "rounded"), ("120 minutes", "2", "unit"), ("5 hours", "5 km", "unit"),
        ("east", "west", "words"),
        ("9**9**9**9", "5", "too-large"), ("9^{9^{9^9}}", "\\pi", "too-large"), ("2^{99999999}", "\\pi", "too-large"),
        ("100000!", "\\pi", "too-large"), ("1" * 5000, "5", "too-long"), ("x+" * 400 + "x", "\\pi", "too-long"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_undecided_with_its_reason(answer: str, gold: str, reason: str) -> None:
    found = compare(answer, gold)  # one of these that was worked out would not end
    assert (found.outcome, found.reason) == ("undecided", reason)


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("2 hours", "120"), ("120", "2 hours"), ("24 inches", "2"), ("2 feet", "24"), ("$2", "200"), ("£2", "200"),
        ("7 days", "1"), ("36 months", "3"), ("5 km", "5000"), ("288 square inches", "2"), ("2 ft^2", "288"),
        ("2 cubic feet", "3456"), ("2 hours long", "120"), ("120 minutes long", "2 hours"), ("3-hour", "180"),
        ("1.67 hours", "100"), ("100 minutes", "1.67"), ("1 year", "365"), ("1 year", "52"), ("4 weeks", "1"),
        ("$2 per minute", "120"), ("$50/hour", "5000"), ("60 miles/hour", "88"), ("2 and a half hours", "150"),
    ],
)  # fmt: skip
def test_an_answer_in_another_unit_is_not_called_wrong(answer: str, gold: str) -> None:
    found = compare(answer, gold)
    assert (found.outcome, found.reason) == ("undecided", "unit")


@given(
    st.sampled_from(sorted(FAMILY)), st.sampled_from(sorted(FAMILY)), st.fractions(1, 1000, max_denominator=20)
)  # fmt: skip
def test_an_amount_in_any_unit_of_its_kind_is_not_called_wrong(unit: str, other: str, value: Fraction) -> None:
    (kind, name), (other_kind, other_name) = FAMILY[unit], FAMILY[other]
    if kind == other_kind:
        converted = value * SIZE[name] / SIZE[other_name]
        assert compare(f"{value} {unit}", str(converted)).outcome != "wrong"
        assert compare(str(converted), f"{value} {unit}").outcome != "wrong"
        assert compare(f"{value} {unit}", f"{converted} {other}").outcome == "right"


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("2 pairs", "2"), ("2", "2 pairs"), ("3 dozen", "3"), ("3 quarters", "3"), ("3 quarters", "75"),
        ("$1.5 million", "1.5"), ("1.5", "1.5 million"), ("$1.5M", "1.5"), ("5M", "5"), ("5 thousand dollars", "5"),
        ("4 other pairs", "4 pairs"), ("4 other pairs", "8"),
    ],
)  # fmt: skip
def test_a_scale_word_that_one_side_has_may_be_its_unit(answer: str, gold: str) -> None:
    found = compare(answer, gold)
    assert (found.outcome, found.reason) == ("undecided", "unit")


@pytest.mark.parametrize(
    ("answer", "gold"),
    [("$5/person", "5"), ("20-piece", "20"), ("$5/person", "5.0"), ("Total - $50", "50"), ("50-x", "50")],
)
def test_a_word_joined_to_the_gold_number_may_be_its_unit_or_its_name(answer: str, gold: str) -> None:
    found = compare(answer, gold)
    assert (found.outcome, found.reason) == ("undecided", "unit")


@pytest.mark.parametrize("answer", ["3 dollars and fifty cents", "3 dollars and a half", "2 hours, thirty minutes"])
def test_a_second_amount_in_words_is_not_left_out(answer: str) -> None:
    found = compare(answer, "3.5")
    assert (found.outcome, found.reason) == ("undecided", "words")


class Different:
    """A judge that is asked only for what is shown to it."""

    def compare(self, gold: str, answer: str) -> str:
        return "different"


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        ("A" * 400 + "a", "undecided", "too-long"), ("A" * 399 + "a", "undecided", "words"),
        ("\\" + "A" * 390 + " aa", "undecided", "words"), ("NONE", "undecided", "words"),
        ("AB" + " + CD" * 70, "wrong", "different"), ("ABC \\parallel DE", "wrong", "different"),
        ("^" + " " * 390 + "x", "wrong", "different"), ("1" * 390 + "x!", "wrong", "different"),
    ],
)  # fmt: skip
def test_long_runs_come_back(answer: str, outcome: str, reason: str) -> None:
    found = compare(answer, "\\pi", Different())  # one that is read in many ways would not end
    assert (found.outcome, found.reason) == (outcome, reason)


def test_long_blanks_and_boxes_come_back() -> None:
    assert find_answer("The answer is" + " " * 99_000) is None
    assert find_answer("\\boxed{" * 14_000) is None
    found = find_answer("\\boxed{5}" + "\\boxed{" * 12_000)
    assert found is not None and found.text == "5"


@given(st.fractions(min_value=-1000, max_value=1000, max_denominator=500))
def test_a_fraction_is_itself_in_every_form(value: Fraction) -> None:
    above, below = value.numerator, value.denominator
    for form in (f"{above}/{below}", f"\\frac{{{above}}}{{{below}}}", f"${above}/{below}$", f"{above}/{below} apples"):
        assert compare(form, str(value)).outcome == "right"


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_whole_numbers_are_right_exactly_where_they_are_equal(answer: int, gold: int) -> None:
    assert compare(f"${answer:,}", str(gold)).outcome == ("right" if answer == gold else "wrong")


@pytest.mark.parametrize(
    ("answer", "gold", "outcome"),
    [
        ("x^2+2x+1", "(x+1)^2", "right"),
        ("\\sqrt{8}", "2\\sqrt2", "right"),
        ("\\left(3, \\frac{\\pi}{2}\\right)", "(3,\\pi/2)", "right"),
        ("(2,1)", "(1,2)", "wrong"),
        ("2\\pi", "\\pi", "wrong"),
        ("\\frac{1}{", "\\pi", "undecided"),  # LaTeX that does not parse
    ],
)
def test_expressions_are_compared_by_math_verify(judge: MathJudge, answer: str, gold: str, outcome: str) -> None:
    assert compare(answer, gold, judge).outcome == outcome


def test_math_verify_can_be_asked_from_several_threads(judge: MathJudge) -> None:
    """Its own time limit is a signal, and fails outside the main thread."""
    said: list[str] = []

    def ask(answer: str) -> None:
        said.append(f"{answer} {judge.compare('2x', answer)}")

    threads = [threading.Thread(target=ask, args=(answer,)) for answer in ("x+x", "3x", "x*2", "x")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["3x different", "x different", "x*2 equal", "x+x equal"]


def test_a_comparison_that_does_not_end_is_ended_and_the_next_one_is_answered() -> None:
    # (10^9)^(10^9) in steps that the check for towers does not see: a power of integers within C code
    endless = "((((10^{900})^{900})^{900})^{900})^{900}"
    with MathJudge(time_limit_s=20, memory_mb=1024) as judge:
        assert judge.compare("2x", "x+x") == "equal"  # the start does not count
        judge.time_limit_s = 1.0
        assert judge.compare("\\pi", endless) in ("time-limit", "memory-limit", "unparsed", "different")
        judge.time_limit_s = 20
        assert judge.compare("2x", "x+x") == "equal"


def test_a_process_that_does_not_answer_is_ended_in_time() -> None:
    with MathJudge(time_limit_s=20) as judge:
        assert judge.compare("2x", "x+x") == "equal"
        process = judge._process
        assert process is not None
        judge.time_limit_s = 0.0
        assert judge.compare("2x", "x+x+y") == "time-limit"
        assert process.poll() is not None


def test_a_process_that_cannot_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.sys, "executable", "/bin/false")
    with pytest.raises(LabelError, match="math-verify cannot be started"):
        MathJudge().compare("x", "y")
