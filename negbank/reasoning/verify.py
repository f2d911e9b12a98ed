"""Chains -> wrong, right and refused: the final answer decides, and what a file says of it must agree.

The gold answer is the source's where a `GoldBook` is given, else the file's own. A chain is a negative only where every
plausible reading of its answer differs from the gold one; what cannot be judged, and what the file judges otherwise, is
refused with a reason that is counted. Where there is no gold answer at all, the file's word counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from negbank.reasoning.answers import Judge
from negbank.reasoning.chains import RefusedChain, Trajectory
from negbank.reasoning.decide import NO_FINAL_ANSWER, UNMARKED, decide_all
from negbank.reasoning.first_errors import first_error
from negbank.reasoning.golds import NO_GOLD, Gold, GoldBook
from negbank.reasoning.plausibility import mark_chain
from negbank.reasoning.readings import answer_readings, guess
from negbank.reasoning.steps import first_divergent_step, split_steps

UNDECIDED: Final = "undecided"
FILE_DISAGREES: Final = "file-disagrees"
ARITHMETIC: Final = "arithmetic"
FILE: Final = "file"
BY_GOLD: Final = "gold"
BY_BOTH: Final = "both"
_WHOLE_REASONS: Final = frozenset((NO_FINAL_ANSWER, "ambiguous-answer", UNMARKED))


@dataclass(frozen=True)
class Verdict:
    """What became of one chain. Steps count from 0.

    `first_error_step` is known for certain by `arithmetic`, or taken from the labels of the file (`file`), or from
    whoever broke the chain, as `error_source` says; arithmetic where both name one step.
    `divergent_step` is a hint beside the gold chain. `claim_holds` is None where the file claims nothing. `verified_by`
    names what the outcome rests on: the `gold` answer, the word of the `file`, or `both`. `reason` says why it was
    refused, or how the answers were found to be equal or different. `found_right` is what the gold answer says of a
    chain that its file judges otherwise.
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
    verified_by: str | None = None
    found_right: bool | None = None


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
    chains: Iterable[Trajectory | RefusedChain], golds: GoldBook | None = None, judge: Judge | None = None,
    strict: bool = False,
) -> Iterator[Verdict]:  # fmt: skip
    """The verdict on each chain, in order and one at a time.

    Without `golds`, the files' own gold answers count, and two that differ for one question refuse the later ones.
    Without a `judge` (`MathJudge`), answers that are no plain numbers stay undecided and are refused. With `strict`, so
    is every chain that does not mark its answer.
    """
    book = GoldBook() if golds is None else golds
    for chain in chains:
        if isinstance(chain, RefusedChain):
            yield Verdict("refused", chain.reason, chain.question, chain.line, chain.position)
            continue
        gold = book.find(chain.question, chain.gold)
        if isinstance(gold, Gold):
            yield _judge(chain, gold, judge, strict)
        elif gold == NO_GOLD and chain.claimed_correct is not None:
            yield _take_word(chain, strict)
        else:
            yield _refuse(chain, gold)


def _refuse(chain: Trajectory, reason: str, **found: str | None) -> Verdict:
    bare = Verdict(
        "refused", reason, chain.question, chain.line, chain.position, chain.chain, model=chain.model,
        provenance=chain.provenance,
    )  # fmt: skip
    return replace(bare, **found)  # type: ignore[arg-type]


def _judge(chain: Trajectory, gold: Gold, judge: Judge | None, strict: bool) -> Verdict:
    readings = answer_readings(chain.question, chain.chain)
    said = guess(readings)
    answers = {
        "final_answer": said[0] if said else None, "found_by": said[1] if said else None, "gold_answer": gold.answer,
    }  # fmt: skip
    if said is not None and strict and not readings.marked:
        return _refuse(chain, UNMARKED, **answers)
    called_wrong = chain.claimed_correct is False
    found = decide_all(readings, (gold.answer, *gold.others), chain.question, judge, called_wrong)
    if found.outcome == "undecided":
        reason = found.reason if found.reason in _WHOLE_REASONS else f"{UNDECIDED}-{found.reason}"
        return _refuse(chain, reason, **answers)
    claim = None if chain.claimed_correct is None else chain.claimed_correct == (found.outcome == "right")
    if claim is False:
        return replace(
            _refuse(chain, FILE_DISAGREES, **answers), claim_holds=False, found_right=found.outcome == "right"
        )
    known = replace(_known(chain, found.outcome, found.reason, gold), **answers)  # type: ignore[arg-type]
    return replace(known, claim_holds=claim, verified_by=BY_GOLD if claim is None else BY_BOTH)


def _take_word(chain: Trajectory, strict: bool) -> Verdict:
    """What the file says of a chain, where nobody knows the right answer."""
    readings = answer_readings(chain.question, chain.chain)
    said = guess(readings)
    answers = {"final_answer": said[0] if said else None, "found_by": said[1] if said else None}
    if said is None or (strict and not readings.marked):
        return _refuse(chain, NO_FINAL_ANSWER if said is None else UNMARKED, **answers)
    found = _known(chain, "right" if chain.claimed_correct else "wrong", FILE, Gold(""))
    return replace(found, verified_by=FILE, **answers)  # type: ignore[arg-type]


def _known(chain: Trajectory, outcome: Literal["wrong", "right"], reason: str, gold: Gold) -> Verdict:
    """A chain that is right or wrong, with its steps and what is known of its first error."""
    steps = chain.steps if chain.steps is not None else split_steps(chain.chain)
    step, source, kind = _first_error(chain, steps, gold)
    divergent = first_divergent_step(steps, gold.steps, chain.question) if gold.steps else None
    places = [place for place in (step, divergent) if place is not None]
    marks = mark_chain(steps, gold.steps, min(places, default=None))
    return Verdict(
        outcome, reason, chain.question, chain.line, chain.position, chain.chain, steps,
        first_error_step=step, error_source=source, error_type=kind, divergent_step=divergent,
        plausibility=marks.plausibility if gold.steps else None, model=chain.model, provenance=chain.provenance,
    )  # fmt: skip


def _first_error(chain: Trajectory, steps: tuple[str, ...], gold: Gold) -> tuple[int | None, str | None, str | None]:
    """The first wrong step, how it is known, and its kind. A step that the file marks is kept: people saw the chain."""
    claimed = chain.claimed_error_step
    error = first_error(steps, chain.question, gold.answer or None, gold.steps)
    if error is not None and (claimed is None or error.step == claimed):
        return error.step, ARITHMETIC, "calculation"
    return claimed, None if claimed is None else chain.error_source or FILE, chain.error_type
