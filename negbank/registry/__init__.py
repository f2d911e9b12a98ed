"""Versions of datasets in a folder: written once, never changed, named `arc@v3`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from negbank.errors import RegistryError, UnknownNameError
from negbank.folders import RegistryPlace
from negbank.records import CHAINS, NEGATIVES, Progress, columns_of, no_progress
from negbank.registry import catalogue
from negbank.registry.catalogue import DatasetSummary, read_tagged, read_version
from negbank.registry.check import Loss, Problem, Verified, verify
from negbank.registry.collect import Collected, collect
from negbank.registry.commits import Commit, Edit, Maker, NewPart, here, tier_order
from negbank.registry.condition import Condition
from negbank.registry.contents import Contents
from negbank.registry.manifest import Manifest, Part, Version
from negbank.registry.migrate import migrate
from negbank.registry.names import Reference, check_dataset_name, check_tag
from negbank.registry.places import open_store
from negbank.registry.queries import DIFF_COLUMNS, PartFiles
from negbank.registry.refs import validation_name
from negbank.registry.repair import Saved, mend, save
from negbank.registry.unnamed import Unnamed, find_unnamed
from negbank.text.display import short

__all__ = [
    "DIFF_COLUMNS", "Collected", "Commit", "DatasetSummary", "Diff", "Edit", "Logged", "Loss", "Manifest", "NewPart",
    "Part", "Problem", "Registry", "Saved", "Unnamed", "Verified", "Version", "check_dataset_name", "check_tag",
]  # fmt: skip

_NEGATIVES_OF = re.compile(r"\bnegatives\s*\(\s*'((?:[^']|'')*)'\s*\)", re.IGNORECASE)


@dataclass(frozen=True)
class Logged:
    """One version in a dataset's history, its tags, and what was measured on it (JSON)."""

    version: Version
    tags: tuple[str, ...]
    validations: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """The versions of a dataset that can be read, newest first, and what is wrong with each other version or tag."""

    logged: list[Logged]
    unreadable: dict[str, str]


@dataclass(frozen=True)
class Diff:
    """How two versions differ: counts by tier and change, and rows (DIFF_COLUMNS) as far as they were asked for."""

    before: Version
    after: Version
    counts: tuple[tuple[str, str, int], ...]
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)


class Registry:
    """A registry: the folder or URL named, else `NEGBANK_REGISTRY`, else a folder of the user's.

    `refs` is a `postgresql://` URL (else `NEGBANK_REFS`) where versions are named in a database rather than in the
    folder, as those in an object store (`s3://bucket/prefix`) must be. Raises RegistryError where that cannot be had.
    """

    def __init__(self, root: str | Path | None = None, refs: str | None = None) -> None:
        self._store = open_store(RegistryPlace(str(root) if root else None, refs))
        self._contents = Contents(self._store.blobs)
        self._maker = Maker(self._store, self._contents, self.newest)

    @property
    def place(self) -> str:
        """Where the registry is: a folder or a URL."""
        return self._store.place

    def commit(self, dataset: str, parts: Sequence[NewPart | Edit], message: str, command: str) -> Commit:
        """A new version of `dataset`: `parts`, and of the version before it the parts that they do not replace.

        Where that changes nothing, the newest version is returned. Where another writer was first, the parts are
        put upon that one's version. Interrupted at any moment, the registry is as it was. Raises StorageError
        where the disk refuses, RegistryError where one question has a negative twice in a part.
        """
        check_dataset_name(dataset)
        self._create()
        with self._store.refs.lock():
            return self._maker.commit(dataset, parts, message, command)

    def revert(self, reference: str, message: str, command: str) -> Commit:
        """A new version with the rows of an older one; the versions between stay."""
        version = self.resolve(reference)
        parts = version.manifest.parts
        for part in parts:
            self._contents.check(here(self._contents, part))
        with self._store.refs.lock():
            said = message or f"as {version}"
            return self._maker.publish(version.manifest.dataset, lambda _: parts, said, command)

    def adopt(self, name: str, manifests: Mapping[str, bytes], rows: Callable[[Part], Sequence[Path]]) -> Version:
        """Take in the version `name` that was made elsewhere, and its history as far as `manifests` hold it.

        `rows` says in which files the rows of a part lie. Everything may come from a stranger: manifests must have
        the names that they are given, and rows the content that their manifest names. Raises RegistryError where
        they have not, or where a version of that number is here and is another one.
        """
        self._create()
        with self._store.refs.lock():
            return self._maker.adopt(name, manifests, rows)

    def restore(self, part: Part, files: Sequence[Path]) -> None:
        """Write the rows of a part again from files. Raises RegistryError where they are not the same rows."""
        with self._store.refs.lock():
            self._maker.restore(part, files)

    def datasets(self) -> list[DatasetSummary]:
        """Every dataset with its newest version, by name; one that is damaged says so."""
        migrate(self._store)
        return catalogue.datasets(self._store) if self._store.layout() else []

    def newest(self, dataset: str) -> Version | None:
        """The newest version of `dataset`, or None where there is none yet."""
        numbers = self._numbers(dataset)
        return read_version(self._store, dataset, max(numbers), numbers[max(numbers)]) if numbers else None

    def resolve(self, reference: str) -> Version:
        """The version that `arc` (the newest), `arc@v3`, `arc@stable` (a tag) or `arc@4f2c` (its manifest) names.

        Raises UnknownNameError where there is none, and RegistryError where the digits fit several.
        """
        asked = Reference.parse(reference)
        versions = self.numbers(asked.dataset)
        tags = self._tags(asked.dataset)
        number = asked.number if asked.wanted else max(versions)
        if number in versions:
            return read_version(self._store, asked.dataset, number, versions[number])
        if asked.wanted in tags:
            return self._tagged(asked.dataset, asked.wanted, tags[asked.wanted])
        found = [n for n, name in versions.items() if asked.digits and name.startswith(asked.digits)]
        if len(found) > 1:
            raise RegistryError(f"{reference} fits several versions; give more digits")
        if not found:
            names = [*(f"v{number}" for number in versions), *tags]
            raise UnknownNameError("version", asked.wanted, names, hint=f" (of {asked.dataset})")
        return read_version(self._store, asked.dataset, found[0], versions[found[0]])

    def numbers(self, dataset: str) -> dict[int, str]:
        """The versions of a dataset: number -> name of the manifest, unread. Raises UnknownNameError if not here."""
        if found := self._numbers(dataset):
            return found
        known = {name for name, _ in self._refs()}
        raise UnknownNameError("dataset", dataset, known, hint=f" (in {self.place})")

    def log(self, reference: str) -> list[Logged]:
        """The versions of a dataset with their tags, newest first; of `arc@v3` those up to it.

        Those that cannot be read are left out: `history` says which.
        """
        return self.history(reference).logged

    def history(self, reference: str) -> History:
        """The versions that `log` gives, and what is wrong with each version and tag that it leaves out."""
        dataset = Reference.parse(reference).dataset
        numbers, tags = self.numbers(dataset), self._tags(dataset)
        last = max(numbers) if dataset == reference else self.resolve(reference).manifest.number
        lost = {f"{dataset}@{tag}": name for tag, name in tags.items() if name not in numbers.values()}
        wrong = {tag: f"{tag} names {short(name, 30)}, which is no version of {dataset}" for tag, name in lost.items()}
        refs, found = {(dataset, number): name for number, name in numbers.items()}, []
        for number in sorted((number for number in numbers if number <= last), reverse=True):
            try:
                version = read_version(self._store, dataset, number, numbers[number])
                found.append(self._logged(version, tags))
                if said := catalogue.gap(self._store, version, refs):
                    wrong[f"{dataset}@v{number - 1}"] = f"{dataset}@v{number - 1}: {said}"
            except RegistryError as error:
                wrong[f"{dataset}@v{number}"] = str(error)
        return History(found, wrong)

    def logged(self, version: Version) -> Logged:
        """A version with its tags, and what was measured on it."""
        return self._logged(version, self._tags(version.manifest.dataset))

    def _logged(self, version: Version, tags: Mapping[str, str]) -> Logged:
        own = tuple(tag for tag, name in tags.items() if name == version.name)
        return Logged(version, own, tuple(self.validations(version).values()))

    def tag(self, reference: str, tag: str, *, move: bool = False) -> Version:
        """Give a version a tag. Raises RegistryError where another one has it, unless it may `move`."""
        check_tag(tag)
        version = self.resolve(reference)
        dataset = version.manifest.dataset
        with self._store.refs.lock():
            if self._store.refs.make_tag(dataset, tag, version.name):
                return version
            taken = self._tags(dataset)[tag]
            if taken != version.name and not move:
                other = self._tagged(dataset, tag, taken)
                raise RegistryError(f"{dataset}@{tag} is {other} already; move it with --force")
            self._store.refs.move_tag(dataset, tag, version.name)
        return version

    def untag(self, reference: str) -> Version:
        """Take away the tag that `arc@stable` names; the version that had it."""
        asked = Reference.parse(reference)
        tags = self._tags(asked.dataset) if asked.dataset in {d for d, _ in self._refs()} else {}
        if asked.wanted not in tags:
            raise UnknownNameError("tag", asked.wanted, tags, hint=f" (of {asked.dataset})")
        version = self._tagged(asked.dataset, asked.wanted, tags[asked.wanted])
        self._store.refs.drop_tag(asked.dataset, asked.wanted)
        return version

    def rm(self, dataset: str) -> int:
        """Take a dataset's names away: its versions and tags. The number of versions; `gc` gives the space back."""
        if "@" in dataset:
            raise RegistryError("a version never goes alone: name the dataset, or take a tag away with tag --delete")
        self.numbers(dataset)
        with self._store.refs.lock(alone=True):
            count = len(self._numbers(dataset))
            self._store.refs.drop_dataset(dataset)
            left = find_unnamed(self._store, self._store.refs.versions().values())
            self._store.blobs.remove("manifests", [v.name for v in left if v.manifest.dataset == dataset])
        return count

    def gc(self, *, dry_run: bool = False, unnamed: bool = False) -> Collected:
        """Remove the files that no version and no tag needs, and what interrupted writers left.

        A version that has lost its name stays, with its rows, unless `unnamed` says that it may go too.

        Raises RegistryError, and removes nothing, where anything is damaged that a version or a tag needs.
        """
        migrate(self._store)
        nothing = Collected({"objects": 0, "contents": 0, "manifests": 0, "tmp": 0}, 0)
        return collect(self._store, dry_run, unnamed) if self._store.layout() else nothing

    def verify(self, progress: Progress = no_progress) -> Verified:
        """Read every file that a version needs, and say what is wrong."""
        migrate(self._store)
        return verify(self._store, progress) if self._store.layout() else Verified(0, 0, 0, 0.0, (), (), ())

    def mend(self, lost: Sequence[Loss]) -> set[str]:
        """Make what is damaged whole again from what is here; the contents that are sound now.

        What is replaced is kept in `quarantine/`; what cannot be had here stays as it is.
        """
        with self._store.refs.lock(alone=True):
            return mend(self._contents, lost)

    def save(self, lost: Sequence[Loss]) -> list[Saved]:
        """Write those rows of damaged contents to `quarantine/rows` that can still be read, and match their hash."""
        return save(self._contents, lost)

    def diff(self, before: str, after: str, tier: str | None = None, rows: int = 0) -> Diff:
        """How two versions differ, in one tier or in all, with the first `rows` rows that do."""
        old, new = self.resolve(before), self.resolve(after)
        if tier is not None and tier not in (known := {*old.tiers, *new.tiers}):
            raise UnknownNameError("tier", tier, known, hint=f" (in {old} and {new})")
        parts = [{(p.tier, p.split): p for p in v.manifest.parts if tier in (None, p.tier)} for v in (old, new)]
        alike = {key for key in parts[0].keys() & parts[1].keys() if parts[0][key].content == parts[1][key].content}
        changed = [[self._files(part) for key, part in side.items() if key not in alike] for side in parts]
        with self._contents.engine() as engine:
            counts, frame = engine.diff(changed[0], changed[1], rows)
        return Diff(old, new, tuple(sorted(counts, key=_count_order)), frame)

    def sql(self, query: str, *, allow_files: bool = False) -> pl.DataFrame:
        """The result of one SELECT, in which `negatives('arc@v3')` are the rows of a version, with their `split`.

        It reads nothing else; with `allow_files` also files of this machine.
        """
        self._refs()
        names = {text.replace("''", "'") for text in _NEGATIVES_OF.findall(query)}
        references = {name: [self._files(p) for p in self.resolve(name).manifest.parts] for name in sorted(names)}
        with self._contents.engine() as engine:
            return engine.query(query, references, allow_files)

    def read(self, version: Version, tier: str | None = None) -> pl.DataFrame:
        """The rows of a version in memory: NEGATIVES; with the columns of CHAINS too where those are among them."""
        return pl.concat([NEGATIVES.to_frame(), *self.select(version, tier)], how="diagonal")

    def select(
        self, version: Version, tier: str | None = None, condition: Condition | None = None
    ) -> Iterator[pl.DataFrame]:
        """The rows (NEGATIVES or CHAINS) of a version that fulfil a condition, in order, some at a time."""
        tiers = list(version.tiers)
        if tier is not None and tier not in tiers:
            raise UnknownNameError("tier", tier, tiers, hint=f" (in {version})")
        parts = [part for part in version.manifest.parts if tier in (None, part.tier)]
        every = CHAINS if any(columns_of(part.tier) is CHAINS for part in parts) else NEGATIVES
        for part in parts:
            for frame in self.batches(part):
                yield _fulfilling(frame, condition, every) if condition else frame

    def questions(self, version: Version, tier: str | None = None) -> int:
        """How many questions a version has, in all tiers or in one."""
        parts = [self._files(part) for part in version.manifest.parts if tier in (None, part.tier)]
        with self._contents.engine() as engine:
            return engine.questions(parts)

    def batches(self, part: Part) -> Iterator[pl.DataFrame]:
        """The rows (NEGATIVES or CHAINS) of a part in order, some at a time."""
        return self._contents.ordered(here(self._contents, part))

    def manifests(self, version: Version) -> dict[str, bytes]:
        """The manifest of a version and those that it came from, by name: its history, as far as it can be read."""
        found = {version.name: self._store.blobs.get("manifests", version.name)}
        name = version.manifest.parent
        with contextlib.suppress(RegistryError):  # `unreadable` tells
            while name and name not in found and self._store.blobs.exists("manifests", name):
                data = self._store.blobs.get("manifests", name)
                parent = Manifest.from_json(data).parent
                found[name], name = data, parent
        return found

    def validations(self, version: Version) -> dict[str, str]:
        """What was measured on a version: JSON by name. It stands beside the version, which never changes."""
        return self._store.refs.validations(version.manifest.dataset, version.name)

    def record_validation(self, version: Version, text: str) -> None:
        """Keep what was measured on a version; the same text twice is kept once."""
        name = validation_name(text.encode())
        self._store.refs.add_validation(version.manifest.dataset, version.name, name, text)

    def remote(self, dataset: str) -> dict[str, Any]:
        """Where a dataset was pushed to or pulled from; empty where it never was."""
        return self._store.refs.remote(dataset)

    def set_remote(self, dataset: str, record: Mapping[str, Any]) -> None:
        """Keep where a dataset was pushed to or pulled from."""
        self._store.refs.set_remote(dataset, dict(record))

    def absent(self, version: Version) -> list[str]:
        """The contents of a version's history whose rows are not here."""
        every = {part.content for data in self.manifests(version).values() for part in Manifest.from_json(data).parts}
        return sorted(digest for digest in every if not self._store.blobs.exists("contents", digest))

    def _refs(self) -> dict[tuple[str, int], str]:
        migrate(self._store)
        return self._store.refs.versions()

    def _numbers(self, dataset: str) -> dict[int, str]:
        return {number: name for (own, number), name in sorted(self._refs().items()) if own == dataset}

    def _tags(self, dataset: str) -> dict[str, str]:
        """The tags of a dataset: tag -> name of the manifest."""
        return {tag: name for (own, tag), name in self._store.refs.tags().items() if own == dataset}

    def _create(self) -> None:
        migrate(self._store)
        self._store.create()

    def _files(self, part: Part) -> PartFiles:
        return PartFiles(part.tier, part.split, self._contents.sound_files(here(self._contents, part)))

    def _tagged(self, dataset: str, tag: str, name: str) -> Version:
        return read_tagged(self._store, dataset, tag, name, self._refs())


def _fulfilling(frame: pl.DataFrame, condition: Condition, columns: pl.Schema) -> pl.DataFrame:
    """The rows of `frame` that fulfil a condition on any of `columns`; those that it lacks are null."""
    whole = pl.concat([columns.to_frame(), frame], how="diagonal")
    return condition.rows(whole).select(frame.columns)


def _count_order(count: tuple[str, str, int]) -> tuple[int, str, str]:
    return (*tier_order(count[0]), count[1])
