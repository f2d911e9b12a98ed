"""What a card says of a version, asked of the registry without reading the version into memory."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from negbank.cards import CardFacts, CardFile, Distribution, HistoryLine, TierFacts, ValidationFacts
from negbank.cards.plots import Curve
from negbank.commands.validations import newest_validation, readings_of
from negbank.registry import Registry, Version
from negbank.registry.commits import tier_order
from negbank.report import tables, tuned_tables, words
from negbank.report.kinds import AnyResult, verdict_of
from negbank.report.result import Result
from negbank.report.tables import Table
from negbank.report.tuned import TunedResult
from negbank.terms import counted

EXAMPLES: Final = 3

NOTHING: Final = Distribution(0.0, 0.0, 0.0, (), 0.0, 1.0)
"""The spread of a column that is null throughout."""


def card_facts(registry: Registry, version: Version, files: tuple[CardFile, ...], repo: str | None) -> CardFacts:
    """The facts of a version's card; `files` are those of its folder, `repo` is where it is pushed to."""
    manifest = version.manifest
    found = tier_facts(registry, version)
    return CardFacts(
        dataset=manifest.dataset,
        version=f"v{manifest.number}",
        manifest=version.name,
        repo=repo,
        files=files,
        tiers=found,
        questions=found[0].questions if len(found) == 1 else registry.questions(version),
        history=_history(registry, version),
        readings=readings_of(registry, version),
        validation=validation_facts(newest_validation(registry, version)),
    )


def _history(registry: Registry, version: Version) -> tuple[HistoryLine, ...]:
    """The versions up to this one, newest first; one that cannot be read says so."""
    dataset = version.manifest.dataset
    history = registry.history(str(version))
    found = {logged.version.manifest.number: logged.version.manifest for logged in history.logged}
    lines = {number: HistoryLine(f"v{number}", m.created, m.author, m.message) for number, m in found.items()}
    for number in range(1, version.manifest.number):
        if number not in found and f"{dataset}@v{number}" in history.unreadable:
            lines[number] = HistoryLine(f"v{number}", "", "", "", lost=True)
    return tuple(line for _, line in sorted(lines.items(), reverse=True))


def validation_facts(result: AnyResult | None) -> ValidationFacts | None:
    """What a card says of a result; None where there is none."""
    if result is None:
        return None
    found: tuple[Table, ...]
    curves: tuple[Curve, ...] = ()
    if isinstance(result, TunedResult):
        about, found = _about_tuned(result), (tuned_tables.score_table(result), tuned_tables.contrast_table(result))
    else:
        about, found = _about(result), (tables.curve_table(result), tables.comparison_table(result))
        curves = tables.curves(result)
    base = result.base
    model = base.name + (f" at revision {base.revision}" if base.revision else "")
    shared = [
        ("Base model", f"{model}, {base.parameters:,} parameters, {base.precision}"),
        *about,
        ("Runs", f"{counted(len(result.seeds), 'seed')}, begun {result.started[:10]}, negbank {result.negbank}"),
        ("Command", result.command),
    ]
    shown = tuple((table.title, table.columns, table.rows) for table in found if table.rows)
    return ValidationFacts(verdict_of(result), tuple(shared), shown, curves)


def _about(result: Result) -> list[tuple[str, str]]:
    """How a ranking of answers was evaluated."""
    asked = result.evaluation
    shots = f"{counted(asked.shots, 'solved question')} in front of each" if asked.shots else "no solved questions"
    return [
        (
            "Evaluation",
            f"{counted(asked.questions, 'question')} of {asked.source}, {shots}, {words.MEASURES[asked.measure]}; "
            f"guessing gets {words.percent(asked.chance)}",
        )
    ]


def _about_tuned(result: TunedResult) -> list[tuple[str, str]]:
    """How the solving of problems was evaluated."""
    asked = result.solving
    problems = ", ".join(f"{counted(used.problems, 'problem')} of {used.source}" for used in result.problems)
    drawn = f"{counted(asked.samples, 'sample')} each at temperature {asked.temperature:g}, top-p {asked.top_p:g}"
    return [("Evaluation", f"{problems}; {drawn}")]


def tier_facts(registry: Registry, version: Version) -> tuple[TierFacts, ...]:
    """Counts, spreads, examples and records of each tier."""
    ref = f"negatives('{version}')"
    spreads = {name: _spreads(registry, ref, name, low) for name, low in (("similarity", -1), ("plausibility", 0))}
    examples = _examples(registry, ref)
    mined = {part.tier: part.mined for part in reversed(version.manifest.parts)}
    similarity, plausibility = spreads["similarity"], spreads["plausibility"]
    return tuple(
        TierFacts(
            tier, rows, registry.questions(version, tier),
            similarity.get(tier, NOTHING), plausibility.get(tier, NOTHING),
            tuple(examples.filter(pl.col("tier") == tier).drop("tier").iter_rows(named=True)), mined[tier],
        )
        for tier, rows in sorted(version.tiers.items(), key=lambda item: tier_order(item[0]))
    )  # fmt: skip


def _examples(registry: Registry, ref: str) -> pl.DataFrame:
    """Some rows of each tier, first by hash: any rows, and always the same."""
    chosen = f"select unnest(min(row_hash, {EXAMPLES})) as row_hash from {ref} group by tier"
    columns = "tier, question, context, answer, negative"
    return registry.sql(f"select {columns} from {ref} semi join ({chosen}) using (row_hash) order by row_hash")


def _spreads(registry: Registry, ref: str, column: str, low: int) -> dict[str, Distribution]:
    """How a column is spread in each tier, to a thousandth; values that are null are left out."""
    counts = registry.sql(
        f"select tier, greatest({low}, least(1, round({column}, 3)))::double as value, count(*) as rows "
        f"from {ref} where {column} is not null group by all order by all"
    )
    found = {}
    for (tier,), own in counts.group_by("tier", maintain_order=True):
        values, rows = own["value"].to_numpy(), own["rows"].to_numpy()
        reached = rows.cumsum()
        p10, median, p90 = (float(values[np.searchsorted(reached, share * reached[-1])]) for share in (0.1, 0.5, 0.9))
        histogram, _ = np.histogram(values, bins=20, range=(low, 1), weights=rows)
        found[str(tier)] = Distribution(p10, median, p90, tuple(int(n) for n in histogram), float(low), 1.0)
    return found
