"""Numbers and units as exact fractions: `1/2`, `0.5` and `50 %`; `5 km`, `5 kilometres` and `5,000 m`.

`normalise` is the only caller. Factors are exact by definition (SI Brochure, 9th edition; 1 ft = 12 in). Metric and
imperial units are never converted into each other, nor are temperature scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

MAX_DIGITS: Final = 60
"""Longer numbers are compared as they are written."""

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
_TEENS = "seventeen eighteen nineteen twenty"
NUMBER_WORDS: Final = {word: value for value, word in enumerate((_ONES + _TEENS).split())} | {
    word: 10 * value for value, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), start=3)
}
SCALES: Final = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
PARTS: Final = {
    name: Fraction(1, value)
    for value, names in {
        2: "half halves", 3: "third thirds", 4: "fourth fourths quarter quarters", 5: "fifth fifths",
        6: "sixth sixths", 8: "eighth eighths", 10: "tenth tenths",
    }.items()
    for name in names.split()
}  # fmt: skip

_PREFIXES: Final = {
    "n": ("nano", Fraction(1, 10**9)),
    "μ": ("micro", Fraction(1, 10**6)),
    "m": ("milli", Fraction(1, 10**3)),
    "c": ("centi", Fraction(1, 10**2)),
    "k": ("kilo", Fraction(10**3)),
    "M": ("mega", Fraction(10**6)),
    "G": ("giga", Fraction(10**9)),
}
_METRIC: Final = {
    # symbol: (names, base, factor, power of the base)
    "m": ("meter metre", "m", Fraction(1), 1),
    "g": ("gram gramme", "g", Fraction(1), 1),
    "s": ("second sec", "s", Fraction(1), 1),
    "L": ("liter litre", "m", Fraction(1, 1000), 3),
    "J": ("joule", "J", Fraction(1), 1),
    "W": ("watt", "W", Fraction(1), 1),
    "N": ("newton", "N", Fraction(1), 1),
    "V": ("volt", "V", Fraction(1), 1),
    "A": ("ampere amp", "A", Fraction(1), 1),
    "Hz": ("hertz", "Hz", Fraction(1), 1),
    "Pa": ("pascal", "Pa", Fraction(1), 1),
    "eV": ("electronvolt", "eV", Fraction(1), 1),
    "mol": ("mole", "mol", Fraction(1), 1),
    "cal": ("calorie", "cal", Fraction(1), 1),
    "Ω": ("ohm", "Ω", Fraction(1), 1),
}
_OTHER: Final = {
    # names, base, factor, power; the base is written so that it is read as itself
    "min mins minute minutes": ("s", 60, 1),
    "h hr hrs hour hours": ("s", 3600, 1),
    "day days": ("s", 86400, 1),
    "week weeks": ("s", 604800, 1),
    "year years yr yrs": ("year", 1, 1),
    "month months": ("month", 1, 1),
    "inch inches": ("inch", 1, 1),
    "ft foot feet": ("inch", 12, 1),
    "yd yard yards": ("inch", 36, 1),
    "mile miles mi": ("inch", 63360, 1),
    "lb lbs pound pounds": ("lb", 1, 1),
    "oz ounce ounces": ("oz", 1, 1),
    "gallon gallons gal": ("gallon", 1, 1),
    "cup cups": ("cup", 1, 1),
    "tablespoon tablespoons tbsp": ("tbsp", 1, 1),
    "teaspoon teaspoons tsp": ("tsp", 1, 1),
    "kelvin kelvins K": ("K", 1, 1),
    "atm atmosphere atmospheres": ("atm", 1, 1),
}


@dataclass(frozen=True)
class Unit:
    """`factor` base units, `powers` by base symbol; `used` is how many tokens spell it."""

    factor: Fraction
    powers: tuple[tuple[str, int], ...]
    used: int

    @property
    def symbol(self) -> str:
        """Its spelling, such as `m / s ^ 2`; a unit without dimension has none."""
        above = [_raised(base, power) for base, power in self.powers if power > 0]
        below = ["/ " + _raised(base, -power) for base, power in self.powers if power < 0]
        return " ".join(above + below)


def _raised(base: str, power: int) -> str:
    return base if power == 1 else f"{base} ^ {power}"


def _atoms() -> dict[str, tuple[Fraction, str, int]]:
    """Every spelling of a single unit: factor, base and power."""
    table: dict[str, tuple[Fraction, str, int]] = {}
    for symbol, (names, base, factor, power) in _METRIC.items():
        for prefix, (spelled, scale) in [("", ("", Fraction(1))), *_PREFIXES.items()]:
            entry = (factor * scale, base, power)
            # `Mg` is magnesium; `MHz` is the only mega that is met as a symbol beside `MJ`, `MW`, `MeV`
            if prefix + symbol != "Mg":
                table[prefix + symbol] = entry
            for name in names.split():
                table[spelled + name] = entry
                if name != "hertz":
                    table[spelled + name + "s"] = entry
    for prefix in ("", "m", "c"):
        table[prefix + "l"] = table[prefix + "L"]
    table["cc"] = table["mL"]
    for names, (base, size, power) in _OTHER.items():
        table |= dict.fromkeys(names.split(), (Fraction(size), base, power))
    return table


_ATOMS: Final = _atoms()
_SHORTHANDS: Final = {
    "mph": ("mile", "h"),
    "kph": ("km", "h"),
    "kmh": ("km", "h"),
    "kmph": ("km", "h"),
}
_SCALED_DEGREES: Final = {"C": "°C", "Celsius": "°C", "F": "°F", "Fahrenheit": "°F"}


def parse_number(text: str) -> Fraction | None:
    """The value of digits with thousands, decimals, `1/2` or `2 1/2`; None where it is no plain number.

    Codes (`007`), dates, ratios (`3:1`), too many digits, a zero denominator and readings such as 120/80 are none.
    """
    if len(text) > MAX_DIGITS or ":" in text or text.count("/") > 1 or text.count(".") > 1:
        return None
    whole, _, part = text.rpartition(" ") if "/" in text and " " in text.replace(" /", "/") else ("", "", text)
    if "/" in part:
        return _parse_fraction(whole, part)
    digits, _, decimals = text.replace(",", "").partition(".")
    if len(digits) > 1 and digits[0] == "0":
        return None
    return Fraction(int(digits + decimals or "0"), 10 ** len(decimals))


def _parse_fraction(whole: str, part: str) -> Fraction | None:
    above, below = (int(side) for side in part.split("/"))
    if below == 0 or above > below >= 40:
        return None
    if not whole:
        return Fraction(above, below)
    return int(whole) + Fraction(above, below) if above < below else None


def format_number(value: Fraction) -> str:
    """`value` as `5` or `1/2`, which `parse_number` reads back."""
    return str(value)


def read_unit(tokens: Sequence[str]) -> Unit | None:
    """The unit that `tokens` (those after a number) begin with, or None.

    Knows percent, degrees, powers (`cm ^ 3`, `cm3`, `square meters`, `s squared`) and quotients (`m / s`, `miles per
    hour`).
    """
    if not tokens:
        return None
    first = tokens[0]
    if first == "%" or first.lower() == "percent":
        return Unit(Fraction(1, 100), (), 1)
    if first.lower() == "per" and len(tokens) > 1 and tokens[1].lower() == "cent":
        return Unit(Fraction(1, 100), (), 2)
    if first == "°" or first.lower() in ("degree", "degrees"):
        scale = _SCALED_DEGREES.get(tokens[1].title() if len(tokens) > 1 else "")
        return Unit(Fraction(1), ((scale or "°", 1),), 2 if scale else 1)
    if first.lower() in _SHORTHANDS:
        above, below = _SHORTHANDS[first.lower()]
        quotient = read_unit([above, "/", below])
        return None if quotient is None else Unit(quotient.factor, quotient.powers, 1)
    return _quotient(tokens)


def _quotient(tokens: Sequence[str]) -> Unit | None:
    found = _powered(tokens, 0)
    if found is None:
        return None
    factor, powers, used = found[0], {found[1]: found[2]}, found[3]
    while used + 1 < len(tokens) and tokens[used].lower() in ("/", "per"):
        below = _powered(tokens, used + 1)
        if below is None:
            break
        factor /= below[0]
        powers[below[1]] = powers.get(below[1], 0) - below[2]
        used = below[3]
    kept = tuple(sorted(((base, power) for base, power in powers.items() if power), key=lambda p: (p[1] < 0, p[0])))
    # a quotient of like units is a pure number, which percent alone may become
    return Unit(factor, kept, used) if any(power > 0 for _, power in kept) else None


def _powered(tokens: Sequence[str], at: int) -> tuple[Fraction, str, int, int] | None:
    """Factor, base, power and the place after the unit that starts at `at`, or None."""
    named = {"square": 2, "cubic": 3}.get(tokens[at].lower(), 1)
    at += named > 1
    if at >= len(tokens):
        return None
    word = tokens[at]
    atom = _atom(word)
    if atom is None and len(word) > 1 and word[-1] in "23" and word[:-1] in _ATOMS and len(word) <= 3:
        atom, named = _ATOMS[word[:-1]], int(word[-1])
    if atom is None:
        return None
    at += 1
    power = named
    if at + 1 < len(tokens) and tokens[at] == "^" and tokens[at + 1] in ("2", "3"):
        power, at = int(tokens[at + 1]), at + 2
    elif at < len(tokens) and tokens[at].lower() in ("squared", "cubed"):
        power, at = 2 if tokens[at].lower() == "squared" else 3, at + 1
    factor, base, own = atom
    return factor**power, base, own * power, at


def _atom(word: str) -> tuple[Fraction, str, int] | None:
    """A unit by symbol (case matters) or by name (it does not)."""
    found = _ATOMS.get(word)
    if found is None and len(word) > 3 and word.isascii():
        found = _ATOMS.get(word.lower())
        # `CALORIE` and `calorie` differ by a thousand in nutrition
        if found is not None and found[1] == "cal":
            return None
    return found
