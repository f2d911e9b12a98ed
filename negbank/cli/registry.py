"""`negbank ls`, `negbank show`, `negbank sql`, `negbank checkout`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from negbank.cli.options import (
    COUNT,
    COUNT_OR_NONE,
    TIER,
    Name,
    complete_dataset,
    json_option,
    registry_option,
    size_text,
)
from negbank.cli.screen import print_json, print_json_text, say, say_damaged, say_field
from negbank.folders import RegistryPlace, real_path
from negbank.terms import ERRONEOUS_COT, counted
from negbank.text.display import cut

MESSAGE_LIMIT = 200
"""Characters of a version's message that `ls` shows; `log` shows all."""

if TYPE_CHECKING:
    import polars as pl

    from negbank.commands.registry import ShowResult


@click.command()
@registry_option
@json_option
def ls(registry: RegistryPlace, as_json: bool) -> int:
    """List the datasets of the registry; exit code 1 where one is damaged.

    \b
    Examples:
      negbank ls
      negbank ls --registry ./registry --json
    """
    import negbank
    from negbank.cli.tables import print_table

    found = negbank.ls(registry)
    broken = say_damaged(summary.problem for summary in found if summary.problem)
    if as_json:
        print_json([asdict(summary) for summary in found])
        return broken
    if not found:
        say("No datasets yet. Make one: negbank mine demo")
        return 0
    rows = [
        [s.dataset, f"v{s.version}", sum(s.tiers.values()) if s.created else None,
         ", ".join(f"{t} {n:,}" for t, n in s.tiers.items()) if s.created else "damaged",
         size_text(s.bytes), s.created.replace("T", " ")[:16], cut(s.message, MESSAGE_LIMIT)]
        for s in found
    ]  # fmt: skip
    print_table("", ["dataset", "newest", "negatives", "tiers", "size", "made (UTC)", "message"], rows)
    return broken


@click.command()
@click.argument("reference", metavar="DATASET[@VERSION]", shell_complete=complete_dataset)
@click.option("--tier", type=TIER, help="Only this tier.")
@click.option("-n", "--rows", type=COUNT_OR_NONE, help="Rows to show, of each tier in turn.  [default: 3]")
@click.option("--where", metavar="SQL", help='Only rows for which this is true: "plausibility > 0.8".')
@click.option("--sample", type=COUNT, metavar="N", help="Show N rows drawn at random instead.")
@click.option("--seed", type=click.IntRange(0), metavar="S", help="Decides what --sample draws.  [default: 0]")
@click.option("--refused", is_flag=True, help="List what was refused while it was made, by reason, instead of rows.")
@registry_option
@json_option
def show(
    reference: str, tier: str | None, rows: int | None, where: str | None, sample: int | None, seed: int | None,
    refused: bool, registry: RegistryPlace, as_json: bool,
) -> None:  # fmt: skip
    """Show a version: how it was made, and some of its rows.

    --where takes any expression in DuckDB's SQL over the columns of a row.

    \b
    Examples:
      negbank show arc
      negbank show arc --tier near-miss -n 5
      negbank show arc --sample 60 --seed 1        # rows to read, the same ones each time
      negbank show arc --where "plausibility > 0.8 and question ilike '%energy%'"
      negbank show arc --refused
      negbank show arc@stable                      # the version that has this tag
      negbank show arc@v2 --json | jq '.rows[0]'
    """
    import negbank

    if sample and rows is not None:
        raise click.UsageError("--sample N says how many rows to show; leave out -n")
    if seed is not None and not sample:
        raise click.UsageError("--seed only applies with --sample N")
    if refused and (where or sample or rows is not None):
        raise click.UsageError("--refused lists counts, not rows; leave out --where, --sample and -n")
    if refused:
        rows = 0
    found = negbank.show(
        reference, tier, 3 if rows is None else rows, where=where, sample=sample, seed=seed or 0, registry=registry
    )
    if as_json:
        print_json(found.to_dict())
        return
    _print_version(found)
    if refused:
        _print_refusals(found, tier)
    for row in found.rows.iter_rows(named=True):
        _print_row(row)
    if where and found.rows.is_empty():
        say(f"No row fulfils {where}.")


def _print_version(found: ShowResult) -> None:
    """How a version came about, and its rows by tier."""
    from negbank.cli.tables import print_table

    manifest = found.version.manifest
    created = manifest.created.replace("T", " ")[:16]
    head = f"{found.version}  made {created} UTC by {manifest.author}  manifest {found.version.name[:12]}"
    say(head, bold=True)
    if found.tags:
        say(f"  tagged {', '.join(found.tags)}")
    if manifest.message:
        say(f"  {manifest.message}")
    if manifest.command:
        say(f"  $ {manifest.command}")
    if found.validated:
        say(f"  validated {found.validated}")
    say()
    print_table("", ["tier", "negatives"], list(found.version.tiers.items()))


def _print_refusals(found: ShowResult, tier: str | None) -> None:
    """What was refused, by what it was and reason; of one tier, also what was refused before there were tiers."""
    from negbank.cards.refusals import QUESTION, ROW, UNTOLD
    from negbank.cli.tables import print_table

    listed = [r for r in found.refusals if tier in (None, r.of) or r.of in (QUESTION, ROW)]
    rows = [[r.of, r.reason, r.count, r.meaning] for r in listed]
    if rows:
        print_table("", ["refused", "reason", "count", "because"], rows)
    else:
        say(f"Nothing was refused, or {UNTOLD}.")


def _print_row(row: dict[str, Any]) -> None:
    """One negative, for a person."""
    scores = f"plausibility {_score(row['plausibility'])}  similarity {_score(row['similarity'])}"
    origin = f"{row['origin']} {row['origin_id']}" if row["origin_id"] else row["origin"]
    say(row["tier"], bold=True, nl=False)
    say(f"  {scores}  {origin}")
    if row.get("context"):
        say_field("context", row["context"])
    say_field("question", row["question"])
    for text in row.get("answers") or [row["answer"]]:
        say_field("right", text, fg="green")
    say_field("wrong", row["negative"], fg="red")
    if row["tier"] == ERRONEOUS_COT:
        say_field("answers", f"{row['final_answer']}; {row['gold_answer']} is right{_by(row)}")
        say_field("error", _error(row))
    say()


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
    from negbank.cards.refusals import refusals, refusals_text
    from negbank.checkout_folder import kept_in

    target, was_here = Path(folder).absolute(), real_path(folder) == real_path(".")
    version = negbank.checkout(reference, target, replace=force, format=format, registry=registry)
    kept = kept_in(target)
    refused = refusals(version.mined)
    if as_json:
        listed = [asdict(refusal) for refusal in refused]
        said = {"version": str(version), "folder": folder, "tiers": version.tiers, "refusals": listed, "kept": kept}
        print_json(said)
        return
    say(f"{version} is in {folder}: {counted(version.rows, 'negative')}.")
    if was_here:
        say('The folder that you are in is a new one; to see it, enter it again: cd "$PWD"')
    if kept:
        say(f"Left as it was, since negbank did not write it: {', '.join(kept)}.")
    if refused:
        say(f"Refused while it was made: {refusals_text(refused)}.")
    if format != "hub":
        return
    first = next(iter(version.tiers))
    say(f"Load it: datasets.load_dataset({folder!r}, {first!r}, split='train')")


@click.command()
@click.argument("query")
@click.option("--allow-files", is_flag=True, help="Let the query read files of this machine: read_csv('x.csv').")
@registry_option
@json_option
def sql(query: str, allow_files: bool, registry: RegistryPlace, as_json: bool) -> None:
    """Ask one SELECT of versions: negatives('arc@v3') are the rows of that version, in DuckDB's SQL.

    A query reads versions and nothing else, unless --allow-files. Columns of one name get a number; bytes are shown in
    hexadecimal digits.

    \b
    Examples:
      negbank sql "select tier, count(*), avg(plausibility) from negatives('arc@v3') group by 1"
      negbank sql "select question, negative from negatives('arc') where plausibility > 0.95 limit 5"
    """
    import negbank
    from negbank.cli.tables import print_table

    found = _without_bytes(negbank.sql(query, allow_files=allow_files, registry=registry))
    if as_json:
        print_json_text(found.write_json())
        return
    print_table("", found.columns, found.rows())


def _without_bytes(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with bytes as hexadecimal digits, which JSON and a table can hold."""
    import polars as pl

    return frame.with_columns(pl.col(pl.Binary).bin.encode("hex"))


def _error(row: dict[str, Any]) -> str:
    """Where a chain goes wrong, as far as that is known; steps count from 0."""
    if row["first_error_step"] is not None:
        kind = f" ({row['error_type']})" if row["error_type"] else ""
        return f"step {row['first_error_step']}{kind}, known from {row['error_source']}"
    if row["first_divergent_step"] is not None:
        return f"not known; the first quantity that the right chain lacks is in step {row['first_divergent_step']}"
    return "not known"


def _by(row: dict[str, Any]) -> str:
    return f"; written by {row['generator']}" if row["generator"] else ""


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
