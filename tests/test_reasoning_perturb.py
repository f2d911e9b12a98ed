"""A broken chain differs from one step on, ends in another answer, and hangs together."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from negbank.reasoning.answers import compare
from negbank.reasoning.arithmetic import first_false_equation
from negbank.reasoning.perturb import CALCULATION, ERROR_TYPES, KINDS, NotPerturbed, Perturbed, perturb
from negbank.reasoning.steps import first_divergent_step, split_steps

QUESTION = "Janet's ducks lay 16 eggs. She eats 3 and bakes with 4. She sells the others for $2 each. How much is that?"
CHAIN = (
    "Janet sells 16 - 3 - 4 = <<16-3-4=9>>9 duck eggs a day.\n"
    "She makes 9 * 2 = $<<9*2=18>>18 every day.\n"
    "With those $18 she buys hay for 18 x 5 = <<18*5=90>>90 days.\n"
    "#### 90"
)


def check(question: str, chain: str, made: Perturbed) -> None:
    """What holds of every broken chain."""
    gold = split_steps(chain)
    assert made.steps == split_steps(made.chain) and len(made.steps) == len(gold)
    assert made.steps[: made.first_error_step] == gold[: made.first_error_step]
    assert (made.before, made.after) == (gold[made.first_error_step], made.steps[made.first_error_step])
    assert made.before != made.after
    assert compare(made.final_answer, made.gold_answer).outcome == "wrong"
    error = first_false_equation(made.steps)
    assert (error.step if error else None) == (made.first_error_step if made.kind == CALCULATION else None)
    assert made.error_type == ERROR_TYPES[made.kind]


@given(st.integers(0, 2**32), st.sampled_from(KINDS))
def test_the_laws_of_a_broken_chain(seed: int, kind: str) -> None:
    made = perturb(QUESTION, CHAIN, seed, (kind,))
    assert isinstance(made, Perturbed) and made.kind == kind
    check(QUESTION, CHAIN, made)


def test_a_change_is_carried_through_by_hand() -> None:
    chains = {perturb(QUESTION, CHAIN, seed, ("operation",)).chain for seed in range(40)}  # type: ignore[union-attr]
    assert (
        "Janet sells 16 - 3 + 4 = <<16-3+4=17>>17 duck eggs a day.\n"
        "She makes 17 * 2 = $<<17*2=34>>34 every day.\n"
        "With those $34 she buys hay for 34 x 5 = <<34*5=170>>170 days.\n"
        "#### 170"
    ) in chains


def test_the_same_seed_gives_the_same_chain() -> None:
    assert perturb(QUESTION, CHAIN, 5) == perturb(QUESTION, CHAIN, 5)
    assert len({perturb(QUESTION, CHAIN, seed).chain for seed in range(30)}) > 5  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        ("He has 5 left.\n#### 5", "no-exact-annotations"),
        ("10 / 3 = <<10/3=3.33>>3.33\n#### 3.33", "no-exact-annotations"),
        ("1 + 1 = <<1+1=2>>2", "answer-not-computed"),
        ("1 + 1 = <<1+1=2>>2\n#### 7", "answer-not-computed"),
        ("1 + 1 = <<1+1=2>>2\nSo 2 * 3 = 7\n#### 2", "gold-has-false-equation"),
        ("5 = <<5=5>>5\n#### 5", "no-change-fits"),
        ("", "answer-not-computed"),
    ],
)
def test_a_chain_that_cannot_be_broken_says_why(chain: str, reason: str) -> None:
    assert perturb("How many?", chain, 0, ("operation",)) == NotPerturbed(reason)


def test_a_number_that_may_come_from_two_places_is_not_carried_on() -> None:
    question = "He has 2 bags of 4 and gives away 6. He then buys 2 times what is left."
    chain = "2 * 4 = <<2*4=8>>8\n8 - 6 = <<8-6=2>>2\n2 * 2 = <<2*2=4>>4\n#### 4"
    for seed in range(20):
        made = perturb(question, chain, seed)
        # whichever `2` of the last step is the result, only the last step itself may be broken
        assert isinstance(made, Perturbed) and made.first_error_step == 2


@pytest.mark.hub
def test_first_errors_of_broken_gsm8k_chains_are_found_again(hub: Path) -> None:
    rows = pl.read_parquet(hub / "openai/gsm8k/main/train-00000-of-00001.parquet").head(400)
    for kind in KINDS:
        made = [(q, a, perturb(q, a, 0, (kind,))) for q, a in rows.iter_rows()]
        broken = [(q, a, m) for q, a, m in made if isinstance(m, Perturbed)]
        assert len(broken) > 200
        found = 0
        for question, chain, one in broken:
            check(question, chain, one)
            error = first_false_equation(one.steps)
            step = error.step if error else first_divergent_step(one.steps, split_steps(chain), question)
            found += step == one.first_error_step
        assert found >= 0.95 * len(broken), kind
