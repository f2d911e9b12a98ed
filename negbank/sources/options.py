"""What a user may ask of a source."""

from __future__ import annotations

from dataclasses import dataclass, field

from negbank.errors import SourceError
from negbank.sources.rows import Columns


@dataclass(frozen=True)
class SourceOptions:
    """A split or a slice of one, subjects, and the columns of a file; empty is the source's own choice."""

    split: str | None = None
    subjects: tuple[str, ...] = ()
    columns: Columns = field(default_factory=Columns)
    hold_out: tuple[str, ...] = ()
    """Sources, files and Hub datasets whose questions are held out too."""
    no_hold_out: tuple[str, ...] = ()
    """Held-out splits of a benchmark that are trained on all the same."""

    def refuse(self, source: str, *names: str) -> None:
        """Raise SourceError for an option that was given and that `source` does not take."""
        given = {
            "split": ("--split", self.split is not None),
            "subjects": ("--subjects", bool(self.subjects)),
            "columns": ("--question-column, --answer-column or --choices-column", self.columns != Columns()),
        }
        for name in names:
            option, is_given = given[name]
            if is_given:
                raise SourceError(f"the source {source} does not take {option}")
