"""An answer's text as a number with a unit: `$1,200.50`, `\\frac{3}{4} cup`, `2 1/2 hours`, `66.7%`, `1.8 billion`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from negbank.reasoning.expressions import count_decimals, evaluate
from negbank.reasoning.tokens import CURRENCIES, PARTS, plain_maths
from negbank.reasoning.units import FAMILY, SCALE_LETTERS, SCALES

_AROUND: Final = re.compile(r"^(?:\$\$?|\\\(|\\\[|\*\*)(.*?)(?:\$\$?|\\\)|\\\]|\*\*)$", re.DOTALL)
_NAMED: Final = re.compile(r"^[A-Za-z]\w{0,20}(?:\([a-z]\))?\s*=\s*(?=[^=])")
_WORDED: Final = re.compile(r"\\(?:text|mathrm|mbox|textbf|mathbf)\s*\{([^{}]*)\}")
_ABOUT: Final = re.compile(
    r"^(?:about|approximately|around|roughly|only|exactly|a total of|=|≈|~)\s*(?=[-+$£€(\d.])", re.I
)
_AMOUNT: Final = re.compile(
    r"(?P<body>[-+−*/^().,\d\s$£€×·%]*[\d)%.])\s*(?:(?P<joint>[-/])\s*)?(?P<unit>[A-Za-z°][^\d=+*]*(?:\^?[23²³])?)?"
)
_NO_AMOUNT: Final = re.compile(r"\([^,]*,.*\)|\d+\s*[-–]\s*\d+$")
"""A pair of coordinates, or a range."""
_MIXED: Final = re.compile(r"(?P<sign>[-−]?)\s*(?P<whole>\d+)\s+(?P<above>\d+)\s*/\s*(?P<below>\d+)")
_PLAIN: Final = re.compile(r"[-+−]?[\d,]*+(?:\.\d++)?(?<=\d)")
_WORDS: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}
_COUNTS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_PART: Final = re.compile(rf"and (?:({'|'.join(_COUNTS)})[ -])?({'|'.join(PARTS)})s?\b *")
"""`and a half`, which is a part of the number before it."""
_MORE: Final = re.compile(
    rf"(?:\band|\bplus|,) (?:an? )?(?:{'|'.join((*_WORDS, *PARTS))}|thirty|forty|fifty|sixty|seventy|eighty|ninety)\b"
)
"""A second amount in words, as in `3 dollars and fifty cents`."""


@dataclass(frozen=True)
class Amount:
    """A value (that of `50%` is one half), its written decimals (None for a fraction), and its unit in lower case.

    `3 dozen` has the value 36 and is `scaled`; `other` is what may be meant as well: 3 of the unit `dozen`.
    """

    value: Fraction
    decimals: int | None
    unit: str = ""
    percent: bool = False
    scaled: bool = False
    other: Amount | None = None

    def times(self, factor: Fraction) -> Amount:
        """The same in another unit."""
        return replace(self, value=self.value * factor, decimals=None, unit="")

    def unsigned(self) -> Amount:
        """A percentage without its sign: 50 for `50%`."""
        if not self.percent:
            return self
        decimals = None if self.decimals is None else max(self.decimals - 2, 0)
        return Amount(self.value * 100, decimals, self.unit)


def plain_answer(text: str) -> str:
    """`text` without what stands around an answer: maths and emphasis signs, `x =`, `about`, a full stop."""
    text = text.strip()
    while (found := _AROUND.match(text)) is not None and (inner := found.group(1).strip()):
        text = inner
    text = text.rstrip(" .;,*").strip() if not text.endswith("...") else text
    text = text.replace("\\$", "$").replace("\\%", "%").replace("−", "-").replace("^\\circ", "°").replace("\\!", "")
    text = _NAMED.sub("", _WORDED.sub(r"\1", text))
    return _ABOUT.sub("", text).strip()


def read_amount(text: str) -> Amount | None:
    """The amount that `text` is, or None where it is anything else."""
    text = plain_maths(text).strip()
    if text.casefold() in _WORDS:
        return Amount(Fraction(_WORDS[text.casefold()]), 0)
    found = _AMOUNT.fullmatch(text)
    if found is None or _NO_AMOUNT.match(found.group("body").strip()):
        return None
    body, written = found.group("body").strip(), found.group("unit") or ""
    currency = next((name for sign, name in CURRENCIES.items() if sign in body), "")
    value, decimals = _read_body(body)
    unit = _joined_unit(written, found.group("joint"))
    if value is None or unit is None:
        return None
    part = _PART.match(unit)
    if part is not None and decimals == 0:
        share = _COUNTS.get(part.group(1), 1) * PARTS[part.group(2)]
        value, decimals, unit = (value - share if body.startswith("-") else value + share), None, unit[part.end() :]
    if _MORE.search(unit):
        return None
    percent = "%" in body or unit in ("percent", "percentage")
    if percent and "%" not in body:
        value, decimals, unit = value / 100, None if decimals is None else decimals + 2, ""
    return _scaled(Amount(value, decimals, unit, percent), currency, written)


def _joined_unit(written: str, joint: str | None) -> str | None:
    """The unit as `units` spells it. None where a sign joins it and it may be an unknown: `50/x`, and not `50/hour`."""
    unit = _plain_unit(written)
    if not joint:
        return unit
    first = unit.partition(" ")[0]
    if len(first) < 2 or first not in FAMILY:
        return None
    return f"per {unit}" if joint == "/" else unit


def _scaled(amount: Amount, currency: str, written: str) -> Amount:
    """`amount` times the scale word that its unit begins with, and with what else it may be; the currency is a unit."""
    first, _, rest = amount.unit.partition(" ")
    sign = written.strip(" .,;").partition(" ")[0]
    short = SCALE_LETTERS.get(sign.lower()) if currency or sign in ("M", "B", "bn", "mn") else None
    scale = short or SCALES.get(first)
    if scale is not None:
        bare = replace(amount, unit=_in_currency(rest if short else amount.unit, currency))
        unit = _in_currency(_plain_unit(rest), currency)
        return replace(amount, value=amount.value * scale, decimals=None, unit=unit, scaled=True, other=bare)
    plain = replace(amount, unit=_in_currency(amount.unit, currency))
    later = next((SCALES[word] for word in rest.split() if word in SCALES), None)
    return plain if later is None else replace(plain, other=plain.times(later))


def _in_currency(unit: str, currency: str) -> str:
    """`dollar per hour` for `$` and `per hour`; a unit that is converted by itself stays."""
    return unit if unit in FAMILY else f"{currency} {unit}".strip()


def _read_body(body: str) -> tuple[Fraction | None, int | None]:
    """The value of what stands before the unit, and its decimals."""
    mixed = _MIXED.fullmatch(body.strip("$£€ "))
    if mixed is not None and int(mixed.group("below")):
        value = int(mixed.group("whole")) + Fraction(int(mixed.group("above")), int(mixed.group("below")))
        return (-value if mixed.group("sign") else value), None
    bare = re.sub(r"[$£€\s]", "", body)
    number = bare.removesuffix("%")
    if _PLAIN.fullmatch(number):
        return evaluate(bare), count_decimals(number) + (2 if bare.endswith("%") else 0)
    return evaluate(body), None


def _plain_unit(unit: str) -> str:
    """A unit in lower case, as `units.FAMILY` spells it where it is there."""
    words = unit.lower().strip(" .,;").split()
    if len(words) == 1 and words[0] in FAMILY:
        return FAMILY[words[0]][1]
    return " ".join(words)
