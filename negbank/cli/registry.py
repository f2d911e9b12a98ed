"""`negbank ls`, `negbank show`, `negbank sql`, `negbank checkout`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from negbank.cli.options import TIER, Name, complete_dataset, json_option, registry_option, size_text
from negbank.folders import RegistryPlace
from negbank.terms import ERRONEOUS_COT


@click.command()
@registry_option
@json_option
def ls(registry: RegistryPlace, as_json: bool) -> None:
    """List the datasets of the registry.

    \b
    Examples:
      negbank ls
      negbank ls --registry ./registry --json
    """
    import negbank
    from negbank.cli.tables import print_table

    found = negbank.ls(registry)
    if as_json:
        click.echo(json.dumps([asdict(summary) for summary in found]))
        return
    if not found:
        click.echo("No datasets yet. Make one: negbank mine demo")
        return
    rows = [
        [s.dataset, f"v{s.version}", sum(s.tiers.values()), ", ".join(f"{t} {n:,}" for t, n in s.tiers.items()),
         size_text(s.bytes), s.created.replace("T", " ")[:16], s.message]
        for s in found
    ]  # fmt: skip
    print_table("", ["dataset", "newest", "negatives", "tiers", "size", "made (UTC)", "message"], rows)


@click.command()
@click.argument("reference", metavar="DATASET[@VERSION]", shell_complete=complete_dataset)
@click.option("--tier", type=TIER, help="Only this tier.")
@click.option("-n", "--rows", type=click.IntRange(0), default=3, show_default=True, help="Rows to show.")
@registry_option
@json_option
def show(reference: str, tier: str | None, rows: int, registry: RegistryPlace, as_json: bool) -> None:
    """Show a version: how it was made, and some of its rows.

    \b
    Examples:
      negbank show arc
      negbank show arc --tier near-miss -n 5
      negbank show arc@stable                      # the version that has this tag
      negbank show arc@v2 --json | jq '.rows[0]'
    """
    import negbank
    from negbank.cli.tables import print_table

    found = negbank.show(reference, tier, rows, registry=registry)
    if as_json:
        click.echo(json.dumps(found.to_dict()))
        return
    manifest = found.version.manifest
    click.secho(f"{found.version}  {manifest.created}  {manifest.author}  {found.version.name[:12]}", bold=True)
    if found.tags:
        click.echo(f"  tags: {', '.join(found.tags)}")
    if manifest.message:
        click.echo(f"  {manifest.message}")
    click.echo(f"  {manifest.command}")
    if found.validated:
        click.echo(f"  validated {found.validated}")
    click.echo()
    print_table("", ["tier", "negatives"], list(found.version.tiers.items()))
    for row in found.rows.iter_rows(named=True):
        scores = f"plausibility {_score(row['plausibility'])}  similarity {_score(row['similarity'])}"
        click.echo(f"{click.style(row['tier'], bold=True)}  {scores}  {row['origin']} {row['origin_id']}")
        click.echo(f"  question  {_lines(row['question'])}")
        click.echo("  right     " + click.style(_lines(row["answer"]), fg="green"))
        click.echo("  wrong     " + click.style(_lines(row["negative"]), fg="red"))
        if row["tier"] == ERRONEOUS_COT:
            click.echo(f"  answers   {row['final_answer']}, where {row['gold_answer']} is right{_by(row)}")
            click.echo(f"  error     {_error(row)}")
        click.echo()


@click.command()
@click.argument("reference", metavar="DATASET[@VERSION]", shell_complete=complete_dataset)
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--force", is_flag=True, help="Replace a checkout that is there already.")
@click.option(
    "--format",
    type=Name("format", ("hub", "parquet", "jsonl")),
    default="hub",
    show_default=True,
    help="As the Hub lays it out, with its card; or a plain file a tier and split.",
)
@registry_option
@json_option
def checkout(reference: str, folder: str, force: bool, format: str, registry: RegistryPlace, as_json: bool) -> None:
    """Write a version to FOLDER as the Hub lays it out: Parquet files, and a README that loads them.

    \b
    Examples:
      negbank checkout arc ./arc-negatives
      negbank checkout arc@v2 ./arc-negatives --force
      negbank checkout arc@stable ./out --format jsonl
      python -c 'from datasets import load_dataset; print(load_dataset("./arc-negatives", "near-miss"))'
    """
    import negbank

    version = negbank.checkout(reference, folder, replace=force, format=format, registry=registry)
    if as_json:
        click.echo(json.dumps({"version": str(version), "folder": folder, "tiers": version.tiers}))
        return
    click.echo(f"{version} is in {folder}: {version.rows:,} negatives.")
    if format != "hub":
        return
    first = next(iter(version.tiers))
    click.echo(f"Load it: datasets.load_dataset({folder!r}, {first!r}, split='train')")


@click.command()
@click.argument("query")
@registry_option
@json_option
def sql(query: str, registry: RegistryPlace, as_json: bool) -> None:
    """Ask one SELECT of versions: negatives('arc@v3') are the rows of that version, in DuckDB's SQL.

    \b
    Examples:
      negbank sql "select tier, count(*), avg(plausibility) from negatives('arc@v3') group by 1"
      negbank sql "select question, negative from negatives('arc') where plausibility > 0.95 limit 5"
    """
    import negbank
    from negbank.cli.tables import print_table

    found = negbank.sql(query, registry=registry)
    if as_json:
        click.echo(found.write_json())
        return
    print_table("", found.columns, found.rows())


def _lines(text: str) -> str:
    """A text of several lines, each below the first."""
    return text.replace("\n", "\n            ")


def _error(row: dict[str, Any]) -> str:
    """Where a chain goes wrong, as far as that is known; steps count from 0."""
    if row["first_error_step"] is not None:
        kind = f", {row['error_type']}" if row["error_type"] else ""
        return f"step {row['first_error_step']}, known by {row['error_source']}{kind}"
    if row["first_divergent_step"] is not None:
        return f"not known; it leaves the gold chain's quantities at step {row['first_divergent_step']} (a hint)"
    return "not known"


def _by(row: dict[str, Any]) -> str:
    return f"; by {row['generator']}" if row["generator"] else ""


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
