"""A small Llama model with random weights, and a tokenizer of whole words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

END: Final = "<end>"
"""Between documents, and after an answer; the first word of every vocabulary."""
WINDOW: Final = 512


@dataclass(frozen=True)
class ModelShape:
    """How large a model is; `attention_heads` divide `width` into even parts."""

    width: int
    inner_width: int
    layers: int
    attention_heads: int


def word_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of whole words and signs that knows each one in `texts`, and no other."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unknown>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(special_tokens=[END, "<unknown>"], show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    made: Any = PreTrainedTokenizerFast  # untyped
    return made(  # type: ignore[no-any-return]
        tokenizer_object=tokenizer, bos_token=END, eos_token=END, pad_token=END, unk_token="<unknown>",
        model_max_length=WINDOW,
    )  # fmt: skip


def new_model(shape: ModelShape, words: int, seed: int, device: torch.device) -> Any:
    """A Llama of `shape` whose weights are drawn by `seed`; the global generator is left as it was."""
    state = torch.random.get_rng_state()
    torch.manual_seed(seed)
    model: Any = LlamaForCausalLM(_config(shape, words))
    model.to(device)
    torch.random.set_rng_state(state)
    return model


def _config(shape: ModelShape, words: int) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=words,
        hidden_size=shape.width,
        intermediate_size=shape.inner_width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.attention_heads,
        num_key_value_heads=shape.attention_heads,
        max_position_embeddings=WINDOW,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
