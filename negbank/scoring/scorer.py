"""Summed log-likelihoods of many answers to many questions, those that lm-evaluation-harness's `HFLM` gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from negbank.causal import Base
from negbank.errors import ModelError
from negbank.records import Progress, no_progress
from negbank.scoring.layout import choose
from negbank.scoring.records import Prompt, Scores
from negbank.scoring.trees import Answer

STAGE: Final = "score"

BLOCK_CHARACTERS: Final = 1 << 24
"""Text that is tokenized at once, with its context for every answer: ten thousand questions with shots are gigabytes
of tokens, while what a block shares is read once in each."""

Asked = tuple[int, str, str]
"""An answer's place among all, its context, and itself."""


class Scorer:
    """Scores answers by a base model, with whatever head is active in it at the time.

    `max_tokens` is how many tokens the model is given at once (None: 512 on a processor, 16,384 on a GPU); a longer
    text is given all the same. `notices` say where a model can only be scored the slow way, and why.
    """

    def __init__(self, base: Base, max_tokens: int | None = None) -> None:
        if max_tokens is not None and max_tokens < 1:
            raise ModelError(f"a batch takes 1 token at least, not {max_tokens}")
        self.base = base
        with _Evaluating(base):
            self._layout, notice = choose(base, max_tokens)
        self.notices: tuple[str, ...] = () if notice is None else (notice,)

    def score(self, prompts: Sequence[Prompt], progress: Progress = no_progress) -> Scores:
        """The log-likelihood of every answer after its context, in nats.

        Within 1e-3 of the harness in fp32, and the same whatever else is scored beside it, up to rounding. Raises
        ModelError for an answer of no text or no tokens, one longer than the window, and a model that gives NaN.
        """
        texts = [answer for prompt in prompts for answer in prompt.answers]
        characters = _characters(texts)
        counts = np.zeros(len(texts), dtype=np.int32)
        sums, done, truncated = np.zeros(len(texts)), 0, 0
        with _Evaluating(self.base):
            for block in _blocks(prompts):
                answers, cut = self._answers(block)
                counts[[answer.row for answer in answers]] = [len(answer.ids) for answer in answers]
                truncated += cut
                for rows, found in self._layout.parts(answers):
                    np.add.at(sums, rows, found.astype(np.float64))
                    done += len(np.unique(rows))  # an answer is never spread over batches
                    progress(STAGE, done, len(texts))
        _refuse_nan(sums, texts, self.base.info.name)
        offsets = np.cumsum([0, *(len(prompt.answers) for prompt in prompts)], dtype=np.int64)
        return Scores(sums, counts, characters, offsets, truncated)

    def _answers(self, pairs: Sequence[Asked]) -> tuple[list[Answer], int]:
        """The answers as tokens, contexts cut from the left to fit the window, and how many were cut."""
        answers: list[Answer] = []
        known: dict[tuple[int, ...], tuple[int, ...]] = {}
        truncated = 0
        encoded = self.base.tokens.pairs([(context, text) for _, context, text in pairs])
        for (row, _, _), (before, ids) in zip(pairs, encoded, strict=True):
            # the last token of an answer is predicted, not read, so one more than the window fits
            room = self.base.window + 1 - len(ids)
            if room < 1:
                raise ModelError(
                    f"answer {row} has {len(ids)} tokens, more than the {self.base.window} that {self.base.info.name} "
                    "takes; leave it out or shorten it"
                )
            truncated += len(before) > room
            context = tuple(before[-room:])
            answers.append(Answer(row, known.setdefault(context, context), tuple(ids)))
        return answers, truncated


def _blocks(prompts: Sequence[Prompt]) -> Iterator[list[Asked]]:
    """The answers of all prompts with their contexts, in blocks whose tokens may be in memory at once."""
    block: list[Asked] = []
    row = size = 0
    for prompt in prompts:
        if block and size > BLOCK_CHARACTERS:
            yield block
            block, size = [], 0
        block += [(row + place, prompt.context, answer) for place, answer in enumerate(prompt.answers)]
        row += len(prompt.answers)
        size += sum(len(prompt.context) + len(answer) for answer in prompt.answers)
    yield block


class _Evaluating:
    """The model without dropout, and as it was afterwards."""

    def __init__(self, base: Base) -> None:
        self._model, self._was = base.model, base.model.training

    def __enter__(self) -> None:
        self._model.eval()

    def __exit__(self, *reason: object) -> None:
        self._model.train(self._was)


def _characters(texts: Sequence[str]) -> npt.NDArray[np.int32]:
    """(n,) characters of answers without the one space that sets them off from the context."""
    counts = np.array([len(text.removeprefix(" ")) for text in texts], dtype=np.int32)
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        raise ModelError(f"answer {empty[0]} has no text, so it cannot be scored; leave it out")
    return counts


def _refuse_nan(sums: npt.NDArray[np.float64], texts: Sequence[str], name: str) -> None:
    wrong = np.flatnonzero(np.isnan(sums))
    if len(wrong):
        raise ModelError(
            f"{name} gives no number for {len(wrong)} of {len(sums)} answers, the first of them {texts[wrong[0]]!r}; "
            "its weights or a head's hold NaN, or its precision does not suffice: try fp32"
        )
