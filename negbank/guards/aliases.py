"""Names of one thing: countries and their codes, states, elements, compounds, months, languages, places, people.

The tables are read when first asked for. A name's `kind:member` ids say what it can mean; two texts that share one are
the same, and two members of one closed kind (two countries, two elements) are different.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from negbank.guards.core import LEADING, core, core_key
from negbank.guards.decision import Decision
from negbank.guards.spelling import respell
from negbank.guards.tables import read_names, read_table
from negbank.guards.words import tokens_of

Ids = frozenset[str]
NOTHING: Final[Ids] = frozenset()

_CLOSED: Final = ("country", "demonym", "state", "element", "compound", "month", "day", "language")
_MEMBERS_OF: Final = {"terms": "term", "places": "place", "places_cldr": "city", "people": "person"}
_MAX_NAME: Final = 90
_MAX_SPACES: Final = 10
_MAX_SPACES_IN_PROSE: Final = 4
_MAX_CODE: Final = 24

_ARTICLE = re.compile("the ", re.IGNORECASE)
_ASKS_ORIGIN = re.compile(
    r"\b(?:nationality|nationalities|citizenship|citizen|country|countries|nation|nations|born|come from|comes from|"
    r"from where|where\b.{0,60}\bfrom|origin|land|pays|pais|paese)\b",
    re.IGNORECASE,
)
_ASKS_LANGUAGE = re.compile(
    r"\b(?:languages?|tongue|speak|spoken|speaks|dialect|translat\w*|word for)\b", re.IGNORECASE
)
_ASKS_FORM = re.compile(
    r"\b(?:symbols?|formulas?|formulae|abbreviat\w*|acronyms?|initialism|stands? for|short for|initials|"
    r"(?:country|postal|iso|currency|area|state) codes?|code (?:of|for)|translat\w*|pen name|real name|birth name|"
    r"pseudonym|born as|former(?:ly)?|old name|original name|originally|previously|nickname\w*|"
    r"scientific name|latin name|how (?:do|would) you say|in (?:french|german|spanish|italian|latin|english))\b",
    re.IGNORECASE,
)


_HAS_LATIN: Final = re.compile("[A-Za-z]")
_LAST_LATIN: Final = "\u024f"


def decide_alias(question: str, answer: str, candidate: str) -> Decision | None:
    """`same` where the tables know both as names of one thing, `different` where they are two of one closed kind."""
    right, other = ids_of(answer), ids_of(candidate)
    if not right or not other:
        return None
    if right & other:
        if _named_in(question, candidate) and not _named_in(question, answer):
            return Decision("different", "alias")
        if _ASKS_FORM.search(question) and is_code(answer) != is_code(candidate):
            return Decision("different", "alias")
        return Decision("same", "alias")
    if _countries(right) & _countries(other):
        return _by_origin(question)
    kinds = _kinds(right) & _kinds(other)
    return Decision("different", "alias") if kinds else None


def _by_origin(question: str) -> Decision | None:
    """What a country says beside its people's name: the same where the question asks where somebody is from."""
    if _ASKS_LANGUAGE.search(question):
        return None
    return Decision("same" if _ASKS_ORIGIN.search(question) else "ambiguous", "alias")


@functools.lru_cache(maxsize=1 << 16)
def ids_of(text: str) -> Ids:
    """What `text` can name by the tables; empty for a text that is no known name."""
    spaces = text.count(" ")
    if len(text) > _MAX_NAME or spaces > _MAX_SPACES or (spaces > _MAX_SPACES_IN_PROSE and text[1:].islower()):
        return NOTHING
    if not _may_name(text):
        return NOTHING
    codes, names = _tables().codes, _names_for(text)
    key = core_key(text)
    first, _, rest = key.partition(" ")
    found = names.get(key, NOTHING) | (names.get(rest, NOTHING) if first in ("from", "in") else NOTHING)
    bare = "" if len(text) > _MAX_CODE or (text.islower() and text.isalpha()) else _code(_ARTICLE.sub("", core(text)))
    if bare:
        found = found | codes.get(bare, NOTHING)
        undotted = bare.replace(".", "")
        if undotted != bare:
            found = found | codes.get(undotted, NOTHING)
    return found


def _may_name(text: str) -> bool:
    """Whether a plain lower-case text begins as some name does; others need the longer look."""
    if len(text) < 4 or not text.isascii() or not text.replace(" ", "").isalpha() or not text[1:].islower():
        return True
    words = text.lower().split(" ")
    return any(word in _first_words() for word in words[:3])


@functools.lru_cache(maxsize=1)
def _first_words() -> frozenset[str]:
    """The first words of all names, and the words that lead up to an answer."""
    names = _tables().names
    return frozenset(key.partition(" ")[0] for key in names) | LEADING - {"to", "of", "in", "a", "the", "it", "that"}


def is_code(text: str) -> bool:
    """Whether `text` is a code, symbol or formula of the tables and not a name."""
    names = _names_for(text)
    return _code(core(text)).replace(".", "") in _tables().codes and core_key(text) not in names


def _code(text: str) -> str:
    return re.sub(r"[\s^_{}$]", "", respell(text[:_MAX_NAME])) if not text.isalnum() or not text.isascii() else text


def _named_in(question: str, text: str) -> bool:
    """Whether `question` holds the words of `text`."""
    return f" {core_key(text)} " in f" {' '.join(tokens_of(question))} "


def _countries(ids: Ids) -> set[str]:
    return {name.partition(":")[2] for name in ids if name.startswith(("country:", "demonym:"))}


def _kinds(ids: Ids) -> set[str]:
    return {name.partition(":")[0] for name in ids} & set(_CLOSED)


def kinds_of(text: str) -> set[str]:
    """The kinds of thing that `text` can name: `country`, `city`, `element` ..."""
    return {name.partition(":")[0] for name in ids_of(text)}


@dataclass(frozen=True)
class _Tables:
    """Ids by name (see `core_key`) and by code, and the names in other scripts than the Latin one, each with its id."""

    names: dict[str, Ids]
    codes: dict[str, Ids]
    other_scripts: list[tuple[str, str]]


@functools.lru_cache(maxsize=1)
def _tables() -> _Tables:
    """The tables; names in other scripts, half of all, are left as they are until a text in one is asked about."""
    names: dict[str, set[str]] = defaultdict(set)
    codes: dict[str, set[str]] = defaultdict(set)
    other_scripts: list[tuple[str, str]] = []

    def put(member: str, name: str) -> None:
        if name.isascii() or _HAS_LATIN.search(unicodedata.normalize("NFD", name)):
            names[core_key(name)].add(member)
        else:
            other_scripts.append((name, member))

    def add(member: str, *spelled: str) -> None:
        for name in spelled:
            if re.fullmatch(r"(?:[A-Z]\.?){2,5}|[A-Za-z]*[A-Z][A-Za-z]*[A-Z]\w*|[A-Z]\w*\d\w*", name):
                codes[name.replace(".", "")].add(member)
                if len(name) > 3 and name.isalpha():
                    put(member, name)
            elif name:
                put(member, name)

    _add_countries(add, codes)
    for code, name, *others in read_table("us_states"):
        codes[code].add(f"state:{code}")
        add(f"state:{code}", name, f"State of {name}", f"{name} state", *_split(others))
    for symbol, name, *others in read_table("elements"):
        codes[symbol].add(f"element:{symbol}")
        add(f"element:{symbol}", name, *_split(others))
    for formulae, known in read_table("compounds"):
        members = formulae.split("|")
        for formula in members:
            codes[formula].add(f"compound:{members[0]}")
        add(f"compound:{members[0]}", *known.split("|"))
    for period, known in read_table("calendar"):
        kind, _, number = period.partition("-")
        for name in known.split("|"):
            put(f"{kind}:{number}", name)
    for name, period in (
        ("Weds", "day:2"),
        ("Tues", "day:1"),
        ("Thurs", "day:3"),
        ("Thur", "day:3"),
        ("Sept", "month:9"),
    ):
        put(period, name)
    for code, known in read_table("languages"):
        for name in known.split("|"):
            put(f"language:{code}", name)
            if name.isascii():
                names[core_key(name) + " language"].add(f"language:{code}")
    names["farsi"].add("language:fa")
    names["mandarin"].add("language:zh")
    names["castilian"].add("language:es")
    for table in ("terms", "places", "places_cldr", "people"):
        for same in read_names(table):
            add(f"{_MEMBERS_OF[table]}:{same[0]}", *same)
    return _Tables(
        {key: frozenset(ids) for key, ids in names.items() if key},
        {key: frozenset(ids) for key, ids in codes.items()},
        other_scripts,
    )


def _names_for(text: str) -> dict[str, Ids]:
    """Ids by name, in every script where `text` has a letter of another than the Latin one."""
    foreign = not text.isascii() and any(letter > _LAST_LATIN and letter.isalpha() for letter in text)
    return _all_names() if foreign else _tables().names


@functools.lru_cache(maxsize=1)
def _all_names() -> dict[str, Ids]:
    """Ids by name in every script."""
    names = dict(_tables().names)
    for name, member in _tables().other_scripts:
        key = core_key(name)
        names[key] = names.get(key, NOTHING) | {member}
    return names


def _add_countries(add: object, codes: dict[str, set[str]]) -> None:
    assert callable(add)
    for code, known in read_table("territories"):
        codes[code].add(f"country:{code}")
        add(f"country:{code}", *known.split("|"))
    for code, people, *others in read_table("countries"):
        add(f"country:{code}", *_split(others))
        add(f"demonym:{code}", *people.split("|"))
        for name in people.split("|"):
            add(f"demonym:{code}", f"{name} people", f"{name}s")


def _split(column: list[str]) -> list[str]:
    return [name for name in column[0].split("|") if name] if column else []
