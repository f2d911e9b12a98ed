"""Versions of datasets in a folder: written once, never changed, named `arc@v3`."""

from __future__ import annotations

import datetime
import getpass
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from negbank.errors import RegistryError, UnknownNameError
from negbank.folders import registry_folder
from negbank.records import NEGATIVES, TIERS
from negbank.registry.catalogue import Catalogue, DatasetSummary
from negbank.registry.manifest import Manifest, Part, Version
from negbank.registry.rows import from_parquet, to_parquet
from negbank.registry.store import Store, translated

__all__ = ["Commit", "DatasetSummary", "Manifest", "NewPart", "Part", "Registry", "Version", "check_dataset_name"]

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,94}[a-z0-9])?")


@dataclass(frozen=True)
class NewPart:
    """Rows (NEGATIVES) of one tier and split to be committed, and how they were mined."""

    tier: str
    split: str
    rows: pl.DataFrame
    mined: Mapping[str, Any]


@dataclass(frozen=True)
class Commit:
    """What a commit gave: the version, and whether it is new (False where it would have changed nothing)."""

    version: Version
    created: bool


class Registry:
    """A registry folder: the one named, else `NEGBANK_REGISTRY`, else a folder of the user's."""

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = (Path(root).expanduser() if root else registry_folder()).absolute()
        self._store = Store(self.root)
        self._catalogue = Catalogue(self.root / "catalogue.duckdb", self._manifest)

    def commit(self, dataset: str, parts: Sequence[NewPart], message: str, command: str) -> Commit:
        """A new version of `dataset`: `parts`, and of the version before it the tiers that they do not replace.

        Where that changes nothing, the newest version is returned. Interrupted at any moment, the registry is
        as it was. Raises StorageError where the disk refuses.
        """
        check_dataset_name(dataset)
        self._store.create()
        written = [self._write(part) for part in parts]
        replaced = {(part.tier, part.split) for part in written}
        while True:
            head = self.newest(dataset)
            kept = [p for p in head.manifest.parts if (p.tier, p.split) not in replaced] if head else []
            every = tuple(sorted([*kept, *written], key=_part_order))
            if head and head.same_content(every):
                return Commit(head, created=False)
            number = head.manifest.number + 1 if head else 1
            manifest = Manifest(
                dataset, number, head.name if head else None, _now(), _author(), message, command, every
            )
            name = self._store.put("manifests", ".json", manifest.to_json())
            if self._store.make_ref(dataset, number, name):
                return Commit(Version(manifest, name), created=True)

    def datasets(self) -> list[DatasetSummary]:
        """Every dataset with its newest version, by name."""
        if not (self.root / "registry.json").exists():
            return []
        self._store.create()
        return self._catalogue.datasets(self._store.refs())

    def newest(self, dataset: str) -> Version | None:
        """The newest version of `dataset`, or None where there is none yet."""
        with translated(self.root):
            numbers = {number: name for (name_, number), name in self._store.refs().items() if name_ == dataset}
        return self._version(numbers[max(numbers)]) if numbers else None

    def resolve(self, reference: str) -> Version:
        """The version that `arc` (the newest), `arc@v3` or `arc@4f2c` (first digits of its manifest) names.

        Raises UnknownNameError where there is none, and RegistryError where the digits fit several.
        """
        dataset, _, wanted = reference.partition("@")
        refs = self._store.refs()
        known = sorted({name for name, _ in refs})
        if dataset not in known:
            raise UnknownNameError("dataset", dataset, known, hint=f" (in {self.root})")
        versions = {number: name for (name_, number), name in refs.items() if name_ == dataset}
        if not wanted:
            return self._version(versions[max(versions)])
        exact = [name for number, name in versions.items() if wanted == f"v{number}"]
        by_digits = [n for n in versions.values() if re.fullmatch("[0-9a-f]{4,64}", wanted) and n.startswith(wanted)]
        found = exact or by_digits
        if not found:
            raise UnknownNameError("version", wanted, [f"v{n}" for n in versions], hint=f" (of {dataset})")
        if len(found) > 1:
            raise RegistryError(f"{reference} fits several versions; give more digits")
        return self._version(found[0])

    def read(self, version: Version, tier: str | None = None) -> pl.DataFrame:
        """The rows (NEGATIVES) of a version, of all tiers or of one."""
        tiers = list(version.tiers)
        if tier is not None and tier not in tiers:
            raise UnknownNameError("tier", tier, tiers, hint=f" (in {version})")
        parts = [part for part in version.manifest.parts if tier in (None, part.tier)]
        frames = [from_parquet(self.read_object(part)) for part in parts]
        return pl.concat([NEGATIVES.to_frame(), *frames])

    def read_object(self, part: Part) -> bytes:
        """The Parquet bytes of one part, checked against their hash."""
        return self._store.get("objects", part.object, ".parquet")

    def _write(self, part: NewPart) -> Part:
        data = to_parquet(part.rows)
        name = self._store.put("objects", ".parquet", data)
        return Part(part.tier, part.split, name, part.rows.height, len(data), part.mined)

    def _version(self, name: str) -> Version:
        return Version(self._manifest(name), name)

    def _manifest(self, name: str) -> Manifest:
        return Manifest.from_json(self._store.get("manifests", name, ".json"))


def check_dataset_name(name: str) -> str:
    """`name`, if it can name a dataset: lower-case letters, digits, `.`, `_`, `-`, at most 96 of them."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise RegistryError(
            f"{name!r} cannot name a dataset: use up to 96 lower-case letters, digits, '.', '_' and '-', "
            "with a letter or digit at both ends (--dataset NAME)"
        )
    return name


def _part_order(part: Part) -> tuple[int, str, str]:
    return (TIERS.index(part.tier) if part.tier in TIERS else len(TIERS), part.tier, part.split)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _author() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"
