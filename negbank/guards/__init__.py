"""Candidates -> kept and refused, each refusal with its reason; see `screening`."""

from negbank.guards.margins import Margin, calibrate
from negbank.guards.reasons import DUPLICATE, IMPLAUSIBLE, JUDGED_RIGHT, REASONS
from negbank.guards.screening import (
    COUNTS,
    LABELLED_WRONG,
    Rules,
    Screened,
    explained,
    question_keys,
    screen,
    texts_to_encode,
    undecided,
)

__all__ = [
    "COUNTS", "DUPLICATE", "IMPLAUSIBLE", "JUDGED_RIGHT", "LABELLED_WRONG", "REASONS", "Margin", "Rules", "Screened",
    "calibrate", "explained", "question_keys", "screen", "texts_to_encode", "undecided",
]  # fmt: skip
