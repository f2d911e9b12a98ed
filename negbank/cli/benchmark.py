"""`negbank benchmark`, `negbank score` and `negbank recipes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from negbank.cli.options import (
    COUNT,
    COUNT_OR_NONE,
    F,
    column_options,
    command_line,
    complete_dataset,
    json_option,
    registry_option,
)
from negbank.cli.progress import reporter
from negbank.cli.screen import print_document, print_json, print_json_text, say
from negbank.folders import RegistryPlace
from negbank.terms import counted

if TYPE_CHECKING:
    from negbank.commands.benchmark import BenchmarkResult

POSITIVE = COUNT
SHARE = click.FloatRange(0, 1)

GLOW_SYSTEMS = ("glow", "negative_only", "mixed")
GLOW_ALONE = ("alpha", "beta", "clamp", "form", "epochs")
LIKRA_ALONE = ("likra", "base_likra", "shots", "weights", "compare_tiers", "positives", "negatives", "contamination")
"""Options of one kind of benchmark that mean nothing to the other."""


def model_options(command: F) -> F:
    """`--device`, `--max-tokens`."""
    command = click.option(
        "--max-tokens", type=POSITIVE, metavar="N", help="Tokens at once; lower it where memory is short."
    )(command)
    return click.option("--device", metavar="DEVICE", help="cpu, cuda, cuda:1 (else the best that is there).")(command)


@click.command()
@click.argument("reference", required=False, metavar="[DATASET[@VERSION]]", shell_complete=complete_dataset)
@click.option("--likra", is_flag=True, help="Two heads, ranked by log p+ - w log p-; alone, beside all other systems.")
@click.option("--sft", is_flag=True, help="The positive head alone; with GLOW's systems: SFT on right chains.")
@click.option("--base-likra", is_flag=True, help="The base model minus the negative head: no right answers needed.")
@click.option(
    "--glow", is_flag=True, help="Right and wrong chains with GLOW's weights; alone, beside all other systems."
)
@click.option("--negative-only", is_flag=True, help="SFT on wrong chains alone.")
@click.option("--mixed", is_flag=True, help="SFT on right and wrong chains.")
@click.option(
    "--alpha", type=click.FloatRange(0, min_open=True), metavar="A", help="Of GLOW's weight (else the recipe's)."
)
@click.option("--beta", type=click.FloatRange(0), metavar="B", help="Of GLOW's weight: how steep it is.")
@click.option("--clamp", type=(float, float), metavar="LOW HIGH", help="Bounds of GLOW's weight.")
@click.option(
    "--form", type=click.Choice(("sigmoid", "linear")), help="Of GLOW's weight: the authors' sigmoid, or its tangent."
)
@click.option("--epochs", type=POSITIVE, metavar="N", help="Times that GLOW's systems read every chain.")
@click.option("--recipe", metavar="NAME|FILE", help="How it is proved (else the dataset's own): negbank recipes.")
@click.option("--base", metavar="MODEL", help="The base model, by name or folder (else the recipe's first).")
@click.option("--shots", type=COUNT_OR_NONE, metavar="N", help="Solved questions in front of each.")
@click.option("--limit", type=POSITIVE, metavar="N", help="Evaluation questions at most.")
@click.option("--max-examples", type=POSITIVE, metavar="N", help="Examples a head at most.")
@click.option("--seeds", type=POSITIVE, default=1, show_default=True, metavar="N", help="Runs, each with its own draw.")
@click.option("--weights", metavar="A:B:STEP|W,W", help="Weights of the negative head to try: 0:1.5:0.1.")
@click.option("--compare-tiers", is_flag=True, help="A negative head of each tier that the version has.")
@click.option("--positives", type=POSITIVE, metavar="N", help="Right answers at most.")
@click.option("--negatives", type=POSITIVE, metavar="N", help="Wrong answers at most.")
@click.option("--contamination", type=SHARE, default=0.0, metavar="SHARE", help="Wrong answers that are made right.")
@click.option("--shift/--no-shift", default=True, help="Watch how likelihoods of each kind of answer move.")
@model_options
@click.option("--out", "folder", default="runs", show_default=True, metavar="DIR", help="Where runs are kept.")
@registry_option
@json_option
def benchmark(
    reference: str | None, registry: RegistryPlace, as_json: bool, likra: bool, sft: bool, base_likra: bool,
    **given: Any,
) -> None:  # fmt: skip
    """Prove a dataset: train heads on its answers and see what a model learns from them.

    Ends with a table, plots and a report; an interrupted run goes on when the same command is run again.

    \b
    Examples:
      negbank benchmark --likra --recipe world              # no network, no GPU: ten minutes
      negbank benchmark arc@v3 --likra --shots 25
      negbank benchmark arc --likra --compare-tiers --seeds 3
      negbank benchmark --glow --recipe chains              # chains of thought: no network, no GPU
      negbank benchmark gsm8k --glow --sft --negative-only --mixed
    """
    import negbank

    if given["glow"] or given["negative_only"] or given["mixed"]:
        _benchmark_glow(reference, registry, as_json, {"likra": likra, "sft": sft, "base_likra": base_likra, **given})
        return
    for name in GLOW_ALONE:
        if given.pop(name):
            raise click.UsageError(f"--{name} is of GLOW: add --glow")
    if not (likra or sft or base_likra):
        raise click.UsageError("say what to benchmark: --likra, or --glow for chains of thought")
    for name in GLOW_SYSTEMS:
        given.pop(name)
    with reporter() as progress:
        done = negbank.benchmark(
            reference, _settings((likra, sft, base_likra), given), registry=registry, progress=progress
        )
    if as_json:
        print_json(done.to_dict())
    else:
        _print(done)


@click.command()
@click.argument("file", metavar="FILE.jsonl|-")
@click.option("--heads", required=True, metavar="DIR", help="The folder of a benchmark: runs/arc-v3.")
@click.option("--weight", type=click.FloatRange(0), metavar="W", help="Of the negative head (else the benchmark's).")
@column_options
@model_options
@json_option
def score(file: str, heads: str, as_json: bool, **given: Any) -> None:
    """Score answers with the heads of a benchmark: the lower, the likelier wrong.

    Prints each row as JSON with `positive`, `negative` (log-likelihoods in nats) and `score` (log p+ - w log p-).

    \b
    Examples:
      negbank score answers.jsonl --heads runs/arc-v3
      cat answers.jsonl | negbank score - --heads runs/arc-v3 --weight 0.8
    """
    import negbank

    with reporter() as progress:
        done = negbank.score(file, heads, negbank.ScoreSettings(**given), progress=progress)
    if as_json:
        print_json(done.to_dict())
    else:
        print_json_text(done.rows.write_ndjson())
        say(f"Scored {counted(done.rows.height, 'answer')}, weight {done.weight:g}, base {done.base}.", err=True)


@click.command()
@click.argument("action", type=click.Choice(["ls", "show"]), default="ls")
@click.argument("name", required=False)
@json_option
def recipes(action: str, name: str | None, as_json: bool) -> None:
    """List the recipes, or show one: what is trained, on which model, how it is evaluated.

    \b
    Examples:
      negbank recipes
      negbank recipes show arc > my.toml            # then: negbank benchmark --likra --recipe my.toml
    """
    from negbank.recipes import as_record, load_recipe, recipe_names, recipe_text

    if action == "show":
        if not name:
            raise click.UsageError("name a recipe: negbank recipes show arc")
        if as_json:
            print_json(as_record(load_recipe(name)))
        else:
            print_document(recipe_text(name))
        return
    found = [load_recipe(own) for own in recipe_names()]
    if as_json:
        print_json([as_record(recipe) for recipe in found])
        return
    from negbank.cli.tables import print_table

    print_table("", ("recipe", "base", "what"), [(r.name, r.bases[0].name, r.summary) for r in found])


def _benchmark_glow(reference: str | None, registry: RegistryPlace, as_json: bool, given: dict[str, Any]) -> None:
    """`negbank benchmark --glow`, or any other of its systems."""
    import negbank
    from negbank.report import tuned_tables, tuned_words

    for name in LIKRA_ALONE:
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} is of Likra: leave it out, or leave out --glow")
    with reporter() as progress:
        done = negbank.benchmark_glow(reference, _glow_settings(given), registry=registry, progress=progress)
    if as_json:
        print_json(done.to_dict())
        return
    from negbank.cli.tables import print_table

    for notice in done.result.notices:
        say(notice, err=True)
    for table in tuned_tables.tuned_tables(done.result):
        print_table(table.title, table.columns, table.rows)
    say(tuned_words.tuned_verdict(done.result), bold=True)
    say(f"Report: {done.folder / 'report.html'}")


def _glow_settings(given: dict[str, Any]) -> Any:
    """The options as `GlowBenchmarkSettings`; `--glow` alone stands for every system."""
    import negbank

    named = {"sft": given["sft"], "negative-only": given["negative_only"]}
    named |= {"mixed": given["mixed"], "glow": given["glow"]}
    systems = tuple(name for name, is_wanted in named.items() if is_wanted)
    kept = (
        "recipe",
        "base",
        "device",
        "limit",
        "max_examples",
        "seeds",
        "max_tokens",
        "folder",
        "alpha",
        "beta",
        "form",
        "epochs",
    )
    chosen = {name: given[name] for name in kept}
    if systems != ("glow",):
        chosen["systems"] = systems
    low, high = given["clamp"] or (None, None)
    return negbank.GlowBenchmarkSettings(low=low, high=high, command=command_line(), **chosen)


def _settings(wanted: tuple[bool, bool, bool], given: dict[str, Any]) -> Any:
    """The options as `BenchmarkSettings`; `--likra` alone stands for every system."""
    import negbank
    from negbank.recipes import parse_weights

    likra, sft, base_likra = wanted
    named = {"likra": likra, "sft": sft, "base-likra": base_likra}
    systems = ("base", *(name for name, is_wanted in named.items() if is_wanted))
    draw = negbank.Draw(given.pop("positives"), given.pop("negatives"), given.pop("contamination"))
    weights = given.pop("weights")
    if systems != ("base", "likra"):
        given["systems"] = systems
    return negbank.BenchmarkSettings(
        draw=draw, weights=parse_weights(weights) if weights else None, command=command_line(), **given
    )


def _print(done: BenchmarkResult) -> None:
    """Every table, the verdict, and where the report lies."""
    from negbank.cli.tables import print_table
    from negbank.report import tables, words

    for notice in done.result.notices:
        say(notice, err=True)
    for table in tables.tables(done.result):
        print_table(table.title, table.columns, table.rows)
    if done.result.probe:
        say(words.probe_sentence(done.result.probe, done.result.evaluation.level))
    say(words.verdict(done.result), bold=True)
    say(f"Report: {done.folder / 'report.html'}")
