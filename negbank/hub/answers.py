"""What the Hub answers: asked again where it says "later", and turned into HubError with what to do next."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import huggingface_hub.errors
import huggingface_hub.utils
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled

from negbank.errors import HubError

_WAITS_S: Final = (1.0, 2.0, 4.0)
_LONGEST_WAIT_S: Final = 300.0  # the window of the Hub's rate limits
_LATER: Final = (408, 429, 500, 502, 503, 504)

TOKENS_PAGE: Final = "https://huggingface.co/settings/tokens"
HTTP_ERROR: Final[Any] = huggingface_hub.errors.HTTPError  # type: ignore[attr-defined]  # httpx's or httpx2's
HF_UTILS: Final[Any] = huggingface_hub.utils  # its names are exported lazily, unseen by a type checker
_T = TypeVar("_T")


def api_with_token() -> HfApi:
    """The Hub in the name of the user."""
    token = huggingface_hub.get_token()
    if not token:
        raise HubError(f"no token for the Hub; make one at {TOKENS_PAGE} and log in with `hf auth login`")
    return HfApi(token=token, library_name="negbank")


def patiently(call: Callable[[], _T]) -> _T:
    """What `call` returns, asked again where the Hub says "later" or the line breaks.

    For the requests that huggingface-hub makes once only; it repeats tree listings and uploads itself.
    """
    for wait_s in _WAITS_S:
        try:
            with understood():
                return call()
        except HfHubHTTPError as error:
            wait_s = _asked_wait_s(error) or wait_s
            if error.response.status_code not in _LATER or wait_s > _LONGEST_WAIT_S:
                raise
        except HTTP_ERROR:
            pass
        time.sleep(wait_s)
    with understood():
        return call()


def _asked_wait_s(error: HfHubHTTPError) -> float | None:
    """The seconds that the Hub asks to wait, where it does."""
    headers = error.response.headers
    after = str(headers.get("retry-after", ""))
    limit = re.search(r"\br=0\b.*?\bt=(\d+)", str(headers.get("ratelimit", "")))
    return float(after) if after.isdigit() else float(limit.group(1)) if limit else None


@contextlib.contextmanager
def translated(repo: str) -> Iterator[None]:
    """Turn what huggingface-hub raises into HubError with what to do next."""
    try:
        yield
    except (HTTP_ERROR, OSError, ValueError, RuntimeError) as error:
        raise HubError(f"{repo}: {_explanation(error)}") from error


@contextlib.contextmanager
def understood() -> Iterator[None]:
    """Turn what huggingface-hub raises on an answer that it cannot read into HubError: the answer is a stranger's."""
    try:
        yield
    except (TypeError, AttributeError, KeyError, RecursionError) as error:
        said = clean(str(error)) or type(error).__name__
        raise HubError(f"the Hub's answer cannot be read ({said}); is HF_ENDPOINT a Hub?") from error


def _explanation(error: BaseException) -> str:
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    answered = next((link for link in chain if isinstance(link, HfHubHTTPError)), None)
    if any(isinstance(link, OfflineModeIsEnabled) for link in chain):
        return "offline mode is on, and nothing is asked of the Hub; unset HF_HUB_OFFLINE and run it again"
    if isinstance(error, ValueError) and not isinstance(error, HTTP_ERROR):
        return clean(str(error))  # such as metadata that the Hub does not accept
    if answered is not None:
        return _meaning(answered)
    if any(isinstance(link, (HTTP_ERROR, ConnectionError)) for link in chain):
        what = f"{type(chain[-1]).__name__}: {clean(str(chain[-1]))}"
        return f"the connection to the Hub failed ({what}); run it again: what has arrived is not sent twice"
    return clean(str(error)) or type(error).__name__


def _meaning(error: HfHubHTTPError) -> str:
    """What an answer of the Hub means to a person, by its status."""
    status, said = error.response.status_code, clean(error.server_message or "")
    if isinstance(error, GatedRepoError):
        return "its owner lets people in one by one; ask for access on its page, then run it again"
    if status == 401 and "authorization" in error.response.request.headers:
        return f"the Hub does not accept your token; make one at {TOKENS_PAGE} and log in (HF_TOKEN goes first)"
    if status in (401, 404):
        return "not on the Hub, or private; check the name, and log in with `hf auth login` as one who may see it"
    if status == 403:
        return f"your token may not do this ({said or 'forbidden'}); use one that may write there ({TOKENS_PAGE})"
    if status == 429:
        wait_s = _asked_wait_s(error)
        return f"too many requests; run it again {f'in {wait_s:.0f} s' if wait_s else 'later'}: no file is sent twice"
    if status >= 500:
        return f"the Hub is in trouble ({status}); run it again later: what has arrived is not sent twice"
    return f"the Hub refuses ({status}): {said or 'no reason given'}"


def clean(text: str) -> str:
    """Text of others for a message: one line, at most 300 characters, no control characters, no token."""
    token = huggingface_hub.get_token()
    hidden = text.replace(token, "<token>") if token else text
    return "".join(c if c.isprintable() else " " for c in hidden)[:300].strip()


@contextlib.contextmanager
def quiet_bars() -> Iterator[None]:
    """No progress bars of huggingface-hub: `progress` tells."""
    if HF_UTILS.are_progress_bars_disabled():
        yield
        return
    HF_UTILS.disable_progress_bars()
    try:
        yield
    finally:
        HF_UTILS.enable_progress_bars()
