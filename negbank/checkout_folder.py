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
from typing import Any, Final

from negbank.errors import RegistryError
from negbank.folders import real_path
from negbank.registry.disk import held, is_idle, remove_tree, translated
from negbank.terms import ALL_TIERS

MARKER: Final = ".negbank/version.json"
"""The file that says that a folder is a checkout, and of what: only such a folder may be replaced."""

UNFINISHED: Final = ".negbank/unfinished"
"""The file that says that a checkout is writing the folder: what a killed one left is known by it, and removed."""

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
        real = real_path(target)
        _check_target(target, real, replace)
        with _beside(real) as folder:
            for name, data in files.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(data, bytes):
                    path.write_bytes(data)
                else:
                    data(path)
            written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
            said = {**marker, "files": sorted(written - {UNFINISHED})}
            (folder / MARKER).write_text(json.dumps(said, sort_keys=True))
            if real.exists():
                _take_along(real, folder)
            (folder / UNFINISHED).unlink()
            _swap(folder, real)


def kept_in(folder: Path) -> list[str]:
    """What is in a checkout and was not written by negbank, as paths in it; a folder ends in `/`."""
    could_be = _HUB_FILES if (folder / ".negbank" / "manifests").exists() else _PLAIN_FILES
    files = (_marker(folder) or {}).get("files")  # checkouts of earlier negbanks do not list theirs
    listed = {MARKER, *map(str, files)} if isinstance(files, list) else None

    def is_written(name: str) -> bool:  # a list alone is not believed: the folder may be a stranger's
        return could_be.fullmatch(name) is not None and (listed is None or name in listed)

    return sorted(_foreign(folder, folder, is_written))


def _foreign(folder: Path, top: Path, is_written: Callable[[str], bool]) -> Iterator[str]:
    for path in folder.iterdir():
        name = path.relative_to(top).as_posix()
        if path.is_symlink() or not path.is_dir():
            if not is_written(name):
                yield name
        elif name.split("/")[0] in ("data", "plots", ".negbank"):
            yield from _foreign(path, top, is_written)
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
    if _marker(real) is None:
        raise RegistryError(f"{target} is not empty and was not made by negbank; name a new folder")
    if not replace:
        raise RegistryError(f"{target} holds a checkout already; replace it with --force, or name a new folder")


def _marker(folder: Path) -> dict[str, Any] | None:
    """What a folder says that it is a checkout of; None where it does not say so in the words that negbank writes."""
    try:
        marker = json.loads((folder / MARKER).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return marker if isinstance(marker, dict) and {"dataset", "version", "manifest"} <= marker.keys() else None


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A new folder next to `target`, on the same disk, that is gone afterwards unless it was renamed.

    It is locked for as long as this process writes it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        _remove_unfinished(target)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    folder.chmod(0o755)
    try:
        with held(folder):
            (folder / UNFINISHED).parent.mkdir()
            (folder / UNFINISHED).touch()
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_unfinished(target: Path) -> None:
    """Remove what killed checkouts to `target` left: folders that say so and that no process writes."""
    for folder in target.parent.iterdir():
        is_ours = folder.name.startswith(f".{target.name}.") and not folder.is_symlink()
        if is_ours and (folder / UNFINISHED).is_file() and is_idle(folder):
            remove_tree(folder)


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
    with held(old):
        (old / UNFINISHED).parent.mkdir(exist_ok=True)
        (old / UNFINISHED).touch()  # if this is killed now, the next checkout removes the rest
        shutil.rmtree(old)
