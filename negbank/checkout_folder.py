"""A version -> a folder in the layout of the Hugging Face Hub, which `datasets.load_dataset` reads.

A folder that holds a checkout may be replaced. What negbank does not write there is the user's, and stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from negbank.errors import RegistryError
from negbank.registry.disk import translated
from negbank.terms import ALL_TIERS

MARKER: Final = ".negbank/version.json"
"""The file that says that a folder is a checkout, and of what: only such a folder may be replaced."""

_TIERS: Final = "|".join(ALL_TIERS)
_OURS: Final = r"\.negbank/(?:version\.json|(?:manifests|validations)/[\w-]+\.json)"
_HUB_FILES: Final = re.compile(
    rf"{_OURS}|README\.md|data/(?:{_TIERS})/[\w.-]+-\d{{5}}-of-\d{{5}}\.parquet|plots/[\w-]+\.(?:svg|png)"
)
_PLAIN_FILES: Final = re.compile(rf"{_OURS}|(?:{_TIERS})-[\w.-]+\.(?:parquet|jsonl)")
"""What negbank writes into a folder, as paths there: in the Hub's layout, and as a file a tier and split."""

Writer = Callable[[Path], object]
"""What writes one file of a folder, some rows at a time."""


def write_folder(
    target: Path, files: Mapping[str, bytes | Writer], marker: Mapping[str, str], replace: bool = False
) -> None:
    """Write `files` (path in the folder -> bytes, or what writes them) to `target`, the whole folder or nothing.

    An empty `target` is filled. In one that holds a checkout the files of the checkout are replaced where `replace` is
    set, and all else stays; any other folder is refused with RegistryError. Of a symbolic link the folder that it names
    is written.
    """
    with translated(target, "name another folder"):
        real = target.resolve()
        _check_target(target, real, replace)
        with _beside(real) as folder:
            for name, data in {**files, MARKER: json.dumps(dict(marker), sort_keys=True).encode()}.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(data, bytes):
                    path.write_bytes(data)
                else:
                    data(path)
            if real.exists():
                _take_along(real, folder)
            _swap(folder, real)


def kept_in(folder: Path) -> list[str]:
    """What is in a checkout and was not written by negbank, as paths in it; a folder ends in `/`."""
    written = _HUB_FILES if (folder / ".negbank" / "manifests").exists() else _PLAIN_FILES
    return sorted(_foreign(folder, folder, written))


def _foreign(folder: Path, top: Path, written: re.Pattern[str]) -> Iterator[str]:
    for path in folder.iterdir():
        name = path.relative_to(top).as_posix()
        if path.is_symlink() or not path.is_dir():
            if not written.fullmatch(name):
                yield name
        elif name.split("/")[0] in ("data", "plots", ".negbank"):
            yield from _foreign(path, top, written)
        else:
            yield f"{name}/"


def _take_along(old: Path, new: Path) -> None:
    """Put what is the user's in `old` into `new` too, as hard links where that is possible.

    Raises RegistryError where a file of the checkout is to stand where the user has something else.
    """
    for name in kept_in(old):
        source, place = old / name, new / name
        if os.path.lexists(place) or any(parent.is_file() for parent in place.parents):
            raise RegistryError(
                f"{old} holds {name} of your own, where the checkout has files; move it away, or name a new folder"
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir() and not source.is_symlink():
            shutil.copytree(source, place, symlinks=True, copy_function=_link)
        else:
            _link(source, place)
    shutil.copystat(old, new)


def _link(source: str | Path, place: str | Path) -> None:
    """The same file under a second name; a copy on a file system without hard links."""
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, place, follow_symlinks=False)


def _check_target(target: Path, real: Path, replace: bool) -> None:
    if not real.exists():
        if target.is_symlink():
            raise RegistryError(f"{target} is a symbolic link to {real}, which is not there; name a folder")
        return
    if not real.is_dir():
        raise RegistryError(f"{target} is a file; name a folder")
    if not any(real.iterdir()):
        return
    if not _is_checkout(real):
        raise RegistryError(f"{target} is not empty and was not made by negbank; name a new folder")
    if not replace:
        raise RegistryError(f"{target} holds a checkout already; replace it with --force, or name a new folder")


def _is_checkout(folder: Path) -> bool:
    """Whether a folder says that it is a checkout, in the words that negbank writes."""
    try:
        marker = json.loads((folder / MARKER).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(marker, dict) and {"dataset", "version", "manifest"} <= marker.keys()


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A new folder next to `target`, on the same disk, that is gone afterwards unless it was renamed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap(folder: Path, target: Path) -> None:
    """Put `folder` in the place of `target`; the old one is removed only when the new one stands."""
    if not target.exists():
        folder.rename(target)
        return
    old = folder.with_name(folder.name + ".old")
    target.rename(old)
    try:
        folder.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)
