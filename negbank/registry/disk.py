"""Files that appear whole or not at all, and what to do where the disk refuses."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import filecmp
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

from negbank.errors import NegbankError, RegistryError, StorageError


def read(path: Path, most: int = -1) -> bytes:
    """The bytes of a file, or the first `most`. Raises RegistryError as `opened` does."""
    with opened(path) as file:
        return file.read(most)


def opened(path: Path) -> BufferedReader:
    """A file, open for reading. Raises RegistryError for a folder, and for a pipe or a device, which may never end."""
    if not path.is_file() and path.exists():
        raise RegistryError(f"{path} is no file: the registry is damaged; see negbank verify")
    return path.open("rb")


def refuse_links(root: Path, folder: Path) -> None:
    """Raise RegistryError where a symbolic link leads from `root` to `folder`: what is written would lie elsewhere."""
    below = folder.relative_to(root).parts
    for place in (root.joinpath(*below[:count]) for count in range(1, len(below) + 1)):
        if place.is_symlink():
            raise RegistryError(f"{place} is a symbolic link: nothing is written through it; see negbank verify")


def write(scratch: Path, path: Path, data: bytes) -> None:
    """Make `path` hold `data`, whole or not at all; `scratch` is a folder of the same disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(scratch, data) as temporary:
        temporary.replace(path)
    sync_folder(path.parent)


def create(scratch: Path, path: Path, data: bytes) -> bool:
    """As `write`, but False where `path` is there already: of many writers one is the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(scratch, data) as temporary:
        try:
            os.link(temporary, path)  # fails where the name is taken: the one atomic create of POSIX
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EMLINK, *NO_SUPPORT):
                raise
            if not _renamed(scratch, temporary, path):
                return False
    sync_folder(path.parent)
    return True


def _renamed(scratch: Path, temporary: Path, path: Path) -> bool:
    """As `create` on a disk without hard links: one writer at a time looks whether the name is free."""
    with (scratch / "create.lock").open("w") as turn:
        lock(turn.fileno(), fcntl.LOCK_EX)
        if path.exists():
            return False
        temporary.rename(path)
    return True


NO_SUPPORT = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK)
"""What a file system says that lacks hard links or locks."""


def lock(descriptor: int, kind: int) -> None:
    """Take a lock on an open file. Raises StorageError where the file system has none."""
    try:
        fcntl.flock(descriptor, kind)
    except OSError as error:
        if error.errno not in NO_SUPPORT:
            raise
        raise StorageError(
            "the file system of the registry has no locks, so nobody can tell whether another process writes to it. "
            "Nothing was changed; put the registry on another disk to do this"
        ) from error


def move(source: Path, path: Path) -> None:
    """Give a file of the same disk another name, for sure."""
    with source.open("rb") as file:
        os.fsync(file.fileno())
    path.parent.mkdir(parents=True, exist_ok=True)
    source.chmod(0o644)
    source.replace(path)
    sync_folder(path.parent)


def set_aside(path: Path, folder: Path) -> Path:
    """Give a damaged file a second name in `folder`: it is kept there when it is replaced in its place."""
    folder.mkdir(parents=True, exist_ok=True)
    target, number = folder / path.name, 1
    while os.path.lexists(target):
        if all(own.is_file() and not own.is_symlink() for own in (path, target)) and filecmp.cmp(path, target, False):
            return target  # it was kept before
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    if not path.is_file() or path.is_symlink():
        path.rename(target)
        return target
    try:
        os.link(path, target)
    except OSError:
        shutil.copy2(path, target)
    return target


def hash_file(path: Path) -> str:
    """The SHA-256 (hexadecimal) of a file."""
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


OTHER_REGISTRY: Final = "name another registry with --registry"


@contextlib.contextmanager
def translated(place: object, elsewhere: str = OTHER_REGISTRY) -> Iterator[None]:
    """Turn the disk's refusals into StorageError, with what to do; `elsewhere` says how to name another place."""
    try:
        yield
    except OSError as error:
        remedy = {
            errno.ENOSPC: "the disk is full; free some space",
            errno.EDQUOT: "the disk quota is used up; free some space",
            errno.EFBIG: "a file would be larger than this process may write",
            errno.EROFS: f"the disk is read-only; {elsewhere}",
            errno.EACCES: f"no permission; {elsewhere}",
            errno.EPERM: f"no permission; {elsewhere}",
        }.get(error.errno or 0)
        if remedy is None:
            raise StorageError(f"{_lasting(place, error)}: {error.strerror or error}") from error
        raise StorageError(f"{_lasting(place, error)}: {remedy}. Nothing was changed") from error


def _lasting(place: object, error: OSError) -> object:
    """The file that an error names, or `place` where it names none in it, or a temporary one: nobody asked for that."""
    named = error.filename if isinstance(error.filename, str) else ""
    with contextlib.suppress(ValueError):
        below = Path(named).relative_to(str(place)).parts
        return place if below[:1] == ("tmp",) and len(below) > 1 else named
    return place


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for as long as the block runs; errors do not name it, as nobody asked for it and it is gone."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "folder"
        try:
            yield folder
        except NegbankError as error:
            said = str(error).replace(f"{folder}/", "").replace(str(folder), f"temporary files in {Path(place).parent}")
            error.args = (said.replace(place, str(Path(place).parent)),)
            raise


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Lock a file or folder for as long as it is written, so that nobody takes it for a leftover (`is_idle`).

    On a disk without locks nothing ever counts as idle, so it does no harm that the lock fails there.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def is_idle(path: Path) -> bool:
    """Whether no living process holds a file or folder: each is locked for as long as it is needed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return path.is_symlink()  # the link goes, never what it leads to
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def remove_tree(path: Path) -> None:
    """Take a file or a folder away with all in it; symbolic links are never followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove_files(paths: Iterable[Path]) -> None:
    """Take files away, and the folders that are empty then."""
    paths = list(paths)
    for path in paths:
        path.unlink(missing_ok=True)
    for parent in {path.parent for path in paths}:
        with contextlib.suppress(OSError):  # not empty
            parent.rmdir()


@contextlib.contextmanager
def _temporary(scratch: Path, data: bytes) -> Iterator[Path]:
    """A file with `data`, on the disk for sure, that is gone afterwards unless it was renamed."""
    scratch.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=scratch)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            with contextlib.suppress(OSError):  # held until it has its name, so that `gc` leaves it
                fcntl.flock(file, fcntl.LOCK_SH)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            path.chmod(0o644)
            yield path
    finally:
        path.unlink(missing_ok=True)
