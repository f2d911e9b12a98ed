"""Two sentences that say the same in other words, by their content words; precise rather than complete.

The words that the question does not already say must be the same on both sides, inflected or by the tables of
synonyms, in an order that means the same; a negation, an opposite or another number makes them different.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from negbank.guards.decision import Decision
from negbank.guards.negation import align, compare, statement
from negbank.guards.words import stem, tokens_of

MAX_COMPARED: Final = 40
_NUMBER = re.compile(r"[-+]?\d")
_QUANTIFIERS: Final = frozenset(
    "all both each every some few many most more less fewer half only none several majority minority single two three "
    "four five one".split()
)


def paraphrase(question: str, answer: str, candidate: str) -> Decision | None:
    """`same` where both say the same beyond the question's words, `different` where they contradict; else None."""
    first, second = statement(answer), statement(candidate)
    if not first.content or not second.content:
        return None
    if max(len(first.items), len(second.items)) > MAX_COMPARED:
        return None
    aligned = align(first.content, second.content)
    if aligned is None:
        return None
    _, left, right, opposites, synonyms = aligned
    odd = (first.negations + second.negations) % 2 == 1
    if opposites == 1 and not odd and len(left) + len(right) <= 1:
        return Decision("different", "negation")
    if opposites or _numbers(left) != _numbers(right):
        return None
    if odd:
        return Decision("different", "negation") if not left and not right else None
    shared = len(first.content) - len(left) - synonyms
    asked = question_stems(question)
    if left and right:
        return None
    if set(left + right) - asked or (set(left + right) & _QUANTIFIERS):
        return None
    own = [word for word in first.content if word not in asked]
    if not own or shared < max(1, 2 * synonyms):
        return None
    if _listed(answer) != _listed(candidate):
        return None
    found = compare(*_cut(answer, candidate, frozenset(left + right)))
    if found is None or found.verdict != "same":
        return None
    return Decision("same", "paraphrase")


def _cut(answer: str, candidate: str, extra: frozenset[str]) -> tuple[str, str]:
    """Both texts without the words of the question that only one of them says."""
    if not extra:
        return answer, candidate
    return _drop(answer, extra), _drop(candidate, extra)


def _drop(text: str, extra: frozenset[str]) -> str:
    return " ".join(token for token in tokens_of(text) if stem(token) not in extra)


def _listed(text: str) -> int:
    tokens = tokens_of(text)
    return tokens.count("and") + tokens.count("or")


def _numbers(words: list[str]) -> list[str]:
    return sorted(word for word in words if _NUMBER.match(word))


@functools.lru_cache(maxsize=1 << 14)
def question_stems(question: str) -> frozenset[str]:
    """The stems of the question's words."""
    return frozenset(stem(token) for token in tokens_of(question[-1200:]))
