from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.errors import RegistryError, StorageError, UnknownNameError
from negbank.records import NEGATIVES
from negbank.registry import NewPart, Registry, check_dataset_name
from negbank.registry.rows import from_parquet, to_parquet


def rows(count: int = 3, tier: str = "near-miss", word: str = "x") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "id": f"{i:016x}", "question_id": f"q{i}", "question": f"question {i}?", "answer": f"right {i}",
                "negative": f"{word} {i}", "tier": tier, "plausibility": 0.5, "similarity": 0.25,
                "question_similarity": -0.125, "rank": 0, "origin": "distractor", "origin_id": f"q{i}",
                "category": [], "subject": None,
            }
            for i in range(count)
        ],
        schema=NEGATIVES,
    )  # fmt: skip


def part(tier: str = "near-miss", count: int = 3, word: str = "x", **mined: object) -> NewPart:
    return NewPart(tier, "train", rows(count, tier, word), mined)


def test_a_version_gives_back_its_rows(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    commit = registry.commit("arc", [part()], "first", "negbank mine arc")
    assert commit.created and str(commit.version) == "arc@v1"
    assert registry.read(registry.resolve("arc@v1")).equals(rows())


def test_another_tier_keeps_the_tiers_that_are_there(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part(), part("unrelated", 2)], "", "")
    second = registry.commit("arc", [part("irrelevant", 4), part("unrelated", 1)], "", "").version
    assert second.tiers == {"near-miss": 3, "irrelevant": 4, "unrelated": 1}
    assert second.manifest.parent == registry.resolve("arc@v1").name
    assert registry.resolve("arc@v1").tiers == {"near-miss": 3, "unrelated": 2}


def test_a_commit_that_changes_nothing_makes_no_version(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part(seed=1, columns=("q", "a"))], "", "")
    assert not registry.commit("arc", [part(seed=1, columns=("q", "a"))], "again", "").created
    assert registry.commit("arc", [part(seed=2)], "another seed", "").created


def test_references(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    newest = registry.commit("arc", [part(word="y")], "", "").version
    assert registry.resolve("arc").name == newest.name
    assert registry.resolve(f"arc@{newest.name[:6]}").name == newest.name
    with pytest.raises(UnknownNameError, match="did you mean 'arc'"):
        registry.resolve("arcc")
    with pytest.raises(UnknownNameError, match="v1, v2"):
        registry.resolve("arc@v7")
    with pytest.raises(UnknownNameError, match="tier 'unrelated'"):
        registry.read(newest, "unrelated")


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "../x", "A", "é", "a b", "-a", "a..b", "x" * 300, "con\n", "a\x00", "аrc", ".hidden"]
)
def test_names_that_cannot_name_a_dataset(name: str) -> None:
    with pytest.raises(RegistryError, match="cannot name a dataset"):
        check_dataset_name(name)


def test_ls_comes_from_an_index_that_can_be_lost(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    assert registry.datasets() == []
    registry.commit("arc", [part()], "one", "")
    registry.commit("arc", [part("irrelevant")], "two", "")
    before = registry.datasets()
    assert [(s.dataset, s.version, s.versions, s.message) for s in before] == [("arc", 2, 2, "two")]
    assert list(before[0].tiers.items()) == [("near-miss", 3), ("irrelevant", 3)]
    (tmp_path / "r" / "catalogue.duckdb").unlink()
    assert registry.datasets() == before
    (tmp_path / "r" / "catalogue.duckdb").write_bytes(b"not a database" * 1000)
    assert registry.datasets() == before


def test_a_changed_object_is_noticed(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    version = registry.commit("arc", [part()], "", "").version
    (file,) = (tmp_path / "r" / "objects").glob("*/*.parquet")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(RegistryError, match="was changed"):
        registry.read(version)
    file.unlink()
    with pytest.raises(RegistryError, match="is missing"):
        registry.read(version)


def test_a_folder_that_is_no_registry_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not touch")
    with pytest.raises(RegistryError, match="is no registry and is not empty"):
        Registry(tmp_path).commit("arc", [part()], "", "")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "registry.json").write_text('{"layout": 99}')
    with pytest.raises(RegistryError, match="layout 99"):
        Registry(tmp_path).datasets()


def _commit_many(root: Path, word: str, count: int) -> None:
    registry = Registry(root)
    for i in range(count):
        registry.commit("arc", [part(word=f"{word}{i}")], "", "")


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_commit_many, args=(tmp_path / "r", w, 12)) for w in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    registry = Registry(tmp_path / "r")
    words = {registry.read(registry.resolve(f"arc@v{n}"))["negative"][0] for n in range(1, 25)}
    assert words == {f"{w}{i} 0" for w in "ab" for i in range(12)}
    assert registry.datasets()[0].versions == 24


KILLED = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_registry import _commit_many
print("go", flush=True)
_commit_many(Path({root!r}), "k", 10_000)
"""


def test_killed_at_any_instant_it_is_as_before_or_as_after(tmp_path: Path) -> None:
    code = KILLED.format(tests=str(Path(__file__).parent), root=str(tmp_path / "r"))
    for delay_s in (0.01, 0.07, 0.15):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"go\n"
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        registry = Registry(tmp_path / "r")
        summaries = registry.datasets()
        for number in range(1, (summaries[0].version if summaries else 0) + 1):
            version = registry.resolve(f"arc@v{number}")
            assert registry.read(version).height == 3
    assert summaries, "no commit got through in 0.15 s"


def test_a_full_disk_is_said_and_nothing_is_changed(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    code = (
        "import resource, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from test_registry import Registry, part\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "Registry(Path(sys.argv[2])).commit('arc', [part(count=500)], '', '')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path / "r")], capture_output=True, text=True
    )
    assert done.returncode == 1 and "StorageError" in done.stderr and "Nothing was changed" in done.stderr
    assert [s.version for s in registry.datasets()] == [1]
    assert list((tmp_path / "r" / "tmp").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission_is_said(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir(mode=0o500)
    with pytest.raises(StorageError, match="no permission"):
        Registry(tmp_path / "r" / "x").commit("arc", [part()], "", "")


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(text, text, text, st.lists(text, max_size=2)), max_size=8))
def test_rows_survive_parquet_and_the_same_rows_give_the_same_bytes(
    values: list[tuple[str, str, str, list[str]]],
) -> None:
    frame = rows(len(values)).with_columns(
        pl.Series("question", [v[0] for v in values], pl.String),
        pl.Series("negative", [v[1] for v in values], pl.String),
        pl.Series("subject", [v[2] or None for v in values], pl.String),
        pl.Series("category", [v[3] for v in values], pl.List(pl.String)),
    )
    data = to_parquet(frame)
    assert from_parquet(data).equals(frame.sort("question_id", "rank", "id"))
    assert to_parquet(frame.reverse()) == data
