"""`negbank label`."""

from __future__ import annotations

import json
from typing import Any

import click

from negbank.cli.options import column_options, complete_source, encoder_options, json_option
from negbank.cli.progress import reporter


@click.command()
@click.argument("file")
@click.option("--negative-column", metavar="NAME", help="The column with the wrong answer.")
@column_options
@click.option(
    "--source",
    metavar="SOURCE",
    shell_complete=complete_source,
    help="The questions that the file belongs to (else the file's own).",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Where the labelled rows go: .jsonl, .csv or .parquet (else JSON lines on standard output).",
)
@encoder_options
@json_option
def label(file: str, out: str | None, as_json: bool, **given: Any) -> None:
    """Give tier and plausibility to negatives that came from elsewhere.

    FILE (.jsonl, .csv, .parquet, or - for JSON lines) has a question, its right answer and a wrong one in each
    row. Every row comes back with tier, plausibility, similarity and question_similarity.

    \b
    Examples:
      negbank label flagged.jsonl > labelled.jsonl
      negbank label flagged.csv --negative-column said --source arc -o labelled.parquet
    """  # fmt: skip
    import negbank
    from negbank.cli.tables import print_table
    from negbank.commands.files import check_suffix, write_rows

    if out:
        check_suffix(out)
    columns = negbank.LabelColumns(given["question_column"], given["answer_column"], given["negative_column"])
    settings = negbank.LabelSettings(columns, given["source"], given["encoder"], given["device"])
    with reporter() as progress:
        result = negbank.label(file, settings, progress=progress)
    for notice in result.notices:
        click.echo(notice, err=True)
    if out:
        write_rows(result.rows, out)
    elif not as_json:
        click.echo(result.rows.write_ndjson(), nl=False)
    if as_json:
        click.echo(json.dumps(result.to_dict()))
    elif out:
        rows = [[t.tier, t.rows, t.similarity.median, t.plausibility.median] for t in result.tiers]
        print_table(f"{result.rows.height:,} rows are in {out}", ["tier", "rows", "similarity", "plausibility"], rows)
