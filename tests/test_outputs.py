"""Files that commands write: tried before the work, never an input, never another's, and whole."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest
from hub_place import NEGBANK
from samples import part

import negbank
from negbank.cli import run
from negbank.errors import NegbankError, StorageError
from negbank.registry import Registry

ROWS = [
    {"question": "Which planet is the largest?", "answer": "Jupiter", "choices": ["Jupiter", "Mars", "Venus"]},
    {"question": "Which metal is liquid?", "answer": "mercury", "choices": ["mercury", "iron", "gold"]},
]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of questions in the folder that the commands run in, with every other name that it can have."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.jsonl").symlink_to(path)
    (tmp_path / "hard.jsonl").hardlink_to(path)
    return path


NAMES = ("q.jsonl", "./folder/../q.jsonl", "link.jsonl", "hard.jsonl")
COMMANDS = (
    ["mine", "q.jsonl", "--dataset", "x", "--refused"],
    ["mine", "demo", "--tier", "unrelated", "--pool", "q.jsonl", "--dataset", "x", "--refused"],
    ["mine", "demo", "--hold-out", "q.jsonl", "--dataset", "x", "--refused"],
    ["mine", "demo", "--tier", "erroneous-cot", "--trajectories", "q.jsonl", "--dataset", "x", "--refused"],
    ["add", "q.jsonl", "--dataset", "x", "--refused"],
    ["add", "link.jsonl", "--dataset", "x", "--refused"],
    ["label", "q.jsonl", "--refused"],
    ["label", "q.js*", "-o"],
    ["label", ".", "-o"],
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_output_is_an_input(
    words: list[str], name: str, source: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = source.read_bytes()
    assert run([*words, name, "--force"]) == 1
    assert "this command" in capsys.readouterr().err
    assert source.read_bytes() == before and not (tmp_path / "registry").exists()


@pytest.mark.parametrize("path", ["nowhere/r.jsonl", "there.jsonl", "pipe.jsonl", "file.jsonl/r.jsonl"])
@pytest.mark.parametrize(
    "words", [COMMANDS[0], COMMANDS[4], ["label", "q.jsonl", "-o"], ["label", "q.jsonl", "--refused"]]
)
def test_a_path_that_cannot_be_written_is_told_before_the_work(
    words: list[str], path: str, source: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "there.jsonl").write_text("mine")
    (tmp_path / "file.jsonl").write_text("mine")
    os.mkfifo(tmp_path / "pipe.jsonl")
    Registry(tmp_path / "registry").commit("arc", [part()], "", "")
    force = [] if path == "there.jsonl" else ["--force"]
    assert run([*words, path, *force]) == 1
    error = capsys.readouterr().err
    assert "q.jsonl" not in error, "the file was read first"
    assert (tmp_path / "there.jsonl").read_text() == "mine"
    assert [summary.dataset for summary in negbank.ls(tmp_path / "registry")] == ["arc"]
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("words", [COMMANDS[0], COMMANDS[4], ["export", "arc", "-o"]])
def test_nothing_is_written_into_the_registry(words: list[str], source: Path, tmp_path: Path) -> None:
    Registry(tmp_path / "registry").commit("arc", [part()], "", "")
    assert run([*words, "registry/r.jsonl"]) == 1 and not (tmp_path / "registry" / "r.jsonl").exists()


def test_nothing_is_committed_where_the_list_cannot_be_written(
    source: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    for words in (COMMANDS[0], COMMANDS[4]):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", full)
            assert run([*words, "r.jsonl"]) == 1
        assert "disk is full" in capsys.readouterr().err
        assert run(["show", "x"]) == 1 and not Path("r.jsonl").exists()


def test_force_overwrites_and_keeps_link_and_permissions(source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "folder" / "kept.jsonl"
    kept.write_text("old")
    kept.chmod(0o640)
    (tmp_path / "out.jsonl").symlink_to(kept)
    assert run(["label", "q.jsonl", "-o", "out.jsonl"]) == 1 and kept.read_text() == "old"
    assert run(["label", "q.jsonl", "-o", "out.jsonl", "--force"]) == 0
    assert (tmp_path / "out.jsonl").is_symlink() and kept.stat().st_mode & 0o777 == 0o640
    assert len(kept.read_text().splitlines()) == 4


@pytest.mark.parametrize("words", [["mine", "demo"], ["add", "q.jsonl", "--dataset", "x"], ["label", "q.jsonl"]])
def test_force_without_a_file_is_refused(words: list[str], source: Path) -> None:
    assert run([*words, "--force"]) == 2


@pytest.mark.parametrize("replace", [False, True])
def test_of_two_exports_to_one_file_each_says_what_is_in_it(tmp_path: Path, replace: bool) -> None:
    registry = Registry(tmp_path / "registry")
    for name, count in (("few", 40), ("many", 90)):
        registry.commit(name, [part(count=count)], "", "")
    target, both = tmp_path / "out.jsonl", threading.Barrier(2)
    said: list[int] = []
    errors: list[NegbankError] = []

    def write(name: str) -> None:
        both.wait()
        try:
            said.append(negbank.export(name, target, replace=replace, registry=registry.place).rows)
        except NegbankError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=[name]) for name in ("few", "many")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(target.read_text().splitlines()) in said
    assert replace or (len(said) == 1 and isinstance(errors[0], StorageError))


def test_a_folder_that_may_not_be_written_is_not_taken_for_the_registry(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Registry(tmp_path / "registry").commit("arc", [part()], "", "")

    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    for words in (["export", "arc", "-o", "out.jsonl"], ["checkout", "arc", "out"]):
        assert run(words) == 1
        error = capsys.readouterr().err
        assert "no permission" in error and "--registry" not in error


@pytest.mark.parametrize("words", [["add", "-", "--dataset", "x", "--refused"], ["label", "-", "-o"]])
def test_standard_input_is_not_written(words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "What is 1 + 1?", "answer": "2", "negative": "3"}\n')
    before = file.read_bytes()
    with file.open("rb") as stream:
        done = subprocess.run([NEGBANK, *words, str(file), "--force"], stdin=stream, capture_output=True, timeout=120)
    assert done.returncode == 1 and b"is the standard input of this command" in done.stderr, done.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize("inside", ["tmp/x", "datasets/foo", "new"])
def test_nothing_is_checked_out_into_the_registry(
    inside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "registry"
    Registry(root).commit("arc", [part()], "", "")
    assert run(["checkout", "arc", str(root / inside), "--registry", str(root)]) == 1
    assert "lies in the registry" in capsys.readouterr().err and not (root / inside).exists()


def test_what_a_killed_export_left_goes_with_the_next_one(source: Path, tmp_path: Path) -> None:
    Registry(tmp_path / "registry").commit("arc", [part()], "", "")
    old, young, other, mine = (tmp_path / name for name in (
        ".out.negbank-abcdefgh.jsonl", ".out.negbank-ijklmnop.jsonl", ".other.negbank-abcdefgh.jsonl", ".out.2024.jsonl"
    ))  # fmt: skip
    for path in (old, young, other, mine):
        path.touch()
        if path != young:
            os.utime(path, (0, 0))
    with (tmp_path / ".out.negbank-heldheld.jsonl").open("w") as held:
        os.utime(held.name, (0, 0))
        fcntl.flock(held, fcntl.LOCK_SH)
        assert run(["export", "arc", "-o", str(tmp_path / "out.jsonl"), "--registry", str(tmp_path / "registry")]) == 0
        assert not old.exists() and all(path.exists() for path in (young, other, mine, Path(held.name)))
