"""The tier unrelated: texts of another source, drawn with the seed."""

from __future__ import annotations

import polars as pl

from negbank.mining.draw import POOL, Draw, draw
from negbank.records import OTHER_SOURCE, UNRELATED, SourceData

SPARE = 8
"""Texts drawn beyond twice those asked for, since guards refuse some."""


def mine(questions: pl.DataFrame, other: SourceData, count: int, seed: int) -> pl.DataFrame:
    """CANDIDATES: for each question, answers (right and wrong) to questions of another source.

    `origin_id` is `SOURCE:QUESTION_ID`.
    """
    return draw(questions, pool(other), Draw(2 * count + SPARE, seed, UNRELATED, OTHER_SOURCE))


def pool(other: SourceData) -> pl.DataFrame:
    """POOL: every choice of every question of `other`."""
    rows = other.questions.select(
        text=pl.concat_list(pl.concat_list("answer"), "distractors"),
        owner=pl.lit(other.name + ":") + pl.col("question_id"),
    )
    return rows.explode("text").drop_nulls("text").cast(POOL)
