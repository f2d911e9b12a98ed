"""`negbank add`."""

from __future__ import annotations

from typing import Any

import click

from negbank.cli.file_options import file_options, source_options
from negbank.cli.judge_options import judge_options, judge_settings
from negbank.cli.options import (
    command_line,
    complete_source,
    encoder_options,
    json_option,
    refuse_force,
    refused_options,
    registry_option,
)
from negbank.cli.progress import reporter
from negbank.cli.screen import print_json, say
from negbank.folders import RegistryPlace
from negbank.terms import counted


@click.command()
@click.argument("place", metavar="FILE|FOLDER|hf:ORG/NAME")
@click.option("--dataset", required=True, metavar="NAME", help="The dataset that gets them; a new one is made.")
@click.option(
    "--source",
    metavar="SOURCE",
    shell_complete=complete_source,
    help="The questions that the rows belong to (else the file's own).",
)
@click.option("--split", metavar="SPLIT", help="A split of a dataset on the Hub, or a slice: 'train[:80%]'.")
@file_options
@click.option("--license", metavar="NAME", help="The licence of the rows, as the Hub names it: cc-by-4.0.")
@click.option("-m", "--message", default="", metavar="TEXT", help="Why: kept with the version.")
@refused_options
@judge_options
@encoder_options
@registry_option
@json_option
def add(place: str, dataset: str, force: bool, registry: RegistryPlace, as_json: bool, **given: Any) -> None:
    """Put wrong answers that came from elsewhere into a dataset: labelled, guarded, as a new version.

    Each row has a question, its right answer (or several) and a wrong one, or choices with the right one marked:
    answers that users flagged, another dataset, `-` for JSON lines. `negbank inspect FILE` shows how it is read. A
    wrong answer is a near-miss of the question that it stands beside.

    \b
    Examples:
      negbank add flagged.jsonl --dataset arc --source arc -m "reported in October"
      negbank add hf:org/other --dataset other --negative-column rejected --license cc-by-4.0
      negbank add flagged.csv --dataset mine --judge cross-encoder/nli-deberta-v3-base
    """
    import negbank
    from negbank.cli.tables import print_table

    refused = given["refused"]
    refuse_force(force, refused)
    judge = judge_settings(given.pop("judge"), given["device"])
    file = source_options(given, given.pop("split"))
    settings = negbank.AddSettings(file=file, command=command_line(), replace=force, **judge, **given)
    with reporter() as progress:
        result = negbank.add(place, dataset, settings, registry=registry, progress=progress)
    for line in (*result.understood, *result.notices):
        say(line, err=True)
    if as_json:
        print_json(result.to_dict())
        return
    rows = [[t.tier, t.rows, t.similarity.median, t.plausibility.median] for t in result.tiers]
    if result.created:
        print_table(f"Added to {dataset}", ["tier", "rows", "similarity", "plausibility"], rows)
    if result.refusals:
        where = f" (listed in {refused})" if refused else " (--refused FILE lists them)"
        print_table(f"Refused{where}", ["tier", "reason", "count"], [[t, r, n] for t, r, n in result.refusals])
    made = "is new" if result.created else "holds exactly this already; no new version was made"
    held = counted(result.version.rows, "negative")
    say(f"{result.version} {made}: {held}, {result.added:,} of them added.", bold=True)
