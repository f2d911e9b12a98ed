"""Facts -> the YAML at the head of a README, which the Hub and `datasets.load_dataset` read."""

from __future__ import annotations

from typing import Any, Final

import yaml

from negbank.cards.facts import CardFacts, CardFile, licenses_of, origins_of
from negbank.cards.text import clean
from negbank.records import ERRONEOUS_COT
from negbank.sources import SOURCES

ALL = "all"
"""The configuration that holds every tier, but not chains of thought beside answers: they have columns of their own."""

ENGLISH: Final = frozenset({"arc", "hellaswag", "mmlu", "gsm8k", "math", "demo"})
"""The sources of which the language is known."""

_SIZES: Final = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")


def front_matter(facts: CardFacts) -> str:
    """The metadata between its two lines of dashes."""
    text = yaml.safe_dump(_metadata(facts), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{text}---\n"


def tiers_of(facts: CardFacts) -> list[str]:
    """The tiers that have files, in their order."""
    return list(dict.fromkeys(file.tier for file in facts.files))


def all_of(facts: CardFacts) -> list[str]:
    """The tiers of the configuration `all`."""
    tiers = tiers_of(facts)
    return [tier for tier in tiers if tier != ERRONEOUS_COT] or tiers


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows: `n<1K`, `1K<n<10K`, ..., `n>1T`."""
    for place, name in enumerate(_SIZES):
        if rows < 10 ** (3 + place):
            return f"{_SIZES[place - 1]}<n<{name}" if place else f"n<{name}"
    return f"n>{_SIZES[-1]}"


def _metadata(facts: CardFacts) -> dict[str, Any]:
    """What the Hub sorts datasets by, then what `datasets` loads by.

    Tiers, splits and paths stand as they are: the registry checks their form.

    `datasets` keys its cache by folder name, configuration and this metadata, not by the files: the version and
    the manifest's hash are in it so that another version in the same folder is not mistaken for this one.
    """
    names = (*tiers_of(facts), ALL) if facts.files else ()
    held = {ALL: all_of(facts)}
    files = {name: [f for f in facts.files if f.tier in held.get(name, [name])] for name in names}
    return {
        **_origin(facts),
        **_license(facts),
        "pretty_name": f"{clean(facts.dataset, 100)}: wrong answers",
        "size_categories": [size_category(sum(file.rows for file in facts.files))],
        "task_categories": ["multiple-choice", "question-answering"],
        "annotations_creators": ["machine-generated"],  # tier and plausibility are always computed
        "tags": ["negbank", "hard-negatives", "wrong-answers"],
        **({"configs": [_config(*item) for item in files.items()]} if files else {}),
        **({"dataset_info": [_info(facts, *item) for item in files.items()]} if files else {}),
    }


def _origin(facts: CardFacts) -> dict[str, Any]:
    """Language and source datasets, where every row comes from a source that negbank knows."""
    names = set()
    for _, name, license in origins_of(facts.mined):
        # a file may bear a benchmark's name, but then it brings no licence
        if name not in SOURCES or SOURCES[name].license != license:
            return {}
        names.add(name)
    if not names:
        return {}
    places = {SOURCES[name].place if "/" in SOURCES[name].place else "original" for name in names}
    return {**({"language": ["en"]} if names <= ENGLISH else {}), "source_datasets": sorted(places)}


def _license(facts: CardFacts) -> dict[str, str]:
    combined = licenses_of(facts)
    if combined.problem:
        return {"license": "other", "license_name": "licences-of-sources-conflict"}
    return {"license": combined.license or "unknown"}


def _config(name: str, files: list[CardFile]) -> dict[str, Any]:
    data = [{"split": s, "path": [f.path for f in files if f.split == s]} for s in _splits(files)]
    return {"config_name": name, **({"default": True} if name == ALL else {}), "data_files": data}


def _info(facts: CardFacts, name: str, files: list[CardFile]) -> dict[str, Any]:
    return {
        "config_name": name,
        "version": f"{facts.version.removeprefix('v')}.0.0",
        "description": clean(f"{facts.dataset}@{facts.version} {facts.manifest}"),
        "splits": [
            {
                "name": split,
                "num_bytes": sum(f.bytes for f in files if f.split == split),
                "num_examples": sum(f.rows for f in files if f.split == split),
            }
            for split in _splits(files)
        ],
    }


def _splits(files: list[CardFile]) -> list[str]:
    return list(dict.fromkeys(file.split for file in files))
