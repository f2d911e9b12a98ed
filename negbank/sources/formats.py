"""One file -> rows as it has them: JSON, JSON lines, CSV, TSV, Parquet and Arrow, each also compressed.

Values keep their own text: no column is made to hold one kind. Memory is bounded: a file that unpacks to more than it
may is refused with its size.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn

import polars as pl

from negbank.decoding import WrittenNumber
from negbank.errors import MalformedFileError, SourceError
from negbank.sources import streams
from negbank.sources.csv_rows import read_csv
from negbank.sources.json_rows import read_json
from negbank.sources.streams import FileRows, Reading, RecentRows, Row, Text, unpacked
from negbank.text.display import short

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS: Final = {
    ".json": "JSON", ".jsonl": "JSON lines", ".ndjson": "JSON lines", ".csv": "CSV", ".tsv": "TSV",
    ".parquet": "Parquet", ".arrow": "Arrow", ".feather": "Arrow", ".ipc": "Arrow",
}  # fmt: skip
MAX_VALUES: Final = 100_000_000
"""Values of a Parquet file, those in lists counted one by one."""
SLICE: Final = 10_000
COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstandard", ".bz2": "bzip2"}


def format_of(path: Path) -> tuple[str, str | None]:
    """The format and the compression that a file's name says. Raises SourceError where it says none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    ending = suffixes[-2] if compression and len(suffixes) > 1 else suffixes[-1] if suffixes else ""
    if ending not in FORMATS:
        raise SourceError(
            f"{path}: cannot tell its format from its name; it must end in {', '.join(FORMATS)}, "
            f"also with {', '.join(COMPRESSIONS)} behind"
        )
    return FORMATS[ending], compression


def is_readable(path: Path) -> bool:
    """Whether a file's name says a format that is read."""
    try:
        format_of(path)
    except SourceError:
        return False
    return True


def read_file_rows(path: Path, reading: Reading) -> FileRows:
    """The rows of one file. Raises MalformedFileError with the line where it is not what its name says."""
    format, compression = format_of(path)
    try:
        if path.stat().st_size > streams.MAX_BYTES:
            streams.refuse_size(str(path))
        with path.open("rb") as raw:
            stream = unpacked(raw, str(path), compression)
            rows = FileRows(str(path), f"{format}, {compression}" if compression else format)
            read_stream(stream, rows, format, reading)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error
    return rows


def read_stream(stream: BinaryIO, rows: FileRows, format: str, reading: Reading) -> None:
    """Add the rows of a stream of `format` to `rows`. Raises MalformedFileError where it holds none."""
    if format in ("Parquet", "Arrow"):
        _read_columns(stream.read(), rows, format)
    else:
        text = Text(stream, rows.path, reading.encoding)
        if format in ("CSV", "TSV"):
            read_csv(text, rows, "\t" if format == "TSV" else ",", reading)
        else:
            read_json(text, rows, format, reading)
    if not rows.rows:
        raise MalformedFileError(rows.path, _all_bad(rows) if rows.bad else "the file is empty: it has no rows")


def _all_bad(rows: FileRows) -> str:
    line, problem = rows.bad[0]
    return f"none of its {len(rows.bad):,} rows can be read; line {line}: {problem}"


def _read_columns(data: bytes, rows: FileRows, format: str) -> None:
    """Parquet, or Arrow as a file or a stream."""
    if not data:
        return
    try:
        frame = _parquet(data, rows.path) if format == "Parquet" else _arrow(data, rows.path)
        size = sum(map(_text_bytes, frame))
        if size > 2 * streams.MAX_BYTES:
            _refuse_unpacked(rows.path, size)
        found, rows.notes = frame_rows(frame, rows.path)
        rows.in_lines = False
        for number, row in enumerate(found, 1):
            rows.add(row, number)
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException) as error:
        name = "an Arrow" if format == "Arrow" else "a Parquet"
        raise MalformedFileError(rows.path, f"not {name} file, or a damaged one; write or fetch it again") from error


def _parquet(data: bytes, path: str) -> pl.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        about = pq.read_metadata(io.BytesIO(data))
        schema = about.schema.to_arrow_schema()
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
    groups = [about.row_group(group) for group in range(about.num_row_groups)]
    size = sum(group.total_byte_size for group in groups)
    if size > 2 * streams.MAX_BYTES:
        _refuse_unpacked(path, size)
    values = sum(group.column(column).num_values for group in groups for column in range(group.num_columns))
    if values > MAX_VALUES:
        raise MalformedFileError(
            path, f"holds {values:,} values, more than {MAX_VALUES:,}; split it into smaller files"
        )
    _refuse_repeated(schema, path)
    return pl.read_parquet(io.BytesIO(data))


def _refuse_unpacked(path: str, size: int) -> NoReturn:
    limit = 2 * streams.MAX_BYTES // 1_000_000
    raise MalformedFileError(
        path, f"unpacks to {size // 1_000_000:,} MB, more than {limit:,} MB; split it into smaller files"
    )


def _text_bytes(column: pl.Series) -> int:
    """The bytes of all texts in a column, also where it repeats one that its file has once."""
    if column.dtype in (pl.String, pl.Binary):
        texts = column.cast(pl.Binary)
        return int(texts.bin.size().cast(pl.UInt64).sum() or 0)  # of 32 bits, the sum would begin again
    if isinstance(column.dtype, pl.List | pl.Array):
        return _text_bytes(column.explode())
    if isinstance(column.dtype, pl.Struct):
        return sum(_text_bytes(field) for field in column.struct.unnest())
    return 0


def _arrow(data: bytes, path: str) -> pl.DataFrame:
    import pyarrow as pa

    is_file = data.startswith(b"ARROW1")
    try:
        opened = pa.ipc.open_file(data) if is_file else pa.ipc.open_stream(data)
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
    _refuse_repeated(opened.schema, path)
    return pl.read_ipc(io.BytesIO(data)) if is_file else pl.read_ipc_stream(io.BytesIO(data))


def _refuse_repeated(schema: Iterable[pa.Field], path: str) -> None:
    """Raise MalformedFileError where two columns, or two fields of one object, have the same name."""
    import pyarrow as pa

    fields = list(schema)
    names = [field.name for field in fields]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        shown = ", ".join(short(name, 60) for name in repeated)
        raise MalformedFileError(path, f"columns with the same name: {shown}; rename or drop one of them")
    for field in fields:
        kind = field.type
        if pa.types.is_nested(kind) and not pa.types.is_union(kind):
            _refuse_repeated([kind.field(place) for place in range(kind.num_fields)], path)


def frame_rows(frame: pl.DataFrame, path: str) -> tuple[Iterator[Row], dict[str, str]]:
    """The rows of a frame, and a sentence a column on what was changed: NaN and infinity become nothing.

    A number of 32 bits keeps the text that it prints as.
    """
    notes = {name: note for name in frame.columns if (note := _unlimited(frame[name]))}
    floats = [name for name, kind in frame.schema.items() if kind in (pl.Float32, pl.Float64)]
    frame = frame.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in floats)
    return _rows_of(frame, path), notes


def _rows_of(frame: pl.DataFrame, path: str) -> Iterator[Row]:
    short = [name for name, kind in frame.schema.items() if kind == pl.Float32]
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    frame, names, recent = frame.with_columns(pl.col(short).cast(pl.String)), frame.columns, RecentRows(path)
    plain = not nested and not any(kind.is_float() for kind in frame.dtypes)  # 0.0 and -0.0 are equal, their texts not

    def make(values: tuple[Any, ...]) -> Row:
        row = dict(zip(names, values, strict=True))
        row |= {name: None if row[name] is None else WrittenNumber(row[name]) for name in short}
        return row | {name: _finite(row[name]) for name in nested}

    for part in frame.iter_slices(SLICE):
        for values in part.iter_rows():
            yield recent.get(values if plain else repr(values), partial(make, values))


def _unlimited(column: pl.Series) -> str | None:
    """A sentence on the numbers of a column that are NaN or infinite, None where there are none."""
    if not column.dtype.is_float() or not (bad := ~column.is_finite()).any():
        return None
    count, row = int(bad.sum()), bad.arg_true()[0]
    shown = {"nan": "NaN", "inf": "infinity", "-inf": "-infinity"}[str(column[row])]
    return f"{column.name} holds NaN or infinity in {count:,} rows (row {row + 1}: {shown}), which are read as nothing"


def _finite(value: Any) -> Any:
    """A list or object without numbers that are NaN or infinite."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return {key: _finite(item) for key, item in value.items()} if isinstance(value, dict) else value
