"""A cheap look at two texts before any rule for sentences: whether their words could be paired at all."""

from __future__ import annotations

import functools
import string
from typing import Final

from negbank.guards.opposites import related_openings, without_prefix
from negbank.guards.words import MAX_CHARACTERS, NEGATORS, RELATIONS, REMEMBERED, STOP, fold_accents, stem

SHARED: Final = 0.3
"""Of the shorter text's words, the share that the longer must have too before sentences are compared at all."""
MAX_UNSHARED: Final = 3
"""Texts without a word in common are only compared where one is this short: "it gets smaller", "it decreases"."""

_UNSEEN: Final = STOP | RELATIONS | NEGATORS | frozenset(
    "isn aren wasn weren doesn didn don hasn haven hadn wouldn shouldn couldn cannot fail fails failed get gets got "
    "become becomes became go goes went going stay stays remain remains keep keeps turn turns start starts pass passes "
    "lie lies occur occurs happen happens found located contain contains "
    "reach reaches reached exist exists absent absence lack lacks lacking available penetrate penetrates place places "
    "area areas region regions".split()
)  # fmt: skip
_MARKS: Final = str.maketrans(dict.fromkeys(string.punctuation + "–—…’‘“”«»¿¡", " "))


@functools.lru_cache(maxsize=REMEMBERED)
def glance(text: str) -> frozenset[str]:
    """The openings of the words of `text` that carry meaning."""
    plain = text if text.isascii() else fold_accents(text[:MAX_CHARACTERS])
    words = plain[:MAX_CHARACTERS].lower().translate(_MARKS).split()
    return frozenset([_quick_opening(word) for word in words if word not in _UNSEEN])


_TURNING: Final = frozenset("un in im il ir di no th br ca fo".split())
"""How words begin that may be a negation or an irregular form (`thought`); the rest need no look at the tables."""


def _quick_opening(word: str) -> str:
    return word[:4] if len(word) > 6 and word[:2] not in _TURNING else _opening(word)


@functools.lru_cache(maxsize=REMEMBERED)
def _opening(word: str) -> str:
    """The first four letters of what `word` is a form or the negation of."""
    return without_prefix(stem(word))[0][:4]


def comparable(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether texts of these openings share enough that a rule for sentences could speak.

    Where each has words that the other lacks, those of one side must all be related to some of the other side's.
    """
    shared = len(one & other)
    if not shared:
        if not one or not other:
            return len(one | other) <= MAX_UNSHARED
        return min(len(one), len(other)) <= MAX_UNSHARED and not _unpaired(one, other)
    if shared < SHARED * min(len(one), len(other)):
        return False
    only_one, only_other = one - other, other - one
    return not only_one or not only_other or not _unpaired(only_one, only_other)


def _unpaired(one: frozenset[str], other: frozenset[str]) -> bool:
    related = related_openings()
    nothing: frozenset[str] = frozenset()

    def lonely(words: frozenset[str], beside: frozenset[str]) -> bool:
        openings = {word[:3] for word in beside}
        return any(related.get(word, nothing).isdisjoint(beside) and word[:3] not in openings for word in words)

    return lonely(one, other) and lonely(other, one)
