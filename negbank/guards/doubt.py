"""Doubts about texts of other questions, which nobody has judged: each is enough to leave one out.

They are no proof that a text is right or means nothing. A rule decides about every candidate; these only about near
answers of other questions, of which there are always more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from negbank.guards.words import read

ALIKE: Final = 5
"""Letters that two stems share at the beginning: `evapor` and `evaporat`."""

LONG: Final = 4
"""Content words from which on an answer is too long to be replaced by one of half its words."""

_POINTS_BACK: Final = re.compile(r"(?:they|it|he|she|its|their|his|her|this|these|those|that|such)\b", re.IGNORECASE)
_INFINITIVE: Final = re.compile(r"to [a-z]")
_LABELLED: Final = re.compile(
    r"\b(?:[Bb]us|[Cc]ar|[Tt]rain|[Bb]ox|[Gg]roup|[Pp]lant|[Ss]tudent|[Ss]ample|[Ff]igure|[Tt]able) (?:[A-D]|[0-9])\b"
)


def part_of(rights: Sequence[str], candidate: str) -> bool:
    """Whether all content words of the candidate are in a right answer, or the other way round.

    Example:
        >>> part_of(["extremely high pressure"], "high pressure")
        True
        >>> part_of(["refraction of waves"], "reflection of waves")
        False
    """
    own = read(candidate).content
    return any(_within(own, right) or _within(right, own) for right in (read(text).content for text in rights))


def _within(some: Sequence[str], others: Sequence[str]) -> bool:
    return bool(some) and all(any(_alike(stem, other) for other in others) for stem in some)


def _alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= ALIKE and one[:ALIKE] == other[:ALIKE])


def other_form(rights: Sequence[str], candidate: str) -> bool:
    """Whether the candidate could not stand where a right answer stands.

    It points back to something (`They reduce ...`, `bus A`), is an infinitive where none is asked for, or is half as
    long as a long answer, or twice as long.
    """
    if _LABELLED.search(candidate):
        return True
    return all(_differs(right, candidate) for right in rights)


def _differs(right: str, candidate: str) -> bool:
    for pattern in (_POINTS_BACK, _INFINITIVE):
        if (pattern.match(candidate) is None) != (pattern.match(right) is None):
            return True
    short, long = sorted((len(read(right).content), len(read(candidate).content)))
    return long >= LONG and short * 2 <= long
