"""The heads as a model of lm-evaluation-harness."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from models import tiny_llama

pytest.importorskip("lm_eval", reason="the extra `lm-eval` is not installed")

import yaml
from harness_tasks import local_config, local_task
from lm_eval import simple_evaluate
from lm_eval.api.instance import Instance
from lm_eval.api.registry import get_model

from negbank.causal import load_base
from negbank.errors import ModelError
from negbank.harness import Likra, with_device
from negbank.heads import LoraSettings, active
from negbank.heads.adapters import add_head, save_head
from negbank.scoring import Prompt, Scorer

QUESTIONS = [
    {
        "question": f"What comes after {n}?",
        "choices": {"text": [str(n + 3), str(n + 1), "nothing at all"], "label": ["A", "B", "C"]},
        "answerKey": "B",
    }
    for n in range(12)
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A base and two heads on it, drawn at random and far from nothing."""
    root = tmp_path_factory.mktemp("likra")
    base = load_base(str(tiny_llama(root / "base")), device="cpu")
    for seed, name in enumerate(("positive", "negative")):
        add_head(base, name, LoraSettings(), seed)
        torch.manual_seed(seed)
        with torch.no_grad():
            for key, parameter in base.model.named_parameters():
                if "lora_B" in key and name in key:
                    parameter.normal_(std=0.3)
        (root / name).mkdir()
        save_head(base, name, root / name, examples=8)
    return {name: str(root / name) for name in ("base", "positive", "negative")}


def task_of(folder: Path, **changes: Any) -> Any:
    return local_task(folder, {"test": pl.DataFrame(QUESTIONS)}, training_split=None, **changes)


def by_heads(likra: Likra, prompts: list[Prompt], weight: float) -> np.ndarray:
    found = {}
    for name, folder in likra.heads.items():
        with active(likra.base, name if folder else None):
            found[name] = Scorer(likra.base).score(prompts).log_likelihood
    return found["positive"] - weight * found["negative"]


PROMPTS = [Prompt("Question: Why?\nAnswer:", (" so", " because")), Prompt("Question: Who?\nAnswer:", (" I",))]


def asked(prompts: list[Prompt]) -> list[Instance]:
    return [Instance("loglikelihood", {}, (p.context, answer), 0) for p in prompts for answer in p.answers]


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_an_answer_gets_the_ratio_of_the_heads(folders: dict[str, str], weight: float) -> None:
    likra = Likra(**folders, weight=weight, device="cpu")
    expected = by_heads(likra, PROMPTS, weight)
    found = likra.loglikelihood(asked(PROMPTS))
    assert [greedy for _, greedy in found] == [False] * 3
    assert np.allclose([value for value, _ in found], expected, atol=1e-5)
    assert np.abs(np.diff(expected)).min() > 0.1


def test_without_a_positive_head_the_base_takes_its_place(folders: dict[str, str]) -> None:
    likra = Likra(base=folders["base"], negative=folders["negative"], device="cpu")
    expected = by_heads(likra, PROMPTS, 1.0)
    assert likra.heads["positive"] is None
    assert np.allclose([value for value, _ in likra.loglikelihood(asked(PROMPTS))], expected, atol=1e-5)


def test_the_harness_evaluates_the_heads(folders: dict[str, str], tmp_path: Path) -> None:
    arguments = ",".join(f"{name}={folder}" for name, folder in folders.items())
    task = task_of(tmp_path)
    result = simple_evaluate(
        "likra", model_args=f"{arguments},weight=0.5", tasks=[task], device="cpu", num_fewshot=3, bootstrap_iters=0
    )
    likra = Likra(**folders, device="cpu")
    prompts = {}
    for sample in result["samples"]["arc_challenge"]:
        pairs = [tuple(pair) for pair in sample["arguments"]]
        prompts[sample["doc_id"]] = Prompt(pairs[0][0], tuple(answer for _, answer in pairs))
    ordered = [prompts[number] for number in range(len(QUESTIONS))]
    assert ordered[0].context.count("Question:") == 4
    scores = by_heads(likra, ordered, 0.5).reshape(-1, 3)
    assert result["results"]["arc_challenge"]["acc,none"] == pytest.approx((scores.argmax(1) == 1).mean())


def test_the_command_knows_the_model(folders: dict[str, str], tmp_path: Path) -> None:
    config = local_config(tmp_path, {"test": pl.DataFrame(QUESTIONS)}, training_split=None, task="counting")
    (tmp_path / "counting.yaml").write_text(yaml.safe_dump(config))
    arguments = ",".join(f"{name}={folder}" for name, folder in folders.items())
    words = ["run", "--model", "likra", "--model_args", arguments, "--tasks", "counting", "--device", "cpu"]
    words += ["--include_path", str(tmp_path), "--output_path", str(tmp_path / "out")]
    command = [sys.executable, "-m", "negbank.harness", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    (written,) = (tmp_path / "out").rglob("results*.json")
    assert 0 <= json.loads(written.read_text())["results"]["counting"]["acc,none"] <= 1


@pytest.mark.hub
def test_the_readme_s_line_reads_the_mirror_and_needs_no_cuda(folders: dict[str, str], tmp_path: Path) -> None:
    arguments = ",".join(f"{name}={folder}" for name, folder in folders.items())
    words = ["run", "--model", "likra", "--model_args", arguments, "--tasks", "arc_challenge", "--limit", "4"]
    command = [sys.executable, "-m", "negbank.harness", *words, "--output_path", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    (written,) = (tmp_path / "out").rglob("results*.json")
    result = json.loads(written.read_text())
    assert result["n-samples"]["arc_challenge"] == {"original": 1172, "effective": 4}


@pytest.mark.parametrize(
    ("words", "added"),
    [
        (["run", "--model", "likra"], True),
        (["--model", "likra"], True),
        (["run", "--device", "cpu"], False),
        (["run", "--device=cuda:1"], False),
        (["ls", "tasks"], False),
        (["-h"], False),
        ([], False),
    ],
)
def test_a_device_is_named_where_a_run_names_none(words: list[str], added: bool) -> None:
    best = "cuda" if torch.cuda.is_available() else "cpu"
    assert with_device(words) == words + (["--device", best] if added else [])


def test_the_harness_still_knows_its_own_models() -> None:
    assert get_model("likra") is Likra and get_model("hf").__name__ == "HFLM"


def test_heads_of_another_base_are_refused(folders: dict[str, str], tmp_path: Path) -> None:
    other = tiny_llama(tmp_path / "other", seed=1)
    with pytest.raises(ModelError, match="is a head of"):
        Likra(base=str(other), negative=folders["negative"], device="cpu")


def test_arguments_that_mean_nothing_are_refused(folders: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="likra takes no wieght"):
        Likra(**folders, wieght=2)
    Likra(**folders, batch_size=4, max_batch_size=8, device="cpu")


def test_what_a_ratio_cannot_do_is_said(folders: dict[str, str]) -> None:
    likra = Likra(**folders, device="cpu")
    with pytest.raises(NotImplementedError, match="perplexity"):
        likra.loglikelihood_rolling([])
    with pytest.raises(NotImplementedError, match="multiple-choice"):
        likra.generate_until([])
