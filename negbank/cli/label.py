"""`negbank label`."""

from __future__ import annotations

from typing import Any

import click

from negbank.cli.file_options import file_options, source_options
from negbank.cli.judge_options import judge_options, judge_settings
from negbank.cli.options import complete_source, encoder_options, json_option, refuse_force, refused_options
from negbank.cli.progress import reporter
from negbank.cli.screen import print_json, print_json_text, say
from negbank.folders import real_path
from negbank.terms import counted


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--source",
    metavar="SOURCE",
    shell_complete=complete_source,
    help="The questions that the file belongs to (else the file's own).",
)
@file_options
@click.option(
    "--by-embedding",
    is_flag=True,
    help="Let the embedding decide the tier (else a wrong answer is a near-miss of the question it stands beside).",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Where the labelled rows go: .jsonl, .csv or .parquet (else JSON lines on standard output).",
)
@refused_options
@judge_options
@encoder_options
@json_option
def label(file: str, out: str | None, refused: str | None, force: bool, as_json: bool, **given: Any) -> None:
    """Give tier and plausibility to negatives that came from elsewhere, less those that are right after all.

    Each row of FILE (or of JSON lines on standard input, -) has a question, its right answer and a wrong one. Rows
    come back with tier, plausibility, similarity and question_similarity; the guards of `mine` and `add` refuse the
    others. With --json, one object holds the summary and, without -o, the rows.

    \b
    Examples:
      negbank label flagged.jsonl > labelled.jsonl
      negbank label flagged.csv --negative-column said --source arc -o labelled.parquet
      negbank label flagged.jsonl --by-embedding -o labelled.jsonl --refused refused.jsonl
    """
    import negbank
    from negbank.cli.tables import print_table
    from negbank.commands.files import optional_output, write_rows

    refuse_force(force, out, refused)
    if out and refused and real_path(out) == real_path(refused):
        raise click.UsageError("-o and --refused name one file; name two")
    judge = judge_settings(given.pop("judge"), given["device"])
    options = source_options(given)
    settings = negbank.LabelSettings(file=options, **judge, **given)
    named = list(filter(None, (file, given.get("source"))))
    with (
        optional_output(out, named, replace=force) as rows_file,
        optional_output(refused, named, replace=force) as refused_file,
    ):
        with reporter() as progress:
            result = negbank.label(file, settings, progress=progress)
        if refused_file:
            write_rows(result.refused, refused_file)
        if rows_file:
            write_rows(result.rows, rows_file)
    for line in (*result.understood, *result.notices):
        say(line, err=True)
    if not as_json and not out:
        print_json_text(result.rows.write_ndjson())
    if as_json:
        printed = {} if out else {"rows": result.rows.to_dicts()}
        print_json(result.to_dict() | {"out": out} | printed)
    elif out:
        rows = [[t.tier, t.rows, t.similarity.median, t.plausibility.median] for t in result.tiers]
        print_table(
            f"{counted(result.rows.height, 'row')} {'is' if result.rows.height == 1 else 'are'} in {out}",
            ["tier", "rows", "similarity", "plausibility"],
            rows,
        )
    if result.refusals and not as_json:
        listed = ", ".join(f"{count:,} {reason}" for _, reason, count in result.refusals)
        where = f"listed in {refused}" if refused else "--refused FILE lists them"
        say(f"Refused: {listed} ({where}).", err=True)
