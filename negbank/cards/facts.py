"""What a card is made from: summaries of a version, never its rows, of which there may be millions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from negbank.licenses import Combined, combine

Mined = Sequence[tuple[str, Mapping[str, Any]]]
"""Tiers, and what `mine` or `add` recorded of each; a tier may come several times."""


@dataclass(frozen=True)
class CardFile:
    """One data file of the folder: its place, tier, split, rows, and size in bytes."""

    path: str
    tier: str
    split: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class Distribution:
    """How a quantity is spread: percentiles, and counts in equal bins between `low` and `high`."""

    p10: float
    median: float
    p90: float
    histogram: tuple[int, ...]
    low: float
    high: float


@dataclass(frozen=True)
class TierFacts:
    """One tier: counts, spreads, some rows (`question`, `answer`, `negative`), and what `mine` recorded.

    `mined` may lack anything, or be empty: rows may come from elsewhere.
    """

    tier: str
    rows: int
    questions: int
    similarity: Distribution
    plausibility: Distribution
    examples: tuple[Mapping[str, str], ...]
    mined: Mapping[str, Any]


@dataclass(frozen=True)
class HistoryLine:
    """One version of the dataset's past: `v3`, when, by whom, and why."""

    version: str
    created: str
    author: str
    message: str
    lost: bool = False
    """Whether its manifest cannot be read any more: then nothing of the rest is known."""


@dataclass(frozen=True)
class Reading:
    """What somebody found who read `read` rows of a tier of this version: `right` of them are right after all.

    `seed` is that of `negbank show --sample`, None where the rows were not drawn so.
    """

    tier: str
    read: int
    right: int
    by: str
    seed: int | None = None
    note: str = ""


@dataclass(frozen=True)
class ValidationFacts:
    """What a model learned from the version: a verdict in a sentence, how it was measured, tables, and curves.

    `about` pairs a name with a text; a table is its title, column names, and rows of texts; a curve is a system's name
    and its accuracy (0 to 1) by number of examples, ascending.
    """

    verdict: str
    about: tuple[tuple[str, str], ...] = ()
    tables: tuple[tuple[str, Sequence[str], Sequence[Sequence[str]]], ...] = ()
    curves: tuple[tuple[str, tuple[tuple[int, float], ...]], ...] = ()


@dataclass(frozen=True)
class CardFacts:
    """All that a card says of a version. `repo` (`org/name`) is where it is pushed to; `questions` are distinct."""

    dataset: str
    version: str
    manifest: str
    repo: str | None
    files: tuple[CardFile, ...]
    tiers: tuple[TierFacts, ...]
    questions: int
    history: tuple[HistoryLine, ...]
    readings: tuple[Reading, ...] = ()
    validation: ValidationFacts | None = None

    @property
    def mined(self) -> Mined:
        """Each tier, and what is recorded of it."""
        return [(tier.tier, tier.mined) for tier in self.tiers]


@dataclass(frozen=True)
class Card:
    """`text` is README.md; `files` (path in the folder -> bytes) are the images that it shows."""

    text: str
    files: Mapping[str, bytes]


def origins_of(mined: Mined) -> list[tuple[str, str | None, str | None]]:
    """The tier, name and licence of each source and pool, None for what is not recorded."""
    return [(tier, name, license) for tier, record in mined for name, license in _licenses_in(record)]


def sources_of(mined: Mined) -> dict[str, str | None]:
    """The licence of each source and pool by name; a tier without a source counts as a source of its own."""
    found = {(name or f"tier {tier}", license) for tier, name, license in origins_of(mined)}
    names = [name for name, _ in found]
    ordered = sorted(found, key=lambda pair: (pair[0], pair[1] or ""))
    # one name under two licences stays two sources: neither hides the other
    return {f"{n} ({held or 'no licence'})" if names.count(n) > 1 else n: held for n, held in ordered}


def licenses_of(facts: CardFacts) -> Combined:
    """The licence of the version, worked out from those of its sources; `problem` says why it may not be shared."""
    return combined_license(facts.mined)


def combined_license(mined: Mined) -> Combined:
    """The licence of tiers by what is recorded of each; see `licenses_of`."""
    return combine(sources_of(mined))


def _licenses_in(mined: Mapping[str, Any]) -> list[tuple[str | None, str | None]]:
    """Name and licence of the source and pool of a tier, of the files of its chains, and of what was added later."""
    added, chains = mined.get("added"), mined.get("chains")
    files = [c for c in chains if isinstance(c, Mapping) and _text(c.get("source"))] if isinstance(chains, list) else []
    records = [mined, *files, *(added if isinstance(added, list) else [])]
    found = [(_text(r.get("source")), _text(r.get("license"))) for r in records if isinstance(r, Mapping)]
    pools = [(_text(r.get("pool")), _text(r.get("pool_license"))) for r in records if isinstance(r, Mapping)]
    return [*found, *(pool for pool in pools if pool[0])]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
