"""A step's text made ready for reading equations: list marks, emphasis and typography out of the way.

What changes here is how sums are written, never what they say: `12²` becomes `12^(2)`, `**8**` becomes `8`, and a list
mark (`2) `, `Step 3: `, `• `) becomes a bullet. A dash that opens a line may be a bullet or a minus: it becomes DASH,
and `equations` tries both.
"""

from __future__ import annotations

import re
from typing import Final

BULLET: Final = "•"
DASH: Final = "⁃"

_STRUCK: Final = re.compile(r"~~[^~]{1,400}~~|<(s|del|strike)>[^<]{1,400}</\1>", re.IGNORECASE)
_FENCED: Final = re.compile(r"```[^`]*(?:```|$)|`[^`\n]{1,200}`")
_MARKS: Final = re.compile(
    r"^(?P<space>[ \t•⁃]*)(?:"
    r"(?P<dash>[-–—−])(?=[ \t])"
    r"|[*·▪◦‣●○→⇒>|](?=[ \t])"
    r"|\#{1,6}(?=[ \t])"
    r"|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})\)(?=[ \t]+[^-+*/×÷=^ \t])"
    r"|\d{1,2}\.(?=[ \t])"
    r"|[*_]*(?:Step|Part|Item|Line)[ \t]+\d{1,3}[ \t]*(?:[:.)]|[-–—](?=[ \t]))[*_]*(?:[ \t]+[-–—](?=[ \t]))?"
    r")",
    re.MULTILINE | re.IGNORECASE,
)
_POWER: Final = re.compile(r"(?<=[\d)])( ?)\*\*\1(?=[-\d(])")
_EMPHASIS: Final = re.compile(r"\*\*|__")
_SUPERSCRIPT: Final = re.compile(r"(?<=[\d)])([⁻⁺]?[⁰¹²³⁴-⁹]+)")
_RAISED: Final = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹", "-+0123456789")
_BRACED: Final = re.compile(r"\^\s*\{\s*(-?\d{1,4})\s*\}")
_APOSTROPHE: Final = re.compile(r"(?<=\d)['’](?=\d{3}(?!\d))")
_WIDE: Final = str.maketrans("０１２３４５６７８９＋－＝＊／（）％．", "0123456789+-=*/()%.")
_WIDE_SIGNS: Final = re.compile("[０-９＝＋]")
MAX_MARKS: Final = 3
"""List marks in each other that are taken off: `> 1. - 5 + 5 = 10`."""


def readable(text: str) -> str:
    """`text` with the marks of lists as BULLET or DASH, and without emphasis, code and what is struck out."""
    if "~~" in text or "</" in text:
        text = _STRUCK.sub(" ", text)
    if "`" in text:
        text = _FENCED.sub(" ; ", text)
    if "**" in text or "__" in text:
        text = _EMPHASIS.sub(" ", _POWER.sub("^", text))
    if _WIDE_SIGNS.search(text):
        text = text.translate(_WIDE)
    for _ in range(MAX_MARKS):
        marked = _MARKS.sub(_mark, text)
        if marked == text:
            break
        text = marked
    if "^" in text:
        text = _BRACED.sub(r"^(\1)", text)
    if "'" in text or "’" in text:
        text = _APOSTROPHE.sub("", text)
    return _SUPERSCRIPT.sub(lambda found: f"^({found.group(1).translate(_RAISED)})", text)


def _mark(found: re.Match[str]) -> str:
    """The mark as one of the same length, so that nothing else moves; a mark within a bullet replaces it."""
    width = len(found.group()) - len(found.group("space"))
    return found.group("space") + " " * (width - 1) + (DASH if found.group("dash") else BULLET)
