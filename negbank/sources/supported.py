"""Which tiers a source can give, and what each takes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import polars as pl

from negbank.errors import SourceError
from negbank.records import ERRONEOUS_COT, IRRELEVANT, NEAR_MISS, UNRELATED, SourceData

WORKED: Final = r"####|\\boxed"
"""How answers that are worked solutions mark their final answer: GSM8K's way and that of MATH."""


@dataclass(frozen=True)
class TierSupport:
    """Whether a source gives negatives of `tier` without further options, and if not, why.

    `options` are the ways to get them, as typed after `negbank mine SOURCE`, each with what it does; there are none if
    the source cannot give any.
    """

    tier: str
    plain: bool
    reason: str
    options: tuple[tuple[str, str], ...]


def supported_tiers(data: SourceData) -> tuple[TierSupport, ...]:
    """What `data` supports, a tier each, in the tiers' order."""
    questions = data.questions
    choices = bool(questions["distractors"].list.len().fill_null(0).sum())
    several = questions["answer"].n_unique() > 1
    return (
        _near_miss(data.name, choices, several),
        _irrelevant(several),
        TierSupport(
            UNRELATED, False, "unrelated answers come from another source",
            (("--tier unrelated --pool SOURCE", "texts of another source"),),
        ),
        _chains(data),
    )  # fmt: skip


def refuse_unsupported(data: SourceData, tiers: Collection[str], expand: int = 0) -> None:
    """Raise SourceError, with all that `data` supports, for a tier of `tiers` that it cannot give as asked.

    `expand` is the number of near-misses from other questions that was asked for. The tier unrelated is not looked at:
    whoever reads the pool checks that there is one.
    """
    support = {found.tier: found for found in supported_tiers(data)}
    for tier in tiers:
        found = support[tier]
        if found.plain or tier in (UNRELATED, ERRONEOUS_COT) or (tier == NEAR_MISS and expand and found.options):
            continue
        ways = [way for other in support.values() for way in other.options]
        width = max((len(option) for option, _ in ways), default=0)
        listed = "".join(f"\n  {option:<{width}}  {effect}" for option, effect in ways)
        raise SourceError(f"{data.name}: {found.reason}, so the tier {tier} has nothing to mine. It supports:{listed}")


def _near_miss(name: str, choices: bool, several: bool) -> TierSupport:
    if choices:
        plain = ("--tier near-miss", "wrong choices of its questions")
        return TierSupport(NEAR_MISS, True, "its questions have wrong choices", (plain,))
    expand = ("--tier near-miss --expand N", "answers of similar questions, which nobody has called wrong")
    return TierSupport(NEAR_MISS, False, "its questions have no wrong choices", (expand,) if several else ())


def _irrelevant(several: bool) -> TierSupport:
    if not several:
        return TierSupport(IRRELEVANT, False, "all of its questions have the same answer", ())
    option = ("--tier irrelevant", "answers of its other questions, drawn at random")
    return TierSupport(IRRELEVANT, True, "its questions have different answers", (option,))


def _chains(data: SourceData) -> TierSupport:
    """Chains of thought: from files or models for any question, by perturbing for those with worked solutions."""
    worked = data.questions.filter(pl.col("answer").str.contains(WORKED)).height * 2 > data.questions.height
    tier = f"--tier {ERRONEOUS_COT}"
    ways: tuple[tuple[str, str], ...] = (
        (f"{tier} --trajectories FILE", "chains of thought in a file, checked against the right answers"),
        (f"{tier} --generate MODEL", "chains that a local model writes"),
        (f"{tier} --endpoint URL --model NAME", "chains that a served model writes"),
    )
    if worked:
        ways = ((f"{tier} --perturb", "its worked solutions, broken at one step"), *ways)
    return TierSupport(ERRONEOUS_COT, False, "chains of thought come from a file, a model or --perturb", ways)
