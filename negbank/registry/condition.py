"""A condition on rows that a person typed, such as `plausibility > 0.8 and subject = 'physics'`, in DuckDB's SQL.

It is evaluated in a database of its own that has no files, no network and no extensions, over rows that are handed in.
"""

from __future__ import annotations

from typing import Any, Final

import duckdb
import polars as pl

from negbank.errors import RegistryError
from negbank.registry.rows import as_frame

_CONFIG: Final[dict[str, Any]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "memory_limit": "224MB",
    "threads": 1,  # rows come back in their order
}


class Condition:
    """A boolean expression over the columns of a row. Raises RegistryError where it is none."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._database = duckdb.connect(config=_CONFIG)
        try:
            self._expression = duckdb.SQLExpression(text)
        except duckdb.Error as error:
            raise self._error(error) from error
        query = f"select json_serialize_sql({_quoted(f'select {text}')})"
        ((parsed,),) = self._database.execute(query).fetchall()
        if '"class":"SUBQUERY"' in str(parsed):
            raise RegistryError(f"the condition {text!r} asks a query of its own; for that there is negbank sql")

    def rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of `frame` for which the condition is true, in order."""
        columns = tuple(frame.columns)
        try:
            relation = self._database.from_arrow(frame.to_arrow())
            if (kind := relation.select(self._expression).types[0]) != "BOOLEAN":
                raise RegistryError(
                    f"the condition {self.text!r} gives {str(kind).lower()}, not true or false; "
                    "compare it with something"
                )
            kept = relation.filter(self._expression).to_arrow_table()
        except duckdb.Error as error:
            raise self._error(error, columns) from error
        return as_frame(kept).cast(frame.schema)

    def _error(self, error: duckdb.Error, columns: tuple[str, ...] = ()) -> RegistryError:
        """What DuckDB says of the condition, in one line, and the columns that there are."""
        said = str(error).split("\n", 1)[0].rstrip(".!")
        return RegistryError(
            f"the condition {self.text!r} cannot be used: {said}"
            + (f". A row's columns are: {', '.join(columns)}" if columns else "")
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
