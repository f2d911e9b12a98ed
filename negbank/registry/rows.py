"""Rows <-> Parquet: one canonical form of a row, its two hashes, and files whose bytes depend on rows alone.

Every object has two columns besides a negative's own:

- `row_id`: which negative it is, over all versions: 16 bytes of BLAKE2b over question_id and negative; of a chain over
  its generator too, since two models may write the same one.
- `row_hash`: what it says: SHA-256 over `row_id` and the row's other columns. Two versions differ where these differ.

What is hashed is canonical text: a string is `<bytes>:<text>`, an integer `<number>;`, a float the integer of its
bits, a list `[<length>` and its items, and nothing is `-`. Columns that came later (LATER_COLUMNS) follow as
`<name>=<value>` where they say something.
"""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from negbank.errors import RegistryError
from negbank.records import CHAINS, LATER_COLUMNS, NEGATIVES

ROW_GROUP = 100_000
"""Rows a row group: large enough to compress well, small enough to be read alone."""

CHAIN_SHARE = 100
"""A chain may take the place of so many answers: row groups and batches of chains hold the fewer rows."""

SHARD = 16**4
"""Rows in a file that is shared, on average."""

_END = "0000"  # one `id` in SHARD begins so

UNREADABLE = (pa.ArrowException, pl.exceptions.PolarsError, ValueError, OverflowError)
"""What reading a damaged Parquet file raises: a name of a column that is no UTF-8 is a ValueError, for one."""

BATCH = 25_000
"""Rows that are read or hashed at a time."""

ROW_ID, ROW_HASH = "row_id", "row_hash"
ORDER = ("question_id", "rank", "id")
"""How the rows of an object are ordered."""

_REPEATING = [
    "question_id", "question", "context", "answer", "tier", "rank", "origin", "origin_id", "subject", "judge_verdict",
    "found_by", "verified_by",
]  # fmt: skip
"""Columns of which Parquet keeps a dictionary: texts that hardly repeat cost time and space in one."""

_NEEDED = ("id", "question_id", "question", "answer", "negative", "tier", "rank")

_IDENTITY = ("question_id", "negative", "generator")
ID_BYTES, HASH_BYTES = 16, 32
_ARROW = {
    pl.String: pa.string(),
    pl.Int32: pa.int32(),
    pl.Float32: pa.float32(),
    pl.List: pa.list_(pa.string()),
}

OBJECT_COLUMNS = pa.schema([(ROW_ID, pa.binary(ID_BYTES)), (ROW_HASH, pa.binary(HASH_BYTES))])
"""The columns that an object has besides those of its rows."""

REMOVED_SCHEMA = pa.schema([(ROW_ID, pa.binary(ID_BYTES))])
"""The column of an object that says which rows an edit takes away."""


def shared_schema(columns: pl.Schema) -> pa.Schema:
    """The columns of rows (NEGATIVES or CHAINS) as Arrow types that `datasets` reads without guessing."""
    return pa.schema([(name, _ARROW[kind.base_type()]) for name, kind in columns.items()])


def object_schema(columns: pl.Schema) -> pa.Schema:
    """The columns of an object with such rows."""
    return pa.schema([*shared_schema(columns), *OBJECT_COLUMNS])


def columns_in(names: Iterable[str]) -> pl.Schema:
    """CHAINS or NEGATIVES, whichever the column names of an object show its rows to be."""
    return CHAINS if set(CHAINS).difference(LATER_COLUMNS) <= set(names) else NEGATIVES


def share_of(names: Iterable[str], rows: int) -> int:
    """How many rows with these columns take the place of `rows` answers."""
    return rows // CHAIN_SHARE if columns_in(names) is CHAINS else rows


def as_rows(frame: pl.DataFrame, columns: pl.Schema = NEGATIVES) -> pl.DataFrame:
    """`frame` with exactly these columns and types; those that came later are null where it lacks them.

    Raises RegistryError where it lacks others.
    """
    lacking = [name for name in columns.names() if name not in frame.columns]
    if needed := [name for name in lacking if name not in LATER_COLUMNS]:
        raise RegistryError(f"rows lack the columns {', '.join(needed)}")
    try:
        rows = frame.with_columns(pl.lit(None).alias(name) for name in lacking)
        rows = rows.select(pl.col(name).cast(kind) for name, kind in columns.items())
    except pl.exceptions.PolarsError as error:
        raise RegistryError(f"rows have other types than a negative's: {error}") from error
    if blank := [name for name in _NEEDED if rows[name].has_nulls()]:
        raise RegistryError(f"rows have no {blank[0]}; every negative has {', '.join(_NEEDED)}")
    return rows


def as_frame(data: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    """Arrow's rows as a Polars frame."""
    table = pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def hashed(frame: pl.DataFrame) -> pa.Table:
    """The rows (NEGATIVES or CHAINS, exactly) with `row_id` and `row_hash`."""
    blake2b, sha256 = hashlib.blake2b, hashlib.sha256
    identity = _canonical_rows(frame, [name for name in _IDENTITY if name in frame.columns])
    rest = _canonical_rows(frame, [name for name in frame.columns if name not in _IDENTITY])
    ids = [blake2b(key, digest_size=ID_BYTES).digest() for key in identity]
    hashes = [sha256(row_id + text).digest() for row_id, text in zip(ids, rest, strict=True)]
    table = frame.to_arrow().cast(shared_schema(frame.schema))
    table = table.append_column(OBJECT_COLUMNS.field(ROW_ID), _fixed(ids, ID_BYTES))
    return table.append_column(OBJECT_COLUMNS.field(ROW_HASH), _fixed(hashes, HASH_BYTES))


def hashed_ahead(frames: Iterable[pl.DataFrame]) -> Iterator[pa.Table]:
    """`hashed` of each frame in turn, while the next ones are read and hashed already."""
    waiting: collections.deque[Future[pa.Table]] = collections.deque()
    with ThreadPoolExecutor(2) as pool:
        for frame in frames:
            waiting.append(pool.submit(hashed, frame))
            if len(waiting) > 2:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _fixed(values: list[bytes], width: int) -> pa.Array:
    """Values of one width as an Arrow array; joined, since `pa.array` looks at each."""
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(b"".join(values))])


def _canonical_rows(frame: pl.DataFrame, names: Sequence[str]) -> list[bytes]:
    """The canonical bytes of some columns of each row."""
    if frame.is_empty():
        return []
    first = [_canonical(frame, name) for name in names if name not in LATER_COLUMNS]
    later = [_named(frame, name) for name in LATER_COLUMNS if name in names and frame[name].null_count() < frame.height]
    return frame.select(pl.concat_str(*first, *later).cast(pl.Binary)).to_series().to_list()


def _named(frame: pl.DataFrame, name: str) -> pl.Expr:
    """`<name>=<value>` of a column that came later, nothing where it is null."""
    text = pl.concat_str(pl.lit(f"{name}="), _canonical(frame, name))
    return pl.when(pl.col(name).is_null()).then(pl.lit("")).otherwise(text)


def _canonical(frame: pl.DataFrame, name: str) -> pl.Expr:
    """The canonical text of one column."""
    kind, column = CHAINS[name], pl.col(name)
    nulls = frame[name].null_count()
    if nulls == frame.height:
        return pl.lit("-")
    if isinstance(kind, pl.String):
        text = _counted(column)
    elif isinstance(kind, pl.List) and not frame[name].list.len().sum():
        text = pl.lit("[0")
    elif isinstance(kind, pl.List):
        items = column.list.eval(_counted(pl.element())).list.join("")
        text = pl.concat_str(pl.lit("["), column.list.len().cast(pl.String), items)
    elif isinstance(kind, pl.Float32):
        bits = pl.from_arrow(frame[name].to_arrow().view(pa.int32()))
        text = pl.concat_str(pl.lit(bits).cast(pl.String), pl.lit(";"))
    else:
        text = pl.concat_str(column.cast(pl.String), pl.lit(";"))
    return pl.when(column.is_null()).then(pl.lit("-")).otherwise(text) if nulls else text


def _counted(text: pl.Expr) -> pl.Expr:
    return pl.concat_str(text.str.len_bytes().cast(pl.String), pl.lit(":"), text)


def write_table(
    path: Path, schema: pa.Schema, batches: Iterable[pa.Table | pa.RecordBatch], *, shared: bool = False
) -> int:
    """Write `batches` to a Parquet file and give the number of rows.

    zstd, row groups of ROW_GROUP rows (of chains, of their share) whatever the batches were. What is to be `shared`
    is chunked by content, so that a hub which stores chunks is sent only those that changed.
    """
    options = {"compression": "zstd", "use_content_defined_chunking": shared, "use_dictionary": _REPEATING}
    with pq.ParquetWriter(path, schema, **options) as writer, ThreadPoolExecutor(1) as beside:
        count, written = 0, beside.submit(lambda: None)
        for table in regrouped(batches, schema):  # the next rows are made while these are written
            written.result()
            written = beside.submit(writer.write_table, table, row_group_size=share_of(schema.names, ROW_GROUP))
            count += table.num_rows
        written.result()
    return count


def regrouped(batches: Iterable[pa.Table | pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of one row group each, the last one shorter; one empty table where there are none."""
    waiting: list[pa.Table] = []
    count, given, size = 0, False, share_of(schema.names, ROW_GROUP)
    for batch in batches:
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        waiting.append(table.cast(schema))
        count += table.num_rows
        while count >= size:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, size)
            waiting, count, given = [joined.slice(size)], count - size, True
    if count or not given:
        yield pa.concat_tables(waiting) if waiting else schema.empty_table()


def sharded(frames: Iterable[pl.DataFrame], columns: pl.Schema = NEGATIVES) -> Iterator[pl.DataFrame]:
    """The same rows in order, a frame a file that is shared; at least one frame.

    A file ends before a row whose `id` says so, about every SHARD rows (of chains, a sixteenth), and not where a
    count is reached: so a row that comes or goes changes its own file, and the files after it stay as they are and
    need not be sent again.
    """
    waiting = columns.to_frame()
    given = False
    for frame in frames:
        waiting = pl.concat([waiting, frame])
        while (stop := _shard_end(waiting)) is not None:
            yield waiting[:stop]
            waiting, given = waiting[stop:], True
    if not given or not waiting.is_empty():
        yield waiting


def _shard_end(rows: pl.DataFrame) -> int | None:
    """Where the first shard of `rows` ends, if that can be told yet."""
    chains = columns_in(rows.columns) is CHAINS
    size, end = (SHARD // 16, _END[1:]) if chains else (SHARD, _END)
    ends = rows["id"].str.starts_with(end).arg_true()
    stop = next((int(end) for end in ends if end >= size // 8), None)
    if stop is not None and stop <= 2 * size:
        return stop
    return 2 * size if rows.height > 2 * size else None


def in_order(frame: pl.DataFrame, before: tuple[object, ...] | None) -> bool:
    """Whether the rows of `frame` are in an object's order, and do not come before the keys of the row `before`."""
    keys = frame.select(ORDER)
    if before is not None:
        keys = pl.concat([pl.DataFrame([before], schema=keys.schema, orient="row"), keys])
    return keys.equals(keys.sort(ORDER, maintain_order=True))
