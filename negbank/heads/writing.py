"""Files that are whole or not there, and the disk's refusals in our words."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from negbank.errors import TrainingError


def write_file(path: Path, content: bytes) -> None:
    """Write a file under another name, then rename it. Raises TrainingError where the disk refuses."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True) if part.parent.is_dir() else None
        raise TrainingError(f"{path} cannot be written: {_reason(error)}; what was written before is kept") from error


def write_arrays(path: Path, **arrays: npt.ArrayLike) -> None:
    """Write arrays by name to an .npz file, whole or not at all. Raises TrainingError where the disk refuses."""
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # numpy's own flag stands among the names
    write_file(path, content.getvalue())


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full, make room and run the same again"
    return error.strerror or str(error)
