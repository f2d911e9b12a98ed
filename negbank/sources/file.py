"""Questions of your own: a file, a folder or a glob of files, standard input, or any dataset as `hf:org/name`."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl
import pyarrow as pa

from negbank.decoding import WrittenNumber, preview
from negbank.records import QUESTIONS, SourceData
from negbank.sources.benchmark import content_revision
from negbank.sources.cells import is_plain, text_of
from negbank.sources.formats import COMPRESSIONS, FORMATS
from negbank.sources.options import SourceOptions
from negbank.sources.places import HUB_PREFIX, find_split, read_records
from negbank.sources.streams import MAX_LINE
from negbank.sources.understanding import Understood, understand

__all__ = ["HUB_PREFIX", "SUFFIXES", "FileData", "read_file", "read_hub", "read_hub_table", "read_table"]

SUFFIXES = (*FORMATS, *COMPRESSIONS)


@dataclass(frozen=True)
class FileData(SourceData):
    """The questions of a file, and what was understood of it."""

    understood: Understood | None = None


def read_file(place: str, options: SourceOptions) -> FileData:
    """The questions of a file, a folder, a glob, or standard input (`-`: JSON lines or one JSON array).

    Raises SourceError where there is nothing to read or no reading is safe, MalformedFileError (with the line) where a
    file is not what its name says, and UnknownNameError for a column that it does not have.
    """
    options.refuse(place, "split", "subjects")
    return _read(place, options)


def read_hub(reference: str, options: SourceOptions) -> FileData:
    """The questions of `hf:org/name` or `hf:org/name:config`, of its split `train` or the one asked for."""
    options.refuse(reference, "subjects")
    return _read(reference, options)


def _read(place: str, options: SourceOptions) -> FileData:
    records = read_records(place, options.encoding, options.on_bad_row, options.split)
    questions, refused, understood = understand(records, options, records.name)
    notices = [f"{records.place}: {warning}" for warning in understood.warnings]
    if understood.pointing.endswith(("index", "letter")):
        notices.insert(
            0, f"{records.place}: an answer is the {understood.pointing} of a choice ({understood.evidence})"
        )
    revision = records.revision or content_revision(questions)
    return FileData(
        records.name, questions, QUESTIONS.to_frame(), refused, revision, None, tuple(notices), understood=understood
    )  # fmt: skip


def read_hub_table(reference: str, split: str | None = None) -> pl.DataFrame:
    """The rows of `hf:org/name` or `hf:org/name:config`, of its split `train` or the one asked for."""
    hub, config, split = find_split(reference, split)
    return hub.read(config, split).frame


def read_table(place: str) -> pl.DataFrame:
    """The rows of a file, a folder or standard input as a frame; a column that mixes kinds holds texts."""
    return frame_of(read_records(place).rows)


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as a frame: plain values of one kind as that kind, of several as their own texts; lists and objects as they
    are where they are alike, and as JSON texts where they are not. Columns of bytes are left out (`byte_columns`)."""
    left_out = byte_columns(rows)
    columns = {name: [row.get(name) for row in rows] for name in _names(rows) if name not in left_out}
    return pl.DataFrame({name: _column(values, name) for name, values in columns.items()})


def byte_columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns that hold bytes, in lists and objects too: they have no text."""
    return [name for name in _names(rows) if any(_has_bytes(row.get(name)) for row in rows)]


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _has_bytes(value: Any) -> bool:
    if isinstance(value, str) or value is None:
        return False
    if isinstance(value, list):
        return any(map(_has_bytes, value))
    if isinstance(value, dict):
        return any(map(_has_bytes, value.values()))
    return isinstance(value, bytes)


def _as_held(value: Any) -> Any:
    """A value whose numbers can be held as numbers; one that is too large is its text."""
    if isinstance(value, list):
        return [_as_held(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_held(item) for key, item in value.items()}
    return value.text if isinstance(value, WrittenNumber) and not math.isfinite(value) else value


def _written(value: Any) -> str:
    return str(value) if isinstance(value, timedelta) else preview(value, MAX_LINE)


def _column(values: list[Any], name: str) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    fits = kinds != {int} or all(value is None or -(2**63) <= value < 2**63 for value in values)
    if fits and (kinds <= {str} or kinds in ({int}, {bool})):
        return pl.Series(name, values)
    if kinds <= {WrittenNumber, float} and all(value is None or math.isfinite(value) for value in values):
        return pl.Series(name, [None if value is None else float(value) for value in values])
    if all(map(is_plain, values)):
        return pl.Series(name, [text_of(value) for value in values], dtype=pl.String)
    values = list(map(_as_held, values))
    if kinds in ({list}, {dict}):
        with contextlib.suppress(pa.ArrowException, OverflowError):  # Polars would lose what does not fit the first
            lists = pl.Series(name, pl.from_arrow(pa.array(values)))
            if "Struct({})" not in str(lists.dtype):  # which Parquet does not have
                return lists
    texts = [None if value is None else value if isinstance(value, str) else _written(value) for value in values]
    return pl.Series(name, texts, dtype=pl.String)
