"""Names that are given once, in a folder: versions, tags, and where a dataset was pushed to.

::

    <root>/datasets/arc/versions/v3         the name of the manifest that is version 3 of arc
    <root>/datasets/arc/tags/stable         the name of the manifest that is tagged so, and `arc@stable`
    <root>/datasets/arc/validations/abcd..../12ab....json    what was measured on the version with that manifest
    <root>/datasets/arc/remote.json         where the dataset was pushed to or pulled from
    <root>/lock                             held shared by writers, alone by what removes files

A file that was changed is noticed: a version's manifest says which version it is, a tag's file which tag, the name of a
measurement is its hash, and `remote.json` carries its own. Files of earlier commits lack the last and the tag's name.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from negbank.errors import RegistryError, StorageError
from negbank.registry import disk
from negbank.registry.disk import translated
from negbank.registry.names import version_number

_CHECK: Final = "check"
"""The key of `remote.json` that holds a hash over the rest."""

_NAMES: Final = re.compile(
    r"[^/]+(?:/versions(?:/v[1-9][0-9]{0,8})?|/tags(?:/[^/]+)?|/validations(?:/[0-9a-f]{64}(?:/[0-9a-f]{16}\.json)?)?"
    r"|/remote\.json)?"
)
"""The files and folders of names, as paths in `datasets`."""

_NO_NAME: Final = "negbank did not write it; give it back the name that it had, or move it elsewhere"
_NO_NAMES: Final = "it is missing, but rows are here; copy it back, with what was in it, or wait for the copy to end"
_NO_VERSION: Final = "it names no version; copy its folder versions back, or move it elsewhere"

_READ_ONLY: Final = (errno.EROFS, errno.EACCES, errno.EPERM)


class Refs(Protocol):
    """The names of one registry. Each method is all or nothing, also if the process is killed in it."""

    def bind(self) -> str | None:
        """What `registry.json` must carry as `id`, so that names and blobs belong together; None for a folder."""

    def versions(self) -> dict[tuple[str, int], str]:
        """Every version: `(dataset, number)` -> name of its manifest, or what stands there instead."""

    def tags(self) -> dict[tuple[str, str], str]:
        """Every tag: `(dataset, tag)` -> name of the manifest, or what stands there instead; in order."""

    def strangers(self) -> dict[str, str]:
        """What is wrong among the files of names, by path: some that negbank did not write, or no names at all."""

    def make_version(self, dataset: str, number: int, manifest: str) -> bool:
        """Publish version `number`; False where another writer was first."""

    def make_tag(self, dataset: str, tag: str, manifest: str) -> bool:
        """Give a version a tag; False where the tag is there already."""

    def move_tag(self, dataset: str, tag: str, manifest: str) -> None:
        """Give a tag to another version."""

    def drop_tag(self, dataset: str, tag: str) -> None:
        """Take a tag away."""

    def drop_dataset(self, dataset: str) -> None:
        """Take away every name of a dataset, all at once."""

    def remote(self, dataset: str) -> dict[str, Any]:
        """Where a dataset was pushed to or pulled from; empty where it never was. Raises RegistryError if changed."""

    def set_remote(self, dataset: str, record: dict[str, Any]) -> None:
        """Keep where a dataset was pushed to or pulled from."""

    def validations(self, dataset: str, manifest: str) -> dict[str, str]:
        """What was measured on a version: name -> JSON, in order of the names. Raises RegistryError if changed."""

    def add_validation(self, dataset: str, manifest: str, name: str, text: str) -> None:
        """Keep what was measured on a version."""

    def lock(self, alone: bool = False) -> contextlib.AbstractContextManager[None]:
        """Hold the registry: many writers together, or one that removes files alone. Waits for the others."""


class FolderRefs:
    """The names of a registry folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def bind(self) -> str | None:
        """None: a folder's names and blobs cannot come apart."""
        return None

    def versions(self) -> dict[tuple[str, int], str]:
        """Every version: `(dataset, number)` -> name of its manifest, or what stands there instead."""
        return numbered(self.root / "datasets", "versions")

    def tags(self) -> dict[tuple[str, str], str]:
        """Every tag: `(dataset, tag)` -> name of the manifest, or what stands there instead; in order."""
        found = {}
        with translated(self.root):
            for path in (own for dataset in _inside(self.root / "datasets") for own in _inside(dataset / "tags")):
                dataset, text = path.parents[1].name, read_name(path)
                name, _, own = text.partition(" ")
                found[dataset, path.name] = name if own in ("", f"{dataset}@{path.name}") else text
        return found

    def strangers(self) -> dict[str, str]:
        """What is wrong among the files of names, by path: some that negbank did not write, or no names at all."""
        folder = self.root / "datasets"
        with translated(self.root):
            made = [self.root / name for name in ("objects", "contents", "manifests") if (self.root / name).is_dir()]
            if made and (gone := [own for own in (folder, self.root / "manifests") if not own.is_dir()]):
                return {str(gone[0]): _NO_NAMES}
            named, found = {dataset for dataset, _ in self.versions()}, {}
            for path in sorted(folder.rglob("*")):
                if path.name.startswith("."):
                    continue
                is_dataset = path.parent == folder
                if not _NAMES.fullmatch(path.relative_to(folder).as_posix()) or (is_dataset and not path.is_dir()):
                    found[str(path)] = _NO_NAME
                elif is_dataset and path.name not in named and not _is_hollow(path):
                    found[str(path)] = _NO_VERSION
        return found

    def make_version(self, dataset: str, number: int, manifest: str) -> bool:
        """Publish version `number`; False where another writer was first."""
        return self._make(self._folder(dataset) / "versions" / f"v{number}", manifest)

    def make_tag(self, dataset: str, tag: str, manifest: str) -> bool:
        """Give a version a tag; False where the tag is there already."""
        return self._make(self._folder(dataset) / "tags" / tag, f"{manifest} {dataset}@{tag}")

    def move_tag(self, dataset: str, tag: str, manifest: str) -> None:
        """Give a tag to another version."""
        self._set(self._folder(dataset) / "tags" / tag, f"{manifest} {dataset}@{tag}".encode())

    def drop_tag(self, dataset: str, tag: str) -> None:
        """Take a tag away."""
        path = self._folder(dataset) / "tags" / tag
        with translated(self.root):
            disk.refuse_links(self.root, path.parent)
            path.unlink(missing_ok=True)

    def drop_dataset(self, dataset: str) -> None:
        """Take away every name of a dataset, all at once."""
        with translated(self.root):
            disk.refuse_links(self.root, self._folder(dataset))
            self._tmp.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._tmp, ignore_cleanup_errors=True) as scratch:
                self._folder(dataset).rename(Path(scratch) / dataset)

    def remote(self, dataset: str) -> dict[str, Any]:
        """Where a dataset was pushed to or pulled from; empty where it never was. Raises RegistryError if changed."""
        path = self._folder(dataset) / "remote.json"
        with translated(self.root):
            try:
                data = disk.read(path)
            except (FileNotFoundError, NotADirectoryError):
                return {}
        try:
            record: dict[str, Any] = json.loads(data)
            check = record.pop(_CHECK, None)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise RegistryError(f"{path} cannot be read; remove it, and push or pull {dataset} again") from error
        old = check is None and set(record) <= {"repo", "head", "commits"}  # as earlier commits wrote it
        if not old and data != _checked(dataset, record):
            raise RegistryError(f"{path} was changed; remove it, and push or pull {dataset} again")
        return record

    def set_remote(self, dataset: str, record: dict[str, Any]) -> None:
        """Keep where a dataset was pushed to or pulled from."""
        self._set(self._folder(dataset) / "remote.json", _checked(dataset, record))

    def validations(self, dataset: str, manifest: str) -> dict[str, str]:
        """What was measured on a version: name -> JSON, in order of the names. Raises RegistryError if changed."""
        with translated(self.root):
            paths = sorted((self._folder(dataset) / "validations" / manifest).glob("*.json"))
            found = {path: disk.read(path) for path in paths}
        for path, data in found.items():
            if validation_name(data) != path.stem:
                raise RegistryError(f"{path} was changed: it does not match its name; move it away to go on")
        return {path.stem: data.decode() for path, data in found.items()}

    def add_validation(self, dataset: str, manifest: str, name: str, text: str) -> None:
        """Keep what was measured on a version."""
        self._set(self._folder(dataset) / "validations" / manifest / f"{name}.json", text.encode())

    @contextlib.contextmanager
    def lock(self, alone: bool = False) -> Iterator[None]:
        """Hold the registry: many writers together, or one that removes files alone. Waits for the others."""
        with contextlib.ExitStack() as held:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
                held.callback(os.close, descriptor)  # which gives the lock back, also if the process is killed
                disk.lock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            except (OSError, StorageError) as error:
                if alone or (isinstance(error, OSError) and error.errno not in _READ_ONLY):
                    with translated(self.root):
                        raise
                # nothing can be written here, or nothing removed by anyone: then there is nothing to wait for
            yield

    def _folder(self, dataset: str) -> Path:
        return self.root / "datasets" / dataset

    @property
    def _tmp(self) -> Path:
        return self.root / "tmp"

    def _make(self, path: Path, text: str) -> bool:
        with translated(self.root):
            disk.refuse_links(self.root, path.parent)
            return disk.create(self._tmp, path, text.encode())

    def _set(self, path: Path, data: bytes) -> None:
        with translated(self.root):
            disk.refuse_links(self.root, path.parent)
            disk.write(self._tmp, path, data)


def _is_hollow(folder: Path) -> bool:
    """Whether there is no file in a folder: a writer was killed before it named its first version."""
    return all(path.is_dir() and not path.is_symlink() for path in folder.rglob("*"))


def _inside(folder: Path) -> list[Path]:
    """What is in a folder, in order, nothing where there is none; unlike a glob, it passes over nothing unreadable."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def numbered(folder: Path, below: str = "") -> dict[tuple[str, int], str]:
    """What the files `v1`, `v2` and so on say, by dataset and number; they lie in `below` in the dataset's folder."""
    found = {}
    with translated(folder.parent):
        for dataset in _inside(folder):
            for path in _inside(dataset / below):
                if number := version_number(path.name):
                    found[dataset.name, number] = read_name(path)
    return found


def read_name(path: Path) -> str:
    """What a file says that should hold the name of a manifest; nothing where it cannot be read."""
    try:
        return disk.read(path, _LONGEST).decode(errors="replace").removesuffix("\n")
    except (OSError, RegistryError):
        return ""


_LONGEST: Final = 400
"""Bytes of a reference that are read: a hash, a dataset and a tag have fewer."""


def validation_name(data: bytes) -> str:
    """The name under which a measurement stands: the first digits of its hash."""
    return hashlib.sha256(data).hexdigest()[:16]


def _checked(dataset: str, record: dict[str, Any]) -> bytes:
    """A record of `remote.json`, with a hash over it and the dataset that it belongs to."""
    text = json.dumps([dataset, record], sort_keys=True)
    whole = {**record, _CHECK: hashlib.sha256(text.encode()).hexdigest()}
    return json.dumps(whole, indent=1, sort_keys=True).encode()
