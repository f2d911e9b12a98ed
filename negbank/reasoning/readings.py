"""Every plausible reading of the final answer of a chain: what it marks, takes back, says last, and says after that.

A chain that marks its answer has one `final` reading; what else it marks, what it took back and what follows are kept
beside it, since any of them may be the answer after all.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

from negbank.reasoning.amounts import Amount
from negbank.reasoning.asked import Asked, read_asked
from negbank.reasoning.marks import BOXED, HASHES, LABEL, PHRASE, SENTENCE_END, Mark, find_marks
from negbank.reasoning.quantities import Value, find_values, numbers_anywhere, read_amounts
from negbank.reasoning.run_on import MAX_BEFORE, cut_run_on
from negbank.reasoning.said import asked_value, first_value, said_value
from negbank.text.characters import plain_characters

State = Literal["final", "earlier", "withdrawn", "after"]

LAST_SENTENCE: Final = "last sentence"
CORRECTION: Final = "correction"

_THOUGHT: Final = re.compile(r"</(?:think|thinking|thought|scratchpad|reasoning)>\s*(?=\S)", re.IGNORECASE)
_CUE: Final = re.compile(
    r"(?:(?<=[.!?;:,…()\n*_$}-])|(?<=[.!?;:,…()\n*_$}-]\s)|(?<=[.!?;:,…()\n*_$}-]\s\s)|^)(?:\(\s?)?"
    r"(?:(?:hmm+|oh|ah|ok(?:ay)?|but|and|no)[,.! -]{0,3}\s?)?"
    r"(?:wait\b(?!\s+(?:for|until|time|\d))|hold on\b|hang on\b|oops\b|whoops\b|scratch that\b|strike that\b|"
    r"correction\b|my mistake\b|"
    r"my bad\b|on second thought\b|actually\b|sorry\b|apologies\b|i (?:apologi[sz]e|misread|miscounted|"
    r"miscalculated|forgot|mis\w+|was wrong|meant)\b|"
    r"(?:i|we)(?:'ve| have)? (?:made|make|have|see|found) (?:a|an|my|the) (?:mistake|error|slip)|there (?:is|"
    r"was) (?:a|an) (?:mistake|error)|"
    r"let me (?:re-?\w+|correct|fix|redo|start over|try again)|let's (?:re-?\w+|correct|fix|redo|start over|try again)|"
    r"(?:that|this|it)(?:'s| is| was) (?:wrong|incorrect|not (?:right|correct)|a mistake)|that can't be|"
    r"that cannot be|or rather\b|"
    r"i mean\b|no\s?[,.:;!-]|no wait\b|nope\b|not quite\b|hmm+\b|edit\s?:|corrected\b|nein,|non,|não,|нет,|moment|"
    r"espera\b|attends\b|halt\b|不对|等等|不，)",
    re.IGNORECASE,
)
"""How a chain takes back what it said."""
_DOUBT: Final = re.compile(
    r"(?:^|[.!?\n;]\s{0,3})\W{0,3}(?:but|however|yet|although|though|alternatively|otherwise|unless|aber|mais|"
    r"pero|но)\b|"
    r"\b(?:not sure|unsure|might be wrong|may be wrong|or maybe|or perhaps|could also be)\b|\bor\s+\$?\d",
    re.IGNORECASE,
)
_CHECK: Final = re.compile(
    r"(?:^|\n|[.!?]\s)[ \t*_#>(]*(?:(?:let me|let us|let's|we can|to|now)\s+)?(?:quick(?:ly)?\s+)?(?:(?:double|"
    r"cross)[- ])?"
    r"(?:check|verif|confirm|proof\b|probe\b|sanity)",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"(?:sources?|references?|citations?|confidence|note|disclaimer|difficulty|tags?|time taken|word count|"
    r"explanation)\s*[*_]*\s*[:：]|"
    r"\(?(?:updated|last updated|see|source|cf)\b|would you like|let me know|do you want|shall i|hope this|"
    r"feel free|is there anything|"
    r"(?:i am|i'm)\s+\S+\s+(?:sure|confident)",
    re.IGNORECASE,
)
_CONCLUDES: Final = re.compile(
    r"(?:^|[.!?\n]\s{0,3})\W{0,4}(?:so|thus|therefore|hence|altogether|in total|overall|in all|finally|"
    r"consequently|in conclusion|"
    r"this means|that means|as a result|also gilt|donc|por lo tanto|следовательно|итак|所以|因此|따라서)\b",
    re.IGNORECASE,
)
_UNFINISHED: Final = re.compile(
    r"(?:[-+*/×·÷=(,:&]|\\(?:times|cdot|frac\{?|div)|\b(?:is|are|and|the|of|to|a|or|so|then|for|in|with))\s*$"
)
_OPENING: Final = re.compile(
    r"[\s*_`\"'(\[{]*(?:(?:about|approximately|approx\.?|around|roughly|exactly|only|just|simply|therefore|thus|"
    r"hence|indeed|now|equal to|"
    r"a total of|in total|clearly|then|also|still|be|:|=|~|≈)[\s:,]*)*"
    r"(?:[^\W\d_]{1,2}(?:\([a-z]\))?\s*=\s*)?(?:option|choice|letter)?\s*[\s*_`\"'(\[{]*",
    re.IGNORECASE,
)
_TEXT: Final = re.compile(r"\\(?:text|mathrm|mbox|textbf|mathbf|textit|bf|rm)\s*\{([^{}]*)\}")
_OPTION: Final = re.compile(r"\(?([A-J])[).:]\s+(?=\S)")
_EMPHASIS: Final = re.compile(r"(?<![\d)])(?<![\d)] )\*\*|\*\*(?! ?[\d(-])")
"""Two stars that are no power: `**186**`, and not `2**3`."""
_ONLY_LETTER: Final = re.compile(r"[*_\s]*(?:option |choice )?\(?([A-J])\)?[.*_\s]*", re.IGNORECASE)
_COMMAND: Final = re.compile(r"\\[A-Za-z]+")
MAX_SENTENCE: Final = 1_000
MAX_MARKS: Final = 100
MAX_BODY: Final = 50_000
"""Marks that are weighed, and characters of a chain that is not too long to be sure of. A chain beyond either is in
doubt: it is no proof of a wrong answer where the gold one stands in it."""


@dataclass(frozen=True)
class Reading:
    """One reading of the final answer: its text, the sign it was found by, and the numbers in it.

    `value` is the one that the text says, None where it says none or several. A reading is `certain` where its sign is
    one that only an answer has, or its number follows the sign at once.
    """

    text: str
    found_by: str
    state: State
    values: tuple[Value, ...] = ()
    value: Value | None = None
    certain: bool = False
    place: int = 0


@dataclass(frozen=True)
class Readings:
    """Every plausible reading of a chain's final answer, and what must be known to weigh them.

    `final` is the one that counts, None where the chain comes to no answer. `others` were marked before it, were taken
    back, or stand after it. `doubtful` says that the chain goes on in a way that may change its answer.
    """

    final: Reading | None
    others: tuple[Reading, ...] = ()
    body: str = ""
    doubtful: bool = False
    unfinished: bool = False
    asked: Asked = field(default_factory=Asked)

    @property
    def marked(self) -> bool:
        """Whether the answer stands by a sign that is certain."""
        return self.final is not None and self.final.certain

    @cached_property
    def everything(self) -> tuple[Amount, ...]:
        """Every number of the chain, by any reading."""
        return numbers_anywhere(self.body)


def answer_readings(question: str, chain: str) -> Readings:
    """Every plausible reading of the final answer of `chain`, which answers `question`; time grows with its length."""
    asked = read_asked(question)
    body, cut_in_doubt = cut_run_on(_EMPHASIS.sub("  ", plain_characters(chain)))
    thought = _last(_THOUGHT, body)
    body = body[thought.end() :] if thought is not None else body
    marks = find_marks(body)
    crowded = len(marks) > MAX_MARKS or len(body) > MAX_BODY
    marks = marks[-MAX_MARKS:]
    found = _weigh(body, _with_options(question, body, marks), asked)
    return replace(found, body=body, asked=asked, doubtful=found.doubtful or cut_in_doubt or crowded)


def _with_options(question: str, body: str, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """The marks, those that name an option by its letter with what the option says after it: `(B) 38`."""
    found = []
    for mark in marks:
        letter = _ONLY_LETTER.fullmatch(mark.text)
        if letter is not None:
            option = re.compile(
                rf"(?<![A-Za-z]){letter.group(1)}\s?[).:]\s*([^\n(]{{1,80}}?)(?=\s*(?:\n|$|\(?[A-J]\s?[).:]))"
            )
            said = option.search(plain_characters(question[-MAX_BEFORE:])) or option.search(body, 0, mark.start)
            mark = replace(mark, option=said.group(1)) if said is not None else mark
        found.append(mark)
    return tuple(found)


def _weigh(body: str, marks: tuple[Mark, ...], asked: Asked) -> Readings:
    live = [mark for mark in marks if not mark.negated]
    readings = [_marked(body, mark, asked) for mark in live]
    certain = [place for place, reading in enumerate(readings) if reading.certain]
    at = certain[-1] if certain else len(live) - 1
    if at < 0:
        return _unmarked(body, asked)
    cue = _last(_CUE, body, _said_end(live[at], readings[at]))
    if cue is not None:
        return _corrected(body, cue, [replace(reading, state="withdrawn") for reading in readings], asked)
    cues = [found.start() for found in _CUE.finditer(body)] if at else []
    final = _in_line(body, live, readings, at, asked)
    others = [
        replace(
            reading, state="withdrawn" if any(live[place].end <= cue < live[at].start for cue in cues) else "earlier"
        )
        for place, reading in enumerate(readings)
        if place < at
    ]
    after = body[live[at].end :].strip()
    if live[at].kind != BOXED:
        after = (
            body[live[at].start + len(live[at].text) :]
            if live[at].text in body[live[at].start : live[at].end]
            else after
        )
    others += _after(after, asked)
    doubt = _DOUBT.search(after) is not None or len(after) > MAX_BEFORE
    return Readings(final, tuple(others), doubtful=doubt)


def _said_end(mark: Mark, reading: Reading) -> int:
    """Where the answer of a mark ends, so that what follows in its sentence may take it back."""
    if mark.kind in (LABEL, PHRASE, HASHES) and reading.value is not None and len(reading.values) > 1:
        return min(mark.start + reading.value.end, mark.end)
    return mark.end


def _after(after: str, asked: Asked) -> Iterator[Reading]:
    """What stands after the answer, as one reading."""
    values = find_values(after[:MAX_BEFORE]) if after else ()
    if values:
        yield Reading(after.strip()[:MAX_SENTENCE], LAST_SENTENCE, "after", values)


def _last(pattern: re.Pattern[str], text: str, start: int = 0) -> re.Match[str] | None:
    return next(iter(deque(pattern.finditer(text, start), maxlen=1)), None)


def _corrected(body: str, cue: re.Match[str], before: list[Reading], asked: Asked) -> Readings:
    """What a chain says after it took an answer back."""
    said = _unmarked(body[cue.end() :], asked)
    final = None if said.final is None else replace(said.final, found_by=CORRECTION)
    return Readings(final, (*before, *said.others), doubtful=said.doubtful)


def _in_line(body: str, live: list[Mark], readings: list[Reading], at: int, asked: Asked) -> Reading:
    """The reading of mark `at`, with the other marks of its line as values of it: `x = \\boxed{5}, y = \\boxed{7}`."""
    final, mark = readings[at], live[at]
    if mark.kind != BOXED:
        return final
    same = [
        place
        for place in range(at)
        if live[place].kind == BOXED and "\n" not in body[live[place].end : mark.start].strip(" \t")
    ]
    same = [
        place
        for place in same
        if mark.start - live[place].end < 200 and not _CUE.search(body, live[place].end, mark.start)
    ]
    if not same:
        return final
    start = body.rfind("\n", 0, live[same[0]].start) + 1
    named: dict[str, Value] = {}
    for place in (*same, at):
        name = re.search(r"([A-Za-z])\s*=\s*\$?\s*$", body[start : live[place].start])
        value = readings[place].value
        if name is not None and value is not None:
            named[name.group(1)] = value
    values = tuple(value for place in (*same, at) for value in readings[place].values)
    value = named.get(asked.variable) if asked.variable else None
    text = body[live[same[0]].start : mark.end]
    if value is None:
        said = {
            reading.value.amounts[0].value for place in (*same, at) if (reading := readings[place]).value is not None
        }
        value = final.value if len(said) == 1 else None
    return replace(final, text=text if value is None else value.text, values=values, value=value)


def _marked(body: str, mark: Mark, asked: Asked) -> Reading:
    """The reading of a mark."""
    text = _TEXT.sub(r" \1 ", mark.option or mark.text)
    text = _OPTION.sub("", text, count=1) if _OPTION.match(text) and re.search(r"\d", text) else text
    values = find_values(text)
    opening = _OPENING.match(text)
    begin = opening.end() if opening is not None else 0
    whole = read_amounts(text)
    if whole:
        noun = values[0].noun if values else ""
        role = values[0].role if len(values) == 1 and values[0].role == "unknown" else "said"
        values = (Value(0, len(text), text.strip(), whole, role, noun),)
        first: Value | None = values[0]
    else:
        first = next((value for value in values if value.start <= begin + 2), None)
    value = asked_value(text, values, asked) or first_value(text, values, first, asked)
    certain = mark.strong or first is not None or _is_short(text)
    if mark.kind == HASHES and first is None and len(values) > 1:
        certain = value is not None
    return Reading(
        plain_text(mark.text), mark.kind, "earlier" if mark.negated else "final", values, value, certain, mark.start
    )


def plain_text(text: str) -> str:
    """What a row says the final answer is."""
    return text.strip()


def _is_short(text: str) -> bool:
    """Whether an answer is a letter, a word or a few, or a formula, and no sentence."""
    if re.search(r"\d", text) is None:
        return len(text.split()) <= 3
    return re.search(r"[^\W\d_]{3,}", _COMMAND.sub(" ", text)) is None


def _unmarked(body: str, asked: Asked) -> Readings:
    """The answer of a chain that does not mark it: what its last sentence with a number says, checks left out."""
    body = body[-MAX_BEFORE:]
    cue = _last(_CUE, body, 0)
    if cue is not None and re.search(r"\d", body[: cue.start()]) and find_values(body[cue.end() :]):
        before = find_values(body[: cue.start()])
        reading = Reading(body[: cue.start()].strip()[-MAX_SENTENCE:], LAST_SENTENCE, "withdrawn", before)
        found = _unmarked(body[cue.end() :], asked)
        return replace(found, others=(reading, *found.others))
    unfinished = _UNFINISHED.search(body[-40:]) is not None
    sentences = list(_sentences(body))
    at = _answering(sentences)
    if at is None:
        return Readings(None, unfinished=unfinished)
    text, values = sentences[at]
    value = asked_value(text, values, asked) or said_value(text, values, asked.noun)
    final = Reading(value.text if value is not None else text[:MAX_SENTENCE], LAST_SENTENCE, "final", values, value)
    others = [
        Reading(other[:MAX_SENTENCE], LAST_SENTENCE, "after" if place > at else "earlier", found)
        for place, (other, found) in enumerate(sentences)
        if found and (place > at or (place < at and _CONCLUDES.match(other)))
    ]
    return Readings(final, tuple(others), unfinished=unfinished)


def _sentences(body: str) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """The last sentences and lines of `body`, each with its numbers."""
    for line in body[-MAX_BEFORE:].split("\n"):
        start = 0
        for stop in SENTENCE_END.finditer(line):
            sentence = line[start : stop.end()].strip()
            if sentence:
                yield sentence, find_values(sentence)
            start = stop.end()
        if line[start:].strip():
            yield line[start:].strip(), find_values(line[start:].strip())


def _answering(sentences: list[tuple[str, tuple[Value, ...]]]) -> int | None:
    """Which sentence answers: the last one with a number that is no check, source, question or offer."""
    end = len(sentences)
    for place, (text, _) in enumerate(sentences):
        if place and _CHECK.match(text) and any(values for _, values in sentences[:place]):
            end = place
            break
    for place in range(end - 1, -1, -1):
        text, values = sentences[place]
        asks = text.rstrip(" *_\"')").endswith(("?", "？"))
        said = any(value.role != "reference" for value in values)
        if said and not asks and not _TAIL.match(text.lstrip(" *_#>-[(")):
            return place
    return None


def guess(readings: Readings) -> tuple[str, str] | None:
    """The text of the likeliest answer and the sign it was found by; None where there is none."""
    final = readings.final
    if final is None:
        return None
    if final.certain or final.found_by not in (LAST_SENTENCE, CORRECTION):
        return final.text, final.found_by
    value = final.value or (final.values[-1] if final.values else None)
    return (value.text, final.found_by) if value is not None else None
