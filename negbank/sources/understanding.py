"""Records -> questions, and what was understood of them: the columns, how answers point, what was left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl
import pyarrow as pa

from negbank.errors import SourceError
from negbank.records import QUESTIONS, REFUSED_QUESTIONS, content_id
from negbank.sources.answers import Answers
from negbank.sources.cells import UnreadableCellError, is_plain, own_text
from negbank.sources.conversions import conversion_notes
from negbank.sources.items import (
    Item,
    ReadTable,
    chain_error,
    chains_in,
    check_share,
    garbage_kept,
    read_items,
    stopped_text,
)
from negbank.sources.layouts import Path, Roles, dotted
from negbank.sources.options import SourceOptions
from negbank.sources.places import Records
from negbank.sources.rows import DUPLICATE_ID, NO_RIGHT_ANSWER
from negbank.terms import counted

EQUAL_CHOICES: Final = "wrong-answers-equal-the-right-one"
BAD_ROW: Final = "unreadable-row"
LISTS: Final = ("answers", "distractors")
"""Columns of lists; Arrow makes them of Python's lists ten times as fast as Polars."""


@dataclass(frozen=True)
class Example:
    """One row as it was understood."""

    where: str
    question: str
    context: str | None
    answers: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Understood:
    """What was understood of a file.

    `columns` are the columns by role (question, context, answer, choices, wrong, verdict, id, subject), as a user would
    name them; `pointing` says how an answer is told, and `evidence` by what. `kept` of the `rows` are questions, after
    `merged` rows joined one that asks the same; `left_out` counts the others by reason, with the place of the first.
    `chains` says what kind of chains of thought the file holds, where it holds those and no questions.
    """

    place: str
    format: str
    rows: int
    kept: int = 0
    merged: int = 0
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pointing: str = ""
    evidence: str = ""
    several: int = 0
    with_wrong: int = 0
    left_out: tuple[tuple[str, int, str], ...] = ()
    examples: tuple[Example, ...] = ()
    unused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    chains: str | None = None
    files: int = 1


@dataclass
class _Entry:
    """One question, of every row that asks it."""

    id: str
    row: int
    question: str
    context: str
    right: list[str]
    wrong: list[str]
    subject: str | None
    joined: list[Item] = field(default_factory=list)


def understand(records: Records, options: SourceOptions, prefix: str) -> tuple[pl.DataFrame, pl.DataFrame, Understood]:
    """QUESTIONS, REFUSED_QUESTIONS, and what was understood of `records`.

    Rows that ask the same (question and context) are one question: their right answers are all right. A question
    without an id in its file gets one from its content, behind `prefix`. Raises SourceError where nothing fits, or
    where more rows than `allow_skipped` do not.
    """
    with garbage_kept():
        return _understand(records, options, prefix)


def _understand(records: Records, options: SourceOptions, prefix: str) -> tuple[pl.DataFrame, pl.DataFrame, Understood]:
    if chains := chains_in(records, options):
        raise chain_error(records.place, chains)
    reading = read_items(records, options)
    for item in reading.items:
        if item.reason is None and item.wrong and item.right and set(item.wrong) <= set(item.right):
            item.reason = EQUAL_CHOICES
    check_share(reading, options)
    ids, warnings = _ids(reading)
    entries, merged = _merged(reading, ids, prefix)
    kept = [entry for entry in entries if entry.right]
    for entry in entries:
        if not entry.right:
            reading.items[entry.row].reason = NO_RIGHT_ANSWER
    if not kept:
        raise SourceError(stopped_text(reading, options, "no row is a usable question"))
    questions = _frame(kept)
    refused = _refused(reading, ids, prefix)
    understood = describe(reading, _examples(kept, records), len(kept), merged, warnings)
    return questions, refused, understood


def _ids(reading: ReadTable) -> tuple[list[str | None], list[str]]:
    """The id that the file gives each row, and warnings. A column that names different questions alike is none."""
    path = reading.roles.id
    none: list[str | None] = [None] * len(reading.items)
    if path is None:
        return none, []
    try:
        ids = [own_text(value) or None for value in reading.table.values(path)]
    except UnreadableCellError:
        return none, []
    first: dict[str, tuple[str, str]] = {}
    differing = 0
    for item, given in zip(reading.items, ids, strict=True):
        if given is not None and first.setdefault(given, (item.question, item.context)) != (
            item.question,
            item.context,
        ):
            differing += 1
    if differing > 0.1 * len(ids):
        return none, [
            f"{dotted(path)} has the same value for different questions ({counted(differing, 'row')}): not used "
            "as an id"
        ]
    return list(ids), []


def _merged(reading: ReadTable, ids: Sequence[str | None], prefix: str) -> tuple[list[_Entry], int]:
    """The questions, each once, and how many rows joined one that was there already."""
    subjects = _subjects(reading)
    entries: dict[tuple[str, str], _Entry] = {}
    seen: set[str] = set()
    merged = 0
    for item in reading.items:
        if item.reason is not None:
            continue
        known = entries.get((item.question, item.context))
        if known is not None:
            known.joined.append(item)
            merged += 1
            continue
        given = ids[item.row] or _content_id(item, prefix)
        if given in seen:
            item.reason = DUPLICATE_ID
            continue
        seen.add(given)
        entries[item.question, item.context] = _Entry(
            given, item.row, item.question, item.context, item.right, item.wrong,
            subjects[item.row],
        )  # fmt: skip
    for entry in entries.values():
        if entry.joined:
            entry.right = list(dict.fromkeys([*entry.right, *(text for item in entry.joined for text in item.right)]))
            entry.wrong = list(dict.fromkeys([*entry.wrong, *(text for item in entry.joined for text in item.wrong)]))
    return list(entries.values()), merged


def _content_id(item: Item, prefix: str) -> str:
    parts = (item.question, *item.key, *([item.context] if item.context else []))
    return f"{prefix}/{content_id(*parts)}"


def _subjects(reading: ReadTable) -> list[str | None]:
    path = reading.roles.subject
    if path is None:
        return [None] * len(reading.items)
    return [own_text(value) or None if is_plain(value) else None for value in reading.table.values(path)]


def _frame(entries: Sequence[_Entry]) -> pl.DataFrame:
    """QUESTIONS; `context` and `answers` where the schema has them."""
    columns: dict[str, list[Any]] = {name: [] for name in (*QUESTIONS.names(), "context", "answers")}
    for entry in entries:
        right = entry.right
        columns["question_id"].append(entry.id)
        columns["question"].append(entry.question)
        columns["context"].append(entry.context or None)
        columns["answer"].append(right[0])
        columns["answers"].append(right if len(right) > 1 else None)
        columns["distractors"].append(_distractors(entry))
        columns["subject"].append(entry.subject)
        columns["split"].append("train")
    texts = {name: pl.Series(columns[name], dtype=pl.String) for name in columns if name not in LISTS}
    lists = {name: pl.Series(name, pl.from_arrow(pa.array(columns[name], pa.list_(pa.string())))) for name in LISTS}
    return pl.DataFrame({**texts, **lists}).select(QUESTIONS.names())


def _distractors(entry: _Entry) -> list[str]:
    right = set(entry.right)
    return [text for text in entry.wrong if text not in right]


def _refused(reading: ReadTable, ids: Sequence[str | None], prefix: str) -> pl.DataFrame:
    rows = [
        {"question_id": ids[item.row] or _content_id(item, prefix), "question": item.question, "reason": item.reason,
         "where": reading.records.where(item.row)}
        for item in reading.items if item.reason is not None
    ]  # fmt: skip
    rows += [{"question_id": "", "question": "", "reason": BAD_ROW, "where": where} for where, _ in reading.records.bad]
    return pl.DataFrame(rows, schema=REFUSED_QUESTIONS)


def _examples(entries: Sequence[_Entry], records: Records) -> list[Example]:
    """The first three questions, those with wrong answers before others."""
    shown = [entry for entry in entries if entry.wrong][:3] or entries[:3]
    return [
        Example(records.where(e.row), e.question, e.context or None, tuple(e.right), tuple(_distractors(e)))
        for e in shown
    ]


def describe(
    reading: ReadTable, examples: Sequence[Example], kept: int, merged: int, warnings: Sequence[str] = ()
) -> Understood:
    """What was understood, for a person and for a program."""
    records, roles, answers = reading.records, reading.roles, reading.answers
    columns = _columns(roles, answers)
    used = {name.split(".")[0] for role in columns.values() for name in role}
    return Understood(
        place=records.place,
        format=records.format,
        rows=len(records.rows) + len(records.bad) + records.repeated,
        kept=kept,
        merged=merged + records.repeated,
        columns=columns,
        pointing=answers.form,
        evidence=answers.evidence,
        several=sum(item.reason is None and len(item.right) > 1 for item in reading.items),
        with_wrong=sum(item.reason is None and bool(item.wrong) for item in reading.items),
        left_out=_left_out(reading),
        examples=tuple(examples),
        unused=tuple(name for name in reading.table.columns if name not in used),
        warnings=(*answers.warnings, *warnings, *_notes(reading), *conversion_notes(reading)),
        files=records.files,
    )


def _columns(roles: Roles, answers: Answers) -> dict[str, tuple[str, ...]]:
    proposed: dict[str, Sequence[Path]] = {
        "question": [roles.question] if roles.question else answers.columns[:1],
        "context": roles.context,
        "answer": answers.columns,
        "choices": answers.choice_columns,
        "wrong": answers.wrong_columns,
        "verdict": answers.verdict_columns,
        "id": [roles.id] if roles.id else [],
        "subject": [roles.subject] if roles.subject else [],
    }
    return {role: tuple(map(dotted, paths)) for role, paths in proposed.items() if paths}


def _left_out(reading: ReadTable) -> tuple[tuple[str, int, str], ...]:
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for item in reading.items:
        if item.reason is not None:
            counts[item.reason] += 1
            if item.reason not in first:
                first[item.reason] = reading.records.where(item.row)
    for where, problem in reading.records.bad:
        counts[BAD_ROW] += 1
        first.setdefault(BAD_ROW, f"{where}: {problem}")
    return tuple((reason, count, first[reason]) for reason, count in counts.most_common())


def _notes(reading: ReadTable) -> list[str]:
    """What a person should know besides."""
    notes = []
    right_too = sum(
        1 for item in reading.items
        if item.reason is None and item.wrong and not set(item.right).isdisjoint(item.wrong)
    )  # fmt: skip
    if right_too:
        notes.append(f"a right answer stands among the wrong ones in {counted(right_too, 'row')}; it is taken as right")
    return notes
