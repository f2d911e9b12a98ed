"""SQL over objects, as text: which rows layers hold, how two versions differ, and what `negatives('arc@v3')` is.

Rows are read from layers: the first holds rows, each later one takes some away and adds others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from negbank.records import CHAINS, LATER_COLUMNS, NEGATIVES, columns_of
from negbank.registry.rows import ROW_HASH, ROW_ID

DIFF_COLUMNS: Final = (
    "change", "tier_before", "tier_after", "question_id", "question", "answer", "negative",
    "plausibility_before", "plausibility_after",
)  # fmt: skip
"""The columns of a row of `diff`; what a row has not (before it was added, after it was removed) is null."""


@dataclass(frozen=True)
class LayerFiles:
    """The objects of one layer: a file of rows that it adds, and one of `row_id` that it takes away, or None."""

    added: Path | None
    removed: Path | None


Layers = Sequence[LayerFiles]


@dataclass(frozen=True)
class PartFiles:
    """Where the rows of one part lie."""

    tier: str
    split: str
    layers: tuple[LayerFiles, ...]


SHOWN: Final = ("question_id", "question", "answer", "negative", "plausibility")


def apart(before: Sequence[PartFiles], after: Sequence[PartFiles], columns: Sequence[str]) -> Iterator[str]:
    """Statements that put into `a` and `b` the rows that one side has and the other has not, or not as they are.

    Keys come first: the rows themselves may be many, and are read only where they differ.
    """
    keys = (ROW_ID, ROW_HASH)
    for name, own, other in (("gone", before, after), ("come", after, before)):
        yield (
            f"create temp table {name} as select * from ({scan_parts(own, keys)}) "
            f"anti join ({scan_parts(other, keys)}) as other using ({ROW_ID}, {ROW_HASH}, split)"
        )
    for name, ids, parts in (("a", "gone", before), ("b", "come", after)):
        yield (
            f"create temp table {name} as select * from ({scan_parts(parts, columns)}) "
            f"semi join {ids} using ({ROW_ID}, {ROW_HASH}, split)"
        )


def touched_apart(
    before: Sequence[PartFiles], after: Sequence[PartFiles], columns: Sequence[str], some: str
) -> Iterator[str]:
    """As `apart`, where `some` keeps the few rows that may differ: each side is read once."""
    for name, parts in (("old_rows", before), ("new_rows", after)):
        yield f"create temp table {name} as select * from ({scan_parts(parts, columns)}) {some}"
    for name, own, other in (("a", "old_rows", "new_rows"), ("b", "new_rows", "old_rows")):
        yield f"create temp table {name} as from {own} anti join {other} using ({ROW_ID}, {ROW_HASH}, split)"


def files_of(references: Mapping[str, Sequence[PartFiles]]) -> list[Path]:
    """Every object that references lead to."""
    layers = (files for parts in references.values() for part in parts for files in part.layers)
    return [file for files in layers for file in (files.added, files.removed) if file]


def changes(shown: bool) -> str:
    """A statement that tells for each row that differs how it does; texts only where they are to be `shown`."""
    texts = [f"coalesce(b.{name}, a.{name}) as {name}" for name in SHOWN[:-1]]
    scores = ["a.plausibility as plausibility_before", "b.plausibility as plausibility_after"]
    columns = [*texts, *scores] if shown else [f"null as {name}" for name in DIFF_COLUMNS[3:]]
    return f"""
create temp table changes as
select case when a.{ROW_ID} is null then 'added' when b.{ROW_ID} is null then 'removed'
            when a.tier is distinct from b.tier or a.split is distinct from b.split
                 or a.category is distinct from b.category then 'relabelled'
            else 'rescored' end as change,
       a.tier as tier_before, b.tier as tier_after, {", ".join(columns)}
from a full join b on a.{ROW_ID} = b.{ROW_ID}
"""


def touched(before: Sequence[PartFiles], after: Sequence[PartFiles]) -> str:
    """A join that keeps the rows that may differ, where parts are edits of the same rows; else nothing.

    Two stacks of layers that begin alike differ only in rows that a later layer adds or takes away.
    """
    own, other = ({(p.tier, p.split): p.layers for p in parts} for parts in (before, after))
    files: list[Path] = []
    for key in own.keys() | other.keys():
        left, right = own.get(key, ()), other.get(key, ())
        alike = next(
            (i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
        )
        if not alike:
            return ""
        files += [file for x in (*left[alike:], *right[alike:]) for file in (x.added, x.removed) if file]
    if not files:
        return ""
    ids = f"select {ROW_ID} from read_parquet([{', '.join(map(quoted, files))}], union_by_name = true)"
    return f"semi join ({ids}) as touched using ({ROW_ID})"


def macro(references: Mapping[str, Sequence[PartFiles]]) -> str:
    """`negatives(reference)` as a table macro over every version that is asked for.

    Columns that only chains have are null in other rows, and are there only where a version has chains. Any other
    reference is an error, for which one row has to be there: DuckDB asks nothing of none.
    """
    selects = [
        f"select {quoted(reference)} as reference_, * from ({scan_parts(parts)})"
        for reference, parts in references.items()
    ]
    nothing = f"(select 1 as one_) left join ({scan_parts([])}) on true"
    no_version = f"select '' as reference_, * exclude (one_) from {nothing}"
    every = " union all by name ".join([*selects, no_version])
    known = ", ".join(map(quoted, references)) or "null"
    said = quoted("write negatives('DATASET@VERSION') with the name itself between the quotes, not ")
    refused = f"error({said} || coalesce(reference, 'null'))"
    asked = f"case when reference::varchar in ({known}) then reference::varchar else {refused} end"
    chosen = f"select * exclude (reference_) from ({every}) where reference_ = {asked}"
    return f"create temp macro negatives(reference) as table {chosen}"


def scan_parts(parts: Sequence[PartFiles], columns: Sequence[str] | None = None) -> str:
    """A query for the rows of several parts, each with its `split`; all columns where none are named."""
    selects = []
    for part in parts:
        names = columns or (*columns_of(part.tier), ROW_ID, ROW_HASH)
        selects.append(f"select {', '.join(names)}, {quoted(part.split)} as split from ({scan(part.layers)})")
    if not selects:
        names = columns or (*NEGATIVES, ROW_ID, ROW_HASH)
        return f"select {', '.join(names)}, null::varchar as split from ({no_rows(names)})"
    return " union all by name ".join(selects)


_KINDS: Final = {pl.String: "varchar", pl.List: "varchar[]", pl.Float32: "float", pl.Int32: "integer"}


def no_rows(columns: Iterable[str]) -> str:
    """A query for no rows of these columns."""
    kinds = {name: _KINDS[kind.base_type()] for name, kind in CHAINS.items()} | {ROW_ID: "blob", ROW_HASH: "blob"}
    return "select " + ", ".join(f"null::{kinds[name]} as {name}" for name in columns) + " where false"


def scan(layers: Layers) -> str:
    """A query for the rows of layers: a row is there unless a later layer takes it away.

    Columns that came later are null in objects that lack them.
    """
    added = [
        f"select *, {number} as layer from read_parquet({quoted(files.added)})"
        for number, files in enumerate(layers)
        if files.added
    ]
    removed = [
        f"select {ROW_ID}, {number} as layer from read_parquet({quoted(files.removed)})"
        for number, files in enumerate(layers)
        if files.removed
    ]
    if not added:
        return no_rows((*CHAINS, ROW_ID, ROW_HASH))
    every = " union all by name ".join([*added, no_rows(LATER_COLUMNS)])
    if not removed:
        return every
    return (
        f"select added.* from ({every}) as added anti join ({' union all '.join(removed)}) as removed "
        f"on added.{ROW_ID} = removed.{ROW_ID} and removed.layer > added.layer"
    )


def quoted(value: object) -> str:
    """A text in SQL."""
    return "'" + str(value).replace("'", "''") + "'"
