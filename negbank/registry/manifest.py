"""What a version is: the parts that it consists of, and how each was made.

A manifest says nothing of how rows are stored: `content` is a hash over the rows themselves, so a version has one
name on every machine, whether its rows lie there whole, as edits of others, or not at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from negbank.errors import RegistryError
from negbank.registry.names import check_dataset_name, is_hash
from negbank.text.display import short

_SPLIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.]{0,63}")
_TIER = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
_MOST = 10**12
"""No count is larger."""
MOST_VERSIONS = 10**9 - 1
"""No number of a version is larger: it is part of a file's name."""
_DEEPEST = 64
"""Records in records, where ours have six: what walks through them does so by recursion."""


@dataclass(frozen=True)
class Part:
    """The rows of one tier and split: their `content`, how many, and how they were mined.

    `content` is the SHA-256 over `row_id` and `row_hash` of all rows, in order of `row_id`. `mined` holds source,
    revision, encoder with its weights' hash, parameters, seed, package version, and counts of what the guards refused.
    """

    tier: str
    split: str
    content: str
    rows: int
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
        """The manifest that `to_json` wrote. Raises RegistryError for anything else: it may come from a stranger."""
        try:
            record = json.loads(data)
            _refuse_newer(record)
            manifest = cls(**{**record, "parts": tuple(Part(**part) for part in record["parts"])})
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise RegistryError(
                "a manifest cannot be read: negbank writes others; copy its file back, or pull it again"
            ) from error
        manifest.check()
        return manifest

    def check(self) -> None:
        """Raise RegistryError where a field has another form than negbank gives it."""
        check_dataset_name(self.dataset if isinstance(self.dataset, str) else "")
        texts = (self.created, self.author, self.message, self.command)
        tests = {
            "number": is_count(self.number) and 1 <= self.number <= MOST_VERSIONS,
            "parent": self.parent is None or is_hash(self.parent),
            "created, author, message or command": all(isinstance(text, str) for text in texts),
            "parts: there are none": bool(self.parts),
            **{f"parts[{place}]": _good_part(part) for place, part in enumerate(self.parts)},
            "parts: one tier and split stands twice": _all_different(self.parts),
        }
        if wrong := next((what for what, good in tests.items() if not good), None):
            raise RegistryError(
                f"the manifest of {self.dataset}@v{short(self.number, 12)} is not one that negbank writes ({wrong})"
            )


def _refuse_newer(record: dict[str, Any]) -> None:
    """Raise RegistryError for what this negbank does not know: it would lose it, and give the version another name."""
    known = [(record, Manifest), *((part, Part) for part in record["parts"])]
    if new := sorted({str(key)[:40] for own, kind in known for key in set(own) - {f.name for f in fields(kind)}}):
        raise RegistryError(
            f"a manifest was made by a newer negbank: it says {', '.join(map(repr, new[:3]))}, which this one does not "
            "know. Upgrade negbank"
        )
    if _depth(record) > _DEEPEST:
        raise RegistryError(f"a manifest cannot be read: it has lists in lists, more than {_DEEPEST} deep")


def _depth(record: object) -> int:
    """How many lists and records stand in each other."""
    depth, level = 0, [record]
    while level:
        nested = [
            value.values() if isinstance(value, dict) else value for value in level if isinstance(value, list | dict)
        ]
        level = [value for values in nested for value in values]
        depth += bool(nested)
    return depth


def is_count(value: object) -> bool:
    """Whether a value is a whole number that may count something here: rows, bytes, versions."""
    return type(value) is int and 0 <= value <= _MOST


def _good_part(part: Part) -> bool:
    named = _is(_TIER, part.tier) and _is(_SPLIT, part.split) and is_hash(part.content)
    return named and is_count(part.rows) and isinstance(part.mined, dict)


def _all_different(parts: Sequence[Part]) -> bool:
    names = [json.dumps([part.tier, part.split]) for part in parts]
    return len(set(names)) == len(names)


def _is(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and bool(form.fullmatch(value)) and ".." not in value


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

    @property
    def mined(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """The tier of each part, and what is recorded of how it was made."""
        return tuple((part.tier, part.mined) for part in self.manifest.parts)

    def same_content(self, parts: Sequence[Part]) -> bool:
        """Whether `parts` are what this version holds already, rows and origin alike."""
        return sorted(map(_canonical, self.manifest.parts)) == sorted(map(_canonical, parts))


def _canonical(part: Part) -> str:
    """One text for a part, whether it was just made or read from a manifest (where tuples are lists)."""
    return json.dumps(asdict(part), sort_keys=True)
