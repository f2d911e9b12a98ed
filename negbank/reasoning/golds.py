"""The right answer to each question, read by the rules for chains, and the questions that have no clear one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from negbank.reasoning.answers import compare
from negbank.reasoning.decide import against
from negbank.reasoning.marks import BOXED
from negbank.reasoning.quantities import read_amounts
from negbank.reasoning.readings import Readings, answer_readings
from negbank.reasoning.steps import split_steps

NOT_IN_SOURCE: Final = "question-not-in-source"
NO_GOLD: Final = "no-gold-answer"
TWO_GOLDS: Final = "two-gold-answers"
AMBIGUOUS_GOLD: Final = "ambiguous-gold"

T = TypeVar("T")

_SIGNS: Final = re.compile(r"\\[()\[\]]|\\(?=[$%&#_{}])|\$|\\[,;!: ]|\s+|[\u200b-\u200d\ufeff]")
_SAME: Final = str.maketrans("‘’‚‛“”„‟«»′″–—−‐‑", '\'\'\'\'""""""\'"-----')


@dataclass(frozen=True)
class Gold:
    """A gold answer, the steps of the gold chain where there is one, and other answers that are right as well."""

    answer: str
    steps: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class QuestionIndex(Generic[T]):
    """What is known of each question, found by its text: word for word, else by `loose_key` where that names one."""

    def __init__(self, pairs: Iterable[tuple[str, T]] = ()) -> None:
        self._exact: dict[str, T] = {}
        self._loose: dict[str, str | None] = {}
        for question, value in pairs:
            self.add(question, value)

    def add(self, question: str, value: T) -> None:
        """Keep what is known of a question; the first of several counts."""
        key = exact_key(question)
        if key in self._exact:
            return
        self._exact[key] = value
        loose = loose_key(question)
        self._loose[loose] = None if loose in self._loose else key

    def exact(self, question: str) -> T | None:
        """What is known of the question, word for word."""
        return self._exact.get(exact_key(question))

    def put(self, question: str, value: T) -> None:
        """Put another value in place of a question's."""
        self._exact[exact_key(question)] = value

    def find(self, question: str) -> T | None:
        """What is known of the question; None where it is not there, or may be any of several."""
        key = exact_key(question)
        if key in self._exact:
            return self._exact[key]
        other = self._loose.get(loose_key(question))
        return None if other is None else self._exact[other]


class GoldBook:
    """Gold answers by question: those of a source, or those that files bring with their chains.

    A source's rule: a question that it does not have, or has with two answers, has no gold. Files' golds are taken as
    they come, and a question is refused from the second answer on; what is kept for that is a few bytes a question.
    """

    def __init__(self, source: Mapping[str, Gold | str] | None = None) -> None:
        self._source = None if source is None else QuestionIndex(source.items())
        self._seen: dict[bytes, str] = {}

    @classmethod
    def of(cls, golds: Iterable[tuple[str, str] | tuple[str, str, Sequence[str] | None]]) -> GoldBook:
        """The book of a source's (question, gold answer or chain, all right answers where there are several).

        Two answers to one question, of which neither row knows the other's, make it unusable.
        """
        index: QuestionIndex[Gold | str] = QuestionIndex()
        for question, text, *more in golds:
            gold, before = read_gold(text, question), index.exact(question)
            others = [read_gold(answer, question) for answer in (more[0] if more and more[0] else ()) if answer != text]
            if isinstance(gold, Gold) and others:
                read = tuple(other.answer for other in others if isinstance(other, Gold))
                gold = replace(gold, others=read) if len(read) == len(others) else AMBIGUOUS_GOLD
            if isinstance(before, Gold) and isinstance(gold, Gold) and not _is_same(before.answer, gold.answer):
                index.put(question, TWO_GOLDS)
            index.add(question, gold)
        book = cls()
        book._source = index
        return book

    def find(self, question: str, own: str | None) -> Gold | str:
        """The gold of a question, `own` being what the chain's file says; or the reason for which it has none."""
        if self._source is not None:
            return self._source.find(question) or NOT_IN_SOURCE
        if own is None or not own.strip():
            return NO_GOLD
        gold = read_gold(own, question)
        if isinstance(gold, str):
            return gold
        digest = hashlib.sha256(exact_key(question).encode(errors="surrogatepass")).digest()[:12]
        before = self._seen.setdefault(digest, gold.answer[:200])
        return gold if _is_same(before, gold.answer[:200]) else TWO_GOLDS


def read_gold(text: str, question: str = "") -> Gold | str:
    """A gold answer, or a chain that ends in one, as `Gold`; AMBIGUOUS_GOLD where its readings disagree."""
    plain = text.strip()
    if is_plain_gold(plain):
        return Gold(plain)
    readings = answer_readings(question, plain)
    answer = _gold_text(readings, plain)
    if answer is None:
        return AMBIGUOUS_GOLD
    return Gold(answer, split_steps(text) if "\n" in plain or answer != plain else ())


def gold_answer(text: str) -> str:
    """The answer that a gold gives: itself, or what a gold chain ends in; the whole text where that is not clear."""
    found = read_gold(text)
    return found.answer if isinstance(found, Gold) else text.strip()


def is_plain_gold(text: str) -> bool:
    """Whether a gold is the answer itself: one amount, or a line without a mark that is no sentence with numbers."""
    if "\n" in text:
        return False
    if read_amounts(text):
        return True
    found = answer_readings("", text).final
    marked = found is not None and found.certain
    return not marked and not (found is not None and found.values and _is_prose(text))


_SENTENCE_WORDS: Final = re.compile(r"\b(?:is|are|was|were|has|have|had|there|gets?|makes?)\b", re.I)


def _is_prose(text: str) -> bool:
    words = re.findall(r"(?<!\\)\b[^\W\d_]{2,}", re.sub(r"\\[A-Za-z]+", "", text))
    return len(words) >= 3 and (re.search(r"\d", text) is not None or _SENTENCE_WORDS.search(text) is not None)


def _gold_text(readings: Readings, text: str) -> str | None:
    """What a gold chain ends in; None where that can be read in two ways, or where it goes on after it."""
    final = readings.final
    if final is None:
        return text if "\n" not in text else None
    if readings.doubtful or (final.values and final.value is None and not final.certain):
        return None
    value = final.value
    if value is None and final.text.count("\\boxed") > 1:
        return None
    if value is None:
        return None if final.found_by != BOXED and len(final.values) > 1 and _is_prose(final.text) else final.text
    rivals = [other for other in readings.others if other.state == "earlier" and other.found_by == final.found_by]
    if not final.certain:
        rivals = []
        if any(against(other, value.amounts, readings.asked).outcome != "right" for other in final.values):
            return None
    for other in rivals:
        if other.value is not None and against(other.value, value.amounts, readings.asked).outcome != "right":
            return None
    return final.text if final.certain and len(final.values) == 1 else value.text


def exact_key(question: str) -> str:
    """Questions are one where only their white space differs."""
    return " ".join(question.split())


def loose_key(question: str) -> str:
    """The same without the signs that copies of a question differ in: quotes, dashes, LaTeX dollars, white space."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", question).translate(_SAME)).casefold()


def _is_same(first: str, second: str) -> bool:
    return first == second or compare(second, first).outcome == "right"
