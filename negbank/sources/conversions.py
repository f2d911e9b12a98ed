"""Cells that are no texts and were read as texts: what a person is told of them."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator
from typing import Any, Final

from negbank.decoding import kind_of
from negbank.sources.cells import is_plain, own_text
from negbank.sources.items import ReadTable
from negbank.sources.layouts import Path, dotted

_DATES: Final = "dates or times"
_DECIMALS: Final = "decimals"
_NESTED: Final = "lists within lists"


def conversion_notes(reading: ReadTable) -> Iterator[str]:
    """A sentence on each column of questions or answers whose values were turned into texts, with the first row."""
    answers = reading.answers
    used: list[Path] = [*answers.columns, *answers.choice_columns, *answers.wrong_columns]
    if reading.roles.question:
        used.insert(0, reading.roles.question)
    if reading.roles.subject and (note := _subject_note(reading, reading.roles.subject)):
        yield note
    for path in dict.fromkeys(used):
        if note := reading.records.notes.get(path[0]):
            yield note
        first: dict[str, int] = {}
        values = reading.table.values(path)
        for row, value in enumerate(values):
            if (kind := _kind(value)) and kind not in first:
                first[kind] = row
        name = dotted(path)
        for kind in (_DATES, _DECIMALS):
            if kind in first:
                shown = own_text(values[first[kind]])
                yield f"{name} holds {kind}, read as texts such as {shown!r} ({reading.records.where(first[kind])})"
        if _NESTED in first:
            yield f"{name} holds {_NESTED}, each read as one list ({reading.records.where(first[_NESTED])})"
        plain = {kind: row for kind, row in first.items() if kind not in (_DATES, _DECIMALS, _NESTED)}
        if len(plain) > 1:
            shown = ", ".join(f"{kind} (first {reading.records.where(row)})" for kind, row in plain.items())
            yield f"{name} mixes {shown}; each is read as its file writes it"


def _subject_note(reading: ReadTable, subject: Path) -> str | None:
    """A sentence on the first subject that is none, such as a list."""
    for row, value in enumerate(reading.table.values(subject)):
        if value is not None and not is_plain(value):
            where = reading.records.where(row)
            return f"{dotted(subject)} holds {kind_of(value)} ({where}), which is no subject: such rows have none"
    return None


def _kind(value: Any) -> str | None:
    """What a cell holds, as a person says it; None for nothing."""
    if isinstance(value, str):
        return "texts" if value else None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, decimal.Decimal):
        return _DECIMALS
    if isinstance(value, int | float):
        return "numbers"
    if isinstance(value, datetime.date | datetime.time):
        return _DATES
    if isinstance(value, list):
        return _NESTED if any(isinstance(item, list) for item in value) else "lists"
    return "objects" if isinstance(value, dict) else None
