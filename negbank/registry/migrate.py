"""Registries of older layouts, brought up by numbered steps; each may be interrupted and run again.

1 -> 2: rows get `row_id` and `row_hash`, manifests name contents instead of objects, and `refs/` becomes `datasets/`.
A manifest has another name then; parents are renamed with them. `registry.json` is written last of all, so an
interrupted step leaves a registry of layout 1; objects that it wrote are found again by their hash.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from negbank.errors import RegistryError
from negbank.registry.blobs import MARKER
from negbank.registry.contents import Contents
from negbank.registry.manifest import Manifest, Part
from negbank.registry.refs import numbered
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
    refs = numbered(store.blobs.root / "refs")
    if store.refs.versions().keys() - refs.keys():
        raise RegistryError(
            f"{store.place}/{MARKER} says layout 1, but there are versions of layout 2: it was changed. Write "
            '{"layout": 2} into it. Nothing was changed'
        )
    for (dataset, number), name in sorted(refs.items()):
        manifest = _manifest_of_layout_1(store, name, names)
        names[name] = store.blobs.put("manifests", manifest.to_json())
        done = store.refs.make_version(dataset, number, names[name])  # not, where an interrupted upgrade did
        if not done and store.refs.versions().get((dataset, number)) != names[name]:
            raise RegistryError(
                f"{store.place}: {dataset}@v{number} is there already and is another one; layout 1 cannot be upgraded"
            )


def _manifest_of_layout_1(store: Store, name: str, names: Mapping[str, str]) -> Manifest:
    contents, parts = Contents(store.blobs), []
    try:
        record = json.loads(store.blobs.get("manifests", name))
        for old in record["parts"]:
            store.blobs.check("objects", old["object"])
            content = contents.write(pl.read_parquet(store.blobs.path("objects", old["object"])))
            parts.append(Part(old["tier"], old["split"], content.digest, content.rows, old["mined"]))
        parent = names.get(record["parent"]) if record["parent"] else None
        return Manifest(**{**record, "parent": parent, "parts": tuple(parts)})
    except (ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise RegistryError(f"the manifest {name[:12]} of layout 1 cannot be read, so nothing is upgraded") from error


def _clean(store: Store, layout: int) -> None:
    """Remove what the old layout alone had; old objects and manifests wait for `gc`."""
    if layout == 1:
        shutil.rmtree(store.blobs.root / "refs", ignore_errors=True)


STEPS: Final[Mapping[int, Callable[[Store], None]]] = {1: _one_to_two}
"""From each older layout to the next."""
