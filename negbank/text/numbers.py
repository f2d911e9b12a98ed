"""The one reader of numbers as people write them: `1,234.5`, `1.234,5`, `−5`, `½`, `1.2×10⁴`, `twenty-one`, `三十四`.

Values are exact fractions. What may be read in two ways has several readings, the usual one first: `12.350` is 12.35
and 12350. Currency signs and units beside a number are no part of it; `units` reads those. Linear time; what would
grow without bound (thousands of digits, 10^10^10) is no number here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Final

from negbank.text.characters import plain_characters
from negbank.text.digits import PERCENT, VULGAR, Number, as_percent, from_numeral, is_han, scan_digits
from negbank.text.number_words import MAX_WORDS, WORDS, longest_number, read_words
from negbank.text.numerals import HAN, read_han, read_roman

__all__ = ["FoundNumber", "Number", "find_numbers", "read_number"]

MAX_LENGTH: Final = 3_000
"""Longer texts are not one number."""
CACHED: Final = 4_096


@dataclass(frozen=True)
class FoundNumber:
    """A number in running text: `text[start:end]` with its sign but without `about`, and its readings in order."""

    start: int
    end: int
    readings: tuple[Number, ...]


_ABOUT: Final = re.compile(
    r"(?:~|≈|\\approx\b|\\sim\b|c\.|ca\.|circa|about|approximately|approx\.?|around|roughly|nearly|almost|some)"
    r" ?(?=[-+\w.½-⅞\\$(])",
    re.IGNORECASE,
)
_EXACTLY: Final = re.compile(r"(?:exactly|precisely|only|just|a total of|=) ?(?=[-+\w.½-⅞\\(])", re.IGNORECASE)
_OR_SO: Final = re.compile(r",? (?:or so|approximately|approx\.?|roughly)$", re.IGNORECASE)
_MINUS: Final = re.compile(r"- ?|(?:minus|negative) (?=\S)", re.IGNORECASE)
_BELOW: Final = re.compile(r" below (?:zero|0)$", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Za-z]+")
_BETWEEN: Final = re.compile(r",? |-| ?- ?")
_OUT_OF: Final = re.compile(r"(\S.*?) (?:out of|in) (?:every |the )?(\S.*)", re.IGNORECASE)
_WRAPPED: Final = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("**", "**"), ("`", "`"), ('"', '"'))
_START: Final = re.compile(rf"\d|\.\d|[{''.join(VULGAR)}]|\\[dtc]?frac|[A-Za-z]+|{HAN.pattern}")
_COUNTERS: Final = frozenset("个個人元年月日岁歲本只隻条條张張块塊天小时時度米倍次")


def read_number(text: str) -> tuple[Number, ...]:
    """Every plausible reading of a text that is one number and nothing else, the usual one first; () where it is not.

    >>> [str(number.value) for number in read_number("12.350")]
    ['247/20', '12350']
    """
    return _read(text) if len(text) <= MAX_LENGTH else ()


@lru_cache(maxsize=CACHED)
def _read(text: str) -> tuple[Number, ...]:
    plain = _unwrap(" ".join(plain_characters(text).split()))
    about, plain = _without_about(plain)
    readings = _read_signed(plain)
    if about:
        readings = tuple(replace(number, approximate=True) for number in readings)
    return readings


def _unwrap(text: str) -> str:
    for opening, closing in _WRAPPED:
        if text.startswith(opening) and text.endswith(closing) and len(text) > len(opening) + len(closing):
            text = text[len(opening) : -len(closing)].strip()
    if text.endswith(".") and not text.endswith(".."):
        text = text[:-1]
    return text.strip()


def _without_about(text: str) -> tuple[bool, str]:
    shortened = _EXACTLY.sub("", text, count=1) if _EXACTLY.match(text) else text
    about = _ABOUT.match(shortened)
    if about is not None:
        shortened = shortened[about.end() :]
    after = _OR_SO.search(shortened)
    if after is not None:
        shortened = shortened[: after.start()]
    return about is not None or after is not None, shortened


def _read_signed(text: str) -> tuple[Number, ...]:
    if text.startswith("(") and text.endswith(")"):
        inner = _read_unsigned(text[1:-1].strip())
        return tuple(replace(n, value=-n.value) for n in inner) + inner if text[1:2].isdigit() else inner
    below = _BELOW.search(text)
    if below is not None:
        return _negative(_read_unsigned(text[: below.start()].removesuffix(" degrees")))
    minus = _MINUS.match(text)
    if minus is not None:
        return _negative(_read_unsigned(text[minus.end() :]))
    text = re.sub(r"^(?:positive|plus) (?=\d)", "+", text, flags=re.IGNORECASE)
    return _read_unsigned(text.removeprefix("+").lstrip() if text[1:2].isdigit() or text[1:2] == " " else text)


def _negative(readings: tuple[Number, ...]) -> tuple[Number, ...]:
    return tuple(replace(number, value=-number.value) for number in readings if not number.ordinal)


def _read_unsigned(text: str) -> tuple[Number, ...]:
    if not text:
        return ()
    if text[-1] == "!":
        return _exclaimed(text[:-1].rstrip())
    found = scan_digits(text, 0)
    if found is not None and found[0] == len(text):
        return found[1]
    roman = read_roman(text)
    if roman is not None:
        return (Number(Fraction(roman), 0, roman=True),)
    return _in_words(text) or _out_of(text)


def _exclaimed(text: str) -> tuple[Number, ...]:
    """`18!` is 18, said aloud; it may be a factorial."""
    readings = _read_unsigned(text)
    if text.isdigit() and len(text) <= 2 and int(text) <= 25:
        product = 1
        for factor in range(2, int(text) + 1):
            product *= factor
        readings += (Number(Fraction(product), 0),)
    return readings


def _in_words(text: str) -> tuple[Number, ...]:
    percent = PERCENT.search(text)
    whole = text[: percent.start()] if percent is not None and percent.end() == len(text) else text
    words = whole.lower().replace(",", " ").replace("-", " ").split()
    if words[-1:] == ["of"]:
        words = words[:-1]
    if words[:1] == ["the"] and len(words) > 1:
        words = words[1:]
    numbers = tuple(from_numeral(numeral) for numeral in read_words(words))
    return as_percent(numbers) if whole is not text else numbers


def _out_of(text: str) -> tuple[Number, ...]:
    """`3 out of 4` is a share; or 3, of 4 that there are."""
    parts = _OUT_OF.fullmatch(text) if len(text) <= 80 else None
    if parts is None:
        return ()
    above, below = _read_unsigned(parts[1]), _read_unsigned(parts[2])
    if len(above) != 1 or len(below) != 1 or not 0 < above[0].value <= below[0].value:
        return ()
    share = Number(above[0].value / below[0].value, None)
    return (share, above[0]) if "out" in text.lower() else (share,)


def find_numbers(text: str) -> list[FoundNumber]:
    """The numbers in running text, from left to right, the longest at each place.

    A number is not looked for inside words (`H2O`, `x2`), times (`10:00`), dates (`3/4/2020`) or versions (`1.2.3`).
    Roman numerals, and words that are mostly no numbers (`once`, `none`), are left out.
    """
    return list(_find(plain_characters(text)))


def _find(text: str) -> Iterator[FoundNumber]:
    at = 0
    while (start := _START.search(text, at)) is not None:
        begin, sign = start.start(), start[0][0]
        if sign.isascii() and sign.isalpha():
            found = _scan_words(text, begin) if start[0].lower() in WORDS and _is_free(text, begin) else None
            at = start.end()
        elif sign in "0123456789.":
            found = scan_digits(text, begin) if _is_free(text, begin) else None
            at = _end_of_digits(text, begin)
        elif HAN.match(text, begin):
            found, at = _scan_han(text, start), start.end()
        else:
            found, at = scan_digits(text, begin), start.end()
        if found is None or not _ends(text, found[0]):
            continue
        end, readings = found
        at = max(end, begin + 1)
        about, signed = _before(text, begin)
        if signed < begin:
            readings = _negative(readings) or readings
        if about < signed:
            readings = tuple(replace(number, approximate=True) for number in readings)
        yield FoundNumber(signed, end, readings)


def _end_of_digits(text: str, at: int) -> int:
    """After a run that is no number: all of `3/4/2020`, `10:00`, `1.2.3`, so that its tail is not read."""
    found = re.compile(r"[\d.,:/]*\w*").match(text, at)
    return max(found.end() if found is not None else at, at + 1)


def _is_free(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    if before in (":", "/", ".") and text[at - 2 : at - 1].isdigit():
        return False
    return not (before.isalnum() and not is_han(before)) and before not in ("_", "^")


def _ends(text: str, end: int) -> bool:
    """Whether a number may end here: before no letter or digit, and in no time, date or power."""
    after = text[end : end + 2]
    if len(after) == 2 and after[0] in ":/." and after[1].isdigit():
        return False
    return after[:1] != "_" and not (after[:1].isdigit())


def _before(text: str, begin: int) -> tuple[int, int]:
    """Where `about` and a sign before a number begin; both are `begin` where there is none."""
    signed = begin
    if begin and text[begin - 1] == "-" and (begin == 1 or text[begin - 2] in " ([{=<>,;:~≈*+/×·$|\n"):
        signed = begin - 1
    else:
        word = re.compile(r"(?<!\w)(?:minus|negative) $", re.IGNORECASE).search(text, max(0, begin - 9), begin)
        if word is not None and not re.search(r"[\d)%] $", text[max(0, word.start() - 3) : word.start()]):
            signed = word.start()
    window = text[max(0, signed - 16) : signed]
    about = re.search(
        r"(?<!\w)(?:~|≈|about|approximately|approx\.?|around|roughly|nearly|almost|circa) ?$", window, re.I
    )
    return (signed - len(window) + about.start() if about is not None else signed), signed


def _scan_words(text: str, at: int) -> tuple[int, tuple[Number, ...]] | None:
    words: list[str] = []
    ends: list[int] = []
    place = at
    while len(words) < MAX_WORDS and (word := _WORD.match(text, place)) is not None and word[0].lower() in WORDS:
        words.append(word[0].lower())
        ends.append(word.end())
        joint = _BETWEEN.match(text, word.end())
        if joint is None:
            break
        place = joint.end()
    used, readings = longest_number(words)
    if not used or text[ends[used - 1] : ends[used - 1] + 1].isalnum():
        return None
    end, numbers = ends[used - 1], tuple(from_numeral(numeral) for numeral in readings)
    percent = PERCENT.match(text, end)
    return (end, numbers) if percent is None else (percent.end(), as_percent(numbers))


def _scan_han(text: str, run: re.Match[str]) -> tuple[int, tuple[Number, ...]] | None:
    numeral = read_han(run[0])
    if numeral is None:
        return None
    before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
    if len(run[0]) == 1 and (is_han(before) or (is_han(after) and after not in _COUNTERS)):
        return None
    return run.end(), (from_numeral(numeral),)
