"""Asking a judge about the candidates that passed the rules, and what its word changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from negbank.guards import JUDGED_RIGHT, LABELLED_WRONG, Screened, undecided
from negbank.judging import Judge, Judged, about, joined, judge_rows
from negbank.records import Progress

VERDICTS = ("judge_verdict", "judge_probability")


@dataclass(frozen=True)
class Judging:
    """What a judge said of candidates: `rows` by question_id and negative, and the whole of it for the record."""

    judged: Judged

    @classmethod
    def of(cls, rounds: Sequence[Judging]) -> Judging:
        """What was said in several rounds, each about other candidates."""
        return cls(joined(*(one.judged for one in rounds)))

    def told(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`rows` (NEGATIVES) with the verdict and the probability of each, null where the judge was not asked."""
        keys = ["question_id", "negative"]
        verdicts = self.judged.rows.select(*keys, *VERDICTS).unique(keys, maintain_order=True)
        return rows.drop(VERDICTS).join(verdicts, on=keys, how="left", maintain_order="left").select(rows.columns)

    def refuse(self, screened: Screened) -> Screened:
        """`screened` less the candidates that the judge takes for right answers."""
        keys = ["question_id", "negative"]
        right = self.judged.rows.filter(self.judged.is_right).select(keys).unique().with_columns(right=True)
        found = screened.kept.select(keys).join(right, on=keys, how="left", maintain_order="left")["right"]
        return screened.refusing(found.fill_null(False), JUDGED_RIGHT)

    def about(self) -> dict[str, Any]:
        """What a version records of the judge."""
        return about(self.judged)


def judged(rows: pl.DataFrame, questions: pl.DataFrame, judge: Judge, progress: Progress) -> Judging:
    """What `judge` says of those `rows` (CANDIDATES) that no rule has decided; `questions` are QUESTIONS."""
    texts = questions.select("question_id", "question", "context", "answer", "answers")
    left = rows.filter(undecided(rows, questions)).join(texts, on="question_id", maintain_order="left")
    left = left.with_columns(testified=pl.col("origin").is_in(LABELLED_WRONG))
    return Judging(judge_rows(left, judge, progress=progress))
