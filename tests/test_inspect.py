"""`inspect`: what a person and a program are told of a file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest

import negbank
from negbank.cli import run
from negbank.errors import SourceError

QUIZ = [
    {"Question": "What do bees make?", "options": ["milk", "honey", "silk"], "label": 2, "passage": "About bees.",
     "x": 1},
    {"Question": "Who wrote Hamlet?", "options": ["Milton", "Marlowe", "Shakespeare"], "label": 3, "passage": "Plays."},
    {"Question": "Which is a metal?", "options": ["iron", "wood", "silk"], "label": 1, "passage": "Stuff."},
    {"Question": "Which is a fruit?", "options": ["oak", "pear", "fir"], "label": 2, "passage": "Plants."},
]  # fmt: skip


@pytest.fixture
def quiz(tmp_path: Path) -> str:
    path = tmp_path / "quiz.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in QUIZ))
    return str(path)


def test_what_a_person_is_told(quiz: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", quiz]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:8] == [
        f"{quiz}: JSON lines, 4 rows",
        "  question  Question",
        "  context   passage",
        "  answer    label  (1-based index: 1 of 4 values equal the number of choices, none is 0)",
        "  choices   options",
        "  Understood: 4 kept, 4 with wrong answers",
        "  Not used: x",
        f"  Example 1, {quiz}:1",
    ]
    assert lines[8:13] == [
        "    context   About bees.",
        "    question  What do bees make?",
        "    right     honey",
        "    wrong     milk",
        "    wrong     silk",
    ]
    assert sum(line.startswith("  Example") for line in lines) == 3


def test_what_a_program_is_told(quiz: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", quiz, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["format"], said["rows"], said["kept"], said["pointing"]) == ("JSON lines", 4, 4, "1-based index")
    assert said["columns"] == {
        "question": ["Question"], "context": ["passage"], "answer": ["label"], "choices": ["options"],
    }  # fmt: skip
    assert said["examples"][1] == {
        "where": f"{quiz}:2", "question": "Who wrote Hamlet?", "context": "Plays.", "answers": ["Shakespeare"],
        "wrong": ["Milton", "Marlowe"],
    }  # fmt: skip
    assert said["left_out"] == [] and said["warnings"] == [] and said["chains"] is None


def test_what_is_left_out_is_counted_with_its_reason_and_place(tmp_path: Path) -> None:
    rows = [*QUIZ * 5, {**QUIZ[0], "Question": ""}, {**QUIZ[0], "Question": "else?", "label": 9}]
    rows = [{**row, "Question": f"{row['Question']} {i}"} if row["Question"] else row for i, row in enumerate(rows)]
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = negbank.inspect(str(path))
    assert result.understood.left_out == (
        ("no-question", 1, f"{path}:21"), ("answer-index-out-of-range", 1, f"{path}:22"),
    )  # fmt: skip
    text = "\n".join(result.lines())
    assert "Left out: 1 x no-question (the question is missing or blank), first" in text


def test_options_are_taken_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    path.write_text("ask,yes,no,about\nwhat?,one;1,two;2,a text\n", encoding="utf-16")
    flags = ["--question-column", "ask", "--answer-column", "yes", "--negative-column", "no", "--context-column",
             "about", "--split-on", ";", "--encoding", "utf-16", "--json"]  # fmt: skip
    assert run(["inspect", str(path), *flags]) == 0
    (example,) = json.loads(capsys.readouterr().out)["examples"]
    assert (example["answers"], example["wrong"], example["context"]) == (["one", "1"], ["two", "2"], "a text")
    assert run(["inspect", str(path), "--answer-base", "2"]) == 2
    assert run(["inspect", str(path)]) == 1
    assert "--encoding utf-16" in capsys.readouterr().err


def test_a_line_break_as_what_stands_between(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    path.write_text('question,correct_answers,incorrect_answers\nwhat?,"one\n1","two\n2"\n')
    assert run(["inspect", str(path)]) == 1
    assert "--split-on '\\n'" in capsys.readouterr().err
    assert run(["inspect", str(path), "--split-on", "\\n", "--json"]) == 0
    (example,) = json.loads(capsys.readouterr().out)["examples"]
    assert (example["answers"], example["wrong"]) == (["one", "1"], ["two", "2"])


def test_nothing_in_a_file_drives_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"question": "red \x1b[31m\u202e?", "answer": "a\rb\x07 c\nd", "wr\x1bong": "x"}) + "\n")
    text = "\n".join(negbank.inspect(str(path)).lines())
    assert not any(character in text for character in "\x1b\u202e\r\x07")
    assert r"red \x1b[31m\u202e?" in text and r"a\rb\x07 c ⏎ d" in text and r"wr\x1bong" in text
    broken = tmp_path / "y.jsonl"
    broken.write_text(json.dumps({"question": "q?", "options": ["a\x1b", "b"], "answer": "c\x1b"}) + "\n")
    with pytest.raises(SourceError) as caught:
        negbank.inspect(str(broken))
    assert "\x1b" not in str(caught.value)


def test_long_texts_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"question": "why? " * 1000, "answer": ["yes", *map(str, range(30))]}) + "\n")
    lines = negbank.inspect(str(path)).lines()
    assert max(map(len, lines)) < 300
    assert any("(5,000 characters)" in line or "(4,999 characters)" in line for line in lines)
    assert "    ... and 19 more" in lines


def test_standard_input_and_places_that_are_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'[{"question": "q?", "answer": "two words"}]')))
    assert run(["inspect", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kept"] == 1
    assert run(["inspect", "arc"]) == 1
    assert "is a source by name" in capsys.readouterr().err
    assert run(["inspect", "missing.jsonl"]) == 1


def test_a_dataset_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mirror" / "me" / "quiz"
    folder.mkdir(parents=True)
    pl.DataFrame([{k: v for k, v in row.items() if k != "x"} for row in QUIZ]).write_parquet(folder / "train.parquet")
    monkeypatch.setenv("NEGBANK_HUB_MIRROR", str(tmp_path / "mirror"))
    understood = negbank.inspect("hf:me/quiz").understood
    assert (understood.kept, understood.pointing) == (4, "1-based index")
    assert understood.examples[0].where == "me/quiz train row 1"
