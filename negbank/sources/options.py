"""What a user may ask of a source."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from negbank.errors import SourceError, UnknownNameError
from negbank.sources.rows import Columns

ANSWER_FORMS: Final = ("text", "letter", "index")
ON_BAD_ROW: Final = ("stop", "skip")
FILE_OPTIONS: Final = ("answer_base", "answer_form", "split_on", "encoding", "allow_skipped", "on_bad_row")
"""Options that only a file or a dataset of the Hub takes."""


@dataclass(frozen=True)
class SourceOptions:
    """What may be asked of a source; empty is the source's own choice.

    `split` is a split or a slice of one. The rest is for files and datasets of the Hub: the columns; whether the first
    choice is 0 or 1 (`answer_base`) and how an answer points into the choices (`answer_form`: text, letter, index),
    where the values do not tell; what stands between several answers in one text (`split_on`); the text encoding;
    the share of rows that may be left out (`allow_skipped`); and whether a row that cannot be read stops or is
    skipped (`on_bad_row`).
    """

    split: str | None = None
    subjects: tuple[str, ...] = ()
    columns: Columns = field(default_factory=Columns)
    answer_base: int | None = None
    answer_form: str | None = None
    split_on: str | None = None
    encoding: str | None = None
    allow_skipped: float = 0.1
    on_bad_row: str = "stop"
    hold_out: tuple[str, ...] = ()
    """Sources, files and Hub datasets whose questions are held out too."""
    no_hold_out: tuple[str, ...] = ()
    """Held-out splits of a benchmark that are trained on all the same."""

    def __post_init__(self) -> None:
        """Raise SourceError for a value that means nothing."""
        if self.answer_base not in (None, 0, 1):
            raise SourceError(f"the answer base is 0 or 1, not {self.answer_base!r}")
        if self.answer_form not in (None, *ANSWER_FORMS):
            raise UnknownNameError("answer form", str(self.answer_form), ANSWER_FORMS)
        if not 0 <= self.allow_skipped <= 1:
            raise SourceError(f"the share of rows that may be left out is between 0 and 1, not {self.allow_skipped}")
        if self.on_bad_row not in ON_BAD_ROW:
            raise UnknownNameError("way with a bad row", self.on_bad_row, ON_BAD_ROW)

    def refuse(self, source: str, *names: str) -> None:
        """Raise SourceError for an option that was given and that `source` does not take."""
        given = {
            "split": ("--split", self.split is not None),
            "subjects": ("--subjects", bool(self.subjects)),
            "columns": ("options for files, such as --answer-column or --answer-base", self._of_a_file()),
        }
        for name in names:
            option, is_given = given[name]
            if is_given:
                raise SourceError(f"the source {source} does not take {option}; leave it out")

    def recorded(self) -> dict[str, Any]:
        """What a version records: split, subjects and columns as ever, and what else was given."""
        record = asdict(self)
        columns = record["columns"]
        for name in ("negative", "context"):
            if not columns[name]:
                del columns[name]
        for name in (*FILE_OPTIONS, "hold_out", "no_hold_out"):
            if record[name] == getattr(_DEFAULTS, name):
                del record[name]
        return record

    def _of_a_file(self) -> bool:
        return self.columns != Columns() or any(
            getattr(self, name) != getattr(_DEFAULTS, name) for name in FILE_OPTIONS
        )


_DEFAULTS: Final = SourceOptions()
