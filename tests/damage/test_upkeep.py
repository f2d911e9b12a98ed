"""Nothing is deleted that may be needed: repairs, gc, odd file systems, odd places."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from damaged import build, files, objects, record
from hub_place import NEGBANK
from samples import part, rows

import negbank
from negbank.cli import run
from negbank.errors import RegistryError, StorageError
from negbank.registry import Registry
from negbank.registry.refs import FolderRefs


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small registry of two datasets."""
    build(tmp_path / "r")
    return tmp_path / "r"


def said(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    assert run(["--registry" if word == "-R" else str(word) for word in words]) == code
    captured = capsys.readouterr()
    return captured.out + captured.err


def flip_in_row_group(path: Path, group: int, column: str) -> None:
    """Change a byte of one column of one row group."""
    chunks = pq.read_metadata(path).row_group(group)
    chunk = next(own for i in range(chunks.num_columns) if (own := chunks.column(i)).path_in_schema == column)
    data = bytearray(path.read_bytes())
    data[chunk.data_page_offset + chunk.total_compressed_size // 2] ^= 4
    path.write_bytes(data)


def test_rows_that_can_still_be_read_are_offered_and_come_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("negbank.registry.rows.ROW_GROUP", 500)
    registry = Registry()
    registry.commit("arc", [part(count=2000)], "", "")
    (file,) = objects(Path(registry.place), "arc@v1", "near-miss")
    flip_in_row_group(file, 2, "negative")
    damaged = file.read_bytes()
    assert "lost: arc@v1 near-miss (train): 2,000 rows" in said(capsys, "verify", code=1)
    out = said(capsys, "verify", "--repair", code=1)
    assert "of them can still be read: negbank add " in out and "--dataset arc" in out
    (saved,) = json.loads(said(capsys, "verify", "--repair", "--json", code=1))["saved"]
    frame = pl.read_parquet(saved["path"])
    assert 1500 <= frame.height == saved["rows"] < 2000 and saved["loss"]["rows"] == 2000
    assert rows(2000).join(frame, on="negative", how="semi").height == frame.height
    assert file.read_bytes() == damaged, "what cannot be replaced stays where it is"


def test_what_a_repair_replaces_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    registry = Registry()
    registry.commit("arc", [part(count=50)], "", "")
    (file,) = objects(Path(registry.place), "arc@v1", "near-miss")
    sound = file.read_bytes()
    file.write_bytes(sound + b"more")
    assert "Whole again: 1 part of versions." in said(capsys, "verify", "--repair")
    assert file.read_bytes() == sound
    (kept,) = (Path(registry.place) / "quarantine" / "objects").iterdir()
    assert kept.read_bytes() == sound + b"more"
    registry.gc()
    assert kept.exists()


def test_the_same_rows_committed_again_mend_what_was_damaged() -> None:
    registry = Registry()
    version = registry.commit("arc", [part(count=50)], "", "").version
    (file,) = objects(Path(registry.place), "arc@v1", "near-miss")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    record(Path(registry.place), "arc@v1", "near-miss").write_text("{}")
    assert not Registry().commit("arc", [part(count=50)], "", "").created
    assert Registry().verify().problems == () and Registry().read(version).height == 50


def test_a_query_reads_versions_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Registry().commit("arc", [part()], "", "")
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nopen sesame\n")
    sources = (
        f"read_csv('{secret}')", f"read_text('{secret}')", f"glob('{tmp_path}/*')", f"'{secret}'",
        f"query('from read_text(''{secret}'')')", "duckdb_secrets()",
    )  # fmt: skip
    for source in sources:
        out = said(capsys, "sql", f"select * from {source}", code=1)
        assert "sesame" not in out and "Traceback" not in out
    assert "--allow-files" in said(capsys, "sql", f"select * from {sources[0]}", code=1)
    assert "open sesame" in said(capsys, "sql", f"select * from {sources[0]}", "--allow-files")
    frame = pl.DataFrame({"a": [1]})
    with pytest.raises(RegistryError, match="does not exist"):
        negbank.sql("select * from frame")
    assert frame.height == 1 and negbank.sql("select count(*) from negatives('arc')").item() == 3


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_place_that_is_no_registry_says_so(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "place"
    place.write_text("mine") if kind == "file" else place.mkdir()
    if kind == "folder":
        (place / "thesis.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    for words in (
        ["ls"],
        ["show", "arc"],
        ["log", "arc"],
        ["verify"],
        ["gc"],
        ["sql", "select 1"],
        ["rm", "arc", "--yes"],
    ):
        assert "registry" in said(capsys, *words, "--registry", str(place), code=1)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_only_reads_makes_no_registry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "nowhere"
    for words in (["ls"], ["verify"], ["gc"], ["gc", "--dry-run"], ["sql", "select 1"]):
        said(capsys, *words, "--registry", str(place))
    assert not place.exists()


def test_gc_removes_what_the_killed_left_and_spares_what_is_in_use(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    left = tmp_path / "r" / "tmp"
    (left / "tmp1" / "arc" / "versions").mkdir(parents=True)
    (left / "tmp1" / "arc" / "versions" / "v1").write_text("x" * 10)
    (left / "tmp2").mkdir()
    (left / "tmp3").write_text("y")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "thesis.txt").write_text("mine")
    with registry._store.blobs.scratch() as used:
        (used / "rows.parquet").write_text("being written")
        assert Registry(tmp_path / "r").gc().files["tmp"] == 3
        assert [path.name for path in left.iterdir()] == [used.name] and (used / "rows.parquet").exists()
    assert list(left.iterdir()) == []
    (left / "link").symlink_to(outside)
    with pytest.raises(RegistryError, match="symbolic link"):
        registry.gc()
    assert (outside / "thesis.txt").exists()


def test_a_dry_run_needs_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")

    def refuse(*_: object, **__: object) -> None:
        raise StorageError("the disk is read-only")

    monkeypatch.setattr(FolderRefs, "lock", refuse)
    assert registry.gc(dry_run=True).bytes == 0
    with pytest.raises(StorageError):
        registry.gc()


def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)


def test_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_links(monkeypatch)
    registry = Registry(tmp_path / "r")
    for word in "ab":
        registry.commit("arc", [part(word=word)], "", "")
    assert not registry._store.refs.make_version("arc", 2, "f" * 64)
    registry.tag("arc@v1", "stable")
    assert registry.verify().problems == () and str(registry.resolve("arc@stable")) == "arc@v1"
    (file,) = objects(tmp_path / "r", "arc@v1", "near-miss")
    file.write_bytes(file.read_bytes() + b"x")
    assert negbank.verify(repair=True, registry=tmp_path / "r").intact
    assert len(list((tmp_path / "r" / "quarantine" / "objects").iterdir())) == 1


def test_a_disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks(monkeypatch)
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    assert registry.verify().problems == () and registry.read(registry.resolve("arc")).height == 3
    assert registry.gc(dry_run=True).bytes == 0
    for act in (registry.gc, lambda: registry.rm("arc")):
        with pytest.raises(StorageError, match=r"no locks.*Nothing was changed"):
            act()
    without_links(monkeypatch)
    with pytest.raises(StorageError, match="no locks"):
        registry.commit("arc", [part(word="y")], "", "")
    assert str(registry.resolve("arc")) == "arc@v1" and registry.verify().problems == ()


def lost(root: Path, version: str) -> None:
    record(root, version, "near-miss").unlink()


def test_rows_that_were_never_fetched_are_no_damage_and_rows_that_were_lost_are(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    names = [registry.commit("arc", [part(word=word)], "", "").version for word in "abc"]
    first = names[0].manifest.parts[0].content
    lost(tmp_path / "r", "arc@v1")
    cases: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"repo": "ada/arc", "head": None, "commits": {}, "absent": [first]}, ()),
        ({"repo": "ada/arc", "head": None, "commits": {}, "absent": []}, (first,)),
    ]
    for record_, damaged in cases:
        registry.set_remote("arc", record_)
        assert Registry(tmp_path / "r").verify().damaged == damaged
    # as earlier commits wrote it: what came before the version that was pulled may never have been fetched
    old = {"repo": "ada/arc", "head": "0", "commits": {names[1].name: "0"}}
    (tmp_path / "r" / "datasets" / "arc" / "remote.json").write_text(json.dumps(old, indent=1, sort_keys=True))
    assert Registry(tmp_path / "r").verify().absent == (first,)
    lost(tmp_path / "r", "arc@v3")
    assert Registry(tmp_path / "r").verify().damaged == (names[2].manifest.parts[0].content,)
    with pytest.raises(RegistryError, match="nothing was removed"):
        registry.gc()


def test_an_old_versions_damage_does_not_stop_the_newest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry = Registry()
    registry.commit("other", [part()], "", "")
    for word in "ab":
        registry.commit("arc", [part(word=word)], "", "")
    root = Path(registry.place)
    (root / "datasets" / "arc" / "versions" / "v1").write_text("not a hash")
    assert "arc@v2" in said(capsys, "show", "arc")
    for words in (["ls"], ["log", "arc"]):
        out = said(capsys, *words, code=1)
        assert "Damaged: " in out and "arc@v1 names 'not a hash'" in out and ("other" in out or "arc@v2" in out)
    assert [own["problem"] is None for own in json.loads(_json(capsys, "ls", "--json"))] == [False, True]
    said(capsys, "checkout", "arc", str(tmp_path / "out"))
    assert "`v1`: its record is damaged" in (tmp_path / "out" / "README.md").read_text()
    assert "would be lost on the Hub" in said(capsys, "push", "arc", "--to", "ada/arc", code=1)


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    run(list(words))
    return capsys.readouterr().out


def test_a_registry_that_is_copied_while_it_is_read(tmp_path: Path) -> None:
    """File after file, in an order that is as bad as can be: each moment is an error or the right rows."""
    registry = Registry(tmp_path / "r")
    version = registry.commit("arc", [part(count=20)], "", "").version
    names = [path for path in sorted((tmp_path / "r").rglob("*"), reverse=True) if path.is_file()]
    copy = tmp_path / "copy"
    for path in sorted(names, key=lambda path: path.name != "registry.json"):
        target = copy / path.relative_to(tmp_path / "r")
        target.parent.mkdir(parents=True, exist_ok=True)
        for half in (path.read_bytes()[: path.stat().st_size // 2], path.read_bytes()):
            target.write_bytes(half)
            with contextlib.suppress(negbank.NegbankError):
                assert negbank.show("arc", rows=20, registry=copy).rows.height == 20
    shutil.copytree(tmp_path / "r", copy, dirs_exist_ok=True)
    assert Registry(copy).verify().problems == () and Registry(copy).read(version).height == 20


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("datasets/other/versions/v1", "datasets/other/versions/V1"),
        ("datasets/arc/versions/v3", "datasets/arc/versions/v3.bak"),
        ("datasets/other", "datasets/other/versions/other"),
        (None, "datasets/notes"),
        (None, "datasets/arc/notes"),
        (None, "datasets/arc/validations/zz/ab.json"),
    ],
)
def test_what_stands_among_the_names_and_is_none_stops_gc(
    old: str | None, new: str, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if old == "datasets/other":
        shutil.move(root / old, root / "aside")
        (root / old / "versions").mkdir(parents=True)
        shutil.move(root / "aside", root / new)
    elif old:
        (root / old).rename(root / new)
    else:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / new).write_text("notes")
    before = files(root)
    assert run(["verify", "--registry", str(root)]) == 1
    assert "negbank did not write it" in capsys.readouterr().out
    assert run(["gc", "--registry", str(root)]) == 1 and files(root) == before


@pytest.mark.parametrize("path", ["registry.json", "datasets/arc/versions/v1", "datasets/other/remote.json", "objects"])
def test_a_pipe_among_the_files_is_not_waited_for(path: str, root: Path) -> None:
    found = next(own for own in sorted((root / path).rglob("*")) if own.is_file()) if path == "objects" else root / path
    found.unlink()
    os.mkfifo(found)
    for words in (["verify"], ["gc"], ["ls"]):
        done = subprocess.run([NEGBANK, *words, "--registry", str(root)], capture_output=True, timeout=60)
        assert done.returncode == 1 or (words == ["ls"] and done.returncode == 0), done.stderr
        assert b"Traceback" not in done.stderr


def test_revert_takes_no_damaged_rows(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (damaged, *_) = objects(root, "arc@v1", "near-miss")
    damaged.write_bytes(damaged.read_bytes()[:-100])
    assert run(["revert", "arc@v1", "--registry", str(root)]) == 1
    assert "was changed" in capsys.readouterr().err and not (root / "datasets/arc/versions/v4").exists()


def test_a_version_that_lost_its_name_stays_until_somebody_says_otherwise(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry, name = Registry(root), root / "datasets" / "arc" / "versions" / "v3"
    manifest, rows_ = name.read_text(), registry.read(registry.resolve("arc@v3"))
    name.unlink()
    before = files(root)
    assert f"no name: arc@v3: write {manifest} into datasets/arc/versions/v3" in said(capsys, "verify", "-R", root)
    assert "arc@v3" in said(capsys, "gc", "-R", root) and files(root) == before
    assert json.loads(said(capsys, "gc", "--dry-run", "--json", "-R", root))["unnamed"][0]["manifest"] == manifest
    name.write_text(manifest)
    assert Registry(root).read(Registry(root).resolve("arc@v3")).equals(rows_)
    name.unlink()
    said(capsys, "gc", "--unnamed", "-R", root)
    assert set(files(root)) < set(before) and "no name" not in said(capsys, "verify", "-R", root)


def test_a_broken_name_says_what_mends_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, tag = root / "datasets/arc/versions/v3", root / "datasets/arc/tags/stable"
    sound = name.read_text()
    name.write_text("nothing")
    tag.write_text("nothing")
    text = said(capsys, "verify", "-R", root, code=1)
    assert f"names 'nothing', which is no manifest; write {sound} into datasets/arc/versions/v3" in text
    assert "negbank tag arc@vN stable --force" in text and "see negbank verify" not in text
    name.write_text(sound)
    said(capsys, "tag", "arc@v1", "stable", "--force", "-R", root)
    assert "Intact" in said(capsys, "verify", "-R", root)


def test_rm_takes_what_has_no_name_along(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "datasets/arc/versions/v3").write_text("nothing")
    said(capsys, "rm", "arc", "--yes", "-R", root)
    said(capsys, "gc", "-R", root)
    assert "Intact: 1 version" in (text := said(capsys, "verify", "-R", root)) and "no name" not in text
    assert len(list((root / "manifests").rglob("*.json"))) == 1


@pytest.mark.parametrize("gone", [("datasets",), ("datasets", "manifests"), ("manifests",), ("datasets/arc",)])
def test_gc_on_a_half_copied_registry_deletes_nothing(
    gone: tuple[str, ...], root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in gone:
        shutil.rmtree(root / name)
    before = files(root)
    run(["gc", "--registry", str(root)])
    assert files(root) == before
    assert "no name" in (text := capsys.readouterr().out) or run(["verify", "--registry", str(root)]) == 1, text


def test_a_writer_that_was_killed_before_it_named_its_first_version_leaves_no_damage(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "link", killed)
        Registry(root).commit("new", [part("irrelevant", 7)], "", "")
    assert (root / "datasets" / "new" / "versions").is_dir()
    found = Registry(root).verify()
    assert found.problems == () and [own.version for own in found.unnamed] == ["new@v1"]
    Registry(root).commit("new", [part("irrelevant", 7)], "", "")
    assert Registry(root).gc().unnamed == Registry(root).verify().unnamed == ()


def test_nothing_is_written_through_a_link(root: Path, tmp_path: Path) -> None:
    for folder in ("datasets/arc/tags", "objects", "manifests"):
        (root / folder).rename(tmp_path / "elsewhere")
        (root / folder).symlink_to(tmp_path / "elsewhere")
        before = files(tmp_path / "elsewhere")
        for act in (lambda: Registry(root).tag("arc@v1", "new"), lambda: Registry(root).untag("arc@old"), lambda:
                    Registry(root).commit("arc", [part("unrelated", 9)], "", "")):  # fmt: skip
            with contextlib.suppress(negbank.NegbankError):
                act()
        assert files(tmp_path / "elsewhere") == before
        (root / folder).unlink()
        (tmp_path / "elsewhere").rename(root / folder)


@pytest.mark.parametrize("name", ["lock", "tmp"])
def test_what_stands_in_the_way_is_named(name: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(root / name) if (root / name).is_dir() else (root / name).unlink()
    (root / name).touch() if name == "tmp" else (root / name).mkdir()
    assert f"{root / name}: " in said(capsys, "tag", "arc@v1", "new", "-R", root, code=1)


def test_the_same_damage_is_kept_once(root: Path) -> None:
    (file,) = objects(root, "arc@v1", "near-miss")[:1]
    file.write_bytes(file.read_bytes()[:-900])
    for _ in range(2):
        saved = negbank.verify(repair=True, registry=root).saved
    assert len(list((root / "quarantine" / "rows").iterdir())) == len({own.path for own in saved if own.path})


def test_places_that_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    for place in ("file", "file/x", "loop", "loop/x", "nowhere"):
        for words in (["ls"], ["verify"], ["mine", "demo"], ["tag", "a", "b"]):
            assert "not a registry" in said(capsys, *words, "-R", tmp_path / place, code=1), (place, words)
    monkeypatch.setenv("NEGBANK_REGISTRY", f"{tmp_path}/\udcff")
    assert "NEGBANK_REGISTRY has bytes that are not UTF-8" in said(capsys, "ls", code=2)
    monkeypatch.delenv("NEGBANK_REGISTRY")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here").rmdir()
    assert "the current folder has been removed" in said(capsys, "ls", code=1)
    monkeypatch.chdir(tmp_path)


def test_a_folder_that_may_not_be_read_is_not_passed_over(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = os.listdir

    def refuse(path: Any) -> list[str]:
        if str(path) == str(root / "datasets/arc/versions"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "listdir", refuse)
    for words in (["ls"], ["verify"], ["gc"]):
        assert f"{root}/datasets/arc/versions: no permission" in said(capsys, *words, "-R", root, code=1)
    monkeypatch.undo()
    (root / "datasets/arc/versions/v3").write_text("")
    assert "the file that names arc@v3 is empty, or cannot be read" in said(capsys, "show", "arc", "-R", root, code=1)
