"""What a person wants to know of many rows: counts, medians and spreads by tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from negbank.records import ALL_TIERS


@dataclass(frozen=True)
class Spread:
    """How a quantity is spread: 10th percentile, median, 90th percentile, and counts in 20 equal bins."""

    p10: float
    median: float
    p90: float
    histogram: tuple[int, ...]

    @classmethod
    def of(cls, values: pl.Series, low: float, high: float) -> Spread:
        """The spread of `values` between `low` and `high`; nulls left out; all zero where there are none."""
        array = values.drop_nulls().to_numpy()
        if not len(array):
            return cls(0.0, 0.0, 0.0, (0,) * 20)
        p10, median, p90 = (float(x) for x in np.quantile(array, [0.1, 0.5, 0.9]))
        counts, _ = np.histogram(array, bins=20, range=(low, high))
        return cls(round(p10, 4), round(median, 4), round(p90, 4), tuple(int(c) for c in counts))


@dataclass(frozen=True)
class TierSummary:
    """One tier's rows; `short` questions got fewer than asked for and lack `missing` negatives together."""

    tier: str
    rows: int
    similarity: Spread
    plausibility: Spread
    short: int = 0
    missing: int = 0


def by_tier(
    rows: pl.DataFrame, short: Mapping[str, int] | None = None, missing: Mapping[str, int] | None = None
) -> tuple[TierSummary, ...]:
    """A summary of each tier that `rows` or `short` has, from the most plausible to the least."""
    tiers = [tier for tier in ALL_TIERS if tier in (short or {}) or tier in set(rows["tier"])]
    summaries = []
    for tier in tiers:
        own = rows.filter(pl.col("tier") == tier)
        similarity, plausibility = Spread.of(own["similarity"], -1, 1), Spread.of(own["plausibility"], 0, 1)
        lacking = ((short or {}).get(tier, 0), (missing or {}).get(tier, 0))
        summaries.append(TierSummary(tier, own.height, similarity, plausibility, *lacking))
    return tuple(summaries)
