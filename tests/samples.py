"""Small rows for tests of the registry."""

from __future__ import annotations

import polars as pl

from negbank.records import NEGATIVES
from negbank.registry import NewPart


def rows(count: int = 3, tier: str = "near-miss", word: str = "x") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "id": f"{i:016x}", "question_id": f"q{i}", "question": f"question {i}?", "answer": f"right {i}",
                "negative": f"{word} {i}", "tier": tier, "plausibility": 0.5, "similarity": 0.25,
                "question_similarity": -0.125, "rank": 0, "origin": "distractor", "origin_id": f"q{i}",
                "category": [], "subject": None,
            }
            for i in range(count)
        ],
        schema=NEGATIVES,
    )  # fmt: skip


def part(tier: str = "near-miss", count: int = 3, word: str = "x", **mined: object) -> NewPart:
    return NewPart(tier, "train", rows(count, tier, word), mined)
