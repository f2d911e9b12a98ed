"""`push`, `pull` and `load`: a version goes to the Hub and comes back, and what came back is what was made."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from negbank import hub
from negbank.cards import combined_license
from negbank.checkout_folder import MARKER
from negbank.commands.checkout import data_files, write_hub_folder
from negbank.commands.registry import Place, open_registry
from negbank.commands.validations import Gate, benchmarks_in, check_gate
from negbank.errors import BenchmarkError, DecompressionError, HubError, RegistryError, StorageError, UnknownNameError
from negbank.folders import cache_folder
from negbank.records import Progress, no_progress
from negbank.registry import Part, Registry, Version
from negbank.registry.disk import scratch_folder, translated
from negbank.report import to_json
from negbank.report.kinds import read_result

NO_GATE = Gate()


@dataclass(frozen=True)
class PushPlan:
    """What a push would do: the version, and where it goes."""

    version: Version
    repo: str


@dataclass(frozen=True)
class PushResult:
    """What was pushed and where to, and what became of the version's own tags there."""

    version: Version
    pushed: hub.Pushed
    tagged: hub.Tagged

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        own = {"version": str(self.version), "manifest": self.version.name}
        return {**own, **asdict(self.pushed), "tags": asdict(self.tagged)}


@dataclass(frozen=True)
class PullResult:
    """The version that came, and from where."""

    version: Version
    repo: str
    commit: str

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"version": str(self.version), "manifest": self.version.name, "repo": self.repo, "commit": self.commit}


def plan_push(
    reference: str | None = None, to: str | None = None, *, gate: Gate = NO_GATE, registry: Place = None
) -> PushPlan:
    """What `push` would push, and where to: the one dataset that there is, and the place that it went last.

    Raises RegistryError where either is not clear, and where the licences of the sources forbid a result;
    BenchmarkError where the version has not shown what the gate asks for.
    """
    place = open_registry(registry)
    if reference is None:
        names = [summary.dataset for summary in place.datasets()]
        if len(names) != 1:
            there = ", ".join(names) or "none; make one with negbank mine"
            raise RegistryError(f"say which dataset to push; there are: {there}")
        reference = names[0]
    version = place.resolve(reference)
    if wrong := place.history(str(version)).unreadable:
        raise RegistryError(
            f"the history of {version} is damaged and would be lost on the Hub: {next(iter(wrong.values()))}"
        )
    _check_licenses(version)
    check_gate(place, version, gate)
    repo = to or place.remote(version.manifest.dataset).get("repo")
    if not repo:
        raise RegistryError(f"{version} was never pushed: say where to with --to NAME or --to ORG/NAME")
    if "/" not in repo:
        repo = f"{hub.whoami_namespace()}/{repo}"
    return PushPlan(version, hub.check_repo_name(repo))


def push(
    reference: str | None = None,
    to: str | None = None,
    *,
    private: bool = False,
    rebase: bool = False,
    move_tags: bool = False,
    gate: Gate = NO_GATE,
    registry: Place = None,
    progress: Progress = no_progress,
) -> PushResult:
    """Push a version to the Hub as one commit, with its number as a tag: `revision="v3"` loads it.

    Only files that changed travel. The version's own tags, such as `stable`, go with it; where one stands on another
    commit it stays there, unless `move_tags`. Raises HubError where someone else pushed since, unless `rebase`, and
    for whatever the Hub refuses.
    """
    place = open_registry(registry)
    plan = plan_push(reference, to, gate=gate, registry=place)
    manifest = plan.version.manifest
    remote = place.remote(manifest.dataset)
    known = _known(remote, plan.repo)
    settings = hub.PushSettings(
        private=private,
        tag=f"v{manifest.number}",
        message=f"{plan.version}: {manifest.message or manifest.command or 'negatives'}".splitlines()[0][:200],
        rebase=rebase,
        parent=known.get("head"),
    )
    with scratch_folder() as folder:
        write_hub_folder(place, plan.version, folder, plan.repo)
        pushed = hub.push_folder(folder, plan.repo, settings, progress)
    commits = {**known["commits"], plan.version.name: pushed.commit}
    place.set_remote(manifest.dataset, {**known, "head": pushed.commit, "commits": commits})
    named = place.logged(plan.version).tags
    return PushResult(plan.version, pushed, hub.set_tags(plan.repo, pushed.commit, named, move=move_tags))


def pull(
    place: str, *, max_gb: float = hub.MAX_GB, registry: Place = None, progress: Progress = no_progress
) -> PullResult:
    """The version that `org/name` or `org/name@v3` holds, taken into the registry with its history.

    Its rows must be those that its manifest names. Raises HubError if it cannot be fetched, was not made by negbank or
    has more than `max_gb` gigabytes, and RegistryError if it was changed or is another one than the dataset of that
    name here. Then nothing of it is kept.
    """
    repo, _, revision = place.removeprefix("hf:").partition("@")
    target = open_registry(registry)
    with scratch_folder() as folder:
        pulled = hub.pull(repo, revision or None, folder, ours=True, max_gb=max_gb, progress=progress)
        version = _take_in(target, pulled.folder, repo)
    dataset = version.manifest.dataset
    remote = target.remote(dataset)
    known = _known(remote, repo)
    commits = {**known["commits"], version.name: pulled.commit}
    head = known.get("head") if revision else pulled.commit
    absent = sorted({*known.get("absent", ()), *target.absent(version)})
    target.set_remote(dataset, {"repo": repo, "head": head, "commits": commits, "absent": absent})
    return PullResult(version, repo, pulled.commit)


def load(
    place: str, tier: str = "all", *, revision: str | None = None, split: str | None = None,
    max_gb: float = hub.MAX_GB, registry: Place = None,
) -> Any:  # fmt: skip
    """The `datasets.Dataset` of one tier of a version, of exactly the one that is asked for.

    A name such as `arc` or `arc@v2` is a dataset of the registry, `org/arc` (or `org/arc@v2`) one on the Hub;
    `revision` may stand in the place of what follows the `@`. `datasets.load_dataset(..., revision=...)` silently
    falls back to the newest version in its cache where the Hub cannot be reached; this does not.

    Raises UnknownNameError for a dataset or version that is not in the registry, HubError for one that cannot be
    fetched or has more than `max_gb` gigabytes, and SourceError for one that reads files of another place.
    """
    from negbank.sources.hub import load_folder

    name, _, wanted = place.removeprefix("hf:").partition("@")
    if wanted and revision and wanted != revision:
        raise RegistryError(f"{place!r} and revision={revision!r} name two versions; give one of them")
    wanted = wanted or revision or ""
    if "/" not in name:
        return load_folder(_local_folder(f"{name}@{wanted}" if wanted else name, registry), tier, split)
    with scratch_folder() as folder:
        pulled = hub.pull(name, wanted or None, folder, max_gb=max_gb)
        kept = cache_folder() / "hub" / name.replace("/", "--") / pulled.commit
        with translated(kept):
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                _move(pulled.folder, kept)
    return load_folder(kept, tier, split)


def _local_folder(reference: str, registry: Place) -> Path:
    """A checkout of a version of the registry, kept in the cache: its rows never change."""
    place = open_registry(registry)
    try:
        version = place.resolve(reference)
    except UnknownNameError as error:
        raise UnknownNameError(
            error.kind, error.name, error.known, f" (in {place.place}; a dataset on the Hub is named ORG/NAME)"
        ) from error
    kept = cache_folder() / "checkouts" / version.name
    if not kept.exists():
        write_hub_folder(place, version, kept, None)
    return kept


def fetch_rows(registry: Registry, wanted: tuple[str, ...], progress: Progress = no_progress) -> list[str]:
    """Fetch contents that are missing here from where they were pushed, and give those that could not be had."""
    missing = set(wanted)
    for summary in registry.datasets():
        remote: dict[str, Any] = {}
        with contextlib.suppress(RegistryError):  # a record that is damaged names no place to fetch from
            remote = registry.remote(summary.dataset)
        for logged in registry.log(summary.dataset) if remote.get("repo") else []:
            version = logged.version
            if missing & {part.content for part in version.manifest.parts}:
                missing -= _fetch_version(registry, version, remote, missing, progress)
        if "absent" in remote:
            registry.set_remote(summary.dataset, {**remote, "absent": sorted(missing & {*remote["absent"]})})
    return sorted(missing)


def _fetch_version(
    registry: Registry, version: Version, remote: dict[str, Any], missing: set[str], progress: Progress
) -> set[str]:
    """Those of the `missing` contents that the pushed version holds, written again."""
    revision = remote.get("commits", {}).get(version.name) or f"v{version.manifest.number}"
    written = set()
    with scratch_folder() as folder:
        try:
            pulled = hub.pull(remote["repo"], revision, folder, ours=True, progress=progress)
        except HubError:
            return set()
        for part in version.manifest.parts:
            files = data_files(pulled.folder, part)
            if part.content in missing and files and _restored(registry, part, files):
                written.add(part.content)
    return written


def _restored(registry: Registry, part: Part, files: list[Path]) -> bool:
    """Whether files hold the rows of a part, which are written again then."""
    try:
        registry.restore(part, files)
    except StorageError:
        raise
    except (RegistryError, DecompressionError):
        return False
    return True


def _take_in(registry: Registry, folder: Path, repo: str) -> Version:
    """The version in a folder that was pulled, adopted; every name in it is a stranger's."""
    manifests = {path.stem: path.read_bytes() for path in (folder / ".negbank" / "manifests").glob("*.json")}
    try:
        name = str(json.loads((folder / MARKER).read_bytes())["manifest"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RegistryError(f"{repo} does not say which version it is: {MARKER} is broken") from error
    measured = [_measurement_of(path, name) for path in sorted((folder / ".negbank" / "validations").glob("*.json"))]
    version = registry.adopt(name, manifests, lambda part: data_files(folder, part))
    for text in measured:
        registry.record_validation(version, text)
    return version


def _measurement_of(path: Path, name: str) -> str:
    """What was measured on the version with that manifest and came with it (JSON). Raises BenchmarkError."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise BenchmarkError(f"{path.name} cannot be read: it is no UTF-8 text; nothing was taken in") from error
    if benchmarks_in([text]):
        result = read_result(text, path.name)
        text, manifest = to_json(result), result.manifest
    else:
        manifest = json.loads(text).get("manifest")
    if manifest != name:
        raise BenchmarkError(f"{path.name} says what was measured on another version; nothing was taken in")
    return text


def _known(remote: dict[str, Any], repo: str) -> dict[str, Any]:
    """What is known of a repository: its head when we saw it last, and the commit of each version."""
    return remote if remote.get("repo") == repo else {"repo": repo, "commits": {}, "absent": remote.get("absent", [])}


def _check_licenses(version: Version) -> None:
    """Refuse to publish what the sources' licences forbid."""
    combined = combined_license([(part.tier, part.mined) for part in version.manifest.parts])
    if combined.problem:
        raise RegistryError(f"{version} cannot be published: {combined.problem}")


def _move(source: Path, target: Path) -> None:
    staging = target.with_name(f".{target.name}.part")
    shutil.rmtree(staging, ignore_errors=True)
    shutil.copytree(source, staging)
    staging.rename(target)
