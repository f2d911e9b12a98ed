"""Whether an answer means nothing without the choices beside it: "all of the above", "both A and C", "I and III only".

The forms are those of ARC and MMLU. A text must be such a phrase as a whole: "all of the organisms", "both parents" and
"none of the offspring will be affected" mean something. "Cannot be determined" is an answer like any other.
"""

from __future__ import annotations

import re
from typing import Final

_QUANTIFIERS: Final = frozenset(
    "all none both neither nither either any some each every not only most more two".split()
)
_POINTERS: Final = frozenset(
    "above below following preceding these those options option choices choice answers answer alternatives".split()
)
_OWN_POINTERS: Final = frozenset("them statement statements".split())
"""Pointers to what a question itself may speak of."""
_FILLING: Final = frozenset(
    "of the a an are is correct true right false incorrect wrong apply applies valid other others one or and than "
    "listed given provided mentioned stated here possible possibilities combination combinations equally methods "
    "reasons factors causes things items responses".split()
)
_VERDICTS: Final = frozenset("correct true right false incorrect wrong apply".split())
_BARE: Final = frozenset("all both neither either none any".split())
_LABEL: Final = r"\(?(?:[A-Ea-e]|[IVX]{1,4}|[ivx]{1,4}|[1-9])[).]?"
_AND: Final = r"\s*(?:,\s*(?:and|or|&)?|&|\band\b|\bor\b|\bnor\b|\s)\s*"
_LABELS = re.compile(
    r"\s*(?P<before>(?:both|either|neither|only|all of|options?|choices?|answers?|statements?)\s+)*"
    rf"(?P<labels>{_LABEL}(?:{_AND}{_LABEL}){{0,5}})"
    r"(?P<after>\s*,?\s*(?:only|above|are (?:correct|true)|is (?:correct|true)))*\s*[.!]?\s*",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9]+")
_LONGEST: Final = 80
"""Characters; the longest such phrase in ARC and MMLU has 58."""


def means_nothing_alone(text: str, question: str | None) -> bool:
    """Whether `text` says nothing but which choices hold.

    `question` is the one that `text` was written for, and labels that it names ("statements I and II") mean something;
    None for a text that is taken to another question, where no label does.
    """
    if len(text) > _LONGEST:
        return False
    words = [word.lower() for word in _WORD.findall(text)]
    return _is_collective(words, question) or _is_labels(text, question)


def _is_collective(words: list[str], question: str | None) -> bool:
    """`all of the above`, `none of these choices is correct`, `all are correct`."""
    if not words or _QUANTIFIERS.isdisjoint(words):
        return False
    known = _QUANTIFIERS | _POINTERS | _FILLING | _OWN_POINTERS
    if not known.issuperset(words):
        return False
    if not _POINTERS.isdisjoint(words):
        # "no answer" may be an answer; "not these" may not
        return words[0] in _QUANTIFIERS and len(words) > 1
    foreign = question is None
    if words[0] in ("all", "none") and not _VERDICTS.isdisjoint(words):
        return True
    return foreign and (not _OWN_POINTERS.isdisjoint(words) or (len(words) == 1 and words[0] in _BARE))


def _is_labels(text: str, question: str | None) -> bool:
    """`both A and C`, `I and III only`, `(i) and (iv)`; a lone label only where `question` is None."""
    match = _LABELS.fullmatch(text)
    if match is None:
        return False
    labels = re.findall(r"[A-Za-z0-9]+", re.sub(r"(?i)\b(?:and|or|nor)\b", " ", match["labels"]))
    framed = bool(match["before"] or match["after"])
    if any(label.isdigit() for label in labels) and not (match["before"] if question is not None else framed):
        # "1 only" may be a number
        return False
    if question is None:
        return len(labels) > 1 or framed or labels[0].isupper()
    if len(labels) == 1 and not framed:
        return False
    return not _names(question, labels)


def _names(question: str, labels: list[str]) -> bool:
    """Whether `question` itself names the `labels`; `a` and `I`, words of their own, are known by what follows them."""
    named = {word.upper() for word in _WORD.findall(question) if len(word) <= 4}
    wanted = {{"A": "B", "I": "II"}.get(label.upper(), label.upper()) for label in labels}
    return wanted <= named
