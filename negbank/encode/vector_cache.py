"""Vectors that were encoded before, kept by content: one SQLite file an encoder, one row a text.

A file is named by the encoder's fingerprint, which names its weights and not its model, so two models of one
name never share a vector. A row's key is the first 16 bytes of the SHA-256 of the text, its value the vector as
little-endian float32.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from negbank.content_cache import CacheFile, CacheKind, key_of, open_cache
from negbank.errors import EncoderError
from negbank.folders import cache_folder
from negbank.records import FloatArray

Rows = npt.NDArray[np.int64]
"""Indices (b,) into texts."""

Batch = tuple[Rows, FloatArray]
"""`(rows, vectors)`: the indices (b,) of some texts, and their (b, d) float32 unit vectors."""

NORM_TOLERANCE: Final = 1e-3
"""How far the length of a unit vector may be from 1."""

_KIND: Final = CacheKind(
    noun="vector cache",
    remade="its texts are encoded again",
    error=EncoderError,
    table="vectors",
    column="vector",
    page_size=8192,  # five vectors of 384 fill one; of 4096 a quarter stayed empty
)


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
        with open_cache(self.path(fingerprint), _KIND) as file:
            yield KeptVectors(file)


class KeptVectors:
    """One encoder's vectors in an open file."""

    def __init__(self, file: CacheFile) -> None:
        self._file = file

    def read(self, texts: Sequence[str]) -> Batch:
        """`(rows, vectors)`: the indices (m,) of those of `texts` that are kept, and their (m, d) unit vectors.

        Raises EncoderError where a vector is damaged, and what `VectorCache.open` raises.
        """
        row = {key_of(text): index for index, text in enumerate(texts)}
        rows, blobs = [], []
        for key, blob in self._file.read(list(row)):
            rows.append(row[key])
            blobs.append(blob)
        return np.array(rows, dtype=np.int64), self._stacked(blobs)

    def write(self, texts: Sequence[str], vectors: FloatArray) -> None:
        """Keep `vectors` (n, d) of `texts`, all or none. What is kept already stays.

        Raises what `VectorCache.open` raises.
        """
        little = np.ascontiguousarray(vectors, dtype="<f4")
        self._file.write((key_of(text), vector.tobytes()) for text, vector in zip(texts, little, strict=True))

    def _stacked(self, blobs: list[bytes]) -> FloatArray:
        """The `(m, d)` vectors that `blobs` hold. Raises EncoderError where one is no unit vector of that width."""
        if not blobs:
            return np.empty((0, 0), dtype=np.float32)
        width = len(blobs[0])
        if width % 4 or not width or any(len(blob) != width for blob in blobs):
            raise _KIND.damaged(self._file.path, "its vectors differ in width")
        vectors = np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(blobs), -1).astype(np.float32, copy=False)
        if not unit_rows(vectors).all():
            raise _KIND.damaged(self._file.path, "it holds a vector that is not of length 1")
        return vectors


def unit_rows(vectors: FloatArray) -> npt.NDArray[np.bool_]:
    """Which of `vectors` (n, d) are finite and of length 1, as `(n,)` booleans."""
    squares = np.einsum("ij,ij->i", vectors, vectors)
    good: npt.NDArray[np.bool_] = np.abs(squares - 1.0) < 2 * NORM_TOLERANCE  # NaN is near nothing
    return good
