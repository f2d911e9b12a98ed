"""`negbank export`."""

from __future__ import annotations

import click

from negbank.cli.options import TIER, Name, complete_dataset, force_option, json_option, registry_option
from negbank.cli.screen import print_json, say
from negbank.folders import RegistryPlace
from negbank.terms import counted


@click.command()
@click.argument("reference", metavar="DATASET[@VERSION]", shell_complete=complete_dataset)
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False), metavar="FILE", help="A .jsonl or .parquet file."
)
@click.option(
    "--format",
    type=Name("format", ("trl-preference", "trl-stepwise")),
    default="trl-preference",
    show_default=True,
    help="prompt, chosen, rejected; or prompt, completions, labels: the steps of chains.",
)
@click.option("--tier", type=TIER, help="Only this tier.")
@force_option
@registry_option
@json_option
def export(
    reference: str, output: str, format: str, tier: str | None, force: bool, registry: RegistryPlace, as_json: bool
) -> None:
    """Write a version to a file in the columns that a trainer reads.

    Of chains of thought, trl-stepwise labels each step: true before the first error, false from it on. Chains whose
    first error is not known are left out and counted.

    \b
    Examples:
      negbank export arc -o pairs.jsonl
      negbank export arc@v2 -o pairs.parquet --tier near-miss
      negbank export gsm8k -o steps.jsonl --format trl-stepwise
    """
    import negbank
    from negbank.cards.refusals import refusals_text

    result = negbank.export(reference, output, format=format, tier=tier, replace=force, registry=registry)
    if as_json:
        print_json(result.to_dict())
        return
    tiers = ", ".join(result.tiers)
    say(f"{result.version} is in {result.path}: {counted(result.rows, 'row')} of {tiers}, {result.format}.")
    if result.left_out:
        say(f"Left out: {counted(result.left_out, 'chain')} whose first error is not known.")
    if result.refusals:
        say(f"Refused while it was made: {refusals_text(result.refusals)}.")
