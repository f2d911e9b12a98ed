"""What is scored, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Prompt:
    """A context and the answers to it: continuations as they follow it, leading space included."""

    context: str
    answers: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scores:
    """Log-likelihoods of all prompts' answers, flat and in order; prompt `i` has rows `offsets[i]:offsets[i + 1]`.

    `log_likelihood` (n,) is summed over an answer's tokens, in nats; `tokens` (n,) counts them; `characters` (n,) are
    those that `acc_norm` of lm-evaluation-harness divides by: the answer's own, without the space before it.
    `truncated` counts the answers whose context was cut from the left, as the harness cuts it, to fit the window.
    """

    log_likelihood: npt.NDArray[np.float64]
    tokens: npt.NDArray[np.int32]
    characters: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    truncated: int = 0
