"""Tiny causal models for tests: a Llama of two layers with random weights, and a tokenizer trained on the spot."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 300

TEXTS = (
    "Question: Which gas do plants take in to make sugar?\nAnswer: carbon dioxide",
    "Question: What force pulls a ball that is thrown back to the ground?\nAnswer: gravity",
    "Question: Which planet is nearest to the Sun?\nAnswer: Mercury",
    "Question: Why does the Moon shine at night?\nAnswer: It reflects the light of the Sun.",
    "Question: What does a thermometer measure?\nAnswer: temperature in degrees",
    "Question: Which of these is a renewable source of energy?\nAnswer: wind, not coal or oil",
)


def tiny_tokenizer(*, special: bool = True, add_bos: bool = False) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of 300 tokens; without `special` it has neither BOS nor EOS nor padding."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    named = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"} if special else {}
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(named.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    if special and add_bos:
        bos = tokenizer.token_to_id("<s>")
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", bos)]
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)


def tiny_llama(folder: Path, seed: int = 0, *, special: bool = True, add_bos: bool = False) -> Path:
    """The folder of a Llama of two layers with weights drawn by `seed`, saved as safetensors with its tokenizer."""
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        initializer_range=0.2,  # far enough from nothing that attention and order matter
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    tiny_tokenizer(special=special, add_bos=add_bos).save_pretrained(folder)
    return folder
