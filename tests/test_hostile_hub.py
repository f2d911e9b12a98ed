"""`pull`, `load` and `hf:` sources against repositories, and a Hub, that mean harm: by the real command, over a socket.

Whatever they hold, nothing of them is run, nothing outside them is read, and a pull that fails leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_place import TOKEN, Place
from hub_server import Answer, Blob, HubServer, RefusalError, Repo
from samples import part

Files = dict[str, bytes]

MANY = """
import contextlib, io, json, os, time
from pathlib import Path
time.sleep = lambda seconds: None  # the waits before a request is made again
from negbank.cli import run

def files(folder):
    return {str(p): p.stat().st_mtime_ns for p in Path(folder).rglob("*") if p.is_file() and p.name != "lock"}

def text(stream):
    return stream.buffer.getvalue().decode()

def attempt(*words):
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    before = files(os.environ["NEGBANK_REGISTRY"])
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = run(list(words))
        except BaseException as error:
            code = f"traceback: {type(error).__name__} {error}"
    left = sorted(set(files(os.environ["NEGBANK_REGISTRY"]).items()) ^ set(before.items()))
    return {"code": code, "out": text(out), "err": text(err), "left": left}
"""
"""Runs many commands in one process, which is 2 s faster for each; says of each what it changed in the registry."""


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, server: HubServer) -> Place:
    place = Place(tmp_path / "bob", server.url)
    place.environment |= {"NEGBANK_CACHE": str(tmp_path / "bob" / "cache"), "NEGBANK_HUB_MIRROR": ""}
    place.registry.commit("own", [part(count=5)], "", "")
    return place


@pytest.fixture
def sound(tmp_path: Path, server: HubServer) -> Repo:
    """A repository as negbank pushes it: two versions, in two tiers."""
    ada = Place(tmp_path / "ada", server.url)
    ada.registry.commit("arc", [part(count=20), part("unrelated", 9)], "first", "")
    ada.registry.commit("arc", [part(count=30), part("unrelated", 8)], "second", "")
    ada.run("push", "--to", "ada/sound")
    return server.repos["ada/sound"]


def many(place: Place, commands: dict[str, tuple[str, ...]]) -> dict[str, dict[str, Any]]:
    """What each of several commands did."""
    code = f"{MANY}\nprint('RESULT' + json.dumps({{k: attempt(*w) for k, w in {commands!r}.items()}}))"
    said = place.python(code)
    assert TOKEN not in said
    return dict(json.loads(said.rpartition("RESULT")[2]))


def host(server: HubServer, name: str, files: Files) -> Repo:
    """A repository with exactly these files."""
    repo = server.create(name)
    repo.push({path: Blob(data, lfs=path.endswith(".parquet")) for path, data in files.items()}, "made up", "mallory")
    return repo


def files_of(repo: Repo) -> Files:
    return {path: blob.data for path, blob in repo.head.files.items()}


def newest(files: Files) -> tuple[str, dict[str, Any]]:
    name = json.loads(files[".negbank/version.json"])["manifest"]
    return name, json.loads(files[f".negbank/manifests/{name}.json"])


def made_up(files: Files, edit: Callable[[dict[str, Any]], object] | bytes) -> Files:
    """The same files under a manifest that says something else, and has the name that its bytes give it."""
    name, record = newest(files)
    if callable(edit):
        edit(record)
    data = (
        edit if isinstance(edit, bytes) else json.dumps(record, sort_keys=True, ensure_ascii=False, indent=1).encode()
    )
    digest = hashlib.sha256(data).hexdigest()
    rest = {path: own for path, own in files.items() if name not in path}
    marker = json.dumps({"manifest": digest}).encode()
    return {**rest, f".negbank/manifests/{digest}.json": data, ".negbank/version.json": marker}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def shard(files: Files, tier: str = "near-miss") -> str:
    return next(path for path in files if path.startswith(f"data/{tier}/"))


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", row_group_size=10**6, store_schema=False)
    return bytes(sink.getvalue())


def bomb() -> bytes:
    """A few hundred bytes that decompress to 100 GB: one text a hundred thousand times."""
    indices = pa.array([0] * 100_000, pa.int32())
    return parquet(pa.table({"negative": pa.DictionaryArray.from_arrays(indices, pa.array(["x" * 10**6]))}))


def test_no_manifest_is_believed(server: HubServer, sound: Repo, place: Place) -> None:
    files = files_of(sound)
    first = newest(files)[1]["parent"]
    validation = ".negbank/validations/0123456789abcdef.json"

    def field(name: str, value: object) -> Files:
        return made_up(files, lambda record: record.update({name: value}))

    def of_part(name: str, value: object) -> Files:
        return made_up(files, lambda record: record["parts"][0].update({name: value}))

    def measured(data: bytes) -> Files:
        return {**files, validation: data}

    old, new = shard(files), pq.read_table(pa.BufferReader(files[shard(files)]))
    longer = parquet(new.append_column("lens", new["id"]))
    cases: dict[str, tuple[Files, str]] = {
        "rows": (of_part("rows", 10**30), "not one that negbank writes"),
        "one-more": (of_part("rows", 31), "30 rows, "),
        "true": (field("number", True), "not one that negbank writes"),
        "number": (field("number", 10**10), "not one that negbank writes"),
        "skips": (field("number", 3), "a version after the other"),
        "orphan": (field("parent", "../../x"), "not one that negbank writes"),
        "of-another": (field("dataset", "other"), "a version after the other"),
        "no-parts": (field("parts", []), "not one that negbank writes"),
        "newer": (field("chapters", []), "made by a newer negbank: it says 'chapters'"),
        "newer-part": (of_part("lens", 1), "made by a newer negbank: it says 'lens'"),
        "newer-rows": ({**of_part("content", "0" * 64), old: longer}, "the columns lens"),
        "mined": (of_part("mined", {"a": nested(900)}), "lists in lists"),
        "deep": (made_up(files, b"[" * 10**6), "cannot be read"),
        "text": (made_up(files, b"\xff\xfe"), "cannot be read"),
        "digits": (made_up(files, b'{"number": ' + b"9" * 5000 + b"}"), "cannot be read"),
        "marker-deep": ({**files, ".negbank/version.json": b"[" * 10**6}, "is broken"),
        "marker-bytes": ({**files, ".negbank/version.json": b"\xff"}, "is broken"),
        "tier": (of_part("tier", "../../x"), "not one that negbank writes"),
        "split": (of_part("split", "../train"), "not one that negbank writes"),
        "dot": (of_part("split", "."), "not one that negbank writes"),
        "content": (of_part("content", "../../../../etc/passwd"), "not one that negbank writes"),
        "gone": ({path: data for path, data in files.items() if path != old}, "are missing"),
        "no-parquet": ({**files, old: b"PAR1 or so"}, "cannot be read as Parquet"),
        "second-part": ({**files, shard(files, "unrelated"): files[old]}, "not those that the manifest names"),
        "bomb": ({**files, shard(files, "unrelated"): bomb()}, "decompresses to more than"),
        "measured-else": (measured(b'{"kind": "reading", "manifest": "' + b"0" * 64 + b'"}'), "on another version"),
        "measured-bytes": (measured(b"\xff"), "no UTF-8"),
        "measured-deep": (measured(b"[" * 10**6), "0123456789abcdef.json"),
        "measured-digits": (measured(b'{"a": ' + b"9" * 5000 + b"}"), "0123456789abcdef.json"),
        "changed": ({**files, f".negbank/manifests/{first}.json": b"{}"}, "was changed"),
    }  # fmt: skip
    for number, name in enumerate(
        ("../../x", "con", "com1", "lpt9.x", "a\u202eb", "a\nb", "\x1b[2J", "A", "a" * 97, 5)
    ):
        cases[f"name-{number}"] = (made_up(files, lambda r, name=name: r.update(dataset=name)), "cannot name a dataset")
    for name, (own, _) in cases.items():
        host(server, f"mallory/{name}", own)
    done = many(place, {name: ("pull", f"mallory/{name}") for name in cases})
    for name, (_, said) in cases.items():
        result = done[name]
        assert (result["code"], result["out"]) == (1, ""), (name, result)
        assert said in result["err"] and result["err"].startswith("Error: "), (name, result["err"])
        assert result["err"].strip().isprintable() and len(result["err"]) < 1000, (name, result["err"])
        assert result["left"] == [], (name, result["left"])
    assert "Intact" in place.run("verify")
    assert "arc@v2 is here" in place.run("pull", "ada/sound") and "Intact" in place.run("verify")


def test_a_history_cannot_be_made_up(server: HubServer, sound: Repo, place: Place, tmp_path: Path) -> None:
    """What is pulled under the name of a dataset that is here must be its own history, and its counts must hold."""
    files = files_of(sound)
    first = newest(files)[1]["parent"]
    short = {path: data for path, data in files.items() if first not in path}
    _, record = newest(files)
    record["parts"][0]["rows"] += 1
    alone = made_up(short, lambda r: r.update(dataset="own", number=9))
    host(server, "mallory/own", alone)
    before = json.loads(files[f".negbank/manifests/{first}.json"])
    before["parts"] = [{**record["parts"][0], "split": "test"}]
    data = json.dumps(before).encode()
    lie = hashlib.sha256(data).hexdigest()
    counts = made_up({**short, f".negbank/manifests/{lie}.json": data}, lambda r: r.update(parent=lie))
    host(server, "mallory/counts", counts)
    done = many(place, {name: ("pull", f"mallory/{name}") for name in ("own", "counts")})
    assert "own is here already, and its history does not lead to this own@v9" in done["own"]["err"]
    assert "it was made up" in done["counts"]["err"]
    assert [result["left"] for result in done.values()] == [[], []]
    host(server, "mallory/short", short)
    assert "arc@v2 is here" in place.run("pull", "mallory/short") and "arc@v2 is here" in place.run("pull", "ada/sound")
    assert "Intact" in place.run("verify")


def test_odd_but_possible_manifests_break_nothing_later(
    server: HubServer, sound: Repo, place: Place, tmp_path: Path
) -> None:
    """A manifest may hold any text and any record of how rows were made: no command stumbles over it afterwards."""
    files = files_of(sound)
    odd: list[dict[str, Any]] = [
        {"created": "\x1b[2J", "author": "\u202e", "message": "a\nversion v9\n", "command": "\x00\x07" * 50},
        *({"mined": mined} for mined in (
            {"source": 5, "license": ["x"], "refused": "x", "parameters": [], "encoder": 1, "seed": {}, "added": 3},
            {"source": None, "license": None, "refused": None, "held_out": None, "added": [None], "tier": 1},
            {"added": [{"source": [], "license": {}}], "revision": 1e308, "refused": {"a": "b"}, "counts": {"": None}},
            {"\x1b]0;x\x07": "[red]:smile:[/foo]", "a": nested(50)},
        )),
    ]  # fmt: skip
    for number, own in enumerate(odd):

        def edit(record: dict[str, Any], own: dict[str, Any] = own, number: int = number) -> None:
            record.update({k: v for k, v in own.items() if k != "mined"}, dataset=f"odd{number}", number=1, parent=None)
            for one in record["parts"]:
                one["mined"] = own.get("mined", {})

        host(server, f"mallory/odd{number}", made_up(files, edit))
    commands: dict[str, tuple[str, ...]] = {}
    for number in range(len(odd)):
        name = f"odd{number}"
        words: list[tuple[str, ...]] = [
            ("pull", f"mallory/{name}"), ("ls",), ("ls", "--json"), ("log", name), ("log", name, "--json"),
            ("show", name), ("show", name, "--json"), ("diff", name, "own"), ("card", name),
            ("checkout", name, str(tmp_path / name)), ("export", name, "-o", str(tmp_path / f"{name}.jsonl")),
            ("verify",), ("gc",), ("push", name, "--to", f"ada/{name}"),
        ]  # fmt: skip
        commands |= {f"{number} {' '.join(own)}": own for own in words}
    done = many(place, commands)
    assert not [(words, result) for words, result in done.items() if result["code"] not in (0, 1)]
    assert not [(words, result) for words, result in done.items() if " pull " in words and result["code"] != 0]
    assert not [
        (words, result) for words, result in done.items() if words.endswith(("verify", "gc", "ls")) and result["code"]
    ]


def endless(piece: bytes = b"x" * 2**16) -> Iterator[bytes]:
    """Ten gigabytes."""
    return itertools.repeat(piece, 10 * 2**30 // len(piece))


def test_a_hub_that_lies_is_not_believed(server: HubServer, sound: Repo, place: Place) -> None:
    """What a server announces and sends: sizes, hashes, redirects, answers that are none."""
    files = files_of(sound)
    file, info, passwd = "/resolve/.*parquet", "$", {"Location": "file:///etc/passwd"}
    entry, own = Blob(b"", lfs=False).entry("data/x.parquet"), shard(files)
    replies: dict[str, tuple[str, Answer, str]] = {
        "endless": (file, Answer(200, endless()), "goes on after the"),
        "longer": (file, Answer(200, b"x" * 10**6), "goes on after the"),
        "short": (file, Answer(200, b"PAR1"), "(4 bytes, "),
        "changed": (f"/resolve/.*{own}", Answer(200, b"x" * len(files[own])), "arrived with other bytes"),
        "packed": (file, Answer(200, b"\x1f\x8b" * 9, {"Content-Encoding": "gzip"}), "arrived with other bytes"),
        "file-url": (file, Answer(302, b"", passwd), "connection to the Hub failed"),
        "loop": (file, Answer(302, b"", {"Location": "/datasets/mallory/loop/resolve/x.parquet"}), "redirects"),
        "deleted": (file, RefusalError(404, "Repository not found", "RepoNotFound").answer, "not on the Hub"),
        "escapes": (file, RefusalError(400, "no\x1b[2J").answer, "refuses (400)"),
        "sha": (info, Answer(200, {"id": "x", "sha": "../../../../escape"}), "is no commit"),
        "list": (info, Answer(200, [1]), "cannot be read"),
        "deep": (info, Answer(200, b"[" * 10**6), "cannot be read"),
        "info-file": (info, Answer(302, b"", passwd), "connection to the Hub failed"),
        "refs": ("/refs$", Answer(200, {"tags": 5}), "cannot be read"),
        "tree": ("/tree/", Answer(200, {"a": 1}), "cannot be read"),
        "size-text": ("/tree/", Answer(200, [{**entry, "size": "9"}]), "the size"),
        "size-below": ("/tree/", Answer(200, [{**entry, "size": -9}]), "the size"),
    }  # fmt: skip
    for name, (path, answer, _) in replies.items():
        host(server, f"mallory/{name}", files)
        server.reply("GET", f"mallory/{name}{path}", answer, times=10**6)
    done = many(place, {name: ("pull", f"mallory/{name}") for name in replies})
    for name, (_, _, said) in replies.items():
        result = done[name]
        assert (result["code"], result["out"], result["left"]) == (1, "", []), (name, result)
        assert said in result["err"].lower() or said in result["err"], (name, result["err"])
        assert result["err"].strip().isprintable(), (name, result["err"])
    assert server.bytes_sent < 2**24, "ten gigabytes were taken"
    assert not list(place.folder.rglob("*escape*"))


def test_links_and_ten_gigabytes_that_a_repository_announces(server: HubServer, sound: Repo, place: Place) -> None:
    """What the list of files says of a file that is fetched: that it is a link, or larger than anybody wants."""
    files = files_of(sound)
    entry = Blob(b"../../secret", lfs=False).entry
    odd = {
        "link": {**entry("data/link.parquet"), "type": "symlink"},
        "ten": {**entry("data/ten.parquet"), "size": 10 * 2**30},
    }
    for name, own in odd.items():
        host(server, f"mallory/{name}", files).odd_entries = [own]
    commands = {name: ("pull", f"mallory/{name}") for name in odd}
    commands |= {f"{name} added": ("add", f"hf:mallory/{name}", "--dataset", "own") for name in odd}
    done = many(place, commands)
    code = f"{LOAD}\nprint('RESULT' + json.dumps({{name: attempt('mallory/' + name) for name in {list(odd)!r}}}))"
    loaded = json.loads(place.python(code).rpartition("RESULT")[2])
    for name, result in done.items():
        assert (result["code"], result["left"]) == (1, []) and result["err"].strip().isprintable(), (name, result)
    assert all(said.startswith("refused: ") for said in loaded.values()), loaded
    assert "max_gb" in loaded["ten"] and "more than the 8 GB" in done["ten"]["err"] + done["ten added"]["err"]
    assert server.bytes_sent < 2**24


@pytest.mark.parametrize("way", ["add", "load"])
def test_a_repository_that_changes_between_two_requests_is_read_at_one_commit(
    server: HubServer, place: Place, way: str
) -> None:
    """What is read is what the first request saw, though other files take its place before the second."""
    line = '{{"question": "Capital of France?", "answer": "Paris", "negative": "{}"}}\n'
    repo = host(server, "mallory/changing", {"data.jsonl": line.format("Lyon").encode()})
    server.before("GET", "mallory/changing/resolve/", lambda: repo.add("data.jsonl", line.format("Nice").encode()))
    if way == "add":
        done = many(place, {"": ("add", "hf:mallory/changing", "--dataset", "new")})[""]
        assert done["code"] == 0, done
        registry = place.registry
        read = registry.read(registry.resolve("new"))["negative"].to_list()
    else:
        read = json.loads(place.python(f"{LOAD}\nprint('RESULT' + json.dumps(attempt('mallory/changing')))").rpartition(
            "RESULT")[2])  # fmt: skip
    assert "Lyon" in str(read) and "Nice" not in str(read)


def test_the_token_goes_to_no_other_host(server: HubServer, sound: Repo, place: Place) -> None:
    """A file may come from another host, as the real Hub's do: without the token, and only with the commit's bytes."""
    files = files_of(sound)
    with HubServer() as other:
        for name, data in (("moved", files), ("moved-and-changed", {**files, shard(files): b"else"})):
            host(server, f"mallory/{name}", files)
            there = host(other, f"mallory/{name}", data)
            to = f"{other.url.replace('127.0.0.1', 'localhost')}/datasets/mallory/{name}/resolve/{there.head.sha}/"
            for path in files:
                answer = Answer(302, b"", {"Location": to + path})
                server.reply("GET", f"mallory/{name}/resolve/[^/]*/{path}$", answer, times=9)
        done = many(place, {name: ("pull", f"mallory/{name}") for name in ("moved-and-changed", "moved")})
        assert "arrived with other bytes" in done["moved-and-changed"]["err"] and not done["moved-and-changed"]["left"]
        assert done["moved"]["code"] == 0, done["moved"]["err"]
        assert other.requests and not other.tokens_seen and server.tokens_seen == {TOKEN}


def test_a_repository_that_changes_or_goes_while_it_is_pulled(server: HubServer, sound: Repo, place: Place) -> None:
    files = files_of(sound)
    changing = host(server, "mallory/changing", files)
    first = changing.head.sha
    server.before("GET", "mallory/changing/resolve/", lambda: changing.add(shard(files), b"not what it was"))
    host(server, "mallory/gone", files)
    server.before("GET", "mallory/gone/resolve/", lambda: server.repos.pop("mallory/gone"))
    host(server, "mallory/renamed", made_up(files, lambda r: r.update(dataset="renamed", number=1, parent=None)))
    server.reply("GET", "mallory/old$", Answer(307, b"", {"Location": "/api/datasets/mallory/renamed"}))
    host(server, "mallory/tagged", files).tags.update(stable="0" * 40, **{"\x1b[2J": "0" * 40})
    places = {name: f"mallory/{name}" for name in ("changing", "gone", "old", "tagged@stable", "tagged@none", "tagged")}
    done = many(place, {name: ("pull", words) for name, words in places.items()})
    assert done["changing"]["code"] == 0 and place.registry.remote("arc")["commits"].popitem()[1] == first
    assert "not on the Hub" in done["gone"]["err"] and "not on the Hub" in done["old"]["err"]
    assert "no revision 'stable'" in done["tagged@stable"]["err"] and "no revision 'none'" in done["tagged@none"]["err"]
    assert all(not done[name]["left"] for name in ("gone", "old", "tagged@stable", "tagged@none"))
    assert "\x1b" not in done["tagged@none"]["err"] and done["tagged"]["code"] == 0


README = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: {}\n---\n# x\n"
ALIASES = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in itertools.pairwise("abcdefghij")
)
LOAD = """
import json, sys, time
time.sleep = lambda seconds: None
import negbank
def attempt(name):
    try:
        return "loaded: " + str(negbank.load(name, "default", split="train")[:])
    except negbank.NegbankError as error:
        return f"refused: {error}"
    except BaseException as error:
        return f"traceback: {type(error).__name__} {error}"
"""


class _Runs:
    """Runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_load_and_sources_read_nothing_but_the_repository(server: HubServer, place: Place, tmp_path: Path) -> None:
    """A README names the files that are read; it may not name those of the user, of others, or of another host."""
    secret, ran = tmp_path / "secret.jsonl", tmp_path / "ran"
    secret.write_text('{"question": "the key?", "answer": "s3cr3t", "negative": "no"}\n')
    server.create("ada/private", private=True).add("data.jsonl", secret.read_bytes())
    good = b'{"question": "The capital of France?", "answer": "Paris", "negative": "Lyon"}\n'
    script = f"open({str(ran)!r}, 'w')".encode()
    up = "../" * 30
    yaml = {
        "absolute": README.format(secret), "url": README.format(f"file://{secret}"),
        "up": README.format(f"{up}{secret}"), "glob": README.format(f"{up}**/secret.jsonl"),
        "http": README.format(f"{server.url}/datasets/ada/private/resolve/main/data.jsonl"),
        "repository": README.format("hf://datasets/ada/private/data.jsonl"),
        "chain": README.format(f"zip://*::{secret}"),
        "folder": README.replace("data_files:", f"data_dir: {up}{tmp_path}\n  x:"),
        "broken": "---\nconfigs: [\n---\n", "number": "---\nconfigs: 5\n---\n",
        "deep": f"---\nx: {'[' * 3000}{']' * 3000}\n---\n", "bomb": f"---\n{ALIASES}configs: *j\n---\n",
        "info": "---\ndataset_info: [1]\n---\n",
        "python": "---\nx: !!python/object/apply:os.system ['touch ran']\n---\n",
    }  # fmt: skip
    cases: dict[str, Files] = {name: {"data.jsonl": good, "README.md": text.encode()} for name, text in yaml.items()}
    cases["script"] = {"data.jsonl": good, "script.py": script, "README.md": script}
    cases["pickled"] = {"data.pkl": pickle.dumps(_Runs(ran)), "data.csv": b"a\n1\n"}
    cases["bomb-parquet"] = {"data.parquet": bomb()}
    cases["own"] = {"data.jsonl": good, "README.md": README.format("data.*").encode()}
    for name, files in cases.items():
        host(server, f"mallory/{name}", files)
    heavy = host(server, "mallory/heavy", {"data.jsonl": good})
    heavy.odd_entries = [{**Blob(b"", lfs=False).entry("train.jsonl"), "size": 10 * 2**30}]
    names = [*cases, "heavy"]
    code = f"{LOAD}\nprint('RESULT' + json.dumps({{name: attempt('mallory/' + name) for name in {names!r}}}))"
    loaded = json.loads(place.python(code).rpartition("RESULT")[2])
    inspected = many(place, {name: ("inspect", f"hf:mallory/{name}") for name in names})
    for name in names:
        told = (loaded[name], str(inspected[name]))
        assert not any("s3cr3t" in said or "traceback" in said for said in told), (name, told)
        if name not in ("own", "script", "pickled"):
            assert loaded[name].startswith("refused: "), (name, told)
            assert inspected[name]["code"] == 1 and len(inspected[name]["err"]) < 700, (name, told)
            assert inspected[name]["err"].strip().isprintable(), (name, told)
    assert inspected["own"]["code"] == 0, inspected["own"]
    assert "Paris" in inspected["own"]["out"] and "Paris" in loaded["own"]
    assert "scripts are no longer supported" in inspected["script"]["err"]
    assert "max_gb" in loaded["heavy"] and "more than the 8 GB" in inspected["heavy"]["err"]
    assert not ran.exists() and not (Path.cwd() / "ran").exists()


def test_no_module_of_the_current_folder_is_run(server: HubServer, sound: Repo, place: Place, tmp_path: Path) -> None:
    """Processes of our own start in whatever folder the user is in, which may be a stranger's."""
    here = tmp_path / "cloned"
    here.mkdir()
    for name in ("pyarrow", "json", "math_verify", "negbank"):
        (here / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    place.cwd = here
    assert "arc@v2 is here" in place.run("pull", "ada/sound")
    assert not (tmp_path / "ran").exists()
