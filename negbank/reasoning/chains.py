"""What this room's parts pass to each other: one chain as it was read, and one that was refused on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_CHAIN: Final = 100_000
"""Characters; a longer chain is refused and counted."""


@dataclass(frozen=True)
class Trajectory:
    """One reasoning chain of a file: a text in `chain`, or given `steps`.

    `gold` is what the file says is right, an answer or a whole chain. `claimed_correct` and `claimed_error_step`
    (0-based) are what it says of this chain; whoever broke it on purpose gives `error_source` and `error_type` too.
    `line` counts from 1, `position` from 0 within the line. `provenance` is JSON on how the chain came about, such as
    model, revision, sampling parameters and prompt.
    """

    question: str
    chain: str
    steps: tuple[str, ...] | None = None
    gold: str | None = None
    claimed_correct: bool | None = None
    claimed_error_step: int | None = None
    model: str | None = None
    line: int = 0
    position: int = 0
    error_source: str | None = None
    error_type: str | None = None
    provenance: str | None = None


@dataclass(frozen=True)
class RefusedChain:
    """A chain that is not looked at, and why."""

    question: str
    reason: str
    line: int
    position: int
