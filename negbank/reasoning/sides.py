"""The two sides of an equation in running text: where the left one starts, and what the right one may mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from negbank.reasoning.expressions import Item, evaluate_items
from negbank.reasoning.other_readings import factorial, grouped
from negbank.reasoning.tokens import Token
from negbank.reasoning.units import FAMILY, SCALES
from negbank.reasoning.writing import BULLET, DASH

MAX_UNIT_WORDS: Final = 3
_OPERATIONS: Final = ("+", "-", "*", "/", "^")
_NOT_UNITS: Final = frozenset(
    "and or so then is are was were be the a an but which that of from to in on at for if because since therefore "
    "thus with he she it they we you i plus minus times divided multiplied by x".split()
)
_WORDED_OPERATIONS: Final = frozenset("plus minus times by of x over".split())
_MAY_STAND_BEFORE: Final = frozenset(f"=,(:;[{{\"'“‘~≈*_{BULLET}{DASH}")
_FUNCTIONS: Final = frozenset(
    "log ln lg exp sin cos tan cot sec sqrt root mod max min abs gcd lcm floor ceil round f g".split()
)
"""What takes the number behind it away from the sum: `log 100 + 1`."""
_NO_UNIT_AFTER: Final = frozenset("st nd rd th x".split())

_DATES: Final = re.compile(r"n/n[-+]nw?=n/n")
_DAYS: Final = ("day", "days", "week", "weeks")

FLOAT_NOISE: Final = 10**9
"""Two values are one where they differ by less than this part of them: 0.1 + 0.2 is written 0.30000000000000004."""


@dataclass(frozen=True)
class Stated:
    """A value as it is written; `decimals` is None where it is a fraction, which has no rounding."""

    value: Fraction
    decimals: int | None


def agrees(computed: Fraction, stated: Stated) -> bool:
    """Whether `stated` is `computed`, or a rounding of it."""
    if computed == stated.value:
        return True
    difference = abs(computed - stated.value)
    if difference * FLOAT_NOISE <= abs(computed):
        return True
    if stated.decimals is None or difference >= Fraction(1, 10**stated.decimals):
        return False
    if (computed * 10**stated.decimals).denominator == 1:
        return False
    return stated.decimals > 0 or abs(computed) >= 1


def find_left(tokens: Sequence[Token], equals: int) -> int | None:
    """Where the expression before `equals` starts, units among its numbers allowed; None where there is none."""
    at = start = equals
    wants_value = True  # reading leftward: a value is expected next, then an operation
    depth = 0
    while at > 0:
        token = tokens[at - 1]
        if token.kind == "word":
            words = _unit_words(tokens, at) if wants_value else 0
            if not words:
                break
            at -= words
            continue
        if token.kind == "number" and wants_value:
            wants_value = False
        elif token.is_sign("%", ")") and wants_value:
            depth += token.text == ")"
        elif token.is_sign("(") and (not wants_value or tokens[at].is_sign("+", "-")):  # `(-4 + 2)`
            depth -= 1
            wants_value = False
        elif token.is_sign(*_OPERATIONS):
            wants_value = True
        else:
            break
        at -= 1
        start = at
    return _checked_start(tokens, start, equals, depth)


def _unit_words(tokens: Sequence[Token], at: int) -> int:
    """How many tokens before `at` spell the unit of a number: `duck eggs`, `dollars per hour`, `miles/hour`."""
    count = 0
    while count <= MAX_UNIT_WORDS and count < at:
        token = tokens[at - count - 1]
        if token.kind == "word":
            # a single letter may be a variable, and `and` is no unit
            if len(token.text) == 1 or token.text.lower() in _NOT_UNITS:
                return 0
        elif not (token.is_sign("/") and count and tokens[at - count].kind == "word"):
            break
        count += 1
    value = tokens[at - count - 1] if count < at else None
    if value is None or not (value.kind == "number" or value.is_sign("%", ")")):
        return 0
    rate = any(token.text in ("per", "/") for token in tokens[at - count : at])
    joined = count and tokens[at - count].start == value.end and tokens[at - count].text[0].isupper()
    if joined:
        return 0  # `3Papillon`: an unknown
    return count if count < MAX_UNIT_WORDS or (rate and count == MAX_UNIT_WORDS) else 0


def _checked_start(tokens: Sequence[Token], start: int, equals: int, depth: int) -> int | None:
    """`start` without brackets that close later; None where the expression seems to start further left."""
    while depth < 0 and start < equals and tokens[start].is_sign("("):
        start, depth = start + 1, depth + 1
    if depth or start >= equals or tokens[start].is_sign("*", "/", "^"):
        return None
    first = tokens[start]
    if start == 0:
        return None if first.is_sign("+") else 0  # a line of a sum that is written in a column
    before = tokens[start - 1]
    allowed = before.text in _MAY_STAND_BEFORE or (
        before.text == "." and start > 1 and tokens[start - 2].kind == "word"
    )
    signed = first.is_sign("+", "-") and not allowed
    joined = before.end == first.start and not (allowed and before.text not in ",_")
    return None if signed or joined or _begins_earlier(tokens, start) else start


def _begins_earlier(tokens: Sequence[Token], start: int) -> bool:
    """Whether what stands before `start` belongs to the number there.

    Such as `2 1/2 * 4`, `(1/2) 278 + 11`, `2 plus 1/3`, `14, 400 / 80`, `2 : 3 + 1`, `log 100 + 1`, `1 hr 20 min + 5`.
    """
    before, second, third = (tokens[start - back] if start >= back else None for back in (1, 2, 3))
    if before is None:
        return False
    word = before.text.lower()
    if before.kind == "number" or before.is_sign(")", "%") or word in _FUNCTIONS:
        return True
    if second is None:
        return word in _WORDED_OPERATIONS
    if word == "and":  # `1 and 1/4 + 2`, and not `4 * 2 = 8 and 8 + 1 = 9`
        return second.kind == "number" and not (third is not None and third.is_sign("="))
    if word in _WORDED_OPERATIONS:
        return True
    if second.kind != "number":
        return False
    return word in FAMILY or word == "," or (word == ":" and (third is None or third.kind != "word"))


def items_of(tokens: Sequence[Token]) -> tuple[Item, ...] | None:
    """Numbers and signs alone; None where no operation is among them."""
    items: list[Item] = []
    for place, token in enumerate(tokens):
        if token.kind == "number":
            items.append(token.value)
        elif token.kind == "sign":
            following = tokens[place + 1] if place + 1 < len(tokens) else None
            if not (token.text == "/" and following is not None and following.kind == "word"):
                items.append(token.text)
    if not any(item in _OPERATIONS for item in items[1:]):
        return None
    return tuple(items)


def find_right(tokens: Sequence[Token], begin: int) -> tuple[tuple[Stated, ...], int]:
    """What stands after `=` in each reading, and where the number ends; nothing where it cannot be told."""
    at, negative = begin, False
    while at < len(tokens) and tokens[at].is_sign("-", "+"):
        negative ^= tokens[at].text == "-"
        at += 1
    whole, stop = _whole(tokens, begin)
    if at >= len(tokens) or tokens[at].kind != "number":
        return whole, stop
    if _runs_on(tokens, at):
        return (), at
    number, end = tokens[at], at + 1
    value = -number.value if negative else number.value
    readings = [Stated(value, number.decimals)]
    if end < len(tokens) and tokens[end].is_sign("%"):
        readings.append(Stated(value / 100, None if number.decimals is None else number.decimals + 2))
        end += 1
    elif end < len(tokens) and tokens[end].text == "!" and (product := factorial(value)) is not None:
        readings.append(Stated(product, None))
    if (whole_number := grouped(number)) is not None:
        readings.append(Stated(-whole_number if negative else whole_number, 0))
    parts = _fractions(tokens, at, value)
    follows = end < len(tokens) and tokens[end].is_sign(*_OPERATIONS)
    if follows and not whole and not parts and not _is_dash(tokens, end):
        return (), at  # `= 30 + M trees`
    return (*readings, *parts, *whole), end


def _is_dash(tokens: Sequence[Token], at: int) -> bool:
    """Whether the sign at `at` joins or separates words (`12-inch`, `12 - then`) and ends, or leads to a unit."""
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    return following is None or (tokens[at].text in "-/" and following.kind == "word" and len(following.text) > 1)


def _runs_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether the number at `at` is part of something else: `8:30`, `15x`, `3rd`, `18 000`, `16,0000`."""
    if at + 1 >= len(tokens):
        return False
    number, following = tokens[at], tokens[at + 1]
    if following.text.isdigit():
        return number.decimals == 0 and len(following.text) == 3
    if following.kind == "word":
        joined = following.start == number.end
        single = len(following.text) == 1 and (joined or following.text != "a")
        return single or (joined and following.text.lower() in _NO_UNIT_AFTER)
    after = tokens[at + 2] if at + 2 < len(tokens) else None
    if following.text == ":" and after is not None and after.kind == "number":
        return True
    if following.kind != "other" or following.start != number.end:
        return False
    digits = after is not None and after.kind == "number" and after.start == following.end
    return following.text in "_²³√π°" or (following.text in ":,." and digits)


def _fractions(tokens: Sequence[Token], at: int, value: Fraction) -> list[Stated]:
    """`3/4` as three quarters, and `2 1/2` as five halves."""
    kinds = "".join(_shape(token) for token in tokens[at : at + 4])
    if kinds[:3] == "n/n" and tokens[at + 2].value:
        return [Stated(value / tokens[at + 2].value, None)]
    if kinds == "nn/n" and tokens[at + 3].value:
        part = tokens[at + 1].value / tokens[at + 3].value
        return [Stated(value - part if value < 0 else value + part, None)]
    return []


def _shape(token: Token) -> str:
    return "n" if token.kind == "number" else token.text[0]


def _whole(tokens: Sequence[Token], begin: int) -> tuple[tuple[Stated, ...], int]:
    """The right side read as an expression of its own, as in `2 * 6 = 3 * 4`, and where it ends."""
    end = begin
    while end < len(tokens):
        token = tokens[end]
        if token.kind == "other" or token.is_sign("=") or (token.kind == "word" and token.text.lower() in _NOT_UNITS):
            break
        end += 1
    items = items_of(tokens[begin:end])
    value = None if items is None or _has_unknown(tokens[begin:end]) else evaluate_items(items)
    return (() if value is None else (Stated(value, None),)), end


def _has_unknown(tokens: Sequence[Token]) -> bool:
    return any(token.kind == "word" and len(token.text) == 1 for token in tokens)


def is_doubtful(tokens: Sequence[Token]) -> bool:
    """Whether a conversion, a rate or a division by a fraction may be meant, so that the plain value says nothing."""
    shapes = "".join("w" if token.kind == "word" else _shape(token) for token in tokens)
    if "/n/n" in shapes or "w/n" in shapes:
        return True
    if shapes.startswith("n-n=") and tokens[0].value < tokens[2].value and tokens[1].start == tokens[0].end:
        return True  # `weeks 1-2 = 96`
    if _DATES.match(shapes) and any(token.text.lower() in _DAYS for token in tokens):
        return True  # `5/30 + 3 days = 6/2`
    seen: dict[str, str] = {}
    for token in tokens:
        name = token.currency or (token.text.lower() if token.kind == "word" else "")
        if name in SCALES:
            return True
        family, unit = FAMILY.get(name, ("", ""))
        family = "time" if family == "calendar" else family
        if family and seen.setdefault(family, unit) != unit:
            return True
    return False
