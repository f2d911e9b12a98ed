"""The judge fills what nobody else knows, from one JSON object alone, and asks for nothing twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai_server import OpenAIServer

from negbank.errors import GenerationError
from negbank.generation import Endpoint, Patience, StepJudge
from negbank.generation.judge import question_to_judge, read_step
from negbank.reasoning.chains import Trajectory
from negbank.reasoning.verify import Verdict, verify

PATIENCE = Patience(timeout_s=5, attempts=2, backoff_s=0.01)


def verdicts() -> list[Verdict]:
    chains = [
        Trajectory("How much? {steps}", "He takes half.\nSo he has 3 left.\n#### 3", gold="4"),  # open
        Trajectory("How much?", "2 + 2 = 5\n#### 5", gold="4"),  # arithmetic decides
        Trajectory("How much?", "2 + 2 = 4\n#### 4", gold="4"),  # right
        Trajectory("How many?", "Nothing said", gold="4"),  # refused
        Trajectory("Which?", "a\nb\nc\n#### 9", gold="4", claimed_error_step=1),  # the file decides
        Trajectory("Which one?", "He takes all.\nThat is 8.\n#### 8", gold="4"),  # open
    ]
    return list(verify(chains))


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(lambda body: '{"first_wrong_step": 2}') as running:
        yield running


def judge(server: OpenAIServer, file: Path) -> StepJudge:
    return StepJudge(Endpoint(server.url, PATIENCE), "tester", file, workers=2)


def test_only_what_is_open_is_asked_and_filled(server: OpenAIServer, tmp_path: Path) -> None:
    asker = judge(server, tmp_path / "j.jsonl")
    before = verdicts()
    after = list(asker.fill(before))
    assert [verdict.outcome for verdict in before] == ["wrong", "wrong", "right", "refused", "wrong", "wrong"]
    assert [(v.first_error_step, v.error_source) for v in after] == [
        (1, "judge:tester"), (0, "arithmetic"), (None, None), (None, None), (1, "file"), (1, "judge:tester"),
    ]  # fmt: skip
    assert asker.judgements.outcomes == {"decided": 2} and len(server.requests) == 2
    again = judge(server, tmp_path / "j.jsonl")
    assert list(again.fill(verdicts())) == after and len(server.requests) == 2
    assert again.judgements.outcomes == {"decided": 2}
    other = StepJudge(Endpoint(server.url, PATIENCE), "another", tmp_path / "j.jsonl")
    with pytest.raises(GenerationError, match="'another' does not exist"):
        list(other.fill(verdicts()))  # what one model said is not taken for another's


def test_what_is_asked(server: OpenAIServer) -> None:
    text = question_to_judge(verdicts()[0])
    assert "Problem:\nHow much? {steps}\n" in text and "Right answer: 4\n" in text
    assert "Step 1: He takes half.\nStep 2: So he has 3 left.\n" in text and '{"first_wrong_step": N}' in text


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"first_wrong_step": 1}', (0, "decided")),
        (' {"first_wrong_step": 3, "why": "x"}\n', (2, "decided")),
        ('```json\n{"first_wrong_step": 2}\n```', (1, "decided")),
        ('<think>{"first_wrong_step": 1}</think>\n{"first_wrong_step": 2}', (1, "decided")),
        ('{"first_wrong_step": null}', (None, "answer-names-no-step")),
        ('{"first_wrong_step": true}', (None, "answer-names-no-step")),
        ('{"first_wrong_step": "2"}', (None, "answer-names-no-step")),
        ('{"first_wrong_step": 2.0}', (None, "answer-names-no-step")),
        ('{"first_wrong_step": 0}', (None, "step-out-of-range")),
        ('{"first_wrong_step": 4}', (None, "step-out-of-range")),
        ('{"first_wrong_step": -1}', (None, "step-out-of-range")),
        ('{"step": 1}', (None, "answer-is-no-json")),
        ('The first wrong step is {"first_wrong_step": 2}', (None, "answer-is-no-json")),
        ("Step 2", (None, "answer-is-no-json")),
        ("2", (None, "answer-is-no-json")),
        ("", (None, "answer-is-no-json")),
        ("[" * 100_000, (None, "answer-is-no-json")),
    ],
)
def test_answers_are_taken_strictly(answer: str, expected: tuple[int | None, str]) -> None:
    assert read_step(answer, 3) == expected


def test_an_answer_that_decides_nothing_is_counted(server: OpenAIServer, tmp_path: Path) -> None:
    server.reply = lambda body: (
        "I am not sure" if "Which one" in body["messages"][0]["content"] else '{"first_wrong_step": 7}'
    )
    asker = judge(server, tmp_path / "j.jsonl")
    assert list(asker.fill(verdicts())) == verdicts()
    assert asker.judgements.outcomes == {"step-out-of-range": 1, "answer-is-no-json": 1}


def test_a_chain_that_is_too_long_is_counted_and_the_others_go_on(server: OpenAIServer, tmp_path: Path) -> None:
    server.modes = ["too-long", "ok"]
    asker = StepJudge(Endpoint(server.url, PATIENCE), "tester", tmp_path / "j.jsonl", workers=1)
    before = verdicts()
    after = list(asker.fill(before))
    assert after[:5] == [before[0], *list(judge(server, tmp_path / "other.jsonl").fill(before))[1:5]]
    assert (after[5].first_error_step, after[5].error_source) == (1, "judge:tester")
    assert asker.judgements.outcomes == {"chain-too-long": 1, "decided": 1}
    assert len((tmp_path / "j.jsonl").read_text().splitlines()) == 1
    asked = len(server.requests)
    again = judge(server, tmp_path / "j.jsonl")  # the server may be another by then
    first, *_ = again.fill(before)
    assert first.first_error_step == 1 and len(server.requests) == asked + 1


def test_what_was_said_before_a_failure_is_kept(server: OpenAIServer, tmp_path: Path) -> None:
    server.modes = ["ok", "html", "ok"]
    asker = StepJudge(Endpoint(server.url, PATIENCE), "tester", tmp_path / "j.jsonl", workers=1)
    with pytest.raises(GenerationError, match="something else"):
        list(asker.fill(verdicts()))
    kept: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "j.jsonl").read_text().splitlines()]
    assert [line["answer"] for line in kept] == ['{"first_wrong_step": 2}']
    done = list(asker.fill(verdicts()))
    assert done[5].first_error_step == 1 and len(server.requests) == 3
