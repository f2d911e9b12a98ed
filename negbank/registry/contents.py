"""How rows are stored: a content is a base object, and edits on top of it where those are small.

A content has one hash however it is stored, so storage may change (an edit stacked, a stack made whole) while
versions do not.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from negbank.errors import RegistryError, StorageError
from negbank.records import CHAINS, LATER_COLUMNS, NEGATIVES
from negbank.registry import proven
from negbank.registry.blobs import FolderBlobs
from negbank.registry.disk import translated
from negbank.registry.engine import Engine
from negbank.registry.manifest import is_count
from negbank.registry.names import is_hash
from negbank.registry.queries import LayerFiles, Layers
from negbank.registry.rows import (
    BATCH,
    ORDER,
    REMOVED_SCHEMA,
    ROW_HASH,
    ROW_ID,
    UNREADABLE,
    as_frame,
    as_rows,
    columns_in,
    hashed,
    hashed_ahead,
    in_order,
    object_schema,
    share_of,
    write_table,
)

MAX_LAYERS: Final = 20
"""Edits on one base before a content is written whole: each costs a reader two files and a join."""

MAX_EDITED: Final = 0.1
"""Bytes of edits, as a share of the base's, from which a content is written whole."""


@dataclass(frozen=True)
class Layer:
    """Objects of one layer: rows that it adds, and `row_id` that it takes away; None where there are none."""

    added: str | None
    removed: str | None
    bytes: int


@dataclass(frozen=True)
class Content:
    """Rows by their hash, their number, and the layers that they lie in."""

    digest: str
    rows: int
    layers: tuple[Layer, ...]

    @property
    def objects(self) -> tuple[str, ...]:
        """The names of all its objects."""
        return tuple(name for layer in self.layers for name in (layer.added, layer.removed) if name)

    def to_json(self) -> bytes:
        """How it is written down."""
        return json.dumps(asdict(self), indent=1).encode()


@dataclass(frozen=True)
class Staged:
    """Rows in a file that nothing names yet, the hash of their content, and how many they are."""

    file: Path
    digest: str
    rows: int


class Contents:
    """The contents of one registry's blobs."""

    def __init__(self, blobs: FolderBlobs) -> None:
        self.blobs = blobs

    def find(self, digest: str) -> Content | None:
        """The content of that hash, or None where its rows are not here. Raises RegistryError for a broken file."""
        data = self.blobs.read("contents", digest)
        if data is None:
            return None
        where = self.blobs.where("contents", digest)
        try:
            record = json.loads(data)
            content = Content(record["digest"], record["rows"], tuple(Layer(**layer) for layer in record["layers"]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise RegistryError(f"{where} cannot be read; see negbank verify --repair") from error
        if content.digest != digest or not _well_formed(content) or content.to_json() != data:
            raise RegistryError(f"{where} was changed: it is not what negbank wrote; see negbank verify --repair")
        return content

    def files(self, content: Content) -> tuple[LayerFiles, ...]:
        """Where the layers of a content lie."""
        return tuple(LayerFiles(self._object(layer.added), self._object(layer.removed)) for layer in content.layers)

    def ordered(self, content: Content) -> Iterator[pl.DataFrame]:
        """The rows (NEGATIVES or CHAINS) of a content in order, some at a time; it is checked first."""
        self.check(content)
        with self.engine() as engine:
            try:
                for frame in engine.ordered(self.files(content)):
                    yield frame.cast({name: CHAINS[name] for name in frame.columns})
            except UNREADABLE as error:
                where = self.blobs.where("contents", content.digest)
                raise RegistryError(f"{where} names objects that are no rows; see negbank verify --repair") from error

    def check(self, content: Content) -> None:
        """Raise RegistryError where an object is missing or changed, or the objects do not hold the content's rows."""
        for name in content.objects:
            self.blobs.check("objects", name)
        self.prove(content)

    def sound_files(self, content: Content) -> tuple[LayerFiles, ...]:
        """Where the layers of a content lie; it is checked first."""
        self.check(content)
        return self.files(content)

    def prove(self, content: Content) -> None:
        """Raise RegistryError where the objects, which match their names, do not hold the rows of the content.

        The objects' names decide what they hold, so what was shown once on this machine stays true.
        """
        fact = content.to_json().decode()
        if proven.is_proven("contents", fact):
            return
        where = self.blobs.where("contents", content.digest)
        files = self.files(content)
        sizes = [sum(file.stat().st_size for file in (own.added, own.removed) if file) for own in files]
        if sizes != [layer.bytes for layer in content.layers]:
            raise RegistryError(f"{where} says other sizes than its objects have; see negbank verify --repair")
        try:
            with self.engine() as engine:
                digest, rows, _ = engine.digest(files)
        except StorageError:
            raise
        except (RegistryError, *UNREADABLE) as error:
            raise RegistryError(f"{where} names objects that are no rows: {error}") from error
        if (digest, rows) != (content.digest, content.rows):
            raise RegistryError(
                f"{where} names objects that hold other rows ({rows:,} rows of the content {digest[:12]}); "
                "see negbank verify --repair"
            )
        proven.keep("contents", fact)

    def write(self, rows: pl.DataFrame | Sequence[Path], columns: pl.Schema = NEGATIVES) -> Content:
        """Store rows (a frame, or Parquet files, with `columns`), whole.

        Raises RegistryError where a question has one negative twice.
        """
        if not isinstance(rows, pl.DataFrame):
            with translated(self.blobs.place), self.blobs.scratch() as folder:
                return self.take(self.stage(rows, columns, folder / "rows.parquet"))
        ordered = as_rows(rows, columns).sort(ORDER)
        batch = share_of(columns, BATCH)
        starts = range(0, max(1, ordered.height), batch)
        return self._write((ordered.slice(start, batch) for start in starts), columns)

    def edit(self, content: Content, put: pl.DataFrame, remove: Sequence[bytes] = ()) -> Content:
        """Store a content with the rows `put` (new, or instead of those of the same `row_id`) and without `remove`.

        A small edit is a layer on top; a large one, or one too many, is written whole.
        """
        self.check(content)
        base = self.files(content)
        columns = _columns_of(base)
        added = hashed(as_rows(put, columns).sort(ORDER))
        with self.engine() as engine:
            asked = pa.concat_arrays([added[ROW_ID].combine_chunks(), pa.array(remove, REMOVED_SCHEMA[0].type)])
            there = engine.present(base, pa.table([asked], REMOVED_SCHEMA))
            kept = _both(there, added, remove)
            added = added.filter(pc.invert(pc.is_in(added[ROW_HASH], kept[ROW_HASH])))
            gone = there.filter(pc.invert(pc.is_in(there[ROW_HASH], kept[ROW_HASH]))).select([ROW_ID])
            if not added.num_rows and not gone.num_rows:
                return content
            layers = (*content.layers, self._layer(engine, added, gone.sort_by(ROW_ID)))
            edited = Content("", 0, layers)
            if len(layers) > MAX_LAYERS or sum(x.bytes for x in layers[1:]) > MAX_EDITED * layers[0].bytes:
                return self._write(engine.ordered(self.files(edited)), columns)
            digest, rows = _digest(engine, self.files(edited))
        return self.keep(Content(digest, rows, layers))

    def stage(self, files: Sequence[Path], columns: pl.Schema, target: Path) -> Staged:
        """Write the rows of Parquet files to `target`, on the registry's disk, where nothing names them yet.

        Raises RegistryError as `write` does.
        """
        with contextlib.suppress(_NotInOrderError):
            return self._stage((as_rows(frame, columns) for frame in _files_in_order(files, columns)), columns, target)
        with self.engine() as engine:
            frames = (as_rows(frame, columns) for frame in engine.sorted_files(files, columns))
            return self._stage(frames, columns, target)

    def take(self, staged: Staged) -> Content:
        """Make an object of rows that were staged, unless they are here already."""
        if known := self._sound(staged.digest):
            return known
        name, size = self.blobs.put_file("objects", staged.file)
        return self.keep(Content(staged.digest, staged.rows, (Layer(name, None, size),)))

    def _stage(self, ordered: Iterable[pl.DataFrame], columns: pl.Schema, target: Path) -> Staged:
        with translated(self.blobs.place):
            write_table(target, object_schema(columns), hashed_ahead(ordered))
        pa.default_memory_pool().release_unused()  # before DuckDB takes its share
        with self.engine() as engine:
            return Staged(target, *_digest(engine, [LayerFiles(target, None)]))

    def _write(self, ordered: Iterable[pl.DataFrame], columns: pl.Schema) -> Content:
        with translated(self.blobs.place), self.blobs.scratch() as folder:
            return self.take(self._stage(ordered, columns, folder / "rows.parquet"))

    def _layer(self, engine: Engine, added: pa.Table, gone: pa.Table) -> Layer:
        names: list[str | None] = []
        total = 0
        for table in (added, gone):
            if not table.num_rows:
                names.append(None)
                continue
            file = engine.spill / "edit.parquet"
            with translated(self.blobs.place):
                write_table(file, table.schema, [table])
            name, size = self.blobs.put_file("objects", file)
            names.append(name)
            total += size
        return Layer(names[0], names[1], total)

    def keep(self, content: Content) -> Content:
        """Write down how a content is stored; the first way stays where it is known already, and is sound."""
        if known := self._sound(content.digest):
            return known
        self.blobs.set_aside("contents", content.digest)
        self.blobs.set("contents", content.digest, content.to_json())
        proven.keep("contents", content.to_json().decode())
        return content

    def _sound(self, digest: str) -> Content | None:
        """The content of that hash, where its rows are here and nothing of them is damaged."""
        try:
            content = self.find(digest)
            if content is not None:
                self.check(content)
            return content
        except StorageError:
            raise
        except RegistryError:
            return None

    def _object(self, name: str | None) -> Path | None:
        return self.blobs.fetch("objects", name) if name else None

    @contextlib.contextmanager
    def engine(self) -> Iterator[Engine]:
        """An engine that spills into a folder of the registry, which is gone afterwards."""
        with translated(self.blobs.place), self.blobs.spill() as folder:
            engine = Engine(folder)
            try:
                yield engine
            finally:
                engine.close()


def _well_formed(content: Content) -> bool:
    """Whether a content is stored as negbank stores them: a base of rows, and layers that change something."""
    names = [name for layer in content.layers for name in (layer.added, layer.removed) if name is not None]
    counts = [content.rows, *(layer.bytes for layer in content.layers)]
    return (
        len(content.layers) > 0
        and content.layers[0].added is not None
        and content.layers[0].removed is None
        and all(layer.added is not None or layer.removed is not None for layer in content.layers)
        and all(map(is_hash, names))
        and all(map(is_count, counts))
    )


def _columns_of(layers: Layers) -> pl.Schema:
    """NEGATIVES or CHAINS, whichever the rows of these layers are."""
    base = layers[0].added
    return columns_in(pq.read_schema(base).names) if base else NEGATIVES


def _both(there: pa.Table, added: pa.Table, remove: Sequence[bytes]) -> pa.Table:
    """Of the rows that are `there` those that are added again as they are, so that nothing changes."""
    same = pc.is_in(there[ROW_HASH], added[ROW_HASH])
    taken = pc.is_in(there[ROW_ID], pa.array(remove, REMOVED_SCHEMA[0].type))
    return there.filter(pc.and_(same, pc.invert(taken)))


def _digest(engine: Engine, layers: Layers) -> tuple[str, int]:
    """The content of layers and its rows. Raises RegistryError where a question has one negative twice."""
    digest, rows, twice = engine.digest(layers)
    if twice:
        question_id, negative = engine.described(layers, twice)
        raise RegistryError(f"the question {question_id!r} has the negative {negative[:80]!r} twice; keep one of them")
    return digest, rows


class _NotInOrderError(Exception):
    """Rows of files turned out not to be in an object's order."""


def _files_in_order(paths: Sequence[Path], columns: pl.Schema) -> Iterator[pl.DataFrame]:
    """The rows of Parquet files, one after the other. Raises _NotInOrderError where they must be sorted first.

    Files that negbank wrote are in order: reading them once is a fifth of sorting them.
    """
    last: tuple[object, ...] | None = None
    for path in paths:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            there = file.schema_arrow.names
            if not set(columns).difference(LATER_COLUMNS) <= set(there):
                raise _NotInOrderError  # what is lacking is said by whoever sorts
            names = [name for name in columns if name in there]
            for batch in file.iter_batches(share_of(columns, BATCH), columns=names):
                frame = as_frame(batch)
                if not in_order(frame, last):
                    raise _NotInOrderError
                last = frame.select(ORDER).row(-1) if frame.height else last
                yield frame
