"""Chains -> wrong, right and refused: the final answer decides, and what a file claims is only compared with it.

The gold answer is the source's where a `GoldBook` is given, else the file's own. A chain is a negative only where its
answer is shown to be wrong; what cannot be judged is refused with a reason that is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from negbank.reasoning.answers import Judge, compare, find_answer
from negbank.reasoning.arithmetic import first_false_equation
from negbank.reasoning.chains import RefusedChain, Trajectory
from negbank.reasoning.golds import Gold, GoldBook
from negbank.reasoning.plausibility import mark_chain
from negbank.reasoning.steps import first_divergent_step, split_steps

NO_FINAL_ANSWER: Final = "no-final-answer"
UNDECIDED: Final = "undecided"
ARITHMETIC: Final = "arithmetic"
FILE: Final = "file"


@dataclass(frozen=True)
class Verdict:
    """What became of one chain. Steps count from 0.

    `first_error_step` is known for certain by `arithmetic`, or taken from the labels of the file (`file`), or from
    whoever broke the chain, as `error_source` says: the earlier of the two, and arithmetic where both name one step.
    `divergent_step` is a hint beside the gold chain. `claim_holds` is None where the file claims nothing. `reason` says
    why it was refused, or how the answers were found to be equal or different.
    """

    outcome: Literal["wrong", "right", "refused"]
    reason: str
    question: str
    line: int
    position: int
    chain: str = ""
    steps: tuple[str, ...] = ()
    final_answer: str | None = None
    found_by: str | None = None
    gold_answer: str | None = None
    first_error_step: int | None = None
    error_source: str | None = None
    error_type: str | None = None
    divergent_step: int | None = None
    plausibility: float | None = None
    model: str | None = None
    claim_holds: bool | None = None
    provenance: str | None = None


@dataclass
class Tally:
    """Counts of verdicts: by outcome, by reason of refusal, and claims of the file that do not hold."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    false_claims: int = 0

    def count(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """The same verdicts, counted as they pass."""
        for verdict in verdicts:
            self.outcomes[verdict.outcome] += 1
            if verdict.outcome == "refused":
                self.refused[verdict.reason] += 1
            self.false_claims += verdict.claim_holds is False
            yield verdict


def verify(
    chains: Iterable[Trajectory | RefusedChain], golds: GoldBook | None = None, judge: Judge | None = None
) -> Iterator[Verdict]:
    """The verdict on each chain, in order and one at a time.

    Without `golds`, the files' own gold answers count, and two that differ for one question refuse the later ones.
    Without a `judge` (`MathJudge`), answers that are no plain numbers stay undecided and are refused.
    """
    book = GoldBook() if golds is None else golds
    for chain in chains:
        if isinstance(chain, RefusedChain):
            yield Verdict("refused", chain.reason, chain.question, chain.line, chain.position)
            continue
        gold = book.find(chain.question, chain.gold)
        yield _judge(chain, gold, judge) if isinstance(gold, Gold) else _refuse(chain, gold)


def _refuse(chain: Trajectory, reason: str, **found: str | None) -> Verdict:
    bare = Verdict(
        "refused", reason, chain.question, chain.line, chain.position, chain.chain, model=chain.model,
        provenance=chain.provenance,
    )  # fmt: skip
    return replace(bare, **found)  # type: ignore[arg-type]


def _judge(chain: Trajectory, gold: Gold, judge: Judge | None) -> Verdict:
    final = find_answer(chain.chain)
    if final is None:
        return _refuse(chain, NO_FINAL_ANSWER, gold_answer=gold.answer)
    found = compare(final.text, gold.answer, judge)
    if found.outcome == "undecided":
        answers = {"final_answer": final.text, "found_by": final.found_by, "gold_answer": gold.answer}
        return _refuse(chain, f"{UNDECIDED}-{found.reason}", **answers)
    steps = chain.steps if chain.steps is not None else split_steps(chain.chain)
    step, source, kind = _first_error(chain, steps)
    divergent = first_divergent_step(steps, gold.steps, chain.question) if gold.steps else None
    places = [place for place in (step, divergent) if place is not None]
    marks = mark_chain(steps, gold.steps, min(places, default=None))
    claim = None if chain.claimed_correct is None else chain.claimed_correct == (found.outcome == "right")
    return Verdict(
        found.outcome, found.reason, chain.question, chain.line, chain.position, chain.chain, steps, final.text,
        final.found_by, gold.answer, step, source, kind, divergent,
        marks.plausibility if gold.steps else None, chain.model, claim, chain.provenance,
    )  # fmt: skip


def _first_error(chain: Trajectory, steps: tuple[str, ...]) -> tuple[int | None, str | None, str | None]:
    """The first wrong step, how it is known, and its kind: a false equation says nothing of the steps before it."""
    claimed, error = chain.claimed_error_step, first_false_equation(steps)
    if error is not None and (claimed is None or error.step <= claimed):
        return error.step, ARITHMETIC, "calculation"
    return claimed, None if claimed is None else chain.error_source or FILE, chain.error_type
