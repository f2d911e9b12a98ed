"""A repository as it is: its names, revisions, tags and files."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import huggingface_hub.errors
import huggingface_hub.utils
from huggingface_hub import HfApi, RepoFile, RepoFolder
from huggingface_hub.errors import RevisionNotFoundError

from negbank.errors import HubError, nearest_hint
from negbank.hub.answers import HF_UTILS, api_with_token, clean, patiently, translated, understood

OURS: Final = ("data/*", ".negbank/*")
"""The files that negbank writes and may take away."""

_COMMIT: Final = re.compile(r"[0-9a-f]{40,64}")


def whoami_namespace() -> str:
    """The name of the user whose token is used: the owner of a repository that is named without one.

    Raises HubError where there is no token, or where the Hub does not accept it.
    """
    with translated("your account"):
        api = api_with_token()
        return str(patiently(lambda: api.whoami()["name"]))


def check_repo_name(name: str) -> str:
    """`name`, if it can name a repository: `owner/name`, or `name` for one of the user's own. Raises HubError."""
    try:
        HF_UTILS.validate_repo_id(name)
    except huggingface_hub.errors.HFValidationError as error:
        raise HubError(
            f"{clean(name)!r} cannot name a repository; write owner/name with letters, digits, '-', '_' and '.', "
            "at most 96 of them"
        ) from error
    return name


@dataclass(frozen=True)
class Digest:
    """What a file is known by: git's SHA-1 of a small file, SHA-256 of one in large file storage."""

    size: int
    blob: str
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Digest:
        """The digest of a file here."""
        size = path.stat().st_size
        blob = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        sha256 = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(2**20):
                blob.update(block)
                sha256.update(block)
        return cls(size, blob.hexdigest(), sha256.hexdigest())

    def matches(self, remote: RepoFile | None) -> bool:
        """Whether a file on the Hub has the same bytes."""
        if remote is None:
            return False
        return self.sha256 == remote.lfs.sha256 if remote.lfs else self.blob == remote.blob_id


def announced(file: RepoFile) -> int:
    """The bytes that a file of a commit has, as the Hub says."""
    return file.lfs.size if file.lfs else file.size


def resolve(api: HfApi, repo: str, revision: str | None) -> str:
    """The commit that a revision names at this moment."""
    try:
        commit = patiently(lambda: api.dataset_info(repo, revision=revision)).sha
    except RevisionNotFoundError as error:
        near = nearest_hint(revision or "", map(clean, tags(api, repo)))
        raise HubError(f"{repo}: no revision {clean(revision or '')!r}{near}") from error
    if not commit:
        raise HubError(f"{repo} has no commit yet")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise HubError(f"{repo}: the Hub names {clean(str(commit))!r}, which is no commit; is HF_ENDPOINT a Hub?")
    return commit


def tags(api: HfApi, repo: str) -> dict[str, str]:
    """The commit that each tag stands on."""
    refs = patiently(lambda: api.list_repo_refs(repo, repo_type="dataset"))
    return {str(ref.name): str(ref.target_commit) for ref in refs.tags}


def tree(api: HfApi, repo: str, commit: str) -> Iterator[RepoFile | RepoFolder]:
    """Every file and folder of a commit, with sizes that are numbers."""
    with understood():
        for entry in api.list_repo_tree(repo, recursive=True, revision=commit, repo_type="dataset"):
            if isinstance(entry, RepoFile) and not (type(size := announced(entry)) is int and size >= 0):
                raise HubError(f"{repo}: {clean(str(entry.path))!r} has the size {clean(str(size))!r}, which is none")
            yield entry


def fits(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is one that a pattern names."""
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
