"""Refusing decompression bombs: small Parquet files of strangers that would fill the memory when they are read.

A file of 500 bytes can hold one text a hundred thousand times, and its footer may say anything: only reading shows.
So a process of its own, with bounded memory, reads each file first.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from negbank.errors import DecompressionError
from negbank.processes import limit_memory, own_command, own_environment

MAX_AT_ONCE: Final = 2**30
"""Bytes that BATCH rows may have when they are read."""

MAX_IN_ALL: Final = 32 * 2**30
"""Bytes that all rows of the files may have together."""

BATCH: Final = 25_000
_MEMORY_MB: Final = 4 * 2**10  # for a batch, for what unpacks it, and for the libraries themselves
_TOO_MUCH: Final = 3


def refuse_bombs(files: Sequence[Path]) -> None:
    """Raise DecompressionError for Parquet files that are damaged, or decompress to more than is allowed."""
    words = own_command("negbank.decompression", *map(str, files))
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=own_environment())
    if done.returncode == 0:
        return
    names = ", ".join(path.name for path in files[:3])
    if done.returncode == 1 and done.stdout:
        raise DecompressionError(
            f"{names}: cannot be read as Parquet ({done.stdout.strip()[:300]}); nothing was taken in"
        )
    raise DecompressionError(
        f"{names}: decompresses to more than {MAX_AT_ONCE / 1e9:.1f} GB at a time or {MAX_IN_ALL / 1e9:.0f} GB in all: "
        "its fields are larger than any answer; nothing was taken in"
    )


def main(paths: Sequence[str]) -> int:
    """0 where files can be read within the bounds, 3 where not, 1 (and why, on standard output) if they are damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    limit_memory(_MEMORY_MB)
    total = 0
    try:
        for path in paths:
            with pq.ParquetFile(path, pre_buffer=False) as file:
                for batch in file.iter_batches(BATCH):
                    total += batch.nbytes
                    if batch.nbytes > MAX_AT_ONCE or total > MAX_IN_ALL:
                        return _TOO_MUCH
    except (MemoryError, pa.ArrowMemoryError):
        return _TOO_MUCH
    except (pa.ArrowException, OSError, ValueError) as error:  # a column whose name is no UTF-8 is a ValueError
        sys.stdout.write(" ".join(str(error).split()))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
