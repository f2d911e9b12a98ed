"""One text inside the other: "It is Canberra.", "Canberra, Australia", "not Canberra", "Canberra or Sydney".

What stands round the shared part decides. Words of the question and "it is" add nothing; a negation, an alternative or
a word that changes what is meant (vice, former, North) makes it another answer; anything else is left open.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from negbank.guards.aliases import ids_of, kinds_of
from negbank.guards.core import core, core_key, core_tokens
from negbank.guards.decision import Decision
from negbank.guards.opposites import are_opposite
from negbank.guards.words import STOP, fold, stem, tokens_of

_NEGATIONS: Final = frozenset(
    "not never no neither nor without except but instead rather unlike excluding excepting hardly false wrong isn't "
    "nothing none nobody anything".split()
)
_CONTRAST = re.compile(
    r"^[,;(\s–—-]*(?:and |but )?(?:not|rather than|instead of|unlike|as opposed to|never)\b", re.IGNORECASE
)
_LATER_CONTRAST = re.compile(
    r"\b(?:but|however|although|though|except|unless|used to|formerly|no longer|until)\b", re.IGNORECASE
)
_CHANGING: Final = frozenset(
    """vice former ex deputy acting half quarter third most part near no non anti pre post fake false artificial
    pseudo quasi step north south east west northern southern eastern western new old upper lower greater lesser inner
    outer central great grand double triple single only almost nearly about over under more less fewer least other
    another opposite counter mock self semi sub super ultra micro macro mini multi un""".split()
)
_CLASSES: Final = frozenset(
    """city town village country nation state province county river lake mount mountain ocean sea island planet star
    continent capital president king queen emperor pope prime minister sir dame doctor professor saint lord lady
    general captain writer author novelist poet playwright composer musician singer rapper guitarist actor actress
    comedian director filmmaker producer painter sculptor artist architect inventor scientist physicist chemist
    biologist mathematician astronomer philosopher economist psychologist explorer astronaut politician senator
    company firm band group team club magazine newspaper book novel film movie song album play poem opera series
    university college school element metal gas mineral species language god goddess hero famous great legendary
    so-called named called term word letter number year ciudad ville stadt citta cidade pais pays land estado
    presidente rio fleuve fluss isla ile insel montana color
    couleur farbe mr mrs ms miss dr american english british french german
    italian russian chinese japanese spanish irish scottish canadian australian indian""".split()
)
"""Words that may stand before a name and only say what sort of thing it is."""
_AFTER_CLASSES: Final = frozenset("gas river city state ocean sea language region area county metal element".split())
_GENERIC: Final = frozenset(
    "answer correct right called named known name refer simply officially official mainly".split()
)
_ORDER = re.compile(
    r"\b(?:order(?:ed)?|sequence|arrang\w+|rank\w*|steps?|stages?|first|path|flow|cycle|respectively|smallest|largest|"
    r"least to|most to|least (?:to|complex)|simplest|simple to|hierarchy|levels?|organi[sz]ed|increasing|"
    r"decreasing|chronolog\w+|followed by|pathway|chain|correctly match\w*)\b",
    re.IGNORECASE,
)
_POSITIONAL = re.compile(r"_{2,}|\b(?:statement|scenario) (?:1|2|i|ii)\b|\?[^?]*\?", re.IGNORECASE)
"""Questions that ask two things, so that a list's places tell which answer is whose."""
_ROMANCE = re.compile(
    r"¿|\b(?:quel(?:le)?s?|combien|comment|pourquoi|est-ce|quién|cuál(?:es)?|qué|dónde|quale?|quali|perché|onde|qual|"
    r"quais|como|come|wie|welche[rsnm]?)\b",
    re.IGNORECASE,
)
_FOREIGN_STOP: Final = frozenset(
    """le la les l un une des du de d est sont et el los las una es son y del al il lo gli i uno e di della sono
    der die das
    den dem ein eine ist sind und von vom zu het een zijn en van o os as um uma do da sao""".split()
)
_NUMERAL = re.compile("[ivx]+|[a-z]", re.IGNORECASE)
_SPLIT = re.compile(r"\s*(?:,|;|&|\band\b|\bund\b|\bet\b|\by\b)\s*(?:and\s+|or\s+)?")
_MAX_ITEMS: Final = 12


@dataclass(frozen=True, slots=True)
class Around:
    """What stands `before` and `after` the shared part, as folded tokens with marks; `proper`: it is a name."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    text_after: str
    proper: bool


def decide_containment(question: str, answer: str, candidate: str) -> Decision | None:
    """What it means that the core of one text lies in the other; None where it does not or nothing is certain."""
    right, other = core_tokens(answer), core_tokens(candidate)
    if right == other or _inflected(question, right, other):
        return Decision("same", "containment")
    if _is_list(answer) and _is_list(candidate):
        return _lists(question, answer, candidate)
    if len(right) < len(other):
        around = _around(right, candidate)
        return None if around is None else _longer_candidate(question, right, around)
    around = _around(other, answer)
    return None if around is None else _shorter_candidate(question, other, around)


def _inflected(question: str, right: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the two differ in endings only, in a language that inflects for gender: `bleu`, `bleue`."""
    if len(right) != len(other) or _ROMANCE.search(question) is None:
        return False
    return all(
        one.rstrip("aeos") == two.rstrip("aeos") and len(one.rstrip("aeos")) > 2
        for one, two in zip(right, other, strict=True)
    )


def administered(answer: str, candidate: str) -> bool:
    """Whether one says 北京 and the other 北京市: a place with and without what it is."""
    one, other = core(answer), core(candidate)
    if one.isascii() or other.isascii():
        return False
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return len(shorter) > 1 and longer[:-1] == shorter and longer[-1] in "市省县縣都府県国國州城山川江河湖시도군"


def decide_listed(answers: tuple[str, ...], candidate: str) -> Decision | None:
    """`same` where `candidate` lists right answers and nothing else."""
    if len(answers) < 2 or not _is_list(candidate):
        return None
    keys = {core_key(answer) for answer in answers}
    known = frozenset(name for answer in answers for name in ids_of(answer))
    if all(core_key(item) in keys or ids_of(item) & known for item in _items(candidate)):
        return Decision("same", "containment")
    return None


def _longer_candidate(question: str, right: tuple[str, ...], around: Around) -> Decision | None:
    """`around` is what the candidate says besides the right answer."""
    turned = _turned(question, around)
    if turned is not None:
        return turned
    before, after = around.before, around.after
    if _CONTRAST.match(around.text_after):
        after = ()
    if "or" in right or ("," in before and "or" in after):
        return None
    if "or" in before[-1:] or "or" in after[:1]:
        return Decision("ambiguous", "containment")
    if before[-1:] in (("and",), ("&",), ("plus",)) or after[:1] in (("and",), ("&",), ("plus",)):
        return Decision("different", "containment")
    if "or" in before + after and around.proper:
        return Decision("ambiguous", "containment")
    return _added(question, right, before, after, around)


def _shorter_candidate(question: str, other: tuple[str, ...], around: Around) -> Decision | None:
    """`around` is what the right answer says besides the candidate."""
    turned = _turned(question, around)
    if turned is not None:
        return turned
    ends = around.before[-1:] + around.after[:1]
    if {"and", "or", "&", ",", "plus"} & set(ends) and not (around.proper and around.after[:1] == (",",)):
        return None
    return _added(question, other, around.before, around.after, around)


def _turned(question: str, around: Around) -> Decision | None:
    """`different` where what stands around denies or changes what is shared."""
    extra = set(around.before)
    if not _CONTRAST.match(around.text_after):
        extra |= set(around.after)
    asked = set(tokens_of(question))
    if extra & _NEGATIONS and not (_NEGATIONS & asked):
        return Decision("different", "containment")
    if _LATER_CONTRAST.search(around.text_after) and not _CONTRAST.match(around.text_after):
        return Decision("different", "containment")
    near = _run(around.before[::-1])
    if set(near) & _CHANGING and not (around.before and set(near) <= asked and not around.proper):
        return Decision("different", "containment")
    return None


def _added(
    question: str, shared: tuple[str, ...], before: tuple[str, ...], after: tuple[str, ...], around: Around
) -> Decision | None:
    """`same` where the words around say nothing that the question does not, or only what sort of thing is named."""
    asked = {stem(token.lower()) for token in tokens_of(question)}
    before, after = _plain_side(before), _plain_side(after)
    extra = [token for token in before + after if token[0].isalnum() and token not in STOP and token not in _GENERIC]
    new = [token for token in extra if stem(token) not in asked]
    near = _run(before[::-1])
    if not new:
        return _restated(before, after, near, around)
    if not (around.proper or len(shared) > 1):
        bracketed = not before and after[:1] == ("(",) and after[-1:] == (")",)
        described = not before and after[:2] in ((",", "which"), (",", "a"), (",", "an"), (",", "the"))
        return Decision("same", "containment") if bracketed or described else None
    if near and not set(near) <= _CLASSES:
        return None
    rest_before = [token for token in before if token not in STOP and token[0].isalnum() and token not in near]
    if any(stem(token) not in asked and token not in _CLASSES for token in rest_before):
        return None
    if not around.proper and after[:1] not in ((",",), ("(",), (".",), (";",), (":",)):
        return None
    if kinds_of(" ".join(shared)) & kinds_of(" ".join(after).strip(" ,.;")):
        return None  # "Canberra, Sydney": two of one kind
    if _apposed(after) or all(
        stem(token) in asked or token in _AFTER_CLASSES for token in after if token not in STOP and token[0].isalnum()
    ):
        return Decision("same", "containment")
    return None


def _plain_side(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """`tokens` in lower case, small words of other languages as `of`, which adds nothing."""
    return tuple("of" if token.lower() in _FOREIGN_STOP else token.lower() for token in tokens)


def _restated(before: tuple[str, ...], after: tuple[str, ...], near: list[str], around: Around) -> Decision | None:
    """Whether words of the question around the shared part make a sentence with it, or another compound."""
    follows = _run(after)
    if not near and not follows:
        return Decision("same", "containment")
    if near and not around.proper and len(near) < 2 and not follows:
        return None
    if follows and not near and len(follows) < 2 and not set(after) & STOP and not before:
        return Decision("same", "containment") if follows[0] in _AFTER_CLASSES else None
    return Decision("same", "containment")


def _apposed(after: tuple[str, ...]) -> bool:
    """Whether what follows only tells more of it: ", Australia", "(the capital)", ", which lies ..."."""
    if not after:
        return True
    if after[0] == "(":
        return after[-1] == ")"
    if after[0] in (",", ";", ":", ".", "–", "—", "-"):
        listed = after.count(",") > 1 or "and" in after or "or" in after
        return not listed or after[1:2] in (("which",), ("who",), ("that",))
    return after[0] in ("which", "who")


def _run(tokens: tuple[str, ...]) -> list[str]:
    """The words at the start of `tokens` up to a mark, a stop word or a relation."""
    out: list[str] = []
    for token in tokens:
        if not token[0].isalnum() or token in STOP:
            break
        out.append(token)
    return out


@functools.lru_cache(maxsize=1 << 14)
def _around(inner: tuple[str, ...], outer: str) -> Around | None:
    """What stands around the tokens `inner` in the core of `outer`; None where they are not in it in a row."""
    text = core(outer)
    pieces = [token for token in tokens_of(text, marks=True) if token not in ("a", "an", "the")]
    size = len(inner)
    if size == 0 or size >= len(pieces):
        return None
    place = next((at for at in range(len(pieces) - size + 1) if tuple(pieces[at : at + size]) == inner), None)
    if place is None or _compound(pieces, place, size, text, inner):
        return None
    before, after = tuple(pieces[:place]), list(pieces[place + size :])
    while after and after[-1] in (".", "!", '"'):
        after.pop()
    cut = re.search(r"\b" + r"\W+".join(re.escape(token) for token in inner) + r"\b", text, re.IGNORECASE)
    words = cut[0].split() if cut else []
    proper = bool(words) and all(word[:1].isupper() or fold(word) in STOP for word in words)
    return Around(before, tuple(after), text[cut.end() :] if cut else " ".join(after), proper)


def _compound(pieces: list[str], place: int, size: int, text: str, inner: tuple[str, ...]) -> bool:
    """Whether a hyphen or a sign ties the shared part to what stands beside it: `Chinese-American`, `10/e`."""
    around = pieces[place - 1 : place] + pieces[place + size : place + size + 1]
    if any(len(piece) == 1 and piece in "=<>+*/^%→±×÷√|\\~#°" for piece in around):
        return True
    first, last = re.escape(inner[0]), re.escape(inner[-1])
    return re.search(rf"(?<=[^\W_])-{first}\b|\b{last}-(?=[^\W_])", text, re.IGNORECASE) is not None


def _is_list(text: str) -> bool:
    """Whether `text` names several short things: "nitrogen and oxygen", "red, white"."""
    items = _items(text)
    return 2 <= len(items) <= _MAX_ITEMS and all(0 < len(item.split()) <= 4 for item in items)


@functools.lru_cache(maxsize=1 << 14)
def _items(text: str) -> tuple[str, ...]:
    plain = core(text)
    if len(plain) > 200:
        return ()
    return tuple(item for item in _SPLIT.split(plain.strip(" .")) if item)


def _lists(question: str, answer: str, candidate: str) -> Decision | None:
    """The same things in another order are the same, unless the order is asked for or says which is which."""
    right, other = [core_key(item) for item in _items(answer)], [core_key(item) for item in _items(candidate)]
    if sorted(right) != sorted(other):
        return None
    if right == other:
        return Decision("same", "containment")
    if _ORDER.search(question) or _POSITIONAL.search(question):
        return Decision("different", "containment")
    if re.search(r"[\d()]", answer) or any(_NUMERAL.fullmatch(item) or _says_yes_or_no(item) for item in right):
        return None
    stems = [stem(item) for item in right]
    if any(are_opposite(one, two) for one in stems for two in stems):
        return None
    return Decision("same", "containment")


def _says_yes_or_no(item: str) -> bool:
    return item.removeprefix("not ") in ("true", "false", "yes", "no", "wrong", "right", "correct", "incorrect")
