"""Probabilities that a judge gave before, kept by the content of what it was asked: one SQLite file a judge.

A file is named by the judge's fingerprint, so other weights in the same folder, another prompt or another server
never share a verdict. Answers that are no verdict aren't kept: they are asked for again.
"""

from __future__ import annotations

import contextlib
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from negbank.content_cache import CacheFile, CacheKind, key_of, open_cache
from negbank.errors import JudgeError
from negbank.folders import cache_folder
from negbank.judging.records import Ask

_KIND: Final = CacheKind(
    noun="cache of verdicts",
    remade="its candidates are judged again",
    error=JudgeError,
    table="verdicts",
    column="probability",
)
_VALUE: Final = struct.Struct("<d")


class VerdictCache:
    """The verdicts of every judge, in one folder; `negbank`'s own cache folder where none is named."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else cache_folder() / "verdicts"

    def path(self, fingerprint: str) -> Path:
        """The file with the verdicts of the judge that `fingerprint` names."""
        return self.folder / f"{fingerprint[:32]}.sqlite"

    @contextlib.contextmanager
    def open(self, fingerprint: str) -> Iterator[KeptVerdicts]:
        """The verdicts of one judge, for reading and adding to; several processes may hold them at once.

        Raises StorageError where the folder or the disk refuses, JudgeError where the file is damaged or another
        process holds it for more than 60 s.
        """
        with open_cache(self.path(fingerprint), _KIND) as file:
            yield KeptVerdicts(file)


class KeptVerdicts:
    """One judge's verdicts in an open file."""

    def __init__(self, file: CacheFile) -> None:
        self._file = file

    def read(self, asks: Sequence[Ask]) -> dict[Ask, float]:
        """The probabilities of those of `asks` that are kept. Raises JudgeError where one is damaged."""
        by_key = {_key(ask): ask for ask in asks}
        return {by_key[key]: self._probability(value) for key, value in self._file.read(list(by_key))}

    def write(self, verdicts: Mapping[Ask, float]) -> None:
        """Keep `verdicts`, all or none. What is kept already stays."""
        self._file.write((_key(ask), _VALUE.pack(probability)) for ask, probability in verdicts.items())

    def _probability(self, value: bytes) -> float:
        if len(value) == _VALUE.size:
            (probability,) = _VALUE.unpack(value)
            if 0.0 <= probability <= 1.0:
                return float(probability)
        raise _KIND.damaged(self._file.path, "it holds a value that is no probability")


def _key(ask: Ask) -> bytes:
    return key_of(json.dumps(ask))
