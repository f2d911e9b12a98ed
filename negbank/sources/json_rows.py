"""JSON lines, or a JSON document with one array of objects -> rows, each with the line that it begins on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from negbank.errors import MalformedFileError
from negbank.sources import streams
from negbank.sources.cells import WrittenNumber, whole_number
from negbank.sources.streams import LONG_KEY, FileRows, Reading, RecentRows, Row, Text

SKIP_HINT: Final = " (--on-bad-row skip leaves such rows out)"


class _BadJsonError(ValueError):
    """JSON that Python would take and nobody else: a key twice in one object, NaN, half of a surrogate pair."""


def _pairs(pairs: list[tuple[str, Any]]) -> Row:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise _BadJsonError(f"the key {repeated!r} stands twice in one object")
    return found


class _ConstantError(_BadJsonError):
    """NaN or Infinity."""


def _constant(name: str) -> Any:
    raise _ConstantError(f"{name} is no JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=WrittenNumber, parse_int=whole_number, parse_constant=_constant
)
_CONSTANTS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|(-?Infinity|NaN)')


def decode_json(text: str) -> Any:
    """The value of a JSON text. Raises ValueError for what is none, a key twice, NaN, and what is no Unicode."""
    try:
        value = _DECODER.decode(text)
    except _ConstantError as error:
        found = next(match for match in _CONSTANTS.finditer(text) if match.group(1))
        raise _BadJsonError(f"{error}, at column {found.start(1) + 1}") from error
    if "\\u" in text:
        check_unicode(value)
    return value


def check_unicode(value: Any) -> None:
    """Raise ValueError for half of a surrogate pair in a value, with the field that holds it."""
    for name, cell in value.items() if isinstance(value, dict) else enumerate([value]):
        try:
            json.dumps([name, cell], ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):04x}"
            where = f"the field {name!r}" if isinstance(value, dict) else "it"
            raise _BadJsonError(f"{where} holds {half}, half of a surrogate pair, which is no text") from error


def _problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}"
    if isinstance(error, _BadJsonError):
        return str(error)
    if isinstance(error, RecursionError):
        return "not JSON that can be read: nested too deeply"
    return f"not JSON that can be read: {error}"


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


def chained(head: Sequence[Any], rest: Iterator[Any]) -> Iterator[Any]:
    """`head`, then what is left of `rest`."""
    yield from head
    yield from rest


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
    except _BadJsonError:
        return True
    except (ValueError, RecursionError):
        return False


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
            except (ValueError, RecursionError) as error:
                problem = _problem(error)
        if not problem:
            rows.add(record, number)
        elif reading.skip_bad:
            rows.bad.append((number, problem))
        else:
            raise MalformedFileError(rows.path, problem + ("" if line is None else SKIP_HINT), number)


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
    place, counted, recent = start + 1, start, RecentRows(rows.path)
    while True:
        place = _skip_space(text, place)
        if text[place : place + 1] == "]":
            return place + 1
        line += text.count("\n", counted, place)
        counted = place
        begin = place
        value, place = _decode_at(text, place, line, rows.path)
        if not isinstance(value, dict):
            raise MalformedFileError(rows.path, f"an object is expected in the array, not {type(value).__name__}", line)
        key = text[begin:place] if place - begin < LONG_KEY else place
        rows.add(recent.get(key, partial(_same, value)), line)
        place = _skip_space(text, place)
        if text[place : place + 1] == ",":
            place += 1
        elif text[place : place + 1] != "]":
            at = line + text.count("\n", counted, place)
            problem = (
                "the array has no end: the file is cut off" if place >= len(text) else "not JSON: ',' or ']' expected"
            )
            raise MalformedFileError(rows.path, problem, at)


def _same(row: Row) -> Row:
    return row


_SPACE: Final = re.compile(r"[ \t\r\n]*")


def _skip_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _decode_at(text: str, place: int, line: int, path: str) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, place)
        if text.find("\\u", place, end) >= 0:
            check_unicode(value)
        return value, end
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
    for number, row in enumerate(found, 1):
        rows.add(row, number)
    rows.in_lines = False
