"""A place that a user names -> records: a file, a folder or a glob of files, standard input, a dataset of the Hub."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from negbank.errors import SourceError, UnknownNameError
from negbank.sources.formats import (
    COMPRESSIONS,
    FORMATS,
    frame_rows,
    is_readable,
    read_file_rows,
    read_stream,
)  # fmt: skip
from negbank.sources.hub import HubDataset
from negbank.sources.streams import FileRows, Reading, Row, bounded, check_rows, drop_repeats, standard_input

HUB_PREFIX: Final = "hf:"
STANDARD_INPUT: Final = "standard input"
MAX_FILES: Final = 10_000


@dataclass(frozen=True)
class Records:
    """The rows of a place as it has them, in order, and where each stands.

    `bad` are rows that could not be read and were skipped: where and why. `revision` is the Hub's commit, where there
    is one.
    """

    place: str
    name: str
    format: str
    rows: list[Row]
    where: Callable[[int], str]
    bad: tuple[tuple[str, str], ...] = ()
    files: int = 1
    revision: str | None = None
    repeated: int = 0
    """Rows of a large file that repeat another one in every column, and are not among `rows`."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What was changed of the values while they were read, a sentence a column."""


def read_records(
    place: str, encoding: str | None = None, on_bad_row: str = "stop", split: str | None = None
) -> Records:
    """The records of `place`: a file, a folder, a glob, `-`, or `hf:org/name[:config]`.

    `encoding` is that of text files (None: UTF-8). A row that is no JSON, or has too many values for its table, is an
    error with its line, or counted where `on_bad_row` is "skip". Raises SourceError where there is nothing to read and
    MalformedFileError for a file that is not what its name says.
    """
    reading = Reading(encoding, on_bad_row == "skip")
    if place.startswith(HUB_PREFIX):
        return _hub_records(place, split)
    if place == "-":
        rows = FileRows(STANDARD_INPUT, "JSON")
        read_stream(bounded(standard_input(), STANDARD_INPUT), rows, "JSON", reading)
        return _records("-", "stdin", [rows])
    path = Path(place)
    if path.is_dir():
        return _records(place, path.resolve().name, _read_files(place, _files_in(path), reading))
    if not path.exists() and glob.has_magic(place):
        return _records(place, _glob_name(path), _read_files(place, _matching(place), reading))
    if not path.exists():
        raise SourceError(f"{place}: no such file{_near(path)}")
    return _records(place, _plain_stem(path), [read_file_rows(path, reading)])


def _read_files(place: str, paths: list[Path], reading: Reading) -> list[FileRows]:
    """The rows of several files, all of which must fit into memory."""
    files, count = [], 0
    for path in paths:
        files.append(read_file_rows(path, reading))
        count += len({id(row) for row in files[-1].rows})
        check_rows(place, count)
    return files


def _plain_stem(path: Path) -> str:
    """A file's name without its format and compression."""
    if path.suffix.lower() in COMPRESSIONS:
        path = path.with_suffix("")
    return path.stem


def _near(path: Path) -> str:
    beside = [p.name for p in path.parent.glob("*") if is_readable(p)] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, beside, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _files_in(folder: Path) -> list[Path]:
    """The files of a folder that are read; what is hidden (`.negbank`, `.git`) is not."""
    found = sorted(
        p for p in folder.rglob("*")
        if p.is_file() and is_readable(p) and not any(part.startswith(".") for part in p.relative_to(folder).parts)
    )  # fmt: skip
    if not found:
        raise SourceError(
            f"{folder} holds no file that can be read; there must be one of {', '.join(FORMATS)}, "
            f"also with {', '.join(COMPRESSIONS)} behind"
        )
    return _few(found, str(folder))


def _matching(pattern: str) -> list[Path]:
    names = glob.glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
    found = sorted(p for p in map(Path, names) if p.is_file() and is_readable(p))
    if not found:
        raise SourceError(f"{pattern}: no file that can be read fits it")
    return _few(found, pattern)


def _few(found: list[Path], place: str) -> list[Path]:
    if len(found) > MAX_FILES:
        raise SourceError(f"{place}: {len(found):,} files; name fewer than {MAX_FILES:,}")
    return found


def _glob_name(path: Path) -> str:
    """A name for what a glob finds: that of the first part without a sign of a glob, from the right."""
    plain = [part for part in path.parts if not glob.has_magic(part) and part.strip("./")]
    return plain[-1] if plain else "files"


def _records(place: str, name: str, files: list[FileRows]) -> Records:
    repeated = sum(map(drop_repeats, files))
    rows: list[Row] = files[0].rows if len(files) == 1 else [row for file in files for row in file.rows]
    starts = [0, *accumulate(len(file.rows) for file in files)]

    def where(row: int) -> str:
        place = next(number for number in range(len(files)) if row < starts[number + 1])
        return files[place].where(row - starts[place])

    formats = ", ".join(dict.fromkeys(file.format for file in files))
    bad = tuple((f"{file.path}:{line}", problem) for file in files for line, problem in file.bad)
    notes = {name: note for file in files for name, note in file.notes.items()}
    return Records(place, name, formats, rows, where, bad, len(files), repeated=repeated, notes=notes)


def _hub_records(reference: str, split: str | None) -> Records:
    hub, config, split = find_split(reference, split)
    found, notes = frame_rows(hub.read(config, split).frame, hub.name)
    rows = list(found)
    if not rows:
        raise SourceError(f"{hub.name} {split}: holds no rows")
    short = hub.name.partition("/")[2].lower()
    return Records(
        hub.name, short, f"dataset of {hub.place}, {config}, split {split}", rows,
        lambda row: f"{hub.name} {split} row {row + 1}", revision=hub.revision(config),
        notes=notes,
    )  # fmt: skip


def find_split(reference: str, split: str | None) -> tuple[HubDataset, str, str]:
    """The dataset, configuration and split that a reference means. Raises where it fits none, or several."""
    name, _, config = reference.removeprefix(HUB_PREFIX).partition(":")
    if name.count("/") != 1 or not all(name.split("/")):
        raise SourceError(f"cannot read {reference!r}; write it as hf:org/name or hf:org/name:config")
    hub = HubDataset(name)
    configs = hub.configs()
    if config and config not in configs:
        raise UnknownNameError("configuration", config, configs, hint=f" (in {name})")
    if not config and len(configs) > 1:
        raise SourceError(f"{name} has several configurations; name one, as in {reference}:{configs[0]}. "
                          f"There are: {', '.join(configs)}")  # fmt: skip
    chosen = config or configs[0]
    splits = hub.splits(chosen)
    split = split or ("train" if "train" in splits else None)
    if split is None:
        if len(splits) > 1:
            raise SourceError(f"{name} has no split `train`; name one with --split. There are: {', '.join(splits)}")
        split = splits[0]
    return hub, chosen, split


def value_at(record: Row, path: tuple[str, ...]) -> Any:
    """The value under a dotted path; of a list of objects, the list of their values."""
    value: Any = record
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list):
            value = [item.get(key) if isinstance(item, dict) else None for item in value]
        else:
            return None
    return value
