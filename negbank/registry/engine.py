"""Questions that DuckDB answers over objects: which rows a content has, its hash, and how two versions differ.

Every question opens a database in memory, with a limit on its memory; what does not fit is spilled to a folder of
the registry.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from negbank.errors import RegistryError, StorageError
from negbank.registry.answer import answer_of
from negbank.registry.keys import Keys, in_order
from negbank.registry.queries import (
    SHOWN,
    LayerFiles,
    Layers,
    PartFiles,
    apart,
    changes,
    files_of,
    macro,
    no_rows,
    quoted,
    scan,
    scan_parts,
    touched,
    touched_apart,
)
from negbank.registry.rows import (
    BATCH,
    HASH_BYTES,
    ID_BYTES,
    OBJECT_COLUMNS,
    ORDER,
    ROW_HASH,
    ROW_ID,
    as_frame,
    as_rows,
    columns_in,
    share_of,
)

MEMORY: Final = "224MB"
"""What DuckDB may take before it spills; Python, Arrow and Polars take about as much again."""

_SORTED: Final = f"order by {', '.join(ORDER)}"
_BOTH = ID_BYTES + HASH_BYTES  # of a row


class Engine:
    """Questions over objects, until `close`; `spill` is a folder for what does not fit into memory."""

    def __init__(self, spill: Path) -> None:
        self.spill = spill
        self._opened: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        """Give the memory back; the next question opens a database again."""
        if self._opened:
            self._opened.close()
            self._opened = None

    @contextlib.contextmanager
    def _database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        config: dict[str, Any] = {
            "memory_limit": MEMORY,
            "temp_directory": str(self.spill),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            "enable_external_file_cache": False,
        }
        self._opened = self._opened or duckdb.connect(config=config)
        try:
            yield self._opened.cursor()
        except duckdb.OutOfMemoryException as error:
            raise StorageError(f"the rows need more memory or disk than DuckDB may take here: {error}") from error
        except duckdb.Error as error:
            if "no space left" in str(error).lower():
                raise StorageError(f"{self.spill.parent}: the disk is full; free some space") from error
            raise RegistryError(f"the objects cannot be read: {error}; see negbank verify") from error

    def ordered(self, layers: Layers) -> Iterator[pl.DataFrame]:
        """The rows (NEGATIVES or CHAINS) in their order, about BATCH at a time.

        The first layer is in order already; what later ones take away is left out on the way, and what they add,
        which is little, is merged in.
        """
        base = layers[0].added
        assert base is not None  # as `Contents.find` has seen to
        gone = self._ids(layers[1:])
        columns = columns_in(pq.read_schema(base).names)
        more = self._edits(layers, columns)
        self.close()  # what follows takes long, and asks nothing
        there = set(pq.read_schema(base).names)
        names = [name for name in (*columns, ROW_ID) if name in there and (len(gone) or name != ROW_ID)]
        # read ahead, a file is held whole in the end: 250 MB of four million rows
        with pq.ParquetFile(base, pre_buffer=False) as file:
            for frame in map(as_frame, file.iter_batches(share_of(columns, BATCH), columns=names)):
                if len(gone):
                    frame = frame.filter(~pl.col(ROW_ID).is_in(gone.implode())).drop(ROW_ID)
                frame = as_rows(frame, columns)
                due = more.filter(_not_after(frame))
                more = more[due.height :]
                yield pl.concat([frame, due]).sort(ORDER) if due.height else frame
        if more.height:
            yield more

    def _ids(self, layers: Layers) -> pl.Series:
        """The `row_id` of every row that layers take away."""
        files = [files.removed for files in layers if files.removed]
        return pl.concat([pl.Series(ROW_ID, [], pl.Binary), *(pl.read_parquet(f)[ROW_ID] for f in files)])

    def _edits(self, layers: Layers, columns: pl.Schema) -> pl.DataFrame:
        """What all layers but the first add together, in order."""
        if not any(files.added for files in layers[1:]):
            return columns.to_frame()
        later = scan([LayerFiles(None, None), *layers[1:]])
        query = f"select {', '.join(columns)} from ({later}) {_SORTED}"
        return pl.concat([columns.to_frame(), *(as_rows(frame, columns) for frame in self._frames(query))])

    def sorted_files(self, paths: Sequence[Path], columns: pl.Schema) -> Iterator[pl.DataFrame]:
        """The rows of Parquet files with these columns, together in an object's order."""
        files = f"select * from read_parquet([{', '.join(map(quoted, paths))}], union_by_name = true)"
        query = f"select {', '.join(columns)} from ({no_rows(columns)} union all by name {files}) {_SORTED}"
        yield from self._frames(query, share_of(columns, BATCH))

    def digest(self, layers: Layers) -> tuple[str, int, bytes | None]:
        """The content of the rows, their number, and a `row_id` that stands twice among them, if one does.

        A content is the SHA-256 (hexadecimal) over `row_id` and `row_hash` of all rows, in order of `row_id`.
        """
        digest, rows, twice, last = hashlib.sha256(), 0, None, b""
        query = f"select {ROW_ID} || {ROW_HASH} as both from ({scan(layers)})"
        with self._database() as database:
            blocks = (_keys_of(batch.column(0), _BOTH) for batch in database.sql(query).to_arrow_reader(BATCH))
            for block in in_order(blocks, self.spill / "keys"):
                view = memoryview(block.data).cast("B")
                digest.update(view)
                rows += len(block)
                last, twice = _repeated(view, last, twice)
        return digest.hexdigest(), rows, twice

    def questions(self, parts: Sequence[PartFiles]) -> int:
        """How many questions parts have between them.

        Counted here, since DuckDB holds the keys of a `group by` in memory: those of ten million rows did not fit.
        """
        query = f"select unhex(md5(question_id)) as key from ({scan_parts(parts, ('question_id',))})"
        count = 0
        with self._database() as database:
            columns = (batch.column(0) for batch in database.sql(query).to_arrow_reader(BATCH))
            for keys in in_order((_keys_of(column, ID_BYTES) for column in columns), self.spill / "keys"):
                count += 1 + int(np.any(keys[1:] != keys[:-1], axis=1).sum()) if len(keys) else 0
        return count

    def described(self, layers: Layers, row_id: bytes) -> tuple[str, str]:
        """`(question_id, negative)` of the row of that id."""
        with self._database() as database:
            query = f"select question_id, negative from ({scan(layers)}) where {ROW_ID} = ? limit 1"
            found = database.execute(query, [row_id]).fetchone()
        return (str(found[0]), str(found[1])) if found else ("", "")

    def present(self, layers: Layers, ids: pa.Table) -> pa.Table:
        """Of `ids` (a `row_id` column) those that are there, with their `row_hash`."""
        with self._database() as database:
            database.register("ids", ids)
            query = f"select {ROW_ID}, {ROW_HASH} from ({scan(layers)}) semi join ids using ({ROW_ID})"
            table = database.sql(query).to_arrow_table()
        return table.cast(OBJECT_COLUMNS)

    def diff(
        self, before: Sequence[PartFiles], after: Sequence[PartFiles], limit: int
    ) -> tuple[list[tuple[str, str, int]], pl.DataFrame]:
        """How two sets of parts differ: `(tier, change, count)`, and the first `limit` rows (DIFF_COLUMNS).

        added and removed rows have a `row_id` that the other side has not; relabelled ones are in another tier,
        split or category than before; rescored ones differ in anything else. A row counts for its tier afterwards,
        a removed one for the tier that it had.
        """
        some = touched(before, after)
        columns = (ROW_ID, ROW_HASH, "tier", "category", *(SHOWN if limit else ()))
        with self._database() as database:
            for statement in touched_apart(before, after, columns, some) if some else apart(before, after, columns):
                database.execute(statement)
            database.execute(changes(limit > 0))
            counts = database.execute(
                "select coalesce(tier_after, tier_before), change, count(*) from changes group by all order by all"
            ).fetchall()
            order = "change, question_id, negative, tier_after, tier_before"
            rows = database.sql(f"select * from changes order by {order} limit {limit}").to_arrow_table()
        return counts, as_frame(rows)

    def query(
        self, text: str, references: Mapping[str, Sequence[PartFiles]], allow_files: bool = False
    ) -> pl.DataFrame:
        """The result of one SELECT, in which `negatives('arc@v3')` is the rows of that version.

        It reads nothing else: no file, no network, no variable of this process; with `allow_files` also files of this
        machine. Raises RegistryError for anything but a SELECT, and for what DuckDB finds wrong with it.
        """
        try:
            statements = duckdb.extract_statements(text)
        except duckdb.Error as error:
            raise RegistryError(f"the query cannot be read: {error}") from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise RegistryError("give one SELECT: a registry is read with SQL, never changed")
        with self._database() as database:
            if not allow_files:
                database.execute(f"set allowed_paths = [{', '.join(map(quoted, files_of(references)))}]")
                database.execute("set enable_external_access = false")
            database.execute("set lock_configuration = true")
            database.execute(macro(references))
            try:
                return answer_of(database.sql(text))
            except duckdb.PermissionException as error:
                raise RegistryError(
                    f"the query failed: it asks for more than versions ({str(error).splitlines()[0]}); a query reads "
                    "files of this machine only with --allow-files"
                ) from error
            except duckdb.Error as error:
                said, advice = str(error), "a query can use what DuckDB has built in, and loads no extension"
                if isinstance(error, duckdb.CatalogException) and " extension" in said.splitlines()[0]:
                    said = f"{said.splitlines()[0]} Here, {advice}"
                raise RegistryError(f"the query failed: {said}") from error

    def _frames(self, query: str, batch: int = BATCH) -> Iterator[pl.DataFrame]:
        with self._database() as database:
            yield from map(as_frame, database.sql(query).to_arrow_reader(batch))


def _not_after(frame: pl.DataFrame) -> pl.Expr:
    """Whether a row stands before the last row of `frame`, or where it does, in ORDER."""
    if frame.is_empty():
        return pl.lit(False)
    found = pl.lit(True)
    for name in reversed(ORDER):
        value = pl.lit(frame[name][-1], frame.schema[name])
        found = (pl.col(name) < value) | ((pl.col(name) == value) & found)
    return found


def _keys_of(column: pa.Array, width: int) -> Keys:
    """The values of a column, all of one width, as `(n, width)` bytes."""
    data = column.cast(pa.binary(width))
    start, stop = data.offset * width, (data.offset + len(data)) * width
    return np.frombuffer(data.buffers()[1], dtype=np.uint8)[start:stop].reshape(-1, width)


def _repeated(both: memoryview, last: bytes, twice: bytes | None) -> tuple[bytes, bytes | None]:
    """The last `row_id` of a sorted block, and one that stands twice in it or at its border, if one does."""
    ids = np.frombuffer(both, dtype=[("id", f"V{ID_BYTES}"), ("hash", f"V{HASH_BYTES}")])["id"]
    if twice is None and len(ids):
        same = np.flatnonzero(ids[1:] == ids[:-1])
        if ids[0].tobytes() == last:
            twice = last
        elif len(same):
            twice = ids[same[0]].tobytes()
    return (ids[-1].tobytes() if len(ids) else last), twice
