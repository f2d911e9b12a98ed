"""One run of the experiment: the base is scored, each head is trained, and scored at every point of its curve.

All that was measured lies in the run's folder, so that an interrupted run goes on where it was::

    <folder>/base.npz                           the base model's log-likelihoods
    <folder>/seed-0/positive/point-64/          the positive head after 64 examples, as a peft folder
    <folder>/seed-0/positive/scores-64.npz      log-likelihoods with it
    <folder>/seed-0/negative-near-miss/...      the same of a negative head
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from negbank.causal import Base
from negbank.errors import BenchmarkError
from negbank.heads import Example, HeadResult, LoraSettings, TrainSettings, active, drop_head, train_head
from negbank.heads.writing import write_arrays
from negbank.records import Progress, no_progress
from negbank.scoring import Prompt, Scorer
from negbank.validation.exam import Exam
from negbank.validation.lessons import Lessons

POSITIVE: Final = "positive"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Likelihoods:
    """Summed log-likelihoods in nats: of all choices (n,), of watched answers (k, kinds), of choices alone (n,)."""

    choices: Floats
    watched: Floats
    blank: Floats
    truncated: int = 0
    """Choices whose question was cut from the left to fit the model's window."""


@dataclass(frozen=True)
class HeadKey:
    """One head of one run: the positive one (no tier), or the negative one of a tier."""

    tier: str | None
    seed: int

    @property
    def name(self) -> str:
        """What its folder is called."""
        return POSITIVE if self.tier is None else f"negative-{self.tier}"


@dataclass(frozen=True, eq=False)
class Measured:
    """The base, every head at every point of its curve, and how each head's training went."""

    base: Likelihoods
    heads: dict[HeadKey, dict[int, Likelihoods]]
    training: dict[HeadKey, HeadResult]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What is measured: lessons by seed, at which numbers of examples, and how heads are trained."""

    lessons: dict[int, Lessons]
    points: Callable[[int], Sequence[int]]
    lora: LoraSettings
    training: TrainSettings
    max_tokens: int | None = None
    """Tokens that the model is given at once when it scores."""


@dataclass
class Examiner:
    """Scores an exam with whatever head is active, once: what was scored is read from its file."""

    scorer: Scorer
    exam: Exam
    progress: Progress = field(default=no_progress)

    def sit(self, file: Path, is_last: bool) -> Likelihoods:
        """The likelihoods in `file`, scored first where it is not there; choices alone only at the last point."""
        if not file.exists():
            scores = self.scorer.score(self.exam.prompts, self.progress)
            watched, blank = self._optional(self.exam.watching), self._optional(self._blank if is_last else ())
            write_arrays(file, choices=scores.log_likelihood, watched=watched, blank=blank, truncated=scores.truncated)
        return self.read(file)

    def read(self, file: Path) -> Likelihoods:
        """The likelihoods in `file`. Raises BenchmarkError where they are those of another exam."""
        with np.load(file, allow_pickle=False) as arrays:
            choices, watched, blank = arrays["choices"], arrays["watched"], arrays["blank"]
            truncated = int(arrays["truncated"])
        if len(choices) != self.exam.offsets[-1]:
            raise BenchmarkError(f"{file} holds the scores of another exam; take the folder away, or name another")
        kinds = max(1, len(self.exam.watched))
        return Likelihoods(choices, watched.reshape(-1, kinds), blank, truncated)

    @property
    def _blank(self) -> Sequence[Prompt]:
        """The choices alone; none where the tokenizer has no token that could stand before them."""
        return () if self.scorer.base.tokens.prefix_id is None else self.exam.blank

    def _optional(self, prompts: Sequence[Prompt]) -> Floats:
        return self.scorer.score(prompts, self.progress).log_likelihood if prompts else np.zeros(0)


def measure(base: Base, exam: Exam, plan: Plan, folder: Path, progress: Progress = no_progress) -> Measured:
    """All likelihoods of one plan; what `folder` holds already is not measured again.

    Raises TrainingError where a head cannot be trained, ModelError where an answer cannot be scored; what is done
    stays in `folder`, and the same call goes on from it.
    """
    examiner = Examiner(Scorer(base, plan.max_tokens), exam, progress)
    with active(base, None):
        of_base = examiner.sit(folder / "base.npz", is_last=True)
    heads, training = {}, {}
    for key, examples in _heads(plan):
        training[key], heads[key] = _measure_head(base, examiner, plan, (key, examples), folder)
    cut = f"the beginning of the question was cut for {of_base.truncated:,} of {len(of_base.choices):,} choices: the "
    notices = (*examiner.scorer.notices, *([f"{cut}model takes {base.window:,} tokens"] if of_base.truncated else []))
    return Measured(of_base, heads, training, notices)


def _heads(plan: Plan) -> Iterator[tuple[HeadKey, tuple[Example, ...]]]:
    for seed, lessons in plan.lessons.items():
        yield HeadKey(None, seed), lessons.positive
        for tier, examples in lessons.negative.items():
            yield HeadKey(tier, seed), examples


def _measure_head(
    base: Base, examiner: Examiner, plan: Plan, head: tuple[HeadKey, tuple[Example, ...]], folder: Path
) -> tuple[HeadResult, dict[int, Likelihoods]]:
    """How the head's training went, and its likelihoods at each point."""
    key, examples = head
    own = folder / f"seed-{key.seed}" / key.name
    points = plan.points(len(examples))
    examples = examples[: points[-1] // plan.training.epochs]

    def file(point: int) -> Path:
        return own / f"scores-{point}.npz"

    def at_point(point: int) -> None:
        examiner.sit(file(point), is_last=point == points[-1])

    settings = replace(plan.training, seed=key.seed)
    trained = train_head(base, key.name, examples, plan.lora, settings, points, at_point, own, examiner.progress)
    drop_head(base, key.name)
    return trained, {point: examiner.read(file(point)) for point in points}
