"""Registries of older layouts, brought up by numbered steps; each may be interrupted and run again.

1 -> 2: rows get `row_id` and `row_hash`, manifests name contents instead of objects, and `refs/` becomes `datasets/`.
A manifest has another name then; parents are renamed with them. `registry.json` is written last of all, so an
interrupted step leaves a registry of layout 1; objects that it wrote are found again by their hash.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl

from negbank.errors import RegistryError
from negbank.registry.contents import Contents
from negbank.registry.disk import translated
from negbank.registry.manifest import Manifest, Part
from negbank.registry.store import LAYOUT, Store


def migrate(store: Store) -> None:
    """Bring the registry to LAYOUT, where it is older. Raises RegistryError where its files are damaged."""
    if store.layout() in (None, LAYOUT):
        return
    with store.refs.lock(alone=True):
        while (layout := store.layout()) is not None and layout < LAYOUT:  # another process may have been first
            STEPS[layout](store)
            store.set_layout(layout + 1)
            _clean(store, layout)


def _one_to_two(store: Store) -> None:
    names: dict[str, str] = {}
    refs = _refs_of_layout_1(store)
    with translated(store.blobs.root):
        shutil.rmtree(store.blobs.root / "datasets", ignore_errors=True)
    for (dataset, number), name in sorted(refs.items()):
        record = json.loads(store.blobs.get("manifests", name))
        manifest = _manifest_of_layout_1(store, record, names)
        names[name] = store.blobs.put("manifests", manifest.to_json())
        if not store.refs.make_version(dataset, number, names[name]):
            raise RegistryError(
                f"{store.place}: {dataset}@v{number} was written twice while it was upgraded; try again"
            )


def _refs_of_layout_1(store: Store) -> dict[tuple[str, int], str]:
    with translated(store.blobs.root):
        paths = (store.blobs.root / "refs").glob("*/v*")
        return {(p.parent.name, int(p.name[1:])): p.read_text().strip() for p in paths}


def _manifest_of_layout_1(store: Store, record: dict[str, Any], names: Mapping[str, str]) -> Manifest:
    contents, parts = Contents(store.blobs), []
    for old in record["parts"]:
        store.blobs.get("objects", old["object"])  # checks the hash
        content = contents.write(pl.read_parquet(store.blobs.path("objects", old["object"])))
        parts.append(Part(old["tier"], old["split"], content.digest, content.rows, old["mined"]))
    parent = names.get(record["parent"]) if record["parent"] else None
    return Manifest(**{**record, "parent": parent, "parts": tuple(parts)})


def _clean(store: Store, layout: int) -> None:
    """Remove what the old layout alone had; old objects and manifests wait for `gc`."""
    if layout == 1:
        shutil.rmtree(store.blobs.root / "refs", ignore_errors=True)


STEPS: Final[Mapping[int, Callable[[Store], None]]] = {1: _one_to_two}
"""From each older layout to the next."""
