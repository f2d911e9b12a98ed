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
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from negbank.reasoning.expressions import CACHED, Item, count_decimals, evaluate, evaluate_items, read_items
from negbank.reasoning.sides import Stated, agrees, find_left, find_right, is_doubtful, items_of
from negbank.reasoning.tokens import Token, plain_maths, tokenise

ANNOTATION: Final = re.compile(r"<<([^<>=]{1,400})=([^<>=]{1,400})>>")
_SHARE_OF: Final = re.compile(r"\bof\s+[$£€(\d.]")
_IS: Final = re.compile(r"\bis\b")
_EQUALS: Final = re.compile(r"\bequals\b")
_COMPACT: Final = str.maketrans({" ": None, "$": None, ",": None, "x": "*", "×": "*"})
_SIGNS: Final = frozenset("+-*/^")


@dataclass(frozen=True)
class Equation:
    """`left` (numbers and signs, of exact value `computed`) is said to be one of the readings `right`.

    A `doubtful` one may be confirmed, and is never found false.
    """

    text: str
    left: tuple[Item, ...]
    computed: Fraction
    right: tuple[Stated, ...]
    doubtful: bool = False

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
        found = _annotated(match)
        if found is not None:
            annotated.append(found)
            values[len(visible)] = found
            repeated += _repeats(match, visible, step)
    visible += step[last:]
    if visible.count("=") == repeated and not _says_in_words(visible):
        return tuple(annotated)
    plain = plain_maths(visible)
    return (*annotated, *_visible(plain, values if plain == visible else {}))


def _says_in_words(text: str) -> bool:
    """Whether `text` may state an equation without `=`: `3/4 of 20 is 15`, or with `equals`."""
    if _EQUALS.search(text):
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


def _annotated(match: re.Match[str]) -> Equation | None:
    left, value = read_items(match.group(1)), evaluate(match.group(2))
    if left is None or value is None or _SIGNS.isdisjoint(item for item in left if isinstance(item, str)):
        return None
    computed = evaluate_items(left)
    if computed is None:
        return None
    written = match.group(2).strip()
    decimals = None if "/" in written or "%" in written else count_decimals(written)
    return Equation(match.group(), left, computed, (Stated(value, decimals),))


def _visible(text: str, annotated: Mapping[int, Equation]) -> Iterator[Equation]:
    tokens = tokenise(text)
    for place, token in enumerate(tokens):
        if not token.is_sign("="):
            continue
        start = find_left(tokens, place)
        left = None if start is None else items_of(tokens[start:place])
        computed = None if left is None else evaluate_items(left)
        if start is None or left is None or computed is None:
            continue
        right, end = find_right(tokens, place + 1)
        if not right:
            continue
        words = tokens[start : min(end + 2, len(tokens))]
        doubtful = computed == -right[0].value or is_doubtful(words) or _confirmed(annotated, tokens[place:end])
        if "%" in left:  # `15 / 90 * 100% = 16.66`, and `7500 / 75% = 100`
            right = (*right, *(Stated(r.value / 100, None if r.decimals is None else r.decimals + 2) for r in right))
            doubtful |= evaluate_items([item for item in left if item != "%"]) == right[0].value
        yield Equation(text[tokens[start].start : tokens[end - 1].end], left, computed, right, doubtful)


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
