"""Two sentences that say the same in other words, by their content words; precise rather than complete.

The words that the question does not already say must be the same on both sides, inflected or by the tables of
synonyms, in an order that means the same; a negation, an opposite or another number makes them different.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from negbank.guards.decision import Decision
from negbank.guards.negation import Statement, align, compare, relations_agree, statement
from negbank.guards.opposites import are_close, are_opposite, without_prefix
from negbank.guards.words import stem, tokens_of

MAX_COMPARED: Final = 40
_NUMBER = re.compile(r"[-+]?\d|[ivx]+$")
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
    left, right = aligned.left, aligned.right
    if aligned.negated or aligned.opposite or aligned.between:
        surely = not (left or right) or (aligned.opposite == 1 and len(left) + len(right) == 1)
        return Decision("different", "negation") if surely and not aligned.between else None
    if (left and right) or not _may_be_left_out(question, first, second, left + right):
        return None
    shared = len(first.content) - len(left) - aligned.synonyms
    if shared < aligned.synonyms or not (shared or aligned.close) or 2 * len(left) > len(first.content):
        return None
    if ((left or right) and _listed(answer) != _listed(candidate)) or not relations_agree(first, second):
        return None
    found = compare(*_cut(answer, candidate, frozenset(left + right)))
    return Decision("same", "paraphrase") if found is not None and found.verdict == "same" else None


def _may_be_left_out(question: str, first: Statement, second: Statement, extra: list[str]) -> bool:
    """Whether the question already says the words that only one of the texts says, and something else is left."""
    asked = question_stems(question)
    new = [word for word in extra if word not in asked]
    if any(not any(are_close(word, other) for other in asked) for word in new) or not _QUANTIFIERS.isdisjoint(extra):
        return False
    if extra and any(_NUMBER.match(word) for word in first.content + second.content):
        return False  # a word more may be its unit
    said = first.content + second.content
    if any(are_opposite(word, other) for word in extra for other in said):
        return False
    return any(word not in asked for word in first.content)


def _cut(answer: str, candidate: str, extra: frozenset[str]) -> tuple[str, str]:
    """Both texts without the words of the question that only one of them says."""
    if not extra:
        return answer, candidate
    return _drop(answer, extra), _drop(candidate, extra)


def _drop(text: str, extra: frozenset[str]) -> str:
    return " ".join(token for token in tokens_of(text) if stem(token) not in extra)


def _listed(text: str) -> int:
    tokens = tokens_of(text)
    return tokens.count("and") + tokens.count("or") + text.count(",")


@functools.lru_cache(maxsize=1 << 14)
def question_stems(question: str) -> frozenset[str]:
    """The stems of the question's words, and what those with a negating prefix are the negation of."""
    stems = [stem(token) for token in tokens_of(question[-1200:])]
    return frozenset(stems) | frozenset("¬" * (turns % 2) + base for base, turns in map(without_prefix, stems))
