"""One character for each kind of digit, dash, space and separator, without changing a text's length.

Positions in the result are positions in the original, so a number found in one can be cut out of the other.
"""

from __future__ import annotations

import unicodedata
from typing import Final

DASHES: Final = "-‐‑‒–—−﹣－➖⁃﹘"
"""What stands for a minus, a hyphen or a range."""

_SAME: Final = {
    **dict.fromkeys(DASHES, "-"),
    **dict.fromkeys("'‘’‛ʼ′`´＇", "'"),
    **dict.fromkeys("“”„‟«»＂", '"'),
    **dict.fromkeys("⁄∕／", "/"),
    **dict.fromkeys("∼～˜", "~"),
    **dict.fromkeys("≈≃≅≒", "≈"),
    **dict.fromkeys("×✕✖⨯", "×"),
    **dict.fromkeys("·⋅∙•・", "·"),
    **dict.fromkeys("٬，﹐", ","),
    **dict.fromkeys("٫．﹒", "."),
    **dict.fromkeys("٪％﹪", "%"),
    "：": ":", "（": "(", "）": ")", "＋": "+", "＝": "=", "＾": "^", "＊": "*", "∗": "*", "＿": "_", "！": "!",
    "【": "[", "】": "]", "＄": "$", "﹩": "$", "￡": "£", "￥": "¥", "º": "°", "˚": "°", "µ": "μ",
}  # fmt: skip


class _Table(dict[int, str]):
    """Filled as characters are met: `str.translate` asks for each once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        same = _SAME.get(character)
        if same is None:
            same = _plain(character)
        self[code] = same
        return same


def _plain(character: str) -> str:
    if character.isspace():
        return " " if unicodedata.category(character) == "Zs" or character == "\t" else character
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if 0xFF21 <= ord(character) <= 0xFF5A:  # full-width Latin letters
        return unicodedata.normalize("NFKC", character)
    return character


_TABLE: Final = _Table()


def plain_characters(text: str) -> str:
    """`text` with ASCII digits, one kind of dash, space, apostrophe, comma and point; as long as `text`."""
    return text if text.isascii() and "\t" not in text and "`" not in text else text.translate(_TABLE)
