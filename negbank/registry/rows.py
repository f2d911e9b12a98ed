"""Rows <-> Parquet bytes: the same rows give the same bytes."""

from __future__ import annotations

import io

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from negbank.records import NEGATIVES

ROW_GROUP = 100_000
"""Rows a row group: large enough to compress well, small enough to be read alone."""

_ARROW = {
    pl.String: pa.string(),
    pl.Int32: pa.int32(),
    pl.Float32: pa.float32(),
    pl.List: pa.list_(pa.string()),
}

SCHEMA = pa.schema([(name, _ARROW[kind.base_type()]) for name, kind in NEGATIVES.items()])
"""The columns as Arrow types that `datasets` reads without guessing."""


def to_parquet(frame: pl.DataFrame) -> bytes:
    """The Parquet file of `frame` (NEGATIVES), ordered by question and rank.

    zstd, chunked by content, so that stores that share chunks send only what changed.
    """
    ordered = frame.select(NEGATIVES.names()).sort("question_id", "rank", "id")
    buffer = io.BytesIO()
    pq.write_table(
        ordered.to_arrow().cast(SCHEMA),
        buffer,
        compression="zstd",
        row_group_size=ROW_GROUP,
        use_content_defined_chunking=True,
    )
    return buffer.getvalue()


def from_parquet(data: bytes) -> pl.DataFrame:
    """The rows of a Parquet object."""
    frame = pl.from_arrow(pq.read_table(io.BytesIO(data)))
    assert isinstance(frame, pl.DataFrame)
    return frame.cast(NEGATIVES)
