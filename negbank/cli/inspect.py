"""`negbank inspect`."""

from __future__ import annotations

from typing import Any

import click

from negbank.cli.file_options import file_options, source_options
from negbank.cli.options import json_option
from negbank.cli.screen import print_json, say


@click.command()
@click.argument("place", metavar="FILE|FOLDER|hf:NAME|-")
@click.option("--split", metavar="SPLIT", help="A split of a dataset on the Hub, or a slice: 'train[:80%]'.")
@file_options
@json_option
def inspect(place: str, split: str | None, as_json: bool, **given: Any) -> None:
    """Show what is understood of a file of questions, and change nothing.

    It says which column is question, answer and choices, how an answer points into the choices, shows three examples
    with the right answer marked, and counts what is left out. Files are .json, .jsonl, .csv, .tsv, Parquet and
    Arrow, each also .gz, .zst or .bz2; a folder or a glob of them; - is JSON lines or a JSON array.

    \b
    Examples:
      negbank inspect questions.jsonl
      negbank inspect exam.csv --answer-base 1
      negbank inspect hf:allenai/sciq --json
      negbank inspect 'parts/*.parquet' --question-column q --answer-column a
    """
    import negbank

    result = negbank.inspect(place, source_options(given, split))
    if as_json:
        print_json(result.to_dict())
    else:
        for line in result.lines():
            say(line)
