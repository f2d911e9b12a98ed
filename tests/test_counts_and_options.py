"""Numbers that are too large, options that are empty, and options that nothing reads."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from samples import part

import negbank
from negbank.cli import COMMANDS, cli, run
from negbank.errors import SourceError
from negbank.registry import Registry

LARGE = (2**31, 2**32, 2**63, 2**64, 10**30)


def options() -> list[tuple[str, click.Option]]:
    """Every option of every command."""
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in COMMANDS}
    return [(name, o) for name, c in found.items() if c for o in c.params if isinstance(o, click.Option)]


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "q.jsonl"
    rows = [{"question": f"Which is number {i}?", "answer": f"n{i}", "choices": [f"n{i}", f"m{i}"]} for i in range(12)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.mark.parametrize("count", LARGE)
@pytest.mark.parametrize(
    ("command", "option"),
    [
        pytest.param(n, o, id=f"{n} {o.opts[0]}")
        for n, o in options()
        if isinstance(o.type, click.IntRange) and o.name != "seed"
    ],
)
def test_a_count_that_is_too_large_is_wrong_usage(
    command: str, option: click.Option, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "x", option.opts[0], str(count)]) == 2
    assert "is not in the range" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--expand", "2147483647"], ["--tier", "irrelevant", "--per-question", "2147483647"],
              ["--seed", str(10**30)]]
)  # fmt: skip
def test_more_than_there_is_gives_all_there_is(words: list[str], source: str) -> None:
    assert run(["mine", source, *words, "--dataset", "x"]) == 0
    for size in ("-n", "--sample"):
        assert run(["show", "x", size, "2147483647"]) == 0
    assert negbank.show("x", rows=10**30).rows.height == negbank.show("x", sample=10**30).rows.height


@pytest.mark.parametrize("count", [*LARGE, -1])
def test_settings_refuse_a_count_that_means_nothing(count: int) -> None:
    for name in ("per_question", "expand"):
        with pytest.raises(SourceError, match=name):
            negbank.MineSettings(**{name: count})


def test_more_candidates_than_fit_into_memory_are_refused(
    source: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("negbank.mining.draw.MAX_CANDIDATES", 100)
    assert run(["mine", source, "--tier", "irrelevant", "--per-question", "20"]) == 1
    assert "would draw 144 candidates, more than 100" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "option"),
    [pytest.param(n, o, id=f"{n} {o.opts[0]}") for n, o in options()
     if not o.is_flag and o.nargs == 1 and o.name != "message"],
)  # fmt: skip
def test_an_option_that_is_empty_is_wrong_usage(
    command: str, option: click.Option, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "x", option.opts[0], ""]) == 2
    assert option.opts[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["add", "FILE", "--dataset", "x", "--split", "train"], "does not take --split"),
        (["add", "FILE", "--dataset", "x", "--source", "demo", "--split", "nosuch"], "does not take --split"),
        (["label", "FILE", "--question-column", "question", "--answer-column", "question"], "named twice"),
        (["label", "FILE", "--answer-column", "answer", "--negative-column", "answer"], "named twice"),
        (["mine", "FILE", "--context-column", "answer", "--answer-column", "answer"], "named twice"),
        (
            ["mine", "FILE", "--answer-column", "answer", "--answer-column", "Answer"],
            "named twice by --answer-column; name it once",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: list[str], message: str, source: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Registry(tmp_path / "registry").commit("arc", [part()], "", "")
    assert run([source if word == "FILE" else word for word in words]) == 1
    assert message in capsys.readouterr().err
    assert [summary.dataset for summary in negbank.ls()] == ["arc"]
