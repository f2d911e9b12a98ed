"""The names that a version has beside its number, such as `stable`, on the commit that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from huggingface_hub import HfApi

from negbank.hub.answers import api_with_token, patiently, quiet_bars, translated
from negbank.hub.remote import tags


@dataclass(frozen=True)
class Tagged:
    """Tags that were `set` now, those that were `there`, and those that stand `elsewhere`: on another commit."""

    set: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def set_tags(repo: str, commit: str, names: Sequence[str], *, move: bool = False) -> Tagged:
    """Put `names` on a commit of a repository. One that stands on another commit stays there, unless it may `move`.

    Raises HubError where the Hub refuses.
    """
    found: dict[str, list[str]] = {"set": [], "there": [], "elsewhere": []}
    with translated(repo), quiet_bars():
        api = api_with_token()
        standing = tags(api, repo) if names else {}
        for name in names:
            before = standing.get(name)
            kind = "set" if before is None or move else "elsewhere"
            kind = "there" if before == commit else kind
            found[kind].append(name)
            if kind != "set":
                continue
            if before is not None:
                api.delete_tag(repo, tag=name, repo_type="dataset")
            _create(api, repo, name, commit)
    return Tagged(**{kind: tuple(own) for kind, own in found.items()})


def _create(api: HfApi, repo: str, name: str, commit: str) -> None:
    patiently(lambda: api.create_tag(repo, tag=name, revision=commit, repo_type="dataset"))
