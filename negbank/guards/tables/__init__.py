"""The tables that the rules of the guards look words and names up in, and the one way to read them.

Each is a TSV file beside this module; its first line says what its columns are. docs/guards-tables.md names sources.
"""

from __future__ import annotations

from importlib.resources import files


def read_table(name: str) -> list[list[str]]:
    """The rows of the table `name`, each a list of its columns; a column that is missing at the end is left out."""
    text = files(__name__).joinpath(f"{name}.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def read_names(name: str) -> list[list[str]]:
    """The rows of a table whose one column is a list of names separated by `|`."""
    return [row[0].split("|") for row in read_table(name)]
