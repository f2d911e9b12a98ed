"""`gc`: removing what no version and no tag needs, and nothing while anything is wrong."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from negbank.errors import RegistryError
from negbank.registry.blobs import SUFFIX
from negbank.registry.check import examine, with_parents
from negbank.registry.disk import remove_tree, translated
from negbank.registry.store import Store
from negbank.registry.unnamed import Unnamed, described, find_unnamed
from negbank.terms import counted


@dataclass(frozen=True)
class Collected:
    """Files that no version and no tag needs: how many of each folder, their bytes, and what is kept without a name."""

    files: dict[str, int]
    bytes: int
    unnamed: tuple[Unnamed, ...] = ()


def collect(store: Store, dry_run: bool, unnamed: bool = False) -> Collected:
    """Remove what no version and no tag reaches. Waits for writers, and they wait for it.

    A version that lost its name, or has not got it yet, stays with its rows, unless `unnamed` says that it may go.

    Raises RegistryError, and removes nothing, where anything that is named is missing, unreadable or not of its hash:
    what nobody seems to need may be the only copy of it.
    """
    if dry_run:
        return _collected(store, unnamed, remove=False)
    with store.refs.lock(alone=True), translated(store.place):
        return _collected(store, unnamed, remove=True)


def _collected(store: Store, unnamed: bool, remove: bool) -> Collected:
    reach, _ = examine(store)
    if reach.problems:
        first = reach.problems[0]
        raise RegistryError(
            f"{counted(len(reach.problems), 'problem')} ({first.where}: {first.detail}); nothing was removed: "
            "negbank verify first"
        )
    kept = {"objects": set(reach.objects), "contents": set(reach.found), "manifests": with_parents(store, reach)}
    others = [] if unnamed else find_unnamed(store, kept["manifests"])
    for version in others:
        kept["manifests"].add(version.name)
        for part in version.manifest.parts:
            kept["contents"].add(part.content)
            with contextlib.suppress(RegistryError):
                content = reach.contents.find(part.content)
                kept["objects"].update(content.objects if content else ())
    files, size = {}, 0
    for folder in SUFFIX:
        gone = {name: held for name, held in store.blobs.names(folder) if name not in kept[folder]}
        files[folder] = len(gone)
        size += sum(gone.values())
        if remove:
            store.blobs.remove(folder, gone)
    left = store.blobs.leftovers()
    files["tmp"] = len(left)
    size += sum(held for _, held in left)
    if remove:
        for path, _ in left:
            remove_tree(path)
    return Collected(files, size, described(others))
