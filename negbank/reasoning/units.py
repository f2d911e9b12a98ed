"""Units that are converted into each other in everyday sums, and words that multiply the number before them."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

_FAMILIES: Final[dict[str, dict[str, int | Fraction]]] = {
    "time": {
        "second seconds sec secs": 1, "minute minutes min mins": 60, "hour hours hr hrs": 3_600, "day days": 86_400,
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
