"""Options that say how a file is to be read, shared by every command that reads one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from negbank.sources import SourceOptions

F = TypeVar("F", bound=Callable[..., Any])

NAMES: Final = (
    "question_column", "answer_columns", "choices_columns", "negative_columns", "context_columns", "answer_base",
    "answer_form", "split_on", "encoding", "allow_skipped", "on_bad_row",
)  # fmt: skip
"""The parameters that `file_options` gives to a command."""

_OPTIONS: Final = (
    click.option("--question-column", metavar="NAME", help="The column with the question; question.stem for a field."),
    click.option("--answer-column", "answer_columns", multiple=True, metavar="NAME",
                 help="The column with the right answer; given again, each holds right answers."),
    click.option("--choices-column", "choices_columns", multiple=True, metavar="NAME",
                 help="The column with the choices; given again, each holds one."),
    click.option("--negative-column", "negative_columns", multiple=True, metavar="NAME",
                 help="The column with wrong answers; may be given again."),
    click.option("--context-column", "context_columns", multiple=True, metavar="NAME",
                 help="The column with the passage that a question is about; may be given again."),
    click.option("--answer-base", type=click.Choice(["0", "1"]),
                 help="The number of the first choice, if the file does not tell."),
    click.option("--answer-form", type=click.Choice(["text", "letter", "index"]),
                 help="What an answer is, if the file does not tell."),
    click.option("--split-on", metavar="TEXT", help="What stands between several answers in one text: ';' or '\\n'."),
    click.option("--encoding", metavar="NAME", help="The encoding of a text file (else UTF-8): latin-1, utf-16."),
    click.option("--allow-skipped", type=click.FloatRange(0, 1), default=0.1, show_default=True, metavar="SHARE",
                 help="The share of rows that may fail to fit before the file is refused."),
    click.option("--on-bad-row", type=click.Choice(["stop", "skip"]), default="stop", show_default=True,
                 help="What to do with a row that cannot be read."),
)  # fmt: skip


def file_options(command: F) -> F:
    """Every option that says how a file is to be read; `source_options` turns them into one object."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def source_options(given: dict[str, Any], split: str | None = None, subjects: tuple[str, ...] = ()) -> SourceOptions:
    """The `SourceOptions` of a command's parameters; those of `file_options` are taken out of `given`."""
    import negbank

    own = {name: given.pop(name) for name in NAMES}
    columns = negbank.Columns(
        own["question_column"], own["answer_columns"] or None, own["choices_columns"], own["negative_columns"],
        own["context_columns"],
    )  # fmt: skip
    base = own["answer_base"]
    between = own["split_on"]
    return negbank.SourceOptions(
        split=split,
        subjects=subjects,
        columns=columns,
        answer_base=None if base is None else int(base),
        answer_form=own["answer_form"],
        split_on=between.replace("\\n", "\n").replace("\\t", "\t") if between else None,
        encoding=own["encoding"],
        allow_skipped=own["allow_skipped"],
        on_bad_row=own["on_bad_row"],
    )
