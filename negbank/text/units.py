"""Quantities as people write them: `1h30`, `5 ft 11 in`, `$18`, `62 mph`, `3 million years`, `6 pm`, `10-15 km`.

Every plausible reading is kept, in base units (see `unit_table`) and exactly; a plain number has no dimension.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Final

from negbank.text.characters import plain_characters
from negbank.text.clock import read_clock
from negbank.text.number_words import WORDS
from negbank.text.numbers import Number, find_numbers, read_number
from negbank.text.numerals import read_roman
from negbank.text.unit_names import atoms, read_unit
from negbank.text.unit_table import Dimension, Unit, unit_table

MAX_LENGTH: Final = 120
"""No quantity is longer; a longer text is prose."""
MAX_WORDS: Final = 14
MAX_READINGS: Final = 24
MAX_PARTS: Final = 4

RATIO: Final[Dimension] = (("ratio", 1),)


@dataclass(frozen=True)
class Quantity:
    """One reading of a quantity.

    Attributes:
        value: in base units.
        dimension: powers of base units; () for a plain number.
        unit: as it was written, by the first spelling of the table; "" for a plain number; a noun that is no unit
            (`legs`) as it stands, with `counted`.
        number: as it was written, before conversion.
        step: one of its last written place, in base units; None for what is exact (a fraction).
        upper: the upper end of a range.
        bound: `>`, `>=`, `<` or `<=` for `more than 5` and the like.
    """

    value: Fraction
    dimension: Dimension
    unit: str
    number: Number
    step: Fraction | None
    upper: Fraction | None = None
    bound: str = ""
    counted: bool = False

    @property
    def approximate(self) -> bool:
        """Whether `about` or the like stands with it."""
        return self.number.approximate


_LATEX_TEXT: Final = re.compile(r"\\(?:text|mathrm|mbox|textbf|rm|operatorname)\s*\{\s*([^{}]*?)\s*\}")
_GLUED: Final = re.compile(r"([-+]?(?:\d[\d.,]*(?:/\d+)?|½|¼|¾))(?=[A-Za-zμΩ°€£$¢'\"′″℃℉%])")
_JOINT: Final = re.compile(r"(?:,? and |, ?| )?")
_AND_SHARE: Final = re.compile(r"(.+?) and (?:an? )?(half|quarter|third|[a-z]+ [a-z]+s)", re.I)
_SHARE_OF: Final = re.compile(
    r"(half|quarter|an? [a-z]+|[a-z]+[ -](?:quarters|thirds|tenths|fifths)) (?:of )?an? (.+)", re.I
)
_FEET: Final = re.compile(r"(\d{1,2}) ?(?:'|′|ft\.?|feet|foot) ?(\d{1,2}(?:\.\d)?|½)? ?(?:\"|''|″|in\.?|inch(?:es)?)?")
_CURRENCY: Final = re.compile(r"(US\$|C\$|A\$|CA\$|AU\$|R\$|[$€£¥₹₽₩₺₪]|[A-Z]{3}|Rs\.?|S?Fr\.?) ?(?=[-+\d.(½¼¾])")
_NO_CENTS: Final = re.compile(r"(?<=\d)[.,] ?-{1,2}(?=$| )")
"""`5,- €` and `1500.–`."""
_SLASHES: Final = re.compile(r"\\(?=[$%])")
_PI: Final = re.compile(
    r"(-?)(\d{1,4}(?:/\d{1,4})?)?\s?[*·]?\s?(?:π|\\pi|pi)\s?(?:/ ?(\d{1,4}))?( ?(?:rad|radians?))?", re.I
)
_RANGE: Final = re.compile(
    r"(?:from )?(.+?)(?: ?- ?| to | until | till | through | ?\\?~ ?)(.+)|between (.+?) and (.+)", re.I
)
_BOUND: Final = re.compile(
    r"(?P<above>more than|greater than|over|above|exceeding|>)|(?P<least>at least|no less than|no fewer than|"
    r"not less than"
    r"|a minimum of|minimum|≥|>=|\\geq?)|(?P<below>less than|fewer than|under|below|<)|(?P<most>at most|no more than"
    r"|not more than|up to|a maximum of|maximum|≤|<=|\\leq?)",
    re.I,
)
_AFTER: Final = re.compile(
    r"(?:\+| or more| or above| and up| and above| or older| plus)$|"
    r"(?P<most>(?: or less| or fewer| or below| or under| at most| max)$)",
    re.I,
)
_OPERATOR: Final = {"above": ">", "least": ">=", "below": "<", "most": "<="}
_ADJECTIVE: Final = re.compile(
    r"(?<=[A-Za-z'\".]) (?:tall|long|high|wide|deep|thick|old|away|ago|heavy|apart|"
    r"in (?:length|height|width|depth|total|all)|"
    r"of age|each|altogether|in size)[.,;]?$",
    re.I,
)
_TWICE: Final = re.compile(r"(.+?) \(([^()]+)\)")
_FIRST: Final = re.compile(r"[A-Za-z]+")
_FIRST_WORDS: Final = WORDS | frozenset(
    "more greater over above exceeding at no not a minimum less fewer under below up maximum between from "
    "minus negative positive plus "
    "about approximately approx around roughly nearly almost some circa c ca exactly precisely only just noon midday "
    "midnight pi".split()
)
_NOUN: Final = re.compile(r"(?:[A-Za-z]+[ -]){0,2}[A-Za-z]+")
_NUMBER_AROUND: Final = re.compile(
    r"^(?:(?:the )?(?:there (?:are|is|were|was)|(?:it|he|she|they) (?:has|have|had)|"
    r"year|number|in|in the year|aged|(?:at )?(?:the )?age(?: of)?|a total of|equals?|is|it is|it's|=)|the) (?=\S)",
    re.I,
)


@lru_cache(maxsize=4_096)
def read_quantities(text: str) -> tuple[Quantity, ...]:
    """Every plausible reading of a text that is a quantity and nothing else, the usual one first; () where it is not.

    >>> [(str(q.value), q.dimension) for q in read_quantities("1 h 30 min")]
    [('5400', (('s', 1),))]
    """
    if len(text) > MAX_LENGTH:
        return ()
    plain = _tidy(text)
    if not plain or not _may_begin(plain) or plain.count(" ") > MAX_WORDS:
        return ()
    twice = _TWICE.fullmatch(plain)
    if twice is not None:  # eight (8)
        inner = {quantity.value for quantity in _read_plain(twice[2])}
        return tuple(quantity for quantity in _read_plain(twice[1]) if quantity.value in inner)
    found = _read_bound(plain) or _read_range(plain)
    return tuple(dict.fromkeys((*_read_plain(plain), *found)))[:MAX_READINGS]


def _may_begin(text: str) -> bool:
    """Whether a quantity may begin as `text` does: by its sign, its digits, or its first word."""
    first = _FIRST.match(text)
    return (
        first is None
        or first[0].lower() in _FIRST_WORDS
        or _CURRENCY.match(text) is not None
        or read_roman(text) is not None
    )


def _tidy(text: str) -> str:
    plain = " ".join(
        plain_characters(text.replace("^\\circ", "°").replace("^{\\circ}", "°").replace("\\degree", "°")).split()
    )
    plain = _NO_CENTS.sub("", plain)
    plain = _SLASHES.sub("", _LATEX_TEXT.sub(r" \1", plain)).strip()
    while len(plain) > 2 and plain[0] == plain[-1] == "$":
        plain = plain[1:-1].strip()
    if len(plain) > 2 and plain[0] == plain[-1] == '"':
        plain = plain[1:-1]
    plain = _ADJECTIVE.sub("", plain.rstrip(" ;,."), count=1) if _ADJECTIVE.search(plain) else plain.rstrip(" ;,")
    if plain.endswith(".") and not plain.endswith("..") and not re.search(r"\b(?:[ap]\.m|\w\.[A-Za-z])\.$", plain):
        plain = plain[:-1]
    return " ".join(_NUMBER_AROUND.sub("", plain, count=1).split())


def _read_plain(text: str) -> tuple[Quantity, ...]:
    """A quantity that is neither a range nor a bound."""
    out = [_plain_number(number) for number in read_number(text)]
    out += _clock(text) + _ratio(text) + _angle(text) + _feet(text)
    out += _money_first(text) + _repeated(text)
    if not any(not quantity.dimension for quantity in out) or text[-1:] in "KkMB":
        out += _shared(text) or _compound(text)
    return tuple(out)


def _plain_number(number: Number) -> Quantity:
    return Quantity(number.value, (), "", number, _step(number, Fraction(1)))


def _step(number: Number, factor: Fraction) -> Fraction | None:
    return None if number.decimals is None else abs(factor) * Fraction(10) ** -number.decimals


def _in_unit(number: Number, unit: Unit) -> Quantity:
    value = number.value * unit.factor + unit.offset
    step = _step(number, unit.factor)
    if not unit.exact and step is None:
        step = abs(value) / 10**6
    return Quantity(value, unit.dimension, unit.name, number, step)


def _clock(text: str) -> list[Quantity]:
    return [
        Quantity(Fraction(minutes), (("clock", 1),), "clock", Number(Fraction(minutes), 0), None)
        for minutes in read_clock(text)
    ] + _timed(text)


def _timed(text: str) -> list[Quantity]:
    """`1:30` and `1:30:15` as a duration: hours and minutes, or minutes and seconds."""
    found = re.fullmatch(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?: ?(h|hrs?|hours?|min|mins|minutes?))?", text)
    if found is None:
        return []
    first, second, third = int(found[1]), int(found[2]), found[3]
    unit = (found[4] or "")[:1]
    sizes = [(3600, 60, 1)] if third or unit == "h" else [(60, 1, 0)] if unit == "m" else [(3600, 60, 0), (60, 1, 0)]
    out = []
    for large, small, smallest in sizes:
        value = Fraction(first * large + second * small + int(third or 0) * smallest)
        out.append(Quantity(value, (("s", 1),), "min", Number(value, 0), None))
    return out


def _ratio(text: str) -> list[Quantity]:
    found = re.fullmatch(r"(\d{1,9}) ?(?:[:∶]| to ) ?(\d{1,9})|([a-z-]+)(?: to |-to-)([a-z-]+)", text, re.I)
    if found is None:
        return []
    sides = [read_number(side) for side in found.groups() if side is not None]
    if not all(sides) or not sides[1][0].value or any(side[0].ordinal for side in sides):
        return []
    value = sides[0][0].value / sides[1][0].value
    return [Quantity(value, RATIO, ":", Number(value, None), None)]


def _angle(text: str) -> list[Quantity]:
    """A multiple of π: an angle in degrees."""
    found = _PI.fullmatch(text)
    if found is None or not found[4]:
        return []
    below = int(found[3] or 1)
    if not below:
        return []
    try:
        share = Fraction(found[2] or 1) / below
    except ZeroDivisionError:
        return []
    value = (-share if found[1] else share) * 180
    return [Quantity(value, (("°", 1),), "rad", Number(value, None), None)]


def _feet(text: str) -> list[Quantity]:
    found = _FEET.fullmatch(text)
    if found is None or ("'" not in text and "′" not in text):
        return []
    inches = Fraction(1, 2) if found[2] == "½" else Fraction(found[2] or 0)
    number = Number(12 * int(found[1]) + inches, 0)
    inch = unit_table()["in"][0]
    return [_in_unit(number, inch)]


def _repeated(text: str) -> list[Quantity]:
    """`2 × 45 minutes`."""
    found = re.fullmatch(r"(\d{1,3}) ?[×x*] ?(\d.*[A-Za-z])", text)
    if found is None:
        return []
    times = int(found[1])
    return [
        replace(q, value=q.value * times, number=replace(q.number, value=q.number.value * times))
        for q in _read_plain(found[2])
        if q.dimension and q.unit not in ("°C", "°F")
    ]


def _money_first(text: str) -> list[Quantity]:
    """`$18`, `USD 18`, `-€5`."""
    sign = -1 if text[:1] == "-" else 1
    found = _CURRENCY.match(text.removeprefix("-").removeprefix("about ").lstrip("~≈ "))
    if found is None:
        return []
    rest = text.removeprefix("-").removeprefix("about ").lstrip("~≈ ")[found.end() :]
    approximate = text.startswith(("about ", "~", "≈"))
    units = [unit for unit in unit_table().get(found[1], ()) if _is_money(unit)]
    out = []
    for number, unit in product(_numbers(rest, units), units):
        signed = replace(number, value=sign * number.value, approximate=number.approximate or approximate)
        out.append(_in_unit(signed, unit))
    return out


def _numbers(text: str, units: list[Unit]) -> tuple[Number, ...]:
    """The readings of `text`, which may name the currency of `units` again (`$18 USD`) or say each or per hour."""
    first, _, last = text.rpartition(" ")
    if first and any(unit in unit_table().get(last, ()) for unit in units):
        text = first
    found = read_number(text)
    million = re.fullmatch(r"([\d.,]+) ?([mM]|mm|[bB])", text)
    if not found and million is not None:
        size = 10**6 if million[2].lower().startswith("m") else 10**9
        found = tuple(
            replace(n, value=n.value * size, decimals=None if n.decimals is None else n.decimals - 6)
            for n in read_number(million[1])
        )
    return found


def _is_money(unit: Unit) -> bool:
    return len(unit.dimension) == 1 and len(unit.dimension[0][0]) == 3 and unit.dimension[0][0].isupper()


def _leading(text: str) -> list[tuple[tuple[Number, ...], str]]:
    """What numbers `text` may begin with, and what follows each."""
    out = []
    article = re.match(r"(?:an?) (?=[a-z])", text, re.I)
    found = next(iter(find_numbers(text)), None)
    about = re.match(
        r"(?:~|≈|ca\.?|c\.|circa|some|about|approximately|approx\.?|around|roughly|nearly|almost|exactly|only) ?",
        text,
        re.I,
    )
    place = about.end() if about is not None else 0
    if found is not None and found.start == place:
        rest = text[found.end :]
        out.append((found.readings, rest[1:] if rest[:1] in ("-", " ") else rest))
    glued = _GLUED.match(text, place)
    if glued is not None:
        readings = read_number(glued[1])
        if about is not None:
            readings = tuple(replace(n, approximate=True) for n in readings)
        if readings and (readings, text[glued.end() :]) not in out:
            out.append((readings, text[glued.end() :]))
    if article is not None and not out:
        out.append(((Number(Fraction(1), 0, words=True),), text[article.end() :]))
    return out


def _compound(text: str) -> list[Quantity]:
    """A number and its unit; or several, each smaller than the one before: `1 h 30 min`, `one dollar fifty`."""
    out: list[Quantity] = []
    article = re.match(r"an? ", text, re.I) is not None
    for readings, rest in _leading(text):
        degree = re.match(r"(.*?) below (?:zero|0|freezing)$", rest, re.I)
        if degree is not None:
            rest = degree[1]
            readings = tuple(replace(n, value=-n.value) for n in readings)
        whole = [_in_unit(number, unit) for number in readings for unit in read_unit(rest)]
        out += whole or _parts(readings, rest) or ([] if article else _counted(readings, rest))
    return out


def _parts(readings: tuple[Number, ...], rest: str, depth: int = 0) -> list[Quantity]:
    """`readings` of the unit that `rest` begins with, plus the smaller quantity after it."""
    if depth >= MAX_PARTS:
        return []
    found = re.match(r"(°|[′″'\"]|[A-Za-zμ$€£]+)\.?(?:,? and |, ?| ?)(?=\S)", rest)
    if found is None:
        return []
    units = atoms(found[1])
    tail = rest[found.end() :]
    out: list[Quantity] = []
    for unit in units:
        for smaller in _smaller(tail, unit, depth):
            first = _in_unit(readings[0], unit)
            out.append(replace(first, value=first.value + smaller.value, step=smaller.step, number=smaller.number))
    return out


@lru_cache(maxsize=1_024)
def _smaller(text: str, unit: Unit, depth: int) -> tuple[Quantity, ...]:
    """What `text` says in a smaller unit than `unit`, which may be left out: the 30 of `1h30`."""
    out: list[Quantity] = []
    for readings, rest in _leading(text):
        if not rest:
            size = _below(unit)
            out += [
                Quantity(n.value * size, unit.dimension, unit.name, n, size)
                for n in readings[:1]
                if size and n.decimals == 0
            ]
            continue
        for other in read_unit(rest):
            if other.dimension == unit.dimension and other.factor < unit.factor:
                out.append(_in_unit(readings[0], other))
        if not out:
            out += [q for q in _parts(readings, rest, depth + 1) if q.dimension == unit.dimension]
    return tuple(out)


def _below(unit: Unit) -> Fraction | None:
    """The unit that is left out after `unit`: minutes after hours, cents after dollars."""
    if unit.dimension == (("s", 1),) and unit.factor in (60, 3600):
        return unit.factor / 60
    if (_is_money(unit) or unit.name == "m") and unit.factor == 1:
        return Fraction(1, 100)
    return Fraction(254, 10_000) if unit.name == "ft" else None


def _counted(readings: tuple[Number, ...], rest: str) -> list[Quantity]:
    """A number of things: `8 legs`, `three people`, `two of them`."""
    noun = rest.removeprefix("of ").removeprefix("the ")
    if len(noun) < 3 or _NOUN.fullmatch(noun) is None or any(n.roman for n in readings):
        return []
    return [replace(_plain_number(n), unit=noun.lower(), counted=True) for n in readings if not n.percent]


def _shared(text: str) -> list[Quantity]:
    """`an hour and a half`, `half an hour`, `three quarters of an hour`."""
    part = _SHARE_OF.fullmatch(text)
    if part is not None:
        return [_in_unit(n, unit) for n in read_number(part[1]) for unit in read_unit(part[2]) if n.decimals is None]
    added = _AND_SHARE.fullmatch(text)
    if added is None:
        return []
    out = []
    share = read_number(f"a {added[2]}" if " " not in added[2] else added[2])
    for readings, rest in _leading(added[1]):
        for number, more, unit in product(readings, share, read_unit(rest)):
            if more.decimals is None and more.value < 1:
                out.append(_in_unit(replace(number, value=number.value + more.value, decimals=None), unit))
    return out


def _read_bound(text: str) -> tuple[Quantity, ...]:
    found = _BOUND.match(text)
    if found is not None:
        inner, operator = text[found.end() :].strip(), _OPERATOR[found.lastgroup or "above"]
    else:
        after = _AFTER.search(text)
        if after is None:
            return ()
        inner, operator = text[: after.start()], "<=" if after["most"] else ">="
    return tuple(replace(q, bound=operator) for q in _read_plain(inner) if q.dimension != RATIO)


def _read_range(text: str) -> tuple[Quantity, ...]:
    text = re.sub(r"^((?:\d\d)?)(\d\d)-(\d\d)$", lambda m: f"{m[1]}{m[2]}-{m[1]}{m[3]}", text)  # 1914-18
    found = _RANGE.fullmatch(text)
    if found is None:
        return ()
    low, high = found[1] or found[3], found[2] or found[4]
    if high.endswith("%") and not low.endswith("%"):
        low += "%"
    if (sign := _CURRENCY.match(low)) is not None and not _CURRENCY.match(high):
        high = sign[0] + high
    out = []
    for upper in _read_plain(high):
        for lower in _read_plain(low):
            if lower.counted and lower.unit != upper.unit:
                continue
            if not lower.dimension and upper.dimension and upper.dimension not in (RATIO, (("clock", 1),)):
                factor = upper.value / upper.number.value if upper.number.value else Fraction(0)
                lower = replace(lower, value=lower.value * factor, dimension=upper.dimension, unit=upper.unit)
            if lower.dimension == upper.dimension and lower.value < upper.value:
                out.append(replace(lower, upper=upper.value, unit=upper.unit, counted=upper.counted))
    return tuple(out[:MAX_READINGS])
