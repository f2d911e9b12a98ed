"""What kind of thing an answer is by its form, and whether a candidate is of a kind that the question could take.

`types_match` says no only where the kinds clearly differ: "nine" for a yes/no question, "Paris" for "how many", "1914"
for "who". In doubt it says yes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Final, Literal

from negbank.guards.aliases import ids_of
from negbank.guards.core import core
from negbank.guards.names import is_first_name, person
from negbank.guards.words import fold_accents
from negbank.guards.yes_no import is_polar, reply
from negbank.text.number_words import WORDS

AnswerType = Literal[
    "yes-no", "number", "quantity", "date", "person", "place", "phrase", "clause", "code", "expression"
]  # fmt: skip

_NO_NUMBER: Final = frozenset("a an and of point one over o i none second seconds third first half quarter".split())
"""Words of numbers that are other words as well: not a number by themselves."""
_MAX_LOOKED_AT: Final = 400
_AMOUNTS: Final = ("number", "quantity")
_FIGURE: Final = r"[-+−]?(?:[$€£¥₹]\s?)?[-+−]?(?:\d[\d,.'   ]*|\.\d+)(?:\s?/\s?\d+)?"
_NUMBER = re.compile(rf"(?:about |around |approximately |over |under |nearly |almost )?{_FIGURE}\s?%?")
_QUANTITY = re.compile(
    rf"(?:about |around |approximately |over |under |nearly |almost )?{_FIGURE}\s?-?[^\W\d_°]?[^\d]{{0,24}}"
)
_MONTHS: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DATE = re.compile(
    rf"(?:(?:in|on|since|by|around|circa|c\.|early|late|mid|the)\s+)*"
    rf"(?:{_MONTHS}(?:\s+\d{{1,2}}(?:st|nd|rd|th)?)?(?:,?\s+\d{{4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?\s+{_MONTHS}(?:,?\s+\d{{4}})?|\d{{4}}s?"
    rf"|\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}"
    r"|\d{1,4}\s?(?:bc|bce|ad|ce)|(?:ad)\s?\d{1,4}|\d{1,2}(?:st|nd|rd|th) century(?:\s+(?:bc|ad|bce|ce))?"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d{1,2}:\d{2}(?:\s?[ap]\.?m\.?)?|\d{1,2}\s?[ap]\.?m\.?|"
    r"noon|midnight)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:1\d{3}|20\d{2})")
_CODE = re.compile(
    r"`|\w\(.*\)\s*;?$|[{};]\s*$|==|!=|=>|->|\bdef \w|\bselect\b.+\bfrom\b|</?\w+>|\w\.\w+\(", re.IGNORECASE
)
_EXPRESSION = re.compile(r"[=^\\√∫∑∞≤≥≠<>±×÷∀∃→]|\d\s?[+*/]\s?\d|\w\s?[+*^]\s?\w|\b(?:sin|cos|tan|log|ln|sqrt)\b")
_FINITE = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|do|does|did|can|could|will|would|shall|should|may|might|must|"
    r"be|being|been|it|they|he|she|"
    r"we|you|i|because|when|while|if|that|which|who)\b",
    re.IGNORECASE,
)
_SAYS_AMOUNT = re.compile(
    r"\d|\b(?:many|few|several|half|none|no|all|most|some|dozens?|hundreds?|thousands?|millions?|"
    r"billions?|double|twice|thrice|"
    r"pair|couple|single|quarter|third|more|less|fewer|equal|same|infinite|infinitely|unlimited|percent|"
    r"much|little|zero|nil|"
    r"never|once|every|each|both|neither|any|lots?|enough|unknown)\b",
    re.IGNORECASE,
)
_SAYS_TIME = re.compile(
    r"\d|\b(?:before|after|during|when|while|until|since|ago|century|centuries|decade|era|age|ages|period|"
    r"war|year|years|"
    r"month|months|week|weeks|day|days|hour|hours|night|morning|evening|noon|today|yesterday|tomorrow|never|always|now|"
    r"spring|summer|autumn|fall|winter|season|early|late|soon|recently|unknown|birth|death|time|first|"
    r"last|reign|christmas|easter)\b",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"\b(?:how (?:many|much|long|old|far|tall|high|heavy|big|large|fast|often|deep|wide)|"
    r"what (?:number|percentage|fraction|age|year|time|"
    r"is the (?:total|sum|value|number|cost|price|probability|population))|"
    r"combien|cuantos|cuantas|wie viele)\b",
    re.IGNORECASE,
)
_WHO = re.compile(r"\b(?:who|whom|whose)\b", re.IGNORECASE)
_WHERE = re.compile(
    r"\b(?:where|(?:which|what) (?:country|city|state|continent|town|county|province|nation))\b", re.IGNORECASE
)
_WHEN = re.compile(r"\b(?:when|(?:which|what) (?:year|date|day|month|century|decade))\b", re.IGNORECASE)


@functools.lru_cache(maxsize=1 << 15)
def answer_type(text: str) -> AnswerType:
    """The kind of `text` by its form; `phrase` where nothing more is certain.

    >>> [answer_type(text) for text in ("No.", "1,200", "5 km", "4 July 1776", "Marie Curie", "Peru", "a green leaf")]
    ['yes-no', 'number', 'quantity', 'date', 'person', 'place', 'phrase']
    """
    plain = core(text[:_MAX_LOOKED_AT]) or text[:_MAX_LOOKED_AT]
    said = reply(text[:_MAX_LOOKED_AT], False)
    if said is not None and said.sign:
        return "yes-no"
    if _CODE.search(plain):
        return "code"
    if _DATE.fullmatch(plain) and (not plain.isdigit() or _YEAR.fullmatch(plain)):
        return "date"
    if _NUMBER.fullmatch(plain) or _is_number_words(plain):
        return "number"
    if (
        len(plain) < 60
        and (_QUANTITY.fullmatch(plain) or _starts_with_number_word(plain))
        and not _FINITE.search(plain)
    ):
        return "quantity"
    if _EXPRESSION.search(plain):
        return "expression"
    return _of_words(plain)


def _of_words(plain: str) -> AnswerType:
    count = plain.count(" ") + 1
    if count <= 5:
        if _is_place(plain):
            return "place"
        if _is_person(plain):
            return "person"
    if count >= 12 or (count >= 4 and _FINITE.search(plain) is not None):
        return "clause"
    return "phrase"


def _is_place(text: str) -> bool:
    ids = ids_of(text)
    if any(name.startswith("element:") for name in ids):
        return False
    return text[:1].isupper() and any(name.startswith(("country:", "state:", "place:")) for name in ids)


def _is_person(text: str) -> bool:
    name = person(text)
    if name is None or not name.last:
        return False
    known = any(found.startswith("person:") for found in ids_of(text))
    return known or (bool(name.given) and (name.titled or is_first_name(name.given[0])))


def _is_number_words(text: str) -> bool:
    words = re.split(r"[\s-]+", fold_accents(text.lower()))
    return len(words) <= 8 and all(word in WORDS for word in words) and not _NO_NUMBER.issuperset(words)


def _starts_with_number_word(text: str) -> bool:
    words = text.lower().split()
    return 2 <= len(words) <= 3 and words[0] in WORDS - _NO_NUMBER and not words[0].endswith(("th", "st", "nd", "rd"))


def types_match(question: str, answers: Sequence[str], candidate: str) -> bool:
    """Whether `candidate` is of a kind that an answer to `question` could be, going by the kinds of the right answers.

    >>> types_match("How many moons has Mars?", ["two"], "Paris")
    False
    >>> types_match("Who was the first man in space?", ["Yuri Gagarin"], "the first dog in space")
    True
    """
    kind = answer_type(candidate)
    given = [answer for answer in answers if answer.strip()]
    return not given or any(_fits(question, answer, answer_type(answer), candidate, kind) for answer in given)


def _fits(question: str, answer: str, right: AnswerType, candidate: str, kind: AnswerType) -> bool:
    if right == "date" and core(answer).isdigit() and not _WHEN.search(question):
        right = "number"
    if kind == right or "code" in (kind, right):
        return True
    if "yes-no" in (kind, right):
        return _fits_yes_no(question, right, kind)
    if right in _AMOUNTS:
        return _fits_amount(question, answer, candidate, kind)
    if right == "date":
        return _fits_date(question, candidate, kind)
    if right == "expression":
        return kind not in ("person", "place")
    return _fits_words(question, answer, right, kind)


def _fits_yes_no(question: str, right: AnswerType, kind: AnswerType) -> bool:
    if right == "yes-no":
        return kind == "clause"
    return right == "clause" and is_polar(question)


def _fits_amount(question: str, answer: str, candidate: str, kind: AnswerType) -> bool:
    if kind in _AMOUNTS or kind == "expression":
        return True
    if kind == "date":
        return _YEAR.fullmatch(core(candidate)) is not None or ":" in candidate
    if kind in ("person", "place"):
        return False
    if _HOW_MANY.search(question) or (kind == "phrase" and len(candidate) > 2):
        said = frozenset(candidate.lower().split())
        return _SAYS_AMOUNT.search(candidate) is not None or bool(said & (WORDS - _NO_NUMBER))
    return True


def _fits_date(question: str, candidate: str, kind: AnswerType) -> bool:
    if kind in ("person", "place"):
        return False
    if kind in _AMOUNTS:
        return bool(
            re.search(r"\d{3,4}|\b(?:years?|days?|months?|weeks?|hours?|minutes?|centur\w+|decades?|ago)\b", candidate)
        )
    if kind == "phrase" and _WHEN.search(question):
        return _SAYS_TIME.search(candidate) is not None
    return True


def _fits_words(question: str, answer: str, right: AnswerType, kind: AnswerType) -> bool:
    """For right answers in words: a bare number or date is none, nor a place for "who" or a person for "where"."""
    if kind == "quantity" and right == "phrase":
        return not (_WHO.search(question) or _WHERE.search(question))
    if kind in ("number", "quantity", "date"):
        return bool(re.search(r"\d", answer)) or (
            right == "phrase" and bool(_HOW_MANY.search(question) or _WHEN.search(question))
        )
    if kind == "place" and (
        right == "person" or (_WHO.search(question) and right == "phrase" and not _is_place(answer))
    ):
        return not _WHO.search(question)
    if kind == "person" and right == "place":
        return not _WHERE.search(question)
    return True
