"""Every refusal is listed, whichever of the records it stands in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from samples import part

import negbank
from negbank.cards.refusals import Refusal, refusals, refusals_text
from negbank.cli import run
from negbank.registry import Registry

SOURCE = {"source": "arc", "revision": "r1", "refused_questions": {"one-choice-only": 2}}
NOTE = {"source": "flagged.jsonl", "questions_of": "arc", "refused_rows": {"empty": 3}, "refused": {"duplicate": 1}}
OLD_NOTE = {"source": "old.jsonl", "questions_of": None, "refused": {"empty": 4, "paraphrase": 1}}


def test_questions_and_rows_count_once_and_candidates_by_tier() -> None:
    parts: list[tuple[str, dict[str, Any]]] = [
        ("near-miss", {**SOURCE, "refused": {"paraphrase": 5}, "added": [NOTE, OLD_NOTE]}),
        ("irrelevant", {**SOURCE, "refused": {"paraphrase": 7, "duplicate": 1}, "added": [NOTE, OLD_NOTE]}),
        ("erroneous-cot", {"source": "gsm8k", "revision": "r2", "refused_questions": {"one-choice-only": 1},
                           "refused": {"no-final-answer": 9}}),
    ]  # fmt: skip
    assert [(r.of, r.reason, r.count) for r in refusals(parts)] == [
        ("question", "one-choice-only", 3),
        ("row", "empty", 7),
        ("row", "paraphrase", 1),
        ("near-miss", "paraphrase", 5),
        ("near-miss", "duplicate", 1),
        ("irrelevant", "paraphrase", 7),
        ("irrelevant", "duplicate", 2),
        ("erroneous-cot", "no-final-answer", 9),
    ]
    text = refusals_text(refusals(parts))
    assert text.startswith("question: one-choice-only 3; row: empty 7, paraphrase 1; near-miss: paraphrase 5")


def test_a_reason_says_what_it_means() -> None:
    assert Refusal("near-miss", "empty", 1).meaning == "the text is blank"
    assert Refusal("erroneous-cot", "duplicate-chain", 1).meaning.startswith("the question has this chain")
    assert Refusal("question", "answer-not-among-choices", 1).meaning == "answer not among choices"


@pytest.mark.parametrize("odd", [None, 7, "x", [1], {"a": "b"}, {"a": -1}, {"a": True}])
def test_records_of_another_form_are_not_believed(odd: Any) -> None:
    names = ("refused", "refused_rows", "refused_questions", "added", "source", "revision")
    assert refusals([("near-miss", dict.fromkeys(names, odd)), ("near-miss", {"added": [odd, {"refused": odd}]})]) == ()


def test_checkout_export_and_show_list_them_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mined = {**SOURCE, "refused": {"empty": 5}, "added": [NOTE]}
    Registry().commit("arc", [part(**mined)], "", "")
    listed = [
        {"of": "question", "reason": "one-choice-only", "count": 2},
        {"of": "row", "reason": "empty", "count": 3},
        {"of": "near-miss", "reason": "empty", "count": 5},
        {"of": "near-miss", "reason": "duplicate", "count": 1},
    ]
    commands = (
        ["checkout", "arc", str(tmp_path / "out")],
        ["export", "arc", "-o", str(tmp_path / "out.jsonl"), "--force"],
    )
    for words in (*commands, ["show", "arc", "--refused"]):
        assert run([*words, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["refusals"] == listed
    for words in ([*commands[0], "--force"], commands[1]):
        assert run(words) == 0
        said = "question: one-choice-only 2; row: empty 3; near-miss: empty 5, duplicate 1"
        assert f"Refused while it was made: {said}." in capsys.readouterr().out
    assert run(["show", "arc", "--refused"]) == 0
    out = capsys.readouterr().out
    assert [out.count(word) for word in ("one-choice-only", "empty", "duplicate", "wrong  ")] == [1, 2, 1, 0]
    assert "| questions of the source | `one-choice-only` | one choice only | 2 |" in negbank.card("arc").text


def test_that_nothing_is_recorded_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Registry().commit("arc", [part()], "", "")
    assert run(["show", "arc", "--refused"]) == 0
    assert "Nothing was refused, or how many were refused is not recorded." in capsys.readouterr().out
