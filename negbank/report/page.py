"""A result -> one HTML file that needs nothing else: no script, no font, no image from elsewhere.

Every text of a result goes through `_text`: it may come from a stranger. The page's policy forbids it to load or run
anything even so.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence

from negbank.cards.text import clean
from negbank.report import tables, words
from negbank.report.canvas import Plot
from negbank.report.markup import document, figure, folded, listed, section, table, text
from negbank.report.result import Result
from negbank.terms import counted

RECIPE_CHARACTERS = 50_000
"""Of a recipe that is longer, no more is shown: it is none of ours."""


def page(result: Result, plots: Sequence[Plot]) -> str:
    """The report: the verdict, what it rests on, how it was measured, and how to measure it again."""
    drawn = {plot.name: figure(plot) for plot in plots}
    title = f"{clean(result.version, 60)}: what its wrong answers teach"
    body = [
        f"<h1>{text(title)}</h1>",
        f'<p class="verdict">{text(words.verdict(result), 2000)}</p>',
        f'<p class="below">{text(_measured(result), 1000)}</p>',
        *(f'<p class="notice">{text(notice, 1000)}</p>' for notice in result.notices),
        section("Learning curve", drawn.get("curve", ""), *_curves(result)),
        section("Compared", *_compared(result)),
        section("Tiers", drawn.get("tiers", "")),
        section("Weight of the negative head", drawn.get("weights", ""), *_weights(result)),
        section("Likelihood shift", drawn.get("shift", ""), *_shift(result)),
        section("Without the question", *_probe(result)),
        section("How it was run", *_run(result)),
        section("How to run it again", *_again(result)),
        f"<footer><p>Made by negbank {text(result.negbank, 40)}. Likra: arXiv 2503.14391.</p></footer>",
    ]
    return document(title, body)


def _measured(result: Result) -> str:
    evaluation = result.evaluation
    shots = f"{counted(evaluation.shots, 'shot')} ({evaluation.shot_kind})" if evaluation.shots else "no shots"
    dropped = f", of which {evaluation.dropped_shots:,} did not fit the model" if evaluation.dropped_shots else ""
    runs = f" and {len(result.seeds)} runs" if len(result.seeds) > 1 else ", of one run"
    return (
        f"Base model {clean(result.base.name, 200)}, {result.base.parameters:,} parameters. "
        f"{counted(evaluation.questions, 'question')} of {clean(evaluation.source, 100)}, {shots}{dropped}, ranked by "
        f"{words.MEASURES[evaluation.measure]}; guessing gets {words.percent(evaluation.chance)}. Intervals are "
        f"{100 * evaluation.level:g}% by bootstrap over questions{runs}. Measured {clean(result.started, 40)}."
    )


def _curves(result: Result) -> Iterable[str]:
    yield listed([f"{words.name(system)}: {words.MEANINGS[system]}" for system in _systems(result)])
    yield table(tables.curve_table(result))
    for measure in dict.fromkeys(point.measure for point in result.curve):
        if measure != result.evaluation.measure:
            yield folded(f"In {words.MEASURES[measure]}", table(tables.curve_table(result, measure)))


def _systems(result: Result) -> list[str]:
    return list(dict.fromkeys(system for system, _ in result.lines))


def _compared(result: Result) -> Iterable[str]:
    if result.comparisons:
        yield listed(words.sentences(result))
        yield folded("At every point", table(tables.comparison_table(result)))
        yield (
            '<p class="below">A difference counts as shown where its interval leaves out 0 and p, of a sign-flip test '
            "over questions, is below 0.05. Points before the last are looked at as well, without a correction for "
            "how many they are; the verdict is about the last.</p>"
        )
    if result.references:
        yield table(tables.reference_table(result))
        yield (
            '<p class="below">References are what others report of the same base model. Where fewer examples were '
            "used here, or other questions, the numbers are not of the same experiment.</p>"
        )


def _weights(result: Result) -> Iterable[str]:
    if result.weights:
        yield (
            '<p class="below">The best weight is picked on the very questions that it is measured on, so its accuracy '
            "is rather too high. With weight 0 the negative head is not there.</p>"
        )
        yield folded("In numbers", table(tables.weight_table(result)))


def _shift(result: Result) -> Iterable[str]:
    if result.shift:
        yield (
            '<p class="below">Above 0 a head finds such answers likelier than the base model does. A useful negative '
            "head lifts the likeliest wrong answers and not the right ones.</p>"
        )
        yield folded("In numbers", table(tables.shift_table(result)))


def _probe(result: Result) -> Iterable[str]:
    if result.probe:
        yield f"<p>{text(words.probe_sentence(result.probe, result.evaluation.level), 1000)}</p>"


def _run(result: Result) -> Iterable[str]:
    base, evaluation = result.base, result.evaluation
    contaminated = f"{words.percent(result.contamination)} of the negatives were replaced by right answers"
    facts = {
        "version": f"{result.version}, manifest {result.manifest}",
        "base model": f"{base.name}, revision {base.revision or 'not known'}, {base.architecture}, {base.precision}",
        "weights": f"SHA-256 {base.weights}",
        "evaluation": f"{evaluation.source}, revision {evaluation.revision}",
        "seeds": ", ".join(map(str, result.seeds)),
        "time": f"{result.elapsed_s:,.0f} s",
        **({"contamination": contaminated} if result.contamination else {}),
        "machine": ", ".join(f"{key} {value}" for key, value in result.machine.items()),
        "packages": ", ".join(f"{name} {version}" for name, version in result.packages.items()),
    }
    pairs = "".join(f"<dt>{text(key)}</dt><dd>{text(value, 1000)}</dd>" for key, value in facts.items())
    yield f"<dl>{pairs}</dl>"
    if result.training:
        yield table(tables.training_table(result))


def _again(result: Result) -> Iterable[str]:
    yield f"<pre><code>{text(result.command, 2000)}</code></pre>"
    yield (
        '<p class="below">On a CPU the same version, recipe, seeds and packages give the same numbers; on a GPU the '
        "last digits may differ.</p>"
    )
    recipe = json.dumps(result.recipe, indent=1, default=str)  # in ASCII: what is not is written out
    yield folded("The recipe", f"<pre><code>{html.escape(recipe[:RECIPE_CHARACTERS])}</code></pre>")
