"""The names of units as people write them: `km/h`, `kilometres per hour`, `m s^-2`, `square feet`, `°C`."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from negbank.text.unit_table import Unit, multiply, raise_unit, unit_table, units_by_lower_case

_POWERS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_PHRASES: Final = re.compile(
    r"\b(degrees?|deg) (celsius|centigrade|fahrenheit|kelvin|[CF])\b|\b(nautical) (miles?)\b"
    r"|\b(fluid|fl\.?) (ounces?|oz)\b"
    r"|\b(light)[- ](years?)\b|\b(metric) (tons?|tonnes?)\b|\b(pounds?) (sterling)\b"
    r"|\b(US|Canadian|Australian) (dollars?)\b"
    r"|\b(right|straight|full) (angles?|turns?)\b|\b(Swiss) (francs?)\b|\b(astronomical) (units?)\b",
    re.IGNORECASE,
)
_SPOKEN: Final = (
    (re.compile(r"\b(?:square|sq\.?)[ -]([A-Za-z]+)\b\.?", re.I), r"\1^2"),
    (re.compile(r"\b(?:sq)(k?m|cm|mm|ft|in|mi|yd)\b", re.I), r"\1^2"),
    (re.compile(r"\b(?:cubic|cu\.?)[ -]([A-Za-z]+)\b\.?", re.I), r"\1^3"),
    (re.compile(r"\b([A-Za-z]+) squared\b", re.I), r"\1^2"),
    (re.compile(r"\b([A-Za-z]+) cubed\b", re.I), r"\1^3"),
    (re.compile(r" ?(?:\bper\b|\ba(?=n? (?:second|minute|hour|day|week|month|year)\b)n?) ?", re.I), "/"),
)
_A_HUNDRED: Final = re.compile(r" ?/ ?100 ?([A-Za-z]+)$")
_ATOM: Final = re.compile(r"(°[CFK]?|[℃℉¢€£¥$₹″′%]|[A-Za-zΩμÅ_$]+[$.]?)(?:\^?\{?([-+]?\d)\}?)?")


@lru_cache(maxsize=4_096)
def read_unit(text: str) -> tuple[Unit, ...]:
    """Every unit that `text` may be: `km/h`, `kilometres per hour`, `m s^-2`, `square feet`, `°C`; () for none."""
    if not text or len(text) > 60:
        return ()
    alone = atoms(text)
    if alone:
        return alone
    text = re.sub(r"° (?=[CFK](?![A-Za-z]))", "°", text)
    text = _PHRASES.sub(lambda m: "_".join(part for part in m.groups() if part), text.translate(_POWERS))
    for pattern, spelled in _SPOKEN:
        text = pattern.sub(spelled, text)
    hundred = _A_HUNDRED.search(text)  # fuel: 5 L/100 km
    if hundred is None:
        return _product(text.strip())
    units = _product(text[: hundred.start()].strip() + f"/{hundred[1]}")
    return tuple(replace(unit, factor=unit.factor / 100, name=f"{unit.name}/100") for unit in units)


def atoms(word: str) -> tuple[Unit, ...]:
    """The units of one spelling; the case of a symbol counts where it tells units apart."""
    bare = word.rstrip(".") if word != "Rs." else word
    exact = unit_table().get(bare) or unit_table().get({"'": "′", '"': "″"}.get(bare, ""))
    if exact is not None:
        return exact
    return units_by_lower_case().get(bare.lower(), ())


def _product(text: str) -> tuple[Unit, ...]:
    """A product and quotient of units, read from left to right."""
    results: tuple[Unit, ...] = ()
    at, sign, count = 0, 1, 0
    while at < len(text) and count < 6:
        found = _ATOM.match(text, at)
        if found is None:
            return ()
        units = atoms(found[1])
        power = sign * int(found[2] or 1)
        if not units or not power or (power > 0 and units[0].offset and not results and found.end() < len(text)):
            return ()
        raised = [unit if power == 1 else raise_unit(unit, power) for unit in units]
        results = tuple(multiply(a, b) for a in results for b in raised)[:8] if results else tuple(raised)
        at, count = found.end(), count + 1
        joint = re.compile(r" ?([/·*×-]) ?|( )").match(text, at)
        if joint is None:
            break
        at = joint.end()
        if at == len(text):
            return ()  # a sign with nothing after it: A- is a grade
        sign = -1 if joint[1] == "/" or (sign == -1 and joint[2] is None and joint[1] != "/") else 1
    return results if at == len(text) else ()
