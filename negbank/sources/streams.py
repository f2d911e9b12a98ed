"""The bytes and the text of one file, unpacked and bounded, and the rows that are read from it."""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import os
import sys
import zlib
from array import array
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, NoReturn

from negbank.errors import MalformedFileError, SourceError

MAX_BYTES: Final = 1_000_000_000
"""Bytes that a file may hold when it is unpacked."""
MAX_DOCUMENT: Final = 256_000_000
"""Bytes of a `.json` that is one document: it is held whole while it is read."""
MAX_LINE: Final = 64_000_000

Row = dict[str, Any]


ROW_BYTES: Final = 6_000
"""What a row takes while its wrong answers are judged, measured with short texts."""
MANY: Final = 100_000
"""Rows of a file from which on those that repeat another one are counted and not held."""
RECENT: Final = 1024
"""Different rows that are remembered at a time."""
LONG_KEY: Final = 10_000
"""Characters from which on a row is not compared with others."""
SKIP_HINT: Final = " (--on-bad-row skip leaves such rows out)"


def chained(head: Sequence[Any], rest: Iterator[Any]) -> Iterator[Any]:
    """`head`, then what is left of `rest`."""
    yield from head
    yield from rest


class RecentRows:
    """The rows that were read last: an equal one is the same object, so that a file of repeats takes little memory.

    Nobody may change a row.
    """

    def __init__(self, path: str) -> None:
        self._path, self._made = path, 0
        self._rows: dict[Hashable, Row] = {}

    def get(self, key: Hashable, make: Callable[[], Row]) -> Row:
        """The row that was made for an equal `key`, or the one that `make` gives.

        Raises MalformedFileError where more were made than this machine's memory can hold.
        """
        row = self._rows.get(key)
        if row is None:
            row = make()
            self._made += 1
            check_rows(self._path, self._made)
            if len(self._rows) == RECENT:
                self._rows.clear()
            self._rows[key] = row
        return row


@dataclass
class FileRows:
    """The rows of one file, where each stands, and the rows that could not be read."""

    path: str
    format: str
    rows: list[Row] = field(default_factory=list)
    numbers: array[int] = field(default_factory=lambda: array("q"))
    """The line of each row, or its number where the format has no lines."""
    bad: list[tuple[int, str]] = field(default_factory=list)
    """Line and problem of each row that was skipped."""
    in_lines: bool = True
    notes: dict[str, str] = field(default_factory=dict)
    """What was changed of the values, a sentence a column."""

    def add(self, row: Row, number: int) -> None:
        """Keep a row."""
        self.rows.append(row)
        self.numbers.append(number)

    def where(self, row: int) -> str:
        """File and line of a row."""
        return f"{self.path}:{self.numbers[row]}" if self.in_lines else f"{self.path} row {self.numbers[row]}"


@dataclass(frozen=True)
class Reading:
    """How a file is to be read: its text encoding (None: UTF-8) and whether rows that cannot be read are skipped."""

    encoding: str | None = None
    skip_bad: bool = False


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
                raise SourceError(f"{self._path}: cannot be read: {getattr(error, 'strerror', error)}") from error
            cut = isinstance(error, EOFError) or "runcated" in str(error)
            problem = "is cut off in the middle" if cut else f"is damaged ({error})"
            raise MalformedFileError(self._path, f"its {self._compression} data {problem}; fetch it again") from error
        self._given += len(data)
        if self._given > MAX_BYTES:
            refuse_size(self._path, " when it is unpacked" if self._compression else "")
        buffer[: len(data)] = data
        return len(data)


def refuse_size(path: str, when: str = "") -> NoReturn:
    """Raise MalformedFileError for a file that is too large to be held."""
    remedy = "convert it to JSON lines (.jsonl) in" if path.lower().endswith(".json") else "split it into"
    raise MalformedFileError(path, f"holds more than {MAX_BYTES // 1_000_000:,} MB{when}; {remedy} smaller files")


@functools.cache
def max_rows() -> int:
    """How many different rows fit into four fifths of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 4 // 5 // ROW_BYTES


def check_rows(path: str, count: int) -> None:
    """Raise MalformedFileError for more different rows than can be held."""
    if count > max_rows():
        raise MalformedFileError(
            path,
            f"holds more than {max_rows():,} different rows, as many as the memory of this machine can hold at "
            f"{ROW_BYTES:,} bytes a row; split it into smaller files",
        )


def drop_repeats(rows: FileRows) -> int:
    """Keep the first of rows that are the same object, in a file of MANY rows of which most are; how many went."""
    if len(rows.rows) < MANY:
        return 0
    first = {id(row): place for place, row in reversed(list(enumerate(rows.rows)))}
    if len(first) > len(rows.rows) // 2:
        return 0
    kept = sorted(first.values())
    repeated = len(rows.rows) - len(kept)
    rows.rows, rows.numbers = [rows.rows[place] for place in kept], array("q", (rows.numbers[p] for p in kept))
    return repeated


def unpacked(raw: BinaryIO, path: str, compression: str | None) -> BinaryIO:
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


def standard_input() -> BinaryIO:
    """Standard input. Raises SourceError where the process was started without."""
    if sys.stdin is None:
        raise SourceError("standard input is closed, so there is nothing to read; name a file, or pipe rows in")
    return sys.stdin.buffer


_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip


TOO_LARGE: Final = (
    "one JSON document of more than {} MB; convert it to JSON lines (.jsonl), which are read a line at a time: "
    "jq -c '.[]' FILE.json > FILE.jsonl"
)


class Text:
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

    def lines(self, document: bool = False) -> Iterator[tuple[int, str | None, str]]:
        """Number, text (None where it cannot be decoded) and problem of each line, with its line break.

        A line of a `document` may be as long as that may be.
        """
        number, limit = 0, MAX_DOCUMENT if document else MAX_LINE
        while True:
            number += 1
            try:
                line = self._stream.readline(limit)
            except UnicodeError as error:
                raise MalformedFileError(self.path, f"it is not {self.encoding}: {error}", number) from error
            if not line:
                return
            if len(line) >= limit and not line.endswith("\n" if self.encoding else b"\n"):
                problem = TOO_LARGE if document else "a line of more than {} MB"
                raise MalformedFileError(self.path, problem.format(f"{limit // 1_000_000:,}"), number)
            if self.encoding:
                text = line.removeprefix("\ufeff") if number == 1 else line
                is_text = _is_unicode(text)
                yield number, text if is_text else None, "" if is_text else f"no text in {self.encoding}: {_HALF}"
                continue
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8"), ""
            except UnicodeDecodeError as error:
                yield number, None, _not_utf8(line, error.start)


_HALF: Final = "half of a surrogate pair"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_utf8(line: bytes, start: int) -> str:
    """What is wrong with a line that is no UTF-8, and how it might be read."""
    byte = line[start]
    name = "cp1252" if 0x80 <= byte < 0xA0 else "latin-1"
    shown = bytes([byte]).decode(name, errors="replace")
    return (
        f"not UTF-8 at byte {start} of the line; as {name} that byte is {shown!r}: if so, read it with --encoding "
        f"{name}, or save the file as UTF-8"
    )
