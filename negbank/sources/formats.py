"""One file -> rows as it has them: JSON, JSON lines, CSV, TSV, Parquet and Arrow, each also compressed.

Values keep their own text: no column is made to hold one kind. Memory is bounded: a file that unpacks to more than it
may is refused with its size.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import polars as pl

from negbank.errors import MalformedFileError, SourceError
from negbank.sources.cells import WrittenNumber

FORMATS: Final = {
    ".json": "JSON", ".jsonl": "JSON lines", ".ndjson": "JSON lines", ".csv": "CSV", ".tsv": "TSV",
    ".parquet": "Parquet", ".arrow": "Arrow", ".feather": "Arrow", ".ipc": "Arrow",
}  # fmt: skip
COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstandard", ".bz2": "bzip2"}
MAX_BYTES: Final = 1_000_000_000
"""Bytes that a file may hold when it is unpacked."""
MAX_DOCUMENT: Final = 256_000_000
"""Bytes of a `.json` that is one document: it is held whole while it is read."""
MAX_LINE: Final = 64_000_000

Row = dict[str, Any]


@dataclass
class FileRows:
    """The rows of one file, where each stands, and the rows that could not be read."""

    path: str
    format: str
    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """The line of each row, or its number where the format has no lines."""
    bad: list[tuple[int, str]] = field(default_factory=list)
    """Line and problem of each row that was skipped."""
    in_lines: bool = True

    def where(self, row: int) -> str:
        """File and line of a row."""
        return f"{self.path}:{self.numbers[row]}" if self.in_lines else f"{self.path} row {self.numbers[row]}"


@dataclass(frozen=True)
class Reading:
    """How a file is to be read: its text encoding (None: UTF-8) and whether rows that cannot be read are skipped."""

    encoding: str | None = None
    skip_bad: bool = False


def format_of(path: Path) -> tuple[str, str | None]:
    """The format and the compression that a file's name says. Raises SourceError where it says none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    ending = suffixes[-2] if compression and len(suffixes) > 1 else suffixes[-1] if suffixes else ""
    if ending not in FORMATS:
        raise SourceError(
            f"{path}: cannot tell its format from its name; it must end in {', '.join(FORMATS)}, "
            f"also with {', '.join(COMPRESSIONS)} behind"
        )
    return FORMATS[ending], compression


def is_readable(path: Path) -> bool:
    """Whether a file's name says a format that is read."""
    try:
        format_of(path)
    except SourceError:
        return False
    return True


def read_file_rows(path: Path, reading: Reading) -> FileRows:
    """The rows of one file. Raises MalformedFileError with the line where it is not what its name says."""
    format, compression = format_of(path)
    try:
        with path.open("rb") as raw:
            stream = _unpacked(raw, str(path), compression)
            rows = FileRows(str(path), f"{format}, {compression}" if compression else format)
            read_stream(stream, rows, format, reading)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
    return rows


def read_stream(stream: BinaryIO, rows: FileRows, format: str, reading: Reading) -> None:
    """Add the rows of a stream of `format` to `rows`. Raises MalformedFileError where it holds none."""
    if format in ("Parquet", "Arrow"):
        _read_columns(stream.read(), rows, format)
    else:
        text = _Text(stream, rows.path, reading.encoding)
        if format in ("CSV", "TSV"):
            _read_csv(text, rows, "\t" if format == "TSV" else ",", reading)
        else:
            _read_json(text, rows, format, reading)
    if not rows.rows:
        raise MalformedFileError(rows.path, _all_bad(rows) if rows.bad else "the file is empty: it has no rows")


def _all_bad(rows: FileRows) -> str:
    line, problem = rows.bad[0]
    return f"none of its {len(rows.bad):,} rows can be read; line {line}: {problem}"


class _Bounded(io.RawIOBase):
    """A stream that counts what it gives, refuses to give more than `limit`, and says what is wrong with its file."""

    def __init__(self, inner: Any, path: str, compression: str | None) -> None:
        self._inner, self._path, self._compression, self._given = inner, path, compression, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next bytes."""
        try:
            data = self._inner.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
            if self._compression is None:
                raise
            cut = isinstance(error, EOFError) or "runcated" in str(error)
            problem = "is cut off in the middle" if cut else f"is damaged ({error})"
            raise MalformedFileError(self._path, f"its {self._compression} data {problem}; fetch it again") from error
        self._given += len(data)
        if self._given > MAX_BYTES:
            unpacked = " when it is unpacked" if self._compression else ""
            raise MalformedFileError(
                self._path, f"holds more than {MAX_BYTES // 1_000_000:,} MB{unpacked}; split it into smaller files"
            )
        buffer[: len(data)] = data
        return len(data)


def _unpacked(raw: BinaryIO, path: str, compression: str | None) -> BinaryIO:
    """The stream behind the compression."""
    inner: Any = raw
    if compression == "gzip":
        inner = gzip.GzipFile(fileobj=raw)
    elif compression == "bzip2":
        inner = bz2.BZ2File(raw)
    elif compression == "zstandard":
        import pyarrow as pa

        inner = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd")
    return io.BufferedReader(_Bounded(inner, path, compression), 1 << 20)


def bounded(raw: BinaryIO, path: str) -> BinaryIO:
    """A stream that refuses to give more than MAX_BYTES, such as standard input."""
    return io.BufferedReader(_Bounded(raw, path, None), 1 << 20)


_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip


class _Text:
    """A stream of text: its lines, or the whole of it, with an error that says which encoding it seems to be in."""

    def __init__(self, stream: BinaryIO, path: str, encoding: str | None) -> None:
        self.path, self.encoding = path, encoding
        head = stream.peek(4096)[:4096] if isinstance(stream, io.BufferedReader) else b""
        if encoding is None:
            self._check(head)
            self._stream: Any = stream
        else:
            try:
                self._stream = io.TextIOWrapper(stream, encoding, newline="\n")
            except LookupError as error:
                raise SourceError(f"no text encoding {encoding!r} is known; try latin-1, cp1252 or utf-16") from error

    def _check(self, head: bytes) -> None:
        """Raise MalformedFileError for what is plainly no UTF-8."""
        for mark, known in _MARKS:
            if head.startswith(mark):
                raise MalformedFileError(
                    self.path, f"it is {known.upper()}, not UTF-8; read it with --encoding {known}"
                )
        if b"\x00" in head:
            name = "utf-16-le" if head[1:2] == b"\x00" else "utf-16-be" if head[:1] == b"\x00" else None
            remedy = f"it looks like UTF-16: read it with --encoding {name}" if name else "it is no text file"
            raise MalformedFileError(self.path, f"it holds zero bytes; {remedy}")

    def lines(self) -> Iterator[tuple[int, str | None, str]]:
        """Number, text (None where it cannot be decoded) and problem of each line, with its line break."""
        number = 0
        while True:
            number += 1
            try:
                line = self._stream.readline(MAX_LINE)
            except UnicodeError as error:
                raise MalformedFileError(self.path, f"it is not {self.encoding}: {error}", number) from error
            if not line:
                return
            if len(line) >= MAX_LINE and not line.endswith("\n" if self.encoding else b"\n"):
                raise MalformedFileError(self.path, f"a line of more than {MAX_LINE // 1_000_000} MB", number)
            if self.encoding:
                yield number, line.removeprefix("\ufeff") if number == 1 else line, ""
                continue
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8"), ""
            except UnicodeDecodeError as error:
                yield number, None, _not_utf8(line, error.start)


def _not_utf8(line: bytes, start: int) -> str:
    """What is wrong with a line that is no UTF-8, and how it might be read."""
    byte = line[start]
    name = "cp1252" if 0x80 <= byte < 0xA0 else "latin-1"
    shown = bytes([byte]).decode(name, errors="replace")
    return (
        f"not UTF-8 at byte {start} of the line; as {name} that byte is {shown!r}: if so, read it with --encoding "
        f"{name}, or save the file as UTF-8"
    )


class _BadJsonError(ValueError):
    """JSON that Python would take and nobody else: a key twice in one object, NaN, Infinity."""


def _pairs(pairs: list[tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise _BadJsonError(f"the key {repeated!r} stands twice in one object")
    return found


def _constant(name: str) -> Any:
    raise _BadJsonError(f"{name} is no JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=WrittenNumber, parse_constant=_constant)


def _problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}"
    if isinstance(error, _BadJsonError):
        return str(error)
    if isinstance(error, RecursionError):
        return "not JSON that can be read: nested too deeply"
    return f"not JSON that can be read: {error}"


def _read_json(text: _Text, rows: FileRows, format: str, reading: Reading) -> None:
    """JSON lines; a `.json` may be one document, or lines all the same."""
    lines = text.lines()
    if format == "JSON lines":
        _read_lines(lines, rows, reading)
        return
    before: list[tuple[int, str | None, str]] = []
    for item in lines:
        before.append(item)
        if item[1] is None or item[1].strip():
            break
    else:
        return
    _, first, problem = before[-1]
    if first is None:
        raise MalformedFileError(rows.path, problem, before[-1][0])
    if first.lstrip().startswith("{") and _is_object(first):
        following = next((item for item in lines if item[1] is None or item[1].strip()), None)
        if following is not None:
            rows.format = rows.format.replace("JSON", "JSON lines")
            _read_lines(_chained([before[-1], following], lines), rows, reading)
            return
        _read_document(first, before[-1][0], rows)
        return
    rest = _whole([first], lines, rows.path)
    _read_document(rest, before[-1][0], rows)


def _chained(head: Sequence[Any], rest: Iterator[Any]) -> Iterator[Any]:
    yield from head
    yield from rest


def _whole(parts: list[str], lines: Iterator[tuple[int, str | None, str]], path: str) -> str:
    size = sum(map(len, parts))
    for number, line, problem in lines:
        if line is None:
            raise MalformedFileError(path, problem, number)
        size += len(line)
        parts.append(line)
        if size > MAX_DOCUMENT:
            break
    if size > MAX_DOCUMENT:
        raise MalformedFileError(
            path,
            f"one JSON document of more than {MAX_DOCUMENT // 1_000_000:,} MB; convert it to JSON lines (.jsonl), "
            "which are read a line at a time: jq -c '.[]' FILE.json > FILE.jsonl",
        )
    return "".join(parts)


def _is_object(line: str) -> bool:
    """Whether a line is one whole object (a broken one counts, if it ends as an object)."""
    try:
        return isinstance(_DECODER.decode(line), dict)
    except _BadJsonError:
        return True
    except (ValueError, RecursionError):
        return False


def _read_lines(lines: Iterator[tuple[int, str | None, str]], rows: FileRows, reading: Reading) -> None:
    decode = _DECODER.decode
    for number, line, problem in lines:
        if line is not None and line.isspace():
            continue
        record: Any = None
        if line is not None:
            try:
                record = decode(line)
                problem = "" if isinstance(record, dict) else _no_object(record)
            except (ValueError, RecursionError) as error:
                problem = _problem(error)
        if not problem:
            rows.rows.append(record)
            rows.numbers.append(number)
        elif reading.skip_bad:
            rows.bad.append((number, problem))
        else:
            raise MalformedFileError(rows.path, problem + ("" if line is None else _SKIP), number)


_SKIP: Final = " (--on-bad-row skip leaves such rows out)"


def _no_object(record: object) -> str:
    hint = "; a JSON array belongs in a file that ends in .json" if isinstance(record, list) else ""
    return f"a JSON object is expected, not {type(record).__name__}{hint}"


def _read_document(text: str, line: int, rows: FileRows) -> None:
    """An array of objects, or an object with one array of objects; each row knows the line that it begins on."""
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "[":
        end = _read_array(text, start, line, rows)
    else:
        document, end = _decode_at(text, start, line, rows.path)
        if not isinstance(document, dict):
            raise MalformedFileError(rows.path, f"an array of objects is expected, not {type(document).__name__}", line)
        _add_rows(_rows_of(document, rows.path), rows)
    if text[end:].strip():
        at = line + text.count("\n", 0, end + len(text[end:]) - len(text[end:].lstrip()))
        raise MalformedFileError(rows.path, "not JSON: something follows the document", at)


def _read_array(text: str, start: int, line: int, rows: FileRows) -> int:
    """Add the elements of the array that begins at `start`; its end."""
    place, counted = start + 1, start
    while True:
        place = _skip_space(text, place)
        if text[place : place + 1] == "]":
            return place + 1
        line += text.count("\n", counted, place)
        counted = place
        value, place = _decode_at(text, place, line, rows.path)
        if not isinstance(value, dict):
            raise MalformedFileError(rows.path, f"an object is expected in the array, not {type(value).__name__}", line)
        rows.rows.append(value)
        rows.numbers.append(line)
        place = _skip_space(text, place)
        if text[place : place + 1] == ",":
            place += 1
        elif text[place : place + 1] != "]":
            at = line + text.count("\n", counted, place)
            problem = (
                "the array has no end: the file is cut off" if place >= len(text) else "not JSON: ',' or ']' expected"
            )
            raise MalformedFileError(rows.path, problem, at)


_SPACE: Final = re.compile(r"[ \t\r\n]*")


def _skip_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _decode_at(text: str, place: int, line: int, path: str) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, place)
    except json.JSONDecodeError as error:
        at = line + text.count("\n", place, error.pos)
        raise MalformedFileError(path, _problem(error), at) from error
    except (ValueError, RecursionError) as error:
        raise MalformedFileError(path, f"{_problem(error)} (in the object that begins here)", line) from error


def _rows_of(document: Row, path: str) -> list[Row]:
    """The one array of rows in an object; SQuAD's own form (data, paragraphs, qas) is unfolded."""
    if any(isinstance(document.get(name), str | dict) for name in ("question", "query", "prompt", "problem")):
        return [document]  # one row, whatever lists it has
    arrays = {
        key: value
        for key, value in document.items()
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    }
    if len(arrays) == 1:
        (found,) = arrays.values()
        return [row for item in found for row in _unfolded(item)]
    if arrays:
        raise MalformedFileError(
            path,
            f"an object with several arrays of rows ({', '.join(map(repr, arrays))}); keep one of them in the file",
        )
    raise MalformedFileError(
        path, f"an object without an array of rows: it has {', '.join(map(repr, list(document)[:8]))}"
    )


def _unfolded(item: Row) -> Iterator[Row]:
    paragraphs = item.get("paragraphs")
    if not isinstance(paragraphs, list):
        yield item
        return
    for paragraph in paragraphs:
        asked = paragraph.get("qas") if isinstance(paragraph, dict) else None
        for question in asked if isinstance(asked, list) else []:
            if isinstance(question, dict):
                yield {"context": paragraph.get("context"), **question}


def _add_rows(found: list[Row], rows: FileRows) -> None:
    rows.rows.extend(found)
    rows.numbers.extend(range(1, len(found) + 1))
    rows.in_lines = False


def _read_csv(text: _Text, rows: FileRows, separator: str, reading: Reading) -> None:
    """CSV as it is written: every value is a text, an empty one is none."""
    reader, names = _csv_header(text, rows, separator)
    if names is None:
        return
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise MalformedFileError(rows.path, f"columns with the same name: {', '.join(map(repr, repeated))}", 1)
    end = 1
    while True:
        start = end + 1
        try:
            values = next(reader, None)
            problem = "" if values is None or len(values) in (0, len(names)) else _ragged(values, names)
        except csv.Error as error:
            values, problem = [], f"not a table: {error}"
        end = reader.line_num
        if values is None:
            return
        if problem and not reading.skip_bad:
            raise MalformedFileError(rows.path, problem + _SKIP, start)
        if problem:
            rows.bad.append((start, problem))
        elif values:
            rows.rows.append({name: value if value else None for name, value in zip(names, values, strict=True)})
            rows.numbers.append(start)


def _csv_header(text: _Text, rows: FileRows, separator: str) -> tuple[Any, list[str] | None]:
    """A reader that stands behind the header, and the names in it. A `.csv` of one column with `;` has that between."""
    raw = (_decoded_line(item, rows.path) for item in text.lines())
    first = next(raw, None)
    while first is not None and not first.strip():
        first = next(raw, None)
    if first is None:
        return None, None
    if separator == "," and "," not in first:
        separator = next((sign for sign in (";", "\t") if sign in first), separator)
        if separator != ",":
            rows.format = rows.format.replace(
                "CSV", f"CSV with {'tabs' if separator == chr(9) else separator!r} between"
            )
    csv.field_size_limit(min(MAX_LINE, sys.maxsize))
    reader = csv.reader(_chained([first], raw), delimiter=separator, strict=True)
    try:
        names = next(reader)
    except csv.Error as error:
        raise MalformedFileError(rows.path, f"not a table: {error}", 1) from error
    return reader, [name.strip() for name in names]


def _decoded_line(item: tuple[int, str | None, str], path: str) -> str:
    number, line, problem = item
    if line is None:
        raise MalformedFileError(path, problem, number)
    return line


def _ragged(values: list[str], names: list[str]) -> str:
    return f"not a table: {len(values)} values, and the header has {len(names)} columns"


def _read_columns(data: bytes, rows: FileRows, format: str) -> None:
    """Parquet, or Arrow as a file or a stream."""
    if not data:
        return
    try:
        frame = _parquet(data, rows.path) if format == "Parquet" else _arrow(data)
        rows.rows = frame_rows(frame)
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException) as error:
        raise MalformedFileError(rows.path, f"not a {format} file: {error}") from error
    rows.numbers = list(range(1, len(rows.rows) + 1))
    rows.in_lines = False


def _parquet(data: bytes, path: str) -> pl.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        about = pq.read_metadata(io.BytesIO(data))
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
    size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if size > 2 * MAX_BYTES:
        raise MalformedFileError(path, f"unpacks to {size // 1_000_000:,} MB; split it into smaller files")
    return pl.read_parquet(io.BytesIO(data))


def _arrow(data: bytes) -> pl.DataFrame:
    if data.startswith(b"ARROW1"):
        return pl.read_ipc(io.BytesIO(data))
    return pl.read_ipc_stream(io.BytesIO(data))


def frame_rows(frame: pl.DataFrame) -> list[Row]:
    """The rows of a frame; a 32-bit number is the text that it prints as, not its neighbour in 64 bits."""
    short = [name for name, kind in frame.schema.items() if kind == pl.Float32]
    return frame.with_columns(pl.col(short).cast(pl.String)).to_dicts()
