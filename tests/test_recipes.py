from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from negbank.errors import RecipeError, UnknownNameError
from negbank.recipes import (
    BaseChoice,
    TrainingSettings,
    as_record,
    load_recipe,
    parse_weights,
    recipe_from_record,
    recipe_names,
)
from negbank.sources import named
from negbank.sources.benchmark import Benchmark

NAMES = ("arc", "arc-small", "chains", "gsm8k-qwen2.5-7b", "hellaswag", "world")

LEAST = '[recipe]\nname = "mine"\n[data]\ndataset = "d"\n[evaluation]\nsource = "arc"\n[[base]]\nname = "org/model"\n'

PAPER = {
    ("arc", "base"): (0.5998, 0.6365, 0.5222),
    ("arc", "sft"): (0.6630, 0.6408, 0.5486),
    ("arc", "likra"): (0.8123, 0.8063, 0.7321),
    ("hellaswag", "base"): (0.8323, 0.8463, 0.7312),
    ("hellaswag", "sft"): (0.8468, 0.8360, 0.7254),
    ("hellaswag", "likra"): (0.9633, 0.9569, 0.9071),
}
MODELS = ("mistralai/Mistral-7B-v0.1", "mistralai/Mistral-7B-Instruct-v0.3", "meta-llama/Llama-3.2-3B-Instruct")


def written(folder: Path, text: str) -> Path:
    path = folder / "my.toml"
    path.write_text(text)
    return path


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load_recipe(written(folder, text))
    first, *rest = str(caught.value).splitlines()
    assert first.endswith(f": {len(rest)} problem{'s' * (len(rest) != 1)}")
    return [line.strip() for line in rest]


def test_the_recipes_that_come_with_negbank() -> None:
    assert recipe_names() == NAMES
    assert sorted(path.stem for path in (ROOT / "recipes").iterdir()) == list(NAMES)
    for name in NAMES:
        recipe = load_recipe(name)
        assert recipe.name == name and recipe.summary
        if recipe.glow is not None:
            continue
        assert (recipe.heads.rank, recipe.heads.alpha, recipe.heads.dropout, recipe.training.batch) == (8, 8, 0.0, 8)
        own = {"q_proj", "k_proj", "v_proj", "o_proj"} if name == "world" else set()  # docs/world.md says why
        assert set(recipe.heads.targets) == {"up_proj", "down_proj", "gate_proj"} | own
        assert recipe.likra.weight == 1.0 and recipe.likra.weights[-1] == 1.5 and len(recipe.likra.weights) == 16


def test_the_glow_paper_s_values() -> None:
    """arXiv 2601.04992: alpha 1 or 2, beta 10 to 30, 20 epochs, 1e-5, cosine with a tenth of warm-up."""
    recipe = load_recipe("gsm8k-qwen2.5-7b")
    glow, training = recipe.glow, recipe.training
    assert glow is not None and glow.alpha in (1, 2) and 10 <= glow.beta <= 30 and (glow.low, glow.high) == (0.5, 5)
    assert (glow.schedule, glow.warmup, training.epochs) == ("cosine", 0.1, 20)
    assert recipe.learning_rate(recipe.base(), 7_000_000_000) == 1e-5
    assert (glow.temperature, glow.top_p, glow.out_of_domain) == (0.6, 0.95, ("math", "mmlu"))
    assert {r.effect: r.value for r in recipe.glow_references}["ood-gain"] == 5.51


GLOW = """
[recipe]
name = "mine"
[data]
dataset = "d"
tier = "{tier}"
[evaluation]
source = "gsm8k"
[[base]]
name = "m"
{rest}
"""


@pytest.mark.parametrize(
    ("tier", "rest", "said"),
    [
        ("erroneous-cot", "", "[glow] is missing: chains of thought are proved by GLOW"),
        ("near-miss", "[glow]", "[data] tier is 'near-miss'"),
        ("erroneous-cot", "[glow]\nlow = 3.0\nhigh = 2.0", "[glow] low is 3, more than high, 2"),
        ("erroneous-cot", "[glow]\nsamples = 2\nks = [1, 4]", "[glow] ks are [1, 4]"),
        ("erroneous-cot", "[glow]\nalpha = 0.0", "[glow] alpha is 0.0"),
        ("erroneous-cot", "[glow]\nbetta = 1.0", "did you mean 'beta'"),
        ("erroneous-cot", 'kind = "pretrained"\n[glow]', "[chains] is missing"),
    ],
)
def test_a_recipe_for_glow_that_means_nothing(tmp_path: Path, tier: str, rest: str, said: str) -> None:
    found = problems(tmp_path, GLOW.format(tier=tier, rest=rest))
    assert any(said in line for line in found), found


@pytest.mark.parametrize("name", ["arc", "hellaswag"])
def test_the_paper_s_numbers(name: str) -> None:
    recipe = load_recipe(name)
    assert tuple(base.name for base in recipe.bases) == MODELS
    assert [recipe.learning_rate(base, 0) for base in recipe.bases] == [1e-4, 1e-4, 1e-3]
    for place, model in enumerate(MODELS):
        found = {r.system: r.accuracy for r in recipe.references_for(model, "acc_norm")}
        assert found == {system: PAPER[name, system][place] for system in ("base", "sft", "likra")}
        assert recipe.references_for(model, "acc") == ()


def test_the_world_needs_nothing_from_elsewhere() -> None:
    recipe = load_recipe("world")
    assert recipe.base().kind == "pretrained" and recipe.base().name == "world"
    assert recipe.settings["seed"] == 0
    assert recipe.data.source == recipe.evaluation.source == "world"


@pytest.mark.parametrize(("name", "benchmark"), [("arc", named.ARC), ("hellaswag", named.HELLASWAG)])
def test_what_a_recipe_evaluates_on_is_what_its_source_holds_back(name: str, benchmark: Benchmark) -> None:
    recipe = load_recipe(name)
    assert recipe.data.source == recipe.evaluation.source == benchmark.name
    assert recipe.evaluation.split in benchmark.evaluation
    assert set(recipe.data.no_hold_out) <= set(benchmark.also_held_out)


def test_a_recipe_of_few_words_has_the_defaults(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, LEAST))
    assert recipe.bases == (BaseChoice("org/model"),)
    assert (recipe.evaluation.shots, recipe.evaluation.measure, recipe.data.tier) == (0, "acc", "near-miss")
    assert recipe.training == TrainingSettings() and recipe.settings == {}


def test_a_path_is_read_wherever_it_is_and_as_text_or_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, LEAST)
    monkeypatch.chdir(tmp_path)
    assert load_recipe(path) == load_recipe(str(path)) == load_recipe("my.toml") == load_recipe("./my.toml")


def test_a_file_of_windows_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load_recipe(path).name == "mine"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no recipe 'hellswag'; did you mean 'hellaswag'.*\./my\.toml"):
        load_recipe("hellswag")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"[recipe\n", r"is no TOML: .*line 1"),
        (b"a = 1\na = 2\n", "is no TOML: Cannot overwrite"),
        (b'name = "\xff"', r"is no text in UTF-8 \(byte 8\)"),
        (b"#" * 1_000_001, "larger than 1,000,000 bytes"),
        (b"a = " + b"[" * 100_000, "is no TOML that can be read: nested too deeply"),
        (b"\na = " + b"9" * 5000, r"my.toml: holds a number of more than 4,300 digits \(line 2\)$"),
        (
            LEAST.encode() + b"\n[training]\npoints = [0x" + b"f" * 5000 + b", 1]",
            "points are a list; they must",
        ),
        (b"[training]\nbatch = 0x" + b"f" * 5000, r"\[training\] batch is too large to be shown"),
    ],
)
def test_what_is_no_recipe_at_all_is_refused(tmp_path: Path, data: bytes | None, message: str) -> None:
    path = tmp_path / "my.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(RecipeError, match=message):
        load_recipe(path)


def test_a_folder_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        load_recipe(tmp_path)


WRONG = """
    [recipe]
    name = 3
    [data]
    dataset = "arc"
    tier = "near-mis"
    [evaluatoin]
    [evaluation]
    source = "arc"
    shots = -1
    limit = 1.5
    [[base]]
    name = "x"
    precision = "fp8"
    [[base]]
    nam = "y"
    learning_rate = nan
    [lora]
    rank = true
    [training]
    learning_rate = 0
    points = [16, "a"]
    [likra]
    weights = "0:1"
    [world]
    sizes = [1]
"""


def test_every_problem_is_said_at_once_with_its_place(tmp_path: Path) -> None:
    found = problems(tmp_path, WRONG)
    expected = [
        "[likra] weights '0:1': '0:1' is neither a number nor START:STOP:STEP",
        "[evaluatoin] is no key that is known here; did you mean 'evaluation'?",
        "[recipe] name is 3, where a text is expected",
        "[data] tier is 'near-mis'; did you mean 'near-miss'?",
        "[evaluation] limit is 1.5, where a whole number is expected",
        "[evaluation] shots is -1, where a number from 0 to 100 is expected",
        "[[base]] 1 precision is 'fp8'; did you mean 'fp32'?",
        "[[base]] 2 nam is no key that is known here; did you mean 'name'?",
        "[[base]] 2 learning_rate is nan, which is no finite number",
        "[[base]] 2 name is missing",
        "[lora] rank is True, where a whole number is expected",
        "[training] learning_rate is 0, where a number above 0 to 1 is expected",
        "[training] points 2 is 'a', where a whole number is expected",
        "[world] sizes is [1], where a whole number or a number or a text is expected",
    ]
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start), line


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('[[base]]\nname = "org/model"', "[[base]] names 'org/model' 2 times"),
        ("[lora]\ntargets = []", "[lora] targets is empty"),
        ("[training]\npoints = [16, 16]", "[training] points are [16, 16]; they must ascend"),
        ("[likra]\nweights = []", "[likra] weights is empty"),
        ("[likra]\nweight = 1e400", "[likra] weight is inf, which is no finite number"),
        (
            '[[reference]]\nbase = "x"\nsystem = "sft"\nmeasure = "acc"\naccuracy = 0.5\nsource = "s"',
            "[[reference]] 1 base is 'x', which no [[base]] is named",
        ),
        (
            '[[reference]]\nbase = "org/model"\nsystem = "sft"\nmeasure = "acc"\naccuracy = 66.3\nsource = "s"',
            "[[reference]] 1 accuracy is 66.3, where a number from 0 to 1 is expected",
        ),
        ('["\\u001b[31m"]', r"['\x1b[31m'] is no key"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, more: str, problem: str) -> None:
    (line,) = problems(tmp_path, f"{LEAST}\n{more}\n")
    assert line.startswith(problem)


def test_one_base_as_a_table_and_none_at_all_are_refused(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, LEAST.replace("[[base]]", "[base]"))
    assert line.startswith("[[base]] is {'name': 'org/model'}, where a list is expected")
    (line,) = problems(tmp_path, "base = []\n" + LEAST[: LEAST.index("[[base]]")])
    assert line.startswith("[[base]] is empty")


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_survives_its_record_and_json(name: str) -> None:
    recipe = load_recipe(name)
    record = json.loads(json.dumps(as_record(recipe), allow_nan=False))
    assert recipe_from_record(record) == recipe


def test_a_record_is_laid_out_as_the_file_is() -> None:
    file = tomllib.loads((ROOT / "recipes" / "arc.toml").read_text())
    record = as_record(load_recipe("arc"))
    for table in ("recipe", "data", "lora"):
        assert record[table] == file[table]
    assert record["reference"] == file["reference"]
    assert set(file) <= set(record)


def test_any_other_model_can_be_the_base() -> None:
    recipe = load_recipe("arc")
    assert recipe.base() is recipe.bases[0]
    assert recipe.base(MODELS[2]).learning_rate == 1e-3
    other = recipe.base("someone/else")
    assert other == BaseChoice("someone/else")
    assert recipe.learning_rate(other, 7_241_732_096) == 1e-4
    assert recipe.learning_rate(other, 3_212_749_824) == 1e-3


def test_the_base_s_rate_goes_before_the_recipe_s(tmp_path: Path) -> None:
    text = LEAST + "learning_rate = 2e-4\n[training]\nlearning_rate = 5e-5\n"
    recipe = load_recipe(written(tmp_path, text))
    assert recipe.learning_rate(recipe.base(), 1) == 2e-4
    assert recipe.learning_rate(BaseChoice("another"), 1) == 5e-5


@pytest.mark.parametrize(
    ("settings", "examples", "points"),
    [
        (TrainingSettings(), 100, (16, 32, 64, 100)),
        (TrainingSettings(), 64, (16, 32, 64)),
        (TrainingSettings(), 5, (5,)),
        (TrainingSettings(), 0, ()),
        (TrainingSettings(max_examples=40), 100, (16, 32, 40)),
        (TrainingSettings(max_examples=400), 100, (16, 32, 64, 100)),
        (TrainingSettings(points=(10, 50, 500)), 100, (10, 50, 100)),
        (TrainingSettings(epochs=3), 20, (16, 20, 40, 60)),
        (TrainingSettings(epochs=2, max_examples=16), 20, (16, 32)),
        (TrainingSettings(epochs=2, points=(8, 24)), 16, (8, 24, 32)),
    ],
)
def test_the_points_of_a_curve(settings: TrainingSettings, examples: int, points: tuple[int, ...]) -> None:
    assert settings.points_for(examples) == points


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("1", (1.0,)),
        ("0,0.5,1", (0.0, 0.5, 1.0)),
        ("1, 0 ,1", (0.0, 1.0)),
        ("0:0.5:0.1", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)),
        ("0:1:0.4", (0.0, 0.4, 0.8)),
        ("0:1:0.5,2", (0.0, 0.5, 1.0, 2.0)),
        ("1:1:1", (1.0,)),
    ],
)
def test_weights(text: str, weights: tuple[float, ...]) -> None:
    assert parse_weights(text) == weights


@pytest.mark.parametrize(
    "text",
    ["", "a", "0:1", "0:1:0", "1:0:0.1", "0:1:-0.1", "-1", "nan", "inf", "101", "0:100:0.001", "1,,2", "0:1:1e-9999"],
)
def test_weights_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(RecipeError, match=r"weights .*write them as 0:1\.5:0\.1"):
        parse_weights(text)


@given(st.integers(0, 20), st.integers(0, 20), st.sampled_from(["0.1", "0.25", "0.05", "1"]))
def test_a_range_holds_its_start_and_ascends(start: int, length: int, step: str) -> None:
    found = parse_weights(f"{start}:{start + length}:{step}")
    assert found[0] == start and found[-1] == start + length
    assert list(found) == sorted(set(found)) and len(found) == round(length / float(step)) + 1
