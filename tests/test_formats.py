"""Files of every format, whole and broken: read as they are, or refused with the place and what would help."""

from __future__ import annotations

import bz2
import gzip
import io
import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from negbank.errors import MalformedFileError, SourceError
from negbank.sources import SourceOptions, read_source, streams
from negbank.sources.file import FileData, read_table
from negbank.sources.places import read_records

RECORDS = [
    {"question": "What is H2O?", "answer": "water", "n": 1},
    {"question": 'Who said "no,\nnever"?', "answer": "a man,\nand a wife", "n": 22},
    {"question": "Où est-ce?", "answer": "à côté", "n": 333},
]
LINES = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in RECORDS).encode()
ARRAY = json.dumps(RECORDS, indent=2, ensure_ascii=False).encode()
OBJECT = json.dumps({"version": 1, "rows": RECORDS}).encode()
CSV = (
    'question,answer,n\nWhat is H2O?,water,1\n"Who said ""no,\nnever""?","a man,\nand a wife",22\n'
    "Où est-ce?,à côté,333\n"
)
TSV = (
    'question\tanswer\tn\nWhat is H2O?\twater\t1\n"Who said ""no,\nnever""?"\t"a man,\nand a wife"\t22\n'
    "Où est-ce?\tà côté\t333\n"
)


def arrow(stream: bool) -> bytes:
    table, out = pa.Table.from_pylist(RECORDS), io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    pl.DataFrame(RECORDS).write_parquet(out)
    return out.getvalue()


FILES = {
    "a.jsonl": LINES, "a.ndjson": LINES, "lines.json": LINES, "array.json": ARRAY, "object.json": OBJECT,
    "a.csv": CSV.encode(), "a.tsv": TSV.encode(), "a.parquet": parquet(), "file.arrow": arrow(False),
    "stream.arrow": arrow(True), "MARK.JSONL": b"\xef\xbb\xbf" + LINES, "mark.csv": b"\xef\xbb\xbf" + CSV.encode(),
    "semicolon.csv": CSV.replace(",n\n", ";n\n").replace("question,", "question;").replace("?,water,1", "?;water;1")
    .replace('""?","a man,\nand a wife",22', '""?";"a man,\nand a wife";22').replace("?,à côté,333", "?;à côté;333")
    .encode(),
}  # fmt: skip
PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True)}


def questions(place: str, **options: object) -> list[tuple[str, str]]:
    found = read_source(place, SourceOptions(**options)).questions  # type: ignore[arg-type]
    return [*found.select("question", "answer").iter_rows()]


EXPECTED = [(str(record["question"]), str(record["answer"])) for record in RECORDS]


@pytest.mark.parametrize("pack", ["", *PACK])
@pytest.mark.parametrize("name", FILES)
def test_every_format_plain_and_compressed(name: str, pack: str, tmp_path: Path) -> None:
    place = tmp_path / f"{name}{pack}"
    place.write_bytes(PACK[pack](FILES[name]) if pack else FILES[name])
    assert questions(str(place)) == EXPECTED


def test_standard_input_is_lines_or_an_array(monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (LINES, ARRAY, b"\n" + LINES):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert questions("-") == EXPECTED


def test_a_folder_and_a_glob(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / ".negbank").mkdir(parents=True)
    (folder / ".negbank" / "version.json").write_text("{}")
    (folder / "README.md").write_text("# nothing to read")
    (folder / "a.jsonl").write_bytes(LINES.splitlines(keepends=True)[0])
    (folder / "sub").mkdir()
    (folder / "sub" / "b.csv").write_text("question,answer\nq2?,two words\n")
    assert questions(str(folder)) == [EXPECTED[0], ("q2?", "two words")]
    assert questions(f"{folder}/**/*.csv") == [("q2?", "two words")]
    records = read_records(str(folder))
    assert (records.name, records.files) == ("set", 2)
    assert [Path(records.where(row)).name for row in range(2)] == ["a.jsonl:1", "b.csv:2"]


def test_rows_know_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    (tmp_path / "a.json").write_bytes(ARRAY)
    lines = [read_records(str(tmp_path / "a.csv")).where(row).rpartition(":")[2] for row in range(3)]
    assert lines == ["2", "3", "6"]
    lines = [read_records(str(tmp_path / "a.json")).where(row).rpartition(":")[2] for row in range(3)]
    assert lines == ["2", "7", "12"]


BROKEN = {
    "empty.json": (b"", "the file is empty"),
    "blank.csv": (b"\n\n", "the file is empty"),
    "header.csv": (b"question,answer\n", "the file is empty"),
    "none.json": (b"[]", "the file is empty"),
    "twice.jsonl": (b'{"question": "q", "question": "r"}\n', r"twice.jsonl:1: the key 'question' stands twice"),
    "nan.jsonl": (b'{"a": 1}\n{"a": NaN}\n', r"nan.jsonl:2: NaN is no JSON"),
    "nan.json": (b'[\n{"a": 1},\n{"a": Infinity}]', r"nan.json:3: Infinity is no JSON"),
    "twice.json": (b'[\n{"a": 1,\n"a": 2}]', r"twice.json:3: the key 'a' stands twice in one object, at column 1"),
    "half.json": (b'{"rows": [\n{"a": "\\ud800"}]}', r"half.json:2: the field 'rows' holds \\ud800"),
    "comma.json": (b'[{"a": 1}\n, ]', "json:2: not JSON: a comma stands before the closing bracket, at column 1"),
    "gap.json": (b'[{"a": 1}\n {"a": 2}]', "json:2: not JSON: a comma or a closing bracket is missing, at column 2"),
    "cut.json": (b'[{"a": 1},\n{"a": 2}', r"cut.json:2: the array has no end"),
    "cut2.json": (b'[{"a": 1},\n{"a": ', r"cut2.json:2: not JSON"),
    "more.json": (b'[{"a": 1}]\n\n[2]', r"more.json:3: not JSON: something follows"),
    "scalar.json": (b"[1, 2]", r"an object is expected in the array, not a number"),
    "number.json": (b"7", "an array of objects is expected, not a number"),
    "nothing.json": (b'{"a": 1, "b": [1]}', "an object without an array of rows: it has 'a', 'b'"),
    "two.json": (b'{"x": [{"a": 1}], "y": [{"a": 1}]}', r"several arrays of rows \('x', 'y'\)"),
    "array.jsonl": (b"[1]\n", "belongs in a file that ends in .json"),
    "deep.json": (b"[" * 100_000, "not JSON|nested too deeply"),
    "names.csv": (b"question,answer,answer\nq,a,b\n", r"columns with the same name: 'answer'"),
    "ragged.csv": (b'question,answer\n"q\n1",a\nq,a,b\n', r"ragged.csv:4: not a table: 3 values.*2 columns"),
    "short.csv": (b"question,answer\nq\n", r"short.csv:2: not a table: 1 values"),
    "quote.csv": (
        b'question,answer\nq,a\n"q\nr","a\nb\n',
        r"quote.csv:4: not a table: a quote is opened and never closed, at column 4",
    ),
    "after.csv": (b'\n\nquestion,answer\n"q","a"x\n', r"after.csv:4: .* a comma or the end of the row is missing .* 8"),
    "after.tsv": (b'question\tanswer\n"q" \ta\n', r"after.tsv:2: .* a tab or the end of the row is missing .* 4"),
    "head.csv": (b'question,"answer\n', r"head.csv:1: not a table: a quote is opened and never closed, at column 10"),
    "return.csv": (b"question,answer\nq,a\rr,b\n", r"return.csv:2: .* a carriage return .*, at column 4"),
    "latin.csv": (b"question,answer\nq,caf\xe9\n", r"latin.csv:2: not UTF-8 at byte 5.*'é'.*--encoding latin-1"),
    "windows.jsonl": (b'{"question": "\x93q\x94"}\n', r"windows.jsonl:1: not UTF-8.*--encoding cp1252"),
    "utf16.csv": ("question,answer\nq,a\n".encode("utf-16"), "UTF-16, not UTF-8; read it with --encoding utf-16"),
    "utf16.jsonl": ('{"question": "q"}\n'.encode("utf-16-le"), "--encoding utf-16-le"),
    "binary.csv": (b"PK\x03\x04\x00\x00\x08\x00", "no text file"),
    "no.parquet": (b"PAR1 but no more", "not a Parquet file"),
    "no.arrow": (b"ARROW1 but no more", "not a Arrow file|not an Arrow file"),
    "cut.jsonl.gz": (gzip.compress(LINES * 500)[:200], "gzip data is cut off in the middle"),
    "cut.jsonl.bz2": (bz2.compress(LINES * 500)[:100], "bzip2 data is cut off in the middle"),
    "cut.jsonl.zst": (pa.compress(LINES * 500, codec="zstd", asbytes=True)[:100], "zstandard data is cut off"),
    "no.jsonl.gz": (b"not gzip at all", "gzip data is damaged"),
    "no.jsonl.zst": (b"not zstandard at all", "zstandard data is damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_say_what_and_where(name: str, tmp_path: Path) -> None:
    data, message = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(MalformedFileError, match=message) as caught:
        read_records(str(tmp_path / name))
    assert str(caught.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize("name", ["x.parquet", "file.arrow", "stream.arrow"])
@pytest.mark.parametrize("nested", [False, True])
def test_columns_of_one_name_are_named(name: str, nested: bool, tmp_path: Path) -> None:
    names, columns = ["negative", "x", "negative"], [pa.array(["a"]), pa.array(["b"]), pa.array(["c"])]
    table = pa.table(columns, names=names)
    if nested:
        table = pa.table({"rows": pa.array([[]], pa.list_(pa.struct(list(table.schema))))})
    path = tmp_path / name
    if name == "x.parquet":
        pq.write_table(table, path)
    else:
        with (pa.ipc.new_file if name == "file.arrow" else pa.ipc.new_stream)(path, table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(MalformedFileError, match=f"{name}: columns with the same name: 'negative'; rename"):
        read_records(str(path))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "cp1252", "utf-8"])
def test_an_encoding_that_is_named(encoding: str, tmp_path: Path) -> None:
    for name, data in (("a.csv", CSV), ("a.json", ARRAY.decode()), ("a.jsonl", LINES.decode())):
        (tmp_path / name).write_bytes(data.encode(encoding))
        assert questions(str(tmp_path / name), encoding=encoding) == EXPECTED
    with pytest.raises(SourceError, match="no text encoding 'latin-99' is known"):
        questions(str(tmp_path / "a.csv"), encoding="latin-99")


def test_bad_rows_are_skipped_and_counted_where_asked(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINES + b'{"question": \n' + b"[1]\n" + b'{"question": "\xff"}\n')
    data = read_source(str(tmp_path / "a.jsonl"), SourceOptions(on_bad_row="skip"))
    assert isinstance(data, FileData) and data.understood is not None
    assert data.questions.height == 3
    assert data.refused["reason"].to_list() == ["unreadable-row"] * 3
    assert [where.rpartition(":")[2] for where in data.refused["where"]] == ["4", "5", "6"]
    (tmp_path / "a.csv").write_text("question,answer\nq1?,yes\nq2?,a,b\nq3?,no\n")
    assert questions(str(tmp_path / "a.csv"), on_bad_row="skip") == [("q1?", "yes"), ("q3?", "no")]
    (tmp_path / "b.jsonl").write_text("no\nnor\n")
    with pytest.raises(MalformedFileError, match="none of its 2 rows can be read; line 1: not JSON"):
        questions(str(tmp_path / "b.jsonl"), on_bad_row="skip")


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of zeros and a document of gigabytes are refused before they are held."""
    monkeypatch.setattr(streams, "MAX_BYTES", 3_000_000)
    monkeypatch.setattr(streams, "MAX_DOCUMENT", 1_000_000)
    monkeypatch.setattr(streams, "MAX_LINE", 500_000)
    bomb = gzip.compress(LINES * 40_000)
    (tmp_path / "bomb.jsonl.gz").write_bytes(bomb)
    with pytest.raises(MalformedFileError, match="holds more than 3 MB when it is unpacked"):
        read_records(str(tmp_path / "bomb.jsonl.gz"))
    (tmp_path / "big.json").write_bytes(b"[" + b",".join([LINES.splitlines()[0]] * 20_000) + b"]")
    with pytest.raises(MalformedFileError, match="one JSON document of more than 1 MB; convert it to JSON lines"):
        read_records(str(tmp_path / "big.json"))
    lines = json.dumps([RECORDS[0]] * 20_000, indent=0).encode()
    (tmp_path / "lines.json").write_bytes(lines)
    with pytest.raises(MalformedFileError, match="one JSON document of more than 1 MB; convert it to JSON lines"):
        read_records(str(tmp_path / "lines.json"))
    (tmp_path / "plain.jsonl").write_bytes(LINES * 20_000)
    with pytest.raises(MalformedFileError, match="holds more than 3 MB; split it into smaller files"):
        read_records(str(tmp_path / "plain.jsonl"))
    (tmp_path / "line.jsonl").write_bytes(b'{"a": "' + b"x" * 600_000 + b'"}\n')
    with pytest.raises(MalformedFileError, match=r"line.jsonl:1: a line of more than"):
        read_records(str(tmp_path / "line.jsonl"))


def test_a_table_keeps_its_kinds_and_its_texts(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"n": 1, "mixed": 12345678901234567, "big": 99999999999999999999, "x": 1.5, "l": ["a"], "odd": [1]}\n'
        '{"n": 2, "mixed": "a", "big": 1, "x": null, "l": [], "odd": {"k": 2}}\n'
    )
    table = read_table(str(tmp_path / "a.jsonl"))
    assert table["n"].to_list() == [1, 2]
    assert table["mixed"].to_list() == ["12345678901234567", "a"]
    assert table["big"].to_list() == ["99999999999999999999", "1"]
    assert table["x"].to_list() == [1.5, None]
    assert table["l"].to_list() == [["a"], []]
    assert table["odd"].to_list() == ["[1]", '{"k": 2}']


def test_names_that_say_no_format(tmp_path: Path) -> None:
    for name in ("a.xlsx", "a.gz", "a", "a.pkl", "a.txt.gz"):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(SourceError, match="cannot tell its format from its name"):
            read_records(str(tmp_path / name))
    with pytest.raises(SourceError, match="no such file"):
        read_records(str(tmp_path / "b.jsonl"))
