"""`ls`, `show` and `checkout`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from negbank.card import CardFacts, CardFile, card
from negbank.export import write_folder
from negbank.registry import DatasetSummary, Registry, Version

Place = Registry | str | Path | None
"""A registry, its folder, or None for the one that NEGBANK_REGISTRY or the user's folder names."""


@dataclass(frozen=True)
class ShowResult:
    """A version and its first rows (NEGATIVES)."""

    version: Version
    rows: pl.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        manifest = {**asdict(self.version.manifest), "name": self.version.name}
        return {"version": str(self.version), "manifest": manifest, "rows": self.rows.to_dicts()}


def open_registry(place: Place) -> Registry:
    """The registry that `place` names."""
    return place if isinstance(place, Registry) else Registry(place)


def ls(registry: Place = None) -> list[DatasetSummary]:
    """Every dataset of the registry with its newest version."""
    return open_registry(registry).datasets()


def show(reference: str, tier: str | None = None, rows: int = 3, *, registry: Place = None) -> ShowResult:
    """The version that `reference` names, and its first `rows` negatives, of all tiers in turn or of one.

    Raises UnknownNameError for a dataset, version or tier that is not there.
    """
    place = open_registry(registry)
    version = place.resolve(reference)
    every = place.read(version, tier).sort("rank", maintain_order=True)  # other questions before other ranks
    turn = pl.int_range(pl.len()).over("tier")
    chosen = every.with_columns(turn=turn).sort("turn", maintain_order=True).head(rows).drop("turn")
    return ShowResult(version, chosen)


def checkout(reference: str, folder: str | Path, *, replace: bool = False, registry: Place = None) -> Version:
    """Write a version to `folder` in the Hub's layout and give it back.

    `data/<tier>/<split>-00000-of-00001.parquet`, and a README with one configuration a tier and one for all.
    The folder appears whole or not at all; one with files that negbank did not write is never touched.
    """
    place = open_registry(registry)
    version = place.resolve(reference)
    manifest = version.manifest
    parts = {f"data/{p.tier}/{p.split}-00000-of-00001.parquet": p for p in manifest.parts}
    facts = CardFacts(
        dataset=manifest.dataset,
        version=f"v{manifest.number}",
        manifest=version.name,
        files=tuple(CardFile(path, p.tier, p.split, p.rows, p.bytes) for path, p in parts.items()),
        mined={p.tier: p.mined for p in manifest.parts},
    )
    files = {path: place.read_object(part) for path, part in parts.items()}
    files["README.md"] = card(facts, place.read(version)).encode()
    marker = {"dataset": manifest.dataset, "version": f"v{manifest.number}", "manifest": version.name}
    write_folder(Path(folder).absolute(), files, marker, replace)
    return version
