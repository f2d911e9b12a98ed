"""Names of datasets, versions, tags and blobs: what may stand in `arc@stable`, and in the file that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from negbank.errors import RegistryError
from negbank.folders import DEVICES
from negbank.text.display import short

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,94}[a-z0-9])?")
_VERSION = re.compile(r"v[0-9]+")
_NUMBER = re.compile(r"v([1-9][0-9]{0,8})")
_HASH = re.compile(r"[0-9a-f]{64}")
_DIGITS = re.compile(r"[0-9a-f]{4,64}")
_RESERVED = frozenset(["head", "latest", "newest", "main", "all", *DEVICES])
"""Words that mean something to a hub, to git, to a reader of `arc@latest`, or to a file system."""

_ALLOWED = (
    "use up to 96 lower-case letters, digits, '.', '_' and '-', with a letter or digit at both ends and no '..'; "
    f"{', '.join(sorted(_RESERVED - DEVICES))} and the names of devices (con, com1) are reserved"
)


def check_dataset_name(name: str) -> str:
    """`name`, if it can name a dataset: lower-case letters, digits, `.`, `_`, `-`, at most 96 of them."""
    if not _allowed(name):
        raise RegistryError(f"{short(name, 60)} cannot name a dataset: {_ALLOWED} (--dataset NAME)")
    return name


def check_tag(name: str) -> str:
    """`name`, if it can be a tag: as a dataset's name, and neither a version nor the digits of a manifest."""
    if _VERSION.fullmatch(name) or _DIGITS.fullmatch(name):
        raise RegistryError(f"{name!r} cannot be a tag: it reads as a version or as the digits of one")
    if not _allowed(name):
        raise RegistryError(f"{short(name, 60)} cannot be a tag: {_ALLOWED}")
    return name


def _allowed(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and ".." not in name and name.split(".")[0] not in _RESERVED


def is_hash(value: object) -> bool:
    """Whether a value is a SHA-256 as negbank writes it: 64 digits, hexadecimal and lower-case."""
    return isinstance(value, str) and bool(_HASH.fullmatch(value))


def version_number(text: str) -> int | None:
    """The number of a version, `v3`, as negbank writes it; None for anything else."""
    found = _NUMBER.fullmatch(text)
    return int(found[1]) if found else None


@dataclass(frozen=True)
class Reference:
    """What `arc`, `arc@v3`, `arc@stable` and `arc@4f2c` are made of; `wanted` is empty for the newest."""

    dataset: str
    wanted: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """The parts of a reference. Raises RegistryError where nothing follows the `@`."""
        dataset, at_sign, wanted = text.partition("@")
        if at_sign and not wanted:
            raise RegistryError(
                f"{short(text, 60)} names no version; give one ({dataset}@v1), or {dataset} for the newest"
            )
        return cls(dataset, wanted)

    @property
    def number(self) -> int | None:
        """The number of a version, where one is named."""
        return version_number(self.wanted)

    @property
    def digits(self) -> str | None:
        """First digits of a manifest's name, where they may be meant."""
        return self.wanted if _DIGITS.fullmatch(self.wanted) else None
