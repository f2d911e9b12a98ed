"""The final answer decides: claims are checked, what cannot be judged is refused with its reason, all is counted."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import polars as pl
import pytest

from negbank.reasoning.chains import RefusedChain, Trajectory
from negbank.reasoning.formats import read_trajectories
from negbank.reasoning.golds import GoldBook
from negbank.reasoning.plausibility import ChainMarks, coefficients
from negbank.reasoning.verify import Tally, Verdict, verify

GOLD = "16 - 3 - 4 = <<16-3-4=9>>9 eggs\n9 * 2 = $<<9*2=18>>18\n#### 18"
RIGHT = "16 - 3 - 4 = 9 eggs\n9 * 2 = 18\nA: 18"
WRONG = "16 - 3 - 4 = 9 eggs\n9 * 3 = 27\nA: 27"
SLIP = "16 - 3 - 4 = 9 eggs\n9 * 2 = 19\nA: 19"


def verdict(chain: str, gold: str | None = GOLD, book: GoldBook | None = None, claim: bool | None = None) -> Verdict:
    (found,) = verify([Trajectory("q", chain, None, gold, claim, line=7)], book)
    return found


def test_a_wrong_chain_with_what_is_known_of_it() -> None:
    found = verdict(WRONG)
    assert (found.outcome, found.final_answer, found.gold_answer, found.line) == ("wrong", "27", "18", 7)
    assert found.steps == ("16 - 3 - 4 = 9 eggs", "9 * 3 = 27")
    assert (found.first_error_step, found.error_source, found.divergent_step) == (None, None, 1)
    # one of two steps before the divergence, as many steps, and 9 of 9, 18 and 27 shared
    assert found.plausibility == ChainMarks(1 / 2, 1.0, 1 / 3).plausibility


def test_plausibility_is_the_probability_that_the_shipped_model_gives() -> None:
    intercept, (lead, length, agreement) = coefficients()
    assert min(lead, length, agreement) > 0  # nearer to the gold chain is more plausible, by each mark
    odds = intercept + lead * 0.5 + length * 0.8 + agreement * 0.25
    assert ChainMarks(0.5, 0.8, 0.25).plausibility == pytest.approx(1 / (1 + math.exp(-odds)), abs=1e-4)
    assert 0.1 < ChainMarks(0, 0, 0).plausibility < ChainMarks(1, 1, 1).plausibility <= 1


def test_a_false_equation_is_the_first_error_for_certain() -> None:
    found = verdict(SLIP)
    assert (found.first_error_step, found.error_source, found.error_type) == (1, "arithmetic", "calculation")


def test_the_labels_of_a_file_are_named_as_theirs() -> None:
    chain = Trajectory("q", "a\nb\nThe answer is 19", ("a", "b\nThe answer is 19"), "18", False, 0)
    (found,) = verify([chain])
    assert (found.first_error_step, found.error_source, found.error_type) == (0, "file", None)


@pytest.mark.parametrize(
    ("claimed", "kind", "expected"),
    [
        (0, None, (0, "file", None)), (0, "wrong-operation", (0, "file", "wrong-operation")),
        (1, "wrong-operation", (1, "arithmetic", "calculation")), (2, None, (2, "file", None)),
        (None, None, (1, "arithmetic", "calculation")),
    ],
)  # fmt: skip
def test_a_step_that_the_file_marks_is_kept(
    claimed: int | None, kind: str | None, expected: tuple[int, str, str | None]
) -> None:
    steps = ("16 - 3 = 13 eggs", "9 * 2 = 19", "The answer is 19")
    chain = Trajectory("q", "\n".join(steps), steps, "18", False, claimed, error_type=kind)
    (found,) = verify([chain])
    assert (found.first_error_step, found.error_source, found.error_type) == expected


def test_who_broke_a_chain_stays_its_source_before_a_false_equation() -> None:
    steps = ("16 - 4 = 12 eggs", "9 * 2 = 19", "The answer is 19")
    (found,) = verify([Trajectory("q", "\n".join(steps), steps, "18", False, 0, error_source="perturbation")])
    assert (found.first_error_step, found.error_source) == (0, "perturbation")


@pytest.mark.parametrize(
    ("chain", "claim", "outcome", "holds"),
    [
        (RIGHT, True, "right", True), (RIGHT, False, "refused", False), (WRONG, True, "refused", False),
        (WRONG, False, "wrong", True), (WRONG, None, "wrong", None),
    ],
)  # fmt: skip
def test_the_file_and_the_gold_answer_must_agree(
    chain: str, claim: bool | None, outcome: str, holds: bool | None
) -> None:
    found = verdict(chain, claim=claim)
    assert (found.outcome, found.claim_holds) == (outcome, holds)
    if holds is False:
        assert found.reason == "file-disagrees" and found.found_right is (chain == RIGHT)
    else:
        assert found.verified_by == ("gold" if claim is None else "both") and found.found_by == "A:"


@pytest.mark.parametrize(("claim", "outcome"), [(True, "right"), (False, "wrong")])
def test_where_there_is_no_gold_answer_the_word_of_the_file_counts(claim: bool, outcome: str) -> None:
    found = verdict(WRONG, None, claim=claim)
    assert (found.outcome, found.verified_by, found.final_answer) == (outcome, "file", "27")
    assert found.gold_answer is None


def test_only_marked_answers_are_taken_when_asked_for() -> None:
    chains = [Trajectory("q", chain, gold="18") for chain in (WRONG, "So there are 27 eggs.")]
    assert [v.outcome for v in verify(chains)] == ["wrong", "wrong"]
    assert [(v.outcome, v.reason) for v in verify(chains, strict=True)] == [
        ("wrong", "different"), ("refused", "unmarked-answer"),
    ]  # fmt: skip


def test_a_label_of_the_file_settles_a_guess() -> None:
    chain = "First 18 eggs, then 9 more.\nSo 27 eggs are left."
    assert verdict(chain).reason == "ambiguous-answer"  # the gold answer stands in it
    assert verdict(chain, claim=False).outcome == "wrong"


@pytest.mark.parametrize(
    ("chain", "gold", "book", "reason"),
    [
        ("no idea", GOLD, None, "no-final-answer"),
        (WRONG, None, None, "no-gold-answer"),
        (WRONG, "  ", None, "no-gold-answer"),
        (WRONG, GOLD, GoldBook.of([("another", GOLD)]), "question-not-in-source"),
        (WRONG, GOLD, GoldBook.of([("q", GOLD), ("q ", "#### 27")]), "two-gold-answers"),
        ("A: north", "#### south", None, "undecided-words"),
        ("A: 9**9**9**9", GOLD, None, "undecided-too-large"),
        ("A: 3.33", "10/3", None, "undecided-rounded"),
        ("A: \\frac{1}{", GOLD, None, "undecided-words"),
    ],
)
def test_what_cannot_be_judged_is_refused(chain: str, gold: str | None, book: GoldBook | None, reason: str) -> None:
    found = verdict(chain, gold, book)
    assert (found.outcome, found.reason) == ("refused", reason)


def test_the_gold_of_the_source_rules() -> None:
    book = GoldBook.of([("q", GOLD), ("q", "18.0")])  # the same answer twice is one answer
    assert verdict(WRONG, "27", book).outcome == "wrong"


def test_two_golds_in_one_file_refuse_the_later() -> None:
    chains = [Trajectory("q", WRONG, gold=gold) for gold in ("18", "18.0", "27")]
    assert [(v.outcome, v.reason) for v in verify(chains)] == [
        ("wrong", "different"), ("wrong", "different"), ("refused", "two-gold-answers"),
    ]  # fmt: skip


def test_everything_is_counted_as_it_passes() -> None:
    chains = [
        Trajectory("q", RIGHT, gold=GOLD),
        Trajectory("q", RIGHT, gold=GOLD, claimed_correct=False),
        Trajectory("q", WRONG, gold=GOLD, claimed_correct=False),
        RefusedChain("q", "chain-too-long", 3, 0),
        Trajectory("q", "?", gold=GOLD),
    ]
    tally = Tally()
    assert len(list(tally.count(verify(chains)))) == 5
    assert tally.outcomes == {"right": 1, "wrong": 1, "refused": 3}
    assert tally.refused == {"file-disagrees": 1, "chain-too-long": 1, "no-final-answer": 1}
    assert tally.false_claims == 1


def test_memory_is_flat_in_the_number_of_chains() -> None:
    def chains(count: int) -> Iterator[Trajectory]:
        return (Trajectory(f"q{n % 50}", f"{n} + 1 = {n + 1}\nA: {n}", gold="1", line=n) for n in range(count))

    verdicts = verify(chains(7000))
    tracemalloc.start()
    assert sum(1 for _ in islice(verdicts, 6000)) == 6000  # fills the caches, which are bounded
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    assert sum(1 for _ in verdicts) == 1000
    grown = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert grown < 2**18


@pytest.mark.hub
def test_every_label_of_the_four_models_is_reproduced(hub: Path) -> None:
    """5,276 chains of GSM8K's test questions, 3,275 of them wrong (Cobbe et al., 2021)."""
    tally = Tally()
    path = hub / "openai/grade-school-math/example_model_solutions.jsonl"
    sources = {v.found_by for v in tally.count(verify(read_trajectories(path)))}
    assert tally.outcomes == {"wrong": 3274, "right": 2001, "refused": 1}
    assert tally.false_claims == 0 and tally.refused == {"no-final-answer": 1}  # it ends in `32768 feet * 2 =`
    assert sources == {"A:", "last sentence"}  # eleven were cut off before their answer


@pytest.mark.parametrize("name", ["gsm8k.json"])
def test_processbench_as_it_lies(hub: Path, name: str) -> None:
    path = hub.parent / "data" / "processbench" / name
    if not path.is_file():
        pytest.skip("the data sets of the project are not here")
    rows = pl.read_parquet(hub / "openai/gsm8k/main/test-00000-of-00001.parquet").select("question", "answer").rows()
    found = list(verify(read_trajectories(path), GoldBook.of(rows)))
    claims = [chain.claimed_correct for chain in read_trajectories(path) if isinstance(chain, Trajectory)]
    wrong = [v for v, claim in zip(found, claims, strict=True) if v.outcome == "wrong" and not claim]
    assert len(wrong) >= 190 and sum(v.outcome == "wrong" for v in found) == len(wrong)
    assert all(v.first_error_step is not None and v.verified_by == "both" for v in wrong)
