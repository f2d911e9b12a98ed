"""Where things are kept when nobody says where."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "NEGBANK_CACHE"
REGISTRY_VARIABLE = "NEGBANK_REGISTRY"


def cache_folder() -> Path:
    """`NEGBANK_CACHE`, else the user's cache: all in it can be made again."""
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("negbank")).expanduser()


def registry_folder() -> Path:
    """`NEGBANK_REGISTRY`, else `registry` in the user's data folder."""
    chosen = os.environ.get(REGISTRY_VARIABLE)
    return Path(chosen or Path(platformdirs.user_data_dir("negbank")) / "registry").expanduser()
