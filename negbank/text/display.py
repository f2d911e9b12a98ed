r"""What of a text may be shown: one place decides, for terminals, cards, reports and messages alike.

Control characters drive a terminal, format characters turn the direction of writing or hide what stands there, a line
break forges a line. None of them is shown as it is: each is written out as `\x1b`, `\u202e` or `\n`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

FIELD_LIMIT: Final = 4_000
"""Characters of one field that a person is shown; `--json` gives all."""

_HIDDEN: Final = frozenset(("Cc", "Cf", "Co", "Cs", "Zl", "Zp"))
_JOINERS: Final = "\u200c\u200d"
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks of which nothing is seen."""

_KEYCAP: Final = "\u20e3"

_SELECTORS: Final = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks that choose the form of the one character before them: more of them would hide a text."""

_DOUBTFUL: Final = re.compile(r"[^ -~]+")


def escape(character: str) -> str:
    r"""A character as it is written out: `\x1b`."""
    return character.encode("unicode_escape").decode()


def visible(value: object, keep: str = "", written: Callable[[str], str] = escape) -> str:
    """`value` with every character that has an effect `written` out, except those in `keep`; None is an empty text.

    The two joiners stay between letters of the scripts, and between the emoji, that are written with them.
    """

    def safe(run: re.Match[str]) -> str:
        text = run.group()
        return "".join(c if c in keep or not _is_hidden(text, place) else written(c) for place, c in enumerate(text))

    return "" if value is None else _DOUBTFUL.sub(safe, str(value))


def visible_lines(value: object) -> str:
    """`visible`, but line breaks and tabs stay."""
    return visible(value, keep="\n\t")


def cut(text: str, limit: int = FIELD_LIMIT) -> str:
    """`text`, or the first `limit` characters of a longer one and that it was cut."""
    return text if len(text) <= limit else f"{text[:limit].rstrip()} [cut: {len(text):,} characters]"


def short(value: object, limit: int = 30) -> str:
    """A value as Python writes it, or the first `limit` characters of that."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…{text[-1] if isinstance(value, str) else ''}"


def _is_hidden(text: str, place: int) -> bool:
    character = text[place]
    if character in _JOINERS:
        return not (0 < place < len(text) - 1 and _is_joined(text[place - 1]) and _is_joined(text[place + 1]))
    if _SELECTORS.fullmatch(character):
        follows = place > 0 and unicodedata.category(text[place - 1])[0] in "LS"
        return not follows and text[place + 1 : place + 2] != _KEYCAP
    code = ord(character)
    nothing = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # code points that are no characters, and no XML
    return nothing or character in _BLANK or unicodedata.category(character) in _HIDDEN


def _is_joined(character: str) -> bool:
    """Whether a joiner may stand beside: letters and marks outside ASCII, and emoji."""
    return not character.isascii() and unicodedata.category(character)[0] in "LMS"
