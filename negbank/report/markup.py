"""Parts of a page: every text of a result goes through `text`, as it may come from a stranger.

A page needs nothing else: no script, no font, no image from elsewhere, and its policy forbids it to load any.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from importlib import resources
from typing import Final

from negbank.cards.text import clean
from negbank.report.canvas import Plot
from negbank.report.tables import Table

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def document(title: str, body: Iterable[str]) -> str:
    """One HTML file that holds all it needs; `body` is markup, `title` is text."""
    css = resources.files("negbank.report").joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, body))
        + "\n</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> str:
    """A section, or nothing where it would be empty."""
    filled = [part for part in parts if part]
    return f"<section>\n<h2>{text(title)}</h2>\n" + "\n".join(filled) + "\n</section>" if filled else ""


def figure(plot: Plot) -> str:
    """A plot as an element of the page."""
    return f"<figure>{plot.inline}</figure>"


def table(shown: Table) -> str:
    """A table with its title; every cell is escaped, whether its text is ours or not."""
    if not shown.rows:
        return ""
    head = "".join(f'<th scope="col">{text(column)}</th>' for column in shown.columns)
    kinds = ['<td class="words">' if place in shown.foreign else "<td>" for place in range(len(shown.columns))]
    rows = "\n".join(
        "<tr>" + "".join(f"{kind}{text(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in shown.rows
    )
    caption = f"<caption>{text(shown.title)}</caption>"
    return (
        f'<div class="wide"><table>{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>'
    )


def folded(summary: str, inside: str) -> str:
    """What is shown when a reader asks for it, or nothing where it would be empty."""
    return f"<details><summary>{text(summary)}</summary>\n{inside}\n</details>" if inside else ""


def listed(lines: Iterable[str]) -> str:
    """A list, or nothing where it would be empty."""
    items = "".join(f"<li>{text(line, 500)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def text(value: object, limit: int = 300) -> str:
    """`value` for HTML: on one line, its invisible characters written out, without effect."""
    return html.escape(clean(value, limit))
