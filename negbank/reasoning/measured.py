"""Sums of quantities in several units of one kind, as in `$15.20 + 200 cents = $17.20`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from negbank.reasoning.sides import Stated
from negbank.reasoning.tokens import Token
from negbank.reasoning.units import FAMILY, SIZE
from negbank.reasoning.writing import BULLET, DASH

_METRIC: Final = frozenset("mm cm meter km mg gram kg ml liter".split())
_IMPERIAL: Final = frozenset("inch foot yard mile ounce pound ton teaspoon tablespoon cup pint quart gallon".split())
_FIXED: Final = ({"hour", "minute"}, {"minute", "second"}, {"hour", "second"}, {"dollar", "cent"})
_DOZENS: Final = frozenset(("dozen", "dozens"))
_OPENING: Final = frozenset((".", ",", ";", ":", "=", "(", BULLET, DASH))
_JOINING: Final = frozenset("and or plus minus times of by per over x than".split())
MAX_UNIT_WORDS: Final = 3
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


def read_conversion(tokens: Sequence[Token], equals: int) -> tuple[int, Fraction, Stated, int] | None:
    """The false conversion around the `=` at `equals`: its start, the true value, the one that is said, its end.

    None for a true one, and for units whose ratio anyone may set: an inch of a map, a day of work. So only hours,
    minutes and seconds, dollars and cents, and dozens are judged; of dozens, only what is near the true number.
    """
    start = equals - 1
    while start >= 0 and tokens[start].kind == "word" and equals - start <= MAX_UNIT_WORDS:
        start -= 1
    if start < 0 or tokens[start].kind != "number" or not _begins(tokens, start):
        return None
    left, right = _quantity(tokens, start), _quantity(tokens, equals + 1)
    if left is not None and left[1] == equals and right is not None:
        return _false_ratio(start, left[0], right[0], tokens[equals + 1], right[1])
    words = {token.text.lower() for token in tokens[start:equals] if token.kind == "word"}
    if equals + 1 >= len(tokens) or not words & _DOZENS or tokens[equals + 1].kind != "number":
        return None
    count, said = tokens[start], tokens[equals + 1]
    after = tokens[equals + 2] if equals + 2 < len(tokens) else None
    true = count.value * 12
    near = count.value * 8 <= said.value <= count.value * 16 and said.value != count.value * 13
    if said.currency or not near or said.value == true or (after is not None and after.kind == "sign"):
        return None
    return start, true, Stated(said.value, said.decimals), equals + 2


def _begins(tokens: Sequence[Token], start: int) -> bool:
    """Whether the quantity at `start` stands alone: it is no term of a sum, and no second part of `1 hr 20 min`."""
    if start == 0:
        return True
    before = tokens[start - 1]
    return before.text in _OPENING or (before.kind == "word" and before.text.lower() not in (*FAMILY, *_JOINING))


def _false_ratio(
    start: int, left: Quantity, right: Quantity, number: Token, end: int
) -> tuple[int, Fraction, Stated, int] | None:
    if left.kind != right.kind or {left.unit, right.unit} not in _FIXED:
        return None
    true = left.size / SIZE[right.unit]
    return (start, true, Stated(right.value, number.decimals), end) if true != right.value else None
