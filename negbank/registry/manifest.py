"""What a version is: the parts that it consists of, and how each was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """The rows of one tier and split: a Parquet object, and how they were mined.

    `mined` holds source, revision, encoder with its weights' hash, parameters, seed, package version, and counts
    of what the guards refused.
    """

    tier: str
    split: str
    object: str
    rows: int
    bytes: int
    mined: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """One immutable version of a dataset; `parent` is the manifest that it came from."""

    dataset: str
    number: int
    parent: str | None
    created: str
    author: str
    message: str
    command: str
    parts: tuple[Part, ...]

    def to_json(self) -> bytes:
        """Canonical bytes: the same content gives the same hash."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """The manifest that `to_json` wrote."""
        record = json.loads(data)
        return cls(**{**record, "parts": tuple(Part(**part) for part in record["parts"])})


@dataclass(frozen=True)
class Version:
    """A version and the name of its manifest: `str(version)` is `arc@v3`."""

    manifest: Manifest
    name: str

    def __str__(self) -> str:
        return f"{self.manifest.dataset}@v{self.manifest.number}"

    @property
    def rows(self) -> int:
        """The number of negatives in all tiers."""
        return sum(part.rows for part in self.manifest.parts)

    @property
    def tiers(self) -> dict[str, int]:
        """The number of negatives of each tier."""
        counts: dict[str, int] = {}
        for part in self.manifest.parts:
            counts[part.tier] = counts.get(part.tier, 0) + part.rows
        return counts

    def same_content(self, parts: Sequence[Part]) -> bool:
        """Whether `parts` are what this version holds already, rows and origin alike."""
        return sorted(map(_canonical, self.manifest.parts)) == sorted(map(_canonical, parts))


def _canonical(part: Part) -> str:
    """One text for a part, whether it was just made or read from a manifest (where tuples are lists)."""
    return json.dumps(asdict(part), sort_keys=True)
