"""Words that turn a meaning round, with or without something between, and words and phrases that mean the same."""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from typing import Final

from negbank.guards.tables import read_table
from negbank.guards.words import stem

_PREFIXES: Final = ("un", "in", "im", "il", "ir", "dis", "non", "a", "an")

Opposites = dict[str, frozenset[str]]


@functools.lru_cache(maxsize=1)
def complements() -> dict[str, str]:
    """Stem -> the stem whose negation it is: `impossible` -> `possible`, `unsafe` and `dangerous` -> `safe`."""
    found: dict[str, str] = {}
    for (row,) in read_table("antonyms"):
        kind, one, other = row.split()
        if kind == "=":
            found.setdefault(stem(other), stem(one))
    for one, other in read_table("antonyms_wordnet"):
        plain, turned = sorted((one, other), key=len)
        if any(turned == prefix + plain for prefix in _PREFIXES) or (
            turned.endswith("less") and plain.endswith("ful") and turned[:-4] == plain[:-3]
        ):
            found.setdefault(stem(turned), stem(plain))
    # one word cannot be both: `guilty` is the negation of nothing where `innocent` is that of `guilty`
    return {word: base for word, base in found.items() if base not in found}


@functools.lru_cache(maxsize=1)
def _degrees() -> Opposites:
    found: dict[str, set[str]] = defaultdict(set)
    pairs = [(row.split()[1], row.split()[2]) for (row,) in read_table("antonyms")]
    pairs += [(one, other) for one, other in read_table("antonyms_wordnet")]
    for one, other in pairs:
        a, b = stem(one), stem(other)
        if a != b:
            found[a].add(b)
            found[b].add(a)
    return {word: frozenset(others) for word, others in found.items()}


def _synonyms(*tables: str) -> Opposites:
    found: dict[str, set[str]] = defaultdict(set)
    for table in tables:
        for row in read_table(table):
            head, *others = [stem(word) for word in (row if len(row) > 1 else row[0].split())]
            for other in others:
                found[head].add(other)
                found[other].add(head)
    return {word: frozenset(others) for word, others in found.items()}


@functools.lru_cache(maxsize=1)
def _own_synonyms() -> Opposites:
    return _synonyms("synonyms")


@functools.lru_cache(maxsize=1)
def _all_synonyms() -> Opposites:
    return _synonyms("synonyms", "synonyms_wordnet")


@functools.lru_cache(maxsize=1 << 14)
def without_prefix(word: str) -> tuple[str, int]:
    """The stem that `word` is a negation of and 1, or `word` and 0; two where it is one twice over (`unsafe`)."""
    turns = 0
    if word.startswith("non") and len(word) > 6:
        word, turns = word[3:], 1
    elif word.startswith("un") and word not in complements():
        plain = next((base for base in (word[2:], word[2:] + "e") if base in _degrees()), None)
        if plain is not None:
            word, turns = plain, 1
    elif word.startswith(("in", "im", "il", "ir", "dis")) and word not in _degrees() and word not in complements():
        plain = word[3:] if word.startswith("dis") else word[2:]
        if len(plain) > 4 and plain in _degrees():
            word, turns = plain, 1
    elif word.endswith("less") and len(word) > 6 and word not in ("unless", "regardless", "nevertheless"):
        word, turns = word[:-4], 1
    base = complements().get(word)
    return (word, turns) if base is None else (base, turns + 1)


def are_opposite(one: str, other: str) -> bool:
    """Whether two stems are opposites or set against each other: `hot` and `cold`, `hotter` and `colder`."""
    known = _degrees()
    if other in known.get(one, ()):
        return True
    for ending in ("er", "est"):
        if one.endswith(ending) and other.endswith(ending):
            return _plain(other, ending) in known.get(_plain(one, ending), ())
    return False


def are_close(one: str, other: str) -> bool:
    """Whether two stems mean the same in a short answer: by the table written for that, or as forms of one word."""
    if other in _own_synonyms().get(one, ()):
        return True
    root = _root(one)
    return len(root) >= 6 and root == _root(other)


def are_synonyms(one: str, other: str) -> bool:
    """Whether two stems may mean the same in a sentence that agrees otherwise: WordNet's synonyms, hot and hotter."""
    if other in _all_synonyms().get(one, ()):
        return True
    for ending in ("er", "est"):
        for longer, word in ((one, other), (other, one)):
            if longer.endswith(ending) and len(longer) > len(ending) + 2 and _plain(longer, ending) == word:
                return True
    return False


def _plain(word: str, ending: str) -> str:
    cut = word[: -len(ending)]
    if cut.endswith("i"):
        return cut[:-1] + "y"
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] and cut[-1] not in "ls" else cut


@functools.lru_cache(maxsize=1 << 14)
def _root(word: str) -> str:
    for ending in ("ation", "ition", "ution", "ment", "ness", "ence", "ance", "sion", "tion", "ion", "ity", "al",
                   "ate", "ive", "at"):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= 5:
            return word[: -len(ending)]
    return word.rstrip("et") if len(word) > 6 else word


@functools.lru_cache(maxsize=1)
def phrases() -> dict[tuple[str, ...], tuple[str, ...]]:
    """The stems of several words -> the plainer words that say the same: `get smaller` -> `decrease`."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for said, plain in read_table("phrases"):
        for words in itertools.product(*(place.split("|") for place in said.split())):
            stems = tuple(stem(word) for word in words if word not in ("a", "an", "the"))
            found.setdefault(stems, tuple(plain.split()))
    return found


@functools.lru_cache(maxsize=1)
def _phrase_lengths() -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = defaultdict(set)
    for stems in phrases():
        lengths[stems[0]].add(len(stems))
    return {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}


def plainly(tokens: list[str]) -> list[str]:
    """`tokens` without articles and with the phrases that the table knows put into plainer words."""
    words = [token for token in tokens if token not in ("a", "an", "the")]
    stems = [stem(word) for word in words]
    known, lengths = phrases(), _phrase_lengths()
    out: list[str] = []
    place = 0
    while place < len(words):
        for length in lengths.get(stems[place], ()):
            plain = known.get(tuple(stems[place : place + length])) if place + length <= len(words) else None
            if plain is not None:
                out += plain
                place += length
                break
        else:
            out.append(words[place])
            place += 1
    return out


@functools.lru_cache(maxsize=1)
def related_openings() -> Opposites:
    """The first four letters of a word -> those of its opposites, synonyms and irregular forms."""
    found: dict[str, set[str]] = defaultdict(set)
    pairs = [
        (word, other) for table in (_degrees(), _all_synonyms()) for word, others in table.items() for other in others
    ]
    pairs += list(complements().items())
    pairs += [(form, plain) for (row,) in read_table("irregular") for *forms, plain in [row.split()] for form in forms]
    for said, plain in phrases().items():
        pairs += [(word, other) for word in said for other in plain]
    for one, other in pairs:
        found[one[:4]].add(other[:4])
        found[other[:4]].add(one[:4])
    return {opening: frozenset(others) for opening, others in found.items()}
