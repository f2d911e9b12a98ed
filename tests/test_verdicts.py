"""Files that say of each answer whether it is right: exports of flagged answers, TRL's `completion` and `label`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from negbank.errors import SourceError
from negbank.sources import Columns, SourceOptions, read_source
from negbank.sources.answer_rows import read_answer_rows

Row = dict[str, Any]
RIGHT = ["gold", "honey", "Venus", "oak", "Perth", "silk"]
WRONG = ["iron", "milk", "Mars", "ash", "Darwin", "wool"]


def questions(*values: tuple[str, list[Any]]) -> list[Row]:
    """Six rows, one question each; every column with its values."""
    return [{"question": f"Which is it, number {i}?", **{n: column[i] for n, column in values}} for i in range(6)]


def written(path: Path, rows: list[Row]) -> str:
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def kept(place: str) -> list[str]:
    found: list[str] = read_source(place).questions["answer"].to_list()
    return found


MIXED = [right if i % 2 == 0 else wrong for i, (right, wrong) in enumerate(zip(RIGHT, WRONG, strict=True))]
"""Right in rows 0, 2, 4."""

SAYINGS: dict[str, tuple[str, list[Any]]] = {
    "true and false": ("is_correct", [True, False] * 3),
    "numbers": ("Is Correct", [1, 0] * 3),
    "yes and no": ("is_right", ["Yes", "no"] * 3),
    "words": ("verdict", ["correct", "incorrect"] * 3),
    "other words": ("status", ["Accepted", "failed"] * 3),
    "thumbs": ("thumbs", ["up", "down"] * 3),
    "signs": ("feedback", ["👍", "👎"] * 3),
    "yes means wrong": ("hallucination", ["no", "yes"] * 3),
    "true means wrong": ("isHallucinated", [False, True] * 3),
}


@pytest.mark.parametrize("kind", [".jsonl", ".csv"])
@pytest.mark.parametrize("saying", SAYINGS)
def test_an_answer_that_is_called_wrong_is_no_right_answer(saying: str, kind: str, tmp_path: Path) -> None:
    place = written(tmp_path / f"x{kind}", questions(("answer", MIXED), SAYINGS[saying]))
    assert kept(place) == RIGHT[::2]


@pytest.mark.parametrize("saying", SAYINGS)
def test_a_verdict_is_about_what_was_answered(saying: str, tmp_path: Path) -> None:
    """Beside a right answer and a model's, it is the model's that is right or wrong."""
    rows = questions(("answer", RIGHT), ("model_answer", [f"the {text}" for text in MIXED]), SAYINGS[saying])
    place = written(tmp_path / "x.jsonl", rows)
    found = read_source(place).questions
    assert found["answer"].to_list() == RIGHT
    assert found["answers"].to_list() == [["gold", "the gold"], None, ["Venus", "the Venus"], None,
                                          ["Perth", "the Perth"], None]  # fmt: skip
    assert found["distractors"].to_list() == [[], ["the milk"], [], ["the ash"], [], ["the wool"]]
    frame = read_answer_rows(place).frame
    assert frame["negative"].to_list() == ["the milk", "the ash", "the wool"]
    assert frame["answer"].to_list() == RIGHT[1::2]


def test_right_and_wrong_answers_of_one_question(tmp_path: Path) -> None:
    """TRL's layout: the label of a completion is true or false, and rows share a prompt."""
    rows = [
        {"prompt": f"Say {i}", "completion": text, "label": good}
        for i, (right, wrong) in enumerate(zip(RIGHT, WRONG, strict=True))
        for text, good in ((right, True), (wrong, False))
    ]
    place = written(tmp_path / "x.jsonl", rows)
    assert kept(place) == RIGHT
    frame = read_answer_rows(place).frame
    assert frame.select("answer", "negative").rows() == list(zip(RIGHT, WRONG, strict=True))


def test_what_is_not_judged_is_left_out(tmp_path: Path) -> None:
    """A blank, or a word that is neither, is no verdict: such an answer is neither right nor wrong."""
    verdicts = ["yes", "no", "", "yes", "partly", "yes"]
    place = written(tmp_path / "x.csv", questions(("answer", RIGHT), ("is_correct", verdicts)))
    data = read_source(place)
    assert data.questions["answer"].to_list() == ["gold", "oak", "silk"]
    assert data.refused["reason"].to_list() == ["no-right-answer", "no-verdict", "no-verdict"]


def test_a_user_who_names_the_answers_does_not_make_wrong_ones_right(tmp_path: Path) -> None:
    place = written(tmp_path / "x.csv", questions(("reply", MIXED), ("verdict", ["right", "wrong"] * 3)))
    with pytest.raises(SourceError, match="--answer-column"):
        read_source(place)
    found = read_source(place, SourceOptions(columns=Columns(answer="reply"))).questions
    assert found["answer"].to_list() == RIGHT[::2]


def test_wrong_answers_that_the_file_calls_right_are_left_out(tmp_path: Path) -> None:
    others = [f"some {text}" for text in MIXED]
    rows = questions(("answer", RIGHT), ("negative", others), ("is_correct", [True, False] * 3))
    place = written(tmp_path / "x.jsonl", rows)
    found = read_answer_rows(place)
    assert [text for text in found.frame["negative"].to_list() if text] == ["some milk", "some ash", "some wool"]
    assert "is_correct calls 3 rows right" in found.understood.warnings[0]


def test_counts_and_flags_by_a_wrong_answers_name_are_none(tmp_path: Path) -> None:
    for column in (("wrong", [3, 1, 0, 2, 5, 1]), ("negative", ["true", "false"] * 3), ("neg", [0.5, 0.25] * 3)):
        place = written(tmp_path / "x.jsonl", questions(("answer", RIGHT), column))
        assert read_source(place).questions["distractors"].to_list() == [[]] * 6
    numbers = written(tmp_path / "y.jsonl", questions(("answer", ["four"] * 6), ("wrong", [5, 6, 7, 8, 9, 10])))
    assert read_answer_rows(numbers).frame["negative"].to_list() == ["5", "6", "7", "8", "9", "10"]


def test_nothing_complete_is_said_with_its_counts(tmp_path: Path) -> None:
    place = written(tmp_path / "x.csv", questions(("response", WRONG), ("is_correct", ["no"] * 6)))
    with pytest.raises(SourceError, match=r"of 6 rows 6 have a question, 0 a right answer and 6 a wrong one"):
        read_answer_rows(place)
