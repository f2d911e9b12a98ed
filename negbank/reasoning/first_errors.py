"""The first wrong step of a chain, by its arithmetic: right, or not named at all.

A false equation proves its own step wrong, and nothing about the steps before it: true sums may compute the wrong
thing. In the first step it is the first error. Later on, that the steps before are sound is shown in one of two ways:
with the false result put right and carried on, the chain ends in the gold answer; or the chain has followed the gold
chain so far, and the sum, done right, gives a value of the gold chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from negbank.reasoning.arithmetic import FalseEquation, first_false_equation
from negbank.reasoning.equations import find_equations
from negbank.reasoning.expressions import evaluate_items
from negbank.reasoning.steps import first_divergent_step, numbers, quantities


def first_error(
    steps: Sequence[str], question: str = "", gold_answer: str | None = None, gold_steps: Sequence[str] = ()
) -> FalseEquation | None:
    """The false equation in the first wrong step; None if there is none, or an earlier step may be wrong.

    Args:
        steps: The chain's steps, in order.
        question: Its question, which may ask for arithmetic modulo 12 or in binary.
        gold_answer: The right final answer. Without it and `gold_steps`, the steps before are taken for sound.
        gold_steps: The steps of a right chain, if one is known.
    """
    found = first_false_equation(steps, question)
    if found is None or found.step == 0 or (gold_answer is None and not gold_steps):
        return found
    if gold_answer is not None and set(numbers(gold_answer)) & repaired_results(steps, found):
        return found
    if not gold_steps or first_divergent_step(steps[: found.step], gold_steps, question) is not None:
        return None
    return found if any(found.computed in quantities(step) for step in gold_steps) else None


def repaired_results(steps: Sequence[str], error: FalseEquation) -> set[Fraction]:
    """What the chain's last step comes to if the false result is put right wherever the chain goes on from it."""
    instead = {error.stated: error.computed}
    last = error.stated
    for number, step in enumerate(steps[error.step :]):
        for equation in find_equations(step):
            if number == 0 and equation.text == error.text:
                continue
            value = evaluate_items(equation.left, instead)
            if value is not None and value != equation.computed:
                instead[equation.stated] = value
            last = equation.stated
    return {instead[value] for value in {last, *numbers(steps[-1])} if value in instead}
