"""Units of measure and money: spellings, dimension, exact factor.

Factors are exact by definition (SI Brochure, 9th edition; NIST Handbook 44; one international mile is 1609.344 m).
Money has a dimension for each currency: currencies are never exchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

Dimension = tuple[tuple[str, int], ...]
"""Powers of base units, in alphabetical order: (("m", 1), ("s", -1)) for a speed."""


@dataclass(frozen=True)
class Unit:
    """`value` of this unit is `value * factor + offset` base units; `name` is its first spelling."""

    name: str
    dimension: Dimension
    factor: Fraction
    offset: Fraction = Fraction(0)
    exact: bool = True


def _power_of(dimension: Dimension, power: int) -> Dimension:
    return tuple((base, exponent * power) for base, exponent in dimension)


_M, _KG, _S, _K, _A = (("m", 1),), (("kg", 1),), (("s", 1),), (("K", 1),), (("A", 1),)
_AREA, _VOLUME, _SPEED, _DEGREE, _BYTE = (("m", 2),), (("m", 3),), (("m", 1), ("s", -1)), (("°", 1),), (("B", 1),)
_FORCE = (("kg", 1), ("m", 1), ("s", -2))
_ENERGY = (("kg", 1), ("m", 2), ("s", -2))
_POWER = (("kg", 1), ("m", 2), ("s", -3))
_PRESSURE = (("kg", 1), ("m", -1), ("s", -2))
_VOLT = (("A", -1), ("kg", 1), ("m", 2), ("s", -3))
_OHM = (("A", -2), ("kg", 1), ("m", 2), ("s", -3))
_FARAD = (("A", 2), ("kg", -1), ("m", -2), ("s", 4))

_PREFIXES: Final = {
    "p": ("pico", -12), "n": ("nano", -9), "μ": ("micro", -6), "u": ("micro", -6), "m": ("milli", -3),
    "c": ("centi", -2), "d": ("deci", -1), "h": ("hecto", 2), "k": ("kilo", 3), "M": ("mega", 6), "G": ("giga", 9),
    "T": ("tera", 12), "P": ("peta", 15),
}  # fmt: skip

_SI: Final[tuple[tuple[str, str, Dimension, Fraction], ...]] = (
    ("m", "metre meter", _M, Fraction(1)),
    ("g", "gram gramme", _KG, Fraction(1, 1000)),
    ("s", "second sec", _S, Fraction(1)),
    ("L", "litre liter", _VOLUME, Fraction(1, 1000)),
    ("l", "", _VOLUME, Fraction(1, 1000)),
    ("J", "joule", _ENERGY, Fraction(1)),
    ("cal", "calorie", _ENERGY, Fraction(4184, 1000)),
    ("eV", "electronvolt electron-volt", _ENERGY, Fraction(1602176634, 10**28)),
    ("Wh", "watt-hour watthour", _ENERGY, Fraction(3600)),
    ("W", "watt", _POWER, Fraction(1)),
    ("N", "newton", _FORCE, Fraction(1)),
    ("Pa", "pascal", _PRESSURE, Fraction(1)),
    ("bar", "", _PRESSURE, Fraction(10**5)),
    ("Hz", "hertz", (("s", -1),), Fraction(1)),
    ("V", "volt", _VOLT, Fraction(1)),
    ("A", "ampere amp", _A, Fraction(1)),
    ("Ω", "ohm", _OHM, Fraction(1)),
    ("C", "coulomb", (("A", 1), ("s", 1)), Fraction(1)),
    ("F", "farad", _FARAD, Fraction(1)),
    ("mol", "mole", (("mol", 1),), Fraction(1)),
    ("K", "kelvin", _K, Fraction(1)),
    ("B", "byte", _BYTE, Fraction(1)),
    ("b", "bit", _BYTE, Fraction(1, 8)),
    ("bit", "", _BYTE, Fraction(1, 8)),
    ("bps", "", (("B", 1), ("s", -1)), Fraction(1, 8)),
    ("t", "tonne", _KG, Fraction(1000)),
    ("lm", "lumen", (("lm", 1),), Fraction(1)),
    ("cd", "candela", (("cd", 1),), Fraction(1)),
    ("T", "tesla", (("A", -1), ("kg", 1), ("s", -2)), Fraction(1)),
    ("Bq", "becquerel", (("Bq", 1),), Fraction(1)),
    ("pc", "parsec", _M, Fraction(30856775814913673)),
    ("yr", "year yrs", (("year", 1),), Fraction(1)),
)
"""Symbol, names, dimension, factor: what takes SI prefixes."""
_NO_PREFIX_SYMBOLS: Final = frozenset("cd dm hm".split())
_BARE_ONLY: Final = {"t": "kM", "bar": "mk", "K": "mkM", "yr": "kMG", "pc": "kMG", "T": "mμ", "F": "pnμm", "C": "mμn",
                     "B": "kMGTP", "b": "kMGT", "bit": "kMGT", "bps": "kMGT", "mol": "mk", "Wh": "kMGT", "cal": "k",
                      "lm": "k",
                      "cd": "m",
                     "Bq": "kMG"}  # fmt: skip
"""The prefixes that some symbols are met with; `pt`, `ft`, `dB` are something else."""

_LB: Final = Fraction(45359237, 10**8)
_IN: Final = Fraction(254, 10**4)
_GALLON: Final = Fraction(3785411784, 10**12)
_UK_GALLON: Final = Fraction(454609, 10**8)
_CUSTOMARY: Final[tuple[tuple[str, Dimension, Fraction | int], ...]] = (
    ("min mins minute minutes ′", _S, 60),
    ("h hr hrs hour hours", _S, 3600),
    ("d day days", _S, 86400),
    ("week weeks wk wks", _S, 604800),
    ("fortnight fortnights", _S, 1209600),
    ("secs ″", _S, 1),
    ("month months mo mos", (("year", 1),), Fraction(1, 12)),
    ("y", (("year", 1),), 1),
    ("decade decades", (("year", 1),), 10),
    ("century centuries", (("year", 1),), 100),
    ("millennium millennia millenniums", (("year", 1),), 1000),
    ("Myr mya", (("year", 1),), 10**6),
    ("in inch inches ″", _M, _IN),
    ("ft foot feet ′", _M, 12 * _IN),
    ("yd yds yard yards", _M, 36 * _IN),
    ("mi mile miles", _M, Fraction(1609344, 1000)),
    ("nmi nautical_mile nautical_miles", _M, 1852),
    ("light_year light_years lightyear lightyears ly", _M, 9460730472580800),
    ("AU au astronomical_unit astronomical_units", _M, 149597870700),
    ("Å angstrom angstroms", _M, Fraction(1, 10**10)),
    ("micron microns", _M, Fraction(1, 10**6)),
    ("furlong furlongs", _M, Fraction(201168, 1000)),
    ("fathom fathoms", _M, 72 * _IN),
    ("ha hectare hectares", _AREA, 10**4),
    ("acre acres ac", _AREA, Fraction(40468564224, 10**7)),
    ("lb lbs pound pounds", _KG, _LB),
    ("oz ounce ounces", _KG, _LB / 16),
    ("stone stones", _KG, 14 * _LB),
    ("metric_ton metric_tons metric_tonne metric_tonnes", _KG, 1000),
    ("ton tons", _KG, 2000 * _LB),
    ("ton tons", _KG, 1000),
    ("ton tons", _KG, 2240 * _LB),
    ("mcg", _KG, Fraction(1, 10**9)),
    ("carat carats ct", _KG, Fraction(2, 10**4)),
    ("cc", _VOLUME, Fraction(1, 10**6)),
    ("gal gallon gallons", _VOLUME, _GALLON),
    ("gal gallon gallons", _VOLUME, _UK_GALLON),
    ("qt quart quarts", _VOLUME, _GALLON / 4),
    ("pint pints", _VOLUME, _GALLON / 8),
    ("pint pints", _VOLUME, _UK_GALLON / 8),
    ("cup cups", _VOLUME, _GALLON / 16),
    ("fl_oz fluid_ounce fluid_ounces", _VOLUME, _GALLON / 128),
    ("tbsp tablespoon tablespoons", _VOLUME, _GALLON / 256),
    ("tsp teaspoon teaspoons", _VOLUME, _GALLON / 768),
    ("barrel barrels bbl", _VOLUME, 42 * _GALLON),
    ("mph", _SPEED, Fraction(1609344, 3600000)),
    ("kph kmh kmph", _SPEED, Fraction(1000, 3600)),
    ("knot knots kn kt kts", _SPEED, Fraction(1852, 3600)),
    ("° degree degrees deg", _DEGREE, 1),
    ("kilohm kilohms", _OHM, 1000),
    ("megohm megohms", _OHM, 10**6),
    ("right_angle right_angles", _DEGREE, 90),
    ("straight_angle straight_angles", _DEGREE, 180),
    ("full_angle full_turn full_turns", _DEGREE, 360),
    ("arcminute arcminutes arcmin ′", _DEGREE, Fraction(1, 60)),
    ("arcsecond arcseconds arcsec ″", _DEGREE, Fraction(1, 3600)),
    ("revolution revolutions turn turns", _DEGREE, 360),
    ("Cal Cals Calorie Calories", _ENERGY, 4184),
    ("BTU BTUs", _ENERGY, Fraction(105505585262, 10**8)),
    ("hp horsepower", _POWER, Fraction(74569987158227022, 10**14)),
    ("atm atms atmosphere atmospheres", _PRESSURE, 101325),
    ("mmHg torr", _PRESSURE, Fraction(133322, 1000)),
    ("psi", _PRESSURE, Fraction(6894757, 1000)),
    ("rpm", (("s", -1),), Fraction(1, 60)),
    ("bpm", (("s", -1),), Fraction(1, 60)),
    ("KiB", _BYTE, 2**10), ("MiB", _BYTE, 2**20), ("GiB", _BYTE, 2**30), ("TiB", _BYTE, 2**40),
    ("KB", _BYTE, 1000), ("KB kB", _BYTE, 2**10), ("MB megabyte megabytes", _BYTE, 2**20),
    ("GB gigabyte gigabytes", _BYTE, 2**30), ("TB terabyte terabytes", _BYTE, 2**40),
    ("kilo kilos", _KG, 1),
    ("pixel pixels px", (("px", 1),), 1),
    ("MP megapixel megapixels", (("px", 1),), 10**6),
    ("decibel decibels dB", (("dB", 1),), 1),
    ("pH", (("pH", 1),), 1),
    ("dozen dozens", (), 12),
)  # fmt: skip
_CALENDAR: Final = ((Fraction(365), Fraction(30)), (Fraction(36525, 100), Fraction(31)), (Fraction(366), Fraction(28)))
"""What a sum takes a year and a month for, in days."""

_TEMPERATURES: Final = (
    ("°C ℃ celsius centigrade degrees_celsius degree_celsius degrees_centigrade degrees_c deg_c",
     Fraction(1), Fraction(27315, 100)),
    ("°F ℉ fahrenheit degrees_fahrenheit degree_fahrenheit degrees_f deg_f", Fraction(5, 9), Fraction(45967 * 5, 900)),
    ("°K degrees_kelvin degree_kelvin kelvins", Fraction(1), Fraction(0)),
)  # fmt: skip

_MONEY: Final = (
    ("USD", "$ US$ USD dollar dollars US_dollar US_dollars buck bucks", "cent cents ¢ c"),
    ("EUR", "€ EUR euro euros", "cent cents eurocent eurocents ct c"),
    ("GBP", "£ GBP pound pounds quid pound_sterling pounds_sterling sterling", "pence p penny"),
    ("JPY", "¥ JPY yen", ""),
    ("CNY", "¥ CNY RMB yuan renminbi 元", ""),
    ("INR", "₹ INR Rs Rs. rupee rupees", "paise paisa"),
    ("CAD", "C$ CAD CA$ Canadian_dollar Canadian_dollars $ dollar dollars", "cent cents"),
    ("AUD", "A$ AUD AU$ Australian_dollar Australian_dollars $ dollar dollars", "cent cents"),
    ("CHF", "CHF Fr Fr. SFr SFr. franc francs Swiss_franc Swiss_francs", "centime centimes rappen"),
    ("RUB", "₽ RUB ruble rubles rouble roubles", "kopek kopeks"),
    ("KRW", "₩ KRW won", ""),
    ("MXN", "MXN peso pesos", "centavo centavos"),
    ("SEK", "SEK krona kronor", ""), ("NOK", "NOK krone kroner", ""), ("DKK", "DKK krone kroner", ""),
    ("PLN", "zł PLN zloty zlotys", ""), ("BRL", "R$ BRL reais", ""), ("ZAR", "ZAR rand", ""), ("TRY", "₺ TRY lira", ""),
    ("ILS", "₪ ILS shekel shekels", ""),
)  # fmt: skip
_COINS: Final = {"nickel nickels": 5, "dime dimes": 10}


@cache
def unit_table() -> dict[str, tuple[Unit, ...]]:
    """Every unit by spelling: symbols in their own case, names in lower case; the usual meaning first."""
    table: dict[str, list[Unit]] = {}

    def add(spellings: str, unit: Unit) -> None:
        for spelling in spellings.split():
            entries = table.setdefault(spelling, [])
            if unit not in entries:
                entries.append(unit)

    _add_si(add)
    for spellings, dimension, factor in _CUSTOMARY:
        add(spellings, Unit(spellings.split()[0], dimension, Fraction(factor)))
    degrees_a_radian = Fraction(57295779513082320877, 10**18)
    add("rad rads radian radians", Unit("rad", _DEGREE, degrees_a_radian, exact=False))
    for spellings, factor, offset in _TEMPERATURES:
        add(spellings, Unit(spellings.split()[0], _K, factor, offset))
    for symbol, name in (("C", "°C"), ("F", "°F"), ("°", "°C"), ("degrees", "°C"), ("°", "°F"), ("degrees", "°F")):
        add(symbol, table[name][0])
    _add_money(add)
    return {spelling: tuple(units) for spelling, units in table.items()}


def _add_si(add: Callable[[str, Unit], None]) -> None:
    for symbol, names, dimension, factor in _SI:
        add(symbol, Unit(symbol, dimension, factor))
        for name in names.split():
            add(f"{name} {name}s", Unit(symbol, dimension, factor))
        for prefix, (spelled, power) in _PREFIXES.items():
            unit = Unit(prefix + symbol, dimension, factor * Fraction(10) ** power)
            if prefix in _BARE_ONLY.get(symbol, prefix) and prefix + symbol not in _NO_PREFIX_SYMBOLS:
                add(prefix + symbol, unit)
            for name in names.split():
                add(f"{spelled}{name} {spelled}{name}s", unit)
    add("dm", Unit("dm", _M, Fraction(1, 10)))


def _add_money(add: Callable[[str, Unit], None]) -> None:
    for code, spellings, cents in _MONEY:
        add(spellings, Unit(code, ((code, 1),), Fraction(1)))
        add(cents, Unit(f"{code} cent", ((code, 1),), Fraction(1, 100)))
    for coins, size in _COINS.items():
        add(coins, Unit(coins.split()[0], (("USD", 1),), Fraction(size, 100)))


@cache
def units_by_lower_case() -> dict[str, tuple[Unit, ...]]:
    """Units by spelling in lower case, for spellings whose case says nothing: no other unit is spelled alike."""
    folded: dict[str, set[str]] = {}
    for spelling in unit_table():
        folded.setdefault(spelling.lower(), set()).add(spelling)
    table = unit_table()
    return {
        lower: table[lower] if lower in table else table[next(iter(spellings))]
        for lower, spellings in folded.items()
        if len(lower) > 1 and (len(spellings) == 1 or len(lower) > 3)
    }


def raise_unit(unit: Unit, power: int) -> Unit:
    """`unit` to a power, such as square metres."""
    return Unit(f"{unit.name}^{power}", _power_of(unit.dimension, power), unit.factor**power, exact=unit.exact)


def multiply(left: Unit, right: Unit) -> Unit:
    """The product of two units."""
    powers = dict(left.dimension)
    for base, exponent in right.dimension:
        powers[base] = powers.get(base, 0) + exponent
    dimension = tuple(sorted((base, exponent) for base, exponent in powers.items() if exponent))
    return Unit(f"{left.name} {right.name}", dimension, left.factor * right.factor, exact=left.exact and right.exact)


def calendar_sizes(base: Dimension) -> tuple[Fraction, ...]:
    """What one year may be taken for in seconds, where `base` is that of years."""
    return tuple(days * 86400 for days, _ in _CALENDAR) if base == (("year", 1),) else ()
