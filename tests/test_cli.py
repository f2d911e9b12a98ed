"""The real command, as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from negbank.cli import run

pytestmark = pytest.mark.model

NEGBANK = str(Path(sys.executable).with_name("negbank"))


def json_of(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert run([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert isinstance(result, dict | list)
    return result  # type: ignore[return-value]


def test_mine_show_checkout_and_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from datasets import load_dataset

    assert run(["mine", "demo", "--tier", "near-miss", "--tier", "irrelevant"]) == 0
    out = capsys.readouterr().out
    assert "demo@v1 is new" in out and "near-miss" in out and "irrelevant" in out
    assert run(["ls"]) == 0 and "demo" in capsys.readouterr().out
    assert run(["show", "demo", "--tier", "near-miss", "-n", "2"]) == 0
    assert capsys.readouterr().out.count("question  ") == 2
    folder = str(tmp_path / "out")
    assert run(["checkout", "demo", folder]) == 0
    for tier in ("near-miss", "irrelevant"):
        rows = load_dataset(folder, tier, split="train")
        assert set(rows["tier"]) == {tier} and len(rows) > 500
        assert all(n != a for n, a in zip(rows["negative"], rows["answer"], strict=True))


def test_another_tier_keeps_what_is_there_and_repeats_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    first = json_of(capsys, "mine", "demo", "--tier", "near-miss")
    second = json_of(capsys, "mine", "demo", "--tier", "irrelevant")
    assert (first["version"], second["version"]) == ("demo@v1", "demo@v2")
    shown = json_of(capsys, "show", "demo", "-n", "100000")
    rows = pl.DataFrame(shown["rows"], infer_schema_length=None)
    assert set(rows["tier"]) == {"near-miss", "irrelevant"}
    assert rows["id"].n_unique() == rows.height


def test_one_seed_gives_the_same_bytes_another_gives_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def objects(name: str, seed: int) -> set[str]:
        json_of(capsys, "mine", "demo", "--tier", "irrelevant", "--seed", str(seed), "--registry", str(tmp_path / name))
        return {path.name for path in (tmp_path / name / "objects").glob("*/*")}

    assert objects("a", 1) == objects("b", 1)
    assert objects("c", 2) != objects("a", 1)


def test_mining_the_same_again_makes_no_version(capsys: pytest.CaptureFixture[str]) -> None:
    json_of(capsys, "mine", "demo")
    again = json_of(capsys, "mine", "demo")
    assert again["version"] == "demo@v1" and again["created"] is False


def test_a_question_answer_file_is_mined_from_its_own_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {
        "What do people ride at races?": "a horse", "Which animal of Africa has stripes?": "a zebra",
        "Who carries loads over mountain paths?": "a donkey", "Whose milk makes feta?": "a sheep",
        "What crosses deserts with a hump?": "a camel", "Which animal of the Andes spits?": "a llama",
    }  # fmt: skip
    path = tmp_path / "animals.jsonl"
    path.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in asked.items()))
    refused = tmp_path / "refused.csv"
    assert run(["mine", str(path)]) == 1  # nobody has called these answers wrong: they must be asked for
    assert "--tier near-miss --expand N" in capsys.readouterr().err
    result = json_of(capsys, "mine", str(path), "--expand", "2", "--dataset", "zoo", "--refused", str(refused))
    assert result["version"] == "zoo@v1"
    assert refused.exists()


def test_what_is_asked_for_and_not_there_is_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = json_of(capsys, "mine", "demo", "--per-question", "4")
    (tier,) = result["tiers"]  # type: ignore[misc]
    assert tier["short"] == 204 and tier["missing"] >= 204


def test_refused_rows_are_listed_with_their_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.jsonl"
    rows = [
        {"id": "a", "question": "Which is a half?", "choices": ["0.5", "1/2", "3", "all of the above"], "answer": 0},
        {"id": "b", "question": "Which is a metal?", "choices": ["iron", "Iron.", "oak", "oak"], "answer": 0},
        {"id": "c", "question": "Which one?", "choices": ["x"], "answer": 0},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    listed = tmp_path / "refused.jsonl"
    assert run(["mine", str(path)]) == 1  # one row of three does not fit
    assert "--allow-skipped 0.34" in capsys.readouterr().err
    result = json_of(capsys, "mine", str(path), "--allow-skipped", "0.34", "--refused", str(listed))
    reasons = {json.loads(line)["reason"] for line in listed.read_text().splitlines()}
    assert {"equals-answer", "no-meaning-alone", "one-choice-only"} <= reasons
    counted = {(r["tier"], r["reason"]): r["count"] for r in result["refusals"]}  # type: ignore[attr-defined]
    assert counted["near-miss", "equals-answer"] == 1 and counted["near-miss", "same-number"] == 1
    shown = json_of(capsys, "show", "x", "-n", "100")
    assert {r["negative"] for r in shown["rows"]} == {"3", "oak"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["mine", "arcc"], 1, "did you mean 'arc'"),
        (["mine", "demo", "--tier", "near-mis"], 2, "did you mean 'near-miss'"),
        (["mine", "demo", "--tier", "unrelated"], 2, "--pool"),
        (["mine", "demo", "--tier", "unrelated", "--pool", "demo"], 1, "another source"),
        (["mine", "demo", "--per-question", "0"], 2, "--per-question"),
        (["mine", "demo", "--dataset", "../x"], 1, "cannot name a dataset"),
        (["mine", "demo", "--encoder", "no/such-model"], 1, "no/such-model"),
        (["mine", "demo", "--refused", "x.xlsx"], 1, ".jsonl"),
        (["mine", "nowhere.jsonl"], 1, "no such file"),
        (["minne"], 2, "did you mean 'mine'"),
        (["show", "arc"], 1, "no dataset 'arc'"),
        (["checkout", "arc", "out"], 1, "no dataset 'arc'"),
        (["label", "nowhere.csv"], 1, "no such file"),
    ],
)
def test_what_goes_wrong_is_said_with_the_right_exit_code(
    words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(words) == code
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert not (tmp_path / "registry").exists()


def test_label_gives_tier_and_plausibility(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.jsonl"
    rows = [
        {"question": "Which planet is the largest?", "answer": "Jupiter", "negative": "Saturn", "by": "ann"},
        {
            "question": "Which planet is the largest?",
            "answer": "Jupiter",
            "negative": "He walks to the store.",
            "by": 1,
        },
        {"question": "Which planet is the largest?", "answer": "Jupiter", "negative": " ", "by": 2},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(["label", str(path), "--source", "demo"]) == 0
    captured = capsys.readouterr()
    saturn, walks = (json.loads(line) for line in captured.out.splitlines())
    assert saturn["tier"] == "near-miss" and saturn["plausibility"] > 0.5 > walks["plausibility"]
    assert saturn["by"] == "ann" and saturn["similarity"] > walks["similarity"]
    assert "Refused: 1 empty" in captured.err and "wrong     Saturn" in captured.err
    assert run(["label", str(path), "-o", str(tmp_path / "out.parquet")]) == 0
    assert pl.read_parquet(tmp_path / "out.parquet").height == 2


def test_an_interrupt_ends_with_130_and_leaves_the_registry(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    with path.open("w") as file:
        for i in range(4000):
            row = {"question": f"What is number {i} of {i * 7}?", "choices": [f"n{i}", f"m{i}", f"o{i}"], "answer": 0}
            file.write(json.dumps(row) + "\n")
    env = {**os.environ, "NEGBANK_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen([NEGBANK, "mine", str(path)], env=env, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "cache").glob("**/*.sqlite*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert "Interrupted" in error and "Traceback" not in error
    assert run(["ls"]) == 0


def test_nothing_but_text_on_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mine", "demo"]) == 0
    captured = capsys.readouterr()
    assert "\x1b[" not in captured.out + captured.err


@pytest.mark.hub
def test_arc_in_three_tiers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The issue's own command, on 300 questions' worth of pool to keep it short."""
    from datasets import load_dataset

    tiers = ["--tier", "near-miss", "--tier", "irrelevant", "--tier", "unrelated"]
    result = json_of(
        capsys, "mine", "hf:allenai/ai2_arc:ARC-Challenge", "--split", "train[:300]", "--dataset", "arc", *tiers,
        "--pool", "hellaswag", "--per-question", "1",
    )  # fmt: skip
    plausibility = {t["tier"]: t["plausibility"]["median"] for t in result["tiers"]}  # type: ignore[attr-defined]
    assert plausibility["near-miss"] > 0.7 > 0.3 > plausibility["irrelevant"] > plausibility["unrelated"]
    assert run(["checkout", "arc", str(tmp_path / "arc")]) == 0
    for tier in ("near-miss", "irrelevant", "unrelated"):
        assert len(load_dataset(str(tmp_path / "arc"), tier, split="train")) > 280
