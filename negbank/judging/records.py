"""What a judge is asked, how it answers, and when its word is enough to refuse a candidate."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from negbank.errors import JudgeError
from negbank.generation.client import Patience
from negbank.generation.endpoint import WORKERS

RIGHT: Final = "right"
WRONG: Final = "wrong"

NO_VERDICT: Final = "no-verdict"
NOT_A_NUMBER: Final = "not-a-number"
TOO_LONG: Final = "too-long"
JUDGE_STOPPED: Final = "judge-stopped"

UNJUDGED: Final = {
    NO_VERDICT: "the judge answered with something that is no verdict",
    NOT_A_NUMBER: "the judge's score is NaN or infinite",
    TOO_LONG: "the texts don't fit into the judge's context",
    JUDGE_STOPPED: "the judge stopped before it got there",
}
"""Each reason for which a candidate has no verdict, and what it means."""

Ask = tuple[str, ...]
"""The texts of one call of the judge. What is kept is kept by them."""

THRESHOLD: Final = 0.5
THRESHOLD_TESTIFIED: Final = 0.9


@dataclass(frozen=True)
class JudgeSettings:
    """How a judge is run, and from which probability on its word counts.

    A candidate is right from `threshold` on. One that its file calls wrong is right from `threshold_testified` on
    (None: 0.9, or `threshold` where that is higher): two witnesses disagree, so the judge has to be nearly sure. At
    0.5 it would overrule a person whenever it leans the other way, and the near-misses that a file marks as wrong are
    just those that models find hardest.

    `model` is the model's name on a server, and `workers` requests are open there at once. `device` is cpu, cuda or
    cuda:N for a model that runs here.
    """

    model: str | None = None
    threshold: float = THRESHOLD
    threshold_testified: float | None = None
    device: str | None = None
    workers: int = WORKERS
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        for name, value in (("threshold", self.threshold), ("threshold_testified", self.testified)):
            if not 0.0 < value <= 1.0:
                raise JudgeError(f"a judge's {name} is above 0 and at most 1, not {value}")
        if self.testified < self.threshold:
            raise JudgeError(
                f"threshold_testified ({self.testified}) is below threshold ({self.threshold}): what a file calls "
                "wrong can't need less proof than what nobody judged"
            )
        if self.workers < 1:
            raise JudgeError(f"a judge needs at least one worker, not {self.workers}")

    @property
    def testified(self) -> float:
        """The threshold for candidates that their file calls wrong."""
        if self.threshold_testified is None:
            return max(THRESHOLD_TESTIFIED, self.threshold)
        return self.threshold_testified


@dataclass(frozen=True)
class Item:
    """One candidate and what it is judged against."""

    question: str
    context: str | None
    answers: tuple[str, ...]
    candidate: str


class Judge(Protocol):
    """A model that gives the probability that a candidate is a right answer."""

    @property
    def name(self) -> str:
        """What the user called it; for people, never a key."""

    @property
    def settings(self) -> JudgeSettings:
        """How it is run."""

    @property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal, of all that decides a probability besides the texts: the key of kept verdicts."""

    def facts(self) -> dict[str, Any]:
        """Who it is and how it is asked, for the record of a version; without keys."""

    def asks(self, item: Item) -> tuple[tuple[Ask, ...], ...]:
        """The calls for one item: it is right if, for any of the outer tuple, all of the inner one say so."""

    def stream(self, asks: Sequence[Ask]) -> Generator[tuple[int, float | str]]:
        """`(place, probability)` in any order, or `(place, reason)` for a call without a verdict (see UNJUDGED).

        Raises NonsenseError after many answers in a row that are no verdict, and JudgeError or GenerationError when
        the judge can't be asked any more.
        """


class NonsenseError(JudgeError):
    """The judge answers, but gives no verdicts; it isn't worth asking on."""
