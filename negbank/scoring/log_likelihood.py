"""Log-likelihoods of single tokens from logits, in float32."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Part = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]
"""Rows of answers, one a token, and the tokens' log-likelihoods."""

_BLOCK: Final = 1 << 22  # logits at a time in float32


def token_log_likelihoods(logits: Tensor, rows: Tensor, tokens: Tensor) -> Tensor:
    """(m,) float32 log-likelihood of token `tokens[i]` by row `rows[i]` of (k, vocabulary) `logits`, in nats.

    The logits are overwritten: at 49,152 tokens a second copy of them would be the largest thing in memory.
    """
    chosen = logits[rows, tokens].float()
    sums = torch.empty(len(logits), dtype=torch.float32, device=logits.device)
    step = max(1, _BLOCK // logits.shape[1])
    for start in range(0, len(logits), step):
        block = logits[start : start + step].float()
        highest = block.amax(dim=1, keepdim=True)
        sums[start : start + step] = block.sub_(highest).exp_().sum(dim=1).log_().add_(highest[:, 0])
    return chosen.sub_(sums[rows])
