"""The equations that a step's text states, each in every reading that it may have.

`16 - 3 = <<16-3=13>>13 eggs` states two: the calculator's annotation and `16 - 3 = 13`. A reading is sought in favour
of the text: an equation that may involve a conversion (`2 hours + 30 minutes = 150`), a rate (`3 degrees/5%`), a
fraction to divide by (`2 / 1/5`), a sign left to words (`5 - 8 = 3 less`) or a slip that the annotation does not share
is kept only to be confirmed, never to be found false. One with an unknown, a clock time or a mixed number on its left
is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import Final

from negbank.reasoning.expressions import CACHED, Item, count_decimals, evaluate, evaluate_items, read_items
from negbank.reasoning.measured import read_conversion, read_measured
from negbank.reasoning.other_readings import grouped, is_rescaled, loose_values, percent_of_running
from negbank.reasoning.sides import Stated, agrees, find_left, find_right, is_doubtful, items_of
from negbank.reasoning.spoken import WORDS
from negbank.reasoning.tokens import Token, plain_maths, tokenise
from negbank.reasoning.writing import BULLET, DASH, readable

ANNOTATION: Final = re.compile(r"<<([^<>=]{1,400})=([^<>=]{1,400})>>")
_SHARE_OF: Final = re.compile(r"\bof\s+[$£€(\d.]")
_IS: Final = re.compile(r"\bis\b")
_EQUALS: Final = re.compile(r"\bequals\b")
_COMPACT: Final = str.maketrans({" ": None, "$": None, ",": None, "x": "*", "×": "*"})
_SIGNS: Final = frozenset("+-*/^")
MAX_RESULT: Final = 8
"""Tokens behind `=` among which a result in two units ends: `2 hours and 10 minutes`."""


@dataclass(frozen=True)
class Equation:
    """`left` (numbers and signs, of exact value `computed`) is said to be one of the readings `right`.

    `others` are what the left side comes to in its other readings. A `doubtful` one may be confirmed, and is never
    found false. It stands in `source` from `start` to `end`; `listed` says that a dash before it may be a bullet.
    """

    text: str
    left: tuple[Item, ...]
    computed: Fraction
    right: tuple[Stated, ...]
    doubtful: bool = False
    others: tuple[Fraction, ...] = ()
    source: str = field(default="", repr=False, compare=False)
    start: int = 0
    end: int = 0
    listed: bool = False

    @property
    def stated(self) -> Fraction:
        """The value that the text gives."""
        return self.right[0].value


@lru_cache(maxsize=CACHED)
def find_equations(step: str) -> tuple[Equation, ...]:
    """The equations of a step: its calculator annotations first, then those of its visible text, in order.

    Where all that the text says is what its annotations say, they alone are given.
    """
    annotated: list[Equation] = []
    values: dict[int, Equation] = {}  # by where, in the visible text, an annotation stood
    visible, last, repeated = "", 0, 0
    for match in ANNOTATION.finditer(step):
        visible, last = visible + step[last : match.start()], match.end()
        found = _annotated(match, step)
        if found is not None:
            annotated.append(found)
            values[len(visible)] = found
            repeated += _repeats(match, visible, step)
    visible += step[last:]
    if visible.count("=") == repeated and not _says_in_words(visible):
        return tuple(annotated)
    plain = plain_maths(readable(visible))
    return (*annotated, *_visible(plain, values if plain == visible else {}))


def _says_in_words(text: str) -> bool:
    """Whether `text` may state an equation without `=`: `3/4 of 20 is 15`, or with `equals`."""
    if _EQUALS.search(text) or WORDS.search(text):
        return True
    for part in text.split("="):  # one pattern over both words would read the rest of the text again at every `of`
        share = _SHARE_OF.search(part)
        if share is not None and _IS.search(part, share.end()):
            return True
    return False


def _repeats(match: re.Match[str], before: str, step: str) -> bool:
    """Whether the text around an annotation is the annotation again, as in `3 * 4 = $<<3*4=12>>12`: half are."""
    left, value = match.group(1), match.group(2).removesuffix(".0")
    written = before[-3 * len(left) - 8 :].translate(_COMPACT)
    same = written.endswith(left.translate(_COMPACT) + "=") and step.startswith(value, match.end())
    return same and not step[match.end() + len(value) : match.end() + len(value) + 2].strip(" .").isdigit()


def _annotated(match: re.Match[str], step: str) -> Equation | None:
    left, value = read_items(match.group(1)), evaluate(match.group(2))
    if left is None or value is None or _SIGNS.isdisjoint(item for item in left if isinstance(item, str)):
        return None
    computed = evaluate_items(left)
    if computed is None:
        return None
    written = match.group(2).strip()
    decimals = None if "/" in written or "%" in written else count_decimals(written)
    right = (Stated(value, decimals),)
    return Equation(match.group(), left, computed, right, source=step, start=match.start(), end=match.end())


def _visible(text: str, annotated: Mapping[int, Equation]) -> Iterator[Equation]:
    tokens = tokenise(text)
    for place, token in enumerate(tokens):
        if token.is_sign("="):
            found = _equation(text, tokens, place, annotated) or _conversion(text, tokens, place)
            if found is not None:
                yield found


def _equation(text: str, tokens: Sequence[Token], equals: int, annotated: Mapping[int, Equation]) -> Equation | None:
    """The equation around the `=` at `equals`; None where no sum and value stand there."""
    start = find_left(tokens, equals)
    left = None if start is None else items_of(tokens[start:equals])
    computed = None if left is None else evaluate_items(left)
    if start is None or left is None or computed is None:
        return None
    right, end = find_right(tokens, equals + 1)
    if not right:
        return None
    measured = read_measured(tokens[start:equals], tokens[equals + 1 : end + MAX_RESULT])
    begin, stop = tokens[start].start, tokens[end - 1].end
    simple = Equation(text[begin:stop], left, computed, right, source=text, start=begin, end=stop)
    if agrees(computed, right[0]):
        return simple
    measured = read_measured(tokens[start:equals], tokens[equals + 1 : end + MAX_RESULT])
    if measured is not None:
        return replace(simple, computed=measured[0], right=(measured[1],))
    listed = start > 0 and tokens[start - 1].text == DASH
    others = _other_values(text, tokens[start:equals], left, listed)
    if (running := percent_of_running(left)) is not None:
        computed = running
    doubtful = is_doubtful(tokens[start : min(end + 2, len(tokens))]) or _confirmed(annotated, tokens[equals:end])
    doubtful |= _is_unsigned(left, computed, right[0].value) or right[0].value in loose_values(left)
    doubtful |= is_rescaled(computed, right[0].value, tokens)
    if "%" in left:  # `15 / 90 * 100% = 16.66`, and `7500 / 75% = 100`
        right = (*right, *(Stated(r.value / 100, None if r.decimals is None else r.decimals + 2) for r in right))
        doubtful |= evaluate_items([item for item in left if item != "%"]) == right[0].value
    return replace(simple, computed=computed, right=right, others=others, doubtful=doubtful, listed=listed)


def _conversion(text: str, tokens: Sequence[Token], equals: int) -> Equation | None:
    """The false conversion around `=`, such as `1.5 hours = 150 minutes`. A true one computes nothing, and is none."""
    found = read_conversion(tokens, equals)
    if found is None:
        return None
    start, true, stated, end = found
    begin, stop = tokens[start].start, tokens[end - 1].end
    left = (tokens[start].value,)
    return (
        None
        if agrees(true, stated)
        else Equation(text[begin:stop], left, true, (stated,), source=text, start=begin, end=stop)
    )


def _other_values(text: str, tokens: Sequence[Token], left: tuple[Item, ...], listed: bool) -> tuple[Fraction, ...]:
    """What the left side comes to in its other readings."""
    sides: list[Sequence[Item]] = [left]
    if listed:
        sides.append(["-", *left])  # the bullet is a minus
    elif left[0] == "-" and tokens[1].start > tokens[0].end:
        sides.append(left[1:])  # the minus is a dash: `Total: - 5 + 5`
    elif len(left) > 2 and left[1] == "-" and text[: tokens[0].start].rpartition("\n")[2].strip() in ("", BULLET):
        sides.append(left[2:])  # the first number is one of a list: `1 - 5 + 5`
    if any(grouped(token) is not None for token in tokens):
        values = {token.value: value for token in tokens if (value := grouped(token)) is not None}
        sides.append([values.get(item, item) if isinstance(item, Fraction) else item for item in left])
    found = (evaluate_items(side) for side in sides)
    return tuple(value for value in found if value is not None)


def _is_unsigned(left: Sequence[Item], computed: Fraction, stated: Fraction) -> bool:
    """Whether words may carry the minus of the result: `5 - 8 = 3 less`. Not so for who writes `-2 * 3`."""
    if computed != -stated or not computed:
        return False
    pairs = zip(("(", *left), left, strict=False)
    return stated < 0 or not any(item == "-" and isinstance(before, str) and before != ")" for before, item in pairs)


def _confirmed(annotated: Mapping[int, Equation], tokens: Sequence[Token]) -> bool:
    """Whether an annotation between `=` and its right side says the same value or one that it rounds, and is true.

    The left side is then cut off wrongly or mistyped (`14, 400 / 80 = <<14400/80=180>>180`): no error of the sum.
    """
    for at in range(tokens[0].end, tokens[-1].end):
        if at in annotated:
            equation = annotated[at]
            shown = Stated(tokens[-1].value, tokens[-1].decimals)
            return agrees(equation.computed, equation.right[0]) and agrees(equation.stated, shown)
    return False
