"""How plausible a wrong chain is, from 0 to 1, before calibration: how much of it a reader would accept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from negbank.reasoning.steps import quantities


@dataclass(frozen=True)
class ChainMarks:
    """Three parts of a chain's plausibility, each from 0 to 1.

    `lead` is the share of its steps before the first that is wrong or diverges, `length` the shorter number of steps
    over the longer, `agreement` the values that it shares with the gold chain over all values of the two.
    """

    lead: float
    length: float
    agreement: float

    @property
    def plausibility(self) -> float:
        """`0.4 lead + 0.2 length + 0.4 agreement`: a fixed weighting, not yet a probability."""
        return 0.4 * self.lead + 0.2 * self.length + 0.4 * self.agreement


def mark_chain(steps: Sequence[str], gold_steps: Sequence[str], error_step: int | None) -> ChainMarks:
    """The marks of a chain beside its gold chain; `error_step` is its first wrong or divergent step, None if unknown.

    A chain whose error nobody can place has all its steps before it. Without steps on either side all marks are 0.
    """
    if not steps or not gold_steps:
        return ChainMarks(0.0, 0.0, 0.0)
    valid = len(steps) if error_step is None else min(error_step, len(steps))
    length = min(len(steps), len(gold_steps)) / max(len(steps), len(gold_steps))
    mine, gold = (Counter(value for step in side for value in quantities(step)) for side in (steps, gold_steps))
    every = (mine | gold).total()
    agreement = (mine & gold).total() / every if every else 0.0
    return ChainMarks(valid / len(steps), length, agreement)
