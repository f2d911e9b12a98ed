"""What a question asks for: a unit, a kind of thing, or a variable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from negbank.reasoning.units import FAMILY
from negbank.text.characters import plain_characters

CACHED: Final = 512
MAX_QUESTION: Final = 20_000
"""Characters of a question that are read, from its end."""

_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_ASKS: Final = re.compile(
    r"\?|^\s*(?:how|what|find|calculate|compute|determine|evaluate|solve|give|express|work out)\b", re.IGNORECASE
)
_HOW_MANY: Final = re.compile(r"\b(?:how\s+many|number\s+of)\s+((?:[a-z'-]+\s+){0,3}?)([a-z]{2,})\b", re.IGNORECASE)
_IN_UNIT: Final = re.compile(r"\b(?:in|as)\s+(?:total\s+)?((?:square|cubic)\s+)?([a-z]+)\b", re.IGNORECASE)
_HOW_MUCH: Final = re.compile(
    r"\bhow\s+much\b.{0,80}?\b(?:money|cost|costs|earn|pay|paid|spend|spent|make|profit|owe|save|change|charge|price|worth)\b|"
    r"\bwhat\b.{0,40}\b(?:cost|price|profit|revenue|wage|bill|earnings|salary|income)\b",
    re.IGNORECASE | re.DOTALL,
)
_SHARE: Final = re.compile(
    r"%|\b(?:per\s?cents?|percentages?|rates?|chances?|probabilit\w+|fractions?|proportions?|shares?|odds)\b", re.I
)
_VARIABLE: Final = re.compile(
    r"(?:\bvalue\s+of|\bwhat\s+is|\bwhat's|\bfind|\bsolve\s+for|\bdetermine|\bcompute|\bcalculate|\bfor\s+which|\bwhat\s+does)\s+"
    r"(?:the\s+value\s+of\s+)?(?:\\?[$(]\s*)?([A-Za-z])(?:\s*\\?[$)])?\s*(?:[?.,;:]|$|\b(?:if|when|given|equal|in|is)\b)",
    re.IGNORECASE,
)
_SOLVE: Final = re.compile(r"\b(?:=|x|y)\b")
_MORE: Final = frozenset("more fewer less total different other extra additional of the whole full".split())
_MEASURED: Final = frozenset("m g l s h d mm b t in".split())
"""Short units that may be something else in a question."""


@dataclass(frozen=True)
class Asked:
    """What a question asks for; empty where it does not say.

    `unit` is spelled as in `units`, and `stated` where the question names it. `noun` is what is counted, in lower case.
    `share` says that a percentage or a fraction is asked for. `mentioned` are the units that the whole question names,
    `words` its words.
    """

    unit: str = ""
    stated: bool = False
    noun: str = ""
    variable: str = ""
    share: bool = False
    mentioned: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


@lru_cache(maxsize=CACHED)
def read_asked(question: str) -> Asked:
    """What `question` asks for, as far as it says so."""
    text = plain_characters(question[-MAX_QUESTION:])
    asking = [sentence for sentence in _SENTENCES.split(text) if _ASKS.search(sentence)]
    last = asking[-1] if asking else text[-300:]
    words = frozenset(word.lower() for word in re.findall(r"[^\W\d_]+|%", text))
    mentioned = frozenset(FAMILY[word][1] for word in words if word in FAMILY and word not in _MEASURED)
    for sign, unit in (("$", "dollar"), ("€", "euro"), ("£", "pound-sterling"), ("¢", "cent")):
        if sign in text:
            mentioned |= {unit}
    noun, units = _counted(last)
    variable = _VARIABLE.search(last)
    units |= _stated(last)
    stated = bool(units)
    if not units and "$" in text and _HOW_MUCH.search(last):
        units = {"dollar"}
    unit = next(iter(units)) if len(units) == 1 else ""
    name = variable.group(1) if variable is not None else ""
    name = name if name not in ("a", "A", "I") or f"{name} =" in text else ""
    return Asked(unit, stated, noun, name, _SHARE.search(last) is not None, mentioned, words)


def _counted(sentence: str) -> tuple[str, set[str]]:
    """The thing that is counted, and the unit that it is where it is one."""
    counted = list(_HOW_MANY.finditer(sentence))
    if not counted:
        return "", set()
    found = counted[-1]
    words = [*found.group(1).lower().split(), found.group(2).lower()]
    kept = [word for word in words if word not in _MORE]
    noun = kept[0] if kept else ""
    for word in kept:
        if word in FAMILY:
            return word, {FAMILY[word][1]}
        if word.endswith("s"):
            return word, set()
    return noun, set()


def _stated(sentence: str) -> set[str]:
    """Units that the answer is to be given in: `in minutes`, `in square centimetres`."""
    units: set[str] = set()
    for found in _IN_UNIT.finditer(sentence):
        name = found.group(2).lower()
        if name in FAMILY and name not in _MEASURED and (name.endswith("s") or name in ("feet", "inches", "usd")):
            power = (found.group(1) or "").strip().lower()
            units.add(f"{power} {FAMILY[name][1]}".strip())
    return units
