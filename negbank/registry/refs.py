"""Names that are given once, in a folder: versions, tags, and where a dataset was pushed to.

::

    <root>/datasets/arc/versions/v3         the name of the manifest that is version 3 of arc
    <root>/datasets/arc/tags/stable         the name of the manifest that is tagged so
    <root>/datasets/arc/validations/abcd..../12ab....json    what was measured on the version with that manifest
    <root>/datasets/arc/remote.json         where the dataset was pushed to or pulled from
    <root>/lock                             held shared by writers, alone by what removes files
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from negbank.registry import disk
from negbank.registry.disk import translated


class Refs(Protocol):
    """The names of one registry. Each method is all or nothing, also if the process is killed in it."""

    def bind(self) -> str | None:
        """What `registry.json` must carry as `id`, so that names and blobs belong together; None for a folder."""

    def versions(self) -> dict[tuple[str, int], str]:
        """Every version: `(dataset, number)` -> name of its manifest."""

    def tags(self) -> dict[tuple[str, str], str]:
        """Every tag: `(dataset, tag)` -> name of the manifest, in order."""

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
        """Where a dataset was pushed to or pulled from; empty where it never was."""

    def set_remote(self, dataset: str, record: dict[str, Any]) -> None:
        """Keep where a dataset was pushed to or pulled from."""

    def validations(self, dataset: str, manifest: str) -> dict[str, str]:
        """What was measured on a version: name -> JSON, in order of the names."""

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
        """Every version: `(dataset, number)` -> name of its manifest."""
        found = {}
        with translated(self.root):
            for path in (self.root / "datasets").glob("*/versions/v*"):
                if path.name[1:].isdecimal():
                    found[path.parents[1].name, int(path.name[1:])] = path.read_text().strip()
        return found

    def tags(self) -> dict[tuple[str, str], str]:
        """Every tag: `(dataset, tag)` -> name of the manifest, in order."""
        with translated(self.root):
            paths = sorted((self.root / "datasets").glob("*/tags/*"))
            return {(path.parents[1].name, path.name): path.read_text().strip() for path in paths}

    def make_version(self, dataset: str, number: int, manifest: str) -> bool:
        """Publish version `number`; False where another writer was first."""
        return self._make(self._folder(dataset) / "versions" / f"v{number}", manifest)

    def make_tag(self, dataset: str, tag: str, manifest: str) -> bool:
        """Give a version a tag; False where the tag is there already."""
        return self._make(self._folder(dataset) / "tags" / tag, manifest)

    def move_tag(self, dataset: str, tag: str, manifest: str) -> None:
        """Give a tag to another version."""
        self._set(self._folder(dataset) / "tags" / tag, manifest.encode())

    def drop_tag(self, dataset: str, tag: str) -> None:
        """Take a tag away."""
        with translated(self.root):
            (self._folder(dataset) / "tags" / tag).unlink(missing_ok=True)

    def drop_dataset(self, dataset: str) -> None:
        """Take away every name of a dataset, all at once."""
        with translated(self.root):
            self._tmp.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._tmp, ignore_cleanup_errors=True) as scratch:
                self._folder(dataset).rename(Path(scratch) / dataset)

    def remote(self, dataset: str) -> dict[str, Any]:
        """Where a dataset was pushed to or pulled from; empty where it never was."""
        path = self._folder(dataset) / "remote.json"
        with translated(self.root):
            if not path.exists():
                return {}
            record: dict[str, Any] = json.loads(path.read_text())
            return record

    def set_remote(self, dataset: str, record: dict[str, Any]) -> None:
        """Keep where a dataset was pushed to or pulled from."""
        self._set(self._folder(dataset) / "remote.json", json.dumps(record, indent=1, sort_keys=True).encode())

    def validations(self, dataset: str, manifest: str) -> dict[str, str]:
        """What was measured on a version: name -> JSON, in order of the names."""
        with translated(self.root):
            paths = sorted((self._folder(dataset) / "validations" / manifest).glob("*.json"))
            return {path.stem: path.read_text(encoding="utf-8") for path in paths}

    def add_validation(self, dataset: str, manifest: str, name: str, text: str) -> None:
        """Keep what was measured on a version."""
        self._set(self._folder(dataset) / "validations" / manifest / f"{name}.json", text.encode())

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

    def _folder(self, dataset: str) -> Path:
        return self.root / "datasets" / dataset

    @property
    def _tmp(self) -> Path:
        return self.root / "tmp"

    def _make(self, path: Path, text: str) -> bool:
        with translated(self.root):
            return disk.create(self._tmp, path, text.encode())

    def _set(self, path: Path, data: bytes) -> None:
        with translated(self.root):
            disk.write(self._tmp, path, data)
