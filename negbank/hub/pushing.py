"""A folder -> one commit of a dataset repository, upon exactly the head that was looked at."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, RepoFile
from huggingface_hub.errors import HfHubHTTPError

from negbank.errors import HubError
from negbank.hub.answers import api_with_token, clean, patiently, quiet_bars, translated
from negbank.hub.remote import OURS, Digest, check_repo_name, fits, resolve, tags, tree, whoami_namespace
from negbank.records import Progress, no_progress

UPLOAD: Final = "upload"
"""The stage that is reported, in bytes."""

_ATTEMPTS: Final = 4
_BATCH_BYTES: Final = 32 * 2**20


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


def push_folder(folder: Path, repo: str, settings: PushSettings, progress: Progress = no_progress) -> Pushed:
    """The commit of `repo` that holds the files of `folder`: one new commit, or the head where nothing differs.

    The repository is made where there is none; `repo` without an owner is the user's own. Of what is there, only
    files of the same name and data files of ours that `folder` no longer has give way. Raises HubError, with what
    to do next.
    """
    name = check_repo_name(repo)
    with translated(name), quiet_bars():
        files = _digests(folder)
        api = api_with_token()
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


def _digests(folder: Path) -> dict[str, Digest]:
    """Every file of a folder by its path in the repository. A link is refused: it may lead out of the folder."""
    paths = sorted(folder.rglob("*"))
    links = [path for path in paths if path.is_symlink()]
    if links:
        raise HubError(f"{links[0]} is a link; put the file itself there, or remove it")
    files = {p.relative_to(folder).as_posix(): Digest.of(p) for p in paths if p.is_file()}
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
    files: Mapping[str, Digest]
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
        head = resolve(self.api, self.repo, revision)
        remote = {entry.path: entry for entry in tree(self.api, self.repo, head) if isinstance(entry, RepoFile)}
        made_by_us = any(path.startswith(".negbank/") for path in remote)
        gone = [path for path in remote if made_by_us and fits(path, OURS) and path not in self.files]
        send = [path for path, digest in self.files.items() if not digest.matches(remote.get(path))]
        return _Plan(head, remote, tuple(send), tuple(gone))

    def _refuse_strangers(self, plan: _Plan) -> None:
        """Never replace what is not known here, unless told to."""
        theirs = [path for path in plan.remote if path != ".gitattributes"]
        if self.settings.rebase or not theirs or plan.head == self.settings.parent:
            return
        if self.settings.parent is None:
            listed = ", ".join(clean(path) for path in theirs[:3])
            raise HubError(
                f"{self.repo} is taken: it holds {len(theirs)} files that were not pushed from here ({listed}). "
                "Name another repository, or put this version on top with --rebase (the Hub keeps the older commits)"
            )
        commits = list(self.api.list_repo_commits(self.repo, repo_type="dataset", revision=plan.head))
        newer = list(itertools.takewhile(lambda commit: commit.commit_id != self.settings.parent, commits))
        since = f"{len(newer)} since" if len(newer) < len(commits) else "and its history no longer holds"
        raise HubError(
            f"{self.repo} has another head than the commit that you pushed or pulled last: {plan.head[:12]} by "
            f"{clean(', '.join(newer[0].authors)) or 'unknown'}, {newer[0].created_at:%Y-%m-%d %H:%M} UTC, "
            f"{clean(newer[0].title)!r} ({since} {self.settings.parent[:12]}). "
            "Pull it first, or put this version on top of it with --rebase (the Hub keeps the older commits)"
        )

    def _refuse_taken_tag(self, plan: _Plan) -> None:
        tag = self.settings.tag
        stands_on = tags(self.api, self.repo).get(tag) if tag else None
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
            return patiently(
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
                f"{self.repo}: commit {commit[:12]} was made, but lacks {clean(missing[0])} and so {len(missing)} of "
                f"{len(self.files)} files. Does a .gitignore there name them? Remove it and push again"
            )

    def _tag(self, tag: str, commit: str) -> None:
        try:
            patiently(lambda: self.api.create_tag(self.repo, tag=tag, revision=commit, repo_type="dataset"))
        except HfHubHTTPError as error:
            if error.response.status_code != 409:
                raise
            stands_on = tags(self.api, self.repo).get(tag, "another")
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
        info = patiently(lambda: api.dataset_info(repo))
    except HfHubHTTPError as error:
        if error.response.status_code != 404:
            raise
        patiently(lambda: api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True))
        return True
    if private and info.private is False:
        raise HubError(f"{repo} is public; make it private in its settings first, or push without --private")
    return False
