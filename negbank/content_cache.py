"""One SQLite file of values kept by the content that they were made from: vectors of texts, verdicts of a judge.

SQLite's rollback journal makes each write whole or undone, whatever kills the process. It is preferred to the
write-ahead log here: writes are few and short, it leaves one file, and it needs no shared memory, which network
file systems lack.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from negbank.errors import NegbankError, StorageError
from negbank.folders import CACHE_VARIABLE

_BUSY_S: Final = 60.0
_KEYS_AT_ONCE: Final = 900  # below the 999 variables that every build of SQLite allows
_FILE_REFUSED: Final = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM")
_FILE_BUSY: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")


@dataclass(frozen=True)
class CacheKind:
    """What a file holds, in the words of its messages and in the names of its table.

    `noun` is what it is called, `remade` what happens once a damaged one is deleted; `error` is raised for a file
    that is damaged or held by another process.
    """

    noun: str
    remade: str
    error: type[NegbankError]
    table: str
    column: str
    layout: int = 1
    page_size: int = 4096

    def damaged(self, path: Path, problem: str) -> NegbankError:
        """The error for a file that cannot be trusted; it is the user who throws it away."""
        return self.error(f"the {self.noun} {path} is damaged ({problem}); delete the file, and {self.remade}")


class CacheFile:
    """An open file: values by the 16 bytes of `key_of`."""

    def __init__(self, path: Path, kind: CacheKind, connection: sqlite3.Connection) -> None:
        self.path, self.kind, self._connection = path, kind, connection

    def read(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """`(key, value)` of those of `keys` that are kept, in any order."""
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = keys[start : start + _KEYS_AT_ONCE]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, {self.kind.column} FROM {self.kind.table} WHERE key IN ({marks})"
            with translated(self.path, self.kind):
                found = self._connection.execute(query, some).fetchall()
            yield from found

    def write(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep `(key, value)` of each row, all or none. What is kept already stays."""
        with translated(self.path, self.kind), _transaction(self._connection):
            self._connection.executemany(f"INSERT OR IGNORE INTO {self.kind.table} VALUES (?, ?)", rows)


@contextlib.contextmanager
def open_cache(path: Path, kind: CacheKind) -> Iterator[CacheFile]:
    """The file at `path`, made where there is none; several processes may hold it at once.

    Raises StorageError where the folder or the disk refuses, `kind.error` where the file is damaged or another
    process holds it for more than 60 s.
    """
    with contextlib.ExitStack() as stack:
        with translated(path, kind):
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
            stack.enter_context(contextlib.closing(connection))
            _prepare(path, kind, connection)
        yield CacheFile(path, kind, connection)


def key_of(text: str) -> bytes:
    """The 16 bytes under which what was made from a text is kept."""
    return hashlib.sha256(text.encode()).digest()[:16]


@contextlib.contextmanager
def translated(path: Path, kind: CacheKind) -> Iterator[None]:
    """SQLite's and the disk's refusals as this package's errors, with the file they are about."""
    elsewhere = f"free some space, or name another folder with {CACHE_VARIABLE}"
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        if name.startswith(_FILE_REFUSED):
            raise StorageError(f"the {kind.noun} {path} cannot be used: {error} ({name}); {elsewhere}") from error
        if name.startswith(_FILE_BUSY):
            raise kind.error(
                f"another process has held the {kind.noun} {path} for {_BUSY_S:.0f} s; try again when it is done"
            ) from error
        raise kind.damaged(path, str(error)) from error
    except OSError as error:
        wrong = f"the {kind.noun} {path} cannot be used: {error.strerror or error}"
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StorageError(f"{wrong}; {elsewhere if is_full else elsewhere.partition(', or ')[2]}") from error


def _prepare(path: Path, kind: CacheKind, connection: sqlite3.Connection) -> None:
    """Make the table in a new file; refuse a file of a layout that this version does not know."""
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    if layout == 0:
        connection.execute(f"PRAGMA page_size = {kind.page_size}")
        with _transaction(connection):
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS {kind.table} (key BLOB PRIMARY KEY, {kind.column} BLOB NOT NULL)"
            )
            connection.execute(f"PRAGMA user_version = {kind.layout}")
    elif layout != kind.layout:
        raise kind.damaged(path, f"it has layout {layout}, and this version of negbank reads layout {kind.layout}")


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside or nothing; IMMEDIATE, so that two writers wait for each other instead of failing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # on some errors, a full disk among them, SQLite has undone it already
            connection.execute("ROLLBACK")
        raise
