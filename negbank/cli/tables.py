"""Tables for a person: plain columns that fit the terminal, or a line a field where they do not."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from negbank.cards.plots import sparkline
from negbank.cli.screen import colours, fitting, is_unicode
from negbank.text.display import cut, visible

__all__ = ["print_table", "spread"]

WIDE = 160
"""The width, in characters, of output that goes to no terminal."""

GAP = 3
"""Characters between two columns."""

NARROWEST = 16
"""A column of long texts is never made narrower than this, nor than its longest word."""


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print `rows` no wider than the terminal, numbers to the right.

    Where the columns do not fit, long texts are wrapped between words. Where even that does not fit, each row becomes
    a record: a line a field. Nothing in a cell is read as markup or as an emoji; line breaks and control characters
    are written out, and a long text is cut.
    """
    console = _console()
    heads = [_shown(name) for name in columns]
    cells = [[_shown(_text(cell)) for cell in row] for row in rows]
    if title:
        console.print(_shown(title, "bold"))
    least = _least_widths(heads, cells, console.width)
    if least is None:
        _print_records(console, heads, cells)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, (head, width) in enumerate(zip(heads, least, strict=True)):
        values = [row[place] for row in rows]
        numeric = bool(values) and all(isinstance(value, int | float) for value in values)
        table.add_column(head, justify="right" if numeric else "left", min_width=width, overflow="fold")
    for texts in cells:
        table.add_row(*texts)
    console.print(table)
    console.print()


def _console() -> Console:
    """Standard output: its own width on a terminal or where COLUMNS says it, else WIDE; no styles under NO_COLOR."""
    console = Console(color_system=None) if colours() is False else Console()
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return Console(width=WIDE, color_system=None)


def _least_widths(heads: Sequence[Text], cells: Sequence[Sequence[Text]], width: int) -> list[int] | None:
    """The least width of each column that breaks no word; None where the columns do not fit into `width`."""
    columns = [list(column) for column in zip(heads, *cells, strict=True)]
    natural = [max(cell_len(text.plain) for text in column) for column in columns]
    room = width - GAP * (len(columns) - 1)
    if sum(natural) <= room:
        return natural
    words = [max(cell_len(word) for text in column for word in text.plain.split() or [""]) for column in columns]
    least = [min(whole, max(word, NARROWEST)) for whole, word in zip(natural, words, strict=True)]
    return least if sum(least) <= room else None


def _print_records(console: Console, heads: Sequence[Text], cells: Sequence[Sequence[Text]]) -> None:
    """Each row as a record: the column's name and the cell on a line of their own."""
    for texts in cells:
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="bold", max_width=max(1, console.width // 2), overflow="fold")
        grid.add_column(overflow="fold")
        for head, text in zip(heads, texts, strict=True):
            if text.plain.strip():
                grid.add_row(head, text)
        console.print(grid)
        console.print()


def spread(histogram: Sequence[int]) -> str:
    """One character a bin, as high as its count, or as dark where the output has no block characters."""
    drawn = sparkline(histogram)
    return drawn if is_unicode(sys.stdout) else drawn.translate(str.maketrans("▁▂▃▄▅▆▇█", " .:-=+*#"))


def _shown(text: str, style: str = "") -> Text:
    return Text(fitting(visible(cut(text)), sys.stdout), style=style)


def _text(cell: object) -> str:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return "" if cell is None else str(cell)
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:.2f}"
