"""Making versions: rows become contents, parts become a manifest, and a manifest becomes the next version."""

from __future__ import annotations

import datetime
import getpass
import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from negbank.decompression import refuse_bombs
from negbank.errors import RegistryError
from negbank.records import ALL_TIERS, columns_of
from negbank.registry.catalogue import read_version
from negbank.registry.contents import Content, Contents, Staged
from negbank.registry.disk import translated
from negbank.registry.manifest import Manifest, Part, Version
from negbank.registry.store import Store
from negbank.text.display import cut, visible


@dataclass(frozen=True)
class NewPart:
    """All rows of one tier and split, and how they were mined: a frame, or Parquet files with those columns."""

    tier: str
    split: str
    rows: pl.DataFrame | Sequence[Path]
    mined: Mapping[str, Any]


@dataclass(frozen=True)
class Edit:
    """Some rows of one tier and split: `put` are new or replace those of the same `row_id`, `remove` go.

    `note` says how that came about; it is added to what the part says of itself, under `added`.
    """

    tier: str
    split: str
    put: pl.DataFrame
    remove: Sequence[bytes] = ()
    note: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Commit:
    """What a commit gave: the version, and whether it is new (False where it would have changed nothing)."""

    version: Version
    created: bool


Newest = Callable[[str], Version | None]
"""The newest version of a dataset, as it is at this moment."""


@dataclass(frozen=True)
class Maker:
    """Makes versions in one store; its methods are called with the store's lock held."""

    store: Store
    contents: Contents
    newest: Newest

    def commit(self, dataset: str, parts: Sequence[NewPart | Edit], message: str, command: str) -> Commit:
        """The next version: `parts`, upon the parts of the newest one that they do not replace."""
        whole = {(p.tier, p.split): self._write(p) for p in parts if isinstance(p, NewPart)}
        edits = [part for part in parts if isinstance(part, Edit)]

        def upon(head: Version | None) -> Sequence[Part]:
            every = {(p.tier, p.split): p for p in head.manifest.parts} if head else {}
            every |= whole
            for edit in edits:
                every[edit.tier, edit.split] = self._edit(every.get((edit.tier, edit.split)), edit)
            return sorted(every.values(), key=part_order)

        return self.publish(dataset, upon, message, command)

    def publish(
        self, dataset: str, upon: Callable[[Version | None], Sequence[Part]], message: str, command: str
    ) -> Commit:
        """The next version, of the parts that `upon` gives for the newest one; again until no other writer is first."""
        while True:
            head = self.newest(dataset)
            parts = tuple(upon(head))
            if head and head.same_content(parts):
                return Commit(head, created=False)
            number, parent = (head.manifest.number + 1, head.name) if head else (1, None)
            manifest = Manifest(dataset, number, parent, _now(), _author(), message, command, parts)
            name = self.store.blobs.put("manifests", manifest.to_json())
            if self.store.refs.make_version(dataset, number, name):
                return Commit(Version(manifest, name), created=True)

    def adopt(self, name: str, manifests: Mapping[str, bytes], rows: Callable[[Part], Sequence[Path]]) -> Version:
        """The version `name` that was made elsewhere, with its history as far as `manifests` hold it.

        All of it is checked before anything is kept.
        """
        history = read_history(name, manifests)
        self._refuse_others(history)
        self._refuse_counts(history)
        missing = [part for part in history[name].parts if self.contents.find(part.content) is None]
        self._take(missing, rows)
        for own, manifest in sorted(history.items(), key=lambda item: item[1].number):
            self.store.blobs.put("manifests", manifests[own])
            if not self.store.refs.make_version(manifest.dataset, manifest.number, own):
                self._refuse_others({own: manifest})  # another writer was first
        return Version(history[name], name)

    def restore(self, part: Part, files: Sequence[Path]) -> None:
        """Write the rows of a part from files. Raises RegistryError where they are not the rows that it names."""
        self._take([part], lambda _: files)

    def _take(self, parts: Sequence[Part], rows: Callable[[Part], Sequence[Path]]) -> None:
        """Keep the rows of parts, of all or of none."""
        with translated(self.store.place), self.store.blobs.scratch() as folder:
            staged = [self._stage(part, rows(part), folder / f"{n}.parquet") for n, part in enumerate(parts)]
            for own in staged:
                self.contents.take(own)

    def _stage(self, part: Part, files: Sequence[Path], target: Path) -> Staged:
        if not files:
            raise RegistryError(f"the files with the rows of {part.tier} are missing; nothing was taken in")
        refuse_bombs(files)
        columns = columns_of(part.tier)
        staged = self.contents.stage(files, columns, target)
        if (staged.digest, staged.rows) != (part.content, part.rows):
            new = sorted({name for file in files for name in pq.read_schema(file).names} - set(columns))
            newer = f"they have the columns {', '.join(new)[:80]}, so a newer negbank may have made them" if new else ""
            raise RegistryError(
                f"the rows of {part.tier} are not those that the manifest names ({staged.rows:,} rows, "
                f"{staged.digest[:12]}, instead of {part.rows:,} rows, {part.content[:12]}): "
                f"{newer or 'someone changed the files'}; nothing was taken in"
            )
        return staged

    def _refuse_others(self, history: Mapping[str, Manifest]) -> None:
        """Refuse a history that is not that of the dataset which has its name here."""
        dataset = next(iter(history.values())).dataset
        known = {number: name for (own, number), name in self.store.refs.versions().items() if own == dataset}
        clash = next((m for name, m in history.items() if known.get(m.number, name) != name), None)
        if clash is None and known and not self._joins(history, dataset, known):
            clash = max(history.values(), key=lambda manifest: manifest.number)
        if clash:
            raise RegistryError(
                f"{dataset} is here already, and its history does not lead to this {dataset}@v{clash.number}: it is "
                "another one; pull into another registry (--registry DIR), or remove this one first (negbank rm "
                f"{dataset})"
            )

    def _joins(self, history: Mapping[str, Manifest], dataset: str, known: Mapping[int, str]) -> bool:
        """Whether a history shares a version with the one here, or begins where that ends, or ends where it begins."""
        if set(known.values()) & {*history, *(manifest.parent for manifest in history.values())}:
            return True
        first = read_version(self.store, dataset, min(known), known[min(known)])
        return first.manifest.parent in history

    def _refuse_counts(self, history: Mapping[str, Manifest]) -> None:
        """Refuse a history that says of one content how many rows it has in two ways."""
        counts: dict[str, int] = {}
        for part in (part for manifest in history.values() for part in manifest.parts):
            if part.content not in counts and (content := self.contents.find(part.content)):
                counts[part.content] = content.rows
            if counts.setdefault(part.content, part.rows) != part.rows:
                raise RegistryError(
                    f"the history counts {part.rows:,} rows of {part.tier} ({part.content[:12]}) where there are "
                    f"{counts[part.content]:,}: it was made up; nothing was taken in"
                )

    def _write(self, part: NewPart) -> Part:
        content = self.contents.write(part.rows, columns_of(part.tier))
        return Part(part.tier, part.split, content.digest, content.rows, part.mined)

    def _edit(self, part: Part | None, edit: Edit) -> Part:
        if part is None:
            return self._write(NewPart(edit.tier, edit.split, edit.put, edit.note or {}))
        content = self.contents.edit(here(self.contents, part), edit.put, edit.remove)
        if content.digest == part.content:
            return part
        mined = {**part.mined, "added": [*part.mined.get("added", []), edit.note]} if edit.note else part.mined
        return Part(part.tier, part.split, content.digest, content.rows, mined)


def here(contents: Contents, part: Part) -> Content:
    """The content of a part. Raises RegistryError where its rows are not here."""
    content = contents.find(part.content)
    if content is None:
        raise RegistryError(
            f"the rows {part.content[:12]} of {part.tier} are not here; if they were pushed, fetch them: "
            "negbank verify --repair"
        )
    if content.rows != part.rows:
        raise RegistryError(
            f"{contents.blobs.where('contents', part.content)} says {content.rows:,} rows of {part.tier}, and the "
            f"manifest {part.rows:,}; see negbank verify --repair"
        )
    return content


def part_order(part: Part) -> tuple[int, str, str]:
    """How parts are ordered: from the most plausible tier to the least, then by split."""
    return (*tier_order(part.tier), part.split)


def tier_order(tier: str) -> tuple[int, str]:
    """How tiers are ordered: from the most plausible to the least, unknown ones last."""
    return (ALL_TIERS.index(tier) if tier in ALL_TIERS else len(ALL_TIERS), tier)


def read_history(name: str, manifests: Mapping[str, bytes]) -> dict[str, Manifest]:
    """The manifest of that name and those that it came from, by name, each checked. Raises RegistryError."""
    found: dict[str, Manifest] = {}
    next_name: str | None = name
    while next_name and next_name in manifests:
        if hashlib.sha256(manifests[next_name]).hexdigest() != next_name:
            raise RegistryError(f"the manifest {next_name[:12]} was changed: its content does not match its name")
        found[next_name] = Manifest.from_json(manifests[next_name])
        next_name = found[next_name].parent
    if not found:
        raise RegistryError(f"the manifest {name[:12]} is missing")
    line = list(found.values())
    follow = all(after.number == before.number + 1 for after, before in itertools.pairwise(line))
    if not follow or len({manifest.dataset for manifest in line}) > 1:
        raise RegistryError(f"the history of {name[:12]} is not that of one dataset, a version after the other")
    return found


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _author() -> str:
    try:
        return visible(cut(getpass.getuser(), 100))  # LOGNAME may hold anything, bytes that are not UTF-8 too
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"
