"""Values that files hold: numbers as they are written, what a value is in a word, and its short form for an error."""

from __future__ import annotations

import datetime
import decimal
import json
from typing import Final

from negbank.text.display import visible

MAX_DIGITS: Final = 4300
"""Digits of a number that Python reads."""


class WrittenNumber(float):
    """A number that remembers how its file wrote it: 1.10, 2.50e3."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> WrittenNumber:
        """The number that `text` writes."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def whole_number(text: str) -> int | WrittenNumber:
    """The number that `text` writes; one with more digits than Python reads keeps its text."""
    return int(text) if len(text) < MAX_DIGITS else WrittenNumber(text)


def kind_of(value: object) -> str:
    """What a value is, in a word or two."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float | decimal.Decimal):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, datetime.date | datetime.time):
        return "a date or time"
    if isinstance(value, bytes):
        return "bytes and no text"
    return "a duration" if isinstance(value, datetime.timedelta) else "an object"


def preview(value: object, limit: int = 60) -> str:
    """A value for an error message: short, in JSON's form, with control characters escaped."""
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, WrittenNumber):
        text = value.text
    else:
        try:
            text = json.dumps(value, ensure_ascii=False, default=str)
        except (ValueError, RecursionError):
            text = kind_of(value)
    return visible(text) if len(text) <= limit else visible(text[: limit - 3]) + "..."
