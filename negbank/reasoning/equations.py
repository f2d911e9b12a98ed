"""The equations that a step's text states, each in every reading that it may have.

`16 - 3 = <<16-3=13>>13 eggs` states two: the calculator's annotation and `16 - 3 = 13`. A reading is sought in favour
of the text: an equation that may involve a conversion (`2 hours + 30 minutes = 150`), a variable, or a clock time is
kept only to be confirmed, never to be found false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from negbank.reasoning.expressions import Item, count_decimals, evaluate, evaluate_items, read_items
from negbank.reasoning.tokens import Token, plain_maths, tokenise
from negbank.reasoning.units import FAMILY, SCALES

ANNOTATION: Final = re.compile(r"<<([^<>=]{1,400})=([^<>=]{1,400})>>")
MAX_UNIT_WORDS: Final = 3
_NOT_UNITS: Final = frozenset(
    "and or so then is are was were be the a an but which that plus minus times divided by from to in on at for if "
    "because since therefore thus with he she it they we you i".split()
)
_SIGN_MAY_FOLLOW: Final = frozenset("=,(:;[{\"'")
_VARIABLE: Final = object()


@dataclass(frozen=True)
class Stated:
    """A value as it is written; `decimals` is None where it is a fraction, which has no rounding."""

    value: Fraction
    decimals: int | None


@dataclass(frozen=True)
class Equation:
    """`left` (numbers and signs) is said to be one of the readings `right`; a `doubtful` one is never false."""

    text: str
    left: tuple[Item, ...]
    right: tuple[Stated, ...]
    doubtful: bool = False

    @property
    def stated(self) -> Fraction:
        """The value that the text gives."""
        return self.right[0].value


@lru_cache(maxsize=4096)
def find_equations(step: str) -> tuple[Equation, ...]:
    """The equations of a step: its calculator annotations first, then those of its visible text, in order."""
    annotated = tuple(found for match in ANNOTATION.finditer(step) if (found := _annotated(match)))
    visible = plain_maths(ANNOTATION.sub("", step))
    if "=" not in visible and " of " not in visible and " equals " not in visible:
        return annotated
    return annotated + tuple(_visible(visible))


def _annotated(match: re.Match[str]) -> Equation | None:
    left, value = read_items(match.group(1)), evaluate(match.group(2))
    if left is None or value is None or not any(item in ("+", "-", "*", "/", "^") for item in left):
        return None
    written = match.group(2).strip()
    fraction = any(sign in written for sign in "/%")
    return Equation(match.group(), left, (Stated(value, None if fraction else count_decimals(written)),))


def _visible(text: str) -> Iterator[Equation]:
    tokens = tokenise(text)
    for place, token in enumerate(tokens):
        if token.is_sign("="):
            start = _start_of_left(tokens, place)
            left = None if start is None else _items(tokens[start:place])
            right, end = _right(tokens, place + 1)
            if start is not None and left and right:
                words = tokens[start : min(end + 2, len(tokens))]
                yield Equation(text[tokens[start].start : tokens[end - 1].end], left, right, _doubtful(words))


def _start_of_left(tokens: Sequence[Token], equals: int) -> int | None:
    """Where the expression before `equals` starts, units among its numbers allowed; None where there is none."""
    at = start = equals
    wants_value = True  # reading leftward: a value is expected next, then a sign of operation
    depth = 0
    while at > 0:
        token, words = tokens[at - 1], 0
        if wants_value and token.kind == "word":
            words = _unit_words(tokens, at)
            if not words:
                break
            at -= words
            continue
        if token.kind == "number" and wants_value:
            wants_value = False
        elif token.is_sign("%", ")") and wants_value:
            depth += token.text == ")"
        elif token.is_sign("(") and not wants_value:
            depth -= 1
        elif token.is_sign("+", "-", "*", "/", "^"):
            wants_value = True
        else:
            break
        at -= 1
        start = at
    return _checked_start(tokens, start, equals, depth)


def _unit_words(tokens: Sequence[Token], at: int) -> int:
    """How many tokens before `at` spell the unit of a number, such as `apples`, `dollars per hour`, `miles/hour`."""
    for count in range(1, MAX_UNIT_WORDS + 1):
        token = tokens[at - count] if at >= count else None
        if token is None or (token.kind == "word" and not _is_unit(token)):
            return 0
        if token.kind == "number":
            adjacent = token.end == tokens[at - count + 1].start
            return 0 if adjacent and len(tokens[at - count + 1].text) == 1 else count - 1
        if token.is_sign("%", ")"):
            return count - 1
        if token.kind != "word" and not (token.is_sign("/") and tokens[at - count + 1].kind == "word"):
            return 0
    token = tokens[at - MAX_UNIT_WORDS - 1] if at > MAX_UNIT_WORDS else None
    return MAX_UNIT_WORDS if token is not None and (token.kind == "number" or token.is_sign("%", ")")) else 0


def _is_unit(token: Token) -> bool:
    """A single letter may be a variable, and `and` is no unit."""
    return len(token.text) > 1 and token.text.lower() not in _NOT_UNITS


def _checked_start(tokens: Sequence[Token], start: int, equals: int, depth: int) -> int | None:
    """`start` without brackets that close later; None where the expression seems to start further left."""
    while depth < 0 and start < equals and tokens[start].is_sign("("):
        start, depth = start + 1, depth + 1
    if depth or start >= equals:
        return None
    before = tokens[start - 1] if start else None
    first = tokens[start]
    if first.is_sign("*", "/", "^"):
        return None
    if first.is_sign("+", "-") and before is not None and before.text not in _SIGN_MAY_FOLLOW:
        return None
    if before is not None and before.end == first.start and before.text not in _SIGN_MAY_FOLLOW and not first.currency:
        return None
    # `2 1/2 * 4`: a mixed number would be cut in two
    return None if before is not None and before.kind == "number" else start


def _items(tokens: Sequence[Token]) -> tuple[Item, ...] | None:
    """Numbers and signs alone; None where no operation is among them or they have no value."""
    items: list[Item] = []
    for place, token in enumerate(tokens):
        if token.kind == "number":
            items.append(token.value)
        elif token.kind == "sign":
            following = tokens[place + 1] if place + 1 < len(tokens) else None
            if not (token.text == "/" and following is not None and following.kind == "word"):
                items.append(token.text)
    if not any(item in ("+", "-", "*", "/", "^") for item in items[1:]):
        return None
    return tuple(items) if evaluate_items(items) is not None else None


def _right(tokens: Sequence[Token], at: int) -> tuple[tuple[Stated, ...], int]:
    """What stands after `=` in each reading, and where the first of them ends; nothing where it is no number."""
    begin = at
    negative = False
    while at < len(tokens) and tokens[at].is_sign("-", "+"):
        negative ^= tokens[at].text == "-"
        at += 1
    if at >= len(tokens) or tokens[at].kind != "number":
        whole = _whole_right(tokens, begin)
        return whole, _end_of_expression(tokens, begin)
    number = tokens[at]
    if _runs_on(tokens, at):
        return (), at
    value = -number.value if negative else number.value
    readings = [Stated(value, number.decimals)]
    end = at + 1
    if end < len(tokens) and tokens[end].is_sign("%"):
        readings.append(Stated(value / 100, None if number.decimals is None else number.decimals + 2))
        end += 1
    readings += _mixed(tokens, at, negative)
    return (*readings, *_whole_right(tokens, begin)), end


def _runs_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether the number at `at` is part of something else: `8:30`, `15x`, `3rd`."""
    if at + 1 >= len(tokens) or tokens[at + 1].start != tokens[at].end:
        return False
    following = tokens[at + 1]
    if following.kind == "word":
        return len(following.text) == 1 or following.text.lower() in ("st", "nd", "rd", "th")
    return following.kind == "other" and following.text in ":_²³√π"


def _mixed(tokens: Sequence[Token], at: int, negative: bool) -> list[Stated]:
    """`2 1/2` as five halves."""
    part = tokens[at + 1 : at + 4]
    if len(part) < 3 or part[0].kind != "number" or not part[1].is_sign("/") or part[2].kind != "number":
        return []
    if not part[2].value:
        return []
    value = tokens[at].value + part[0].value / part[2].value
    return [Stated(-value if negative else value, None)]


def _end_of_expression(tokens: Sequence[Token], at: int) -> int:
    """Where the run of numbers, units and signs from `at` ends."""
    while at < len(tokens):
        token = tokens[at]
        if token.kind == "other" or token.is_sign("=") or (token.kind == "word" and not _is_unit(token)):
            break
        at += 1
    return at


def _whole_right(tokens: Sequence[Token], begin: int) -> tuple[Stated, ...]:
    """The right side read as an expression of its own, as in `2 * 6 = 3 * 4`."""
    items = _items(tokens[begin : _end_of_expression(tokens, begin)])
    value = None if items is None else evaluate_items(items)
    return () if value is None else (Stated(value, None),)


def _doubtful(tokens: Sequence[Token]) -> bool:
    """Whether two units of one kind meet, or a word that multiplies: then a conversion may be meant."""
    seen: dict[str, str] = {}
    for token in tokens:
        names = [token.currency] if token.currency else []
        if token.kind == "word":
            word = token.text.lower()
            if word in SCALES:
                return True
            names = [word]
        for name in names:
            if name in FAMILY:
                family, unit = FAMILY[name]
                if seen.setdefault(family, unit) != unit:
                    return True
    return False
