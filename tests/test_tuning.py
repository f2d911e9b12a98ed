"""GLOW's validation: which chains each system gets, how problems are judged, and what is reported."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import tiny_llama
from samples import part

import negbank
from negbank.causal import Base, load_base
from negbank.cli import run
from negbank.commands import glow_benchmark
from negbank.commands.score import score
from negbank.errors import BenchmarkError, RecipeError, StorageError, TrainingError
from negbank.glow import GlowSettings
from negbank.heads import LoraSettings, TrainSettings, TuneSettings
from negbank.records import CHAINS, ERRONEOUS_COT, content_id
from negbank.registry import NewPart, Registry
from negbank.report import from_json, to_json
from negbank.report.kinds import read_result, verdict_of
from negbank.report.tuned import TunedResult
from negbank.sampling import Sampled, SampleSettings
from negbank.validation import solving
from negbank.validation.chains import SYSTEMS, chain_sets
from negbank.validation.solving import ProblemSet, Solved, solve
from negbank.validation.tuned_summary import summarise_tuning
from negbank.validation.tuning import TuningPlan, measure_tuning


def rows(count: int = 6) -> pl.DataFrame:
    """CHAINS of `count` questions: two wrong chains each, and one right one that both stand beside."""
    found = []
    for number in range(count):
        question, answer = f"What is {number} and 1?", f"{number} + 1 = {number + 1}. The answer is {number + 1}."
        for slip in (2, 3):
            wrong = f"{number} + 1 = {number + slip}. The answer is {number + slip}."
            found.append({
                "id": content_id(question, wrong), "question_id": f"q{number}", "question": question, "answer": answer,
                "negative": wrong, "tier": ERRONEOUS_COT, "rank": slip - 2, "origin": "model", "category": [],
                "steps": [wrong], "final_answer": str(number + slip), "gold_answer": str(number + 1),
                "first_error_step": 0, "error_source": "arithmetic",
            })  # fmt: skip
    return pl.DataFrame(found, schema=CHAINS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("model"))


@pytest.fixture
def base(folder: Path) -> Base:
    return load_base(str(folder), device="cpu", precision="fp32")


def test_each_system_gets_its_sides(base: Base) -> None:
    sets = chain_sets(rows(), base)
    assert (len(sets.right), len(sets.wrong), sets.too_long) == (6, 12, 0)
    counts = {system: len(sets.of(system, 0)) for system in SYSTEMS}
    assert counts == {"sft": 6, "negative-only": 12, "mixed": 18, "glow": 18}
    assert sets.of("mixed", 0) == sets.of("glow", 0) != sets.of("glow", 1)
    ids = [chain.id for chain in sets.of("mixed", 0)]
    assert len(set(ids)) == 18 and {one.file for one in ids} == {"right", "wrong"}
    assert len(chain_sets(rows(), base, limit=2).wrong) == 4


def test_a_side_that_is_not_there(base: Base) -> None:
    wrong_only = chain_sets(rows().with_columns(answer=pl.lit(None, pl.String)), base)
    assert len(wrong_only.of("negative-only", 0)) == 12
    with pytest.raises(BenchmarkError, match=r"no right chains .* only wrong ones; `glow` needs right and wrong ones"):
        wrong_only.of("glow", 0)
    with pytest.raises(BenchmarkError, match="no wrong chains"):
        chain_sets(rows().with_columns(negative=pl.lit(" ")), base).of("mixed", 0)


def test_an_empty_tier_and_chains_that_are_too_long(base: Base) -> None:
    with pytest.raises(BenchmarkError, match="is empty; mine it"):
        chain_sets(rows(0), base)
    long = pl.concat([rows(2), rows(3).tail(1).with_columns(negative=pl.lit("and so on " * 400))])
    sets = chain_sets(long, base)
    assert sets.too_long == 1 and len(sets.wrong) == 4
    with pytest.raises(BenchmarkError, match=r"none of the 10 chains fits the model's 4 tokens"):
        chain_sets(rows(5).unique("question_id"), replace(base, window=4))


@given(st.lists(st.lists(st.integers(0, 1), min_size=5, max_size=5), min_size=1, max_size=4), st.integers(1, 5))
def test_pass_at_k_is_the_share_of_draws_with_a_right_one(right: list[list[int]], k: int) -> None:
    matrix = np.array(right, dtype=np.int8)
    solved = Solved(matrix, np.ones(matrix.shape), np.ones(matrix.shape, dtype=np.int64), 0, 0)
    for row, share in zip(right, solved.pass_at(k), strict=True):
        draws = list(combinations(row, k))
        assert share == pytest.approx(sum(any(draw) for draw in draws) / len(draws))


def test_pass_at_more_than_were_drawn() -> None:
    solved = Solved(np.zeros((1, 2), np.int8), np.ones((1, 2)), np.ones((1, 2), np.int64), 0, 0)
    with pytest.raises(BenchmarkError, match="pass@3 takes 1 to 2 samples"):
        solved.pass_at(3)


def test_entropy_is_over_tokens() -> None:
    solved = Solved(np.zeros((1, 2), np.int8), np.array([[1.0, 2.0]]), np.array([[1, 3]]), 0, 0)
    assert solved.entropy_by_problem.tolist() == [pytest.approx(1.75)]


def test_problems_are_solved_with_seeds_of_their_own(base: Base) -> None:
    one = ProblemSet("a", "in", ("What is 1 and 1?",), ("2",))
    two = ProblemSet("a", "in", ("What is 2 and 1?", "What is 1 and 1?"), ("3", "2"))
    how = SampleSettings(1.0, 0.95, 12, 8)
    alone, beside = (solve(base, problems, how, 3, 7) for problems in (one, two))
    np.testing.assert_allclose(alone.entropy_nats[0], beside.entropy_nats[1], rtol=1e-4)
    assert 0 < alone.entropy_nats.mean() < math.log(300)


def test_a_cut_sample_is_not_right(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [Sampled("1 + 1 = 2", 5, 1.0, finished) for finished in (True, False)]
    monkeypatch.setattr(solving, "sample", lambda *_: drawn)
    solved = solve(base, ProblemSet("a", "in", ("What is 1 and 1?",), ("2",)), SampleSettings(), 2, 0)
    assert (solved.right.tolist(), solved.unjudged, solved.unfinished) == ([[1, 0]], 0, 1)


def plan(base: Base, **more: Any) -> TuningPlan:
    given: dict[str, Any] = {
        "systems": SYSTEMS, "chains": chain_sets(rows(), base),
        "problems": (ProblemSet("near", "in", ("What is 9 and 1?",) * 4, ("10",) * 4),
                     ProblemSet("far", "out", ("What is 8 and 1?",) * 4, ("9",) * 4)),
        "tuning": TuneSettings(TrainSettings(5e-3, batch=6, epochs=2, schedule="cosine", warmup=0.1)),
        "glow": GlowSettings(2.0, 5.0), "sampling": SampleSettings(0.6, 0.95, 10, 16), "samples": 2, "seeds": 1,
    }  # fmt: skip
    return TuningPlan(**{**given, **more})


def loader(folder: Path) -> Callable[[], Base]:
    return lambda: load_base(str(folder), device="cpu", precision="fp32")


@pytest.mark.parametrize("lora", [None, LoraSettings(2, 4, 0.0, ("up_proj",))])
def test_what_was_measured_is_not_measured_again(base: Base, folder: Path, tmp_path: Path, lora: Any) -> None:
    chosen = plan(base, tuning=replace(plan(base).tuning, lora=lora))
    first = measure_tuning(loader(folder), chosen, tmp_path)
    summary = summarise_tuning(first, chosen, (1, 2))
    assert {score.system for score in summary.scores} == {"base", *SYSTEMS}

    def not_again() -> Base:
        raise AssertionError("the base is loaded again")

    again = summarise_tuning(measure_tuning(not_again, chosen, tmp_path), chosen, (1, 2))
    assert again == summary
    sft, both = first.lessons["sft", 0], first.lessons["glow", 0]
    assert sft.losses_nats.shape == (2, 6) and both.weights.shape == (2, 18) and both.is_wrong.sum() == 12
    assert (sft.weights == 1).all() and (both.weights[1] != 1).any()
    (tmp_path / "seed-0" / "glow" / "near.npz").unlink()
    redone = summarise_tuning(measure_tuning(loader(folder), chosen, tmp_path), chosen, (1, 2))
    assert redone == summary


def test_the_summary_by_hand(base: Base, folder: Path, tmp_path: Path) -> None:
    chosen = plan(base)
    measured = measure_tuning(loader(folder), chosen, tmp_path)
    for system, right in (("glow", [[1, 1], [1, 0], [0, 0], [0, 0]]), ("sft", [[0, 0], [1, 0], [0, 0], [0, 0]])):
        solved = measured.solved[system, 0, "far"]
        measured.solved[system, 0, "far"] = replace(solved, right=np.array(right, dtype=np.int8))
    summary = summarise_tuning(measured, chosen, (1, 2))
    found = {(s.system, s.k): s.accuracy for s in summary.scores if s.source == "far"}
    assert (found["glow", 1], found["sft", 1], found["glow", 2]) == (0.375, 0.125, 0.5)
    (contrast,) = [c for c in summary.contrasts if (c.left, c.right, c.source, c.k) == ("glow", "sft", "far", 1)]
    assert contrast.difference == 0.25 and contrast.domain == "out" and not contrast.shown
    curve = next(c for c in summary.losses if (c.system, c.side) == ("mixed", "wrong"))
    lesson = measured.lessons["mixed", 0]
    assert curve.nats[1] == pytest.approx(lesson.losses_nats[1, lesson.is_wrong].mean())
    spread = next(w for w in summary.weights if (w.epoch, w.side) == (1, "right"))
    assert spread.mean == spread.p5 == spread.p95 == 1.0


RECIPE = """
[recipe]
name = "small"
summary = "for tests"
[data]
dataset = "sums"
tier = "erroneous-cot"
[evaluation]
source = "{near}"
[[base]]
name = "{base}"
[training]
batch = 6
epochs = 2
learning_rate = 5e-3
[glow]
beta = 5.0
samples = 2
ks = [1, 2]
max_tokens = 10
out_of_domain = ["{far}"]
[[glow_reference]]
base = "{base}"
effect = "ood-gain"
value = 5.51
unit = "points"
source = "someone"
"""


@pytest.fixture
def recipe(tmp_path: Path, folder: Path) -> Path:
    for name, count in (("near", 5), ("far", 6)):
        asked = [{"question": f"What is {i} and {count}?", "answer": str(i + count)} for i in range(20, 20 + count)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, asked)) + "\n")
    file = tmp_path / "small.toml"
    file.write_text(RECIPE.format(near=tmp_path / "near.jsonl", far=tmp_path / "far.jsonl", base=folder))
    return file


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    place = Registry(tmp_path / "registry")
    place.commit("sums", [NewPart(ERRONEOUS_COT, "train", rows(), {"source": "sums", "license": "mit"})], "", "")
    return place


def test_a_benchmark_ends_with_a_report_and_is_recorded_with_the_version(
    registry: Registry, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["benchmark", "sums", "--glow", "--recipe", str(recipe), "--out", str(tmp_path / "runs"), "--device", "cpu"]
    assert run(words) == 0
    out = capsys.readouterr().out
    assert "GLOW solves" in out and "no difference from SFT is shown" in out and "report.html" in out
    folder = tmp_path / "runs" / "sums-v1-glow"
    text = (folder / "result.json").read_text()
    result = read_result(text)
    assert isinstance(result, TunedResult) and to_json(result) == text
    assert result.systems == ("base", *SYSTEMS) and [used.domain for used in result.problems] == ["in", "out"]
    assert result.references[0].value == 5.51 and len(result.weights) == 4
    for name in ("solved.svg", "solved.png", "losses.svg", "weights.png", "entropy.svg", "report.html"):
        assert (folder / name).stat().st_size > 1000
    assert run(["log", "sums", "--json"]) == 0
    kept = json.loads(capsys.readouterr().out)[0]["validations"][0]
    assert kept["kind"] == "glow" and len(kept["losses"][0]["nats"]) == 2
    assert run(["show", "sums"]) == 0 and "validated on" in capsys.readouterr().out
    assert run(["card", "sums"]) == 0 and "GLOW solves" in capsys.readouterr().out
    assert run(["checkout", "sums", str(tmp_path / "out")]) == 0
    with pytest.raises(BenchmarkError, match="benchmark of GLOW, which has no heads"):
        score(str(tmp_path / "near.jsonl"), folder)
    stages: list[str] = []
    again = negbank.benchmark_glow(
        "sums",
        negbank.GlowBenchmarkSettings(recipe=str(recipe), device="cpu", folder=tmp_path / "runs"),
        registry=registry,
        progress=lambda stage, *_: stages.append(stage),
    )
    assert again.result.scores == result.scores and not stages


def test_a_run_is_gone_on_with_only_where_all_that_decides_it_is_the_same(
    registry: Registry, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, near = tiny_llama(tmp_path / "model"), tmp_path / "near.jsonl"
    recipe.write_text(RECIPE.format(near=near, far=tmp_path / "far.jsonl", base=model))
    plans: list[TuningPlan] = []

    def measure(load: Any, plan: TuningPlan, *rest: Any) -> Any:
        plans.append(plan)
        return measure_tuning(load, plan, *rest)

    monkeypatch.setattr(glow_benchmark, "measure_tuning", measure)

    def folder_now() -> str:
        chosen = negbank.GlowBenchmarkSettings(
            recipe=str(recipe), device="cpu", folder=tmp_path / "runs", systems=("sft",), limit=2, epochs=1
        )
        return negbank.benchmark_glow("sums", chosen, registry=registry).folder.name

    assert [folder_now(), folder_now()] == ["sums-v1-glow"] * 2
    near.write_text(near.read_text().replace('"answer": "25"', '"answer": "26"'))
    assert folder_now() == "sums-v1-glow-2"
    tiny_llama(model, seed=1)
    assert folder_now() == "sums-v1-glow-3"
    recipe.write_text(recipe.read_text().replace("max_tokens = 10", "max_tokens = 11"))
    assert folder_now() == "sums-v1-glow-4"
    monkeypatch.setattr(glow_benchmark, "GRADING", 0)
    assert [folder_now(), folder_now()] == ["sums-v1-glow-5"] * 2
    assert {plan.sampling.stop for plan in plans} == {("\nQuestion:",)}


def test_a_result_that_was_tampered_with_is_refused(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    chosen = negbank.GlowBenchmarkSettings(
        recipe=str(recipe), device="cpu", folder=tmp_path / "runs", systems=("sft",), limit=2, epochs=1
    )
    result = negbank.benchmark_glow("sums", chosen, registry=registry).result
    assert "SFT solves" in verdict_of(result)
    data = json.loads(to_json(result))
    for change, said in (
        ({"schema": 2}, "schema 2"),
        ({"scores": [{**data["scores"][0], "low": 0.9, "high": 0.1}]}, "interval from 0.9 to 0.1"),
        ({"problems": []}, "names no problems"),
        ({"seeds": "one"}, ".seeds"),
    ):
        with pytest.raises(BenchmarkError, match=said):
            read_result(json.dumps({**data, **change}))
    with pytest.raises(BenchmarkError, match="kind"):
        from_json(to_json(result))


def test_what_cannot_be_proved_is_said(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    def refused(error: type[Exception], reference: str = "sums", **more: Any) -> str:
        given: dict[str, Any] = {"recipe": str(recipe), "device": "cpu", "folder": tmp_path / "runs", **more}
        with pytest.raises(error) as caught:
            negbank.benchmark_glow(reference, negbank.GlowBenchmarkSettings(**given), registry=registry)
        return str(caught.value)

    assert "has no [glow]" in refused(RecipeError, recipe="world")
    assert "no recipe says how to prove sums by GLOW" in refused(RecipeError, recipe=None)
    assert "cannot weight with alpha" in refused(TrainingError, low=3.0, high=2.0)
    (tmp_path / "file").write_text("")
    assert "file" in refused(StorageError, folder=tmp_path / "file" / "runs")
    asked = rows(1).with_columns(question=pl.lit("what is 20 AND 5 ?"))
    registry.commit("sums", [NewPart(ERRONEOUS_COT, "train", asked, {})], "", "")
    assert "holds 1 of the problems of" in refused(BenchmarkError, "sums@v2")
    wrong = rows().with_columns(answer=pl.lit(""))
    registry.commit("sides", [NewPart(ERRONEOUS_COT, "train", wrong, {})], "", "")
    assert "no right chains" in refused(BenchmarkError, "sides")
    registry.commit("answers", [part(count=3)], "", "")
    assert "has no rows of the tier erroneous-cot" in refused(BenchmarkError, "answers")


def test_choices_do_not_hide_that_a_problem_is_in_the_version(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    lettered = [
        {"question": f"What is {i} and 1?", "choices": [str(i), str(i + 1)], "answer": str(i + 1)} for i in (5, 6)
    ]
    (tmp_path / "near.jsonl").write_text("\n".join(map(json.dumps, lettered)) + "\n")
    chosen = negbank.GlowBenchmarkSettings(recipe=str(recipe), device="cpu", folder=tmp_path / "runs")
    with pytest.raises(BenchmarkError, match=r"sums@v1 holds 1 of the problems of near .* such as 'What is 5 and 1\?'"):
        negbank.benchmark_glow("sums", chosen, registry=registry)
    whole = pl.concat(
        rows(1).with_columns(
            question_id=pl.lit(listed),
            question=pl.lit(f"What is 6 and 1?\n{listed}\nThe answer is one of the letters."),
        )
        for listed in ("A. 6\nB. 7", "A. 7\nB. 6")
    )
    registry.commit("letters", [NewPart(ERRONEOUS_COT, "train", whole, {})], "", "")
    with pytest.raises(BenchmarkError, match=r"letters@v1 holds 1 of the problems of near"):
        negbank.benchmark_glow("letters", chosen, registry=registry)


def test_usage(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["benchmark", "sums", "--glow", "--likra"]) == 2 and "is of Likra" in capsys.readouterr().err
    assert run(["benchmark", "sums", "--likra", "--beta", "3"]) == 2 and "is of GLOW" in capsys.readouterr().err
    assert run(["benchmark", "sums", "--likra", "--recipe", "chains"]) == 1
    assert "--glow" in capsys.readouterr().err
