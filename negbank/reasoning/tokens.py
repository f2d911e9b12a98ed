"""A step's text as numbers, signs and words, each with its place: what `equations` looks for equations in."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from negbank.reasoning.expressions import NUMBER, OPERATORS, count_decimals, parse_number
from negbank.reasoning.spoken import WORDS, with_signs
from negbank.reasoning.units import FAMILY

_SPLIT: Final = re.compile(rf"(?P<n>{NUMBER})|(?P<w>[A-Za-z]+)|(?P<o>\*\*|[-+−–*×·∗/÷^])|(?P<s>[()=%$£€])|(?P<q>[^\s])")
_LATEX: Final = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"((\1)/(\2))"),
        (r"\\(?:times|cdot|ast)(?![a-z])", "*"),
        (r"\\div(?![a-z])", "/"),
        (r"\\(?:left|right|displaystyle)(?![a-z])", ""),
        (r"\\(?:text|mathrm|mbox|textbf|mathbf)\s*\{([^{}]*)\}", r" \1 "),
        (r"\\([$%])", r"\1"),
        (r"\\[,!;: ]", " "),
        (r"\{,\}", ","),
    )
)
CURRENCIES: Final = {"$": "dollar", "£": "pound-sterling", "€": "euro"}
_MAY_BE_SIGNS: Final = re.compile(r"(?:\b|(?<=\d))[xX](?:\b|(?=\d))|\bof\s+[$£€(\d.]|\bequals\b", re.IGNORECASE)
_PERCENT_WORDS: Final = ("percent", "percentage")
_LETTERS: Final = {
    "m": ("length", "meter"), "g": ("mass", "gram"), "l": ("volume", "liter"), "L": ("volume", "liter"),
}  # fmt: skip
PARTS: Final = {
    "half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4), "fourth": Fraction(1, 4),
    "fifth": Fraction(1, 5), "tenth": Fraction(1, 10),
}  # fmt: skip


class Token(NamedTuple):
    """`kind`: number, word, sign or other; a number carries its value, its decimals and its currency.

    A tuple rather than a dataclass: a chain has hundreds, and they are made three times as fast.
    """

    kind: str
    text: str
    start: int
    end: int
    value: Fraction = Fraction(0)
    decimals: int | None = 0
    currency: str = ""

    def is_sign(self, *signs: str) -> bool:
        """Whether this is one of `signs`."""
        return self.kind == "sign" and self.text in signs


def plain_maths(text: str) -> str:
    """`text` with simple LaTeX as plain signs: `\\frac{1}{2} \\times 6` is `((1)/(2)) * 6`."""
    if "\\" in text or "{," in text:
        for pattern, instead in _LATEX:
            text = pattern.sub(instead, text)
    return text


def tokenise(text: str) -> tuple[Token, ...]:
    """The tokens of `text`. Currency goes to its number; `x`, `of` and `is` become signs where they mean one."""
    tokens: list[Token] = []
    currency = ""
    for found in _SPLIT.finditer(text):
        token, currency = _token(found, currency)
        if token is not None:
            tokens.append(token)
    if WORDS.search(text):
        tokens = with_signs(tokens)
    tokens = _spelled_units(tokens)
    return _worded_signs(tokens) if _MAY_BE_SIGNS.search(text) else tuple(tokens)


def _spelled_units(tokens: list[Token]) -> list[Token]:
    """`tokens` with `m`, `g` and `l` after a number spelled out, if a longer unit of their kind stands there too.

    `1 m + 20 cm` is a sum of lengths, and the `m` of `5 m + 3` may be an unknown.
    """
    places = [
        place for place, (before, token) in enumerate(pairwise(tokens), start=1)
        if before.kind == "number" and token.kind == "word" and token.text in _LETTERS
    ]  # fmt: skip
    if places:
        kinds = {FAMILY[token.text.lower()][0] for token in tokens if len(token.text) > 1 and _is_unit(token)}
        for place in places:
            kind, unit = _LETTERS[tokens[place].text]
            if kind in kinds:
                tokens[place] = tokens[place]._replace(text=unit)
    return tokens


def _is_unit(token: Token) -> bool:
    return token.kind == "word" and token.text.lower() in FAMILY


def _token(found: re.Match[str], currency: str) -> tuple[Token | None, str]:
    """The token of a match (None for a currency sign), and the currency that waits for its number."""
    text, start, end = found.group(), found.start(), found.end()
    if found.lastgroup == "n":
        value = None if _is_code(text) else parse_number(text)
        if value is None:
            return Token("other", text[:20], start, end), ""
        return Token("number", text, start, end, value, count_decimals(text), currency), ""
    if found.lastgroup == "w":
        if text.lower() in _PERCENT_WORDS:
            return Token("sign", "%", start, end), ""
        return Token("word", text, start, end), ""
    if found.lastgroup == "s":
        if text in CURRENCIES:
            return None, CURRENCIES[text]
        return Token("sign", text, start, end), currency
    if found.lastgroup == "o":
        return Token("sign", OPERATORS[text], start, end), currency
    return Token("other", text, start, end), ""


def _is_code(text: str) -> bool:
    """Whether digits are a clock time or a number of something, such as `0900` and `007`."""
    return len(text) > 1 and text[0] == "0" and text[1].isdigit()


def _worded_signs(tokens: list[Token]) -> tuple[Token, ...]:
    """`3 x 4` as 3 * 4, and `3/4 of 20 is 15`, `20% of 50 is 10`, `half of 20 is 10` as equations."""
    out: list[Token] = []
    of_at = -1
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        after_value = bool(out) and (out[-1].kind == "number" or out[-1].is_sign(")", "%"))
        before_value = following is not None and (following.kind == "number" or following.is_sign("("))
        word = token.text.lower() if token.kind == "word" else ""
        after_unit = len(out) > 1 and out[-1].kind == "word" and len(out[-1].text) > 1 and out[-2].kind == "number"
        if word == "x" and before_value and (after_value or after_unit):
            token = Token("sign", "*", token.start, token.end)
        elif word in PARTS and following is not None and following.text == "of":
            token = Token("number", token.text, token.start, token.end, PARTS[word], None)
        elif word == "of" and after_value and before_value and _is_share(out):
            token, of_at = Token("sign", "*", token.start, token.end), len(out)
        elif before_value and ((word == "is" and of_at == len(out) - 2) or (word == "equals" and after_value)):
            token = Token("sign", "=", token.start, token.end)
        out.append(token)
    return tuple(out)


def _is_share(before: list[Token]) -> bool:
    """Whether what stands before `of` is a fraction or a percentage, so that `of` multiplies."""
    if before[-1].is_sign("%") or before[-1].decimals is None:
        return True
    return len(before) > 2 and before[-2].is_sign("/") and before[-3].kind == "number"
