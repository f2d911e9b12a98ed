"""What can be made whole again from what is in the registry, and which rows of the rest can still be read.

Nothing is deleted: what is replaced is kept in `quarantine/`, and what cannot be replaced stays where it is.
"""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from negbank.errors import RegistryError
from negbank.records import columns_of
from negbank.registry import disk
from negbank.registry.check import Loss
from negbank.registry.contents import Content, Contents, Layer
from negbank.registry.disk import translated
from negbank.registry.queries import LayerFiles
from negbank.registry.rows import (
    BATCH,
    OBJECT_COLUMNS,
    ROW_HASH,
    ROW_ID,
    UNREADABLE,
    as_frame,
    as_rows,
    hashed,
    object_schema,
    share_of,
    shared_schema,
    write_table,
)

_MAX_TRIED: Final = 200
"""Ways of putting objects together that are tried for one content."""

_END: Final = b"PAR1"  # of a Parquet file


@dataclass(frozen=True)
class Saved:
    """Rows that were lost, how many of them can still be read, and the file where these are, if there are any."""

    loss: Loss
    rows: int
    path: str | None


def mend(contents: Contents, lost: Iterable[Loss]) -> set[str]:
    """The contents of `lost` that are sound again: their objects were here after all, or all rows could be read."""
    return {loss.content for loss in lost if _from_objects(contents, loss) or _from_rows(contents, loss)}


def save(contents: Contents, lost: Iterable[Loss]) -> list[Saved]:
    """Write the rows of `lost` that can still be read to files of their own, in the columns of a negative."""
    return [_save(contents, loss) for loss in lost]


def _from_objects(contents: Contents, loss: Loss) -> bool:
    """Whether sound objects hold the rows: then only the file was broken that says in which they lie."""
    for layers in itertools.islice(_stacks(contents, loss), _MAX_TRIED):
        content = Content(loss.content, loss.rows, layers)
        with contextlib.suppress(RegistryError):
            contents.check(content)
            contents.keep(content)
            return True
    return False


def _stacks(contents: Contents, loss: Loss) -> Iterator[tuple[Layer, ...]]:
    """Ways in which the rows may lie in the objects that are here, each of as many rows.

    They lie in one object, in the first layers of a content that is known, or in those and one layer on top.
    """
    known = {layers[:count] for layers in _known(contents) for count in range(1, len(layers) + 1)}
    objects = _Objects(contents)
    single = [(Layer(name, None, size),) for name, size in objects.rows.items()]
    below = {*known, *single}
    tops = [
        Layer(added, removed, objects.size(added) + objects.size(removed))
        for added in (None, *objects.rows)
        for removed in (None, *objects.removed)
        if added or removed
    ]
    for layers in (*known, *single, *((*own, top) for own in below for top in tops)):
        if objects.count(layers) == loss.rows:
            yield layers


def _known(contents: Contents) -> Iterator[tuple[Layer, ...]]:
    for name, _ in contents.blobs.names("contents"):
        with contextlib.suppress(RegistryError):
            if content := contents.find(name):
                yield content.layers


class _Objects:
    """The objects of a registry that can be opened: those of rows, and those of `row_id` that are taken away."""

    def __init__(self, contents: Contents) -> None:
        self.rows: dict[str, int] = {}
        self.removed: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        for name, size in contents.blobs.names("objects"):
            with contextlib.suppress(*UNREADABLE, OSError):
                metadata = pq.read_metadata(contents.blobs.fetch("objects", name))
                self._counts[name] = metadata.num_rows
                (self.rows if metadata.num_columns > 1 else self.removed)[name] = size

    def size(self, name: str | None) -> int:
        """The bytes of an object."""
        return 0 if name is None else (self.rows | self.removed)[name]

    def count(self, layers: Sequence[Layer]) -> int | None:
        """How many rows layers hold together, None where an object cannot be opened."""
        try:
            added = sum(self._counts[layer.added] for layer in layers if layer.added)
            return added - sum(self._counts[layer.removed] for layer in layers if layer.removed)
        except KeyError:
            return None


def _from_rows(contents: Contents, loss: Loss) -> bool:
    """Whether all rows could be read out of damaged objects, and are written again."""
    with contents.engine() as engine:
        file = engine.spill / "saved.parquet"
        if _write_readable(contents, loss, file) != loss.rows:
            return False
        if engine.digest([LayerFiles(file, None)])[0] != loss.content:
            return False
        contents.write([file], columns_of(loss.tier))
    return True


def _save(contents: Contents, loss: Loss) -> Saved:
    with contents.engine() as engine:
        file = engine.spill / "saved.parquet"
        count = _write_readable(contents, loss, file)
        if not count:
            return Saved(loss, 0, None)
        shared = engine.spill / f"{loss.versions[-1].replace('@', '-')}-{loss.tier}-{loss.split}.parquet"
        columns = columns_of(loss.tier)
        with pq.ParquetFile(file) as rows, translated(contents.blobs.place):
            batches = (as_rows(as_frame(batch), columns).to_arrow() for batch in rows.iter_batches(BATCH))
            write_table(shared, shared_schema(columns), batches)
            kept = disk.set_aside(shared, contents.blobs.quarantine / "rows")
    return Saved(loss, count, str(kept))


def _write_readable(contents: Contents, loss: Loss, file: Path) -> int:
    """Write the rows of a content that can be read and match their hash to a file: how many there are."""
    columns = columns_of(loss.tier)
    try:
        content = contents.find(loss.content)
    except RegistryError:
        content = None
    layers = contents.files(content) if content else ()
    tables = (table for at in range(len(layers)) for table in _layer_rows(layers, at, columns))
    with translated(contents.blobs.place):
        return write_table(file, object_schema(columns), tables)


def _layer_rows(layers: Sequence[LayerFiles], at: int, columns: pl.Schema) -> Iterator[pa.Table]:
    """The readable rows that one layer adds and none of the later ones takes away."""
    gone: list[pa.Array] = []
    for later in layers[at + 1 :]:
        if later.removed:
            ids = list(_batches(later.removed, [ROW_ID], BATCH))
            if sum(len(batch) for batch in ids) != _rows_of(later.removed):
                return  # what it takes away is not known, so none of these rows can be vouched for
            gone += [batch.column(0).cast(OBJECT_COLUMNS.field(ROW_ID).type) for batch in ids]
    taken = pa.chunked_array(gone, OBJECT_COLUMNS.field(ROW_ID).type)
    added = layers[at].added
    names = [*columns.names(), ROW_ID, ROW_HASH]
    for batch in _batches(added, names, share_of(columns, 1000)) if added else ():
        with contextlib.suppress(RegistryError, *UNREADABLE):
            table = hashed(as_rows(as_frame(batch), columns))
            written = pa.Table.from_batches([batch]).select([ROW_ID, ROW_HASH]).cast(OBJECT_COLUMNS)
            right = pc.and_(*(pc.equal(table[name], written[name]) for name in OBJECT_COLUMNS.names))
            yield table.filter(pc.and_(right, pc.invert(pc.is_in(table[ROW_ID], taken))))


def _rows_of(path: Path) -> int:
    try:
        return int(pq.read_metadata(_source(path)).num_rows)
    except (*UNREADABLE, OSError):
        return -1


def _batches(path: Path, names: Sequence[str], size: int) -> Iterator[pa.RecordBatch]:
    """Rows of a damaged Parquet file, as many as can be read: of each row group those before the damage."""
    with contextlib.suppress(*UNREADABLE, OSError), pq.ParquetFile(_source(path), pre_buffer=False) as file:
        there = [name for name in names if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            with contextlib.suppress(*UNREADABLE, OSError):
                for batch in file.iter_batches(size, row_groups=[group], columns=there):
                    batch.validate(full=True)
                    yield batch


def _source(path: Path) -> Path | io.BytesIO:
    """A Parquet file, without what was written after its end."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - len(_END)))
        if file.read() == _END:
            return path
    data = path.read_bytes()
    return io.BytesIO(data[: data.rfind(_END) + len(_END)])
