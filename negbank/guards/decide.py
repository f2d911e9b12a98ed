"""One verdict on a candidate beside all right answers of a question, by rules alone: no model is asked.

Each rule knows one kind of answer and says nothing of the others. The first that speaks decides for a pair, in this
order: equal text, yes and no, values (numbers, units, dates, symbols, maths), aliases and names, one in the other,
negation and opposites, paraphrase.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from negbank.guards.aliases import decide_alias
from negbank.guards.containment import decide_containment, decide_listed
from negbank.guards.core import core
from negbank.guards.decision import RULES, Decision
from negbank.guards.glance import comparable, glance
from negbank.guards.names import decide_name
from negbank.guards.negation import decide_negation
from negbank.guards.normalise import normalise
from negbank.guards.paraphrase import paraphrase
from negbank.guards.values import decide_values
from negbank.guards.words import MAX_CHARACTERS, read
from negbank.guards.yes_no import decide_yes_no

_ABOUT_SPELLING = re.compile(
    r"\b(?:spell(?:ed|ing|ings|s|t)?|misspell\w*|capitali[sz]\w*|punctuat\w+|apostrophes?|hyphenat\w+|commas?|"
    r"upper-?\s?case|lower-?\s?case|capital letters?|correctly written|written correctly|(?:in)?definite article|"
    r"which article|what article|diacritic\w*|accent marks?|typed correctly|"
    r"how (?:do|would|should|does) (?:you|we|one) write the (?:name|word|title))\b",
    re.IGNORECASE,
)
_SPELLING_HINTS: Final = (
    "spel", "capitali", "punctuat", "apostroph", "hyphen", "comma", "case", "capital letter", "written", "article",
    "diacritic", "accent", "typed", "write the",
)  # fmt: skip
"""One of these is in every text that the pattern finds; looking for them first is twenty times as fast."""
_CASE_COUNTS = re.compile(r"\b(?:capital\w*|upper-?\s?case|lower-?\s?case|write the|written|punctuat\w+|title)\b", re.IGNORECASE)
_SYMBOLIC = re.compile(
    r"[^\w\s.,;:!?'\"()\-–—…’‘“”«»/&%$€£¥°¿¡*`\[\]]|\w[(\[]\S|[\d]/\w|\w/[\d]|\b\w/\w\b|(?<![\w)])[-+]\s?[$€£\d]"
)
"""Formulas, code and signs: words alone do not say what such a text means."""
_QUOTES: Final = "\"'“”‘’«»` \t\n"

def decide(question: str, answers: Sequence[str], candidate: str) -> Decision | None:
    """What the rules say of `candidate` beside every right answer; None where no rule decides.

    The same as any right answer is `same`; else `ambiguous` beside any is `ambiguous`; `different` only where a rule
    says so beside each of them. Of several rules that agree the first of RULES is named, whatever the answers' order.

    Example:
        >>> decide("What is the capital of Australia?", ["Canberra"], "It is Canberra.")
        Decision(verdict='same', rule='containment')
        >>> decide("What is the capital of Australia?", ["Canberra"], "Sydney, not Canberra")
        Decision(verdict='different', rule='containment')
    """
    found = [_pair(question, answer, candidate) for answer in answers if answer.strip()]
    for verdict in ("same", "ambiguous"):
        rules = [decision.rule for decision in found if decision is not None and decision.verdict == verdict]
        if verdict == "same" and not rules and len(answers) > 1:
            listed = decide_listed(tuple(answers), candidate)
            rules = [] if listed is None else [listed.rule]
        if rules:
            return Decision("same" if verdict == "same" else "ambiguous", min(rules, key=RULES.index))
    different = [decision.rule for decision in found if decision is not None]
    if different and len(different) == len(found):
        return Decision("different", min(different, key=RULES.index))
    return None


def _pair(question: str, answer: str, candidate: str) -> Decision | None:
    if about_spelling(question):
        return _spelled(question, answer, candidate)
    if normalise(answer) == normalise(candidate):
        return Decision("same", "text")
    return _by_rules(question, answer, candidate)


def _by_rules(question: str, answer: str, candidate: str) -> Decision | None:
    if len(answer) > MAX_CHARACTERS or len(candidate) > MAX_CHARACTERS:
        return None
    for rule in (decide_yes_no, decide_values):
        decision = rule(question, answer, candidate)
        if decision is not None:
            return decision
    for rule in (decide_alias, decide_name):
        decision = rule(question, answer, candidate)
        if decision is not None:
            return decision
    one, other = glance(answer), glance(candidate)
    if not comparable(one, other):
        return None
    if is_symbolic(answer) or is_symbolic(candidate):
        alike = normalise(core(answer)) == normalise(core(candidate))
        return Decision("same", "containment") if alike else None
    if _joined(answer) == _joined(candidate):
        return Decision("same", "text")
    for rule in (decide_containment, decide_negation, paraphrase):
        decision = rule(question, answer, candidate)
        if decision is not None:
            return decision
    return None


def _joined(text: str) -> str:
    """The words of `text` run together: `voice box` is `voicebox`."""
    return "".join(read(text).tokens) or text


@functools.lru_cache(maxsize=1 << 16)
def is_symbolic(text: str) -> bool:
    """Whether `text` is a formula, code or has signs, so that its words alone do not say what it means."""
    return _SYMBOLIC.search(text) is not None


@functools.lru_cache(maxsize=1 << 15)
def about_spelling(question: str) -> bool:
    """Whether `question` asks how something is written, so that case, punctuation and articles count."""
    lower = question.lower()
    return any(hint in lower for hint in _SPELLING_HINTS) and _ABOUT_SPELLING.search(question) is not None


def _spelled(question: str, answer: str, candidate: str) -> Decision:
    """`same` where both are written alike, quotes and a lead-in apart; with case where that is asked."""
    right, other = _written(answer), _written(candidate)
    if _CASE_COUNTS.search(question) is None:
        right, other = right.casefold(), other.casefold()
    return Decision("same", "text") if right == other else Decision("different", "text")


def _written(text: str) -> str:
    plain = " ".join(unicodedata.normalize("NFC", text).replace("’", "'").split()).strip(_QUOTES)
    return plain.removesuffix(".").strip(_QUOTES)


