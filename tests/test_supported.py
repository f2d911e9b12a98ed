"""Which tiers a source supports, and what is said where it does not."""

from __future__ import annotations

import polars as pl
import pytest

from negbank.errors import SourceError
from negbank.records import QUESTIONS, REFUSED_QUESTIONS, SourceData
from negbank.sources import read_source, refuse_unsupported, supported_tiers


def source(*answers: str, distractors: tuple[str, ...] = ()) -> SourceData:
    rows = [
        {"question_id": str(i), "question": f"q{i}?", "answer": answer, "distractors": list(distractors)}
        for i, answer in enumerate(answers)
    ]
    frame = pl.DataFrame(rows, schema=QUESTIONS)
    return SourceData("mine", frame, QUESTIONS.to_frame(), REFUSED_QUESTIONS.to_frame(), "")


def test_choices_give_every_direct_tier() -> None:
    support = {found.tier: found for found in supported_tiers(read_source("demo"))}
    assert list(support) == ["near-miss", "irrelevant", "unrelated", "erroneous-cot"]
    assert support["near-miss"].plain and support["irrelevant"].plain and not support["unrelated"].plain
    refuse_unsupported(read_source("demo"), ["near-miss", "irrelevant", "unrelated"])


def test_worked_solutions_without_choices_are_refused_as_near_misses_and_told_what_to_do() -> None:
    data = source("2 + 2 = <<2+2=4>>4\n#### 4", "3 + 3 = <<3+3=6>>6\n#### 6")
    with pytest.raises(SourceError) as caught:
        refuse_unsupported(data, ["near-miss"])
    text = str(caught.value)
    assert text.startswith("mine: its questions have no wrong choices, so the tier near-miss has nothing to mine.")
    for way in (
        "--perturb",
        "--trajectories FILE",
        "--generate MODEL",
        "--endpoint URL",
        "--tier near-miss --expand N",
    ):
        assert way in text
    refuse_unsupported(data, ["near-miss"], expand=2)
    refuse_unsupported(data, ["irrelevant"])
    refuse_unsupported(data, ["erroneous-cot"])


def test_answers_that_are_no_solutions_cannot_be_perturbed() -> None:
    with pytest.raises(SourceError) as caught:
        refuse_unsupported(source("Paris", "Rome", "Oslo"), ["near-miss"])
    assert "--perturb" not in str(caught.value) and "--trajectories FILE" in str(caught.value)
    boxed = source("so \\boxed{4}", "so \\boxed{5}", "unknown")
    assert any("--perturb" in way for way, _ in supported_tiers(boxed)[3].options)


def test_one_answer_to_everything_leaves_no_other_question_to_draw_from() -> None:
    same = source("yes", "yes")
    for tier, expand in (("irrelevant", 0), ("near-miss", 3)):
        with pytest.raises(SourceError, match=f"the tier {tier} has nothing to mine"):
            refuse_unsupported(same, [tier], expand)


def test_null_distractors_are_none() -> None:
    data = source("a", "b")
    none = pl.lit(None, dtype=pl.List(pl.String))
    empty = SourceData("x", data.questions.with_columns(distractors=none), data.evaluation, data.refused, "")
    assert not supported_tiers(empty)[0].plain
