"""Facts -> what was refused, read and measured of a version, in Markdown. What was not measured is said to be so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from negbank.cards.facts import CardFacts, Reading
from negbank.cards.refusals import QUESTION, ROW, counts_of, refusals
from negbank.cards.text import cell, code, plain
from negbank.records import ERRONEOUS_COT
from negbank.terms import counted

OVERLAP, NEAR = "evaluation-overlap", "evaluation-near-duplicate"

GUARDED = (
    "The guards refuse a text that equals a right answer to its question, that is as close to it as a paraphrase, or "
    "that comes from a question that asks nearly the same. They do not find every right answer, and a source that is "
    "itself mistaken misleads them."
)
CHAINS_GUARDED = (
    "The final answer of every chain was shown to differ from the right one; what could not be shown was refused. "
    "Where the source's right answer is mistaken, so is the row."
)


def refused(facts: CardFacts) -> str:
    """A table of everything that was refused, by what it was and reason."""
    names = {QUESTION: "questions of the source", ROW: "rows of added files"}
    rows = [
        f"| {names.get(r.of) or cell(r.of)} | {cell(r.reason)} | {plain(r.meaning)} | {r.count:,} |"
        for r in refusals(facts.mined)
    ]
    silent = [code(tier.tier) for tier in facts.tiers if not isinstance(tier.mined.get("refused"), Mapping)]
    parts = ["\n".join(["| refused | reason | because | count |", "|---|---|---|---:|", *rows])] if rows else []
    if silent:
        parts.append(f"What the guards refused, and whether they ran, is not recorded for: {', '.join(silent)}.")
    return "\n\n".join(parts) or "Nothing was refused."


def false_negatives(facts: CardFacts) -> str:
    """What people found who read rows of this version, by tier; or that nobody has."""
    if not facts.tiers:
        return "There are no rows."
    by_tier = {tier.tier: [r for r in facts.readings if r.tier == tier.tier] for tier in facts.tiers}
    lines = [
        f"- {code(tier)}: {' '.join(map(_found, readings)) if readings else 'not measured'}"
        for tier, readings in by_tier.items()
    ]
    unread = next((tier for tier, readings in by_tier.items() if not readings), None)
    parts = ["\n".join(lines)]
    if unread:
        rows = f"negbank show {facts.dataset}@{facts.version} --tier {unread} --sample 60 --seed 1"
        parts.append(f"To measure it, read rows that are drawn at random: {code(rows)}")
    guarded = any(isinstance(tier.mined.get("refused"), Mapping) for tier in facts.tiers)
    if guarded and any(tier.tier != ERRONEOUS_COT for tier in facts.tiers):
        parts.append(GUARDED)
    if guarded and ERRONEOUS_COT in by_tier:
        parts.append(CHAINS_GUARDED)
    return "\n\n".join(parts)


def contamination(facts: CardFacts) -> str:
    """One item a tier: what its questions were compared with, and how many were refused for it."""
    lines = [f"- {code(tier.tier)}: {_compared(tier.tier, tier.mined)}" for tier in facts.tiers]
    rest = (
        "Other benchmarks were not compared, nor what a base model has seen before. "
        "Before you measure on a test set that is not named here, compare it with the column `question`."
    )
    return "\n".join([*lines, "", rest] if lines else [rest])


def validation(facts: CardFacts) -> str:
    """What a model learned from these rows: the verdict, how it was measured, and tables; or that nobody measured."""
    found = facts.validation
    if found is None:
        return "Not validated yet: `negbank benchmark --likra` measures what a model learns from these rows."
    parts = [f"**{plain(found.verdict)}**"]
    if found.about:
        parts.append("\n".join(f"- {plain(name)}: {plain(text)}" for name, text in found.about))
    for title, columns, rows in found.tables:
        parts.append(f"{plain(title)}:")
        parts.append(_table(columns, rows))
    return "\n\n".join(parts)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(
        f"| {' | '.join(text if place == 1 else plain(text) for text in line)} |" for place, line in enumerate(lines)
    )


def _found(reading: Reading) -> str:
    """What one reading found: the share of right answers with its 95% interval (Wilson 1927)."""
    share, z2, n = reading.right / reading.read, 1.96**2, reading.read
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = 1.96 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    drawn = "" if reading.seed is None else f", drawn with seed {reading.seed}"
    said = f" ({plain(reading.note)})" if reading.note else ""
    were = "is" if reading.right == 1 else "are"
    return (
        f"of {counted(reading.read, 'row')} read{drawn}, {reading.right:,} {were} right after all: {share:.1%}, "
        f"95% interval {max(0.0, centre - half):.1%} to {centre + half:.1%}; read by {code(reading.by)}{said}."
    )


def _compared(tier: str, mined: Mapping[str, object]) -> str:
    refused = counts_of(mined.get("refused"))
    value = mined.get("evaluation_questions")
    held_out = value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
    if held_out is None and not {OVERLAP, NEAR} & set(refused):
        return "no check is recorded."
    if held_out == 0:
        return "not checked: the source keeps no evaluation questions apart."
    against = (
        f"{counted(held_out, 'evaluation question')} of {code(mined.get('source'))}" if held_out else
        "an evaluation set"
    )  # fmt: skip
    same = refused.get(OVERLAP, 0)
    if tier == ERRONEOUS_COT:
        return (
            f"every question was compared with {against}; {_were(same, 'chain')} refused because the question is "
            "there, too, after normalisation."
        )
    return (
        f"every question was compared with {against}; {_were(same, 'candidate')} refused because the question is "
        f"there, too, after normalisation, and {refused.get(NEAR, 0):,} because it is nearly there, by the cosine of "
        "questions and answers."
    )


def _were(count: int, noun: str) -> str:
    return f"{counted(count, noun)} {'was' if count == 1 else 'were'}"
