"""What numbers, quantities and dates say of each other, read beside the question. `values` is the only caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Final

from negbank.guards.decision import Decision, Verdict
from negbank.text.dates import Date, compare_dates, names_era, read_dates, read_period
from negbank.text.number_words import read_words
from negbank.text.unit_names import read_unit
from negbank.text.unit_table import Dimension, Unit, calendar_sizes
from negbank.text.units import RATIO, Quantity, read_quantities

CLOSE: Final = Fraction(1, 20)
"""Within a twentieth, what is said to be approximate may be the same."""
CONVERTED: Final = Fraction(1, 50)
"""Within a fiftieth, and within what was written, a conversion is the same: 5 km and 3.1 miles."""

_SHARE_OF: Final = re.compile(r"\d ?(?:%|per ?cent) of\b", re.I)
OLD: Final = 500
"""A year before Christ that is written without BC is an earlier one."""
_ASKS_EXACTLY: Final = re.compile(
    r"\b(?:decimal places?|decimals?|significant (?:digits?|figures?)|nearest|round(?:ed|ing)?|"
    r"exact(?:ly)?|precisely)\b",
    re.I,
)
_ASKS_BOUND: Final = re.compile(
    r"\b(?:at least|at most|minimum|maximum|more than|less than|no more|no less|up to|limit)\b", re.I
)
_ASKS_PERCENT: Final = re.compile(r"(?:^|[^\d\s]) ?(?:\bper ?cent(?:age)?s?\b|%)", re.I)
"""Not `What is 20% of 50?`."""
_ASKS_YEAR: Final = re.compile(
    r"\b(?:what|which) year\b|\byears? (?:did|was|were|is|does|of|do)\b|\bin what year\b", re.I
)
_ASKS_MONTH: Final = re.compile(r"\b(?:what|which) month\b", re.I)
_ASKS_WEEKDAY: Final = re.compile(r"\b(?:what|which) (?:day of the week|weekday)\b", re.I)
_ASKS_DECADE: Final = re.compile(r"\b(?:what|which) decade\b", re.I)
_ASKS_CENTURY: Final = re.compile(r"\b(?:what|which) century\b", re.I)
_WORD: Final = re.compile(r"[A-Za-zμΩ°%€£$²³/]+")
_ASKS_RATIO: Final = re.compile(r"\b(?:ratio|proportion|scale|odds)\b", re.I)
_MORNING: Final = re.compile(r"\bmorning\b|\ba\.?m\b|\bmidnight\b", re.I)
_LATER: Final = re.compile(r"\b(?:afternoon|evening|noon|midday)\b|\bp\.?m\b", re.I)
_SHORT_YEAR: Final = re.compile(r"(?:in )?['’‘](\d\d)")
_MILITARY: Final = re.compile(r"([01]?\d(?=\.)|[01]\d|2[0-3])\.?([0-5]\d)(?: ?(?:h|hrs|hours))?\.?", re.I)
_CLOCK: Final[Dimension] = (("clock", 1),)
_TIME: Final[Dimension] = (("s", 1),)


def decide_dates(question: str, answer: str, candidate: str) -> Decision | None:
    """The verdict on two dates; None where either is none."""
    ours, theirs = read_dates(answer), read_dates(candidate)
    if not ours and not theirs:
        return _decide_periods(answer, candidate)
    ours, theirs = ours or read_dates(answer, loose=True), theirs or read_dates(candidate, loose=True)
    if not ours or not theirs:
        return None
    verdict = _same_dates(question, ours, theirs, answer, candidate)
    return None if verdict is None else Decision(verdict, "date")


def _decide_periods(answer: str, candidate: str) -> Decision | None:
    """The verdict on `3–17 May 2019` beside `from 3 May 2019 to 17 May 2019`."""
    ours, theirs = read_period(answer), read_period(candidate)
    if ours is None or theirs is None:
        return None
    says = {compare_dates(first, second) for first, second in zip(ours, theirs, strict=True)}
    if "different" in says:
        return Decision("different", "date")
    return Decision("same" if says == {"equal"} else "ambiguous", "date")


def _same_dates(
    question: str, ours: tuple[Date, ...], theirs: tuple[Date, ...], answer: str, candidate: str
) -> Verdict | None:
    found = {(a, b): compare_dates(a, b) for a in ours for b in theirs}
    says = set(found.values())
    if says == {"apart"}:
        return None
    if says <= {"different", "apart"}:
        if not names_era(answer) and not names_era(question) and all(date.year and date.year >= OLD for date in ours):
            return "different"  # nobody leaves BC out of 1066 BC
        return "ambiguous" if _era_left_out(ours, theirs, answer, candidate) else "different"
    if "equal" in says:
        orders = max(len({(date.month, date.day) for date in side}) for side in (ours, theirs))
        return "same" if orders == 1 or set(ours) == set(theirs) else "ambiguous"
    asked = _asked_field(question)
    pairs = [(a, b) for (a, b), how in found.items() if how in ("finer", "coarser")]
    if asked and all(_agree_on(asked, a, b) for a, b in pairs):
        return "same"
    return "ambiguous"


def _era_left_out(ours: tuple[Date, ...], theirs: tuple[Date, ...], answer: str, candidate: str) -> bool:
    """Whether the years are alike but for BC, which one side does not write."""
    if names_era(answer) == names_era(candidate):
        return False
    return any(a.year is not None and b.year is not None and a.year == -b.year for a in ours for b in theirs)


def _asked_field(question: str) -> str:
    for field, pattern in (
        ("year", _ASKS_YEAR), ("month", _ASKS_MONTH), ("weekday", _ASKS_WEEKDAY), ("decade", _ASKS_DECADE),
        ("century", _ASKS_CENTURY),
    ):  # fmt: skip
        if pattern.search(question):
            return field
    return ""


def _agree_on(field: str, first: Date, second: Date) -> bool:
    """Whether two dates give the same in the field that is asked for."""
    if field in ("decade", "century"):
        size = 10 if field == "decade" else 100
        years = [date.year for date in (first, second) if date.year is not None]
        return len(years) == 2 and years[0] // size == years[1] // size
    mine, other = getattr(first, field), getattr(second, field)
    return mine is not None and mine == other and not (first.last_year or second.last_year)


def decide_quantities(question: str, answer: str, candidate: str) -> Decision | None:
    """The verdict on two numbers or quantities; None where either is none, or words must decide."""
    for short, long in ((answer, candidate), (candidate, answer)):
        year = _SHORT_YEAR.fullmatch(short)
        if year is not None and re.fullmatch(r"[12]\d\d\d", long):
            return Decision("ambiguous" if long.endswith(year[1]) else "different", "date")
    every = _EVERY.fullmatch(answer), _EVERY.fullmatch(candidate)
    if every[0] is not None and every[1] is not None:
        answer, candidate = every[0][1], every[1][1]
    answer, candidate = _without_rate(question, answer), _without_rate(question, candidate)
    if _ASKS_TIMES.search(question):
        answer, candidate = _TIMES.sub(r"\1", answer), _TIMES.sub(r"\1", candidate)
    ours, theirs = read_quantities(answer), read_quantities(candidate)
    if _are_clocks(ours, theirs) and not _ASKS_RATIO.search(question):  # 0:10 and 10:00 are 10 minutes both ways
        ours, theirs = (tuple(q for q in side if q.dimension == _CLOCK) for side in (ours, theirs))
        ours = _in_part_of_day(question, ours)
    if ours and theirs and (_of_day(answer) or _of_day(candidate)):
        ours, theirs = _as_clock(answer, ours, theirs), _as_clock(candidate, theirs, ours)
    if not ours or not theirs:
        return None
    found = [
        (verdict, is_usual or verdict == "different", "unit" if first.dimension or second.dimension else "number")
        for first, second, is_usual in _comparable(ours, theirs)
        if (verdict := _compare(question, first, second)) is not None
    ]
    if not found:
        return _incomparable(ours, theirs)
    verdict, is_usual, rule = min(found, key=lambda pair: (_ORDER.index(pair[0]), not pair[1]))
    if verdict == "same" and not is_usual:
        alike = ours[0].number.value == theirs[0].number.value and ours[0].dimension and theirs[0].dimension
        verdict = "different" if alike else "ambiguous"  # 42.195 km beside 42.195 m: the point is no grouping
    return Decision(verdict, rule)


def _are_clocks(ours: tuple[Quantity, ...], theirs: tuple[Quantity, ...]) -> bool:
    return all(any(q.dimension == _CLOCK for q in side) for side in (ours, theirs))


def _in_part_of_day(question: str, readings: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    """The readings of a time that the question's own `in the evening` leaves; all where it says nothing."""
    morning, later = _MORNING.search(question) is not None, _LATER.search(question) is not None
    if morning == later:
        return readings
    return tuple(q for q in readings if (q.value < 720) == morning) or readings


def _without_rate(question: str, text: str) -> str:
    """`text` without `per kilo` or `a kilo`, where the question says what a kilo costs."""
    found = _PER.fullmatch(text) if len(text) < 60 else None
    if found is None or not re.search(rf"\b{found[2]}\b", question, re.I):
        return text
    money = read_quantities(found[1])
    return found[1] if money and all(len(q.dimension) == 1 and len(q.dimension[0][0]) == 3 for q in money) else text


def _of_day(text: str) -> re.Match[str] | None:
    """`2245`, `0600 hours` and `12.15`, which are times of the day beside another one."""
    return _MILITARY.fullmatch(text)


def _as_clock(text: str, readings: tuple[Quantity, ...], others: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    found = _of_day(text)
    if found is None or not any(q.dimension == _CLOCK for q in others):
        return readings
    return read_quantities(f"{found[1]}:{found[2]}")


_ORDER: Final[tuple[Verdict, ...]] = ("same", "ambiguous", "different")


def _comparable(ours: tuple[Quantity, ...], theirs: tuple[Quantity, ...]) -> Iterator[tuple[Quantity, Quantity, bool]]:
    """Pairs of readings, and whether both are the usual reading of their number."""
    usual = [_usual_number(ours), _usual_number(theirs)]
    alike = {q.unit for q in ours} == {q.unit for q in theirs}  # 180° and 360° are of one scale, whichever it is
    for first in ours:
        for second in theirs:
            both = first.number == usual[0] or first.dimension != ours[0].dimension
            if alike and first.unit != second.unit and first.dimension == second.dimension:
                continue
            if first.number != usual[0] and second.number != usual[1] and first.dimension == ours[0].dimension:
                continue
            yield first, second, both and (second.number == usual[1] or second.dimension != theirs[0].dimension)


def _usual_number(readings: tuple[Quantity, ...]) -> object:
    return readings[0].number


def _incomparable(ours: tuple[Quantity, ...], theirs: tuple[Quantity, ...]) -> Decision | None:
    """Quantities of different kinds are different; where one counts things by a noun, words decide."""
    if any(q.counted or q.number.roman for q in (*ours, *theirs)):
        return None
    return Decision("different", "unit")


def _compare(question: str, first: Quantity, second: Quantity) -> Verdict | None:
    """The verdict on one reading of each; None where they are of different kinds."""
    if first.counted and second.counted and first.value == second.value and not _same_noun(first.unit, second.unit):
        return None
    if _is_plain(first) != _is_plain(second) and RATIO not in (first.dimension, second.dimension):
        measured, plain = (second, first) if _is_plain(first) else (first, second)
        return _beside_plain(question, measured, plain)
    if first.dimension != second.dimension:
        return _by_calendar(first, second)
    if first.number.roman or second.number.roman:
        return _roman(first, second)
    if first.bound != second.bound or (first.upper is None) != (second.upper is None):
        asked = bool(_ASKS_BOUND.search(question)) and first.upper is None and second.upper is None
        return "same" if asked and first.value == second.value else "different"
    if first.upper is not None and second.upper is not None:
        both = {_compare_values(question, first, second), "same" if first.upper == second.upper else "different"}
        return "same" if both == {"same"} else "different"
    return _percent(question, first, second) or _compare_values(question, first, second)


def _is_plain(quantity: Quantity) -> bool:
    return not quantity.dimension


def _same_noun(first: str, second: str) -> bool:
    stems = [re.sub(r"(?:es|s)$", "", noun) for noun in (first, second)]
    return stems[0] == stems[1]


def _roman(first: Quantity, second: Quantity) -> Verdict | None:
    """A Roman numeral of one letter may be a letter: a grade, a vitamin."""
    if first.value == second.value:
        return "same"
    letters = [q for q in (first, second) if q.number.roman and q.value in (1, 5, 10, 50, 100, 500, 1000)]
    return None if letters else "different"


def _percent(question: str, first: Quantity, second: Quantity) -> Verdict | None:
    """`50` beside `50%`: the same where a percentage is asked, else it cannot be told."""
    if first.number.percent == second.number.percent or first.dimension:
        return None
    share, plain = (first, second) if first.number.percent else (second, first)
    if share.value == plain.value:
        return "same"
    if share.value * 100 == plain.value:
        if _SHARE_OF.search(question) and not _ASKS_PERCENT.search(question):
            return "different"
        return "same" if _ASKS_PERCENT.search(question) else "ambiguous"
    return None


def _compare_values(question: str, first: Quantity, second: Quantity) -> Verdict:
    if first.number.padded != second.number.padded and first.value == second.value:
        return "ambiguous"
    difference = abs(first.value - second.value)
    if not difference:
        return "same"
    scale = _SCALE.search(question)
    if scale is not None and {first.value, second.value} == {
        min(first.value, second.value), min(first.value, second.value) * _SCALES[scale[1].lower()],
    }:  # fmt: skip
        return "same"
    offset = first.dimension == (("K", 1),)
    zero = Fraction(27315, 100) if offset else Fraction(0)
    size = max(abs(first.value - zero), abs(second.value - zero), Fraction(1, 10**12))
    if (first.approximate or second.approximate) and difference <= size * CLOSE:
        return "ambiguous"
    if _ASKS_EXACTLY.search(question):
        return "different"
    if first.unit != second.unit and first.dimension:
        return _converted(first, second, difference, size)
    return _rounded(first, second)


def _converted(first: Quantity, second: Quantity, difference: Fraction, size: Fraction) -> Verdict:
    """A conversion is right within what was written: 5 km are 3.1 miles, and not 3."""
    if first.number.value == second.number.value:
        return "different"
    steps = [step for step in (first.step, second.step) if step is not None]
    if not steps or difference > max(steps) / 2:
        tight = difference <= size / 200 and _are_of_two_systems(first, second)
        return "ambiguous" if tight else "different"
    if difference <= size * CONVERTED:
        return "same"
    return "ambiguous" if difference <= size * CLOSE else "different"


def _are_of_two_systems(first: Quantity, second: Quantity) -> bool:
    """Whether no short decimal converts one unit into the other, as for miles and kilometres."""
    if not first.number.value or not second.number.value:
        return False
    ratio = (first.value / first.number.value) / (second.value / second.number.value)
    return any(ratio.denominator % prime == 0 or ratio.numerator % prime == 0 for prime in (3, 7, 11, 13, 127))


def _rounded(first: Quantity, second: Quantity) -> Verdict:
    """`3.14` is 3.14159 rounded; of two digits alone, it cannot be told."""
    places = [q.number.decimals for q in (first, second)]
    if places[0] == places[1] and places[0] is not None:
        return "different"
    exact, short = first, second
    if places[1] is None or (places[0] is not None and places[0] < places[1]):
        exact, short = second, first
    if short.step is None or not short.step or short.number.decimals is None:
        return "different"
    rounded = _round_half_up(exact.value / short.step) * short.step
    cut = int(exact.value / short.step) * short.step
    if short.value == rounded and short.number.decimals < 0 and abs(exact.value - rounded) * 200 <= abs(rounded):
        return "ambiguous"  # 3 × 10^8 m/s for 299,792,458 m/s
    if short.value not in (rounded, cut) or exact.counted:
        return "different"
    digits = len(str(abs(int(short.value / short.step))))
    if short.value != rounded or short.number.decimals < 0:
        return "ambiguous" if digits >= 3 else "different"
    return "same" if digits >= 3 else "ambiguous" if digits == 2 and short.number.decimals > 0 else "different"


def _round_half_up(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + Fraction(1, 2))


def _by_calendar(first: Quantity, second: Quantity) -> Verdict | None:
    """Years and months beside days, which no exact factor joins: 12 months are 365 days to some."""
    if RATIO in (first.dimension, second.dimension) or _CLOCK in (first.dimension, second.dimension):
        return None
    years, other = (first, second) if calendar_sizes(first.dimension) else (second, first)
    if other.dimension != (("s", 1),):
        return None
    for seconds in calendar_sizes(years.dimension):
        if abs(years.value * seconds - other.value) <= other.value / 100:
            return "ambiguous"
    month_days = {28, 30, 31}
    months, days = years.value * 12, other.value / 86400
    if months and any(days == months * length for length in month_days):
        return "ambiguous"
    return "different"


def _beside_plain(question: str, measured: Quantity, plain: Quantity) -> Verdict | None:
    """A quantity beside a bare number: right in the unit that the question names, or as it is written."""
    if plain.counted or plain.number.percent or plain.number.roman or measured.dimension in (_CLOCK, RATIO):
        return None
    named = [unit for unit in units_in(question) if unit.dimension == measured.dimension]
    if not named and _HOW_OLD.search(question) and (calendar_sizes(measured.dimension) or measured.dimension == _TIME):
        return "same" if calendar_sizes(measured.dimension) and measured.value == plain.value else "different"
    if named:
        wanted = {unit.factor * plain.value + unit.offset for unit in named}
        if measured.value in wanted:
            return "same"
        if any(abs(measured.value - value) <= abs(value) * CONVERTED / 4 for value in wanted):
            return "ambiguous"
        return "different"
    others = [unit for unit in units_in(question) if not _is_everyday(unit)]
    if measured.number.value != plain.number.value and measured.value != plain.value:
        return "different"
    return "different" if others else "same"


def _is_everyday(unit: Unit) -> bool:
    """Whether the unit's spelling is an everyday word that a question uses otherwise."""
    return unit.name in (
        "h",
        "d",
        "s",
        "min",
        "in",
        "yr",
        "century",
        "decade",
        "month",
        "week",
        "stone",
        "cup",
        "°",
        "turn",
    )


@lru_cache(maxsize=1_024)
def units_in(question: str) -> tuple[Unit, ...]:
    """The units that a question names in words, or beside `in`: `how many minutes`, `in km/h`."""
    text = question[:400]
    found = [unit for phrase in _HOW_MANY.findall(text) for unit in read_unit(phrase)]
    if found:
        return tuple(dict.fromkeys(found))
    for at in _WORD.finditer(text):
        word, name = at[0], at[0].lower()
        before = text[: at.start()].rpartition(" ")[0].rpartition(" ")[2].lower()
        if before[-1:].isdigit() or before in ("a", "an") or (before.isalpha() and read_words([before])):
            continue  # what two hours measure is given, and not asked for in hours
        spelled_out = len(name) > 3 or name in (
            "mph",
            "kph",
            "km",
            "kg",
            "cm",
            "mm",
            "ml",
            "km/h",
            "m/s",
            "€",
            "$",
            "£",
        )
        if spelled_out and name not in ("second", "minute", "stone", "degree", "point", "pound", "turn", "foot"):
            found += read_unit(word)
    found += [unit for name in re.findall(r"\bin (\S{1,12})(?=[?.,]|$)", text) for unit in read_unit(name)]
    found += [unit for phrase in _PHRASE.findall(text) for unit in read_unit(phrase)]
    return tuple(dict.fromkeys(found))


_HOW_OLD: Final = re.compile(r"\bhow old\b|\bwhat age\b", re.I)
_EVERY: Final = re.compile(r"(?:about )?(?:once |one time |1 time )?(?:in every|every|in|per|each) (.+)", re.I)
_PER: Final = re.compile(r"(\S.*?) ?(?:/ ?| per | an? | each )([a-z]{2,12})", re.I)
_ASKS_TIMES: Final = re.compile(r"\b(?:times|factor|fold)\b", re.I)
_TIMES: Final = re.compile(r"^([\d.,]+|[a-z-]+) ?(?:x|×|times|-?fold|times as \w+)$", re.I)
_SCALE: Final = re.compile(r"\bhow many (thousand|million|billion|trillion|hundred|dozen)\b", re.I)
_SCALES: Final = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_HOW_MANY: Final = re.compile(r"\bhow many (?:(?:whole|full|more|total) )?([A-Za-z]+)\b", re.I)
_PHRASE: Final = re.compile(
    r"\b((?:square |cubic )?[a-z]+ per [a-z]+(?: squared)?|square [a-z]+|cubic [a-z]+|degrees [a-z]+|[a-z]+ squared)\b",
    re.I,
)
