"""Small rows for tests of the registry."""

from __future__ import annotations

import polars as pl

from negbank.records import CHAINS, NEGATIVES
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


def chain_rows(count: int = 3) -> pl.DataFrame:
    """CHAINS: every second one has a known first error, in its second step."""
    own = {"similarity": None, "question_similarity": None, "origin": "model", "steps": ["1 + 1 = 2", "2 + 2 = 5"]}
    return pl.DataFrame(
        [
            {
                **row, **own, "final_answer": "5", "gold_answer": "4", "first_error_step": None if i % 2 else 1,
                "error_source": None if i % 2 else "arithmetic", "first_divergent_step": 1,
                "error_type": None, "generator": "a", "provenance": "{}",
            }
            for i, row in enumerate(rows(count, "erroneous-cot").iter_rows(named=True))
        ],
        schema=CHAINS,
    )  # fmt: skip


def part(tier: str = "near-miss", count: int = 3, word: str = "x", **mined: object) -> NewPart:
    own = chain_rows(count) if tier == "erroneous-cot" else rows(count, tier, word)
    return NewPart(tier, "train", own, mined)
