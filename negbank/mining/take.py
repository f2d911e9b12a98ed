"""Keeping the first candidates of each question, and counting what is short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Quota:
    """How many candidates of one tier and one origin each question is to get."""

    tier: str
    origin: str
    count: int


@dataclass(frozen=True)
class Taken:
    """The candidates kept, `rank` made 0, 1, 2, ... again within question and tier.

    `short[tier]` is the number of questions with fewer than asked for, `missing[tier]` the number of negatives
    that they lack together.
    """

    rows: pl.DataFrame
    short: Mapping[str, int]
    missing: Mapping[str, int]


def take(kept: pl.DataFrame, quotas: Sequence[Quota], question_count: int) -> Taken:
    """The first candidates of each question, quota by quota, in the order of their ranks."""
    frame = pl.DataFrame(
        [(q.tier, q.origin, q.count, place) for place, q in enumerate(quotas)],
        schema={"tier": pl.String, "origin": pl.String, "count": pl.Int32, "place": pl.Int32},
        orient="row",
    )
    ordered = kept.join(frame, on=["tier", "origin"]).sort("question_id", "place", "rank", "negative")
    nth = pl.int_range(pl.len(), dtype=pl.Int32)
    rows = ordered.filter(nth.over("question_id", "place") < pl.col("count")).drop("count", "place")
    rows = rows.with_columns(nth.over("question_id", "tier").alias("rank"))
    short: dict[str, int] = {}
    missing: dict[str, int] = {}
    for tier in dict.fromkeys(quota.tier for quota in quotas):
        wanted = sum(quota.count for quota in quotas if quota.tier == tier)
        counts = rows.filter(pl.col("tier") == tier)["question_id"].value_counts()["count"]
        short[tier] = question_count - int((counts >= wanted).sum())
        missing[tier] = wanted * question_count - int(counts.sum())
    return Taken(rows.sort("tier", "question_id", "rank"), short, missing)
