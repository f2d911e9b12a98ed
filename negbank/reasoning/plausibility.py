"""How plausible a wrong chain is: the calibrated probability, 0 to 1, that it was written for its question.

For answers, plausibility is the probability of the near-miss kind rather than of an answer to another question. The
same is asked of chains: is this a wrong chain for this very question, or one for another question of the source? A
logistic model (`chain_coefficients.json`) reads three marks of a chain beside the gold chain, and no words: what is
left is how far a reader who recomputes the problem would follow. It was fitted to the wrong chains of GSM8K's four
models, each against a chain of another question (`benchmarks/chain_plausibility.py`; on held-out questions AUC .81,
expected calibration error .02). A third of the real ones shares no quantity with its gold chain and gets about a
quarter. Chains broken on purpose, which nothing was fitted to, follow the gold chain up to their error and get .9.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from negbank.reasoning.steps import quantities

MARKS: Final = ("lead", "length", "agreement")


@dataclass(frozen=True)
class ChainMarks:
    """Three marks of a chain, each from 0 to 1.

    `lead` is the share of its steps before the first that is wrong or diverges, `length` the shorter number of steps
    over the longer, `agreement` the values that it shares with the gold chain over all values of the two.
    """

    lead: float
    length: float
    agreement: float

    @property
    def plausibility(self) -> float:
        """The probability that the chain was written for its question, for equal shares; rounded to four decimals."""
        intercept, weights = coefficients()
        odds = intercept + sum(w * x for w, x in zip(weights, (self.lead, self.length, self.agreement), strict=True))
        return round(1 / (1 + math.exp(-odds)), 4)


@lru_cache(maxsize=1)
def coefficients() -> tuple[float, tuple[float, ...]]:
    """The intercept and the weights of MARKS that are shipped, in nats."""
    text = resources.files("negbank.reasoning").joinpath("chain_coefficients.json").read_text(encoding="utf-8")
    shipped = json.loads(text)
    return float(shipped["intercept"]), tuple(float(shipped["weights"][name]) for name in MARKS)


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
