"""Datasets of wrong answers: mined, guarded, labelled, versioned, shared.

Every command of the command line is a function here, of the same name: `negbank.mine("arc", ["near-miss"])`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negbank.commands.gather import MineSettings as MineSettings
    from negbank.commands.label import LabelColumns as LabelColumns
    from negbank.commands.label import LabelResult as LabelResult
    from negbank.commands.label import LabelSettings as LabelSettings
    from negbank.commands.label import label as label
    from negbank.commands.mine import MineResult as MineResult
    from negbank.commands.mine import mine as mine
    from negbank.commands.registry import checkout as checkout
    from negbank.commands.registry import ls as ls
    from negbank.commands.registry import show as show
    from negbank.errors import NegbankError as NegbankError
    from negbank.registry import Registry as Registry
    from negbank.sources import Columns as Columns
    from negbank.sources import SourceOptions as SourceOptions

__version__ = "0.1.0"

_PUBLIC = {
    "Columns": "negbank.sources",
    "LabelColumns": "negbank.commands.label",
    "LabelResult": "negbank.commands.label",
    "LabelSettings": "negbank.commands.label",
    "MineResult": "negbank.commands.mine",
    "MineSettings": "negbank.commands.gather",
    "NegbankError": "negbank.errors",
    "Registry": "negbank.registry",
    "SourceOptions": "negbank.sources",
    "checkout": "negbank.commands.registry",
    "label": "negbank.commands.label",
    "ls": "negbank.commands.registry",
    "mine": "negbank.commands.mine",
    "show": "negbank.commands.registry",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: `negbank --help` must not wait for torch."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'negbank' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
