"""Versions that have no name: a writer was killed before it gave one, it was deleted, or it has yet to be copied.

Their manifests are here, and so may be their rows. They are kept until somebody says that they may go.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from negbank.errors import RegistryError
from negbank.registry.manifest import Manifest, Version
from negbank.registry.store import Store


@dataclass(frozen=True)
class Unnamed:
    """A version without a name: which it was, the name of its manifest, and the file that should say so."""

    version: str
    manifest: str
    path: str


def find_unnamed(store: Store, known: Collection[str]) -> list[Version]:
    """The versions whose manifest is none of `known`, and whose name nothing else has."""
    refs = store.refs.versions()
    return [v for v in _versions(store, known) if (v.manifest.dataset, v.manifest.number) not in refs]


def described(versions: Collection[Version]) -> tuple[Unnamed, ...]:
    """Versions without a name, for whoever may give it back."""
    return tuple(Unnamed(str(v), v.name, name_path(v.manifest.dataset, v.manifest.number)) for v in versions)


def named_anew(store: Store, dataset: str, number: int, known: Collection[str]) -> str | None:
    """How to name a version again whose name is broken; None where its manifest is not here, or there are several."""
    numbers = (dataset, number)
    found = [v for v in _versions(store, known) if (v.manifest.dataset, v.manifest.number) == numbers]
    return f"write {found[0].name} into {name_path(*numbers)} of the registry" if len(found) == 1 else None


def name_path(dataset: str, number: int) -> str:
    """The file that names a version, in the registry."""
    return f"datasets/{dataset}/versions/v{number}"


def _versions(store: Store, known: Collection[str]) -> Iterator[Version]:
    """Every version whose manifest can be read and is none of `known`."""
    for name, _ in sorted(store.blobs.names("manifests")):
        if name not in known:
            with contextlib.suppress(RegistryError):
                yield Version(Manifest.from_json(store.blobs.get("manifests", name)), name)
