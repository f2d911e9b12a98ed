"""Facts -> how a version was made, in Markdown. What `mined` lacks is said to be unknown, never assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from negbank.cards.facts import CardFacts, TierFacts
from negbank.cards.refusals import counts_of
from negbank.cards.text import clean, code
from negbank.records import ERRONEOUS_COT, IRRELEVANT, NEAR_MISS, UNRELATED
from negbank.terms import counted

METHOD: Final = {
    NEAR_MISS: "the question's own wrong choices, nearest to the right answer first; where there are none, or "
    "`expand` asks for more, the nearest answers of other questions",
    IRRELEVANT: "answers to other questions, drawn at random with the seed",
    UNRELATED: "texts of the pool, drawn at random with the seed",
    ERRONEOUS_COT: "chains from files and models whose final answer was shown to differ from the right one, and right "
    "chains broken at one known step; most plausible first within a question",
}
ADDED: Final = "wrong answers that came from elsewhere, put in with `negbank add`"

_SAID: Final = frozenset((
    "source", "revision", "license", "questions", "evaluation_questions", "pool", "pool_revision", "pool_license",
    "encoder", "parameters", "seed", "refused", "refused_rows", "refused_questions", "negbank", "false_negatives",
    "unique_ids", "added", "questions_of", "verified",
))  # fmt: skip
"""What of `mined` has a place in the card, or none at all; anything else is listed by its name.

`false_negatives` is an estimate from rows of ARC that earlier versions carry whatever their source: it says nothing of
the version, so it has no place."""

_VERIFIED: Final = {"read": "read", "wrong": "taken as wrong", "right": "found right", "refused": "refused"}

_ENTRIES: Final = 40
"""Settings that are listed of one record."""


def mined(facts: CardFacts) -> str:
    """How each tier was made, for someone who wants to make it again; what is the same for all tiers is said once."""
    if not facts.tiers:
        return "There are no rows."
    made = {tier.tier: list(_made(tier)) for tier in facts.tiers}
    shared = [line for line in next(iter(made.values())) if all(line in own for own in made.values())]
    if len(made) == 1:
        shared = []
    lines = []
    for tier in facts.tiers:
        lines.append(f"- {code(tier.tier)}: {_method(tier)}")
        lines += [f"  - {line}" for line in made[tier.tier] if line not in shared]
    if shared:
        lines += ["- all tiers:", *(f"  - {line}" for line in shared)]
    return "\n".join(lines)


def _method(tier: TierFacts) -> str:
    if not tier.mined:
        return "how it was made is not recorded; the rows came from elsewhere"
    if "questions_of" in tier.mined:
        return ADDED
    if "parameters" not in tier.mined:
        return "how its rows were chosen is not recorded"
    return METHOD.get(tier.tier, "made by negbank")


def _made(tier: TierFacts) -> Iterator[str]:
    """What is recorded of a tier, a line each."""
    record = tier.mined
    yield from _origins(record)
    encoder = record.get("encoder")
    if isinstance(encoder, Mapping):
        weights = clean(encoder.get("weights_hash"), 64)[:12] or "unknown"
        yield f"encoder: {code(encoder.get('name'))} (weights {code(weights)})"
    if isinstance(record.get("parameters"), Mapping) and (said := _settings(record["parameters"])):
        yield f"settings: {said}"
    if "seed" in record:
        yield f"seed: {_value(record['seed'])}"
    if "negbank" in record:
        yield f"made by negbank {code(record['negbank'])}"
    if counts := counts_of(record.get("verified")):
        found = (counted(counts.get(name, 0), "chain") + f" {said}" for name, said in _VERIFIED.items())
        yield f"verified: {', '.join(found)}"
    for name, value in record.items():
        if name not in _SAID:
            yield from _other(name, value)
    added = record.get("added")
    for note in added if isinstance(added, list | tuple) else ():
        if isinstance(note, Mapping):
            yield f"later, {ADDED}: {'; '.join(_origins(note)) or 'from where is not recorded'}"


def _other(name: str, value: object) -> Iterator[str]:
    """A record that has no words of its own here: a line, or a line an entry of a list of records."""
    if isinstance(value, list | tuple) and value and all(isinstance(inner, Mapping) for inner in value):
        for inner in value:
            yield f"{code(name)}: {_settings(inner)}"
    elif isinstance(value, Mapping):
        if said := _settings(value):
            yield f"{code(name)}: {said}"
    elif said := _settings({name: value}):
        yield said


def _origins(record: Mapping[str, Any]) -> Iterator[str]:
    """The source and the pool of a record."""
    for kind, prefix in (("source", ""), ("pool", "pool_")):
        if record.get(kind):
            revision = record.get(f"{prefix}revision")
            yield f"{kind}: {code(record[kind])}" + (f" at {code(revision, 80)}" if revision else "")
    if record.get("questions_of"):
        yield f"questions of {code(record['questions_of'])}"
    questions = counts_of({"questions": record.get("questions")})
    if questions:
        yield counted(questions["questions"], "question")


def _settings(record: Mapping[str, Any]) -> str:
    """Settings by name, without those that are open: ``per_question` 3, `columns.answer` `a``."""
    found = [
        f"{code(name, 80)} {_value(value)}" for name, value in _flat("", record) if value not in (None, "", (), [], {})
    ]
    more = f", and {len(found) - _ENTRIES} more" if len(found) > _ENTRIES else ""
    return ", ".join(found[:_ENTRIES]) + more


def _flat(prefix: str, value: object) -> Iterator[tuple[str, object]]:
    """The leaves of nested records, each with its path."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    elif isinstance(value, list | tuple) and any(isinstance(inner, Mapping) for inner in value):
        for place, inner in enumerate(value):
            yield from _flat(f"{prefix}[{place}]", inner)
    else:
        yield prefix, value


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(code(item, 80) for item in value[:_ENTRIES])
    return code(value)
