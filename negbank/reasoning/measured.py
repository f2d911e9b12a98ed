"""Sums of quantities in several units of one kind, as in `$15.20 + 200 cents = $17.20`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from negbank.reasoning.sides import Stated
from negbank.reasoning.tokens import Token
from negbank.reasoning.units import FAMILY, SIZE

_METRIC: Final = frozenset("mm cm meter km mg gram kg ml liter".split())
_IMPERIAL: Final = frozenset("inch foot yard mile ounce pound ton teaspoon tablespoon cup pint quart gallon".split())
_RATES: Final = frozenset("per each every a an of".split())


class Quantity(NamedTuple):
    """A value of `unit`, which is the first spelling of one in `units.FAMILY`."""

    value: Fraction
    kind: str
    unit: str

    @property
    def size(self) -> Fraction:
        """The value in the smallest measure of its kind."""
        return self.value * SIZE[self.unit]


def read_measured(left: Sequence[Token], right: Sequence[Token]) -> tuple[Fraction, Stated] | None:
    """What `left` comes to in the unit of `right`, and what `right` says.

    None if a unit is missing or of another kind, if all units are one, or if they are converted by custom only (cups
    and millilitres, weeks and months). `right` may go on behind the result.
    """
    terms = _terms(left)
    stated = _result(right)
    if terms is None or stated is None:
        return None
    said, decimals = stated
    units = {said.unit, *(term.unit for term in terms)}
    if len(units) == 1 or any(term.kind != said.kind for term in terms):
        return None
    if units & _METRIC and units & _IMPERIAL:
        return None
    total = sum((term.size for term in terms), Fraction(0))
    return total / SIZE[said.unit], Stated(said.value, decimals)


def _terms(tokens: Sequence[Token]) -> list[Quantity] | None:
    """The terms of a sum, each a number or a product with one unit; None if anything else stands there."""
    terms: list[Quantity] = []
    sign, value, unit = 1, None, ("", "")
    wants_value = True
    for token in tokens:
        if token.kind == "number" and wants_value:
            value = token.value if value is None else value * token.value
            wants_value = False
        elif token.is_sign("*") and not wants_value:
            wants_value = True
            continue
        elif token.is_sign("+", "-") and not wants_value and value is not None and unit[0]:
            terms.append(Quantity(sign * value, *unit))
            sign, value, unit, wants_value = (1 if token.text == "+" else -1), None, ("", ""), True
            continue
        elif token.kind != "word" or token.text.lower() in _RATES:
            return None
        named = FAMILY.get(token.currency or token.text.lower())
        if named is not None:
            if unit[0]:
                return None
            unit = named
    if value is None or not unit[0] or wants_value:
        return None
    return [*terms, Quantity(sign * value, *unit)]


def _result(tokens: Sequence[Token]) -> tuple[Quantity, int | None] | None:
    """The quantity that `tokens` begin with, `2 hours 10 minutes` included, and its decimals."""
    first = _quantity(tokens, 0)
    if first is None:
        return None
    (value, kind, unit), at = first
    while True:
        at += at < len(tokens) and tokens[at].text == "and"
        if at >= len(tokens) or tokens[at].kind != "number":
            return Quantity(value, kind, unit), tokens[0].decimals
        more = _quantity(tokens, at)
        if more is None or more[0].kind != kind or more[0].size >= SIZE[unit]:
            return None
        value += more[0].size / SIZE[unit]
        at = more[1]


def _quantity(tokens: Sequence[Token], at: int) -> tuple[Quantity, int] | None:
    if at >= len(tokens) or tokens[at].kind != "number":
        return None
    named = FAMILY.get(tokens[at].currency)
    if named is None and at + 1 < len(tokens) and tokens[at + 1].kind == "word":
        at += 1
        named = FAMILY.get(tokens[at].text.lower())
        number = tokens[at - 1]
    else:
        number = tokens[at]
    return None if named is None else (Quantity(number.value, *named), at + 1)
