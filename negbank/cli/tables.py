"""Tables for a person: plain columns, in colour on a terminal alone."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDE = 160
"""Columns of text where the output is no terminal and nobody says how wide it is."""


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print `rows`; numbers stand to the right. Cells are texts from data: no markup of theirs is obeyed."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=WIDE)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    widths = [max(len(_text(cell)) for cell in column) for column in zip(columns, *rows, strict=True)]
    fits = sum(widths) + 3 * len(widths) <= console.width
    for place, name in enumerate(columns):
        cells = [row[place] for row in rows]
        numeric = bool(cells) and all(isinstance(cell, int | float) for cell in cells)
        long = any(len(_text(cell)) > 24 for cell in cells)
        table.add_column(name, justify="right" if numeric else "left", no_wrap=fits and not long, overflow="fold")
    for row in rows:
        table.add_row(*(escape(_text(cell)) for cell in row))
    if title:
        console.print(escape(title), style="bold", highlight=False)
    console.print(table)
    console.print()


def spread(counts: Sequence[int]) -> str:
    """A histogram in one line of text: `▁▂▇█▃`."""
    bars = "▁▂▃▄▅▆▇█"
    top = max(counts, default=0)
    return "".join(" " if not count else bars[(count * (len(bars) - 1)) // top] for count in counts)


def _text(cell: object) -> str:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return "" if cell is None else str(cell)
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:.2f}"
