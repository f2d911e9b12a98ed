"""`export`: a version in the columns that a trainer reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from negbank.cards.refusals import Refusal, refusals
from negbank.commands.files import ELSEWHERE, check_suffix, output_file
from negbank.commands.registry import Place, open_registry
from negbank.errors import RegistryError, UnknownNameError
from negbank.records import ERRONEOUS_COT, columns_of
from negbank.registry import Part, Registry
from negbank.registry.disk import translated
from negbank.trl_columns import LAYOUTS, PREFERENCE, STEPWISE

SUFFIXES: Final = (".jsonl", ".parquet")


@dataclass(frozen=True)
class ExportResult:
    """What was written: rows, and rows of the version that the format has no place for.

    `refusals` are those of the version: what was refused while it was made.
    """

    version: str
    path: str
    format: str
    tiers: tuple[str, ...]
    rows: int
    left_out: int
    refusals: tuple[Refusal, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def export(
    reference: str,
    path: str | Path,
    *,
    format: str = PREFERENCE,
    tier: str | None = None,
    replace: bool = False,
    registry: Place = None,
) -> ExportResult:
    """Write a version, or one tier of it, to a JSONL or Parquet file in the columns of a trainer.

    `trl-stepwise` takes the tier erroneous-cot alone, and of it the chains whose first error is known; the others are
    counted. The file appears whole or not at all, and memory does not grow with the rows; one that is there already is
    overwritten only with `replace`. Raises UnknownNameError for a format, a tier or a version that is not there,
    RegistryError where there is nothing to write, and StorageError where the file cannot be written.
    """
    if format not in LAYOUTS:
        raise UnknownNameError("format", format, LAYOUTS)
    check_suffix(path, SUFFIXES)
    place = open_registry(registry)
    version = place.resolve(reference)
    parts = _parts(str(version), version.manifest.parts, format, tier)
    with output_file(path, (place.place,), replace=replace, suffixes=SUFFIXES) as file:
        rows = _write(file, _batches(place, parts, format), _empty(parts, format))
    total = sum(part.rows for part in parts)
    left_out = total - rows if format == STEPWISE else 0
    tiers = tuple(dict.fromkeys(part.tier for part in parts))
    return ExportResult(str(version), str(path), format, tiers, rows, left_out, refusals(version.mined))


def _parts(version: str, parts: tuple[Part, ...], format: str, tier: str | None) -> list[Part]:
    """The parts that the format is written from. Raises where that is none."""
    tiers = list(dict.fromkeys(part.tier for part in parts))
    wanted = ERRONEOUS_COT if format == STEPWISE and tier is None else tier
    if wanted is not None and wanted not in tiers:
        raise UnknownNameError("tier", wanted, tiers, hint=f" (in {version})")
    if format == STEPWISE and wanted != ERRONEOUS_COT:
        raise RegistryError(f"{format} needs steps, which the tier {wanted} has not; export it as {PREFERENCE}")
    return [part for part in parts if wanted in (None, part.tier)]


def _batches(registry: Registry, parts: list[Part], format: str) -> Iterator[pl.DataFrame]:
    for part in parts:
        yield from map(LAYOUTS[format], registry.batches(part))


def _empty(parts: list[Part], format: str) -> pl.DataFrame:
    """No rows, in the columns of the format."""
    return LAYOUTS[format](columns_of(parts[0].tier).to_frame())


def _write(path: Path, frames: Iterator[pl.DataFrame], empty: pl.DataFrame) -> int:
    """Write frames to a file, and give the number of rows."""
    with translated(path.parent, ELSEWHERE):
        return (_write_parquet if path.suffix == ".parquet" else _write_jsonl)(path, frames, empty)


def _write_jsonl(path: Path, frames: Iterator[pl.DataFrame], empty: pl.DataFrame) -> int:
    rows = 0
    with path.open("wb") as file:
        for frame in frames:
            file.write(frame.write_ndjson().encode())  # Python writes, so that a full disk is an OSError
            rows += frame.height
    return rows


def _write_parquet(path: Path, frames: Iterator[pl.DataFrame], empty: pl.DataFrame) -> int:
    """Plain strings and lists, which `datasets` reads without a cast."""
    rows, schema = 0, pa.schema([(name, _PLAIN[kind]) for name, kind in empty.schema.items()])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for frame in frames:
            writer.write_table(frame.to_arrow().cast(schema))
            rows += frame.height
    return rows


_PLAIN: Final[dict[pl.DataType, Any]] = {
    pl.String(): pa.string(), pl.Boolean(): pa.bool_(), pl.List(pl.String()): pa.list_(pa.string()),
    pl.List(pl.Boolean()): pa.list_(pa.bool_()),
}  # fmt: skip
