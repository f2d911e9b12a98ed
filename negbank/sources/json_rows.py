"""JSON lines, or a JSON document with one array of objects -> rows, each with the line that it begins on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from negbank.decoding import JsonError, JsonSyntaxError, column_of, decode_json, decode_json_at, kind_of
from negbank.errors import MalformedFileError
from negbank.sources import streams
from negbank.sources.streams import LONG_KEY, SKIP_HINT, FileRows, Reading, RecentRows, Row, Text, chained


def read_json(text: Text, rows: FileRows, format: str, reading: Reading) -> None:
    """JSON lines; a `.json` may be one document, or lines all the same."""
    lines = text.lines(document=format == "JSON")
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
            _read_lines(chained([before[-1], following], lines), rows, reading)
            return
        _read_document(first, before[-1][0], rows)
        return
    rest = _whole([first], lines, rows.path)
    _read_document(rest, before[-1][0], rows)


def _whole(parts: list[str], lines: Iterator[tuple[int, str | None, str]], path: str) -> str:
    size = sum(map(len, parts))
    for number, line, problem in lines:
        if line is None:
            raise MalformedFileError(path, problem, number)
        size += len(line)
        parts.append(line)
        if size > streams.MAX_DOCUMENT:
            break
    if size > streams.MAX_DOCUMENT:
        raise MalformedFileError(path, streams.TOO_LARGE.format(f"{streams.MAX_DOCUMENT // 1_000_000:,}"))
    return "".join(parts)


def _is_object(line: str) -> bool:
    """Whether a line is one whole object (a broken one counts, if it ends as an object)."""
    try:
        return isinstance(decode_json(line), dict)
    except JsonSyntaxError:
        return False
    except JsonError:
        return True


def _read_lines(lines: Iterator[tuple[int, str | None, str]], rows: FileRows, reading: Reading) -> None:
    recent = RecentRows(rows.path)
    for number, line, problem in lines:
        if line is not None and line.isspace():
            continue
        record: Any = None
        if line is not None:
            try:
                key = line if len(line) < LONG_KEY else number
                record = recent.get(key, partial(decode_json, line))
                problem = "" if isinstance(record, dict) else _no_object(record)
            except JsonError as error:
                problem = str(error)
        if not problem:
            rows.add(record, number)
        elif reading.skip_bad:
            rows.bad.append((number, problem))
        else:
            raise MalformedFileError(rows.path, problem + ("" if line is None else SKIP_HINT), number)


def _no_object(record: object) -> str:
    hint = "; a JSON array belongs in a file that ends in .json" if isinstance(record, list) else ""
    return f"a JSON object is expected, not {kind_of(record)}{hint}"


def _read_document(text: str, line: int, rows: FileRows) -> None:
    """An array of objects, or an object with one array of objects; each row knows the line that it begins on."""
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "[":
        end = _read_array(text, start, line, rows)
    else:
        document, end = _decode_at(text, start, line, rows.path)
        if not isinstance(document, dict):
            raise MalformedFileError(rows.path, f"an array of objects is expected, not {kind_of(document)}", line)
        _add_rows(_rows_of(document, rows.path), rows)
    if text[end:].strip():
        at = line + text.count("\n", 0, end + len(text[end:]) - len(text[end:].lstrip()))
        raise MalformedFileError(rows.path, "not JSON: something follows the document", at)


def _read_array(text: str, start: int, line: int, rows: FileRows) -> int:
    """Add the elements of the array that begins at `start`, on `line`; its end."""
    place, counted, recent = _skip_space(text, start + 1), start, RecentRows(rows.path)
    if text[place : place + 1] == "]":
        return place + 1
    while True:
        line += text.count("\n", counted, place)
        counted = begin = place
        value, place = _decode_at(text, begin, line, rows.path)
        if not isinstance(value, dict):
            raise MalformedFileError(rows.path, f"an object is expected in the array, not {kind_of(value)}", line)
        key = text[begin:place] if place - begin < LONG_KEY else place
        rows.add(recent.get(key, partial(_same, value)), line)
        sign = _skip_space(text, place)
        place = _skip_space(text, sign + 1)
        if text[sign : sign + 1] == "]":
            return sign + 1
        if problem := _after_item(text, sign, place):
            raise MalformedFileError(rows.path, problem, line + text.count("\n", begin, sign))


def _after_item(text: str, sign: int, following: int) -> str | None:
    """What is wrong with the comma at `sign`, behind an element of an array; None where nothing is."""
    if not text[sign:]:
        return "the array has no end: the file is cut off"
    if text[sign] != ",":
        return f"not JSON: a comma or a closing bracket is missing, at column {column_of(text, sign)}"
    if text[following : following + 1] == "]":
        return f"not JSON: a comma stands before the closing bracket, at column {column_of(text, sign)}"
    return None


def _same(row: Row) -> Row:
    return row


_SPACE: Final = re.compile(r"[ \t\r\n]*")


def _skip_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _decode_at(text: str, start: int, line: int, path: str) -> tuple[Any, int]:
    """The value that begins at `start`, on `line`, and its end. Raises MalformedFileError with the problem's line."""
    try:
        return decode_json_at(text, start)
    except JsonError as error:
        raise MalformedFileError(path, str(error), line + text.count("\n", start, error.place)) from error


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
    for number, row in enumerate(found, 1):
        rows.add(row, number)
    rows.in_lines = False
