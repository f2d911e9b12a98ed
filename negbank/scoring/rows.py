"""Scoring one row an answer, by what every causal model of transformers can do: slower, and right for all of them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import torch

from negbank.causal import Base
from negbank.scoring.log_likelihood import Part, token_log_likelihoods
from negbank.scoring.memory import in_halves
from negbank.scoring.trees import Answer

MAX_TOKENS: Final = 2048


class Rows:
    """Log-likelihoods of answers, each read with its context; rows of one length share a batch, so none is padded."""

    def __init__(self, base: Base, max_tokens: int | None = None) -> None:
        self.model, self.device = base.model, base.device
        self.max_tokens = max_tokens or MAX_TOKENS
        self._keeps = "logits_to_keep" in inspect.signature(base.model.forward).parameters

    def parts(self, answers: Sequence[Answer]) -> Iterator[Part]:
        """The log-likelihood of every token of `answers`, batch by batch."""
        by_length: dict[int, list[Answer]] = {}
        for answer in answers:
            by_length.setdefault(len(answer.context) + len(answer.ids) - 1, []).append(answer)
        for length, some in sorted(by_length.items(), reverse=True):
            step = max(1, self.max_tokens // length)
            for start in range(0, len(some), step):
                yield from in_halves(self._run, some[start : start + step], self.device)

    @torch.inference_mode()
    def _run(self, answers: Sequence[Answer]) -> Part:
        inputs = torch.tensor([[*a.context, *a.ids[:-1]] for a in answers], device=self.device)
        kept = max(len(answer.ids) for answer in answers)
        more = {"logits_to_keep": kept} if self._keeps else {}
        logits = self.model(input_ids=inputs, use_cache=False, **more).logits[:, -kept:]
        counts = [len(answer.ids) for answer in answers]
        # an answer's tokens are predicted at the last places of its row
        places = [row * kept + kept - count + i for row, count in enumerate(counts) for i in range(count)]
        targets = torch.tensor([token for answer in answers for token in answer.ids], device=self.device)
        flat = logits.reshape(-1, logits.shape[-1])
        found = token_log_likelihoods(flat, torch.tensor(places, device=self.device), targets)
        return np.repeat([answer.row for answer in answers], counts), found.cpu().numpy()
