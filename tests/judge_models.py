"""Tiny cross-encoders for tests: a BERT of one layer, taught a handful of pairs until it knows them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

Pairs = Mapping[tuple[str, str], int]
"""What each pair of texts is to be: 0 or 1 for a model of one label, else the index of its label."""

NLI = ("contradiction", "entailment", "neutral")
"""Not the usual order, so that an index that was guessed is found out."""


def tiny_judge(
    folder: Path, pairs: Pairs, labels: tuple[str, ...] = (), *, seed: int = 0, max_tokens: int = 64
) -> Path:
    """The folder of a model that knows `pairs`: one label where `labels` is empty, else those."""
    tokenizer = word_tokenizer([text for pair in pairs for text in pair], max_tokens)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more of them wait for each other on a busy machine
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = BertForSequenceClassification(_config(len(tokenizer), labels, max_tokens))
        _teach(model, tokenizer, pairs)
    torch.set_num_threads(threads)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def word_tokenizer(texts: list[str], max_tokens: int) -> PreTrainedTokenizerFast:
    """One token a word, with the marks of a pair that BERT uses."""
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
    words = sorted({word for text in texts for word in text.lower().split()})
    vocabulary = {word: index for index, word in enumerate((*special, *words))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    named = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), special, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=max_tokens, **named)


def _config(words: int, labels: tuple[str, ...], max_tokens: int) -> BertConfig:
    named = dict(enumerate(labels)) if labels else {0: "LABEL_0"}
    return BertConfig(
        vocab_size=words,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=max_tokens,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=named,
        label2id={name: index for index, name in named.items()},
    )


def _teach(model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, pairs: Pairs) -> None:
    """Until each pair is known with a margin; a second or two."""
    left, right = zip(*pairs, strict=True)
    batch = tokenizer(list(left), list(right), padding=True, return_tensors="pt")
    wanted = torch.tensor(list(pairs.values()))
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(300):
        logits = model(**batch).logits
        if model.config.num_labels == 1:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 0], wanted.float())
        else:
            loss = torch.nn.functional.cross_entropy(logits, wanted)
        if loss.item() < 0.005:
            return
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    raise AssertionError(f"the model did not learn its pairs: loss {loss.item():.3f}")
