"""Chains from a model that is loaded here: the file, its bytes, and what a kill leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import ROOT
from models import tiny_llama

from negbank.causal import Base, load_base
from negbank.errors import GenerationError
from negbank.generation import GenerateSettings, collect
from negbank.generation.lines import Lines
from negbank.generation.local import LocalSampler
from negbank.reasoning.formats import read_trajectories
from negbank.sampling import SampleSettings, sample

QUESTIONS = pl.DataFrame(
    {
        "question_id": [f"q{n}" for n in range(7)],
        "question": [f"How much is {n}{' and one more' * n}?" for n in range(7)],
    }
)
SETTINGS = GenerateSettings(samples=3, temperature=1.0, max_tokens=8, seed=5, prompt="Q: {question}\nA:")

CHATML = (
    "{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}<pad>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def base(folder: Path) -> Base:
    return load_base(str(folder), "cpu", "fp32")


@pytest.fixture(scope="module")
def whole(base: Base, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a run that nothing interrupts."""
    file = tmp_path_factory.mktemp("whole") / "c.jsonl"
    assert collect(QUESTIONS, LocalSampler(base, SETTINGS, batch=4), SETTINGS, file).sampled == 21
    return file.read_bytes()


def test_each_chain_is_the_models_own(base: Base, whole: bytes, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in whole.splitlines()]
    assert [(line["question_id"], line["sample"]) for line in lines] == [
        (f"q{n}", s) for n in range(7) for s in range(3)
    ]
    for line in lines:
        said = line["provenance"]
        settings = SampleSettings(1.0, 1.0, 8, stop=("\nQuestion:",))
        (alone,) = sample(base, [f"Q: {line['question']}\nA:"], settings, [said["seed"]])
        assert (line["chain"], said["tokens"], said["finished"]) == (alone.text.strip(), alone.tokens, alone.finished)
        assert said["weights"] == base.info.weights and said["prompt"] == "Q: {question}\nA:"
        assert {"model", "revision", "temperature", "top_p", "max_tokens", "stop", "prompt_sha256"} <= set(said)
    assert len({line["chain"] for line in lines}) > 15
    (tmp_path / "c.jsonl").write_bytes(whole)
    assert [chain.question for chain in read_trajectories(tmp_path / "c.jsonl")] == [line["question"] for line in lines]


@pytest.mark.parametrize("keep", [0, 1, 6, 20, 21])
@pytest.mark.parametrize("torn", [b"", b'{"question_id": "q0", "que', b"\xff\xfe"])
def test_what_is_there_is_kept_and_what_is_torn_is_dropped(
    base: Base, whole: bytes, tmp_path: Path, keep: int, torn: bytes
) -> None:
    file = tmp_path / "c.jsonl"
    lines = whole.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[21 - keep :]) + torn)
    found = collect(QUESTIONS, LocalSampler(base, SETTINGS, batch=4), SETTINGS, file)
    assert (found.sampled, found.chains) == (21 - keep, 21)
    assert file.read_bytes() == whole


def test_batches_are_the_same_whatever_is_done(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Company decides the last bits, so a run that goes on must put each chain into the batch that it had."""
    from negbank.generation import local

    asked: list[tuple[str, ...]] = []
    real = local.sample_each

    def spy(base: Base, prompts: Any, settings: Any, seeds: Any) -> Any:
        asked.append(tuple(map(str, seeds)))
        return real(base, prompts, settings, seeds)

    monkeypatch.setattr(local, "sample_each", spy)
    file = tmp_path / "c.jsonl"
    collect(QUESTIONS, LocalSampler(base, SETTINGS, batch=4), SETTINGS, file)
    batches, asked[:] = list(asked), []
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:10]))
    collect(QUESTIONS, LocalSampler(base, SETTINGS, batch=4), SETTINGS, file)
    assert asked == batches[len(batches) - len(asked) :] and 0 < len(asked) < len(batches)


GENERATE = """
import sys, time, polars as pl
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_generation_local import QUESTIONS, SETTINGS
from negbank.causal import load_base
from negbank.generation import collect
from negbank.generation.local import LocalSampler
base = load_base({folder!r}, "cpu", "fp32")
def slowly(stage, done, total):
    print(done, flush=True)
    time.sleep(0.05)
collect(QUESTIONS, LocalSampler(base, SETTINGS, batch=4), SETTINGS, Path({file!r}), slowly)
"""


def test_killed_twice_it_goes_on_to_the_same_bytes(folder: Path, base: Base, whole: bytes, tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    code = GENERATE.format(tests=str(ROOT / "tests"), folder=str(folder), file=str(file))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    before = 0
    for more in (3, 4):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
        assert process.stdout is not None
        while int(process.stdout.readline()) < before + more:
            pass
        time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        done = file.read_bytes().count(b"\n")
        assert before + more <= done < 21
        before = done
    found = collect(QUESTIONS, LocalSampler(base, SETTINGS, batch=4), SETTINGS, file)
    assert found.sampled == 21 - before
    assert file.read_bytes() == whole


def test_another_runs_file_is_refused(base: Base, whole: bytes, tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    file.write_bytes(whole)
    hotter = LocalSampler(base, replace(SETTINGS, temperature=0.9), batch=4)
    with pytest.raises(GenerationError, match=r"another run: temperature differ; give another file"):
        collect(QUESTIONS, hotter, SETTINGS, file)
    with pytest.raises(GenerationError, match=r"another run: seed differ"):
        collect(QUESTIONS, LocalSampler(base, SETTINGS, batch=4), replace(SETTINGS, seed=6), file)
    with pytest.raises(GenerationError, match=r"chains to other questions"):
        collect(QUESTIONS.head(3), LocalSampler(base, SETTINGS, batch=4), SETTINGS, file)
    assert file.read_bytes() == whole
    file.write_bytes(b"no json\n" + whole)
    with pytest.raises(GenerationError, match=r"c.jsonl:1: not JSON"):
        collect(QUESTIONS, LocalSampler(base, SETTINGS, batch=4), SETTINGS, file)
    file.write_bytes(b"[]\n")
    with pytest.raises(GenerationError, match=r"c.jsonl:1: no JSON object"):
        collect(QUESTIONS, LocalSampler(base, SETTINGS, batch=4), SETTINGS, file)


def test_a_file_belongs_to_one_process(base: Base, tmp_path: Path) -> None:
    sampler = LocalSampler(base, SETTINGS)
    with Lines(tmp_path / "c.jsonl"), pytest.raises(GenerationError, match="another process writes"):
        collect(QUESTIONS, sampler, SETTINGS, tmp_path / "c.jsonl")
    (tmp_path / "not-a-folder").write_text("")
    with pytest.raises(GenerationError, match="cannot be written"):
        collect(QUESTIONS, sampler, SETTINGS, tmp_path / "not-a-folder" / "c.jsonl")


def test_a_question_that_fills_the_window_is_left_out_and_named(base: Base, tmp_path: Path) -> None:
    too_long = "How long? " + "word " * 300
    asked = pl.DataFrame({"question_id": ["a", "b"], "question": [too_long, "How much?"]})
    for sampled in (2, 0):
        found = collect(asked, LocalSampler(base, SETTINGS), GenerateSettings(samples=2), tmp_path / "c.jsonl")
        assert (found.chains, found.sampled, found.left_out) == (2, sampled, (too_long, too_long))


def test_questions_of_one_id_are_refused(base: Base, tmp_path: Path) -> None:
    twice = pl.DataFrame({"question_id": ["a", "a"], "question": ["x", "y"]})
    with pytest.raises(GenerationError, match="two questions have one id"):
        collect(twice, LocalSampler(base, SETTINGS), GenerateSettings(samples=1), tmp_path / "d.jsonl")


def test_a_chat_model_is_asked_by_its_template(folder: Path, tmp_path: Path) -> None:
    base = load_base(str(folder), "cpu", "fp32")
    base.tokens.tokenizer.chat_template = CHATML
    sampler = LocalSampler(base, GenerateSettings(max_tokens=4))
    said = sampler.provenance()
    assert said["prompt"].startswith("<s>user\n{question}\n\nThink step by step")
    assert said["prompt"].endswith("<pad>\n<s>assistant\n")
    # the token after an assistant's turn ends a chain, though the tokenizer names another
    assert said["stop"] == [base.tokens.tokenizer.pad_token_id] != [base.tokens.eos_id]
    asked = QUESTIONS.head(2)
    assert collect(asked, sampler, GenerateSettings(samples=2), tmp_path / "c.jsonl").chains == 4
    plain = LocalSampler(base, GenerateSettings(prompt="Q {question}"))
    assert plain.template == "Q {question}" and plain.settings.stop == ("\nQuestion:",)
    for broken in ("{{ raise_exception('no users') }}", "nothing asked"):
        base.tokens.tokenizer.chat_template = broken
        with pytest.raises(GenerationError, match=r"chat template.*give a prompt"):
            LocalSampler(base, GenerateSettings())


def test_a_question_is_data(base: Base) -> None:
    asked = LocalSampler(base, GenerateSettings(prompt="{shots} {question}!")).template
    from negbank.generation.records import prompt_of

    assert prompt_of(asked, "a {question} {0}") == "{shots} a {question} {0}!"
