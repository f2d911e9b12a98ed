"""Chains written by a model behind a URL, several at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from negbank.errors import GenerationError
from negbank.generation.client import Client, Endpoint, TooLongError
from negbank.generation.pool import Pool
from negbank.generation.records import CHAT, Asked, GenerateSettings, Written, prompt_facts, prompt_of

WORKERS: Final = 8


@dataclass(frozen=True)
class Completion:
    """What a server wrote: `finished` is False where it was cut for its length."""

    text: str
    tokens: int | None
    finished: bool
    served: Mapping[str, str]


class EndpointSampler:
    """Chains by the model called `model` of a server, one request a chain, each with its own seed.

    Whether the same seed gives the same chain is up to the server.
    """

    def __init__(self, endpoint: Endpoint, model: str, settings: GenerateSettings, workers: int = WORKERS) -> None:
        if workers < 1:
            raise GenerationError(f"requests at once are 1 at least, not {workers}")
        self.endpoint, self._model, self.settings, self.workers = endpoint, model, settings, workers
        self.template = settings.prompt or CHAT

    @property
    def model(self) -> str:
        """Its name on the server."""
        return self._model

    def provenance(self) -> dict[str, Any]:
        """The model, its server, and how it is asked; no key."""
        return {
            "model": self._model,
            "endpoint": self.endpoint.url,
            "temperature": self.settings.temperature,
            "top_p": self.settings.top_p,
            "max_tokens": self.settings.max_tokens,
            **prompt_facts(self.template),
        }

    def write(self, asked: Sequence[Asked], done: Collection[int]) -> Iterator[tuple[int, Written | None]]:
        """Each chain with its place as soon as it is there, but those at the places `done`.

        None is one for which the server says that it does not fit into the model's context.

        Raises GenerationError where the server gives none; what others are under way is waited for and given first.
        """
        client = Client(self.endpoint)

        def ask(each: Asked) -> Written | None:
            body = {
                "model": self._model,
                "messages": [{"role": "user", "content": prompt_of(self.template, each.question)}],
                "temperature": self.settings.temperature,
                "top_p": self.settings.top_p,
                "max_tokens": self.settings.max_tokens,
                "seed": each.seed,
                "n": 1,
            }
            try:
                found = read_completion(client.complete(body), self.endpoint.url)
            except TooLongError:
                return None
            return Written(found.text.strip(), found.tokens, found.finished, found.served)

        missing = ((place, each) for place, each in enumerate(asked) if place not in done)
        yield from Pool(ask, self.workers, client.stop).run(missing)


def read_completion(answer: Mapping[str, Any], url: str) -> Completion:
    """The one choice of a chat completion. Raises GenerationError where there is none.

    A message without content is one of no text: a model that only thought until its tokens were spent.
    """
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        raise GenerationError(f"{url}: the answer has no choices (its keys: {', '.join(list(answer)[:8])}); {_ADVICE}")
    message = choices[0].get("message") if isinstance(choices[0], dict) else None
    if not isinstance(message, dict):
        raise GenerationError(f"{url}: the answer's choice has no message; {_ADVICE}")
    text = message.get("content") or ""
    if not isinstance(text, str):
        raise GenerationError(f"{url}: the answer's content is {type(text).__name__}, not text; {_ADVICE}")
    usage = answer.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    served = {
        key: value for key, name in (("revision", "system_fingerprint"), ("served_model", "model"))
        if isinstance(value := answer.get(name), str)
    }  # fmt: skip
    finished = choices[0].get("finish_reason") != "length"
    return Completion(text, tokens if isinstance(tokens, int) else None, finished, served)


_ADVICE: Final = "does the server speak OpenAI's chat completions?"
