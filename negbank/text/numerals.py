"""Numerals that are not digits: Roman ones, and Chinese and Japanese ones."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import Final, NamedTuple

_ROMAN: Final = re.compile(r"(?=[MDCLXVI])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_SIGNS: Final = range(0x2160, 0x2188)

_HAN_DIGITS: Final = {
    **{sign: value for value, sign in enumerate("零一二三四五六七八九")},
    **{sign: value for value, sign in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    **{sign: value for value, sign in enumerate("○壱貳參肆伍陸柒捌玖")},
    "两": 2, "兩": 2, "弐": 2, "参": 3, "幺": 1, "貮": 2,
}  # fmt: skip
_HAN_TENS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_HAN_MYRIADS: Final = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
_HAN_SIGNS: Final = frozenset((*_HAN_DIGITS, *_HAN_TENS, *_HAN_MYRIADS))
HAN: Final = re.compile(f"[负負]?第?[{''.join(sorted(_HAN_SIGNS))}分之点點半廿卅]+")
"""A run that may be a Chinese numeral."""
MYRIADS: Final = {**_HAN_MYRIADS, "千": 1000, "百": 100}
"""What multiplies the digits before it, as in `3万`."""
MAX_NUMERAL: Final = 40


class Numeral(NamedTuple):
    """A value, how many decimals it was written with (None for a fraction), and what kind of number it is."""

    value: Fraction
    decimals: int | None = 0
    ordinal: bool = False
    percent: bool = False


def read_roman(text: str) -> int | None:
    """The value of an upper-case Roman numeral in its one valid spelling, or of the Unicode signs; None otherwise."""
    if not text or len(text) > 15:
        return None
    if any(ord(sign) in _ROMAN_SIGNS for sign in text):
        text = unicodedata.normalize("NFKC", text).upper()
    if _ROMAN.fullmatch(text) is None:
        return None
    values = [_ROMAN_VALUES[sign] for sign in text]
    after = [*values[1:], 0]
    return sum(-value if value < following else value for value, following in zip(values, after, strict=True))


def read_han(text: str) -> Numeral | None:
    """The number that a Chinese or Japanese numeral is: 三十四, 二〇二〇, 三分之一, 百分之五十, 三点五, 第三."""
    if not text or len(text) > MAX_NUMERAL:
        return None
    if text[0] in "负負":
        inner = read_han(text[1:])
        return None if inner is None or inner.ordinal else inner._replace(value=-inner.value)
    if text[0] == "第":
        whole = _han_whole(text[1:])
        return None if whole is None else Numeral(Fraction(whole), ordinal=True)
    if text == "半":
        return Numeral(Fraction(1, 2), None)
    if "分之" in text:
        return _han_share(*text.split("分之", 1))
    whole_text, point, decimals = text.replace("點", "点").partition("点")
    whole = _han_whole(whole_text)
    if not point:
        return None if whole is None else Numeral(Fraction(whole))
    scale = 1
    if decimals and decimals[-1] in _HAN_MYRIADS:
        scale, decimals = _HAN_MYRIADS[decimals[-1]], decimals[:-1]
    if whole is None or not decimals or any(sign not in _HAN_DIGITS for sign in decimals):
        return None
    digits = "".join(str(_HAN_DIGITS[sign]) for sign in decimals)
    value = (whole + Fraction(int(digits), 10 ** len(digits))) * scale
    return Numeral(value, len(digits) - (len(str(scale)) - 1))


def _han_share(below: str, above: str) -> Numeral | None:
    """`三分之一` names the denominator first."""
    bottom, top = _han_whole(below), read_han(above)
    if not bottom or top is None or top.decimals is None:
        return None
    if below in ("百", "一百"):
        return Numeral(top.value / 100, top.decimals + 2, percent=True)
    return Numeral(top.value / bottom, None)


def _han_whole(text: str) -> int | None:
    """A whole number: by places (一百零五), or digit by digit (二〇二〇)."""
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not text or any(sign not in _HAN_SIGNS for sign in text):
        return None
    if all(sign in _HAN_DIGITS for sign in text):
        return int("".join(str(_HAN_DIGITS[sign]) for sign in text)) if len(text) == 1 or len(text) > 2 else None
    total, section, digit, last = 0, 0, None, 10**16
    for sign in text:
        if sign in _HAN_DIGITS:
            if digit:
                return None
            digit = _HAN_DIGITS[sign]
        elif sign in _HAN_TENS:
            if section and section % (10 * _HAN_TENS[sign]):
                return None
            section += (1 if digit is None else digit) * _HAN_TENS[sign]
            digit = None
        else:
            size = _HAN_MYRIADS[sign]
            if size >= last or not (section or digit):
                return None
            total += (section + (digit or 0)) * size
            section, digit, last = 0, None, size
    return total + section + (digit or 0)
