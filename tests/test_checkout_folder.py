from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml
from samples import part, rows

import negbank
from negbank.cli import run
from negbank.errors import RegistryError
from negbank.records import NEGATIVES
from negbank.registry import NewPart, Registry


def load(folder: Path, config: str) -> list[dict[str, object]]:
    from datasets import load_dataset

    return list(load_dataset(str(folder), config, split="train"))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "registry")
    registry.commit("arc", [part("near-miss", 3), part("irrelevant", 2, "y")], "", "negbank mine arc")
    return registry


def test_load_dataset_reads_each_tier_and_all(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "arc-negatives"
    negbank.checkout("arc", folder, registry=registry)
    assert [r["negative"] for r in load(folder, "near-miss")] == ["x 0", "x 1", "x 2"]
    assert [r["tier"] for r in load(folder, "irrelevant")] == ["irrelevant"] * 2
    assert sorted(str(r["tier"]) for r in load(folder, "all")) == ["irrelevant"] * 2 + ["near-miss"] * 3
    assert list(load(folder, "near-miss")[0]) == NEGATIVES.names()
    (manifest,) = registry.manifests(registry.resolve("arc"))
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == [
        f".negbank/manifests/{manifest}.json",
        ".negbank/version.json",
        "README.md",
        "data/irrelevant/train-00000-of-00001.parquet",
        "data/near-miss/train-00000-of-00001.parquet",
        "plots/plausibility.svg",
        "plots/similarity.svg",
    ]


def test_another_version_in_the_same_folder_is_not_taken_for_the_old_one(registry: Registry, tmp_path: Path) -> None:
    """`datasets` keys its cache by the folder's name and the README, not by the files."""
    folder = tmp_path / "same"
    negbank.checkout("arc@v1", folder, registry=registry)
    assert load(folder, "near-miss")[0]["negative"] == "x 0"
    registry.commit("arc", [part("near-miss", 3, "z")], "", "")
    negbank.checkout("arc@v2", folder, replace=True, registry=registry)
    assert load(folder, "near-miss")[0]["negative"] == "z 0"


def test_a_folder_of_the_user_s_is_never_touched(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    for replace in (False, True):
        with pytest.raises(RegistryError, match="was not made by negbank"):
            negbank.checkout("arc", folder, replace=replace, registry=registry)
    assert [p.name for p in folder.iterdir()] == ["notes.txt"]
    negbank.checkout("arc", tmp_path / "new", registry=registry)
    with pytest.raises(RegistryError, match="--force"):
        negbank.checkout("arc", tmp_path / "new", registry=registry)
    with pytest.raises(RegistryError, match="is a file"):
        negbank.checkout("arc", folder / "notes.txt", registry=registry)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")], "temporary folders are left behind"


def test_texts_from_data_do_not_break_the_card(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    hostile = rows(2).with_columns(negative=pl.lit("---\nlicense: evil\n---\n$dataset ${x} | `code` <script>"))
    registry.commit("arc", [NewPart("near-miss", "train", hostile, {"source": "x", "revision": "$y"})], "", "")
    negbank.checkout("arc", tmp_path / "out", registry=registry)
    text = (tmp_path / "out" / "README.md").read_text()
    front = yaml.safe_load(text.split("---")[1])
    assert front["license"] == "unknown" and front["pretty_name"] == "arc: wrong answers"
    assert load(tmp_path / "out", "near-miss")[0]["negative"] == hostile["negative"][0]


WRITE = """
import os, signal, sys, time
import subprocess
import sys
from pathlib import Path
from negbank.checkout_folder import write_folder

def stop(path):
    print("writing", flush=True)
    os.kill(os.getpid(), signal.SIGKILL) if sys.argv[2] == "die" else time.sleep(60)

write_folder(Path(sys.argv[1]), {"a": b"a", "b": stop}, {"dataset": "arc"})
"""


def test_what_a_killed_checkout_left_is_removed_by_the_next_and_nothing_else(
    registry: Registry, tmp_path: Path
) -> None:
    place, target = tmp_path / "place", tmp_path / "place" / "out"
    subprocess.run([sys.executable, "-c", WRITE, str(target), "die"])
    (left,) = place.iterdir()
    running = subprocess.Popen([sys.executable, "-c", WRITE, str(target), "wait"], stdout=subprocess.PIPE)
    assert running.stdout is not None and running.stdout.readline() == b"writing\n"
    (alive,) = set(place.iterdir()) - {left}
    own = place / ".out.20250101"  # a checkout that the user has copied
    negbank.checkout("arc", own, registry=registry)
    (place / ".out.notes").mkdir()
    (place / ".out.link").symlink_to(left)
    try:
        negbank.checkout("arc", target, registry=registry)
        assert set(place.iterdir()) == {target, alive, own, place / ".out.notes", place / ".out.link"}
    finally:
        running.kill()
        running.communicate()
    negbank.checkout("arc", target, replace=True, registry=registry)
    assert not alive.exists() and not (target / ".negbank" / "unfinished").exists()


def files_in(folder: Path) -> dict[str, str]:
    """Every file that is the user's, and link, with what it holds."""
    found = [p for p in folder.rglob("*") if p.is_symlink() or p.is_file()]
    return {str(p.relative_to(folder)): "link" if p.is_symlink() else p.read_text(errors="replace") for p in found}


OWN = (
    "notes.txt", "near-miss-mine.jsonl", "data/near-miss/mine-00000-of-00001.parquet", ".git/config", "data/mine.csv",
    "data/near-miss/notes", "plots/mine.txt", ".negbank/mine", "a/b/c",
)  # fmt: skip


@pytest.mark.parametrize("format", ["hub", "parquet", "jsonl"])
@pytest.mark.parametrize("linked", [False, True])
def test_force_replaces_what_negbank_wrote_and_says_what_it_left(
    registry: Registry, tmp_path: Path, format: str, linked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "real"
    negbank.checkout("arc", folder, format=format, registry=registry)
    registry.commit("arc", [part("near-miss", 5, "z")], "", "")
    for name in OWN:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "outside").symlink_to(tmp_path / "registry")
    target = tmp_path / "link" if linked else folder
    if linked:
        target.symlink_to(folder)
    place = ["--registry", str(tmp_path / "registry")]
    assert run(["checkout", "arc", str(target), "--force", "--format", format, *place]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("notes.txt", ".git/", "data/mine.csv", "plots/mine.txt", "a/", "outside"))
    left = files_in(folder)
    assert {name: left[name] for name in OWN} == {name: name for name in OWN} and left["outside"] == "link"
    assert target.is_symlink() == linked and '"v2"' in left[".negbank/version.json"]
    assert run(["verify", *place]) == 0
    negbank.checkout("arc", tmp_path / "new", format=format, registry=registry)
    assert files_in(tmp_path / "new").items() <= left.items(), "not all of the new version is there"
    assert left.keys() - files_in(tmp_path / "new").keys() == {*OWN, "outside"}, "something of the old one is left"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("marker", ["", "[]", '{"dataset": 1}', "\ud83d"])
def test_a_folder_that_only_looks_like_a_checkout_is_not_touched(
    registry: Registry, tmp_path: Path, marker: str
) -> None:
    folder = tmp_path / "theirs"
    (folder / ".negbank").mkdir(parents=True)
    (folder / ".negbank" / "version.json").write_text(marker, errors="surrogatepass")
    (folder / "README.md").write_text("mine")
    before = files_in(folder)
    with pytest.raises(RegistryError, match="was not made by negbank"):
        negbank.checkout("arc", folder, replace=True, registry=registry)
    assert files_in(folder) == before


def test_a_file_of_the_user_s_in_the_way_is_not_replaced(registry: Registry, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    negbank.checkout("arc", folder, format="jsonl", registry=registry)
    (folder / "README.md").write_text("mine")
    before = files_in(folder)
    with pytest.raises(RegistryError, match=r"README\.md of your own"):
        negbank.checkout("arc", folder, replace=True, registry=registry)
    assert files_in(folder) == before


def test_a_link_to_nothing_is_refused(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RegistryError, match="symbolic link"):
        negbank.checkout("arc", tmp_path / "link", replace=True, registry=registry)
    assert not (tmp_path / "nowhere").exists()
