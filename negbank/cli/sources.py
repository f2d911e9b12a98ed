"""`negbank sources`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from negbank.cli.options import json_option
from negbank.cli.screen import print_json, say

if TYPE_CHECKING:
    from negbank.sources import Source


@click.command()
@json_option
def sources(as_json: bool) -> None:
    """List where questions can come from, and which of them are held out.

    Benchmarks are read from the Hugging Face Hub, or from a folder that mirrors it (NEGBANK_HUB_MIRROR). `demo` and
    files need neither.

    \b
    Examples:
      negbank sources
      NEGBANK_HUB_MIRROR=/data/hub negbank mine arc     # a folder instead of the Hub
      negbank mine questions.csv --question-column q --answer-column a
      negbank mine hf:org/name --question-column q --answer-column a
    """
    from negbank.cli.tables import print_table
    from negbank.sources import SOURCES

    if as_json:
        print_json([_record(source) for source in SOURCES.values()])
        return
    rows = [
        [source.name, source.summary, source.place, source.license, _splits(source.held_out)]
        for source in SOURCES.values()
    ]
    rows += [
        ["FILE", "questions of your own: .jsonl, .csv, .tsv, .parquet, or - for JSON lines", "this machine", "", ""],
        ["hf:ORG/NAME[:CONFIG]", "any dataset with a question and an answer column", "the Hub", "", ""],
    ]
    print_table("", ["SOURCE", "what it is", "where", "licence", "held out"], rows)
    say(
        "Held-out splits are never trained on and are checked for contamination. --no-hold-out gives one back for "
        "training, --hold-out adds a source or a file."
    )


def _record(source: Source) -> dict[str, Any]:
    """A source for `--json`."""
    return {
        "name": source.name,
        "summary": source.summary,
        "place": source.place,
        "license": source.license,
        "needs": source.needs,
        "training": dict(source.training),
        "held_out": dict(source.held_out),
    }


def _splits(splits: Mapping[str, int]) -> str:
    """How many questions each split has over all configurations: `test 3,548, validation 869`."""
    totals: Counter[str] = Counter()
    for name, count in splits.items():
        totals[name.partition("/")[2]] += count
    return ", ".join(f"{split} {count:,}" for split, count in totals.items())
