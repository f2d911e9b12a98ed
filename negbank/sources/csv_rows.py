"""CSV and TSV -> rows of texts, each with the line that it begins on."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from negbank.decoding import column_of
from negbank.errors import MalformedFileError
from negbank.sources import streams
from negbank.sources.streams import SKIP_HINT, FileRows, Reading, RecentRows, Row, Text, chained

SEPARATORS: Final = {",": "a comma", ";": "a semicolon", "\t": "a tab"}


def read_csv(text: Text, rows: FileRows, separator: str, reading: Reading) -> None:
    """Add the rows of a table to `rows`: every value is a text, an empty one is none.

    A `.csv` whose header has no comma but semicolons or tabs has those between. Raises MalformedFileError with the
    line.
    """
    lines = _Lines(text, rows.path)
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        return
    if separator == "," and "," not in first:
        separator = _other_separator(first, rows)
    csv.field_size_limit(min(streams.MAX_LINE, sys.maxsize))
    reader = csv.reader(chained([first], lines), delimiter=separator, strict=True)
    lines.row = [first]
    names = _header(reader, lines, separator)
    recent = RecentRows(rows.path)
    while True:
        lines.row.clear()
        try:
            values = next(reader, None)
            line, problem = lines.start, _ragged(values, names)
        except csv.Error as error:
            values = []
            line, problem = _damage(error, lines, separator)
        if values is None:
            return
        if problem and not reading.skip_bad:
            raise MalformedFileError(rows.path, problem + SKIP_HINT, line)
        if problem:
            rows.bad.append((line, problem))
        elif values:
            rows.add(recent.get(tuple(values), partial(_row, names, values)), line)


class _Lines(Iterator[str]):
    """The lines of a table as its reader takes them; `row` are those of the row that is being read."""

    def __init__(self, text: Text, path: str) -> None:
        self._lines, self.path, self._last = text.lines(), path, 0
        self.row: list[str] = []

    def __next__(self) -> str:
        """The next line. Raises MalformedFileError for one that cannot be decoded."""
        self._last, line, problem = next(self._lines)
        if line is None:
            raise MalformedFileError(self.path, problem, self._last)
        self.row.append(line)
        return line

    @property
    def start(self) -> int:
        """The line that the row begins on."""
        return self._last - len(self.row) + 1


def _other_separator(header: str, rows: FileRows) -> str:
    """What stands between the columns of a `.csv` without commas in its header; the format says so."""
    separator = next((sign for sign in (";", "\t") if sign in header), ",")
    if separator != ",":
        shown = "tabs" if separator == "\t" else repr(separator)
        rows.format = rows.format.replace("CSV", f"CSV with {shown} between")
    return separator


def _header(reader: Any, lines: _Lines, separator: str) -> list[str]:
    """The names of the columns. Raises MalformedFileError where one stands twice."""
    try:
        names = [name.strip() for name in next(reader)]
    except csv.Error as error:
        line, problem = _damage(error, lines, separator)
        raise MalformedFileError(lines.path, problem, line) from error
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        shown = ", ".join(map(repr, repeated))
        raise MalformedFileError(lines.path, f"columns with the same name: {shown}", lines.start)
    return names


def _row(names: list[str], values: list[str]) -> Row:
    return {name: value if value else None for name, value in zip(names, values, strict=True)}


def _ragged(values: list[str] | None, names: list[str]) -> str:
    """What is wrong with the number of values in a row; nothing is with a blank line."""
    if not values or len(values) == len(names):
        return ""
    return f"not a table: {len(values)} values, and the header has {len(names)} columns"


def _damage(error: csv.Error, lines: _Lines, separator: str) -> tuple[int, str]:
    """The line of what is wrong with the row that was read last, and what it is."""
    if str(error).startswith("field larger than"):
        return lines.start, f"not a table: a value of more than {streams.MAX_LINE:,} characters; is a quote not closed?"
    row = "".join(lines.row)
    place, problem = _misplaced(row, separator)
    line = lines.start + row.count("\n", 0, place)
    return line, f"not a table: {problem}, at column {column_of(row, place)}"


_QUOTED: Final = re.compile(r'"(?:[^"]|"")*+"')


def _misplaced(row: str, separator: str) -> tuple[int, str]:
    """The first sign of a row that no table can have there, and what is wrong with it."""
    ends = ("", "\r", "\n", separator)
    next_end = re.compile(f"[{separator}\r\n]|$")
    place = 0
    while place < len(row):
        if row[place] == '"':
            quoted = _QUOTED.match(row, place)
            if quoted is None:
                return place, "a quote is opened and never closed"
            end = quoted.end()
            if row[end : end + 1] not in ends:
                after = f"{SEPARATORS[separator]} or the end of the row is missing behind a closing quote"
                return end, f'{after} (a quote within a text is written twice: "")'
        else:
            found = next_end.search(row, place)
            end = found.start() if found else len(row)
        if row[end : end + 1] == "\r" and row[end + 1 : end + 2] not in ("", "\n"):
            return end, "a carriage return stands within a row; end each line with a line feed"
        place = end + 1
    return 0, "it cannot be read as a row"
