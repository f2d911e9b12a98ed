"""Lists and objects that a CSV file holds as texts: JSON, Python's form and NumPy's."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.sources import SourceOptions, read_source
from negbank.sources.encoded import decoded, decoded_texts

CELLS: list[tuple[str, Any]] = [
    ("['a' 'b'\n 'c']", ["a", "b", "c"]),
    ("['a', 'b' 'c']", ["a", "b", "c"]),
    ("""['a\\'s' "b's"]""", ["a's", "b's"]),
    ("['a', None, 'b']", ["a", None, "b"]),
    ("[nan 'x']", [None, "x"]),
    ("{'text': array(['a',\n       'b'], dtype=object), 'label': array(['A', 'B'], dtype='<U1')}",
     {"text": ["a", "b"], "label": ["A", "B"]}),
    ("[array(['a', 'b'], dtype=object), array(['c'], dtype=object)]", [["a", "b"], ["c"]]),
    ("{'A': 'x', 1: True}", {"A": "x", "1": True}),
    ("[]", []), ("{}", {}), ("['a',]", ["a"]), ("['it\\u00e9']", ["it\u00e9"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "cell"), CELLS)
def test_cells(text: str, cell: Any) -> None:
    assert decoded([text]) == [cell]


@pytest.mark.parametrize(
    "text",
    ["['a' ... 'z']", "[x]", "[,]", "['a'", "['a']]", "[__import__('os')]", "{'a' 'b'}", "array(['a'])", "[1.2.3]"],
)
def test_what_is_none(text: str) -> None:
    assert decoded([text]) is None


def test_numbers_keep_their_text() -> None:
    found = decoded(["[007 1.50]"])
    assert found is not None
    assert [number.text for number in found[0]] == ["007", "1.50"]


def test_a_list_of_numbers_may_be_an_answer_as_it_stands() -> None:
    assert decoded_texts(["[1, 2]", "[3]"]) is None
    assert decoded_texts(["['1', '2']", "['3']"]) == [["1", "2"], ["3"]]


@given(st.lists(st.text(), min_size=1))
def test_python_and_json_come_back(texts: list[str]) -> None:
    assert decoded([repr(texts)]) == [texts]
    assert decoded([json.dumps(texts)]) == [texts]


@pytest.mark.parametrize(
    "text",
    ["[" + part * (90_000 // len(part)) + "x]" for part in ("1", "'a' ", "'", " ", "[", "array(", "1.", "\\", "a,")],
)
def test_hostile_texts_take_no_time(text: str) -> None:
    start = time.perf_counter()
    decoded([text])
    assert time.perf_counter() - start < 5


FORMS = {
    "python": str, "json": json.dumps, "numpy": lambda texts: "[" + "\n ".join(map(repr, texts)) + "]",
    "an array": lambda texts: "{'text': array([" + ",\n ".join(map(repr, texts)) + "], dtype=object)}",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", ["answer", "answers", "target"])
def test_right_answers_in_a_csv_file(form: str, column: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question", column])
        for i in range(6):
            writer.writerow([f"q {i}?", FORMS[form]([f"word {i}", f"the word's {i}"])])
    found = read_source(str(path)).questions
    assert found["answers"].to_list() == [[f"word {i}", f"the word's {i}"] for i in range(6)]


@pytest.mark.parametrize("form", FORMS)
def test_choices_in_a_csv_file(form: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question", "choices", "answer"])
        for i in range(6):
            writer.writerow([f"q {i}?", FORMS[form]([f"x {i}", f"y {i}", f"z {i}"]), i % 3])
    found = read_source(str(path)).questions
    assert found["answer"].to_list() == [f"{'xyz'[i % 3]} {i}" for i in range(6)]
    assert found["distractors"].list.len().to_list() == [2] * 6


def test_lists_that_are_meant_as_texts(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("question,answer\nwhat does it print?,\"['a', 'b']\"\nand this?,['c']\n")
    found = read_source(str(path), SourceOptions(answer_form="text")).questions
    assert found["answer"].to_list() == ["['a', 'b']", "['c']"]
