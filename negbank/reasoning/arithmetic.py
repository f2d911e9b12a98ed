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
from typing import Final

from negbank.reasoning.equations import Equation, Stated, find_equations
from negbank.reasoning.expressions import evaluate_items

FLOAT_NOISE: Final = 10**9
"""Two values are one where they differ by less than this part of them: 0.1 + 0.2 is written 0.30000000000000004."""


@dataclass(frozen=True)
class FalseEquation:
    """The first equation of a chain that does not hold: in step `step` (0-based), `computed` where `stated` is said."""

    step: int
    text: str
    stated: Fraction
    computed: Fraction


def first_false_equation(steps: Sequence[str]) -> FalseEquation | None:
    """The first equation that does not hold, or None: either every equation that could be read holds, or there is none.

    Exact: `fractions.Fraction` throughout, with the rounding that the module's docstring allows.
    """
    rounded: dict[Fraction, Fraction] = {}
    for number, step in enumerate(steps):
        for equation in find_equations(step):
            computed = evaluate_items(equation.left)
            if computed is None:
                continue
            if holds(equation, computed, rounded):
                if computed != equation.stated:
                    rounded[equation.stated] = computed
            elif not equation.doubtful:
                return FalseEquation(number, equation.text, equation.stated, computed)
    return None


def holds(equation: Equation, computed: Fraction, rounded: Mapping[Fraction, Fraction]) -> bool:
    """Whether `equation` is true in any of its readings; `rounded` maps values as stated before to what they stand for.

    `computed` is the exact value of its left side.
    """
    if any(agrees(computed, stated) for stated in equation.right):
        return True
    if not any(item in rounded for item in equation.left if isinstance(item, Fraction)):
        return False
    unrounded = evaluate_items(equation.left, rounded)
    return unrounded is not None and any(agrees(unrounded, stated) for stated in equation.right)


def agrees(computed: Fraction, stated: Stated) -> bool:
    """Whether `stated` is `computed`, or a rounding of it."""
    difference = abs(computed - stated.value)
    if difference * FLOAT_NOISE <= abs(computed):
        return True
    if stated.decimals is None or difference >= Fraction(1, 10**stated.decimals):
        return False
    if (computed * 10**stated.decimals).denominator == 1:
        return False
    return stated.decimals > 0 or abs(computed) >= 1


def results(step: str) -> tuple[Fraction, ...]:
    """The values that a step computes: the right sides of its equations, each once, in order."""
    return tuple(dict.fromkeys(equation.stated for equation in find_equations(step)))
