"""A folder <-> a dataset repository of the Hugging Face Hub; a version is one commit there, and a tag names it.

Push looks at the head first and sends what differs from it, then makes the commit upon exactly that head: of two
who push at once, one is told. Pull resolves a revision to its commit once, judges every path of that commit before
the first byte is written, and checks every file against the hash that the commit holds.
"""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import itertools
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final, TypeVar

import huggingface_hub.errors
import huggingface_hub.utils
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, RepoFile, RepoFolder
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled, RevisionNotFoundError

from negbank.errors import HubError, nearest_hint
from negbank.records import Progress, no_progress

UPLOAD: Final = "upload"
DOWNLOAD: Final = "download"
"""The stages that are reported, in bytes."""

MAX_FILE_BYTES: Final = 4 * 2**30
"""The largest file that is pulled unless a caller says more: our own shards are far below it."""

_MAX_FILES: Final = 100_000
_OURS: Final = ("data/*", ".negbank/*")
_PULLED: Final = (*_OURS, "README.md", "*.parquet", "*.jsonl", "*.csv")
_TRUSTED_FOLDERS: Final = (".git", ".cache")  # tools act on what they find there
_ATTEMPTS: Final = 4
_BATCH_BYTES: Final = 32 * 2**20
_THREADS: Final = 4
_WAITS_S: Final = (1.0, 2.0, 4.0)
_LONGEST_WAIT_S: Final = 300.0  # the window of the Hub's rate limits
_LATER: Final = (408, 429, 500, 502, 503, 504)

_TOKENS_PAGE: Final = "https://huggingface.co/settings/tokens"
_HttpError: Final[Any] = huggingface_hub.errors.HTTPError  # type: ignore[attr-defined]  # httpx's or httpx2's
_hf_utils: Final[Any] = huggingface_hub.utils  # its names are exported lazily, unseen by a type checker
_T = TypeVar("_T")


@dataclass(frozen=True)
class PushSettings:
    """How to push: `parent` is the commit pushed or pulled last, None before the first push.

    `rebase` goes on upon the repository's head where that is another commit than `parent`.
    """

    private: bool = False
    tag: str | None = None
    message: str = ""
    rebase: bool = False
    parent: str | None = None


@dataclass(frozen=True)
class Pushed:
    """The commit that holds the folder now; `files` and `uploaded_bytes` count what was new or changed in it."""

    repo: str
    commit: str
    url: str
    tag: str | None
    uploaded_bytes: int
    files: int
    created: bool
    changed: bool


@dataclass(frozen=True)
class Pulled:
    """The exact commit that was pulled, the tags that stand on it, and where its files are."""

    repo: str
    commit: str
    folder: Path
    tags: tuple[str, ...]


def push_folder(folder: Path, repo: str, settings: PushSettings, progress: Progress = no_progress) -> Pushed:
    """The commit of `repo` that holds the files of `folder`: one new commit, or the head where nothing differs.

    The repository is made where there is none; `repo` without an owner is the user's own. Of what is there, only
    files of the same name and data files of ours that `folder` no longer has give way. Raises HubError, with what
    to do next.
    """
    name = check_repo_name(repo)
    with _translated(name), _quiet_bars():
        files = _digests(folder)
        api = _api_with_token()
        if "/" not in name:
            name = f"{whoami_namespace()}/{name}"
        created = _make(api, name, settings.private)
        commit, sent = _Push(api, name, folder, files, settings, progress).run()
    return Pushed(
        repo=name,
        commit=commit,
        url=f"{api.endpoint}/datasets/{name}/tree/{settings.tag or commit}",
        tag=settings.tag,
        uploaded_bytes=sum(files[path].size for path in sent.send) if sent else 0,
        files=len(sent.send) if sent else 0,
        created=created,
        changed=sent is not None,
    )


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
    with _translated(name), _quiet_bars():
        api = HfApi(library_name="negbank")
        commit = _resolve(api, name, revision)
        tags = [tag for tag, stands_on in _tags(api, name).items() if stands_on == commit]
        files = _judged(_tree(api, name, commit), name, max_file_bytes)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as place:
            folder = Path(place) / "files"
            _download(_Commit(api, name, commit), files, folder, progress)
            if target.exists():
                target.rmdir()
            folder.rename(target)
    return Pulled(name, commit, target, tuple(sorted(tags)))


def whoami_namespace() -> str:
    """The name of the user whose token is used: the owner of a repository that is named without one.

    Raises HubError where there is no token, or where the Hub does not accept it.
    """
    with _translated("your account"):
        return str(_patiently(_api_with_token().whoami)["name"])


def check_repo_name(name: str) -> str:
    """`name`, if it can name a repository: `owner/name`, or `name` for one of the user's own. Raises HubError."""
    try:
        _hf_utils.validate_repo_id(name)
    except huggingface_hub.errors.HFValidationError as error:
        raise HubError(
            f"{_clean(name)!r} cannot name a repository; write owner/name with letters, digits, '-', '_' and '.', "
            "at most 96 of them"
        ) from error
    return name


@dataclass(frozen=True)
class _Digest:
    """What a file is known by: git's SHA-1 of a small file, SHA-256 of one in large file storage."""

    size: int
    blob: str
    sha256: str

    @classmethod
    def of(cls, path: Path) -> _Digest:
        size = path.stat().st_size
        blob = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        sha256 = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(2**20):
                blob.update(block)
                sha256.update(block)
        return cls(size, blob.hexdigest(), sha256.hexdigest())

    def matches(self, remote: RepoFile | None) -> bool:
        if remote is None:
            return False
        return self.sha256 == remote.lfs.sha256 if remote.lfs else self.blob == remote.blob_id


def _digests(folder: Path) -> dict[str, _Digest]:
    """Every file of a folder by its path in the repository. A link is refused: it may lead out of the folder."""
    paths = sorted(folder.rglob("*"))
    links = [path for path in paths if path.is_symlink()]
    if links:
        raise HubError(f"{links[0]} is a link; put the file itself there, or remove it")
    files = {p.relative_to(folder).as_posix(): _Digest.of(p) for p in paths if p.is_file()}
    if not files:
        raise HubError(f"{folder} holds no files to push")
    return files


@dataclass(frozen=True)
class _Plan:
    """What makes the commit `head` hold a folder: paths to send, and paths to delete."""

    head: str
    remote: Mapping[str, RepoFile]
    send: tuple[str, ...]
    delete: tuple[str, ...]


@dataclass(frozen=True)
class _Push:
    """One push of a folder to a repository that is there."""

    api: HfApi
    repo: str
    folder: Path
    files: Mapping[str, _Digest]
    settings: PushSettings
    progress: Progress

    def run(self) -> tuple[str, _Plan | None]:
        """The commit that holds the folder, tagged, and what was sent for it (None: it was all there)."""
        commit, sent = self._commit_all()
        if self.settings.tag:
            self._tag(self.settings.tag, commit)
        return commit, sent

    def _commit_all(self) -> tuple[str, _Plan | None]:
        sent = None
        for _ in range(_ATTEMPTS):
            plan = self._plan(None)
            self._refuse_taken_tag(plan)
            if not (plan.send or plan.delete):
                return plan.head, sent  # also where our commit was made and only its answer got lost
            self._refuse_strangers(plan)
            sent, commit = plan, self._commit(plan)
            if commit:
                self._check_all_arrived(commit)
                return commit, sent
        raise HubError(f"{self.repo}: others push without pause; nothing of yours was changed. Try again later")

    def _plan(self, revision: str | None) -> _Plan:
        head = _resolve(self.api, self.repo, revision)
        remote = {entry.path: entry for entry in _tree(self.api, self.repo, head) if isinstance(entry, RepoFile)}
        made_by_us = any(path.startswith(".negbank/") for path in remote)
        gone = [path for path in remote if made_by_us and _fits(path, _OURS) and path not in self.files]
        send = [path for path, digest in self.files.items() if not digest.matches(remote.get(path))]
        return _Plan(head, remote, tuple(send), tuple(gone))

    def _refuse_strangers(self, plan: _Plan) -> None:
        """Never replace what is not known here, unless told to."""
        theirs = [path for path in plan.remote if path != ".gitattributes"]
        if self.settings.rebase or not theirs or plan.head == self.settings.parent:
            return
        if self.settings.parent is None:
            listed = ", ".join(_clean(path) for path in theirs[:3])
            raise HubError(
                f"{self.repo} is taken: it holds {len(theirs)} files that were not pushed from here ({listed}). "
                "Name another repository, or put this version on top with --rebase (the Hub keeps the older commits)"
            )
        commits = list(self.api.list_repo_commits(self.repo, repo_type="dataset", revision=plan.head))
        newer = list(itertools.takewhile(lambda commit: commit.commit_id != self.settings.parent, commits))
        since = f"{len(newer)} since" if len(newer) < len(commits) else "and its history no longer holds"
        raise HubError(
            f"{self.repo} has another head than the commit that you pushed or pulled last: {plan.head[:12]} by "
            f"{_clean(', '.join(newer[0].authors)) or 'unknown'}, {newer[0].created_at:%Y-%m-%d %H:%M} UTC, "
            f"{_clean(newer[0].title)!r} ({since} {self.settings.parent[:12]}). "
            "Pull it first, or put this version on top of it with --rebase (the Hub keeps the older commits)"
        )

    def _refuse_taken_tag(self, plan: _Plan) -> None:
        tag = self.settings.tag
        stands_on = _tags(self.api, self.repo).get(tag) if tag else None
        if stands_on and (plan.send or plan.delete or stands_on != plan.head):
            raise HubError(
                f"{self.repo}: the tag {tag!r} stands on commit {stands_on[:12]} already, which holds other files; "
                "a tag is never moved. Choose another one; nothing was pushed"
            )

    def _commit(self, plan: _Plan) -> str | None:
        """The new commit upon `plan.head`, or None where the head has moved on."""
        additions = [CommitOperationAdd(path, self.folder / path) for path in plan.send]
        done, total = 0, sum(self.files[path].size for path in plan.send)
        self.progress(UPLOAD, done, total)
        for batch in _batches(additions):
            self.api.preupload_lfs_files(self.repo, batch, repo_type="dataset", free_memory=False)
            done += sum(addition.upload_info.size for addition in batch)
            self.progress(UPLOAD, done, total)
        summary, _, rest = (self.settings.message.strip() or f"Push {self.settings.tag or 'a version'}").partition("\n")
        try:
            return _patiently(
                lambda: self.api.create_commit(
                    self.repo,
                    [*additions, *(CommitOperationDelete(path, is_folder=False) for path in plan.delete)],
                    commit_message=summary,
                    commit_description=rest.strip(),
                    repo_type="dataset",
                    parent_commit=plan.head,
                )
            ).oid
        except HfHubHTTPError as error:
            if error.response.status_code != 412:
                raise
            return None

    def _check_all_arrived(self, commit: str) -> None:
        """The Hub leaves out, without a word, what a `.gitignore` of the repository names."""
        missing = self._plan(commit).send
        if missing:
            raise HubError(
                f"{self.repo}: commit {commit[:12]} was made, but lacks {_clean(missing[0])} and so {len(missing)} of "
                f"{len(self.files)} files. Does a .gitignore there name them? Remove it and push again"
            )

    def _tag(self, tag: str, commit: str) -> None:
        try:
            _patiently(lambda: self.api.create_tag(self.repo, tag=tag, revision=commit, repo_type="dataset"))
        except HfHubHTTPError as error:
            if error.response.status_code != 409:
                raise
            stands_on = _tags(self.api, self.repo).get(tag, "another")
            if stands_on != commit:
                raise HubError(
                    f"{self.repo}: commit {commit[:12]} was pushed, but the tag {tag!r} stands on "
                    f"{stands_on[:12]} since then; a tag is never moved. Push again with another tag"
                ) from error


def _batches(additions: Iterable[CommitOperationAdd]) -> Iterator[list[CommitOperationAdd]]:
    """Files that are sent together: a large one alone, small ones up to 32 MiB, to spare the Hub requests."""
    batch: list[CommitOperationAdd] = []
    for addition in additions:
        if batch and sum(a.upload_info.size for a in (*batch, addition)) > _BATCH_BYTES:
            yield batch
            batch = []
        batch.append(addition)
    if batch:
        yield batch


def _make(api: HfApi, repo: str, private: bool) -> bool:
    """Whether the repository had to be made. One that is public is refused where a private one is asked for."""
    try:
        info = _patiently(lambda: api.dataset_info(repo))
    except HfHubHTTPError as error:
        if error.response.status_code != 404:
            raise
        _patiently(lambda: api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True))
        return True
    if private and info.private is False:
        raise HubError(f"{repo} is public; make it private in its settings first, or push without --private")
    return False


def _resolve(api: HfApi, repo: str, revision: str | None) -> str:
    """The commit that a revision names at this moment."""
    try:
        commit = _patiently(lambda: api.dataset_info(repo, revision=revision)).sha
    except RevisionNotFoundError as error:
        raise HubError(f"{repo}: no revision {revision!r}{nearest_hint(revision or '', _tags(api, repo))}") from error
    if not commit:
        raise HubError(f"{repo} has no commit yet")
    return commit


def _tags(api: HfApi, repo: str) -> dict[str, str]:
    """The commit that each tag stands on."""
    refs = _patiently(lambda: api.list_repo_refs(repo, repo_type="dataset"))
    return {ref.name: ref.target_commit for ref in refs.tags}


def _tree(api: HfApi, repo: str, commit: str) -> Iterable[RepoFile | RepoFolder]:
    return api.list_repo_tree(repo, recursive=True, revision=commit, repo_type="dataset")


def _fits(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


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
            if size > max_file_bytes and _fits(entry.path, _PULLED):
                problem = problem or f"has {size:,} bytes, more than the {max_file_bytes:,} that are allowed"
        if problem:
            raise HubError(f"{repo}: {_clean(str(entry.path))!r} {problem}; nothing was written")
    wanted = [file for file in files if _fits(file.path, _PULLED)]
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
        _patiently(
            lambda: self.api.hf_hub_download(
                self.repo, file.path, repo_type="dataset", revision=self.sha, local_dir=folder
            )
        )
        digest = _Digest.of(folder / file.path)
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


def _api_with_token() -> HfApi:
    """The Hub in the name of the user."""
    token = huggingface_hub.get_token()
    if not token:
        raise HubError(f"no token for the Hub; make one at {_TOKENS_PAGE} and log in with `hf auth login`")
    return HfApi(token=token, library_name="negbank")


def _patiently(call: Callable[[], _T]) -> _T:
    """What `call` returns, asked again where the Hub says "later" or the line breaks.

    For the requests that huggingface-hub makes once only; it repeats tree listings and uploads itself.
    """
    for wait_s in _WAITS_S:
        try:
            return call()
        except HfHubHTTPError as error:
            wait_s = _asked_wait_s(error) or wait_s
            if error.response.status_code not in _LATER or wait_s > _LONGEST_WAIT_S:
                raise
        except _HttpError:
            pass
        time.sleep(wait_s)
    return call()


def _asked_wait_s(error: HfHubHTTPError) -> float | None:
    """The seconds that the Hub asks to wait, where it does."""
    headers = error.response.headers
    after = str(headers.get("retry-after", ""))
    limit = re.search(r"\br=0\b.*?\bt=(\d+)", str(headers.get("ratelimit", "")))
    return float(after) if after.isdigit() else float(limit.group(1)) if limit else None


@contextlib.contextmanager
def _translated(repo: str) -> Iterator[None]:
    """Turn what huggingface-hub raises into HubError with what to do next."""
    try:
        yield
    except (_HttpError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise HubError(f"{repo}: {_explanation(error)}") from error


def _explanation(error: BaseException) -> str:
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    answered = next((link for link in chain if isinstance(link, HfHubHTTPError)), None)
    if any(isinstance(link, OfflineModeIsEnabled) for link in chain):
        return "offline mode is on, and nothing is asked of the Hub; unset HF_HUB_OFFLINE and run it again"
    if isinstance(error, ValueError) and not isinstance(error, _HttpError):
        return _clean(str(error))  # such as metadata that the Hub does not accept
    if answered is not None:
        return _meaning(answered)
    if any(isinstance(link, (_HttpError, ConnectionError)) for link in chain):
        what = f"{type(chain[-1]).__name__}: {_clean(str(chain[-1]))}"
        return f"the connection to the Hub failed ({what}); run it again: what has arrived is not sent twice"
    if isinstance(error, KeyError):
        return f"the Hub's answer lacks {error}; is HF_ENDPOINT a Hub?"
    return _clean(str(error)) or type(error).__name__


def _meaning(error: HfHubHTTPError) -> str:
    """What an answer of the Hub means to a person, by its status."""
    status, said = error.response.status_code, _clean(error.server_message or "")
    if isinstance(error, GatedRepoError):
        return "its owner lets people in one by one; ask for access on its page, then run it again"
    if status == 401 and "authorization" in error.response.request.headers:
        return f"the Hub does not accept your token; make one at {_TOKENS_PAGE} and log in (HF_TOKEN goes first)"
    if status in (401, 404):
        return "not on the Hub, or private; check the name, and log in with `hf auth login` as one who may see it"
    if status == 403:
        return f"your token may not do this ({said or 'forbidden'}); use one that may write there ({_TOKENS_PAGE})"
    if status == 429:
        wait_s = _asked_wait_s(error)
        return f"too many requests; run it again {f'in {wait_s:.0f} s' if wait_s else 'later'}: no file is sent twice"
    if status >= 500:
        return f"the Hub is in trouble ({status}); run it again later: what has arrived is not sent twice"
    return f"the Hub refuses ({status}): {said or 'no reason given'}"


def _clean(text: str) -> str:
    """Text of others for a message: one line, at most 300 characters, no control characters, no token."""
    token = huggingface_hub.get_token()
    hidden = text.replace(token, "<token>") if token else text
    return "".join(c if c.isprintable() else " " for c in hidden)[:300].strip()


@contextlib.contextmanager
def _quiet_bars() -> Iterator[None]:
    """No progress bars of huggingface-hub: `progress` tells."""
    if _hf_utils.are_progress_bars_disabled():
        yield
        return
    _hf_utils.disable_progress_bars()
    try:
        yield
    finally:
        _hf_utils.enable_progress_bars()
