"""Base models and their tokens: the same split as lm-evaluation-harness, and refusals that say what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from models import tiny_llama, tiny_tokenizer
from safetensors.torch import load_file, save_file

from negbank.causal import Tokens, context_of, continuation_of, load_base
from negbank.causal.packed import hidden_states, logits_of, pack, packed_attention
from negbank.errors import ModelError, UnknownNameError

AWKWARD = [
    ("Question: Which gas?\nAnswer:", " carbon dioxide"),
    ("Question: Which gas?\nAnswer: ", "carbon dioxide"),
    ("Question: Which gas?\nAnswer:  \n ", " carbon"),
    ("Question: Whi", "ch planet"),
    ("", " gravity"),
    ("", "</s>"),
    ("<s>Question: Which?\nAnswer:", " wind"),
    ("Frage: Größe in µm?\nAntwort:", " 3 × 10⁻⁶ m"),
    ("日本語の質問", "答え"),
    ("👩‍🔬 asks:", " e\u0301 or é?"),
    ("tab\t", "\tafter"),
    ("nbsp\u00a0", "x"),
]

TOKENS = Tokens(tiny_tokenizer())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("model"))


def test_a_question_as_the_paper_words_it() -> None:
    assert context_of("What is {x}?") + continuation_of("5 {y}") == "Question: What is {x}?\nAnswer: 5 {y}"


@pytest.mark.parametrize("add_bos", [False, True])
def test_pairs_are_those_of_the_harness(tmp_path: Path, add_bos: bool) -> None:
    huggingface = pytest.importorskip("lm_eval.models.huggingface", reason="lm-eval is not installed")
    model = tiny_llama(tmp_path / "model", add_bos=add_bos)
    harness = huggingface.HFLM(pretrained=str(model), device="cpu", batch_size=1)
    tokens = load_base(str(model), device="cpu").tokens
    for context, continuation in AWKWARD:
        if context:
            expected = harness._encode_pair(context, continuation)
            assert tokens.ids(context) == harness.tok_encode(context)
        else:
            bare = harness.tok_encode(continuation, add_special_tokens=False)
            expected = ([harness.prefix_token_id], bare)
        assert tokens.pair(context, continuation) == tuple(expected), (context, continuation)
    assert tokens.pairs(AWKWARD) == [tokens.pair(*pair) for pair in AWKWARD]


@settings(max_examples=60, deadline=None)
@given(context=st.text(max_size=20), continuation=st.text(min_size=1, max_size=20))
def test_a_pair_has_as_many_tokens_as_the_whole_text(context: str, continuation: str) -> None:
    """Even where tokens merge over the boundary, as `Whi` and `ch` do."""
    tokens = TOKENS
    whole = tokens.ids(context + continuation)
    known = tokens.ids(context.rstrip()) if context.rstrip() else [tokens.bos_id]
    if not context.rstrip():
        whole = [tokens.bos_id, *whole]
    if len(whole) <= len(known):
        with pytest.raises(ModelError, match="makes no token of its own"):
            tokens.pair(context, continuation)
    else:
        assert tokens.pair(context, continuation) == (known, whole[len(known) :])


def test_a_tokenizer_without_bos_or_padding() -> None:
    tokens = Tokens(tiny_tokenizer(special=False))
    assert (tokens.bos_id, tokens.prefix_id, tokens.pad_id) == (None, None, 0)
    assert tokens.pair("a", " b")[1]
    with pytest.raises(ModelError, match="neither; put a question"):
        tokens.pair("", " b")


def test_an_answer_of_no_tokens() -> None:
    with pytest.raises(ModelError, match=r"the answer '' makes no token .* leave it out"):
        Tokens(tiny_tokenizer()).pairs([("Question: a\nAnswer:", " b"), ("Question: a\nAnswer:", "")])


def test_half_of_a_surrogate_pair() -> None:
    with pytest.raises(ModelError, match="the tokenizer does not take"):
        Tokens(tiny_tokenizer()).pair("Question", " \ud83d")


def test_a_base_says_what_it_is(folder: Path) -> None:
    base = load_base(str(folder), device="cpu")
    assert (base.window, base.notices, base.dtype, base.device.type) == (256, (), torch.float32, "cpu")
    assert base.info.architecture == "LlamaForCausalLM" and base.info.revision is None
    assert base.info.parameters == sum(part.numel() for part in base.model.parameters())
    assert not any(part.requires_grad for part in base.model.parameters())
    assert load_base(str(folder), device="cpu", precision="bf16").dtype == torch.bfloat16


def test_the_weights_have_one_name_however_they_are_kept_or_run(folder: Path, tmp_path: Path) -> None:
    whole = load_base(str(folder), device="cpu").info.weights
    assert load_base(str(folder), device="cpu", precision="bf16").info.weights == whole
    parts = tmp_path / "parts"
    shutil.copytree(folder, parts)
    tensors = load_file(parts / "model.safetensors")
    (parts / "model.safetensors").unlink()
    files = {name: f"model-{number % 2}.safetensors" for number, name in enumerate(sorted(tensors))}
    for file in set(files.values()):
        save_file({n: t for n, t in tensors.items() if files[n] == file}, parts / file, {"format": "pt"})
    (parts / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": files}))
    assert load_base(str(parts), device="cpu").info.weights == whole
    assert load_base(str(tiny_llama(tmp_path / "other", seed=1)), device="cpu").info.weights != whole
    (parts / "model-1.safetensors").unlink()
    with pytest.raises(ModelError, match=r"lacks model-1\.safetensors, which its index names"):
        load_base(str(parts), device="cpu")


def test_a_config_without_a_window(folder: Path, tmp_path: Path) -> None:
    from negbank.causal.base import _window

    class Nothing:
        model_max_length = int(1e30)

    window, (notice,) = _window(Nothing(), Nothing(), "m")
    assert window == 2048 and "2048 tokens are taken" in notice


def test_what_cannot_be_loaded(folder: Path, tmp_path: Path) -> None:
    pickled = tmp_path / "pickled"
    shutil.copytree(folder, pickled)
    torch.save(load_file(pickled / "model.safetensors"), pickled / "pytorch_model.bin")
    (pickled / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"pickle \(pytorch_model\.bin\), which is not loaded"):
        load_base(str(pickled))
    (pickled / "pytorch_model.bin").unlink()
    with pytest.raises(ModelError, match="its weights are missing; fetch the model anew"):
        load_base(str(pickled))
    with pytest.raises(ModelError, match="there is no folder /nowhere"):
        load_base("/nowhere")
    with pytest.raises(ModelError, match=r"nobody/nothing is not on this machine.*recipe `world`"):
        load_base("nobody/nothing")  # tests have the Hub turned off
    with pytest.raises(ModelError, match="which has no revision 'main'"):
        load_base(str(folder), revision="main")
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        load_base(str(tmp_path))
    with pytest.raises(UnknownNameError, match="no precision 'bf61'"):
        load_base(str(folder), precision="bf61")
    with pytest.raises(ModelError, match="not on 'tpu'"):
        load_base(str(folder), device="tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="sees no CUDA device here; use cpu"):
            load_base(str(folder), device="cuda")


def test_weights_cut_short_or_lacking_a_layer(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    content = (broken / "model.safetensors").read_bytes()
    (broken / "model.safetensors").write_bytes(content[:-100])
    with pytest.raises(ModelError):
        load_base(str(broken))
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"lack model\.layers\.1\.mlp\.up_proj\.weight"):
        load_base(str(broken))


def test_code_that_a_model_brings_is_not_run(folder: Path, tmp_path: Path) -> None:
    brings = tmp_path / "brings"
    shutil.copytree(folder, brings)
    config = json.loads((brings / "config.json").read_text()) | {
        "model_type": "unheard_of", "auto_map": {"AutoConfig": "code.C", "AutoModelForCausalLM": "code.M"},
    }  # fmt: skip
    (brings / "config.json").write_text(json.dumps(config))
    (brings / "code.py").write_text("raise SystemExit('ran')")
    with pytest.raises(ModelError, match="brings its own code is not loaded"):
        load_base(str(brings))


@pytest.mark.parametrize("length", [8, 150])
@pytest.mark.parametrize("prefix", [0, 2, 6])
def test_packed_sequences_give_what_each_gives_alone(folder: Path, length: int, prefix: int) -> None:
    base = load_base(str(folder), device="cpu", precision="fp32")
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.randint(3, 300, (n,), generator=generator).tolist() for n in (prefix, 5, 1, length, 3)]
    sequences = [drawn[0] + own for own in drawn[1:]]
    wanted = [2, 1, length, 3]
    packed = pack(sequences, wanted, base.device)
    assert packed.shared == prefix and packed.ids.shape[1] == prefix + 5 + 1 + length + 3
    with torch.no_grad(), packed_attention(base):
        logits = logits_of(base, hidden_states(base, packed))
    alone = [base.model(torch.tensor([s])).logits[0, -n:] for s, n in zip(sequences, wanted, strict=True)]
    torch.testing.assert_close(logits, torch.cat(alone).detach(), atol=2e-5, rtol=0)
    assert base.model.config._attn_implementation == "sdpa"


def test_sequences_that_are_one_in_another() -> None:
    packed = pack([[5, 6, 7, 8], [5, 6, 7], [5, 6, 7, 8]], [1, 2, 1], torch.device("cpu"))
    assert packed.shared == 1  # what is wanted is never shared
    assert packed.ids.tolist() == [[5, 6, 7, 8, 6, 7, 6, 7, 8]] and packed.wanted.tolist() == [3, 4, 5, 8]
    assert packed.positions.tolist() == [[0, 1, 2, 3, 1, 2, 1, 2, 3]]
    assert pack([[5, 6, 7]], [1], torch.device("cpu")).shared == 0
