from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import part, rows

from negbank.errors import RegistryError, StorageError, UnknownNameError
from negbank.records import NEGATIVES
from negbank.registry import Edit, NewPart, Registry, check_dataset_name
from negbank.registry.contents import MAX_LAYERS, Contents
from negbank.registry.engine import Engine
from negbank.registry.queries import LayerFiles
from negbank.registry.refs import FolderRefs
from negbank.registry.rows import hashed
from negbank.registry.store import folder_store


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


def test_ls_comes_from_the_files_alone(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    assert registry.datasets() == []
    registry.commit("arc", [part()], "one", "")
    registry.commit("arc", [part("irrelevant")], "two", "")
    before = registry.datasets()
    assert [(s.dataset, s.version, s.versions, s.message) for s in before] == [("arc", 2, 2, "two")]
    assert list(before[0].tiers.items()) == [("near-miss", 3), ("irrelevant", 3)]
    (tmp_path / "r" / "catalogue.duckdb").write_bytes(b"the index of an earlier commit")
    assert registry.datasets() == before
    assert registry.gc().files["tmp"] == 1 and registry.datasets() == before


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
    for delay_s in (0.05, 0.3, 1.0):
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
    assert summaries, "no commit got through in a second"


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
def test_rows_survive_and_the_same_rows_are_the_same_content(values: list[tuple[str, str, str, list[str]]]) -> None:
    frame = rows(len(values)).with_columns(
        pl.Series("question", [v[0] for v in values], pl.String),
        pl.Series("answer", [v[1] for v in values], pl.String),
        pl.Series("subject", [v[2] or None for v in values], pl.String),
        pl.Series("category", [v[3] for v in values], pl.List(pl.String)),
    )
    with tempfile.TemporaryDirectory() as folder:
        contents = Contents(folder_store(Path(folder)).blobs)
        content = contents.write(frame)
        assert pl.concat([NEGATIVES.to_frame(), *contents.ordered(content)]).equals(
            frame.sort("question_id", "rank", "id")
        )
        assert contents.write(frame.reverse()) == content


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.dictionaries(st.integers(0, 9), st.integers(0, 3), max_size=6), max_size=5),
    st.lists(st.sets(st.integers(0, 9), max_size=4), min_size=5, max_size=5),
)
def test_edits_give_the_rows_that_a_dictionary_gives(puts: list[dict[int, int]], removes: list[set[int]]) -> None:
    """However edits are stacked or made whole, the rows and their content are those of the plain model."""
    model = dict.fromkeys(range(6), 0)
    every = rows(10)
    ids = hashed(every)["row_id"].to_pylist()

    def frame(values: dict[int, int]) -> pl.DataFrame:
        chosen = every[sorted(values)]
        return chosen.with_columns(pl.Series("plausibility", [values[i] / 4 for i in sorted(values)], pl.Float32))

    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        contents = Contents(folder_store(Path(folder)).blobs)
        content = contents.write(frame(model))
        for put, remove in zip(puts, removes, strict=False):
            content = contents.edit(content, frame(put), [ids[i] for i in remove - put.keys()])
            model = {k: v for k, v in model.items() if k not in remove} | put
            assert pl.concat([NEGATIVES.to_frame(), *contents.ordered(content)]).equals(frame(model))
            assert content.digest == Contents(folder_store(Path(other)).blobs).write(frame(model)).digest


def test_a_small_edit_of_many_rows_is_stored_as_a_small_layer(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part(count=20_000)], "", "")
    before = sum(p.stat().st_size for p in (tmp_path / "r" / "objects").rglob("*.parquet"))
    changed = rows(20_000)[::100].with_columns(plausibility=pl.lit(0.75, pl.Float32))
    version = registry.commit("arc", [Edit("near-miss", "train", changed)], "", "").version
    after = sum(p.stat().st_size for p in (tmp_path / "r" / "objects").rglob("*.parquet"))
    assert after - before < 0.1 * before
    assert registry.read(version).filter(pl.col("plausibility") == 0.75).height == 200
    assert registry.diff("arc@v1", "arc@v2").counts == (("near-miss", "rescored", 200),)
    assert registry.verify().problems == ()


def test_a_stack_of_edits_is_made_whole(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part(count=5000)], "", "")
    for i in range(MAX_LAYERS + 2):
        row = rows(5000)[i : i + 1].with_columns(plausibility=pl.lit(0.9, pl.Float32))
        registry.commit("arc", [Edit("near-miss", "train", row)], "", "")
    newest = registry.newest("arc")
    assert newest is not None and newest.manifest.number == MAX_LAYERS + 3
    assert registry.read(newest).filter(pl.col("plausibility") > 0.8).height == MAX_LAYERS + 2
    assert registry.verify().problems == ()
    assert registry.gc().files["objects"] >= 0 and registry.verify().problems == ()


def test_a_negative_that_stands_twice_is_refused(tmp_path: Path) -> None:
    twice = pl.concat([rows(2), rows(1).with_columns(id=pl.lit("other"))])
    with pytest.raises(RegistryError, match="'q0' has the negative 'x 0' twice"):
        Registry(tmp_path / "r").commit("arc", [NewPart("near-miss", "train", twice, {})], "", "")
    assert Registry(tmp_path / "r").datasets() == []


def test_diff_tells_what_happened_to_a_row(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part(count=4), part("irrelevant", 1, "z")], "", "")
    moved = rows(1, "irrelevant")  # q0's x, now irrelevant
    kept = rows(5)[1:].with_columns(
        plausibility=pl.when(pl.col("question_id") == "q1").then(0.75).otherwise("plausibility").cast(pl.Float32),
        category=pl.when(pl.col("question_id") == "q2").then(pl.lit(["factuality.date"])).otherwise("category"),
    )
    new = [NewPart("near-miss", "train", kept, {}), NewPart("irrelevant", "train", moved, {})]
    registry.commit("arc", new, "", "")
    found = registry.diff("arc@v1", "arc@v2", rows=10)
    assert found.counts == (
        ("near-miss", "added", 1), ("near-miss", "relabelled", 1), ("near-miss", "rescored", 1),
        ("irrelevant", "relabelled", 1), ("irrelevant", "removed", 1),
    )  # fmt: skip
    by_question = {(r["change"], r["question_id"]): r for r in found.rows.to_dicts()}
    assert by_question["rescored", "q1"]["plausibility_before"] == 0.5
    assert by_question["rescored", "q1"]["plausibility_after"] == 0.75
    assert by_question["relabelled", "q0"]["tier_after"] == "irrelevant"
    assert by_question["removed", "q0"]["negative"] == "z 0" and by_question["added", "q4"]["tier_before"] is None
    assert registry.diff("arc@v1", "arc@v2", tier="irrelevant").counts == (
        ("irrelevant", "added", 1), ("irrelevant", "removed", 1),
    )  # fmt: skip
    assert registry.diff("arc@v1", "arc@v1").counts == ()
    with pytest.raises(UnknownNameError, match="tier 'unrelated'"):
        registry.diff("arc@v1", "arc@v2", tier="unrelated")


def test_tags(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    registry.commit("arc", [part(word="y")], "", "")
    registry.tag("arc@v1", "stable")
    assert str(registry.resolve("arc@stable")) == "arc@v1"
    assert [logged.tags for logged in registry.log("arc")] == [(), ("stable",)]
    with pytest.raises(RegistryError, match="arc@stable is arc@v1 already; move it with --force"):
        registry.tag("arc@v2", "stable")
    registry.tag("arc@v1", "stable")
    assert str(registry.tag("arc@v2", "stable", move=True)) == "arc@v2" == str(registry.resolve("arc@stable"))
    assert str(registry.untag("arc@stable")) == "arc@v2"
    with pytest.raises(UnknownNameError, match="tag 'stable'"):
        registry.untag("arc@stable")


@pytest.mark.parametrize("name", ["v3", "4f2c", "head", "a/b", "..", "", "Stable", "x" * 300, "stаble", ".hidden"])
def test_names_that_cannot_be_a_tag(tmp_path: Path, name: str) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    with pytest.raises(RegistryError, match="cannot be a tag"):
        registry.tag("arc", name)


def test_revert_makes_a_new_version_with_the_old_rows(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    first = registry.commit("arc", [part()], "", "").version
    registry.commit("arc", [part(word="y"), part("unrelated")], "", "")
    reverted = registry.revert("arc@v1", "", "").version
    assert (str(reverted), reverted.manifest.message) == ("arc@v3", "as arc@v1")
    assert reverted.manifest.parts == first.manifest.parts
    assert not registry.revert("arc@v1", "", "").created


def test_rm_and_gc_give_the_space_back_and_leave_the_rest(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    registry.commit("other", [part(), part("irrelevant")], "", "")
    with pytest.raises(RegistryError, match="a version never goes alone"):
        registry.rm("other@v1")
    assert registry.rm("other") == 1
    (tmp_path / "r" / "tmp" / "left").write_bytes(b"by a writer that was killed")
    assert registry.gc(dry_run=True).files == {"objects": 1, "contents": 1, "manifests": 0, "tmp": 1}
    assert len(list((tmp_path / "r" / "objects").rglob("*.parquet"))) == 2
    registry.gc()
    assert len(list((tmp_path / "r" / "objects").rglob("*.parquet"))) == 1
    assert [s.dataset for s in registry.datasets()] == ["arc"] and registry.verify().problems == ()
    assert registry.read(registry.resolve("arc")).height == 3


def test_gc_waits_for_a_writer(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    store, done = folder_store(tmp_path / "r"), threading.Event()
    with store.refs.lock():
        store.blobs.put("objects", b"not named by any version yet")
        thread = threading.Thread(target=lambda: (registry.gc(), done.set()))
        thread.start()
        assert not done.wait(0.3), "gc ran beside a writer"
        assert len(list((tmp_path / "r" / "objects").rglob("*.parquet"))) == 2
    thread.join(10)
    assert done.is_set() and len(list((tmp_path / "r" / "objects").rglob("*.parquet"))) == 1


@pytest.mark.parametrize("folder", ["objects", "contents", "manifests"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_verify_finds_damage_of_any_file(tmp_path: Path, folder: str, damage: str) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part(), part("irrelevant", 5)], "", "")
    assert registry.verify().problems == ()
    path = sorted(p for p in (tmp_path / "r" / folder).rglob("*") if p.is_file())[0]
    data = bytearray(path.read_bytes())
    if damage == "remove":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        place = data.index(b"rows") + 7 if folder == "contents" else len(data) // 2
        data[place] ^= 1
        path.write_bytes(data)
    assert registry.verify().problems != ()


def test_verify_finds_a_reference_to_nothing(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    (tmp_path / "r" / "datasets" / "arc" / "tags").mkdir()
    (tmp_path / "r" / "datasets" / "arc" / "tags" / "stable").write_text("f" * 64)
    (problem,) = registry.verify().problems
    assert (problem.kind, problem.where) == ("reference", "arc@stable")
    with pytest.raises(RegistryError, match="nothing was removed"):
        registry.gc()


def test_sql(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part(count=3), part("irrelevant", 2)], "", "")
    registry.commit("arc", [part(count=4)], "", "")
    query = "select tier, count(*) as n from negatives('arc@v{}') group by 1 order by 1"
    assert registry.sql(query.format(1)).rows() == [("irrelevant", 2), ("near-miss", 3)]
    assert registry.sql(query.format(2)).rows() == [("irrelevant", 2), ("near-miss", 4)]
    both = "select count(*) from negatives('arc@v1') a semi join negatives('arc@v2') b using (row_hash)"
    assert registry.sql(both).item() == 5
    for bad in ("drop table x", "select 1; select 2", "selec 1", "copy (select 1) to 'x.csv'", "attach 'x'"):
        with pytest.raises(RegistryError, match=r"SELECT|cannot be read"):
            registry.sql(bad)
    with pytest.raises(RegistryError, match="the query failed"):
        registry.sql("select nothing from negatives('arc')")
    with pytest.raises(UnknownNameError):
        registry.sql("select * from negatives('arcc')")


LAYOUT_1 = Path(__file__).parent / "data" / "registry-layout-1"


def test_a_registry_of_layout_1_is_brought_up(tmp_path: Path) -> None:
    """The folder was written by the code of layout 1 (commit 015b920): arc, 2 versions."""
    shutil.copytree(LAYOUT_1, tmp_path / "r")
    registry = Registry(tmp_path / "r")
    assert [(s.dataset, s.version, dict(s.tiers)) for s in registry.datasets()] == [
        ("arc", 2, {"near-miss": 3, "irrelevant": 4})
    ]
    second = registry.resolve("arc@v2")
    assert second.manifest.parent == registry.resolve("arc@v1").name
    assert second.manifest.message == "second" and second.manifest.parts[1].mined == {"seed": 7}
    assert registry.read(second, "near-miss").equals(rows())
    assert json.loads((tmp_path / "r" / "registry.json").read_text()) == {"layout": 2}
    assert registry.verify().problems == () and not (tmp_path / "r" / "refs").exists()
    registry.gc()
    assert registry.verify().problems == () and registry.read(second, "irrelevant").height == 4


def test_an_interrupted_migration_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(LAYOUT_1, tmp_path / "r")
    calls = []

    def stop_at_second(self: FolderRefs, *args: object) -> bool:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return made(self, *args)  # type: ignore[arg-type]

    made = FolderRefs.make_version
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(FolderRefs, "make_version", stop_at_second)
        Registry(tmp_path / "r").datasets()
    assert json.loads((tmp_path / "r" / "registry.json").read_text()) == {"layout": 1}
    assert Registry(tmp_path / "r").datasets()[0].version == 2


def folder_contents(root: Path) -> Contents:
    return Contents(folder_store(root).blobs)


def test_rows_of_an_earlier_commit_keep_their_hash_and_take_edits(tmp_path: Path) -> None:
    """Objects without the columns that came later are read with nulls there, and so are edits upon them."""
    registry = Registry(tmp_path / "registry")
    version = registry.commit("d", [part("near-miss", 3)], "", "").version
    object_file = next((tmp_path / "registry" / "objects").rglob("*.parquet"))
    table = pq.read_table(object_file)
    # the hash of row 0 as the commit before these columns wrote it
    assert table["row_hash"][0].as_py().hex() == "302aa29ed633d48b1497f158095c5c395bd416914c2d09b27b6531a7a73b4596"
    old = tmp_path / "old.parquet"
    pq.write_table(table.drop_columns(["context", "answers", "judge_verdict", "judge_probability"]), old)
    engine = Engine(tmp_path)
    new = rows(1, word="y").with_columns(context=pl.lit("a passage"), answers=pl.lit(["right 0", "r"]))
    added = tmp_path / "added.parquet"
    pq.write_table(hashed(new), added)
    layers = [LayerFiles(old, None), LayerFiles(added, None)]
    read = pl.concat(engine.ordered(layers))
    assert read.schema == NEGATIVES
    assert sorted(read["context"].to_list(), key=str) == [None, None, None, "a passage"]
    assert engine.digest([LayerFiles(old, None)])[0] == version.manifest.parts[0].content
    engine.close()


@pytest.mark.parametrize(
    "asked",
    [
        "negatives('ar'||'x')", "negatives(lower('ARX'))", "negatives(reference := 'arx')", '"negatives"(\'arx\')',
        "negatives($$arx$$)", "negatives/* */('arx')", "(select 'arx' as q) a, negatives(a.q)", "negatives(null)",
    ],
)  # fmt: skip
def test_a_version_that_a_query_does_not_name_in_plain_is_an_error(tmp_path: Path, asked: str) -> None:
    registry = Registry(tmp_path / "r")
    registry.commit("arc", [part()], "", "")
    for also in ("", ", negatives('arc') other"):
        with pytest.raises(RegistryError, match="with the name itself between the quotes"):
            registry.sql(f"select count(*) from {asked}{also}")
