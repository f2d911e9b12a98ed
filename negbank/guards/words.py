"""A text as the rules compare it: its words without accents, their stems, and which of them carry meaning."""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from negbank.guards.spelling import respell
from negbank.guards.tables import read_table

REMEMBERED: Final = 1 << 16
MAX_CHARACTERS: Final = 1200
"""Longer texts are no short answers; the word rules leave them alone, which bounds their time."""

_TOKEN = re.compile(
    r"[^\W\d_]+(?:'[^\W\d_]+)?|(?:(?<![\w)])[-+](?=[\d.]))?\d+(?:[.,:/]\d+)*(?:[^\W\d_]+)?|[=<>+*/^%$€£¥→±×÷√|\\~#@&°]"
)
_WITH_MARKS = re.compile(_TOKEN.pattern + r"|[,;:().!?\[\]]|-(?=\s)|[–—]")

STOP: Final = frozenset(
    "a an the this that these those it its they them their he him his she her hers we us our i me my you your there "
    "is are was were be been being am do does did done will would shall should can could may might must have has had "
    "having of in on at by for with to from as into onto and or but so then that which who whom whose what when where "
    "why how if because since due owing thanks order very really just quite also too such one's own some any about "
    "s t re ve ll d m indeed simply generally usually typically".split()
)
"""Words that do not carry an answer's meaning by themselves; those that turn it round are in negation.py."""

RELATIONS: Final = frozenset(
    "than before after above below over under beneath from to into onto by between against toward "
    "towards through throughout within "
    "during until without with inside outside around behind while out off up down across upon of in on at for and or "
    "as".split()
)
"""Words that say how what stands before them goes with what stands after them."""

LOOSE: Final = frozenset("of in on at for with and or by as to into onto upon".split())
"""Relations that two wordings of one answer often differ in."""

NEGATORS: Final = frozenset("not never no neither nor without hardly scarcely barely nowhere non".split())
_SIMPLE = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*+\.?")

_KEEP_CASE: Final = frozenset(
    "no of it in an he as at is to by up be we or on if so us my me do go am ex a i mr ms dr st us uk".split()
)
_SHORT_NEGATIONS: Final = {"cannot": ("can", "not"), "can't": ("can", "not"), "won't": ("will", "not"),
                           "shan't": ("shall", "not"), "ain't": ("is", "not")}  # fmt: skip
_VOWELS = re.compile("[aeiouy]+")
BARE_NEGATIONS: Final = frozenset(
    "isnt arent wasnt werent doesnt didnt dont hasnt havent hadnt wouldnt shouldnt couldnt mustnt wont cant".split()
)


@dataclass(frozen=True, slots=True)
class Text:
    """`tokens` in order, folded; `content`: the stems of those that carry meaning, in order."""

    raw: str
    tokens: tuple[str, ...]
    content: tuple[str, ...]

    @property
    def key(self) -> str:
        """The tokens as one string: equal keys are equal but for accents, case and punctuation."""
        return " ".join(self.tokens)


@functools.lru_cache(maxsize=1 << 14)
def read(text: str) -> Text:
    """`text` as the rules compare it; what stands beyond MAX_CHARACTERS is not looked at."""
    tokens = tuple(tokens_of(text))
    return Text(text, tokens, tuple(stem(token) for token in tokens if token not in STOP))


def tokens_of(text: str, marks: bool = False) -> list[str]:
    """The folded words, numbers and signs of `text`; with `marks` its punctuation too. `isn't` gives `is`, `not`."""
    if len(text) <= MAX_CHARACTERS and _SIMPLE.fullmatch(text) is not None:
        words = text.rstrip(".").split(" ")
        if BARE_NEGATIONS.isdisjoint(words) and "I" not in words and "A" not in words and "cannot" not in words:
            dot = ["."] if marks and text.endswith(".") else []
            return [word if word.islower() else fold(word) for word in words] + dot
    text = fold_accents(respell(text[:MAX_CHARACTERS]))
    out: list[str] = []
    found: list[str] = (_WITH_MARKS if marks else _TOKEN).findall(text)
    for place, token in enumerate(found):
        word = fold(token)
        named = token == "A" and (place > 0 or found[1:2] in (["is"], ["has"], ["was"], ["does"], ["and"], ["or"]))
        if named or (token == "I" and _is_numeral(found, place)):
            word = token
        if "'" in word or word == "cannot" or word in BARE_NEGATIONS:
            out += _apart(word)
        elif word == "&":
            out.append("and")
        else:
            out.append(word)
    return out


def _is_numeral(tokens: list[str], place: int) -> bool:
    """Whether the `I` at `place` numbers something ("I only", "I and III") and is not who speaks."""
    after = tokens[place + 1].lower() if place + 1 < len(tokens) else ""
    return not after.isalpha() or after in ("only", "and", "or", "nor", "ii", "iii", "iv")


def fold(word: str) -> str:
    """`word` in lower case, unless it is so short or so written that its case may be its meaning (`Mg`, `RrYy`)."""
    lower = word.lower()
    if word == lower or (len(word) > 2 and not _is_genotype(word)) or lower in _KEEP_CASE:
        return lower
    return word


def fold_accents(text: str) -> str:
    """`text` without accents, each letter for itself: `São` is `Sao`, `ø` is `o`, `ß` is `ss`."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join([character for character in apart if not unicodedata.combining(character)])


_LETTERS: Final = str.maketrans(
    {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "Þ": "Th", "æ": "ae", "Æ": "Ae",
     "œ": "oe", "Œ": "Oe", "ß": "ss", "ı": "i", "’": "'", "‘": "'", "ʼ": "'", "ʻ": "'", "`": "'"}
)  # fmt: skip


@functools.lru_cache(maxsize=REMEMBERED)
def stem(word: str) -> str:
    """The part of an English `word` that its inflections share: `moves`, `moved`, `moving` and `move` give one."""
    base = _irregular().get(word)
    if base is None:
        base = word
        if len(word) > 3 and word.isascii() and word.isalpha():
            base = _without_ending(word)
        base = _irregular().get(base, base)
    if base.endswith("e") and len(_VOWELS.findall(base[:-1])) > 1:
        return base[:-1]
    return base


def _without_ending(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes", "zes", "oes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 2 and _VOWELS.search(word[: -len(ending)]):
            return _plain_verb(word[: -len(ending)])
    if word.endswith("ily") and len(word) > 5:
        return word[:-3] + "y"
    if word.endswith("ly") and len(word) > 4:
        return word[:-2] + ("le" if word.endswith(("bly", "ply")) else "")
    return word


def _plain_verb(cut: str) -> str:
    """The verb whose -ing or -ed form leaves `cut`: hop from hopp, hope from hop, reduc(e) from reduc."""
    if cut[-1] == "l" and cut[-2] not in "aeioulrw":
        return cut + "e"
    if cut[-1] == cut[-2] and cut[-1] not in "lsz":
        return cut[:-1]
    if len(_VOWELS.findall(cut)) == 1:
        if cut[-1] in "cvuz" or (cut.endswith(("as", "is", "os", "us", "ng")) and cut[-3:] not in ("ing", "ong")):
            return cut + "e"
        if len(cut) >= 2 and cut[-1] not in "aeiouwxy" and cut[-2] in "aeiouy" and cut[-3:-2] not in "aeiou":
            return cut + "e"
    return cut[:-1] + "y" if cut.endswith("i") else cut


@functools.lru_cache(maxsize=1)
def _irregular() -> dict[str, str]:
    forms: dict[str, str] = {}
    for (row,) in read_table("irregular"):
        *inflected, plain = row.split()
        for form in inflected:
            forms.setdefault(form, plain)
    return forms


def _apart(word: str) -> tuple[str, ...]:
    if word in _SHORT_NEGATIONS:
        return _SHORT_NEGATIONS[word]
    if word.endswith("n't"):
        return word[:-3], "not"
    if word in BARE_NEGATIONS:
        return ("can" if word[0] == "c" else "will" if word[:2] == "wo" else word[:-2]), "not"
    head, _, tail = word.partition("'")
    return (head,) if tail in ("s", "re", "ve", "ll", "d", "m") else (head + tail,)


def _is_genotype(word: str) -> bool:
    return len(word) <= 8 and len(word) % 2 == 0 and word[::2].lower() == word[1::2].lower()
