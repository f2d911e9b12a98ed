"""The numbers of a text with their units, and how each stands in its sentence: as what is said, or beside it.

`She works 34 hours in 4 weeks, which is less than 40` says 34; 4 stands beside it, and 40 is a bound.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal

from negbank.reasoning.amounts import Amount, plain_answer, read_amount
from negbank.reasoning.expressions import CACHED, MAX_DIGITS
from negbank.reasoning.marks import MAX_ANSWER
from negbank.reasoning.tokens import CURRENCIES
from negbank.reasoning.units import FAMILY, SIZE
from negbank.text.characters import plain_characters
from negbank.text.digits import Number
from negbank.text.numbers import FoundNumber, find_numbers, read_number

Role = Literal["said", "beside", "bound", "reference", "unknown"]

MAX_FIXED: Final = 60
"""Characters of the longest date."""
MAX_VALUES: Final = 2_000
"""Numbers of a text that are read; a longer one is no answer, and is refused as undecided."""

_MONEY: Final = {**CURRENCIES, "¥": "yen", "₽": "rouble", "₹": "rupee", "¢": "cent"}
_CODES: Final = {
    "USD": "dollar", "US$": "dollar", "EUR": "euro", "GBP": "pound-sterling", "Rs": "rupee", "Rs.": "rupee",
    "INR": "rupee", "JPY": "yen",
}  # fmt: skip
_MONEY_BEFORE: Final = re.compile(r"(?P<minus>-\s?)?\\?(?P<sign>[$£€¥₽₹]|\b(?:USD|US\$|EUR|GBP|Rs\.?|INR|JPY))\s?$")
_MONEY_AFTER: Final = re.compile(r"\s?\\?(?:(?P<sign>[$£€¥₽₹¢](?!\s?\d))|(?P<code>USD|EUR|GBP|INR|JPY)\b)")
_UNIT: Final = re.compile(
    r"(?P<gap>\s?(?:\\[,;: ])?\s?-?)(?:\\(?:text|mathrm|mbox|textbf)\s?\{\s*)?(?P<power>(?:square|cubic|sq\.?|"
    r"cu\.?)\s)?"
    r"(?P<unit>°\s?[CF]?|\^?\\?circ|[^\W\d_]{1,20})(?P<raised>\s?\^?\{?[23²³]\}?(?!\w))?",
    re.IGNORECASE,
)
_MATHS_END: Final = re.compile(r"\s?\$(?!\s?\d)")
_SQUARE: Final = re.compile(r"sq", re.IGNORECASE)
_BOUND: Final = re.compile(
    r"(?:(?<![<>=])[<>≤≥≠]=?|\\(?:leq?|geq?|lt|gt|neq?)(?![a-z])|\b(?:less|fewer|more|greater|larger|smaller|"
    r"higher|lower|bigger|"
    r"shorter|longer|rather|other|older|younger)\s+than|\b(?:under|over|above|below|exceeds?|not|n't|at\s+least|"
    r"at\s+most|up\s+to|"
    r"instead\s+of|goal\s+of|limit\s+of))(?:\s+(?:the|a|or\s+equal\s+to))*\s*[*_]*$",
    re.IGNORECASE,
)
_BEYOND: Final = re.compile(r"\s*(?:[<>≤≥≠]|\\(?:leq?|geq?|lt|gt|neq?)(?![a-z]))")
_BESIDE: Final = re.compile(
    r"(?:\b(?:of|out\s+of|in|for|from|until|till|after|before|per|every|each|within|between|since|during|into|on|"
    r"at|with|without|to|"
    r"than|by|first|last|next|past|both|all|other|remaining|among|across|over|as|original|initial|previous|another|"
    r"dans|en|pour|sur|von|bei|nach|pro|aus|für|за|из|в|de|di|da|per|su|em|por)"
    r"(?:\s+(?:the|all|those|these|his|her|their|its|other|first|last|next|every|each|about|only|original|"
    r"remaining|past|den|der|les|los|las|i|gli|le|nur))*|[/@])\s*[*_]*$",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(
    r"(?:\b(?:see|step|steps|line|lines|equation|eq\.?|page|part|figure|table|section|example|problem|question|"
    r"option|choice|"
    r"row|column|note|footnote|source|sources|reference|references|chapter|exercise|item|no\.|number|schritt|"
    r"étape|paso|шаг|mod)"
    r"\s*[#(]?|#|\[|\\mod|\\pmod\{)\s*$",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"(?:^|\n)[ \t>*_#-]*$")
_AFTER_NUMBER_OF_LIST: Final = re.compile(r"[.)](?!\d)\s*\S")
_TIME: Final = re.compile(r"(?<![\d:.])(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?![\d:])(\s?[ap]\.?m\b)?", re.IGNORECASE)
_HOURS: Final = re.compile(
    r"(?<![\w.])(\d{1,3})\s?(?:h|hrs?|std)\.?\s?([0-5]\d)(?:\s?(?:m|min|mins|minutes)?)(?!\w|\.\d)", re.IGNORECASE
)
_FIXED: Final = re.compile(
    r"24/7|\b(?:19|20)\d\d-\d\d?-\d\d?\b|\b\d{1,2}[/.]\d{1,2}[/.](?:19|20)?\d\d\b|"
    r"\b\d{1,2}(?:st|nd|rd|th)?\s+(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?,?\s+(?:19|20)\d\d\b|"
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d\b|"
    r"\[\d{1,3}(?:\s?[,-]\s?\d{1,3})*\]"
)
"""What holds digits and is no number: `24/7`, dates, citations."""
_BELOW_ZERO: Final = re.compile(
    r"(?:\s?°\s?[CF]?|\s(?:degrees?|celsius|fahrenheit|°)){0,2}\s(?:below\s(?:zero|0)|unter\sNull|sous\széro|"
    r"bajo\scero)\b",
    re.I,
)
_JOINED: Final = re.compile(r"(?:\s?,)?\s(?:and\s|&\s)?|\s?")
_PART_OF: Final = re.compile(
    r"(?:[\^_]\s?[{(]?\s?-?|√\s?[{(]?|\\(?:sqrt|log|ln|sin|cos|tan|binom|sum|prod|int|d?frac|overline|vec|max|min|"
    r"gcd|arcsin|arccos|arctan)"
    r"\s*(?:\[\d\])?[{(]?\s?|\b(?:sqrt|log|ln|sin|cos|tan|gcd)\s?\(\s?|(?<![A-Za-z\\])[a-zA-Z]\s?[-+*/^]\s?)$"
)
"""Before a number that is a part of an expression: an exponent, an argument, a term beside an unknown."""
_PART_AFTER: Final = re.compile(
    r"\s?(?:\\(?:pi|sqrt|sin|cos|tan|log|ln|theta|alpha|infty)(?![a-z])|π|√|\^|_\{?\d|[⁰¹²³⁴-⁹]|"
    r"[-+*/]\s?[a-zA-Z](?![A-Za-z]))"
)
_NO_VARIABLE: Final = frozenset("mglhscdklCF")
_CLOSE: Final = re.compile(r"\s?(?:\\right)?\s?\)")
_GROUPED: Final = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN: Final = re.compile(r"(?<!\d)\d{1,30}(?:,\d{3}){0,9}(?:\.\d{1,30})?(?!\d)")
_RUN: Final = re.compile(r"\d++(?:[.,]\d++)*+")
_LETTERS: Final = re.compile(r"[^\W\d_]{1,20}")
_RATIO: Final = re.compile(r"(\d{1,30})\s?/\s?\d{1,30}")
_SHARED: Final = re.compile(r"\s(?:of\b|[^\W\d_]{3,})")
_LOST: Final = re.compile(
    r"\b(?:below|under|loss|lost|loses?|losing|debts?|owes?|owed|owing|deficit|short|decrease[ds]?|decline[ds]?|"
    r"drop(?:s|ped)?|falls?|fell|"
    r"fewer|less|down|minus|negative|behind|overdrawn|colder|lower)\b",
    re.IGNORECASE,
)
_PAIR: Final = re.compile(r"(?:\\left)?[(\[][^,]*,.*[)\]]|\\?\{.*", re.DOTALL)
_PLUS_WORD: Final = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Value:
    """A number of a text, `text[start:end]` with its unit; `amounts` are its readings, the usual one first.

    `noun` is the word after it, in lower case: `rolls` in `186 rolls`. `lost` says that a word beside it, such as
    `loss` or `below`, may stand for a minus.
    """

    start: int
    end: int
    text: str
    amounts: tuple[Amount, ...]
    role: Role = "said"
    noun: str = ""
    lost: bool = False


def find_values(text: str) -> tuple[Value, ...]:
    """The numbers of `text`, of plain characters, from left to right; `2 hours 5 minutes` is one."""
    blank = [found.span() for found in _FIXED.finditer(text)]
    values = list(_clocks(text))
    taken = sorted(blank + [(value.start, value.end) for value in values])
    for number in find_numbers(text):
        if len(values) > MAX_VALUES:
            break
        if not _is_taken(taken, number.start, number.end):
            values += _parts(text, number) or (_value(text, number.start, number.end, number.readings),)
    values = _and_loose(text, blank, values)
    found = _compounds(text, sorted(values, key=lambda value: value.start)[:MAX_VALUES])
    if _LOST.search(text) is None:
        return found
    return tuple(
        replace(value, lost=_LOST.search(text, max(0, value.start - 60), value.end + 40) is not None) for value in found
    )


def numbers_anywhere(text: str) -> tuple[Amount, ...]:
    """Every number of a long text, by any reading, without its unit; it is made faster than `find_values`."""
    found = {(number.value, number.percent) for one in find_numbers(text) for number in one.readings}
    found |= {(Fraction(run.group().replace(",", "")), False) for run in _PLAIN.finditer(text)}
    return tuple(Amount(value, None, "", percent) for value, percent in sorted(found))


def _is_taken(taken: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(
        begin < end and start < stop for begin, stop in taken[bisect_left(taken, (start - MAX_FIXED, 0)) :][:MAX_FIXED]
    )


def _parts(text: str, number: FoundNumber) -> list[Value]:
    """`(5,7)` as 5 and 7: a comma in brackets parts two numbers, unless it groups thousands."""
    written = text[number.start : number.end]
    if "," not in written or text[number.start - 1 : number.start] != "(" or not _CLOSE.match(text, number.end):
        return []
    return [] if _GROUPED.fullmatch(written) else _split(text, number.start, number.end, None)


def _split(text: str, start: int, end: int, role: Role | None) -> list[Value]:
    found = []
    for part in re.finditer(r"-?\d+(?:\.\d+)?", text[start:end]):
        begin, stop = start + part.start(), start + part.end()
        amount = Amount(Fraction(part.group()[:MAX_DIGITS]), len(part.group().partition(".")[2]))
        found.append(Value(begin, stop, part.group(), (amount,), role or _role(text, begin, stop)))
    return found


def _and_loose(text: str, blank: Sequence[tuple[int, int]], values: Sequence[Value]) -> list[Value]:
    """The values, and the digits of `text` that are in none of them, such as `34x` and `H2O`, as unknown ones.

    Digits that are joined to a unit (`34km`) are a quantity as others are.
    """
    found = list(values)
    spans = sorted([*blank, *((value.start, value.end) for value in values)])
    at = 0
    for run in _RUN.finditer(text):
        if len(found) > MAX_VALUES:
            break
        while at < len(spans) and spans[at][1] <= run.start():
            at += 1
        if at < len(spans) and spans[at][0] < run.end():
            continue
        readings = read_number(run.group())
        joined = _LETTERS.match(text, run.end())
        name = joined.group().lower() if joined is not None else ""
        if readings and name in FAMILY and not text[run.start() - 1 : run.start()].isalnum():
            found.append(_value(text, run.start(), run.end(), readings))
        else:
            found += _split(text, run.start(), run.end(), "unknown")
    for value in values:  # one more reading of `24/40 of the pupils` and of `5,7`
        written = text[value.start : value.end]
        ratio = _RATIO.match(written)
        if ratio is not None and _SHARED.match(text, value.start + ratio.end()):
            found.append(_split(text, value.start, value.start + ratio.end(1), "unknown")[0])
    return found


@lru_cache(maxsize=CACHED)
def read_amounts(text: str) -> tuple[Amount, ...]:
    """Every reading of a text that is one amount, the usual one first; () where it is anything else."""
    if len(text) > MAX_ANSWER:
        return ()
    text = plain_answer(plain_characters(text))
    values = find_values(text)
    one = values[0] if len(values) == 1 else None
    if one is not None and one.role in ("unknown", "bound"):
        return ()
    whole = read_amount(text) if one is None or one.noun != "clock" else None
    if whole is not None and len(values) > 1 and (whole.unit or not _is_sum(text)):
        return ()
    found = [] if whole is None else [whole]
    if one is not None and not text[: one.start].strip("$£€¥\\ *") and not re.search(r"\d", text[one.end :]):
        known = {(amount.value, amount.percent) for amount in found}
        found += [amount for amount in one.amounts if (amount.value, amount.percent) not in known]
    if not found:
        found = [
            Amount(number.value, number.decimals, "", number.percent)
            for number in read_number(text)
            if not number.roman
        ]
    return () if _PAIR.fullmatch(text) else tuple(found)


def _is_sum(text: str) -> bool:
    return re.search(r"[A-Za-z]{2}", re.sub(r"\\[a-z]+", "", text)) is None


def _clocks(text: str) -> list[Value]:
    """Times and durations: `2:30` is two hours and a half, or two minutes and a half, or a time of the day."""
    found: list[Value] = []
    if ":" in text:
        for match in _TIME.finditer(text):
            first, second, third = (int(group or 0) for group in match.groups()[:3])
            seconds = first * 3_600 + second * 60 + third
            amounts = [Amount(Fraction(seconds), None, "second")]
            if match.group(3) is None:
                amounts.append(Amount(Fraction(first * 60 + second), None, "second"))
            role: Role = "beside" if match.group(4) else _role(text, match.start(), match.end())
            found.append(Value(match.start(), match.end(), match.group().strip(), tuple(amounts), role, "clock"))
    for match in _HOURS.finditer(text):
        seconds = int(match.group(1)) * 3_600 + int(match.group(2)) * 60
        amount = Amount(Fraction(seconds), None, "second")
        found.append(
            Value(match.start(), match.end(), match.group().strip(), (amount,), _role(text, match.start(), match.end()))
        )
    return found


def _value(text: str, start: int, end: int, readings: Sequence[Number]) -> Value:
    """The number with its currency or its unit, and its role."""
    below = _BELOW_ZERO.match(text, end)
    numbers = [replace(number, value=-number.value) for number in readings] if below else list(readings)
    end = below.end() if below else end
    currency = ""
    before = _MONEY_BEFORE.search(text, max(0, start - 6), start)
    if before is not None and not (before.group() == "$" and _MATHS_END.match(text, end)):
        sign = before.group("sign")
        currency = _MONEY.get(sign) or _CODES[sign]
        start = before.start("sign")
        minus = before.group("minus") and not re.match(r"[\w)\]%]", text[before.start() - 1 : before.start()])
        if minus or (text[start - 1 : start] == "-" and not re.match(r"[\w)\]% ]", text[start - 2 : start - 1] or " ")):
            numbers = [replace(number, value=-number.value) for number in numbers]
            start = before.start()
    bracketed = currency and text[start - 1 : start] == "(" and text[end : end + 1] == ")"
    if bracketed and not _PLUS_WORD.search(text[max(0, start - 12) : start]):  # ($15) of a balance sheet
        numbers += [replace(number, value=-number.value) for number in numbers]
    after = _MONEY_AFTER.match(text, end)
    if after is not None and after.group("sign") == "$" and _is_maths_mode(text, start):
        after = None
    if after is not None and not currency:
        currency = _MONEY.get(after.group("sign") or "") or _CODES[after.group("code")]
        end = after.end()
    amounts = tuple(Amount(n.value, n.decimals, currency, n.percent) for n in numbers)
    unknown, unit, noun, stop = _unit(text, end, text[start:end])
    if unit and not currency and not any(n.percent for n in numbers):
        amounts = tuple(replace(amount, unit=unit) for amount in amounts)
    role: Role = "unknown" if unknown else _role(text, start, end)
    stop = stop if unit else end
    if text[end:stop].count("{") > text[end:stop].count("}"):
        stop = text.find("}", stop) + 1 or stop
    return Value(start, stop, text[start:stop].strip(), amounts, role, noun)


def _is_maths_mode(text: str, at: int) -> bool:
    """Whether a `$` after `at` ends a formula: an odd number of them stands before it in its line."""
    line = text[max(text.rfind("\n", 0, at) + 1, at - 400) : at]
    return (line.count("$") - line.count("\\$")) % 2 == 1


def _unit(text: str, end: int, number: str) -> tuple[bool, str, str, int]:
    """Whether an unknown is multiplied (`34x`), the unit as `units` spells it, the word after the number, its end."""
    found = _UNIT.match(text, end)
    if found is None:
        return False, "", "", end
    word, joined = found.group("unit"), not found.group("gap")
    name = word.lower()
    if word in "°" or name.endswith("circ") or word.startswith("°"):
        return False, "degree", "degree", found.end("unit")
    if len(word) == 1 and not word.isascii():
        return False, "", name, found.end("unit")
    if len(word) == 1 and (word not in _NO_VARIABLE or (joined and word not in "mglhscdk")):
        return joined or word in "xyzn", "", "", end
    if len(word) == 1 and not joined and not word.islower():
        return False, "", "", end
    if name not in FAMILY:
        return False, "", name, found.end("unit")
    power = found.group("power"), found.group("raised")
    if not any(power):
        return False, FAMILY[name][1], name, found.end("unit")
    square = _SQUARE.match(power[0]) if power[0] else re.search("[2²]", power[1])
    stop = found.end("raised") if power[1] else found.end("unit")
    return False, f"{'square' if square else 'cubic'} {FAMILY[name][1]}", name, stop


def _role(text: str, start: int, end: int) -> Role:
    before = text[max(0, start - 40) : start]
    if text[start - 1 : start] == "(" and _REFERENCE.search(before):
        return "reference"
    if _PART_OF.search(before) or _PART_AFTER.match(text, end):
        return "unknown"
    if _REFERENCE.search(before) or (_NUMBERED.search(before) and _AFTER_NUMBER_OF_LIST.match(text, end)):
        return "reference"
    if _BOUND.search(before) or _BEYOND.match(text, end):
        return "bound"
    return "beside" if _BESIDE.search(before) else "said"


def _compounds(text: str, values: Sequence[Value]) -> tuple[Value, ...]:
    """`12 dollars and 50 cents`, `1 hour 35 minutes`, `twelve dollars fifty` as one value each."""
    joined: list[Value] = []
    for value in values:
        if joined and (whole := _together(text, joined[-1], value)) is not None:
            joined[-1] = whole
        else:
            joined.append(value)
    return tuple(joined)


def _together(text: str, first: Value, second: Value) -> Value | None:
    """Two values as one, where the second is the smaller part of the first; None where they are two."""
    if _JOINED.fullmatch(text, first.end, second.start) is None:
        return None
    mine, other = first.amounts[0], second.amounts[0]
    if mine.unit not in SIZE or mine.value.denominator != 1 or not other.value >= 0:
        return None
    kind, size = _kind(mine.unit), SIZE[mine.unit]
    if (
        mine.unit in ("dollar", "euro", "pound-sterling")
        and not other.unit
        and not re.search(r"\d", second.text)
        and 0 < other.value < 100
    ):
        part = other.value / 100  # `twelve dollars fifty`
    elif other.unit in SIZE and _kind(other.unit) == kind and SIZE[other.unit] < size:
        part = other.value * SIZE[other.unit] / size
    else:
        return None
    if part >= 1:
        return None
    sum_ = Amount(mine.value + (part if mine.value >= 0 else -part), None, mine.unit)
    return Value(first.start, second.end, text[first.start : second.end], (sum_,), first.role, first.noun)


def _kind(unit: str) -> str:
    return FAMILY[unit][0] if unit in FAMILY else ""
