"""Whether two texts of nearly the same words differ by a negation, by an opposite, or by who does what to whom."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass
from typing import Final

from negbank.guards.decision import Decision, Verdict
from negbank.guards.opposites import are_opposite, are_synonyms, without_prefix
from negbank.guards.word_order import MAX_ITEMS, Order, order_of
from negbank.guards.words import RELATIONS, STOP, read, stem, tokens_of

NEGATORS: Final = frozenset("not never no neither nor without hardly scarcely barely nowhere".split())
_BE: Final = frozenset("is are was were be been being am get gets got".split())
_STRICT: Final = frozenset("than before after above below under from inside outside until against except beneath".split())
"""Relations that must stand in both texts; the rest may differ from one wording to the next."""
_LOOSE_ITEMS: Final = frozenset("<" + word for word in RELATIONS - _STRICT)
_RELATIVE: Final = frozenset("that which who".split())
_MAX_UNMATCHED: Final = 6


@dataclass(frozen=True, slots=True)
class Statement:
    """`items`: stems and relations in order; `negations`: how many words turn it round."""

    items: tuple[str, ...]
    content: tuple[str, ...]
    negations: int
    adverbs: frozenset[str]
    relative: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """How two statements stand: `negations` or `opposites` tell that one of those made the verdict."""

    verdict: Verdict
    negations: int
    opposites: int
    synonyms: int
    order: Order


@functools.lru_cache(maxsize=1 << 14)
def statement(text: str) -> Statement:
    """The items and negations of `text`."""
    tokens = tokens_of(text)
    items: list[str] = []
    negations = 0
    adverbs: set[str] = set()
    for place, token in enumerate(tokens):
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        if token in NEGATORS or (token in ("fail", "fails", "failed") and after == "to") or token == "non":
            negations += 1
        elif token in RELATIONS:
            items.append("<" + token)
        elif token not in STOP:
            base, turns = without_prefix(stem(token))
            negations += turns
            if token.endswith("ly"):
                adverbs.add(base)
            passive = place and _passive(tokens, place)
            items.append("!" + base if passive else base)
    content = tuple(item.lstrip("!") for item in items if not item.startswith("<") or item[1:] in _STRICT)
    return Statement(tuple(items), content, negations, frozenset(adverbs), not _RELATIVE.isdisjoint(tokens[1:]))


def _passive(tokens: list[str], place: int) -> bool:
    """Whether the word at `place` is the verb of "is eaten ... by"."""
    before = tokens[place - 1]
    if before.endswith("ly") or before == "not":
        before = tokens[place - 2] if place > 1 else ""
    return before in _BE and "by" in tokens[place + 1 :]


def compare(one: str, other: str, extra_in_first: bool = False) -> Compared | None:
    """How `one` and `other` stand where they are of the same words but for opposites and synonyms; else None.

    With `extra_in_first`, `one` may say up to half as much again: a question whose words a reply takes up.
    """
    first, second = statement(one), statement(other)
    if not first.content or not second.content or max(len(first.items), len(second.items)) > MAX_ITEMS:
        return None
    aligned = align(first.content, second.content)
    if aligned is None:
        return None
    renamed, left, right, opposites, synonyms = aligned
    if right or (left and not extra_in_first) or len(left) * 2 > len(second.content):
        return None
    skip = set(left)
    items_one = tuple(item for item in first.items if item.lstrip("!") not in skip)
    items_other = tuple(_rename(item, renamed) for item in second.items)
    adverbs = first.adverbs | second.adverbs
    relative = first.relative != second.relative
    order = order_of(_plain(items_one), _plain(items_other), _LOOSE_ITEMS, adverbs, relative)
    odd = (first.negations + second.negations) % 2 == 1
    verdict = _verdict(odd, opposites, order, bool(synonyms))
    if verdict is None:
        return None
    return Compared(verdict, first.negations + second.negations, opposites, synonyms, order)


def _plain(items: tuple[str, ...]) -> tuple[str, ...]:
    """`items`, with the mark of the passive only where "by" names who does it."""
    return items if "<by" in items else tuple(item.lstrip("!") for item in items)


def _rename(item: str, renamed: dict[str, str]) -> str:
    if item.startswith("!"):
        return "!" + renamed.get(item[1:], item[1:])
    return renamed.get(item, item)


def _verdict(odd: bool, opposites: int, order: Order, synonyms: bool) -> Verdict | None:
    kept = order in ("same", "harmless")
    if opposites == 0:
        if kept:
            return "different" if odd else "same"
        return "different" if order == "swapped" and not odd else None
    if opposites == 1:
        if odd:  # "not hot" beside "cold": something may lie between
            return "ambiguous" if kept else None
        if order == "swapped":
            return "same"
        return "different" if kept else None
    return None


def align(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[dict[str, str], list[str], list[str], int, int] | None:
    """`other`'s words in `one`'s: renamed ones, what is left of each, how many opposites and synonyms were paired.

    None where too much is left to be worth pairing.
    """
    count_one, count_other = Counter(one), Counter(other)
    left, right = list((count_one - count_other).elements()), list((count_other - count_one).elements())
    if len(left) > _MAX_UNMATCHED * 2 or len(right) > _MAX_UNMATCHED * 2:
        return None
    renamed: dict[str, str] = {}
    opposites = synonyms = 0
    for test in (_opposed, _alike):
        for word in list(left):
            match = next((x for x in right if x not in renamed and test(word, x)), None)
            if match is None:
                continue
            left.remove(word)
            right.remove(match)
            renamed[match] = word
            if test is _opposed:
                opposites += 1
            else:
                synonyms += 1
    return renamed, left, right, opposites, synonyms


def _opposed(one: str, other: str) -> bool:
    return are_opposite(stem(one.lstrip("<")), stem(other.lstrip("<")))


def _alike(one: str, other: str) -> bool:
    return are_synonyms(one, other)


def decide_negation(question: str, answer: str, candidate: str) -> Decision | None:
    """`different` where the two differ by a negation, an opposite or who does what; `same` where those cancel out."""
    found = compare(answer, candidate)
    if found is None:
        return None
    if found.verdict == "same":
        if found.synonyms and len(read(answer).content) < 2 + found.synonyms:
            return None
        return Decision("same", "negation" if found.negations or found.opposites else "paraphrase")
    return Decision(found.verdict, "negation")


def is_negated(text: str) -> bool:
    """Whether `text` holds a negation an odd number of times."""
    return statement(text).negations % 2 == 1


