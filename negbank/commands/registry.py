"""`ls`, `show`, `log`, `diff`, `tag`, `revert`, `rm`, `gc` and `sql`: what a registry answers by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from negbank.cards.refusals import Refusal, refusals
from negbank.commands.validations import said_of
from negbank.errors import RegistryError
from negbank.folders import RegistryPlace
from negbank.records import NEGATIVES
from negbank.registry import Collected, Commit, DatasetSummary, Diff, Logged, Registry, Version
from negbank.registry.condition import Condition

Place = Registry | RegistryPlace | str | Path | None
"""A registry, its folder or URL, or None for the one that NEGBANK_REGISTRY or the user's folder names."""


@dataclass(frozen=True)
class ShowResult:
    """A version, its tags, some of its rows (NEGATIVES), and what its newest validation says."""

    version: Version
    rows: pl.DataFrame
    tags: tuple[str, ...] = ()
    validations: tuple[str, ...] = ()
    validated: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        known = version_dict(self.version, self.tags, self.validations)
        refused = [asdict(refusal) for refusal in self.refusals]
        return {**known, "validated": self.validated, "refusals": refused, "rows": self.rows.to_dicts()}

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What was refused while the version was made."""
        return refusals(self.version.mined)


def open_registry(place: Place) -> Registry:
    """The registry that `place` names."""
    if isinstance(place, Registry):
        return place
    return Registry(place.root, place.refs) if isinstance(place, RegistryPlace) else Registry(place)


def version_dict(version: Version, tags: tuple[str, ...] = (), validations: tuple[str, ...] = ()) -> dict[str, Any]:
    """A version for `--json`: its name, its tags, all that its manifest says, and what was measured on it."""
    manifest = {**asdict(version.manifest), "name": version.name}
    measured = [json.loads(text) for text in validations]
    return {"version": str(version), "tags": list(tags), "manifest": manifest, "validations": measured}


def ls(registry: Place = None) -> list[DatasetSummary]:
    """Every dataset of the registry with its newest version; one that is damaged says so (`problem`)."""
    return open_registry(registry).datasets()


def show(
    reference: str,
    tier: str | None = None,
    rows: int = 3,
    *,
    where: str | None = None,
    sample: int | None = None,
    seed: int = 0,
    registry: Place = None,
) -> ShowResult:
    """The version that `reference` names, and some of its negatives.

    They are the first `rows`, of all tiers in turn or of one; with `sample` that many drawn at random, in the order in
    which they were drawn. Only rows for which `where` is true count: an expression in DuckDB's SQL over the columns.

    Raises UnknownNameError for a dataset, version or tier that is not there, RegistryError for a `where` that cannot
    be used.
    """
    place = open_registry(registry)
    logged = place.logged(place.resolve(reference))
    found = place.select(logged.version, tier, Condition(where) if where else None)
    chosen = _first(found, rows) if sample is None else _sampled(found, sample, seed)
    return ShowResult(logged.version, chosen, logged.tags, logged.validations, said_of(place, logged.version))


def _first(found: Iterable[pl.DataFrame], rows: int) -> pl.DataFrame:
    """The first rows of each tier in turn; other questions come before a question's other ranks."""
    every = pl.concat([NEGATIVES.to_frame(), *found], how="diagonal").sort("rank", maintain_order=True)
    turn = pl.int_range(pl.len()).over("tier")
    return every.with_columns(turn=turn).sort("turn", maintain_order=True).head(min(rows, every.height)).drop("turn")


def _sampled(found: Iterable[pl.DataFrame], count: int, seed: int) -> pl.DataFrame:
    """`count` rows drawn at random, each as likely as any other; of more rows than fit into memory, too."""
    generator = np.random.default_rng(seed)
    kept = NEGATIVES.to_frame().with_columns(draw=pl.lit(0.0))
    for frame in found:
        drawn = frame.with_columns(pl.Series("draw", generator.random(frame.height)))
        kept = (
            pl.concat([kept, drawn], how="diagonal")
            .sort("draw", maintain_order=True)
            .head(min(count, frame.height + kept.height))
        )
    return kept.drop("draw")


def log(reference: str, *, registry: Place = None) -> list[Logged]:
    """The versions of a dataset with their tags, newest first; of `arc@v3` those up to it.

    Versions that cannot be read are left out: `Registry.unreadable` tells them.
    """
    return open_registry(registry).log(reference)


def diff(
    before: str, after: str | None = None, tier: str | None = None, rows: int = 0, *, registry: Place = None
) -> Diff:
    """How two versions differ: counts by tier and change, and the first `rows` rows that do.

    Without `after`, `before` is compared with the version that it came from. Raises UnknownNameError for a
    dataset, version or tier that is not there.
    """
    place = open_registry(registry)
    if after is None:
        after = str(place.resolve(before))
        before = parent_of(place, after)
    return place.diff(before, after, tier, rows)


def parent_of(registry: Registry, reference: str) -> str:
    """The reference of the version before `reference`. Raises RegistryError where it is the first."""
    manifest = registry.resolve(reference).manifest
    if manifest.number == 1:
        raise RegistryError(
            f"{manifest.dataset}@v1 is the first version of {manifest.dataset}: there is none before it to compare with"
        )
    before = f"{manifest.dataset}@v{manifest.number - 1}"
    if manifest.number - 1 not in registry.numbers(manifest.dataset):
        raise RegistryError(f"{before}, the version before {reference}, has no name here; see negbank verify")
    return str(registry.resolve(before))


def tag(
    reference: str, name: str | None = None, *, move: bool = False, delete: bool = False, registry: Place = None
) -> Version:
    """Give the version that `reference` names a tag; with `delete`, take away the tag that `arc@stable` names.

    Raises RegistryError where another version has the tag already, unless it may `move`.
    """
    place = open_registry(registry)
    if delete or name is None:
        return place.untag(reference)
    return place.tag(reference, name, move=move)


def revert(reference: str, message: str = "", command: str = "", *, registry: Place = None) -> Commit:
    """A new version with the rows of an older one; the versions between stay."""
    return open_registry(registry).revert(reference, message, command)


def rm(dataset: str, *, registry: Place = None) -> int:
    """Take away a dataset: its versions and tags. The number of versions; `gc` gives the space back."""
    return open_registry(registry).rm(dataset)


def gc(*, dry_run: bool = False, unnamed: bool = False, registry: Place = None) -> Collected:
    """Remove the files that no version and no tag needs; with `dry_run` only count them.

    A version that has lost its name stays, unless `unnamed` says that it may go too.
    """
    return open_registry(registry).gc(dry_run=dry_run, unnamed=unnamed)


def sql(query: str, *, allow_files: bool = False, registry: Place = None) -> pl.DataFrame:
    """The result of one SELECT, in which `negatives('arc@v3')` are the rows of that version.

    It reads nothing else; with `allow_files` also files of this machine (`read_csv('x.csv')`).
    """
    return open_registry(registry).sql(query, allow_files=allow_files)
