"""Sixty broken registries, and what each command must do with them.

Each state says which versions must be refused by whatever reads rows (all others must come out right), and whether
`verify --repair` makes the registry whole. In every state `verify` finds something, `gc` refuses, nothing outside is
touched, and putting the files back brings everything back. With NEGBANK_DAMAGE_STATES set every state is shown to every
reader; without it, to some.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from damaged import BIG, READERS, SLOW_READERS, VERSIONS, build, edit_record, objects, record, said, wrong

from negbank.cli import run
from negbank.errors import NegbankError
from negbank.registry import Registry

LONG = "NEGBANK_DAMAGE_STATES" in os.environ
ARC = ("arc@v1", "arc@v2", "arc@v3")
EVERY = VERSIONS


@dataclass(frozen=True)
class State:
    """What is done to a registry, the versions whose rows must be refused then, and whether a repair mends it."""

    name: str
    do: Callable[[Path], object]
    refused: tuple[str, ...] = ()
    mends: bool = False
    tells: frozenset[str] = frozenset()
    """Readers that tell what a manifest says, which is false and which nothing but its rows can show."""


def base(root: Path) -> Path:
    return objects(root, "arc@v1", "near-miss")[0]


def added(root: Path) -> Path:
    return objects(root, "arc@v2", "near-miss")[1]


def removed(root: Path) -> Path:
    return objects(root, "arc@v2", "near-miss")[2]


def small(root: Path) -> Path:
    return objects(root, "other@v1", "irrelevant")[0]


def chains(root: Path) -> Path:
    return objects(root, "arc@v3", "erroneous-cot")[0]


def reference(root: Path, version: str) -> Path:
    dataset, _, number = version.partition("@")
    return root / "datasets" / dataset / "versions" / number


def tag(root: Path, name: str) -> Path:
    return root / "datasets" / "arc" / "tags" / name


def manifest(root: Path, version: str) -> Path:
    name = reference(root, version).read_text()
    return root / "manifests" / name[:2] / f"{name}.json"


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def misname(path: Path) -> None:
    """Break the last letter of a column's name where Parquet lists the columns."""
    data = bytearray(path.read_bytes())
    data[data.rfind(b"negative") + 7] = 0xDD
    path.write_bytes(data)


def swap(one: Path, other: Path) -> None:
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)


def layers(version: str, change: Callable[[Any], object], tier: str = "near-miss") -> Callable[[Path], None]:
    """Change the layers of a record, which stays in negbank's own form."""
    return lambda root: edit_record(root, version, tier, lambda value: change(value["layers"]))


def rewritten(version: str, change: Callable[[Any], object]) -> Callable[[Path], None]:
    """Change a manifest, and give it the name that it then has."""

    def do(root: Path) -> None:
        value = json.loads(manifest(root, version).read_text())
        change(value)
        data = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1).encode()
        reference(root, version).write_text(Registry(root)._store.blobs.put("manifests", data))

    return do


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def name_other(root: Path) -> None:
    path = small(root)
    edit_record(
        root, "arc@v1", "irrelevant", lambda x: x["layers"][0].update(added=path.stem, bytes=path.stat().st_size)
    )


def link_outside(root: Path, where: str) -> None:
    """A folder of the registry that leads to a user's own files, one of which is named as an object is."""
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "thesis.txt").write_text("mine")
    (outside / f"{'a' * 64}.parquet").write_text("mine, too")
    (root / where).symlink_to(outside)


def link_object(root: Path) -> None:
    moved = root.parent / "moved.parquet"
    base(root).rename(moved)
    (root / "objects" / moved.name).unlink(missing_ok=True)
    base(root).symlink_to(moved)


STATES = [
    # objects
    State("an object with one bit flipped", lambda r: flip(base(r)), ARC),
    State("an object with one byte appended", lambda r: base(r).write_bytes(base(r).read_bytes() + b"x"), ARC, True),
    State("an object cut in half", lambda r: base(r).write_bytes(base(r).read_bytes()[:9000]), ARC),
    State("an object without a byte", lambda r: base(r).write_bytes(b""), ARC),
    State("an object with a column whose name is no text", lambda r: misname(base(r)), ARC, True),
    State("an object that is gone", lambda r: base(r).unlink(), ARC),
    State("an object with another's bytes", lambda r: base(r).write_bytes(small(r).read_bytes()), ARC),
    State("two objects swapped", lambda r: swap(base(r), small(r)), EVERY),
    State("an object that is a folder", lambda r: as_folder(base(r)), ARC),
    State("an object that is a link to itself elsewhere", link_object),
    State("the object of what an edit added is gone", lambda r: added(r).unlink(), ARC[1:]),
    State("the object of what an edit added is flipped", lambda r: flip(added(r)), ARC[1:], True),
    State("the object of what an edit took away is gone", lambda r: removed(r).unlink(), ARC[1:]),
    State("the object of what an edit took away is flipped", lambda r: flip(removed(r)), ARC[1:]),
    State("the object of chains is flipped", lambda r: flip(chains(r)), ARC[2:], True),
    # which objects hold which rows
    State("a record that names another object of as many rows", name_other, ARC[:2], True),
    State("a record that names zeros", layers("arc@v1", lambda x: x[0].update(added="0" * 64)), ARC[:1], True),
    State(
        "a record that names a file outside", layers("arc@v1", lambda x: x[0].update(added="../../../../etc/passwd")),
        ARC[:1], True,
    ),
    State("a record without layers", layers("arc@v1", lambda x: x.clear()), ARC[:1], True),
    State("a record that lacks its edit", layers("arc@v2", lambda x: x.pop()), ARC[1:], True),
    State("a record with its layers in another order", layers("arc@v2", lambda x: x.reverse()), ARC[1:], True),
    State("a record that takes nothing away", layers("arc@v2", lambda x: x[1].update(removed=None)), ARC[1:], True),
    State("a record with other bytes", layers("arc@v1", lambda x: x[0].update(bytes=1)), ARC[:1], True),
    State(
        "a record with more rows", lambda r: edit_record(r, "arc@v1", "near-miss", lambda x: x.update(rows=BIG + 1)),
        ARC[:1], True,
    ),
    State(
        "a record of 10^30 rows", lambda r: edit_record(r, "arc@v1", "near-miss", lambda x: x.update(rows=10**30)),
        ARC[:1], True,
    ),
    State("two records swapped", lambda r: swap(
        record(r, "arc@v1", "near-miss"), record(r, "other@v1", "irrelevant")), ("arc@v1", "other@v1"), True),
    State("a record that is gone", lambda r: record(r, "arc@v2", "near-miss").unlink(), ARC[1:], True),
    State("a record without a byte", lambda r: record(r, "arc@v1", "irrelevant").write_bytes(b""), ARC[:2], True),
    State("a record that is no JSON", lambda r: record(r, "arc@v3", "erroneous-cot").write_text("rows"), ARC[2:], True),
    State("a record nested 100,000 deep", lambda r: record(r, "arc@v1", "near-miss").write_text("[" * 10**5),
          ARC[:1], True),
    State("a record with a key too many", lambda r: edit_record(r, "arc@v1", "near-miss", lambda x: x.update(a=1)),
          ARC[:1], True),
    State("a record with another space", lambda r: record(r, "arc@v1", "near-miss").write_text(
        record(r, "arc@v1", "near-miss").read_text().replace("\n ", "\n\t", 1)), ARC[:1], True),
    # manifests
    State("a manifest flipped", lambda r: flip(manifest(r, "arc@v1")), ARC[:1]),
    State("a manifest that is gone", lambda r: manifest(r, "arc@v2").unlink(), ARC[1:2]),
    State("the newest manifest is gone", lambda r: manifest(r, "arc@v3").unlink(), ARC[2:]),
    State("two manifests swapped", lambda r: swap(manifest(r, "arc@v1"), manifest(r, "arc@v2")), ARC[:2]),
    State("a manifest of 10^30 rows", rewritten("arc@v3", lambda m: m["parts"][0].update(rows=10**30)), ARC[2:]),
    State("a manifest without parts", rewritten("arc@v3", lambda m: m["parts"].clear()), ARC[2:]),
    State("a manifest of number true", rewritten("arc@v3", lambda m: m.update(number=True)), ARC[2:]),
    State("a manifest that misstates its rows", rewritten("arc@v3", lambda m: m["parts"][0].update(rows=7)), ARC[2:],
          tells=frozenset({"ls", "log"})),
    # names
    State("a marker with a key too many", lambda r: (r / "registry.json").write_text('{"layout": 2, "a": 1}')),
    State("an older version's name is gone", lambda r: reference(r, "arc@v1").unlink(), ARC[:1]),
    State("the names of two versions swapped", lambda r: swap(reference(r, "arc@v1"), reference(r, "arc@v2")), ARC[:2]),
    State("a version named as another dataset's", lambda r: reference(r, "arc@v3").write_text(
        reference(r, "other@v1").read_text()), ARC[2:]),
    State("a version's name in capitals", lambda r: reference(r, "arc@v3").write_text(
        reference(r, "arc@v3").read_text().upper()), ARC[2:]),
    State("a version's name cut by a digit", lambda r: reference(r, "arc@v2").write_text(
        reference(r, "arc@v2").read_text()[:-1]), ARC[1:2]),
    State("a version's name without a byte", lambda r: reference(r, "arc@v3").write_bytes(b""), ARC[2:]),
    State("a version's name that leads outside", lambda r: reference(r, "arc@v3").write_text(
        "../../../etc/passwd"), ARC[2:]),
    State("a version's name that is no text", lambda r: reference(r, "arc@v3").write_bytes(b"\xff\xfe" * 32), ARC[2:]),
    State("a version's name that is a folder", lambda r: as_folder(reference(r, "arc@v1")), ARC[:1]),
    State("a tag that names nothing", lambda r: tag(r, "stable").write_text("f" * 64)),
    State("two tags swapped", lambda r: swap(tag(r, "stable"), tag(r, "old"))),
    State("a tag of another dataset's version", lambda r: tag(r, "stable").write_text(
        reference(r, "other@v1").read_text())),
    # beside the versions
    State("a measurement flipped", lambda r: flip(next((r / "datasets/arc/validations").rglob("*.json")))),
    State("two measurements swapped", lambda r: swap(*sorted((r / "datasets/arc/validations").rglob("*.json")))),
    State("another place to push to", lambda r: (r / "datasets/other/remote.json").write_text(
        (r / "datasets/other/remote.json").read_text().replace("ada/", "eve/"))),
    State("a place to push to that is no JSON", lambda r: (r / "datasets/other/remote.json").write_text("{")),
    # the place
    State("the marker is gone", lambda r: (r / "registry.json").unlink(), EVERY),
    State("the marker of a newer negbank", lambda r: (r / "registry.json").write_text('{"layout": 3}'), EVERY),
    State("the marker of an older negbank", lambda r: (r / "registry.json").write_text('{"layout": 1}'), EVERY),
    State("the marker of no negbank", lambda r: (r / "registry.json").write_text('{"layout": true}'), EVERY),
    State("the marker without a byte", lambda r: (r / "registry.json").write_bytes(b""), EVERY),
    State("a folder of objects that leads outside", lambda r: link_outside(r, "objects/aa")),
    State("a dataset that leads outside", lambda r: link_outside(r, "datasets/aa")),
    State("a copy that has no names yet", lambda r: shutil.rmtree(r / "datasets"), EVERY),
    State("a dataset without its versions", lambda r: shutil.rmtree(r / "datasets/arc/versions"), ARC),
    State("a copy that has no objects yet", lambda r: shutil.rmtree(r / "objects"), EVERY),
    State("a copy that has no manifests yet", lambda r: shutil.rmtree(r / "manifests"), EVERY),
    State("a copy that has no records yet", lambda r: shutil.rmtree(r / "contents"), EVERY, True),
]  # fmt: skip


@dataclass(frozen=True, repr=False)
class Sound:
    root: Path
    said: dict[str, Any]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sound]:
    root = tmp_path_factory.mktemp("sound") / "r"
    build(root)
    yield Sound(root, said(root, {**READERS, **SLOW_READERS}))


def test_the_table_is_long_enough() -> None:
    assert len({state.name for state in STATES}) == len(STATES) >= 60


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_state(state: State, sound: Sound, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "r"
    shutil.copytree(sound.root, root)
    state.do(root)
    before = tree(tmp_path)

    def ran(*words: str) -> tuple[int, str]:
        code = run([*words, "--registry", str(root)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out + captured.err

    code, text = ran("verify")
    assert code == 1 and "Intact" not in text
    readers = asked_of(state)
    found = said(root, readers)
    assert set(wrong(found, sound.said)) <= state.tells
    for name, value in found.items():
        if (version := name.partition(" ")[2]) in VERSIONS and name.partition(" ")[0] != "diff":
            refused = isinstance(value, NegbankError)
            assert refused or version not in state.refused, f"{name} gave rows"
            assert not refused or version in may_refuse(state, name), f"{name}: {value}"
    assert ran("ls")[0] == ran("ls", "--json")[0] in (0, 1)
    for words in (("gc", "--dry-run"), ("gc",)):
        code, text = ran(*words)
        assert code == 1, text
    assert tree(tmp_path) == before, "gc or a reader changed something"
    code, text = ran("verify", "--repair")
    assert (code == 0) == state.mends, text
    after = said(root, readers)
    assert set(wrong(after, sound.said)) <= state.tells
    assert {n for n, v in after.items() if isinstance(v, NegbankError)} <= {
        n for n, v in found.items() if isinstance(v, NegbankError)
    }
    assert before.keys() <= tree(tmp_path).keys(), "something was deleted"
    put_back(root, sound.root)
    assert ran("verify")[0] == 0
    last = dict(list(readers.items())[-2:])
    assert said(root, last) == {name: sound.said[name] for name in last}


def asked_of(state: State) -> dict[str, Callable[[Path], Any]]:
    """The readers that a state is shown to: each version to another one, in turn; in a long run all of them."""
    if LONG:
        return {**READERS, **SLOW_READERS}
    at = STATES.index(state)
    kinds = ("show", "sql", "export", "checkout")
    own = [f"{kinds[(at + number) % 4]} {version}" for number, version in enumerate(VERSIONS)]
    names = ["ls", "log", *own, ("diff arc@v1 arc@v2", "diff arc@v2 arc@v3")[at % 2]]
    slow = list(SLOW_READERS)[at // 8 % len(SLOW_READERS)] if at % 8 == 0 else None
    return {name: READERS[name] for name in names} | ({slow: SLOW_READERS[slow]} if slow else {})


def may_refuse(state: State, name: str) -> tuple[str, ...]:
    """A version's measurements stand in what `show` says, and the history in what is pushed."""
    if name.startswith(("show", "checkout", "card", "push")):
        return VERSIONS
    return state.refused


def put_back(root: Path, sound: Path) -> None:
    """Every file of the sound registry in its place; what has come besides stays."""
    for path in [own for own in root.rglob("*") if own.is_symlink()]:
        path.unlink()
    for path in (own for own in sound.rglob("*") if own.is_file()):
        target = root / path.relative_to(sound)
        if target.is_dir():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder and what it holds, but for what commands leave on purpose."""
    every = (path for path in sorted(folder.rglob("*")) if path.is_file())
    names = {str(path.relative_to(folder)): path.read_bytes() for path in every}
    return {name: data for name, data in names.items() if not name.startswith(("r/quarantine", "r/tmp", "r/lock"))}
