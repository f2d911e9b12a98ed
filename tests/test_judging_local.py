"""A cross-encoder and an NLI model say what they were taught; what is no judge is refused before torch is loaded."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from judge_models import NLI, tiny_judge
from safetensors.torch import load_file, save_file

from negbank.errors import JudgeError, StorageError
from negbank.judging import TO_JUDGE, Judged, JudgeSettings, VerdictCache, about, judge_rows, load_judge
from negbank.judging.cross_encoder import probabilities
from negbank.judging.local import ENTAILMENT, ONE_SCORE, SAME, Reading, reading_of

QUESTION = "what keeps a whale warm ?"
WARM, FAT = f"{QUESTION} its blubber", f"{QUESTION} a layer of fat"
FUR, SKIN, LAYER = f"{QUESTION} its fur", f"{QUESTION} thick skin", f"{QUESTION} a layer"

SCORES = {(WARM, FAT): 1, (WARM, FUR): 0, (WARM, SKIN): 0, (FAT, SKIN): 0, (FAT, FUR): 0, (WARM, WARM): 1}
ENTAILS = {
    (WARM, FAT): 1, (FAT, WARM): 1,  # the same
    (WARM, LAYER): 1, (LAYER, WARM): 2,  # one way only
    (WARM, FUR): 0, (FUR, WARM): 0, (WARM, SKIN): 2, (SKIN, WARM): 2,
}  # fmt: skip


def rows(*negatives: str, answers: list[str] | None = None, testified: bool = False) -> pl.DataFrame:
    given = [
        {
            "question": QUESTION, "context": None, "answer": "its blubber", "answers": answers, "negative": negative,
            "testified": testified,
        }
        for negative in negatives
    ]  # fmt: skip
    return pl.DataFrame(given, schema=TO_JUDGE)


def verdicts(judged: Judged) -> list[str | None]:
    return judged.rows["judge_verdict"].to_list()


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_judge(tmp_path_factory.mktemp("scorer"), SCORES)


@pytest.fixture(scope="module")
def nli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_judge(tmp_path_factory.mktemp("nli"), ENTAILS, NLI)


@pytest.fixture
def cache(tmp_path: Path) -> VerdictCache:
    return VerdictCache(tmp_path / "verdicts")


def test_one_label_is_a_probability(scorer: Path, cache: VerdictCache) -> None:
    judged = judge_rows(
        rows("a layer of fat", "its fur", "thick skin", "a layer of fat"), load_judge(str(scorer)), cache
    )
    assert verdicts(judged) == ["right", "wrong", "wrong", "right"]
    assert judged.is_right.to_list() == [True, False, False, True]
    assert judged.asked == 3 and judged.kept == 0  # the pair that stands twice is asked once
    high, low, *_ = judged.rows["judge_probability"]
    assert high > 0.95 and 0 <= low < 0.05
    assert judged.rows.schema["judge_probability"] == pl.Float32 and judged.notices() == ()


def test_the_probabilities_are_those_of_predict(scorer: Path, cache: VerdictCache) -> None:
    from sentence_transformers import CrossEncoder

    peer = CrossEncoder(str(scorer), local_files_only=True)
    judged = judge_rows(rows("a layer of fat", "its fur", "thick skin"), load_judge(str(scorer)), cache)
    wanted = peer.predict([(WARM, FAT), (WARM, FUR), (WARM, SKIN)], show_progress_bar=False)
    np.testing.assert_allclose(judged.rows["judge_probability"].to_numpy(), wanted, atol=1e-5)


def test_a_saved_activation_is_not_applied_twice(scorer: Path, tmp_path: Path, cache: VerdictCache) -> None:
    from sentence_transformers import CrossEncoder

    CrossEncoder(str(scorer), local_files_only=True).save_pretrained(str(tmp_path / "saved"))  # with Sigmoid
    judged = judge_rows(rows("its fur"), load_judge(str(tmp_path / "saved")), cache)
    assert judged.rows["judge_probability"][0] < 0.05  # a sigmoid of a sigmoid is never below .5


def test_entailment_has_to_hold_both_ways(nli: Path, cache: VerdictCache) -> None:
    judge = load_judge(str(nli))
    assert judge.reading == Reading(ENTAILMENT, 1, 3)
    judged = judge_rows(rows("a layer of fat", "a layer", "its fur", "thick skin"), judge, cache)
    assert verdicts(judged) == ["right", "wrong", "wrong", "wrong"]
    assert judged.asked == 8
    assert judged.rows["judge_probability"][1] < 0.05  # the direction that fails decides


def test_any_right_answer_counts(nli: Path, cache: VerdictCache) -> None:
    several = ["its blubber", "thick skin"]
    candidates = ("a layer of fat", "its fur")
    judge = load_judge(str(nli))
    one = judge_rows(rows(*candidates, answers=["thick skin"]), judge, cache)
    first = judge_rows(rows(*candidates), judge, cache)
    both = judge_rows(rows(*candidates, answers=several), judge, cache)
    assert verdicts(first)[0] == verdicts(both)[0] == "right"
    assert (
        both.rows["judge_probability"].to_list() == one.rows["judge_probability"].to_list()
    )  # `answer` is one of them
    assert both.asked == 0


def test_a_files_word_takes_more_to_overrule(scorer: Path, cache: VerdictCache) -> None:
    judge = load_judge(str(scorer))
    given = pl.concat([rows("a layer of fat"), rows("a layer of fat", testified=True)])
    probability = judge_rows(given, judge, cache).rows["judge_probability"][0]
    between = JudgeSettings(threshold=probability - 0.001, threshold_testified=min(1.0, probability + 0.001))
    judged = judge_rows(given, load_judge(str(scorer), between), cache)
    assert verdicts(judged) == ["right", "wrong"] and judged.asked == 0  # a threshold is not part of the key
    found = about(judged)
    assert found["testified"] == {"rows": 1, "right": 0, "more_likely_right": 1}
    assert found["removed_share"] == 0.5 and found["wrong"] == 1 and found["unjudged"] == {}
    assert "1 of the 1 answers that the file calls wrong" in " ".join(judged.notices())


def test_the_record_of_a_version(scorer: Path, cache: VerdictCache) -> None:
    judge = load_judge(str(scorer))
    given = rows("a layer of fat", "its fur", "thick skin", "its fur")
    fresh, kept = (about(judge_rows(given, judge, cache)) for _ in range(2))
    assert fresh == kept == json.loads(json.dumps(kept))
    assert fresh["name"] == scorer.name and str(scorer.parent) not in json.dumps(fresh)
    assert fresh["weights_hash"] == judge.weights_hash and fresh["kind"] == ONE_SCORE
    assert (fresh["rows"], fresh["right"], fresh["wrong"], fresh["removed_share"]) == (4, 1, 3, 0.25)
    assert (fresh["threshold"], fresh["threshold_testified"]) == (0.5, 0.9)
    part = judge_rows(given, judge, cache).only(given["negative"] == "its fur")
    assert (about(part)["rows"], about(part)["right"]) == (2, 0)


def test_other_weights_in_the_same_folder_are_asked_again(scorer: Path, tmp_path: Path, cache: VerdictCache) -> None:
    folder = tmp_path / "judge"
    shutil.copytree(scorer, folder)
    assert judge_rows(rows("a layer of fat"), load_judge(str(folder)), cache).asked == 1
    assert judge_rows(rows("a layer of fat"), load_judge(str(folder)), cache).asked == 0
    weights = load_file(folder / "model.safetensors")
    weights["classifier.weight"], weights["classifier.bias"] = (
        -weights["classifier.weight"],
        -weights["classifier.bias"],
    )
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    again = judge_rows(rows("a layer of fat"), load_judge(str(folder)), cache)
    assert again.asked == 1 and verdicts(again) == ["wrong"]


def test_a_pair_does_not_depend_on_its_company(scorer: Path, tmp_path: Path) -> None:
    judge = load_judge(str(scorer))
    many = [f"{word} {'fat ' * (n % 7)}" for n, word in enumerate(("a", "its", "thick", "layer") * 10)]
    together = judge_rows(rows(*many), judge, VerdictCache(tmp_path / "a")).rows["judge_probability"]
    alone = [
        judge_rows(rows(text), judge, VerdictCache(tmp_path / f"b{n}")).rows["judge_probability"][0]
        for n, text in enumerate(many[:8])
    ]
    assert together[:8].to_list() == alone


def test_what_the_model_would_cut_is_not_judged(scorer: Path, cache: VerdictCache) -> None:
    long = "its fur " * 60
    judged = judge_rows(rows("its fur", long), load_judge(str(scorer)), cache)
    assert verdicts(judged) == ["wrong", None] and judged.rows["judge_probability"][1] is None
    assert judged.reasons.to_list() == [None, "too-long"] and about(judged)["unjudged"] == {"too-long": 1}
    assert "Not judged, and left in: 1 candidate (" in judged.notices()[0] and judged.stopped is None


def test_broken_weights_give_no_verdict(scorer: Path, tmp_path: Path, cache: VerdictCache) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(scorer, folder)
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"] = weights["classifier.bias"] * float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    judged = judge_rows(rows("its fur"), load_judge(str(folder)), cache)
    assert verdicts(judged) == [None] and judged.reasons.to_list() == ["not-a-number"]


def test_an_interrupted_run_goes_on_where_it_was(scorer: Path, cache: VerdictCache) -> None:
    judge, given = load_judge(str(scorer)), rows(*(f"its fur {'fat ' * n}" for n in range(30)))

    def interrupt(stage: str, done: int, total: int) -> None:
        assert (stage, total) == ("judge", 30)
        if done == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge_rows(given, judge, cache, interrupt)
    after = judge_rows(given, judge, cache)
    assert (after.kept, after.asked) == (12, 18) and None not in verdicts(after)


def test_a_damaged_cache_is_named(scorer: Path, cache: VerdictCache) -> None:
    judge = load_judge(str(scorer))
    judge_rows(rows("its fur"), judge, cache)
    path = cache.path(judge.fingerprint)
    path.write_bytes(b"x" * 5000)
    with pytest.raises(JudgeError, match=r"cache of verdicts .* damaged .* delete the file"):
        judge_rows(rows("its fur"), judge, cache)
    path.unlink()
    judge_rows(rows("its fur"), judge, cache)
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE verdicts SET probability = x'0000000000000840'")  # 3.0
    with pytest.raises(JudgeError, match="no probability"):
        judge_rows(rows("its fur"), judge, cache)
    with pytest.raises(StorageError, match="NEGBANK_CACHE"):
        judge_rows(rows("its fur"), judge, VerdictCache(path / "below"))


def test_what_is_no_judge_is_refused(tmp_path: Path, scorer: Path) -> None:
    def changed(name: str, **config: object) -> str:
        shutil.copytree(scorer, tmp_path / name)
        path = tmp_path / name / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **config}))
        return str(tmp_path / name)

    with pytest.raises(JudgeError, match="architecture is BertModel"):  # its loader would add a random head
        load_judge(changed("encoder", architectures=["BertModel"]))
    with pytest.raises(JudgeError, match="LABEL_0, LABEL_1, LABEL_2, none says which means yes"):
        load_judge(changed("unnamed", id2label={str(n): f"LABEL_{n}" for n in range(3)}))
    with pytest.raises(JudgeError, match="there is no folder"):
        load_judge(str(tmp_path / "nowhere"))
    with pytest.raises(JudgeError, match="not on this machine"):  # HF_HUB_OFFLINE is set
        load_judge("nli-deberta-v3-base")
    pickled = Path(changed("pickled"))
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(JudgeError, match="pickle"):
        load_judge(str(pickled))
    with pytest.raises(JudgeError, match="leave --judge-model out"):
        load_judge(str(scorer), JudgeSettings(model="gpt"))
    (Path(changed("no-config")) / "config.json").write_text("{")
    with pytest.raises(JudgeError, match=r"config\.json can't be read"):
        load_judge(str(tmp_path / "no-config"))
    with pytest.raises(JudgeError, match="CUDA"):
        load_judge(str(scorer), JudgeSettings(device="cuda:7"))


def test_code_in_a_judges_folder_is_not_run(scorer: Path, tmp_path: Path, cache: VerdictCache) -> None:
    folder, ran = tmp_path / "judge", tmp_path / "ran"
    shutil.copytree(scorer, folder)
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Evil: pass\n")
    config = json.loads((folder / "config.json").read_text())
    modules = [{"idx": 0, "name": "0", "path": "", "type": "evil.Evil"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"model_type": "CrossEncoder"}))
    with pytest.raises(JudgeError, match="can't be loaded"):
        judge_rows(rows("its fur"), load_judge(str(folder)), cache)
    assert not ran.exists()
    (folder / "modules.json").unlink()
    for added in (
        {"auto_map": {"AutoModelForSequenceClassification": "evil.Evil", "AutoConfig": "evil.Evil"}},
        {"sentence_transformers": {"activation_fn": "evil.Evil"}},
    ):
        (folder / "config.json").write_text(json.dumps({**config, **added}))
        with_code = load_judge(str(folder))
        with contextlib.suppress(JudgeError):
            judge_rows(rows("its fur"), with_code, cache)
        assert not ran.exists()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["contradiction", "entailment", "neutral"], (ENTAILMENT, 1)),
        (["ENTAILMENT", "NEUTRAL", "CONTRADICTION"], (ENTAILMENT, 0)),
        (["entailment", "not_entailment"], (ENTAILMENT, 0)),
        (["not_duplicate", "duplicate"], (SAME, 1)),
        (["not_equivalent", "equivalent"], (SAME, 1)),
        (["LABEL_0", "LABEL_1"], None),
        (["positive", "negative"], None),
        (["duplicate", "paraphrase"], None),  # which of them?
    ],
)
def test_labels_are_read_by_name(names: list[str], expected: tuple[str, int] | None) -> None:
    named = dict(enumerate(names))
    if expected is None:
        with pytest.raises(JudgeError, match="says which means yes"):
            reading_of(named, len(names), Path("config.json"))
    else:
        assert reading_of(named, len(names), Path("config.json")) == Reading(*expected, len(names))


def test_probabilities_by_hand() -> None:
    one = probabilities(
        np.array([[0.0], [np.log(3)], [-800.0], [800.0], [np.nan], [np.inf]], np.float32), Reading(ONE_SCORE, 0, 1)
    )
    np.testing.assert_allclose(one, [0.5, 0.75, 0.0, 1.0, np.nan, np.nan], atol=1e-6)
    three = np.array([[0.0, np.log(2), 0.0], [0.0, 1000.0, 0.0], [0.0, 0.0, np.nan]], np.float32)
    np.testing.assert_allclose(probabilities(three, Reading(ENTAILMENT, 1, 3)), [0.5, 1.0, np.nan], atol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [{"threshold": 0.0}, {"threshold": 1.5}, {"threshold": float("nan")}, {"threshold_testified": 0.2}, {"workers": 0}],
)
def test_settings_that_mean_nothing(settings: dict[str, float]) -> None:
    with pytest.raises(JudgeError):
        JudgeSettings(**settings)  # type: ignore[arg-type]


def test_a_high_threshold_lifts_the_other() -> None:
    assert JudgeSettings().testified == 0.9 and JudgeSettings(threshold=0.95).testified == 0.95


def test_rows_of_other_columns_are_refused(scorer: Path) -> None:
    judge = load_judge(str(scorer))
    with pytest.raises(JudgeError, match="no column 'testified'"):
        judge_rows(rows("its fur").drop("testified"), judge)
    with pytest.raises(JudgeError, match="'answers' of the rows to judge is String"):
        judge_rows(rows("its fur").with_columns(answers=pl.lit("x")), judge)
    with pytest.raises(JudgeError, match="'negative' of the rows to judge has nulls"):
        judge_rows(rows("its fur").with_columns(negative=pl.lit(None, pl.String)), judge)
    none = judge_rows(rows(), judge)
    assert none.rows.height == 0 and about(none)["removed_share"] is None


def test_loading_a_judge_loads_no_torch(scorer: Path) -> None:
    code = (
        "import sys; from negbank.judging import load_judge; judge = load_judge(sys.argv[1]); judge.fingerprint\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(scorer)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
