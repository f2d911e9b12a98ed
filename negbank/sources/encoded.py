"""Cells that hold a list or an object written as a text, as CSV files have them -> that list or object.

::

    JSON      ["a", "b"]   {"A": "x"}
    Python    ['a', None]   {'text': ['a']}
    NumPy     ['a' 'b']   {'text': array(['a', 'b'], dtype=object)}     what pandas writes of a Hub dataset
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any, Final

from negbank.decoding import JsonError, WrittenNumber, check_unicode, decode_json

MAX_ENCODED: Final = 100_000
"""Characters of a cell that is read as a list or an object; longer ones stay texts."""
MAX_DEPTH: Final = 20

_WORDS: Final = {"None": None, "nan": None, "NaN": None, "null": None, "True": True, "False": False, "true": True,
                 "false": False}  # fmt: skip
_TOKEN: Final = re.compile(
    r"""\s*+(?:(?P<string>'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")
    |(?P<dtype>,\s*dtype=[\w'<>]+(?=\s*\)))
    |(?P<number>[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?(?![\w.]))
    |(?P<open>array\(|[\[{(])|(?P<close>[\]})])|(?P<sign>[,:])|(?P<word>[A-Za-z]+\b))""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING: Final = {"[": "]", "{": "}", "(": ")", "array(": ")"}


class _NoCellError(ValueError):
    """A text is no list or object."""


def decoded(values: Sequence[Any]) -> list[Any] | None:
    """Cells that hold lists or objects written as texts, read.

    None where not every cell that is there is such a text.
    """
    found: list[Any] = []
    for value in values:
        if value is None or value == "":
            found.append(None)
            continue
        text = value.strip() if isinstance(value, str) else ""
        if len(text) > MAX_ENCODED or text[:1] + text[-1:] not in ("[]", "{}"):
            return None
        cell = _cell(text)
        if cell is None:
            return None
        found.append(cell)
    return found if any(cell is not None for cell in found) else None


def decoded_texts(values: Sequence[Any]) -> list[Any] | None:
    """`decoded`, if every list has only texts; None otherwise: `[1, 2]` may be an answer as it stands."""
    cells = decoded(values)
    if cells is None or not all(_has_texts(cell) for cell in cells if cell is not None):
        return None
    return cells


def _has_texts(cell: Any) -> bool:
    if isinstance(cell, dict):
        return True
    return all(isinstance(item, str | dict) for item in cell)


def _cell(text: str) -> Any:
    """The list or object that a text writes, or None."""
    try:
        cell = decode_json(text)
    except JsonError:
        try:
            cell = _Reader(text).whole()
            check_unicode(cell)
        except ValueError:
            return None
    return cell if isinstance(cell, list | dict) else None


class _Reader:
    """Reads Python's and NumPy's form, in one pass. Two texts side by side are two, where Python would join them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def whole(self) -> Any:
        """The value that the text writes. Raises _NoCellError for any other text."""
        kind, sign = self._next()
        value = self._value(kind, sign, 0)
        if self.text[self.at :].strip():
            raise _NoCellError
        return value

    def _next(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.at)
        if match is None or match.lastgroup is None:
            raise _NoCellError
        self.at = match.end()
        return match.lastgroup, match.group(match.lastgroup)

    def _value(self, kind: str, sign: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _NoCellError
        if kind == "string":
            return _string(sign)
        if kind == "number":
            return int(sign) if sign.isdigit() and len(sign) < 300 and str(int(sign)) == sign else WrittenNumber(sign)
        if kind == "word" and sign in _WORDS:
            return _WORDS[sign]
        if kind != "open":
            raise _NoCellError
        if sign == "{":
            return self._object(depth)
        items = self._items(_CLOSING[sign], depth)
        if sign == "array(":
            if len(items) != 1:
                raise _NoCellError
            return items[0]
        return items

    def _items(self, closing: str, depth: int) -> list[Any]:
        """Values up to `closing`, with commas or only space between them."""
        items: list[Any] = []
        comma = True
        while True:
            kind, sign = self._next()
            if kind == "close":
                if sign != closing:
                    raise _NoCellError
                return items
            if kind == "sign":
                if sign != "," or comma:
                    raise _NoCellError
                comma = True
            elif kind == "dtype":
                continue
            else:
                items.append(self._value(kind, sign, depth + 1))
                comma = False

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            kind, sign = self._next()
            if kind == "close" and sign == "}":
                return found
            if found:
                if (kind, sign) != ("sign", ","):
                    raise _NoCellError
                kind, sign = self._next()
                if kind == "close" and sign == "}":
                    return found
            key = self._value(kind, sign, depth + 1)
            if isinstance(key, list | dict) or self._next() != ("sign", ":"):
                raise _NoCellError
            found[key if isinstance(key, str) else str(key)] = self._value(*self._next(), depth + 1)


def _string(written: str) -> str:
    try:
        text = ast.literal_eval(written) if "\n" not in written else written[1:-1]
    except (ValueError, SyntaxError):
        raise _NoCellError from None
    return str(text)
