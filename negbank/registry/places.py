"""Which store a place means: a folder or a URL, with its names beside it or in PostgreSQL."""

from __future__ import annotations

import importlib.util

from negbank.errors import RegistryError
from negbank.folders import RegistryPlace, cache_folder, expanded, is_url, registry_place, without_password
from negbank.registry.blobs import FolderBlobs
from negbank.registry.refs import FolderRefs, Refs
from negbank.registry.store import Store


def open_store(place: RegistryPlace) -> Store:
    """The store of a place; what it leaves open, the environment says. Raises RegistryError where it cannot be had."""
    root, refs = registry_place(place)
    blobs = _blobs(root)
    if refs:
        return Store(blobs, _postgres(refs))
    if is_url(root):
        raise RegistryError(
            f"{without_password(root)} cannot name versions atomically by itself; say which PostgreSQL does: "
            "--refs postgresql://USER@HOST/DATABASE, or NEGBANK_REFS"
        )
    return Store(blobs, FolderRefs(blobs.root))


def _blobs(root: str) -> FolderBlobs:
    if not is_url(root):
        return FolderBlobs(expanded(root).absolute())
    from negbank.registry.object_store import ObjectStoreBlobs

    return ObjectStoreBlobs(root, cache_folder() / "registries")


def _postgres(url: str) -> Refs:
    if importlib.util.find_spec("psycopg") is None:
        raise RegistryError("names in PostgreSQL need its client: pip install 'negbank[postgresql]'")
    from negbank.registry.postgres import PostgresRefs

    return PostgresRefs(url)
