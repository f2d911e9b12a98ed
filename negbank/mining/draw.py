"""Drawing texts for questions at random: the same draw for a question whatever other questions there are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from negbank.errors import SourceError
from negbank.records import CANDIDATES

MAX_CANDIDATES: Final = 30_000_000
"""Candidates that are held at once, some 200 bytes each."""

POOL = pl.Schema({"text": pl.String, "owner": pl.String})
"""One text that can be drawn; `owner` is the question that it was taken from."""


@dataclass(frozen=True)
class Draw:
    """How many texts are drawn for a question, with which seed, and what the rows say of themselves."""

    count: int
    seed: int
    tier: str
    origin: str


def draw(questions: pl.DataFrame, pool: pl.DataFrame, asked: Draw) -> pl.DataFrame:
    """CANDIDATES: for each question up to `asked.count` different texts of `pool`, in the order drawn.

    Texts of the question itself, its own choices and its right answer are passed over. A question's draw depends
    on `seed`, its id, the tier and the set of texts alone. A small pool gives fewer.
    """
    check_size(questions.height * min(asked.count, pool.height), asked.tier)
    ordered = pool.group_by("text").agg(pl.col("owner").min(), owners=pl.col("owner").unique()).sort("text")
    texts, owners = ordered["text"].to_list(), ordered["owner"].to_list()
    every_owner = [frozenset(o) for o in ordered["owners"].to_list()]
    rows: list[tuple[str, str, str, int, str, str]] = []
    for question_id, answer, distractors in questions.select("question_id", "answer", "distractors").iter_rows():
        own = {answer, *(distractors or [])}
        rank = 0
        for index in _order(len(texts), asked.count + len(own), f"{asked.seed}\0{asked.tier}\0{question_id}"):
            if rank == asked.count:
                break
            if texts[index] in own or question_id in every_owner[index]:
                continue
            rows.append((question_id, texts[index], asked.tier, rank, asked.origin, owners[index]))
            rank += 1
    return pl.DataFrame(rows, schema=CANDIDATES, orient="row")


def check_size(candidates: int, tier: str) -> None:
    """Raise SourceError for more candidates than fit into memory."""
    if candidates > MAX_CANDIDATES:
        raise SourceError(
            f"the tier {tier} would draw {candidates:,} candidates, more than {MAX_CANDIDATES:,}: ask for fewer "
            "negatives a question, or mine fewer questions"
        )


def _order(size: int, count: int, words: str) -> list[int]:
    """Up to `count` different numbers below `size`, at random, the same for the same words."""
    key = hashlib.sha256(words.encode()).digest()
    generator = np.random.default_rng(int.from_bytes(key[:16], "big"))
    if count >= size // 2:
        return [int(i) for i in generator.permutation(size)]
    drawn = generator.integers(0, size, size=2 * count + 16)
    while (unique := list(dict.fromkeys(drawn.tolist()))) and len(unique) < count:
        drawn = np.concatenate([drawn, generator.integers(0, size, size=count)])
    return [int(i) for i in unique]
