from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from models import tiny_llama
from samples import part

import negbank
from negbank.cli import run
from negbank.errors import BenchmarkError, ModelError, RecipeError, StorageError, UnknownNameError
from negbank.records import NEGATIVES, content_id
from negbank.registry import NewPart, Registry
from negbank.report import from_json
from negbank.sources import read_source

RECIPE = """
[recipe]
name = "small"
summary = "for tests"
[data]
dataset = "facts"
tier = "near-miss"
[evaluation]
source = "{evaluation}"
[[base]]
name = "{base}"
learning_rate = 1e-2
[lora]
rank = 2
alpha = 2
[training]
batch = 4
points = [4, 8]
max_examples = 8
[likra]
weights = [0.0, 1.0]
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe with a tiny model, for a file of four questions."""
    rows = [
        {"question": f"Which is number {i}?", "answer": f"yes {i}", "choices": [f"no {i}", f"yes {i}", f"never {i}"]}
        for i in range(4)
    ]
    (tmp_path / "exam.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    file = tmp_path / "small.toml"
    file.write_text(RECIPE.format(evaluation=tmp_path / "exam.jsonl", base=tiny_llama(tmp_path / "model")))
    return file


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """The registry of the environment, with twelve questions."""
    place = Registry(tmp_path / "registry")
    place.commit("facts", [part(count=12), part("irrelevant", 12)], "", "")
    return place


def settings(recipe: Path, tmp_path: Path, **more: Any) -> negbank.BenchmarkSettings:
    return negbank.BenchmarkSettings(recipe=str(recipe), device="cpu", folder=tmp_path / "runs", **more)


def test_a_benchmark_ends_with_a_report_and_is_recorded_with_the_version(
    registry: Registry, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "benchmark",
        "facts",
        "--likra",
        "--recipe",
        str(recipe),
        "--out",
        str(tmp_path / "runs"),
        "--device",
        "cpu",
    ]
    assert run(words) == 0
    out = capsys.readouterr().out
    assert "Likra, trained on 8 right and 8 wrong answers" in out and "report.html" in out
    assert "Without seeing the questions" in out
    folder = tmp_path / "runs" / "facts-v1"
    result = from_json((folder / "result.json").read_text())
    assert {p.system for p in result.curve} == {"base", "sft", "sft-base", "likra", "base-likra"}
    assert {p.examples for p in result.curve} == {0, 4, 8} and result.version == "facts@v1"
    for name in ("curve.svg", "curve.png", "weights.svg", "shift.svg", "report.html"):
        assert (folder / name).stat().st_size > 1000
    assert "trained to be wrong" in (folder / "seed-0" / "negative-near-miss" / "point-8" / "README.md").read_text()
    assert run(["log", "facts", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["validations"][0]["version"] == "facts@v1"
    assert run(["show", "facts"]) == 0 and "validated on" in capsys.readouterr().out
    assert run(["card", "facts"]) == 0
    card = capsys.readouterr().out
    assert "| examples | Base | SFT | SFT-Base | Base-Likra | Likra |" in card and "Evaluation: 4 questions of" in card
    assert run(["checkout", "facts", str(tmp_path / "out")]) == 0
    (kept,) = (tmp_path / "out" / ".negbank" / "validations").glob("*.json")
    assert from_json(kept.read_text()).manifest == registry.resolve("facts").name


def test_the_same_command_again_finds_everything_done(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    first = negbank.benchmark("facts", settings(recipe, tmp_path), registry=registry)
    stages = []
    again = negbank.benchmark(
        "facts", settings(recipe, tmp_path), registry=registry, progress=lambda stage, *_: stages.append(stage)
    )
    assert again.folder == first.folder and again.result.curve == first.result.curve and "score" not in stages
    for changed in ({"max_tokens": 64}, {"weights": (0.0, 0.5)}):  # neither decides what is measured
        chosen = settings(recipe, tmp_path, **changed)
        assert negbank.benchmark("facts", chosen, registry=registry).folder == first.folder
    other = negbank.benchmark("facts", settings(recipe, tmp_path, seeds=2), registry=registry)
    assert other.folder.name == "facts-v1-2" and len(other.result.curve[0].by_seed) in (1, 2)


def test_a_corrected_answer_key_is_measured_anew(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    first = negbank.benchmark("facts", settings(recipe, tmp_path), registry=registry)
    exam = tmp_path / "exam.jsonl"
    exam.write_text(exam.read_text().replace('"answer": "yes 1"', '"answer": "no 1"'))
    second = negbank.benchmark("facts", settings(recipe, tmp_path), registry=registry)
    assert second.folder != first.folder


def test_a_folder_that_cannot_be_made_is_said(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(StorageError, match="runs"):
        negbank.benchmark("facts", settings(recipe, tmp_path), registry=registry)


def test_tiers_are_compared_on_the_same_questions(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    chosen = settings(recipe, tmp_path, compare_tiers=True, systems=("base", "likra"))
    result = negbank.benchmark("facts", chosen, registry=registry).result
    assert {p.tier for p in result.curve} == {None, "near-miss", "irrelevant"}
    assert {p.system for p in result.curve} == {"base", "likra"} and result.main_tier == "near-miss"


def test_a_version_with_evaluation_questions_is_refused(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    rows = part(count=3).rows
    assert isinstance(rows, pl.DataFrame)
    leaked = rows.with_columns(question=pl.lit("which is NUMBER 2 ?"))
    registry.commit("facts", [NewPart("near-miss", "train", leaked, {})], "", "")
    with pytest.raises(BenchmarkError, match="facts@v2 holds 1 of the evaluation questions"):
        negbank.benchmark("facts", settings(recipe, tmp_path), registry=registry)
    assert not (tmp_path / "runs").exists()


def test_what_is_not_there_is_said(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    def refused(error: type[Exception], reference: str | None = "facts", **more: Any) -> str:
        chosen = negbank.BenchmarkSettings(**({"recipe": str(recipe), "folder": tmp_path / "runs"} | more))
        with pytest.raises(error) as caught:
            negbank.benchmark(reference, chosen, registry=registry)
        return str(caught.value)

    assert "no dataset 'fact'" in refused(UnknownNameError, "fact")
    assert "no recipe says how to prove facts" in refused(RecipeError, recipe=None)
    assert "no recipe 'arx'" in refused(UnknownNameError, recipe="arx")
    assert refused(ModelError, base=str(tmp_path / "no-model"))
    assert "99 positives were asked for" in refused(BenchmarkError, draw=negbank.Draw(positives=99))
    registry.commit("plain", [part("unrelated", 12)], "", "")
    assert "no rows of the tier near-miss" in refused(BenchmarkError, "plain")
    assert "one tier only" in refused(BenchmarkError, "plain", compare_tiers=True)


def test_without_a_name_it_is_the_newest_dataset(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="how to prove facts"):
        negbank.benchmark(None, negbank.BenchmarkSettings(folder=tmp_path / "runs"), registry=registry)
    with pytest.raises(UnknownNameError, match="--recipe world"):
        negbank.benchmark(None, negbank.BenchmarkSettings(), registry=tmp_path / "empty")


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["benchmark", "facts"]) == 2 and "--likra" in capsys.readouterr().err
    assert run(["recipes"]) == 0 and "world" in capsys.readouterr().out
    assert run(["recipes", "show", "arc"]) == 0 and 'name = "arc"' in capsys.readouterr().out
    assert run(["recipes", "show"]) == 2
    assert run(["recipes", "show", "arcc"]) == 1 and "did you mean 'arc'" in capsys.readouterr().err


def test_heads_score_answers(
    registry: Registry, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = negbank.benchmark("facts", settings(recipe, tmp_path), registry=registry)
    file = tmp_path / "answers.jsonl"
    file.write_text('{"question": "Which?", "answer": "this one", "by": 7}\n{"question": "Why?", "answer": "so"}\n')
    assert run(["score", str(file), "--heads", str(done.folder), "--weight", "0.5", "--device", "cpu"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["answer"] for row in rows] == ["this one", "so"] and rows[0]["by"] == 7
    for row in rows:
        assert row["score"] == pytest.approx(row["positive"] - 0.5 * row["negative"])
    file.write_text('{"question": "Which?", "answer": " "}\n')
    assert run(["score", str(file), "--heads", str(done.folder)]) == 1 and "row 1" in capsys.readouterr().err
    assert run(["score", str(file), "--heads", str(tmp_path)]) == 1
    assert "no finished benchmark" in capsys.readouterr().err


def test_a_push_may_require_a_validation(registry: Registry, recipe: Path, tmp_path: Path) -> None:
    from negbank.commands.validations import check_gate

    version = registry.resolve("facts")
    with pytest.raises(BenchmarkError, match="never validated: negbank benchmark facts@v1 --likra"):
        check_gate(registry, version, negbank.Gate(require_validated=True))
    negbank.benchmark("facts", settings(recipe, tmp_path), registry=registry)
    check_gate(registry, version, negbank.Gate(require_validated=True))
    with pytest.raises(BenchmarkError, match="has not shown a gain of 50 points"):
        check_gate(registry, version, negbank.Gate(min_gain=50))


@pytest.mark.hub
def test_the_path_of_arc_small_on_real_questions(tmp_path: Path) -> None:
    """ARC's own training and test questions through the recipe `arc-small`, with a model built here."""
    source = read_source("arc")
    asked = source.questions.filter(pl.col("distractors").list.len() > 0).head(300)
    rows = [
        {
            "id": content_id(q["question"], q["answer"], text), "question_id": q["question_id"],
            "question": q["question"], "answer": q["answer"], "negative": text, "tier": "near-miss",
            "rank": rank, "origin": "distractor", "category": [],
        }
        for q in asked.iter_rows(named=True) for rank, text in enumerate(q["distractors"])
        if text != q["answer"]
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=NEGATIVES).unique(["question_id", "negative"], keep="first", maintain_order=True)
    registry = Registry(tmp_path / "registry")
    registry.commit("arc", [NewPart("near-miss", "train", frame, {"source": "arc"})], "", "")
    base = str(tiny_llama(tmp_path / "model"))
    chosen = negbank.BenchmarkSettings(
        recipe="arc-small", base=base, device="cpu", max_examples=32, limit=60, folder=tmp_path / "runs"
    )
    result = negbank.benchmark(None, chosen, registry=registry).result
    assert result.evaluation.questions == 60 and result.evaluation.source == "arc"
    assert {point.examples for point in result.points("likra", "near-miss")} == {16, 32}
    assert 0.2 < result.evaluation.chance < 0.3
    assert any("left out of training" in notice for notice in result.notices)
