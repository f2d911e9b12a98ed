"""What heads are trained on: of each question its right answer, and one wrong answer drawn for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from negbank.causal import Tokens, context_of, continuation_of
from negbank.errors import BenchmarkError
from negbank.heads import Example


@dataclass(frozen=True)
class Draw:
    """How lessons are drawn: how many of each side at most (None: all), and how many wrong ones are made right.

    `contamination` is the share of wrong answers replaced by the right one: label noise, to see what the method bears.
    """

    positives: int | None = None
    negatives: int | None = None
    contamination: float = 0.0


@dataclass(frozen=True)
class Lessons:
    """Examples in the order in which they are learned: the right ones, and the wrong ones of each tier.

    The heads of all tiers see the same questions in the same order.
    """

    positive: tuple[Example, ...]
    negative: dict[str, tuple[Example, ...]]


def draw_lessons(rows: pl.DataFrame, tiers: Sequence[str], draw: Draw, seed: int) -> Lessons:
    """Lessons from NEGATIVES `rows`: questions shuffled with `seed`, and one wrong answer a question and tier drawn.

    Only questions with a negative in each of `tiers` take part. Raises BenchmarkError where there are none, or fewer
    than were asked for.
    """
    generator = np.random.default_rng(seed)
    questions = _questions(rows, tiers)
    order = questions[generator.permutation(questions.height)]
    counts = {"positives": draw.positives, "negatives": draw.negatives}
    for side, count in counts.items():
        if count is not None and count > order.height:
            raise BenchmarkError(f"{count} {side} were asked for, and {order.height} questions have what it takes")
    right = [_example(question, answer) for question, answer in order.select("question", "answer").iter_rows()]
    negative = {}
    for tier in tiers:
        drawn = _one_each(rows.filter(pl.col("tier") == tier), order, generator)
        wrong = [_example(question, text) for question, text in drawn.iter_rows()][: draw.negatives]
        negative[tier] = tuple(_contaminated(wrong, right, draw.contamination, generator))
    return Lessons(tuple(right[: draw.positives]), negative)


def fit_window(rows: pl.DataFrame, tokens: Tokens, window: int) -> tuple[pl.DataFrame, int]:
    """NEGATIVES `rows` without the questions of which an answer takes more than `window` tokens, and how many went."""
    texts = pl.concat(
        [
            rows.select("question_id", "question", text="answer").unique(maintain_order=True),
            rows.select("question_id", "question", text="negative"),
        ]
    )
    pairs = tokens.pairs(
        [(context_of(q), continuation_of(text)) for q, text in texts.select("question", "text").rows()]
    )
    lengths = pl.Series([len(context) + len(answer) for context, answer in pairs], dtype=pl.Int64)
    long = texts.filter(lengths > window)["question_id"].unique()
    return rows.filter(~pl.col("question_id").is_in(long.implode())), long.len()


def _questions(rows: pl.DataFrame, tiers: Sequence[str]) -> pl.DataFrame:
    """The questions with a negative in each tier, by id, each once."""
    chosen = rows.filter(pl.col("tier").is_in(list(tiers)))
    shared = chosen.group_by("question_id").agg(pl.col("tier").n_unique()).filter(pl.col("tier") == len(set(tiers)))
    found = chosen.unique("question_id", keep="first", maintain_order=True).join(shared, on="question_id", how="semi")
    if found.is_empty():
        raise BenchmarkError(f"no question has a negative in each tier of {', '.join(tiers)}; mine them first")
    return found.select("question_id", "question", "answer").sort("question_id")


def _one_each(rows: pl.DataFrame, order: pl.DataFrame, generator: np.random.Generator) -> pl.DataFrame:
    """`question`, `negative`: for each question of `order` one of its rows, each as likely."""
    ordered = rows.sort("question_id", "rank", "id")
    drawn = ordered.with_columns(key=pl.Series(generator.random(ordered.height), dtype=pl.Float64))
    first = drawn.sort("key").unique("question_id", keep="first", maintain_order=True)
    return order.join(first.select("question_id", "negative"), on="question_id", maintain_order="left").select(
        "question", "negative"
    )


def _contaminated(
    wrong: Sequence[Example], right: Sequence[Example], rate: float, generator: np.random.Generator
) -> list[Example]:
    """`wrong`, of which the share `rate`, drawn anywhere, is the right answer to the same question instead."""
    if not 0.0 <= rate <= 1.0:
        raise BenchmarkError(f"a share of contamination is between 0 and 1, not {rate}")
    swapped = set(generator.permutation(len(wrong))[: round(rate * len(wrong))].tolist())
    return [right[i] if i in swapped else example for i, example in enumerate(wrong)]


def _example(question: str, answer: str) -> Example:
    return Example(context_of(question), continuation_of(answer))
