"""A small Hugging Face Hub on a local port: dataset repositories in memory, over the real REST protocol.

huggingface-hub and datasets talk to it through `HF_ENDPOINT`, with `HF_HUB_DISABLE_XET=1`. It refuses as the Hub does
(401, 403, 404, 409, 412), and on demand answers 429 or 503, cuts a connection, or lets somebody else push first.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml


@dataclass(frozen=True)
class Blob:
    """The content of a file, in git or in large file storage."""

    data: bytes
    lfs: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def oid(self) -> str:
        held = f"version lfs\noid sha256:{self.sha256}\n".encode() if self.lfs else self.data
        return hashlib.sha1(b"blob %d\0" % len(held) + held).hexdigest()

    def entry(self, path: str) -> dict[str, Any]:
        lfs = {"lfs": {"oid": self.sha256, "size": len(self.data), "pointerSize": 130}} if self.lfs else {}
        return {"type": "file", "oid": self.oid, "size": len(self.data), "path": path, **lfs}


@dataclass(frozen=True)
class Commit:
    sha: str
    title: str
    author: str
    files: dict[str, Blob]


@dataclass
class Repo:
    """A dataset repository: commits oldest first, tags; `odd_entries` are put into every tree, `ignored` left out."""

    owner: str
    private: bool
    commits: list[Commit] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    odd_entries: list[dict[str, Any]] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def push(self, files: dict[str, Blob], title: str, author: str) -> Commit:
        """A commit with exactly `files`, upon the head."""
        parent = self.commits[-1].sha if self.commits else ""
        content = json.dumps([parent, title, {path: blob.sha256 for path, blob in files.items()}], sort_keys=True)
        self.commits.append(Commit(hashlib.sha1(content.encode()).hexdigest(), title, author, files))
        return self.head

    def add(self, path: str, data: bytes, author: str = "somebody") -> Commit:
        """What somebody else's push of one file does."""
        return self.push({**self.head.files, path: Blob(data, lfs=False)}, f"Add {path}", author)

    def at(self, revision: str) -> Commit:
        revision = self.tags.get(revision, revision)
        for commit in self.commits:
            if commit.sha == revision:
                return commit
        if revision == "main":
            return self.head
        raise RefusalError(404, f"Invalid rev id: {revision}", "RevisionNotFound")


class RefusalError(Exception):
    """An error answer, with the headers that the Hub explains it by."""

    def __init__(self, status: int, message: str, code: str = "", **headers: str) -> None:
        named = {"X-Error-Code": code} if code else {}
        self.answer = Answer(status, {"error": message}, {"X-Error-Message": message, **named, **headers})


@dataclass(frozen=True)
class Answer:
    """What is sent: bytes as they are, anything else as JSON, and an iterator in pieces without a length."""

    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Trouble:
    """What happens to the next `times` requests whose path matches: a status, a cut line, or an action first."""

    method: str
    path: str
    times: int
    happen: Callable[[], Answer | None]
    cuts: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    token: str | None
    range: str | None
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HubServer:
    """The server; a context manager. `requests` are "METHOD path", `bytes_received` counts the bodies of all.

    `bytes_sent` counts those that it sent in pieces, `tokens_seen` are the tokens that came with requests.
    """

    def __init__(self, lfs_above: int = 1000, chunk_size: int | None = None, page: int = 1000) -> None:
        self.tokens = {"hf_writer": ("ada", True), "hf_reader": ("ada", False), "hf_stranger": ("bob", True)}
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.requests: list[str] = []
        self.bytes_received = self.bytes_sent = 0
        self.tokens_seen: set[str] = set()
        self.troubles: list[Trouble] = []
        self.lfs_above, self.chunk_size, self.page = lfs_above, chunk_size, page
        self.lock = threading.RLock()
        hub = self

        class Handler(_Handler):
            server_state = hub

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> HubServer:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    def create(self, name: str, private: bool = False) -> Repo:
        repo = self.repos[name] = Repo(name.split("/")[0], private)
        repo.push({".gitattributes": Blob(b"*.parquet filter=lfs\n", lfs=False)}, "initial commit", "system")
        return repo

    def fail(self, method: str, path: str, status: int, times: int = 1, headers: dict[str, str] | None = None) -> None:
        """Answer `status` to the next `times` requests of a path that contains the expression `path`."""
        answer = RefusalError(status, "as the test wants it", **(headers or {})).answer
        self.troubles.append(Trouble(method, path, times, lambda: answer))

    def reply(self, method: str, path: str, answer: Answer, times: int = 1) -> None:
        """Give another answer than the Hub's to the next `times` requests of a path."""
        self.troubles.append(Trouble(method, path, times, lambda: answer))

    def cut(self, method: str, path: str, times: int = 1) -> None:
        """Break the connection in the middle of the next bodies."""
        self.troubles.append(Trouble(method, path, times, lambda: None, cuts=True))

    def before(self, method: str, path: str, action: Callable[[], object]) -> None:
        """Let something happen on the server just before the next such request is answered."""

        def happen() -> None:
            action()

        self.troubles.append(Trouble(method, path, 1, happen))

    def trouble(self, method: str, path: str) -> Trouble | None:
        with self.lock:
            for trouble in self.troubles:
                if trouble.times and trouble.method == method and re.search(trouble.path, path):
                    trouble.times -= 1
                    return trouble
        return None

    def answer(self, request: Request) -> Answer:
        for method, pattern, act in _ROUTES:
            match = re.fullmatch(pattern, request.path)
            if match and request.method in method.split():
                with self.lock:
                    return act(self, request, **{k: unquote(v or "") for k, v in match.groupdict().items()})
        raise RefusalError(404, f"no route for {request.method} {request.path}")

    def user(self, request: Request) -> tuple[str, bool] | None:
        """Who asks, and whether their token may write."""
        if request.token is None:
            return None
        if request.token not in self.tokens:
            raise RefusalError(401, "Invalid credentials in Authorization header")
        return self.tokens[request.token]

    def repo(self, request: Request, name: str, write: bool = False) -> Repo:
        """A repository that the asker may read, or write."""
        user, repo = self.user(request), self.repos.get(name)
        if repo is None or (repo.private and (user is None or user[0] != repo.owner)):
            raise RefusalError(401 if user is None else 404, "Repository not found", "RepoNotFound")
        if write and user is None:
            raise RefusalError(401, "Invalid username or password.")
        if write and user != (repo.owner, True):
            raise RefusalError(403, f"The token {request.token} does not have the required permissions")
        return repo


def _whoami(hub: HubServer, request: Request) -> Answer:
    user = hub.user(request)
    if user is None:
        raise RefusalError(401, "Invalid username or password.")
    return Answer(200, {"name": user[0], "type": "user", "orgs": []})


def _create(hub: HubServer, request: Request) -> Answer:
    user, asked = hub.user(request), request.json
    owner = asked.get("organization") or (user[0] if user else "")
    if user != (owner, True):
        raise RefusalError(403, f"You don't have the rights to create a dataset under the namespace {owner!r}")
    name = f"{owner}/{asked['name']}"
    if name in hub.repos:
        raise RefusalError(409, "You already created this dataset repo")
    hub.create(name, private=asked.get("visibility") == "private")
    return Answer(200, {"url": f"{hub.url}/datasets/{name}", "name": name, "id": name})


def _validate_yaml(hub: HubServer, request: Request) -> Answer:
    parts = str(request.json["content"]).split("---\n")
    try:
        yaml.safe_load(parts[1] if len(parts) > 2 else "")
    except yaml.YAMLError as error:
        return Answer(400, {"errors": [{"message": str(error)}], "warnings": []})
    return Answer(200, {"errors": [], "warnings": []})


def _info(hub: HubServer, request: Request, repo: str, rev: str = "main") -> Answer:
    held = hub.repo(request, repo)
    commit = held.at(rev or "main")
    siblings = [{"rfilename": path} for path in commit.files]
    return Answer(200, {"id": repo, "sha": commit.sha, "private": held.private, "siblings": siblings, "tags": []})


def _refs(hub: HubServer, request: Request, repo: str) -> Answer:
    held = hub.repo(request, repo)
    tags = [{"name": n, "ref": f"refs/tags/{n}", "targetCommit": sha} for n, sha in held.tags.items()]
    branches = [{"name": "main", "ref": "refs/heads/main", "targetCommit": held.head.sha}]
    return Answer(200, {"branches": branches, "converts": [], "tags": tags})


def _commits(hub: HubServer, request: Request, repo: str, rev: str) -> Answer:
    held = hub.repo(request, repo)
    upto = held.commits[: held.commits.index(held.at(rev)) + 1]
    date = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return Answer(
        200,
        [
            {"id": c.sha, "title": c.title, "message": "", "date": date, "authors": [{"user": c.author}]}
            for c in reversed(upto)
        ],
    )


def _tree(hub: HubServer, request: Request, repo: str, rev: str, path: str = "") -> Answer:
    held = hub.repo(request, repo)
    prefix = f"{path}/" if path else ""
    found: dict[str, dict[str, Any]] = {}
    for name, blob in held.at(rev).files.items():
        steps = name.removeprefix(prefix).split("/") if name.startswith(prefix) else []
        for depth in range(1, len(steps) + 1):
            at = prefix + "/".join(steps[:depth])
            folder = {"type": "directory", "oid": hashlib.sha1(at.encode()).hexdigest(), "size": 0, "path": at}
            found[at] = blob.entry(name) if at == name else folder
            if request.query.get("recursive", ["false"])[0].lower() != "true":
                break
    if path and not found:
        raise RefusalError(404, f"{path} does not exist on {rev}", "EntryNotFound")
    entries = [*found.values(), *held.odd_entries]
    start = int(request.query.get("cursor", ["0"])[0])
    link = f'<{hub.url}{request.path}?recursive=true&cursor={start + hub.page}>; rel="next"'
    more = {"Link": link} if len(entries) > start + hub.page else {}
    return Answer(200, entries[start : start + hub.page], more)


def _paths_info(hub: HubServer, request: Request, repo: str, rev: str) -> Answer:
    commit = hub.repo(request, repo).at(rev)
    asked = parse_qs(request.body.decode()).get("paths", [])
    return Answer(200, [commit.files[path].entry(path) for path in asked if path in commit.files])


def _preupload(hub: HubServer, request: Request, repo: str, rev: str) -> Answer:
    held = hub.repo(request, repo, write=True)
    there = held.at(rev).files
    files = []
    for file in request.json["files"]:
        old = there.get(file["path"])
        mode = "lfs" if file["size"] > hub.lfs_above or file["path"].endswith(".parquet") else "regular"
        oid = None if old is None else old.sha256 if old.lfs else old.oid
        ignored = file["path"] in held.ignored
        files.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": ignored, "oid": oid})
    return Answer(200, {"files": files})


def _lfs_batch(hub: HubServer, request: Request, repo: str) -> Answer:
    hub.repo(request, repo, write=True)
    objects = []
    for wanted in request.json["objects"]:
        oid, size = wanted["oid"], wanted["size"]
        answer: dict[str, Any] = {"oid": oid, "size": size}
        if oid not in hub.objects:
            upload: dict[str, Any] = {"href": f"{hub.url}/lfs/{oid}"}
            if hub.chunk_size and size > hub.chunk_size:
                numbers = range(1, -(-size // hub.chunk_size) + 1)
                parts = {f"{n:05d}": f"{hub.url}/lfs/{oid}/{n}" for n in numbers}
                upload = {
                    "href": f"{hub.url}/lfs/{oid}/complete",
                    "header": {"chunk_size": str(hub.chunk_size), **parts},
                }
            answer["actions"] = {"upload": upload, "verify": {"href": f"{hub.url}/lfs/{oid}/verify"}}
        objects.append(answer)
    return Answer(200, {"transfer": "basic", "objects": objects})


def _store(hub: HubServer, oid: str, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != oid:
        raise RefusalError(400, "the content does not have the hash that it was announced with")
    hub.objects[oid] = data


def _put(hub: HubServer, request: Request, oid: str, number: str = "") -> Answer:
    if number:
        hub.parts.setdefault(oid, {})[int(number)] = request.body
    else:
        _store(hub, oid, request.body)
    return Answer(200, headers={"ETag": hashlib.md5(request.body).hexdigest()})


def _complete(hub: HubServer, request: Request, oid: str) -> Answer:
    parts = hub.parts.pop(oid)
    etags = [hashlib.md5(parts[n]).hexdigest() for n in sorted(parts)]
    if request.json["oid"] != oid or [part["etag"] for part in request.json["parts"]] != etags:
        raise RefusalError(400, "these are not the parts that were sent")
    _store(hub, oid, b"".join(parts[n] for n in sorted(parts)))
    return Answer(200, {})


def _verify(hub: HubServer, request: Request, oid: str) -> Answer:
    if len(hub.objects.get(oid, b"")) != request.json["size"]:
        raise RefusalError(400, "the size differs")
    return Answer(200, {})


def _commit(hub: HubServer, request: Request, repo: str, rev: str) -> Answer:
    held = hub.repo(request, repo, write=True)
    lines = [json.loads(line) for line in request.body.splitlines()]
    header = lines[0]["value"]
    if header.get("parentCommit", held.head.sha) != held.head.sha:
        raise RefusalError(412, "A commit has happened since. Please refresh and try again.")
    files = dict(held.head.files)
    for key, value in [(line["key"], line["value"]) for line in lines[1:]]:
        path = value["path"]
        if key == "file":
            files[path] = Blob(base64.b64decode(value["content"]), lfs=False)
        elif key == "lfsFile":
            files[path] = Blob(hub.objects[value["oid"]], lfs=True)
        elif key == "deletedFile" and path in files:
            del files[path]
        else:
            raise RefusalError(404, "A file with this name doesn't exist", "EntryNotFound")
    user = hub.user(request)
    commit = held.push(files, header["summary"], user[0] if user else "")
    return Answer(200, {"commitOid": commit.sha, "commitUrl": f"{hub.url}/datasets/{repo}/commit/{commit.sha}"})


def _tag(hub: HubServer, request: Request, repo: str, rev: str) -> Answer:
    held, tag = hub.repo(request, repo, write=True), request.json["tag"]
    if tag in held.tags:
        raise RefusalError(409, f"Tag reference exists already: refs/tags/{tag}")
    held.tags[tag] = held.at(rev).sha
    return Answer(200, {})


def _untag(hub: HubServer, request: Request, repo: str, rev: str) -> Answer:
    held = hub.repo(request, repo, write=True)
    if held.tags.pop(rev, None) is None:
        raise RefusalError(404, f"no tag {rev}", "RevisionNotFound")
    return Answer(200, {})


def _resolve(hub: HubServer, request: Request, repo: str, rev: str, path: str) -> Answer:
    commit = hub.repo(request, repo).at(rev)
    headers = {"X-Repo-Commit": commit.sha, "Accept-Ranges": "bytes"}
    blob = commit.files.get(path)
    if blob is None:
        raise RefusalError(404, "Entry not found", "EntryNotFound", **headers)
    headers["ETag"] = f'"{blob.oid}"'
    if blob.lfs:
        headers |= {"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": str(len(blob.data))}
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.range or "")
    if not wanted:
        return Answer(200, blob.data, headers)
    start, stop = int(wanted[1]), min(int(wanted[2] or len(blob.data)) + 1, len(blob.data))
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(blob.data)}"
    return Answer(206, blob.data[start:stop], headers)


_REPO = r"(?P<repo>[\w.-]+/[\w.-]+)"
_API = f"/api/datasets/{_REPO}"
_REV = r"(?P<rev>[^/]+)"
_OID = r"/lfs/(?P<oid>[0-9a-f]{64})"
_ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", "/api/whoami-v2", _whoami),
    ("POST", "/api/repos/create", _create),
    ("POST", "/api/validate-yaml", _validate_yaml),
    ("GET", f"{_API}(/revision/{_REV})?", _info),
    ("GET", f"{_API}/refs", _refs),
    ("GET", f"{_API}/commits/{_REV}", _commits),
    ("GET", f"{_API}/tree/{_REV}(/(?P<path>.+))?", _tree),
    ("POST", f"{_API}/paths-info/{_REV}", _paths_info),
    ("POST", f"{_API}/preupload/{_REV}", _preupload),
    ("POST", f"{_API}/commit/{_REV}", _commit),
    ("POST", f"{_API}/tag/{_REV}", _tag),
    ("DELETE", f"{_API}/tag/{_REV}", _untag),
    ("POST", f"/datasets/{_REPO}.git/info/lfs/objects/batch", _lfs_batch),
    ("PUT", rf"{_OID}(/(?P<number>\d+))?", _put),
    ("POST", f"{_OID}/complete", _complete),
    ("POST", f"{_OID}/verify", _verify),
    ("GET HEAD", f"/datasets/{_REPO}/resolve/{_REV}/(?P<path>.+)", _resolve),
]


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 in front of a HubServer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer goes out at once: 40 ms less for each request
    server_state: HubServer

    def do_GET(self) -> None:
        hub, url = self.server_state, urlsplit(self.path)
        hub.requests.append(f"{self.command} {url.path}")
        trouble = hub.trouble(self.command, url.path)
        if trouble and trouble.cuts and self.command in ("PUT", "POST"):
            self._cut()
            return
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        hub.tokens_seen |= {token} if token else set()
        body = self._body()
        request = Request(self.command, url.path, parse_qs(url.query), token, self.headers.get("Range"), body)
        answer = trouble.happen() if trouble else None
        if answer is None:
            try:
                answer = hub.answer(request)
            except RefusalError as refusal:
                answer = refusal.answer
        self._send(answer, cut=bool(trouble and trouble.cuts))

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self._read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self._read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _read(self, size: int) -> bytes:
        data = self.rfile.read(size)
        with self.server_state.lock:
            self.server_state.bytes_received += len(data)
        return data

    def _cut(self) -> None:
        self._read(min(int(self.headers.get("Content-Length") or 2) // 2, 4096))
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send_pieces(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {"Transfer-Encoding": "chunked", **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):  # whoever asked may have heard enough
            for piece in answer.body:
                self.server_state.bytes_sent += len(piece)
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

    def _send(self, answer: Answer, cut: bool) -> None:
        if isinstance(answer.body, Iterator) and self.command != "HEAD":
            self._send_pieces(answer)
            return
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(data)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = self.close_connection or cut

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on standard error."""
