"""One verdict over all right answers: pairs written by hand, laws, and hostile input in bounded time."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.guards.decide import decide
from negbank.guards.decision import RULES, Decision

PAIRS = [json.loads(line) for line in (Path(__file__).parent / "data/word_pairs.jsonl").read_text().splitlines()]
REFUSES = {
    "yes-no": 0.97, "alias": 0.85, "containment": 0.95, "negation": 0.97, "several": 0.85, "paraphrase": 0.7,
    "case": 0.8,
}  # fmt: skip
KEEPS = dict.fromkeys(REFUSES, 0.97)


def refused(decision: Decision | None) -> bool:
    return decision is not None and decision.verdict in ("same", "ambiguous")


@pytest.mark.parametrize("kind", sorted(REFUSES))
def test_pairs_of_each_kind(kind: str) -> None:
    counts: Counter[tuple[bool, bool]] = Counter()
    for row in PAIRS:
        if row["kind"] == kind:
            got = refused(decide(row["question"], row["answers"], row["candidate"]))
            counts[row["expected"] != "different", got] += 1
    right = counts[True, True] + counts[True, False]
    wrong = counts[False, True] + counts[False, False]
    assert right and counts[True, True] / right >= REFUSES[kind]
    assert wrong and counts[False, False] / wrong >= KEEPS[kind]


@pytest.mark.parametrize(
    ("question", "answers", "candidate", "verdict", "rule"),
    [
        ("What is the capital of Australia?", ["Canberra"], "canberra.", "same", "text"),
        ("What is the capital of Australia?", ["Canberra"], "Sydney, not Canberra", "different", "containment"),
        ("Is it round?", ["Yes"], "It is not.", "different", "yes-no"),
        ("Who was it?", ["Franklin D. Roosevelt"], "FDR", "same", "alias"),
        ("What does it do?", ["It boils."], "It does not boil.", "different", "negation"),
        ("Which colour?", ["red", "blue"], "Blue", "same", "text"),
        ("Who founded it?", ["Larry Page", "Sergey Brin"], "Sergey Brin and Larry Page", "same", "containment"),
        ("Which is spelled correctly?", ["receive"], "recieve", "different", "text"),
    ],
)  # fmt: skip
def test_verdict_and_rule(question: str, answers: list[str], candidate: str, verdict: str, rule: str) -> None:
    assert decide(question, answers, candidate) == Decision(verdict, rule)  # type: ignore[arg-type]


def test_different_only_where_it_is_so_beside_every_answer() -> None:
    assert decide("Which country?", ["France", "a long walk home"], "Germany") is None
    assert decide("Which country?", ["France", "Spain"], "Germany") == Decision("different", "alias")


def test_no_rule_speaks_of_unlike_texts() -> None:
    assert decide("Why did it fall?", ["gravity pulled it down"], "the wind was strong") is None


def test_blank_answers_are_passed_over() -> None:
    assert decide("Why?", ["", "  "], "x") is None
    assert decide("Why?", ["", "rain"], "Rain.") == Decision("same", "text")


WORDS = st.sampled_from(
    "the not no a dog cat bites is taller than yes or and Canberra Rome , never 5 km from to".split()
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=9).map(" ".join))
QUESTIONS = st.sampled_from(
    ["Is it so?", "Who was it?", "Which is spelled correctly?", "What is the capital of Australia?", "Why?", ""]
)


@settings(max_examples=200, deadline=None)
@given(QUESTIONS, TEXTS)
def test_an_answer_is_the_same_as_itself(question: str, text: str) -> None:
    if any(character.isalnum() for character in text):
        decision = decide(question, [text], text)
        assert decision is not None and decision.verdict == "same"


@settings(max_examples=200, deadline=None)
@given(QUESTIONS, st.lists(TEXTS, min_size=1, max_size=4), TEXTS, st.randoms())
def test_the_order_of_the_answers_does_not_matter(
    question: str, answers: list[str], candidate: str, random: Random
) -> None:
    decision = decide(question, answers, candidate)
    shuffled = list(answers)
    random.shuffle(shuffled)
    assert decide(question, shuffled, candidate) == decision
    assert decision is None or decision.rule in RULES


@pytest.mark.parametrize(
    "piece",
    ["not ", "a, ", "yes ", "¬<", "from x to ", "the answer is ", "J. ", "((", "isn't ", "и", "是", "or ", "\u0301"],
)  # fmt: skip
def test_hostile_text_takes_little_time(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    started = time.process_time()
    decide(text, [text], text + "x")
    decide("Who?", [text[:1000]], text[:999])
    assert time.process_time() - started < 2.0
