"""The words that columns, commands and help share. They are explained in docs/terms.md.

Apart from `records` so that the command line knows them without loading Polars.
"""

from collections.abc import Callable
from typing import Final

NEAR_MISS: Final = "near-miss"
IRRELEVANT: Final = "irrelevant"
UNRELATED: Final = "unrelated"
TIERS: Final = (NEAR_MISS, IRRELEVANT, UNRELATED)
"""Tiers from the most plausible to the least."""

DISTRACTOR: Final = "distractor"
OTHER_QUESTION: Final = "other-question"
OTHER_SOURCE: Final = "other-source"
REPORTED: Final = "reported"

DEFAULT_ENCODER: Final = "all-MiniLM-L6-v2"

Progress = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)`; a stage is over when `done == total`."""
