"""Few-shot blocks: solved questions in front of the one that is asked.

Drawn and joined as lm-evaluation-harness 0.4.13 does it, so that accuracies can be set beside published ones: its
sampler is `random.Random(1234)`, which draws anew for each question in order, out of the task's few-shot split in the
order of the dataset (`ContextSampler.sample`); each shot is the question, a space, its answer and an empty line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from negbank.causal import Tokens, context_of, continuation_of
from negbank.errors import BenchmarkError
from negbank.scoring.records import Prompt

HARNESS_SEED: Final = 1234
DELIMITER: Final = "\n\n"


@dataclass(frozen=True)
class Shot:
    """A question with its right answer."""

    question: str
    answer: str


Shots = tuple[Shot, ...]


@dataclass(frozen=True)
class Fitted:
    """`prompts` with as many shots in front as fit; `dropped` shots left out of `cut` prompts."""

    prompts: tuple[Prompt, ...]
    dropped: int = 0
    cut: int = 0


def block(shots: Sequence[Shot]) -> str:
    """The text of `shots`, which a question's context follows."""
    return "".join(context_of(shot.question) + continuation_of(shot.answer) + DELIMITER for shot in shots)


def draw(
    pool: Sequence[Shot], questions: Sequence[str], shots: int, seed: int = HARNESS_SEED, own_split: bool = False
) -> list[Shots]:
    """The shots of each of `questions`, drawn from `pool`, whose order matters, without repetition within a question.

    `own_split` says that the questions are themselves of the pool: then one more is drawn, and the question's own
    left out. Raises BenchmarkError for a pool that is too small.
    """
    _refuse_small(pool, shots + own_split)
    random = Random(seed)
    drawn = []
    for question in questions:
        some = random.sample(pool, shots + own_split)
        others = [shot for shot in some if shot.question != question] if own_split else some
        if len(others) < shots:
            # the question stands in the pool more than once, and more than one of it was drawn
            rest = [shot for shot in pool if shot.question != question]
            _refuse_small(rest, shots)
            others = random.sample(rest, shots)
        drawn.append(tuple(others[:shots]))
    return drawn


def drawn(
    pool: Sequence[Shot], questions: Sequence[str], shots: int, seed: int = HARNESS_SEED, own_split: bool = False
) -> list[str]:
    """The few-shot block of each of `questions`, the harness's own for a `pool` in the order of its dataset."""
    return [block(some) for some in draw(pool, questions, shots, seed, own_split)]


def fixed(pool: Sequence[Shot], shots: int, seed: int = HARNESS_SEED) -> str:
    """One few-shot block for all questions, which a scorer then reads once."""
    return block(draw_fixed(pool, shots, seed))


def draw_fixed(pool: Sequence[Shot], shots: int, seed: int = HARNESS_SEED) -> Shots:
    """The shots of `fixed`."""
    return draw(pool, [""], shots, seed)[0]


def fitted(prompts: Sequence[Prompt], shots: Sequence[Sequence[Shot]], tokens: Tokens, window: int) -> Fitted:
    """`prompts` with their `shots` in front, without the first ones of those that `window` tokens do not hold.

    The harness cuts such a context in the middle of a shot; here whole shots go. A prompt too long without any shot
    stays as it is, and the scorer counts it as truncated.
    """
    out, counts = [], []
    for prompt, some, length in zip(prompts, shots, _lengths(prompts, shots, tokens), strict=True):
        left = list(some)
        while left and length > window + 1:
            over = length - window - 1
            # a first guess from what the shots take alone, then one at a time: tokens may merge across the seam
            sizes = [len(tokens.ids(block([shot]))) for shot in left]
            gone = 1
            while gone < len(left) and sum(sizes[:gone]) < over:
                gone += 1
            left = left[gone:]
            (length,) = _lengths([prompt], [left], tokens)
        out.append(_with(prompt, left))
        counts.append(len(some) - len(left))
    return Fitted(tuple(out), dropped=sum(counts), cut=sum(count > 0 for count in counts))


def _with(prompt: Prompt, shots: Sequence[Shot]) -> Prompt:
    return Prompt(block(shots) + prompt.context, prompt.answers)


def _lengths(prompts: Sequence[Prompt], shots: Sequence[Sequence[Shot]], tokens: Tokens) -> list[int]:
    """Tokens of each prompt after its shots, with the longest of its answers."""
    full = [_with(prompt, some) for prompt, some in zip(prompts, shots, strict=True)]
    pairs = iter(tokens.pairs([(prompt.context, answer) for prompt in full for answer in prompt.answers]))
    return [max((sum(map(len, next(pairs))) for _ in prompt.answers), default=0) for prompt in full]


def _refuse_small(pool: Sequence[Shot], shots: int) -> None:
    if shots < 0 or shots > len(pool):
        raise BenchmarkError(
            f"{shots} shots cannot be drawn from {len(pool)} questions; ask for fewer, or bring more questions"
        )
