"""Questions of your own: a file, a folder or a glob of files, standard input, or any dataset as `hf:org/name`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from negbank.errors import MalformedFileError
from negbank.records import QUESTIONS, SourceData
from negbank.sources.benchmark import content_revision
from negbank.sources.cells import WrittenNumber, is_plain, preview, text_of
from negbank.sources.formats import COMPRESSIONS, FORMATS
from negbank.sources.options import SourceOptions
from negbank.sources.places import HUB_PREFIX, find_split, read_records
from negbank.sources.streams import Row
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
    return frame_of(read_records(place).rows, place)


def frame_of(rows: list[Row], place: str) -> pl.DataFrame:
    """Rows as a frame: plain values of one kind as that kind, of several as their own texts; lists and objects as far
    as they are alike."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: _column([row.get(name) for row in rows], name, place) for name in names}
    return pl.DataFrame(columns)


def _column(values: list[Any], name: str, place: str) -> pl.Series:
    kinds = {type(value) for value in values if value is not None}
    fits = kinds != {int} or all(value is None or -(2**63) <= value < 2**63 for value in values)
    if fits and (kinds <= {str} or kinds in ({int}, {bool})):
        return pl.Series(name, values)
    if all(map(is_plain, values)):
        if kinds <= {WrittenNumber, float}:
            return pl.Series(name, [None if value is None else float(value) for value in values])
        return pl.Series(name, [text_of(value) for value in values], dtype=pl.String)
    try:
        return pl.Series(name, values)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        pass
    try:
        return pl.Series(name, [None if value is None else preview(value, 1 << 30) for value in values])
    except (TypeError, ValueError) as error:
        raise MalformedFileError(place, f"the column {name!r} cannot be held: {error}") from error
