"""Files of reasoning chains -> `Trajectory`, one line at a time: memory does not grow with the file.

The layouts are in `layouts.py`. A file has one of them, told by its first record.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from negbank.decoding import HalfPairError, JsonError, decode_json, kind_of
from negbank.errors import MalformedFileError, SourceError, UnknownNameError
from negbank.reasoning.arrays import CHUNK, array_items, is_array, plain_file
from negbank.reasoning.chains import MAX_CHAIN, RefusedChain, Trajectory
from negbank.reasoning.layouts import LAYOUTS, LayoutError, find_layout

CHAIN_TOO_LONG: Final = "chain-too-long"
NO_CHAIN: Final = "no-chain"
NO_TEXT: Final = "no-text"
MAX_LINE: Final = 256 * 2**20
"""Bytes of a line; a file without line breaks is not read into memory to find that out."""


def read_trajectories(path: Path | str, layout: str | None = None) -> Iterator[Trajectory | RefusedChain]:
    """The chains of a file in order, with those that are refused for their length in their places.

    The file is JSON lines or one JSON array, and may be compressed (gzip, bzip2, xz, zstd).

    Raises SourceError where the file cannot be read, UnknownNameError for a layout that is none, and
    MalformedFileError (with the line) where a record does not hold what the layout of the file asks for.
    """
    try:
        with Path(path).open("rb") as file:
            yield from parse_lines(read_lines(file, path), path, layout)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error


def read_lines(file: BinaryIO, path: Path | str) -> Iterator[bytes]:
    """The records of a file, which `path` names in errors: its lines, or the items of its one array.

    Raises MalformedFileError for one longer than MAX_LINE, and where the file's compression is cut off or broken.
    """
    try:
        yield from _records(plain_file(file), path)
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise MalformedFileError(path, f"its compressed data is cut off or broken: {error}") from error
    except OSError as error:
        if error.errno is not None:  # the file itself cannot be read
            raise
        raise MalformedFileError(path, f"its compressed data is cut off or broken: {error}") from error


def _records(file: BinaryIO, path: Path | str) -> Iterator[bytes]:
    number = 0
    while line := file.readline(CHUNK):
        if not number and is_array(line):
            yield from array_items(file, line, path, MAX_LINE)
            return
        number += 1
        if not line.endswith(b"\n"):
            line += file.readline(MAX_LINE + 1 - len(line))
        if len(line) > MAX_LINE:
            raise MalformedFileError(path, f"a line of more than {MAX_LINE >> 20} MiB; one JSON object a line", number)
        yield line


def parse_lines(
    lines: Iterable[bytes], path: Path | str, layout: str | None = None
) -> Iterator[Trajectory | RefusedChain]:
    """As `read_trajectories`, of lines that are read already (standard input); `path` names them in errors."""
    if layout is not None and layout not in LAYOUTS:
        raise UnknownNameError("layout", layout, LAYOUTS)
    empty = True
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        empty = False
        record = _record(line, path, number)
        try:
            layout = layout or find_layout(record)
            for position, trajectory in enumerate(LAYOUTS[layout](record)):
                yield _placed(trajectory, number, position)
        except LayoutError as error:
            raise MalformedFileError(path, str(error), number) from error
    if empty:
        raise MalformedFileError(path, "the file is empty")


def _record(line: bytes, path: Path | str, number: int) -> Mapping[str, Any]:
    try:
        record = _decoded(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        raise MalformedFileError(path, f"not UTF-8 at byte {error.start} of the line", number) from error
    except JsonError as error:
        raise MalformedFileError(path, str(error), number) from error
    if not isinstance(record, dict):
        raise MalformedFileError(path, f"a JSON object is expected, not {kind_of(record)}", number)
    return record


def _decoded(text: str) -> Any:
    """The value of a line. Half of a surrogate pair is let through in what a model wrote for negbank: hours of
    sampling are not lost to one chain, which is refused by itself."""
    try:
        return decode_json(text)
    except HalfPairError:
        record = decode_json(text, half_pairs=True)
        said = record.get("provenance") if isinstance(record, dict) else None
        if not isinstance(said, dict) or "prompt_sha256" not in said:
            raise
        return record


def _placed(found: Trajectory, line: int, position: int) -> Trajectory | RefusedChain:
    """`found` with its place, or refused: for its length, as blank, or as no text (half of a surrogate pair)."""
    length = len(found.chain) if found.steps is None else sum(map(len, found.steps))
    if length > MAX_CHAIN:
        return RefusedChain(found.question[:1000], CHAIN_TOO_LONG, line, position)
    if not found.chain.strip():
        return RefusedChain(found.question[:1000], NO_CHAIN, line, position)
    if not _is_text(found.question) or not _is_text(found.chain):
        return RefusedChain(found.question[:1000], NO_TEXT, line, position)
    return replace(found, line=line, position=position)


def _is_text(text: str) -> bool:
    """Whether `text` can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
