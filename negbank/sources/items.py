"""Records -> every row as it was understood: question, context, right and wrong answers, or why it is no question."""

from __future__ import annotations

import contextlib
import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from negbank.decoding import kind_of, preview
from negbank.errors import SourceError
from negbank.sources.answers import NO_VERDICT, Answers
from negbank.sources.cells import UnreadableCellError, context_text, is_plain, own_text
from negbank.sources.choice_answers import ChoiceAnswers
from negbank.sources.choice_columns import ChoiceColumns
from negbank.sources.layouts import Roles, Table, chain_layout, dotted, propose
from negbank.sources.options import SourceOptions
from negbank.sources.places import Records
from negbank.sources.pointers import MANY
from negbank.sources.rows import NO_QUESTION, NO_RIGHT_ANSWER
from negbank.sources.talks import asked, is_messages, is_transcript, split_transcript
from negbank.sources.text_answers import TextAnswers
from negbank.terms import ERRONEOUS_COT, counted

UNPROVEN: Final = (NO_QUESTION, NO_RIGHT_ANSWER, NO_VERDICT)
"""Reasons that say nothing against how a file was read: a set may well have questions without an answer."""
MANY_UNPROVEN: Final = 0.5


@dataclass
class Item:
    """One row: its texts, or the reason why it is no question. `where` it stands is asked of the records."""

    row: int
    question: str
    context: str
    right: list[str]
    wrong: list[str]
    key: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True)
class ReadTable:
    """Every row as it was understood, and what was understood."""

    records: Records
    table: Table
    roles: Roles
    answers: Answers
    items: list[Item]


def read_items(records: Records, options: SourceOptions) -> ReadTable:
    """Every row of `records`, read. Raises SourceError where no reading is safe."""
    table = Table(records.rows)
    try:
        roles = propose(table, options.columns, records.where)
    except SourceError as error:
        raise type(error)(f"{records.place}: {error}") if type(error) is SourceError else error from error
    answers = find_answers(table, roles, options, records.place)
    questions = _questions(table, roles)
    _check_kind(records, table, roles, questions)
    contexts = _contexts(table, roles)
    _check_question(records, roles, questions, contexts, answers)
    chain = _chain_rows(table)
    items = [
        Item(row, questions[row], contexts[row], answers.right[row], answers.wrong[row],
             (*(answers.choices[row].texts if answers.choices else ()), answers.keys[row]),
             CHAIN_ROW if row in chain else NO_QUESTION if not questions[row] else answers.reasons[row])
        for row in range(len(records.rows))
    ]  # fmt: skip
    return ReadTable(records, table, roles, answers, items)


def _chain_rows(table: Table) -> frozenset[int]:
    """The rows of the tier erroneous-cot, in what negbank itself wrote."""
    if not {"question_id", "negative", "tier"} <= set(table.columns):
        return frozenset()
    return frozenset(row for row, tier in enumerate(table.values(("tier",))) if tier == ERRONEOUS_COT)


def chains_in(records: Records, options: SourceOptions) -> str | None:
    """What kind of chains the records are; None where they are none, or where a user named question and answer."""
    if options.columns.question and options.columns.answers:
        return None
    table = Table(records.rows)
    if chain := _chain_rows(table):
        return OWN_CHAINS if len(chain) == len(table.rows) else None
    return chain_layout(table)


@contextlib.contextmanager
def garbage_kept() -> Iterator[None]:
    """No collection of garbage while many small lists are made: each would go through all of them, for a third of the
    time, and find none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def chain_error(place: str, chains: str) -> SourceError:
    """The error for chains where questions are asked for."""
    if chains == OWN_CHAINS:
        return SourceError(
            f"{place}: holds {chains}, which are no short answers. To take them into another dataset, export them and "
            "mine the file: negbank export DATASET --format trl-stepwise -o FILE.jsonl, then negbank mine SOURCE "
            "--tier erroneous-cot --trajectories FILE.jsonl"
        )
    return SourceError(
        f"{place}: holds {chains}: its label marks steps and is no answer. Mine it as chains, with the source of its "
        f"problems: negbank mine SOURCE --tier erroneous-cot --trajectories {place}. If it has right answers too, name "
        "both columns: --question-column NAME --answer-column NAME"
    )


def _questions(table: Table, roles: Roles) -> list[str]:
    if not roles.question:
        chosen = next(path for path in roles.right if path[-1].lower() == "chosen")
        return [_asked_in(value) for value in table.values(chosen)]
    return [_question_text(value) for value in table.values(roles.question)]


def _asked_in(value: Any) -> str:
    if is_transcript(value):
        return split_transcript(value)[0]
    return _question_text(value) if is_messages(value) else ""


def _question_text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    try:
        return asked(value) if is_messages(value) else own_text(value)
    except UnreadableCellError:
        return ""


def _contexts(table: Table, roles: Roles) -> list[str]:
    if not roles.context:
        return [""] * len(table.rows)
    columns = [table.values(path) for path in roles.context]
    return ["\n".join(text for value in row if (text := _context_text(value))) for row in zip(*columns, strict=True)]


def _context_text(value: Any) -> str:
    text = context_text(value)
    if text is None:
        raise SourceError(f"the context column holds {preview(value)}; name one of texts with --context-column")
    return text


def _check_kind(records: Records, table: Table, roles: Roles, questions: Sequence[str]) -> None:
    """Raise SourceError where the question column has no text at all, but lists, objects or bytes."""
    if not roles.question or any(questions):
        return
    held = ((row, value) for row, value in enumerate(table.values(roles.question)) if not is_plain(value))
    row, value = next(held, (0, None))
    if value is not None:
        raise SourceError(
            f"{records.place}: the column {dotted(roles.question)} holds {kind_of(value)} ({records.where(row)}), "
            "which asks nothing; name a column of texts with --question-column"
        )


def _check_question(
    records: Records, roles: Roles, questions: Sequence[str], contexts: Sequence[str], answers: Answers
) -> None:
    """Raise SourceError where the question column holds a few words again and again, or columns look swapped."""
    asked_for = [text for text in questions if text]
    if "question" in roles.named or not roles.question:
        _check_swapped(records, roles, asked_for, answers)
        return
    several = set(zip(questions, contexts, strict=True)) if answers.choices else set()
    if len(asked_for) >= MANY and several and len(several) <= max(3, len(asked_for) // 50):
        kinds = Counter(zip(questions, contexts, strict=True))
        (text, _), count = kinds.most_common(1)[0]
        raise SourceError(
            f"{records.place}: the column {dotted(roles.question)} holds {len(kinds)} different texts in "
            f"{len(asked_for):,} rows ({preview(text)} {count:,} times), which are no questions; name the question "
            "with --question-column, and what goes before it with --context-column"
        )
    _check_swapped(records, roles, asked_for, answers)


def _check_swapped(records: Records, roles: Roles, questions: Sequence[str], answers: Answers) -> None:
    """Raise SourceError where the answers are what asks: most end in a question mark, and hardly any question does."""
    right = [texts[0] for texts in answers.right if texts]
    marks = sum(text.rstrip().endswith(("?", "？")) for text in right)
    asking = sum(text.rstrip().endswith(("?", "？")) for text in questions)
    if right and marks > 0.8 * len(right) and asking < 0.2 * len(questions):
        raise SourceError(
            f"{records.place}: question and answer look swapped: {marks:,} of {len(right):,} answers end in a question "
            f"mark, and {asking:,} questions do (row 1: question {preview(questions[0])}, answer {preview(right[0])}); "
            "name them the other way round with --question-column and --answer-column"
        )


OWN_CHAINS: Final = "chains of thought that negbank mined"
CHAIN_ROW: Final = "chain-of-thought"
"""A row of negbank's own tier of chains, whose answers are chains."""


def find_answers(table: Table, roles: Roles, options: SourceOptions, place: str) -> Answers:
    """The answers of every row. Raises SourceError where no column can be accepted, or two contradict each other."""
    reader = ChoiceColumns(table, roles, options, place)
    columns, choices = reader.read()
    if choices is None and not options.columns.choices:
        columns, choices = reader.hidden()
        if choices is None:
            columns, choices = reader.in_question()
    texts = TextAnswers(table, reader.roles, options, place)
    if choices is not None and any(cell.texts for cell in choices):
        found = ChoiceAnswers(table, reader.roles, options, place).read(choices)
    else:
        found = texts.read()
    found.choice_columns = columns
    texts.add_wrong(found)
    return found


def check_share(reading: ReadTable, options: SourceOptions) -> None:
    """Raise SourceError where more rows than may be left out do not fit how the file was read."""
    reasons = Counter(item.reason for item in reading.items if item.reason)
    total = len(reading.items)
    misfits = sum(count for reason, count in reasons.items() if reason not in UNPROVEN)
    unproven = sum(count for reason, count in reasons.items() if reason in UNPROVEN)
    if total - misfits - unproven == 0:
        raise SourceError(stopped_text(reading, options, "no row is a usable question"))
    if misfits > options.allow_skipped * total:
        raise SourceError(stopped_text(reading, options, f"{misfits:,} of {counted(total, 'row')} do not fit"))
    if unproven > max(MANY_UNPROVEN, options.allow_skipped) * total:
        raise SourceError(
            stopped_text(reading, options, f"{unproven:,} of {counted(total, 'row')} have no question or no answer")
        )


def stopped_text(reading: ReadTable, options: SourceOptions, what: str) -> str:
    """Counts, two example rows, and what might help."""
    bad = [item for item in reading.items if item.reason]
    counts = Counter(item.reason for item in bad)
    listed = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
    examples = "; ".join(f"{reading.records.where(item.row)}: {_row_shown(reading, item)}" for item in bad[:2])
    share = len(bad) / len(reading.items)
    more = f"; --allow-skipped {min(1.0, share + 0.01):.2f} leaves them out" if share < 1 else ""
    return f"{reading.records.place}: {what} ({listed}){more}. For example: {examples}"


def _row_shown(reading: ReadTable, item: Item) -> str:
    choices, answers = reading.answers.choices, reading.answers
    said = [f"{dotted(path)} {preview(reading.table.values(path)[item.row], 40)}" for path in answers.columns[:2]]
    if choices:
        said.append(f"choices {preview(list(choices[item.row].texts), 100)}")
    return f"{item.reason}: question {_question_shown(reading, item)}, {', '.join(said)}"


def _question_shown(reading: ReadTable, item: Item) -> str:
    """A row's question, or what its column holds instead of a text."""
    path = reading.roles.question
    cell = reading.table.values(path)[item.row] if path and not item.question else None
    return preview(item.question) if is_plain(cell) else f"is {kind_of(cell)}"
