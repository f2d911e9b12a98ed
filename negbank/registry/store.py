"""One registry: blobs in a folder or an object store, and their names beside them or in PostgreSQL.

`registry.json` says what is there: `{"layout": 2}`, and where the names are in a database, `"refs": "postgresql"` and
the `id` that stands in that database too, so that blobs are never read, or collected, by another registry's names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from negbank.errors import RegistryError
from negbank.registry.blobs import MARKER, FolderBlobs
from negbank.registry.refs import FolderRefs, Refs
from negbank.text.display import short

LAYOUT: Final = 2

MARKER_KEYS: Final = frozenset(("layout", "refs", "id"))
"""What `registry.json` may say."""

_OTHERS: Final = (
    "the database that --refs names belongs to another registry than {}; name the right one, or give each registry "
    "a schema of its own (postgresql://...?options=-csearch_path%3DNAME)"
)


@dataclass(frozen=True)
class Store:
    """The blobs and the names of one registry."""

    blobs: FolderBlobs
    refs: Refs

    @property
    def place(self) -> str:
        """Where the registry is, for messages."""
        return self.blobs.place

    def layout(self) -> int | None:
        """The number of the layout, None where there is no registry yet.

        Raises RegistryError for a broken marker, a newer layout, names that are those of another registry, and a place
        that is something else.
        """
        data = self.blobs.marker()
        if data is None and self.blobs.is_fresh():
            return None
        data = data or self.blobs.marker()  # another writer may have made it meanwhile
        if data is None:
            raise RegistryError(self.blobs.stranger())
        try:
            record: dict[str, Any] = json.loads(data)
            layout, kind, own = record["layout"], record.get("refs"), record.get("id")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            where = f"{self.place.rstrip('/')}/{MARKER}"
            raise RegistryError(f'{where} cannot be read; write {{"layout": {LAYOUT}}} into it') from error
        if type(layout) is int and layout > LAYOUT:
            raise RegistryError(
                f"{self.place} was made by a newer negbank (layout {short(layout, 12)}; this one reads {LAYOUT}): "
                "upgrade negbank. Nothing was changed"
            )
        if type(layout) is not int or layout < 1:
            raise RegistryError(f"{self.place}/{MARKER} says layout {short(layout, 20)}, which there never was")
        self._check_refs(kind, own)
        return layout

    def create(self) -> None:
        """Make `registry.json` where it is not there yet."""
        if self.layout() is not None:
            return
        named = self.refs.versions()
        if self.layout() is not None:  # another writer made it meanwhile
            return
        if named:
            raise RegistryError(_OTHERS.format(self.place))
        self.set_layout(LAYOUT)

    def set_layout(self, layout: int) -> None:
        """Write `registry.json`."""
        own = self.refs.bind()
        record = {"layout": layout} | ({"refs": "postgresql", "id": own} if own else {})
        self.blobs.set_marker(json.dumps(record).encode())

    def _check_refs(self, kind: str | None, own: str | None) -> None:
        """Raise RegistryError where the names that were given are not those of these blobs."""
        bound = self.refs.bind()
        if bound is None and kind:
            raise RegistryError(
                f"the versions of {self.place} are named in PostgreSQL; say where: --refs postgresql://..."
            )
        if bound and not kind:
            raise RegistryError(f"{self.place} keeps the names of its versions itself; leave out --refs")
        if bound != own:
            raise RegistryError(_OTHERS.format(self.place))


def folder_store(root: Path) -> Store:
    """The store that lies in one folder."""
    return Store(FolderBlobs(root), FolderRefs(root))
