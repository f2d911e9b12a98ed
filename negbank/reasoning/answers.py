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
from negbank.reasoning.expressions import NUMBER
from negbank.reasoning.units import FAMILY, SIZE

Outcome = Literal["right", "wrong", "undecided"]

EQUAL: Final = "equal"
DIFFERENT: Final = "different"
UNKNOWN_LEFT: Final = "unknown-left"
ROUNDED: Final = "rounded"
UNIT: Final = "unit"
WORDS: Final = "words"
TOO_LARGE: Final = "too-large"
TOO_LONG: Final = "too-long"
MAX_ANSWER: Final = 4_000
MAX_JUDGED: Final = 400
"""Characters of an answer that are read at all, and of one that is given to math-verify."""
ENOUGH_DECIMALS: Final = 6
"""A value that agrees when rounded to so many decimals is the same (math-verify's `float_rounding`)."""

_MARKERS: Final = (
    ("####", re.compile(r"####[ \t]*(\S[^\n]*)")),
    ("boxed", None),
    ("A:", re.compile(r"^[ \t>*_]*(?:A|Answer|Final answer|Final Answer)[ \t*_]*:[ \t*_]*(\S[^\n]*)", re.MULTILINE)),
    ("the answer is", re.compile(r"\banswer\s*(?:is|equals|=|:)\s*:?\s*(\S[^\n]*)", re.IGNORECASE)),
)
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s+[A-Z(]|\s*$)")
_LAST_NUMBER: Final = re.compile(rf"(?<![\w.])-?[$£€]?(?:{NUMBER})%?")
_MATHS_ONLY: Final = re.compile(
    r"(?:\\[A-Za-z]+|\\[,;!:{}|]|[^A-Za-z\\]|(?<![A-Za-z])[A-Za-z](?![A-Za-z])|[A-Z]{2,3})*"
)
_UNKNOWN: Final = re.compile(r"^[\d\s().,$*/+-]*[-+*/]\s*[A-Za-z][\w' ]*$|^[A-Za-z][\w' ]*[-+*/]\s*[\d\s().,$*/+-]+$")
_HUGE: Final = re.compile(
    r"(?:\^|\*\*)\s*[{(]*\s*-?\d{4,}|(?:\^|\*\*)\s*[{(\s]*-?(?:\d+|[A-Za-z])\s*(?:\^|\*\*)|\d{4,}\s*\)*\s*!|!\s*!"
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


def find_answer(chain: str) -> FinalAnswer | None:
    """The final answer of `chain`, or None where it has neither a sign of one nor a number.

    The signs in their order: `####`, a closed `\\boxed{}`, a line that begins with `A:` or `Answer:`, `the answer is`,
    the last number. Where one stands several times, the last counts.
    """
    for name, pattern in _MARKERS:
        text = _last_boxed(chain) if pattern is None else _last_match(pattern, chain)
        if text and name == "the answer is":
            text = _SENTENCE_END.split(text, maxsplit=1)[0]
        if text and text.strip(" .*_$"):
            return FinalAnswer(text.strip(), name)
    text = _last_match(_LAST_NUMBER, chain)
    return FinalAnswer(text, "last number") if text else None


def _last_match(pattern: re.Pattern[str], text: str) -> str:
    last = ""
    for found in pattern.finditer(text):
        last = found.group(found.lastindex or 0)
    return last


def _last_boxed(text: str) -> str:
    """What stands in the last `\\boxed{...}` that is closed, braces within it included."""
    end = len(text)
    while (start := max(text.rfind("\\boxed{", 0, end), text.rfind("\\fbox{", 0, end))) >= 0:
        depth, begin = 0, text.index("{", start)
        for at in range(begin, min(len(text), begin + MAX_ANSWER)):
            depth += {"{": 1, "}": -1}.get(text[at], 0) if text[at - 1] != "\\" else 0
            if depth == 0:
                return text[begin + 1 : at]
        end = start
    return ""


def gold_answer(gold: str) -> str:
    """The answer that a file's gold gives: itself, or what a gold chain ends in."""
    found = find_answer(gold)
    marked = found is not None and found.found_by != "last number"
    return found.text if found is not None and (marked or "\n" in gold.strip()) else gold.strip()


def compare(answer: str, gold: str, judge: Judge | None = None) -> Comparison:
    """Whether `answer` is `gold`. Without a `judge`, what is no number stays undecided."""
    if len(answer) > MAX_ANSWER or len(gold) > MAX_ANSWER:
        return Comparison("undecided", TOO_LONG)
    left, right = plain_answer(answer), plain_answer(gold)
    if left and left.casefold() == right.casefold():
        return Comparison("right", EQUAL)
    mine, other = read_amount(left), read_amount(right)
    if mine is not None and other is not None:
        return _compare_amounts(mine, other)
    if other is not None and _UNKNOWN.match(left):
        return Comparison("wrong", UNKNOWN_LEFT)
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
    if judge is None or not (_is_maths(answer) and _is_maths(gold)):
        return Comparison("undecided", WORDS)
    said = judge.compare(gold, answer)
    outcomes: dict[str, Outcome] = {EQUAL: "right", DIFFERENT: "wrong"}
    return Comparison(outcomes.get(said, "undecided"), said)


def _is_maths(text: str) -> bool:
    return bool(text) and _MATHS_ONLY.fullmatch(text) is not None


def _compare_amounts(answer: Amount, gold: Amount) -> Comparison:
    """Exact comparison; a percent sign or a unit that only one of the two has is taken as left out by the other."""
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
    return difference == 0 or difference * 10**9 <= abs(gold.value) or _rounds(answer, gold, ENOUGH_DECIMALS)


def _is_rounding(answer: Amount, gold: Amount) -> bool:
    return _rounds(answer, gold, 1)


def _rounds(answer: Amount, gold: Amount, fewest: int) -> bool:
    """Whether the one with fewer decimals, at least `fewest`, is the other one rounded."""
    decimals = min((a.decimals for a in (answer, gold) if a.decimals is not None), default=0)
    return decimals >= fewest and abs(answer.value - gold.value) * 2 <= Fraction(1, 10**decimals)


def _is_conversion(answer: Amount, gold: Amount) -> bool:
    """Whether the answer may be the gold one in another unit of its kind, which only the answer names."""
    family = FAMILY.get(answer.unit.split()[-1] if answer.unit else "")
    if family is None or gold.unit or not gold.value or not answer.value:
        return False
    ratio = answer.value / gold.value
    sizes = [SIZE[unit] / SIZE[family[1]] for kind, unit in set(FAMILY.values()) if kind == family[0]]
    powers = (1, 2, 3) if answer.unit != family[1] and " " in answer.unit else (1,)
    return any(ratio * size**power == 1 for size in sizes for power in powers if size != 1)
