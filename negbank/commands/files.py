"""Files written where a user asks for them: tried before the work, there whole or not at all, never over an input."""

from __future__ import annotations

import contextlib
import glob
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from negbank.errors import SourceError, StorageError, UnknownNameError
from negbank.folders import real_path
from negbank.registry.disk import held, is_idle, translated

SUFFIXES: Final = (".jsonl", ".csv", ".parquet")
ELSEWHERE: Final = "name a file elsewhere"

_JUST_MADE_S: Final = 60.0
"""A file so young may not be locked yet."""


@contextlib.contextmanager
def output_file(
    path: str | Path, inputs: Iterable[str] = (), *, replace: bool = False, suffixes: tuple[str, ...] = SUFFIXES
) -> Iterator[Path]:
    """A temporary file, which becomes `path` when the block ends without an error and is gone otherwise.

    `inputs` are the files, folders and globs that the command reads; none of them may be written. A file that is there
    already is replaced only where `replace` is set; a symbolic link stays, and what it names is written.

    Raises UnknownNameError for an ending that is none of `suffixes`, SourceError for an input, and StorageError where
    nothing can be written.
    """
    check_suffix(path, suffixes)
    target = Path(path).absolute()
    with translated(path, ELSEWHERE):
        target = real_path(target)
        _check_target(path, target, inputs, replace)
        prefix = f".{target.stem[:50]}.negbank-"
        _remove_leftovers(target.parent, prefix, target.suffix)
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=target.suffix, dir=target.parent)
        os.close(handle)
    temporary = Path(name)
    try:
        with held(temporary):
            yield temporary
        with translated(path, ELSEWHERE):
            _set_mode(temporary, target)
            _put(temporary, target, path, replace)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def optional_output(path: str | None, inputs: Iterable[str] = (), *, replace: bool = False) -> Iterator[Path | None]:
    """`output_file`, or None where no `path` is asked for."""
    if path is None:
        yield None
        return
    with output_file(path, inputs, replace=replace) as temporary:
        yield temporary


def check_suffix(path: str | Path, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Raise UnknownNameError where the format cannot be told from the name."""
    if Path(path).suffix not in suffixes:
        raise UnknownNameError("ending", Path(path).suffix, suffixes, hint=f" (of {str(path)!r})")


def _check_target(path: str | Path, target: Path, inputs: Iterable[str], replace: bool) -> None:
    """Raise where `target` is read by the command, cannot be a file, or is there and may not be replaced."""
    for place in inputs:
        if place == "-" and target.exists() and os.path.samestat(os.fstat(0), target.stat()):
            raise SourceError(f"{path} is the standard input of this command; {ELSEWHERE}")
        for read in _named_by(place):
            if target == real_path(read) or (target.exists() and target.samefile(read)):
                raise SourceError(f"{path} is an input of this command; {ELSEWHERE}")
            if read.is_dir() and target.is_relative_to(real_path(read)):
                raise SourceError(f"{path} lies in the folder {place}, which this command reads; {ELSEWHERE}")
    if target.is_dir():
        raise StorageError(f"{path} is a folder; name a file in it")
    if not target.parent.is_dir():
        raise StorageError(f"{path}: there is no folder {target.parent}; make it, or {ELSEWHERE}")
    if target.exists() and not target.is_file():
        raise StorageError(f"{path} is no file; {ELSEWHERE}")
    if target.exists() and not replace:
        raise StorageError(f"{path} is there already; replace it with --force, or {ELSEWHERE}")
    if target.exists() and not os.access(target, os.W_OK):
        raise StorageError(f"{path} may not be written; {ELSEWHERE}")


def _named_by(place: str) -> list[Path]:
    """What a place that a command reads names on this machine; nothing for a source by name or on the Hub."""
    try:
        if Path(place).exists():
            return [Path(place)]
        return [Path(name) for name in glob.glob(place, recursive=True)]  # noqa: PTH207 - it takes absolute patterns
    except (OSError, ValueError):  # a name that is too long, or has a zero byte
        return []


def _remove_leftovers(folder: Path, prefix: str, suffix: str) -> None:
    """Remove what killed commands left of a file: each was locked as soon as it was made, until it had its name."""
    for path in folder.iterdir():
        if path.name.startswith(prefix) and path.suffix == suffix and path.is_file() and is_idle(path):
            with contextlib.suppress(FileNotFoundError):  # it got its name in the meantime
                if time.time() - path.stat().st_mtime > _JUST_MADE_S:
                    path.unlink()


def _set_mode(temporary: Path, target: Path) -> None:
    """Give a temporary file the permissions of the file that it replaces, or those of a new one."""
    if target.exists():
        temporary.chmod(target.stat().st_mode & 0o777)
        return
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)


def _put(temporary: Path, target: Path, path: str | Path, replace: bool) -> None:
    """Give a file its name; where it may replace nothing, of many writers one is the first."""
    if replace:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)
    except FileExistsError as error:
        raise StorageError(f"{path} was written by something else in the meantime; --force replaces it") from error
    except OSError:  # a file system without hard links
        temporary.replace(target)


def write_rows(rows: pl.DataFrame, path: Path) -> None:
    """Write `rows` as JSONL, CSV or Parquet, by the name's ending; CSV has lists and objects as texts."""
    buffer = io.BytesIO()  # Python writes the file, so that a full disk is an OSError
    if path.suffix == ".jsonl":
        rows.write_ndjson(buffer)
    elif path.suffix == ".parquet":
        rows.write_parquet(buffer)
    else:
        rows.with_columns(_flat(column) for column in rows if column.dtype.is_nested()).write_csv(buffer)
    with translated(path.parent, ELSEWHERE):
        path.write_bytes(buffer.getbuffer())


def _flat(column: pl.Series) -> pl.Series:
    """A column of lists or objects as texts: lists of texts with `; ` between, others as JSON."""
    if column.dtype == pl.List(pl.String):
        return column.list.join("; ")
    return pl.Series(column.name, [None if v is None else json.dumps(v, default=str) for v in column.to_list()])


def write_spooled(spool: Path, schema: pl.Schema, path: Path) -> None:
    """Write the rows of a JSONL file of that schema as `write_rows` does, without reading them all into memory."""
    if not spool.stat().st_size:
        write_rows(schema.to_frame(), path)
        return
    rows = pl.scan_ndjson(spool, schema=schema)
    try:
        with translated(path.parent, ELSEWHERE):
            if path.suffix == ".jsonl":
                shutil.copyfile(spool, path)
            elif path.suffix == ".parquet":
                rows.sink_parquet(path)
            else:
                rows.sink_csv(path)
    except pl.exceptions.PolarsError as error:  # a full disk, without its number
        raise StorageError(f"{path.parent}: cannot be written; is there space left? ({error})") from error


def write_whole(target: Path, data: bytes) -> None:
    """Write a file of negbank's own, whole or not at all. Raises StorageError where the disk refuses."""
    with output_file(target, replace=True, suffixes=(target.suffix,)) as temporary, translated(target, ELSEWHERE):
        temporary.write_bytes(data)


def run_folder(runs: Path, name: str, identity: Mapping[str, Any]) -> Path:
    """The folder of a run in `runs`: the one that was begun with the same `identity`, or the first free name.

    Raises StorageError where it cannot be made.
    """
    text = json.dumps(identity, indent=1, sort_keys=True, default=str)
    name, number = name.replace("@", "-"), 1
    while True:
        folder = runs / (name if number == 1 else f"{name}-{number}")
        kept = folder / "settings.json"
        if not folder.exists():
            with translated(folder, "name another with --out"):
                folder.mkdir(parents=True)
            write_whole(kept, text.encode())
            return folder
        if kept.exists() and kept.read_text() == text:
            return folder
        number += 1


def try_folder(folder: Path) -> None:
    """Raise StorageError where nothing can be written to a folder that a user named, or it cannot be made."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    with translated(folder, "name another with --out"), tempfile.TemporaryFile(dir=there) as file:
        file.write(b"x")
