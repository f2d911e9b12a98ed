"""Generated arithmetic: laws of its problems and text, and tiny models that read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.causal import context_of, load_base
from negbank.chains import ChainsSettings, document, draw_problem, from_mapping, held_out, make_tokenizer, pretrained
from negbank.chains.problems import generator
from negbank.errors import RecipeError
from negbank.reasoning.answers import find_answer
from negbank.reasoning.arithmetic import first_false_equation
from negbank.reasoning.steps import split_steps

TINY = ChainsSettings(
    training_questions=12, evaluation_questions=6, long_questions=6, base_tokens=2000, teacher_tokens=1000, width=16,
    inner_width=32, layers=1, attention_heads=2, rows=2, row_tokens=64, samples=2, most=20, operand=3,
)  # fmt: skip


@given(st.integers(0, 10_000), st.integers(1, 7))
@settings(max_examples=50)
def test_a_solution_is_right_step_by_step(seed: int, days: int) -> None:
    problem = draw_problem(ChainsSettings(), days, Random(seed))
    steps = split_steps(problem.chain)
    assert len(steps) == 2 * days + 1 and first_false_equation(steps) is None
    answer = find_answer(problem.chain)
    assert answer is not None and answer.text.strip(" .") == str(problem.answer)
    assert all(0 <= value <= 30 for value in problem.values) and problem.values[1] != problem.start


def test_no_problem_is_in_two_sets_or_in_the_text() -> None:
    problems = held_out(TINY)
    sizes = [len(found) for found in problems.values()]
    every = [problem.question for found in problems.values() for problem in found]
    assert sizes == [12, 6, 6] and len(set(every)) == 24
    reserved = frozenset(problem for found in problems.values() for problem in found)
    draw = generator(TINY, "test")
    text = {document(TINY, reserved, draw) for _ in range(2000)}
    assert not any(document.startswith(context_of(question)) for document in text for question in every)
    assert {problem.days for problem in problems["training"]} == {1, 2, 3}
    assert {problem.days for problem in problems["long"]} == {4, 5, 6, 7}


def test_the_same_settings_give_the_same_problems_and_other_seeds_others() -> None:
    assert held_out(TINY) == held_out(TINY) != held_out(replace(TINY, seed=1))


def test_the_tokenizer_knows_every_word() -> None:
    tokenizer, draw = make_tokenizer(TINY), generator(TINY, "words")
    for _ in range(300):
        assert tokenizer.unk_token_id not in tokenizer(document(TINY, frozenset(), draw))["input_ids"]


def test_two_models_are_trained_once_and_load(tmp_path: Path) -> None:
    stages: list[str] = []
    found = pretrained(TINY, "cpu", tmp_path, lambda stage, done, total: stages.append(stage))
    assert len(set(stages)) == 3
    assert pretrained(TINY, "cpu", tmp_path, lambda *_: stages.append("again")) == found and "again" not in stages
    base, teacher = (load_base(str(path), "cpu", "fp32") for path in (found.base, found.teacher))
    assert base.info.weights != teacher.info.weights and base.window == teacher.window == 512
    other = pretrained(replace(TINY, seed=1), "cpu", tmp_path)
    assert other.base != found.base


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("seeds", 1, "seeds"), ("most", 5, "most"), ("long_low", 3, "must go upward"), ("width", 66, "divide"),
        ("temperature", -1.0, "temperature"),
    ],
)  # fmt: skip
def test_a_setting_that_means_nothing_is_named(key: str, value: object, said: str) -> None:
    with pytest.raises(RecipeError, match=rf"\[chains\].*{said}"):
        from_mapping({key: value})
