"""Generated arithmetic: laws of its problems and text, and tiny models that read it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.causal import context_of, load_base
from negbank.chains import ChainsSettings, document, draw_problem, from_mapping, held_out, make_tokenizer, pretrained
from negbank.chains.problems import generator
from negbank.commands import chains_ground
from negbank.errors import BenchmarkError, RecipeError
from negbank.generation.records import PLAIN_STOPS
from negbank.reasoning.answers import find_answer
from negbank.reasoning.arithmetic import first_false_equation
from negbank.reasoning.steps import split_steps
from negbank.recipes import load_recipe
from negbank.records import ERRONEOUS_COT, content_id, no_progress
from negbank.registry import Registry
from negbank.sampling import Sampled, SampleSettings, sample

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


def test_the_problems_of_the_recipe_stay_what_they_are() -> None:
    problems = held_out(ChainsSettings())
    assert content_id(*(problem.question for found in problems.values() for problem in found)) == "bc01df796ef8c5f9"


@pytest.mark.parametrize("key", ["training_questions", "evaluation_questions", "long_questions"])
def test_more_problems_than_there_are(key: str) -> None:
    with pytest.raises(RecipeError, match=rf"\[chains\] {key} is 20,000, and after .* no new problem of \d days"):
        held_out(replace(TINY, **{key: 20_000}))


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
    prompts, how = [context_of("There are 7 beads.")] * 8, SampleSettings(max_tokens=30)
    # no word of theirs breaks a line, so a stop text after a line break changes nothing
    assert sample(base, prompts, how, range(8)) == sample(base, prompts, replace(how, stop=PLAIN_STOPS), range(8))


def test_a_teacher_without_wrong_chains_is_told_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models, registry = pretrained(TINY, "cpu", tmp_path / "models"), Registry(tmp_path / "registry")
    recipe = replace(load_recipe("chains"), chains=asdict(TINY))

    def writes(text: str) -> None:
        found = Sampled(text, 9, 0.5, True)
        monkeypatch.setattr(chains_ground, "sample", lambda base, prompts, *_: [found] * len(prompts))

    kept = models.teacher.parent / "sampled-cpu"
    writes("Nothing comes of it.")
    for _ in range(2):
        with pytest.raises(
            BenchmarkError, match=r"no wrong chain to 12 problems \(chains: 24 refused\).*raise samples"
        ):
            chains_ground.chains_version(registry, recipe, models, "cpu", no_progress)
        assert not list(kept.parent.glob("*sampl*"))
    kept.mkdir()
    (kept / "counted.json").write_text("{}")  # as a run without wrong chains once left it
    writes("The answer is 999.")
    version = chains_ground.chains_version(registry, recipe, models, "cpu", no_progress)
    assert version.tiers[ERRONEOUS_COT] == 12 and (kept / "rows.parquet").is_file()


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
