"""The commands that tell a dataset's history and keep a registry, as a user runs them."""

from __future__ import annotations

import errno
import io
import json
import tempfile
from pathlib import Path

import polars as pl
import pytest
from datasets import load_dataset
from samples import part, rows

import negbank
from negbank.cli import run
from negbank.registry import Edit, Registry


@pytest.fixture
def registry() -> Registry:
    """Dataset arc with two versions: the second rescored one row, and has another tier."""
    registry = Registry()
    registry.commit("arc", [part(count=5)], "first", "negbank mine arc")
    changed = rows(1).with_columns(plausibility=pl.lit(0.75, pl.Float32))
    registry.commit("arc", [Edit("near-miss", "train", changed), part("irrelevant", 4, "z", seed=2)], "second", "again")
    return registry


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run(list(words)) == code
    captured = capsys.readouterr()
    return captured.out if code == 0 else captured.err


def test_log(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "tag", "arc@v1", "stable")
    out = said(capsys, "log", "arc")
    assert out.index("arc@v2") < out.index("arc@v1") and "(stable)" in out and "$ negbank mine arc" in out
    found = json.loads(said(capsys, "log", "arc", "--json"))
    assert [(v["version"], v["tags"], v["manifest"]["message"]) for v in found] == [
        ("arc@v2", [], "second"), ("arc@v1", ["stable"], "first"),
    ]  # fmt: skip
    assert found[0]["manifest"]["parent"] == found[1]["manifest"]["name"]
    assert len(json.loads(said(capsys, "log", "arc@v1", "--json"))) == 1
    assert "tagged stable" in said(capsys, "show", "arc@stable")


def test_diff(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "diff", "arc", "--json", "--rows"))
    assert found["counts"] == [
        {"tier": "near-miss", "change": "rescored", "count": 1},
        {"tier": "irrelevant", "change": "added", "count": 4},
    ]
    assert len(found["rows"]) == 5
    out = said(capsys, "diff", "arc@v1", "arc@v2", "--rows", "-n", "2")
    assert "2 of 5 rows shown" in out and "added" in out
    assert "0.50 -> 0.75" in said(capsys, "diff", "arc@v1", "arc@v2", "--tier", "near-miss", "--rows")
    assert "hold the same rows" in said(capsys, "diff", "arc@v2", "arc@v2")
    assert "arc@v1 is the first version of arc" in said(capsys, "diff", "arc@v1", code=1)
    assert "no version 'v9'" in said(capsys, "diff", "arc@v1", "arc@v9", code=1)


def test_tag_revert_rm_gc_verify(
    registry: Registry, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "arc@v1 is arc@stable" in said(capsys, "tag", "arc@v1", "stable")
    assert "--force" in said(capsys, "tag", "arc@v2", "stable", code=1)
    assert "arc@v2 is arc@stable" in said(capsys, "tag", "arc@v2", "stable", "--force")
    said(capsys, "tag", "arc@v2", code=2)
    assert "no more" in said(capsys, "tag", "arc@stable", "--delete")
    assert "arc@v3 is new: 5 negatives" in said(capsys, "revert", "arc@v1")
    assert "no new version" in said(capsys, "revert", "arc@v1")
    assert "Intact: 3 versions" in said(capsys, "verify")
    assert "0 files" in said(capsys, "gc", "--dry-run") or "would be removed" in said(capsys, "gc", "--dry-run")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert "--yes" in said(capsys, "rm", "arc", code=2)  # nobody is there to answer the question
    assert "arc is gone (3 versions)" in said(capsys, "rm", "arc", "--yes")
    assert json.loads(said(capsys, "gc", "--json"))["files"]["objects"] > 0
    assert "No datasets" in said(capsys, "ls") and "Intact: 0 versions" in said(capsys, "verify")


def test_verify_tells_what_is_wrong_and_exits_with_1(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    registry.gc()
    file = sorted((Path(registry.place) / "objects").rglob("*.parquet"))[0]
    file.write_bytes(file.read_bytes()[:-1])
    assert run(["verify"]) == 1
    out = capsys.readouterr().out
    assert file.name in out and "does not match its name" in out and "--repair" in out
    assert run(["verify", "--json"]) == 1 and not json.loads(capsys.readouterr().out)["intact"]


def test_sql(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    query = "select tier, count(*) as n from negatives('arc') group by 1 order by 1"
    assert json.loads(said(capsys, "sql", query, "--json")) == [
        {"tier": "irrelevant", "n": 4}, {"tier": "near-miss", "n": 5},
    ]  # fmt: skip
    assert "near-miss" in said(capsys, "sql", query)
    assert "one SELECT" in said(capsys, "sql", "drop table x", code=1)


def test_checkout_in_every_format(registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "checkout", "arc", str(tmp_path / "hub"))
    loaded = load_dataset(str(tmp_path / "hub"), "near-miss", split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.num_rows == 5 and "row_hash" not in loaded.column_names
    said(capsys, "checkout", "arc", str(tmp_path / "parquet"), "--format", "parquet")
    assert pl.read_parquet(tmp_path / "parquet" / "irrelevant-train.parquet").height == 4
    said(capsys, "checkout", "arc", str(tmp_path / "jsonl"), "--format", "jsonl")
    lines = (tmp_path / "jsonl" / "near-miss-train.jsonl").read_text().splitlines()
    assert [json.loads(line)["negative"] for line in lines] == [f"x {i}" for i in range(5)]
    said(capsys, "checkout", "arc", str(tmp_path / "x"), "--format", "csv", code=2)


def test_another_version_in_the_same_folder_is_not_mistaken_for_the_old_one(registry: Registry, tmp_path: Path) -> None:
    """`datasets` keys its cache by the folder's name and the README, not by the files."""
    for version, expected in (("arc@v1", 0.5), ("arc@v2", 0.75)):
        negbank.checkout(version, tmp_path / "out", replace=True)
        loaded = load_dataset(str(tmp_path / "out"), "near-miss", split="train", cache_dir=str(tmp_path / "cache"))
        assert max(loaded["plausibility"]) == expected


def test_card(registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "card", "arc")
    assert out.startswith("---\n") and "x 0" in out and "arc" in out
    said(capsys, "checkout", "arc", str(tmp_path / "hub"))
    assert (tmp_path / "hub" / "README.md").read_text() == out
    assert (tmp_path / "hub" / "plots" / "plausibility.svg").read_bytes().startswith(b"<svg")


def test_many_rows_are_shared_as_files_of_which_an_edit_changes_one(tmp_path: Path) -> None:
    registry = Registry()
    ids = [f"{'0000' if i % 30_000 == 29_999 else 'abcd'}{i:012x}" for i in range(100_000)]
    many = rows(1).select(pl.all().repeat_by(100_000).explode()).with_columns(
        pl.Series("id", ids), pl.Series("question_id", [f"q{i:06}" for i in range(100_000)])
    )  # fmt: skip
    registry.commit("arc", [negbank.registry.NewPart("near-miss", "train", many, {})], "", "")
    registry.commit("arc", [Edit("near-miss", "train", many[40_000:40_500].with_columns(subject=pl.lit("x")))], "", "")
    for version in ("v1", "v2"):
        negbank.checkout(f"arc@{version}", tmp_path / version)
    files = [sorted((tmp_path / version / "data").rglob("*.parquet")) for version in ("v1", "v2")]
    assert (
        [f.name for f in files[0]] == [f"train-{i:05}-of-00004.parquet" for i in range(4)] == [f.name for f in files[1]]
    )
    same = [a.read_bytes() == b.read_bytes() for a, b in zip(*files, strict=True)]
    assert same == [True, False, True, True]
    loaded = load_dataset(str(tmp_path / "v2"), "near-miss", split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.num_rows == 100_000


def test_one_of_a_thing_is_not_called_many(capsys: pytest.CaptureFixture[str]) -> None:
    Registry().commit("one", [part(count=1)], "", "")
    assert "Intact: 1 version, 1 object, " in said(capsys, "verify")
    assert "one is gone (1 version)" in said(capsys, "rm", "one", "--yes")
    assert "3 files" in said(capsys, "gc") or "files (" in said(capsys, "gc")


@pytest.mark.parametrize(
    ("words", "code", "kind", "message", "hint"),
    [
        (["show", "ard", "--json"], 1, "UnknownNameError", "no dataset 'ard'", "did you mean 'arc'? There are: arc"),
        (["show", "--json", "arc@zz"], 1, "UnknownNameError", "no version 'zz'", "there are: v1, v2"),
        (["tag", "arc@v1", "v7", "--json"], 1, "RegistryError", "cannot be a tag", None),
        (["show", "arc", "--json", "--nonsense"], 2, "NoSuchOption", "--nonsense", "See negbank show --help"),
        (["show", "arc", "--json", "-n", "many"], 2, "BadParameter", "'many'", "See negbank show --help"),
        (["show", "arc", "--json", "--tier", "near-mis"], 2, "BadParameter", "'near-miss'", "See negbank show --help"),
        (["show", "--json"], 2, "MissingParameter", "DATASET", "See negbank show --help"),
        (["shwo", "--json"], 2, "UsageError", "'show'", "See negbank --help"),
        (["rm", "arc", "--json"], 2, "UsageError", "--yes", "See negbank rm --help"),
    ],
)
def test_errors_are_json_where_json_is_asked_for(
    words: list[str], code: int, kind: str, message: str, hint: str | None, registry: Registry,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run(words) == code
    captured = capsys.readouterr()
    (said,) = json.loads(captured.out).values()
    assert (said["type"], said["hint"]) == (kind, hint) and message in said["message"] and not captured.err


def test_an_interrupt_is_json_too(
    registry: Registry, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*about: object, **given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Registry, "history", stop)
    assert run(["log", "arc", "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "Interrupted"
    assert run(["log", "arc"]) == 130
    captured = capsys.readouterr()
    assert not captured.out and "run the same command again" in captured.err


def test_what_follows_two_dashes_asks_for_no_json(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "--", "--json"]) == 1
    captured = capsys.readouterr()
    assert not captured.out and "no dataset '--json'" in captured.err


def test_a_no_removes_nothing(
    registry: Registry, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert "nothing was removed" in said(capsys, "rm", "arc", code=1)
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert "arc is gone" in said(capsys, "rm", "arc")


def test_errors_name_no_temporary_file(registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "taken.jsonl"
    target.mkdir()
    error = said(capsys, "export", "arc", "-o", str(target), code=2)
    assert "taken.jsonl" in error
    with pytest.raises(negbank.NegbankError) as caught:
        negbank.export("arc", target)
    assert str(target) in str(caught.value) and ".part" not in str(caught.value)
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_under_a_card_is_told_without_the_folder_that_nobody_asked_for(
    registry: Registry, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*about: object, **given: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("negbank.commands.checkout.write_table", full)
    error = said(capsys, "card", "arc", code=1)
    assert error == f"Error: temporary files in {tempfile.gettempdir()}: the disk is full; free some space. " + (
        "Nothing was changed\n"
    )
