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
_ENDS: Final = ".?!"
_LABELLED: Final = re.compile(
    r"\b(?:[Bb]us|[Cc]ar|[Tt]rain|[Bb]ox|[Gg]roup|[Pp]lant|[Ss]tudent|[Ss]ample|[Ff]igure|[Tt]able)s? (?:[A-D]|[0-9])\b"
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


def shares_word(rights: Sequence[str], candidate: str) -> bool:
    """Whether a content word of the candidate is in a right answer: "the exposed metal rusts", "iron forming rust".

    Near answers of other questions that are right here as well nearly all share a word with the right one.
    """
    own = read(candidate).content
    return any(_alike(stem, other) for text in rights for stem in own for other in read(text).content)


def _within(some: Sequence[str], others: Sequence[str]) -> bool:
    return bool(some) and all(any(_alike(stem, other) for other in others) for stem in some)


def _alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= ALIKE and one[:ALIKE] == other[:ALIKE])


def other_form(rights: Sequence[str], candidate: str) -> bool:
    """Whether the candidate could not stand where a right answer stands.

    It points back to something (`They reduce ...`, `bus A`), is an infinitive where none is asked for, is half as long
    as a long answer or twice as long, or is written in another way: with a capital letter, a full stop.
    """
    if _LABELLED.search(candidate):
        return True
    return all(_differs(right, candidate) for right in rights)


def _differs(right: str, candidate: str) -> bool:
    if _style(right) != _style(candidate):
        return True
    for pattern in (_POINTS_BACK, _INFINITIVE):
        if (pattern.match(candidate) is None) != (pattern.match(right) is None):
            return True
    short, long = sorted((len(read(right).content), len(read(candidate).content)))
    return long >= LONG and short * 2 <= long


def _style(text: str) -> tuple[bool, str]:
    """Whether `text` begins with a small letter, and the mark at its end: a sentence, or a part of one."""
    last = text.rstrip()[-1:]
    return text[:1].islower(), last if last in _ENDS else ""
