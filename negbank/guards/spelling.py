"""One character for each kind of dash, quote, space, arrow and digit, and powers of ten written out.

The first step of `normalise`, the only caller: what it does looks at characters, not at words.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_MARKS: Final = 30
"""Longest run of combining marks that is reordered (Stream-Safe Text Format, Unicode Annex 15, section 13); longer
ones would make NFKC quadratic."""

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", "0123456789+-=()ni")
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("‘’‛ʼ`´＇", "'"),
        **dict.fromkeys("“”„‟«»＂", '"'),
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad", ""),
        "‚": ",", "º": "°", "˚": "°", "⁄": "/", "∕": "/", "➔": "→", "⟶": "→", "ß": "ß", "Ω": "Ω",
    }
)  # fmt: skip
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴-⁹⁺⁻⁼⁽⁾ⁿⁱ]+")
_VULGAR = re.compile("([0-9]?)([¼-¾⅐-⅞↉])")
_SUBSCRIPT = re.compile(r"(?<=[A-Za-z)])_(?:\{([0-9]{1,9})\}|([0-9]))")
_POWER = re.compile(r"\^\s?(?:\{([-+]?\w{1,9})\}|\(([-+]?\w{1,9})\))")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\{([0-9]{1,9})\}\{([0-9]{1,9})\}")
_DASHES = re.compile("-{3,}")
_ARROW = re.compile(r"-{1,2}>")
_INITIALS = re.compile(r"(?<![\w.])((?:[A-Za-z]\.){1,9}[A-Za-z])(?![\w])\.?")
_SCIENTIFIC = re.compile(
    r"(?<![\w.,^/])([0-9]{1,30}+(?:\.[0-9]{1,30}+)?|\.[0-9]{1,30}+)"
    r"(?:\s?[x×*·•∙]\s?10\s?\^\s?|[eE])([-+]?[0-9]{1,2})(?![\w^]|\.[0-9])"
)
_POWER_OF_TEN = re.compile(r"(?<![\w.,^/)*×·•∙-])10\s?\^\s?([-+]?[0-9]{1,2})(?![\w^]|\.[0-9])")


def respell(text: str) -> str:
    """`text` in NFKC with one character for each kind of dash, quote and space, and powers of ten written out."""
    if not text.isascii():
        text = _VULGAR.sub(lambda m: f"{m[1]} {m[2]}" if m[1] else m[2], _stream_safe(text).translate(_ALIKE))
        text = _SUPERSCRIPT_RUN.sub(lambda m: "^" + m[0].translate(_SUPERSCRIPTS), text)
        text = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    if text.isalpha():
        return text
    text = " ".join(text.split())
    if "---" in text:
        text = _DASHES.sub("-", text)
    if "_" in text:
        text = _SUBSCRIPT.sub(lambda m: m[1] or m[2], text)
    if "\\" in text:
        text = _LATEX_FRACTION.sub(r"\1/\2", text)
    if "^" in text:
        text = _POWER.sub(lambda m: f"^{m[1] or m[2]}", text)
    if ">" in text:
        text = _ARROW.sub("→", text)
    if "." in text:
        text = _INITIALS.sub(lambda m: m[1].replace(".", ""), text)
    if "10" in text or "e" in text or "E" in text:
        text = _SCIENTIFIC.sub(lambda m: _written_out(m[1], m[2], m[0]), text)
        text = _POWER_OF_TEN.sub(lambda m: _written_out("1", m[1], m[0]), text)
    return text


def _stream_safe(text: str) -> str:
    """`text` with long runs of combining marks broken up, so that NFKC takes linear time."""
    run, pieces = 0, []
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > MAX_MARKS:
            pieces.append("\u034f")
            run = 1
        pieces.append(character)
    return "".join(pieces)


def _written_out(mantissa: str, exponent: str, whole: str) -> str:
    """`mantissa` times ten to the `exponent` as a decimal, which always ends; `whole` where that grows too long."""
    power = int(exponent)
    if abs(power) > 30:
        return whole
    integer, _, decimals = mantissa.partition(".")
    digits = integer + decimals
    point = len(integer) + power
    digits = digits.rjust(len(digits) - point + 1, "0") if point <= 0 else digits.ljust(point, "0")
    point = max(point, 1)
    return (digits[:point].lstrip("0") or "0") + ("." + digits[point:] if digits[point:] else "")
