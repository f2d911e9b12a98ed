"""A step's equations recomputed: one that is false is an error for certain.

Rounding is no error. A result that cannot be written exactly with the decimals it is stated with may be off by less
than one unit of the last of them, which allows rounding up, down and to the nearest: 10/3 = 3.33, 20/3 = 6.66, and
7/2 = 3 whole boxes; 7.5 = 2.5 * 3 can be written with one decimal, so 7.4 is false. Below 1, a whole number is no
rounding: 1/4 = 1 is false. A later step may go on from the exact value or from the rounded one. The price is that an
error smaller than that unit is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from negbank.reasoning.asserted import ASSERTED, UNSURE, Context
from negbank.reasoning.equations import Equation, find_equations
from negbank.reasoning.expressions import CACHED, evaluate_items
from negbank.reasoning.sides import agrees


@dataclass(frozen=True)
class FalseEquation:
    """The first equation of a chain that does not hold: in step `step` (0-based), `computed` where `stated` is said."""

    step: int
    text: str
    stated: Fraction
    computed: Fraction


def first_false_equation(steps: Sequence[str], question: str = "") -> FalseEquation | None:
    """The first equation that does not hold, or None: each that could be read holds, or which is first is not certain.

    It is not certain after a step with an equation that holds in no reading and may still not be meant as one: in a
    supposition, in units that do not fit, taken back later on. `question` tells of arithmetic by other rules.
    Exact: `fractions.Fraction` throughout, with the rounding that the module's docstring allows.
    """
    rounded: dict[Fraction, Fraction] = {}
    context: Context | None = None
    unsure = False
    for number, step in enumerate(steps):
        if unsure:
            return None
        for equation in find_equations(step):
            if holds(equation, rounded):
                if equation.computed != equation.stated:
                    rounded[equation.stated] = equation.computed
                continue
            context = context or Context(steps, question)
            standing = UNSURE if equation.doubtful else context.standing(number, equation)
            if standing == ASSERTED:
                return FalseEquation(number, equation.text, equation.stated, equation.computed)
            unsure |= standing == UNSURE
    return None


def holds(equation: Equation, rounded: Mapping[Fraction, Fraction]) -> bool:
    """Whether `equation` is true in any reading; `rounded` maps values as stated before to what they stand for."""
    if any(agrees(value, stated) for value in (equation.computed, *equation.others) for stated in equation.right):
        return True
    if not any(item in rounded for item in equation.left if isinstance(item, Fraction)):
        return False
    unrounded = evaluate_items(equation.left, rounded)
    return unrounded is not None and any(agrees(unrounded, stated) for stated in equation.right)


@lru_cache(maxsize=CACHED)
def results(step: str) -> tuple[Fraction, ...]:
    """The values that a step computes: the right sides of its equations, each once, in order."""
    return tuple(dict.fromkeys(equation.stated for equation in find_equations(step)))
