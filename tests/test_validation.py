from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import tiny_llama

from negbank.causal import Base, load_base
from negbank.errors import BenchmarkError
from negbank.heads import LoraSettings, TrainSettings
from negbank.recipes import TrainingSettings
from negbank.records import NEGATIVES, QUESTIONS
from negbank.validation import Asked, Asking, Draw, Plan, draw_lessons, measure, set_exam, summarise, watch

TIERS = ("near-miss", "irrelevant")


def negatives(questions: int = 12, each: int = 3) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "id": f"{q:08x}{tier[0]}{i:07x}", "question_id": f"q{q:02}", "question": f"What is thing {q}?",
                "answer": f"right {q}", "negative": f"{tier} {q} {i}", "tier": tier, "rank": i,
                "origin": "distractor", "category": [],
            }
            for q in range(questions) for tier in TIERS for i in range(each)
        ],
        schema=NEGATIVES,
    )  # fmt: skip


def questions(count: int = 9) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "question_id": f"e{i}", "question": f"Which is number {i}?", "answer": f"yes {i}",
                "distractors": [f"no {i}", f"never {i}", f"not {i}"], "split": "test",
            }
            for i in range(count)
        ],
        schema=QUESTIONS,
    )  # fmt: skip


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return load_base(str(tiny_llama(tmp_path / "model")), "cpu", "fp32")


def test_each_question_gives_one_right_and_one_wrong_answer_a_tier() -> None:
    lessons = draw_lessons(negatives(), TIERS, Draw(), seed=3)
    asked = [example.context for example in lessons.positive]
    assert len(asked) == len(set(asked)) == 12 and asked != sorted(asked)
    for tier in TIERS:
        assert [example.context for example in lessons.negative[tier]] == asked
        assert all(tier in example.continuation for example in lessons.negative[tier])
    assert lessons == draw_lessons(negatives(), TIERS, Draw(), seed=3)
    assert lessons != draw_lessons(negatives(), TIERS, Draw(), seed=4)


def test_a_question_that_lacks_a_tier_takes_no_part() -> None:
    rows = negatives().filter(~((pl.col("question_id") == "q05") & (pl.col("tier") == "irrelevant")))
    lessons = draw_lessons(rows, TIERS, Draw(), seed=0)
    assert len(lessons.positive) == 11 and not any("thing 5" in example.context for example in lessons.positive)
    assert len(draw_lessons(rows, TIERS[:1], Draw(), seed=0).positive) == 12


@given(st.floats(0, 1), st.integers(0, 5))
def test_contamination_replaces_exactly_that_share(rate: float, seed: int) -> None:
    lessons = draw_lessons(negatives(), TIERS[:1], Draw(contamination=rate), seed)
    right = [example.continuation.startswith(" right") for example in lessons.negative["near-miss"]]
    assert sum(right) == round(rate * 12)


def test_numbers_of_each_side_are_independent() -> None:
    lessons = draw_lessons(negatives(), TIERS, Draw(positives=2, negatives=5), seed=0)
    assert len(lessons.positive) == 2 and {len(some) for some in lessons.negative.values()} == {5}
    with pytest.raises(BenchmarkError, match="13 positives were asked for, and 12"):
        draw_lessons(negatives(), TIERS, Draw(positives=13), seed=0)
    with pytest.raises(BenchmarkError, match="no question has a negative"):
        draw_lessons(negatives(), ("unrelated",), Draw(), seed=0)


def test_an_exam_shuffles_choices_and_knows_the_right_one(base: Base) -> None:
    exam = set_exam(questions(), questions(), Asking(), base.tokens, base.window)
    for number, (prompt, right) in enumerate(zip(exam.prompts, exam.right, strict=True)):
        assert prompt.answers[right] == f" yes {number}" and len(set(prompt.answers)) == 4
    assert len(set(exam.right.tolist())) > 1 and exam.chance == 0.25
    assert len(set_exam(questions(), questions(), Asking(limit=4), base.tokens, base.window).prompts) == 4
    with pytest.raises(BenchmarkError, match="wrong choices"):
        set_exam(
            questions().with_columns(distractors=pl.lit([], pl.List(pl.String))), questions(), Asking(), base.tokens, 9
        )


def test_shots_that_do_not_fit_the_window_are_dropped_and_counted(base: Base) -> None:
    exam = set_exam(questions(), questions(30), Asking(shots=20), base.tokens, base.window)
    assert exam.dropped > 0
    assert all(sum(map(len, base.tokens.pair(p.context, p.answers[0]))) <= base.window + 1 for p in exam.prompts)


def test_watched_answers_are_another_questions_and_unrelated(base: Base) -> None:
    exam = watch(set_exam(questions(), questions(), Asking(), base.tokens, base.window), ["a bird"], 5, seed=0)
    assert len(exam.watching) == 5
    for number, prompt in enumerate(exam.watching):
        irrelevant, unrelated = prompt.answers
        assert irrelevant.startswith(" yes") and irrelevant != f" yes {number}" and unrelated == " a bird"


def plan(seeds: int = 1) -> Plan:
    return Plan(
        {seed: draw_lessons(negatives(), TIERS, Draw(), seed) for seed in range(seeds)},
        lambda count: [point for point in (4, 8, 12) if point <= count],
        LoraSettings(rank=2, alpha=2),
        TrainSettings(learning_rate=1e-2, batch=4),
    )


ASKED = Asked(("base", "sft", "sft-base", "likra", "base-likra"), TIERS, 1.0, (0.0, 0.5, 1.0), "acc")


def test_what_is_measured_is_what_the_formula_says(base: Base, tmp_path: Path) -> None:
    exam = watch(set_exam(questions(), questions(), Asking(), base.tokens, base.window), ["a bird"], 5, seed=0)
    measured = measure(base, exam, plan(seeds=2), tmp_path / "run")
    summary = summarise(measured, exam, ASKED)
    (point,) = [
        p for p in summary.curve
        if (p.system, p.tier, p.examples, p.measure) == ("likra", "irrelevant", 8, "acc")
    ]  # fmt: skip
    by_hand = []
    for seed in range(2):
        upper, lower = (
            np.load(tmp_path / "run" / f"seed-{seed}" / name / "scores-8.npz")["choices"].reshape(9, 4)
            for name in ("positive", "negative-irrelevant")
        )
        by_hand.append(float(((upper - lower).argmax(axis=1) == exam.right).mean()))
    assert point.by_seed == pytest.approx(by_hand) and point.accuracy == pytest.approx(np.mean(by_hand))
    sweep = {(p.system, p.tier, p.weight): p for p in summary.weights}
    (sft,) = [p for p in summary.curve if (p.system, p.examples, p.measure) == ("sft", 12, "acc")]
    assert sweep["likra", "near-miss", 0.0].by_seed == sft.by_seed
    kinds = {(s.head, s.tier, s.kind) for s in summary.shift if s.examples == 12}
    assert len(kinds) == 3 * 4 and all(np.isfinite(s.nats_per_character) for s in summary.shift)
    assert summary.probe and summary.probe.examples == 12 and len(summary.training) == 6
    assert {c.left for c in summary.comparisons} == {"likra", "base-likra"}
    assert {c.right for c in summary.comparisons} == {"base", "sft", "sft-base"}


def test_a_ratio_without_wrong_answers_is_the_positive_head_less_the_base(base: Base, tmp_path: Path) -> None:
    exam = set_exam(questions(), questions(), Asking(), base.tokens, base.window)
    summary = summarise(measure(base, exam, plan(), tmp_path / "run"), exam, ASKED)
    upper = np.load(tmp_path / "run" / "seed-0" / "positive" / "scores-8.npz")["choices"].reshape(9, 4)
    lower = np.load(tmp_path / "run" / "base.npz")["choices"].reshape(9, 4)
    (point,) = [p for p in summary.curve if (p.system, p.examples, p.measure) == ("sft-base", 8, "acc")]
    assert point.accuracy == pytest.approx(((upper - lower).argmax(axis=1) == exam.right).mean())
    assert (point.tier, point.positives, point.negatives, point.weight) == (None, 8, 0, 1.0)


def test_a_run_that_stopped_goes_on_to_the_same_numbers(base: Base, tmp_path: Path) -> None:
    exam = set_exam(questions(), questions(), Asking(), base.tokens, base.window)
    whole = measure(base, exam, plan(), tmp_path / "whole")
    calls = []

    def stop(stage: str, done: int, total: int) -> None:
        calls.append(stage)
        if len(calls) == 9:
            raise KeyboardInterrupt

    other = load_base(str(tmp_path / "model"), "cpu", "fp32")
    with pytest.raises(KeyboardInterrupt):
        measure(other, exam, plan(), tmp_path / "stopped", stop)
    again = load_base(str(tmp_path / "model"), "cpu", "fp32")
    resumed = measure(again, exam, plan(), tmp_path / "stopped")
    for key, points in whole.heads.items():
        for point, likelihoods in points.items():
            assert np.array_equal(likelihoods.choices, resumed.heads[key][point].choices)


def test_several_epochs_are_measured_to_their_end(base: Base, tmp_path: Path) -> None:
    exam = set_exam(questions(), questions(), Asking(), base.tokens, base.window)
    training = TrainingSettings(epochs=2, points=(4,), batch=4, max_examples=8)
    twice = replace(plan(), points=training.points_for, training=TrainSettings(learning_rate=1e-2, batch=4, epochs=2))
    measured = measure(base, exam, twice, tmp_path / "run")
    for key, points in measured.heads.items():
        assert sorted(points) == [4, 16] and measured.training[key].examples == 16
        assert not np.array_equal(points[4].choices, points[16].choices)


@pytest.mark.parametrize(
    ("systems", "pairs"),
    [
        (("base", "likra"), {("likra", "base")}),
        (("base", "likra", "base-likra"), {("likra", "base"), ("base-likra", "base")}),
        (("base", "sft"), {("sft", "base")}),
        (("base", "sft", "likra"), {("likra", "sft")}),
    ],
)
def test_what_is_asked_for_is_compared(
    base: Base, tmp_path: Path, systems: tuple[str, ...], pairs: set[tuple[str, str]]
) -> None:
    exam = set_exam(questions(), questions(), Asking(), base.tokens, base.window)
    summary = summarise(measure(base, exam, plan(), tmp_path / "run"), exam, replace(ASKED, systems=systems))
    assert {(compared.left, compared.right) for compared in summary.comparisons} == pairs


def test_a_tokenizer_without_a_token_to_begin_with_leaves_out_the_probe_alone(tmp_path: Path) -> None:
    base = load_base(str(tiny_llama(tmp_path / "bare", special=False)), "cpu", "fp32")
    exam = set_exam(questions(), questions(), Asking(), base.tokens, base.window)
    summary = summarise(measure(base, exam, plan(), tmp_path / "run"), exam, ASKED)
    assert summary.probe is None and {point.system for point in summary.curve} == set(ASKED.systems)


def test_questions_that_are_cut_are_counted(base: Base, tmp_path: Path) -> None:
    long = questions(2).with_columns(question=pl.Series(["Why? " * 200, "Which?"]))
    exam = set_exam(long, questions(), Asking(), base.tokens, base.window)
    (notice,) = measure(base, exam, plan(), tmp_path / "run").notices
    assert "was cut for 4 of 8 choices" in notice
    (again,) = measure(base, exam, plan(), tmp_path / "run").notices  # read from the folder
    assert again == notice


def test_an_exam_is_named_by_all_that_is_asked(base: Base) -> None:
    exam = set_exam(questions(), questions(), Asking(), base.tokens, base.window)
    corrected = questions().with_columns(answer=pl.col("distractors").list.first(), distractors=pl.concat_list(
        pl.col("answer"), pl.col("distractors").list.slice(1)
    ))  # fmt: skip
    others = [
        set_exam(corrected, questions(), Asking(), base.tokens, base.window),
        set_exam(questions(), questions(), Asking(shots=2), base.tokens, base.window),
        watch(exam, ["a bird"], 5, seed=0),
    ]
    assert exam.name == set_exam(questions(), questions(), Asking(), base.tokens, base.window).name
    assert len({exam.name, *(other.name for other in others)}) == 4


def test_scores_of_another_exam_are_refused(base: Base, tmp_path: Path) -> None:
    exam = set_exam(questions(), questions(), Asking(), base.tokens, base.window)
    measure(base, exam, plan(), tmp_path / "run")
    other = set_exam(questions(5), questions(), Asking(), base.tokens, base.window)
    with pytest.raises(BenchmarkError, match="another exam"):
        measure(base, other, plan(), tmp_path / "run")
