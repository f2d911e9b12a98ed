"""The right answer to each question, and the questions that have two."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from negbank.reasoning.answers import compare, gold_answer
from negbank.reasoning.steps import split_steps

NOT_IN_SOURCE: Final = "question-not-in-source"
NO_GOLD: Final = "no-gold-answer"
TWO_GOLDS: Final = "two-gold-answers"


@dataclass(frozen=True)
class Gold:
    """A gold answer, and the steps of the gold chain where there is one."""

    answer: str
    steps: tuple[str, ...] = ()


class GoldBook:
    """Gold answers by question: those of a source, or those that files bring with their chains.

    A source's rule: a question that it does not have, or has with two answers, has no gold. Files' golds are taken as
    they come, and a question is refused from the second answer on; what is kept for that is a few bytes a question.
    """

    def __init__(self, source: Mapping[str, Gold | None] | None = None) -> None:
        self._source = source
        self._seen: dict[bytes, str] = {}

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> GoldBook:
        """The book of a source's (question, gold answer or chain); two answers to one question make it unusable."""
        book: dict[str, Gold | None] = {}
        for question, text in pairs:
            key, gold = _key(question), read_gold(text)
            before = book.setdefault(key, gold)
            if before is not None and not _is_same(before.answer, gold.answer):
                book[key] = None
        return cls(book)

    def find(self, question: str, own: str | None) -> Gold | str:
        """The gold of a question, `own` being what the chain's file says; or the reason for which it has none."""
        if self._source is not None:
            key = _key(question)
            return (self._source[key] or TWO_GOLDS) if key in self._source else NOT_IN_SOURCE
        if own is None or not own.strip():
            return NO_GOLD
        gold = read_gold(own)
        digest = hashlib.sha256(_key(question).encode(errors="surrogatepass")).digest()[:12]
        before = self._seen.setdefault(digest, gold.answer[:200])
        return gold if _is_same(before, gold.answer[:200]) else TWO_GOLDS


def read_gold(text: str) -> Gold:
    """A gold answer, or a chain that ends in one, as `Gold`."""
    answer = gold_answer(text)
    steps = split_steps(text) if answer != text.strip() else ()
    return Gold(answer, steps)


def _is_same(first: str, second: str) -> bool:
    return first == second or compare(second, first).outcome == "right"


def _key(question: str) -> str:
    """Questions are one where only their white space differs."""
    return " ".join(question.split())
