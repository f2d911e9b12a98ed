"""Rows of a version -> the columns that trainers read, by the names of TRL's dataset types.

::

    trl-preference   prompt, chosen, rejected       a right and a wrong answer: DPO, reward models
    trl-stepwise     prompt, completions, labels    the steps of a wrong chain, each true before its first error and
                                                    false from it on: process reward models

The columns are those of TRL's documentation (dataset formats: preference, stepwise supervision). A prompt ends in a
line break, since trainers put it before a completion as it is; between steps TRL puts one itself (`step_separator`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from negbank.records import as_asked

Layout = Callable[[pl.DataFrame], pl.DataFrame]

PREFERENCE: Final = "trl-preference"
STEPWISE: Final = "trl-stepwise"


def _prompt(rows: pl.DataFrame) -> pl.Series:
    """Questions behind their passages, each with the line break that trainers expect before a completion."""
    return (as_asked(rows)["question"] + "\n").alias("prompt")


def preference(rows: pl.DataFrame) -> pl.DataFrame:
    """`prompt`, `chosen`, `rejected` of NEGATIVES or CHAINS, a row each."""
    return rows.select(_prompt(rows), chosen="answer", rejected="negative")


def stepwise(rows: pl.DataFrame) -> pl.DataFrame:
    """`prompt`, `completions`, `labels` of the CHAINS whose first error is known; the others are left out."""
    known = rows.filter(pl.col("first_error_step").is_not_null() & (pl.col("steps").list.len() > 0))
    labels = [
        [number < first for number in range(len(steps))]
        for steps, first in known.select("steps", "first_error_step").iter_rows()
    ]
    return known.select(_prompt(known), completions="steps", labels=pl.Series(labels, dtype=pl.List(pl.Boolean)))


LAYOUTS: Final[dict[str, Layout]] = {PREFERENCE: preference, STEPWISE: stepwise}
"""Every layout by its name."""
