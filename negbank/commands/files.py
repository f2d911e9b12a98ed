"""Files written where a user asks for them."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from negbank.errors import UnknownNameError
from negbank.registry.disk import translated

SUFFIXES = (".jsonl", ".csv", ".parquet")


def check_suffix(path: str) -> None:
    """Raise UnknownNameError where the format cannot be told from the name."""
    if Path(path).suffix not in SUFFIXES:
        raise UnknownNameError("format", Path(path).suffix, SUFFIXES, hint=f" (of {path})")


def write_rows(rows: pl.DataFrame, path: str) -> None:
    """Write `rows` as JSONL, CSV or Parquet, by the name's ending; lists are JSON texts in CSV. Whole or not at all."""
    check_suffix(path)
    target = Path(path)
    buffer = io.BytesIO()
    if target.suffix == ".jsonl":
        rows.write_ndjson(buffer)
    elif target.suffix == ".parquet":
        rows.write_parquet(buffer)
    else:
        lists = [name for name, kind in rows.schema.items() if isinstance(kind, pl.List)]
        rows.with_columns(pl.col(lists).list.join("; ")).write_csv(buffer)
    write_whole(target, buffer.getvalue())


def write_spooled(spool: Path, schema: pl.Schema, path: str) -> None:
    """Write the rows of a JSONL file of that schema as `write_rows` does, without reading them all into memory."""
    check_suffix(path)
    target = Path(path)
    temporary = target.with_name(f".{target.name}.part")
    with translated(target):
        try:
            if target.suffix == ".jsonl":
                shutil.copyfile(spool, temporary)
            elif not spool.stat().st_size:
                write_rows(schema.to_frame(), path)
                return
            elif target.suffix == ".parquet":
                pl.scan_ndjson(spool, schema=schema).sink_parquet(temporary)
            else:
                pl.scan_ndjson(spool, schema=schema).sink_csv(temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def write_whole(target: Path, data: bytes) -> None:
    """Write a file, whole or not at all. Raises StorageError where the disk refuses."""
    temporary = target.with_name(f".{target.name}.part")
    with translated(target):
        try:
            temporary.write_bytes(data)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def run_folder(runs: Path, name: str, identity: Mapping[str, Any]) -> Path:
    """The folder of a run in `runs`: the one that was begun with the same `identity`, or the first free name.

    Raises StorageError where it cannot be made.
    """
    text = json.dumps(identity, indent=1, sort_keys=True, default=str)
    name, number = name.replace("@", "-"), 1
    while True:
        folder = runs / (name if number == 1 else f"{name}-{number}")
        kept = folder / "settings.json"
        if not folder.exists():
            with translated(folder):
                folder.mkdir(parents=True)
            write_whole(kept, text.encode())
            return folder
        if kept.exists() and kept.read_text() == text:
            return folder
        number += 1
