"""The tier near-miss: wrong answers to this very question, or texts as close to its right answer.

The closest wrong answers teach most (Likra, arXiv 2503.14391, section 4.3), so candidates are ranked by their
cosine to the right answer.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from negbank.records import CANDIDATES, DISTRACTOR, NEAR_MISS, OTHER_QUESTION, TextVectors

SPARE = 16
"""Neighbours looked at beyond twice those asked for, since guards refuse some."""


def distractors(questions: pl.DataFrame, vectors: TextVectors) -> pl.DataFrame:
    """CANDIDATES: each question's own wrong choices, the one nearest to the right answer first."""
    rows = questions.select("question_id", "answer", pl.col("distractors").alias("negative")).explode("negative")
    rows = rows.drop_nulls("negative").unique(["question_id", "negative"], maintain_order=True)
    similarity = vectors.cosine(rows["answer"].to_list(), rows["negative"].to_list())
    ranked = rows.with_columns(pl.Series("similarity", similarity)).sort(
        "question_id", "similarity", "negative", descending=[False, True, False]
    )
    return ranked.select(
        "question_id",
        "negative",
        tier=pl.lit(NEAR_MISS),
        rank=_rank(),
        origin=pl.lit(DISTRACTOR),
        origin_id=pl.col("question_id"),
    ).cast(CANDIDATES)


def expand(questions: pl.DataFrame, vectors: TextVectors, count: int, device: str = "cpu") -> pl.DataFrame:
    """CANDIDATES: the right answers of other questions that are nearest to each question's right answer.

    Gives up to `2 * count + SPARE` a question, without the texts among the question's own choices.
    """
    from negbank.neighbors import nearest  # loads torch, which other tiers and own wrong choices do without

    answers = questions.group_by("answer").agg(pl.col("question_id").min()).sort("answer")
    texts = answers["answer"].to_list()
    if len(texts) < 2:
        return CANDIDATES.to_frame()
    own = vectors.of(texts)
    wanted = min(2 * count + SPARE + 1, len(texts))
    found = nearest(own, own, wanted, device=device)
    # one list of neighbours an answer text, shared by all questions with that answer; the first is the text itself
    pairs = pl.DataFrame(
        {
            "answer": np.repeat(np.array(texts, dtype=object), wanted).tolist(),
            "row": found.indices.reshape(-1),
            "place": np.tile(np.arange(wanted), len(texts)),
        }
    ).join(
        answers.with_row_index("row").select(pl.col("row").cast(pl.Int64), negative="answer", origin_id="question_id"),
        on="row",
    )
    rows = questions.select("question_id", "answer", "distractors").join(
        pairs.filter(pl.col("negative") != pl.col("answer")), on="answer"
    )
    rows = rows.filter(~pl.col("negative").is_in(pl.col("distractors"))).sort("question_id", "place")
    return rows.select(
        "question_id",
        "negative",
        tier=pl.lit(NEAR_MISS),
        rank=_rank(),
        origin=pl.lit(OTHER_QUESTION),
        origin_id="origin_id",
    ).cast(CANDIDATES)


def _rank() -> pl.Expr:
    """0, 1, 2, ... within each question, in the order of the rows."""
    return pl.int_range(pl.len(), dtype=pl.Int32).over("question_id")
