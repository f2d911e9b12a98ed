"""The words that columns, commands and help share. They are explained in docs/terms.md.

Apart from `records` so that the command line knows them without loading Polars.
"""

from collections.abc import Callable
from typing import Final

NEAR_MISS: Final = "near-miss"
IRRELEVANT: Final = "irrelevant"
UNRELATED: Final = "unrelated"
TIERS: Final = (NEAR_MISS, IRRELEVANT, UNRELATED)
"""The tiers of answers, from the most plausible to the least."""

ERRONEOUS_COT: Final = "erroneous-cot"
ALL_TIERS: Final = (*TIERS, ERRONEOUS_COT)
"""Every tier in its order: those of answers, then chains of thought that end in a wrong one; these have rows of their
own kind."""

DISTRACTOR: Final = "distractor"
OTHER_QUESTION: Final = "other-question"
OTHER_SOURCE: Final = "other-source"
REPORTED: Final = "reported"
MODEL: Final = "model"
PERTURBED: Final = "perturbed"

DEFAULT_ENCODER: Final = "all-MiniLM-L6-v2"

MAX_COUNT: Final = 2**31 - 1
"""The largest number of rows, answers or examples that may be asked for."""

Progress = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)`; a stage is over when `done == total`."""


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`count` and its noun, in the singular or the plural: `1 row`, `1,204 rows`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
