"""Problems solved by sampling, and what is made of it: who is right how often, and how sure the model is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from negbank.causal import Base, context_of
from negbank.errors import BenchmarkError
from negbank.heads.writing import write_arrays
from negbank.reasoning.answers import Judge, compare, find_answer
from negbank.records import Progress, content_id, no_progress
from negbank.sampling import Sampled, SampleSettings, sample

STAGE = "solve {name}"
GRADING: Final = 2
"""Raised whenever samples are graded in another way: what was graded before is not gone on with."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ProblemSet:
    """Questions of one source with the answers that count as right, in the domain of the chains or out of it.

    `stems` are the questions without their choices; where there are none, no question has choices.
    """

    source: str
    domain: Literal["in", "out"]
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    stems: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Solved:
    """(problems, samples): 1 where a sample ends in the right answer; its mean token entropy in nats; its tokens.

    `unjudged` samples had an answer of which neither is shown; `unfinished` ones were cut. They count as not right.
    """

    right: npt.NDArray[np.int8]
    entropy_nats: Floats
    tokens: npt.NDArray[np.int64]
    unjudged: int
    unfinished: int

    def pass_at(self, k: int) -> Floats:
        """(problems,) the chance that one of `k` samples is right: `1 - C(n - c, k) / C(n, k)`, which has no bias.

        From Chen et al. 2021, arXiv 2107.03374, section 2.1. Raises BenchmarkError for more than there are samples.
        """
        count = self.right.shape[1]
        if not 1 <= k <= count:
            raise BenchmarkError(f"pass@{k} takes 1 to {count} samples a problem, as many as were drawn")
        wrong = count - self.right.sum(axis=1, dtype=np.int64)
        return 1 - _none_right(wrong, count, k)

    @property
    def entropy_by_problem(self) -> Floats:
        """(problems,) the mean entropy of a token in nats, over all tokens of a problem's samples."""
        out: Floats = (self.entropy_nats * self.tokens).sum(axis=1) / self.tokens.sum(axis=1)
        return out


def _none_right(wrong: npt.NDArray[np.int64], count: int, k: int) -> Floats:
    """`C(wrong, k) / C(count, k)` as a product of k quotients, each at most 1."""
    out: Floats = np.ones(len(wrong))
    for taken in range(k):
        out *= np.clip(wrong - taken, 0, None) / (count - taken)
    return out


def solve(
    base: Base, problems: ProblemSet, settings: SampleSettings, samples: int, seed: int, judge: Judge | None = None,
    progress: Progress = no_progress,
) -> Solved:  # fmt: skip
    """Each problem solved `samples` times with what is active on the base.

    A sample's seed follows from the run's, the question and its number, so that systems meet the same draws. Raises
    ModelError as `sample` does.
    """
    prompts = [context_of(question) for question in problems.questions for _ in range(samples)]
    seeds = [
        int(content_id(str(seed), question, str(number)), 16)
        for question in problems.questions
        for number in range(samples)
    ]
    name = STAGE.format(name=problems.source)
    drawn = sample(base, prompts, settings, seeds, lambda _, done, total: progress(name, done, total))
    answers = [answer for answer in problems.answers for _ in range(samples)]
    verdicts = [_verdict(one, answer, judge) for one, answer in zip(drawn, answers, strict=True)]
    shape = (len(problems.questions), samples)
    return Solved(
        np.array([verdict == "right" for verdict in verdicts], dtype=np.int8).reshape(shape),
        np.array([one.entropy_nats for one in drawn]).reshape(shape),
        np.array([one.tokens for one in drawn], dtype=np.int64).reshape(shape),
        sum(verdict == "undecided" for verdict in verdicts),
        sum(not one.finished for one in drawn),
    )


def _verdict(drawn: Sampled, answer: str, judge: Judge | None) -> str:
    found = find_answer(drawn.text) if drawn.finished else None  # a number on the way is no answer
    return "wrong" if found is None else compare(found.text, answer, judge).outcome


def write_solved(file: Path, solved: Solved) -> None:
    """Write what was solved to one file, whole or not at all. Raises TrainingError where the disk refuses."""
    cut = np.array([solved.unjudged, solved.unfinished])
    write_arrays(file, right=solved.right, entropy_nats=solved.entropy_nats, tokens=solved.tokens, cut=cut)


def read_solved(file: Path, problems: ProblemSet, samples: int) -> Solved:
    """What `write_solved` wrote. Raises BenchmarkError where it is of other problems."""
    with np.load(file, allow_pickle=False) as held:
        right, entropy_nats, tokens, cut = (held[name] for name in ("right", "entropy_nats", "tokens", "cut"))
    if right.shape != (len(problems.questions), samples):
        raise BenchmarkError(f"{file} holds other problems' samples; take the folder away, or name another")
    return Solved(right, entropy_nats, tokens, int(cut[0]), int(cut[1]))
