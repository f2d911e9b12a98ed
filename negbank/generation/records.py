"""What is asked of a model, what comes back, and how both are said: one chain of one question."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from negbank.errors import GenerationError

PLACE: Final = "{question}"
"""Where the question goes in a prompt; nothing else in a prompt means anything, braces neither."""

INSTRUCTION: Final = "Think step by step, one step a line. The last line is #### and the final answer."
PLAIN: Final = f"Question: {PLACE}\n{INSTRUCTION}\nAnswer:"
CHAT: Final = f"{PLACE}\n\n{INSTRUCTION}"

PLAIN_STOPS: Final = ("\nQuestion:",)
"""A base model goes on with a question of its own."""


@dataclass(frozen=True)
class GenerateSettings:
    """How many chains a question, drawn how: `prompt` (None: the sampler's own) holds `{question}` once.

    A prompt of one's own may hold worked examples before the question.
    """

    samples: int = 4
    temperature: float = 0.8
    top_p: float = 1.0
    max_tokens: int = 512
    seed: int = 0
    prompt: str | None = None

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise GenerationError(f"samples a question are 1 at least, not {self.samples}")
        if not 0 <= self.temperature < math.inf or not 0 < self.top_p <= 1 or self.max_tokens < 1:
            raise GenerationError(
                f"chains cannot be drawn with temperature {self.temperature}, top-p {self.top_p} and {self.max_tokens} "
                "tokens; a temperature is from 0 on, top-p above 0 and at most 1, and tokens are 1 at least"
            )
        if self.prompt is not None and self.prompt.count(PLACE) != 1:
            raise GenerationError(
                f"the prompt holds {PLACE} {self.prompt.count(PLACE)} times; once, where the question goes"
            )


@dataclass(frozen=True)
class Asked:
    """One chain that is wanted: the `sample`-th (0-based) of a question, by a seed of its own."""

    question_id: str
    question: str
    sample: int
    seed: int


@dataclass(frozen=True)
class Written:
    """One chain that a model wrote; `tokens` is None where it does not say, `finished` False where it was cut.

    `served` is what a server says of itself with this answer, for the provenance.
    """

    chain: str
    tokens: int | None
    finished: bool
    served: Mapping[str, str] | None = None


class Sampler(Protocol):
    """A model that writes chains, here or behind a URL."""

    @property
    def model(self) -> str:
        """Its name."""

    def provenance(self) -> dict[str, Any]:
        """What decides its chains besides question, sample and seed, JSON can hold it, without keys and clocks."""

    def write(self, asked: Sequence[Asked], done: Collection[int]) -> Iterator[tuple[int, Written | None]]:
        """Each chain with its place in `asked` as soon as it is written, but those at the places `done`.

        None is one whose question leaves the model no room to write in.
        """


def seed_of(seed: int, question_id: str, sample: int) -> int:
    """The seed of one chain, 31 bits because some servers take no more; it depends on no other question."""
    digest = hashlib.sha256(f"{seed}\0{question_id}\0{sample}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def prompt_of(template: str, question: str) -> str:
    """The prompt with the question in its place; braces of a question mean nothing."""
    return template.replace(PLACE, question)


def prompt_facts(template: str) -> dict[str, str]:
    """A prompt and its SHA-256, as provenance holds them."""
    return {"prompt": template, "prompt_sha256": hashlib.sha256(template.encode()).hexdigest()}
