"""Log-likelihoods: trees and prefixes against one plain row an answer, and against lm-evaluation-harness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from models import TEXTS, VOCABULARY, tiny_llama, tiny_tokenizer

from negbank.causal import Base, load_base
from negbank.errors import ModelError
from negbank.heads import LoraSettings, active
from negbank.heads.adapters import add_head
from negbank.scoring import Prompt, Scorer
from negbank.scoring import forests as forests_module
from negbank.scoring import trees as trees_module
from negbank.scoring.groups import group
from negbank.scoring.trees import Answer, Tree, grow

BLOCK = "\n\n".join(TEXTS[:3]) + "\n\n"

PROMPTS = (
    Prompt("Question: What does a thermometer measure?\nAnswer:", (" heat", " temperature", " temperature in degrees")),
    Prompt("Question: Why?\nAnswer: ", ("It is.", "It is so.", "a")),  # the space goes to the answers
    Prompt("Question: Which gas?\nAnswer:", (" x", " x", " carbon dioxide")),
    Prompt("Question: Which gas?\nAnswer:", (" y",)),
    Prompt("", ("gravity", "Mercury")),
    Prompt("word " * 400, (" end", " another end, and a longer one")),  # longer than the window
    Prompt("never asked", ()),
    *(Prompt(f"{BLOCK}Question: What is {n}?\nAnswer:", (f" {n}", f" {n + 1}", " nothing")) for n in range(12)),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return load_base(str(tiny_llama(tmp_path_factory.mktemp("model"))), device="cpu")


def by_hand(base: Base, prompts: tuple[Prompt, ...] = PROMPTS) -> npt.NDArray[np.float64]:
    """Each answer in a row of its own, the whole of its log-softmax taken."""
    found = []
    for prompt in prompts:
        for answer in prompt.answers:
            context, ids = base.tokens.pair(prompt.context, answer)
            row = torch.tensor([(context + ids)[-(base.window + 1) :]])
            with torch.inference_mode():
                values = torch.log_softmax(base.model(row[:, :-1]).logits[0].double(), dim=-1)
            found.append(values[range(-len(ids), 0), ids].sum().item())
    return np.array(found)


def made(folder: Path, config: Any, seed: int = 0) -> Base:
    """A base of any architecture with random weights, far enough from nothing that attention matters."""
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.2)
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return load_base(str(folder), device="cpu")


SIZES = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 256,
    "pad_token_id": 2, "bos_token_id": 0, "eos_token_id": 1,
}  # fmt: skip


def test_every_answer_scores_as_in_a_row_of_its_own(base: Base) -> None:
    scorer = Scorer(base)
    assert scorer.notices == ()
    assert np.abs(scorer.score(PROMPTS).log_likelihood - by_hand(base)).max() < 1e-4


@pytest.mark.parametrize("max_tokens", [1, 60, 4096])
def test_the_size_of_batches_changes_nothing(base: Base, max_tokens: int) -> None:
    assert np.abs(Scorer(base, max_tokens).score(PROMPTS).log_likelihood - by_hand(base)).max() < 1e-4


@pytest.mark.parametrize("add_bos", [False, True])
def test_scores_are_those_of_the_harness(tmp_path: Path, add_bos: bool) -> None:
    base = load_base(str(tiny_llama(tmp_path, add_bos=add_bos)), device="cpu")
    assert np.abs(Scorer(base).score(PROMPTS).log_likelihood - by_harness(base, PROMPTS)).max() < 1e-3


@pytest.mark.hub
def test_scores_are_those_of_the_harness_on_arc(base: Base, hub: Path) -> None:
    rows = pl.read_parquet(hub / "allenai/ai2_arc/ARC-Challenge/test-*.parquet").head(200)
    prompts = tuple(
        Prompt(f"Question: {row['question']}\nAnswer:", tuple(f" {text}" for text in row["choices"]["text"]))
        for row in rows.iter_rows(named=True)
    )
    scores = Scorer(base).score(prompts)
    assert len(prompts) == 200 and scores.offsets[-1] == sum(len(prompt.answers) for prompt in prompts)
    assert np.abs(scores.log_likelihood - by_harness(base, prompts)).max() < 1e-3


def by_harness(base: Base, prompts: tuple[Prompt, ...]) -> npt.NDArray[np.float64]:
    pytest.importorskip("lm_eval", reason="the extra `lm-eval` is not installed")
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    harness = HFLM(pretrained=base.model, tokenizer=base.tokens.tokenizer, batch_size=4)
    asked = [Instance("loglikelihood", {}, (p.context, answer), 0) for p in prompts for answer in p.answers]
    return np.array([value for value, _ in harness.loglikelihood(asked, disable_tqdm=True)])


CONFIGS: dict[str, tuple[Callable[[], Any], str]] = {
    "mistral, sliding window": (lambda: transformers.MistralConfig(**SIZES, sliding_window=16), ""),
    "mistral, window none": (lambda: transformers.MistralConfig(**SIZES, sliding_window=None), ""),
    "qwen2": (lambda: transformers.Qwen2Config(**SIZES), ""),
    "qwen3": (lambda: transformers.Qwen3Config(**SIZES), ""),
    "gpt2": (
        lambda: transformers.GPT2Config(vocab_size=VOCABULARY, n_positions=256, n_embd=32, n_layer=2, n_head=4),
        "",
    ),
    "gpt-neox": (lambda: transformers.GPTNeoXConfig(**SIZES), ""),
    "gemma3, both kinds of layer": (
        lambda: transformers.Gemma3TextConfig(
            **SIZES, sliding_window=16, layer_types=["sliding_attention", "full_attention"]
        ),
        "",
    ),
    "gemma2, capped attention": (lambda: transformers.Gemma2Config(**SIZES, sliding_window=16), "softcap"),
    "rotary of the longest": (
        lambda: transformers.LlamaConfig(
            **SIZES, rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
        ),
        "rotary embedding",
    ),
    "mamba": (
        lambda: transformers.MambaConfig(vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=2, state_size=4),
        "attention",
    ),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_other_architectures_score_as_in_a_row_of_their_own(tmp_path: Path, name: str) -> None:
    config, slow = CONFIGS[name]
    base = made(tmp_path, config())
    scorer = Scorer(base)
    assert bool(scorer.notices) == bool(slow) and slow in "".join(scorer.notices)
    expected = by_hand(base)
    assert np.abs(scorer.score(PROMPTS).log_likelihood - expected).max() < 1e-3
    assert expected.std() > 1


def test_a_model_that_is_given_other_numbers_by_forests_is_scored_by_rows(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("negbank.scoring.attention.scaled_dot_product_attention", lambda query, *_, **__: query)
    scorer = Scorer(base)
    assert "other numbers" in scorer.notices[0]
    assert np.abs(scorer.score(PROMPTS).log_likelihood - by_hand(base)).max() < 1e-4


def test_characters_tokens_and_offsets(base: Base) -> None:
    prompts = (Prompt("Q:", (" ab", "  c", "d")), Prompt("none", ()), Prompt("Q:", (" é€",)))
    scores = Scorer(base).score(prompts)
    assert scores.characters.tolist() == [2, 2, 1, 2]
    assert scores.offsets.tolist() == [0, 3, 3, 4]
    assert scores.tokens.tolist() == [len(base.tokens.pair("Q:", a)[1]) for a in (" ab", "  c", "d", " é€")]
    assert scores.truncated == 0


def test_truncated_contexts_are_counted(base: Base) -> None:
    assert Scorer(base).score(PROMPTS).truncated == 2


def test_nothing_to_score(base: Base) -> None:
    scores = Scorer(base).score([Prompt("Q:", ())])
    assert len(scores.log_likelihood) == 0 and scores.offsets.tolist() == [0, 0]


def test_the_active_head_is_what_is_scored(tmp_path: Path) -> None:
    base = load_base(str(tiny_llama(tmp_path)), device="cpu")
    scorer = Scorer(base)
    bare = scorer.score(PROMPTS).log_likelihood
    add_head(base, "negative", LoraSettings(), seed=0)
    with torch.no_grad():
        for name, parameter in base.model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.3)
    with active(base, "negative"):
        headed = scorer.score(PROMPTS).log_likelihood
        assert np.abs(headed - by_hand(base)).max() < 1e-3
    assert np.abs(headed - bare).max() > 1
    with active(base, None):
        assert np.array_equal(scorer.score(PROMPTS).log_likelihood, bare)


def test_the_model_is_left_as_it_was(base: Base) -> None:
    before, threads = base.model.config._attn_implementation, torch.get_num_threads()
    scorer = Scorer(base)
    base.model.train()
    try:
        scorer.score(PROMPTS[:2])
        assert base.model.training
    finally:
        base.model.eval()
    assert base.model.config._attn_implementation == before
    assert torch.get_num_threads() == threads


def test_streams_side_by_side_give_the_same(base: Base) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        scores = Scorer(base, 40).score(PROMPTS)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert np.abs(scores.log_likelihood - by_hand(base)).max() < 1e-4


def test_progress_ends_at_all_answers(base: Base) -> None:
    seen: list[tuple[str, int, int]] = []
    count = len(Scorer(base, 64).score(PROMPTS, lambda *step: seen.append(step)).tokens)
    assert len(seen) > 2 and seen[-1] == ("score", count, count)
    assert [done for _, done, _ in seen] == sorted({done for _, done, _ in seen})


def test_texts_in_several_blocks_score_the_same(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Scorer(base).score(PROMPTS)
    monkeypatch.setattr("negbank.scoring.scorer.BLOCK_CHARACTERS", 500)
    parts = Scorer(base).score(PROMPTS)
    assert np.abs(parts.log_likelihood - whole.log_likelihood).max() < 1e-4
    assert np.array_equal(parts.tokens, whole.tokens) and parts.truncated == whole.truncated == 2


def test_what_prompts_share_is_run_once(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    original = forests_module.Forests._logits

    def counted(self: Any, plan: Any, nodes: Any) -> Any:
        lengths.append(len(plan.forest))
        return original(self, plan, nodes)

    scorer = Scorer(base)
    monkeypatch.setattr(forests_module.Forests, "_logits", counted)
    shared = PROMPTS[7:]
    scorer.score(shared)
    block = len(base.tokens.ids(BLOCK))
    whole = [len(base.tokens.ids(p.context + a)) for p in shared for a in p.answers]
    assert max(lengths) >= block and sum(lengths) < block + sum(n - block for n in whole)


@pytest.mark.parametrize(
    ("prompts", "words"),
    [
        ([Prompt("Q:", (" ok", " "))], "answer 1 has no text"),
        ([Prompt("Q:", ("",))], "answer 0 has no text"),
        ([Prompt("Q:", (" long" * 400,))], "more than the 256"),
    ],
)
def test_answers_that_cannot_be_scored(base: Base, prompts: list[Prompt], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        Scorer(base).score(prompts)


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    base = load_base(str(tiny_llama(tmp_path)), device="cpu")
    scorer = Scorer(base)
    with torch.no_grad():
        base.model.model.layers[1].mlp.up_proj.weight[0, 0] = float("nan")
    with pytest.raises(ModelError, match="gives no number"):
        scorer.score(PROMPTS[:1])


def test_a_batch_of_no_tokens_is_refused(base: Base) -> None:
    with pytest.raises(ModelError, match="1 token at least"):
        Scorer(base, 0)


@pytest.fixture(params=["GPU", "processor"])
def small_memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Makes the model run out of memory above so many tokens."""
    original = forests_module.Forests._logits
    limit = [10**9]
    error: Exception = torch.OutOfMemoryError("CUDA out of memory")
    if request.param == "processor":  # torch's own words there
        error = RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you")

    def limited(self: Any, plan: Any, nodes: Any) -> Any:
        if len(plan.forest) > limit[0]:
            raise error
        return original(self, plan, nodes)

    monkeypatch.setattr(forests_module.Forests, "_logits", limited)
    yield lambda tokens: limit.__setitem__(0, tokens)


def test_a_batch_that_does_not_fit_is_halved(base: Base, small_memory: Callable[[int], None]) -> None:
    scorer = Scorer(base, 4096)
    small_memory(300)
    assert np.abs(scorer.score(PROMPTS).log_likelihood - by_hand(base)).max() < 1e-4


def test_a_question_that_does_not_fit_says_what_to_lower(base: Base, small_memory: Callable[[int], None]) -> None:
    scorer = Scorer(base)
    small_memory(20)
    with pytest.raises(ModelError, match="fewer shots"):
        scorer.score(PROMPTS)
    assert base.model.config._attn_implementation == "sdpa"


def test_a_question_with_very_many_answers(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees_module, "MAX_BRANCHES", 8)
    prompts = (Prompt(BLOCK + "Question: How many?\nAnswer:", tuple(f" {n} and {n % 7}" for n in range(60))),)
    assert np.abs(Scorer(base).score(prompts).log_likelihood - by_hand(base, prompts)).max() < 1e-4


token_lists = st.lists(st.integers(0, 3), min_size=1, max_size=6).map(tuple)


@given(st.lists(token_lists, min_size=1, max_size=8), token_lists)
@settings(max_examples=200, deadline=None)
def test_a_tree_holds_every_answer_and_each_beginning_once(
    ids: list[tuple[int, ...]], context: tuple[int, ...]
) -> None:
    (tree,) = grow([Answer(row, context, answer) for row, answer in enumerate(ids)])
    beginnings = {context + answer[:length] for answer in ids for length in range(len(answer))}
    inner = {start for start in beginnings if len(start) > len(context)}
    assert len(tree) == len(context) + len(inner)
    read: dict[int, list[tuple[tuple[int, ...], int]]] = {}
    for at, target, row in zip(tree.at, tree.targets, tree.rows, strict=True):
        read.setdefault(int(row), []).append((path_to(tree, int(at)), int(target)))
    for row, answer in enumerate(ids):
        assert read[row] == [(context + answer[:place], token) for place, token in enumerate(answer)]


def path_to(tree: Tree, node: int) -> tuple[int, ...]:
    """The tokens that a node sees, by the rule that attention goes by."""
    seen = [j for j in range(node + 1) if tree.ends[j] > node]
    assert tree.positions[seen].tolist() == list(range(len(seen)))
    return tuple(tree.ids[seen].tolist())


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 60), st.integers(0, 99)), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_groups_hold_every_tree_once(asked: list[tuple[int, int, int]]) -> None:
    contexts = [tuple([kind] * 90 + [7] * length + [last]) for kind, length, last in asked]
    trees = grow([Answer(row, context, (1, 2)) for row, context in enumerate(contexts)])
    found = [
        (*some.prefix.tolist(), *tree.ids[: tree.trunk].tolist())
        for some in group(trees)
        for batch in some.batches(100)
        for tree in batch
    ]
    assert sorted(found) == sorted({*contexts})
    assert all(tree.trunk >= 1 for some in group(trees) for tree in some.trees)


def test_prefixes_of_two_kinds_are_both_found() -> None:
    contexts = [(0, *([1] * 200), n) for n in range(5, 15)] + [(0, *([2] * 100), n) for n in range(5, 15)]
    found = group(grow([Answer(row, context, (3,)) for row, context in enumerate(contexts)]))
    assert sorted(len(some.prefix) for some in found) == [101, 201]


def test_what_is_shared_too_little_is_not_a_prefix() -> None:
    contexts = [(*range(10), n, n + 1) for n in range(100)]
    assert [len(some.prefix) for some in group(grow([Answer(n, c, (3,)) for n, c in enumerate(contexts)]))] == [0]


@pytest.mark.gpu
@pytest.mark.parametrize(("precision", "error"), [("fp32", 1e-3), ("bf16", 0.5)])
def test_a_gpu_gives_the_same(tmp_path: Path, precision: str, error: float) -> None:
    folder = tiny_llama(tmp_path)
    scorer = Scorer(load_base(str(folder), "cuda", precision))
    assert scorer.notices == ()
    expected = by_hand(load_base(str(folder), "cpu"))
    assert np.abs(scorer.score(PROMPTS).log_likelihood - expected).max() < error
