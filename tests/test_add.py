"""Wrong answers from elsewhere come into a dataset, judged like all others."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import negbank
from negbank.errors import SourceError, UnknownNameError
from negbank.registry import Registry

pytestmark = pytest.mark.model

ROWS = [
    {"question": "What gas do plants take in?", "answer": "carbon dioxide", "negative": "oxygen", "category": "x.y"},
    {"question": "What gas do plants take in?", "answer": "carbon dioxide", "negative": "Carbon dioxide."},
    {"question": "What gas do plants take in?", "answer": "carbon dioxide", "negative": "all of the above"},
    {"question": "How many legs has a spider?", "answer": "eight", "negative": "six"},
    {"question": "How many legs has a spider?", "answer": "eight", "negative": "Six"},
    {"question": "How many legs has a spider?", "answer": "eight", "negative": " "},
]  # fmt: skip


@pytest.fixture
def flagged(tmp_path: Path) -> str:
    path = tmp_path / "flagged.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return str(path)


def test_what_is_wrong_comes_in_and_what_is_right_does_not(flagged: str) -> None:
    result = negbank.add(flagged, "mine")
    rows = Registry().read(result.version)
    assert sorted(rows["negative"]) == ["oxygen", "six"]
    assert set(rows["origin"]) == {"reported"}
    assert rows.filter(pl.col("negative") == "oxygen")["category"].to_list() == [["x.y"]]
    assert {reason: n for _, reason, n in result.refusals} == {
        "empty": 1, "equals-answer": 1, "no-meaning-alone": 1, "duplicate": 1,
    }  # fmt: skip
    assert rows["plausibility"].is_between(0, 1).all() and rows["similarity"].is_between(-1, 1).all()


def test_a_second_time_nothing_changes(flagged: str) -> None:
    first = negbank.add(flagged, "mine")
    again = negbank.add(flagged, "mine")
    assert first.created and not again.created and again.version == first.version


def test_rows_join_what_was_mined_and_keep_its_record(flagged: str) -> None:
    mined = negbank.mine("demo", ["near-miss"])
    result = negbank.add(flagged, "demo", negbank.AddSettings(license="cc-by-4.0", message="reported"))
    assert (str(result.version), result.version.rows) == ("demo@v2", mined.version.rows + 2)
    parts = {part.tier: part for part in result.version.manifest.parts}
    records = [record for part in parts.values() for record in part.mined.get("added", [part.mined])]
    assert any(record["source"] == "flagged.jsonl" and record["license"] == "cc-by-4.0" for record in records)
    assert parts["near-miss"].mined["source"] == "demo"
    assert sum(n for _, change, n in negbank.diff("demo").counts if change == "added") == 2


def test_a_folder_of_files(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / ".hidden").mkdir(parents=True)
    pl.DataFrame(ROWS[:1]).write_parquet(folder / "a.parquet")
    pl.DataFrame(ROWS[3:4]).write_csv(folder / "b.csv")
    (folder / ".hidden" / "c.jsonl").write_text("not json")
    assert negbank.add(str(folder), "mine").version.rows == 2
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no file"):
        negbank.add(str(tmp_path / "empty"), "mine")


def test_bad_input(flagged: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="column 'wrong_one'"):
        negbank.add(
            flagged,
            "mine",
            negbank.AddSettings(negbank.SourceOptions(columns=negbank.Columns(negative=("wrong_one",)))),
        )
    with pytest.raises(negbank.NegbankError, match="cannot name a dataset"):
        negbank.add(flagged, "../mine")
    only_right = tmp_path / "right.jsonl"
    only_right.write_text(json.dumps(ROWS[1]))
    with pytest.raises(SourceError, match="every row was refused \\(1 equals-answer\\)"):
        negbank.add(str(only_right), "mine")
    assert Registry().datasets() == []
