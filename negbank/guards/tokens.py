"""Words, numbers and marks of a text, without the punctuation that says nothing. `normalise` is the only caller."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<verbatim>[0-9]++(?:\s?/\s?[0-9]++){2,}|[0-9]++(?:\s?:\s?[0-9]++)+|[0-9]++(?:\.[0-9]++){2,})"
    r"|(?P<mixed>[0-9]{1,9}+ [0-9]{1,9}+/[0-9]{1,9}+(?![0-9.]|\s?[/^(]))"
    r"|(?P<fraction>[0-9]{1,9}+\s?/\s?[0-9]{1,9}+(?![0-9.]|\s?[/^(]))"
    r"|(?P<number>(?:(?<![(\[{])[0-9]{1,3}+(?:,[0-9]{3})++(?![0-9,])|[0-9]++)(?:\.[0-9]++)?+|\.[0-9]++)"
    r"|(?P<word>[^\W_0-9](?:[^\W_]|'(?=[^\W_0-9]))*+)"
    r"|(?P<blank>_{2,})"
    r"|(?P<mark>.)",
    re.DOTALL,
)
FORMULA = re.compile(r"[=^*<>|\\{}\[\]+~¬•∙·±×÷√∀-⋿]|[\w)]\(|\)[\w(]")
_DROPPED: Final = frozenset(".,;:!?\"'()_")


class Token(NamedTuple):
    """`kind` is word, number or mark; `tight`: no space stood before it; `left`, `right`: none is written there."""

    kind: str
    text: str
    tight: bool = False
    left: bool = False
    right: bool = False


class _Around(NamedTuple):
    before: Token
    after: Token
    formula: bool
    inches: bool


NOTHING: Final = Token("", "")


def tokenise(text: str) -> list[Token]:
    """The words, numbers and marks of `text`; the dates, ratios and versions among the numbers are kept whole."""
    out: list[Token] = []
    spaced = True
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup or "mark", match[0]
        if kind == "space" or kind == "blank":
            spaced = True
            continue
        if kind in ("verbatim", "fraction"):
            piece = piece.replace(" ", "")
        out.append(Token(kind if kind in ("word", "mark") else "number", piece, not spaced))
        spaced = False
    return out


def without_marks(tokens: list[Token], text: str, formula: bool) -> list[Token]:
    """`tokens` without the punctuation that says nothing here."""
    inches = text.count('"') % 2 == 1
    keep: list[Token] = []
    for place, token in enumerate(tokens):
        if token.kind != "mark":
            keep.append(token)
            continue
        around = _Around(
            tokens[place - 1] if place else NOTHING,
            tokens[place + 1] if place + 1 < len(tokens) else NOTHING,
            formula,
            inches,
        )
        kept = _minus(token, around) if token.text == "-" else _mark(token, around)
        if kept is not None:
            keep.append(kept)
    while keep and keep[-1].kind == "mark" and keep[-1].text in ",;:.":
        keep.pop()
    return keep


def _mark(token: Token, around: _Around) -> Token | None:
    """The mark as it stays, or None."""
    mark, before, after = token.text, around.before, around.after
    if mark == "&" and not around.formula:
        return Token("word", "and")
    if mark not in _DROPPED:
        return token
    if token.tight and (before.kind == "number" or (len(before.text) == 1 and before.kind == "word")) and mark == "!":
        return token._replace(left=True)
    if token.tight and mark == "'" and (before.kind == "number" or before.text == "'"):
        return token._replace(left=True)
    if token.tight and mark == '"' and before.kind == "number" and around.inches:
        return token._replace(left=True)
    if not around.formula:
        return None
    if mark == "(":
        return token._replace(left=token.tight, right=True)
    if mark in ")'":
        return token._replace(left=token.tight, right=after.tight)
    if mark == ".":
        return token._replace(left=True, right=True) if token.tight and after.tight else None
    return token if mark in ",;:" else None


def _minus(token: Token, around: _Around) -> Token | None:
    """A hyphen says nothing; a sign, a charge, a bond, a range and a difference stay."""
    before, after = around.before, around.after
    ends_operand = before.kind in ("word", "number") or before.text in (")", "]", "}", "'", "%", "!")
    if token.tight and ends_operand:
        if after.tight:
            hyphen = (_is_long_word(before) or _is_long_word(after)) and not around.formula
            return None if hyphen else token._replace(left=True, right=True)
        dangling = _is_long_word(before) and len(before.text) > 2 and not around.formula
        return None if dangling else token._replace(left=True)
    if after.tight:
        return token._replace(right=True)
    if _is_operand(before) and _is_operand(after):
        return token._replace(left=True, right=True)
    if before is NOTHING and after.kind == "number":
        return token._replace(right=True)
    return token if around.formula and before is not NOTHING else None


def _is_operand(token: Token) -> bool:
    return token.kind == "number" or (token.kind == "word" and len(token.text) == 1)


def _is_long_word(token: Token) -> bool:
    return token.kind == "word" and len(token.text) > 1 and token.text.isalpha()
