"""Files that appear whole or not at all: blobs named by their content, and names given once.

::

    <root>/registry.json                    {"layout": 2}
    <root>/objects/ab/abcd....parquet       rows, or ids of removed rows, named by the SHA-256 of the file
    <root>/contents/ab/abcd....json         which objects make up the rows whose content is abcd...
    <root>/manifests/ab/abcd....json        one version's manifest, named by its SHA-256
    <root>/datasets/arc/versions/v3         the name of the manifest that is version 3 of arc
    <root>/datasets/arc/tags/stable         the name of the manifest that is tagged so
    <root>/datasets/arc/remote.json         where the dataset was pushed to or pulled from
    <root>/tmp/                             files being written
    <root>/lock                             held shared by writers, alone by what removes files
    <root>/catalogue.duckdb                 an index of the above, made again whenever it differs
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from negbank.errors import RegistryError, StorageError

LAYOUT = 2
SUFFIX = {"objects": ".parquet", "contents": ".json", "manifests": ".json"}
"""The folders of blobs, and the ending of the files in each."""


class Store:
    """The files of one registry folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def layout(self) -> int | None:
        """The number of the layout, None where there is no registry yet. Raises RegistryError for a broken marker."""
        marker = self.root / "registry.json"
        with translated(self.root):
            if not marker.exists():
                return None
            try:
                layout = json.loads(marker.read_text())["layout"]
            except (ValueError, KeyError, TypeError) as error:
                raise RegistryError(f'{marker} cannot be read; write {{"layout": {LAYOUT}}} into it') from error
        if not isinstance(layout, int) or layout > LAYOUT:
            raise RegistryError(f"{self.root} has layout {layout}; this negbank reads {LAYOUT}: upgrade negbank")
        return layout

    def create(self) -> None:
        """Make the folder and `registry.json` where they are not there yet."""
        if self.layout() is not None:
            return
        with translated(self.root):
            if self.root.is_dir() and any(p.name not in ("tmp", "lock") for p in self.root.iterdir()):
                raise RegistryError(f"{self.root} is no registry and is not empty; name another folder")
            self.set_layout(LAYOUT)

    def set_layout(self, layout: int) -> None:
        """Write `registry.json`."""
        with translated(self.root):
            self._write(self.root / "registry.json", json.dumps({"layout": layout}).encode())

    def put(self, folder: str, data: bytes) -> str:
        """The SHA-256 (hexadecimal) under which `data` now stands in `folder`; nothing is written twice."""
        name = hashlib.sha256(data).hexdigest()
        path = self.path(folder, name)
        with translated(self.root):
            if not path.exists() or path.stat().st_size != len(data):
                self._write(path, data)
        return name

    def put_file(self, folder: str, source: Path) -> tuple[str, int]:
        """As `put` for a file of `temporary`, which is moved: its name and its size in bytes."""
        with translated(self.root):
            name, size = hash_file(source), source.stat().st_size
            path = self.path(folder, name)
            if not path.exists() or path.stat().st_size != size:
                with source.open("rb") as file:
                    os.fsync(file.fileno())
                path.parent.mkdir(parents=True, exist_ok=True)
                source.chmod(0o644)
                source.replace(path)
                _sync_folder(path.parent)
        return name, size

    def set(self, path: Path, data: bytes) -> None:
        """Write a file that may be written again, whole or not at all; `path` lies in the registry."""
        with translated(self.root):
            self._write(path, data)

    def path(self, folder: str, name: str) -> Path:
        """Where a blob stands."""
        return self.root / folder / name[:2] / f"{name}{SUFFIX[folder]}"

    def get(self, folder: str, name: str) -> bytes:
        """The bytes of a blob, checked against their name."""
        self.check(folder, name)
        return self.path(folder, name).read_bytes()

    def check(self, folder: str, name: str) -> None:
        """Raise RegistryError where a blob is missing, or its content does not match its name."""
        path = self.path(folder, name)
        with translated(self.root):
            if not path.exists():
                raise RegistryError(f"{path} is missing: the registry is damaged; see negbank verify --repair")
            if hash_file(path) != name:
                raise RegistryError(f"{path} was changed: it does not match its name; see negbank verify --repair")

    def blobs(self, folder: str) -> Iterator[tuple[str, Path]]:
        """`(name, path)` of every blob of a folder."""
        for path in (self.root / folder).glob("*/*"):
            if path.suffix == SUFFIX[folder]:
                yield path.stem, path

    def make_version(self, dataset: str, number: int, manifest: str) -> bool:
        """Publish version `number`; False where another writer was first. All or nothing, also if killed."""
        return self._make(self.dataset(dataset) / "versions" / f"v{number}", manifest)

    def make_tag(self, dataset: str, tag: str, manifest: str) -> bool:
        """Give a version a tag; False where the tag is there already."""
        return self._make(self.dataset(dataset) / "tags" / tag, manifest)

    def move_tag(self, dataset: str, tag: str, manifest: str) -> None:
        """Give a tag to another version."""
        self.set(self.dataset(dataset) / "tags" / tag, manifest.encode())

    def drop_tag(self, dataset: str, tag: str) -> None:
        """Take a tag away."""
        with translated(self.root):
            (self.dataset(dataset) / "tags" / tag).unlink(missing_ok=True)

    def drop_dataset(self, dataset: str) -> None:
        """Take away every name of a dataset, all at once."""
        with translated(self.root), self.scratch() as scratch:
            self.dataset(dataset).rename(scratch / dataset)

    def dataset(self, dataset: str) -> Path:
        """The folder with the names of a dataset."""
        return self.root / "datasets" / dataset

    def refs(self) -> dict[tuple[str, int], str]:
        """Every version: `(dataset, number)` -> name of its manifest."""
        found = {}
        for path in (self.root / "datasets").glob("*/versions/v*"):
            if path.name[1:].isdecimal():
                found[path.parents[1].name, int(path.name[1:])] = path.read_text().strip()
        return found

    def tags(self, dataset: str) -> dict[str, str]:
        """The tags of a dataset: tag -> name of the manifest."""
        with translated(self.root):
            return {p.name: p.read_text().strip() for p in sorted((self.dataset(dataset) / "tags").glob("*"))}

    def remote(self, dataset: str) -> dict[str, Any]:
        """Where a dataset was pushed to or pulled from; empty where it never was."""
        path = self.dataset(dataset) / "remote.json"
        with translated(self.root):
            if not path.exists():
                return {}
            record: dict[str, Any] = json.loads(path.read_text())
            return record

    def set_remote(self, dataset: str, record: dict[str, Any]) -> None:
        """Keep where a dataset was pushed to or pulled from."""
        self.set(self.dataset(dataset) / "remote.json", json.dumps(record, indent=1, sort_keys=True).encode())

    @contextlib.contextmanager
    def lock(self, alone: bool = False) -> Iterator[None]:
        """Hold the registry: many writers together, or one that removes files alone. Waits for the others."""
        with translated(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with translated(self.root):
                fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)  # which gives the lock back, also if the process is killed

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for files being written, on the registry's disk, that is gone afterwards."""
        (self.root / "tmp").mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self.root / "tmp"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _make(self, target: Path, text: str) -> bool:
        with translated(self.root):
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._temporary(text.encode()) as temporary:
                try:
                    os.link(temporary, target)  # fails where the name is taken: the one atomic create of POSIX
                except FileExistsError:
                    return False
            _sync_folder(target.parent)
        return True

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._temporary(data) as temporary:
            temporary.replace(path)
        _sync_folder(path.parent)

    @contextlib.contextmanager
    def _temporary(self, data: bytes) -> Iterator[Path]:
        """A file with `data`, on the disk for sure, that is gone afterwards unless it was renamed."""
        folder = self.root / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            path.chmod(0o644)
            yield path
        finally:
            path.unlink(missing_ok=True)


def hash_file(path: Path) -> str:
    """The SHA-256 (hexadecimal) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def translated(place: Path) -> Iterator[None]:
    """Turn the disk's refusals into StorageError, with what to do."""
    try:
        yield
    except OSError as error:
        remedy = {
            errno.ENOSPC: "the disk is full; free some space",
            errno.EDQUOT: "the disk quota is used up; free some space",
            errno.EFBIG: "a file would be larger than this process may write",
            errno.EROFS: "the disk is read-only; name another registry with --registry",
            errno.EACCES: "no permission to write; name another registry with --registry",
            errno.EPERM: "no permission to write; name another registry with --registry",
        }.get(error.errno or 0)
        if remedy is None:
            raise StorageError(f"{place}: {error}") from error
        raise StorageError(f"{place}: {remedy}. Nothing was changed") from error


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
