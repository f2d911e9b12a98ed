"""Every plausible reading of an answer counts: a right chain is never called wrong, whatever way it is written."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from negbank.reasoning.answers import Comparison
from negbank.reasoning.decide import decide
from negbank.reasoning.golds import AMBIGUOUS_GOLD, Gold, GoldBook, gold_answer, loose_key, read_gold
from negbank.reasoning.judge import MathJudge
from negbank.reasoning.quantities import find_values, read_amounts
from negbank.reasoning.readings import answer_readings

OWN = Path(__file__).parent / "data" / "tricky_chains_own.jsonl"
HOURS = "Ana works 8.5 hours a week. How many hours does she work in 4 weeks?"
PAY = "Ben sells 9 eggs at $2 each. How many dollars does he make?"
PUPILS = "Of 50 pupils 16 fail. How many pupils pass?"
SYSTEM = "Solve x + y = 12 and y - x = 2. What is x?"


@pytest.fixture(scope="module")
def judge() -> Iterator[MathJudge]:
    with MathJudge(time_limit_s=20) as judge:
        yield judge


def said(question: str, gold: str, chain: str, judge: MathJudge | None = None) -> Comparison:
    return decide(answer_readings(question, chain), gold, question, judge)


def test_no_right_chain_of_our_own_is_called_wrong_and_no_wrong_one_right(judge: MathJudge) -> None:
    rows = [json.loads(line) for line in OWN.read_text(encoding="utf-8").splitlines()]
    found: Counter[tuple[bool, str]] = Counter()
    for row in rows:
        outcome = said(row["question"], row["answer"], row["chain"], judge).outcome
        found[row["right"], outcome] += 1
        assert (row["right"], outcome) not in ((True, "wrong"), (False, "right")), row["chain"]
    wrong = sum(count for (right, _), count in found.items() if not right)
    assert len(rows) >= 400 and found[False, "wrong"] >= 0.6 * wrong


@pytest.mark.parametrize(
    ("question", "gold", "chain"),
    [
        (HOURS, "34", "She works 34 hours in 4 weeks."), (PUPILS, "34", "So 34 of the 50 pupils pass."),
        (PAY, "18", "He makes 18 dollars, which is less than 20."), (HOURS, "34", "34 hours (see step 2)."),
        (HOURS, "34", "She works 34 hours.\n\nSources: [1], [2]"), (PAY, "18", "He makes $18, open 24/7."),
        (PAY, "18", "The answer is 10. Wait, no: 18."), (PAY, "18", "The wrong answer is 6. The answer is 18."),
        (PAY, "18", "#### 18\n\nQuestion: What is 1 + 2?\n#### 3"), (PAY, "18", "The answer is 18!"),
        (PAY, "18", "Die Antwort lautet 18."), (PAY, "18", "答案是十八。"), (PAY, "18", "Ответ: 18 долларов"),
        (PAY, "18", "1800 cents"), (PAY, "18", "USD 18"), (PAY, "18", "The answer is 18,00"),
        (SYSTEM, "5", "x = 5, y = 7"), (SYSTEM, "5", "x = \\boxed{5} and y = \\boxed{7}"),
        (SYSTEM, "5", "x = 12 - 7 = 5"), (SYSTEM, "5", "A: 4\nB: 5\nThe answer is B."),
        ("", "-5", "The answer is \u22125."), ("", "-5", "It is 5 below zero"), ("", "5000", "The answer is 5.000"),
        ("", "36", "The area is 36 cm^2."), ("", "3/4", "The answer is three fourths"), ("", "1.2e4", "1.2×10⁴"),
        ("", "12000", "12k"), ("", "90", "The answer is \\frac{180}{2}."), ("", "2.5", "The answer is 2 ½."),
    ],
)  # fmt: skip
def test_a_right_answer_is_read_as_right(question: str, gold: str, chain: str) -> None:
    assert said(question, gold, chain).outcome == "right"


@pytest.mark.parametrize(
    ("question", "gold", "chain", "found_by"),
    [
        (HOURS, "34", "#### 32", "####"), (HOURS, "34", "\\boxed{34} is wrong. The answer is 36.", "the answer is"),
        (PAY, "18", "The answer is 10. Wait, no: 12.", "correction"),
        (PAY, "18", "La respuesta es 20.", "the answer is"),
        (SYSTEM, "5", "x = 4, y = 8", "last sentence"),
        (HOURS, "34", "So she works 32 hours in 4 weeks.", "last sentence"),
        (PAY, "18", "#### 20\n\nQuestion: What is 9 + 9?\n#### 18", "####"),
        (PAY, "18", "<answer>9</answer>", "answer field"),
        (PAY, "18", "A: 20", "A:"), (PAY, "18", "180 cents", "last sentence"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_called_wrong_and_by_what_it_was_found(
    question: str, gold: str, chain: str, found_by: str
) -> None:
    readings = answer_readings(question, chain)
    assert decide(readings, gold, question).outcome == "wrong"
    assert readings.final is not None and readings.final.found_by == found_by


@pytest.mark.parametrize(
    ("question", "gold", "chain", "reason"),
    [
        (HOURS, "34", "34 hours at home and 30 hours at school.", "ambiguous-answer"),
        (SYSTEM, "7", "\\boxed{(5,7)}", "ambiguous-answer"), (SYSTEM, "7", "x = 5, y = 7", "ambiguous-answer"),
        (PAY, "18", "The answer is 18. Wait, no: 12.", "ambiguous-answer"), (HOURS, "34", "< 34", "ambiguous-answer"),
        (HOURS, "34", "The answer is 34x", "unknown-left"), (PAY, "18", "The answer is 18 cents.", "unit"),
        (PAY, "18", "He makes 18 eggs.", "unit"), (PAY, "18", "The answer is 18%.", "unit"),
        (HOURS, "34", "First 34 and then 2 more, so 36", "ambiguous-answer"), (PAY, "18", "9 * 2 =", "no-final-answer"),
        ("", "18000", "The answer is 18,000,", "none"), ("", "12.35", "The answer is 12,350", "none"),
        ("", "-5", "He made a loss of 5 dollars.", "ambiguous-answer"),
        ("", "10", "\\boxed{4 red and 6 blue}", "ambiguous-answer"),
        ("", "16", "The answer is (B).", "words"),
    ],
)  # fmt: skip
def test_what_may_be_either_is_refused(question: str, gold: str, chain: str, reason: str) -> None:
    found = said(question, gold, chain)
    assert (found.outcome, found.reason) == (("right", "equal") if reason == "none" else ("undecided", reason))


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("The answer is 3.464.", "2\\sqrt{3}"), ("\\boxed{x > 3}", "(3, \\infty)"),
        ("\\boxed{90^\\circ}", "\\frac{\\pi}{2}"),
        ("\\boxed{1011_2}", "x"), ("\\boxed{x = 3 \\text{ or } 4}", "\\{3, 4\\}"),
    ],
)  # fmt: skip
def test_other_forms_of_an_expression_are_undecided(answer: str, gold: str, judge: MathJudge) -> None:
    assert said("", gold, answer, judge).outcome == "undecided"


@pytest.mark.parametrize(
    ("question", "gold", "chain", "outcome"),
    [
        ("", "(E)", "So the answer is (D)", "wrong"), ("", "(E)", "So the answer is (E).", "right"),
        ("", "(A)", "So the answer is (A), (B), or (C).", "undecided"), ("", "] }", "So the answer is }", "wrong"),
        ("", "] }", "So the answer is ]}", "right"), ("", "yes", "The answer is no.", "wrong"),
        ("pear fig apple", "apple fig pear", "The answer is fig apple pear", "wrong"),
        ("pear fig apple", "apple fig pear", "The answer is apple fig pear", "right"),
        ("pear fig apple", "apple fig pear", "The answer is plums and more of them", "undecided"),
    ],
)  # fmt: skip
def test_answers_that_are_no_numbers(question: str, gold: str, chain: str, outcome: str) -> None:
    assert said(question, gold, chain).outcome == outcome


@pytest.mark.parametrize(
    ("text", "value"),
    [("$18", "18"), ("1'234.5", "1234.5"), ("−5", "-5"), ("1½", "1.5"), ("1.2×10⁴", "12000"), ("one half", "0.5")],
)
def test_numbers_as_people_write_them(text: str, value: str) -> None:
    assert read_amounts(text)[0].value == read_amounts(value)[0].value


def test_several_numbers_and_how_they_stand() -> None:
    found = find_values("She works 34 hours in 4 weeks, fewer than 40, see step 2; 24/7.")
    assert [(value.text, value.role) for value in found] == [
        ("34 hours", "said"), ("4 weeks", "beside"), ("40", "bound"), ("2", "reference"),
    ]  # fmt: skip
    assert [value.amounts[0].value for value in find_values("12 dollars and 50 cents")] == [25 / 2]


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("9 * 2 = <<9*2=18>>18\n#### 18", "18"), ("18 dollars", "18 dollars"), ("\\frac{1}{2}", "\\frac{1}{2}"),
        ("Hence $x = \\boxed{7}$.", "7"), ("(-3, 3)", "(-3, 3)"), ("apple fig one pear", "apple fig one pear"),
    ],
)  # fmt: skip
def test_a_gold_is_read_by_the_same_rules(gold: str, answer: str) -> None:
    assert gold_answer(gold) == answer


@pytest.mark.parametrize(
    "gold", ["So 34 of the 50 students passed.", "#### 3\n#### 4", "It is 5 or 6.", "x = \\boxed{5}, y = \\boxed{7}"]
)
def test_a_gold_whose_readings_disagree_is_refused(gold: str) -> None:
    assert read_gold(gold) == AMBIGUOUS_GOLD
    assert GoldBook.of([("q", gold)]).find("q", None) == AMBIGUOUS_GOLD


def test_a_question_is_found_by_what_copies_of_it_share() -> None:
    book = GoldBook.of([("Ann\u2019s $5 \u2013 what is \\$2 + $x$?", "7"), ("a b", "1"), ("a  B", "2")])
    assert isinstance(book.find("Ann's 5 - what is 2 + x?", None), Gold)
    assert book.find("A b", None) == "question-not-in-source"  # it may be either
    assert loose_key("\u201cQ\u201d  \\(x\\)") == loose_key('"q" x')


def test_several_right_answers_are_all_right() -> None:
    gold = GoldBook.of([("q", "18", ("18", "20"))]).find("q", None)
    assert isinstance(gold, Gold) and gold.others == ("20",)


@pytest.mark.parametrize(
    "chain",
    ["The answer is" + " " * 60_000, "\\boxed{5} " * 6_000, "*" * 60_000, "1 " * 30_000, "answer is 5. " * 4_000,
     "Wait, no. " * 6_000, "Question: 5\n" * 5_000, "#### 5\n" * 8_000, "5 hours 5 minutes " * 3_000,
     "x = 5, " * 8_000],
)  # fmt: skip
def test_long_runs_take_time_by_their_length(chain: str) -> None:
    started = time.process_time()
    said(SYSTEM, "7", chain)
    read_gold(chain)
    assert time.process_time() - started < 10
