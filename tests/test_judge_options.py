"""The judge's options: what they come to, and which of them mean nothing without another."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import click
import pytest
from click.testing import CliRunner

from negbank.cli.judge_options import judge_options, judge_settings, step_judge_settings
from negbank.judging import JudgeSettings


def run(*words: str, read: Any = judge_settings) -> tuple[dict[str, Any], str]:
    seen: dict[str, Any] = {}

    @click.command()
    @click.option("--other")
    @judge_options
    def command(other: str | None, judge: dict[str, Any]) -> None:
        seen.update(read(judge))

    done = CliRunner().invoke(command, list(words))
    assert done.exit_code in (0, 2), done.output
    return seen, done.output if done.exit_code else ""


def test_no_judge_is_nothing() -> None:
    assert run() == ({}, "") and run("--other", "x") == ({}, "")


def test_a_folder_and_a_server() -> None:
    assert run("--judge", "cross-encoder/nli-deberta-v3-base")[0] == {
        "judge": "cross-encoder/nli-deberta-v3-base", "judging": JudgeSettings(),
    }  # fmt: skip
    found, _ = run("--judge", "http://localhost:8000/v1", "--judge-model", "m", "--judge-threshold", "0.95")
    assert found["judging"] == JudgeSettings("m", threshold=0.95) and found["judging"].testified == 0.95
    assert judge_settings({"judge": "dir"}, device="cpu")["judging"].device == "cpu"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--judge-model", "m"], "--judge-model only applies with --judge"),
        (["--judge-threshold", ".5"], "--judge-threshold only applies with --judge"),
        (["--judge", "https://host/v1"], "needs --judge-model NAME"),
        (["--judge", "folder", "--judge-model", "m"], "give its URL with --judge"),
        (["--judge", "folder", "--judge-threshold", "0"], "0<x<=1"),
        (["--judge", "folder", "--judge-threshold", "nan"], "nan"),
    ],
)
def test_what_means_nothing_is_a_usage_error(words: list[str], said: str) -> None:
    found, output = run(*words)
    assert not found and said in " ".join(output.split())


def test_steps_are_judged_by_a_server() -> None:
    found, _ = run("--judge", "http://h/v1", "--judge-model", "m", read=step_judge_settings)
    assert found == {"judge": "http://h/v1", "judge_model": "m"}
    assert "judged by a server" in run("--judge", "folder", read=step_judge_settings)[1]
    words = ("--judge", "http://h/v1", "--judge-model", "m", "--judge-threshold", "0.6")
    assert "about direct answers" in run(*words, read=step_judge_settings)[1]


def test_the_options_load_nothing_heavy() -> None:
    code = (
        "import sys; import negbank.cli.judge_options\n"
        "heavy = {'torch', 'polars', 'requests', 'transformers'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
