"""Candidates -> kept and refused, each refusal with its reason; see `screening`."""

from negbank.guards.margins import Margin, calibrate
from negbank.guards.screening import (
    COUNTS,
    DUPLICATE,
    REASONS,
    Rules,
    Screened,
    explained,
    screen,
    texts_to_encode,
)

__all__ = [
    "COUNTS", "DUPLICATE", "REASONS", "Margin", "Rules", "Screened", "calibrate", "explained", "screen",
    "texts_to_encode",
]  # fmt: skip
