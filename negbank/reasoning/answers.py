"""The final answer of a chain, and whether it is the gold one.

What can be read as a number with a unit is compared here, exactly; anything else goes to math-verify, in a process of
its own (`judge`). A comparison that shows neither that the answer is right nor that it is wrong is undecided: it
never makes a chain a negative.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, Protocol

from negbank.reasoning.amounts import Amount, plain_answer, read_amount
from negbank.reasoning.marks import MAX_ANSWER
from negbank.reasoning.readings import answer_readings, guess
from negbank.reasoning.units import FAMILY, SIZE, conversions, measures

Outcome = Literal["right", "wrong", "undecided"]

EQUAL: Final = "equal"
DIFFERENT: Final = "different"
UNKNOWN_LEFT: Final = "unknown-left"
ROUNDED: Final = "rounded"
UNIT: Final = "unit"
WORDS: Final = "words"
RANGE: Final = "range"
BASE: Final = "base"
UNPARSED: Final = "unparsed"
TOO_LARGE: Final = "too-large"
TOO_LONG: Final = "too-long"
MAX_JUDGED: Final = 400
"""Characters of an answer that are read at all, and of one that is given to math-verify."""
ENOUGH_DECIMALS: Final = 6
"""A value that agrees when rounded to so many decimals is the same (math-verify's `float_rounding`)."""

_MATHS_ONLY: Final = re.compile(
    r"(?:\\[A-Za-z]++|\\[,;!:{}|]|[^A-Za-z\\]|(?<![A-Za-z])(?:[A-Za-z]|[A-Z]{2,3})(?![A-Za-z]))*"
)
"""Letters can be read in one way only: a second one for a run of capitals would take time that doubles with each."""
_UNKNOWN: Final = re.compile(r"^[\d\s().,$*/+-]*[-+*/]\s*[A-Za-z][\w' ]*$|^[A-Za-z][\w' ]*[-+*/][\d\s().,$*/+-]+$")
_BESIDE: Final = re.compile(r"([^A-Za-z]*)[-/]\s*[A-Za-z][\w' ]*|[A-Za-z][\w' ]*-([^A-Za-z]*)")
"""A number with a word that a sign joins to it: `$5/person`, `20-piece`, `Total - 50`."""
_FORMS: Final = (
    (re.compile(r"[<>≤≥≠∈]|\\(?:leq?|geq?|lt|gt|neq?|in|notin)(?![a-z])"), RANGE),
    (re.compile(r"\\circ|°|\bdeg"), UNIT),
    (re.compile(r"_\s?(?:\{\s?)?\d|\\text\{\s*base"), BASE),
    (re.compile(r"\\(?:cup|cap|infty)(?![a-z])|∪|∩"), RANGE),
    (re.compile(r"\\pm|±"), RANGE),
    (re.compile(r"^\s*(?:\\left)?[(\[{\\].*,"), RANGE),
    (re.compile(r"[A-Za-z]\s*="), RANGE),
    (re.compile(r"(?<!\\)%|\\%"), UNIT),
    (re.compile(r"\\(?:begin|pmatrix|bmatrix|cases)"), RANGE),
)
"""Signs that only one of two forms of an answer has, and why they are not compared then."""
_DECIMAL: Final = re.compile(r"\d[.,]\d|≈|\\approx|\babout\b")
_IRRATIONAL: Final = re.compile(r"\\(?:sqrt|pi|log|ln|sin|cos|tan|frac|dfrac|exp)|\^|\be\b")
_PARTIAL: Final = re.compile(
    r"\\(?:text|mathrm|mbox|quad|ldots|dots|cdots|overline|mod|pmod|equiv)(?![a-z])|\.\.\.|…|[;:?]"
)
_DANGLING: Final = re.compile(r"(?:[-+*/^=_]|\\(?:d?frac|sqrt|times|cdot|div|left|log|ln|sin|cos|tan))\s*$|\d\s+\d")
_HUGE: Final = re.compile(
    r"(?:\^|\*\*)[{(\s]*-?\d{4,}|(?:\^|\*\*)[{(\s]*-?(?:\d+|[A-Za-z])\s*(?:\^|\*\*)|\d{4}[\s)]*!|!\s*!"
)


class Judge(Protocol):
    """What compares two expressions that are no plain numbers; math-verify, unless a test says otherwise."""

    def compare(self, gold: str, answer: str) -> str:
        """`equal`, `different`, or why it cannot be told."""


@dataclass(frozen=True)
class FinalAnswer:
    """An answer as it is written, and by which sign it was found."""

    text: str
    found_by: str


@dataclass(frozen=True)
class Comparison:
    """Whether an answer is the gold one, and why so."""

    outcome: Outcome
    reason: str


def find_answer(chain: str, question: str = "") -> FinalAnswer | None:
    """The likeliest final answer of `chain`, or None where it has neither a sign of one nor a number.

    A guess, for whoever must have one answer; what shows a chain to be wrong is `decide`, which weighs every reading.
    """
    found = guess(answer_readings(question, chain))
    return None if found is None else FinalAnswer(*found)


def compare(answer: str, gold: str, judge: Judge | None = None) -> Comparison:
    """Whether `answer` is `gold`. Without a `judge`, what is no number stays undecided."""
    if len(answer) > MAX_ANSWER or len(gold) > MAX_ANSWER:
        return Comparison("undecided", TOO_LONG)
    left, right = plain_answer(answer), plain_answer(gold)
    if left and left.casefold() == right.casefold():
        return Comparison("right", EQUAL)
    mine, other = read_amount(left), read_amount(right)
    if mine is not None and other is not None:
        return compare_amounts(mine, other)
    if other is not None and _UNKNOWN.match(left):
        return Comparison("undecided", UNIT) if _stands_beside(left, other) else Comparison("wrong", UNKNOWN_LEFT)
    if re.fullmatch(r"\(?[A-J]\)?", left) and re.fullmatch(r"\(?[A-J]\)?", right):
        same = left.strip("()") == right.strip("()")
        return Comparison("right" if same else "wrong", EQUAL if same else DIFFERENT)
    return _judged(left, right, judge)


def _judged(answer: str, gold: str, judge: Judge | None) -> Comparison:
    """What `judge` says of two expressions; words and what would grow without end are not shown to it."""
    for text in (answer, gold):
        if len(text) > MAX_JUDGED:
            return Comparison("undecided", TOO_LONG)
        if _HUGE.search(text):
            return Comparison("undecided", TOO_LARGE)
    answer, gold = _spelled(answer), _spelled(gold)
    if judge is None or not (_is_maths(answer) and _is_maths(gold)):
        return Comparison("undecided", WORDS)
    said = judge.compare(gold, answer)
    if said == DIFFERENT and (why := _other_form(answer, gold)):
        return Comparison("undecided", why)
    outcomes: dict[str, Outcome] = {EQUAL: "right", DIFFERENT: "wrong"}
    return Comparison(outcomes.get(said, "undecided"), said)


def _spelled(text: str) -> str:
    """`√5` and `π` as LaTeX spells them, which is what math-verify reads."""
    return (
        re.sub(r"√\s?(\d+|\{[^{}]*\}|\([^()]*\)|[a-z])", r"\\sqrt{\1}", text)
        .replace("π", "\\pi ")
        .replace("∞", "\\infty ")
    )


def _other_form(answer: str, gold: str) -> str:
    """Why two expressions that math-verify calls different may be one all the same; empty where nothing says so.

    It compares forms, not what they mean: an interval with an inequality, degrees with radians, a root with its
    decimals, another base. Of what it cannot read whole, it may have read a part.
    """
    for sign, why in _FORMS:
        if bool(sign.search(answer)) != bool(sign.search(gold)):
            return why
    for one, other in ((answer, gold), (gold, answer)):
        if _DECIMAL.search(one) and _IRRATIONAL.search(other):
            return ROUNDED
    if _PARTIAL.search(answer) or _PARTIAL.search(gold) or _DANGLING.search(answer) or _DANGLING.search(gold):
        return UNPARSED
    return ""


def _is_maths(text: str) -> bool:
    return bool(text) and _MATHS_ONLY.fullmatch(text) is not None


def _stands_beside(text: str, gold: Amount) -> bool:
    """Whether the number in `text` may be the gold one, and the word that is joined to it its unit or its name."""
    found = _BESIDE.fullmatch(text)
    number = None if found is None else read_amount(found.group(1) or found.group(2) or "")
    return number is not None and compare_amounts(number, gold).outcome != "wrong"


def compare_amounts(answer: Amount, gold: Amount) -> Comparison:
    """Exact comparison; a percent sign or a unit that only one of the two has is taken as left out by the other.

    So may a scale word be: 3 dozen is 36, and may be the gold 3.
    """
    if not (answer.unit or gold.unit or answer.percent or gold.percent or answer.other or gold.other):
        return _compare_bare(answer, gold)
    found = _compare_values(answer, gold)
    if found.outcome != "wrong" or (answer.scaled and gold.scaled):
        return found
    others = [(mine, theirs) for mine, theirs in ((answer.other, gold), (answer, gold.other)) if mine and theirs]
    if any(_compare_values(mine, theirs).outcome != "wrong" for mine, theirs in others):
        return Comparison("undecided", UNIT)
    return found


def _compare_bare(answer: Amount, gold: Amount) -> Comparison:
    """Two numbers without units, which most answers are."""
    if answer.value == gold.value or _is_same(answer, gold):
        return Comparison("right", EQUAL)
    return Comparison("undecided", ROUNDED) if _is_rounding(answer, gold) else Comparison("wrong", DIFFERENT)


def _compare_values(answer: Amount, gold: Amount) -> Comparison:
    """Exact comparison of the values as they are read, units converted where both are known."""
    family, other = FAMILY.get(answer.unit), FAMILY.get(gold.unit)
    if family and other and family != other:
        if family[0] != other[0]:
            return Comparison("undecided", UNIT)
        answer = answer.times(SIZE[family[1]])
        gold = gold.times(SIZE[other[1]])
    for mine, theirs in _pairs(answer, gold):
        if _is_same(mine, theirs):
            return Comparison("right", EQUAL)
    if any(_is_rounding(mine, theirs) for mine, theirs in _pairs(answer, gold)):
        return Comparison("undecided", ROUNDED)
    if _is_conversion(answer, gold):
        return Comparison("undecided", UNIT)
    return Comparison("wrong", DIFFERENT)


def _pairs(answer: Amount, gold: Amount) -> list[tuple[Amount, Amount]]:
    """The two as they are, and where only one is a percentage, without its sign."""
    if answer.percent == gold.percent:
        return [(answer, gold)]
    return [(answer, gold), (answer.unsigned(), gold.unsigned())]


def _is_same(answer: Amount, gold: Amount) -> bool:
    difference = abs(answer.value - gold.value)
    if answer.value.denominator == gold.value.denominator == 1:
        return difference == 0
    return difference == 0 or difference * 10**9 <= abs(gold.value) or _rounds(answer, gold, ENOUGH_DECIMALS)


def _is_rounding(answer: Amount, gold: Amount) -> bool:
    return _rounds(answer, gold, 1)


def _rounds(answer: Amount, gold: Amount, fewest: int) -> bool:
    """Whether the one with fewer decimals, at least `fewest`, is the other one rounded."""
    decimals = min((a.decimals for a in (answer, gold) if a.decimals is not None), default=0)
    return decimals >= fewest and abs(answer.value - gold.value) * 2 <= Fraction(1, 10**decimals)


def _is_conversion(answer: Amount, gold: Amount) -> bool:
    """Whether one may be the other in another unit of its kind, or its rounding there: `2 hours` and 120."""
    named = measures(answer.unit)
    if named and named == measures(gold.unit):
        return False
    pairs: list[tuple[Amount, Amount]] = []
    for factor in conversions(answer.unit):
        pairs += [(_in_unit(answer, factor), gold), (answer, _in_unit(gold, 1 / factor))]
    for factor in conversions(gold.unit):
        pairs += [(answer, _in_unit(gold, factor)), (_in_unit(answer, 1 / factor), gold)]
    return any(mine.value == theirs.value or _is_rounding(mine, theirs) for mine, theirs in pairs)


def _in_unit(amount: Amount, factor: Fraction) -> Amount:
    """`amount` in a unit of which it has `factor` times as many; a converted value has no decimals of its own."""
    return amount if factor == 1 else amount.times(factor)
