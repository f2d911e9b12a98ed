"""The loss of a step and its gradient, with no work for what has no loss.

It is the mean over the answers' tokens, or, where samples are weighed, the weighed mean over samples, each of which
counts by the mean over its own answer's tokens.

Three things are left out that do not change the result: padding (sequences stand end to end), the vocabulary's
logits where no answer's token is predicted (most of a question), and each sequence's last token, which predicts
nothing. On a processor a step's examples are spread over threads with whole products of their own: threads within a
product wait for each other at every one of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from negbank.causal import Base
from negbank.causal.packed import can_pack, hidden_states, logits_of, pack, packed_attention
from negbank.heads.batches import Sample, split

MAX_STREAMS: Final = 4  # Python between the products keeps more streams than this waiting


Floats = npt.NDArray[np.float64]

Weigh = Callable[[Sequence[int], Floats], Floats]
"""`weigh(rows, losses_nats)` gives the weights of samples at these places of a step, whose losses are these."""


@dataclass(frozen=True)
class Step:
    """The loss of a step in nats, and its gradient by parameter, in their order.

    `samples_nats` are the losses of its samples, each without its weight, where they are weighed.
    """

    loss_nats: float
    gradients: tuple[Tensor, ...]
    samples_nats: Floats | None = None


class Gradients:
    """Computes steps for the parameters of the head that is active. Made by `open_gradients`."""

    def __init__(self, base: Base, parameters: Sequence[Tensor], streams: int, pool: ThreadPoolExecutor | None) -> None:
        self._base, self._parameters, self._streams, self._pool = base, list(parameters), streams, pool

    def of(self, samples: Sequence[Sample], max_tokens: int | None = None, weigh: Weigh | None = None) -> Step:
        """The step's loss and gradient; parts are summed in a fixed order, so the same step gives the same bits.

        With `weigh` the loss is `sum(weight * loss) / samples`, whatever parts it is computed in; what `weigh` raises
        is raised.
        """
        groups = split(samples, self._streams, max_tokens)
        count = sum(sample.answer for sample in samples) if weigh is None else len(samples)
        apply = map if self._pool is None or len(groups) == 1 else self._pool.map
        total, gradients = 0.0, list[Tensor]()
        each = np.full(len(samples), np.nan)
        with _attention(self._base, samples) as is_packed:
            parts = iter(apply(lambda group: self._part(samples, group, weigh, is_packed), groups))
            for group in groups:
                part = next(parts)
                total += float(part.loss)
                if gradients:
                    torch._foreach_add_(gradients, list(part.gradients))
                else:
                    gradients = list(part.gradients)
                if part.each is not None:
                    each[group] = part.each
                del part  # its gradients are as large as the model, where all of it is trained
        torch._foreach_div_(gradients, float(count))
        return Step(total / count, tuple(gradients), None if weigh is None else each)

    def _part(self, samples: Sequence[Sample], group: list[int], weigh: Weigh | None, is_packed: bool) -> _Part:
        own = [samples[row] for row in group]
        losses, each = _token_losses(self._base, own, is_packed), None
        if weigh is None:
            loss = losses.sum()
        else:
            means = _sample_means(losses, own)
            each = means.detach().double().cpu().numpy()
            loss = (means * torch.as_tensor(weigh(group, each), dtype=means.dtype, device=means.device)).sum()
        return _Part(loss.detach(), torch.autograd.grad(loss, self._parameters), each)


@dataclass(frozen=True, eq=False)
class _Part:
    """What one part of a step adds to its sums, and its samples' losses where they are weighed."""

    loss: Tensor
    gradients: tuple[Tensor, ...]
    each: Floats | None


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
        return _token_losses(base, samples, is_packed).sum()


@contextlib.contextmanager
def _attention(base: Base, samples: Sequence[Sample]) -> Iterator[bool]:
    """Give the model the attention that these samples need, and say whether that is the packed one."""
    is_packed = can_pack(base, max(len(sample.ids) for sample in samples))
    with packed_attention(base) if is_packed else contextlib.nullcontext():
        yield is_packed


def _token_losses(base: Base, samples: Sequence[Sample], is_packed: bool) -> Tensor:
    """(answer tokens,) negative log-likelihoods in nats, fp32, one sample after the other."""
    targets = torch.tensor([token for sample in samples for token in sample.ids[-sample.answer :]], device=base.device)
    inputs = [sample.ids[:-1] for sample in samples]
    logits = (_packed if is_packed else _padded)(base, samples, inputs)
    return functional.cross_entropy(logits.float(), targets, reduction="none")


def _sample_means(losses: Tensor, samples: Sequence[Sample]) -> Tensor:
    """(samples,) the mean of each sample's own tokens in `losses` (answer tokens,)."""
    counts = torch.tensor([sample.answer for sample in samples], device=losses.device)
    owners = torch.repeat_interleave(torch.arange(len(samples), device=losses.device), counts)
    return losses.new_zeros(len(samples)).index_add(0, owners, losses) / counts


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
