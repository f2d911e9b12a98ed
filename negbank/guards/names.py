"""Two spellings of one person's, place's or body's name: last name only, initials, titles, acronyms, order."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from negbank.guards.aliases import ids_of
from negbank.guards.core import core, core_tokens
from negbank.guards.decision import Decision
from negbank.guards.tables import read_table
from negbank.guards.words import fold_accents, tokens_of

_TITLES: Final = frozenset(
    """mr mrs ms miss dr doctor prof professor sir dame lord lady president king queen emperor empress prince princess
    pope saint st captain general colonel major admiral lieutenant sergeant senator governor judge justice chancellor
    minister premier mayor reverend rev father sister brother bishop archbishop cardinal rabbi imam count countess duke
    duchess baron baroness tsar czar kaiser sheikh madame monsieur herr frau senor senora don""".split()
)
_PARTICLES: Final = frozenset(
    "van von der den de la le du da di del della dos das ter ten bin ibn al el ap mac o".split()
)
_SUFFIXES: Final = frozenset("jr sr junior senior esq phd md".split())
_GENERATION = re.compile("[IVX]+")
_ASKS_PERSON = re.compile(
    r"\b(?:who|whom|whose|qui|quien|quienes|wer|chi|wie heet|person|man|woman|boy|girl|author|writer|poet|"
    r"novelist|playwright|composer|"
    r"musician|singer|rapper|band member|guitarist|drummer|pianist|actor|actress|comedian|director|"
    r"filmmaker|producer|screenwriter|"
    r"painter|sculptor|artist|architect|photographer|designer|inventor|scientist|physicist|chemist|biologist|"
    r"mathematician|astronomer|philosopher|economist|psychologist|explorer|astronaut|cosmonaut|engineer|physician|"
    r"president|vice president|prime minister|minister|chancellor|king|queen|emperor|empress|monarch|pharaoh|pope|"
    r"leader|general|commander|dictator|politician|senator|governor|mayor|judge|lawyer|founder|co-founder|founders|"
    r"ceo|entrepreneur|businessman|player|footballer|athlete|boxer|driver|coach|champion|winner|character|hero|"
    r"husband|wife|father|mother|son|daughter|brother|sister|uncle|aunt|cousin|laureate|name of the (?:man|woman))s?\b",
    re.IGNORECASE,
)
_PLACE_WORDS: Final = {
    "river": "river", "lake": "lake", "mount": "mountain", "mt": "mountain", "mountain": "mountain",
    "mountains": "mountain", "ocean": "ocean", "sea": "sea", "city": "city", "town": "city", "state": "state",
    "island": "island", "islands": "island", "isle": "island", "planet": "planet", "desert": "desert",
    "republic": "country", "kingdom": "country", "county": "county", "province": "province", "bay": "bay",
    "gulf": "gulf", "strait": "strait", "canyon": "canyon", "volcano": "volcano", "valley": "valley",
    "peninsula": "peninsula", "continent": "continent", "falls": "waterfall", "university": "university",
}  # fmt: skip
_SAME_ASKED: Final = {
    "mountain": "mountain peak mount summit volcano", "city": "city town capital municipality where",
    "country": "country nation state", "waterfall": "waterfall falls", "sea": "sea ocean", "island": "island",
}  # fmt: skip
_DIRECTIONS: Final = frozenset(
    "north south east west northern southern eastern western new old central latin upper lower great".split()
)
_SMALL: Final = frozenset("of and the for in on to at a an de la du des & der".split())
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its parts, folded; `given` may hold initials. `generation` is a Roman numeral ("" where none)."""

    given: tuple[str, ...]
    last: str
    generation: str
    titled: bool


def decide_name(question: str, answer: str, candidate: str) -> Decision | None:
    """`same`, `ambiguous` or `different` where both are names that can be compared; else None."""
    acronym = _acronym(answer, candidate) or _acronym(candidate, answer)
    if acronym:
        return Decision("same", "alias")
    if answer.islower() or candidate.islower():
        return None
    place = _place(question, answer, candidate)
    if place is not None:
        return place
    right, other = person(answer), person(candidate)
    if right is None or other is None or not (right.last and other.last):
        return None
    if not _is_person(question, right, other):
        return None
    return _compare(question, right, other)


def _is_person(question: str, right: Name, other: Name) -> bool:
    longer = right if len(right.given) >= len(other.given) else other
    if not longer.given and not (right.titled or other.titled):
        return False
    first = longer.given[0] if longer.given else ""
    if first in _DIRECTIONS:
        return False
    return (
        _ASKS_PERSON.search(question) is not None
        or first in _first_names()
        or (bool(first) and all(len(part) == 1 for part in longer.given))
    )


def _compare(question: str, right: Name, other: Name) -> Decision | None:
    if right.last != other.last:
        shared = set(right.given) & set(other.given)
        whole = right.given and other.given
        return Decision("different", "alias") if whole and not shared else None
    if right.generation != other.generation:
        return Decision("different", "alias") if right.generation and other.generation else None
    if not right.given or not other.given:
        if right.generation or _namesake(question, right.given or other.given, right.last):
            return Decision("ambiguous", "alias")
        return Decision("same", "alias")
    if _given_agree(right.given, other.given):
        return Decision("same", "alias")
    return Decision("different", "alias")


def _given_agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two rows of given names and initials can be one person's."""
    if not _alike(one[0], other[0]):
        # J. Edgar Hoover is Edgar Hoover: a first name may be left out where the second is used
        return (len(one) > 1 and len(one[0]) == 1 and _alike(one[1], other[0])) or (
            len(other) > 1 and len(other[0]) == 1 and _alike(other[1], one[0])
        )
    if len(one) == 1 or len(other) == 1:
        return True
    shorter, longer = sorted((one[1:], other[1:]), key=len)
    rest = iter(longer)
    return all(any(_alike(part, choice) for choice in rest) for part in shorter)


def _alike(one: str, other: str) -> bool:
    if one == other or other in _short_forms().get(one, ()) or one in _short_forms().get(other, ()):
        return True
    return (len(one) == 1 or len(other) == 1) and one[0] == other[0]


def _namesake(question: str, given: tuple[str, ...], last: str) -> bool:
    """Whether `question` names another of that last name: "the brother of John Kennedy" beside Robert Kennedy."""
    tokens = tokens_of(question)
    return any(
        token == last and place and tokens[place - 1] not in given and (tokens[place - 1] in _first_names())
        for place, token in enumerate(tokens)
    )


@functools.lru_cache(maxsize=1 << 14)
def person(text: str) -> Name | None:
    """`text` as a name of a person, or None where its words are not all capitalised or there are too many."""
    raw = core(text)
    if (
        len(raw) > 60
        or any(word[0].islower() and word not in _PARTICLES for word in raw.split())
        or re.search(r"[\d:;!?=+/()]", raw)
    ):
        return None
    before, comma, after = raw.partition(",")
    if comma:
        suffix = after.strip(" .").lower() in ("jr", "sr", "junior", "senior")
        raw = before if suffix else f"{after.strip()} {before}" if " " not in before.strip() and after.strip() else ""
    words = _WORD.findall(raw.replace("’", "'"))
    if not 1 <= len(words) <= 7 or len("".join(words)) < len(re.sub(r"[\s.]", "", raw)) - 1:
        return None
    parts: list[str] = []
    titled, generation = False, ""
    for place, word in enumerate(words):
        bare = word.rstrip(".")
        lower = fold_accents(bare).lower()
        if lower == "the":
            continue
        if lower in _TITLES and not parts and place < len(words) - 1:
            titled = True
        elif lower in _SUFFIXES and parts:
            continue
        elif _GENERATION.fullmatch(bare) and parts and len(parts[-1]) > 1 and place == len(words) - 1:
            generation = bare
        elif not bare[0].isupper() and lower not in _PARTICLES:
            return None
        elif bare.isupper() and 1 < len(bare) <= 3 and place < len(words) - 1:
            parts += list(lower)
        else:
            parts.append(lower)
    return _assembled(parts, generation, titled)


def _assembled(parts: list[str], generation: str, titled: bool) -> Name | None:
    if all(_GENERATION.fullmatch(part.upper()) for part in parts) or (len(parts) > 1 and len(parts[-1]) == 1):
        return None
    last = parts[-1]
    given = tuple(part for part in parts[:-1] if part not in _PARTICLES)
    return Name(given, last, generation, titled)


def _acronym(short: str, long: str) -> bool:
    """Whether `short` is the initials of the words of `long`: WHO, JFK, CPU."""
    if len(short) > 30 or short.upper() != short:
        return False
    letters = core(short).replace(".", "").replace(" ", "")
    if not (2 < len(letters) <= 8 and letters.isupper() and letters.isascii() and letters.isalpha()):
        return False
    words = re.findall(r"[A-Za-z]+", fold_accents(core(long)))
    if len(words) < 3 or len(core(long)) > 120:
        return False
    main = [word for word in words if word.lower() not in _SMALL and word.rstrip(".").lower() not in _SUFFIXES]
    return any("".join(word[0] for word in chosen).upper() == letters for chosen in (words, main))


def _place(question: str, answer: str, candidate: str) -> Decision | None:
    """`same` where the two differ by "river", "ocean", "city" ... and the question asks for one."""
    if _PLACE_WORDS.keys().isdisjoint(core_tokens(answer)) and _PLACE_WORDS.keys().isdisjoint(core_tokens(candidate)):
        return None
    one, kind_one = _without_class(answer)
    other, kind_other = _without_class(candidate)
    if one == other and kind_one is not None and kind_one == kind_other:
        return Decision("same", "alias")
    if one != other or not one or (kind_one is None) == (kind_other is None):
        return None
    kind = kind_one or kind_other or ""
    asked = _SAME_ASKED.get(kind, kind).split()
    said = set(tokens_of(question))
    if any(word in said or word + "s" in said for word in asked):
        return Decision("same", "alias")
    return None


def _without_class(text: str) -> tuple[tuple[str, ...], str | None]:
    tokens = core_tokens(text)
    if len(tokens) > 1 and tokens[0] in _PLACE_WORDS:
        rest = tokens[2:] if tokens[1] == "of" and len(tokens) > 2 else tokens[1:]
        return rest, _PLACE_WORDS[tokens[0]]
    if len(tokens) > 1 and tokens[-1] in _PLACE_WORDS:
        return tokens[:-1], _PLACE_WORDS[tokens[-1]]
    return tokens, None


@functools.lru_cache(maxsize=1)
def _short_forms() -> dict[str, frozenset[str]]:
    return {name: frozenset(short.split("|")) for name, short in read_table("nicknames")}


@functools.lru_cache(maxsize=1)
def _first_names() -> frozenset[str]:
    return frozenset(_short_forms()) | frozenset(name for short in _short_forms().values() for name in short)


def is_first_name(word: str) -> bool:
    """Whether `word`, in lower case, is a known first name."""
    return word in _first_names() and not ids_of(word)
