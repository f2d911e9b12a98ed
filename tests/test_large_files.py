"""Small files that unpack to much: read in little memory, or refused with their size and the limit."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import negbank
from negbank.cli import run
from negbank.errors import MalformedFileError

MEASURED = """
import sys
from pathlib import Path
from negbank.cli import run
code = run(sys.argv[1:])
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print("MB", int(peak.split()[1]) // 1024)  # the most that this process held; ru_maxrss counts its parent too
sys.exit(code)
"""
ROW = {"question": "What is the capital of France?", "answer": "Paris", "negative": "Lyon"}
OTHER = {"question": "What is the capital of Spain?", "answer": "Madrid", "negative": "Vigo"}


def repeated(text: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int32)), pa.array([text]))


def write_repeats(path: Path, row: dict[str, str], count: int) -> Path:
    """A Parquet file of one row again and again."""
    table = pa.table({name: repeated(text, count) for name, text in row.items()})
    pq.write_table(table, path, compression="zstd", row_group_size=count, store_schema=False)
    assert path.stat().st_size < 1_000_000
    return path


def measured(*words: str) -> tuple[int, int, str]:
    """The exit code of a command, the megabytes that it took, and what it said."""
    done = subprocess.run([sys.executable, "-c", MEASURED, *words], capture_output=True, text=True, timeout=300)
    return done.returncode, int(done.stdout.rpartition("MB ")[2]), done.stdout + done.stderr


def test_a_million_rows_of_one_text_take_little_memory(tmp_path: Path) -> None:
    path = write_repeats(tmp_path / "x.parquet", ROW, 1_000_000)
    code, taken, said = measured("add", str(path), "--dataset", "x")
    assert code == 0 and "999,999" in said and "x@v1 is new: 1 negative," in said
    assert taken < 1000, f"{taken} MB"
    note = negbank.show("x").version.manifest.parts[0].mined
    assert note["refused_rows"] == {"repeated-row": 999_999}


def test_texts_that_unpack_to_too_much_are_refused_with_size_and_limit(tmp_path: Path) -> None:
    row = {name: text * 200 for name, text in ROW.items()}
    path = write_repeats(tmp_path / "x.parquet", row, 2_000_000)
    code, taken, said = measured("add", str(path), "--dataset", "x")
    assert code == 1 and "unpacks to 15,600 MB, more than 2,000 MB; split it" in said, said
    assert taken < 900, f"{taken} MB"


def test_lists_of_too_many_values_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("negbank.sources.formats.MAX_VALUES", 1000)
    frame = pl.DataFrame({"question": ["What?"], "answer": ["x"], "choices": [["x"] * 1000]})
    frame.write_parquet(tmp_path / "x.parquet")
    with pytest.raises(MalformedFileError, match="holds 1,002 values, more than 1,000"):
        negbank.inspect(str(tmp_path / "x.parquet"))


def files(tmp_path: Path, count: int) -> list[Path]:
    """Two rows in turn, `count` times, in every format."""
    rows = [ROW, OTHER] * count
    frame = pl.DataFrame(rows).with_columns(wrong=pl.concat_list("negative"))
    paths = [tmp_path / f"x.{ending}" for ending in ("parquet", "arrow", "csv", "jsonl", "json", "jsonl.gz")]
    frame.write_parquet(paths[0])
    frame.write_ipc(paths[1])
    frame.drop("wrong").write_csv(paths[2])
    frame.write_ndjson(paths[3])
    paths[4].write_text(json.dumps(rows))
    paths[5].write_bytes(gzip.compress(paths[3].read_bytes()))
    return paths


def test_repeats_of_a_large_file_are_counted_and_give_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, path in enumerate(files(tmp_path, 200)):
        few = negbank.add(str(path), f"few{number}")
        with monkeypatch.context() as patched:
            patched.setattr("negbank.sources.streams.MANY", 100)
            many = negbank.add(str(path), f"many{number}")
            assert negbank.mine(str(path), settings=negbank.MineSettings(dataset=f"m{number}")).questions == 2
            assert negbank.inspect(str(path)).understood.rows == 400
        assert {r[1]: r[2] for r in many.refusals}["repeated-row"] == 398
        assert {r[1]: r[2] for r in few.refusals}["duplicate"] >= 398
        assert few.version.manifest.parts[0].content == many.version.manifest.parts[0].content
        assert many.version.rows == 2 == few.version.rows


def test_more_different_rows_than_memory_can_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = files(tmp_path, 30)
    monkeypatch.setattr("negbank.sources.streams.max_rows", lambda: 50)
    for path in paths:
        assert run(["inspect", str(path)]) == 0, "repeats are held once"
    many = pl.DataFrame([{**ROW, "id": number} for number in range(60)])
    (tmp_path / "many").mkdir()
    for write, name in (("write_parquet", "x.parquet"), ("write_csv", "x.csv"), ("write_ndjson", "x.jsonl")):
        getattr(many, write)(tmp_path / "many" / name)
        assert run(["add", str(tmp_path / "many" / name), "--dataset", "x"]) == 1
        assert "holds more than 50 different rows" in capsys.readouterr().err
        (tmp_path / "many" / name).unlink()
    for number in range(3):
        many[number * 20 : number * 20 + 20].write_csv(tmp_path / "many" / f"{number}.csv")
    assert run(["add", str(tmp_path / "many"), "--dataset", "x"]) == 1
    assert "many: holds more than 50 different rows" in capsys.readouterr().err
    assert negbank.ls() == []
