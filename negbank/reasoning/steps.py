"""A chain as steps, and where it first leaves the quantities of the gold chain."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from negbank.reasoning.arithmetic import results
from negbank.reasoning.equations import ANNOTATION, Equation, find_equations
from negbank.reasoning.expressions import CACHED, NUMBER, operands, parse_number
from negbank.reasoning.tokens import plain_maths

_ANSWER_LINE: Final = re.compile(r"[ \t]*(?:####|A:|Answer:|Final answer:)[^\n]*", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"(?:^|(?<=\s))(?=Step\s+\d+\s*[:.)])", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[\"'(]?[A-Z$])")
_ABBREVIATION: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|vs|etc|No|Prof|approx|e\.g|i\.e)\.$")
_LONGEST: Final = len("approx.")
"""Characters of an abbreviation at most: a sentence that grows by them is not read again from its start."""
_NUMBER: Final = re.compile(NUMBER)


def split_steps(chain: str) -> tuple[str, ...]:
    """The steps of a chain, without lines that only give the answer (`#### 18`, `A: 18`).

    Steps are what is numbered as `Step 1:`, else the lines, else the sentences of a single line. Their texts are
    stripped; nothing within them is changed.
    """
    lines = [line.strip() for line in chain.splitlines() if line.strip() and not _ANSWER_LINE.fullmatch(line)]
    whole = "\n".join(lines)
    numbered = [part.strip() for part in _NUMBERED.split(whole) if part.strip()]
    if len(numbered) > 1:
        return tuple(numbered)
    return tuple(lines) if len(lines) != 1 else _sentences(lines[0])


def _sentences(line: str) -> tuple[str, ...]:
    sentences: list[str] = []
    for part in _SENTENCE.split(line):
        if sentences and _ABBREVIATION.search(sentences[-1], max(0, len(sentences[-1]) - _LONGEST)):
            sentences[-1] += " " + part
        else:
            sentences.append(part)
    return tuple(sentences)


def quantities(step: str) -> tuple[Fraction, ...]:
    """The values that a step comes to: those of its equations, or where it has none, all its numbers."""
    return results(step) or numbers(step)


@lru_cache(maxsize=CACHED)
def numbers(text: str) -> tuple[Fraction, ...]:
    """Every number in a text, in order, calculator annotations left out."""
    visible = plain_maths(ANNOTATION.sub("", text)) if "<<" in text or "\\" in text else text
    found = (parse_number(match.group()) for match in _NUMBER.finditer(visible))
    return tuple(value for value in found if value is not None)


@dataclass(frozen=True)
class _Value:
    """A value that a chain comes to, and the numbers it is computed from; None where no equation says so."""

    value: Fraction
    operands: tuple[Fraction, ...] | None


def first_divergent_step(steps: Sequence[str], gold_steps: Sequence[str], question: str = "") -> int | None:
    """The first step (0-based) that leaves the values of the gold chain; None where none does.

    A hint, and no proof: another way to the right answer diverges too, and a wrong step may come to a value of the gold
    chain by chance. A step agrees if each value that it computes is the next one of the gold chain, or a later one from
    the same numbers; a step without an equation, if each of its numbers stands in the question or the gold chain.
    """
    given = set(numbers(question))
    expected = [value for step in gold_steps for value in _values(step, given)]
    known = given | {value for step in gold_steps for value in numbers(step)}
    for number, step in enumerate(steps):
        computed = [value for value in _values(step, given) if value.operands is not None]
        for value in computed:
            place = _agreeing(value, expected)
            if place is None:
                return number
            del expected[place]
        if not computed and any(value not in known for value in numbers(step)):
            return number
    return None


def _values(step: str, given: Collection[Fraction]) -> tuple[_Value, ...]:
    """What a step computes; without an equation, its numbers that the question does not give."""
    found = {equation.stated: _Value(equation.stated, _sorted(equation)) for equation in reversed(find_equations(step))}
    if found:
        return tuple(reversed(found.values()))
    return tuple(_Value(value, None) for value in numbers(step) if value not in given)


def _sorted(equation: Equation) -> tuple[Fraction, ...]:
    return tuple(sorted(operands(equation.left)))


def _agreeing(value: _Value, expected: Sequence[_Value]) -> int | None:
    """Where the gold chain comes to `value`: next, or later from the same numbers, or in words."""
    for place, gold in enumerate(expected):
        if gold.value == value.value and (place == 0 or gold.operands is None or gold.operands == value.operands):
            return place
    return None
