"""Candidates -> kept and refused, each refusal with its reason; see `screening`."""

from negbank.guards.false_negatives import FalseNegatives, estimate
from negbank.guards.margins import Margin, calibrate
from negbank.guards.screening import (
    COUNTS,
    DUPLICATE,
    LABELLED_WRONG,
    REASONS,
    Rules,
    Screened,
    explained,
    screen,
    texts_to_encode,
)

__all__ = [
    "COUNTS", "DUPLICATE", "LABELLED_WRONG", "REASONS", "FalseNegatives", "Margin", "Rules", "Screened", "calibrate",
    "estimate", "explained", "screen", "texts_to_encode",
]  # fmt: skip
