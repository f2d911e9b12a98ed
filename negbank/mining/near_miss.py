"""The tier near-miss: wrong answers to this very question, or texts as close to its right answer.

The closest wrong answers teach most (Likra, arXiv 2503.14391, section 4.3), so candidates are ranked by their
cosine to the right answer.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from negbank.mining.draw import check_size
from negbank.records import CANDIDATES, DISTRACTOR, NEAR_MISS, OTHER_QUESTION, TextVectors

SPARE = 48
"""Neighbours looked at beyond twice those asked for, since guards refuse most."""

BAND = (0.98, 0.995)
"""Near answers lie between these quantiles of the cosines of unrelated answers. On ARC with all-MiniLM-L6-v2 that is
from .39 to .50, where the wrong choices of its authors lie (median .42). Of 60 that were read from above it 6 were
right, of 60 from below 11 meant nothing for their question; of 120 from inside 3 were right and 12 meant nothing."""

POOL = 4096
"""Answers of other questions that are looked through; of a larger source that many, drawn with the seed."""

LOOKED_THROUGH = 8
"""One pool answer in so many, the nearest, is looked at; one in fifty lies above the lower end of the band."""


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


def expand(
    questions: pl.DataFrame,
    vectors: TextVectors,
    count: int,
    between: tuple[float, float],
    seed: int = 0,
    device: str = "cpu",
) -> pl.DataFrame:
    """CANDIDATES: right answers of other questions whose cosine to a question's right answer lies in `between`.

    Gives up to `2 * count + SPARE` a question, nearest first, without the texts among the question's own choices. The
    nearest of all are left out: nobody called them wrong, and too many of them are right in other words.
    """
    from negbank.neighbors import nearest  # loads torch, which other tiers and own wrong choices do without

    answers = questions.group_by("answer").agg(pl.col("question_id").min()).sort("answer")
    pool = answers if len(answers) <= POOL else answers.sample(POOL, seed=seed).sort("answer")
    texts = answers["answer"].to_list()
    if len(pool) < 2:
        return CANDIDATES.to_frame()
    few = 2 * count + SPARE
    wanted = min(max(few + 1, len(pool) // LOOKED_THROUGH), len(pool))
    check_size(wanted * len(texts) // LOOKED_THROUGH, NEAR_MISS)
    found = nearest(vectors.of(texts), vectors.of(pool["answer"].to_list()), wanted, device=device)
    # one list of neighbours an answer text, shared by all questions with that answer
    pairs = pl.DataFrame(
        {
            "answer": np.repeat(np.array(texts, dtype=object), wanted).tolist(),
            "row": found.indices.reshape(-1),
            "place": np.tile(np.arange(wanted), len(texts)),
            "cosine": found.scores.reshape(-1),
        }
    ).filter(pl.col("cosine").is_between(*between, closed="left"))
    pairs = pairs.filter(pl.int_range(pl.len()).over("answer") < few).join(
        pool.with_row_index("row").select(pl.col("row").cast(pl.Int64), negative="answer", origin_id="question_id"),
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
