"""Push and pull against a Hub on a local port, by the real huggingface-hub and datasets in processes of their own.

They read HF_ENDPOINT, HF_HUB_OFFLINE and the token's place when they are imported: only a new process is honest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl
import pytest
from conftest import ROOT
from hub_server import Answer, Blob, HubServer
from hypothesis import given, settings
from hypothesis import strategies as st

REPO = "ada/arc-negatives"
WRONG_TOKEN = "hf_made_up"

PRELUDE = """
import dataclasses, json, os, time
from pathlib import Path
slept = []
time.sleep = slept.append  # the waits of the Hub are seconds long
from negbank.errors import HubError
from negbank.hub import PushSettings, pull, push_folder, whoami_namespace

def attempt(call, *args, **kwargs):
    try:
        value = call(*args, **kwargs)
    except HubError as error:
        return {"error": str(error)}
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value

def login(token):
    os.environ.pop("HF_TOKEN", None)
    os.environ.update({"HF_TOKEN": token} if token else {})

def push(folder, tag=None, parent=None, repo="ada/arc-negatives", **more):
    return attempt(push_folder, Path(folder), repo, PushSettings(tag=tag, parent=parent, **more))

def fetch(revision, target, repo="ada/arc-negatives", **more):
    return attempt(pull, repo, revision, Path(target), **more)
"""


class Client:
    """Runs a script in a process with a home of its own; the script leaves its results in `out`."""

    def __init__(self, server: HubServer, home: Path) -> None:
        self.server, self.home, self.outputs = server, home, ""

    def __call__(self, script: str, token: str | None = "hf_writer", **variables: str) -> dict[str, Any]:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "HF_HOME": str(self.home / "hf"),
            "HF_ENDPOINT": self.server.url, "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1",
            **({"HF_TOKEN": token} if token else {}), **variables,
        }  # fmt: skip
        code = f"{PRELUDE}\nout = {{}}\n{textwrap.dedent(script)}\nprint('RESULT' + json.dumps(out, default=str))"
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        for secret in (*self.server.tokens, WRONG_TOKEN):
            assert secret not in done.stdout + done.stderr, "the token is shown"
        result: dict[str, Any] = json.loads(done.stdout.rpartition("RESULT")[2])
        return result


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def client(server: HubServer, tmp_path: Path) -> Client:
    return Client(server, tmp_path / "home")


def version(folder: Path, **texts: str) -> Path:
    """A folder as a checkout has it: one Parquet file for each tier, a card, the marker."""
    configs = ""
    for tier, text in texts.items():
        path = folder / "data" / tier / "train-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"negative": [f"{text} {number}" for number in range(5000)]}).write_parquet(path)
        data = f"data/{tier}/train-00000-of-00001.parquet"
        configs += f"- config_name: {tier}\n  data_files:\n  - split: train\n    path: {data}\n"
    (folder / "README.md").write_text(f"---\nconfigs:\n{configs}---\n\n# {' '.join(texts.values())}\n")
    (folder / ".negbank").mkdir(exist_ok=True)
    (folder / ".negbank" / "version.json").write_text(json.dumps(texts))
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def size(folder: Path, *paths: str) -> int:
    return sum((folder / path).stat().st_size for path in paths)


def commits(server: HubServer, repo: str = REPO) -> list[str]:
    return [commit.title for commit in server.repos[repo].commits]


def test_two_versions_go_to_the_hub_and_come_back(server: HubServer, client: Client, tmp_path: Path) -> None:
    one = version(tmp_path / "one", near="x", far="y", gone="z")
    two = version(tmp_path / "two", near="x", far="changed")
    server.page = 3  # listings come in several answers
    first = client(
        f"""
        out["who"] = whoami_namespace()
        out["push"] = push("{one}", "v1", message="One\\n\\nmore words")
        from datasets import load_dataset
        out["near"] = load_dataset("{REPO}", "near", revision="v1", split="train")["negative"][:2]
        out["names"] = load_dataset("{REPO}", "far", revision="v1", split="train").num_rows
        """
    )
    assert (first["who"], first["near"], first["names"]) == ("ada", ["x 0", "x 1"], 5000)
    v1 = first["push"]["commit"]
    assert first["push"] == {
        "repo": REPO, "commit": v1, "url": f"{server.url}/datasets/{REPO}/tree/v1", "tag": "v1",
        "uploaded_bytes": size(one, *files(one)), "files": 5, "created": True, "changed": True,
    }  # fmt: skip
    assert commits(server) == ["initial commit", "One"]

    before = server.bytes_received
    second = client(
        f"""
        out["push"] = push("{two}", "v2", "{v1}")
        from datasets import load_dataset
        for tag in ("v1", "v2"):
            out[tag] = load_dataset("{REPO}", "far", revision=tag, split="train")[0]["negative"]
        """
    )
    changed = size(two, "data/far/train-00000-of-00001.parquet", "README.md", ".negbank/version.json")
    assert (second["push"]["uploaded_bytes"], second["push"]["files"]) == (changed, 3)
    sent = [request for request in server.requests if request.startswith("PUT")]
    assert len(sent) == 4, "three shards for v1, and the one that changed"
    assert size(two, "data/far/train-00000-of-00001.parquet") < server.bytes_received - before < changed + 3000
    assert (second["v1"], second["v2"]) == ("y 0", "changed 0")
    assert sorted(server.repos[REPO].head.files) == sorted([".gitattributes", *files(two)]), "the old tier is gone"

    v2 = second["push"]["commit"]
    third = client(
        f"""
        out["again"] = push("{two}", "v2", "{v2}")
        out["elsewhere"] = push("{two}", "stable")
        out["v1"] = fetch("v1", "{tmp_path}/got/v1")
        out["v2"] = fetch("v2", "{tmp_path}/got/v2")
        out["head"] = fetch(None, "{tmp_path}/got/head")
        out["sha"] = fetch("{v1}", "{tmp_path}/got/sha")
        out["none"] = fetch("v3", "{tmp_path}/got/none")
        out["full"] = fetch("v1", "{tmp_path}/got/v1")
        """
    )
    assert not third["again"]["changed"] and not third["elsewhere"]["changed"], "nothing differs: no parent is needed"
    assert third["again"]["commit"] == v2 and third["again"]["files"] == third["again"]["uploaded_bytes"] == 0
    assert commits(server) == ["initial commit", "One", "Push v2"]
    assert server.repos[REPO].tags == {"v1": v1, "v2": v2, "stable": v2}
    assert files(tmp_path / "got/v1") == files(tmp_path / "got/sha") == files(one)
    assert files(tmp_path / "got/v2") == files(tmp_path / "got/head") == files(two)
    assert (third["v1"]["commit"], third["v1"]["tags"]) == (v1, ["v1"])
    assert third["head"]["tags"] == ["stable", "v2"]
    assert "no revision 'v3'" in third["none"]["error"] and "v2" in third["none"]["error"]
    assert "is there already" in third["full"]["error"]
    assert sorted(p.name for p in (tmp_path / "got").iterdir()) == ["head", "sha", "v1", "v2"], "nothing is left over"
    assert not [path for path in (tmp_path / "got").rglob("*") if path.is_symlink() or path.name == ".cache"]


def test_what_somebody_else_pushed_is_not_overwritten(server: HubServer, client: Client, tmp_path: Path) -> None:
    one, two = version(tmp_path / "one", near="x"), version(tmp_path / "two", near="y")
    v1 = client(f'out["push"] = push("{one}", "v1")')["push"]["commit"]
    theirs = server.repos[REPO].add("notes.txt", b"mine", author="grace").sha

    told = client(f'out["push"] = push("{two}", "v2", "{v1}"); out["blind"] = push("{two}", "v2")')
    for word in ("grace", "Add notes.txt", theirs[:12], v1[:12], "1 since", "--rebase"):
        assert word in told["push"]["error"]
    assert "is taken" in told["blind"]["error"] and "--rebase" in told["blind"]["error"]
    assert server.repos[REPO].head.sha == theirs and server.repos[REPO].tags == {"v1": v1}

    done = client(f'out["push"] = push("{two}", "v2", "{v1}", rebase=True)')["push"]
    assert done["changed"] and commits(server) == ["initial commit", "Push v1", "Add notes.txt", "Push v2"]
    assert server.repos[REPO].head.files["notes.txt"].data == b"mine"


def test_a_push_in_the_same_moment_is_noticed(server: HubServer, client: Client, tmp_path: Path) -> None:
    one, two = version(tmp_path / "one", near="x"), version(tmp_path / "two", near="y")
    v1 = client(f'out["push"] = push("{one}", "v1")')["push"]["commit"]
    repo = server.repos[REPO]
    server.before("POST", "/commit/", lambda: repo.add("a.txt", b"a", author="grace"))
    told = client(f'out["push"] = push("{two}", "v2", "{v1}")')["push"]["error"]
    assert "grace" in told and repo.tags == {"v1": v1}

    server.before("POST", "/commit/", lambda: repo.add("b.txt", b"b", author="grace"))
    done = client(f'out["push"] = push("{two}", "v2", "{v1}", rebase=True)')["push"]
    assert done["changed"] and {"a.txt", "b.txt", "README.md"} <= set(repo.head.files)
    assert commits(server) == ["initial commit", "Push v1", "Add a.txt", "Add b.txt", "Push v2"]


def test_nobody_s_repository_is_taken_over(server: HubServer, client: Client, tmp_path: Path) -> None:
    """One that negbank did not make keeps its data files even under rebase, but for those of the same name."""
    one = version(tmp_path / "one", near="x")
    server.create(REPO).add("data/precious.csv", b"a,b\n")
    out = client(f'out["no"] = push("{one}"); out["yes"] = push("{one}", rebase=True)')
    assert "is taken" in out["no"]["error"] and "data/precious.csv" in out["no"]["error"]
    assert out["yes"]["changed"] and not out["yes"]["created"]
    assert "data/precious.csv" in server.repos[REPO].head.files


def test_a_tag_is_never_moved(server: HubServer, client: Client, tmp_path: Path) -> None:
    one, two = version(tmp_path / "one", near="x"), version(tmp_path / "two", near="y")
    out = client(
        f"""
        out["one"] = push("{one}", "v1")
        out["taken"] = push("{two}", "v1", out["one"]["commit"])
        out["two"] = push("{two}", "v2", out["one"]["commit"])
        out["back"] = push("{two}", "v1", out["two"]["commit"])
        """
    )
    for refused in (out["taken"]["error"], out["back"]["error"]):
        assert "'v1'" in refused and out["one"]["commit"][:12] in refused and "never moved" in refused
    assert commits(server) == ["initial commit", "Push v1", "Push v2"], "refused before anything is sent"

    repo = server.repos[REPO]
    server.before("POST", "/tag/", lambda: repo.tags.update(v3=repo.commits[0].sha))
    raced = client(f'out["push"] = push("{version(two, near="z")}", "v3", "{repo.head.sha}")')["push"]["error"]
    assert "was pushed, but the tag 'v3' stands on" in raced


def test_who_may_read_and_write(server: HubServer, client: Client, tmp_path: Path) -> None:
    one, two, got = version(tmp_path / "one", near="x"), version(tmp_path / "two", near="new"), tmp_path / "got"
    server.create("ada/public")
    out = client(
        f"""
        out["own"] = push("{one}", "v1", private=True)
        tokens = {{"nobody": None, "wrong": "{WRONG_TOKEN}", "reader": "hf_reader", "stranger": "hf_stranger"}}
        for who, token in tokens.items():
            login(token)
            out[who] = (
                push("{two}", parent=out["own"]["commit"]), fetch("v1", f"{got}/{{who}}"), attempt(whoami_namespace)
            )
        login("hf_writer")
        out["pull"] = fetch("v1", "{got}/writer")
        out["public"] = push("{one}", private=True, repo="ada/public")
        out["short"] = push("{one}", repo="mine")
        """
    )
    assert out["own"]["created"] and server.repos[REPO].private and commits(server) == ["initial commit", "Push v1"]
    pushed, pulled, name = out["nobody"]
    assert all("no token" in said["error"] and "hf auth login" in said["error"] for said in (pushed, name))
    assert "private" in pulled["error"] and "hf auth login" in pulled["error"]
    assert all("does not accept your token" in said["error"] for said in out["wrong"])
    pushed, pulled, name = out["reader"]
    assert "may not do this" in pushed["error"] and "<token>" in pushed["error"], "what the Hub says of it is hidden"
    assert (pulled["tags"], name) == (["v1"], "ada")
    pushed, pulled, name = out["stranger"]
    assert "rights to create" in pushed["error"] and "private" in pulled["error"] and name == "bob"
    assert sorted(p.name for p in got.iterdir()) == ["reader", "writer"]
    assert files(got / "reader") == files(got / "writer") == files(one)
    assert "is public" in out["public"]["error"]
    assert out["short"]["repo"] == "ada/mine", "a name without an owner is the user's own"


def test_later_is_waited_for(server: HubServer, client: Client, tmp_path: Path) -> None:
    """Requests that huggingface-hub makes once only are repeated here, after the wait that the Hub asks for."""
    one = version(tmp_path / "one", near="x")
    server.fail("GET", f"{REPO}$", 429, headers={"Retry-After": "17"})
    server.fail("POST", "/create", 503)
    server.fail("GET", "/refs", 500)
    server.fail("POST", "/commit/", 503)
    server.fail("PUT", "/lfs/", 503)
    server.fail("POST", "/tag/", 429, headers={"ratelimit": '"api";r=0;t=23'})
    server.fail("GET", "/resolve/", 503)
    server.cut("GET", "/resolve/.*parquet")
    got = tmp_path / "got"
    out = client(f'out["push"] = push("{one}", "v1"); out["pull"] = fetch("v1", "{got}"); out["slept"] = slept')
    assert out["push"]["changed"] and files(got) == files(one)
    assert {17.0, 23.0} <= set(out["slept"]) and len(out["slept"]) >= 7
    assert not [trouble for trouble in server.troubles if trouble.times], "every trouble was met"

    server.fail("GET", "/refs", 429, times=99, headers={"Retry-After": "9"})
    server.fail("POST", "/preupload/", 503, times=99)
    push = f'push("{version(one, near="y")}", parent="{server.repos[REPO].head.sha}")'
    tired = client(f'out["pull"] = fetch("v1", "{tmp_path}/no"); out["push"] = {push}')
    assert "too many requests; run it again in 9 s" in tired["pull"]["error"]
    assert "in trouble (503)" in tired["push"]["error"] and "not sent twice" in tired["push"]["error"]
    server.troubles.clear()
    server.fail("GET", "/refs", 429, headers={"Retry-After": "3600"})
    long = client(f'out["pull"] = fetch("v1", "{tmp_path}/no"); out["slept"] = slept')
    assert "in 3600 s" in long["pull"]["error"] and not long["slept"], "nobody waits for an hour"


def test_an_answer_that_got_lost_makes_no_second_commit(server: HubServer, client: Client, tmp_path: Path) -> None:
    one = version(tmp_path / "one", near="x")

    def commit_without_answer() -> None:
        server.repos[REPO].push(
            {path: Blob(data, path.endswith("parquet")) for path, data in files(one).items()}, "Push v1", "ada"
        )

    server.before("POST", "/commit/", commit_without_answer)
    out = client(f'out["push"] = push("{one}", "v1")')["push"]
    assert out["changed"] and commits(server) == ["initial commit", "Push v1"]
    assert server.repos[REPO].tags == {"v1": out["commit"]}


def test_a_cut_upload_goes_on_where_it_was(server: HubServer, client: Client, tmp_path: Path) -> None:
    one = version(tmp_path / "one", near="x", far="y", other="z")
    shard = Blob((one / "data/far/train-00000-of-00001.parquet").read_bytes(), lfs=True)
    server.cut("PUT", shard.sha256, times=6)
    told = client(f'out["push"] = push("{one}", "v1")')["push"]["error"]
    assert "connection" in told and "run it again" in told and "not sent twice" in told
    assert commits(server) == ["initial commit"] and shard.sha256 not in server.objects

    there, server.requests, server.bytes_received = len(server.objects), [], 0
    done = client(f'out["push"] = push("{one}", "v1")')["push"]
    assert done["changed"] and len([r for r in server.requests if r.startswith("PUT")]) == 3 - there
    assert commits(server) == ["initial commit", "Push v1"]
    assert server.repos[REPO].head.files.keys() >= files(one).keys()


def test_a_large_file_goes_in_parts(server: HubServer, client: Client, tmp_path: Path) -> None:
    one = version(tmp_path / "one", near="x")
    shard = one / "data/near/train-00000-of-00001.parquet"
    server.chunk_size = shard.stat().st_size // 3 + 1
    server.fail("PUT", "/2$", 500)
    seen = f"""
    seen = []
    out["push"] = attempt(push_folder, Path("{one}"), "{REPO}", PushSettings(), lambda *step: seen.append(step))
    out["pull"] = fetch(None, "{tmp_path}/got", progress=lambda *step: seen.append(step))
    out["seen"] = seen
    """
    out = client(seen)
    assert len({r for r in server.requests if r.startswith("PUT")}) == 3 and files(tmp_path / "got") == files(one)
    total = size(one, *files(one))
    assert out["seen"][:2] == [["upload", 0, total], ["upload", total, total]]
    assert out["seen"][2] == ["download", 0, total] and out["seen"][-1] == ["download", total, total]


def test_a_hostile_tree_writes_nothing(server: HubServer, client: Client, tmp_path: Path) -> None:
    server.create(REPO).add("data/good.csv", b"a\n")
    blob = Blob(b"evil", lfs=False)
    lfs = {"oid": "0" * 64, "size": 10 * 2**30, "pointerSize": 130}
    cases = {
        "absolute": ({**blob.entry("/etc/evil.csv")}, "leads out"),
        "up": ({**blob.entry("data/../../evil.csv")}, "leads out"),
        "backslash": ({**blob.entry("data\\..\\evil.csv")}, "backslash"),
        "drive": ({**blob.entry("C:evil.csv")}, "drive"),
        "control": ({**blob.entry("data/\x1b[2Jevil.csv")}, "control characters"),
        "hidden": ({**blob.entry(".git/hooks/evil.csv")}, "other programs"),
        "link": ({"type": "symlink", "oid": blob.oid, "size": 4, "path": "data/link"}, "a link"),
        "huge": ({**blob.entry("data/huge.parquet"), "size": 10 * 2**30}, "allow more with --max-gb 11"),
        "huge-lfs": ({**blob.entry("data/huge.parquet"), "lfs": lfs}, "10,737,418,242 bytes"),
        "no-path": ({**blob.entry(""), "path": 5}, "is not a path"),
        "malformed": ({"type": "file"}, "answer cannot be read"),
        "missing": ({**blob.entry("data/nowhere.csv")}, "not on the Hub"),
    }
    script = "from negbank.hub import pulling\n"
    script += f'out["other-bytes"] = fetch(None, "{tmp_path}/got/x", repo="ada/other-bytes")\n'
    for name, (entry, _) in cases.items():
        server.create(f"ada/{name}").add("data/good.csv", b"a\n")
        server.repos[f"ada/{name}"].odd_entries = [entry]
        script += f'out["{name}"] = fetch(None, "{tmp_path}/got/{name}", repo="ada/{name}")\n'
    lying = server.create("ada/other-bytes")
    lying.add("data/good.csv", b"a\n")
    server.reply("GET", "ada/other-bytes/resolve/", Answer(200, b"b\n"))
    server.create("ada/empty")
    script += f'out["empty"] = fetch(None, "{tmp_path}/got/empty", repo="ada/empty")\n'
    script += f'pulling._MAX_FILES = 1\nout["many"] = fetch(None, "{tmp_path}/got/many")\n'
    script += f'pulling._MAX_FILES = 9\nout["small"] = fetch(None, "{tmp_path}/got/small", max_gb=1e-9)\n'
    out = client(script)
    expected = {name: said for name, (_, said) in cases.items()} | {
        "other-bytes": "other bytes", "empty": "no data files", "many": "more than 1", "small": "2 bytes to pull"
    }  # fmt: skip
    for name, said in expected.items():
        assert said in out[name].get("error", ""), (name, out[name])
        assert "\x1b" not in out[name]["error"]
    assert not list((tmp_path / "got").iterdir()) and not list(tmp_path.rglob("*evil*"))


def test_without_the_hub_nothing_is_given_instead(server: HubServer, client: Client, tmp_path: Path) -> None:
    one = version(tmp_path / "one", near="x")
    client(f'push("{one}", "v1"); fetch("v1", "{tmp_path}/got")')
    both = f'out["push"] = push("{one}", "v2"); out["pull"] = fetch("v1", "{tmp_path}/again")'
    offline = client(both, HF_HUB_OFFLINE="1")
    assert all("offline mode is on" in offline[what]["error"] for what in ("push", "pull"))
    down = client(both, HF_ENDPOINT="http://127.0.0.1:9")
    assert all("connection to the Hub failed" in down[what]["error"] for what in ("push", "pull"))
    assert not (tmp_path / "again").exists()


def test_a_folder_that_cannot_be_pushed(server: HubServer, client: Client, tmp_path: Path) -> None:
    one = version(tmp_path / "one", near="x")
    linked, bad = version(tmp_path / "linked", near="x"), version(tmp_path / "bad", near="x")
    (linked / "data" / "secret").symlink_to(tmp_path / "one" / "README.md")
    (bad / "README.md").write_text("---\nconfigs: [\n---\n")
    (tmp_path / "empty").mkdir()
    server.create("ada/ignoring").ignored = {"data/near/train-00000-of-00001.parquet"}
    out = client(
        f"""
        out["linked"] = push("{linked}")
        out["empty"] = push("{tmp_path}/empty")
        out["bad"] = push("{bad}")
        out["ignoring"] = push("{one}", repo="ada/ignoring")
        out["name"] = push("{one}", repo="https://huggingface.co/datasets/ada/x")
        """
    )
    assert "is a link" in out["linked"]["error"] and "no files" in out["empty"]["error"]
    assert "Invalid metadata in README.md" in out["bad"]["error"]
    assert ".gitignore" in out["ignoring"]["error"] and "near" in out["ignoring"]["error"]
    assert "owner/name" in out["name"]["error"]


@settings(deadline=None)  # the first call imports the client
@given(st.lists(st.sampled_from(["..", ".", "", "a", "data", "C:", "\\", "\0", "x\n", "~", ".git"]), max_size=5))
def test_a_path_that_passes_stays_below_its_folder(parts: list[str]) -> None:
    from negbank.hub import unsafe_path

    path = "/".join(parts)
    if unsafe_path(path) is None:
        resolved = Path(os.path.normpath(f"/above/below/{path}"))
        assert resolved == Path("/above/below") / PurePosixPath(path) and resolved != Path("/above/below")
        assert path.isprintable() and "\\" not in path
