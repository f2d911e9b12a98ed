"""`mine --generate`, `--endpoint` and `--judge`: from a model to the rows of a version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from models import tiny_llama
from openai_server import OpenAIServer

import negbank
from negbank.cli import run
from negbank.errors import GenerationError
from negbank.registry import Registry

KEY = "sk-not-to-be-seen-0123456789"
EGGS = "Janet's ducks lay 16 eggs. She eats 3 and bakes 4, and sells the rest at $2. What does she make?"
CLIPS = "Natalia sold 48 clips in April and half as many in May. How many altogether?"


@pytest.fixture(autouse=True)
def problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("NEGBANK_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NEGBANK_CACHE", str(tmp_path / "cache"))
    rows = [
        {"question": EGGS, "answer": "16 - 3 - 4 = <<16-3-4=9>>9 eggs\n9 * 2 = $<<9*2=18>>18\n#### 18"},
        {"question": CLIPS, "answer": "48/2 = <<48/2=24>>24 in May\n48+24 = <<48+24=72>>72 altogether\n#### 72"},
    ]
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(tmp_path / "problems.jsonl")


def solve(body: dict[str, Any]) -> str:
    """Right for the clips, wrong for the eggs, each time in other words."""
    asked = body["messages"][0]["content"]
    if "first_wrong_step" in asked:
        return '{"first_wrong_step": 2}'
    way = f"Way {body['seed'] % 1000} it is.\n"
    return way + ("48 + 24 = 72 clips\n#### 72" if "clips" in asked else "She sells some of them.\n#### 20")


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(solve) as running:
        yield running


def rows_of(version: str) -> pl.DataFrame:
    registry = Registry()
    return registry.read(registry.resolve(version), "erroneous-cot")


def test_chains_of_a_server_become_rows(
    server: OpenAIServer,
    problems: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.key = KEY
    monkeypatch.setenv("NEGBANK_API_KEY", KEY)
    words = ["mine", problems, "--tier", "erroneous-cot", "--endpoint", server.url, "--model", "tester"]
    words += ["--samples", "3", "--temperature", "0.7", "--top-p", "0.9", "--max-tokens", "99", "--seed", "4", "--json"]
    assert run(words) == 0
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert (said["chains"]["read"], said["chains"]["wrong"], said["chains"]["right"]) == (6, 3, 3)
    rows = rows_of(said["version"])
    assert rows["question"].unique().to_list() == [EGGS] and rows["final_answer"].unique().to_list() == ["20"]
    assert rows["generator"].to_list() == ["tester"] * 3 and set(rows["origin"]) == {"model"}
    for provenance in map(json.loads, rows["provenance"]):
        assert (provenance["temperature"], provenance["top_p"], provenance["max_tokens"]) == (0.7, 0.9, 99)
        assert provenance["endpoint"] == server.url and "{question}" in provenance["prompt"]
        assert {"seed", "prompt_sha256", "revision"} <= set(provenance)
    shown = negbank.show(said["version"]).version.manifest.parts[0].mined
    assert shown["chains"][0]["way"] == "generation" and shown["chains"][0]["samples"] == 3 and shown["seed"] == 4
    assert run(words) == 0 and len(server.requests) == 6  # all chains are there
    assert not json.loads(capsys.readouterr().out)["created"]
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 5 and not any(KEY.encode() in content for content in written) and KEY not in out + err


def test_a_question_without_room_and_a_chain_that_was_cut_are_counted(
    server: OpenAIServer, problems: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.modes = ["too-long", "length", "ok"]
    words = ["mine", problems, "--tier", "erroneous-cot", "--endpoint", server.url, "--model", "tester", "--json"]
    assert run(words) == 0
    said = json.loads(capsys.readouterr().out)
    counts = {refusal["reason"]: refusal["count"] for refusal in said["refusals"]}
    assert (said["chains"]["read"], said["chains"]["refused"]) == (8, 2)
    assert counts == {"no-room": 1, "chain-cut": 1}
    server.modes = ["too-long"]
    assert run([*words, "--seed", "1"]) == 1
    out = capsys.readouterr().out
    assert "8 chains read, and none is a wrong chain" in out and "8 no-room" in out


def test_a_server_that_gives_up_half_way_is_gone_on_with(
    server: OpenAIServer, problems: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.modes = ["ok", "ok", "html"]
    words = ["mine", problems, "--tier", "erroneous-cot", "--endpoint", server.url, "--model", "tester", "--json"]
    assert run(words) == 1
    assert "answers with something else" in capsys.readouterr().out  # --json: the error too
    asked = len(server.requests)
    server.modes = ["ok"]
    assert run(words) == 0
    assert len(server.requests) == 8 - 2 + asked and json.loads(capsys.readouterr().out)["chains"]["read"] == 8


def test_chains_of_a_model_here_become_the_same_version_each_time(
    problems: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(tiny_llama(tmp_path / "model"))
    (tmp_path / "prompt.txt").write_text("{question}\nA:")
    words = ["mine", problems, "--tier", "erroneous-cot", "--generate", model, "--samples", "12", "--device", "cpu"]
    words += ["--temperature", "1", "--max-tokens", "80", "--prompt", str(tmp_path / "prompt.txt"), "--json"]
    found = []
    for name in ("a", "b"):
        monkeypatch.setenv("NEGBANK_CACHE", str(tmp_path / name))
        monkeypatch.setenv("NEGBANK_REGISTRY", str(tmp_path / name / "registry"))
        assert run(words) == 0
        found.append(json.loads(capsys.readouterr().out))
        (file,) = (tmp_path / name / "chains").iterdir()
        found[-1]["file"] = file.read_bytes()
        found[-1]["parts"] = Registry().resolve(found[-1]["version"]).manifest.parts
    assert found[0]["parts"] == found[1]["parts"] and found[0]["file"] == found[1]["file"]
    counts = found[0]["chains"]
    cut = sum(not json.loads(line)["provenance"]["finished"] for line in found[0]["file"].splitlines())
    refused = {refusal["reason"]: refusal["count"] for refusal in found[0]["refusals"]}
    assert counts["read"] == 24 and counts["wrong"] >= 1 and refused["chain-cut"] == cut > 0
    rows = rows_of(found[0]["version"])
    weights = {json.loads(provenance)["weights"] for provenance in rows["provenance"]}
    assert len(weights) == 1 and set(rows["generator"]) == {model}


def test_a_judge_fills_what_nobody_knows(
    server: OpenAIServer, problems: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chains = [
        {"question": EGGS, "chain": "She sells nine.\nSo she makes some.\n#### 20"},  # nobody knows
        {"question": EGGS, "chain": "16 - 7 = 8\n#### 8"},  # arithmetic does
        {"question": CLIPS, "chain": "48 + 24 = 72\n#### 72"},
    ]
    (tmp_path / "chains.jsonl").write_text("".join(json.dumps(chain) + "\n" for chain in chains))
    words = ["mine", problems, "--tier", "erroneous-cot", "--trajectories", str(tmp_path / "chains.jsonl")]
    words += ["--judge", server.url, "--judge-model", "tester"]
    assert run([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["chains"]["first_error"] == {"arithmetic": 1, "judge:tester": 1} and len(server.requests) == 1
    rows = rows_of(said["version"]).filter(pl.col("error_source") == "judge:tester")
    assert rows["first_error_step"].to_list() == [1]
    judge = negbank.show(said["version"]).version.manifest.parts[0].mined["judge"]
    assert (judge["model"], judge["endpoint"], judge["outcomes"]) == ("tester", server.url, {"decided": 1})
    assert run(words) == 0 and len(server.requests) == 1
    assert "judge:tester 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--endpoint", "http://h/v1"], "--endpoint URL and --model NAME go together"),
        (["--generate", "m", "--model", "n"], "--endpoint URL and --model NAME go together"),
        (["--perturb", "--judge", "http://h/v1"], "--judge URL needs --judge-model NAME"),
        (["--generate", "m", "--endpoint", "http://h/v1", "--model", "n"], "not by both"),
        (["--perturb", "--samples", "3"], "--samples is about chains by --generate or --endpoint"),
        (["--judge", "http://h/v1", "--judge-model", "n"], "needs chains"),
        (["--generate", "m", "--top-p", "0"], "--top-p"),
        (["--generate", "m", "--temperature", "-1"], "--temperature"),
        (["--generate", "m", "--prompt", "nowhere.txt"], "does not exist"),
    ],
)
def test_options_that_do_not_go_together(
    problems: str, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert run(["mine", problems, "--tier", "erroneous-cot", *words]) == 2
    assert message in capsys.readouterr().err


def test_models_are_about_chains_alone(problems: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mine", problems, "--generate", "m"]) == 2
    assert "add --tier erroneous-cot" in capsys.readouterr().err


def test_what_is_wrong_is_told_before_anything_is_asked(
    problems: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["mine", problems, "--tier", "erroneous-cot"]
    assert run([*words, "--endpoint", f"http://h/v1?key={KEY}", "--model", "n"]) == 1
    err = capsys.readouterr().err
    assert "put it in NEGBANK_API_KEY" in err and KEY not in err
    assert run([*words, "--generate", str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err
    (tmp_path / "prompt.txt").write_text("no place for it")
    assert run([*words, "--generate", "m", "--prompt", str(tmp_path / "prompt.txt")]) == 1
    assert "the prompt holds {question} 0 times" in capsys.readouterr().err
    with pytest.raises(GenerationError, match="not by both"):
        negbank.ModelSettings("m", "http://h/v1", "n")
    with pytest.raises(GenerationError, match="go together"):
        negbank.ModelSettings(judge="http://h/v1")
