"""A version -> the README of its folder: what it holds, how it was made, and the metadata that loads it."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from negbank.records import IRRELEVANT, NEAR_MISS, UNRELATED

MEANING = {
    NEAR_MISS: "wrong answers to the question itself, or as close to its right answer",
    IRRELEVANT: "answers to other questions of the same source",
    UNRELATED: "text of another source",
}
ALL = "all"
"""The configuration that holds every tier."""


@dataclass(frozen=True)
class CardFile:
    """One data file of the folder: its place, tier, split, rows, and size in bytes."""

    path: str
    tier: str
    split: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class CardFacts:
    """What a card says beyond its rows: version, manifest's name, files, and how each tier was mined."""

    dataset: str
    version: str
    manifest: str
    files: tuple[CardFile, ...]
    mined: Mapping[str, Mapping[str, Any]]


def card(facts: CardFacts, rows: pl.DataFrame) -> str:
    """The text of README.md: metadata that the Hub and `load_dataset` read, then words for a person."""
    tiers = list(dict.fromkeys(file.tier for file in facts.files))
    body = string.Template(_template("dataset.md")).substitute(
        dataset=facts.dataset,
        version=f"{facts.version} (manifest {facts.manifest[:12]})",
        rows=f"{rows.height:,}",
        questions=f"{rows['question_id'].n_unique():,}",
        first_tier=tiers[0],
        tier_rows="\n".join(_tier_row(tier, rows.filter(pl.col("tier") == tier)) for tier in tiers),
        provenance="\n".join(_provenance(tier, facts.mined[tier]) for tier in tiers),
        refusals=_refusals(facts.mined),
        license=_license(facts.mined),
    )
    metadata = yaml.safe_dump(_metadata(facts, tiers), sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{metadata}---\n\n{body}"


def _metadata(facts: CardFacts, tiers: list[str]) -> dict[str, Any]:
    """The YAML front matter.

    `datasets` keys its cache by folder name, configuration and this metadata, not by the files: the version and
    the manifest's hash are in it so that another version in the same folder is not mistaken for this one.
    """
    configs, infos = [], []
    for name in (*tiers, ALL):
        files = [f for f in facts.files if name in (f.tier, ALL)]
        splits = list(dict.fromkeys(f.split for f in files))
        paths = {split: [f.path for f in files if f.split == split] for split in splits}
        configs.append(
            {
                "config_name": name,
                **({"default": True} if name == ALL else {}),
                "data_files": [{"split": split, "path": paths[split]} for split in splits],
            }
        )
        infos.append(
            {
                "config_name": name,
                "version": f"{facts.version.removeprefix('v')}.0.0",
                "description": f"{facts.dataset}@{facts.version} {facts.manifest}",
                "splits": [
                    {
                        "name": split,
                        "num_bytes": sum(f.bytes for f in files if f.split == split),
                        "num_examples": sum(f.rows for f in files if f.split == split),
                    }
                    for split in splits
                ],
            }
        )
    licenses = {str(m["license"]) for m in facts.mined.values() if m.get("license")}
    return {
        **({"license": licenses.pop()} if len(licenses) == 1 else {}),
        "pretty_name": f"{facts.dataset}: wrong answers",
        "tags": ["negbank", "hard-negatives", "wrong-answers"],
        "configs": configs,
        "dataset_info": infos,
    }


def _tier_row(tier: str, rows: pl.DataFrame) -> str:
    similarity, plausibility = (float(np.median(rows[c].to_numpy())) for c in ("similarity", "plausibility"))
    return f"| `{tier}` | {rows.height:,} | {similarity:.2f} | {plausibility:.2f} | {MEANING.get(tier, '')} |"


def _provenance(tier: str, mined: Mapping[str, Any]) -> str:
    """One line on how a tier was made, for someone who wants to make it again."""
    encoder = mined.get("encoder", {})
    pool = mined.get("pool")
    return (
        f"- `{tier}`: source `{mined.get('source')}` at `{mined.get('revision')}`"
        + (f", pool `{pool}`" if pool else "")
        + f"; encoder `{encoder.get('name')}` (weights `{str(encoder.get('weights_hash'))[:12]}`); "
        f"seed {mined.get('seed')}; negbank {mined.get('negbank')}"
    )


def _refusals(mined: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        f"| `{tier}` | {reason} | {count:,} |"
        for tier, record in mined.items()
        for reason, count in sorted(record.get("refused", {}).items())
    ]
    return "\n".join(["| tier | reason | candidates |", "|---|---|---:|", *lines]) if lines else "Nothing was refused."


def _license(mined: Mapping[str, Mapping[str, Any]]) -> str:
    known = {f"{m.get('source')}: {m['license']}" for m in mined.values() if m.get("license")}
    known |= {f"{m.get('pool')}: {m['pool_license']}" for m in mined.values() if m.get("pool_license")}
    return "The licences of the sources hold: " + "; ".join(sorted(known)) + "." if known else "That of the source."


def _template(name: str) -> str:
    """A template of `cards/`: inside the installed package, or beside it in a checkout of the project."""
    packed = resources.files("negbank").joinpath("_cards", name)
    path = packed if packed.is_file() else Path(__file__).parent.parent / "cards" / name
    return path.read_text(encoding="utf-8")
