"""Records -> rows of a question, its right answers and one wrong one: what `add` and `label` take in.

Read are flat files (question, answer, negative), every layout with wrong answers of its own (each of them a row), and
what negbank itself writes: exports and checkouts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa

from negbank.errors import SourceError
from negbank.sources.answers import answers_in
from negbank.sources.cells import UnreadableCellError, is_plain, own_text
from negbank.sources.file import frame_of
from negbank.sources.items import (
    CHAIN_ROW,
    Item,
    ReadTable,
    chain_error,
    chains_in,
    check_share,
    garbage_kept,
    read_items,
)
from negbank.sources.layouts import Path, Table, described, dotted
from negbank.sources.names import QUESTION, RIGHT, plain_name
from negbank.sources.options import SourceOptions
from negbank.sources.places import HUB_PREFIX, Records, read_records
from negbank.sources.understanding import Example, Understood, describe

MAX_BORROWED: Final = 20_000_000

ANSWER_ROWS: Final = pl.Schema(
    {
        "row": pl.Int64(), "where": pl.String(), "question": pl.String(), "context": pl.String(), "answer": pl.String(),
        "answers": pl.List(pl.String()), "negative": pl.String(), "category": pl.List(pl.String()),
        "subject": pl.String(),
    }
)  # fmt: skip
"""One wrong answer a row: `row` (0-based) is the place of its record, `where` says it for a person; `answers` are all
right answers where there are several, null where there is one. A text that is missing is blank."""


@dataclass(frozen=True)
class AnswerRows:
    """Wrong answers of a file: ANSWER_ROWS, what was understood, and the records that they come from."""

    frame: pl.DataFrame
    understood: Understood
    records: Records

    def originals(self) -> pl.DataFrame:
        """The record of each row of `frame`, in its own columns: what `label` gives back with its labels."""
        rows = self.records.rows
        return frame_of([rows[number] for number in self.frame["row"]])


def read_answer_rows(place: str, options: SourceOptions | None = None) -> AnswerRows:
    """The wrong answers of a file, a folder, a glob, `-` or `hf:org/name`, a row each.

    A record whose question, answer or wrong answer is missing gives a row with that text blank, for its reader to
    count. Raises SourceError where there are no wrong answers, or where no reading is safe.
    """
    with garbage_kept():
        return _read(place, options or SourceOptions())


def _read(place: str, options: SourceOptions) -> AnswerRows:
    if not place.startswith(HUB_PREFIX):
        options.refuse(place, "split")
    records = read_records(place, options.encoding, options.on_bad_row, options.split)
    if chains := chains_in(records, options):
        raise chain_error(records.place, chains)
    reading = read_items(records, options)
    answers = reading.answers
    if not answers.wrong_columns and not any(item.wrong for item in reading.items):
        raise SourceError(_no_wrong(reading))
    if answers.choices:
        check_share(reading, options)
    _borrow_right(reading)
    frame = _frame(reading)
    if not _complete(frame):
        raise SourceError(_none_complete(reading))
    kept = [item for item in reading.items if item.right and item.wrong and item.question]
    examples = [
        Example(records.where(i.row), i.question, i.context or None, tuple(i.right), tuple(i.wrong)) for i in kept[:3]
    ]
    return AnswerRows(frame, describe(reading, examples, frame.height, 0), records)


def _none_complete(reading: ReadTable) -> str:
    items = reading.items
    said = [dotted(path) for path in (*reading.answers.columns, *reading.answers.verdict_columns)]
    return (
        f"{reading.records.place}: no row has a question, a right answer and a wrong one: of {len(items):,} rows "
        f"{sum(bool(i.question) for i in items):,} have a question, {sum(bool(i.right) for i in items):,} a right "
        f"answer and {sum(bool(i.wrong) for i in items):,} a wrong one (read from {', '.join(said)}); name the column "
        "with the right answers with --answer-column, and the one with the wrong ones with --negative-column"
    )


def _complete(frame: pl.DataFrame) -> bool:
    texts = pl.all_horizontal(pl.col("question", "answer", "negative").str.strip_chars().str.len_chars() > 0)
    return not frame.filter(texts).is_empty()


def _borrow_right(reading: ReadTable) -> None:
    """Give a row without a right answer those that other rows have for its question: of judged answers one is right.

    Raises SourceError where that would make a row of every right answer for every wrong one, by the million.
    """
    lacking = [item for item in reading.items if item.wrong and not item.right]
    if not lacking:
        return
    known: dict[tuple[str, str], dict[str, None]] = {}
    for item in reading.items:
        if item.right and item.reason is None:
            known.setdefault((item.question, item.context), {}).update(dict.fromkeys(item.right))
    shared = {asked: list(texts) for asked, texts in known.items()}
    for item in lacking:
        item.right = shared.get((item.question, item.context), [])
    if sum(len(item.right) for item in lacking) > MAX_BORROWED:
        raise SourceError(f"{reading.records.place}: too many right and wrong answers to one question; split the file")


def _frame(reading: ReadTable) -> pl.DataFrame:
    """ANSWER_ROWS: of files with a wrong column every record, of files with choices those that were understood."""
    items = [
        item for item in reading.items
        if item.reason != CHAIN_ROW and (item.wrong or _misses_a_text(reading, item))
    ]  # fmt: skip
    pairs = [(item, text) for item in items for text in (item.wrong or [""])]
    categories = _categories(reading.table, reading.roles.category)
    subjects = _subjects(reading.table, reading.roles.subject)
    texts = {
        "row": pl.Series([item.row for item, _ in pairs], dtype=pl.Int64),
        "where": pl.Series([reading.records.where(item.row) for item, _ in pairs], dtype=pl.String),
        "question": pl.Series([item.question for item, _ in pairs], dtype=pl.String),
        "context": pl.Series([item.context or None for item, _ in pairs], dtype=pl.String),
        "answer": pl.Series([item.right[0] if item.right else "" for item, _ in pairs], dtype=pl.String),
        "negative": pl.Series([text for _, text in pairs], dtype=pl.String),
        "subject": pl.Series([subjects[item.row] for item, _ in pairs], dtype=pl.String),
    }
    lists = {
        "answers": _lists("answers", [item.right if len(item.right) > 1 else None for item, _ in pairs]),
        "category": _lists("category", [categories[item.row] for item, _ in pairs]),
    }
    return pl.DataFrame({**texts, **lists}).select(ANSWER_ROWS.names()).cast(ANSWER_ROWS)


def _lists(name: str, values: list[list[str] | None]) -> pl.Series:
    """A column of lists of texts."""
    return pl.Series(name, pl.from_arrow(pa.array(values, pa.list_(pa.string()))))


def _misses_a_text(reading: ReadTable, item: Item) -> bool:
    """Whether a record of a flat file lacks its wrong answer: a row all the same, which its reader counts."""
    return bool(reading.answers.wrong_columns) and not reading.answers.choices and not item.wrong


def _categories(table: Table, path: Path | None) -> list[list[str]]:
    """The category of each record as a list, empty where there is none."""
    if path is None:
        return [[] for _ in table.rows]
    found = []
    for value in table.values(path):
        try:
            found.append(answers_in(value, None) if value is not None else [])
        except UnreadableCellError:
            found.append([])
    return found


def _subjects(table: Table, path: Path | None) -> list[str | None]:
    if path is None or path[-1].lower() == "category":
        return [None] * len(table.rows)
    return [own_text(value) or None if is_plain(value) else None for value in table.values(path)]


def _no_wrong(reading: ReadTable) -> str:
    """What to do where no column holds wrong answers: the flag, with the name of the one column that may."""
    free = _free_columns(reading)
    if len(free) == 1:
        remedy = f"if {free[0]} holds them, say --negative-column {free[0]}"
    else:
        remedy = "name it with --negative-column"
    return (
        f"{reading.records.place}: no column with wrong answers is known here; {remedy}. "
        f"There are: {described(reading.table)}"
    )


def _free_columns(reading: ReadTable) -> list[str]:
    """Columns with texts of some variety that have no role: each may hold wrong answers."""
    roles, answers = reading.roles, reading.answers
    used = {roles.question, *roles.context, *answers.columns, *answers.choice_columns, roles.id, roles.subject,
            roles.category}  # fmt: skip
    free = []
    for column in reading.table.columns:
        probed = reading.table.probe((column,))
        texts = [value for value in probed if isinstance(value, str) and not value.isdigit()]
        if (
            (column,) not in used
            and probed
            and len(texts) == len(probed)
            and plain_name(column) not in (*QUESTION, *RIGHT)
        ):
            free.append(dotted((column,)))
    return free
