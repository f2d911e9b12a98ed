"""What systems are asked: questions with choices, in an order that tells nothing, and further answers to watch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from negbank.causal import Tokens, context_of, continuation_of
from negbank.errors import BenchmarkError
from negbank.ranking import chance
from negbank.records import content_id
from negbank.scoring import Prompt, Shot, draw, draw_fixed, fitted

ORDER_SEED: Final = 20_250_314
"""Of the order of choices; ties share their points, so that it decides nothing."""

IRRELEVANT, UNRELATED = "irrelevant", "unrelated"

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Asking:
    """How questions are asked: after how many solved ones, drawn for each question alone or the same for all."""

    shots: int = 0
    shot_kind: Literal["per-question", "fixed"] = "per-question"
    limit: int | None = None


@dataclass(frozen=True, eq=False)
class Exam:
    """`q` prompts with their choices; of question `i`, `right[i]` is the place of the right one among its choices.

    `watched` are further answers to the first of the same questions by their kind, scored beside the choices.
    `dropped` shots did not fit the model's window. `blank` prompts have the choices without the question.
    """

    prompts: tuple[Prompt, ...]
    right: Indices
    watched: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dropped: int = 0

    @property
    def name(self) -> str:
        """A hash over all that is asked, and which choices are right."""
        asked = [(prompt.context, prompt.answers) for prompt in self.prompts]
        return content_id(json.dumps([asked, self.right.tolist(), self.watched]))

    @property
    def offsets(self) -> Indices:
        """Where each question's choices begin in a flat array of all, and where the last one's end."""
        return np.cumsum([0, *(len(prompt.answers) for prompt in self.prompts)], dtype=np.int64)

    @property
    def chance(self) -> float:
        """What guessing gets."""
        return chance(self.offsets)

    @property
    def watching(self) -> tuple[Prompt, ...]:
        """The prompts again with the answers that are watched."""
        kinds = [self.watched[kind] for kind in self.watched]
        count = min((len(texts) for texts in kinds), default=0)
        return tuple(Prompt(self.prompts[i].context, tuple(texts[i] for texts in kinds)) for i in range(count))

    @property
    def blank(self) -> tuple[Prompt, ...]:
        """The choices without their questions."""
        return tuple(Prompt("", prompt.answers) for prompt in self.prompts)


def set_exam(questions: pl.DataFrame, pool: pl.DataFrame, asking: Asking, tokens: Tokens, window: int) -> Exam:
    """The exam of QUESTIONS with distractors; shots come from `pool` (QUESTIONS), in its order.

    Raises BenchmarkError where no question has choices.
    """
    usable = questions.filter(pl.col("distractors").list.len() > 0)
    if asking.limit is not None:
        usable = usable.head(asking.limit)
    if usable.is_empty():
        raise BenchmarkError("no evaluation question has wrong choices; name another evaluation source")
    generator = np.random.default_rng(ORDER_SEED)
    prompts, right = [], []
    for question, answer, distractors in usable.select("question", "answer", "distractors").iter_rows():
        choices = [answer, *distractors]
        order = generator.permutation(len(choices))
        prompts.append(Prompt(context_of(question), tuple(continuation_of(choices[i]) for i in order)))
        right.append(int(np.flatnonzero(order == 0)[0]))
    shots = _shots(pool, usable["question"].to_list(), asking)
    fit = fitted(prompts, shots, tokens, window)
    return Exam(fit.prompts, np.array(right, dtype=np.int64), dropped=fit.dropped)


def watch(exam: Exam, unrelated: Sequence[str], limit: int, seed: int) -> Exam:
    """`exam` with an irrelevant answer (another question's right one) and an unrelated one to `limit` questions."""
    generator = np.random.default_rng(seed)
    count = min(limit, len(exam.prompts))
    own = [prompt.answers[right] for prompt, right in zip(exam.prompts, exam.right, strict=True)]
    watched = {}
    if len(set(own)) > 1:
        watched[IRRELEVANT] = tuple(_other(own, i, generator) for i in range(count))
    if unrelated:
        drawn = generator.integers(0, len(unrelated), count)
        watched[UNRELATED] = tuple(continuation_of(unrelated[i]) for i in drawn)
    return Exam(exam.prompts, exam.right, watched, exam.dropped)


def _other(answers: Sequence[str], place: int, generator: np.random.Generator) -> str:
    """An answer of another question that is not this one's."""
    while True:
        text = answers[int(generator.integers(0, len(answers)))]
        if text != answers[place]:
            return text


def _shots(pool: pl.DataFrame, questions: Sequence[str], asking: Asking) -> list[tuple[Shot, ...]]:
    if not asking.shots:
        return [()] * len(questions)
    solved = [Shot(question, answer) for question, answer in pool.select("question", "answer").iter_rows()]
    if asking.shot_kind == "fixed":
        return [draw_fixed(solved, asking.shots)] * len(questions)
    return draw(solved, questions, asking.shots)
