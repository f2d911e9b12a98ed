"""A revision of a dataset repository -> plain files in a folder, every path judged before the first byte is written.

Nothing that a repository says is trusted. What it announces is added up and bounded, a file that goes on past its
announced size is cut off, and every file must have the hash that the commit holds. The token goes to the Hub only: the
client leaves it out when an answer leads to another host.
"""

from __future__ import annotations

import itertools
import math
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from huggingface_hub import HfApi, RepoFile, RepoFolder, hf_hub_url

from negbank.errors import HubError
from negbank.folders import DEVICES
from negbank.hub.answers import HF_UTILS, HTTP_ERROR, clean, patiently, quiet_bars, translated
from negbank.hub.readme import NOTES, notes_of, refuse_strange_notes
from negbank.hub.remote import OURS, Digest, announced, check_repo_name, fits, resolve, tags, tree
from negbank.records import Progress, no_progress

DOWNLOAD: Final = "download"
"""The stage that is reported, in bytes."""

MAX_GB: Final = 8.0
"""Gigabytes that the files of a pull may have together unless a caller says more: some 40 million answers."""

MAX_NOTE_BYTES: Final = 32 * 2**20
"""The largest manifest, measurement or README that is pulled: each is read whole."""

MAX_NOTES_BYTES: Final = 256 * 2**20
"""What all of them may have together: 100,000 versions have less."""

_MAX_FILES: Final = 100_000
_MAX_NAME_BYTES: Final = 255  # what file systems hold
_MARKER: Final = ".negbank/version.json"
_NOTES: Final = (".negbank/*", "README.md")
_PULLED: Final = (*OURS, "README.md", "*.parquet", "*.jsonl", "*.csv")
_TRUSTED_FOLDERS: Final = (".git", ".cache")  # tools act on what they find there
_THREADS: Final = 4
_CHUNK: Final = 2**18
_TIMEOUT_S: Final = 30.0


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
    ours: bool = False,
    max_gb: float = MAX_GB,
    progress: Progress = no_progress,
) -> Pulled:
    """The commit that `revision` (a tag, a branch, a commit; None: the head) names, as plain files in `target`.

    `target` must not exist or be empty, and appears whole or not at all. With `ours`, only what negbank writes is
    pulled, and a repository that negbank did not make is refused. Raises HubError if the Hub does not answer (another
    version is never given instead), if the tree holds what may not be written to a disk, and if its files have more
    than `max_gb` gigabytes together.
    """
    name = check_repo_name(repo)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise HubError(f"{target} is there already; name a new folder")
    with translated(name), quiet_bars():
        api = HfApi(library_name="negbank")
        commit = resolve(api, name, revision)
        own = sorted(tag for tag, stands_on in tags(api, name).items() if stands_on == commit)
        files = _judged(tree(api, name, commit), name, OURS if ours else _PULLED)
        if ours and all(file.path != _MARKER for file in files):
            raise HubError(f"{name} was not made by negbank; bring its rows in with negbank add hf:{name}")
        _refuse_too_much(files, name, max_gb)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as place:
            folder = Path(place) / "files"
            _download(_Commit(api, name, commit), files, folder, progress)
            if target.exists():
                target.rmdir()
            folder.rename(target)
    return Pulled(name, commit, target, tuple(own))


@dataclass(frozen=True)
class Listing:
    """One commit of a repository, judged: the bytes of its files by path."""

    commit: str
    sizes: Mapping[str, int]


def look(repo: str, revision: str | None) -> Listing | None:
    """What the commit that `revision` names holds; None if the Hub does not answer, or not with such a repository.

    Raises HubError if the tree holds what may not be written to a disk, and if a README names other files than its own.
    """
    name = check_repo_name(repo)
    with translated(name), tempfile.TemporaryDirectory() as place:
        api = HfApi(library_name="negbank")
        try:
            commit = _Commit(api, name, str(api.dataset_info(name, revision=revision).sha))
        except (HTTP_ERROR, OSError):
            return None
        files = _judged(tree(api, name, commit.sha), name, ("*",))
        notes = [file for file in files if file.path in NOTES]
        _refuse_large_notes(notes, name)
        for file in notes:
            commit.fetch(file, Path(place))
        refuse_strange_notes(name, notes_of(Path(place)))
    return Listing(commit.sha, {file.path: announced(file) for file in files})


def _judged(tree: Iterable[RepoFile | RepoFolder], repo: str, patterns: Sequence[str]) -> list[RepoFile]:
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
        if problem:
            raise HubError(f"{repo}: {clean(str(entry.path))!r} {problem}; nothing was written")
    wanted = [file for file in files if fits(file.path, patterns)]
    _refuse_one_place([file.path for file in wanted], repo)
    return wanted


def _refuse_one_place(paths: Sequence[str], repo: str) -> None:
    """Raise HubError for two files that have one place on a disk, be it one without upper case."""
    places: dict[str, str] = {}
    for path in paths:
        other = places.setdefault(_place(path), "")
        if other:
            raise HubError(f"{repo}: {path!r} and {other!r} have one place on a disk; nothing was written")
        places[_place(path)] = path
    for path in paths:
        over = next((places[_place(str(p))] for p in PurePosixPath(path).parents if _place(str(p)) in places), None)
        if over:
            raise HubError(f"{repo}: {over!r} is a file, and a folder that holds {path!r}; nothing was written")


def _place(path: str) -> str:
    """What two paths have in common that some disk holds in one place."""
    return unicodedata.normalize("NFC", path).casefold()


def _refuse_too_much(files: Sequence[RepoFile], repo: str, max_gb: float) -> None:
    """Raise HubError where there is nothing to pull, or more than may be."""
    if not files:
        raise HubError(f"{repo} holds no data files: no data/, no Parquet, JSON Lines or CSV")
    largest = max(files, key=announced)
    total = sum(map(announced, files))
    if total > max_gb * 1e9:
        raise HubError(
            f"{repo} has {total:,} bytes to pull ({largest.path!r}: {announced(largest):,}), more than the "
            f"{max_gb:g} GB that are allowed; allow more with --max-gb {math.ceil(total / 1e9)} (in Python: max_gb). "
            "Nothing was written"
        )
    _refuse_large_notes([file for file in files if fits(file.path, _NOTES)], repo)


def _refuse_large_notes(notes: Iterable[RepoFile], repo: str) -> None:
    """Raise HubError for files that are read whole and are too large for that."""
    sizes = {note.path: announced(note) for note in notes}
    largest = max(sizes, key=lambda path: sizes[path], default="")
    if sizes and (sizes[largest] > MAX_NOTE_BYTES or sum(sizes.values()) > MAX_NOTES_BYTES):
        raise HubError(
            f"{repo}: the files that describe the dataset have {sum(sizes.values()):,} bytes ({largest!r}: "
            f"{sizes[largest]:,}), more than the {MAX_NOTES_BYTES:,} together or {MAX_NOTE_BYTES:,} each that they "
            "may have; nothing was written"
        )


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
    if any(part.split(".")[0].rstrip().lower() in DEVICES or part[-1] in ". " for part in parts):
        return "has a name that is a device or none at all on Windows"
    if any(len(part.encode()) > _MAX_NAME_BYTES for part in parts):
        return f"has a name of more than {_MAX_NAME_BYTES} bytes"
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
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        patiently(lambda: self._receive(file, target))
        digest = Digest.of(target)
        if not digest.matches(file):
            raise HubError(
                f"{self.repo}: {file.path} arrived with other bytes than the commit {self.sha[:12]} holds "
                f"({digest.size:,} bytes, SHA-256 {digest.sha256[:12]}); pull again. Nothing was written"
            )
        return digest.size

    def _receive(self, file: RepoFile, target: Path) -> None:
        """Write the bytes that the Hub sends for a file, as far as it announced them."""
        url = hf_hub_url(self.repo, file.path, repo_type="dataset", revision=self.sha, endpoint=self.api.endpoint)
        headers = {**HF_UTILS.build_hf_headers(library_name="negbank"), "accept-encoding": "identity"}
        received, expected = 0, announced(file)
        stream = HF_UTILS.get_session().stream("GET", url, headers=headers, timeout=_TIMEOUT_S)
        with stream as response, target.open("wb") as out:
            HF_UTILS.hf_raise_for_status(response)
            for chunk in response.iter_raw(_CHUNK):  # as sent: what unpacks to more is not unpacked
                received += len(chunk)
                if received > expected:
                    raise HubError(
                        f"{self.repo}: {file.path} goes on after the {expected:,} bytes that it was announced with; "
                        "it was cut off, and nothing was written"
                    )
                out.write(chunk)


def _download(commit: _Commit, files: list[RepoFile], folder: Path, progress: Progress) -> None:
    """Put `files` below `folder`, each checked against its hash."""
    folder.mkdir()
    done, total = 0, sum(map(announced, files))
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
