"""A version -> a folder in the layout of the Hugging Face Hub, which `datasets.load_dataset` reads."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from negbank.errors import RegistryError
from negbank.registry.disk import held, is_idle, remove_tree, translated

MARKER = ".negbank/version.json"
"""The file that says that a folder is a checkout, and of what: only such a folder may be replaced."""

UNFINISHED = ".negbank/unfinished"
"""The file that says that a checkout is writing the folder: what a killed one left is known by it, and removed."""

Writer = Callable[[Path], object]
"""What writes one file of a folder, some rows at a time."""


def write_folder(
    target: Path, files: Mapping[str, bytes | Writer], marker: Mapping[str, str], replace: bool = False
) -> None:
    """Write `files` (path in the folder -> bytes, or what writes them) to `target`, the whole folder or nothing.

    An empty `target` is filled. One that holds a checkout is replaced where `replace` is set; any other folder is
    refused with RegistryError, and so is one whose own files were changed into something else.
    """
    _check_target(target, replace)
    with translated(target), _beside(target) as folder:
        for name, data in {**files, MARKER: json.dumps(dict(marker), sort_keys=True).encode()}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(data, bytes):
                path.write_bytes(data)
            else:
                data(path)
        (folder / UNFINISHED).unlink()
        _swap(folder, target)


def _check_target(target: Path, replace: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise RegistryError(f"{target} is a file; name a folder")
    if not any(target.iterdir()):
        return
    if not (target / MARKER).exists():
        raise RegistryError(f"{target} is not empty and was not made by negbank; name a new folder")
    if not replace:
        raise RegistryError(f"{target} holds a checkout already; replace it with --force, or name a new folder")


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
    shutil.rmtree(old)
