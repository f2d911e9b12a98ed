"""Blobs in an object store (S3 and what else fsspec knows), with a cache of them in a folder of this machine.

What is written goes into the cache and then up, whole: an object store has no half-written objects, and a name is
published after all that it leads to. What is read comes down once, and is checked against its name.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from negbank.errors import RegistryError, StorageError
from negbank.folders import without_password
from negbank.registry import disk
from negbank.registry.blobs import MARKER, SUFFIX, FolderBlobs
from negbank.registry.disk import hash_file, remove_files, translated
from negbank.registry.names import is_hash

_CHUNK = 1 << 22


class ObjectStoreBlobs(FolderBlobs):
    """The blobs below a URL such as `s3://bucket/prefix`; `root` is their cache."""

    def __init__(self, url: str, cache: Path) -> None:
        super().__init__(cache / hashlib.sha256(url.encode()).hexdigest()[:16])
        self.url = without_password(url.rstrip("/"))
        self._files, self._base = _open(url.rstrip("/"))

    @property
    def place(self) -> str:
        """The URL, without a password."""
        return self.url

    def marker(self) -> bytes | None:
        """What `registry.json` holds, None where it is not there."""
        return self._read(f"{self._base}/{MARKER}")

    def set_marker(self, data: bytes) -> None:
        """Write `registry.json`."""
        with self._asked():
            self._files.pipe_file(f"{self._base}/{MARKER}", data)

    def is_fresh(self) -> bool:
        """Whether nothing is below the URL."""
        with self._asked():
            try:
                return not self._files.find(self._base, maxdepth=2)
            except FileNotFoundError:
                return True

    def stranger(self) -> str:
        """What is wrong with a place that is not fresh and has no `registry.json`."""
        return f"{self.url} is not empty and has no {MARKER}: it is no registry, or a damaged one; name another place"

    def put(self, folder: str, data: bytes) -> str:
        """The SHA-256 (hexadecimal) under which `data` now stands in `folder`; nothing is sent twice."""
        name = super().put(folder, data)
        self._send(folder, name)
        return name

    def put_file(self, folder: str, source: Path) -> tuple[str, int]:
        """As `put` for a file of `scratch`, which is moved: its name and its size in bytes."""
        name, size = super().put_file(folder, source)
        self._send(folder, name)
        return name, size

    def set(self, folder: str, name: str, data: bytes) -> None:
        """Write a blob whose name does not follow from its bytes; it is not cached, since another machine may too."""
        with self._asked():
            self._files.pipe_file(self._remote(folder, name), data)

    def where(self, folder: str, name: str) -> str:
        """The URL of a blob, for messages."""
        return f"{self.url}/{self._tail(folder, name)}"

    def fetch(self, folder: str, name: str) -> Path:
        """Where a blob can be read on this machine: it comes down where it is not there. Missing, if it is nowhere."""
        path = self.path(folder, name)
        if path.exists():
            return path
        with self.scratch() as scratch, self._asked():
            try:
                self._files.get_file(self._remote(folder, name), str(scratch / "blob"))
            except FileNotFoundError:
                return path
            disk.move(scratch / "blob", path)
        return path

    def check(self, folder: str, name: str) -> None:
        """Raise RegistryError where a blob is missing, or its content does not match its name."""
        path = self.path(folder, name)
        if path.exists() and hash_file(path) == name:
            return
        path.unlink(missing_ok=True)  # a damaged cache; what lies in the object store counts
        super().check(folder, name)

    def exists(self, folder: str, name: str) -> bool:
        """Whether a blob is in the object store."""
        return self._size(folder, name) is not None

    def read(self, folder: str, name: str) -> bytes | None:
        """The bytes of a blob as they lie in the object store; None where it is not there."""
        return self._read(self._remote(folder, name))

    def measure(self, folder: str, name: str) -> tuple[int, str]:
        """The size and the SHA-256 of a blob as it lies in the object store. Raises FileNotFoundError, OSError."""
        digest, size = hashlib.sha256(), 0
        with self._asked(FileNotFoundError), self._files.open(self._remote(folder, name), "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
        return size, digest.hexdigest()

    def names(self, folder: str) -> Iterator[tuple[str, int]]:
        """`(name, bytes)` of every blob of a folder of the object store."""
        with self._asked():
            try:
                found = self._files.find(f"{self._base}/{folder}", detail=True)
            except FileNotFoundError:
                return
        for path, entry in found.items():
            name = PurePosixPath(path).stem
            if is_hash(name) and path == self._remote(folder, name):  # else it is somebody else's
                yield name, int(entry["size"])

    def remove(self, folder: str, names: Iterable[str]) -> None:
        """Take blobs away, in the object store and in the cache."""
        names = list(names)
        with self._asked():
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    self._files.rm_file(self._remote(folder, name))
        super().remove(folder, names)

    def set_aside(self, folder: str, name: str) -> None:
        """Keep a damaged blob in `quarantine/`, if it is there; the copy in the cache goes."""
        target = f"{self._base}/quarantine/{self._tail(folder, name)}"
        with self._asked(), contextlib.suppress(FileNotFoundError):
            self._files.cp_file(self._remote(folder, name), target)
        remove_files([self.path(folder, name)])

    def _send(self, folder: str, name: str) -> None:
        path = self.path(folder, name)
        if self._size(folder, name) != path.stat().st_size:
            with self._asked():
                self._files.put_file(str(path), self._remote(folder, name))

    def _size(self, folder: str, name: str) -> int | None:
        with self._asked():
            try:
                return int(self._files.info(self._remote(folder, name))["size"])
            except FileNotFoundError:
                return None

    def _read(self, path: str) -> bytes | None:
        with self._asked():
            try:
                data: bytes = self._files.cat_file(path)
            except FileNotFoundError:
                return None
            return data

    def _remote(self, folder: str, name: str) -> str:
        return f"{self._base}/{self._tail(folder, name)}"

    def _tail(self, folder: str, name: str) -> str:
        return f"{folder}/{name[:2]}/{name}{SUFFIX[folder]}"

    @contextlib.contextmanager
    def _asked(self, *through: type[Exception]) -> Iterator[None]:
        """Turn what the object store's client raises into StorageError; each client has errors of its own."""
        try:
            with translated(self.url):
                yield
        except (StorageError, RegistryError) as error:
            if isinstance(error.__cause__, through):
                raise error.__cause__ from None
            raise
        except Exception as error:
            raise StorageError(
                f"{self.url} does not answer as it should ({type(error).__name__}: {_said(error)}); see that the "
                "bucket is there, that the credentials are set, and that the network is up. Nothing was published"
            ) from error


def _said(error: Exception) -> str:
    """What a client of an object store said, on one line and without a password."""
    return without_password(" ".join(str(error).split()))[:300]


def _open(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it. Raises RegistryError where none can be had."""
    import fsspec

    try:
        files, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        protocol = url.partition("://")[0]
        shown = without_password(url)
        extra = "; pip install 'negbank[s3]'" if protocol == "s3" else ""
        raise RegistryError(f"{shown}: {protocol} cannot be read here ({_said(error)}){extra}") from error
    return files, str(path).rstrip("/")
