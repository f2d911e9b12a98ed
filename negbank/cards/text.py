r"""Texts from data -> what may stand in a card: literal, on one line, cut, and without effect.

A README is read by several parsers (the Hub's, GitHub's, editors', a terminal), so texts are not escaped sign by sign:
they stand in code spans and code blocks, where no Markdown, HTML, link or formula is read. What even there has an
effect is written out: control characters, and those that turn the direction of writing, become `\x1b` or `\u202e`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from xml.sax import saxutils

from negbank.text.display import visible

LIMIT = 300
"""Characters of a text that are shown."""

_PLAIN = re.compile(r"(?:[A-Za-z0-9 .,;:%()+=/'-]|< |(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]))*")

_LINK_OR_EMOJI = re.compile(r"://|:[a-z0-9_+-]+:")


def clean(value: object, limit: int = LIMIT) -> str:
    """`value` as one line of visible characters; of a longer text the first `limit`, and that it was cut."""
    text = "" if value is None else str(value)
    head = " ".join(text[: 8 * limit].split())  # what lies beyond is never looked at: a text may have megabytes
    shown = visible(head[: limit + 1])
    if len(shown) <= limit and len(text) <= 8 * limit:
        return shown
    return f"{shown[:limit].rstrip()} [cut: {len(text):,} characters]".lstrip()


def code(value: object, limit: int = LIMIT) -> str:
    """A code span of Markdown that shows `value`; for a table see `cell`."""
    text = clean(value, limit) or "(empty)"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    # parsers strip one space at each end, and a backtick at an end would join the fence
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(value: object) -> str:
    r"""A code span for a cell of a table, where a pipe would end the cell: it is shown as a broken bar.

    Parsers differ on what `\|` means after another backslash; names with pipes are none that negbank gives.
    """
    return code(value, 80).replace("|", "\u00a6")


def plain(value: object) -> str:
    """`value` as it is where nothing in it can have an effect in Markdown, else as `cell` shows it."""
    text = clean(value)
    is_plain = _PLAIN.fullmatch(text) and "www." not in text and not _LINK_OR_EMOJI.search(text)
    return text if is_plain else code(text).replace("|", "\u00a6")


def block(records: Iterable[Iterable[tuple[str, object]]]) -> str:
    """A code block with one paragraph a record, a labelled line a field.

    Every line starts with a label or ten spaces, so none can close the fence.
    """
    paragraphs = ["\n".join(_field(label, value) for label, value in record) for record in records]
    return "```text\n" + "\n\n".join(paragraphs) + "\n```"


def xml(value: object) -> str:
    """`value` for the text of an XML element."""
    return saxutils.escape(clean(value, 80))


def tex(value: object) -> str:
    """`value` for a field of BibTeX."""
    text = clean(value, 80).replace("\\", "/").replace("`", "'")
    return re.sub(r"([&%$#_{}])", r"\\\1", text).replace("~", "-").replace("^", "-")


def _field(label: str, value: object) -> str:
    lines = textwrap.wrap(clean(value), width=96, break_on_hyphens=False) or ["(empty)"]
    return f"{label:<10}" + ("\n" + " " * 10).join(lines)
