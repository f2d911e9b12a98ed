"""What is held out of training: by default, by --hold-out, and what --no-hold-out and --split give back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from samples import rows as negative_rows
from test_named_sources import publish, shard, sharded

import negbank
from negbank.cli import cli
from negbank.commands.proving import Wanted, choose_ground
from negbank.errors import MalformedFileError, RecipeError, SourceError, UnknownNameError
from negbank.records import no_progress
from negbank.registry import NewPart, Registry
from negbank.sources import SourceOptions, read_evaluation, read_source

SPLITS = ("train", "validation", "test")
CONFIGS = ("ARC-Challenge", "ARC-Easy")
PARTS = tuple(f"{config}/{split}" for config in CONFIGS for split in SPLITS)


def arc_row(part: str, number: int) -> dict[str, Any]:
    """A question of the bundled sample as a row of ARC: no two parts ask anything alike."""
    row = read_source("demo").questions.row(6 * PARTS.index(part) + number, named=True)
    choices = [*row["distractors"][: number % 4], row["answer"], *row["distractors"][number % 4 :]]
    return {
        "id": f"{part}-{number}", "question": row["question"],
        "choices": {"text": choices, "label": ["A", "B", "C", "D"]}, "answerKey": "ABCD"[number % 4],
    }  # fmt: skip


@pytest.fixture
def arc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """ARC in small, with every split that it has on the Hub: 6 questions each."""
    files = {
        shard(config, split): [arc_row(f"{config}/{split}", i) for i in range(6)]
        for config in CONFIGS for split in SPLITS
    }  # fmt: skip
    publish(tmp_path / "mirror", "allenai/ai2_arc", files, {config: sharded(config, *SPLITS) for config in CONFIGS})
    monkeypatch.setenv("NEGBANK_HUB_MIRROR", str(tmp_path / "mirror"))
    return tmp_path / "mirror"


def splits_of(questions: pl.DataFrame) -> set[str]:
    part_of = {arc_row(part, number)["question"]: part for part in PARTS for number in range(6)}
    return {part_of[question] for question in questions["question"]}


def given(*names: str, **options: Any) -> negbank.SourceOptions:
    return SourceOptions(no_hold_out=names, **options)


def test_only_train_is_trained_on_and_every_other_split_is_held_out(arc: Path) -> None:
    data = read_source("arc")
    assert splits_of(data.questions) == {"ARC-Challenge/train", "ARC-Easy/train"}
    held = {f"{config}/{split}" for config in CONFIGS for split in ("validation", "test")}
    assert splits_of(data.evaluation) == set(data.evaluation["split"]) == held
    assert {h.name: h.questions for h in data.held_out} == dict.fromkeys(held, 6)
    assert len({h.revision for h in data.held_out}) == 4 and all(
        h.revision.startswith("sha256:") for h in data.held_out
    )
    assert data.notices == ()


@pytest.mark.parametrize(
    ("names", "back"),
    [
        (["ARC-Easy/test"], {"ARC-Easy/test"}),
        (["arc/ARC-Easy/test"], {"ARC-Easy/test"}),
        (["validation"], {"ARC-Easy/validation", "ARC-Challenge/validation"}),
        (["ARC-Easy/test", "validation"], {"ARC-Easy/test", "ARC-Easy/validation", "ARC-Challenge/validation"}),
    ],
)
def test_what_is_given_back_is_trained_on_and_no_longer_held_out(arc: Path, names: list[str], back: set[str]) -> None:
    data = read_source("arc", given(*names))
    assert splits_of(data.questions) == {"ARC-Challenge/train", "ARC-Easy/train"} | back
    assert splits_of(data.evaluation).isdisjoint(back) and data.evaluation.height == 6 * (4 - len(back))
    assert any(
        "--no-hold-out takes 6 questions of" in n and "still held out: ARC-Challenge/test (6)" in n
        for n in data.notices
    )


def test_half_a_split_given_back_leaves_the_other_half_held_out(arc: Path) -> None:
    data = read_source("arc", given("ARC-Easy/test[:50%]"))
    assert data.questions.height == 12 + 3 and data.evaluation.height == 18 + 3
    assert not set(data.questions["question"]) & set(data.evaluation["question"])


def test_split_takes_what_is_asked_for_and_says_what_stays_held_out(arc: Path) -> None:
    easy = read_source("arc", SourceOptions(split="test"))
    assert splits_of(easy.questions) == {"ARC-Easy/test"}  # ARC-Challenge's is what the benchmark is evaluated on
    assert splits_of(easy.evaluation) == {"ARC-Challenge/test", "ARC-Challenge/validation", "ARC-Easy/validation"}
    (notice,) = easy.notices
    assert notice.startswith(
        "arc: --split takes 6 questions of ARC-Easy/test for training. People evaluate on them; still"
    )
    challenge = read_source("arc", SourceOptions(split="ARC-Challenge/test[:2]"))
    assert splits_of(challenge.questions) == {"ARC-Challenge/test"} and challenge.questions.height == 2
    assert challenge.evaluation.filter(pl.col("split") == "ARC-Challenge/test").height == 4
    train = read_source("arc", SourceOptions(split="ARC-Easy/train"))
    assert splits_of(train.questions) == {"ARC-Easy/train"} and train.notices == ()
    assert train.evaluation.height == 24


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            given("ARC-Easy/tset"),
            UnknownNameError,
            "no held-out split .* 'ARC-Easy/tset'; did you mean 'ARC-Easy/test'",
        ),
        (given("ARC-Easy/train"), UnknownNameError, "no held-out split .* 'ARC-Easy/train'"),
        (given("ARC-Easy/test", "test[:10%]"), SourceError, "names ARC-Easy/test twice"),
        (given("test", split="train"), SourceError, "--split names all that is trained on.*give one of them"),
    ],
)
def test_what_cannot_be_given_back_is_an_error(
    arc: Path, options: negbank.SourceOptions, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_source("arc", options)


def test_a_source_that_holds_nothing_out_has_nothing_to_give_back(tmp_path: Path) -> None:
    for source in ("demo", str(tmp_path / "x.jsonl"), "hf:org/name"):
        with pytest.raises(SourceError, match="holds nothing out by default"):
            read_source(source, given("test"))


def test_a_split_that_the_mirror_lacks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {shard(c, "train"): [arc_row(f"{c}/train", i) for i in range(3)] for c in CONFIGS}
    publish(tmp_path / "mirror", "allenai/ai2_arc", files, {config: sharded(config, "train") for config in CONFIGS})
    monkeypatch.setenv("NEGBANK_HUB_MIRROR", str(tmp_path / "mirror"))
    lacking, unchecked = read_source("arc", given("ARC-Easy/test", "ARC-Easy/validation")).notices
    assert "6 of 6,316 training questions found; the mirror lacks ARC-Easy/test, ARC-Easy/validation" in lacking
    assert "lacks ARC-Challenge/test, ARC-Challenge/validation, so contamination with them is not checked" in unchecked


def test_more_is_held_out_by_name_file_and_hub(arc: Path, tmp_path: Path) -> None:
    publish(arc, "me/exam", {"train.parquet": [{"question": "hub one?", "answer": "wool"}],
                             "test.parquet": [{"question": "hub two?", "answer": "clay"}]}, {})  # fmt: skip
    (tmp_path / "exam.jsonl").write_text(
        '{"question": "file one?", "answer": "wool"}\n{"question": "file two?", "answer": "clay"}\n'
    )
    (tmp_path / "bare.csv").write_text("number,question\n1,bare one?\n2,\n3,bare two?\n")
    more = (str(tmp_path / "exam.jsonl"), str(tmp_path / "bare.csv"), "hf:me/exam", "demo")
    data = read_source("arc", SourceOptions(hold_out=more))
    counts = {held.name: held.questions for held in data.held_out}
    demo = read_source("demo").questions.height
    assert {k: v for k, v in counts.items() if "ARC" not in k} == {
        "exam.jsonl": 2, "bare.csv": 2, "hf:me/exam": 2, "demo": demo
    }  # fmt: skip
    asked = data.evaluation.filter(~pl.col("split").str.starts_with("ARC"))
    assert {"file one?", "file two?", "bare one?", "bare two?", "hub one?", "hub two?"} <= set(asked["question"])
    assert data.evaluation.height == sum(counts.values()) and data.questions.height == 12
    whole = read_source("demo", SourceOptions(hold_out=("arc",)))
    assert [(held.name, held.questions) for held in whole.held_out] == [("arc", 36)]  # its training questions too


def test_what_cannot_be_held_out_is_an_error(arc: Path, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("number,text\n1,x\n")
    (tmp_path / "broken.jsonl").write_text('{"question": "q')
    for reference, error, message in [
        ("arc", SourceError, "that is the source itself"),
        (str(tmp_path / "no.jsonl"), SourceError, "no such file"),
        (str(tmp_path / "none.csv"), SourceError, "none: no question column is known here; there are: number, text"),
        (str(tmp_path / "broken.jsonl"), MalformedFileError, "broken.jsonl"),
        ("mmul", SourceError, "mmul: no such file"),
    ]:
        with pytest.raises(error, match=message):
            read_source("arc", SourceOptions(hold_out=(reference,)))


def test_a_hub_dataset_that_is_a_benchmark_says_how_to_hold_its_test_out(arc: Path) -> None:
    data = read_source("hf:allenai/ai2_arc:ARC-Easy")
    assert any("is the benchmark arc, read here without holding" in notice for notice in data.notices)


def test_what_is_evaluated_on_is_the_benchmark_s_own_split_or_the_one_named(arc: Path, tmp_path: Path) -> None:
    assert splits_of(read_evaluation("arc").evaluation) == {"ARC-Challenge/test"}
    assert splits_of(read_evaluation("arc", "ARC-Easy/test").evaluation) == {"ARC-Easy/test"}
    assert splits_of(read_evaluation("arc", "test").evaluation) == {"ARC-Easy/test", "ARC-Challenge/test"}
    assert splits_of(read_evaluation("arc").questions) == {"ARC-Challenge/train", "ARC-Easy/train"}
    with pytest.raises(UnknownNameError, match="no held-out split"):
        read_evaluation("arc", "train")
    (tmp_path / "exam.jsonl").write_text('{"question": "file one?", "answer": "wool"}\n')
    own = read_evaluation(str(tmp_path / "exam.jsonl"))
    assert own.evaluation["question"].to_list() == ["file one?"] and own.questions.is_empty()


def test_sources_list_what_is_held_out() -> None:
    listed = {s["name"]: s for s in json.loads(CliRunner().invoke(cli, ["sources", "--json"]).output)}
    assert listed["arc"]["held_out"]["ARC-Easy/test"] == 2376
    assert listed["arc"]["training"] == {"ARC-Challenge/train": 1119, "ARC-Easy/train": 2251}
    assert listed["gpqa"]["needs"].startswith("the Hub (log in") and listed["demo"]["needs"] == "nothing"
    table = CliRunner().invoke(cli, ["sources"], env={"COLUMNS": "200"}).output
    assert "test 3,548, validation 869" in table and "truthfulqa/truthful_qa" in table


@pytest.mark.model
def test_the_recipe_of_the_paper_mines_what_the_paper_trains_on(arc: Path, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    ground = choose_ground(registry, "arc", Wanted(None, None, "cpu"), no_progress)
    trained = {f"{c}/{s}" for c in CONFIGS for s in SPLITS} - {"ARC-Challenge/test"}
    assert splits_of(registry.read(ground.version)) == trained
    part = ground.version.manifest.parts[0]
    assert part.mined["questions"] == 30 and part.mined["evaluation_questions"] == 6
    assert splits_of(ground.evaluation) == {"ARC-Challenge/test"} and ground.evaluation.height == 6
    again = choose_ground(registry, "arc", Wanted(None, None, "cpu"), no_progress)
    assert again.version.name == ground.version.name


def test_a_version_that_holds_out_what_the_recipe_trains_on_is_said(arc: Path, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    mined = {"source": "arc", "held_out": [{"name": "ARC-Easy/test", "questions": 6, "revision": "x"}]}
    registry.commit("arc", [NewPart("near-miss", "train", negative_rows(), mined)], "", "")
    notice = choose_ground(registry, "arc", Wanted(None, None, "cpu"), no_progress).notices[-1]
    assert notice.startswith(
        "the recipe arc trains on ARC-Easy/test too, which arc@v1 holds out; negbank mine arc --no"
    )
    registry.commit("old", [NewPart("near-miss", "train", negative_rows(), {"source": "arc"})], "", "")
    assert not any(
        "holds out" in n for n in choose_ground(registry, "old", Wanted("arc", None, "cpu"), no_progress).notices
    )


def test_a_recipe_that_trains_on_no_split_of_its_own_still_asks_for_the_dataset(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no dataset 'hellaswag'"):
        choose_ground(Registry(tmp_path / "registry"), None, Wanted("hellaswag", None, "cpu"), no_progress)
    with pytest.raises(RecipeError, match="--glow"):
        choose_ground(Registry(tmp_path / "registry"), None, Wanted("chains", None, "cpu"), no_progress)


@pytest.mark.model
def test_a_question_of_a_held_out_file_is_not_mined(tmp_path: Path) -> None:
    asked = read_source("demo").questions["question"][0]
    (tmp_path / "exam.csv").write_text(f'question\n"{asked}"\n')
    options = negbank.MineSettings(source=SourceOptions(hold_out=(str(tmp_path / "exam.csv"),)))
    result = negbank.mine("demo", ["near-miss"], options)
    assert {reason: count for _, reason, count in result.refusals}["evaluation-overlap"] == 3
    kept = Registry(tmp_path / "registry").read(result.version)
    assert asked not in set(kept["question"]) and kept["question"].n_unique() > 190
