"""One registry for many machines: objects in an S3 server, names in PostgreSQL, both real and over sockets."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import psycopg
import pytest
import s3fs
from samples import part, rows
from servers import PASSWORD, postgres, s3

from negbank.cli import run
from negbank.errors import NegbankError, RegistryError, StorageError
from negbank.folders import RegistryPlace
from negbank.registry import Edit, Registry
from negbank.registry.places import open_store

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3() as url:
        yield url


@pytest.fixture
def place(database: str, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegistryPlace:
    """An empty bucket, and an empty schema of the database."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": PASSWORD,
        "AWS_DEFAULT_REGION": "us-east-1", "NEGBANK_CACHE": str(tmp_path / "cache"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    name = f"t{random.SystemRandom().randrange(10**9)}"
    boto3.client("s3").create_bucket(Bucket=name)
    with psycopg.connect(database) as connection:
        connection.execute(f"create schema {name}")
    return RegistryPlace(f"s3://{name}/team", f"{database}?options=-csearch_path%3D{name}")


def opened(place: RegistryPlace) -> Registry:
    return Registry(place.root, place.refs)


def keys(place: RegistryPlace) -> list[str]:
    assert place.root
    found = boto3.client("s3").list_objects_v2(Bucket=place.root.split("/")[2]).get("Contents", [])
    return [entry["Key"] for entry in found]


def test_what_one_machine_commits_another_reads_edits_and_checks_out(
    place: RegistryPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(place)
    first.commit("arc", [part(count=40), part("unrelated", 2)], "first", "")
    first.tag("arc@v1", "stable")
    monkeypatch.setenv("NEGBANK_CACHE", str(tmp_path / "other machine"))
    second = opened(place)
    assert second.read(second.resolve("arc@stable"), "near-miss").equals(rows(40).sort("question_id", "rank", "id"))
    second.commit("arc", [Edit("near-miss", "train", rows(1, word="changed"))], "one more", "")
    assert [(str(x.version), x.tags) for x in first.log("arc")] == [("arc@v2", ()), ("arc@v1", ("stable",))]
    assert first.diff("arc@v1", "arc@v2").counts == (("near-miss", "added", 1),)
    assert first.sql("select count(*) as n from negatives('arc@v2')")["n"].item() == 43
    assert [(s.dataset, s.version, s.tiers) for s in first.datasets()] == [
        ("arc", 2, {"near-miss": 41, "unrelated": 2})
    ]
    assert first.verify().problems == () and second.verify().problems == ()


@pytest.mark.model
def test_the_command_line_works_on_it_and_records_no_password(
    place: RegistryPlace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "wrong.jsonl"
    file.write_text(json.dumps({"question": "2 + 2?", "answer": "4", "negative": "5"}) + "\n")
    words = ["add", str(file), "--registry", place.root, "--refs", place.refs, "--dataset", "sums"]
    monkeypatch.setattr(sys, "argv", ["negbank", *map(str, words)])
    assert run([str(word) for word in words]) == 0, capsys.readouterr().err
    monkeypatch.setenv("NEGBANK_REGISTRY", str(place.root))
    monkeypatch.setenv("NEGBANK_REFS", str(place.refs))
    assert run(["log", "sums", "--json"]) == 0 and run(["ls"]) == 0
    assert run(["checkout", "sums", str(tmp_path / "out")]) == 0 and (tmp_path / "out" / "README.md").exists()
    said = capsys.readouterr()
    assert "sums" in said.out and "***@127.0.0.1" in said.out
    everything = said.out + said.err + "".join(p.read_text() for p in (tmp_path / "cache").rglob("*.json"))
    assert PASSWORD not in everything


def _commit_many(place: RegistryPlace, worker: int, count: int) -> None:
    for number in range(count):
        opened(place).commit("arc", [Edit("near-miss", "train", rows(1, word=f"w{worker} {number}"))], "", "")


def test_many_processes_lose_no_version_and_give_none_twice(place: RegistryPlace) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_commit_many, args=(place, n, 5)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(240)
    assert [worker.exitcode for worker in workers] == [0] * 4
    registry = opened(place)
    newest = registry.resolve("arc")
    assert newest.manifest.number == 20 and newest.rows == 20
    assert registry.verify().problems == ()


_WRITER = """
import sys
from samples import rows
from negbank.registry import Edit, Registry
registry = Registry(sys.argv[1], sys.argv[2])
for number in range(1000):
    edit = Edit("near-miss", "train", rows(1, word=f"{sys.argv[3]} {number}"))
    version = registry.commit("arc", [edit], "", "").version
    print(version.manifest.number, flush=True)
"""


def test_a_writer_killed_at_any_instant_leaves_what_it_said_and_nothing_broken(place: RegistryPlace) -> None:
    registry = opened(place)
    acknowledged = 0
    for round_ in range(4):
        words = [sys.executable, "-c", _WRITER, str(place.root), str(place.refs), f"round {round_}"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as writer:
            assert writer.stdout
            said = writer.stdout.readline()
            time.sleep(random.uniform(0, 0.6))
            writer.send_signal(signal.SIGKILL)
            lines = [said, *writer.stdout.read().splitlines()]
        acknowledged = max(acknowledged, *(int(line) for line in lines if line.strip().isdecimal()))
        assert registry.verify().problems == ()
    newest = registry.resolve("arc").manifest.number
    assert acknowledged <= newest <= acknowledged + 1
    registry.gc()
    assert registry.verify().problems == () and registry.gc().files == {
        "objects": 0, "contents": 0, "manifests": 0, "tmp": 0
    }  # fmt: skip


def test_gc_removes_in_the_bucket_and_waits_for_writers_of_other_machines(place: RegistryPlace) -> None:
    registry = opened(place)
    registry.commit("arc", [part()], "", "")
    registry.commit("gone", [part(word="y")], "", "")
    before = len(keys(place))
    registry.rm("gone")
    store, done = open_store(place), threading.Event()
    with store.refs.lock():
        store.blobs.put("objects", b"not named by any version yet")
        thread = threading.Thread(target=lambda: (opened(place).gc(), done.set()))
        thread.start()
        assert not done.wait(0.5), "gc ran beside a writer"
    thread.join(30)
    assert done.is_set() and len(keys(place)) == before - 3
    assert registry.verify().problems == ()


def test_a_writer_whose_connection_was_lost_publishes_nothing(place: RegistryPlace, database: str) -> None:
    registry = opened(place)
    registry.commit("arc", [part()], "", "")
    store = open_store(place)
    with pytest.raises(StorageError, match="does not answer"), store.refs.lock():
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'negbank' "
                "and pid <> pg_backend_pid()"
            )
        store.refs.make_version("arc", 2, "0" * 64)
    assert [str(x.version) for x in registry.log("arc")] == ["arc@v1"]


def test_damage_in_the_bucket_is_found_and_damage_in_the_cache_mended(place: RegistryPlace, tmp_path: Path) -> None:
    registry = opened(place)
    version = registry.commit("arc", [part()], "", "").version
    (cached,) = (tmp_path / "cache").rglob("objects/*/*.parquet")
    cached.write_bytes(b"flipped")
    assert registry.read(version).height == 3
    key = next(key for key in keys(place) if key.endswith(".parquet"))
    boto3.client("s3").put_object(Bucket=str(place.root).split("/")[2], Key=key, Body=b"edited by hand")
    (problem,) = registry.verify().problems
    assert problem.where.startswith(str(place.root)) and "does not match its name" in problem.detail


def test_what_cannot_be_had_is_said_without_a_password(
    place: RegistryPlace, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(root: str | Path | None, refs: str | None) -> str:
        with pytest.raises(NegbankError) as caught:
            Registry(root, refs).commit("arc", [part()], "", "")
        assert PASSWORD not in str(caught.value)
        return str(caught.value)

    assert "--refs postgresql://" in refused(place.root, None)
    assert "--refs takes postgresql" in refused(place.root, "mysql://x")
    assert "does not answer" in refused(place.root, str(place.refs).replace(f":{PASSWORD}@", ":wrong@"))
    assert "does not answer" in refused(place.root, "postgresql://tester:x@127.0.0.1:1/postgres")
    assert "bucket" in refused("s3://no-such-bucket-here/x", str(place.refs))
    opened(place).commit("arc", [part()], "", "")
    with psycopg.connect(database) as connection:
        connection.execute("create schema if not exists another")
    assert "another registry" in refused(place.root, f"{database}?options=-csearch_path%3Danother")
    Registry(tmp_path / "folder").commit("arc", [part()], "", "")
    assert "leave out --refs" in refused(tmp_path / "folder", f"{database}?options=-csearch_path%3Danother")
    assert "another registry" in refused(f"{place.root}/elsewhere", str(place.refs))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    s3fs.S3FileSystem.clear_instance_cache()
    assert "does not answer" in refused(place.root, str(place.refs))
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_shared_folder_may_have_its_names_in_the_database_too(place: RegistryPlace, tmp_path: Path) -> None:
    Registry(tmp_path / "shared", place.refs).commit("arc", [part()], "", "")
    assert Registry(tmp_path / "shared", place.refs).resolve("arc").rows == 3
    with pytest.raises(RegistryError, match="named in PostgreSQL"):
        Registry(tmp_path / "shared").gc()


def test_where_it_was_pushed_and_tags_are_kept(place: RegistryPlace) -> None:
    registry = opened(place)
    registry.commit("arc", [part()], "", "")
    registry.commit("arc", [part(word="y")], "", "")
    registry.set_remote("arc", {"repo": "org/arc"})
    assert opened(place).remote("arc") == {"repo": "org/arc"}
    registry.tag("arc@v1", "stable")
    with pytest.raises(RegistryError, match="--force"):
        registry.tag("arc@v2", "stable")
    registry.tag("arc@v2", "stable", move=True)
    assert str(registry.resolve("arc@stable")) == "arc@v2"
    registry.untag("arc@stable")
    assert registry.rm("arc") == 2 and registry.datasets() == [] and registry.remote("arc") == {}


def test_what_others_put_into_the_bucket_or_the_database_is_not_ours(place: RegistryPlace, database: str) -> None:
    """gc removes only what a registry wrote, and a name in the database leads nowhere but into the registry."""
    registry = opened(place)
    registry.commit("arc", [part()], "", "")
    bucket = str(place.root).split("/")[2]
    theirs = [
        "team/objects/no/notes.parquet", "team/objects/../../secret.parquet", f"team/objects/zz/{'a' * 64}.parquet",
        f"team/objects/aa/deeper/{'a' * 64}.parquet", "team/manifests/readme.json", f"objects/aa/{'a' * 64}.parquet",
    ]  # fmt: skip
    for key in theirs:
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"theirs")
    orphan = open_store(place).blobs.put("objects", b"an interrupted writer's")
    assert registry.gc().files["objects"] == 1
    assert set(theirs) <= set(keys(place)) and not [key for key in keys(place) if orphan in key]
    assert registry.verify().problems == ()
    schema = str(place.refs).rpartition("%3D")[2]
    with psycopg.connect(database) as connection:
        connection.execute(f"insert into {schema}.negbank_versions values ('arc', 2, '../../../../etc/passwd')")
        connection.execute(f"insert into {schema}.negbank_remotes values ('arc', '5')")
    for ask in (lambda: registry.resolve("arc@v2"), registry.gc, lambda: registry.remote("arc")):
        with pytest.raises(RegistryError):
            ask()
    assert registry.verify().problems and str(registry.resolve("arc@v1")) == "arc@v1"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cr3t/x@127.0.0.1:1/db", "postgresql://u:s3cr3t@h:port/db", "postgresql://u:s3%cr3t@h/db",
        "postgresql://[u:s3cr3t@127.0.0.1:1/db", "postgresql://127.0.0.1:1/db?password=s3cr3t&bogus=1",
        "postgresql://127.0.0.1:1/db?user=u&password=s3cr3t", "postgresql://u:s3cr3t #@h/db", "mysql://u:s3cr3t@h/db",
        "postgresql://u:s3cr3t@127.0.0.1:1/db", "postgresql://u:s3cr3t@@127.0.0.1:1/db",
    ],
)  # fmt: skip
def test_no_message_holds_a_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(NegbankError) as caught:
        Registry(tmp_path / "folder", url).commit("arc", [part()], "", "")
    assert "cr3t" not in str(caught.value)
    with pytest.raises(NegbankError) as caught:
        Registry("sftp://u:s3cr3t@127.0.0.1:1/x", None).datasets()
    assert "cr3t" not in str(caught.value)
