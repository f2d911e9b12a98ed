"""A judge behind a URL: its word, its log-probabilities, and what becomes of the rows when it fails."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openai_server import OpenAIServer

from negbank.errors import GenerationError, JudgeError
from negbank.generation import Patience
from negbank.judging import TO_JUDGE, Item, Judged, JudgeSettings, VerdictCache, about, joined, judge_rows, load_judge
from negbank.judging.server import PROMPT, prompt_of, read_verdict

PATIENCE = Patience(timeout_s=5, attempts=2, backoff_s=0.01)


def examiner(body: dict[str, Any]) -> str:
    """Says yes where the student's answer names the capital."""
    said = body["messages"][0]["content"].partition("Student's answer: ")[2].partition("\n")[0]
    return "yes" if "Canberra" in said else "no"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(examiner) as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> VerdictCache:
    return VerdictCache(tmp_path / "verdicts")


def rows(
    *negatives: str, testified: bool = False, context: str | None = None, answers: tuple[str, ...] = ()
) -> pl.DataFrame:
    given = [
        {
            "question": "What is the capital of Australia?", "context": context, "answer": "Canberra",
            "answers": list(answers) or None, "negative": negative, "testified": testified,
        }
        for negative in negatives
    ]  # fmt: skip
    return pl.DataFrame(given, schema=TO_JUDGE)


def settings(**given: Any) -> JudgeSettings:
    return JudgeSettings(**{"model": "tester", "workers": 1, "patience": PATIENCE, **given})


def ask(server: OpenAIServer, given: pl.DataFrame, cache: VerdictCache, **changed: Any) -> Judged:
    return judge_rows(given, load_judge(server.url, settings(**changed)), cache)


def verdicts(judged: Judged) -> list[str | None]:
    return judged.rows["judge_verdict"].to_list()


CITIES = tuple(f"Sydney, district {n}" for n in range(30))


def test_a_word_is_a_verdict_and_is_paid_for_once(server: OpenAIServer, cache: VerdictCache) -> None:
    given = rows("It is Canberra.", "Sydney", "Melbourne", "Sydney")
    judged = ask(server, given, cache)
    assert verdicts(judged) == ["right", "wrong", "wrong", "wrong"]
    assert judged.rows["judge_probability"].to_list() == [1.0, 0.0, 0.0, 0.0]
    assert len(server.requests) == judged.asked == 3 and judged.notices() == ()
    again = ask(server, given, cache)
    assert again.rows.equals(judged.rows) and len(server.requests) == 3 and again.kept == 3
    assert about(again) == about(judged)


def test_what_is_asked(server: OpenAIServer, cache: VerdictCache) -> None:
    ask(server, rows("Sydney {question}", context="A long text.", answers=("Canberra", "the ACT")), cache)
    (body,) = server.requests
    text = body["messages"][0]["content"]
    assert text.startswith("You mark an exam.") and "Text: A long text.\n\nQuestion: What is the capital" in text
    assert "any of these\n- Canberra\n- the ACT\n" in text and "Student's answer: Sydney {question}\n" in text
    assert body["temperature"] == 0 and body["model"] == "tester" and body["logprobs"] is True
    assert "Text:" not in prompt_of(Item("Why?", None, ("so",), "no"))


def test_the_record_names_server_model_and_prompt(server: OpenAIServer, cache: VerdictCache) -> None:
    found = about(ask(server, rows("Sydney", "It's Canberra"), cache))
    assert found["endpoint"] == server.url and found["model"] == "tester" and found["prompt"] == PROMPT
    assert (found["rows"], found["right"], found["removed_share"]) == (2, 1, 0.5)
    json.dumps(found)


def test_rounds_add_up(server: OpenAIServer, cache: VerdictCache) -> None:
    server.modes = ["ok", "ok", "ok", "500"]
    first, second = ask(server, rows("Sydney", "It's Canberra"), cache), ask(server, rows("Perth", "Hobart"), cache)
    whole = joined(first, second)
    found = about(whole)
    assert (found["rows"], found["right"], found["wrong"], found["unjudged"]) == (4, 1, 2, {"judge-stopped": 1})
    assert whole.asked == 3 and whole.stopped == second.stopped and len(whole.notices()) == 1
    assert found["removed_share"] == 0.3333  # of those that were judged
    assert about(joined(first)) == about(first)


def test_another_model_and_another_server_are_asked_anew(server: OpenAIServer, cache: VerdictCache) -> None:
    ask(server, rows("Sydney"), cache)
    with OpenAIServer(lambda body: "yes", model="other") as second:
        assert verdicts(ask(second, rows("Sydney"), cache, model="other")) == ["right"]
        second.model = "tester"
        assert verdicts(ask(second, rows("Sydney"), cache)) == ["right"]
    assert verdicts(ask(server, rows("Sydney"), cache)) == ["wrong"] and len(server.requests) == 1


def test_a_files_word_needs_nine_tenths(server: OpenAIServer, cache: VerdictCache) -> None:
    server.logprobs = lambda body: tokens(("yes", 0.7), ("no", 0.3))
    judged = ask(server, pl.concat([rows("Canberra city"), rows("Canberra city", testified=True)]), cache)
    assert verdicts(judged) == ["right", "wrong"] and len(server.requests) == 1
    assert judged.rows["judge_probability"].to_list() == pytest.approx([0.7, 0.7])


def test_nonsense_is_counted_and_soon_given_up(server: OpenAIServer, cache: VerdictCache) -> None:
    server.reply = lambda body: "As a language model,\nI \x1b[31mlove cities"
    judged = ask(server, rows(*CITIES), cache)
    assert verdicts(judged) == [None] * 30 and len(server.requests) <= 21
    assert judged.unjudged["no-verdict"] >= 20 and judged.unjudged.total() == 30
    first = judged.notices()[0]
    assert "20 times in a row" in first and "As a language model, I [31mlove cities" in first and "again" in first
    assert about(judged)["removed_share"] is None and about(judged)["unjudged"]["no-verdict"] >= 20
    server.reply = examiner  # it comes to its senses: all are asked, as no nonsense was kept
    mended = ask(server, rows(*CITIES), cache)
    assert verdicts(mended) == ["wrong"] * 30 and mended.kept == 0


def test_a_little_nonsense_stops_nothing(server: OpenAIServer, cache: VerdictCache) -> None:
    server.reply = lambda body: "Well, yes and no" if "district 7" in body["messages"][0]["content"] else examiner(body)
    judged = ask(server, rows(*CITIES), cache, workers=4)
    assert judged.unjudged == {"no-verdict": 1} and verdicts(judged)[7] is None and judged.stopped is None
    assert verdicts(judged).count("wrong") == 29
    assert "Not judged, and left in: 1 candidate (no-verdict" in judged.notices()[0]


@pytest.mark.parametrize("death", ["500", "close", "cut", "401", "html"])
def test_a_judge_that_goes_away_leaves_what_it_said(server: OpenAIServer, cache: VerdictCache, death: str) -> None:
    server.modes = ["ok"] * 12 + [death]
    judged = ask(server, rows(*CITIES), cache)
    assert verdicts(judged) == ["wrong"] * 12 + [None] * 18
    assert judged.unjudged == {"judge-stopped": 18} and about(judged)["unjudged"] == {"judge-stopped": 18}
    (notice,) = judged.notices()
    assert "verdicts kept: 12 candidates" in notice and "Not judged: 18" in notice and "same command again" in notice
    server.modes = ["ok"]
    before = len(server.requests)
    after = ask(server, rows(*CITIES), cache)
    assert verdicts(after) == ["wrong"] * 30 and len(server.requests) == before + 18


def test_a_server_that_is_gone_is_no_error_once_something_is_kept(server: OpenAIServer, cache: VerdictCache) -> None:
    with OpenAIServer(examiner) as short:
        url = short.url
        ask(short, rows("Sydney", "Canberra"), cache)
    judge = load_judge(url, settings())
    judged = judge_rows(rows("Sydney", "Perth", "Canberra"), judge, cache)
    assert verdicts(judged) == ["wrong", None, "right"] and "is the server running" in judged.notices()[0]
    with pytest.raises(GenerationError, match="is the server running"):
        judge_rows(rows("Hobart"), judge, cache)  # nothing at all was judged: no version is made of that


def test_wrong_keys_models_and_addresses_are_told_at_once(
    server: OpenAIServer, cache: VerdictCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "secret"
    with pytest.raises(GenerationError, match=r"asks for a key.*NEGBANK_API_KEY"):
        ask(server, rows("Sydney"), cache)
    monkeypatch.setenv("NEGBANK_API_KEY", "secret")
    judged = ask(server, rows("Sydney"), cache)
    assert verdicts(judged) == ["wrong"] and "secret" not in json.dumps(about(judged))
    with pytest.raises(GenerationError, match="does not exist"):
        ask(server, rows("Sydney"), cache, model="unknown")
    with pytest.raises(JudgeError, match="--judge-model NAME"):
        load_judge(server.url)
    with pytest.raises(GenerationError, match="no password"):
        load_judge("http://me:secret@localhost/v1", settings())
    assert len(server.requests) == 3


def test_a_slow_judge_is_waited_for_and_then_left(server: OpenAIServer, cache: VerdictCache) -> None:
    server.modes = ["ok", "slow", "ok", "drip"]
    patience = Patience(timeout_s=1.5, timeouts=2, attempts=2, backoff_s=0.01)
    judged = ask(server, rows("Sydney", "Canberra", "Perth"), cache, patience=patience)
    assert verdicts(judged) == ["wrong", "right", None]
    assert "no answer within 1.5 s" in judged.notices()[0]


def test_a_text_too_long_for_the_server_stays_unjudged(server: OpenAIServer, cache: VerdictCache) -> None:
    server.modes = ["ok", "too-long", "ok"]
    judged = ask(server, rows("Sydney", "Perth", "Hobart"), cache)
    assert verdicts(judged) == ["wrong", None, "wrong"] and judged.unjudged == {"too-long": 1}


def test_a_server_without_logprobs_is_asked_without(server: OpenAIServer, cache: VerdictCache) -> None:
    server.modes = ["no-logprobs"]
    judged = ask(server, rows("Sydney", "Canberra!", "Perth"), cache)
    assert verdicts(judged) == ["wrong", "right", "wrong"]
    assert ["logprobs" in body for body in server.requests] == [True, False, False, False]


def test_several_at_once(server: OpenAIServer, cache: VerdictCache) -> None:
    judged = ask(server, rows(*CITIES, "Canberra"), cache, workers=6)
    assert verdicts(judged) == ["wrong"] * 30 + ["right"] and 1 < server.most_at_once <= 6


def test_verdicts_survive_a_kill_and_another_process(server: OpenAIServer, tmp_path: Path) -> None:
    code = (
        "import os, sys, time, polars as pl\n"
        "from pathlib import Path\n"
        "from negbank.judging import TO_JUDGE, JudgeSettings, VerdictCache, judge_rows, load_judge\n"
        "def die(stage, done, total):\n"
        "    if done == 25: os.kill(os.getpid(), 9)\n"
        "    time.sleep(0.1)\n"
        "rows = pl.read_json(sys.argv[2]).cast(dict(TO_JUDGE))\n"
        "judge_rows(rows, load_judge(sys.argv[1], JudgeSettings('tester')), VerdictCache(Path(sys.argv[3])), die)\n"
    )
    rows(*CITIES).write_json(tmp_path / "rows.json")
    words = [sys.executable, "-c", code, server.url, str(tmp_path / "rows.json"), str(tmp_path / "cache")]
    running = [subprocess.Popen(words, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(120) for process in running] == [-9, -9]
    before = len(server.requests)
    after = ask(server, rows(*CITIES), VerdictCache(tmp_path / "cache"))
    assert 9 <= after.kept < 30 and verdicts(after) == ["wrong"] * 30  # ten a second, kept once a second
    assert len(server.requests) == before + 30 - after.kept


def tokens(*likeliest: tuple[str, float], before: tuple[str, ...] = ()) -> dict[str, Any]:
    """Log-probabilities as OpenAI's servers give them; the first of `likeliest` was chosen."""
    top = [{"token": token, "logprob": math.log(share), "bytes": None} for token, share in likeliest]
    said = [{"token": text, "logprob": 0.0, "top_logprobs": []} for text in before]
    return {"content": [*said, {**top[0], "top_logprobs": top}]}


def completion(content: Any, logprobs: Any = None) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}, "logprobs": logprobs}]}


@pytest.mark.parametrize(
    ("content", "logprobs", "expected"),
    [
        ("yes", None, 1.0),
        ("No.", None, 0.0),
        (" **Yes**\n", None, 1.0),
        ("“no”", None, 0.0),
        ("<think>yes yes\nno</think>\n\nyes", None, 1.0),
        ("yes", tokens(("yes", 0.8), ("no", 0.2)), 0.8),
        ("Yes", tokens(("Yes", 0.5), ("no", 0.2), (" yes", 0.1), ("maybe", 0.2)), 0.75),  # (.5 + .1) / .8
        ("no", tokens(("no", 0.9), ("No", 0.05), ("yes", 0.05)), 0.05),
        ("yes.", {"content": [*tokens(("yes", 0.6), ("no", 0.4))["content"], {"token": ".", "logprob": 0.0}]}, 0.6),
        ("no", {"content": [{"token": "no", "logprob": math.log(0.7), "top_logprobs": []}]}, 0.3),
        ("yes", {"content": [{"token": "yes", "logprob": math.log(0.7)}]}, 0.7),
        ("<think>no</think>yes", tokens(("yes", 0.9), ("no", 0.1), before=("<think>", "no", "</think>")), 0.9),
        # what a server says of its tokens may be anything: then the word counts
        ("yes", {"content": [{"token": "ye", "logprob": -0.1}, {"token": "s", "logprob": -0.1}]}, 1.0),
        ("yes", {"content": [{"token": "yes", "logprob": float("nan"), "top_logprobs": []}]}, 1.0),
        ("yes", {"content": [{"token": "yes", "logprob": 3.0, "top_logprobs": None}]}, 1.0),
        ("yes", {"content": "yes"}, 1.0),
        ("no", ["?"], 0.0),
        ("no", {"content": [None, 3, {"token": 5}]}, 0.0),
        # no verdict
        ("yes and no", None, None),
        ("The answer is yes", None, None),
        ("", None, None),
        (None, None, None),
        (["yes"], None, None),
        ("<think>yes", None, None),
        ("1", None, None),
        ("true", None, None),
        ("nope", None, None),
    ],
)
def test_reading_a_verdict(content: Any, logprobs: Any, expected: float | None) -> None:
    found = read_verdict(completion(content, logprobs))
    assert found is None if expected is None else found == pytest.approx(expected)


@pytest.mark.parametrize(
    "answer", [{}, {"choices": []}, {"choices": None}, {"choices": [3]}, {"choices": [{"message": "yes"}]}]
)
def test_what_is_no_completion_is_no_verdict(answer: dict[str, Any]) -> None:
    assert read_verdict(answer) is None


@pytest.mark.parametrize("mode", ["empty", "no-message", "null-content"])
def test_empty_answers_are_counted(server: OpenAIServer, cache: VerdictCache, mode: str) -> None:
    server.modes = ["ok", mode, "ok"]
    judged = ask(server, rows("Sydney", "Perth", "Hobart"), cache)
    assert verdicts(judged) == ["wrong", None, "wrong"] and judged.unjudged == {"no-verdict": 1}


def test_progress_counts_what_is_kept(server: OpenAIServer, cache: VerdictCache) -> None:
    seen: list[tuple[str, int, int]] = []
    report: Callable[[str, int, int], None] = lambda *given: seen.append(given)  # noqa: E731
    ask(server, rows("Sydney"), cache)
    judge_rows(rows("Sydney", "Perth"), load_judge(server.url, settings()), cache, report)
    assert seen == [("judge", 1, 2), ("judge", 2, 2)]
