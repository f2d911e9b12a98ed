"""Sums in words as the signs they stand for: `six minus two is 4`, `twice 45 is 90`, `half of twelve equals six`.

A sum is taken for one only where it begins its clause and its result ends there: in `one of the two plus three others
is four` the words are no sum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from negbank.reasoning.tokens import Token

_SMALL: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
_TENS: Final = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_LARGE: Final = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_PARTS: Final = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
}  # fmt: skip
_TIMES: Final = {"twice": 2, "double": 2, "triple": 3}
_SIGNS: Final = {"plus": "+", "minus": "-", "times": "*", "multiplied by": "*", "divided by": "/"}
_IS: Final = frozenset("is are makes make gives give equals equal yields leaves totals".split())
_OPENERS: Final = frozenset("so then thus hence therefore that because since as now but first next finally".split())
_OPENING: Final = frozenset(".,;:!\"'“(=•⁃—")
_GOES_ON: Final = frozenset(
    "plus minus times more less fewer of percent dozen dozens hundred thousand million billion and half divided "
    "multiplied or to th st nd rd pairs pair".split()
)
_NO_UNIT: Final = frozenset("and or so then is are was were the a an of from to than by with if".split())
WORDS: Final = re.compile(
    r"\b(?:plus|minus|times|(?:multiplied|divided)\s+by|twice|double|triple|(?:hal(?:f|ves)|thirds?|quarters?|fourths?|"
    r"fifths?|sixths?|eighths?|tenths?|percent)\s+of)\b",
    re.IGNORECASE,
)
"""What every sum in words has: a text without it is not looked at."""
MAX_TERMS: Final = 12
MAX_UNIT: Final = 2


class _Value(NamedTuple):
    """A number and where it ends; the tokens that say it, units included."""

    tokens: tuple[Token, ...]
    end: int


def with_signs(tokens: Sequence[Token]) -> list[Token]:
    """`tokens` with every sum in words as numbers and signs."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        found = _sum(tokens, at) if _opens(tokens, at) else None
        if found is None:
            out.append(tokens[at])
            at += 1
        else:
            out += found.tokens
            at = found.end
    return out


def _opens(tokens: Sequence[Token], at: int) -> bool:
    """Whether a clause may begin at `at`."""
    if at == 0:
        return True
    before = tokens[at - 1]
    if before.kind == "word":
        word = before.text.lower()
        return word in _OPENERS or (word == "and" and at > 1 and tokens[at - 2].text == ",")
    return before.text in _OPENING and not (before.text == "," and at > 1 and tokens[at - 2].kind == "number")


def _sum(tokens: Sequence[Token], at: int) -> _Value | None:
    """The sum in words that begins at `at` and ends with its result."""
    left = _share(tokens, at) or _terms(tokens, at)
    if left is None:
        return None
    at = left.end
    if at >= len(tokens) or tokens[at].text.lower() not in _IS:
        return None
    equals = tokens[at]._replace(kind="sign", text="=")
    if at + 2 < len(tokens) and tokens[at + 1].text.lower() == "equal" and tokens[at + 2].text.lower() == "to":
        at += 2
    right = _number(tokens, at + 1)
    if right is None or _goes_on(tokens, right.end):
        return None
    return _Value((*left.tokens, equals, *right.tokens), right.end)


def _share(tokens: Sequence[Token], at: int) -> _Value | None:
    """`half of 20`, `two thirds of thirty`, `a quarter of 8`, `twice 45`."""
    word = tokens[at].text.lower()
    if word in _TIMES:
        first, factor = at + 1, Fraction(_TIMES[word])
    else:
        count = _number(tokens, at)
        above = count.tokens[0].value if count is not None else Fraction(1)
        place = count.end if count is not None else at + (word in ("a", "an"))
        if place + 1 >= len(tokens) or tokens[place + 1].text.lower() != "of":
            return None
        below = _PARTS.get(tokens[place].text.lower())
        if below is None or above >= below:
            return None
        first, factor = place + 2, above / below
    value = _number(tokens, first)
    if value is None:
        return None
    start = tokens[at]._replace(kind="number", value=factor, decimals=None)
    end = _after_unit(tokens, value.end)
    return _Value((start, _sign(tokens[first - 1], "*"), *value.tokens, *tokens[value.end : end]), end)


def _terms(tokens: Sequence[Token], at: int) -> _Value | None:
    """Values with `plus` and `minus` between them, or two with `times` or `divided by`."""
    value = _number(tokens, at)
    if value is None:
        return None
    out, at = list(value.tokens), value.end
    signs: list[str] = []
    while len(signs) < MAX_TERMS:
        end = _after_unit(tokens, at)
        sign, begin = _operator(tokens, end)
        if not sign:
            break
        value = _number(tokens, begin)
        if value is None:
            return None
        out += [*tokens[at:end], _sign(tokens[end], sign), *value.tokens]
        signs.append(sign)
        at = value.end
    if not signs or (len(signs) > 1 and not set(signs) <= {"+", "-"}):
        return None
    end = _after_unit(tokens, at)
    return _Value((*out, *tokens[at:end]), end)


def _operator(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    """The sign that the words at `at` stand for, and where they end; an empty one where they stand for none."""
    words = [token.text.lower() for token in tokens[at : at + 2]]
    for count in (2, 1):
        sign = _SIGNS.get(" ".join(words[:count]))
        if sign and count <= len(words):
            return sign, at + count
    return "", at


def _sign(token: Token, sign: str) -> Token:
    return token._replace(kind="sign", text=sign)


def _after_unit(tokens: Sequence[Token], at: int) -> int:
    """Where up to two words end that name what is counted."""
    end = at
    while end < min(len(tokens), at + MAX_UNIT) and tokens[end].kind == "word":
        word = tokens[end].text.lower()
        if word in _NO_UNIT or word in _IS or word in _GOES_ON or len(word) == 1:
            break
        end += 1
    return end


def _number(tokens: Sequence[Token], at: int) -> _Value | None:
    """A number in digits or in words; `one hundred and twenty` is one."""
    if at >= len(tokens):
        return None
    if tokens[at].kind == "number":
        return _Value((tokens[at],), at + 1)
    whole, part, end = 0, 0, at
    last = ""
    while end < len(tokens) and end < at + MAX_TERMS:
        word = tokens[end].text.lower()
        if word in _SMALL and last in ("", "tens", "large", "and") and (last != "tens" or 0 < _SMALL[word] < 10):
            part, last = part + _SMALL[word], "small"
        elif word in _TENS and last in ("", "large", "and"):
            part, last = part + _TENS[word], "tens"
        elif word == "hundred" and last == "small" and part < 10:
            part, last = part * 100, "large"
        elif word in _LARGE and word != "hundred" and last in ("small", "tens", "large"):
            whole, part, last = whole + part * _LARGE[word], 0, "large"
        elif word == "-" and last == "tens" and end + 1 < len(tokens) and tokens[end + 1].text.lower() in _SMALL:
            pass
        elif word == "and" and last == "large" and end + 1 < len(tokens) and _counts(tokens[end + 1]):
            last = "and"
        else:
            break
        end += 1
    if end == at:
        return None
    token = tokens[at]._replace(kind="number", value=Fraction(whole + part), decimals=0, end=tokens[end - 1].end)
    return _Value((token,), end)


def _counts(token: Token) -> bool:
    return token.text.lower() in _SMALL or token.text.lower() in _TENS


def _goes_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether the result is only part of what stands there: `is 3 times 4`, `is 4 less than 10`, `is 2 - 1`."""
    for token in tokens[at : at + 4]:
        if token.kind == "number" or (token.kind == "sign" and token.text != "="):
            return True
        if token.kind == "other":
            return token.text in "/:^!°√"
        if token.text.lower() in _GOES_ON:
            return True
    return False
