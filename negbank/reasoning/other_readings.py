"""The other readings of a sum: percent as a share of what stands before it, a grouping point, a missing bracket."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Final

from negbank.reasoning.expressions import Item, evaluate_items
from negbank.reasoning.tokens import Token
from negbank.reasoning.units import FAMILY, SCALES, SIZE

_GROUPED: Final = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_LARGE: Final = tuple(Fraction(10**power) for power in (3, 6, 9))
"""Scales that are left out beside a currency: a loss of 5 * 3 (thousand) dollars is $15,000."""
_MONEY: Final = frozenset(("money", "sterling", "euro"))
MAX_FACTORIAL: Final = 20


def percent_of_running(items: Sequence[Item]) -> Fraction | None:
    """The value of `240 - 25%` and `200 + 10% + 5%`, each percentage of what came before; None for any other sum."""
    if "%" not in items or "(" in items or ")" in items:
        return None
    terms: list[tuple[str, list[Item]]] = [("+", [])]
    for item in items:
        if item in ("+", "-") and terms[-1][1]:
            terms.append((str(item), []))
        else:
            terms[-1][1].append(item)
    total: Fraction | None = None
    shared = False
    for sign, term in terms:
        factor = 1 if sign == "+" else -1
        if total is not None and len(term) == 2 and term[1] == "%" and isinstance(term[0], Fraction):
            total *= 1 + factor * term[0] / 100
            shared = True
            continue
        value = evaluate_items(term)
        if value is None or "%" in term:
            return None
        total = factor * value + (total or 0)
    return total if shared else None


def grouped(token: Token) -> Fraction | None:
    """What `1.500` is where the point groups thousands; None for a number that has no such point."""
    return token.value * 1000 if _GROUPED.fullmatch(token.text) else None


def loose_values(items: Sequence[Item]) -> list[Fraction]:
    """What a sum without brackets comes to for those who leave them out.

    From left to right (`6 + 2 * 3` as 24), with all that follows a `/` below it, and with all that follows a `-` taken
    away (`20 - 5 + 3` as 12).
    """
    if len(items) < 5 or not all(isinstance(item, Fraction) for item in items[::2]) or len(items) % 2 == 0:
        return []
    signs = [str(item) for item in items[1::2]]
    if not set(signs) <= {"+", "-", "*", "/"}:
        return []
    values: list[Fraction | None] = []
    if set(signs) & {"+", "-"} and set(signs) & {"*", "/"}:
        values.append(_from_left(items))
    for sign in ("-", "/"):
        if sign in signs[:-1]:
            place = 2 * signs.index(sign) + 2
            values.append(evaluate_items([*items[:place], "(", *_turned(items[place:], sign), ")"]))
    return [value for value in values if value is not None]


def _turned(items: Sequence[Item], sign: str) -> list[Item]:
    """`items` with each `sign` as its opposite: all of `b - c` below a `-` is taken away."""
    other = {"-": "+", "/": "*"}[sign]
    return [other if item == sign else item for item in items]


def _from_left(items: Sequence[Item]) -> Fraction | None:
    value = evaluate_items(items[:1])
    for place in range(1, len(items), 2):
        if value is None:
            return None
        value = evaluate_items([value, *items[place : place + 2]])
    return value


def is_rescaled(computed: Fraction, stated: Fraction, tokens: Sequence[Token]) -> bool:
    """Whether the result may be in another unit of a kind that is named in `tokens`, in cents or in thousands."""
    if not computed or not stated:
        return False
    ratio = abs(stated / computed)
    ratios = (ratio, 1 / ratio)
    for name in {token.currency or token.text.lower() for token in tokens if token.kind in ("word", "number")}:
        if SCALES.get(name) in ratios:
            return True
        kind, unit = FAMILY.get(name, ("", ""))
        if kind and any(SIZE[unit] / size in ratios for size in _sizes(kind)):
            return True
        if kind in _MONEY and any(scale in ratios for scale in _LARGE):
            return True
    return False


@cache
def _sizes(kind: str) -> tuple[Fraction, ...]:
    units = {unit for other, unit in FAMILY.values() if other == kind} - {"nickel", "dime"}  # nobody means dimes by $
    return tuple(SIZE[unit] for unit in sorted(units))


def factorial(number: Fraction) -> Fraction | None:
    """The factorial of a small whole number: what `5!` may mean if its mark is no exclamation."""
    if number.denominator != 1 or not 0 <= number <= MAX_FACTORIAL:
        return None
    value = 1
    for factor in range(2, int(number) + 1):
        value *= factor
    return Fraction(value)
