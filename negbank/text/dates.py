"""Dates as people write them: `20.7.1969`, `July 20, 1969`, `the 20th of July '69`, `the 1960s`, `44 BC`, `Wednesday`.

A text is a date only where it is nothing else and names a month, a weekday, an era, a decade, a century, or has a
numeric date's form. Every plausible order of day and month is a reading. Nothing depends on today's date: what a text
leaves out is None.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from negbank.text.characters import plain_characters
from negbank.text.number_words import longest_number, read_words
from negbank.text.numerals import read_roman

MAX_LENGTH: Final = 60
Agreement = Literal["equal", "coarser", "finer", "different", "apart"]

_MONTH_NAMES: Final = (
    "january jan|february feb febr|march mar|april apr|may|june jun|july jul|august aug|september sept sep|"
    "october oct|november nov|december dec"
)
_MONTHS: Final = {name: month for month, names in enumerate(_MONTH_NAMES.split("|"), start=1) for name in names.split()}
_WEEKDAY_NAMES: Final = (
    "monday mon mondays|tuesday tue tues tuesdays|wednesday wed wednesdays|thursday thu thur thurs thursdays|"
    "friday fri fridays|saturday sat saturdays|sunday sun sundays"
)
_WEEKDAYS: Final = {name: day for day, names in enumerate(_WEEKDAY_NAMES.split("|")) for name in names.split()}
_FEASTS: Final = {
    "christmas day": (12, 25), "christmas": (12, 25), "christmas eve": (12, 24), "new year's day": (1, 1),
    "new year's eve": (12, 31), "halloween": (10, 31), "valentine's day": (2, 14),
}  # fmt: skip
_NTH_MONTH: Final = re.compile(r"(?:the )?(\w+) month(?: of the year)?")
_PERIOD: Final = re.compile(r"(?:from |between )?(.+?)(?: ?- ?| to | until | till | through | and )(?:the )?(.+)")
_MONTH_DAYS: Final = re.compile(
    r"(?:from )?([a-z]{3,9})\.? (\d{1,2})(?:th|st|nd|rd)?(?: ?- ?| to )(\d{1,2})(?:th|st|nd|rd)?,?(?: (\d{4}))?"
)
_DECADES: Final = {
    name: 10 * place
    for place, name in enumerate(
        "tens twenties thirties forties fifties sixties seventies eighties nineties".split(), 1
    )
}
MONTH_WORDS: Final = frozenset((*_MONTHS, *_WEEKDAYS, *_DECADES, "century", "christmas", "halloween", "eve"))
"""Words that may make a text a date."""
_ERA: Final = re.compile(
    r"\b(?:(b\.? ?c\.?(?: ?e\.?)?|before christ)|(a\.? ?d\.?|c\.? ?e\.?|anno domini))(?![a-z])", re.I
)
_NUMERIC: Final = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})")
_MONTH_YEAR: Final = re.compile(r"(\d{1,2})[./-](\d{4})|(\d{4})[./-](\d{1,2})")
_DAY_MONTH: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})\.?")
_HAN: Final = re.compile(r"(?:(\d{1,4})年)?(?:(\d{1,2})月)?(?:(\d{1,2})[日号號])?")
_TIME: Final = re.compile(r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$")
_DECADE: Final = re.compile(r"(?:(early|mid|late)[- ])?(?:the )?(?:(\d{1,2})|')?(\d0)'?s")
_DECADE_WORD: Final = re.compile(r"(?:(early|mid|late)[- ])?(?:the )?(?:([a-z]+)[ -])?([a-z]+ies|tens)")
_CENTURY: Final = re.compile(
    r"(?:(early|mid|late)[- ])?(?:the )?(\d{1,2}(?:st|nd|rd|th)?|[a-z]+(?:[- ][a-z]+)?|[ivx]+)"
    r"[- ](?:century|cent\.?|c\.)"
)
_TOKEN: Final = re.compile(r"(')?(\d{1,4})(?:st|nd|rd|th)?(?![a-z0-9])|([a-z]+(?:'s)?)")
_GATE: Final = re.compile(
    rf"\d[\d'-]*0'?s\b|\b(?:{'|'.join((*_MONTHS, *_WEEKDAYS, *_DECADES))})\b|century|christmas|halloween|\bcent\b|\bc\."
    r"|\b(?:b\.?c|a\.?d|c\.?e)\b|\d[./-]\d|[年月日]|\beve\b|\bday\b",
    re.I,
)


@dataclass(frozen=True)
class Date:
    """One reading of a date; what the text leaves out is None.

    Attributes:
        year: negative before Christ: -44 for 44 BC.
        last_year: the end of a decade or century that begins with `year`.
        weekday: 0 for Monday.
        part: `early`, `mid` or `late` of a decade or century.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    last_year: int | None = None
    part: str = ""

    def fields(self) -> frozenset[str]:
        """What is given: some of year, month, day, weekday, span."""
        given = {name for name in ("year", "month", "day", "weekday") if getattr(self, name) is not None}
        return frozenset(given - {"year"} | {"span"} if self.last_year is not None else given)


@lru_cache(maxsize=4_096)
def read_dates(text: str, loose: bool = False) -> tuple[Date, ...]:
    """Every reading of a text that is a date and nothing else, the usual one first; () where it is not.

    `loose` (for a text beside another that is a date) also takes a bare year, and `14/7` for a day and month.
    """
    if len(text) > MAX_LENGTH or not (loose or _GATE.search(text)):
        return ()
    plain = " ".join(plain_characters(text).split()).strip('"')
    plain = re.sub(
        r"^(?:on|in|during|since|by|at|about|around|circa|c\.|ca\.|the year|in the year) ", "", plain, flags=re.I
    )
    if plain in ("may", "mar", "sat", "sun", "wed", "mon", "march", "dec", "jan"):
        return () if plain in ("may", "sat", "sun", "wed", "mar", "march") and not loose else _named(plain)
    lower = plain.lower().strip(" ,;")
    nth = _NTH_MONTH.fullmatch(lower) if loose else None
    if nth is not None:
        return _nth_month(nth[1])
    found = _numeric(lower.removeprefix("the ").rstrip("."), loose) or _spans(lower)
    return tuple(dict.fromkeys(date for date in (found or _named(lower)) if _is_possible(date)))


@lru_cache(maxsize=4_096)
def read_period(text: str) -> tuple[Date, Date] | None:
    """The first and last day of `3–17 May 2019`, `May 3-17, 2019`, `from 3 May to 17 May`; None where it is none."""
    if len(text) > MAX_LENGTH or not _GATE.search(text):
        return None
    plain = " ".join(plain_characters(text).split()).lower().strip(" .,")
    named = _MONTH_DAYS.fullmatch(plain)
    if named is not None:
        plain = f"{named[2]} - {named[3]} {named[1]} {named[4] or ''}".strip()
    found = _PERIOD.fullmatch(plain)
    if found is None:
        return None
    last = read_dates(found[2])
    day = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?\.?", found[1])
    if len(last) != 1 or last[0].last_year is not None:
        return None
    first = (replace(last[0], day=int(day[1])),) if day is not None and last[0].day else read_dates(found[1])
    if len(first) != 1 or (first[0].day is None) != (last[0].day is None):
        return None
    begin = first[0] if first[0].year is not None else replace(first[0], year=last[0].year)
    return (begin, last[0]) if _is_possible(begin) else None


def _nth_month(text: str) -> tuple[Date, ...]:
    """`fourth` and `4th` as a month."""
    digits = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", text)
    named = read_words([text])
    place = int(digits[1]) if digits else int(named[0].value) if named and named[0].ordinal else 0
    return (Date(None, place),) if 1 <= place <= 12 else ()


def compare_dates(first: Date, second: Date) -> Agreement:
    """How `second` stands to `first`: `finer` says more and contradicts nothing; `apart`: nothing to compare."""
    for name in ("month", "day"):
        ours, theirs = getattr(first, name), getattr(second, name)
        if ours is not None and theirs is not None and ours != theirs:
            return "different"
    years = _compare_years(first, second)
    if years == "different":
        return "different"
    mine, others = first.fields() - {"weekday"}, second.fields() - {"weekday"}
    if not mine and not others:
        return "equal" if first.weekday == second.weekday else "different"
    if not mine & others and years != "within":
        return "apart"
    if first.part != second.part and first.part and second.part:
        return "different"
    if mine == others:
        return "equal" if first.part == second.part else "finer" if second.part else "coarser"
    return "finer" if len(others) > len(mine) or (len(others) == len(mine) and "span" in mine) else "coarser"


def _compare_years(first: Date, second: Date) -> str:
    if first.year is None or second.year is None:
        return "unknown"
    last, other_last = first.last_year or first.year, second.last_year or second.year
    if first.last_year is not None and second.last_year is not None and last - first.year == other_last - second.year:
        return "same" if first.year == second.year else "different"
    if last < second.year or other_last < first.year:
        return "different"
    return "within"


def names_era(text: str) -> bool:
    """Whether `text` says BC, AD or the like."""
    return _ERA.search(text) is not None


def _is_possible(date: Date) -> bool:
    if date.month is not None and not 1 <= date.month <= 12:
        return False
    if date.day is None:
        return True
    if date.month is None or not 1 <= date.day <= 31:
        return False
    year = date.year if date.year is not None and date.year > 0 else 2000
    return date.day <= calendar.monthrange(min(year, 9999), date.month)[1]


def _years(text: str, short: bool = False) -> tuple[int, ...]:
    """The years that digits may stand for; two digits leave the century open."""
    year = int(text)
    if len(text) > 2 and not short:
        return (year,)
    return (1900 + year, 2000 + year, 1800 + year, 1700 + year) if len(text) == 2 else (year,)


def _numeric(text: str, loose: bool) -> tuple[Date, ...]:
    text = _TIME.sub("", text.upper()) if ":" in text else text
    full = _NUMERIC.fullmatch(text)
    if full is not None:
        return _three_numbers(full[1], full[3], full[4], full[2])
    pair = _MONTH_YEAR.fullmatch(text)
    if pair is not None:
        month, year = (pair[1], pair[2]) if pair[1] else (pair[4], pair[3])
        return (Date(int(year), int(month)),)
    han = _HAN.fullmatch(text) if text else None
    if han is not None:
        year, month, day = (int(part) if part else None for part in han.groups())
        return (Date(year, month, day),)
    if not loose:
        return ()
    short = _DAY_MONTH.fullmatch(text)
    if short is not None:
        return (Date(None, int(short[2]), int(short[1])), Date(None, int(short[1]), int(short[2])))
    return (Date(int(text)),) if re.fullmatch(r"[1-9]\d{1,3}", text) else ()


def _three_numbers(first: str, middle: str, last: str, sign: str) -> tuple[Date, ...]:
    if len(first) >= 3:
        return (Date(int(first), int(middle), int(last)),) if len(last) <= 2 else ()
    day_first = [Date(year, int(middle), int(first)) for year in _years(last)]
    month_first = [Date(year, int(first), int(middle)) for year in _years(last)]
    if sign == ".":
        return tuple(day_first)
    year_first = (
        [Date(year, int(middle), int(last)) for year in _years(first)] if len(last) == 2 and sign == "-" else []
    )
    return (*month_first, *day_first, *year_first)


def _spans(text: str) -> tuple[Date, ...]:
    """Decades and centuries."""
    era = _ERA.search(text)
    before = era is not None and era[1] is not None
    if era is not None:
        text = " ".join((text[: era.start()] + text[era.end() :]).split()).strip(" .,")
    decade = _DECADE.fullmatch(text)
    if decade is not None:
        tens = int(decade[3])
        hundreds = [int(decade[2])] if decade[2] else [19, 18, 20]
        spans = [Date(100 * h + tens, last_year=100 * h + tens + 9, part=decade[1] or "") for h in hundreds]
        if not tens and decade[2]:
            spans.insert(0, replace(spans[0], last_year=spans[0].year + 99 if spans[0].year is not None else None))
        return tuple(spans)
    worded = _DECADE_WORD.fullmatch(text)
    if worded is not None and worded[3] in _DECADES:
        named = read_words([worded[2]]) if worded[2] else ()
        if worded[2] and not named:
            return ()
        hundreds = [int(named[0].value)] if named else [19, 18, 20]
        tens = _DECADES[worded[3]]
        return tuple(Date(100 * h + tens, last_year=100 * h + tens + 9, part=worded[1] or "") for h in hundreds)
    return _century(text, before)


def _century(text: str, before: bool) -> tuple[Date, ...]:
    found = _CENTURY.fullmatch(text)
    if found is None:
        return ()
    digits = re.match(r"\d+", found[2])
    roman = read_roman(found[2].upper())
    named = read_words(found[2].replace("-", " ").split())
    place = int(digits[0]) if digits else roman or (int(named[0].value) if named and named[0].ordinal else 0)
    if not 0 < place < 40:
        return ()
    first = -100 * place if before else 100 * (place - 1)
    return (Date(first, last_year=first + 99, part=found[1] or ""),)


def _named(text: str) -> tuple[Date, ...]:
    """A date with a month, weekday, feast or era by name, its parts in any usual order."""
    era = _ERA.search(text)
    if era is not None:
        text = f"{text[: era.start()]} {text[era.end() :]}"
    tokens = _tokens(text)
    if tokens is None:
        return ()
    months = [int(value) for kind, value in tokens if kind == "month"]
    weekdays = [int(value) for kind, value in tokens if kind == "weekday"]
    numbers = [(kind, value) for kind, value in tokens if kind in ("number", "short")]
    feast = [value for kind, value in tokens if kind == "feast"]
    if (
        len(months) > 1
        or len(weekdays) > 1
        or len(numbers) > 2
        or len(feast) > 1
        or not (months or weekdays or era or feast)
    ):
        return ()
    weekday = weekdays[0] if weekdays else None
    if feast:
        month, day = _FEASTS[feast[0]]
        dates = [Date(year, month, day) for kind, value in numbers[:1] for year in _years(value)] or [
            Date(None, month, day)
        ]
    elif months:
        dates = _with_month(months[0], numbers, tokens)
    elif era is not None:
        dates = [Date(int(numbers[0][1]))] if len(numbers) == 1 else []
    else:
        dates = [] if numbers else [Date()]
    signed = era is not None and era[1] is not None
    return tuple(
        replace(date, weekday=weekday, year=-date.year if signed and date.year is not None else date.year)
        for date in dates
    )


def _with_month(month: int, numbers: list[tuple[str, str]], tokens: list[tuple[str, str]]) -> list[Date]:
    if not numbers:
        return [Date(None, month)]
    if len(numbers) == 1:
        kind, value = numbers[0]
        if kind == "short":
            return [Date(year, month) for year in _years(value)]
        if len(value) <= 2 and int(value) <= 31:
            return [Date(None, month, int(value))]
        return [Date(year, month) for year in _years(value)]
    (_, first), (kind, second) = numbers
    if len(first) > 2 or int(first) > 31:  # the year first: 1999 Dec 31
        first, second, kind = second, first, numbers[0][0]
    if len(first) > 2 or not 1 <= int(first) <= 31:
        return []
    return [Date(year, month, int(first)) for year in _years(second, kind == "short")]


def _tokens(text: str) -> list[tuple[str, str]] | None:
    """Months, weekdays and numbers of `text`; None where it holds anything else."""
    out: list[tuple[str, str]] = []
    for feast in _FEASTS:
        if re.search(rf"\b{feast}\b", text):
            text = re.sub(rf"\b{feast}\b", " ", text)
            out.append(("feast", feast))
            break
    at = 0
    for word in _TOKEN.finditer(text):
        if text[at : word.start()].strip(" ,.-/()"):
            return None
        at = word.end()
        if word[2]:
            out.append(("short" if word[1] else "number", word[2]))
        elif word[3] in _MONTHS:
            out.append(("month", str(_MONTHS[word[3]])))
        elif word[3] in _WEEKDAYS:
            out.append(("weekday", str(_WEEKDAYS[word[3]])))
        elif word[3] not in ("the", "of", "in", "on", "year", "and", "day"):
            out.append(("word", word[3]))
    return None if text[at:].strip(" ,.-/()") else _numbers_in_words(out)


def _numbers_in_words(tokens: list[tuple[str, str]]) -> list[tuple[str, str]] | None:
    """`tokens` with number words read: `fourth` is 4, `nineteen sixty nine` 1969; None where a word is none."""
    out: list[tuple[str, str]] = []
    at = 0
    while at < len(tokens):
        if tokens[at][0] != "word":
            out.append(tokens[at])
            at += 1
            continue
        run = at
        while run < len(tokens) and tokens[run][0] == "word":
            run += 1
        used, readings = longest_number([value for _, value in tokens[at:run]])
        if tokens[at][1] == "second":
            used, readings = 1, read_words(["second"])
        if not used or readings[0].value.denominator != 1 or not 0 < readings[0].value < 10_000:
            return None
        out.append(("number", str(readings[0].value)))
        at += used
    return out
