"""Trees that begin alike, put together, so that what they begin with is computed once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from negbank.scoring.trees import Integers, Tree

MIN_PREFIX: Final = 32
MIN_SAVED: Final = 512
"""Tokens. A prefix has a run of the model to itself, and its trees are no longer batched with others."""

_MIN_SHARE: Final = 0.25  # of its trees' trunks: a long tree on its own is cheaper to attend over
_MAX_DEPTH: Final = 64  # of prefixes within prefixes, which are looked through for the best


@dataclass(frozen=True, eq=False)
class Group:
    """Trees after a common `prefix` of tokens, which is empty where they share nothing worth its cost."""

    prefix: Integers
    trees: tuple[Tree, ...]

    def batches(self, max_tokens: int) -> Iterator[tuple[Tree, ...]]:
        """The trees in runs of at most `max_tokens` tokens and at least one tree, largest first."""
        batch: list[Tree] = []
        size = 0
        for tree in sorted(self.trees, key=len, reverse=True):
            if batch and size + len(tree) > max_tokens:
                yield tuple(batch)
                batch, size = [], 0
            batch.append(tree)
            size += len(tree)
        yield tuple(batch)


def group(trees: Sequence[Tree]) -> list[Group]:
    """`trees` by what they begin with, so that the most tokens are saved; the last group has no prefix."""
    if not trees:
        return []
    # the last token of a trunk stays with its tree, as it predicts the answers' first tokens
    keyed = sorted(((tuple(tree.ids[: tree.trunk - 1].tolist()), tree) for tree in trees), key=lambda pair: pair[0])
    ordered = [tree for _, tree in keyed]
    common = np.array([0, *(_common(a, b) for a, b in itertools.pairwise(ordered))], dtype=np.int64)
    spans = _best(np.array([tree.trunk for tree in ordered]), common, 0, len(ordered), 0)[1]
    groups, alone = [], []
    for start, stop, length in spans:
        some = ordered[start:stop]
        if length:
            groups.append(Group(some[0].ids[:length], tuple(tree.after(length) for tree in some)))
        else:
            alone += some
    nothing = np.empty(0, dtype=np.int64)
    return [*groups, Group(nothing, tuple(alone))] if alone else groups


Span = tuple[int, int, int]
"""The first tree, the one after the last, and the length of the prefix that they share."""


def _best(trunks: Integers, common: Integers, start: int, stop: int, depth: int) -> tuple[int, list[Span]]:
    """The tokens that can be saved among trees `start` to `stop`, in order of their tokens, and how."""
    count = stop - start
    if count < 2:
        return 0, [(start, stop, 0)]
    length = int(common[start + 1 : stop].min())
    saved = length * (count - 1)
    worth = length >= MIN_PREFIX and saved >= MIN_SAVED and length >= _MIN_SHARE * trunks[start:stop].mean()
    here = (saved, [(start, stop, length)]) if worth else (0, [(start, stop, 0)])
    most = int(trunks[start:stop].sum()) - length  # what longer prefixes of parts could save at best
    if depth == _MAX_DEPTH or most <= max(here[0], MIN_SAVED):
        return here
    cuts = [start, *(start + 1 + np.flatnonzero(common[start + 1 : stop] == length)).tolist(), stop]
    parts = [_best(trunks, common, a, b, depth + 1) for a, b in itertools.pairwise(cuts)]
    total = sum(part[0] for part in parts)
    return (total, [span for part in parts for span in part[1]]) if total > here[0] else here


def _common(left: Tree, right: Tree) -> int:
    """The nodes that two trees' trunks begin with alike, less the last node of each."""
    length = min(left.trunk, right.trunk) - 1
    differ = np.flatnonzero(left.ids[:length] != right.ids[:length])
    return int(differ[0]) if len(differ) else length
