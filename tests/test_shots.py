"""Few-shot blocks: drawn as lm-evaluation-harness draws them, and cut to the window by whole shots."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from harness_tasks import local_task
from models import tiny_llama

from negbank.causal import Base, context_of, load_base
from negbank.errors import BenchmarkError
from negbank.scoring import Prompt, Shot, block, draw, draw_fixed, drawn, fitted, fixed

POOL = [Shot(f"What is {n}?", f"{n}") for n in range(40)]


def test_a_block_is_questions_and_answers_with_empty_lines_between() -> None:
    assert block(POOL[1:3]) == "Question: What is 1?\nAnswer: 1\n\nQuestion: What is 2?\nAnswer: 2\n\n"
    assert block([]) == ""
    assert block([Shot("{question} {0}", "{")]) == "Question: {question} {0}\nAnswer: {\n\n"


def test_each_question_draws_anew_from_one_generator() -> None:
    random = Random(1234)
    expected = [tuple(random.sample(POOL, 5)) for _ in range(3)]
    assert draw(POOL, ["a", "b", "c"], 5) == expected
    assert drawn(POOL, ["a", "b", "c"], 5) == [block(shots) for shots in expected]
    assert draw(POOL, ["a"], 5, seed=7) != expected[:1]


def test_no_shots() -> None:
    assert drawn(POOL, ["a", "b"], 0) == ["", ""] and fixed(POOL, 0) == "" and drawn([], ["a"], 0) == [""]


def test_one_block_for_all() -> None:
    assert fixed(POOL, 4, seed=3) == block(Random(3).sample(POOL, 4)) == block(draw_fixed(POOL, 4, seed=3))


def test_questions_of_the_pool_are_not_their_own_shots() -> None:
    pool = [*POOL[:4], POOL[0], POOL[0]]
    questions = [shot.question for shot in pool] * 20
    for question, shots in zip(questions, draw(pool, questions, 3, own_split=True), strict=True):
        assert len(shots) == 3 and question not in {shot.question for shot in shots}


@pytest.mark.parametrize(("shots", "own_split"), [(41, False), (40, True), (-1, False)])
def test_more_shots_than_there_are(shots: int, own_split: bool) -> None:
    with pytest.raises(BenchmarkError, match="cannot be drawn from 40 questions"):
        draw(POOL, ["What is 1?"], shots, own_split=own_split)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return load_base(str(tiny_llama(tmp_path_factory.mktemp("model"))), device="cpu")


def test_what_fits_is_left_whole(base: Base) -> None:
    prompts = [Prompt(context_of("Why?"), (" a", " b"))]
    found = fitted(prompts, [POOL[:3]], base.tokens, window=1000)
    assert found.prompts == (Prompt(block(POOL[:3]) + context_of("Why?"), (" a", " b")),)
    assert (found.dropped, found.cut) == (0, 0)


def test_first_shots_go_until_the_longest_answer_fits(base: Base) -> None:
    prompts = [Prompt(context_of("Why?"), (" a", " because it is so")), Prompt(context_of("Who?"), (" a",))]

    def length(kept: int, prompt: Prompt) -> int:
        """Tokens with the last `kept` shots, the answer's last token not being read."""
        whole = block(POOL[10 - kept : 10]) + prompt.context
        return max(sum(map(len, base.tokens.pair(whole, answer))) for answer in prompt.answers) - 1

    window = length(6, prompts[0])
    kept = [max(k for k in range(11) if length(k, prompt) <= window) for prompt in prompts]
    found = fitted(prompts, [POOL[:10], POOL[:10]], base.tokens, window)
    assert kept[0] == 6
    assert [p.context for p in found.prompts] == [
        block(POOL[10 - k : 10]) + p.context for k, p in zip(kept, prompts, strict=True)
    ]
    assert (found.dropped, found.cut) == (20 - sum(kept), 2)


def test_a_question_too_long_by_itself_loses_every_shot_and_stays(base: Base) -> None:
    prompts = [Prompt(context_of("Why? " * 50), (" a",))]
    found = fitted(prompts, [POOL[:10]], base.tokens, window=20)
    assert found.prompts == tuple(prompts) and (found.dropped, found.cut) == (10, 1)


def contexts_of(task: Any, shots: int) -> list[tuple[int, str]]:
    """What the harness puts before the answers of each question, with the question's number."""
    task.set_config("num_fewshot", shots)
    task.set_fewshot_seed(1234)
    task.build_all_requests()
    return list(dict.fromkeys((instance.doc_id, instance.args[0]) for instance in task.instances))


@pytest.mark.hub
@pytest.mark.parametrize("shots", [0, 5, 25])
def test_arc_contexts_are_those_of_the_harness(hub: Path, tmp_path: Path, shots: int) -> None:
    pytest.importorskip("lm_eval", reason="the extra `lm-eval` is not installed")
    splits = {s: pl.read_parquet(hub / f"allenai/ai2_arc/ARC-Challenge/{s}-*.parquet") for s in ("train", "test")}
    splits["test"] = splits["test"].head(300)
    pool = [
        Shot(row["question"], row["choices"]["text"][row["choices"]["label"].index(row["answerKey"])])
        for row in splits["train"].iter_rows(named=True)
    ]
    questions = splits["test"]["question"].to_list()
    ours = [head + context_of(q) for head, q in zip(drawn(pool, questions, shots), questions, strict=True)]
    assert [context for _, context in contexts_of(local_task(tmp_path, splits), shots)] == ours
    assert len(ours) == 300


def test_contexts_are_those_of_the_harness_where_shots_come_from_the_questions_own_split(tmp_path: Path) -> None:
    pytest.importorskip("lm_eval", reason="the extra `lm-eval` is not installed")
    rows = [
        {"question": s.question, "choices": {"text": [s.answer, "no"], "label": ["A", "B"]}, "answerKey": "A"}
        for s in POOL[:8]
    ]
    task = local_task(tmp_path, {"test": pl.DataFrame(rows)}, training_split=None, fewshot_split="test")
    questions = [shot.question for shot in POOL[:8]]
    blocks = drawn(POOL[:8], questions, 5, own_split=True)
    ours = [head + context_of(q) for head, q in zip(blocks, questions, strict=True)]
    assert [context for _, context in contexts_of(task, 5)] == ours
