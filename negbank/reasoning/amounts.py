"""An answer's text as a number with a unit: `$1,200.50`, `\\frac{3}{4} cup`, `2 1/2 hours`, `66.7%`, `1.8 billion`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from negbank.reasoning.expressions import count_decimals, evaluate
from negbank.reasoning.tokens import CURRENCIES, plain_maths
from negbank.reasoning.units import FAMILY, SCALES

_AROUND: Final = re.compile(r"^(?:\$\$?|\\\(|\\\[|\*\*)\s*(.*?)\s*(?:\$\$?|\\\)|\\\]|\*\*)$", re.DOTALL)
_NAMED: Final = re.compile(r"^[A-Za-z]\w{0,20}(?:\([a-z]\))?\s*=\s*(?=[^=])")
_WORDED: Final = re.compile(r"\\(?:text|mathrm|mbox|textbf|mathbf)\s*\{([^{}]*)\}")
_ABOUT: Final = re.compile(
    r"^(?:about|approximately|around|roughly|only|exactly|a total of|=|≈|~)\s*(?=[-+$£€(\d.])", re.I
)
_AMOUNT: Final = re.compile(r"(?P<body>[-+−*/^().,\d\s$£€×·%]*[\d)%.])\s*(?P<unit>[A-Za-z°][^\d=+*]*(?:\^?[23²³])?)?")
_MIXED: Final = re.compile(r"(?P<sign>[-−]?)\s*(?P<whole>\d+)\s+(?P<above>\d+)\s*/\s*(?P<below>\d+)")
_PLAIN: Final = re.compile(r"[-+−]?[\d,]*\.?\d+")
_WORDS: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}


@dataclass(frozen=True)
class Amount:
    """A value (that of `50%` is one half), its written decimals (None for a fraction), and its unit in lower case."""

    value: Fraction
    decimals: int | None
    unit: str = ""
    percent: bool = False

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
    while (found := _AROUND.match(text)) is not None and found.group(1):
        text = found.group(1)
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
    if found is None or re.match(r"\(.*,.*\)|\d+\s*[-–]\s*\d+$", found.group("body").strip()):
        return None  # a pair of coordinates, or a range
    body, unit = found.group("body").strip(), _plain_unit(found.group("unit") or "")
    currency = next((name for sign, name in CURRENCIES.items() if sign in body), "")
    value, decimals = _read_body(body)
    if value is None:
        return None
    scale = SCALES.get(unit.split()[0] if unit else "")
    if scale is not None:
        value, decimals, unit = value * scale, None, unit.partition(" ")[2]
    percent = "%" in body or unit in ("percent", "percentage")
    if percent and "%" not in body:
        value, decimals, unit = value / 100, None if decimals is None else decimals + 2, ""
    return Amount(value, decimals, unit or currency, percent)


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
