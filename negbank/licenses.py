"""Licences of sources -> the licence of what is made from all of them, or why there is none.

Identifiers are the Hub's (`repositories-licenses` in its documentation). What is not in the table counts as unknown: no
licence is guessed. The rules are on the strict side, and no legal advice:

- No-derivatives licences refuse: a dataset of negatives is a changed copy.
- Creative Commons terms add up (non-commercial, share-alike), under the newest version among the sources, which
  share-alike licences from 2.0 on allow.
- A share-alike licence asks that the whole be under it, so it bears no term of another that it lacks.
- Of licences without such terms the strictest holds; each source's notices must be kept all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

PERMISSIVE: Final = (
    "cc0-1.0", "pddl", "unlicense", "wtfpl", "mit", "isc", "bsd-2-clause", "bsd-3-clause", "apache-2.0",
    "cdla-permissive-2.0", "cdla-permissive-1.0", "odc-by",
)  # fmt: skip
"""Licences without terms on what is made from them but to keep notices, from the least to the strictest."""

CREATIVE_COMMONS: Final = {
    "cc-by": ("2.0", "2.5", "3.0", "4.0"),
    "cc-by-sa": ("3.0", "4.0"),
    "cc-by-nc": ("2.0", "3.0", "4.0"),
    "cc-by-nc-sa": ("2.0", "3.0", "4.0"),
    "cc-by-nd": ("4.0",),
    "cc-by-nc-nd": ("3.0", "4.0"),
}
"""The attribution licences of Creative Commons and their versions that the Hub knows, oldest first."""

SHARED_DATABASES: Final = ("odbl", "cdla-sharing-1.0")
"""Share-alike licences of data outside Creative Commons: none of them says that it goes with another."""

KNOWN: Final = (
    *PERMISSIVE,
    *(f"{kind}-{version}" for kind, versions in CREATIVE_COMMONS.items() for version in versions),
    *SHARED_DATABASES,
)
"""Every identifier that `combine` understands."""


@dataclass(frozen=True)
class Combined:
    """The licence of the whole, and what decided it.

    `license` is an identifier of the Hub, or None where it cannot be told. `share_alike`, `non_commercial` and
    `unknown` name sources. `problem` says why the sources may not be shared as one, None where they may (or where the
    unknown ones leave it open). `problem` and `reason` hold identifiers of KNOWN, and never a text of the input.
    """

    license: str | None
    share_alike: tuple[str, ...]
    non_commercial: tuple[str, ...]
    unknown: tuple[str, ...]
    problem: str | None
    reason: str


def combine(licenses: Mapping[str, str | None]) -> Combined:
    """The licence of what is made from all of `licenses` (source -> identifier, None where it is not known)."""
    names = {source: known(license) for source, license in licenses.items()}
    there = sorted({name for name in names.values() if name})
    unknown = tuple(sorted(source for source, name in names.items() if name is None))
    problem = _problem(there)
    license = None if problem or unknown or not there else _strictest(there)
    return Combined(
        license=license,
        share_alike=tuple(sorted(source for source, name in names.items() if name and _share_alike(name))),
        non_commercial=tuple(sorted(source for source, name in names.items() if name and _non_commercial(name))),
        unknown=unknown,
        problem=problem,
        reason=problem or _reason(license, there, bool(unknown)),
    )


def known(license: str | None) -> str | None:
    """The identifier of KNOWN that `license` is, whatever its case; None for any other text."""
    name = (license or "").strip().lower()
    return name if name in KNOWN else None


def _share_alike(name: str) -> bool:
    return name in SHARED_DATABASES or "-sa-" in name


def _non_commercial(name: str) -> bool:
    return "-nc-" in name


def _problem(names: Iterable[str]) -> str | None:
    """Why these may not be shared as one, or None."""
    frozen = [name for name in names if "-nd-" in name]
    creative = [name for name in names if name.startswith("cc-by") and name not in frozen]
    databases = [name for name in names if name in SHARED_DATABASES]
    commercial = [name for name in creative if _share_alike(name) and not _non_commercial(name)]
    reserved = [name for name in creative if _non_commercial(name)]
    problems = []
    if frozen:
        problems.append(f"a dataset of negatives is a changed copy, and {_listed(frozen)} lets no such copy be shared")
    if databases and len(databases) + len(creative) > 1:
        others = [*databases[1:], *creative]
        problems.append(f"{databases[0]} asks that the whole be under it alone, which leaves out {_listed(others)}")
    if commercial and reserved:
        problems.append(
            f"the whole must allow commercial use for {_listed(commercial)}, which is share-alike, "
            f"and must forbid it for {_listed(reserved)}"
        )
    return "; ".join(problems) or None


def _strictest(names: list[str]) -> str:
    """The licence that keeps the terms of all of `names`, between which there is no problem."""
    databases = [name for name in names if name in SHARED_DATABASES]
    if databases:
        return databases[0]
    creative = [name for name in names if name.startswith("cc-by")]
    if not creative:
        return max(names, key=PERMISSIVE.index)
    terms = "-nc" if any(map(_non_commercial, creative)) else ""
    kind = f"cc-by{terms}-sa" if any(map(_share_alike, creative)) else f"cc-by{terms}"
    newest = max(name.rpartition("-")[2] for name in creative)
    return f"{kind}-{next(version for version in CREATIVE_COMMONS[kind] if version >= newest)}"


def _reason(license: str | None, names: list[str], unknown: bool) -> str:
    """One sentence on how the licence was worked out."""
    if license is None:
        without = "some sources have no licence on record, or one that negbank does not understand"
        return without if unknown else "no source is recorded"
    if names == [license]:
        return f"every source is under {license}"
    if _share_alike(license):
        return f"{_listed(names)} come together, and share-alike asks that the whole be under {license}"
    if _non_commercial(license):
        return f"{_listed(names)} come together, and what is non-commercial stays so under {license}"
    return f"{_listed(names)} come together, and {license} is the strictest of their terms"


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)
