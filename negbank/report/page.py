"""A result -> one HTML file that needs nothing else: no script, no font, no image from elsewhere.

Every text of a result goes through `_text`: it may come from a stranger. The page's policy forbids it to load or run
anything even so.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from importlib import resources

from negbank.cards.text import clean
from negbank.report import tables, words
from negbank.report.canvas import Plot
from negbank.report.result import Result

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

RECIPE_CHARACTERS = 50_000
"""Of a recipe that is longer, no more is shown: it is none of ours."""


def page(result: Result, plots: Sequence[Plot]) -> str:
    """The report: the verdict, what it rests on, how it was measured, and how to measure it again."""
    drawn = {plot.name: _figure(plot) for plot in plots}
    title = f"{clean(result.version, 60)}: what its wrong answers teach"
    body = [
        f"<h1>{_text(title)}</h1>",
        f'<p class="verdict">{_text(words.verdict(result), 2000)}</p>',
        f'<p class="below">{_text(_measured(result), 1000)}</p>',
        *(f'<p class="notice">{_text(notice, 1000)}</p>' for notice in result.notices),
        _section("Learning curve", drawn.get("curve", ""), *_curves(result)),
        _section("Compared", *_compared(result)),
        _section("Tiers", drawn.get("tiers", "")),
        _section("Weight of the negative head", drawn.get("weights", ""), *_weights(result)),
        _section("Likelihood shift", drawn.get("shift", ""), *_shift(result)),
        _section("Without the question", *_probe(result)),
        _section("How it was run", *_run(result)),
        _section("How to run it again", *_again(result)),
        f"<footer><p>Made by negbank {_text(result.negbank, 40)}. Likra: arXiv 2503.14391.</p></footer>",
    ]
    css = resources.files("negbank.report").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, body))
        + "\n</body>\n</html>\n"
    )


def _measured(result: Result) -> str:
    evaluation = result.evaluation
    shots = f"{evaluation.shots} shots ({evaluation.shot_kind})" if evaluation.shots else "no shots"
    dropped = f", of which {evaluation.dropped_shots:,} did not fit the model" if evaluation.dropped_shots else ""
    runs = f" and {len(result.seeds)} runs" if len(result.seeds) > 1 else ", of one run"
    return (
        f"Base model {clean(result.base.name, 200)}, {result.base.parameters:,} parameters. "
        f"{evaluation.questions:,} questions of {clean(evaluation.source, 100)}, {shots}{dropped}, ranked by "
        f"{words.MEASURES[evaluation.measure]}; guessing gets {words.percent(evaluation.chance)}. Intervals are "
        f"{100 * evaluation.level:g}% by bootstrap over questions{runs}. Measured {clean(result.started, 40)}."
    )


def _curves(result: Result) -> Iterable[str]:
    yield _listed([f"{words.name(system)}: {words.MEANINGS[system]}" for system in _systems(result)])
    yield _table(tables.curve_table(result))
    for measure in dict.fromkeys(point.measure for point in result.curve):
        if measure != result.evaluation.measure:
            yield _folded(f"In {words.MEASURES[measure]}", _table(tables.curve_table(result, measure)))


def _systems(result: Result) -> list[str]:
    return list(dict.fromkeys(system for system, _ in result.lines))


def _compared(result: Result) -> Iterable[str]:
    if result.comparisons:
        yield _listed(words.sentences(result))
        yield _folded("At every point", _table(tables.comparison_table(result)))
        yield (
            '<p class="below">A difference counts as shown where its interval leaves out 0 and p, of a sign-flip test '
            "over questions, is below 0.05. Points before the last are looked at as well, without a correction for "
            "how many they are; the verdict is about the last.</p>"
        )
    if result.references:
        yield _table(tables.reference_table(result))
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
        yield _folded("In numbers", _table(tables.weight_table(result)))


def _shift(result: Result) -> Iterable[str]:
    if result.shift:
        yield (
            '<p class="below">Above 0 a head finds such answers likelier than the base model does. A useful negative '
            "head lifts the likeliest wrong answers and not the right ones.</p>"
        )
        yield _folded("In numbers", _table(tables.shift_table(result)))


def _probe(result: Result) -> Iterable[str]:
    if result.probe:
        yield f"<p>{_text(words.probe_sentence(result.probe, result.evaluation.level), 1000)}</p>"


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
    pairs = "".join(f"<dt>{_text(key)}</dt><dd>{_text(value, 1000)}</dd>" for key, value in facts.items())
    yield f"<dl>{pairs}</dl>"
    if result.training:
        yield _table(tables.training_table(result))


def _again(result: Result) -> Iterable[str]:
    yield f"<pre><code>{_text(result.command, 2000)}</code></pre>"
    yield (
        '<p class="below">On a CPU the same version, recipe, seeds and packages give the same numbers; on a GPU the '
        "last digits may differ.</p>"
    )
    recipe = json.dumps(result.recipe, indent=1, default=str)  # in ASCII: what is not is written out
    yield _folded("The recipe", f"<pre><code>{html.escape(recipe[:RECIPE_CHARACTERS])}</code></pre>")


def _section(title: str, *parts: str) -> str:
    """A section, or nothing where it would be empty."""
    filled = [part for part in parts if part]
    return f"<section>\n<h2>{_text(title)}</h2>\n" + "\n".join(filled) + "\n</section>" if filled else ""


def _figure(plot: Plot) -> str:
    return f"<figure>{plot.inline}</figure>"


def _table(table: tables.Table) -> str:
    """A table with its title; every cell is escaped, whether its text is ours or not."""
    if not table.rows:
        return ""
    head = "".join(f'<th scope="col">{_text(column)}</th>' for column in table.columns)
    kinds = ['<td class="words">' if place in table.foreign else "<td>" for place in range(len(table.columns))]
    rows = "\n".join(
        "<tr>" + "".join(f"{kind}{_text(text)}</td>" for kind, text in zip(kinds, row, strict=True)) + "</tr>"
        for row in table.rows
    )
    caption = f"<caption>{_text(table.title)}</caption>"
    return (
        f'<div class="wide"><table>{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'
    )


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{_text(summary)}</summary>\n{inside}\n</details>" if inside else ""


def _listed(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{_text(line, 500)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _text(value: object, limit: int = 300) -> str:
    """`value` for HTML: on one line, its invisible characters written out, without effect."""
    return html.escape(clean(value, limit))
