"""Values that are no texts: refused, or said what became of them, with file, line and column."""

from __future__ import annotations

import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import negbank
from negbank.cli import run
from negbank.errors import NegbankError
from negbank.sources.file import frame_of, read_table

QUESTIONS = [f"What is number {i}?" for i in range(6)]
ANSWERS = [f"alpha {i}" for i in range(6)]
LINE = '{"question": "What is it?", "answer": "alpha", "negative": "beta"}'
DIGITS = "9" * 5000


def written(tmp_path: Path, **columns: Any) -> str:
    """A Parquet file with questions, right answers and other columns."""
    path = tmp_path / "x.parquet"
    pl.DataFrame({"question": QUESTIONS, "answer": ANSWERS, **columns}).write_parquet(path)
    return str(path)


def lines(tmp_path: Path, *rows: str, name: str = "x.jsonl") -> str:
    path = tmp_path / name
    path.write_text("\n".join(rows) + "\n")
    return str(path)


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"question": "NaN?", "answer": "a", "negative": NaN}', "NaN is no JSON, at column 49"),
        ('{"question": "What?", "answer": "a", "negative": [-Infinity]}', "-Infinity is no JSON"),
        ('{"question": "What?", "answer": "a", "answer": "b", "negative": "c"}', "'answer' stands twice"),
        ('{"question": "What?", "answer": "a", "negative": {"x": 1, "x": 2}}', "'x' stands twice"),
        ('{"question": "\\ud800?", "answer": "a", "negative": "c"}', "'question' holds \\ud800, half of a surrogate"),
        ('{"question": "What?", "answer": "a", "negative": ["c\\uDFFF"]}', "'negative' holds \\udfff, half of a"),
        ('{"question": "What?", "answer": "a", "negative": "c", "\\udabc": 1}', "half of a surrogate"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(tmp_path: Path, name: str, line: str, message: str) -> None:
    rows = [LINE, line] if name == "x.jsonl" else [f"[{LINE},", f"{line}]"]
    with pytest.raises(NegbankError) as error:
        negbank.add(lines(tmp_path, *rows, name=name), "x")
    assert f"{name}:2: " in str(error.value)
    assert message.partition(", at column")[0] in str(error.value)
    if name == "x.jsonl":
        assert message in str(error.value)
        settings = negbank.AddSettings(file=negbank.SourceOptions(on_bad_row="skip", allow_skipped=0.6))
        assert negbank.add(str(tmp_path / name), "x", settings).version.rows == 1


def test_whole_surrogate_pairs_are_texts(tmp_path: Path) -> None:
    line = LINE.replace("beta", "\\ud83d\\ude00 grin")
    assert negbank.label(lines(tmp_path, line)).rows["negative"].to_list() == ["\U0001f600 grin"]


@pytest.mark.parametrize("number", [DIGITS, f"-{DIGITS}", f"{DIGITS}.5", "1e99999", f'["{DIGITS}", {DIGITS}1]'])
def test_a_number_of_many_digits_keeps_its_text(tmp_path: Path, number: str) -> None:
    rows = [f'{{"question": "{q}", "answer": "{a}", "negative": [{number}], "extra": {number}}}'
            for q, a in zip(QUESTIONS, ANSWERS, strict=True)]  # fmt: skip
    found = negbank.label(lines(tmp_path, *rows))
    assert number.strip("[]").split(", ")[-1].strip('"') in str(found.rows["negative"].to_list())
    table = read_table(str(tmp_path / "x.jsonl"))
    assert number.strip("[]").split(", ")[-1] in str(table["extra"].to_list())


@pytest.mark.parametrize("kind", [pl.Float32, pl.Float64])
def test_nan_and_infinity_are_no_answers(tmp_path: Path, kind: pl.DataType) -> None:
    numbers = pl.Series([float("nan"), float("inf"), 7.5, -float("inf"), 2.25, 1.5], dtype=kind)
    place = written(tmp_path, negative=numbers, negatives=pl.Series([[n, 1.5] for n in numbers]))
    found = negbank.label(place, negbank.LabelSettings(file=negbank.SourceOptions(
        columns=negbank.Columns(negative=("negative", "negatives")))))  # fmt: skip
    said = {text for row in found.rows["negative"] for text in [str(row)]}
    assert said.isdisjoint({"nan", "inf", "-inf", "NaN"})
    assert any("negative holds NaN or infinity in 3 rows (row 1: NaN)" in line for line in found.understood)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([datetime.datetime(2020, 1, 1 + i) for i in range(6)], "dates or times, read as texts such as '2020-01-01T00"),
        ([datetime.time(1 + i) for i in range(6)], "holds dates or times"),
        ([[[a], ["x", "y"]] for a in ANSWERS], "lists within lists"),
    ],
)
def test_what_became_a_text_is_said(tmp_path: Path, values: list[Any], message: str) -> None:
    found = negbank.label(written(tmp_path, negative=values))
    assert any("Warning: negative holds" in line and message in line for line in found.understood)


def test_decimals_keep_their_digits_and_mixed_kinds_are_said(tmp_path: Path) -> None:
    named = negbank.SourceOptions(columns=negbank.Columns(negative=("negative",)))
    prices = [decimal.Decimal("1.10")] * 6
    found = negbank.label(written(tmp_path, negative=prices), negbank.LabelSettings(file=named))
    assert set(found.rows["negative"]) == {"1.10"} and any("holds decimals" in line for line in found.understood)
    rows = [json.dumps({"question": q, "answer": "alpha", "negative": v})
            for q, v in zip(QUESTIONS, ["x", 1.5, True, ["l"], "y", "z"], strict=True)]  # fmt: skip
    found = negbank.label(lines(tmp_path, *rows))
    (said,) = [line for line in found.understood if "negative mixes" in line]
    assert "texts (first" in said and "numbers (first" in said and "x.jsonl:2" in said


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("answer", [a.encode() for a in ANSWERS]),
        ("question", [q.encode() for q in QUESTIONS]),
        ("negative", [b"x"] * 6),
        ("choices", [[a.encode(), b"x"] for a in ANSWERS]),
        ("negative", [datetime.timedelta(hours=i) for i in range(6)]),
        ("answer", [datetime.timedelta(hours=i) for i in range(6)]),
    ],
)
@pytest.mark.parametrize("command", ["mine", "add", "label"])
def test_bytes_and_durations_are_no_answers(
    tmp_path: Path, command: str, column: str, values: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    place = written(tmp_path, **{"negative": ["x"] * 6, column: values})
    assert run([command, place, *(["--dataset", "x"] if command != "label" else [])]) == 1
    error = capsys.readouterr().err
    assert column in error and "Traceback" not in error
    assert negbank.ls() == []


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_columns_that_no_one_reads_may_hold_anything(tmp_path: Path, suffix: str) -> None:
    place = written(
        tmp_path, negative=[f"wrong {i}" for i in range(6)], raw=[b"\xff"] * 6,
        image=[{"bytes": b"\xff", "path": "a"}] * 6, boxes=[[1, 2]] * 6, about=[{"a": [1]}] * 6,
        wait=[datetime.timedelta(1)] * 6, subject=[b"a"] * 6, id=[[1]] * 6, empty=[None] * 6,
        score=[float("nan")] * 6, when=[datetime.date(2020, 1, 1)] * 6,
    )  # fmt: skip
    out = tmp_path / f"out.{suffix}"
    assert run(["label", place, "-o", str(out)]) == 0
    assert run(["mine", place, "--tier", "irrelevant", "--dataset", "x"]) == 0
    notices = negbank.label(place).notices
    assert any("since they hold bytes: raw, image, subject" in notice for notice in notices)
    assert any("subject holds bytes" in line for line in negbank.label(place).understood)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([{"a": 1}, {"b": 2}], [{"a": 1, "b": None}, {"a": None, "b": 2}]),
        ([[1], [2.5]], [[1.0], [2.5]]),
        ([[True], [2]], ["[true]", "[2]"]),
        ([[["a"]], [[1]]], ['[["a"]]', "[[1]]"]),
        ([[{"a": 1}], [{"a": "t"}]], ['[{"a": 1}]', '[{"a": "t"}]']),
        ([{}, {}], ["{}", "{}"]),
        (["x", [1], None], ["x", "[1]", None]),
        ([2**70, 1], [str(2**70), "1"]),
    ],
)
def test_no_value_is_lost_where_rows_differ(values: list[Any], kept: list[Any], tmp_path: Path) -> None:
    frame = frame_of([{"x": value} for value in values])
    assert frame["x"].to_list() == kept
    frame.write_parquet(tmp_path / "x.parquet")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question,answer,negative\nWhat?,alpha\n", "x.csv:2: not a table: 2 values, and the header has 3 columns"),
        ("question,answer,negative\nWhat?,alpha,b,c\n", "x.csv:2: not a table: 4 values"),
        ('question,answer,negative\nWhat?,"alpha"x,b\n', "x.csv:2: not a table"),
        ("question,answer,negative,negative\nWhat?,alpha,b,c\n", "columns with the same name: 'negative'"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(NegbankError, match=message):
        negbank.add(str(tmp_path / "x.csv"), "x")


@pytest.mark.parametrize("cell", ['["alpha 0", NaN]', '["alpha 0", "\\ud800"]', f'["alpha 0", {DIGITS}]'])
def test_lists_in_cells_are_held_to_the_same(tmp_path: Path, cell: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    pl.DataFrame({"question": QUESTIONS, "answer": ["alpha 0"] * 6, "choices": [cell] * 6}).write_csv(path)
    code = run(["mine", str(path), "--dataset", "x"])
    said = capsys.readouterr()
    assert "Traceback" not in said.err and code in (0, 1)
    if code == 0:
        assert {row["negative"] for row in negbank.show("x", rows=99).rows.to_dicts()} == {DIGITS}


def test_a_question_column_that_mixes_kinds_is_said_with_the_rows(tmp_path: Path) -> None:
    rows = ['{"question": "What?", "answer": "alpha"}', '{"question": 7, "answer": "beta"}']
    with pytest.raises(NegbankError, match=r"question holds a text \(.*x.jsonl:1\) and a number \(.*x.jsonl:2\)"):
        negbank.inspect(lines(tmp_path, *rows))


@pytest.mark.parametrize(("cell", "kind"), [(b"What?", "bytes and no text"), ({"x": 1}, "an object")])
def test_a_named_question_column_without_texts_says_what_it_holds(tmp_path: Path, cell: object, kind: str) -> None:
    path = written(tmp_path, odd=[cell] * len(QUESTIONS))
    settings = negbank.SourceOptions(columns=negbank.Columns(question="odd"))
    with pytest.raises(NegbankError, match=rf"the column odd holds {kind} \(.*row 1\), which asks nothing"):
        negbank.inspect(path, settings)
