"""One verdict on a candidate beside all right answers of a question, by rules alone: no model is asked.

Each rule knows one kind of answer and says nothing of the others. The first that speaks decides for a pair, in this
order: equal text, yes and no, values (numbers, units, dates, symbols, maths), aliases and names, one in the other,
negation and opposites, paraphrase.
"""

from __future__ import annotations

import functools
import re
import string
import unicodedata
from collections.abc import Sequence
from typing import Final

from negbank.guards.aliases import decide_alias
from negbank.guards.containment import administered, decide_containment, decide_listed
from negbank.guards.core import core
from negbank.guards.decision import RULES, Decision
from negbank.guards.glance import comparable, glance
from negbank.guards.names import decide_name
from negbank.guards.negation import decide_negation
from negbank.guards.normalise import normalise
from negbank.guards.paraphrase import paraphrase, question_stems
from negbank.guards.values import decide_values
from negbank.guards.words import MAX_CHARACTERS, NEGATORS, STOP, fold_accents, read, stem
from negbank.guards.yes_no import decide_yes_no

_ABOUT_SPELLING = re.compile(
    r"\b(?:spell(?:ed|ing|ings|s|t)?|misspell\w*|capitali[sz]\w*|punctuat\w+|apostrophes?|hyphenat\w+|commas?|"
    r"upper-?\s?case|lower-?\s?case|capital letters?|correctly written|written correctly|(?:in)?definite article|"
    r"which article|what article|possessive|plural form|diacritic\w*|accent marks?|typed correctly|"
    r"(?:in|of) (?:python|java|javascript|html|css|sql|bash)|literals?|keywords?|booleans?|operators?|"
    r"(?:active|passive) voice|grammatical\w*|sentences? correctly|"
    r"how (?:do|would|should|does) (?:you|we|one) write the (?:name|word|title))\b",
    re.IGNORECASE,
)
_SPELLING_HINTS: Final = (
    "spel", "capitali", "punctuat", "apostroph", "hyphen", "comma", "case", "capital letter", "written", "article",
    "diacritic", "accent", "typed", "write the", "possessive", "plural form", "python", "java", "literal", "keyword",
    "variable", "boolean", "html", "operator", "voice", "grammatical", "correctly",
)  # fmt: skip
"""One of these is in every text that the pattern finds; looking for them first is twenty times as fast."""
_CASE_COUNTS = re.compile(
    r"\b(?:python|java|javascript|literals?|keywords?|booleans?|operators?|capital\w*|upper-?\s?case|"
    r"lower-?\s?case|write the|written|punctuat\w+|title)\b",
    re.IGNORECASE,
)
_SYMBOLIC = re.compile(
    r"[^\w\s.,;:!?'\"()\-–—…’‘“”«»/&%$€£¥°¿¡*`\[\]]|\w[(\[]\S|[\d]/\w|\w/[\d]|\b\w/\w\b|(?<![\w)])[-+]\s?[$€£\d]"
)
"""Formulas, code and signs: words alone do not say what such a text means."""
_KINDS: Final = frozenset("word letter sign symbol character article operator mark".split())
_KIND_WORDS: Final = _KINDS | frozenset("command keyword function language key method tag".split())
_NAMED = re.compile(
    r"(?:the )?(?P<before>word|letter|sign|symbol|character|article|operator|mark|command|keyword|"
    r"function) (?P<first>\S+)"
    r"|(?:the )?(?P<last>\S+) (?P<after>word|letter|sign|symbol|character|article|operator|language|key|"
    r"command|keyword|"
    r"function|method|tag|mark)",
    re.IGNORECASE,
)
_ABOUT_WORDS = re.compile(
    r"\b(?:(?:word|term|expression) for|(?:in|into) (?:french|spanish|german|italian|portuguese)|"
    r"(?:french|spanish|german|italian|portuguese|polish|czech|turkish|swedish) (?:word|term|noun|verb|"
    r"for)|translat\w*)\b",
    re.IGNORECASE,
)
"""Questions about words of a language that writes accents, where they count."""
_ABOUT_FORMS = re.compile(
    r"\b(?:plural|singular|contraction|short(?:ened)? form|past (?:tense|participle)|present participle|"
    r"gerund|comparative|superlative|feminine|"
    r"masculine|conjugat\w*|infinitive|(?:noun|verb|adjective|adverb) (?:form )?(?:of|from)|inflect\w*)\b",
    re.IGNORECASE,
)
"""Questions about the forms of a word, which share a stem."""
_CODE = re.compile(
    r"\b(?:python|java|javascript|html|css|sql|bash|literals?|keywords?|booleans?|operators?)\b", re.IGNORECASE
)
_OF_SENTENCES: Final = (decide_containment, decide_negation, paraphrase)
_MAX_SPACES_OF_A_NAME: Final = 6
_NO_MARKS: Final = str.maketrans("", "", string.punctuation + " ")
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
    if answer == candidate:
        return Decision("same", "text")
    if about_spelling(question):
        plain = _without_marks(candidate)
        return decide_values(question, _without_marks(answer), plain) or _spelled(question, answer, candidate)
    return _by_rules(question, answer, candidate)


def _by_rules(question: str, answer: str, candidate: str) -> Decision | None:
    if len(answer) > MAX_CHARACTERS or len(candidate) > MAX_CHARACTERS:
        return None
    for rule in (decide_yes_no, _value, _normalised, decide_alias, decide_name, _run_together):
        decision = rule(question, answer, candidate)
        if decision is not None:
            return decision
    return _by_sentences(question, answer, candidate) or _beyond(question, answer, candidate)


def _normalised(question: str, answer: str, candidate: str) -> Decision | None:
    """`same` where both have one normal form."""
    return Decision("same", "text") if normalise(answer) == normalise(candidate) else None


def _value(question: str, answer: str, candidate: str) -> Decision | None:
    """What the rules for values say of the texts, or of what they answer without a lead-in."""
    found = decide_values(question, answer, candidate)
    if found is not None and found.verdict == "same":
        # "I and III only" holds "III only": what stands around a value is for the rule that reads it
        around = decide_containment(question, answer, candidate) if found.rule == "containment" else None
        return found if around is None else around
    right, other = named_part(question, answer), named_part(question, candidate)
    if (right, other) == (answer, candidate):
        return found
    if right == other:  # a core has no accents and nothing raised, which may be what tells the two apart
        told = found is not None and found.verdict == "different" and not (answer.isascii() and candidate.isascii())
        return found if told else Decision("same", "containment")
    inner = decide_values(question, right, other) or found
    unsure = found is not None and found.verdict == "ambiguous" and inner is not None and inner.verdict == "different"
    return found if unsure else inner


def named_part(question: str, text: str) -> str:
    """The core of `text` without "the sign", "the letter", "operator": `==` of "the == operator"."""
    plain = core(text)
    words = plain.lower().split() if len(plain) < 60 else []
    found = None if _KIND_WORDS.isdisjoint(words) else _NAMED.fullmatch(plain)
    if found is None:
        bare = (text if text.isascii() else fold_accents(text)).strip()  # what is raised is on the line in a core
        return plain if plain.rstrip(".!") != bare.rstrip(".!") else text
    kind = (found["before"] or found["after"]).lower()
    name = found["first"] or found["last"]
    name = name.strip(_QUOTES) if len(name) > 3 else name
    return name if kind in _KINDS or kind in question.lower() else text


def _run_together(question: str, answer: str, candidate: str) -> Decision | None:
    """`same` where only spaces, hyphens and accents differ: `voice box`, `voicebox`."""
    if abs(len(answer) - len(candidate)) > 6 or len(answer) > 200:
        return None
    if not (answer.isascii() and candidate.isascii()) and administered(answer, candidate):
        return Decision("same", "containment")
    if answer.isascii() and candidate.isascii() and _bare(answer) != _bare(candidate):
        return None
    if is_symbolic(answer) or is_symbolic(candidate):
        return None
    right, other = _parts(answer), _parts(candidate)
    if not right or "".join(right) != "".join(other) or (len(right) == len(other) and right != other):
        return None
    if _ABOUT_WORDS.search(question) and _accents(answer) != _accents(candidate):
        return Decision("different", "text")
    return Decision("same", "text")


def _bare(text: str) -> str:
    """The letters and digits of `text`, in lower case."""
    return text.lower().translate(_NO_MARKS)


def _parts(text: str) -> tuple[str, ...]:
    """The tokens of `text`, a lone first letter in lower case: `E-mail` as `e`, `mail`."""
    tokens = read(text).tokens
    return (tokens[0].lower(), *tokens[1:]) if len(tokens) == 2 and len(tokens[0]) == 1 < len(tokens[1]) else tokens


def _accents(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().strip(" .")


def _beyond(question: str, answer: str, candidate: str) -> Decision | None:
    """What names and values say where the candidate's sentence begins with the question's words."""
    if candidate.count(" ") <= answer.count(" ") or answer.count(" ") > _MAX_SPACES_OF_A_NAME:
        return None
    rest = beyond(question, candidate)
    if rest is None:
        return None
    for rule in (decide_values, decide_alias, decide_name):
        decision = rule(question, answer, rest)
        if decision is not None and decision.verdict != "different":
            return decision
    return None


@functools.lru_cache(maxsize=1 << 14)
def beyond(question: str, text: str) -> str | None:
    """What `text` ends in after words of `question` and words that say nothing; None where it does not so begin."""
    last = text.rstrip(_QUOTES + ".!)*").rpartition(" ")[2][:1]
    if text.count(" ") < 2 or not (last.isupper() or last.isdigit()):
        return None
    words = core(text).split()
    if not 3 <= len(words) <= 30 or (not words[-1][:1].isupper() and not words[-1][:1].isdigit()):
        return None
    asked = question_stems(question)
    place = 0
    while place < len(words) - 1 and _adds_nothing(words[place], asked):
        place += 1
    return " ".join(words[place:]) if place > 1 and len(words) - place <= 6 else None


def _adds_nothing(word: str, asked: frozenset[str]) -> bool:
    bare = word.lower().strip(",;:")
    return bare in STOP or (stem(bare) in asked and bare not in NEGATORS)


def _by_sentences(question: str, answer: str, candidate: str) -> Decision | None:
    """What the rules for texts of several words say, where their words could pair at all."""
    one, other = glance(answer), glance(candidate)
    if not comparable(one, other):
        return None
    if is_symbolic(answer) or is_symbolic(candidate):
        alike = normalise(core(answer)) == normalise(core(candidate))
        return Decision("same", "containment") if alike else None
    # childs and children have one stem, War or Peace has the content words of War and Peace
    by_words = not (_ABOUT_FORMS.search(question) or _joints(answer) ^ _joints(candidate) == {"and", "or"})
    for rule in _OF_SENTENCES if by_words else _OF_SENTENCES[:1]:
        decision = rule(question, answer, candidate)
        if decision is not None:
            return decision
    return None


def _joints(text: str) -> set[str]:
    return {"and", "or"}.intersection(text.lower().split())


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
    code = _CODE.search(question) is not None
    right, other = _written(answer, code), _written(candidate if code else named_part(question, candidate), code)
    if _CASE_COUNTS.search(question) is None:
        right, other = right.casefold(), other.casefold()
    return Decision("same", "text") if right == other else Decision("different", "text")


def _written(text: str, quotes_count: bool = False) -> str:
    plain = " ".join(unicodedata.normalize("NFC", _without_marks(text)).replace("’", "'").split())
    if len(plain) > 2 and plain[0] in _QUOTES and plain[-1] in _QUOTES and not quotes_count:
        plain = plain.strip(_QUOTES)
    return plain.removesuffix(".")


def _without_marks(text: str) -> str:
    """`text` without the marks that only set it apart: backticks, bold."""
    return text.strip().strip("`").removeprefix("**").removesuffix("**").strip() or text
