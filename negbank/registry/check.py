"""Whether a registry is intact, and what in it nobody needs: every file is read, none is trusted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from negbank.errors import RegistryError
from negbank.records import Progress, no_progress
from negbank.registry.blobs import SUFFIX, FolderBlobs
from negbank.registry.contents import Content, Contents
from negbank.registry.disk import remove_files, translated
from negbank.registry.manifest import Manifest
from negbank.registry.store import Store
from negbank.registry.uniqueness import repeated

_THREADS = 4  # hashing lets other threads run; more of them than cores keeps a disk busy


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: its kind, the file or reference, and what was found."""

    kind: str
    where: str
    detail: str


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


@dataclass(frozen=True)
class Collected:
    """Files that no version and no tag needs: how many of each folder, and their bytes."""

    files: dict[str, int]
    bytes: int


class Reach:
    """What the versions and tags of a store reach: manifests, contents and objects; and what is wrong on the way."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.contents = Contents(store.blobs)
        self.problems: list[Problem] = []
        self.manifests: dict[str, Manifest] = {}
        self.found: dict[str, Content] = {}
        self.broken: set[str] = set()
        self.absent: set[str] = set()
        self._rows: dict[str, int] = {}
        for (dataset, number), name in sorted(store.refs.versions().items()):
            self._visit(f"{dataset}@v{number}", name)
        for (dataset, tag), name in store.refs.tags().items():
            self._visit(f"{dataset}@{tag}", name)

    @property
    def objects(self) -> dict[str, set[str]]:
        """Every object that is needed -> the contents that need it."""
        needed: dict[str, set[str]] = {}
        for digest, content in self.found.items():
            for name in content.objects:
                needed.setdefault(name, set()).add(digest)
        return needed

    def _visit(self, reference: str, name: str) -> None:
        if name in self.manifests:
            return
        try:
            manifest = Manifest.from_json(self.store.blobs.get("manifests", name))
        except (RegistryError, OSError, ValueError) as error:
            self.problems.append(Problem("reference", reference, str(error)))
            return
        self.manifests[name] = manifest
        for part in manifest.parts:
            self._visit_content(f"{reference} {part.tier}", part.content, part.rows, manifest.dataset)

    def _visit_content(self, where: str, digest: str, rows: int, dataset: str) -> None:
        if digest not in self._rows:
            self._rows[digest] = rows
            try:
                content = self.contents.find(digest)
            except RegistryError as error:
                self._damage(digest, "content", self.store.blobs.where("contents", digest), str(error))
                return
            if content is None:
                if self.store.refs.remote(dataset):
                    self.absent.add(digest)
                else:
                    self._damage(digest, "content", where, f"the rows {digest[:12]} are missing")
                return
            self.found[digest] = content
        if digest in self.found and self.found[digest].rows != rows:
            counted = f"{self.found[digest].rows} rows instead of {rows}"
            self._damage(digest, "count", where, counted)

    def _damage(self, digest: str, kind: str, where: str, detail: str) -> None:
        self.broken.add(digest)
        self.problems.append(Problem(kind, where, detail))


def verify(store: Store, progress: Progress = no_progress) -> Verified:
    """Read every file that a version needs: hashes, counts, that nothing is missing or there twice."""
    started = time.monotonic()
    reach = Reach(store)
    needed = reach.objects
    sizes, problems, damaged = 0, list(reach.problems), set(reach.broken)
    with ThreadPoolExecutor(_THREADS) as pool:
        names = sorted(needed)
        checked = pool.map(lambda name: _check(store.blobs, name), names)
        for done, (name, (size, wrong)) in enumerate(zip(names, checked, strict=True), 1):
            sizes += size
            if wrong:
                problems.append(Problem("object", store.blobs.where("objects", name), wrong))
                damaged |= needed[name]
            progress("verify", done, len(names))
    for digest, content in reach.found.items():
        if digest not in damaged and (counted := _rows(store.blobs, content)) != content.rows:
            problems.append(Problem("count", digest[:12], f"its objects hold {counted} rows, not {content.rows}"))
            damaged.add(digest)
    unsound = {*damaged, *reach.absent}
    for version, said in repeated(reach.contents, reach.manifests.values(), unsound):
        problems.append(Problem("duplicate", version, said))
    return Verified(
        len(store.refs.versions()), len(needed), sizes, time.monotonic() - started, tuple(problems),
        tuple(sorted(damaged)), tuple(sorted(reach.absent - damaged)),
    )  # fmt: skip


def forget(store: Store, damaged: Iterable[str]) -> None:
    """Take away the broken files of contents, so that their rows can be written again."""
    blobs = store.blobs
    contents = Contents(blobs)
    with store.refs.lock(alone=True), translated(store.place):
        for digest in damaged:
            with contextlib.suppress(RegistryError):
                content = contents.find(digest)
                objects = content.objects if content else ()
                blobs.remove("objects", [name for name in objects if _check(blobs, name)[1]])
            blobs.remove("contents", [digest])


def collect(store: Store, dry_run: bool) -> Collected:
    """Remove what no version and no tag reaches. Waits for writers, and they wait for it."""
    with store.refs.lock(alone=True), translated(store.place):
        reach = Reach(store)
        if reach.problems:
            first = reach.problems[0]
            raise RegistryError(
                f"{len(reach.problems)} things are wrong ({first.where}: {first.detail}); nothing was removed: "
                "negbank verify first"
            )
        kept = {
            "objects": set(reach.objects),
            "contents": set(reach.found),
            "manifests": _with_parents(store, reach),
        }
        files, size = {}, 0
        for folder in SUFFIX:
            gone = {name: held for name, held in store.blobs.names(folder) if name not in kept[folder]}
            files[folder] = len(gone)
            size += sum(gone.values())
            if not dry_run:
                store.blobs.remove(folder, gone)
        left = store.blobs.leftovers()
        files["tmp"] = len(left)
        size += sum(path.stat().st_size for path in left)
        if not dry_run:
            remove_files(left)
    return Collected(files, size)


def _with_parents(store: Store, reach: Reach) -> set[str]:
    """The manifests that are reached, and those that they came from, as far as they are here: the history."""
    kept, waiting = set(reach.manifests), [m.parent for m in reach.manifests.values()]
    while waiting:
        name = waiting.pop()
        if name and name not in kept and store.blobs.exists("manifests", name):
            kept.add(name)
            waiting.append(Manifest.from_json(store.blobs.get("manifests", name)).parent)
    return kept


def _check(blobs: FolderBlobs, name: str) -> tuple[int, str | None]:
    """The size of an object and what is wrong with it, if anything."""
    try:
        size, digest = blobs.measure("objects", name)
    except FileNotFoundError:
        return 0, "it is missing"
    except (OSError, RegistryError) as error:
        return 0, f"it cannot be read: {error}"
    return size, None if digest == name else "its content does not match its name"


def _rows(blobs: FolderBlobs, content: Content) -> int:
    """The rows of a content by what its objects say of themselves."""
    total = 0
    for layer in content.layers:
        total += _counted(blobs, layer.added) - _counted(blobs, layer.removed)
    return total


def _counted(blobs: FolderBlobs, name: str | None) -> int:
    if name is None:
        return 0
    try:
        return int(pq.read_metadata(blobs.fetch("objects", name)).num_rows)
    except (pa.ArrowException, OSError):
        return -1
