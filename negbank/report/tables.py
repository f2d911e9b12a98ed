"""A result -> tables of plain texts, for a terminal, for Markdown and for the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from negbank.cards.plots import Curve
from negbank.cards.text import cell, code
from negbank.report import words
from negbank.report.result import Point, Result
from negbank.terms import counted


@dataclass(frozen=True)
class Table:
    """A table of texts; `foreign` are the columns whose texts come from data, and are escaped where they are shown."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    foreign: frozenset[int] = frozenset()


def tables(result: Result) -> tuple[Table, ...]:
    """Every table that the result has something for."""
    makers: Sequence[Callable[[Result], Table]] = (
        curve_table, comparison_table, reference_table, weight_table, shift_table, training_table,
    )  # fmt: skip
    return tuple(table for maker in makers if (table := maker(result)).rows)


def curve_table(result: Result, measure: str | None = None) -> Table:
    """Accuracy in percent with its interval: a row a number of examples, a column a system and tier."""
    return _by_line(
        f"{words.MEASURES[measure or result.evaluation.measure].capitalize()} in %, by number of examples",
        "examples",
        [point for point in result.curve if point.measure == (measure or result.evaluation.measure)],
        lambda point: (point.examples, f"{point.examples:,}"),
        result,
    )


def weight_table(result: Result) -> Table:
    """Accuracy by the weight of the negative head, at the last point of the curve."""
    points = [point for point in result.weights if point.measure == result.evaluation.measure]
    last = max((point.examples for point in points), default=0)
    return _by_line(
        f"{words.MEASURES[result.evaluation.measure].capitalize()} in %, by weight of the negative head, "
        f"at {counted(last, 'example')}",
        "weight",
        [point for point in points if point.examples == last],
        lambda point: (point.weight or 0.0, f"{point.weight or 0:g}"),
        result,
    )


def comparison_table(result: Result) -> Table:
    """Paired comparisons in points of percent."""
    rows = [
        (
            f"{words.name(compared.left)} - {words.name(compared.right)}", compared.tier or "",
            f"{compared.examples:,}", f"{100 * compared.difference:+.1f}",
            f"{100 * compared.low:+.1f} to {100 * compared.high:+.1f}",
            words.p_text(compared.p).removeprefix("p ").removeprefix("= "),
            ("yes" if compared.shown else "no"),
        )
        for compared in result.comparisons
        if compared.measure == result.evaluation.measure
    ]  # fmt: skip
    interval = f"{100 * result.evaluation.level:g}% interval"
    columns = ("systems", "tier", "examples", "difference", interval, "p", "difference shown")
    return Table("Compared on the same questions, in points", columns, tuple(rows))


def reference_table(result: Result) -> Table:
    """What others measured on the same base model in the same measure, beside what came out here."""
    rows = []
    for reference in result.references:
        points = result.points(reference.system, words.tier_of(reference.system, result.main_tier), reference.measure)
        here = f"{_cell(points[-1])} at {points[-1].examples:,}" if points else ""
        there = f"{100 * reference.accuracy:.1f}"
        rows.append((words.name(reference.system), reference.measure, here, there, reference.base, reference.source))
    columns = ("system", "measure", "here", "reference", "base model", "source")
    return Table("Beside what others measured, in %", columns, tuple(rows), frozenset((4, 5)))


def shift_table(result: Result) -> Table:
    """How far the likelihood of each kind of answer has moved since the base model."""
    kinds = [kind for kind in words.KINDS if any(shift.kind == kind for shift in result.shift)]
    found: dict[tuple[str, str, int], dict[str, float]] = {}
    for shift in result.shift:
        found.setdefault((shift.head, shift.tier or "", shift.examples), {})[shift.kind] = shift.nats_per_character
    rows = [
        (head, tier, f"{examples:,}", *(f"{moved[kind]:+.3f}" if kind in moved else "" for kind in kinds))
        for (head, tier, examples), moved in found.items()
    ]
    columns = ("head", "tier", "examples", *(words.KINDS[kind] for kind in kinds))
    return Table("Change of log-likelihood, in nats a character", columns, tuple(rows))


def training_table(result: Result) -> Table:
    """How each head was trained."""
    rows = [
        (
            run.head, run.tier or "", str(run.seed), f"{run.examples:,}", f"{run.tokens:,}",
            f"{run.loss_nats[-1]:.3f}" if run.loss_nats else "", f"{run.elapsed_s:,.0f}", f"{run.examples_per_s:,.1f}",
        )
        for run in result.training
    ]  # fmt: skip
    columns = ("head", "tier", "seed", "examples", "tokens", "last loss (nats)", "seconds", "examples/s")
    return Table("Training", columns, tuple(rows))


def markdown(result: Result) -> str:
    """The validation for a dataset's card: the verdict, how it was measured, every system at every point."""
    evaluation, base = result.evaluation, result.base
    shots = f"{counted(evaluation.shots, 'shot')} ({evaluation.shot_kind})" if evaluation.shots else "0 shots"
    lines = [
        f"**{words.verdict(result)}**",
        f"Base model {code(base.name)}; {counted(evaluation.questions, 'question')} of {code(evaluation.source)}, "
        f"{shots}, {words.MEASURES[evaluation.measure]}; guessing gets {words.percent(evaluation.chance)}. Intervals "
        f"({100 * evaluation.level:g}%) are by bootstrap over questions"
        + (f" and {len(result.seeds)} runs" if len(result.seeds) > 1 else "")
        + f". Measured on version {code(result.version)} by {code(result.command)}.",
        as_markdown(curve_table(result)),
        "\n".join(f"- {line}" for line in words.sentences(result)),
        as_markdown(reference_table(result)) if result.references else "",
        words.probe_sentence(result.probe, evaluation.level) if result.probe else "",
    ]
    return "\n\n".join(filter(None, lines)) + "\n"


def as_markdown(table: Table) -> str:
    """`table` in Markdown, its title above it."""
    align = "|".join("---" if place in table.foreign or not place else "---:" for place in range(len(table.columns)))
    body = ["| " + " | ".join(_escaped(table, row)) + " |" for row in table.rows]
    return "\n".join([f"{table.title}:", "", f"| {' | '.join(table.columns)} |", f"|{align}|", *body])


def curves(result: Result) -> tuple[Curve, ...]:
    """Accuracy by number of examples, a curve a system and tier, for the plot of a card."""
    tiers = [tier for _, tier in result.lines]
    return tuple(
        (words.label(system, tier, tiers), tuple((point.examples, point.accuracy) for point in points))
        for system, tier in result.lines
        if (points := result.points(system, tier))
    )


def _by_line(
    title: str, first: str, points: Sequence[Point], place: Callable[[Point], tuple[float, str]], result: Result
) -> Table:
    """A row a place, a column a system and tier that has a point."""
    lines = [line for line in result.lines if any((point.system, point.tier) == line for point in points)]
    cells: dict[tuple[tuple[float, str], tuple[str, str | None]], str] = {
        (place(point), (point.system, point.tier)): _cell(point) for point in points
    }
    tiers = [tier for _, tier in lines]
    rows = tuple((at[1], *(cells.get((at, line), "") for line in lines)) for at in sorted({key[0] for key in cells}))
    return Table(title, (first, *(words.label(system, tier, tiers) for system, tier in lines)), rows)


def _cell(point: Point) -> str:
    return f"{100 * point.accuracy:.1f} ({words.interval(point)})"


def _escaped(table: Table, row: tuple[str, ...]) -> list[str]:
    return [cell(text) if place in table.foreign else text for place, text in enumerate(row)]
