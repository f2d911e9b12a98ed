"""The text that the models read: problems with their solutions."""

from __future__ import annotations

import random

from negbank.causal.text import context_of, continuation_of
from negbank.chains.problems import ANSWER, DAY, QUESTION, VERBS, Problem, draw_problem
from negbank.chains.settings import ChainsSettings


def document(settings: ChainsSettings, reserved: frozenset[Problem], draw: random.Random) -> str:
    """One problem with its solution, of any length, that is none of `reserved`."""
    while True:
        is_long = draw.random() < settings.long_share
        low, high = (settings.long_low, settings.long_high) if is_long else (1, settings.days_high)
        problem = draw_problem(settings, draw.randint(low, high), draw)
        if problem not in reserved:
            return context_of(problem.question) + continuation_of(problem.chain)


def vocabulary(settings: ChainsSettings) -> list[str]:
    """Texts that between them hold each word that any text can have."""
    patterns = (QUESTION, DAY, ANSWER, *VERBS.values(), context_of(""))
    texts = [pattern.replace("{", " ").replace("}", " ") for pattern in patterns]
    return [*texts, *map(str, range(settings.most + 1)), *VERBS]
