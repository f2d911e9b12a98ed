"""The right and wrong answers that were found in each row, and the answers in one cell."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from negbank.sources.cells import Choices, UnreadableCellError, is_plain, several
from negbank.sources.layouts import Path
from negbank.sources.talks import is_messages, is_transcript, last_said, split_transcript

NO_CHOICES_HERE: Final = "no-choices"
CONTRADICTED: Final = "answer-columns-contradict"
UNREADABLE: Final = "unreadable-cell"
NO_VERDICT: Final = "no-verdict"


@dataclass
class Answers:
    """What was found in each row: right answers, wrong ones, or the reason why it is no question.

    `keys` are the cells that said which answer is right, as texts; `form` and `evidence` say how they were read.
    """

    right: list[list[str]]
    wrong: list[list[str]]
    reasons: list[str | None]
    keys: list[str]
    form: str
    columns: tuple[Path, ...]
    evidence: str = ""
    choices: list[Choices] = field(default_factory=list)
    choice_columns: tuple[Path, ...] = ()
    warnings: list[str] = field(default_factory=list)
    wrong_columns: tuple[Path, ...] = ()
    verdict_columns: tuple[Path, ...] = ()
    """The column that says whether an answer is right, and the one that it is about, where that is another."""


def answers_in(value: Any, split_on: str | None) -> list[str]:
    """The answers that a cell holds; of a conversation the last one."""
    if is_messages(value):
        return [text] if (text := last_said(value)) else []
    if is_transcript(value):
        return [text] if (text := split_transcript(value)[1]) else []
    return several(value, split_on)


def readable(value: Any) -> bool:
    """Whether a cell holds answers."""
    try:
        answers_in(value, None)
    except UnreadableCellError:
        return False
    return True


def key_text(value: Any) -> str:
    """A cell as it goes into an id."""
    return str(value) if is_plain(value) else json.dumps(value, ensure_ascii=False, default=str)
