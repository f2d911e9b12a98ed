"""Mathematics in English words as a formula: `2 times the square root of 3` is `2*√(3)`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from negbank.text.number_words import WORDS, longest_number

MAX_LENGTH: Final = 120
_TRIGGER: Final = re.compile(
    r"\b(?:root|squared|cubed|times|multiplied|divided|over|plus|minus|greater|less|larger|smaller|more|least|most|power|"
    r"equal|equals|pi|reals?|numbers?|infinity|between|except|factorial|negative)\b",
    re.IGNORECASE,
)
FORMULA_WORDS: Final = WORDS | frozenset(
    "root square cube squared cubed times multiplied divided plus minus greater less larger smaller more least most "
    "power equal equals real reals number numbers infinity except factorial negative positive than that every each "
    "values value without other apart from excluding with does unequal strictly principal raised sqrt "
    "sine cosine tangent".split()
)
"""Every longer word that a formula may be said with; most texts hold another one."""
_ATOM: Final = r"(\d+(?:\.\d+)?[a-z]?|[a-z]|π|\([^()]*\))(?![a-z])"
_REPLACED: Final = tuple(
    (re.compile(pattern), sign)
    for pattern, sign in (
        (
            r"\b(?:all|any|every|each) (?:the )?(?:real )?(?:numbers?|values?|reals|x)(?: of x)? "
            r"(?:except|but|without|other than|apart from|excluding)(?: for)?(?: x ?=)? ",
            "x≠",
        ),
        (r"\b(?:the set of )?all (?:the )?(?:real numbers|reals)\b", "ℝ"),
        (r"\b(?:all |any |the )*non-?negative (?:real )?numbers?\b", "x ≥ 0"),
        (r"\b(?:all |any |the )*non-?positive (?:real )?numbers?\b", "x ≤ 0"),
        (r"\b(?:all |any |the )*positive (?:real )?numbers?\b", "x > 0"),
        (r"\b(?:all |any |the )*negative (?:real )?numbers?\b", "x < 0"),
        (r"\b(?:is )?(?:not equal to|unequal to|does not equal)\b", "≠"),
        (r"\b(?:the )?(?:positive |principal )?square root of " + _ATOM, r"√(\1)"),
        (r"\b(?:the )?cube root of " + _ATOM, r"∛(\1)"),
        (r"\broot " + _ATOM, r"√(\1)"),
        (r" squared\b", "^2"),
        (r" cubed\b", "^3"),
        (r" (?:raised )?to the power (?:of )?(?:- ?|minus |negative )" + _ATOM, r"^{-\1}"),
        (r" (?:raised )?to the power (?:of )?" + _ATOM, r"^{\1}"),
        (r" factorial\b", "!"),
        (r"\b(?:is |are )?(?:greater|larger|more) than or equal to\b|\bis at least\b", "≥"),
        (r"\b(?:is |are )?(?:less|smaller) than or equal to\b|\bis at most\b", "≤"),
        (r"\b(?:is |are )?(?:strictly )?(?:greater|larger|more) than\b", ">"),
        (r"\b(?:is |are )?(?:strictly )?(?:less|smaller) than\b", "<"),
        (r"\b(?:is )?(?:equal to|equals?)\b", "="),
        (r"\b(?:multiplied by|times)\b", "*"),
        (r"\b(?:divided by|over)\b", "/"),
        (r"\bplus\b", "+"),
        (r"\b(?:minus|negative)\b", "-"),
        (r"\bpi\b", "π"),
        (r"\binfinity\b", "∞"),
    )
)
_LEFT_OVER: Final = re.compile(r"(?<![a-z\\])(?!sin|cos|tan|log|ln|exp|or\b|and\b)[a-z]{2,}")


@lru_cache(maxsize=4_096)
def formula_of_words(text: str) -> str:
    """`text` with the words of a formula as signs; `text` itself where other words would be left."""
    if len(text) > MAX_LENGTH or " " not in text or "\\" in text:
        return text
    if any(len(word) > 3 and word.isalpha() and word not in FORMULA_WORDS for word in text.lower().split()):
        return text
    if _TRIGGER.search(text) is None:
        return text
    formula = replace_words(text)
    return text if _LEFT_OVER.search(formula) else formula


def replace_words(text: str) -> str:
    """`text` with the words of formulae and numbers in it as signs and digits, whatever else it holds."""
    if "\\" in text:
        return text
    out = _numbers(" ".join(text[:MAX_LENGTH].split()).rstrip("."))
    if out.isupper() or not re.search(r"[A-Z]", out[1:]):  # X is another unknown than x in the middle only
        out = out[:1].lower() + out[1:] if out[1:2].isalpha() else out
    for pattern, sign in _REPLACED:
        out = pattern.sub(sign, out)
    return out


def _numbers(text: str) -> str:
    """`text` with number words as digits: `two times` is `2 times`; those of a fraction in brackets."""
    words = text.split(" ")
    out: list[str] = []
    place = 0
    while place < len(words):
        run = [word.lower() for word in words[place : place + 4]]
        used, readings = longest_number(run) if run[0].isalpha() or "-" in run[0] else (0, ())
        if used and run[0] not in ("a", "an", "point") and run[used - 1] not in ("squared", "over"):
            value = readings[0].value
            out.append(str(value) if value.denominator == 1 else f"({value})")
            place += used
        else:
            out.append(words[place])
            place += 1
    return " ".join(out)
