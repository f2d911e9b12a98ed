"""What was shown of contents and stays true for good, kept in the cache: it need not be worked out again here."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from negbank.errors import NegbankError
from negbank.folders import cache_folder


def is_proven(kind: str, fact: str) -> bool:
    """Whether a fact was shown on this machine."""
    try:
        return _kept(kind, fact).exists()
    except (OSError, NegbankError):  # a cache that may not be read, or nowhere to keep one
        return False


def keep(kind: str, fact: str) -> None:
    """Remember that a fact was shown; where the cache cannot be written, it is shown again the next time."""
    with contextlib.suppress(OSError, NegbankError):
        path = _kept(kind, fact)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _kept(kind: str, fact: str) -> Path:
    return cache_folder() / kind / hashlib.sha256(fact.encode()).hexdigest()
