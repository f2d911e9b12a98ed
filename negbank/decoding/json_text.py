"""A JSON text -> its value, or what is wrong with it and where.

Python's own decoder takes a key twice (the last one wins), NaN, and half of a surrogate pair. All three are refused
here. What it says of damaged JSON is said in plain words, with the column.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from negbank.decoding.values import WrittenNumber, whole_number
from negbank.text.display import short


class JsonError(ValueError):
    """A JSON text that cannot be taken; `place` is where, in characters from the start of the text."""

    def __init__(self, problem: str, place: int) -> None:
        self.place = place
        super().__init__(problem)


class JsonSyntaxError(JsonError):
    """A text that is no JSON for anybody: damaged, cut off, or nested too deeply."""


class HalfPairError(JsonError):
    """A value holds half of a surrogate pair, which is no text."""


class _RepeatedKeyError(ValueError):
    """An object has a key twice."""


class _ConstantError(ValueError):
    """NaN or Infinity."""


def decode_json(text: str, half_pairs: bool = False) -> Any:
    """The value of a JSON text; with `half_pairs`, its texts may hold half of a surrogate pair.

    Raises JsonError for a key that stands twice, NaN and half of a surrogate pair, and JsonSyntaxError for no JSON.
    """
    text = text.rstrip()  # a line break behind an open text would be taken for a part of it
    start = len(text) - len(text.lstrip())
    value, end = decode_json_at(text, start, half_pairs)
    rest = text[end:].lstrip()
    if rest:
        place = len(text) - len(rest)
        raise JsonSyntaxError(f"not JSON: something follows the value, at column {column_of(text, place)}", place)
    return value


def decode_json_at(text: str, start: int, half_pairs: bool = False) -> tuple[Any, int]:
    """The value that begins at `start`, and where it ends. Raises as `decode_json` does."""
    try:
        value, end = _DECODER.raw_decode(text, start)
        if not half_pairs and text.find("\\u", start, end) >= 0:
            check_unicode(value)
    except json.JSONDecodeError as error:
        raise _syntax_error(text, error) from error
    except _RepeatedKeyError as error:
        key, place = _repeated_key(text, start)
        raise _error(f"the key {short(key, 60)} stands twice in one object", text, place) from error
    except _ConstantError as error:
        raise _error(f"{error} is no JSON", text, _first(_CONSTANTS, text, start)) from error
    except HalfPairError as error:
        place = _first(_HALF_PAIRS, text, start)
        raise HalfPairError(f"{error}, at column {column_of(text, place)}", place) from error
    except RecursionError as error:
        raise JsonSyntaxError("not JSON that can be read: nested too deeply", start) from error
    return value, end


def check_unicode(value: Any) -> None:
    """Raise HalfPairError for half of a surrogate pair in a value, with the field that holds it."""
    for name, cell in value.items() if isinstance(value, dict) else enumerate([value]):
        try:
            json.dumps([name, cell], ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):04x}"
            where = f"the field {name!r}" if isinstance(value, dict) else "it"
            raise HalfPairError(f"{where} holds {half}, half of a surrogate pair, which is no text", 0) from error


def column_of(text: str, place: int) -> int:
    """The column of a place in a text of one or more lines, from 1."""
    return place - text.rfind("\n", 0, place)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError
    return found


def _constant(name: str) -> Any:
    raise _ConstantError(name)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=WrittenNumber, parse_int=whole_number, parse_constant=_constant
)

_STRING: Final = r'"(?:[^"\\]|\\.)*+"'
_CONSTANTS: Final = re.compile(rf"{_STRING}|(-?Infinity|NaN)", re.DOTALL)
_HALF_PAIRS: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_KEYS: Final = re.compile(rf"({_STRING})(?=\s*+:)|{_STRING}|[{{}}]", re.DOTALL)


def _first(signs: re.Pattern[str], text: str, start: int) -> int:
    """Where the first group of `signs` is found first; `start` where it is not."""
    return next((match.start(1) for match in signs.finditer(text, start) if match.group(1)), start)


def _repeated_key(text: str, start: int) -> tuple[str, int]:
    """The first key that its object has already, and its place. The text up to there is known to be JSON."""
    objects: list[set[str]] = []
    for match in _KEYS.finditer(text, start):
        if match.group() == "{":
            objects.append(set())
        elif match.group() == "}":
            objects.pop()
        elif match.group(1):
            key = json.loads(match.group(1))
            if key in objects[-1]:
                return key, match.start()
            objects[-1].add(key)
    return "", start


def _error(problem: str, text: str, place: int) -> JsonError:
    return JsonError(f"{problem}, at column {column_of(text, place)}", place)


_PROBLEMS: Final = {
    "Invalid control character": "a line break or another control character stands in a text",
    "Invalid \\": "a backslash is followed by a sign that has no meaning there",
    "Expecting property name": "a key in double quotes is missing",
    "Expecting ':'": "a colon is missing",
    "Expecting ','": "a comma or a closing bracket is missing",
    "Expecting value": "a value is missing",
    "Illegal trailing comma": "a comma stands before the closing bracket",
}
"""What Python's decoder says, by its first words, and what we say."""


def _syntax_error(text: str, error: json.JSONDecodeError) -> JsonSyntaxError:
    place = min(error.pos, len(text.rstrip()))
    column = column_of(text, place)
    if error.msg.startswith("Unterminated string"):
        return JsonSyntaxError(f"not JSON: a text that begins at column {column} has no end", place)
    if place == len(text.rstrip()):
        return JsonSyntaxError(f"not JSON: it is cut off at column {column}", place)
    if text[place] in "]}" and text[:place].rstrip().endswith(","):
        return JsonSyntaxError(f"not JSON: a comma stands before the closing bracket, at column {column}", place)
    problem = next((words for said, words in _PROBLEMS.items() if error.msg.startswith(said)), None)
    if problem is None:
        return JsonSyntaxError(f"not JSON from column {column} on", place)
    return JsonSyntaxError(f"not JSON: {problem}, at column {column}", place)
