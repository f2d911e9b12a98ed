"""Every benchmark by name, mined from a small mirror in its own layout on the Hub: made-up rows, read by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from negbank.errors import SourceError, UnknownNameError
from negbank.sources import SOURCES, SourceOptions, read_evaluation, read_source
from negbank.sources.named import BENCHMARKS, MMLU_SCIENCE

Row = dict[str, Any]
Read = tuple[str, list[str]]
"""A question's right answer, and its wrong ones in order."""


def publish(root: Path, name: str, files: dict[str, list[Row]], configs: dict[str, dict[str, str]]) -> None:
    """A repository of `files` (by path, Parquet or JSON lines or CSV); `configs`: configuration -> split -> path."""
    folder = root / name
    for path, rows in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".parquet"):
            pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / path)
        elif path.endswith(".csv"):
            pl.DataFrame(rows).write_csv(folder / path)
        else:
            (folder / path).write_text("".join(json.dumps(row) + "\n" for row in rows))
    if configs:
        lines = ["---", "configs:"]
        for config, splits in configs.items():
            lines += [f"- config_name: {config}", "  data_files:"]
            lines += [f"  - {{split: {split}, path: {path}}}" for split, path in splits.items()]
        (folder / "README.md").write_text("\n".join([*lines, "---", ""]))


def sharded(config: str, *splits: str) -> dict[str, str]:
    return {split: f"{config}/{split}-*" for split in splits}


def shard(config: str, split: str) -> str:
    return f"{config}/{split}-00000-of-00001.parquet"


def openbookqa(root: Path) -> None:
    def rows(word: str) -> list[Row]:
        return [
            {
                "id": f"{word}-1", "question_stem": f"A {word} plant turns sunlight into",
                "choices": {"text": ["sugar", "stone", "iron", "glass"], "label": ["A", "B", "C", "D"]},
                "answerKey": "A",
            },
            {
                "id": f"{word}-2", "question_stem": f"A {word} magnet pulls on",
                "choices": {"text": ["wood", "paper", "a steel nail", "water"], "label": ["A", "B", "C", "D"]},
                "answerKey": "C",
            },
        ]  # fmt: skip

    splits = ("train", "validation", "test")
    files = {shard("main", split): rows(split) for split in splits}
    files |= {shard("additional", split): [row | {"fact1": "x"} for row in rows(split)] for split in splits}
    publish(root, "allenai/openbookqa", files, {c: sharded(c, *splits) for c in ("additional", "main")})


def commonsenseqa(root: Path) -> None:
    def rows(word: str, key: str) -> list[Row]:
        return [
            {
                "id": word, "question": f"Where does a {word} keep its money?", "question_concept": "money",
                "choices": {"label": list("ABCDE"), "text": ["bank", "tree", "lake", "cloud", "shoe"]},
                "answerKey": key,
            }
        ]  # fmt: skip

    files = {
        "data/train-00000-of-00001.parquet": rows("baker", "A") + rows("smith", "A") + rows("hermit", "E"),
        "data/validation-00000-of-00001.parquet": rows("judge", "A"),
        "data/test-00000-of-00001.parquet": rows("sailor", ""),
    }
    publish(root, "tau/commonsense_qa", files, {"default": sharded("data", "train", "validation", "test")})


def piqa(root: Path) -> None:
    """As the branch refs/convert/parquet has it: no card, a folder for each split."""

    def rows(word: str, *labels: int) -> list[Row]:
        return [
            {"goal": f"Boil an egg, {word} {i}.", "sol1": "Use cold sand.", "sol2": "Use hot water.", "label": label}
            for i, label in enumerate(labels)
        ]

    files = {
        "plain_text/train/0000.parquet": rows("train", *([0, 1] * 12)),
        "plain_text/validation/0000.parquet": rows("validation", 1, 1),
        "plain_text/test/0000.parquet": rows("test", -1, -1),
    }
    publish(root, "ybisk/piqa", files, {})


def socialiqa(root: Path) -> None:
    def rows(word: str, *labels: str) -> list[Row]:
        return [
            {
                "context": f"Kim baked bread, {word} {i}.", "question": "What will Kim do next?", "answerA": "eat it",
                "answerB": "plant it", "answerC": "read it", "label": label,
            }
            for i, label in enumerate(labels)
        ]  # fmt: skip

    files = {
        "default/train/0000.parquet": rows("train", "1", "2", "1"),
        "default/validation/0000.parquet": rows("validation", "3"),
    }
    publish(root, "allenai/social_i_qa", files, {})


def medqa(root: Path) -> None:
    options = {"A": "aspirin", "B": "insulin", "C": "quinine", "D": "heparin"}

    def rows(word: str, *keys: str) -> list[Row]:
        return [
            {
                "question": f"Patient {word} {i} needs which drug?", "answer": options[key], "options": options,
                "meta_info": "step1", "answer_idx": key, "metamap_phrases": ["a", "b"],
            }
            for i, key in enumerate(keys)
        ]  # fmt: skip

    files = {
        "phrases_no_exclude_train.jsonl": rows("train", "B", "D", "A"),
        "phrases_no_exclude_test.jsonl": rows("test", "C"),
    }
    configs = {"default": {split: f"phrases_no_exclude_{split}.jsonl" for split in ("train", "test")}}
    publish(root, "GBaker/MedQA-USMLE-4-options", files, configs)


def sciq(root: Path) -> None:
    def rows(word: str) -> list[Row]:
        return [
            {
                "question": f"Which gas do {word} breathe out?", "distractor3": "neon", "distractor1": "argon",
                "distractor2": "helium", "correct_answer": "carbon dioxide", "support": f"About {word}.",
            },
            {
                "question": f"What do {word} drink?", "distractor3": "sand", "distractor1": "tar",
                "distractor2": "glass", "correct_answer": "water", "support": "",
            },
        ]  # fmt: skip

    files = {f"data/{split}-00000-of-00001.parquet": rows(split) for split in ("train", "validation", "test")}
    publish(root, "allenai/sciq", files, {"default": sharded("data", "train", "validation", "test")})


def squad(root: Path) -> None:
    def rows(word: str) -> list[Row]:
        return [
            {
                "id": f"{word}1", "title": "Bees", "context": f"In the {word} hive the queen rules, and bees dance.",
                "question": f"Who rules the {word} hive?",
                "answers": {"text": ["the queen", "queen", "the queen"], "answer_start": [8, 12, 8]},
            },
            {
                "id": f"{word}2", "title": "Bees", "context": f"In the {word} hive the queen rules, and bees dance.",
                "question": f"What do bees of the {word} hive do?",
                "answers": {"text": ["dance"], "answer_start": [40]},
            },
        ]  # fmt: skip

    files = {shard("plain_text", split): rows(split) for split in ("train", "validation")}
    publish(root, "rajpurkar/squad", files, {"plain_text": sharded("plain_text", "train", "validation")})


def truthfulqa(root: Path) -> None:
    generation = [
        {
            "type": "Adversarial", "category": "Myths", "question": "What happens if you swallow gum?",
            "best_answer": "It passes through you.", "correct_answers": ["It passes through you.", "Nothing much."],
            "incorrect_answers": ["It stays for seven years.", "It glues your stomach."], "source": "x",
        },
        {
            "type": "Adversarial", "category": "Myths", "question": "Do goldfish forget at once?",
            "best_answer": "No, they remember for months.", "correct_answers": ["No, they remember for months."],
            "incorrect_answers": ["Yes, after three seconds."], "source": "x",
        },
    ]  # fmt: skip
    choice = [
        {
            "question": "What happens if you swallow gum?",
            "mc1_targets": {"choices": ["It stays for seven years.", "Nothing much."], "labels": [0, 1]},
            "mc2_targets": {"choices": ["It stays for seven years.", "Nothing much."], "labels": [0, 1]},
        },
        {
            "question": "Do goldfish forget at once?",
            "mc1_targets": {"choices": ["No.", "Yes.", "Every time."], "labels": [1, 0, 0]},
            "mc2_targets": {"choices": ["No.", "Yes.", "Every time."], "labels": [1, 0, 0]},
        },
    ]
    files = {shard("generation", "validation"): generation, shard("multiple_choice", "validation"): choice}
    configs = {config: sharded(config, "validation") for config in ("generation", "multiple_choice")}
    publish(root, "truthfulqa/truthful_qa", files, configs)


def gpqa(root: Path) -> None:
    def row(number: int) -> Row:
        return {
            "Pre-Revision Question": "old", "Question": f"Which quark is number {number}?",
            "Correct Answer": f"q{number}",
            "Incorrect Answer 1": "an electron", "Incorrect Answer 2": "a photon", "Incorrect Answer 3": "a neutrino",
            "Subdomain": "Particles", "High-level domain": "Physics", "Record ID": f"rec{number}",
        }  # fmt: skip

    counts = {"gpqa_extended": 4, "gpqa_main": 3, "gpqa_diamond": 1}
    files = {f"{config}.csv": [row(i) for i in range(count)] for config, count in counts.items()}
    publish(root, "Idavidrein/gpqa", files, {config: {"train": f"{config}.csv"} for config in counts})


Publish = Callable[[Path], None]

TRAINED: list[tuple[str, Publish, dict[str, Read], int]] = [
    (
        "openbookqa", openbookqa,
        {
            "A train plant turns sunlight into": ("sugar", ["stone", "iron", "glass"]),
            "A train magnet pulls on": ("a steel nail", ["wood", "paper", "water"]),
        },
        4,
    ),
    (
        "commonsenseqa", commonsenseqa,
        {
            "Where does a baker keep its money?": ("bank", ["tree", "lake", "cloud", "shoe"]),
            "Where does a smith keep its money?": ("bank", ["tree", "lake", "cloud", "shoe"]),
            "Where does a hermit keep its money?": ("shoe", ["bank", "tree", "lake", "cloud"]),
        },
        2,
    ),
    (
        "piqa", piqa,
        {
            f"Boil an egg, train {i}.": (
                ("Use hot water.", ["Use cold sand."]) if i % 2 else ("Use cold sand.", ["Use hot water."])
            )
            for i in range(24)
        },
        4,
    ),
    (
        "socialiqa", socialiqa,
        {
            "Kim baked bread, train 0.": ("eat it", ["plant it", "read it"]),
            "Kim baked bread, train 1.": ("plant it", ["eat it", "read it"]),
            "Kim baked bread, train 2.": ("eat it", ["plant it", "read it"]),
        },
        1,
    ),
    (
        "medqa", medqa,
        {
            "Patient train 0 needs which drug?": ("insulin", ["aspirin", "quinine", "heparin"]),
            "Patient train 1 needs which drug?": ("heparin", ["aspirin", "insulin", "quinine"]),
            "Patient train 2 needs which drug?": ("aspirin", ["insulin", "quinine", "heparin"]),
        },
        1,
    ),
    (
        "sciq", sciq,
        {
            "Which gas do train breathe out?": ("carbon dioxide", ["argon", "helium", "neon"]),
            "What do train drink?": ("water", ["tar", "glass", "sand"]),
        },
        4,
    ),
    (
        "squad", squad,
        {"Who rules the train hive?": ("the queen", []), "What do bees of the train hive do?": ("dance", [])},
        2,
    ),
]  # fmt: skip


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEGBANK_HUB_MIRROR", str(tmp_path / "mirror"))
    return tmp_path / "mirror"


@pytest.mark.parametrize(("name", "publish_it", "expected", "held_out"), TRAINED)
def test_every_row_of_a_named_set_is_read_right(
    name: str, publish_it: Publish, expected: dict[str, Read], held_out: int, mirror: Path
) -> None:
    publish_it(mirror)
    data = read_source(name)
    key = "context" if name == "socialiqa" else "question"
    read = {row[key]: (row["answer"], row["distractors"]) for row in data.questions.iter_rows(named=True)}
    assert read == expected
    assert data.refused.is_empty() and data.name == name and data.license == SOURCES[name].license
    assert data.evaluation.height == held_out == sum(held.questions for held in data.held_out)
    assert not set(data.questions["question_id"]) & set(data.evaluation["question_id"])
    assert {held.name for held in data.held_out} == set(SOURCES[name].held_out)
    evaluated = read_evaluation(name).evaluation
    assert 0 < evaluated.height <= held_out


def test_questions_whose_answers_are_withheld_are_held_out_all_the_same(mirror: Path) -> None:
    commonsenseqa(mirror)
    piqa(mirror)
    assert "Where does a sailor keep its money?" in read_source("commonsenseqa").evaluation["question"].to_list()
    assert "Boil an egg, test 1." in read_source("piqa").evaluation["question"].to_list()


def test_all_answers_and_the_passage_are_kept(mirror: Path) -> None:
    squad(mirror)
    truthfulqa(mirror)
    first = read_source("squad").questions.row(0, named=True)
    assert first["answers"] == ["the queen", "queen"] and first["context"].startswith("In the train hive")
    given = SourceOptions(no_hold_out=("validation",))
    gum, fish = read_source("truthfulqa", given).questions.iter_rows(named=True)
    assert gum["answer"] == "It passes through you." and gum["answers"] == ["It passes through you.", "Nothing much."]
    assert gum["distractors"] == ["It stays for seven years.", "It glues your stomach."]
    assert (fish["answer"], fish["answers"]) == ("No, they remember for months.", None)
    assert fish["distractors"] == ["Yes, after three seconds."]
    gum, fish = read_source("truthfulqa-mc", given).questions.iter_rows(named=True)
    assert (gum["answer"], gum["distractors"]) == ("Nothing much.", ["It stays for seven years."])
    assert (fish["answer"], fish["distractors"]) == ("No.", ["Yes.", "Every time."])


@pytest.mark.parametrize(
    ("name", "publish_it"), [("truthfulqa", truthfulqa), ("truthfulqa-mc", truthfulqa), ("gpqa", gpqa)]
)
def test_a_set_for_evaluation_is_trained_on_only_if_asked(name: str, publish_it: Publish, mirror: Path) -> None:
    publish_it(mirror)
    with pytest.raises(SourceError, match=r"people evaluate on every split of it.*--no-hold-out \w+/"):
        read_source(name)
    data = read_source(name, SourceOptions(split=next(iter(SOURCES[name].held_out)).partition("/")[2]))
    assert any("People evaluate on them" in notice for notice in data.notices)
    evaluated = read_evaluation(name)
    assert evaluated.questions.is_empty() and evaluated.evaluation.height == (3 if name == "gpqa" else 2)


def test_gpqa_s_parts_overlap_and_a_question_is_trained_on_once(mirror: Path) -> None:
    gpqa(mirror)
    data = read_source("gpqa", SourceOptions(no_hold_out=("train",)))
    assert data.evaluation.is_empty() and data.questions.height == 4
    assert data.refused["reason"].to_list() == ["duplicate-id"] * 4
    row = data.questions.row(0, named=True)
    assert (row["answer"], row["distractors"]) == ("q0", ["an electron", "a photon", "a neutrino"])
    only_main = read_source("gpqa", SourceOptions(no_hold_out=("gpqa_main/train",)))
    assert set(only_main.questions["question"]) <= set(
        only_main.evaluation["question"]
    )  # so the guards refuse them all


def test_a_mirror_may_name_its_only_configuration_otherwise(mirror: Path) -> None:
    rows = [
        {"id": "x", "title": "t", "context": "c c c", "question": "q?", "answers": {"text": ["a"], "answer_start": [0]}}
    ]
    publish(mirror, "rajpurkar/squad", {"train.parquet": rows, "validation.parquet": rows}, {})
    assert read_source("squad").questions["answer"].to_list() == ["a"]


def test_wrong_names_say_what_there_is(mirror: Path) -> None:
    openbookqa(mirror)
    with pytest.raises(UnknownNameError, match=r"no split 'valid'; did you mean 'validation'"):
        read_source("openbookqa", SourceOptions(split="valid"))
    with pytest.raises(UnknownNameError, match="no configuration 'mian'; did you mean 'main'"):
        read_source("openbookqa", SourceOptions(split="mian/test"))
    with pytest.raises(UnknownNameError, match=r"no held-out split .* 'tset'; there are: main/test, main/validation"):
        read_source("openbookqa", SourceOptions(no_hold_out=("tset",)))
    with pytest.raises(UnknownNameError, match="no dataset 'allenai/sciq'"):
        read_source("sciq")
    with pytest.raises(SourceError, match="openbookqa does not take --subjects"):
        read_source("openbookqa", SourceOptions(subjects=("x",)))


def test_the_table_is_sound() -> None:
    names = [benchmark.name for benchmark in BENCHMARKS]
    assert len(set(names)) == len(names)
    for benchmark in BENCHMARKS:
        parts = [*benchmark.training, *benchmark.evaluation, *benchmark.also_held_out]
        assert len(set(parts)) == len(parts) and benchmark.evaluation, benchmark.name
        assert all(part.count("/") == 1 for part in parts), benchmark.name
        assert benchmark.dataset.count("/") == 1 and benchmark.license and benchmark.summary
    assert len(MMLU_SCIENCE) == 28
    by_name = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    assert sum(by_name["math"].training.values()) == 7500 and sum(by_name["math"].evaluation.values()) == 5000
    arc = by_name["arc"]
    assert sum([*arc.training.values(), *arc.also_held_out.values()]) == 6614 + 1
