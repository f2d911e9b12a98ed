"""Questions of your own: a JSONL, CSV or Parquet file, standard input, or any dataset as `hf:org/name`."""

from __future__ import annotations

import difflib
import io
import json
import sys
from pathlib import Path
from typing import Any

import polars as pl

from negbank.errors import MalformedFileError, SourceError, UnknownNameError
from negbank.records import QUESTIONS, SourceData
from negbank.sources.benchmark import content_revision
from negbank.sources.hub import HubDataset
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Parsed, parse

SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
HUB_PREFIX = "hf:"


def read_file(path: str, options: SourceOptions) -> SourceData:
    """The questions in a file; `-` is JSON lines from standard input.

    Raises SourceError where the file is not there or empty, MalformedFileError (with the line) where it cannot
    be read, and UnknownNameError for a column that it does not have.
    """
    options.refuse(path, "split", "subjects")
    name = "stdin" if path == "-" else Path(path).stem
    where = f"{path}:{{}}" if Path(path).suffix in (".jsonl", ".ndjson") else f"{path} row {{}}"
    parsed = parse(read_table(path), options.columns, prefix=name, split="train", where=where)
    return _source(name, path, parsed, None)


def read_hub(reference: str, options: SourceOptions) -> SourceData:
    """The questions of `hf:org/name` or `hf:org/name:config`, of its split `train` or the one asked for."""
    options.refuse(reference, "subjects")
    hub, config, split = _find_split(reference, options.split)
    short = hub.name.partition("/")[2].lower()
    where = f"{hub.name} {split} row {{}}"
    parsed = parse(hub.read(config, split).frame, options.columns, prefix=short, split="train", where=where)
    return _source(short, hub.name, parsed, hub.revision(config))


def read_hub_table(reference: str, split: str | None = None) -> pl.DataFrame:
    """The rows of `hf:org/name` or `hf:org/name:config`, of its split `train` or the one asked for."""
    hub, config, split = _find_split(reference, split)
    return hub.read(config, split).frame


def _find_split(reference: str, split: str | None) -> tuple[HubDataset, str, str]:
    """The dataset, configuration and split that a reference means. Raises where it fits none, or several."""
    name, _, config = reference.removeprefix(HUB_PREFIX).partition(":")
    if name.count("/") != 1 or not all(name.split("/")):
        raise SourceError(f"cannot read {reference!r}; write it as hf:org/name or hf:org/name:config")
    hub = HubDataset(name)
    configs = hub.configs()
    if config and config not in configs:
        raise UnknownNameError("configuration", config, configs, hint=f" (in {name})")
    if not config and len(configs) > 1:
        raise SourceError(f"{name} has several configurations; name one, as in {reference}:{configs[0]}. "
                          f"There are: {', '.join(configs)}")  # fmt: skip
    chosen = config or configs[0]
    splits = hub.splits(chosen)
    split = split or ("train" if "train" in splits else None)
    if split is None:
        if len(splits) > 1:
            raise SourceError(f"{name} has no split `train`; name one with --split. There are: {', '.join(splits)}")
        split = splits[0]
    return hub, chosen, split


def read_table(path: str) -> pl.DataFrame:
    """The rows of a JSONL, CSV, TSV or Parquet file, or of JSON lines on standard input (`-`)."""
    if path == "-":
        return _json_lines("standard input", sys.stdin.buffer.read())
    file = Path(path)
    if not file.exists():
        beside = [p.name for p in file.parent.glob("*") if p.suffix in SUFFIXES] if file.parent.is_dir() else []
        near = difflib.get_close_matches(file.name, beside, n=1)
        raise SourceError(f"{path}: no such file" + (f"; did you mean {near[0]!r}?" if near else ""))
    if file.is_dir():
        raise SourceError(f"{path} is a folder; name a file in it ({', '.join(SUFFIXES)})")
    if file.suffix not in SUFFIXES:
        raise SourceError(f"{path}: cannot tell its format from its name; it must end in {', '.join(SUFFIXES)}")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    if not data.strip():
        raise MalformedFileError(path, "the file is empty")
    if file.suffix in (".jsonl", ".ndjson"):
        return _json_lines(path, data)
    return _parquet(path, data) if file.suffix == ".parquet" else _csv(path, data, file.suffix)


def _source(name: str, place: str, parsed: Parsed, revision: str | None) -> SourceData:
    if parsed.questions.is_empty():
        reasons = parsed.refused.group_by("reason").len().sort("len", descending=True).rows()
        listed = ", ".join(f"{reason} {count}" for reason, count in reasons)
        raise SourceError(f"{place}: no usable question ({listed}); first: {parsed.refused['where'][0]}")
    form = {"label": "labels", "letter": "letters", "index": "0-based indices"}.get(parsed.answer_form)
    notices = (f"{place}: answers are read as {form} of the choices",) if form else ()
    revision = revision or content_revision(parsed.questions)
    return SourceData(name, parsed.questions, QUESTIONS.to_frame(), parsed.refused, revision, None, notices)


def _json_lines(path: str, data: bytes) -> pl.DataFrame:
    """One JSON object a line; an error names the line."""
    records: list[dict[str, Any]] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError as error:
            raise MalformedFileError(path, f"not UTF-8 at byte {error.start} of the line", number) from error
        except json.JSONDecodeError as error:
            raise MalformedFileError(path, f"not JSON: {error.msg} at column {error.colno}", number) from error
        except RecursionError as error:
            raise MalformedFileError(path, "not JSON that can be read: nested too deeply", number) from error
        if not isinstance(record, dict):
            raise MalformedFileError(path, f"a JSON object is expected, not {type(record).__name__}", number)
        records.append(record)
    if not records:
        raise MalformedFileError(path, "the file is empty")
    try:
        return pl.DataFrame(records, infer_schema_length=None)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        raise MalformedFileError(path, f"rows have fields of different kinds: {error}") from error


def _csv(path: str, data: bytes, suffix: str) -> pl.DataFrame:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MalformedFileError(path, "not UTF-8; save it as UTF-8", line) from error
    try:
        separator = "\t" if suffix == ".tsv" else ","
        return pl.read_csv(io.BytesIO(data), separator=separator, infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        raise MalformedFileError(path, f"not a table: {error}") from error


def _parquet(path: str, data: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise MalformedFileError(path, f"not a Parquet file: {error}") from error
