"""The YAML by which a README says which files a dataset has: judged before anything acts on it.

`datasets` reads whatever file or URL it names, looks for a pattern such as `../../**` over the whole disk, and takes
hours for aliases that expand to a billion words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml
from huggingface_hub.repocard import REGEX_YAML_BLOCK

from negbank.errors import HubError
from negbank.hub.answers import clean

NOTES: Final = ("README.md", ".huggingface.yaml")
"""The files of a repository that say how the others are read."""

MAX_YAML_BYTES: Final = 2 * 2**20
MAX_ALIASES: Final = 10
_ALIAS: Final = re.compile(r"(?:^|[\s\[{,])\*[\w-]+")


def refuse_strange_notes(name: str, notes: Mapping[str, bytes]) -> None:
    """Raise HubError if a note of `NOTES` (path -> text) cannot be read, or names files outside of its repository."""
    for note, data in notes.items():
        text = data.decode("utf-8", errors="replace")
        block = REGEX_YAML_BLOCK.search(text)
        written = (block.group(2) if block else "") if note.endswith(".md") else text
        aliases = len(_ALIAS.findall(written))
        if len(written) > MAX_YAML_BYTES or aliases > MAX_ALIASES:
            raise HubError(
                f"{name}: the YAML in {note} has {len(written):,} characters and {aliases} aliases (*NAME), more than "
                f"the {MAX_YAML_BYTES:,} and {MAX_ALIASES} that are read; nothing was read"
            )
        for pattern in _patterns(name, note, written):
            if _leads_out(pattern):
                raise HubError(f"{name}: {note} names a file of another place, {clean(pattern)!r}; nothing was read")


def notes_of(folder: Path) -> dict[str, bytes]:
    """The notes of a folder that is laid out as a repository."""
    return {name: (folder / name).read_bytes() for name in NOTES if (folder / name).is_file()}


def _patterns(name: str, note: str, written: str) -> Iterator[str]:
    """The files and folders that a note names."""
    try:
        configs = (yaml.safe_load(written) or {}).get("configs") or []
        for config in configs:
            for key in ("data_files", "data_dir"):
                yield from _texts(config.get(key))
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, RecursionError) as error:
        said = clean(str(error)) or type(error).__name__
        raise HubError(f"{name}: the YAML in {note} cannot be read ({said}); nothing was read") from error


def _texts(value: Any) -> Iterator[str]:
    """Every text in lists and mappings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _leads_out(pattern: str) -> bool:
    """Whether a pattern names something that is not below its own folder."""
    return (
        "://" in pattern or "::" in pattern or pattern[:1] in ("/", "~", "\\") or ".." in PurePosixPath(pattern).parts
    )
