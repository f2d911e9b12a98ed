"""A small registry, what every command says of it while it is sound, and ways of damaging a file of it."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from samples import chain_rows, part, rows

import negbank
from negbank.commands.checkout import write_hub_folder
from negbank.commands.share import plan_push
from negbank.commands.validations import record_reading
from negbank.errors import NegbankError
from negbank.registry import Edit, NewPart, Registry
from negbank.registry.rows import hashed

VERSIONS = ("arc@v1", "arc@v2", "arc@v3", "other@v1")
BIG = 2000
"""Rows of the tier that is edited: enough for an edit to be stored as a layer."""


def build(root: Path) -> Registry:
    """Two datasets: whole parts, layers that add and take away, chains, tags, a measurement, and a remote."""
    registry = Registry(root)
    registry.commit("arc", [part(count=BIG), part("irrelevant", 4)], "first", "negbank mine arc")
    changed = rows(BIG)[3:5].with_columns(plausibility=pl.lit(0.75, pl.Float32))
    gone = hashed(rows(BIG)[7:8])["row_id"].to_pylist()
    registry.commit("arc", [Edit("near-miss", "train", changed, gone)], "rescored", "")
    chains = NewPart("erroneous-cot", "train", chain_rows(4), {})
    registry.commit("arc", [part("irrelevant", 4, "z"), chains], "chains", "")
    registry.commit("other", [part("irrelevant", 4, "y")], "as many rows", "")
    registry.tag("arc@v1", "stable")
    registry.tag("arc@v2", "old")
    for version in ("arc@v1", "arc@v2"):
        record_reading(version, "near-miss", read=3, right=0, by="ada", registry=registry)
    registry.set_remote("other", {"repo": "ada/other", "head": None, "commits": {}, "absent": []})
    registry.gc()
    return registry


def files(root: Path) -> list[str]:
    """Every file of a registry that says something: the lock is empty, and none the worse for what it holds."""
    every = (path.relative_to(root) for path in root.rglob("*") if path.is_file() and path.name != "lock")
    return sorted(str(path) for path in every if path.parts[0] not in ("tmp", "quarantine"))


def may_vanish(name: str) -> bool:
    """Whether nothing can tell that a file was there: a name that people give and take, and the newest version's."""
    path = Path(name)
    newest = ("arc/versions/v3", "other/versions/v1")
    return name.endswith(newest) or path.name == "remote.json" or bool({"tags", "validations"} & {*path.parts})


READERS: dict[str, Callable[[Path], Any]] = {
    "ls": lambda root: {s.dataset: replace(s, bytes=0) for s in negbank.ls(root)},
    "log": lambda root: {name: _logged(root, name) for name in ("arc", "other")},
    **{f"show {v}": lambda root, v=v: _shown(root, v) for v in (*VERSIONS, "arc@stable", "arc@old")},
    "diff arc@v1 arc@v2": lambda root: _diff(root, "arc@v1", "arc@v2"),
    "diff arc@v2 arc@v3": lambda root: _diff(root, "arc@v2", "arc@v3"),
    **{f"sql {v}": lambda root, v=v: _sql(root, v) for v in VERSIONS},
    **{f"export {v}": lambda root, v=v: _exported(root, v) for v in VERSIONS},
    **{f"checkout {v}": lambda root, v=v: _checked_out(root, v) for v in VERSIONS},
}
SLOW_READERS: dict[str, Callable[[Path], Any]] = {
    **{f"card {v}": lambda root, v=v: negbank.card(v, registry=root).text for v in ("arc@v2", "other@v1")},
    **{f"push {v}": lambda root, v=v: _pushed(root, v) for v in ("arc@v1", "arc@v3")},
}


def _shown(root: Path, reference: str) -> Any:
    found = negbank.show(reference, rows=5000, registry=root)
    return found.version, found.validations, _brief(found.rows.write_json())


def _logged(root: Path, dataset: str) -> Any:
    history = Registry(root).history(dataset)
    return history.logged, history.unreadable


def _diff(root: Path, before: str, after: str) -> Any:
    found = negbank.diff(before, after, rows=50, registry=root)
    return found.counts, found.rows.to_dicts()


def _sql(root: Path, reference: str) -> Any:
    found = negbank.sql(
        f"select * exclude (row_id, row_hash) from negatives('{reference}') order by all", registry=root
    )
    return _brief(found.write_json())


def _exported(root: Path, reference: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        negbank.export(reference, file, registry=root)
        return _brief(file.read_text())


def _checked_out(root: Path, reference: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        negbank.checkout(reference, Path(folder) / "out", format="jsonl", registry=root)
        return {path.name: _brief(path.read_text()) for path in sorted((Path(folder) / "out").glob("*.jsonl"))}


def _pushed(root: Path, reference: str) -> Any:
    """What a push would send: all of it but the sending."""
    plan = plan_push(reference, "ada/arc", registry=root)
    with tempfile.TemporaryDirectory() as folder:
        write_hub_folder(Registry(root), plan.version, Path(folder) / "out", plan.repo)
        sent = (path for path in (Path(folder) / "out").rglob("*") if path.is_file() and path.suffix != ".png")
        return {str(path.relative_to(folder)): _brief(path.read_text(errors="replace")) for path in sent}


def _brief(text: str) -> str:
    """A text that stands for a long one."""
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]} of {len(text)}"


def said(root: Path, readers: dict[str, Callable[[Path], Any]]) -> dict[str, Any]:
    """What each reader says; a NegbankError where it refuses."""
    found: dict[str, Any] = {}
    for name, read in readers.items():
        try:
            found[name] = read(root)
        except NegbankError as error:
            found[name] = error
    return found


def wrong(found: dict[str, Any], sound: dict[str, Any]) -> list[str]:
    """The readers that neither refuse nor say what is so of the sound registry; `ls` and `log` may leave things out."""
    bad = []
    for name, value in found.items():
        if isinstance(value, NegbankError) or value == sound[name]:
            continue
        if name == "ls" and all(own.problem or own == sound["ls"].get(key) for key, own in value.items()):
            continue
        if name == "log" and all(_left_out(own, sound["log"][dataset]) for dataset, own in value.items()):
            continue
        if name.startswith("card") and ": its record is damaged" in value:
            continue
        bad.append(name)
    return bad


def _left_out(own: tuple[list[Any], object], sound: tuple[list[Any], object]) -> bool:
    """Whether a history is right, or lacks versions or tags and says so."""
    every = {logged.version.name: logged for logged in sound[0]}
    right = all(
        (known := every.get(one.version.name)) is not None
        and one.version == known.version
        and one.validations == known.validations
        and {*one.tags} <= {*known.tags}
        for one in own[0]
    )
    return right and (own == sound or bool(own[1]))


def restore(root: Path, sound: Path, names: list[str]) -> None:
    """Put files back as they were."""
    for name in names:
        target = root / name
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sound / name, target)


def record(root: Path, version: str, tier: str) -> Path:
    """The file that says in which objects the rows of a tier lie."""
    manifest = Registry(root).resolve(version).manifest
    digest = next(p.content for p in manifest.parts if p.tier == tier)
    return root / "contents" / digest[:2] / f"{digest}.json"


def objects(root: Path, version: str, tier: str) -> list[Path]:
    """The objects of a tier: of each layer what it adds, then what it takes away."""
    layers = json.loads(record(root, version, tier).read_text())["layers"]
    names = [name for layer in layers for name in (layer["added"], layer["removed"]) if name]
    return [root / "objects" / name[:2] / f"{name}.parquet" for name in names]


def edit_record(root: Path, version: str, tier: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Rewrite a record in negbank's own form."""
    path = record(root, version, tier)
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value, indent=1))
