"""Whether a registry is intact, and what its versions reach: every file is read, none is trusted."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from negbank.errors import RegistryError, StorageError
from negbank.records import Progress, no_progress
from negbank.registry.blobs import MARKER, FolderBlobs
from negbank.registry.catalogue import gap, read_tagged, read_version
from negbank.registry.contents import Content, Contents
from negbank.registry.manifest import Manifest, Part, Version
from negbank.registry.store import MARKER_KEYS, Store
from negbank.registry.uniqueness import repeated
from negbank.registry.unnamed import Unnamed, described, find_unnamed, named_anew

_MARKER = "it was changed: it says the layout, and nothing that negbank did not write"
_ADVICE = re.compile(r"(: the registry is damaged)?; see negbank verify( --repair)?")
_THREADS = 4  # hashing lets other threads run; more of them than cores keeps a disk busy


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: its kind, the file or reference, and what was found."""

    kind: str
    where: str
    detail: str


@dataclass(frozen=True)
class Loss:
    """Rows that cannot be read: their content, the versions that have them, their tier and split, how many."""

    content: str
    versions: tuple[str, ...]
    tier: str
    split: str
    rows: int


@dataclass(frozen=True)
class Verified:
    """What was checked and found: `absent` contents were never fetched here, which is no damage."""

    versions: int
    objects: int
    bytes: int
    elapsed_s: float
    problems: tuple[Problem, ...]
    damaged: tuple[str, ...]
    """The contents of versions whose objects are missing or changed."""
    absent: tuple[str, ...]
    lost: tuple[Loss, ...] = ()
    """What the damaged contents held."""
    unnamed: tuple[Unnamed, ...] = ()
    """Versions that are here and have no name, which is no damage: `gc` keeps them."""


@dataclass
class _Use:
    """The part that a content is, and the versions that have it."""

    part: Part
    versions: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        others = f" and {len(self.versions) - 1} more" if len(self.versions) > 1 else ""
        return f"{self.versions[0]}{others} {self.part.tier}"


class Reach:
    """What the versions and tags of a store reach: manifests, contents and objects; and what is wrong on the way."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.contents = Contents(store.blobs)
        self.problems: list[Problem] = []
        self.manifests: dict[str, Manifest] = {}
        self.found: dict[str, Content] = {}
        self.damaged: set[str] = set()
        self.absent: set[str] = set()
        self.uses: dict[str, _Use] = {}
        self._refs = store.refs.versions()
        self._check_place()
        self._versions = [version for key, name in sorted(self._refs.items()) if (version := self._read(*key, name))]
        for (dataset, tag), name in store.refs.tags().items():
            try:
                read_tagged(store, dataset, tag, name, self._refs)
            except RegistryError as error:
                remedy = f"give it to a version again: negbank tag {dataset}@vN {tag} --force"
                self._wrong("reference", f"{dataset}@{tag}", f"{error}; {remedy}")
        for version in self._versions:
            self._check_parent(version)
            self._check_validations(version)
        for dataset in sorted({version.manifest.dataset for version in self._versions}):
            self._visit_parts(dataset)

    @property
    def objects(self) -> dict[str, set[str]]:
        """Every object that is needed -> the contents that need it."""
        needed: dict[str, set[str]] = {}
        for digest, content in self.found.items():
            for name in content.objects:
                needed.setdefault(name, set()).add(digest)
        return needed

    def damage(self, digest: str, kind: str, where: str, detail: object) -> None:
        """Note what is wrong with the rows of a content."""
        self.damaged.add(digest)
        self._wrong(kind, where, f"{detail} ({self.uses[digest]})")

    def lost(self) -> tuple[Loss, ...]:
        """What the damaged contents held."""
        uses = [(digest, self.uses[digest]) for digest in sorted(self.damaged)]
        return tuple(Loss(d, tuple(u.versions), u.part.tier, u.part.split, u.part.rows) for d, u in uses)

    def _wrong(self, kind: str, where: str, detail: object) -> None:
        """Note what is wrong at `where`; an error names the place again, and this command, which need not be said."""
        said = str(detail).removeprefix(f"{where}: ").removeprefix(f"{where} ")
        self.problems.append(Problem(kind, where, _ADVICE.sub("", said)))

    def _check_place(self) -> None:
        """The marker must be as negbank writes it, and nothing may lead out of the folder."""
        marker = (self.store.blobs.marker() or b"{}").removesuffix(b"\n")
        record = json.loads(marker)
        if json.dumps(record).encode() != marker or record.keys() - MARKER_KEYS:
            self._wrong(
                "registry",
                f"{self.store.place}/{MARKER}",
                _MARKER,
            )
        for path, said in self.store.refs.strangers().items():
            self._wrong("name", path, said)
        for link in self.store.blobs.links():
            self._wrong("link", link, "a symbolic link; move what it leads to here, or link to the whole registry")

    def _read(self, dataset: str, number: int, name: str) -> Version | None:
        try:
            version = read_version(self.store, dataset, number, name)
        except RegistryError as error:
            remedy = named_anew(self.store, dataset, number, self._refs.values())
            self._wrong("reference", f"{dataset}@v{number}", f"{error}; {remedy}" if remedy else error)
            return None
        self.manifests[name] = version.manifest
        return version

    def _check_parent(self, version: Version) -> None:
        """The version before must be the one that this one came from, where it is here."""
        if said := gap(self.store, version, self._refs):
            self._wrong("reference", f"{version.manifest.dataset}@v{version.manifest.number - 1}", said)

    def _check_validations(self, version: Version) -> None:
        try:
            for name, text in self.store.refs.validations(version.manifest.dataset, version.name).items():
                if json.loads(text).get("manifest", version.name) != version.name:
                    self._wrong("validation", f"{version} {name}", "it is of another version")
        except (RegistryError, ValueError, AttributeError) as error:
            self._wrong("validation", str(version), error)

    def _visit_parts(self, dataset: str) -> None:
        own = [version for version in self._versions if version.manifest.dataset == dataset]
        elsewhere = self._elsewhere(dataset, own)
        for version in own:
            for part in version.manifest.parts:
                use = self.uses.setdefault(part.content, _Use(part))
                use.versions.append(str(version))
                if len(use.versions) == 1:
                    self._visit_content(part, part.content in elsewhere)
                if use.part.rows != part.rows:
                    self.damage(part.content, "count", str(version), f"{use.part.rows} rows instead of {part.rows}")

    def _elsewhere(self, dataset: str, versions: list[Version]) -> set[str]:
        """The contents of a dataset that came with a history and may never have been fetched."""
        try:
            remote = self.store.refs.remote(dataset)
        except RegistryError as error:
            self._wrong("remote", dataset, error)
            return set()
        if "absent" in remote:
            return set(remote["absent"])
        commits = remote.get("commits", {})  # an earlier commit's record: any older part may never have been fetched
        last = max((v.manifest.number for v in versions if v.name in commits), default=0)
        return {part.content for v in versions if v.manifest.number <= last for part in v.manifest.parts}

    def _visit_content(self, part: Part, elsewhere: bool) -> None:
        where = self.store.blobs.where("contents", part.content)
        try:
            content = self.contents.find(part.content)
        except RegistryError as error:
            self.damage(part.content, "content", where, error)
            return
        if content is None and elsewhere:
            self.absent.add(part.content)
        elif content is None:
            self.damage(part.content, "content", where, "it is missing")
        elif content.rows != part.rows:
            self.damage(part.content, "count", where, f"{content.rows} rows instead of {part.rows}")
        else:
            self.found[part.content] = content


def verify(store: Store, progress: Progress = no_progress) -> Verified:
    """Read every file that a version needs: hashes, counts, that nothing is missing or there twice."""
    started = time.monotonic()
    with store.refs.lock():
        reach, sizes = examine(store, progress)
        unsound = {*reach.damaged, *reach.absent}
        for version, said in repeated(reach.contents, reach.manifests.values(), unsound):
            reach.problems.append(Problem("duplicate", version, said))
    return Verified(
        len(store.refs.versions()), len(sizes), sum(sizes.values()), time.monotonic() - started,
        tuple(reach.problems), tuple(sorted(reach.damaged)), tuple(sorted(reach.absent - reach.damaged)), reach.lost(),
        described(find_unnamed(store, with_parents(store, reach))),
    )  # fmt: skip


def examine(store: Store, progress: Progress = no_progress) -> tuple[Reach, dict[str, int]]:
    """What versions reach, with all that is wrong with it, and the bytes of each object: every one is read."""
    reach = Reach(store)
    needed, sizes = reach.objects, {}
    with ThreadPoolExecutor(_THREADS) as pool:
        names = sorted(needed)
        checked = pool.map(lambda name: _measured(store.blobs, name), names)
        for done, (name, (size, wrong)) in enumerate(zip(names, checked, strict=True), 1):
            sizes[name] = size
            if wrong:
                reach.damaged |= needed[name]
                reach.damage(min(needed[name]), "object", store.blobs.where("objects", name), wrong)
            progress("verify", done, len(names))
    for digest, content in reach.found.items():
        if digest not in reach.damaged:
            try:
                reach.contents.prove(content)
            except StorageError:
                raise
            except RegistryError as error:
                reach.damage(digest, "content", store.blobs.where("contents", digest), error)
    return reach, sizes


def with_parents(store: Store, reach: Reach) -> set[str]:
    """The manifests that are reached, and those that they came from, as far as they are here: the history."""
    kept, waiting = set(reach.manifests), [m.parent for m in reach.manifests.values()]
    while waiting:
        name = waiting.pop()
        if name and name not in kept and store.blobs.exists("manifests", name):
            kept.add(name)
            waiting.append(Manifest.from_json(store.blobs.get("manifests", name)).parent)
    return kept


def _measured(blobs: FolderBlobs, name: str) -> tuple[int, str | None]:
    """The size of an object and what is wrong with it, if anything."""
    try:
        size, digest = blobs.measure("objects", name)
    except FileNotFoundError:
        return 0, "it is missing"
    except (OSError, RegistryError) as error:
        return 0, f"it cannot be read: {error}"
    return size, None if digest == name else "its content does not match its name"
