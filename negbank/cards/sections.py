"""Facts -> the sections of a card that say what is in it, whose it is and where it comes from, in Markdown."""

from __future__ import annotations

import re
from typing import Final

from negbank.cards.facts import CardFacts, Distribution, licenses_of, sources_of
from negbank.cards.plots import sparkline
from negbank.cards.text import block, cell, clean, code, tex
from negbank.records import ERRONEOUS_COT, IRRELEVANT, NEAR_MISS, UNRELATED

MEANING: Final = {
    NEAR_MISS: "wrong answers to the question itself, or as close to its right answer",
    IRRELEVANT: "answers to other questions of the same source",
    UNRELATED: "text of another source",
    ERRONEOUS_COT: "chains of thought that end in a wrong answer; `answer` is a chain that ends in the right one",
}
CHAIN_COLUMNS: Final = """\
| `plausibility` | of chains: calibrated probability that it was written for this question, by its quantities |
| `steps` | of chains: the steps of `negative` |
| `final_answer`, `gold_answer` | what `negative` comes to, and what is right |
| `first_error_step`, `error_source` | the first wrong step, from 0, and how it is known; null where nobody knows |
| `first_divergent_step` | where `negative` first leaves the quantities of the gold chain: a hint, and no proof |
| `error_type`, `generator` | what kind of error it is, where that can be told; what wrote the chain |
| `found_by`, `verified_by` | the sign by which the final answer was found; what says that it is wrong |
| `provenance` | JSON: the line of a file, or model, revision, sampling parameters and prompt |
"""


def tiers(facts: CardFacts) -> str:
    """A table with a row a tier: counts, spreads, and a histogram of block characters."""
    head = [
        "| tier | rows | questions | plausibility: 10%, median, 90% | 0 to 1 | similarity: 10%, median, 90% | -1 to 1 "
        "| what it holds |",
        "|---|---:|---:|---|---|---|---|---|",
    ]
    rows = [
        f"| {cell(t.tier)} | {t.rows:,} | {t.questions:,} | {_spread(t.plausibility)} | {_spread(t.similarity)} "
        f"| {MEANING.get(t.tier, '')} |"
        for t in facts.tiers
    ]
    return "\n".join([*head, *rows]) if rows else "There are no rows."


def examples(facts: CardFacts) -> str:
    """A code block a tier with its example rows."""
    shown = [
        f"{code(tier.tier)}\n\n"
        + block(
            (
                *((("context", e["context"]),) if e.get("context") else ()),
                ("question", e.get("question")),
                ("right", e.get("answer")),
                ("wrong", e.get("negative")),
            )
            for e in tier.examples
        )
        for tier in facts.tiers
        if tier.examples
    ]
    return "\n\n".join(shown) or "There are none."


def license(facts: CardFacts) -> str:
    """The licence of each source, those with terms by name, and the licence of the whole or why there is none."""
    combined = licenses_of(facts)
    lines = [
        f"- {code(source)}: {code(held) if held else 'no licence is recorded'}"
        for source, held in sources_of(facts.mined).items()
    ]
    terms = {
        "Share-alike": combined.share_alike,
        "Non-commercial": combined.non_commercial,
        "Without a licence that is understood here": combined.unknown,
    }
    named = [f"- {term}: {', '.join(map(code, names))}" for term, names in terms.items() if names]
    if combined.problem:
        verdict = f"**These sources may not be shared as one dataset:** {combined.problem}."
    elif combined.license:
        verdict = f"**The whole is under `{combined.license}`:** {combined.reason}. Keep the notices of every source."
    else:
        verdict = f"**No licence can be named for the whole:** {combined.reason}. Ask the owners before you share it."
    return "\n".join([*lines, *([""] if lines else []), verdict, *([""] if named else []), *named])


def provenance(facts: CardFacts) -> str:
    """What this version is, and the versions before it."""
    lines = [
        f"- dataset {code(facts.dataset)}, version {code(facts.version)}, manifest {code(facts.manifest)}",
        *([f"- pushed to {code(facts.repo)}"] if facts.repo else []),
        "- the manifest names all rows by their hash, and records the source and the settings of each tier; "
        "a version never changes",
    ]
    history = [
        f"- {code(line.version)}, {code(line.created)}, by {code(line.author)}"
        + (f": {code(line.message)}" if line.message else "")
        if not line.lost
        else f"- {code(line.version)}: its record is damaged"
        for line in facts.history
    ]
    return "\n".join([*lines, *(["", "History:", "", *history] if history else [])])


def citation(facts: CardFacts) -> str:
    """BibTeX for this very version."""
    name = re.sub("[^A-Za-z0-9]+", "_", f"{clean(facts.dataset, 80)}_{clean(facts.version, 20)}").strip("_")
    own = next((line.created for line in facts.history if line.version == facts.version), "")
    year = re.match("[0-9]{4}", own)
    fields = {
        "title": f"{{{tex(facts.dataset)}: a dataset of wrong answers, version {tex(facts.version)}}}",
        **({"year": f"{{{year[0]}}}"} if year else {}),
        **({"howpublished": f"{{Hugging Face Hub, {tex(facts.repo)}}}"} if facts.repo else {}),
        "note": f"{{Made by negbank, manifest {tex(facts.manifest)}}}",
    }
    return "\n".join([f"@misc{{{name},", *(f"  {key} = {value}," for key, value in fields.items()), "}"])


def _spread(spread: Distribution) -> str:
    if not any(spread.histogram):
        return "- | -"
    numbers = ", ".join(f"{value:.2f}" for value in (spread.p10, spread.median, spread.p90))
    return f"{numbers} | `{sparkline(spread.histogram)}`"
