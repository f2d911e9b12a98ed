"""Heads: the loss and its gradient against the plainest computation, and runs that are killed and go on."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from models import TEXTS, tiny_llama
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from negbank.causal import Base, load_base
from negbank.errors import ModelError, TrainingError, UnknownNameError
from negbank.heads import (
    Example,
    HeadResult,
    LoraSettings,
    TrainSettings,
    active,
    drop_head,
    heads_of,
    load_head,
    train_head,
)
from negbank.heads.adapters import add_head, parameters_of, set_state, set_training, state_of
from negbank.heads.batches import Sample, split, tokenize
from negbank.heads.losses import loss_sum, open_gradients

EXAMPLES = [
    Example(text.split("Answer:")[0] + "Answer:", f" {answer}")
    for answer in ("wind", "carbon dioxide", "It reflects the light of the Sun.")
    for text in TEXTS
]
LORA = LoraSettings(rank=4, alpha=8)
FAST = TrainSettings(1e-2, batch=4, checkpoint_s=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("model"))


@pytest.fixture
def base(folder: Path) -> Base:
    return load_base(str(folder), device="cpu", precision="fp32")


def train(
    base: Base, folder: Path, *, name: str = "positive", points: tuple[int, ...] = (), settings: TrainSettings = FAST,
    at_point: Callable[[int], None] = lambda point: None,
) -> HeadResult:  # fmt: skip
    return train_head(base, name, EXAMPLES, LORA, settings, points, at_point, folder)


def fill(base: Base, name: str, seed: int) -> None:
    """Give a head numbers that matter; a new one's B is zero."""
    generator = torch.Generator().manual_seed(seed)
    state = {key: torch.randn(value.shape, generator=generator) * 0.3 for key, value in state_of(base, name).items()}
    set_state(base, name, state)


def plain_loss(base: Base, samples: list[Sample]) -> Tensor:
    """One example after another, one token after another, all logits."""
    total = torch.zeros(())
    for sample in samples:
        logits = base.model(torch.tensor([sample.ids])).logits[0]
        for place in range(len(sample.ids) - sample.answer, len(sample.ids)):
            total = total - logits[place - 1].log_softmax(-1)[sample.ids[place]]
    return total


def logits_of(base: Base, text: str = "Question: Which gas?\nAnswer:") -> Tensor:
    with torch.no_grad():
        logits: Tensor = base.model(torch.tensor([base.tokens.ids(text)])).logits
    return logits


def test_the_loss_is_that_of_the_answers_tokens_alone(base: Base) -> None:
    add_head(base, "positive", LORA, seed=0)
    fill(base, "positive", 1)
    samples = tokenize(base, EXAMPLES[:7])
    with active(base, "positive"), torch.no_grad():
        torch.testing.assert_close(loss_sum(base, samples), plain_loss(base, samples), rtol=1e-6, atol=1e-4)
    assert abs(float(loss_sum(base, samples)) - float(plain_loss(base, samples))) < 1e-3  # the bare base
    with active(base, "positive"), torch.no_grad():
        assert abs(float(loss_sum(base, samples)) - float(plain_loss(base, [*samples[1:], samples[1]]))) > 1e-2


@pytest.mark.parametrize(("streams", "max_tokens"), [(1, None), (2, None), (1, 40), (2, 1)])
def test_a_batchs_gradient_is_that_of_its_examples_one_by_one(base: Base, streams: int, max_tokens: int | None) -> None:
    add_head(base, "positive", LORA, seed=0)
    fill(base, "positive", 2)
    samples = tokenize(base, EXAMPLES[:8])
    parameters = parameters_of(base, "positive")
    with active(base, "positive"):
        set_training(base, "positive", True)
        tokens = sum(sample.answer for sample in samples)
        plain = plain_loss(base, samples) / tokens
        expected = torch.autograd.grad(plain, parameters)
        with open_gradients(base, parameters, streams=streams) as gradients:
            step = gradients.of(samples, max_tokens)
    assert abs(step.loss_nats - plain.item()) < 1e-5
    for got, wanted in zip(step.gradients, expected, strict=True):
        assert float(wanted.abs().max()) > 1e-3
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-6)


def test_the_layer_is_pefts_layer(base: Base, tmp_path: Path) -> None:
    """The folder is read by peft itself, and gives the same logits there."""
    peft = pytest.importorskip("peft")
    train(base, tmp_path, points=(18,))
    theirs = peft.PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base.info.name, dtype=torch.float32), tmp_path / "point-18"
    )
    ids = torch.tensor([base.tokens.ids("Question: Which gas?\nAnswer:")])
    with torch.no_grad(), active(base, "positive"):
        torch.testing.assert_close(base.model(ids).logits, theirs(ids).logits, rtol=1e-5, atol=1e-5)


def test_a_model_of_which_nothing_is_known(base: Base) -> None:
    """Its sequences are padded, with the same loss."""
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=300, n_positions=128, n_embd=32, n_layer=2, n_head=2, initializer_range=0.2)
    other = dataclasses.replace(base, model=GPT2LMHeadModel(config).eval())
    samples = tokenize(other, EXAMPLES[:5])
    with torch.no_grad():
        assert abs(float(loss_sum(other, samples)) - float(plain_loss(other, samples))) < 1e-3


def test_two_heads_side_by_side(base: Base) -> None:
    bare = logits_of(base)
    for number, name in enumerate(("positive", "negative")):
        add_head(base, name, LORA, seed=number)
        fill(base, name, number)
        assert torch.equal(logits_of(base), bare)  # a head is not active until asked for
    assert heads_of(base) == ["negative", "positive"]
    with active(base, "positive"):
        positive = logits_of(base)
        with active(base, "negative"):
            negative = logits_of(base)
        with active(base, None):
            assert torch.equal(logits_of(base), bare)
        assert torch.equal(logits_of(base), positive)
    assert torch.equal(logits_of(base), bare)
    for one, other in ((bare, positive), (bare, negative), (positive, negative)):
        assert float((one - other).abs().max()) > 1e-2
    with active(base, "negative"):
        drop_head(base, "positive")
        assert torch.equal(logits_of(base), negative)
    drop_head(base, "negative")
    assert torch.equal(logits_of(base), bare) and heads_of(base) == []
    with pytest.raises(UnknownNameError, match="no head 'positive'"), active(base, "positive"):
        pass
    with pytest.raises(UnknownNameError, match="no head 'positive'"):
        drop_head(base, "positive")


def test_training_one_head_leaves_the_other_and_the_base_alone(base: Base, tmp_path: Path) -> None:
    add_head(base, "negative", LORA, seed=3)
    fill(base, "negative", 3)
    before = {name: part.clone() for name, part in base.model.named_parameters()}
    result = train(base, tmp_path)
    assert result.examples == 18 and len(result.losses_nats) == 5
    assert result.tokens == sum(len(sample.ids) for sample in tokenize(base, EXAMPLES))
    assert sum(result.losses_nats[-2:]) < sum(result.losses_nats[:2])
    after = dict(base.model.named_parameters())
    assert all(torch.equal(part, after[name]) for name, part in before.items())
    assert not any(part.requires_grad for part in after.values())


def test_points_see_the_head_active_and_are_written(base: Base, tmp_path: Path) -> None:
    seen: dict[int, Tensor] = {}

    def at_point(point: int) -> None:
        seen[point] = logits_of(base)
        with active(base, None):  # as one who scores the base between
            logits_of(base)

    bare = logits_of(base)
    train(base, tmp_path, points=(0, 8, 18), at_point=at_point)
    assert list(seen) == [0, 8, 18] and torch.equal(seen[0], bare)
    straight = load_base(base.info.name, device="cpu")
    train(straight, tmp_path / "straight")
    with active(straight, "positive"):
        assert torch.equal(logits_of(straight), seen[18])  # stopping at points changes nothing
    for point in (8, 18):
        other = load_base(base.info.name, device="cpu")
        load_head(other, "negative", tmp_path / f"point-{point}")  # a head's name is the loader's to choose
        with active(other, "negative"):
            assert torch.equal(logits_of(other), seen[point])
    assert json.loads((tmp_path / "points.json").read_text()) == [0, 8, 18]


def test_ctrl_c_at_a_point_goes_on_to_the_same_bits(base: Base, tmp_path: Path) -> None:
    whole = train(base, tmp_path / "whole", points=(8, 16))
    expected = state_of(base, "positive")
    calls: list[int] = []

    def interrupted(point: int) -> None:
        calls.append(point)
        if point == 16:
            raise KeyboardInterrupt

    again = load_base(base.info.name, device="cpu")
    with pytest.raises(KeyboardInterrupt):
        train(again, tmp_path / "run", points=(8, 16), at_point=interrupted)
    assert torch.equal(logits_of(again), logits_of(load_base(base.info.name, device="cpu")))  # none left active
    again = load_base(base.info.name, device="cpu")
    resumed = train(again, tmp_path / "run", points=(8, 16), at_point=calls.append)
    assert calls == [8, 16, 16]
    assert resumed.losses_nats == whole.losses_nats and resumed.tokens == whole.tokens
    for key, value in state_of(again, "positive").items():
        assert torch.equal(value, expected[key])
    finished = train(again, tmp_path / "run", points=(8, 16), at_point=calls.append)
    assert calls == [8, 16, 16] and finished == resumed
    (tmp_path / "run" / "checkpoint.safetensors").unlink()  # to begin anew is to do the points anew
    train(again, tmp_path / "run", points=(8, 16), at_point=calls.append)
    assert calls == [8, 16, 16, 8, 16]


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_kill_9_goes_on_to_the_same_bits(folder: Path, tmp_path: Path, dropout: float) -> None:
    code = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_heads import EXAMPLES, FAST
        from negbank.causal import load_base
        from negbank.heads import LoraSettings, train_head
        def slowly(stage, done, total):
            print(done, flush=True)
            time.sleep(0.3)
        train_head(load_base({str(folder)!r}, device="cpu"), "positive", EXAMPLES, LoraSettings(4, 8, {dropout}), FAST,
                   [8], lambda point: None, Path(sys.argv[1]), slowly)
    """)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "run")], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert process.stdout is not None
    while (line := process.stdout.readline()) and int(line) < 12:
        pass
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    lora = dataclasses.replace(LORA, dropout=dropout)
    told: list[int] = []
    base = load_base(str(folder), device="cpu")
    resumed = train_head(
        base, "positive", EXAMPLES, lora, FAST, [8], lambda point: pytest.fail("the point is done"), tmp_path / "run",
        lambda stage, done, total: told.append(done),
    )  # fmt: skip
    assert told and told[0] > 8  # it did not begin anew
    other = load_base(str(folder), device="cpu")
    whole = train_head(other, "positive", EXAMPLES, lora, FAST, [8], lambda point: None, tmp_path / "whole")
    assert resumed.losses_nats == whole.losses_nats
    for key, value in state_of(base, "positive").items():
        assert torch.equal(value, state_of(other, "positive")[key])


def test_epochs_read_every_example_in_another_order(base: Base, tmp_path: Path) -> None:
    result = train(base, tmp_path, settings=dataclasses.replace(FAST, epochs=2), points=(18, 36))
    assert result.examples == 36 and len(result.losses_nats) == 10
    assert (tmp_path / "point-36").is_dir()


def test_a_checkpoint_of_another_run_is_refused(base: Base, folder: Path, tmp_path: Path) -> None:
    train(base, tmp_path)
    with pytest.raises(TrainingError, match="of another run: its examples differ"):
        train_head(base, "positive", EXAMPLES[::-1], LORA, FAST, [], print, tmp_path)
    with pytest.raises(TrainingError, match="its settings differ"):
        train(base, tmp_path, settings=dataclasses.replace(FAST, learning_rate=1e-3))
    with pytest.raises(TrainingError, match="its base differ"):
        train(load_base(str(tiny_llama(tmp_path / "other", seed=5)), device="cpu"), tmp_path)
    with pytest.raises(TrainingError, match="past the point 8 that is asked for now"):
        train(base, tmp_path, points=(8,))
    lower = dataclasses.replace(FAST, max_tokens=64, checkpoint_s=1e9)
    assert train(base, tmp_path, settings=lower).examples == 18  # less memory is the same run
    (tmp_path / "checkpoint.safetensors").write_bytes(b"broken")
    with pytest.raises(TrainingError, match=r"cannot be read: .*; delete it to begin anew"):
        train(base, tmp_path)


def test_a_loss_that_is_no_number(base: Base, tmp_path: Path) -> None:
    settings = TrainSettings(1e30, batch=4)
    with pytest.raises(TrainingError, match=r"step \d .*learning rate of 1e\+30; lower the recipe.s learning_rate"):
        train(base, tmp_path, settings=settings)


def test_an_adapter_of_another_base_is_refused(base: Base, tmp_path: Path) -> None:
    train(base, tmp_path, points=(8,))
    other = load_base(str(tiny_llama(tmp_path / "other", seed=5)), device="cpu")
    with pytest.raises(ModelError, match=r"is a head of .*, and the base here is .*; load that base"):
        load_head(other, "positive", tmp_path / "point-8")
    assert heads_of(other) == []
    with pytest.raises(ModelError, match=r"holds no negbank\.json.*point-512"):
        load_head(base, "positive", tmp_path)
    config = tmp_path / "point-8" / "adapter_config.json"
    config.write_text(config.read_text().replace('"r": 4', '"r": 2'))
    with pytest.raises(ModelError, match="does not fit this base"):
        load_head(base, "changed", tmp_path / "point-8")
    assert heads_of(base) == ["positive"]
    (tmp_path / "point-8" / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="cannot be read"):
        load_head(base, "positive", tmp_path / "point-8")


def test_a_negative_heads_card_says_that_it_is_trained_to_be_wrong(base: Base, tmp_path: Path) -> None:
    train(base, tmp_path / "n", name="negative-near-miss", points=(8,))
    train(base, tmp_path / "p", name="positive", points=(8,))
    negative = (tmp_path / "n" / "point-8" / "README.md").read_text()
    assert "**This head is trained to be wrong.**" in negative and "trained-to-be-wrong" in negative
    assert base.info.weights in negative and "after 8 examples" in negative
    assert "trained to be wrong" not in (tmp_path / "p" / "point-8" / "README.md").read_text()
    assert set(load_file(tmp_path / "n" / "point-8" / "adapter_model.safetensors")) == {
        f"base_model.model.model.layers.{layer}.mlp.{target}.lora_{part}.weight"
        for layer in range(2)
        for target in LORA.targets
        for part in "AB"
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": TrainSettings(0.0)}, "a learning rate is above 0"),
        ({"training": TrainSettings(1e-3, batch=0)}, "a batch has 1 example or more"),
        ({"lora": LoraSettings(rank=0)}, "rank is 1 or more"),
        ({"lora": LoraSettings(targets=("nothing",))}, r"\(LlamaForCausalLM\) takes no head on nothing"),
        ({"name": "a.b"}, "letters, digits"),
        ({"points": [7]}, "a point at 7 examples .* take 4 or 8"),
        ({"examples": []}, "there are no examples to train on"),
        ({"examples": [Example("a", "")]}, "makes no token of its own"),
        ({"examples": [Example("Which gas? " * 200, " wind")]}, r"example 0 has \d+ tokens, and .* takes 256"),
    ],
)
def test_what_cannot_be_trained(base: Base, tmp_path: Path, change: dict[str, object], message: str) -> None:
    given: dict[str, object] = {
        "name": "positive", "examples": EXAMPLES, "lora": LORA, "training": FAST, "points": [],
        "at_point": print, "folder": tmp_path, **change,
    }  # fmt: skip
    with pytest.raises(TrainingError, match=message):
        train_head(base, **given)  # type: ignore[arg-type]


def test_no_memory_and_no_disk(base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*arguments: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr("negbank.heads.losses._token_losses", no_memory)
        with pytest.raises(TrainingError, match=r"ran out of memory; give --max-tokens .*or a lower batch in the"):
            train(base, tmp_path / "memory")
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"cannot be written: .*what was written before is kept"):
        train(base, tmp_path / "file" / "run")


def test_parts_of_a_step_hold_all_of_it() -> None:
    samples = [Sample(tuple(range(length)), 1) for length in (9, 3, 8, 2, 4)]
    assert split(samples, 1, None) == [[0, 1, 2, 3, 4]]
    assert split(samples, 2, None) == [[0, 1, 3], [2, 4]]  # 9 + 3 + 2 and 8 + 4 tokens
    for parts, max_tokens in ((1, 10), (2, 12), (8, None), (1, 1)):
        groups = split(samples, parts, max_tokens)
        assert sorted(row for group in groups for row in group) == [0, 1, 2, 3, 4]
        sizes = [sum(len(samples[row].ids) for row in group) for group in groups]
        assert max_tokens is None or all(s <= max_tokens or len(g) == 1 for s, g in zip(sizes, groups, strict=True))


def test_losses_are_those_of_a_plain_loop(base: Base, tmp_path: Path) -> None:
    """The whole run against the shortest code that does the same: one example at a time, torch's AdamW."""
    result = train(base, tmp_path)
    other = load_base(base.info.name, device="cpu")
    add_head(other, "plain", LORA, seed=FAST.seed)
    parameters = parameters_of(other, "plain")
    samples = tokenize(other, EXAMPLES)
    optimizer = torch.optim.AdamW(parameters, lr=FAST.learning_rate, weight_decay=0.0)
    losses = []
    with active(other, "plain"):
        set_training(other, "plain", True)
        for start in range(0, len(samples), FAST.batch):
            batch = samples[start : start + FAST.batch]
            loss = plain_loss(other, batch) / sum(sample.answer for sample in batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
    assert functional.l1_loss(torch.tensor(losses), torch.tensor(result.losses_nats)) < 1e-4
