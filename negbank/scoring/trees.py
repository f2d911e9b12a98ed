"""Answers to one question as a tree of tokens: what they have in common stands in it once.

A token's value in a causal model depends on the tokens before it alone, so every token that answers share (the whole
context, and often their first words) is computed once for all of them. Nodes are kept in preorder with the end of
each one's subtree, which makes attention a comparison of numbers: node `i` sees node `j` where `j <= i < end[j]`.
Trees laid one after the other are a forest of the same kind, so nothing is ever padded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

MAX_BRANCHES: Final = 1024
"""Tokens beyond the context in one tree; a question with more gets several trees, which then share a prefix."""


@dataclass(frozen=True)
class Answer:
    """One answer's tokens after its context's; `row` is its place among all answers."""

    row: int
    context: tuple[int, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Tree:
    """A context and the answers after it.

    `ids`, `positions` and `ends` (n,) are the nodes: token, place in its text, and the first node after its subtree.
    The first `trunk` of them are passed by every answer. Target `i` of (m,) is token `targets[i]`, predicted at node
    `at[i]`, and belongs to the answer of row `rows[i]`.
    """

    ids: Integers
    positions: Integers
    ends: Integers
    trunk: int
    at: Integers
    targets: Integers
    rows: Integers

    def __len__(self) -> int:
        return len(self.ids)

    def after(self, prefix: int) -> Tree:
        """The tree without its first `prefix` nodes, which are of its trunk; positions stay."""
        return replace(
            self,
            ids=self.ids[prefix:],
            positions=self.positions[prefix:],
            ends=self.ends[prefix:] - prefix,
            trunk=self.trunk - prefix,
            at=self.at - prefix,
        )


def grow(answers: Iterable[Answer]) -> list[Tree]:
    """The trees of `answers`: one for each context, more where its answers have over `MAX_BRANCHES` tokens."""
    contexts: dict[tuple[int, ...], list[Answer]] = {}
    for answer in answers:
        contexts.setdefault(answer.context, []).append(answer)
    return [
        _tree(context, part)
        for context, group in contexts.items()
        for part in _parts(sorted(group, key=lambda answer: answer.ids))
    ]


def join(trees: Sequence[Tree]) -> Tree:
    """One forest of `trees`, in order. Its `trunk` is 0 unless it is of one tree."""
    if len(trees) == 1:
        return trees[0]
    starts = np.cumsum([0, *(len(tree) for tree in trees[:-1])])
    shifted = list(zip(trees, starts.tolist(), strict=True))
    return Tree(
        ids=np.concatenate([tree.ids for tree in trees]),
        positions=np.concatenate([tree.positions for tree in trees]),
        ends=np.concatenate([tree.ends + start for tree, start in shifted]),
        trunk=0,
        at=np.concatenate([tree.at + start for tree, start in shifted]),
        targets=np.concatenate([tree.targets for tree in trees]),
        rows=np.concatenate([tree.rows for tree in trees]),
    )


def chain(ids: Integers) -> Tree:
    """`ids` one after the other, with nothing to predict."""
    none = np.empty(0, dtype=np.int64)
    ends = np.full(len(ids), len(ids), dtype=np.int64)
    return Tree(ids, np.arange(len(ids), dtype=np.int64), ends, len(ids), none, none, none)


def _parts(answers: list[Answer]) -> Iterator[list[Answer]]:
    """`answers` in runs of at most `MAX_BRANCHES` tokens, and at least one answer."""
    part: list[Answer] = []
    size = 0
    for answer in answers:
        if part and size + len(answer.ids) > MAX_BRANCHES:
            yield part
            part, size = [], 0
        part.append(answer)
        size += len(answer.ids)
    yield part


def _tree(context: tuple[int, ...], answers: list[Answer]) -> Tree:
    """The tree of `answers`, which are sorted by their tokens, after `context`."""
    ids, ends, positions = list(context), [0] * len(context), list(range(len(context)))
    at: list[int] = []
    path: list[int] = []  # the nodes of the answer before, as far as they go
    before: tuple[int, ...] = ()
    for answer in answers:
        inputs = answer.ids[:-1]  # an answer's last token predicts nothing
        shared = _common(before, inputs)
        for node in path[shared:]:
            ends[node] = len(ids)
        path = path[:shared] + list(range(len(ids), len(ids) + len(inputs) - shared))
        ids += inputs[shared:]
        ends += [0] * (len(inputs) - shared)
        positions += range(len(context) + shared, len(context) + len(inputs))
        at += [len(context) - 1, *path]
        before = inputs
    closed = np.array(ends, dtype=np.int64)
    closed[closed == 0] = len(ids)  # the context and the last answer's path
    return Tree(
        ids=np.array(ids, dtype=np.int64),
        positions=np.array(positions, dtype=np.int64),
        ends=closed,
        trunk=len(context),
        at=np.array(at, dtype=np.int64),
        targets=np.array([token for answer in answers for token in answer.ids], dtype=np.int64),
        rows=np.repeat([answer.row for answer in answers], [len(answer.ids) for answer in answers]),
    )


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    """The length of what `left` and `right` begin with alike."""
    length = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        length += 1
    return length
