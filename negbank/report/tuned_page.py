"""A result of GLOW -> one HTML file that needs nothing else."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence

from negbank.cards.text import clean
from negbank.report import tuned_tables as tables
from negbank.report import tuned_words as words
from negbank.report.canvas import Plot
from negbank.report.markup import document, figure, folded, listed, section, table, text
from negbank.report.page import RECIPE_CHARACTERS
from negbank.report.tuned import TunedResult
from negbank.terms import counted


def tuned_page(result: TunedResult, plots: Sequence[Plot]) -> str:
    """The report: the verdict, what it rests on, how it was measured, and how to measure it again."""
    drawn = {plot.name: figure(plot) for plot in plots}
    title = f"{clean(result.version, 60)}: what its wrong chains teach"
    body = [
        f"<h1>{text(title)}</h1>",
        f'<p class="verdict">{text(words.tuned_verdict(result), 2000)}</p>',
        f'<p class="below">{text(_measured(result), 1000)}</p>',
        *(f'<p class="notice">{text(notice, 1000)}</p>' for notice in _notices(result)),
        section("Problems solved", drawn.get("solved", ""), _systems(result), table(tables.score_table(result))),
        section("Compared", *_compared(result)),
        section("Entropy", drawn.get("entropy", ""), folded("In numbers", table(tables.entropy_table(result)))),
        section("Training", drawn.get("losses", ""), folded("In numbers", table(tables.loss_table(result)))),
        section("Weights", drawn.get("weights", ""), folded("In numbers", table(tables.weight_spread_table(result)))),
        section("How it was run", *_run(result)),
        section("How to run it again", *_again(result)),
        f"<footer><p>Made by negbank {text(result.negbank, 40)}. GLOW: arXiv 2601.04992.</p></footer>",
    ]
    return document(title, body)


def _measured(result: TunedResult) -> str:
    solving = result.solving
    sets = " and ".join(
        f"{counted(used.problems, 'problem')} of {clean(used.source, 100)} ({words.DOMAINS[used.domain]})"
        for used in result.problems
    )
    runs = f" and {len(result.seeds)} runs" if len(result.seeds) > 1 else ", of one run"
    return (
        f"Base model {clean(result.base.name, 200)}, {result.base.parameters:,} parameters. {sets}; {solving.samples} "
        f"samples each at temperature {solving.temperature:g} and top-p {solving.top_p:g}, judged by their final "
        f"answer. pass@k is the unbiased estimate. Intervals are {100 * solving.level:g}% by bootstrap over "
        f"problems{runs}. Measured {clean(result.started, 40)}."
    )


def _notices(result: TunedResult) -> Iterable[str]:
    yield from result.notices
    if result.unjudged:
        yield f"Not judged, and counted as not right: {counted(result.unjudged, 'sample')}."
    if result.unfinished:
        most = f"{result.solving.max_tokens:,}"
        most = f"{result.solving.max_tokens:,}"
        yield f"Cut at {most} tokens or at the model's window: {counted(result.unfinished, 'sample')}."


def _systems(result: TunedResult) -> str:
    return listed([f"{words.NAMES[system]}: {words.MEANINGS[system]}" for system in result.systems])


def _compared(result: TunedResult) -> Iterable[str]:
    if result.contrasts:
        yield listed(words.tuned_sentences(result))
        yield folded("All comparisons", table(tables.contrast_table(result)))
        yield (
            '<p class="below">A difference counts as shown where its interval leaves out 0 and p, of a sign-flip test '
            "over problems, is below 0.05, without a correction for how many comparisons there are. Systems trained on "
            "both kinds of chains take more steps than those trained on one.</p>"
        )
    yield table(tables.effect_table(result))


def _run(result: TunedResult) -> Iterable[str]:
    base = result.base
    facts = {
        "version": f"{result.version}, manifest {result.manifest}",
        "base model": f"{base.name}, revision {base.revision or 'not known'}, {base.architecture}, {base.precision}",
        "weights": f"SHA-256 {base.weights}",
        "problems": "; ".join(f"{used.source}, revision {used.revision}" for used in result.problems),
        "seeds": ", ".join(map(str, result.seeds)),
        "time": f"{result.elapsed_s:,.0f} s",
        "machine": ", ".join(f"{key} {value}" for key, value in result.machine.items()),
        "packages": ", ".join(f"{name} {version}" for name, version in result.packages.items()),
    }
    yield (
        "<dl>" + "".join(f"<dt>{text(key)}</dt><dd>{text(value, 1000)}</dd>" for key, value in facts.items()) + "</dl>"
    )
    yield table(tables.run_table(result))


def _again(result: TunedResult) -> Iterable[str]:
    yield f"<pre><code>{text(result.command, 2000)}</code></pre>"
    recipe = json.dumps(result.recipe, indent=1, default=str)  # in ASCII: what is not is written out
    yield folded("The recipe", f"<pre><code>{html.escape(recipe[:RECIPE_CHARACTERS])}</code></pre>")
