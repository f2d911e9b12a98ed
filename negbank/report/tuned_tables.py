"""A result of GLOW -> tables of plain texts, for a terminal, for Markdown and for the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from negbank.cards.text import code
from negbank.report.tables import Table, as_markdown
from negbank.report.tuned import TunedResult
from negbank.report.tuned_words import DOMAINS, EFFECTS, NAMES, tuned_sentences, tuned_verdict
from negbank.report.words import p_text


def tuned_tables(result: TunedResult) -> tuple[Table, ...]:
    """Every table that the result has something for."""
    makers: Sequence[Callable[[TunedResult], Table]] = (
        score_table, contrast_table, entropy_table, effect_table, loss_table, weight_spread_table, run_table,
    )  # fmt: skip
    return tuple(table for maker in makers if (table := maker(result)).rows)


def score_table(result: TunedResult) -> Table:
    """pass@k in percent with its interval: a row a system, a column a source and k."""
    ks = sorted({score.k for score in result.scores})
    places = [(used, k) for used in result.problems for k in ks]
    rows = []
    for system in result.systems:
        cells = [result.score(system, used.source, k) for used, k in places]
        texts = (
            f"{100 * s.accuracy:.1f} ({100 * s.low:.1f} to {100 * s.high:.1f})" if s is not None else "" for s in cells
        )
        rows.append((NAMES[system], *texts))
    columns = (f"{used.source}, {DOMAINS[used.domain]}, pass@{k}" for used, k in places)
    return Table("Problems solved, in %", ("system", *columns), tuple(rows))


def contrast_table(result: TunedResult) -> Table:
    """Paired comparisons in points of percent."""
    rows = [
        (
            f"{NAMES[one.left]} - {NAMES[one.right]}", f"{one.source}, {DOMAINS[one.domain]}", str(one.k),
            f"{100 * one.difference:+.1f}", f"{100 * one.low:+.1f} to {100 * one.high:+.1f}",
            p_text(one.p).removeprefix("p ").removeprefix("= "), ("yes" if one.shown else "no"),
        )
        for one in result.contrasts
    ]  # fmt: skip
    interval = f"{100 * result.solving.level:g}% interval"
    columns = ("systems", "problems", "k", "difference", interval, "p", "difference shown")
    return Table("Compared on the same problems, in points", columns, tuple(rows), frozenset((1,)))


def entropy_table(result: TunedResult) -> Table:
    """Mean token entropy under each system's own samples."""
    rows = [
        (
            NAMES[one.system], f"{one.source}, {DOMAINS[one.domain]}", f"{one.nats:.3f}",
            f"{one.low:.3f} to {one.high:.3f}",
        )
        for one in result.entropies
    ]  # fmt: skip
    interval = f"{100 * result.solving.level:g}% interval"
    return Table(
        "Entropy of a token, in nats", ("system", "problems", "entropy", interval), tuple(rows), frozenset((1,))
    )


def effect_table(result: TunedResult) -> Table:
    """What a paper reports, beside what came out here."""
    rows = [
        (
            EFFECTS[one.effect], _here(result, one.effect), f"{one.value:+g} {one.unit}", one.base, one.source,
            one.note,
        )
        for one in result.references
    ]  # fmt: skip
    columns = ("effect", "here", "reference", "base model", "source", "note")
    return Table("Beside what others report", columns, tuple(rows), frozenset((3, 4, 5)))


def loss_table(result: TunedResult) -> Table:
    """Mean loss of the chains, by epoch."""
    epochs = max((len(curve.nats) for curve in result.losses), default=0)
    rows = tuple(
        (str(epoch + 1), *(f"{c.nats[epoch]:.3f}" if epoch < len(c.nats) else "" for c in result.losses))
        for epoch in range(epochs)
    )
    columns = (f"{NAMES[curve.system]}, {curve.side}" for curve in result.losses)
    return Table("Loss of a chain in training, in nats a token", ("epoch", *columns), rows)


def weight_spread_table(result: TunedResult) -> Table:
    """How GLOW's weights are spread, by epoch."""
    rows = tuple(
        (
            str(one.epoch), one.side, f"{one.mean:.3f}",
            *(f"{value:.3f}" for value in (one.p5, one.p25, one.p50, one.p75, one.p95)),
            f"{100 * one.at_low:.0f}%", f"{100 * one.at_high:.0f}%",
        )
        for one in result.weights
    )  # fmt: skip
    columns = ("epoch", "side", "mean", "5%", "25%", "median", "75%", "95%", "at the lower clamp", "at the upper")
    return Table("Weights of GLOW", columns, rows)


def run_table(result: TunedResult) -> Table:
    """How each system was trained."""
    rows = tuple(
        (
            NAMES[run.system], str(run.seed), f"{run.right:,}", f"{run.wrong:,}", str(run.epochs), f"{run.tokens:,}",
            f"{run.elapsed_s:,.0f}",
        )
        for run in result.training
    )  # fmt: skip
    columns = ("system", "seed", "right chains", "wrong chains", "epochs", "tokens", "seconds")
    return Table("Training", columns, rows)


def tuned_markdown(result: TunedResult) -> str:
    """The validation in Markdown: the verdict, how it was measured, every system on every source."""
    solving = result.solving
    lines = [
        f"**{tuned_verdict(result)}**",
        f"Base model {code(result.base.name)}; {solving.samples} samples a problem at T {solving.temperature:g}, top-p "
        f"{solving.top_p:g}. Measured on version {code(result.version)} by {code(result.command)}.",
        as_markdown(score_table(result)),
        "\n".join(f"- {line}" for line in tuned_sentences(result)),
        as_markdown(entropy_table(result)),
    ]
    return "\n\n".join(filter(None, lines)) + "\n"


def _here(result: TunedResult, effect: str) -> str:
    """What came out here of an effect that a paper reports, where it was measured."""
    k = min((score.k for score in result.scores), default=1)
    if effect == "ood-gain":
        gains = [
            c.difference for c in result.contrasts if (c.left, c.right, c.domain, c.k) == ("glow", "sft", "out", k)
        ]
        return f"{100 * sum(gains) / len(gains):+.2f} points" if gains else ""
    if effect == "entropy-gain":
        found = {e.system: e.nats for e in result.entropies if e.source == result.main_source}
        if "negative-only" in found and found.get("sft"):
            return f"{100 * (found['negative-only'] / found['sft'] - 1):+.2f} percent"
    return ""
