"""Sampling: against one plain row without a cache, by argmax, by hand, and in every company."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from models import TEXTS, tiny_llama

from negbank.causal import Base, load_base
from negbank.errors import ModelError
from negbank.sampling import Sampled, SampleSettings, draw, sample, sample_each

PROMPTS = [f"Question: What is {'the sum of ' * n}{n}?\nAnswer:" for n in range(9)] + ["Q"] * 3
SHORT = SampleSettings(temperature=1.0, max_tokens=12, batch=4)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return load_base(str(tiny_llama(tmp_path_factory.mktemp("model"))), "cpu", "fp32")


def by_hand(base: Base, prompt: str, settings: SampleSettings, seed: int) -> tuple[list[int], float]:
    """Tokens and mean entropy: one row, no cache, no padding, the whole of every softmax taken in float64."""
    ids, draws = base.tokens.ids(prompt), np.random.Generator(np.random.PCG64(seed)).random(settings.max_tokens)
    drawn: list[int] = []
    entropies = []
    for uniform in draws:
        with torch.no_grad():
            logits = base.model(torch.tensor([ids + drawn])).logits[0, -1].double()
        own = logits.softmax(-1)
        entropies.append(float(-(own * own.log()).sum()))
        if settings.temperature == 0:
            drawn.append(int(logits.argmax()))
        else:
            mass = (logits / settings.temperature).softmax(-1)
            drawn.append(int((mass.cumsum(-1) <= uniform).sum()))
        if drawn[-1] == base.tokens.eos_id:
            break
    return drawn, float(np.mean(entropies))


def words(samples: list[Sampled]) -> list[tuple[str, int, bool]]:
    """All but the entropy, whose last bits depend on how many rows a product has."""
    return [(found.text, found.tokens, found.finished) for found in samples]


def text_of(base: Base, ids: list[int]) -> str:
    return str(base.tokens.tokenizer.decode(ids, skip_special_tokens=True))


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_it_is_what_plain_rows_give(base: Base, temperature: float) -> None:
    settings = dataclasses.replace(SHORT, temperature=temperature)
    seeds = list(range(100, 100 + len(PROMPTS)))
    for prompt, seed, found in zip(PROMPTS, seeds, sample(base, PROMPTS, settings, seeds), strict=True):
        ids, entropy = by_hand(base, prompt, settings, seed)
        assert (found.text, found.tokens) == (text_of(base, ids), len(ids))
        assert found.entropy_nats == pytest.approx(entropy, abs=1e-5)
        assert found.finished == (ids[-1] == base.tokens.eos_id)


def test_a_temperature_near_zero_is_the_argmax(base: Base) -> None:
    greedy = sample(base, PROMPTS, dataclasses.replace(SHORT, temperature=0.0), [0] * len(PROMPTS))
    for temperature in (1e-9, 1e-300):
        cold = sample(base, PROMPTS, dataclasses.replace(SHORT, temperature=temperature), list(range(len(PROMPTS))))
        assert words(cold) == words(greedy)


@given(st.permutations(range(len(PROMPTS))), st.integers(1, len(PROMPTS)), st.integers(1, 12))
@hypothesis_settings(max_examples=10, deadline=None)
def test_company_changes_no_text(base: Base, order: list[int], batch: int, count: int) -> None:
    alone = [sample(base, [PROMPTS[place]], SHORT, [place])[0] for place in order[:count]]
    settings = dataclasses.replace(SHORT, batch=batch)
    together = sample(base, [PROMPTS[place] for place in order[:count]], settings, order[:count])
    assert words(together) == words(alone)


def test_seeds_decide(base: Base) -> None:
    samples = sample(base, ["Q"] * 6, SHORT, [1, 2, 3, 1, 2, 2**63])
    assert words(samples[:2]) == words(samples[3:5])
    assert len({row.text for row in samples}) == 4


def test_each_comes_when_it_is_done_and_in_the_same_order_again(base: Base) -> None:
    stopping = dataclasses.replace(SHORT, max_tokens=40, batch=12)
    seeds = list(range(len(PROMPTS)))
    first = list(sample_each(base, PROMPTS, stopping, seeds))
    assert first == list(sample_each(base, PROMPTS, stopping, seeds))
    lengths = [row.tokens for _, row in first]
    assert lengths == sorted(lengths) and lengths[0] < lengths[-1]  # one batch: the shortest is done first


def test_draws_follow_the_distribution() -> None:
    logits = torch.tensor([0.5, 0.1, 0.1, 0.3]).log().expand(4, 4)
    uniforms = torch.tensor([0.0, 0.55, 0.65, 0.999], dtype=torch.float64)
    assert draw(logits, uniforms, SampleSettings(temperature=1.0)).tolist() == [0, 1, 2, 3]
    # squared and normalised at T = 1/2: 25, 1, 1, 9 of 36
    assert draw(logits, uniforms, SampleSettings(temperature=0.5)).tolist() == [0, 0, 0, 3]


def test_top_p_keeps_the_fewest_that_hold_the_mass() -> None:
    logits = torch.tensor([0.1, 0.5, 0.1, 0.3]).log().expand(3, 4)
    uniforms = torch.tensor([0.0, 0.62, 0.63], dtype=torch.float64)
    # 0.5 and 0.3 hold 0.8: 5/8 and 3/8 of what is left
    assert draw(logits, uniforms, SampleSettings(temperature=1.0, top_p=0.79)).tolist() == [1, 1, 3]
    assert draw(logits, uniforms, SampleSettings(temperature=1.0, top_p=0.01)).tolist() == [1, 1, 1]


def test_a_token_without_mass_is_never_drawn() -> None:
    logits = torch.tensor([[-math.inf, 0.0, -math.inf, 0.0, -math.inf]]).expand(2, 5)
    uniforms = torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64)
    assert draw(logits, uniforms, SampleSettings(temperature=1.0)).tolist() == [1, 3]


def test_stop_texts_end_a_row_and_are_left_out(base: Base) -> None:
    free = dataclasses.replace(SHORT, max_tokens=30)
    seeds = list(range(len(PROMPTS)))
    whole = sample(base, PROMPTS, free, seeds)
    stop = whole[0].text[5:8]
    stopped = sample(base, PROMPTS, dataclasses.replace(free, stop=("never met", stop)), seeds)
    assert stopped[0].text == whole[0].text[: whole[0].text.index(stop)]
    assert stopped[0].finished and stopped[0].tokens < whole[0].tokens
    for found, free_row in zip(stopped, whole, strict=True):
        assert found.text == free_row.text.split(stop)[0]


def test_tokens_that_a_chat_model_names_end_a_row_too(base: Base) -> None:
    free = sample(base, ["Q"], SHORT, [5])[0]
    ids, _ = by_hand(base, "Q", SHORT, 5)
    config = base.model.generation_config
    before, config.eos_token_id = config.eos_token_id, [ids[3], 0]
    try:
        ended = sample(base, ["Q"], SHORT, [5])[0]
    finally:
        config.eos_token_id = before
    first = ids.index(ids[3])
    assert ended.finished and ended.tokens == first + 1 < free.tokens


def test_the_window_ends_a_row(base: Base) -> None:
    ids = base.tokens.ids("word " * 60)
    while len(ids) < base.window - 2:
        ids += base.tokens.ids(" word")
    prompt = text_of(base, ids[: base.window - 2])
    room = base.window + 1 - len(base.tokens.ids(prompt))
    found = sample(base, [prompt, "Q"], dataclasses.replace(SHORT, max_tokens=9), [1, 1])
    assert 1 <= room < 9 and found[0].tokens == room and not found[0].finished
    assert found[1].tokens == 9
    with pytest.raises(ModelError, match=r"prompt 1 \('word word.*nothing is left"):
        sample(base, ["Q", "word " * 300], SHORT, [1, 1])


def test_what_is_asked_wrongly_is_refused(base: Base, tmp_path: Path) -> None:
    for wrong in ({"temperature": -1.0}, {"temperature": math.nan}, {"top_p": 0.0}, {"top_p": 1.1}, {"max_tokens": 0},
                  {"batch": 0}, {"stop": ("",)}):  # fmt: skip
        with pytest.raises(ModelError):
            SampleSettings(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="1 prompts and 2 seeds"):
        sample(base, ["Q"], SHORT, [1, 2])
    bare = load_base(str(tiny_llama(tmp_path / "bare", special=False)), "cpu", "fp32")
    with pytest.raises(ModelError, match="prompt 0 is empty"):
        sample(bare, [""], SHORT, [1])
    assert isinstance(sample(base, [""], SHORT, [1])[0], Sampled)  # BOS stands for nothing


def test_a_model_that_gives_nan_is_an_error(tmp_path: Path) -> None:
    broken = load_base(str(tiny_llama(tmp_path / "model")), "cpu", "fp32")
    broken.model.model.norm.weight.fill_(math.nan)
    with pytest.raises(ModelError, match="NaN"):
        sample(broken, [TEXTS[0]], SHORT, [1])


def test_the_model_is_left_as_it_was(base: Base) -> None:
    base.model.train()
    try:
        for _ in sample_each(base, PROMPTS, SHORT, [1] * len(PROMPTS)):
            assert torch.is_grad_enabled()
            break
        sample(base, ["Q"], SHORT, [1])
        assert base.model.training
    finally:
        base.model.eval()
    assert sample(base, [], SHORT, []) == []
