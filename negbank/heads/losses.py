"""The loss of a step and its gradient: the mean over the answers' tokens, with no work for what has no loss.

Three things are left out that do not change the result: padding (sequences stand end to end), the vocabulary's
logits where no answer's token is predicted (most of a question), and each sequence's last token, which predicts
nothing. On a processor a step's examples are spread over threads with whole products of their own: threads within a
product wait for each other at every one of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from negbank.causal import Base
from negbank.causal.packed import can_pack, hidden_states, logits_of, pack, packed_attention
from negbank.heads.batches import Sample, split

MAX_STREAMS: Final = 4  # Python between the products keeps more streams than this waiting


@dataclass(frozen=True)
class Step:
    """The loss of a step in nats, and its gradient by parameter, in their order."""

    loss_nats: float
    gradients: tuple[Tensor, ...]


class Gradients:
    """Computes steps for the parameters of the head that is active. Made by `open_gradients`."""

    def __init__(self, base: Base, parameters: Sequence[Tensor], streams: int, pool: ThreadPoolExecutor | None) -> None:
        self._base, self._parameters, self._streams, self._pool = base, list(parameters), streams, pool

    def of(self, samples: Sequence[Sample], max_tokens: int | None = None) -> Step:
        """The step's loss and gradient; parts are summed in a fixed order, so the same step gives the same bits."""
        groups = split(samples, self._streams, max_tokens)
        parts = [[samples[row] for row in group] for group in groups]
        answer_tokens = sum(sample.answer for sample in samples)
        apply = map if self._pool is None or len(parts) == 1 else self._pool.map
        loss, gradients = 0.0, [torch.zeros_like(part) for part in self._parameters]
        with _attention(self._base, samples) as is_packed:
            for part_loss, part_gradients in apply(lambda part: self._part(part, is_packed), parts):
                loss += float(part_loss)
                torch._foreach_add_(gradients, list(part_gradients))
        torch._foreach_div_(gradients, float(answer_tokens))
        return Step(loss / answer_tokens, tuple(gradients))

    def _part(self, samples: list[Sample], is_packed: bool) -> tuple[Tensor, tuple[Tensor, ...]]:
        loss = _loss_sum(self._base, samples, is_packed)
        return loss.detach(), torch.autograd.grad(loss, self._parameters)


@contextlib.contextmanager
def open_gradients(base: Base, parameters: Sequence[Tensor], *, streams: int | None = None) -> Iterator[Gradients]:
    """What computes gradients, with one thread a stream on a processor; `streams` None takes what suits the device."""
    threads = torch.get_num_threads()
    if streams is None:
        streams = min(threads, MAX_STREAMS) if base.device.type == "cpu" else 1
    if streams == 1:
        yield Gradients(base, parameters, 1, None)
        return
    each = max(1, threads // streams)
    pool = ThreadPoolExecutor(streams, "train", initializer=torch.set_num_threads, initargs=(each,))
    try:
        yield Gradients(base, parameters, streams, pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        # torch's number of threads is in part the process's, so what the pool has set would stay
        torch.set_num_threads(threads)


def loss_sum(base: Base, samples: Sequence[Sample]) -> Tensor:
    """The summed negative log-likelihood of the samples' answers, in nats, fp32, under what is active in the model."""
    with _attention(base, samples) as is_packed:
        return _loss_sum(base, samples, is_packed)


@contextlib.contextmanager
def _attention(base: Base, samples: Sequence[Sample]) -> Iterator[bool]:
    """Give the model the attention that these samples need, and say whether that is the packed one."""
    is_packed = can_pack(base, max(len(sample.ids) for sample in samples))
    with packed_attention(base) if is_packed else contextlib.nullcontext():
        yield is_packed


def _loss_sum(base: Base, samples: Sequence[Sample], is_packed: bool) -> Tensor:
    targets = torch.tensor([token for sample in samples for token in sample.ids[-sample.answer :]], device=base.device)
    inputs = [sample.ids[:-1] for sample in samples]
    logits = (_packed if is_packed else _padded)(base, samples, inputs)
    return functional.cross_entropy(logits.float(), targets, reduction="sum")


def _packed(base: Base, samples: Sequence[Sample], inputs: Sequence[Sequence[int]]) -> Tensor:
    """(answer tokens, vocabulary) logits, from sequences end to end."""
    packed = pack(inputs, [sample.answer for sample in samples], base.device)
    return logits_of(base, hidden_states(base, packed))


def _padded(base: Base, samples: Sequence[Sample], inputs: Sequence[Sequence[int]]) -> Tensor:
    """The same from one row a sequence, for models of which nothing is known."""
    longest = max(len(ids) for ids in inputs)
    ids = torch.full((len(inputs), longest), base.tokens.pad_id)
    seen = torch.zeros((len(inputs), longest), dtype=torch.int64)
    answers = torch.zeros((len(inputs), longest), dtype=torch.bool)
    for row, (sample, sequence) in enumerate(zip(samples, inputs, strict=True)):
        ids[row, : len(sequence)] = torch.tensor(sequence)
        seen[row, : len(sequence)] = 1
        answers[row, len(sequence) - sample.answer : len(sequence)] = True
    out = base.model(input_ids=ids.to(base.device), attention_mask=seen.to(base.device), use_cache=False)
    logits: Tensor = out.logits[answers.to(base.device)]
    return logits
