"""A small server on a local port that speaks OpenAI's chat completions, and misbehaves on demand.

Modes are given for the next requests, the last one for all that follow: `ok`, `html`, `text`, `list`, `empty`,
`no-message`, `null-content`, `length`, `cut` (the connection ends within the body), `close` (before an answer), `slow`,
`drip` (bytes that never end), `redirect`, `too-long`, `no-logprobs` (it refuses to give them), a status such as `500`,
and `429:SECONDS` with a Retry-After. `logprobs(body)`, where it is set, is what the server says of its tokens.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Reply = Callable[[dict[str, Any]], str]


class OpenAIServer:
    """`with OpenAIServer() as server`: answers with `reply(body)`; `requests` are the bodies that it was sent."""

    def __init__(self, reply: Reply, key: str | None = None, model: str = "tester") -> None:
        self.reply, self.key, self.model = reply, key, model
        self.modes: list[str] = ["ok"]
        self.logprobs: Callable[[dict[str, Any]], Any] | None = None
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> OpenAIServer:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def next_mode(self) -> str:
        with self.lock:
            return self.modes.pop(0) if len(self.modes) > 1 else self.modes[0]


class _Handler(BaseHTTPRequestHandler):
    owner: OpenAIServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        owner = self.owner
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with owner.lock:
            owner.requests.append(body)
            owner.headers.append({name.lower(): value for name, value in self.headers.items()})
            owner.at_once += 1
            owner.most_at_once = max(owner.most_at_once, owner.at_once)
        try:
            self._answer(body, owner.next_mode())
        except ConnectionError:
            self.close_connection = True
        finally:
            with owner.lock:
                owner.at_once -= 1

    def _answer(self, body: dict[str, Any], mode: str) -> None:
        owner = self.owner
        if self.path != "/v1/chat/completions":
            return self._error(404, f"no such page: {self.path}")
        said = self.headers.get("authorization", "")
        if owner.key is not None and said != f"Bearer {owner.key}":
            return self._error(401, f"Incorrect API key provided: {said.removeprefix('Bearer ')}")
        if body.get("model") != owner.model:
            return self._error(404, f"The model {body.get('model')!r} does not exist")
        if mode.split(":")[0].isdigit():
            status, _, after = mode.partition(":")
            return self._error(int(status), "later, please", {"Retry-After": after} if after else {})
        if mode == "too-long":
            return self._error(
                400, "This model's maximum context length is 16 tokens. However, you requested 99 tokens."
            )
        if mode == "no-logprobs" and "logprobs" in body:
            return self._error(400, "Unsupported parameter: 'logprobs' is not supported with this model.")
        if mode in ("slow", "drip", "close", "cut"):
            return self._break(mode)
        if mode == "redirect":
            return self._send(307, b"", "text/plain", {"Location": "http://elsewhere.example/v1"})
        if mode in ("html", "text", "list"):
            content = {"html": b"<!doctype html><title>Welcome</title>", "text": b"{half", "list": b"[1]"}[mode]
            return self._send(200, content, "text/html" if mode == "html" else "application/json")
        return self._send(200, json.dumps(self._completion(body, mode)).encode(), "application/json")

    def _completion(self, body: dict[str, Any], mode: str) -> dict[str, Any]:
        time.sleep(0.002)
        text = None if mode == "null-content" else self.owner.reply(body)
        choice: dict[str, Any] = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": "length" if mode == "length" else "stop",
        }
        if self.owner.logprobs and body.get("logprobs"):
            choice["logprobs"] = self.owner.logprobs(body)
        if mode == "no-message":
            del choice["message"]
        return {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": self.owner.model + "-2026",
            "system_fingerprint": "fp_1", "choices": [] if mode == "empty" else [choice] * int(body.get("n") or 1),
            "usage": {"prompt_tokens": 9, "completion_tokens": len((text or "").split()), "total_tokens": 99},
        }  # fmt: skip

    def _break(self, mode: str) -> None:
        self.close_connection = True
        if mode == "slow":
            self.owner.ended.wait(30)
        elif mode == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            for _ in range(300):
                self.wfile.write(b" ")
                self.wfile.flush()
                if self.owner.ended.wait(0.05):
                    return
        elif mode == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [')

    def _error(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        content = json.dumps({"error": {"message": message, "type": "error", "code": status}}).encode()
        self._send(status, content, "application/json", headers or {})

    def _send(self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
