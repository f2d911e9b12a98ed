"""Numbers in English words: `one hundred and five`, `nineteen oh five`, `two and a half million`, `three fourths`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

from negbank.text.numerals import Numeral

MAX_WORDS: Final = 24
"""More words than any number that people write; a longer run is read up to here."""

_SMALL: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
_DIGITS: Final = frozenset(list(_SMALL)[:10])
_TENS: Final = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
} | {"fourty": 40}
_ZEROS: Final = dict.fromkeys("nil nought naught".split(), 0)
SCALES: Final = {
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "quadrillion": 10**15,
    "quintillion": 10**18, "lakh": 10**5, "lakhs": 10**5, "crore": 10**7, "crores": 10**7,
}  # fmt: skip
_COUNTS: Final = {"dozen": 12, "score": 20, "gross": 144}
_FEW: Final = {"couple": 2, "pair": 2}
_ORDINALS: Final = {
    "first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight", "ninth": "nine",
    "twelfth": "twelve",
    **{f"{word}th": word for word in (*_SMALL, "hundred", *SCALES) if not word.endswith("s")},
    **{f"{word[:-1]}ieth": word for word in _TENS},
}  # fmt: skip
_PARTS: Final = {"half": 2, "halves": 2, "quarter": 4, "quarters": 4}
_TIMES: Final = {"once": 1, "twice": 2, "thrice": 3, "none": 0}
_JOINTS: Final = frozenset("and a an point oh o over of".split())
_STARTS: Final = frozenset(
    (*_SMALL, *_TENS, *_ZEROS, *_ORDINALS, *_PARTS, *SCALES, "hundred", "dozen", "a", "an", "point")
)
WORDS: Final = frozenset((*_STARTS, *_COUNTS, *_FEW, *_TIMES, *_JOINTS, *(f"{word}s" for word in _ORDINALS)))
"""Every word that a number may hold, in lower case."""


def read_words(words: Sequence[str]) -> tuple[Numeral, ...]:
    """Every reading of `words` (lower case) as one number; () where they are none."""
    if not words or len(words) > MAX_WORDS or any(word not in WORDS for word in words):
        return ()
    return _read(tuple(words))


@lru_cache(maxsize=4_096)
def _read(words: tuple[str, ...]) -> tuple[Numeral, ...]:
    if len(words) == 1 and words[0] in _TIMES:
        return (Numeral(Fraction(_TIMES[words[0]])),)
    found = [_as_cardinal(words), *_as_ordinal(words), _as_year(words), _as_decimal(words)]
    if not any(found):
        found = [_as_share(words), _as_mixed(words), _as_scaled(words), *_as_price(words)]
    else:
        found.append(_as_share(words))
    return tuple(dict.fromkeys(numeral for numeral in found if numeral is not None))


def longest_number(words: Sequence[str]) -> tuple[int, tuple[Numeral, ...]]:
    """How many of the first `words` (lower case) make the longest number in running text, and its readings; 0 if none.

    Narrower than `read_words`: words that are mostly something else (`second`, `none`, `a score`) do not count alone.
    """
    if not words or words[0] not in _STARTS:
        return 0, ()
    if words[0] in ("a", "an") and (len(words) == 1 or words[1] in _JOINTS):
        return 0, ()
    known, pointed = 0, False
    while known < min(len(words), MAX_WORDS) and words[known] in WORDS and words[known] not in _TIMES:
        pointed = pointed or words[known] in ("point", "oh", "o")
        if known and not pointed and words[known - 1] in _DIGITS and (words[known] in _SMALL or words[known] in _TENS):
            break  # one two: two numbers
        known += 1
    for used in range(known, 0, -1):
        if words[used - 1] in ("and", "a", "an", "of", "point", "over", "score", "gross", "o", "oh"):
            continue
        if used == 1 and words[0] in ("second", "seconds", "point"):
            continue
        readings = read_words(words[:used])
        if readings and (used > 1 or words[0] not in _JOINTS) and not _as_price(words[:used])[0]:
            return used, readings
    return 0, ()


def _below_hundred(words: Sequence[str], at: int) -> tuple[int, int] | None:
    if at >= len(words):
        return None
    word = words[at]
    if word in _TENS:
        unit = _SMALL.get(words[at + 1], 0) if at + 1 < len(words) else 0
        return (_TENS[word] + unit, at + 2) if 0 < unit < 10 else (_TENS[word], at + 1)
    value = _SMALL.get(word, _ZEROS.get(word))
    return None if value is None else (value, at + 1)


def _below_thousand(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """A number up to `ninety-nine hundred and ninety-nine`; `a` and nothing stand for one before a scale."""
    found = _below_hundred(words, at)
    if found is None:
        article = at < len(words) and words[at] in ("a", "an")
        named = at + article < len(words) and (
            words[at + article] == "hundred" or words[at + article] in SCALES or words[at + article] in _COUNTS
        )
        if not named:
            return None
        found = (1, at + article)
    value, at = found
    if at < len(words) and words[at] == "hundred" and value:
        value, at = value * 100, at + 1
        rest = _below_hundred(words, at + (at < len(words) and words[at] == "and"))
        if rest is not None and rest[0]:
            value, at = value + rest[0], rest[1]
    return value, at


def _cardinal(words: Sequence[str], at: int = 0) -> tuple[int, int, int] | None:
    """Value, the place after it and the zeros of its last scale, from a million on: `a hundred` is exact."""
    total, limit, end, zeros = 0, 10**40, at, 0
    while (chunk := _below_thousand(words, at)) is not None:
        value, at = chunk
        scale = 1
        while at < len(words) and words[at] in SCALES and scale < 10**18:
            scale, at = scale * SCALES[words[at]], at + 1
        if scale == 1 and at < len(words) and words[at] in _COUNTS and not total:
            return value * _COUNTS[words[at]], at + 1, 0
        if value * scale >= limit or not (value or end == 0):
            break
        total, limit, end = total + value * scale, scale, at
        zeros = len(str(scale)) - 1 if scale >= 10**6 else 0
        if scale == 1:
            break
        at += at < len(words) and words[at] == "and"
    return (total, end, zeros) if end else None


def _as_cardinal(words: Sequence[str]) -> Numeral | None:
    if len(words) == 2 and words[0] == "a" and words[1] in _FEW:
        return Numeral(Fraction(_FEW[words[1]]))
    found = _cardinal(words)
    return Numeral(Fraction(found[0]), -found[2]) if found is not None and found[1] == len(words) else None


def _as_ordinal(words: Sequence[str]) -> list[Numeral | None]:
    plain = _ORDINALS.get(words[-1])
    if plain is None:
        return [None]
    found = _cardinal([*words[:-1], plain])
    whole = found is not None and found[1] == len(words) and found[0] > 0
    return [Numeral(Fraction(found[0]), 0, ordinal=True) if found is not None and whole else None]


def _as_year(words: Sequence[str]) -> Numeral | None:
    """`nineteen forty-five`, `ten sixty-six`, `nineteen oh five`, `twenty-twenty`, `one oh five`."""
    first = _below_hundred(words, 0)
    if first is None or not (10 <= first[0] <= 29 or (0 < first[0] < 10 and "oh" in words)):
        return None
    century, at = first
    if at + 1 < len(words) and words[at] in ("oh", "o") and 0 < _SMALL.get(words[at + 1], 0) < 10:
        return Numeral(Fraction(century * 100 + _SMALL[words[at + 1]])) if at + 2 == len(words) else None
    second = _below_hundred(words, at)
    if second is None or second[1] != len(words) or second[0] < 10 or century < 10:
        return None
    return Numeral(Fraction(century * 100 + second[0]))


def _as_price(words: Sequence[str]) -> list[Numeral | None]:
    """`three fifty` is 350 or 3.50."""
    if words[0] not in _SMALL or not 0 < _SMALL[words[0]] < 10:
        return [None]
    second = _below_hundred(words, 1)
    if second is None or second[1] != len(words) or second[0] < 10:
        return [None]
    value = Fraction(_SMALL[words[0]] * 100 + second[0])
    return [Numeral(value), Numeral(value / 100, 2)]


def _as_decimal(words: Sequence[str]) -> Numeral | None:
    """`three point one four`, `three point fourteen`, `point five`."""
    if "point" not in words:
        return None
    place = list(words).index("point")
    whole = _as_cardinal(words[:place]) if place else Numeral(Fraction(0))
    digits, at = "", place + 1
    while at < len(words):
        if words[at] in ("oh", "o"):
            digits, at = digits + "0", at + 1
            continue
        found = _below_hundred(words, at)
        if found is None:
            return None
        digits, at = digits + str(found[0]), found[1]
    if whole is None or not digits:
        return None
    return Numeral(whole.value + Fraction(int(digits), 10 ** len(digits)), len(digits))


def _denominator(words: Sequence[str]) -> tuple[int, bool] | None:
    """The denominator that `words` name and whether they stand in the plural: `twenty-fifths` is 25."""
    if len(words) == 1 and words[0] in _PARTS:
        return _PARTS[words[0]], words[0].endswith("s")
    if not words or words[-1] in ("first", "second", "firsts", "seconds"):
        return None
    plural = words[-1].endswith("s")
    found = _as_ordinal([*words[:-1], words[-1][:-1] if plural else words[-1]])[0]
    return None if found is None or found.value < 3 else (int(found.value), plural)


def _as_share(words: Sequence[str]) -> Numeral | None:
    """`half`, `a third`, `three fourths`, `one twenty-fifth`, `three over four`."""
    if len(words) == 1:
        return Numeral(Fraction(1, _PARTS[words[0]]), None) if words[0] in ("half", "quarter") else None
    if "over" in words:
        return _as_quotient(words, list(words).index("over"))
    for cut in range(1, len(words)):
        found = (1, cut, 0) if cut == 1 and words[0] in ("a", "an") else _cardinal(words[:cut])
        if found is None or found[1] != cut or not found[0]:
            continue
        below = _denominator(words[cut:])
        if below is not None and below[1] == (found[0] != 1):
            return Numeral(Fraction(found[0], below[0]), None)
    return None


def _as_quotient(words: Sequence[str], place: int) -> Numeral | None:
    if not 0 < place < len(words) - 1:
        return None
    above, below = _as_cardinal(words[:place]), _as_cardinal(words[place + 1 :])
    return Numeral(above.value / below.value, None) if above and below and below.value else None


def _as_mixed(words: Sequence[str]) -> Numeral | None:
    """`two and a half`, `one and three quarters`."""
    for cut in range(len(words) - 2, 0, -1):
        if words[cut] == "and":
            whole, share = _as_cardinal(words[:cut]), _as_share(words[cut + 1 :])
            if whole is not None and share is not None and share.value < 1:
                return Numeral(whole.value + share.value, None)
    return None


def _as_scaled(words: Sequence[str]) -> Numeral | None:
    """`two and a half million`, `half a dozen`, `a quarter of a million`, `one point five billion`."""
    scale = 100 if words[-1] == "hundred" else SCALES.get(words[-1]) or _COUNTS.get(words[-1])
    if scale is None or len(words) < 2:
        return None
    rest = list(words[:-1])
    if rest[-1] in ("a", "an"):
        rest = rest[:-1]
        if rest and rest[-1] == "of":
            rest = rest[:-1]
        part = _as_share(rest) if rest else None
    else:
        part = (_as_mixed(rest) or _as_decimal(rest) or _as_share(rest)) if rest else None
    if part is None:
        return None
    decimals = None if part.decimals is None else part.decimals - (len(str(scale)) - 1)
    return Numeral(part.value * scale, decimals)
