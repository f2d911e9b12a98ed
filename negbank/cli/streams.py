"""Standard input, output and error of a process: open, with an encoding that can write everything, and never fatal.

What standard output refuses ends the command with one message, or quietly where its reader has gone. What standard
error refuses is lost: a notice that nobody can read is no reason to stop.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

from negbank.errors import OutputError


class _Output(io.FileIO):
    """Standard output. The first refusal is raised; what is left in buffers is dropped then."""

    refused = False

    def write(self, data: Any, /) -> int:
        """Write `data`. Raises OutputError, once."""
        if self.refused:
            return len(data)
        try:
            return super().write(data)
        except OSError as error:
            self.refused = True
            raise OutputError(error) from error


class _Closed(_Output):
    """Standard output that the process was started without."""

    def write(self, data: Any, /) -> int:
        """Raise OutputError, once."""
        if self.refused:
            return len(data)
        self.refused = True
        raise OutputError(None)


class _Notices(io.FileIO):
    """Standard error. What it refuses is dropped."""

    def write(self, data: Any, /) -> int:
        """Write `data`, or not."""
        with contextlib.suppress(OSError):
            return super().write(data)
        return len(data)


def prepare() -> None:
    """Make the standard streams of this process fit for a command.

    A closed one is opened on nothing, or the next file to be opened would take its number, and be written by whatever
    prints. Standard input that was closed stays None: readers say so.
    """
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for number in closed:
        opened = os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if opened != number:
            os.close(opened)
    sys.stdout = _stream(sys.stdout, 1, _Closed if 1 in closed else _Output)
    sys.stderr = _stream(sys.stderr, 2, _Notices)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _stream(given: TextIO | None, number: int, kind: Callable[..., io.FileIO]) -> TextIO:
    """The text stream of a file number, in the encoding of the one that Python made."""
    raw = kind(number, "w", closefd=False)
    encoding, by_line = given.encoding if given else "utf-8", number == 2 or raw.isatty()
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, "backslashreplace", "\n", line_buffering=by_line)
