"""Blobs in a folder: files named by the SHA-256 of what they hold, written once.

::

    <root>/objects/ab/abcd....parquet       rows, or ids of removed rows
    <root>/manifests/ab/abcd....json        one version's manifest
    <root>/contents/ab/abcd....json         which objects make up the rows whose content is abcd...
    <root>/tmp/                             files being written
    <root>/quarantine/                      damaged files that were replaced, and rows saved from them

A file of `contents` is named by the rows that it leads to, which may lie in objects in several ways. No symbolic link
is followed: what lies outside the folder is not the registry's, and is neither listed nor removed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from negbank.errors import RegistryError
from negbank.registry import disk
from negbank.registry.disk import hash_file, remove_files, translated
from negbank.registry.names import is_hash
from negbank.text.display import short

SUFFIX: Final = {"objects": ".parquet", "contents": ".json", "manifests": ".json"}
"""The folders of blobs, and the ending of the files in each."""

MARKER: Final = "registry.json"

_BEFORE: Final = ("datasets", "manifests")
"""Folders that are made, empty, before `registry.json`."""

_OWN: Final = (*SUFFIX, "datasets", "tmp", "quarantine")


class FolderBlobs:
    """The blobs of one folder; `root` is also where what is being written lies."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._checked: dict[Path, tuple[int, ...]] = {}

    @property
    def place(self) -> str:
        """Where the blobs lie, for messages."""
        return str(self.root)

    def marker(self) -> bytes | None:
        """What `registry.json` holds, None where it is not there."""
        with translated(self.place):
            path = self.root / MARKER
            return disk.read(path) if path.exists() else None

    def set_marker(self, data: bytes) -> None:
        """Write `registry.json`."""
        with translated(self.place):
            for name in _BEFORE:  # so that their absence says that they were lost
                (self.root / name).mkdir(parents=True, exist_ok=True)
            disk.write(self._tmp, self.root / MARKER, data)

    def is_fresh(self) -> bool:
        """Whether nothing is here that a registry would not have put here."""
        with translated(self.place):
            if not self.root.is_dir():
                return not os.path.lexists(self.root) and not self._is_in_file()
            if any(folder.is_dir() and any(folder.iterdir()) for folder in map(self.root.joinpath, _BEFORE)):
                return False
            return all(path.name in ("tmp", "lock", *_BEFORE) for path in self.root.iterdir())

    def stranger(self) -> str:
        """What is wrong with a place that is not fresh and has no `registry.json`."""
        if not self.root.is_dir():
            what = "is a symbolic link to nothing" if self.root.is_symlink() else "is a file, or is in one"
            return f"{self.root} {what}, not a registry; name a folder (--registry DIR)"
        if any((self.root / name).is_dir() for name in ("objects", "datasets")):
            return (
                f"{self.root / MARKER} is missing: the registry is damaged. If it was made by this negbank, write "
                '{"layout": 2} into that file; then see negbank verify'
            )
        return f"{self.root} is no registry and is not empty; name another folder (--registry DIR)"

    def _is_in_file(self) -> bool:
        """Whether something on the way to the registry is no folder."""
        there = next(path for path in self.root.parents if os.path.lexists(path))
        return not there.is_dir()

    def put(self, folder: str, data: bytes) -> str:
        """The SHA-256 (hexadecimal) under which `data` now stands in `folder`; nothing is written twice."""
        name = hashlib.sha256(data).hexdigest()
        with translated(self.place):
            if self._is_due(folder, name):
                disk.write(self._tmp, self.path(folder, name), data)
        return name

    def put_file(self, folder: str, source: Path) -> tuple[str, int]:
        """As `put` for a file of `scratch`, which is moved: its name and its size in bytes."""
        with translated(self.place):
            name, size = hash_file(source), source.stat().st_size
            if self._is_due(folder, name):
                disk.move(source, self.path(folder, name))
        return name, size

    def _is_due(self, folder: str, name: str) -> bool:
        """Whether a blob has yet to be written; a damaged one that is in its place is set aside."""
        path = self.path(folder, name)
        disk.refuse_links(self.root, path.parent)
        if not path.exists():
            return True
        if path.is_file() and hash_file(path) == name:
            return False
        self.set_aside(folder, name)
        return True

    def set_aside(self, folder: str, name: str) -> None:
        """Keep a damaged blob in `quarantine/`, if it is there: it is about to be replaced."""
        with translated(self.place), contextlib.suppress(FileNotFoundError):
            disk.set_aside(self.path(folder, name), self.quarantine / folder)

    @property
    def quarantine(self) -> Path:
        """Where damaged files go, and rows that were saved from them."""
        return self.root / "quarantine"

    def set(self, folder: str, name: str, data: bytes) -> None:
        """Write a blob whose name does not follow from its bytes, whole or not at all."""
        with translated(self.place):
            disk.refuse_links(self.root, self.path(folder, name).parent)
            disk.write(self._tmp, self.path(folder, name), data)

    def path(self, folder: str, name: str) -> Path:
        """Where a blob stands on this machine, if it does. Raises RegistryError where the name is none of a blob's."""
        if not is_hash(name):
            raise RegistryError(f"{short(name, 80)} is not the name of a file in {folder}; see negbank verify")
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
                return disk.read(self.path(folder, name))
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
            if not path.is_file():
                raise RegistryError(f"{where} is no file: the registry is damaged; see negbank verify --repair")
            state = _state(path)
            if state == self._checked.get(path):
                return
            if hash_file(path) != name:
                raise RegistryError(f"{where} was changed: it does not match its name; see negbank verify --repair")
            if time.time_ns() - max(state[-2:]) > _SETTLED_NS:
                self._checked[path] = state

    def measure(self, folder: str, name: str) -> tuple[int, str]:
        """The size and the SHA-256 of a blob as it lies in store. Raises OSError, RegistryError."""
        path = self.path(folder, name)
        return path.stat().st_size, hash_file(path)

    def names(self, folder: str) -> Iterator[tuple[str, int]]:
        """`(name, bytes)` of every blob of a folder."""
        for path in _files_of(self.root / folder):
            if is_hash(path.stem) and path == self.path(folder, path.stem):
                yield path.stem, path.stat().st_size

    def links(self) -> list[str]:
        """Symbolic links among the folders of the registry: what lies behind them is not part of it."""
        with translated(self.place):
            found = [path for name in _OWN for path in ((self.root / name), *(self.root / name).rglob("*"))]
        return sorted(str(path) for path in found if path.is_symlink())

    def remove(self, folder: str, names: Iterable[str]) -> None:
        """Take blobs away; those that are gone already count as taken."""
        remove_files([self.path(folder, name) for name in names])

    def leftovers(self) -> list[tuple[Path, int]]:
        """Files and folders that interrupted processes of this machine left in `tmp`, each with its bytes."""
        if self._tmp.is_symlink() or not self._tmp.is_dir():
            return []
        old = [self.root / f"catalogue.duckdb{end}" for end in ("", ".wal")]  # an index of earlier commits
        idle = [path for path in sorted(self._tmp.iterdir()) if disk.is_idle(path)]
        return [(path, _bytes(path)) for path in (*idle, *(path for path in old if path.is_file()))]

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for files being written, on the registry's disk, that is gone afterwards."""
        self._tmp.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._tmp))
        try:
            with disk.held(folder):  # so that `gc` leaves it
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def spill(self) -> Iterator[Path]:
        """As `scratch` for what is only read from: elsewhere where the registry's disk cannot be written."""
        with contextlib.ExitStack() as stack:
            try:
                self.root.stat()  # what only reads makes no registry
                folder = stack.enter_context(self.scratch())
            except OSError as error:
                if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT):
                    raise
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="negbank-")))
            yield folder

    @property
    def _tmp(self) -> Path:
        return self.root / "tmp"


_SETTLED_NS: Final = 2_000_000_000
"""A file that was written just now may be written again without another time: it is hashed each time."""


def _state(path: Path) -> tuple[int, ...]:
    """What is another whenever a file was written again."""
    found = path.stat()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _files_of(folder: Path) -> Iterator[Path]:
    """The files two levels below a folder, behind no symbolic link."""
    shards = folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ()
    for shard in sorted(shards):
        if shard.is_dir() and not shard.is_symlink():
            yield from (path for path in sorted(shard.iterdir()) if path.is_file() and not path.is_symlink())


def _bytes(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    every = path.rglob("*") if path.is_dir() and not path.is_symlink() else (path,)
    return sum(own.lstat().st_size for own in every if not own.is_dir())
