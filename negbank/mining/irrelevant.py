"""The tier irrelevant: false answers to other questions of the same source, drawn with the seed."""

from __future__ import annotations

import polars as pl

from negbank.mining.draw import POOL, Draw, draw
from negbank.records import IRRELEVANT, OTHER_QUESTION

SPARE = 40
"""Texts drawn beyond eight times those asked for: a text of another type is refused, and most are where the answer is
a number."""


def mine(questions: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    """CANDIDATES: for each question, wrong choices of other questions; their right answers where none has choices."""
    return draw(questions, pool(questions), Draw(8 * count + SPARE, seed, IRRELEVANT, OTHER_QUESTION))


def pool(questions: pl.DataFrame) -> pl.DataFrame:
    """POOL: every wrong choice of the source, or every right answer where it has no wrong ones."""
    wrong = questions.select(text="distractors", owner="question_id").explode("text").drop_nulls("text")
    right = questions.select(text="answer", owner="question_id")
    return (wrong if not wrong.is_empty() else right).cast(POOL)
