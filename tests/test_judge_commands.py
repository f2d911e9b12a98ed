"""`--judge` in mine, add and label: what it refuses, what rows and versions keep, and what happens if it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from judge_models import tiny_judge
from openai_server import OpenAIServer

import negbank
from negbank.cli import run
from negbank.registry import Registry

pytestmark = pytest.mark.model

ROWS = [
    {"question": "Who sails to Vinland?", "answer": "a crew of Norse settlers", "negative": "people led by Leif"},
    {"question": "Who sails to Vinland?", "answer": "a crew of Norse settlers", "negative": "monks from Spain"},
    {"question": "How many legs has a spider?", "answer": "8", "negative": "6"},
]


def examiner(body: dict[str, Any]) -> str:
    """Takes whoever Leif leads for a right answer, and would take any number for one."""
    said = body["messages"][0]["content"].partition("Student's answer: ")[2].partition("\n")[0]
    return "yes" if "Leif" in said or said.strip().isdigit() else "no"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(examiner) as running:
        yield running


@pytest.fixture
def flagged(tmp_path: Path) -> str:
    path = tmp_path / "flagged.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return str(path)


def test_a_judge_refuses_what_no_rule_decides_and_its_word_stands_in_the_row(
    server: OpenAIServer, flagged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["add", flagged, "--dataset", "mine", "--judge", server.url, "--judge-model", "tester"]
    assert run([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["refusals"] == [{"tier": "near-miss", "reason": "judged-right", "count": 1}]
    version = Registry().resolve("mine")
    rows = {row["negative"]: row for row in Registry().read(version).iter_rows(named=True)}
    assert rows["monks from Spain"]["judge_verdict"] == "wrong"
    # a rule tells 6 from 8, so the judge is not asked: it would have said yes
    assert rows["6"]["judge_verdict"] is None and len(server.requests) == 2
    judge = version.manifest.parts[0].mined["judge"]
    assert (judge["rows"], judge["right"], judge["removed_share"]) == (2, 1, 0.5)


def test_what_was_judged_before_the_server_went_away_is_kept(server: OpenAIServer, flagged: str) -> None:
    server.modes = ["ok", "html", "html", "html", "html", "html", "html"]
    settings = negbank.JudgeSettings(model="tester", workers=1)
    result = negbank.add(flagged, "mine", negbank.AddSettings(judge=server.url, judging=settings))
    assert any("these stay in" in notice for notice in result.notices)
    assert result.version.manifest.parts[0].mined["judge"]["unjudged"]
    asked = len(server.requests)
    server.modes = ["ok"]
    negbank.add(flagged, "again", negbank.AddSettings(judge=server.url, judging=settings))
    assert len(server.requests) == asked + 1


def test_a_refused_candidate_makes_room_for_the_next(tmp_path: Path) -> None:
    asked = [
        ("Which rock forms from lava?", "basalt"), ("Which rock forms from mud?", "shale"),
        ("Which metal rusts?", "iron"), ("Which gas do plants take in?", "carbon dioxide"),
        ("What pulls things down?", "gravity"), ("What carries blood to the heart?", "veins"),
    ]  # fmt: skip
    source = tmp_path / "rocks.jsonl"
    source.write_text("\n".join(json.dumps({"question": q, "answer": a}) for q, a in asked))
    told = {(f"{asked[0][0]} {asked[0][1]}", f"{asked[0][0]} {text}"): int(text == "veins") for _, text in asked[1:]}
    judge = tiny_judge(tmp_path / "judge", told)
    settings = negbank.MineSettings(judge=str(judge), per_question=5)
    result = negbank.mine(str(source), ["irrelevant"], settings)
    rows = Registry().read(result.version)
    first = rows.filter(rows["question"] == asked[0][0])
    assert "veins" not in first["negative"].to_list() and first["judge_verdict"].to_list() == ["wrong"] * first.height
    assert ("irrelevant", "judged-right") in {(tier, reason) for tier, reason, _ in result.refusals}


def test_label_keeps_the_verdicts_in_its_rows(server: OpenAIServer, flagged: str) -> None:
    settings = negbank.JudgeSettings(model="tester", workers=1)
    result = negbank.label(flagged, negbank.LabelSettings(judge=server.url, judging=settings))
    assert result.rows["judge_verdict"].to_list() == ["wrong", None]
    assert [(reason, count) for _, reason, count in result.refusals] == [("judged-right", 1)]


def test_options_of_the_judge_that_have_no_effect_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mine", "demo", "--judge-threshold", "0.7"]) == 2
    assert "only applies with --judge" in capsys.readouterr().err
