"""Answers that are equal in value and still wrong, because the question asks for another form of the same value.

`Factorise x^2 - 9` is not answered by `x^2 - 9`, `Write 60 as a product of primes` not by `4 * 15`.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final

from negbank.guards.decision import Decision
from negbank.text.expressions import tidy_formula
from negbank.text.maths_words import replace_words

_ASKS_FORM: Final = re.compile(
    r"\b(?:simplif(?:y|ied)|"
    r"factor(?:i[sz]e[ds]?|ing)?|factored|expand(?:ed)?|multiply out|rationali[sz]ed?|change|"
    r"reduced?|convert(?:ed)?|express(?:ed)?|rewrite|rewritten|write|written|round(?:ed)?|"
    r"prime factors?|factori[sz]ation)\b",
    re.IGNORECASE,
)
_FACTORISE: Final = re.compile(r"\b(?:factor(?:i[sz]e[ds]?|ing)?|factored|factori[sz]ation)\b", re.IGNORECASE)
_EXPAND: Final = re.compile(r"\b(?:expand(?:ed)?|multiply out)\b", re.IGNORECASE)
_PRIMES: Final = re.compile(r"\bprime factor|\bproduct of (?:its )?primes?\b", re.IGNORECASE)
_ROOT: Final = re.compile(r"\\?sqrt ?[{(]([^{}()]+)[})]|√ ?(\d+|[a-z])")
_GROUP: Final = re.compile(r"\([^()]*[-+][^()]*\)(?:\^\{?(\d)\}?)?")
_FACTOR: Final = re.compile(r"(\d{1,9})(?:\^\{?(\d{1,2})\}?)?")


def decide_asked_form(question: str, answer: str, candidate: str) -> Decision | None:
    """`different` where `candidate` is not in the form that the question asks for and `answer` is; else None."""
    if not _asks_form(question) or len(candidate) > 80 or len(answer) > 80:
        return None
    if _restates(question, candidate) and not _restates(question, answer):
        return Decision("different", "maths")
    if _PRIMES.search(question):
        return _of_primes(answer, candidate)
    ours, theirs = tidy_formula(answer), tidy_formula(candidate)
    if _FACTORISE.search(question) and 0 < _factors(ours) > _factors(theirs):
        return Decision("different", "maths") if re.search(r"[A-Za-z]", theirs) else None
    if _FACTORISE.search(question) and _divisor(theirs) > _divisor(ours) > 0:
        return Decision("different", "maths")
    if _EXPAND.search(question) and not _factors(ours) and _factors(theirs):
        return Decision("different", "maths")
    return None


@lru_cache(maxsize=4_096)
def _asks_form(question: str) -> bool:
    return _ASKS_FORM.search(question[-600:]) is not None


def _restates(question: str, text: str) -> bool:
    """Whether `text` stands in the question, as it is or in the signs of a formula."""
    plain = _plain(text)
    if len(plain) < 2 or not re.search(r"[\W\d]|\\", plain):
        return False
    return any(_stands(asked, plain) for asked in _asked_plain(question))


def _stands(asked: str, plain: str) -> bool:
    """Whether `plain` stands in `asked` and is no part of a longer word, number or power."""
    at = asked.find(plain)
    while at >= 0:
        before, after = asked[at - 1 : at] if at else "", asked[at + len(plain) : at + len(plain) + 2]
        begins = not plain[0].isalnum() or not (before.isalnum() or (before and before in "_.^{/"))
        ends = not (after[:1].isalnum() or (after and after[0] in "_^/}") or re.match(r"\.\d", after))
        if begins and ends:
            return True
        at = asked.find(plain, at + 1)
    return False


@lru_cache(maxsize=1_024)
def _asked_plain(question: str) -> tuple[str, str]:
    last = question[-300:]
    return _plain(last), _plain(replace_words(last[-120:]))


def _plain(text: str) -> str:
    """`text` in the signs of a formula, with no space around signs and no comma in numbers."""
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", tidy_formula(text.lower()))
    plain = re.sub(r"\^\{(\w+)\}", r"^\1", plain)
    plain = _ROOT.sub(lambda found: f"√({found[1] or found[2]})", plain)
    return re.sub(r" ?([^\w\s]) ?", r"\1", plain)


def _factors(text: str) -> int:
    """How many sums in brackets a product has at its outside, each as often as its power says; 0 for a sum."""
    outside = _GROUP.sub("", text)
    if re.search(r"[^\s(*^{-] ?[-+]", outside.strip()) or _GROUP.search(text) is None:
        return 0
    return sum(int(found[1] or 1) for found in _GROUP.finditer(text))


def _divisor(text: str) -> int:
    """The largest number that could be taken out of a sum in brackets; 0 where there is no such sum."""
    found = [math.gcd(*_coefficients(one[0])) for one in _GROUP.finditer(text)]
    return max(found, default=0)


def _coefficients(group: str) -> list[int]:
    terms = re.findall(r"[^-+]+", group.strip("()"))
    return [int(number[0]) if (number := re.match(r" ?(\d{1,9})", term)) else 1 for term in terms]


def _of_primes(answer: str, candidate: str) -> Decision | None:
    ours, theirs = _product(answer), _product(candidate)
    if not ours or not all(map(_is_prime, ours)) or not theirs:
        return None
    return Decision("same" if sorted(ours) == sorted(theirs) else "different", "maths")


def _product(text: str) -> list[int]:
    """The whole numbers that `text` is a product of; [] where it is none."""
    text = tidy_formula(text)
    pieces = [piece.strip() for piece in text.split("*")]
    found = [_FACTOR.fullmatch(piece) for piece in pieces]
    if len(pieces) > 40 or any(one is None for one in found):
        return []
    return [int(one[1]) for one in found if one is not None for _ in range(int(one[2] or 1))]


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, min(int(number**0.5) + 1, 40_000)))
