"""Units that are converted into each other in everyday sums, and words that multiply the number before them."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import Final

_FAMILIES: Final[dict[str, dict[str, int | Fraction]]] = {
    "time": {
        "second seconds sec secs": 1, "minute minutes min mins": 60, "hour hours hr hrs h": 3_600, "day days": 86_400,
        "week weeks": 604_800,
    },
    "calendar": {"month months": 1, "year years yr yrs": 12, "decade decades": 120, "century centuries": 1_200},
    "length": {
        "mm millimeter millimeters millimetre millimetres": 5, "cm centimeter centimeters centimetre centimetres": 50,
        "meter meters metre metres m": 5_000, "km kilometer kilometers kilometre kilometres": 5_000_000,
        "inch inches": 127, "foot feet ft": 1_524, "yard yards yd": 4_572, "mile miles": 8_046_720,
    },
    "mass": {
        "mg milligram milligrams": 1, "gram grams g": 1_000, "kg kilogram kilograms": 1_000_000,
        "ounce ounces oz": Fraction(45_359_237, 1_600), "pound pounds lb lbs": Fraction(45_359_237, 100),
        "ton tons": Fraction(45_359_237 * 20),
    },
    "volume": {
        "ml milliliter milliliters millilitre millilitres": 1, "liter liters litre litres l": 1_000,
        "teaspoon teaspoons tsp": 5, "tablespoon tablespoons tbsp": 15, "cup cups": 240, "pint pints": 480,
        "quart quarts": 960, "gallon gallons": 3_840,
    },
    "money": {
        "cent cents penny pennies": 1, "nickel nickels": 5, "dime dimes": 10, "dollar dollars usd": 100,
    },
    "sterling": {"pence": 1, "pound-sterling": 100},
    "euro": {"eurocent eurocents": 1, "euro euros": 100},
}  # fmt: skip

FAMILY: Final[dict[str, tuple[str, str]]] = {
    word: (family, words.split()[0]) for family, units in _FAMILIES.items() for words in units for word in words.split()
}
"""A unit's kind and its first spelling, by each of its spellings, all in lower case."""

SIZE: Final[dict[str, Fraction]] = {
    words.split()[0]: Fraction(size) for units in _FAMILIES.values() for words, size in units.items()
}
"""Each unit by its first spelling, in the smallest common measure of its kind: an inch is 25.4 mm,
so lengths are counted in 0.2 mm. Cups are the 240 ml of a label; a month has no fixed number of days."""

SCALES: Final = {
    "dozen": Fraction(12), "dozens": Fraction(12), "pair": Fraction(2), "pairs": Fraction(2),
    "hundred": Fraction(100), "thousand": Fraction(1_000), "k": Fraction(1_000), "million": Fraction(10**6),
    "billion": Fraction(10**9), "trillion": Fraction(10**12), "half": Fraction(1, 2), "halves": Fraction(1, 2),
    "quarter": Fraction(1, 4),
    "quarters": Fraction(1, 4), "third": Fraction(1, 3), "thirds": Fraction(1, 3), "twice": Fraction(2),
    "double": Fraction(2), "triple": Fraction(3), "score": Fraction(20),
}  # fmt: skip
"""Words that multiply what they stand beside."""

SCALE_LETTERS: Final = {
    "m": Fraction(10**6), "mm": Fraction(10**6), "mn": Fraction(10**6), "mil": Fraction(10**6),
    "b": Fraction(10**9), "bn": Fraction(10**9), "t": Fraction(10**12), "tn": Fraction(10**12),
}  # fmt: skip
"""The same, cut short: they are sure beside a currency alone, since an `m` may be a metre."""

_DAY: Final = SIZE["day"]
_BY_CUSTOM: Final = (
    *(("month", days * _DAY) for days in (28, 30, 31)),
    *(("year", days * _DAY) for days in (360, 364, 365, 366)),
)
"""What a sum takes a month and a year for, in seconds: four weeks, 30 days, 52 weeks, 365 days."""
_QUARTER: Final = Fraction(25)
"""The coin, in cents. Nobody counts dollars in it, so that it is a unit to convert from and none to convert to."""
_PER: Final = re.compile(r"/|\b(?:per|an?|each|every)\b")
_NAME: Final = re.compile(r"pound-sterling|[a-z]+")
_SQUARE: Final = re.compile(r"\bsq(?:uared?)?\b|[2²]")
_CUBE: Final = re.compile(r"\bcu(?:bic|bed)?\b|[3³]")


def measures(unit: str) -> frozenset[str]:
    """The units of FAMILY in `unit` (lower case), by their first spelling: hour and mile for `miles/hour`."""
    return frozenset(FAMILY[name][1] for name in _NAME.findall(unit) if name in FAMILY)


def conversions(unit: str) -> frozenset[Fraction]:
    """What one of `unit` (in lower case) comes to in the units that it may be converted to; itself, 1, is among them.

    60 for `hours`, 144 for `square feet`, 1/60 for `dollars per hour`, which may be told by the minute.
    """
    above, *below = _PER.split(unit, maxsplit=1)
    over = _powers(below[0]) if below else frozenset((Fraction(1),))
    return frozenset(factor / other for factor in _powers(above) for other in over)


def _powers(text: str) -> frozenset[Fraction]:
    """The conversions of every unit that is named in `text`, squared or cubed where it says so."""
    power = 2 if _SQUARE.search(text) else 3 if _CUBE.search(text) else 1
    found = (factor**power for name in set(_NAME.findall(text)) for factor in _equivalents(name))
    return frozenset((Fraction(1), *found))


@cache
def _sizes(kind: str) -> tuple[Fraction, ...]:
    return tuple(SIZE[name] for family, name in sorted(set(FAMILY.values())) if family == kind)


def _equivalents(name: str) -> frozenset[Fraction]:
    """What one of a unit comes to in each unit of its kind; nothing for a word that is no unit."""
    if name in ("quarter", "quarters"):
        return frozenset(_QUARTER / size for size in _sizes("money"))
    if name not in FAMILY:
        return frozenset()
    kind, unit = FAMILY[name]
    found = {SIZE[unit] / size for size in _sizes(kind)}
    if kind == "time":
        found |= {SIZE[unit] / size for _, size in _BY_CUSTOM}
    found |= {size / other for whole, size in _BY_CUSTOM if whole == unit for other in _sizes("time")}
    return frozenset(found)
