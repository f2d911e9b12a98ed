"""A file of JSON lines that grows by one line at a time and loses none: what a kill leaves is gone on from."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from negbank.errors import GenerationError

Record = Mapping[str, Any]


class Lines:
    """The lines of a file, held by this process alone until the end of the `with` statement.

    A last line that a kill has torn is dropped. Raises GenerationError where another process writes to the file, the
    disk refuses, or a line holds something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Lines:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b")
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            _drop_torn(self._file)
        except BlockingIOError as error:
            self._close()
            raise GenerationError(f"another process writes to {self.path}; wait until it has ended") from error
        except OSError as error:
            self._close()
            raise self._refused(error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def read(self) -> Iterator[Record]:
        """Every line that is there."""
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(file, start=1):
                    yield self._parsed(line, number)
        except OSError as error:
            raise self._refused(error) from error

    def append(self, record: Record) -> None:
        """Write one line, and have it on the disk."""
        if self._file is None:
            raise ValueError("the file is not open")
        try:
            self._file.write(_line(record))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._refused(error) from error

    def sort(self, key: Callable[[Record], Any]) -> None:
        """Put the lines in order, all at once or not at all."""
        records = list(self.read())
        keys = [key(record) for record in records]
        if keys == sorted(keys):
            return
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                file.writelines(map(_line, sorted(records, key=key)))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise self._refused(error) from error

    def _parsed(self, line: bytes, number: int) -> Record:
        try:
            record = json.loads(line)
        except ValueError as error:
            raise GenerationError(f"{self.path}:{number}: not JSON; delete the file, or give another") from error
        if not isinstance(record, dict):
            raise GenerationError(f"{self.path}:{number}: no JSON object; delete the file, or give another")
        return record

    def _refused(self, error: OSError) -> GenerationError:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full, make room" if full else f"it cannot be written ({error.strerror or error})"
        return GenerationError(f"{self.path}: {why}; what was written before is kept, run the same again to go on")

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _line(record: Record) -> bytes:
    # ASCII, as the lone surrogates that a model may write are no UTF-8
    return json.dumps(record).encode() + b"\n"


def _drop_torn(file: IO[bytes]) -> None:
    """Cut what stands after the last line break."""
    end = file.seek(0, os.SEEK_END)
    keep = end
    while keep:
        start = max(keep - 65536, 0)
        file.seek(start)
        place = file.read(keep - start).rfind(b"\n")
        if place >= 0:
            keep = start + place + 1
            break
        keep = start
    if keep < end:
        file.truncate(keep)
        os.fsync(file.fileno())
