"""Whether a chain says that an equation is true: not in a supposition, in what others say, or if it takes it back.

Also whether it counts as everyday arithmetic does: modulo 12, in binary and on a clock, 7 + 8 may be 3. Only false
equations are asked about, so each answer leans to `UNSURE`: a first error is named right or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from negbank.reasoning.equations import Equation

ASSERTED: Final = "asserted"
UNSURE: Final = "unsure"
DENIED: Final = "denied"
"""DENIED is no error: the chain only asks, or corrects the equation. After UNSURE nobody knows the first error."""

WINDOW: Final = 300
"""Characters before and after an equation that are read for its sentence."""

_OTHER_ARITHMETIC: Final = re.compile(
    r"≡|\bmod(?:ul[oi]|ular|ulus)?\b|\bcongruent\b|\bremainder when\b"
    r"|\bbase[- ]?(?:\d+|two|three|four|five|six|seven|eight|nine|twelve|sixteen)\b|\b\d+_\{?(?:\d+|two|ten)\b|[₀-₉]"
    r"|\bbinary\b|\bocta(?:l|ry)\b|\bternary\b|\bhex(?:adecimal)?\b|\bboolean\b|\bxor\b|\bduodecimal\b"
    r"|\b(?:puzzles?|riddles?|ciphers?|cryptarithms?|matchsticks?|secret code|trick question|joke|alien\w*|strange)\b"
    r"|\b(?:new|custom|special|binary|strange) (?:operation|operator|arithmetic|rule)s?\b|\bis defined (?:as|by)\b"
    r"|[\w)]\s*[@#⊕⊗⊖★☆◇△□⋆∘]\s*[\w(]|\b(?:string|concatenat\w+|vectors?|matri(?:x|ces)|logarithm\w*|decibels?|dB)\b",
    re.IGNORECASE,
)
_CYCLES: Final = (
    (Fraction(12), re.compile(
        r"\b(?:[ap]\.?m\b\.?|o'?clock|clocks?|noon|midnight|hours?|hrs?|mornings?|afternoons?|evenings?|nights?|time"
        r"|months?|january|february|march|april|june|july|august|september|october|november|december)\b|\d:\d\d",
        re.IGNORECASE,
    )),
    (Fraction(7), re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun|week)days?\b|day of the week", re.IGNORECASE)),
    (Fraction(360), re.compile(r"°|\b(?:degrees?|angles?|bearings?|rotat\w+|turns?)\b", re.IGNORECASE)),
)  # fmt: skip
"""Lengths of what begins anew, and the words that tell of it."""

_SENTENCE_ENDS: Final = re.compile(r"[.!?;](?=\s|$)|\n")
_QUOTED: Final = re.compile(r'["“][^"“”]*$')
_SUPPOSED: Final = re.compile(
    r"\b(?:if|unless|whether|when)\b[^,]*$"
    r"|\b(?:suppos|assum|imagin|pretend|hypothe|contradict|conjectur)\w*"
    r"|\b(?:says?|said|saying|claim\w*|thinks?|thought|believe[sd]?|wrote|writes?|written|told|tells?|argues?|states?"
    r"|stated|answer(?:s|ed)|guess\w*|try|tries|trying|tried|attempt\w*|tempt\w*|typo|mistak\w*|misread\w*|errors?"
    r"|erroneous\w*|wrong\w*|incorrect\w*|false\w*|untrue|impossible|absurd|nonsense|never|cannot|instead of"
    r"|rather than)\b|^\W*(?:had|were)\b"
    r"|\bnot\b|n['’]t\b|\blet [a-z]\b|\blet['’]?s (?:say|try|suppose|assume|guess)|✗|✘|❌"
    r"|^\W*(?:does|did|do|is|can|could|would)\b",
    re.IGNORECASE,
)
"""What before an equation, in its sentence, takes it out of what the chain itself says."""
_DENIED: Final = re.compile(
    r"\b(?:not|false\w*|wrong\w*|incorrect\w*|untrue|impossible|absurd|fails?|failed|contradict\w*|invalid|if only"
    r"|(?:been|were|be) (?:true|right|correct|so)|too (?:much|many|few|little|small|large|big|high|low|short|long))\b"
    r"|n['’]t\b|✗|✘|❌|\((?:no|wrong|false)",
    re.IGNORECASE,
)
"""What behind it, in its sentence, does."""
_TAKEN_BACK: Final = re.compile(
    r"\bno\b\s*[,.;:!—–-]|\b(?:wait|oops|whoops|correction|corrected|correcting|sorry|scratch that|i mean|actually"
    r"|hmm+|never ?mind|apolog\w+|my bad|on second thoughts?|miscalculat\w*|mistak\w*|misread\w*|miscount\w*"
    r"|errors?|incorrect\w*|wrong\w*|not (?:right|correct|true)|should (?:be|have been|actually|read)"
    r"|let(?: me|['’]s| us) (?:re\w*|double|fix|correct|verify|check|try)"
    r"|re-?(?:check|comput|calculat|count|do\b|consider|evaluat|verif|work|think)\w*|double[- ]?check\w*)\b"
    r"|(?:isn|doesn|don|can|wasn)['’]?t\b[^.\n]{0,40}\b(?:right|correct|true|be)\b",
    re.IGNORECASE,
)
_ARROW: Final = re.compile(r"\s*\(?\s*(?:->|→|⇒|=>|or rather)\s*[-$£€]?\d")


class Context:
    """What surrounds the equations of one chain; made once a false one is found."""

    def __init__(self, steps: Sequence[str], question: str) -> None:
        self.steps = steps
        self.everything = "\n".join((question, *steps))
        self.other_arithmetic = _OTHER_ARITHMETIC.search(self.everything) is not None
        backs = [number for number, step in enumerate(steps) if _TAKEN_BACK.search(step)]
        self.last_back = max(backs, default=-1)
        self.dashes = sum(step.lstrip()[:1] in "-–—−" for step in steps if step.strip())

    def standing(self, number: int, equation: Equation) -> str:
        """ASSERTED, UNSURE or DENIED, for a false equation of step `number`."""
        before, after, mark = _sentence(equation)
        if mark == "?":
            return DENIED
        if self.other_arithmetic or self._comes_round(equation) or (equation.listed and self.dashes < 2):
            return UNSURE
        if _SUPPOSED.search(before) or _QUOTED.search(before) or _DENIED.search(after) or _ARROW.match(after):
            return UNSURE
        if self.last_back > number or _TAKEN_BACK.search(equation.source, equation.end):
            return UNSURE
        return ASSERTED

    def _comes_round(self, equation: Equation) -> bool:
        """Whether the result is off by whole turns of a clock, a week or a circle that the chain tells of."""
        off, stated = equation.computed - equation.stated, equation.stated
        return any(
            off % length == 0 and 0 <= stated <= 2 * length and words.search(self.everything)
            for length, words in _CYCLES
        )


def _sentence(equation: Equation) -> tuple[str, str, str]:
    """What stands before and after an equation in its sentence, and the mark that ends the sentence."""
    text = equation.source
    before = text[max(0, equation.start - WINDOW) : equation.start]
    ends = list(_SENTENCE_ENDS.finditer(before))
    after = text[equation.end : equation.end + WINDOW]
    stop = _SENTENCE_ENDS.search(after)
    return (
        before[ends[-1].end() if ends else 0 :],
        after[: stop.start()] if stop else after,
        stop.group() if stop else "",
    )
