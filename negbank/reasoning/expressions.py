"""Written-out arithmetic over exact fractions: `2*3`, `80,000 * 1.5`, `20% * 50`, `(16 - 3)/2`, `3**2`.

A recursive-descent parser of our own, since text from a model is never given to `eval`. What would grow without bound
(a tower of powers, thousands of digits, brackets in brackets) is no value here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

MAX_DIGITS: Final = 2_000
"""A model that repeats itself writes 0.333... to the end of its budget: about 1,500 digits."""
CACHED: Final = 2_048
"""Readings that are kept at most, in each of this room's caches: chains of one question repeat themselves."""
MAX_TOKENS: Final = 200
MAX_DEPTH: Final = 30
MAX_EXPONENT: Final = 256
MAX_BITS: Final = 20_000

NUMBER: Final = r"\d{1,3}(?:,\d{3})+(?![\d])(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]\d{1,3}(?!\d))?|\.\d+"
OPERATORS: Final = {
    "+": "+", "-": "-", "−": "-", "–": "-", "*": "*", "×": "*", "·": "*", "∗": "*", "x": "*", "X": "*",
    "/": "/", "÷": "/", "^": "^", "**": "^",
}  # fmt: skip
"""Every sign of an operation, by the one that the parser knows."""

_TOKEN: Final = re.compile(rf"\s*(?:(?P<number>{NUMBER})|(?P<sign>\*\*|[-+−–*×·∗xX/÷^()%$£€]))")

Item = Fraction | str
"""A number, or one of `+ - * / ^ ( ) %`."""


@lru_cache(maxsize=CACHED)
def parse_number(text: str) -> Fraction | None:
    """The value of digits with thousands separators, decimals or an exponent; None beyond MAX_DIGITS."""
    if len(text) > MAX_DIGITS:
        return None
    return Fraction(text.replace(",", ""))


def count_decimals(text: str) -> int:
    """How many decimals a number is written with: 2 for `3.33`, 0 for `1,200`."""
    return len(text.partition(".")[2]) if "e" not in text.lower() else 12


@lru_cache(maxsize=CACHED)
def read_items(text: str) -> tuple[Item, ...] | None:
    """The numbers and signs of `text`, currency signs left out; None where anything else stands in it."""
    items: list[Item] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or len(items) > MAX_TOKENS:
            return None
        at = found.end()
        number, sign = found.group("number"), found.group("sign")
        if number is not None:
            value = parse_number(number)
            if value is None:
                return None
            items.append(value)
        elif sign not in "$£€":
            items.append(OPERATORS.get(sign, sign))
    return tuple(items)


def evaluate(text: str) -> Fraction | None:
    """The value of an expression; None where `text` is none, or its value has no end or too many digits."""
    items = read_items(text)
    return None if items is None else evaluate_items(items)


def evaluate_items(items: Sequence[Item], instead: Mapping[Fraction, Fraction] | None = None) -> Fraction | None:
    """The value of `items`, with every number that `instead` names replaced; None where they have no value."""
    if instead:
        items = [instead.get(item, item) if isinstance(item, Fraction) else item for item in items]
    try:
        parser = _Parser(items)
        value = parser.sum()
    except (_NoValueError, ZeroDivisionError):
        return None
    return value if parser.at == len(items) else None


def operands(items: Sequence[Item]) -> tuple[Fraction, ...]:
    """The numbers among `items`, in order."""
    return tuple(item for item in items if isinstance(item, Fraction))


class _NoValueError(Exception):
    """The items are no expression, or its value is too large."""


class _Parser:
    """One reading of `items` from left to right; `at` is the next one."""

    def __init__(self, items: Sequence[Item]) -> None:
        if len(items) > MAX_TOKENS:
            raise _NoValueError
        self.items, self.at, self.depth = items, 0, 0

    def next_is(self, *signs: str) -> str | None:
        item = self.items[self.at] if self.at < len(self.items) else None
        if isinstance(item, str) and item in signs:
            self.at += 1
            return item
        return None

    def sum(self) -> Fraction:
        value = self.product()
        while sign := self.next_is("+", "-"):
            other = self.product()
            value = _small(value + other if sign == "+" else value - other)
        return value

    def product(self) -> Fraction:
        value = self.signed()
        while sign := self.next_is("*", "/"):
            other = self.signed()
            value = _small(value * other if sign == "*" else value / other)
        return value

    def signed(self) -> Fraction:
        negative = False
        while sign := self.next_is("+", "-"):
            negative ^= sign == "-"
        value = self.power()
        return -value if negative else value

    def power(self) -> Fraction:
        base = self.atom()
        if not self.next_is("^"):
            return base
        self.enter()
        exponent = self.signed()
        self.depth -= 1
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT or size * abs(exponent) > MAX_BITS:
            raise _NoValueError
        return base ** int(exponent)

    def atom(self) -> Fraction:
        if self.next_is("("):
            self.enter()
            value = self.sum()
            self.depth -= 1
            if not self.next_is(")"):
                raise _NoValueError
        else:
            item = self.items[self.at] if self.at < len(self.items) else None
            if not isinstance(item, Fraction):
                raise _NoValueError
            self.at += 1
            value = item
        while self.next_is("%"):
            value /= 100
        return value

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _NoValueError


def _small(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise _NoValueError
    return value
