"""The road to the Hub and back, by the real command against a server that speaks the Hub's protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hub_place import Place
from hub_server import HubServer
from samples import part, rows

from negbank.registry import Edit, Registry


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, server: HubServer) -> Place:
    return Place(tmp_path / "ada", server.url)


LOAD = "from datasets import load_dataset; d = load_dataset({!r}, {!r}, split='train', revision={!r}); print({})"


def test_push_load_edit_push_pull_and_verify(tmp_path: Path, place: Place, server: HubServer) -> None:
    place.registry.commit("arc", [part(count=400), part("irrelevant", 400, seed=1)], "first", "made in a test")
    assert "never pushed: say where to" in place.run("push", code=1)
    out = place.run("push", "--to", "ada/arc")
    assert "arc@v1 is at" in out and "revision='v1'" in out
    assert "nothing was sent" in place.run("push")
    assert "load_dataset('ada/arc'" in place.run("card", "arc") or '"ada/arc"' in place.run("card", "arc")
    assert place.python(LOAD.format("ada/arc", "near-miss", "v1", "len(d), d[0]['negative']")) == "400 x 0"

    changed = rows(400)[7:11].with_columns(plausibility=pl.lit(0.75, pl.Float32))
    place.registry.commit("arc", [Edit("near-miss", "train", changed)], "rescored", "")
    assert "rescored" in place.run("diff", "arc@v1", "arc@v2", "--rows")
    before = server.bytes_received
    said = json.loads(place.run("push", "--json"))
    sizes = {p.name: p.stat().st_size for p in (tmp_path / "ada" / "registry" / "objects").rglob("*.parquet")}
    assert (said["version"], said["repo"], said["tag"]) == ("arc@v2", "ada/arc", "v2") and said["changed"]
    assert server.bytes_received - before < sum(sizes.values()), "the unchanged tier was sent again"
    assert not json.loads(place.run("push", "--json"))["changed"]
    for revision, expected in (("v1", 0.5), ("v2", 0.75)):
        counted = "sorted(d['plausibility'])[-1]"
        assert float(place.python(LOAD.format("ada/arc", "near-miss", revision, counted))) == expected
        words = f"'ada/arc', 'near-miss', revision={revision!r}, split='train'"
        ours = f"import negbank; print(max(negbank.load({words})['plausibility']))"
        assert float(place.python(ours)) == expected

    bob = Place(tmp_path / "bob", server.url)
    assert "arc@v2 is here: 800 negatives" in bob.run("pull", "ada/arc")
    mine, his = (p.registry.log("arc") for p in (place, bob))
    assert [logged.version for logged in his] == [logged.version for logged in mine]
    assert bob.registry.read(his[0].version).equals(place.registry.read(mine[0].version))
    assert "Intact" in bob.run("verify") and "1 part of a version was never fetched here" in bob.run("verify")
    assert "are not here" in bob.run("show", "arc@v1", code=1)
    bob.run("pull", "ada/arc@v1")
    assert bob.registry.read(his[1].version).equals(place.registry.read(mine[1].version))
    assert "Intact" in bob.run("verify") and "never fetched" not in bob.run("verify")


def test_a_versions_own_tags_go_with_it(place: Place, server: HubServer) -> None:
    place.registry.commit("arc", [part(count=20)], "", "")
    place.run("tag", "arc@v1", "stable")
    assert "Tagged there: stable." in place.run("push", "--to", "ada/arc")
    assert "Tagged" not in place.run("push")
    assert place.python(LOAD.format("ada/arc", "near-miss", "stable", "len(d)")) == "20"
    first = server.repos["ada/arc"].tags["stable"]
    place.registry.commit("arc", [part(count=30)], "", "")
    place.run("tag", "arc@v2", "stable", "--force")
    assert "Not tagged: stable stands on another commit there" in place.run("push")
    assert server.repos["ada/arc"].tags["stable"] == first
    assert json.loads(place.run("push", "--move-tags", "--json"))["tags"]["set"] == ["stable"]
    assert server.repos["ada/arc"].tags["stable"] == server.repos["ada/arc"].tags["v2"] != first


def test_chains_go_to_the_hub_beside_answers_and_come_back(tmp_path: Path, place: Place, server: HubServer) -> None:
    version = place.registry.commit("arc", [part(), part("erroneous-cot", 4)], "both kinds", "").version
    place.run("push", "--to", "ada/both")
    shown = "d[0]['steps'], d[0]['first_error_step'], len(d)"
    assert place.python(LOAD.format("ada/both", "erroneous-cot", "v1", shown)) == "['1 + 1 = 2', '2 + 2 = 5'] 1 4"
    assert place.python(LOAD.format("ada/both", "all", "v1", "len(d), 'steps' in d.column_names")) == "3 False"
    bob = Place(tmp_path / "bob", server.url)
    assert "arc@v1 is here: 7 negatives" in bob.run("pull", "ada/both")
    assert bob.registry.read(version).equals(place.registry.read(version))
    assert bob.registry.read(version, "erroneous-cot")["error_source"].to_list() == ["arithmetic", None] * 2
    assert "Intact" in bob.run("verify")


def test_someone_else_pushes_in_between(tmp_path: Path, place: Place, server: HubServer) -> None:
    place.registry.commit("arc", [part(count=50)], "", "")
    place.run("push", "--to", "ada/arc")
    server.repos["ada/arc"].add("data/near-miss/extra.txt", b"theirs")
    place.registry.commit("arc", [part(count=60)], "", "")
    assert "--rebase" in place.run("push", code=1)
    assert len(server.repos["ada/arc"].commits) == 3
    place.run("push", "--rebase")
    assert place.registry.remote("arc")["head"] == server.repos["ada/arc"].head.sha


def test_a_changed_file_is_not_taken_in(tmp_path: Path, place: Place, server: HubServer) -> None:
    place.registry.commit("arc", [part(count=50)], "", "")
    place.run("push", "--to", "ada/arc")
    other = Registry(tmp_path / "other")
    other.commit("arc", [part(count=50, word="y")], "", "")
    import negbank

    negbank.checkout("arc", tmp_path / "out", registry=other)
    (file,) = (tmp_path / "out" / "data").rglob("*.parquet")
    server.repos["ada/arc"].add(str(file.relative_to(tmp_path / "out")), file.read_bytes())
    bob = Place(tmp_path / "bob", server.url)
    assert "someone changed the files; nothing was taken in" in bob.run("pull", "ada/arc", code=1)
    assert bob.registry.datasets() == []


def test_hostile_repositories_are_refused(tmp_path: Path, place: Place, server: HubServer) -> None:
    repo = server.create("ada/bad")
    repo.add("data/train.parquet", b"nothing")
    assert "not made by negbank; bring its rows in with negbank add hf:ada/bad" in place.run("pull", "ada/bad", code=1)
    for marker in (b"not json", b"[]", b"{}", b'{"manifest": "../../x"}', b'{"manifest": "' + b"a" * 64 + b'"}'):
        repo.add(".negbank/version.json", marker)
        assert "Error: " in place.run("pull", "ada/bad", code=1)
    name = "0" * 64
    repo.add(".negbank/version.json", json.dumps({"manifest": name}).encode())
    repo.add(f".negbank/manifests/{name}.json", b'{"dataset": "../../etc"}')
    assert "does not match its name" in place.run("pull", "ada/bad", code=1)
    assert place.registry.datasets() == []


def test_a_damaged_object_is_fetched_again(tmp_path: Path, place: Place, server: HubServer) -> None:
    version = place.registry.commit("arc", [part(count=50)], "", "").version
    before = place.registry.read(version)
    place.run("push", "--to", "ada/arc")
    (file,) = (tmp_path / "ada" / "registry" / "objects").rglob("*.parquet")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert place.run("verify", code=1) == ""
    said = json.loads(place.run("verify", "--repair", "--json"))
    assert said["intact"] and len(said["repaired"]) == 1
    assert place.registry.read(version).equals(before)


def test_what_a_licence_forbids_is_not_pushed(place: Place, server: HubServer) -> None:
    place.registry.commit("arc", [part(source="x", license="cc-by-nd-4.0")], "", "")
    assert "cannot be published" in place.run("push", "--to", "ada/arc", code=1)
    assert "ada/arc" not in server.repos


def test_the_licence_of_rows_that_were_added_counts(place: Place, server: HubServer) -> None:
    place.registry.commit("arc", [part(source="x", license="cc-by-4.0")], "", "")
    note = {"source": "flagged.jsonl", "license": None}
    place.registry.commit("arc", [Edit("near-miss", "train", rows(2, word="y"), note=note)], "", "")
    assert "license: unknown" in place.run("card", "arc") and "license: cc-by-4.0" in place.run("card", "arc@v1")
    note = {"source": "x", "license": "cc-by-nd-4.0"}  # a name that is there under another licence
    place.registry.commit("arc", [Edit("near-miss", "train", rows(2, word="z"), note=note)], "", "")
    assert "cannot be published" in place.run("push", "--to", "ada/arc", code=1)


@pytest.mark.parametrize(
    ("token", "said"), [("hf_wrong", "does not accept your token"), ("hf_stranger", "may not"), ("", "no token")]
)
def test_tokens(place: Place, server: HubServer, token: str, said: str) -> None:
    place.registry.commit("arc", [part()], "", "")
    place.environment["HF_TOKEN"] = token
    assert said in place.run("push", "--to", "ada/arc", code=1)


def test_push_says_what_is_not_clear(place: Place) -> None:
    assert "there are: none" in place.run("push", code=1)
    for name in ("one", "two"):
        place.registry.commit(name, [part()], "", "")
    assert "say which dataset to push; there are: one, two" in place.run("push", code=1)
    assert "cannot name a repository" in place.run("push", "one", "--to", "a/b/c", code=1)
    assert "offline mode" in place.run("push", "one", "--to", "ada/one", code=1, HF_HUB_OFFLINE="1")
