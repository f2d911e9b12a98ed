"""Chains of thought as a tier: mined from files and from broken gold chains, kept, shown, loaded and exported."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from samples import part

import negbank
from negbank.cli import run
from negbank.errors import MalformedFileError, NegbankError, SourceError, UnknownNameError
from negbank.reasoning.perturb import perturb
from negbank.records import CHAINS, NEGATIVES
from negbank.registry import Edit, NewPart, Registry

EGGS = "Janet's ducks lay 16 eggs. She eats 3 and bakes 4, and sells the rest at $2. What does she make?"
EGGS_GOLD = "16 - 3 - 4 = <<16-3-4=9>>9 eggs\n9 * 2 = $<<9*2=18>>18\n#### 18"
CLIPS = "Natalia sold 48 clips in April and half as many in May. How many altogether?"
CLIPS_GOLD = "48/2 = <<48/2=24>>24 in May\n48+24 = <<48+24=72>>72 altogether\n#### 72"

RIGHT = "16 - 7 = 9 eggs\n9 * 2 = 18\nA: 18"
WRONG = "16 - 3 - 4 = 9 eggs\n9 * 3 = 27\nA: 27"
SLIP = "16 - 3 - 4 = 9 eggs\n9 * 2 = 19\nA: 19"
FAR = "16 * 100 = 1600\nA: 1600"


def source(tmp_path: Path, *more: tuple[str, str]) -> str:
    rows = [(EGGS, EGGS_GOLD), (CLIPS, CLIPS_GOLD), *more]
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in rows))
    return str(path)


def chains(tmp_path: Path, *records: dict[str, Any], name: str = "chains.jsonl") -> str:
    path = tmp_path / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def mined(tmp_path: Path, *records: dict[str, Any], **settings: Any) -> tuple[negbank.MineResult, pl.DataFrame]:
    """What mining `records` against the two problems gives, and the rows of the version, texts as they were given."""
    given = negbank.ChainSettings((chains(tmp_path, *records),), **{"final_form": "keep", **settings})
    result = negbank.mine(source(tmp_path), ["erroneous-cot"], negbank.MineSettings(chains=given))
    return result, Registry().read(result.version)


def test_wrong_chains_become_rows_beside_right_ones(tmp_path: Path) -> None:
    result, rows = mined(
        tmp_path,
        {"question": EGGS, "chain": FAR, "model": "a"},
        {"question": EGGS, "chains": [RIGHT, WRONG, SLIP], "model": "b", "provenance": {"temperature": 0.8}},
    )
    assert rows.schema == CHAINS and result.chains is not None
    assert rows["negative"].to_list()[-1] == FAR and rows["rank"].to_list() == [0, 1, 2]
    assert rows["plausibility"].is_sorted(descending=True) and rows["plausibility"].is_between(0, 1).all()
    # the right chain once, beside the most plausible; then the gold chain
    assert rows["answer"].to_list() == [RIGHT, EGGS_GOLD, EGGS_GOLD]
    slip = rows.filter(pl.col("negative") == SLIP).row(0, named=True)
    assert (slip["first_error_step"], slip["error_source"], slip["error_type"]) == (1, "arithmetic", "calculation")
    assert slip["category"] == ["reasoning.calculation"] and slip["origin"] == "model" and slip["generator"] == "b"
    assert json.loads(slip["provenance"]) == {
        "file": "chains.jsonl", "line": 2, "model": "b", "position": 2, "temperature": 0.8,
    }  # fmt: skip
    wrong = rows.filter(pl.col("negative") == WRONG).row(0, named=True)
    assert (wrong["final_answer"], wrong["gold_answer"]) == ("27", "18")
    assert (wrong["first_error_step"], wrong["error_source"], wrong["first_divergent_step"]) == (None, None, 1)
    assert (result.chains.read, result.chains.wrong, result.chains.right, result.chains.refused) == (4, 3, 1, 0)
    assert (result.chains.right_used, result.chains.right_left, result.chains.questions) == (1, 0, 1)
    made = result.version.manifest.parts[0].mined
    assert made["verified"]["right_left"] == 0 and made["chains"][0]["source"] == "chains.jsonl"


def test_right_and_wrong_chains_end_alike(tmp_path: Path) -> None:
    annotated = "16 - 3 - 4 = <<16-3-4=9>>9 eggs\n9 * 2 = $<<9*2=19>>19\nThe answer is $19."
    result, rows = mined(
        tmp_path,
        {
            "question": EGGS,
            "chains": [RIGHT, WRONG, WRONG.replace("A: 27", "The answer is 27."), annotated],
            "model": "b",
        },
        final_form="marked",
    )
    assert rows["answer"].to_list() == [
        "16 - 7 = 9 eggs\n9 * 2 = 18\n#### 18",
        EGGS_GOLD.replace("<<9*2=18>>", "").replace("<<16-3-4=9>>", ""),
    ]
    slip, wrong = "16 - 3 - 4 = 9 eggs\n9 * 2 = $19\n#### 19", "16 - 3 - 4 = 9 eggs\n9 * 3 = 27\n#### 27"
    assert set(rows["negative"]) == {slip, wrong}  # the same chain with another marker is a duplicate
    assert result.refusals == (("erroneous-cot", "duplicate-chain", 1),)
    found = rows.filter(pl.col("negative") == slip).row(0, named=True)
    assert found["steps"] == ["16 - 3 - 4 = 9 eggs", "9 * 2 = $19"] and found["first_error_step"] == 1
    assert result.version.manifest.parts[0].mined["final_form"] == "marked"


def test_a_claim_is_checked_and_a_right_chain_is_no_negative(tmp_path: Path) -> None:
    result, rows = mined(
        tmp_path,
        {"question": EGGS, "chain": RIGHT, "correct": False},
        {"question": EGGS, "chain": WRONG, "correct": True},
        {"question": EGGS, "chain": SLIP, "correct": False},
        {"question": EGGS.replace("'", "\u2019"), "chain": FAR},
    )
    assert rows["negative"].to_list() == [SLIP, FAR]
    assert rows.select("found_by", "verified_by").rows() == [("A:", "both"), ("A:", "gold")]
    assert result.chains is not None and (result.chains.right, result.chains.false_claims) == (0, 2)
    assert result.chains.verified_by == {"both": 1, "gold": 1}
    assert result.chains.disagreement.startswith("chains.jsonl:1 is called wrong, but its answer '18' is right")
    assert ("erroneous-cot", "file-disagrees", 2) in result.refusals
    assert rows["origin"].to_list() == ["reported"] * 2  # nobody says which model wrote it


def test_only_marked_answers_when_asked_for(tmp_path: Path) -> None:
    records = [{"question": EGGS, "chain": WRONG}, {"question": EGGS, "chain": "So she makes 27 dollars."}]
    assert mined(tmp_path, *records)[1].height == 2
    result, rows = mined(tmp_path, *records, strict=True)
    assert rows["negative"].to_list() == [WRONG]
    assert result.refusals == (("erroneous-cot", "unmarked-answer", 1),)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"question": EGGS, "chain": "no idea"}, "no-final-answer"),
        ({"question": "Another?", "chain": WRONG}, "question-not-in-source"),
        ({"question": "Twice?", "chain": "A: 2"}, None),  # both of its answers are right
        ({"question": EGGS, "chain": "step\n" * 250_000 + "A: 27"}, "chain-too-long"),
        ({"question": EGGS, "chain": "A: \\frac{1}{"}, "undecided-unparsed"),
        ({"question": EGGS, "chain": "A: 9**9**9**9"}, "undecided-too-large"),
        ({"question": EGGS, "chain": "  "}, "no-chain"),
        ({"question": EGGS, "chain": WRONG + " "}, "duplicate-chain"),
    ],
)
def test_what_is_no_wrong_chain_is_refused_counted_and_listed(
    tmp_path: Path, record: dict[str, Any], reason: str | None
) -> None:
    given = chains(tmp_path, {"question": EGGS, "chain": WRONG}, record)
    listed = tmp_path / "refused.jsonl"
    settings = negbank.MineSettings(chains=negbank.ChainSettings((given,)), refused=str(listed))
    problems = source(tmp_path, ("Twice?", "It is\n#### 1"), ("Twice?", "It is\n#### 2"))
    result = negbank.mine(problems, ["erroneous-cot"], settings)
    if reason is None:
        assert result.refusals == () and result.chains is not None and result.chains.right == 1
        return
    assert result.refusals == (("erroneous-cot", reason, 1),)
    (row,) = map(json.loads, listed.read_text().splitlines())
    assert (row["reason"], row["line"], row["file"]) == (reason, 2, "chains.jsonl") and row["meaning"]
    assert len(row["chain"]) <= 1000 and result.refused["reason"].to_list() == [reason]
    assert result.version.rows == 1 and result.version.manifest.parts[0].mined["refused"] == {reason: 1}


@pytest.mark.parametrize("name", ["refused.csv", "refused.parquet"])
def test_what_was_refused_is_listed_in_other_formats(tmp_path: Path, name: str) -> None:
    records = [{"question": EGGS, "chain": WRONG}, {"question": "Another?", "chain": WRONG}]
    chosen = negbank.ChainSettings((chains(tmp_path, *records),))
    settings = negbank.MineSettings(chains=chosen, refused=str(tmp_path / name))
    negbank.mine(source(tmp_path), ["erroneous-cot"], settings)
    read = pl.read_csv if name.endswith("csv") else pl.read_parquet
    assert read(tmp_path / name)["question"].to_list() == ["Another?"]


def test_one_chain_of_two_generators_is_two_rows(tmp_path: Path) -> None:
    result, rows = mined(tmp_path, *({"question": EGGS, "chain": WRONG, "model": m} for m in ("a", "b", "b")))
    assert rows["generator"].to_list() == ["a", "b"] and rows["id"].n_unique() == 2
    assert result.refusals == (("erroneous-cot", "duplicate-chain", 1),)


def test_evaluation_questions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_sources import math_mirror

    monkeypatch.setenv("NEGBANK_HUB_MIRROR", str(math_mirror(tmp_path)))
    ask = "What is $2^3$, asked for {} in algebra?"
    wrong = "We add: $2 + 3 = 5$, so the answer is $\\boxed{5}$."
    given = chains(tmp_path, *({"problem": ask.format(split), "solution": wrong} for split in ("train", "test")))
    settings = negbank.MineSettings(chains=negbank.ChainSettings((given,)))
    result = negbank.mine("math", ["erroneous-cot"], settings)
    assert result.refusals == (("erroneous-cot", "evaluation-overlap", 1),)
    (row,) = Registry().read(result.version).rows(named=True)
    assert (row["final_answer"], row["gold_answer"], row["subject"]) == ("5", "8", "Algebra")


def test_nothing_wrong_makes_no_version(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"2 chains read, and none is a wrong chain .*right: 1; 1 no-final-answer"):
        mined(tmp_path, {"question": EGGS, "chain": RIGHT}, {"question": EGGS, "chain": "no idea"})
    assert Registry().newest("problems") is None


def test_a_malformed_line_is_named_and_leaves_the_registry(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(json.dumps({"question": EGGS, "chain": WRONG}) + "\n{not json\n")
    settings = negbank.MineSettings(chains=negbank.ChainSettings((str(path),)))
    with pytest.raises(MalformedFileError, match=r"broken.jsonl:2: not JSON"):
        negbank.mine(source(tmp_path), ["erroneous-cot"], settings)
    assert Registry().newest("problems") is None


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (negbank.ChainSettings(), SourceError, "needs chains"),
        (negbank.ChainSettings(("-", "-")), SourceError, "can be read once"),
        (negbank.ChainSettings(("nowhere.jsonl",)), SourceError, "cannot be read: No such file"),
        (negbank.ChainSettings(("x.jsonl",), layout="chain"), UnknownNameError, "did you mean 'chains'"),
    ],
)
def test_what_cannot_be_read_is_said(
    tmp_path: Path, settings: negbank.ChainSettings, error: type[NegbankError], message: str
) -> None:
    with pytest.raises(error, match=message):
        negbank.mine(source(tmp_path), ["erroneous-cot"], negbank.MineSettings(chains=settings))


def test_perturbed_chains_know_their_error_and_stand_beside_their_gold_chain(tmp_path: Path) -> None:
    settings = negbank.MineSettings(
        per_question=3, seed=7, chains=negbank.ChainSettings((chains(tmp_path, {"question": EGGS, "chain": RIGHT}),),
        perturb=True, final_form="keep"),
    )  # fmt: skip
    result = negbank.mine(source(tmp_path), ["erroneous-cot"], settings)
    rows = Registry().read(result.version)
    assert set(rows["answer"]) == {EGGS_GOLD, CLIPS_GOLD} and set(rows["origin"]) == {"perturbed"}
    assert rows.group_by("question_id").len()["len"].to_list() == [3, 3]
    for row in rows.iter_rows(named=True):
        said = json.loads(row["provenance"])
        assert perturb(row["question"], row["answer"], said["seed"]).chain == row["negative"]  # type: ignore[union-attr]
        assert row["steps"][row["first_error_step"]] == said["after"] and row["generator"] == f"perturb-{said['kind']}"
        assert row["error_source"] in ("perturbation", "arithmetic") and row["final_answer"] != row["gold_answer"]
    assert result.chains is not None and (result.chains.right, result.chains.right_left) == (1, 1)
    again = negbank.mine(source(tmp_path), ["erroneous-cot"], settings)
    assert not again.created and again.version.name == result.version.name


def test_a_question_that_cannot_be_perturbed_is_refused_and_short(tmp_path: Path) -> None:
    plain = source(tmp_path, ("What is left?", "There are two left.\n#### 2"))
    settings = negbank.MineSettings(per_question=1, chains=negbank.ChainSettings(perturb=True))
    result = negbank.mine(plain, ["erroneous-cot"], settings)
    assert result.refusals == (("erroneous-cot", "no-exact-annotations", 1),)
    assert (result.tiers[0].short, result.tiers[0].missing) == (1, 1)


def test_chains_and_answers_in_one_dataset(tmp_path: Path) -> None:
    """Everything that a registry does with a version copes with both kinds of rows."""
    from datasets import load_dataset

    mined(tmp_path, {"question": EGGS, "chains": [WRONG, SLIP], "model": "a"})
    registry = Registry()
    both = registry.commit("problems", [part()], "", "").version
    assert list(both.tiers.items()) == [("near-miss", 3), ("erroneous-cot", 2)]
    rows = registry.read(both)
    assert rows.columns == CHAINS.names() and rows["steps"].null_count() == 3
    assert registry.read(both, "near-miss").schema == NEGATIVES
    counted = negbank.sql("select tier, count(steps) as n from negatives('problems') group by 1 order by 1")
    assert counted.rows() == [("erroneous-cot", 2), ("near-miss", 0)]
    assert negbank.sql("select * from negatives('problems@v1')").height == 2
    assert (
        negbank.sql(
            "select count(*) from negatives('problems@v1') as a join negatives('problems@v2') as b using (row_id)"
        ).item()
        == 2
    )
    assert [tuple(count) for count in negbank.diff("problems").counts] == [("near-miss", "added", 3)]
    assert negbank.verify().intact
    negbank.checkout("problems", tmp_path / "out")
    assert (
        load_dataset(str(tmp_path / "out"), "erroneous-cot", split="train")["steps"][0] == rows["steps"][-2].to_list()
    )
    everything = load_dataset(str(tmp_path / "out"), split="train")
    assert set(everything["tier"]) == {"near-miss"} and everything.column_names == NEGATIVES.names()
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "every tier but `erroneous-cot`" in readme and "| `first_error_step`, `error_source` |" in readme
    for format in ("jsonl", "parquet"):
        negbank.checkout("problems", tmp_path / format, format=format)
    assert pl.read_parquet(tmp_path / "parquet" / "erroneous-cot-train.parquet").schema == CHAINS
    assert len((tmp_path / "jsonl" / "erroneous-cot-train.jsonl").read_text().splitlines()) == 2
    shown = negbank.show("problems", rows=4)
    assert shown.rows["tier"].to_list() == ["near-miss", "erroneous-cot"] * 2


def test_answers_are_hashed_as_before_there_were_chains() -> None:
    """Worked out by the version before: were it another, every registry would be lost."""
    version = Registry().commit("arc", [part(count=5, word="é")], "", "").version
    assert version.manifest.parts[0].content == "caf80ceb257aaa6e9bf6e1ccdf7366449336fc66763c1e5b7e4f14378458aae5"


def test_chains_are_edited_and_come_back_from_files(tmp_path: Path) -> None:
    result, rows = mined(tmp_path, {"question": EGGS, "chains": [WRONG, SLIP, FAR]})
    registry = Registry()
    changed = rows[:1].with_columns(first_error_step=pl.lit(1, pl.Int32), error_source=pl.lit("judge"))
    edited = registry.commit("problems", [Edit("erroneous-cot", "train", changed)], "", "").version
    assert registry.read(edited)["error_source"].to_list()[0] == "judge" and edited.rows == 3
    assert negbank.diff("problems").counts == (("erroneous-cot", "rescored", 1),)
    # the same rows from shuffled files have the same content, in another registry too
    rows.sample(fraction=1, shuffle=True, seed=1).write_parquet(tmp_path / "rows.parquet")
    other = Registry(tmp_path / "other")
    part_ = NewPart("erroneous-cot", "train", [tmp_path / "rows.parquet"], {})
    copied = other.commit("copy", [part_], "", "").version
    assert copied.manifest.parts[0].content == result.version.manifest.parts[0].content
    lacking = rows.drop("steps")
    with pytest.raises(NegbankError, match="rows lack the columns steps"):
        other.commit("copy", [NewPart("erroneous-cot", "train", lacking, {})], "", "")


def test_export_in_steps_and_in_pairs(tmp_path: Path) -> None:
    from datasets import load_dataset

    mined(tmp_path, {"question": EGGS, "chains": [WRONG, SLIP]})
    for name in ("steps.jsonl", "steps.parquet"):
        result = negbank.export("problems", tmp_path / name, format="trl-stepwise")
        assert (result.rows, result.left_out) == (1, 1)
        kind = "json" if name.endswith("jsonl") else "parquet"
        (row,) = load_dataset(kind, data_files=str(tmp_path / name), split="train")
        assert row == {
            "prompt": EGGS + "\n", "completions": ["16 - 3 - 4 = 9 eggs", "9 * 2 = 19"], "labels": [True, False],
        }  # fmt: skip
    Registry().commit("problems", [part()], "", "")
    pairs = negbank.export("problems", tmp_path / "pairs.jsonl")
    assert (pairs.rows, pairs.left_out, pairs.tiers) == (5, 0, ("near-miss", "erroneous-cot"))
    first = json.loads((tmp_path / "pairs.jsonl").read_text().splitlines()[0])
    assert first == {"prompt": "question 0?\n", "chosen": "right 0", "rejected": "x 0"}
    with pytest.raises(NegbankError, match="needs steps"):
        negbank.export("problems", tmp_path / "x.jsonl", format="trl-stepwise", tier="near-miss")
    with pytest.raises(UnknownNameError, match=r"no ending '.csv'"):
        negbank.export("problems", tmp_path / "x.csv")
    with pytest.raises(UnknownNameError, match="did you mean 'trl-stepwise'"):
        negbank.export("problems", tmp_path / "x.jsonl", format="stepwise")
    Registry().commit("answers", [part()], "", "")
    with pytest.raises(UnknownNameError, match="no tier 'erroneous-cot'"):
        negbank.export("answers", tmp_path / "x.jsonl", format="trl-stepwise")
    assert not list(tmp_path.glob("x.*")) and not list(tmp_path.glob(".x*"))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    problems = source(tmp_path)
    given = chains(tmp_path, {"question": EGGS, "chains": [WRONG, SLIP, RIGHT, "?"], "model": "a"})
    words = ["mine", problems, "--tier", "erroneous-cot", "--trajectories"]
    assert run([*words, given, "--license", "mit", "--refused", str(tmp_path / "refused.csv")]) == 0
    out = capsys.readouterr().out
    assert "Chains read: 4. Wrong: 2, of 1 question. Right: 1. Refused: 1." in out
    assert "First error known by: arithmetic 1, unknown 1" in out and "problems@v1 is new: 2 negatives" in out
    assert "no-final-answer" in (tmp_path / "refused.csv").read_text()
    assert run(["show", "problems", "--tier", "erroneous-cot", "-n", "2"]) == 0
    shown = capsys.readouterr().out
    assert "step 1 (calculation), known from arithmetic" in shown
    assert run(["export", "problems", "-o", str(tmp_path / "steps.jsonl"), "--format", "trl-stepwise", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == 1

    class Input:
        buffer = io.BytesIO(Path(given).read_bytes())

    monkeypatch.setattr("sys.stdin", Input)
    assert run([*words, "-", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["chains"]["wrong"] == 2 and said["version"] == "problems@v2"
    origin = Registry().resolve("problems").manifest.parts[0].mined["chains"][0]
    assert origin["source"] == "standard input"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tier", "erroneous-cot"], "needs chains"),
        (["--tier", "erroneous-cot", "--tier", "near-miss", "--perturb"], "mined by itself"),
        (["--perturb"], "add --tier erroneous-cot"),
    ],
)
def test_options_that_do_not_go_together(
    tmp_path: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["mine", source(tmp_path), *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.hub
def test_all_of_the_real_file(tmp_path: Path, hub: Path) -> None:
    """The four models' 5,276 chains: every label is reproduced, and 3,275 wrong ones become rows that load."""
    from datasets import load_dataset

    from negbank.sources import SourceOptions

    file = hub / "openai" / "grade-school-math" / "example_model_solutions.jsonl"
    settings = negbank.MineSettings(source=SourceOptions(split="test"), chains=negbank.ChainSettings((str(file),)))
    result = negbank.mine("gsm8k", ["erroneous-cot"], settings)
    found = result.chains
    assert found is not None and (found.read, found.wrong, found.right, found.refused) == (5276, 3274, 2001, 1)
    assert found.false_claims == 0 and found.right_used + found.right_left == 2001
    assert found.first_error == {"arithmetic": 36, "unknown": 3238}
    negbank.checkout("gsm8k", tmp_path / "out")
    rows = load_dataset(str(tmp_path / "out"), "erroneous-cot", split="train")
    assert rows.num_rows == 3274 and set(rows["tier"]) == {"erroneous-cot"}
    assert negbank.export("gsm8k", tmp_path / "steps.parquet", format="trl-stepwise").rows == 36
    # questions of the test split are refused where the training split is the source
    given = negbank.MineSettings(dataset="train", chains=settings.chains)
    with pytest.raises(SourceError, match="5,276 evaluation-overlap"):
        negbank.mine("gsm8k", ["erroneous-cot"], given)
