"""Where a chain says that its answer comes: `####`, `\\boxed{}`, `Answer:`, `the answer is`, in any language we know.

A mark that the text takes back ("the wrong answer is 6", "\\boxed{34} is wrong") is `negated`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_ANSWER: Final = 4_000
"""Characters of an answer that are read at all."""

HASHES: Final = "####"
BOXED: Final = "boxed"
FIELD: Final = "answer field"
LABEL: Final = "A:"
PHRASE: Final = "the answer is"

_NOUN: Final = (
    r"answer|antwort|lösung|ergebnis|réponse|reponse|respuesta|resposta|risposta|ответ|відповідь|odpowiedź|"
    r"odpověď|odpoveď|"
    r"antwoord|svar|svaret|vastaus|válasz|cevap|yanıt|jawaban|jawapan|đáp án|đáp số|răspunsul?|răspuns|απάντηση|"
    r"答案|答え|解答|回答|答|정답|답|उत्तर|जवाब|উত্তর|الجواب|الإجابة|جواب|پاسخ|תשובה|คำตอบ"
)
"""What an answer is called, in languages that models write in."""
_NOUNS: Final = tuple(word.rstrip("?l") if word.endswith("?") else word for word in _NOUN.split("|"))
_LATIN: Final = r"(?<![^\W\d_])"
_COPULA: Final = (
    r"is|are|was|equals|would be|should be|must be|will be|comes to|comes out to|ist|lautet|beträgt|est|es|é|è|sera|"
    r"será|sarà|jest|är|adalah|ialah|là|este|είναι|равен|равна|составляет|является|"
    r"है|هو|هي|است|הוא|היא|คือ"
)
_HASHES: Final = re.compile(r"####[ \t]*(\S[^\n]*)")
_HEADING: Final = re.compile(r"(?:\W*\d+\s*[.):]\s+)?[^\W\d_]{2,}")
"""What follows `####` in a heading of Markdown: a word, or a number and a word."""
_BRACE: Final = re.compile(r"\\(?:boxed|fbox)\{|(?<!\\)[{}]")
_LABEL: Final = re.compile(
    rf"^[ \t>*_#`-]*(?:(?:the|my|la|le|die|das|el|il|a|o)[ \t]+)?(?:final[ \t]+|correct[ \t]+)?"
    rf"(?:(?-i:A)[ \t*_`]{{0,9}}[:：][ \t*_`]*|(?:{_NOUN})(?:[ \t]+(?:final|finale|definitiva|finala))?[ \t*_`]{{0,9}}"
    rf"(?:[:：=][ \t*_`]*(?:\n[ \t>*_`]*){{0,2}}|\n{{1,3}}[ \t>*_`]*))"
    rf"(\S[^\n]*)",
    re.MULTILINE | re.IGNORECASE,
)
_LETTER_LABEL: Final = re.compile(r"^[ \t>*_#`-]*A[ \t*_`]{0,9}[:：][ \t*_`]*(\S[^\n]*)", re.MULTILINE)
_PHRASE: Final = re.compile(
    rf"{_LATIN}(?:{_NOUN})"
    rf"(?:[ \t*_`]{{0,9}}[:：=]|(?:[ \t][^.!?:\n\d]{{0,50}}?)?[ \t*_`]{{0,9}}(?<![^\W_])(?:{_COPULA})(?![^\W\d_])|"
    rf"[ \t]{{0,3}}(?:是|为|為|は|が|은|는|-))"
    rf"[ \t*_`]{{0,9}}[:：]?\s{{0,20}}(\S[^\n]*)",
    re.IGNORECASE,
)
_REVERSED: Final = re.compile(
    r"(?<=[ \t*_])is[ \t](?:(?:thus|therefore|hence|indeed)[ \t])?(?:the|my|our)[ \t](?:final[ \t]|correct[ \t]|"
    r"right[ \t])?"
    r"answer\b(?![ \t]+to\b)",
    re.IGNORECASE,
)
_FIELD: Final = re.compile(
    r"<(?:final_)?answer>\s*(?P<tag>[^<]{1,400}?)\s*</(?:final_)?answer>|"
    r"\[(?:final_)?answer\]\s*(?P<square>[^\[\n]{1,400}?)"
    r"\s*\[/(?:final_)?answer\]|[\"'](?:final[_ ])?answer[\"']\s*:\s*(?:\"(?P<text>[^\"\n]{1,400})\"|"
    r"(?P<bare>[^\s,}\"\n]{1,60}))",
    re.IGNORECASE,
)
SENTENCE_END: Final = re.compile(
    r"(?<=[a-z]{4})\.(?=\s+\d)|[!?](?=\s|\W{0,20}$)|\.(?=\s+[A-Z(À-ÞА-Я\\$*]|\W{0,20}$)|[。！？।]"
)
_UNWANTED: Final = re.compile(
    r"\b(?:wrong|incorrect|false|bad|naive|tempting|mistaken|not[ \t]+(?:the|my|our)|isn't[ \t]+the|"
    r"without[ \t]+an?|no)\b"
    r"[ \t]+(?:\w+[ \t]+)?(?:final[ \t]+)?$",
    re.IGNORECASE,
)
_NOT: Final = re.compile(
    r"[*_\s]*(?:(?:definitely|certainly|clearly)\s+)?(?:not|n't|nicht|pas|no es|não|non|не)\b", re.IGNORECASE
)
_IS_WRONG: Final = re.compile(
    r"[\s\"'”’)\]*_$.,]{0,6}(?:(?:,?\s*(?:which|that|this)\s+|\.?\s*(?:That|This|It)\s+)?(?:is|was|would be|seems|"
    r"looks|'s)\s+"
    r"(?:(?:clearly|obviously|definitely|just|actually|of course|also|a|the|too)\s+){0,2}"
    r"(?:wrong|incorrect|false|mistaken|(?:not|n't)\s+(?:the\s+)?(?:right|correct|true|answer|possible)|impossible)|"
    r"(?:cannot|can't|can not)\s+be\s+(?:right|correct|true|the\s+answer)|"
    r"(?:would|is|was)\s*(?:not|n't)\s+(?:be\s+)?(?:the\s+)?(?:right|correct|answer)|"
    r"would\s+be\s+(?:the\s+)?(?:wrong|incorrect))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Mark:
    """An answer that is pointed at: `text` stands at `start` to `end` of the chain, `kind` is the sign.

    `option` is what the option says whose letter the text is.
    """

    start: int
    end: int
    text: str
    kind: str
    negated: bool = False
    option: str = ""

    @property
    def strong(self) -> bool:
        """Whether only an answer has this sign."""
        return self.kind in (HASHES, BOXED, FIELD)


def find_marks(chain: str) -> tuple[Mark, ...]:
    """Every mark of `chain` in order of its place; where two point at one place, the surer sign only."""
    found = [*_hashes(chain), *_boxes(chain)]
    if _names_answer(chain):
        found += [*_fields(chain), *_labels(chain, _LABEL), *_phrases(chain)]
    elif "A:" in chain or ("A" in chain and ":" in chain):
        found += _labels(chain, _LETTER_LABEL)
    kept: list[Mark] = []
    ends: list[tuple[int, int]] = []
    for mark in sorted(found, key=lambda mark: (not mark.strong, -mark.start, mark.kind != LABEL)):
        place = bisect_left(ends, (mark.start, mark.start))
        before, after = ends[place - 1 : place], ends[place : place + 1]
        if not (before and before[0][1] > mark.start) and not (after and after[0][0] < mark.end):
            ends.insert(place, (mark.start, mark.end))
            kept.append(mark)
    return tuple(sorted(kept, key=lambda mark: mark.start))


def is_called_wrong(chain: str, end: int) -> bool:
    """Whether what ends at `end` is called wrong right after it: `... is wrong`, `... cannot be right`."""
    return _IS_WRONG.match(chain, end) is not None


def is_unwanted(chain: str, start: int) -> bool:
    """Whether the noun `answer` at `start` is one that is not meant: `the wrong answer`, `not the answer`."""
    return _UNWANTED.search(chain, max(0, start - 60), start) is not None


def _hashes(chain: str) -> Iterator[Mark]:
    if "####" not in chain:
        return
    end = len(chain.rstrip())
    for found in _HASHES.finditer(chain):
        text = found.group(1).strip()
        if text.strip(" .*_$#") and not (_HEADING.match(text) and found.end() < end):
            yield Mark(found.start(1), found.end(1), text, HASHES, is_called_wrong(chain, found.end(1)))


def _boxes(chain: str) -> Iterator[Mark]:
    """What stands in each closed `\\boxed{...}`, braces within it included, in one reading of `chain`."""
    if "\\boxed{" not in chain and "\\fbox{" not in chain:
        return
    opened: list[re.Match[str]] = []
    last = 0
    for found in _BRACE.finditer(chain):
        if found.group() != "}":
            opened.append(found)
        elif opened:
            start = opened.pop()
            text = chain[start.end() : found.start()].strip()
            if len(start.group()) > 1 and start.start() >= last and 0 < len(text) < MAX_ANSWER:
                last = found.end()
                yield Mark(start.start(), found.end(), text, BOXED, is_called_wrong(chain, found.end()))


def _fields(chain: str) -> Iterator[Mark]:
    if "nswer" not in chain and "NSWER" not in chain:
        return
    for found in _FIELD.finditer(chain):
        text = found.group(found.lastgroup or 0).strip()
        if text and text.lower() not in ("null", "none"):
            yield Mark(found.start(), found.end(), text, FIELD)


def _names_answer(chain: str) -> bool:
    """Whether a noun for an answer stands in `chain`: most chains have none, and are told so at once."""
    lower = chain.lower()
    return any(word in lower for word in _NOUNS)


def _labels(chain: str, pattern: re.Pattern[str]) -> Iterator[Mark]:
    for found in pattern.finditer(chain):
        text = found.group(1).strip()
        if not text.strip(" .*_$#`") or is_option_list(chain, found):
            continue
        yield _sentence_mark(chain, found.start(1), found.end(1), LABEL, negated=False)


def is_option_list(chain: str, found: re.Match[str]) -> bool:
    """Whether a line `A: ...` is the first of several options, as it is where a line `B: ...` follows."""
    letter = found.group().lstrip(" \t>*_#`-")[:2]
    if letter not in ("A:", "A：", "A ", "A*", "A="):
        return False
    if re.search(r"(?<!\w)[B-E][ \t*_]?[:：]", found.group(1)[:200]):
        return True
    return re.match(r"\s*\n?[ \t>*_#`-]*B[ \t*_]*[:：)=.]", chain[found.end() : found.end() + 20]) is not None


def _phrases(chain: str) -> Iterator[Mark]:
    for found in _PHRASE.finditer(chain):
        start = found.start(1)
        negated = is_unwanted(chain, found.start())
        refused = _NOT.match(chain, start)
        if refused is not None:
            start, negated = refused.end(), True
        if chain[start : found.end(1)].strip(" .*_$"):
            yield from _after_negation(chain, _sentence_mark(chain, start, found.end(1), PHRASE, negated))
    if "answer" not in chain:
        return
    for found in _REVERSED.finditer(chain):
        begin = max(0, found.start() - 80)
        for stop in SENTENCE_END.finditer(chain, begin, found.start()):
            begin = stop.end()
        begin = max(begin, chain.rfind("\n", begin, found.start()) + 1)
        text = chain[begin : found.start()].strip(" \t*_")
        if re.search(r"\d|[^\W\d_]{3,}", text):
            yield Mark(begin, found.end(), text, PHRASE)


_INSTEAD: Final = re.compile(r"[,;–—-]+\s*(?:but|it is|it's|it must be|rather|sondern|mais|sino|ma)\s+", re.IGNORECASE)


def _after_negation(chain: str, mark: Mark) -> Iterator[Mark]:
    """The mark, and where it is negated and another answer put in its place (`not 6, it is 8`), that one too."""
    instead = _INSTEAD.search(chain, mark.start, mark.end) if mark.negated else None
    if instead is None:
        yield mark
        return
    yield Mark(mark.start, instead.start(), chain[mark.start : instead.start()].strip(), mark.kind, True)
    yield Mark(instead.end(), mark.end, chain[instead.end() : mark.end].strip(), mark.kind)


def _sentence_mark(chain: str, start: int, end: int, kind: str, negated: bool) -> Mark:
    """The mark from `start` to the end of its sentence, `end` at the most."""
    stop = SENTENCE_END.search(chain, start, end)
    end = stop.start() if stop is not None else end
    text = chain[start : stop.end() if stop is not None and kind == LABEL else end]
    return Mark(start, end, text.strip(), kind, negated or is_called_wrong(chain, end))
