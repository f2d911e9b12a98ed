"""Names of datasets, versions and tags: what may stand in `arc@stable`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from negbank.errors import RegistryError

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,94}[a-z0-9])?")
_VERSION = re.compile(r"v[0-9]+")
_DIGITS = re.compile(r"[0-9a-f]{4,64}")
_RESERVED = frozenset(["head", "latest", "newest", "main", "all", "con", "prn", "aux", "nul"])
"""Words that mean something to a hub, to git, to a reader of `arc@latest`, or to a file system."""

_ALLOWED = (
    "use up to 96 lower-case letters, digits, '.', '_' and '-', with a letter or digit at both ends and no '..'; "
    f"{', '.join(sorted(_RESERVED))} are reserved"
)


def check_dataset_name(name: str) -> str:
    """`name`, if it can name a dataset: lower-case letters, digits, `.`, `_`, `-`, at most 96 of them."""
    if not _allowed(name):
        raise RegistryError(f"{name!r:.60} cannot name a dataset: {_ALLOWED} (--dataset NAME)")
    return name


def check_tag(name: str) -> str:
    """`name`, if it can be a tag: as a dataset's name, and neither a version nor the digits of a manifest."""
    if _VERSION.fullmatch(name) or _DIGITS.fullmatch(name):
        raise RegistryError(f"{name!r} cannot be a tag: it reads as a version or as the digits of one")
    if not _allowed(name):
        raise RegistryError(f"{name!r:.60} cannot be a tag: {_ALLOWED}")
    return name


def _allowed(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and ".." not in name and name.split(".")[0] not in _RESERVED


@dataclass(frozen=True)
class Reference:
    """What `arc`, `arc@v3`, `arc@stable` and `arc@4f2c` are made of; `wanted` is empty for the newest."""

    dataset: str
    wanted: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """The parts of a reference."""
        dataset, _, wanted = text.partition("@")
        return cls(dataset, wanted)

    @property
    def number(self) -> int | None:
        """The number of a version, where one is named."""
        return int(self.wanted[1:]) if _VERSION.fullmatch(self.wanted) else None

    @property
    def digits(self) -> str | None:
        """First digits of a manifest's name, where they may be meant."""
        return self.wanted if _DIGITS.fullmatch(self.wanted) else None
