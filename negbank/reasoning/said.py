"""Which of the numbers in an answer is the one that it says: the asked variable's, the first, or the only one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from negbank.reasoning.asked import Asked
from negbank.reasoning.quantities import Value, find_values

_ASSIGNED: Final = re.compile(r"(?<![A-Za-z\\\d])([A-Za-z])\s*=\s*(?:\\(?:boxed|fbox)\{)?\s*(?=[-$\d\\])")
_TUPLE: Final = re.compile(
    r"\(\s*([A-Za-z](?:\s*,\s*[A-Za-z]){1,4})\s*\)\s*=\s*(?:\\boxed\{)?\s*(?:\\left)?\(([^()]{1,200})\)"
)
_LIST_NEXT: Final = re.compile(
    r"[^\n]{0,30}?(?:,\s*(?:and|or)?|\b(?:and|or|to|oder|und|et|ou|y|o|и|или)\b|±|;|/|&)\s*[*_$]*$", re.IGNORECASE
)
"""Between the first number of a list and the next: `4 red and 6 blue`."""
_CLAUSE_END: Final = re.compile(r"[;\n]|,\s|\.\s|\s(?:and|so|which|while|und|et|y|и)\s")
_TERM: Final = re.compile(r"\s*(?:[-+*/^×·÷]|\\(?:times|cdot|div)(?![a-z]))")
_OPERATOR: Final = re.compile(r"\s*(?:[-+*/^×·÷∗]|\\(?:times|cdot|div)(?![a-z]))\s*(?:[\d(\\$£€]|$)")


def asked_value(text: str, values: tuple[Value, ...], asked: Asked) -> Value | None:
    """The value that is given to the variable which the question asks for."""
    if not asked.variable:
        return None
    for tuple_ in _TUPLE.finditer(text):
        names = [name.strip() for name in tuple_.group(1).split(",")]
        inner = find_values(tuple_.group(2))
        if asked.variable in names and len(inner) == len(names):
            return inner[names.index(asked.variable)]
    given = [
        _result(text, found.end(), values) for found in _ASSIGNED.finditer(text) if found.group(1) == asked.variable
    ]
    last = given[-1] if given else None
    return last if last is not None and all(one is not None and _is_equal(one, last) for one in given) else None


def first_value(text: str, values: tuple[Value, ...], first: Value | None, asked: Asked) -> Value | None:
    """The value that stands first, unless it is the first of a list or a term of a sum; else the one that is said."""
    if first is None or first.role in ("bound", "unknown"):
        return said_value(text, values, asked.noun) if first is None else None
    rest = text[first.end :]
    following = next((value for value in values if value.start >= first.end), None)
    if following is not None and _LIST_NEXT.match(text[first.end : following.start]) is not None:
        return None
    if re.match(r"\s*[*_]*\s*(?:[-+*/^×·÷=]|\\(?:times|cdot|div|pm)\b)", rest) and re.search(r"\d", rest):
        return said_value(text, values, asked.noun) if "=" in rest else None
    if following is not None and re.match(r"\s*[*_]*\s*(?:,\s*)?[A-Za-z]\s*=\s*$", text[first.end : following.start]):
        return None
    return first


def said_value(text: str, values: Sequence[Value], noun: str = "") -> Value | None:
    """The one value that a sentence says, or None where it says several, or none.

    Those that stand beside it are left out unless there are no others; of several, the one of `noun`, which the
    question asks for, and the result of an equation that ends the sentence.
    """
    for roles in (("said",), ("said", "beside")):
        said = [value for value in values if value.role in roles]
        distinct = {value.amounts[0].value for value in said}
        if len(distinct) == 1:
            return said[-1]
        if said:
            return _chosen(text, said, noun)
    return None


def _chosen(text: str, said: Sequence[Value], noun: str) -> Value | None:
    result = text.rfind("=")
    if result >= 0:
        after = [value for value in said if value.start > result]
        before = [value for value in said if value.end <= text.find("=")]
        for side in (after, before):
            if len({value.amounts[0].value for value in side}) == 1 and not _OPERATOR.match(text, side[0].end):
                return side[0]
        return None
    named = [value for value in said if noun and _is_same_noun(value.noun, noun)]
    return named[0] if len({value.amounts[0].value for value in named}) == 1 else None


def _is_same_noun(first: str, second: str) -> bool:
    return bool(first) and first.rstrip("s") == second.rstrip("s")


def _is_equal(first: Value, second: Value) -> bool:
    return first.amounts[0].value == second.amounts[0].value


def _result(text: str, start: int, values: tuple[Value, ...]) -> Value | None:
    """What an equation from `start` on comes to: 12 in `7 + 5 = 12, so`."""
    stop = _CLAUSE_END.search(text, start)
    end = stop.start() if stop is not None else len(text)
    equals = text.rfind("=", start, end)
    side = [value for value in values if max(equals, start - 1) <= value.start < end]
    if len(side) != 1 or side[0].role == "unknown" or _TERM.match(text, side[0].end, end):
        return None
    return side[0]
