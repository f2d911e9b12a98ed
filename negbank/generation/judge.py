"""A model that is asked which step of a wrong chain is the first wrong one.

It fills `first_error_step` only where neither arithmetic nor the file has decided it, and is named as the source. What
it says is parsed strictly; an answer that is none is counted, and never guessed from.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from negbank.folders import cache_folder
from negbank.generation.client import Client, Endpoint, TooLongError
from negbank.generation.endpoint import WORKERS, read_completion
from negbank.generation.lines import Lines
from negbank.generation.pool import Pool
from negbank.reasoning.verify import Verdict

SOURCE: Final = "judge:"
DECIDED: Final = "decided"
NO_JSON: Final = "answer-is-no-json"
NO_STEP: Final = "answer-names-no-step"
OUT_OF_RANGE: Final = "step-out-of-range"
TOO_LONG: Final = "chain-too-long"
BLOCK: Final = 256
"""Chains that are held at once, so that memory does not grow with their number."""

PROMPT: Final = """A solution to a problem ends in a wrong answer. Find the first step that is wrong.

Problem:
{question}

Right answer: {gold}

Solution:
{steps}

A step is wrong if what it says does not follow from the problem and the steps before it. Answer with one JSON object \
and nothing else: {"first_wrong_step": N}, N being the number of the step, or {"first_wrong_step": null} if you cannot \
tell."""

_PLACES: Final = re.compile(r"\{(question|gold|steps)\}")
_THOUGHT: Final = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE: Final = re.compile(r"\A```(?:json)?\s*\n(.*)\n\s*```\Z", re.DOTALL)


@dataclass
class Judgements:
    """How often the judge decided, and why not where it did not: counts by reason."""

    outcomes: Counter[str] = field(default_factory=Counter)


def default_judgements(endpoint: Endpoint, model: str) -> Path:
    """Where what a judge said is kept: in the cache, a file for each judge."""
    name = hashlib.sha256(json.dumps([endpoint.url, model]).encode()).hexdigest()[:24]
    return cache_folder() / "judgements" / f"{name}.jsonl"


class StepJudge:
    """Asks the model called `model` behind `endpoint`; answers are kept in `file`, so that none is paid for twice."""

    def __init__(
        self, endpoint: Endpoint, model: str, file: Path, max_tokens: int = 2048, workers: int = WORKERS
    ) -> None:
        self.endpoint, self.model, self.file = endpoint, model, file
        self.max_tokens, self.workers = max_tokens, workers
        self.judgements = Judgements()

    def about(self) -> dict[str, Any]:
        """Who it is, how it is asked, and how often it decided: for the record of a version."""
        return {
            "model": self.model,
            "endpoint": self.endpoint.url,
            "prompt_sha256": hashlib.sha256(PROMPT.encode()).hexdigest(),
            "outcomes": dict(sorted(self.judgements.outcomes.items())),
        }

    def fill(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """The same verdicts in order, with `first_error_step` and its source where the judge decides them.

        A chain that does not fit into the judge's context stays as it is, and is asked about again by the next run, as
        the server may be another by then. Raises GenerationError where the server does not answer; the answers before
        are kept.
        """
        with Lines(self.file) as lines:
            known: dict[str, str | None] = {str(line.get("id")): str(line.get("answer")) for line in lines.read()}
            stream = iter(verdicts)
            while block := list(itertools.islice(stream, BLOCK)):
                asked = {_key(self.model, verdict): verdict for verdict in block if is_open(verdict)}
                missing = [(name, verdict) for name, verdict in asked.items() if name not in known]
                for name, answer in self._ask(missing):
                    if answer is not None:
                        lines.append({"id": name, "model": self.model, "answer": answer})
                    known[name] = answer
                yield from (self._filled(verdict, known) for verdict in block)

    def _ask(self, missing: list[tuple[str, Verdict]]) -> Iterator[tuple[str, str | None]]:
        """Each answer with the key that it is kept by; None where the chain does not fit into the model's context."""
        client = Client(self.endpoint)

        def ask(verdict: Verdict) -> str | None:
            body: dict[str, Any] = {
                "model": self.model,
                "messages": [{"role": "user", "content": question_to_judge(verdict)}],
                "temperature": 0.0,
                "max_tokens": self.max_tokens,
                "seed": 0,
            }
            try:
                return read_completion(client.complete(body), self.endpoint.url).text
            except TooLongError:
                return None

        pool = Pool(ask, self.workers, client.stop)
        for place, answer in pool.run((place, verdict) for place, (_, verdict) in enumerate(missing)):
            yield missing[place][0], answer

    def _filled(self, verdict: Verdict, known: dict[str, str | None]) -> Verdict:
        if not is_open(verdict):
            return verdict
        answer = known[_key(self.model, verdict)]
        step, reason = (None, TOO_LONG) if answer is None else read_step(answer, len(verdict.steps))
        self.judgements.outcomes[reason] += 1
        if step is None:
            return verdict
        return replace(verdict, first_error_step=step, error_source=SOURCE + self.model)


def is_open(verdict: Verdict) -> bool:
    """Whether a judge may say something: the chain is wrong, and its first wrong step is not known."""
    return verdict.outcome == "wrong" and verdict.first_error_step is None and bool(verdict.steps)


def question_to_judge(verdict: Verdict) -> str:
    """The prompt for one chain, its steps numbered from 1."""
    steps = "\n".join(f"Step {number}: {step}" for number, step in enumerate(verdict.steps, start=1))
    values = {"question": verdict.question, "gold": verdict.gold_answer or "", "steps": steps}
    # in one pass: a question that holds "{steps}" stays a question
    return _PLACES.sub(lambda place: values[place.group(1)], PROMPT)


def read_step(answer: str, steps: int) -> tuple[int | None, str]:
    """The step (0-based) that an answer names, or None, and the reason: nothing but one JSON object is taken."""
    text = _THOUGHT.sub("", answer).strip()
    fenced = _FENCE.match(text)
    try:
        said = json.loads(fenced.group(1) if fenced else text)
    except (ValueError, RecursionError):
        return None, NO_JSON
    if not isinstance(said, dict) or "first_wrong_step" not in said:
        return None, NO_JSON
    step = said["first_wrong_step"]
    if isinstance(step, bool) or not isinstance(step, int):
        return None, NO_STEP
    return (step - 1, DECIDED) if 1 <= step <= steps else (None, OUT_OF_RANGE)


def _key(model: str, verdict: Verdict) -> str:
    text = json.dumps([model, question_to_judge(verdict)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
