"""Whether two texts of nearly the same words differ by a negation, by an opposite, or by who does what to whom.

A text is read as items: stems in order, `<than` for a word that relates, and `¬possible` for a stem that is negated,
by "not" before it or by its own prefix; two negations of one stem cancel out.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from negbank.guards.decision import Decision, Verdict
from negbank.guards.opposites import are_close, are_opposite, are_synonyms, plainly, without_prefix
from negbank.guards.word_order import MAX_ITEMS, Order, order_of
from negbank.guards.words import NEGATORS, RELATIONS, STOP, stem, tokens_of

_BE: Final = frozenset("is are was were be been being am get gets got".split())
_STRICT: Final = frozenset(
    "than before after above below under from outside until against except beneath while during".split()
)
"""Relations that must stand in both texts; the rest may differ from one wording to the next."""
_PLACES: Final = (
    frozenset("in on at inside into onto within".split()),
    frozenset("through throughout around across over".split()),
    frozenset(("between",)), frozenset(("toward", "towards")), frozenset(("up",)), frozenset(("down",)),
    frozenset(("behind",)), frozenset(("out", "off")), frozenset(("below", "under", "beneath")),
)  # fmt: skip
"""Words for where something is; two of one set may stand for each other."""
_LOOSE_ITEMS: Final = frozenset("<" + word for word in RELATIONS - _STRICT)
_ASKING: Final = frozenset("when where who whom why how what".split())
_RELATIVE: Final = frozenset("that which who".split())
_CONVERSE: Final = frozenset("buy sell lend borrow give receive teach learn parent child teacher student".split())
_JOINING: Final = frozenset(
    "go come pass lie get become happen occur found find locat situat occur start contain".split()
)
"""Stems of verbs that one wording has and another leaves out: "passes between", "is between"."""
_PRESENT: Final = frozenset("reach exist occur present availabl penetrat arriv found".split())
"""Stems of words that only say that something is there."""
_ABSENT: Final = frozenset("absent absenc lack".split())
_SURROUNDINGS: Final = frozenset("water area place region spot zone part environment condition location".split())
_MAX_UNMATCHED: Final = 12


@dataclass(frozen=True, slots=True)
class Statement:
    """A text's `items` in order, and what is asked of them again and again."""

    items: tuple[str, ...]
    content: tuple[str, ...]
    adverbs: frozenset[str]
    relative: bool
    asking: frozenset[str]
    turned: bool


@dataclass(frozen=True, slots=True)
class Aligned:
    """`other`'s words in `one`'s, what is left of each, and how many pairs of each kind were made."""

    renamed: dict[str, str]
    left: list[str]
    right: list[str]
    negated: int
    opposite: int
    between: int
    close: int
    synonyms: int


@dataclass(frozen=True, slots=True)
class Compared:
    """How two statements stand; `turned`: a negation or an opposite made the verdict."""

    verdict: Verdict
    turned: bool
    synonyms: int


@functools.lru_cache(maxsize=1 << 14)
def statement(text: str) -> Statement:
    """The items of `text`."""
    tokens = plainly(tokens_of(text))
    items: list[str] = []
    adverbs: set[str] = set()
    negated = turned = False
    for place, token in enumerate(tokens):
        if token in NEGATORS:
            negated, turned = not negated, True
            continue
        if token in RELATIONS:
            items.append("<" + token)
        elif token not in STOP:
            base, turns = without_prefix(stem(token))
            turned = turned or bool(turns)
            if token.endswith("ly"):
                adverbs.add(base)
            base = "¬" + base if negated != (turns % 2 == 1) else base
            negated = False
            items.append("!" + base if place and _passive(tokens, place) else base)
    if negated:
        items.append("¬")
    content = tuple(item.lstrip("!") for item in items if not item.startswith("<") or item[1:] in _STRICT)
    asking = frozenset(tokens) & _ASKING
    return Statement(tuple(items), content, frozenset(adverbs), not _RELATIVE.isdisjoint(tokens[1:]), asking, turned)


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
    if aligned is None or aligned.right or (aligned.left and not extra_in_first):
        return None
    if len(aligned.left) * 2 > len(second.content):
        return None
    items_one, items_other = _paired(first, second, aligned)
    order = order_of(
        _plain(items_one), _plain(items_other), _LOOSE_ITEMS,
        first.adverbs | second.adverbs, first.relative != second.relative,
    )  # fmt: skip
    verdict = _verdict(aligned, order, _is_converse(first, aligned))
    if verdict == "same" and not extra_in_first and not relations_agree(first, second):
        return None
    if verdict is None:
        return None
    turned = first.turned != second.turned or verdict != "same" or bool(aligned.opposite)
    return Compared(verdict, turned, aligned.synonyms)


def _paired(first: Statement, second: Statement, aligned: Aligned) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The items of both in one's words, without those that the other has no counterpart for."""
    one = list(first.items)
    other = [_rename(item, aligned.renamed) for item in second.items]
    surplus_one = Counter(item.lstrip("!") for item in one) - Counter(item.lstrip("!") for item in other)
    surplus_other = Counter(item.lstrip("!") for item in other) - Counter(item.lstrip("!") for item in one)
    return _less(one, surplus_one), _less(other, surplus_other)


def _less(items: list[str], surplus: Counter[str]) -> tuple[str, ...]:
    out = []
    for item in items:
        bare = item.lstrip("!")
        if not bare.startswith("<") and surplus[bare] > 0:
            surplus[bare] -= 1
        else:
            out.append(item)
    return tuple(out)


def _plain(items: tuple[str, ...]) -> tuple[str, ...]:
    """`items`, with the mark of the passive only where "by" names who does it."""
    return items if "<by" in items else tuple(item.lstrip("!") for item in items)


def _rename(item: str, renamed: dict[str, str]) -> str:
    if item.startswith("!"):
        return "!" + renamed.get(item[1:], item[1:])
    return renamed.get(item, item)


def _is_converse(first: Statement, aligned: Aligned) -> bool:
    """Whether the one opposite says the same with its sides exchanged: taller and shorter, before and after."""
    if aligned.opposite != 1:
        return False
    words = {word for pair in aligned.renamed.items() for word in pair}
    return "<than" in first.content or any(word.startswith("<") or word in _CONVERSE for word in words)


def _verdict(aligned: Aligned, order: Order, converse: bool) -> Verdict | None:
    kept = order in ("same", "harmless")
    if not (aligned.negated or aligned.opposite or aligned.between):
        return "same" if kept else "different" if order == "swapped" else None
    if order == "swapped":
        return "same" if converse and not aligned.negated and not aligned.between else None
    if not kept:
        return None
    if aligned.between and not (aligned.negated or aligned.opposite):
        return "ambiguous"  # "not hot" beside "cold": something may lie between
    return None if aligned.between else "different"


def relations_agree(one: Statement, other: Statement) -> bool:
    """Whether neither says another place or time word, nor another question word, than the other."""
    if one.asking and other.asking and one.asking != other.asking:
        return False
    places_one = {
        number for number, words in enumerate(_PLACES) for item in one.items if item[1:] in words and item[0] == "<"
    }
    places_other = {
        number for number, words in enumerate(_PLACES) for item in other.items if item[1:] in words and item[0] == "<"
    }
    return not places_one or not places_other or not places_one.isdisjoint(places_other)


def align(one: tuple[str, ...], other: tuple[str, ...]) -> Aligned | None:
    """The words of `other` beside those of `one`; None where too much is left over to be worth pairing."""
    count_one, count_other = Counter(one), Counter(other)
    left, right = list((count_one - count_other).elements()), list((count_other - count_one).elements())
    if len(left) > _MAX_UNMATCHED or len(right) > _MAX_UNMATCHED:
        return None
    renamed: dict[str, str] = {}
    made = [0, 0, 0, 0, 0]
    if left and right:
        for kind, test in enumerate((_negated, _opposed, _between, _close, _synonyms)):
            for word in list(left):
                match = next((x for x in right if x not in renamed and test(word, x)), None)
                if match is not None:
                    left.remove(word)
                    right.remove(match)
                    renamed[match] = word
                    made[kind] += 1
    alone = not (left and right)
    left, right = _needed(left, one, other, alone), _needed(right, other, one, alone)
    return Aligned(renamed, left, right, *made)


def _needed(words: list[str], own: tuple[str, ...], beside: tuple[str, ...], alone: bool) -> list[str]:
    """`words` without those that add nothing: a word said twice (where only this text has words left, `alone`), a
    verb that only joins, an opposite that is denied ("does not fall but rises")."""
    out = []
    for word in words:
        twice = alone and own.count(word) > 1 and word in beside
        denied = word.startswith("¬") and any(are_opposite(word[1:], said) for said in beside)
        if not (twice or denied or (word in _JOINING and len(own) > 1)):
            out.append(word)
    return out


def _negated(one: str, other: str) -> bool:
    return one == "¬" + other or other == "¬" + one


def _opposed(one: str, other: str) -> bool:
    if one.startswith("¬") and other.startswith("¬"):
        one, other = one[1:], other[1:]
    if one.startswith("<") and other.startswith("<"):
        return are_opposite(stem(one[1:]), stem(other[1:]))
    return are_opposite(one, other)


def _close(one: str, other: str) -> bool:
    return _alike(are_close, one, other)


def _synonyms(one: str, other: str) -> bool:
    return _alike(are_synonyms, one, other)


def _alike(test: Callable[[str, str], bool], one: str, other: str) -> bool:
    if one.startswith("¬") != other.startswith("¬"):
        return False
    return test(one.lstrip("¬"), other.lstrip("¬"))


def _between(one: str, other: str) -> bool:
    if one.startswith("¬") == other.startswith("¬"):
        return False
    return are_opposite(one.lstrip("¬"), other.lstrip("¬"))


def lacking(text: str) -> str | None:
    """The stem of the one thing that `text` says is not there, and says no more than that; else None.

    Example:
        >>> lacking("where sunlight never reaches"), lacking("in places that have no shade")
        ('sunlight', 'shade')
    """
    content = statement(text).content
    bare = [item.lstrip("¬") for item in content]
    things = [thing for thing in bare if thing not in _PRESENT | _ABSENT]
    things = things[1:] if len(things) > 1 and things[0] in _SURROUNDINGS else things
    negated = sum(item.startswith("¬") or item in _ABSENT for item in content)
    return things[0] if len(things) == 1 and negated == 1 else None


def decide_negation(question: str, answer: str, candidate: str) -> Decision | None:
    """`different` where the two differ by a negation, an opposite or who does what; `same` where those cancel out."""
    found = compare(answer, candidate)
    if found is None:
        thing = lacking(answer)
        alike = thing is not None and thing == lacking(candidate)
        agreed = alike and relations_agree(statement(answer), statement(candidate))
        return Decision("same", "negation") if agreed else None
    if found.verdict == "same" and found.synonyms * 2 > len(statement(answer).content):
        return None
    return Decision(found.verdict, "negation" if found.turned or found.verdict != "same" else "paraphrase")
