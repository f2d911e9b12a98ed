"""Training on chains: each sample's loss and weight are its own, whatever the batches, and whatever kills the run."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT
from models import tiny_llama
from torch import Tensor
from transformers import get_cosine_schedule_with_warmup

import negbank.heads.losses
from negbank.causal import Base, load_base
from negbank.errors import TrainingError
from negbank.glow import GlowSettings, LossHistory, SampleId, glow_weights
from negbank.heads import HISTORY_FILE, Chain, Example, LoraSettings, TrainSettings, TuneSettings, tune
from negbank.heads.batches import Sample, order_of, tokenize
from negbank.heads.checkpoints import CHECKPOINT_FILE

WORDS = ("gas", "force", "planet", "Moon", "light", "sugar", "coal", "wind", "heat")
CHAINS = [
    Chain(
        SampleId("right" if number % 2 else "wrong", str(number // 2)),
        Example(f"Question: Which {word} is it?\nAnswer:", f" It is {word}" + " and so on" * (number % 3)),
    )
    for number, word in enumerate(WORDS)
]
GLOW = GlowSettings(alpha=2.0, beta=4.0, low=0.1, high=5.0)
TRAIN = TrainSettings(2e-3, batch=4, epochs=3, seed=3, schedule="cosine", warmup=0.2, max_norm=1.0)
SETTINGS = TuneSettings(TRAIN, glow=GLOW)
LORA = LoraSettings(2, 4, 0.0, ("up_proj", "down_proj"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("model"))


@pytest.fixture
def base(folder: Path) -> Base:
    return load_base(str(folder), device="cpu", precision="fp32")


def plain_mean(model: Any, sample: Sample) -> Tensor:
    """The mean loss of one sample's answer, token by token, all logits."""
    logits = model(torch.tensor([sample.ids])).logits[0]
    places = range(len(sample.ids) - sample.answer, len(sample.ids))
    losses = [-logits[place - 1].log_softmax(-1)[sample.ids[place]] for place in places]
    return torch.stack(losses).mean()


def test_a_run_is_that_of_a_plain_loop(base: Base, folder: Path, tmp_path: Path) -> None:
    """One example at a time, torch's AdamW, transformers' cosine, and the formula in float64."""
    tuned = tune(base, "glow", CHAINS, SETTINGS, tmp_path)
    plain = load_base(str(folder), device="cpu", precision="fp32")
    samples = tokenize(plain, [chain.example for chain in CHAINS], end=True)
    assert all(sample.ids[-1] == plain.tokens.eos_id for sample in samples)
    model = plain.model.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=TRAIN.learning_rate, weight_decay=0.0)
    rates = get_cosine_schedule_with_warmup(optimizer, math.ceil(0.2 * 9), 9)
    order, last = order_of(len(samples), TRAIN), [math.nan] * len(samples)
    losses, weights = np.full((3, 9), np.nan), np.full((3, 9), np.nan)
    for epoch in range(3):
        read = order[9 * epoch : 9 * epoch + 9]
        for rows in (read[0:4], read[4:8], read[8:9]):
            optimizer.zero_grad()
            for row in rows:
                loss = plain_mean(model, samples[row])
                weight = glow_weights([last[row]], [loss.item()], GLOW)[0]
                torch.autograd.backward(loss * weight / len(rows))
                losses[epoch, row], weights[epoch, row], last[row] = loss.item(), weight, loss.item()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            rates.step()
    np.testing.assert_allclose(tuned.losses_nats, losses, rtol=1e-4)
    np.testing.assert_allclose(tuned.weights, weights, rtol=2e-3)
    assert (weights[0] == 1).all() and np.ptp(weights[1:]) > 0.1
    for own, other in zip(tuned.learner.parameters, model.parameters(), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-3, atol=1e-5)


def test_weights_are_the_formula_of_the_recorded_losses(base: Base, tmp_path: Path) -> None:
    tuned = tune(base, "glow", CHAINS, SETTINGS, tmp_path)
    for epoch in (1, 2):
        expected = glow_weights(tuned.losses_nats[epoch - 1], tuned.losses_nats[epoch], GLOW)
        np.testing.assert_allclose(tuned.weights[epoch], expected, atol=1e-12)
    kept = LossHistory.read(tmp_path / HISTORY_FILE)
    np.testing.assert_array_equal(kept.last([chain.id for chain in CHAINS]), tuned.losses_nats[-1])


@pytest.mark.parametrize("lora", [None, LORA])
def test_accumulation_does_not_rescale(folder: Path, tmp_path: Path, lora: LoraSettings | None) -> None:
    """A step in one part, and one example at a time: the same weights and losses but for the last bits."""
    runs = []
    for number, tokens in enumerate((None, 1)):
        base = load_base(str(folder), device="cpu", precision="fp32")
        settings = TuneSettings(replace(TRAIN, max_tokens=tokens), lora, GLOW)
        runs.append(tune(base, "glow", CHAINS, settings, tmp_path / str(number)))
    whole, parts = runs
    np.testing.assert_allclose(whole.losses_nats, parts.losses_nats, rtol=2e-4)
    np.testing.assert_allclose(whole.weights, parts.weights, rtol=5e-3)
    for one, other in zip(whole.learner.parameters, parts.learner.parameters, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-4)


def test_nothing_is_read_twice(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, read = negbank.heads.losses._token_losses, []

    def counted(base: Base, samples: Any, is_packed: bool) -> Tensor:
        read.append(len(samples))
        return real(base, samples, is_packed)

    monkeypatch.setattr(negbank.heads.losses, "_token_losses", counted)
    tune(base, "glow", CHAINS, SETTINGS, tmp_path)
    assert sum(read) == 3 * len(CHAINS)


def test_without_glow_every_weight_is_one(base: Base, tmp_path: Path) -> None:
    tuned = tune(base, "sft", CHAINS, replace(SETTINGS, glow=None), tmp_path)
    assert (tuned.weights == 1).all() and tuned.losses_nats[-1].mean() < 0.8 * tuned.losses_nats[0].mean()


def test_a_head_leaves_the_base_alone_and_a_model_is_written_to_be_loaded(base: Base, tmp_path: Path) -> None:
    before = [parameter.clone() for parameter in base.model.parameters()]
    head = tune(base, "glow", CHAINS, replace(SETTINGS, lora=LORA), tmp_path / "head")
    assert head.losses_nats[-1].mean() < head.losses_nats[0].mean()
    kept = [p for n, p in base.model.named_parameters() if "lora" not in n]
    assert all(torch.equal(one, other) for one, other in zip(before, kept, strict=True))
    whole = load_base(base.info.name, device="cpu", precision="fp32")
    tuned = tune(whole, "glow", CHAINS, SETTINGS, tmp_path / "run")
    tuned.learner.save(tmp_path / "model", 9)
    loaded = load_base(str(tmp_path / "model"), device="cpu", precision="fp32")
    ids = torch.tensor([base.tokens.ids("Question: Which gas?")])
    assert torch.equal(loaded.model(ids).logits, whole.model(ids).logits)
    assert loaded.info.weights != base.info.weights


def test_the_same_id_in_two_files_is_two_samples(base: Base, tmp_path: Path) -> None:
    twice = [Chain(SampleId("a", "1"), CHAINS[0].example), Chain(SampleId("b", "1"), CHAINS[1].example)]
    tuned = tune(base, "glow", twice, SETTINGS, tmp_path / "two")
    assert len(LossHistory.read(tmp_path / "two" / HISTORY_FILE)) == 2
    assert tuned.losses_nats[0, 0] != tuned.losses_nats[0, 1]
    with pytest.raises(TrainingError, match="sample '1' of a is there twice"):
        tune(base, "glow", [twice[0], twice[0]], SETTINGS, tmp_path / "one")


def test_a_loss_that_is_no_number_names_its_sample(base: Base, tmp_path: Path) -> None:
    with torch.no_grad():
        base.model.get_input_embeddings().weight[base.tokens.ids("Moon")[-1]] = float("nan")
    with pytest.raises(TrainingError, match=r"sample '\d' of (right|wrong) is no finite number; lower the learning"):
        tune(base, "glow", CHAINS, SETTINGS, tmp_path)
    assert not (tmp_path / HISTORY_FILE).exists()


def test_a_rate_that_is_too_high_is_said(base: Base, tmp_path: Path) -> None:
    wild = replace(TRAIN, learning_rate=1e18, max_norm=None, epochs=9, warmup=0.0)
    with pytest.raises(TrainingError, match="learning rate"):
        tune(base, "glow", CHAINS, replace(SETTINGS, training=wild), tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"warmup": 1.0}, "warm-up"), ({"schedule": "linear"}, "constant or cosine"), ({"max_norm": 0.0}, "gradient")],
)
def test_settings_that_mean_nothing(base: Base, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        tune(base, "glow", CHAINS, replace(SETTINGS, training=replace(TRAIN, **change)), tmp_path)


def test_a_checkpoint_of_other_weights_is_refused(base: Base, tmp_path: Path) -> None:
    tune(base, "glow", CHAINS, replace(SETTINGS, lora=LORA), tmp_path)
    with pytest.raises(TrainingError, match="another run: its settings differ"):
        tune(base, "glow", CHAINS, replace(SETTINGS, lora=LORA, glow=replace(GLOW, beta=10)), tmp_path)


def test_nothing_to_train_on(base: Base, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no examples"):
        tune(base, "glow", [], SETTINGS, tmp_path)


RUN = """
import sys, time
from dataclasses import replace
from pathlib import Path
import torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[1])
from test_glow_training import CHAINS, SETTINGS, TRAIN
from negbank.causal import load_base
from negbank.heads import tune

def slowly(stage, done, total):
    print(done, flush=True)
    time.sleep(0.05)

base = load_base(sys.argv[2], device="cpu", precision="fp32")
tune(base, "glow", CHAINS, replace(SETTINGS, training=replace(TRAIN, checkpoint_s=0)), Path(sys.argv[3]), slowly)
"""


def test_killed_twice_is_as_if_never_killed(folder: Path, tmp_path: Path) -> None:
    """SIGKILL in the second and in the third epoch: weights, history and optimizer end as the same bits."""
    whole = load_base(str(folder), device="cpu", precision="fp32")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tune(whole, "glow", CHAINS, replace(SETTINGS, training=replace(TRAIN, checkpoint_s=0)), tmp_path / "whole")
    finally:
        torch.set_num_threads(threads)
    killed = tmp_path / "killed"
    command = [sys.executable, "-c", RUN, str(ROOT / "tests"), str(folder), str(killed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for examples in (13, 22):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line) >= examples:
                    process.send_signal(signal.SIGKILL)
                    break
        assert process.returncode == -signal.SIGKILL and not (killed / HISTORY_FILE).exists()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert int(done.stdout.split()[0]) >= 22  # it went on, and did not begin anew
    assert (killed / HISTORY_FILE).read_bytes() == (tmp_path / "whole" / HISTORY_FILE).read_bytes()
    ours, theirs = (_tensors(path / CHECKPOINT_FILE) for path in (killed, tmp_path / "whole"))
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def _tensors(path: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(path)


def test_the_history_is_plain_json(base: Base, tmp_path: Path) -> None:
    tune(base, "glow", CHAINS, SETTINGS, tmp_path)
    held = json.loads((tmp_path / HISTORY_FILE).read_text())
    assert set(held["losses"]) == {"right", "wrong"}
