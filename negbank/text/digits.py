"""Numbers in digits: grouping and decimals, fractions, powers of ten, scales, percent and ordinals.

`numbers` is the only caller; it adds signs, words and what stands around a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from negbank.text.number_words import read_words
from negbank.text.numerals import HAN, MYRIADS, Numeral, read_han

MAX_DIGITS: Final = 2_000
"""A model that repeats itself writes 0.333... to the end of its budget: about 1,500 digits."""
MAX_EXPONENT: Final = 400


@dataclass(frozen=True)
class Number:
    """One reading of a number.

    Attributes:
        value: exact; that of `50%` is one half.
        decimals: how many it is written with, which says how precise it is: 2 for `3.14`, 0 for `1,200`, -5 for
            `3.5 million`, 4 for `12.34%`; None for a fraction, which is exact.
        percent: written with %, `percent` or `per cent`.
        ordinal: `1st`, `twenty-first`.
        approximate: `about 5`, `~5`, `0.333...`.
        roman: an upper-case Roman numeral, which may be a letter or a word (`I`, `C`, `MIX`).
        words: spelled in words.
        padded: begins with a zero that says nothing (`007`): a code more than a number.
    """

    value: Fraction
    decimals: int | None
    percent: bool = False
    ordinal: bool = False
    approximate: bool = False
    roman: bool = False
    words: bool = False
    padded: bool = False


_SPACES: Final = r"(?: (?=\d{3}(?![\d/]))|\\[,;!: ](?=\d{3}(?!\d))|~(?=\d{3}(?!\d)))"
_LITERAL: Final = re.compile(rf"\d++(?:(?:[.,'_]|\{{,\}}|,\\!|{_SPACES})\d++)*+|\.\d++")
_PART: Final = re.compile(r"(\d+)|([^\d]+)")
VULGAR: Final = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅐": (1, 7), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
    "⅑": (1, 9), "⅒": (1, 10), "↉": (0, 3),
}  # fmt: skip
_RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉", "0123456789+-0123456789")
_RATIO: Final = re.compile(r"(\d{1,30}) ?/ ?(\d{1,30})(?! ?[/\d]|[.,]\d)")
_SMALL_RATIO: Final = re.compile(r"([⁰¹²³⁴-⁹]{1,9})/([₀-₉]{1,9})")
_LATEX: Final = re.compile(
    r"\\[dtc]?frac ?(?:\{ ?(-?\d{1,30}) ?\}|(\d)) ?(?:\{ ?(-?\d{1,30}) ?\}|(\d))(?![\d])"
    r"|\{ ?(\d{1,30}) ?\\over ?(\d{1,30}) ?\}"
)
_POWER: Final = re.compile(
    r"(?: ?(?:[×xX*·∗]|\\times|\\cdot) ?10 ?(?:(?:\^|\*\*) ?[{(]? ?([-+]?\d{1,6}) ?[)}]?|([⁰¹²³⁴-⁹⁺⁻]{1,6}))"
    r"|[eE]([-+]?\d{1,6}))(?![\w^]|\.\d|\*\*)"
)
_TEN: Final = re.compile(r"10 ?(?:(?:\^|\*\*) ?[{(]? ?([-+]?\d{1,6}) ?[)}]?|([⁰¹²³⁴-⁹⁺⁻]{1,6}))(?![\w^]|\.\d|\*\*)")
_ORDINAL: Final = re.compile(r" ?(?:st|nd|rd|th|ST|ND|RD|TH|ª|ˢᵗ|ⁿᵈ|ʳᵈ|ᵗʰ|\^\{?(?:\\text\{)?(?:st|nd|rd|th)\}*)(?!\w)")
_SCALE: Final = re.compile(
    r"(?i:[ -]?(hundred|thousand|million|billion|trillion|quadrillion|lakhs?|crores?|dozens?|mln|mio|mrd|bn|tn)\.?"
    r"(?![a-z]))|([kKMB])(?![\w²³^/°])"
)
_SCALES: Final = {
    "hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "quadrillion": 15, "mln": 6, "mio": 6,
    "mrd": 9, "bn": 9, "tn": 12, "lakh": 5, "crore": 7, "k": 3, "m": 6, "b": 9,
}  # fmt: skip
_AND_PART: Final = re.compile(r" (?:and|&) (?:(?:an?|one|two|three|four|five) )?-?[a-z]+", re.IGNORECASE)
PERCENT: Final = re.compile(r" ?(?:\\?%|‰)|[ -](?:percent|per ?cent|pct)\b\.?(?!age)", re.IGNORECASE)
_REPEATING: Final = re.compile(r"(\d{1,30})\.(\d{0,30})(?:\\overline ?\{(\d{1,30})\}|\((\d{1,30})\)|(\d)̅)")
_MORE_DIGITS: Final = re.compile(r"(?:\.{3}|…|\\l?dots\b)")


def from_numeral(numeral: Numeral) -> Number:
    """A number that is spelled in words."""
    return Number(numeral.value, numeral.decimals, numeral.percent, numeral.ordinal, words=True)


def is_han(sign: str) -> bool:
    """Whether `sign` is a letter of a script that puts no spaces between words."""
    return bool(sign) and ("\u3040" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7a3")


def scan_digits(text: str, at: int) -> tuple[int, tuple[Number, ...]] | None:
    """The number in digits or signs that begins at `at`: where it ends, and its readings."""
    if HAN.match(text, at):
        run = HAN.match(text, at)
        numeral = read_han(run[0]) if run is not None else None
        return None if run is None or numeral is None else (run.end(), (from_numeral(numeral),))
    found = _fraction(text, at) or _repeating(text, at) or _power_of_ten(text, at) or _decimal(text, at)
    if found is None:
        return None
    end, readings = found
    scaled = _scaled(text, end, readings)
    if scaled is not None:
        end, readings = scaled
    ordinal = _ORDINAL.match(text, end)
    if ordinal is not None and all(n.decimals == 0 for n in readings[:1]):
        return ordinal.end(), tuple(replace(n, ordinal=True) for n in readings if n.decimals == 0)
    percent = PERCENT.match(text, end)
    if percent is not None:
        size = 1000 if "‰" in percent[0] else 100
        return percent.end(), as_percent(readings, size)
    after = text[end : end + 1]
    glued = after.isalpha() and not is_han(after) and after.isascii()
    return None if glued else (end, readings)


def as_percent(readings: tuple[Number, ...], size: int = 100) -> tuple[Number, ...]:
    """`readings` of which one in `size` is meant."""
    places = len(str(size)) - 1
    return tuple(
        replace(n, value=n.value / size, decimals=None if n.decimals is None else n.decimals + places, percent=True)
        for n in readings
        if not n.ordinal
    )


def _fraction(text: str, at: int) -> tuple[int, tuple[Number, ...]] | None:
    """A fraction, or a whole number with one: `3/4`, `1 1/2`, `1½`, `\\frac{3}{4}`."""
    alone = _share(text, at)
    if alone is not None:
        end, value = alone
        return end, (Number(value, None),)
    whole = re.compile(r"\d{1,9}").match(text, at)
    if whole is None:
        return None
    joint = re.compile(r" ?(?:and|&|-)? ?|\\[,;! ]").match(text, whole.end())
    place = joint.end() if joint is not None else whole.end()
    share = _share(text, place)
    tight = share is not None and text[place].isdigit() and place == whole.end()
    if share is None or tight or not 0 < share[1] < 1:
        return None
    value = int(whole[0]) + share[1]
    if joint is not None and joint[0] == "-":
        return share[0], (Number(value, None), Number(int(whole[0]) - share[1], None))
    return share[0], (Number(value, None),)


def _share(text: str, at: int) -> tuple[int, Fraction] | None:
    sign = text[at : at + 1]
    if sign in VULGAR and sign:
        return at + 1, Fraction(*VULGAR[sign])
    found = (_LATEX if sign in "\\{" else _RATIO if sign.isdigit() and sign.isascii() else _SMALL_RATIO).match(text, at)
    if found is None:
        return None
    above, below = (int(part.translate(_RAISED)) for part in found.groups() if part is not None)
    return (found.end(), Fraction(above, below)) if below else None


def _repeating(text: str, at: int) -> tuple[int, tuple[Number, ...]] | None:
    found = _REPEATING.match(text, at)
    if found is None:
        return None
    again = found[3] or found[4] or found[5]
    base = Fraction(int(found[1] + found[2]), 10 ** len(found[2]))
    value = base + Fraction(int(again), 10 ** len(found[2]) * (10 ** len(again) - 1))
    return found.end(), (Number(value, None),)


def _power_of_ten(text: str, at: int) -> tuple[int, tuple[Number, ...]] | None:
    found = _TEN.match(text, at)
    if found is None:
        return None
    exponent = int(found[1] or found[2].translate(_RAISED))
    if abs(exponent) > MAX_EXPONENT:
        return None
    return found.end(), (Number(Fraction(10) ** exponent, max(0, -exponent)),)


def _decimal(text: str, at: int) -> tuple[int, tuple[Number, ...]] | None:
    found = _LITERAL.match(text, at)
    if found is None or len(found[0]) > MAX_DIGITS:
        return None
    literal = found[0]
    if text[at - 1 : at] == "," and text[at - 2 : at - 1].isdigit():  # in a list such as 1,2,3, which was cut
        literal = literal.partition(",")[0]
    readings = _literal(literal)
    for cut in (" ", ","):
        if not readings and cut in literal:
            literal = literal.partition(cut)[0]
            readings = _literal(literal)
    if not readings:
        return None
    end = at + len(literal)
    power = _POWER.match(text, end)
    if power is not None:
        return _raised(power, readings)
    if (more := _MORE_DIGITS.match(text, end)) is not None:
        return more.end(), tuple(replace(n, approximate=True) for n in readings)
    if text[end : end + 1] == "^" or text[end : end + 2] == "**":
        return None
    return end, readings


def _raised(power: re.Match[str], readings: tuple[Number, ...]) -> tuple[int, tuple[Number, ...]] | None:
    exponent = int((power[1] or power[2] or power[3]).translate(_RAISED))
    if abs(exponent) > MAX_EXPONENT:
        return None
    factor = Fraction(10) ** exponent
    return power.end(), tuple(
        replace(n, value=n.value * factor, decimals=(n.decimals or 0) - exponent) for n in readings
    )


def _literal(text: str) -> tuple[Number, ...]:
    """The readings of digits with separators: what the last one is, a decimal sign or one of grouping."""
    if text.isdigit():
        return (Number(Fraction(int(text)), 0, padded=len(text) > 1 and text[0] == "0"),)
    if text[0] == ".":
        return (Number(Fraction(int(text[1:]), 10 ** (len(text) - 1)), len(text) - 1),)
    parts = _PART.findall(text)
    groups, signs = [part[0] for part in parts[::2]], [_kind(part[1]) for part in parts[1::2]]
    grouped = _grouped(groups, signs)
    readings = [] if grouped is None else [Number(Fraction(grouped), 0)]
    if signs[-1] in ".," and signs[-1] not in signs[:-1]:
        whole = _grouped(groups[:-1], signs[:-1])
        # nobody writes 300,000 for three hundred with three decimals
        if whole is not None and not (readings and signs[-1] == "," and not int(groups[-1])):
            decimals = groups[-1]
            value = Fraction(whole * 10 ** len(decimals) + int(decimals), 10 ** len(decimals))
            # 1,234 groups where English is written, and 12.350 does not
            readings.insert(0 if signs[-1] == "." else 1, Number(value, len(decimals)))
    return tuple(readings)


def _kind(separator: str) -> str:
    """One of `.`, `,`, `'`, `_` and the space."""
    if "," in separator and separator != r"\,":
        return ","
    return separator if separator in (".", "'", "_") else " "


def _grouped(groups: list[str], signs: list[str]) -> int | None:
    """The whole number in `groups`, which one kind of sign parts in threes, or in twos before a last three (India)."""
    if not signs:
        return int(groups[0])
    first, middle, last = groups[0], groups[1:-1], groups[-1]
    if len(set(signs)) > 1 or first[0] == "0" or len(last) != 3:
        return None
    threes = len(first) <= 3 and all(len(group) == 3 for group in middle)
    twos = signs[0] == "," and middle and len(first) <= 2 and all(len(group) == 2 for group in middle)
    return int("".join(groups)) if threes or twos else None


def _scaled(text: str, at: int, readings: tuple[Number, ...]) -> tuple[int, tuple[Number, ...]] | None:
    """`readings` times the scale that stands at `at`, and with the half or the lower scale that follows."""
    half = _half(text, at)
    if half is not None and readings[0].decimals == 0:
        at, readings = half[0], tuple(replace(n, value=n.value + half[1], decimals=None) for n in readings[:1])
    found = _SCALE.match(text, at)
    if found is None:
        myriad = MYRIADS.get(text[at : at + 1])
        if myriad is not None:
            return at + 1, _times(readings, Fraction(myriad), _coarse(readings, len(str(myriad)) - 1))
        return (at, readings) if half is not None else None
    name = (found[1] or found[2]).lower()
    if name.startswith("dozen"):
        return found.end(), _times(readings, Fraction(12), 0)
    zeros = _SCALES[name.removesuffix("s")]
    end, scaled = found.end(), _times(readings, Fraction(10**zeros), _coarse(readings, zeros) if found[1] else zeros)
    lower = re.compile(r",? (?:and )?(\d{1,3}(?:\.\d{1,9})?)[ -]?(hundred|thousand|million)\b", re.I).match(text, end)
    if lower is not None and _SCALES[lower[2].lower()] < zeros:
        more = Fraction(lower[1]) * 10 ** _SCALES[lower[2].lower()]
        return lower.end(), tuple(replace(n, value=n.value + more, decimals=0) for n in scaled)
    return end, scaled


def _coarse(readings: tuple[Number, ...], zeros: int) -> int:
    """How many zeros say nothing of precision: none of `5 hundred`, which is meant exactly, six of `3 million`."""
    return zeros if zeros >= 6 or readings[0].decimals else 0


def _half(text: str, at: int) -> tuple[int, Fraction] | None:
    found = _AND_PART.match(text, at)
    if found is None:
        return None
    words = found[0].lower().replace("-", " ").replace("&", "and").split()[1:]
    readings = read_words(words)
    if len(readings) != 1 or readings[0].decimals is not None:
        return None
    return found.end(), readings[0].value


def _times(readings: tuple[Number, ...], factor: Fraction, zeros: int) -> tuple[Number, ...]:
    return tuple(
        replace(n, value=n.value * factor, decimals=None if n.decimals is None else n.decimals - zeros)
        for n in readings
    )
