"""A revision of a dataset repository -> plain files in a folder, every path judged before the first byte is written."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from huggingface_hub import HfApi, RepoFile, RepoFolder

from negbank.errors import HubError
from negbank.hub.answers import clean, patiently, quiet_bars, translated
from negbank.hub.remote import OURS, Digest, check_repo_name, fits, resolve, tags, tree
from negbank.records import Progress, no_progress

DOWNLOAD: Final = "download"
"""The stage that is reported, in bytes."""

MAX_FILE_BYTES: Final = 4 * 2**30
"""The largest file that is pulled unless a caller says more: our own shards are far below it."""

_MAX_FILES: Final = 100_000
_PULLED: Final = (*OURS, "README.md", "*.parquet", "*.jsonl", "*.csv")
_TRUSTED_FOLDERS: Final = (".git", ".cache")  # tools act on what they find there
_THREADS: Final = 4


@dataclass(frozen=True)
class Pulled:
    """The exact commit that was pulled, the tags that stand on it, and where its files are."""

    repo: str
    commit: str
    folder: Path
    tags: tuple[str, ...]


def pull(
    repo: str,
    revision: str | None,
    target: Path,
    *,
    max_file_bytes: int = MAX_FILE_BYTES,
    progress: Progress = no_progress,
) -> Pulled:
    """The commit that `revision` (a tag, a branch, a commit; None: the head) names, as plain files in `target`.

    `target` must not exist or be empty, and appears whole or not at all. Raises HubError where the Hub does not
    answer (another version is never given instead), or where the tree holds what may not be written to a disk.
    """
    name = check_repo_name(repo)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise HubError(f"{target} is there already; name a new folder")
    with translated(name), quiet_bars():
        api = HfApi(library_name="negbank")
        commit = resolve(api, name, revision)
        own = sorted(tag for tag, stands_on in tags(api, name).items() if stands_on == commit)
        files = _judged(tree(api, name, commit), name, max_file_bytes)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as place:
            folder = Path(place) / "files"
            _download(_Commit(api, name, commit), files, folder, progress)
            if target.exists():
                target.rmdir()
            folder.rename(target)
    return Pulled(name, commit, target, tuple(own))


def _judged(tree: Iterable[RepoFile | RepoFolder], repo: str, max_file_bytes: int) -> list[RepoFile]:
    """The files of a tree that are pulled. Raises HubError if anything in it may not be written to a disk."""
    entries = list(itertools.islice(tree, _MAX_FILES + 1))
    if len(entries) > _MAX_FILES:
        raise HubError(f"{repo} holds more than {_MAX_FILES:,} files and folders; nothing was written")
    files = [entry for entry in entries if isinstance(entry, RepoFile)]
    filled = {str(parent) for file in files for parent in PurePosixPath(str(file.path)).parents}
    for entry in entries:
        problem = unsafe_path(entry.path)
        if isinstance(entry, RepoFolder) and str(PurePosixPath(str(entry.path))) not in filled:
            problem = problem or "is neither a file nor a folder with files: a link, or another repository"
        if isinstance(entry, RepoFile):
            size = max(entry.size, entry.lfs.size if entry.lfs else 0)
            if size > max_file_bytes and fits(entry.path, _PULLED):
                problem = problem or f"has {size:,} bytes, more than the {max_file_bytes:,} that are allowed"
        if problem:
            raise HubError(f"{repo}: {clean(str(entry.path))!r} {problem}; nothing was written")
    wanted = [file for file in files if fits(file.path, _PULLED)]
    if not wanted:
        raise HubError(f"{repo} holds no data files: no data/, no Parquet, JSON Lines or CSV")
    return wanted


def unsafe_path(path: object) -> str | None:
    """Why a path that others chose may not be written below a folder of ours, or None where it may."""
    if not isinstance(path, str) or not path:
        return "is not a path"
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in path):
        return "has control characters in it"
    if "\\" in path or PureWindowsPath(path).drive:
        return "has a backslash or a drive in it"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "leads out of its folder"
    if parts[0].lower() in _TRUSTED_FOLDERS:
        return f"lies in {parts[0]}, where other programs act on what they find"
    return None


@dataclass(frozen=True)
class _Commit:
    """One commit of a repository."""

    api: HfApi
    repo: str
    sha: str

    def fetch(self, file: RepoFile, folder: Path) -> int:
        """The bytes of one file, which is in `folder` now and is what the commit holds."""
        patiently(
            lambda: self.api.hf_hub_download(
                self.repo, file.path, repo_type="dataset", revision=self.sha, local_dir=folder
            )
        )
        digest = Digest.of(folder / file.path)
        if not digest.matches(file):
            raise HubError(f"{self.repo}: {file.path} arrived with other bytes than the commit holds; pull again")
        return digest.size


def _download(commit: _Commit, files: list[RepoFile], folder: Path, progress: Progress) -> None:
    """Put `files` below `folder`, each checked against its hash."""
    folder.mkdir()
    done, total = 0, sum(file.size for file in files)
    free = shutil.disk_usage(folder).free
    if total > free:
        raise HubError(f"{commit.repo} needs {total:,} bytes, but the disk has {free:,} free; nothing was written")
    progress(DOWNLOAD, done, total)
    with ThreadPoolExecutor(_THREADS) as pool:
        waiting = [pool.submit(commit.fetch, file, folder) for file in files]
        try:
            for future in as_completed(waiting):
                done += future.result()
                progress(DOWNLOAD, done, total)
        finally:
            pool.shutdown(cancel_futures=True)
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's own notes
