"""A server that speaks OpenAI's chat completions: asked patiently, and its refusals in our words.

`requests` is used, and not huggingface-hub's InferenceClient: that one asks nobody while HF_HUB_OFFLINE is set, not
even a server on this machine, and sends the user's token of the Hub to any server where no other key is given. It is
imported once a server is asked, as that takes 0.15 s.
"""

from __future__ import annotations

import datetime
import email.utils
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from negbank.errors import GenerationError

if TYPE_CHECKING:
    import requests

KEY_VARIABLE: Final = "NEGBANK_API_KEY"
"""Its key is for whatever server is asked."""

OPENAI_KEY_VARIABLE: Final = "OPENAI_API_KEY"
OPENAI_HOST: Final = "api.openai.com"
MAX_ANSWER: Final = 64 * 2**20
"""Bytes; what is longer is no answer."""

CONNECT_S: Final = 10.0
"""Seconds until a server takes the call; its answer may take longer."""

_NOBODY: Final = ("refused", "resolve", "resolution", "unreachable")
_TOO_LONG: Final = ("context length", "context window", "context size", "context_length")
_LATER: Final = (408, 409, 425, 429, 500, 502, 503, 504)
_PATH: Final = "/chat/completions"


class TooLongError(GenerationError):
    """The server says that a prompt, with the tokens that may follow, does not fit into its model's context."""


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for: `timeout_s` an answer, `attempts` in all, `longest_wait_s` between two.

    Waits double from `backoff_s`, or are what the server asks for. Of the attempts, `timeouts` may run out of time.
    """

    timeout_s: float = 300.0
    timeouts: int = 2
    attempts: int = 6
    backoff_s: float = 1.0
    longest_wait_s: float = 300.0


@dataclass(frozen=True)
class Endpoint:
    """The URL of a server, such as http://localhost:8000/v1; `key` is read from the environment.

    NEGBANK_API_KEY is for any server, OPENAI_API_KEY for https://api.openai.com alone. Raises GenerationError for what
    is no such URL, one with a password or a query in it: these end up in logs.
    """

    url: str
    patience: Patience = Patience()
    key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            parts.port  # noqa: B018  # it is only then that it is looked at
        except ValueError as error:
            raise GenerationError(
                f"the endpoint is no URL ({error}); it looks like http://localhost:8000/v1"
            ) from error
        if parts.username or parts.password or parts.query:
            raise GenerationError(
                f"an endpoint's URL holds no password and no key; put it in {KEY_VARIABLE}, and give the URL alone"
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise GenerationError(f"the endpoint {self.url!r} is no URL; it looks like http://localhost:8000/v1")
        url = self.url.rstrip("/").removesuffix(_PATH).rstrip("/")
        object.__setattr__(self, "url", url)
        if self.key is None:
            object.__setattr__(self, "key", _key(url))


def _key_variables(url: str) -> tuple[str, ...]:
    """Where the key of a server is looked for: nobody but OpenAI is shown OpenAI's, and nobody over plain http."""
    parts = urlsplit(url)
    is_openai = parts.scheme == "https" and parts.hostname == OPENAI_HOST
    return (KEY_VARIABLE, OPENAI_KEY_VARIABLE) if is_openai else (KEY_VARIABLE,)


def _key(url: str) -> str | None:
    """The key of the environment for a server. It is in no message, not even where it is none."""
    name = next((name for name in _key_variables(url) if os.environ.get(name, "").strip()), None)
    if name is None:
        return None
    key = os.environ[name].strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise GenerationError(f"{name} holds characters that no key has; copy the key again")
    return key


@dataclass(frozen=True)
class _Problem:
    """Why there is no answer yet; of the attempts, at most `limit` may end like this."""

    text: str
    kind: str
    limit: int
    wait_s: float | None = None


class Client:
    """Asks one server; safe to use from several threads. `stop` ends every wait between two attempts."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.stop = threading.Event()
        self._local = threading.local()
        self._has_answered = False

    def complete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The server's answer to one request, a JSON object.

        Raises GenerationError with what to do next where there is none, after as many attempts as patience has.
        """
        patience, began, met = self.endpoint.patience, time.monotonic(), Counter[str]()
        while True:
            found = self._attempt(body)
            if not isinstance(found, _Problem):
                return found
            met[found.kind] += 1
            attempt, text = met.total(), found.text
            wait_s = patience.backoff_s * 2 ** (attempt - 1) if found.wait_s is None else found.wait_s
            if wait_s > patience.longest_wait_s:
                text += f" and asks to come back in {wait_s:.0f} s"
                break
            if attempt >= patience.attempts or met[found.kind] >= found.limit or self.stop.wait(wait_s):
                break
        raise GenerationError(
            f"{self.endpoint.url}: {text}; given up after {attempt} attempts in {time.monotonic() - began:.0f} s. "
            "What is done is kept: run the same again to go on"
        )

    def _attempt(self, body: Mapping[str, Any]) -> dict[str, Any] | _Problem:
        import requests

        try:
            status, headers, content = self._post(body)
        except requests.exceptions.RequestException as error:
            return self._broken(error)
        self._has_answered = True
        if status not in _LATER:
            return self._answer(status, headers, content)
        text = f"it answered {status} ({self._said(content) or 'without a reason'})"
        return _Problem(text, "later", self.endpoint.patience.attempts, _asked_wait_s(headers))

    def _post(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, str], bytes]:
        """One answer as it comes, within the time limit, however slowly its bytes drip."""
        import requests

        limit_s = self.endpoint.patience.timeout_s
        deadline, content = time.monotonic() + limit_s, bytearray()
        with self._session().post(
            self.endpoint.url + _PATH,
            json=dict(body),
            timeout=(min(limit_s, CONNECT_S), limit_s),
            stream=True,
            allow_redirects=False,
        ) as answer:
            while block := _block(answer):
                content += block
                if time.monotonic() > deadline:
                    raise requests.exceptions.ReadTimeout
                if len(content) > MAX_ANSWER:
                    raise GenerationError(f"{self.endpoint.url}: its answer is above {MAX_ANSWER >> 20} MiB; {_WHAT}")
            return answer.status_code, dict(answer.headers.lower_items()), bytes(content)

    def _session(self) -> requests.Session:
        """One a thread; the key goes into the header here, and nowhere else."""
        import requests

        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.auth = self._authorize  # else requests takes a password from ~/.netrc
        return session

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.endpoint.key:
            request.headers["Authorization"] = f"Bearer {self.endpoint.key}"
        return request

    def _broken(self, error: requests.exceptions.RequestException) -> _Problem:
        """What a request without an answer means."""
        import requests.exceptions as kinds

        text, patience = str(error), self.endpoint.patience
        if isinstance(error, kinds.ConnectTimeout) or any(word in text for word in _NOBODY):
            # somebody who has answered before may be starting anew; who never has is not there
            limit = patience.attempts if self._has_answered else 2
            return _Problem("nothing answers there; is the server running, and the URL right?", "nobody", limit)
        if isinstance(error, kinds.Timeout) or "timed out" in text:
            said = f"no answer within {patience.timeout_s:g} s; it is overloaded, or max_tokens is too high for it"
            return _Problem(said, "slow", patience.timeouts)
        if isinstance(error, kinds.SSLError):
            return _Problem(f"no secure connection: {self._clean(text)}", "unsafe", 1)
        return _Problem(f"the connection broke ({type(error).__name__})", "broken", patience.attempts)

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> dict[str, Any]:
        url, said = self.endpoint.url, self._said(content)
        if status == 401 or status == 403:
            named = " or ".join(_key_variables(url))
            has = f"does not accept the key of {named}" if self.endpoint.key else "asks for a key"
            raise GenerationError(
                f"{url} {has} ({status}: {said}); put a valid one in {KEY_VARIABLE} ({OPENAI_KEY_VARIABLE} is sent to "
                f"https://{OPENAI_HOST} alone)"
            )
        if status == 404:
            raise GenerationError(f"{url}: no such model or page (404: {said}); check the model's name; {_WHAT}")
        if status // 100 == 3:
            raise GenerationError(f"{url} leads elsewhere ({status}): {self._clean(headers.get('location', ''))}")
        if status in (400, 413, 422) and any(words in said.lower() for words in _TOO_LONG):
            raise TooLongError(f"{url}: {said}")
        if status != 200:
            raise GenerationError(f"{url} refuses the request ({status}): {said or 'without a reason'}")
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            kind = headers.get("content-type", "no content type")
            raise GenerationError(
                f"{url} answers with something else ({self._clean(kind)}: {said}); {_WHAT}"
            ) from error
        if not isinstance(answer, dict):
            raise GenerationError(f"{url} answers with a JSON {type(answer).__name__} ({said}); {_WHAT}")
        return answer

    def _said(self, content: bytes) -> str:
        """What an answer says, short and harmless: the message of an error object, else its first words."""
        text = content[:100_000].decode(errors="replace")
        try:
            parsed = json.loads(text)
            error = parsed.get("error", parsed)
            text = str(error.get("message") or error.get("detail") or text) if isinstance(error, dict) else str(error)
        except (ValueError, AttributeError, RecursionError):
            pass
        return self._clean(text)

    def _clean(self, text: str) -> str:
        key = self.endpoint.key
        hidden = text.replace(key, "<key>") if key else text
        return " ".join("".join(c if c.isprintable() else " " for c in hidden).split())[:200]


def _block(answer: requests.Response) -> bytes:
    """What has arrived of an answer, without waiting for more; nothing at its end."""
    import requests
    import urllib3

    try:
        return bytes(answer.raw.read1(65536, decode_content=True))
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout(error) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error


_WHAT: Final = "is it the URL of an OpenAI-compatible server? It often ends in /v1"


def _asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """The seconds of Retry-After, which is a number or a date."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    now = datetime.datetime.now(when.tzinfo)
    return max((when - now).total_seconds(), 0.0)
