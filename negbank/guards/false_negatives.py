"""What share of the negatives that passed the guards is right after all, estimated from rows that were read.

Of version 1 of `mine arc --tier near-miss --tier irrelevant` (all-MiniLM-L6-v2, seed 0; November 2026) 282 rows were
drawn and read; a row counts as right where one could argue that it answers its question. Nearly all that were found
lie close to the right answer, so drawn texts are counted by bands of cosine, as shares of the paraphrase margin: that
carries over to other encoders better than cosines do. Rows that a person has called wrong are a band of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from negbank.records import FloatArray


@dataclass(frozen=True)
class Band:
    """Rows that were read and those of them that were right; `below` is a share of the margin."""

    below: float
    read: int
    right: int


DRAWN: Final = (Band(0.6, 100, 1), Band(0.8, 36, 2), Band(math.inf, 24, 3))
"""Texts of other questions: cosine to the right answer below .4, from .4 to .55, and from there to the margin (.68)."""

CALLED_WRONG: Final = Band(math.inf, 122, 4)
"""A question's own wrong choices, whatever their cosine."""

METHOD: Final = (
    "shares of arguable rows among 282 of ARC that were read, by cosine to the right answer; 95% Wilson bounds"
)


@dataclass(frozen=True)
class FalseNegatives:
    """The estimated share of right answers among negatives, 0 to 1, its bounds, and how it was come by."""

    share: float
    low: float
    high: float
    method: str


def estimate(similarity: FloatArray, called_wrong: npt.NDArray[np.bool_], min_cosine: float) -> FalseNegatives | None:
    """The estimate for `(n,)` rows with cosine `similarity` to their right answer; None where there is no row.

    `called_wrong` marks rows that a person called wrong for this very question; `min_cosine` is the paraphrase margin.
    """
    if not len(similarity):
        return None
    edges = np.array([band.below * min_cosine for band in DRAWN[:-1]])
    band_of = np.where(called_wrong, len(DRAWN), np.searchsorted(edges, similarity, side="right"))
    weights = np.bincount(band_of, minlength=len(DRAWN) + 1) / len(similarity)
    bounds = np.array([_wilson(band) for band in (*DRAWN, CALLED_WRONG)])
    share, low, high = (float(round(value, 5)) for value in weights @ bounds)
    return FalseNegatives(share, low, high, METHOD)


def _wilson(band: Band) -> tuple[float, float, float]:
    """The share of a band, and its bounds (Wilson 1927, z = 1.96)."""
    z2, share = 1.96**2, band.right / band.read
    centre = (share + z2 / (2 * band.read)) / (1 + z2 / band.read)
    half = 1.96 / (1 + z2 / band.read) * math.sqrt(share * (1 - share) / band.read + z2 / (4 * band.read**2))
    return share, centre - half, centre + half
