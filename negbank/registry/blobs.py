"""Blobs in a folder: files named by the SHA-256 of what they hold, written once.

::

    <root>/objects/ab/abcd....parquet       rows, or ids of removed rows
    <root>/manifests/ab/abcd....json        one version's manifest
    <root>/contents/ab/abcd....json         which objects make up the rows whose content is abcd...
    <root>/tmp/                             files being written

A file of `contents` is named by the rows that it leads to, which may lie in objects in several ways.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from negbank.errors import RegistryError
from negbank.registry import disk
from negbank.registry.disk import hash_file, remove_files, translated

SUFFIX: Final = {"objects": ".parquet", "contents": ".json", "manifests": ".json"}
"""The folders of blobs, and the ending of the files in each."""

MARKER: Final = "registry.json"


class FolderBlobs:
    """The blobs of one folder; `root` is also where what is being written lies."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def place(self) -> str:
        """Where the blobs lie, for messages."""
        return str(self.root)

    def marker(self) -> bytes | None:
        """What `registry.json` holds, None where it is not there."""
        with translated(self.place):
            path = self.root / MARKER
            return path.read_bytes() if path.exists() else None

    def set_marker(self, data: bytes) -> None:
        """Write `registry.json`."""
        with translated(self.place):
            disk.write(self._tmp, self.root / MARKER, data)

    def is_fresh(self) -> bool:
        """Whether nothing is here that a registry would not have put here."""
        with translated(self.place):
            return not self.root.is_dir() or all(path.name in ("tmp", "lock") for path in self.root.iterdir())

    def put(self, folder: str, data: bytes) -> str:
        """The SHA-256 (hexadecimal) under which `data` now stands in `folder`; nothing is written twice."""
        name = hashlib.sha256(data).hexdigest()
        path = self.path(folder, name)
        with translated(self.place):
            if not path.exists() or path.stat().st_size != len(data):
                disk.write(self._tmp, path, data)
        return name

    def put_file(self, folder: str, source: Path) -> tuple[str, int]:
        """As `put` for a file of `scratch`, which is moved: its name and its size in bytes."""
        with translated(self.place):
            name, size = hash_file(source), source.stat().st_size
            path = self.path(folder, name)
            if not path.exists() or path.stat().st_size != size:
                disk.move(source, path)
        return name, size

    def set(self, folder: str, name: str, data: bytes) -> None:
        """Write a blob whose name does not follow from its bytes, whole or not at all."""
        with translated(self.place):
            disk.write(self._tmp, self.path(folder, name), data)

    def path(self, folder: str, name: str) -> Path:
        """Where a blob stands on this machine, if it does."""
        return self.root / folder / name[:2] / f"{name}{SUFFIX[folder]}"

    def where(self, folder: str, name: str) -> str:
        """Where a blob belongs, for messages."""
        return str(self.path(folder, name))

    def fetch(self, folder: str, name: str) -> Path:
        """Where a blob can be read on this machine; not checked, and it may be missing."""
        return self.path(folder, name)

    def exists(self, folder: str, name: str) -> bool:
        """Whether a blob is there, whatever it holds."""
        return self.path(folder, name).exists()

    def read(self, folder: str, name: str) -> bytes | None:
        """The bytes of a blob, unchecked; None where it is not there."""
        with translated(self.place):
            try:
                return self.path(folder, name).read_bytes()
            except FileNotFoundError:
                return None

    def get(self, folder: str, name: str) -> bytes:
        """The bytes of a blob, checked against their name."""
        self.check(folder, name)
        return self.path(folder, name).read_bytes()

    def check(self, folder: str, name: str) -> None:
        """Raise RegistryError where a blob is missing, or its content does not match its name."""
        where = self.where(folder, name)
        with translated(self.place):
            path = self.fetch(folder, name)
            if not path.exists():
                raise RegistryError(f"{where} is missing: the registry is damaged; see negbank verify --repair")
            if hash_file(path) != name:
                raise RegistryError(f"{where} was changed: it does not match its name; see negbank verify --repair")

    def measure(self, folder: str, name: str) -> tuple[int, str]:
        """The size and the SHA-256 of a blob as it lies in store. Raises FileNotFoundError, OSError."""
        path = self.path(folder, name)
        return path.stat().st_size, hash_file(path)

    def names(self, folder: str) -> Iterator[tuple[str, int]]:
        """`(name, bytes)` of every blob of a folder."""
        for path in (self.root / folder).glob("*/*"):
            if path.suffix == SUFFIX[folder]:
                yield path.stem, path.stat().st_size

    def remove(self, folder: str, names: Iterable[str]) -> None:
        """Take blobs away; those that are gone already count as taken."""
        remove_files([self.path(folder, name) for name in names])

    def leftovers(self) -> list[Path]:
        """Files that interrupted writers of this machine left."""
        return [path for path in self._tmp.rglob("*") if path.is_file()]

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for files being written, on the registry's disk, that is gone afterwards."""
        self._tmp.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._tmp))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def spill(self) -> Iterator[Path]:
        """As `scratch` for what is only read from: elsewhere where the registry's disk cannot be written."""
        with contextlib.ExitStack() as stack:
            try:
                folder = stack.enter_context(self.scratch())
            except OSError as error:
                if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
                    raise
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="negbank-")))
            yield folder

    @property
    def _tmp(self) -> Path:
        return self.root / "tmp"
