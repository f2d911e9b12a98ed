"""Vectors that were encoded before, kept by content: one SQLite file an encoder, one row a text.

A file is named by the encoder's fingerprint, which names its weights and not its model, so two models of one
name never share a vector. A row's key is the first 16 bytes of the SHA-256 of the text, its value the vector as
little-endian float32.

SQLite's rollback journal makes each write whole or undone, whatever kills the process. It is preferred to the
write-ahead log here: writes are few and short, it leaves one file, and it needs no shared memory, which network
file systems lack.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from negbank.errors import EncoderError, StorageError
from negbank.folders import CACHE_VARIABLE, cache_folder
from negbank.records import FloatArray

Rows = npt.NDArray[np.int64]
"""Indices (b,) into texts."""

Batch = tuple[Rows, FloatArray]
"""`(rows, vectors)`: the indices (b,) of some texts, and their (b, d) float32 unit vectors."""

NORM_TOLERANCE: Final = 1e-3
"""How far the length of a unit vector may be from 1."""

_BUSY_S: Final = 60.0
_KEYS_AT_ONCE: Final = 900  # below the 999 variables that every build of SQLite allows
_FILE_REFUSED: Final = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM")
_FILE_BUSY: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")
_LAYOUT: Final = 1
_CREATE: Final = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"


class VectorCache:
    """The vectors of every encoder, in one folder; `negbank`'s own cache folder where none is named."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else cache_folder() / "vectors"

    def path(self, fingerprint: str) -> Path:
        """The file with the vectors of the encoder that `fingerprint` names."""
        return self.folder / f"{fingerprint[:32]}.sqlite"

    @contextlib.contextmanager
    def open(self, fingerprint: str) -> Iterator[KeptVectors]:
        """The vectors of one encoder, for reading and adding to; several processes may hold them at once.

        Raises StorageError where the folder or the disk refuses, EncoderError where the file is damaged or
        another process holds it for more than 60 s.
        """
        path = self.path(fingerprint)
        with contextlib.ExitStack() as stack:
            with translated(path):
                self.folder.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
                stack.enter_context(contextlib.closing(connection))
                _prepare(path, connection)
            yield KeptVectors(path, connection)


class KeptVectors:
    """One encoder's vectors in an open file."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection = path, connection

    def read(self, texts: Sequence[str]) -> Batch:
        """`(rows, vectors)`: the indices (m,) of those of `texts` that are kept, and their (m, d) unit vectors.

        Raises EncoderError where a vector is damaged, and what `VectorCache.open` raises.
        """
        row = {key_of(text): index for index, text in enumerate(texts)}
        keys, rows, blobs = list(row), [], []
        with translated(self._path):
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[start : start + _KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                for key, blob in self._connection.execute(
                    f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some
                ):
                    rows.append(row[key])
                    blobs.append(blob)
        return np.array(rows, dtype=np.int64), self._stacked(blobs)

    def write(self, texts: Sequence[str], vectors: FloatArray) -> None:
        """Keep `vectors` (n, d) of `texts`, all or none. What is kept already stays.

        Raises what `VectorCache.open` raises.
        """
        little = np.ascontiguousarray(vectors, dtype="<f4")
        rows = [(key_of(text), vector.tobytes()) for text, vector in zip(texts, little, strict=True)]
        with translated(self._path), _transaction(self._connection):
            self._connection.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)

    def _stacked(self, blobs: list[bytes]) -> FloatArray:
        """The `(m, d)` vectors that `blobs` hold. Raises EncoderError where one is no unit vector of that width."""
        if not blobs:
            return np.empty((0, 0), dtype=np.float32)
        width = len(blobs[0])
        if width % 4 or not width or any(len(blob) != width for blob in blobs):
            raise damaged(self._path, "its vectors differ in width")
        vectors = np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(blobs), -1).astype(np.float32, copy=False)
        if not unit_rows(vectors).all():
            raise damaged(self._path, "it holds a vector that is not of length 1")
        return vectors


def key_of(text: str) -> bytes:
    """The 16 bytes under which a text's vector is kept."""
    return hashlib.sha256(text.encode()).digest()[:16]


def unit_rows(vectors: FloatArray) -> npt.NDArray[np.bool_]:
    """Which of `vectors` (n, d) are finite and of length 1, as `(n,)` booleans."""
    squares = np.einsum("ij,ij->i", vectors, vectors)
    good: npt.NDArray[np.bool_] = np.abs(squares - 1.0) < 2 * NORM_TOLERANCE  # NaN is near nothing
    return good


def damaged(path: Path, problem: str) -> EncoderError:
    """The error for a cache file that cannot be trusted; it is the user who throws it away."""
    return EncoderError(
        f"the vector cache {path} is damaged ({problem}); delete the file, and its texts are encoded again"
    )


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's and the disk's refusals as this package's errors, with the file they are about."""
    elsewhere = f"free some space, or name another folder with {CACHE_VARIABLE}"
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        if name.startswith(_FILE_REFUSED):
            raise StorageError(f"the vector cache {path} cannot be used: {error} ({name}); {elsewhere}") from error
        if name.startswith(_FILE_BUSY):
            raise EncoderError(
                f"another process has held the vector cache {path} for {_BUSY_S:.0f} s; try again when it is done"
            ) from error
        raise damaged(path, str(error)) from error
    except OSError as error:
        raise StorageError(f"the vector cache {path} cannot be used: {error}; {elsewhere}") from error


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    """Make the table in a new file; refuse a file of a layout that this version does not know."""
    layout = connection.execute("PRAGMA user_version").fetchone()[0]
    if layout == 0:
        connection.execute("PRAGMA page_size = 8192")  # five vectors of 384 fill one; of 4096 a quarter stayed empty
        with _transaction(connection):
            connection.execute(_CREATE)
            connection.execute(f"PRAGMA user_version = {_LAYOUT}")
    elif layout != _LAYOUT:
        raise damaged(path, f"it has layout {layout}, and this version of negbank reads layout {_LAYOUT}")


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
