"""Processes of our own for what strangers wrote: with bounded memory, and with no module of the folder they run in."""

from __future__ import annotations

import contextlib
import os
import sys


def own_command(module: str, *words: str) -> list[str]:
    """The command line that runs a module of ours; `-P` keeps a `json.py` of the current folder out."""
    return [sys.executable, "-P", "-m", module, *words]


def own_environment() -> dict[str, str]:
    """The environment in which that command finds what this process finds."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def limit_memory(megabytes: int) -> None:
    """Let this process have so much address space and no more, where the system can say so."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # Windows lacks it, macOS refuses it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))
