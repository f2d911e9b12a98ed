"""Datasets of wrong answers: mined, guarded, labelled, versioned, shared.

Every command of the command line is a function here, of the same name: `negbank.mine("arc", ["near-miss"])`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negbank.api import LabelResult as LabelResult
    from negbank.api import MineResult as MineResult
    from negbank.api import MineSettings as MineSettings
    from negbank.api import checkout as checkout
    from negbank.api import label as label
    from negbank.api import ls as ls
    from negbank.api import mine as mine
    from negbank.api import show as show
    from negbank.errors import NegbankError as NegbankError
    from negbank.registry import Registry as Registry
    from negbank.sources import Columns as Columns
    from negbank.sources import SourceOptions as SourceOptions

__version__ = "0.1.0"

_PUBLIC = {
    "Columns": "negbank.sources",
    "LabelResult": "negbank.api",
    "MineResult": "negbank.api",
    "MineSettings": "negbank.api",
    "NegbankError": "negbank.errors",
    "Registry": "negbank.registry",
    "SourceOptions": "negbank.sources",
    "checkout": "negbank.api",
    "label": "negbank.api",
    "ls": "negbank.api",
    "mine": "negbank.api",
    "show": "negbank.api",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: `negbank --help` must not wait for torch."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'negbank' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
