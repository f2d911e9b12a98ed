"""One ending for right and wrong chains: `#### 91`, whatever marked the answer before.

Chains come from many hands. If right ones end in `#### 91` and wrong ones in `A: 77`, a model learns the ending and not
the error. `with_final_form` rewrites a chain's last line and takes calculator marks off, and changes no reasoning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

FinalForm = Literal["marked", "keep"]
MARKED: Final = "marked"
KEEP: Final = "keep"
FORMS: Final = (MARKED, KEEP)
MARKER: Final = "####"

_CALCULATOR: Final = re.compile(r"<<[^<>\n]*(?:>>|$)", re.MULTILINE)
_MARKED_LINE: Final = re.compile(
    r"[ \t>*_]*(?:\#{4}|(?:the[ \t]+)?(?:final[ \t]+|correct[ \t]+)?(?:answer|ans)[ \t*_]*:|A[ \t*_]*:)[ \t*_:]*"
    r"(?P<content>\S[^\n]*)",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(
    r"[ \t>*_(]*(?:(?:so|thus|therefore|hence|and|finally|then|in conclusion|in summary)\b,?[ \t]*)*"
    r"(?:(?:the|my|our|his|her|their)[ \t]+)?(?:final[ \t]+|correct[ \t]+|right[ \t]+)?answer"
    r"(?:[ \t]+to[ \t]+(?:the|this|our)[ \t]+(?:question|problem))?[ \t]*(?:is|would be|equals|=|:)[ \t*_:]*"
    r"(?P<content>\S[^\n]*)",
    re.IGNORECASE,
)
_BOXED_LINE: Final = re.compile(r"[ \t>*_$\\\[(]*(?P<content>\\(?:boxed|fbox)\{[^\n]*\})[ \t*_$.\\\])]*")
_SENTENCE_START: Final = re.compile(r"[.!?][\"')*]*[ \t]+(?=\S)")
_NEW_QUESTION: Final = re.compile(
    r"\s*(?:\#+[ \t]*)?[*_]*(?:Q|Question|Problem|Exercise|Example|Human|User|Instruction)\b[^\n]{0,20}:"
)
_BOX: Final = re.compile(r"\\(?:boxed|fbox)\{|\\?[{}]")
_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")
_PLAIN: Final = re.compile(
    r"(?P<minus>[-−–]?)[ ]?[$£€]?[ ]?(?P<minus2>[-−–]?)(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
)
_AROUND: Final = re.compile(r"^(?:\$\$?|\\\(|\\\[|\*\*|__)\s*(.*?)\s*(?:\$\$?|\\\)|\\\]|\*\*|__)$")
MAX_WORDS: Final = 4
"""Words of an answer, its unit among them; more is a sentence, and stays."""
MAX_LINE: Final = 2_000
"""Characters of a last line that are searched for a last sentence."""
MAX_ANSWER: Final = 400
"""Characters of an answer whose form is looked at."""


@dataclass(frozen=True)
class FormedChain:
    """A chain and its steps: `steps[i]` is step `i` of before. Steps at the end that only gave the answer are gone."""

    chain: str
    steps: tuple[str, ...]


def unify(
    right: str, wrong: str, right_answer: str | None, wrong_answer: str | None, form: FinalForm = MARKED
) -> tuple[str, str]:
    """The texts of a right and a wrong chain with endings of one form; `keep` leaves both as they are."""
    return (
        with_final_form(right, right_answer, form=form).chain,
        with_final_form(wrong, wrong_answer, form=form).chain,
    )


def with_final_form(
    chain: str,
    final_answer: str | None,
    steps: Sequence[str] = (),
    first_error_step: int | None = None,
    form: FinalForm = MARKED,
) -> FormedChain:
    """The chain with its answer on a last line of its own, `#### ANSWER`, and without calculator marks.

    Lines and last sentences that only give the answer are replaced by that line, boxes are opened, and a run-on second
    question behind `####` is cut off. Nothing else changes, and a second call changes nothing.

    Args:
        chain: The chain as it was written.
        final_answer: Its final answer, right or wrong. If None, the one that its ending marks; if it marks none, no
            line is added.
        steps: Its steps. Each keeps its index; a step at the end that only gives the answer is left out.
        first_error_step: The index of the first wrong step. A step that it names is never left out.
        form: `keep` returns everything as it is.
    """
    if form == KEEP:
        return FormedChain(chain, tuple(steps))
    body, marked, loose = _take_ending(_without_marks(_first_chain(chain, final_answer)), final_answer)
    body = _open_boxes(body)
    answer = final_answer if final_answer is not None and final_answer.strip() else marked
    kept, last = _formed_steps(steps, first_error_step, answer)
    if last is not None:
        body = f"{body}\n{last}" if body else last
    if loose and kept and loose not in kept[-1]:
        kept.append(loose)
    if answer is not None:
        body = f"{body}\n{MARKER} {plain_final(answer)}" if body else f"{MARKER} {plain_final(answer)}"
    return FormedChain(body, tuple(kept))


def _formed_steps(
    steps: Sequence[str], first_error_step: int | None, answer: str | None
) -> tuple[list[str], str | None]:
    """The steps in their form, and the last one if it only gives the answer and is the first wrong one all the same."""
    kept = [_without_marks(step) for step in steps]
    last: str | None = None
    while kept:
        body, marked, loose = _take_ending(kept[-1], answer)
        if marked is None and loose is None:
            break
        if not body and first_error_step == len(kept) - 1:
            last = _open_boxes(kept[-1])
            break
        kept.pop()
        if body:
            kept.append(body)
            break
    return [_open_boxes(step) for step in kept], last


def plain_final(answer: str) -> str:
    """An answer as the last line gives it: `1234.5` for `$1,234.50.`; what is no plain number keeps its words."""
    text = " ".join(_open_boxes(answer).split())
    if len(text) > MAX_ANSWER:
        return text
    while (found := _AROUND.match(text)) is not None and found.group(1):
        text = found.group(1)
    text = text.rstrip(".,;:*_ ") or text
    number = _PLAIN.fullmatch(text)
    if number is None:
        return text
    digits = number.group("digits").replace(",", "")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    digits = f"0{digits}" if digits.startswith(".") else digits or "0"
    return f"-{digits}" if number.group("minus") or number.group("minus2") else digits


def _without_marks(text: str) -> str:
    return _CALCULATOR.sub("", text) if "<<" in text else text


def _open_boxes(text: str) -> str:
    """`text` with `\\boxed{77}` as `77`, in one reading; a box that is not closed stays."""
    if "\\boxed{" not in text and "\\fbox{" not in text:
        return text
    opened: list[re.Match[str]] = []
    gone: list[tuple[int, int]] = []
    for found in _BOX.finditer(text):
        if found.group() == "}":
            if opened:
                start = opened.pop()
                if len(start.group()) > 1:
                    gone += [start.span(), found.span()]
        elif not found.group().startswith("\\") or len(found.group()) > 2:
            opened.append(found)
    pieces, at = [], 0
    for begin, end in sorted(gone):
        pieces.append(text[at:begin])
        at = end
    return "".join([*pieces, text[at:]])


def _first_chain(chain: str, answer: str | None) -> str:
    """`chain` up to its `####` line if another question follows it: base models write on."""
    for found in re.finditer(rf"^{MARKER}[^\n]*(?:\n|$)", chain, re.MULTILINE):
        if _NEW_QUESTION.match(chain, found.end()) and _is_bare(found.group().strip("# \t\n"), answer):
            return chain[: found.end()]
    return chain


def _take_ending(text: str, answer: str | None) -> tuple[str, str | None, str | None]:
    """`text` without what at its end only gives the answer; the answer that stood there; a sentence that was marked.

    A marked sentence (`A: He has 5 of them left.`) stays in the text without its mark.
    """
    marked: str | None = None
    end = _end(text, len(text))
    while end:
        start = text.rfind("\n", 0, end) + 1
        found, begin = _ending(text, start, end)
        if found is None:
            break
        content = found.group("content").strip(" \t*_")
        if not _is_bare(content, answer if answer is not None else marked):
            if found.re is _MARKED_LINE:
                return text[:start] + content, marked, content
            break
        marked = content if marked is None else marked
        end = _end(text, begin)
    return text[:end], marked, None


def _end(text: str, end: int) -> int:
    """Where `text` up to `end` ends without its white space."""
    while end and text[end - 1].isspace():
        end -= 1
    return end


def _ending(text: str, start: int, end: int) -> tuple[re.Match[str] | None, int]:
    """The last line, from `start`, or its last sentence, if it gives the answer; and where that begins."""
    for pattern in (_MARKED_LINE, _BOXED_LINE, _SENTENCE):
        if found := pattern.fullmatch(text, start, end):
            return found, start
    last = start
    for sentence in _SENTENCE_START.finditer(text, max(start, end - MAX_LINE), end):
        last = sentence.end()
    return (_SENTENCE.fullmatch(text, last, end), last) if last > start else (None, start)


def _is_bare(content: str, answer: str | None) -> bool:
    """Whether `content` is an answer and no sentence: the known one, if it is known, and its unit at most."""
    if answer is not None and plain_final(content).casefold() == plain_final(answer).casefold():
        return True
    if len(re.sub(r"[^\w\s]", " ", _NUMBER.sub(" ", content)).split()) > MAX_WORDS:
        return False
    found, wanted = ([plain_final(number) for number in _NUMBER.findall(side or "")] for side in (content, answer))
    return answer is None or (bool(wanted) and found == wanted)
