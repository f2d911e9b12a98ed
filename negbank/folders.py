"""Where things are kept when nobody says where."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import platformdirs

from negbank.errors import NegbankError

CACHE_VARIABLE = "NEGBANK_CACHE"
REGISTRY_VARIABLE = "NEGBANK_REGISTRY"
REFS_VARIABLE = "NEGBANK_REFS"

DEVICES: Final = frozenset(["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))])
"""Names that are no files on Windows, whatever ending they have."""


@dataclass(frozen=True)
class RegistryPlace:
    """Where a registry is: a folder or a URL, and a `postgresql://` URL where its versions are named; None is open."""

    root: str | None = None
    refs: str | None = field(default=None, repr=False)  # it may hold a password


def cache_folder() -> Path:
    """`NEGBANK_CACHE`, else the user's cache: all in it can be made again. Raises NegbankError where there is none."""
    named = os.environ.get(CACHE_VARIABLE)
    return expanded(named) if named else _of_the_user(platformdirs.user_cache_dir, "the cache", CACHE_VARIABLE)


def expanded(path: str) -> Path:
    """A path with `~` as the home folder; where there is no such home, `~` is a name like any other."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib's own raises RuntimeError


def real_path(path: str | Path) -> Path:
    """A path without symbolic links, as far as there is one: of links that go in a circle, the first stays."""
    return Path(os.path.realpath(path))  # pathlib's own raises RuntimeError for a circle


def keep_libraries_out() -> None:
    """Give the Hub's libraries a folder where there is no home: they would make one that is named `~`, here."""
    if os.path.expanduser("~") == "~" and "XDG_CACHE_HOME" not in os.environ:  # noqa: PTH111
        place = Path(os.environ.get(CACHE_VARIABLE) or tempfile.gettempdir()) / "huggingface"
        os.environ.setdefault("HF_HOME", str(place.absolute()))


def _of_the_user(folder: Callable[[str], str], what: str, variable: str) -> Path:
    try:
        return Path(folder("negbank"))
    except RuntimeError as error:
        raise NegbankError(
            f"there is no home folder to keep {what} in (HOME is not set); name a folder with {variable}"
        ) from error


def registry_place(place: RegistryPlace) -> tuple[str, str | None]:
    """The root of a place, else `NEGBANK_REGISTRY`, else a folder of the user's; and its refs, else `NEGBANK_REFS`.

    The environment's refs belong to the environment's root, and to a URL, which cannot do without.
    """
    if place.root:
        return place.root, place.refs or (os.environ.get(REFS_VARIABLE) if is_url(place.root) else None) or None
    root = os.environ.get(REGISTRY_VARIABLE)
    if not root:
        root = str(_of_the_user(platformdirs.user_data_dir, "the registry", REGISTRY_VARIABLE) / "registry")
    return root, place.refs or os.environ.get(REFS_VARIABLE) or None


def is_url(root: str) -> bool:
    """Whether a registry lies in an object store rather than in a folder."""
    return bool(re.match(r"[a-z][a-z0-9+.-]+://", root))


def without_password(url: str) -> str:
    """A URL, or a text with one, that may be shown: its password, if it has one, is `***`."""
    hidden = re.sub(r"(://[^:@/\s]*):\S*@", r"\1:***@", url)  # a password may hold / and @, though it should not
    return re.sub(r"([?&;](?:[a-z_]*password|[a-z_]*secret|[a-z_]*token|sig)=)[^&;\s]*", r"\1***", hidden, flags=re.I)
