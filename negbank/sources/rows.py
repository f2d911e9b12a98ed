"""Rows as files hold them -> questions: which column is what, and which choice is right.

A real row (ARC): `question` is a text, `choices` is `{text: [...], label: [A, B, C, D]}`, `answerKey` is `C`.
Others: HellaSwag has a list of `endings` and `label` as an index in a string, MMLU a list of `choices` and an
index, and a question-answer file a text in `answer` and no choices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from negbank.errors import SourceError, UnknownNameError
from negbank.records import QUESTIONS, REFUSED_QUESTIONS, content_id

QUESTION_NAMES = ("question", "query", "prompt", "ctx", "problem")
ANSWER_NAMES = ("answer", "answerKey", "answer_key", "correct_answer", "label", "target")
CHOICES_NAMES = ("choices", "options", "endings", "candidates")
ID_NAMES = ("question_id", "id", "ind")
SUBJECT_NAMES = ("subject", "category", "topic", "activity_label")

NO_QUESTION = "no-question"
NO_RIGHT_ANSWER = "no-right-answer"
INDEX_OUT_OF_RANGE = "answer-index-out-of-range"
NOT_A_CHOICE = "answer-not-among-choices"
ONE_CHOICE = "one-choice-only"
REPEATED_CHOICE = "right-answer-twice"
DUPLICATE_ID = "duplicate-id"
DUPLICATE_QUESTION = "duplicate-question"

ANSWER_FORMS = ("text", "label", "letter", "index")
"""How a file names its right choice, in the order in which a tie is decided."""
BESIDE = "beside"
"""The right answer stands in a column of its own, the choices are all wrong (as SciQ has them)."""


@dataclass(frozen=True)
class Columns:
    """The columns that hold question, answer, choices, wrong answers and context; what is not named is found.

    `answer` may name several columns, which all hold right answers; `choices` several, each with one choice;
    `negative` and `context` likewise. A dotted path names a field of an object: `choices.text`.
    """

    question: str | None = None
    answer: str | tuple[str, ...] | None = None
    choices: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    context: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """The answer columns that were named."""
        return (self.answer,) if isinstance(self.answer, str) else self.answer or ()


@dataclass(frozen=True)
class Parsed:
    """Rows as questions: the usable ones, the others with their reasons, and how answers were read."""

    questions: pl.DataFrame
    refused: pl.DataFrame
    answer_form: str


@dataclass(frozen=True)
class _Row:
    """One row before its right choice is known."""

    question: str
    key: Any
    choices: list[str]
    labels: list[str]


def parse(
    frame: pl.DataFrame, columns: Columns, prefix: str, split: str, where: str = "row {}", subject: str | None = None
) -> Parsed:
    """The questions that `frame` holds.

    A row without an id gets one from its content, behind `prefix`. `where` is filled with the row's number, from 1.
    `subject` is the column that holds it, where it has none of the usual names. Raises UnknownNameError for a column
    that is not there, and SourceError for a frame without rows.
    """
    if frame.is_empty():
        raise SourceError(f"{prefix}: holds no rows")
    found = _find_columns(frame, columns, subject)
    rows = [_row(record, found) for record in frame.iter_rows(named=True)]
    form = _answer_form(rows)
    ids = frame[found.id].cast(pl.String).to_list() if found.id else [None] * len(rows)
    subjects = frame[found.subject].cast(pl.String).to_list() if found.subject else [None] * len(rows)
    kept: list[dict[str, Any]] = []
    refused: list[dict[str, str]] = []
    seen: set[str] = set()
    for number, (row, given_id, subject) in enumerate(zip(rows, ids, subjects, strict=True), start=1):
        question_id = given_id or f"{prefix}/{content_id(row.question, *row.choices, str(row.key))}"
        reason, answer = _right_answer(row, form)
        if reason is None and question_id in seen:
            reason = DUPLICATE_ID if given_id else DUPLICATE_QUESTION
        if reason is not None:
            refused.append(
                {
                    "question_id": question_id,
                    "question": row.question,
                    "reason": reason,
                    "where": where.format(number),
                }
            )
            continue
        seen.add(question_id)
        wrong = [choice for choice in row.choices if choice and choice != answer]
        kept.append(
            {
                "question_id": question_id, "question": row.question, "answer": answer,
                "distractors": wrong, "subject": subject, "split": split,
            }
        )  # fmt: skip
    return Parsed(pl.DataFrame(kept, schema=QUESTIONS), pl.DataFrame(refused, schema=REFUSED_QUESTIONS), form)


@dataclass(frozen=True)
class _Found:
    """The columns of one frame, by what they hold."""

    question: str
    answer: str
    choices: tuple[str, ...]
    id: str | None
    subject: str | None


def _find_columns(frame: pl.DataFrame, columns: Columns, subject: str | None) -> _Found:
    names = frame.columns
    for name in (columns.question, *columns.answers, *columns.choices):
        if name is not None and name not in names:
            raise UnknownNameError("column", name, names)
    question = columns.question or _first(QUESTION_NAMES, names)
    answer = next(iter(columns.answers), None) or _first(ANSWER_NAMES, [n for n in names if n != question])
    missing = [kind for kind, name in (("question", question), ("answer", answer)) if name is None]
    if question is None or answer is None:
        options = " and ".join(f"--{kind}-column" for kind in missing)
        raise SourceError(
            f"no {' and no '.join(missing)} column is known here; name it with {options}. There are: {', '.join(names)}"
        )
    choices = columns.choices or tuple(n for n in [_first(CHOICES_NAMES, names)] if n is not None)
    taken = {question, answer, *choices}
    free = [n for n in names if n not in taken]
    return _Found(question, answer, choices, _first(ID_NAMES, free), subject or _first(SUBJECT_NAMES, free))


def _first(wanted: Iterable[str], names: Sequence[str]) -> str | None:
    return next((name for name in wanted if name in names), None)


def _row(record: Mapping[str, Any], found: _Found) -> _Row:
    """One record with its choices and labels as lists of texts, whatever the layout."""
    labels: list[str] = []
    if len(found.choices) == 1:
        cell = record[found.choices[0]]
        if isinstance(cell, dict):  # ARC: {"text": [...], "label": [...]}
            labels = [str(x) for x in cell.get("label") or []]
            cell = cell.get("text")
        elif isinstance(cell, list) and cell and all(isinstance(c, dict) for c in cell):
            labels = [str(c.get("label", "")) for c in cell]
            cell = [c.get("text") for c in cell]
        if cell is not None and not isinstance(cell, list):
            raise SourceError(
                f"the column {found.choices[0]!r} must hold lists of choices, and holds {type(cell).__name__}: "
                f"{str(cell)[:60]!r}; name several columns with --choices-column NAME --choices-column NAME"
            )
        choices = cell or []
    else:
        choices = [record[name] for name in found.choices]
    texts = ["" if c is None else str(c).strip() for c in choices]  # blanks keep their place: keys may be indices
    return _Row(str(record[found.question] or "").strip(), record[found.answer], texts, labels)


def _answer_form(rows: Sequence[_Row]) -> str:
    """How this file names its right choice: the form in which most rows with choices can be read."""
    counts = dict.fromkeys(ANSWER_FORMS, 0)
    for row in rows:
        for form in ANSWER_FORMS:
            index = _index(row, form)
            counts[form] += index is not None and 0 <= index < len(row.choices)
    if any(counts.values()):
        return max(ANSWER_FORMS, key=lambda form: (counts[form], -ANSWER_FORMS.index(form)))
    for form in ("index", "letter"):  # every key points outside the choices: say so, row by row
        if all(_index(row, form) is not None for row in rows):
            return form
    return BESIDE


def _index(row: _Row, form: str) -> int | None:
    """The 0-based index of the right choice if the key is read as `form`; None where it cannot be."""
    key = row.key
    text = "" if key is None else str(key).strip()
    if form == "text" and isinstance(key, str):
        return row.choices.index(text) if text in row.choices else None
    if form == "label":
        return row.labels.index(text) if text in row.labels else None
    if form == "letter" and len(text) == 1 and text.upper() in "ABCDEFGHIJ":
        return "ABCDEFGHIJ".index(text.upper())
    if form == "index" and text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) < 9:
        return int(text)
    return None


def _right_answer(row: _Row, form: str) -> tuple[str | None, str]:
    """(None, the right answer), or (why the row is no question, "")."""
    if not row.question:
        return NO_QUESTION, ""
    if row.key is None or not str(row.key).strip():
        return NO_RIGHT_ANSWER, ""
    key = str(row.key).strip()
    if len({c for c in row.choices if c}) == 1 and form != BESIDE:
        return ONE_CHOICE, ""
    if form == BESIDE or not any(row.choices):
        return None, key
    index = _index(row, form)
    if index is None:
        return NOT_A_CHOICE, ""
    if not 0 <= index < len(row.choices):
        return INDEX_OUT_OF_RANGE, ""
    answer = row.choices[index]
    if not answer:
        return NO_RIGHT_ANSWER, ""
    return (REPEATED_CHOICE, "") if row.choices.count(answer) > 1 else (None, answer)
