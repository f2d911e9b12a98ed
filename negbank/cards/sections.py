"""Facts -> the sections of a card, in Markdown. What `mined` lacks is said to be unknown, never assumed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from negbank.cards.facts import CardFacts, Distribution, TierFacts, licenses_of, sources_of
from negbank.cards.plots import Curve, sparkline
from negbank.cards.text import block, cell, clean, code, tex
from negbank.guards import REASONS
from negbank.reasoning.reasons import CHAIN_REASONS
from negbank.records import ERRONEOUS_COT, IRRELEVANT, NEAR_MISS, UNRELATED

MEANING: Final = {
    NEAR_MISS: "wrong answers to the question itself, or as close to its right answer",
    IRRELEVANT: "answers to other questions of the same source",
    UNRELATED: "text of another source",
    ERRONEOUS_COT: "chains of thought that end in a wrong answer; `answer` is a chain that ends in the right one",
}
METHOD: Final = {
    NEAR_MISS: "the question's own wrong choices, nearest to the right answer first; where there are none, or "
    "`expand` asks for more, the nearest answers of other questions",
    IRRELEVANT: "answers to other questions, drawn at random with the seed",
    UNRELATED: "texts of the pool, drawn at random with the seed",
    ERRONEOUS_COT: "chains of files and of models whose final answer was shown to differ from the gold one, and gold "
    "chains broken at one known step, as `chains` says; most plausible first within a question",
}
CHAIN_COLUMNS: Final = """\
| `plausibility` | of chains: calibrated probability that it was written for this question, by its quantities |
| `steps` | of chains: the steps of `negative` |
| `final_answer`, `gold_answer` | what `negative` comes to, and what is right |
| `first_error_step`, `error_source` | the first wrong step, from 0, and how it is known; null where nobody knows |
| `first_divergent_step` | where `negative` first leaves the quantities of the gold chain: a hint, and no proof |
| `error_type`, `generator` | what kind of error it is, where that can be told; what wrote the chain |
| `provenance` | JSON: the line of a file, or model, revision, sampling parameters and prompt |
"""
OVERLAP, NEAR = "evaluation-overlap", "evaluation-near-duplicate"
_SAID: Final = (
    "source", "revision", "license", "questions", "evaluation_questions", "pool", "pool_revision", "pool_license",
    "encoder", "parameters", "seed", "refused", "negbank", "false_negatives",
)  # fmt: skip
"""What of `mined` has a place in the card; anything else is shown as it is."""


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
            (("question", e.get("question")), ("right", e.get("answer")), ("wrong", e.get("negative")))
            for e in tier.examples
        )
        for tier in facts.tiers
        if tier.examples
    ]
    return "\n\n".join(shown) or "There are none."


def mined(facts: CardFacts) -> str:
    """One item a tier on how it was made, for someone who wants to make it again."""
    return "\n".join(f"- {code(tier.tier)}: {_made(tier)}" for tier in facts.tiers) or "There are no rows."


def refusals(facts: CardFacts) -> str:
    """A table of what the guards refused, by tier and reason."""
    rows = [
        f"| {cell(tier.tier)} | {cell(reason)} | {_meaning(tier.tier, reason)} | {count:,} |"
        for tier in facts.tiers
        for reason, count in _refused(tier).items()
    ]
    silent = [code(tier.tier) for tier in facts.tiers if not isinstance(tier.mined.get("refused"), Mapping)]
    parts = (
        ["\n".join(["| tier | reason | refused because | candidates |", "|---|---|---|---:|", *rows])] if rows else []
    )
    if silent:
        parts.append(f"Whether guards ran is not recorded for: {', '.join(silent)}.")
    return "\n\n".join(parts) or "Nothing was refused."


def false_negatives(facts: CardFacts) -> str:
    """One item a tier: the estimated share of right answers among its negatives, and how it was estimated."""
    return "\n".join(f"- {code(tier.tier)}: {_estimate(tier)}" for tier in facts.tiers) or "There are no rows."


def contamination(facts: CardFacts) -> str:
    """One item a tier: what its questions were compared with, and how many were refused for it."""
    lines = [f"- {code(tier.tier)}: {_compared(tier)}" for tier in facts.tiers]
    rest = (
        "Other benchmarks, and what a base model has seen before, were not compared. "
        "Before you measure on a test set that is not named here, compare it with the column `question`."
    )
    return "\n".join([*lines, "", rest] if lines else [rest])


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


def validation(facts: CardFacts) -> str:
    """A table of accuracy by number of examples, and how each system was measured; or that nothing was measured."""
    systems = measured(facts)
    if not systems:
        return "Not validated yet: `negbank benchmark --likra` measures what a model learns from these rows."
    counts = sorted({count for _, points in systems for count, _ in points})
    lines = [f"| examples | {' | '.join(f'{count:,}' for count in counts)} |", "|---|" + "---:|" * len(counts)]
    for system, points in systems:
        known = dict(points)
        values = " | ".join(f"{known[count]:.3f}" if count in known else "" for count in counts)
        lines.append(f"| {cell(system)} | {values} |")
    for record in facts.validations:
        rest = {key: value for key, value in record.items() if key not in ("system", "points")}
        if rest:
            lines += ["", f"{code(record.get('system'))}: {code(_json(rest))}"]
    if lost := sum(len(_points(r)) for r in facts.validations) - sum(len(points) for _, points in systems):
        lines += ["", f"{lost:,} recorded points cannot be read and are left out."]
    return "\n".join(lines)


def measured(facts: CardFacts) -> list[Curve]:
    """The curves of the validations; a point that is no count with a share is left out, and so is an empty curve."""
    found = []
    for record in facts.validations:
        pairs = {
            count: share
            for point in _points(record)
            if isinstance(point, Mapping)
            and (count := _count(point.get("examples"))) is not None
            and (share := _share(point.get("accuracy"))) is not None
        }
        if pairs:
            found.append((clean(record.get("system"), 80), tuple(sorted(pairs.items()))))
    return found


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


def _made(tier: TierFacts) -> str:
    mined = tier.mined
    if not mined:
        return "not recorded; the rows came from elsewhere."
    encoder = mined.get("encoder")
    parts = [METHOD[tier.tier]] if tier.tier in METHOD and "parameters" in mined else []
    for kind, prefix in (("source", ""), ("pool", "pool_")):
        if mined.get(kind):
            parts.append(f"{kind} {code(mined[kind])} at {code(mined.get(f'{prefix}revision') or 'unknown')}")
    if (questions := _count(mined.get("questions"))) is not None:
        parts.append(f"{questions:,} questions")
    if isinstance(encoder, Mapping):
        weights = clean(encoder.get("weights_hash"), 64)[:12] or "unknown"
        parts.append(f"encoder {code(encoder.get('name'))} (weights {code(weights)})")
    parts += [f"{key} {code(_json(mined[key]))}" for key in ("parameters", "seed") if key in mined]
    if "negbank" in mined:
        parts.append(f"negbank {code(mined['negbank'])}")
    if others := {key: value for key, value in mined.items() if key not in _SAID}:
        parts.append(f"also {code(_json(others))}")
    return "; ".join(parts) + "."


def _refused(tier: TierFacts) -> dict[str, int]:
    """Counts by reason in the order of the guards, unknown reasons last."""
    recorded = tier.mined.get("refused")
    pairs = recorded.items() if isinstance(recorded, Mapping) else ()
    counts = {str(reason): count for reason, value in pairs if (count := _count(value)) is not None}
    order = {reason: place for place, reason in enumerate(REASONS)}
    return dict(sorted(counts.items(), key=lambda pair: (order.get(pair[0], len(order)), pair[0])))


def _meaning(tier: str, reason: str) -> str:
    return (CHAIN_REASONS if tier == ERRONEOUS_COT else REASONS).get(reason, "")


def _estimate(tier: TierFacts) -> str:
    record = tier.mined.get("false_negatives")
    if isinstance(record, Mapping) and (share := _share(record.get("share"))) is not None:
        low, high = _share(record.get("low")), _share(record.get("high"))
        between = f" (between {low:.1%} and {high:.1%})" if low is not None and high is not None else ""
        return f"{share:.1%}{between}, estimated so: {code(record.get('method') or 'not recorded')}"
    if tier.tier == ERRONEOUS_COT and isinstance(tier.mined.get("refused"), Mapping):
        return (
            "not estimated. The final answer of every chain was shown to differ from the gold one, exactly or by "
            "math-verify; what could not be shown was refused. Where the gold answer is an error, so is the row."
        )
    if not isinstance(tier.mined.get("refused"), Mapping):
        return "not estimated, and no guard is recorded that would refuse them."
    return (
        "not estimated. The guards refuse a text that equals a right answer to the same question, that is as close to "
        "it as a paraphrase, or that comes from a question that asks nearly the same; texts that a person has called "
        "wrong for this very question are taken at their word."
    )


def _compared(tier: TierFacts) -> str:
    refused = _refused(tier)
    held_out = _count(tier.mined.get("evaluation_questions"))
    if held_out is None and not {OVERLAP, NEAR} & set(refused):
        return "no check is recorded."
    if held_out == 0:
        return "not checked, as the source holds no evaluation questions apart."
    against = (
        f"{held_out:,} evaluation questions of {code(tier.mined.get('source'))}" if held_out else "an evaluation set"
    )
    if tier.tier == ERRONEOUS_COT:
        return (
            f"every question was compared with {against}; {refused.get(OVERLAP, 0):,} chains were refused as their "
            "question has the same text after normalisation."
        )
    return (
        f"every question was compared with {against}; {refused.get(OVERLAP, 0):,} candidates were refused as their "
        f"question has the same text after normalisation, {refused.get(NEAR, 0):,} as the cosine of the questions, or "
        "of questions and answers, reaches the calibrated limit."
    )


def _points(record: Mapping[str, Any]) -> list[Any]:
    points = record.get("points")
    return list(points) if isinstance(points, list | tuple) else []


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _share(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
