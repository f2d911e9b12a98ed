"""What is learned from: the right and the wrong chains of a version, and which of them each system gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from negbank.causal import Base, context_of, continuation_of
from negbank.errors import BenchmarkError
from negbank.glow import SampleId
from negbank.heads import Chain, Example
from negbank.records import content_id

BASE, SFT, NEGATIVE_ONLY, MIXED, GLOW = "base", "sft", "negative-only", "mixed", "glow"
SYSTEMS: Final = (SFT, NEGATIVE_ONLY, MIXED, GLOW)
"""What is trained: on right chains, on wrong ones, on both, and on both with GLOW's weights."""

RIGHT, WRONG = "right", "wrong"
_SIDES: Final = {SFT: (RIGHT,), NEGATIVE_ONLY: (WRONG,), MIXED: (RIGHT, WRONG), GLOW: (RIGHT, WRONG)}


@dataclass(frozen=True)
class ChainSets:
    """Both sides of a version, each chain once; `too_long` chains did not fit the model's window."""

    right: tuple[Chain, ...]
    wrong: tuple[Chain, ...]
    too_long: int = 0

    def of(self, system: str, seed: int) -> tuple[Chain, ...]:
        """What `system` learns from, shuffled by `seed`. Raises BenchmarkError where the version lacks a side of it."""
        sides = {RIGHT: self.right, WRONG: self.wrong}
        for side in _SIDES[system]:
            if not sides[side]:
                has = next((other for other in sides if sides[other]), "no")
                raise BenchmarkError(
                    f"the version has no {side} chains that can be learned from, only {has} ones; `{system}` needs "
                    f"{' and '.join(_SIDES[system])} ones"
                )
        chosen = [chain for side in _SIDES[system] for chain in sides[side]]
        order = np.random.default_rng([seed, len(chosen)]).permutation(len(chosen))
        return tuple(chosen[place] for place in order)


def chain_sets(rows: pl.DataFrame, base: Base, limit: int | None = None) -> ChainSets:
    """The chains of CHAINS `rows`: each `answer` once a question, each `negative` once; of `limit` questions at most.

    A row without an `answer` gives no right chain, one without a `negative` no wrong one. Raises BenchmarkError where
    there are no rows, or no chain fits the window.
    """
    if rows.is_empty():
        raise BenchmarkError("the tier erroneous-cot is empty; mine it: negbank mine gsm8k --tier erroneous-cot")
    asked = rows["question_id"].unique().sort()
    if limit is not None and len(asked) > limit:
        order = np.random.default_rng(0).permutation(len(asked))[:limit]
        rows = rows.filter(pl.col("question_id").is_in(asked.gather(order.tolist()).implode()))
    right, right_long = _fitting(_side(rows, RIGHT, "answer"), base)
    wrong, wrong_long = _fitting(_side(rows, WRONG, "negative"), base)
    if not right and not wrong:
        raise BenchmarkError(
            f"none of the {right_long + wrong_long:,} chains fits the model's {base.window:,} tokens; take another base"
        )
    return ChainSets(right, wrong, right_long + wrong_long)


def _side(rows: pl.DataFrame, side: str, column: str) -> list[Chain]:
    told = rows.filter(pl.col(column).is_not_null() & (pl.col(column).str.strip_chars() != ""))
    pairs = told.select("question_id", "question", column).unique(maintain_order=True).sort("question_id", column)
    return [
        Chain(SampleId(side, content_id(name, chain)), Example(context_of(question), continuation_of(chain)))
        for name, question, chain in pairs.iter_rows()
    ]


def _fitting(chains: list[Chain], base: Base) -> tuple[tuple[Chain, ...], int]:
    """The chains that fit the window with the token that ends them, and how many do not."""
    pairs = base.tokens.pairs([(chain.example.context, chain.example.continuation) for chain in chains])
    fits = [len(context) + len(answer) < base.window for context, answer in pairs]
    kept = tuple(chain for chain, is_fit in zip(chains, fits, strict=True) if is_fit)
    return kept, len(chains) - len(kept)
