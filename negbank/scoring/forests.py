"""Scoring by forests: each question's answers are one tree, trees are packed side by side, prefixes computed once."""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final

import numpy as np
import torch
from torch import Tensor

from negbank.causal import Base
from negbank.scoring.attention import NAME, NO_PREFIX, KeyValues, Plan, Prefix, register
from negbank.scoring.groups import Group, group
from negbank.scoring.log_likelihood import Part, token_log_likelihoods
from negbank.scoring.memory import in_halves, out_of_memory
from negbank.scoring.trees import Answer, Integers, Tree, chain, grow

MAX_TOKENS: Final = {"cpu": 512, "cuda": 16_384}
"""Tokens a batch by kind of device. On a processor 1,024 make the products 6% faster, and hold twice the logits."""

TILE_TOKENS: Final = {"cpu": 128, "cuda": 1024}
"""Tokens a tile of attention: what small tiles save in keys looked at in vain, a GPU loses in calls."""

_MAX_STREAMS: Final = 8


class Forests:
    """Log-likelihoods of answers by a model whose attention can be replaced, in batches of `max_tokens` tokens."""

    def __init__(self, base: Base, max_tokens: int | None = None) -> None:
        kind = base.device.type
        self.model, self.device = base.model, base.device
        self.max_tokens = max_tokens or MAX_TOKENS.get(kind, MAX_TOKENS["cpu"])
        self.tile_tokens = TILE_TOKENS.get(kind, TILE_TOKENS["cpu"])
        self.windows: set[int | None] = set()
        register()

    def parts(self, answers: Sequence[Answer]) -> Iterator[Part]:
        """The log-likelihoods of the tokens of `answers`, batch by batch. Raises ModelError where memory runs out."""
        return self.parts_of(group(grow(answers)))

    def parts_of(self, groups: Iterable[Group]) -> Iterator[Part]:
        """The log-likelihoods of the answers' tokens in `groups`."""
        with self._attention(), _streams(self.device) as run:
            for some in groups:
                prefix = self._prefix(some.prefix)
                yield from run(partial(self._run, trees, prefix) for trees in some.batches(self.max_tokens))

    @contextlib.contextmanager
    def _attention(self) -> Iterator[None]:
        """The model with our attention in the place of its own, and put back at the end."""
        before = self.model.config._attn_implementation
        self.model.set_attn_implementation(NAME)
        try:
            yield
        finally:
            self.model.set_attn_implementation(before)

    @torch.inference_mode()
    def _prefix(self, ids: Integers) -> Prefix:
        if not len(ids):
            return NO_PREFIX
        layers: KeyValues = {}
        plan = Plan((chain(ids),), NO_PREFIX, self.tile_tokens, self.device, layers)
        with out_of_memory(self.device):
            self._logits(plan, np.array([len(ids) - 1]))
        return Prefix(len(ids), layers)

    def _run(self, trees: Sequence[Tree], prefix: Prefix) -> list[Part]:
        return in_halves(lambda some: self._scored(some, prefix), trees, self.device)

    @torch.inference_mode()
    def _scored(self, trees: Sequence[Tree], prefix: Prefix) -> Part:
        plan = Plan(trees, prefix, self.tile_tokens, self.device)
        forest = plan.forest
        nodes, place = np.unique(forest.at, return_inverse=True)
        logits = self._logits(plan, nodes)
        found = token_log_likelihoods(logits, self._tensor(place), self._tensor(forest.targets))
        return forest.rows, found.cpu().numpy()

    def _logits(self, plan: Plan, nodes: Integers) -> Tensor:
        """(k, vocabulary) logits at `nodes` of a plan's forest."""
        out: Tensor = self.model(
            input_ids=self._tensor(plan.forest.ids)[None],
            position_ids=plan.positions[None],
            use_cache=False,
            logits_to_keep=self._tensor(nodes),
            forest=plan,
        ).logits[0]
        self.windows |= plan.windows
        return out

    def _tensor(self, values: Integers) -> Tensor:
        return torch.from_numpy(values).to(self.device)


Job = Callable[[], list[Part]]
Runner = Callable[[Iterable[Job]], Iterator[Part]]


@contextlib.contextmanager
def _streams(device: torch.device) -> Iterator[Runner]:
    """What runs batches: one after the other on a GPU; on a processor side by side, with torch threads of their own.

    Threads inside a product wait for each other hundreds of times a batch, which whole batches side by side do not.
    """
    threads = torch.get_num_threads()
    streams = min(threads, _MAX_STREAMS) if device.type == "cpu" else 1
    if streams == 1:
        yield lambda jobs: (part for job in jobs for part in job())
        return
    pool = ThreadPoolExecutor(streams, "score", initializer=torch.set_num_threads, initargs=(threads // streams,))
    try:
        yield partial(_side_by_side, pool, 2 * streams)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(threads)


def _side_by_side(pool: ThreadPoolExecutor, ahead: int, jobs: Iterable[Job]) -> Iterator[Part]:
    """The parts of `jobs` in their order, with at most `ahead` of them begun before the first is taken."""
    pending: collections.deque[Future[list[Part]]] = collections.deque()
    for job in jobs:
        pending.append(pool.submit(job))
        if len(pending) > ahead:
            yield from pending.popleft().result()
    while pending:
        yield from pending.popleft().result()
