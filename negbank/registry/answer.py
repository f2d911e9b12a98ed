"""What a query of a user's gives, as a frame: every type of DuckDB's in a form that Polars holds and JSON writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pyarrow as pa

from negbank.errors import RegistryError
from negbank.registry.rows import BATCH, as_frame

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation
    from duckdb.sqltypes import DuckDBPyType

MOST_BYTES: Final = 2**30
"""The bytes of an answer that are held: printing takes several times as much."""

_CARRIED: Final = frozenset(
    "boolean tinyint smallint integer bigint hugeint utinyint usmallint uinteger ubigint float double decimal varchar "
    "uuid enum null".split()
)
_HOLDERS: Final = frozenset(("list", "array", "struct"))


def answer_of(relation: DuckDBPyRelation) -> pl.DataFrame:
    """The rows of a relation. Names that stand twice get a number, as DuckDB's own tables do: `a`, `a_1`.

    What Polars has no type for, and dates and times, which it reads only in part (no `infinity`, no year 290,000), come
    as DuckDB writes them.
    """
    names = _distinct(relation.columns)
    carried = [kind.id == "blob" or _is_carried(kind) for kind in relation.types]
    if not all(carried):
        columns = [f"#{place}{'' if is_so else '::varchar'}" for place, is_so in enumerate(carried, 1)]
        relation = relation.project(", ".join(f"{column} as c{place}" for place, column in enumerate(columns)))
    return as_frame(_bounded(relation.to_arrow_reader(BATCH)).rename_columns(names))


def _bounded(reader: pa.RecordBatchReader) -> pa.Table:
    """All rows of an answer. Raises RegistryError where they are more than may be held in memory."""
    batches, size = [], 0
    for batch in reader:
        size += batch.nbytes
        if size > MOST_BYTES:
            raise RegistryError(
                f"the answer has more than {MOST_BYTES / 2**30:g} GiB; ask for less of it (limit 1000), or write "
                "rows to a file with negbank export"
            )
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _is_carried(kind: DuckDBPyType) -> bool:
    if kind.id in _HOLDERS:
        children: list[tuple[str, Any]] = kind.children  # an array has its size among them
        return all(isinstance(child, int) or _is_carried(child) for _, child in children)
    return kind.id in _CARRIED


def _distinct(names: list[str]) -> list[str]:
    """The names, those that stand twice with a number behind."""
    found: list[str] = []
    for name in names:
        number, own = 0, name
        while own in found or (number and own in names):
            number += 1
            own = f"{name}_{number}"
        found.append(own)
    return found
