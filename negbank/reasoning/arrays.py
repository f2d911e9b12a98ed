"""The records of a JSON array, one at a time, and files that are compressed: memory does not grow with the file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from negbank.errors import MalformedFileError

CHUNK: Final = 2**20
_BOM: Final = b"\xef\xbb\xbf"
_MAGIC: Final = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_SIGNS: Final = re.compile(rb'[\[\]{}"\\,]')


def plain_file(file: BinaryIO) -> BinaryIO:
    """`file` as it is read without its compression, which its first bytes tell."""
    head = cast("bytes", file.peek(8)[:8]) if hasattr(file, "peek") else b""
    kind = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    opened: IO[bytes]
    if kind is None:
        return file
    if kind == "gzip":
        opened = cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    elif kind == "bzip2":
        opened = bz2.BZ2File(file)
    elif kind == "xz":
        opened = lzma.open(file)  # noqa: SIM115 (the caller closes the file below it)
    else:
        opened = io.BufferedReader(cast("io.RawIOBase", _zstd(file)))
    return cast("BinaryIO", opened)


def _zstd(file: BinaryIO) -> IO[bytes]:
    import pyarrow as pa

    return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd"))


def is_array(start: bytes) -> bool:
    """Whether a file that begins so is one JSON array."""
    return start.removeprefix(_BOM).lstrip()[:1] == b"["


def array_items(file: BinaryIO, start: bytes, path: Path | str, longest: int) -> Iterator[bytes]:
    """The items of a JSON array as they are written, `start` being what is read of it already.

    Raises MalformedFileError for an item of more than `longest` bytes, an array without an end, and text after it.
    """
    scan = _Scan()
    buffer = start.removeprefix(_BOM).lstrip()[1:]
    number, begin, at, closed = 0, 0, 0, False
    while not closed:
        end, closed = scan.next_end(buffer, at)
        if end < 0:
            buffer, begin, at = buffer[begin:], 0, len(buffer) - begin
            if at > longest:
                raise MalformedFileError(path, f"a record of more than {longest >> 20} MiB", number + 1)
            more = file.read(CHUNK)
            if not more:
                raise MalformedFileError(path, "the array has no end: the file is cut off", number + 1)
            buffer += more
            continue
        item = buffer[begin:end].strip()
        begin = at = end + 1
        if item or number or not closed:
            number += 1
            if not item:
                raise MalformedFileError(path, "the array has an empty item", number)
            yield item
    rest = buffer[begin:].strip()
    while not rest and (more := file.read(CHUNK)):
        rest = more.strip()
    if rest:
        raise MalformedFileError(path, f"text after the array: {rest[:40].decode(errors='replace')!r}", number)


class _Scan:
    """Where items of an array end: brackets, braces and strings are counted over the chunks that come in."""

    def __init__(self) -> None:
        self.depth, self.in_text, self.escaped_at = 0, False, -1

    def next_end(self, buffer: bytes, at: int) -> tuple[int, bool]:
        """The place of the comma or bracket after the item that `buffer` begins with, and whether it ends the array.

        -1 where the item goes on; bytes before `at` are seen already.
        """
        if self.escaped_at == at and at < len(buffer):
            at += 1
        self.escaped_at = -1
        position = at
        while (found := _SIGNS.search(buffer, position)) is not None:
            sign, place = found.group(), found.start()
            position = place + 1
            if sign == b"\\":
                if self.in_text:
                    position += 1
                    if position > len(buffer):
                        self.escaped_at = len(buffer)
            elif sign == b'"':
                self.in_text = not self.in_text
            elif self.in_text:
                continue
            elif sign in b"[{":
                self.depth += 1
            elif self.depth == 0:
                if sign in b",]":
                    return place, sign == b"]"
            elif sign in b"]}":
                self.depth -= 1
        return -1, False
