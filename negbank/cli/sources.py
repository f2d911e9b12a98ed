"""`negbank sources`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from negbank.cli.options import json_option


@click.command()
@json_option
def sources(as_json: bool) -> None:
    """List where questions can come from.

    \b
    Examples:
      negbank sources
      NEGBANK_HUB_MIRROR=/data/hub negbank mine arc     # a folder instead of the Hub
      negbank mine questions.csv --question-column q --answer-column a
      negbank mine hf:allenai/sciq --answer-column correct_answer --choices-column distractor1
    """
    from negbank.cli.tables import print_table
    from negbank.sources import SOURCES

    listed = [{k: v for k, v in asdict(s).items() if k != "read"} for s in SOURCES.values()]
    if as_json:
        click.echo(json.dumps(listed))
        return
    columns = ("name", "summary", "place", "license")
    rows = [[source[column] for column in columns] for source in listed]
    rows += [
        ["FILE", "questions of your own: .jsonl, .csv, .tsv, .parquet, or - for JSON lines", "this machine", ""],
        ["hf:ORG/NAME[:CONFIG]", "any dataset with a question and an answer column", "the Hub", ""],
    ]
    print_table("", ["SOURCE", "what it is", "where", "licence"], rows)
