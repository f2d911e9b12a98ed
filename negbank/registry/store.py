"""Files that appear whole or not at all: objects named by their content, and references made once.

::

    <root>/registry.json                    {"layout": 1}
    <root>/objects/ab/abcd....parquet       rows, named by the SHA-256 of the file
    <root>/manifests/abcd....json           one version's manifest, named by its SHA-256
    <root>/refs/<dataset>/v3                the name of the manifest that is version 3
    <root>/tmp/                             files being written
    <root>/catalogue.duckdb                 an index of the above, made again whenever it differs
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from negbank.errors import RegistryError, StorageError

LAYOUT = 1


class Store:
    """The files of one registry folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self) -> None:
        """Make the folders and `registry.json` where they are not there yet; refuse another layout."""
        marker = self.root / "registry.json"
        with translated(self.root):
            if not marker.exists():
                if self.root.is_dir() and any(p.name not in ("tmp",) for p in self.root.iterdir()):
                    raise RegistryError(f"{self.root} is no registry and is not empty; name another folder")
                self._write(marker, json.dumps({"layout": LAYOUT}).encode())
            layout = json.loads(marker.read_text()).get("layout")
        if layout != LAYOUT:
            raise RegistryError(f"{self.root} has layout {layout}; this negbank reads {LAYOUT}: upgrade negbank")

    def put(self, folder: str, suffix: str, data: bytes) -> str:
        """The SHA-256 (hexadecimal) under which `data` now stands in `folder`; nothing is written twice."""
        name = hashlib.sha256(data).hexdigest()
        path = self.path(folder, name, suffix)
        with translated(self.root):
            if not path.exists() or path.stat().st_size != len(data):
                self._write(path, data)
        return name

    def path(self, folder: str, name: str, suffix: str) -> Path:
        """Where an object or a manifest stands."""
        return self.root / folder / name[:2] / f"{name}{suffix}"

    def get(self, folder: str, name: str, suffix: str) -> bytes:
        """The bytes of an object or a manifest, checked against their name."""
        path = self.path(folder, name, suffix)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise RegistryError(f"{path} is missing: the registry is damaged; copy it back from a backup") from error
        if hashlib.sha256(data).hexdigest() != name:
            raise RegistryError(f"{path} was changed: its content does not match its name; copy it from a backup")
        return data

    def make_ref(self, dataset: str, number: int, manifest: str) -> bool:
        """Publish version `number`; False where another writer was first. All or nothing, also if killed."""
        target = self.root / "refs" / dataset / f"v{number}"
        with translated(self.root):
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._temporary(manifest.encode()) as temporary:
                try:
                    os.link(temporary, target)  # fails where the name is taken: the one atomic create of POSIX
                except FileExistsError:
                    return False
            _sync_folder(target.parent)
        return True

    def refs(self) -> dict[tuple[str, int], str]:
        """Every version: `(dataset, number)` -> name of its manifest."""
        found = {}
        for path in (self.root / "refs").glob("*/v*"):
            if path.name[1:].isdecimal():
                found[path.parent.name, int(path.name[1:])] = path.read_text().strip()
        return found

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
