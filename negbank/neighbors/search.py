"""Exact k nearest neighbours by cosine: a cheap product proposes pairs, a float64 product decides.

A score is the float64 product of two unit rows, rounded to float32; neighbours are ordered by (score
descending, corpus index ascending). Method, device and block sizes change the time, never the result.

A search has four steps:

1. *Floor*: for each query a guess at a score that k corpus rows reach, first from a sample, then from the
   rows seen so far. A wrong guess costs time, never a neighbour (see 4).
2. *Propose*: all pairs in low precision; a pair is kept where its approximate score >= floor - margin, with a
   margin that is proven (`products`), so that no pair with score >= floor is lost.
3. *Decide*: the kept pairs are scored in float64, so that every pair with score >= floor is now known.
4. *Verify*: where the k-th best known score >= floor, no other row can enter or tie. The queries where it is
   not are searched again with that k-th score as their floor, which k rows do reach.

The corpus passes in slabs, each prepared once and met by every block of queries: memory grows with
n * (d + k) and with one slab, never with n * m. A slab takes every s-th row, so that it resembles the rest.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import math
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from negbank.errors import VectorError
from negbank.neighbors.products import (
    NORM_TOLERANCE,
    Method,
    Part,
    Product,
    choose_product,
    exact_scores,
    silence_sparse_warning,
)
from negbank.records import FloatArray, Progress, no_progress

_SAMPLE_ROWS: Final = 1024  # corpus rows behind a query's first floor
_PAIRS_AT_ONCE: Final = 2**20  # kept pairs that are gathered before they are scored
_NO_FLOOR: Final = -4.0  # below any score, also after a margin
_NO_KEY: Final = torch.iinfo(torch.int64).min  # sorts before every key
_LOW_32_BITS: Final = 2**32 - 1
_ONE_AT_A_TIME: Final = threading.RLock()


@dataclass(frozen=True)
class Neighbors:
    """The nearest corpus rows of n queries: `indices` (n, min(k, m)) int64, `scores` likewise float32.

    Each row is ordered by (score descending, index ascending).
    """

    indices: npt.NDArray[np.int64]
    scores: FloatArray


@dataclass(frozen=True)
class Plan:
    """How the work is done: changes time and memory, never the result.

    One product takes `queries` x `corpus` rows; `slab` corpus rows are held in float64 at a time. `method` is
    the product that proposes; "auto" takes float16 on CUDA, int8 on a CPU that has instructions for it, and
    float32 otherwise.
    """

    method: Method = "auto"
    queries: int = 2048
    corpus: int = 1024
    slab: int = 8192

    def __post_init__(self) -> None:
        if min(self.queries, self.corpus, self.slab) < 1:
            raise ValueError(f"{self}: blocks have at least 1 row")


CUDA_PLAN: Final = Plan(queries=16384, corpus=32768, slab=131072)
"""Blocks that keep a large GPU busy: 1 GiB of float16 scores and half of that of masks at a time."""


def nearest(
    queries: FloatArray,
    corpus: FloatArray,
    k: int,
    *,
    device: str = "cpu",
    plan: Plan | None = None,
    progress: Progress = no_progress,
) -> Neighbors:
    """The `min(k, m)` corpus rows (m, d) of highest cosine for each query row (n, d), exactly.

    Rows are float32 and of unit length; a `k` above m gives m columns. `progress` counts corpus rows. Raises
    `VectorError` for k < 1, for wrong shapes or types, for rows that are not finite or not of unit length,
    and for a device or method that this machine does not have.
    """
    check_unit_rows("queries", queries)
    check_unit_rows("corpus", corpus)
    if k < 1:
        raise VectorError(f"k is {k}; ask for at least 1 neighbour")
    if queries.shape[1] != corpus.shape[1]:
        raise VectorError(
            f"queries have {queries.shape[1]} dimensions and the corpus has {corpus.shape[1]}; "
            "encode both with the same encoder"
        )
    k = min(k, len(corpus))
    place = _device(device)
    plan = _shared_out(plan or (CUDA_PLAN if place.type == "cuda" else Plan()), len(queries), place)
    product = choose_product(plan.method, place, queries.shape[1])
    keys = torch.empty((len(queries), k), dtype=torch.int64)
    if keys.numel():
        silence_sparse_warning()
        with _workers(place) as each:
            search = _Search(_as_tensor(queries).to(place), _as_tensor(corpus), k, plan, product, each)
            keys = search.run(progress).cpu()
    return Neighbors(_index_of(keys).numpy(), _score_of(keys).numpy())


def check_unit_rows(name: str, rows: FloatArray) -> None:
    """Raise `VectorError` unless `rows` is (n, d) float32, d >= 1, each row of length 1 +- `NORM_TOLERANCE`."""
    if rows.ndim != 2 or rows.shape[1] == 0 or rows.dtype != np.float32:
        raise VectorError(
            f"{name}: shape {rows.shape} and type {rows.dtype}; give a float32 array of shape (rows, dimensions)"
        )
    for start in range(0, len(rows), 65536):
        block = rows[start : start + 65536]
        norms = np.sqrt(np.einsum("ij,ij->i", block, block))
        bad = np.flatnonzero(~(np.abs(norms - 1) <= NORM_TOLERANCE))  # written so that NaN is bad
        if len(bad):
            row = int(bad[0])
            finite = bool(np.isfinite(block[row]).all())
            raise VectorError(
                f"{name}: row {start + row} has length {norms[row]:.6g}, not 1; divide each row by its length"
                if finite
                else f"{name}: row {start + row} holds NaN or infinity; encode its text again or leave it out"
            )


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch built without CUDA raises AssertionError
        raise VectorError(f"device {name!r} cannot be used: {error}; use device 'cpu'") from error
    return device


def _shared_out(plan: Plan, queries: int, device: torch.device) -> Plan:
    """`plan` with blocks small enough that each core gets one."""
    cores = torch.get_num_threads() if device.type == "cpu" else 1
    return replace(plan, queries=max(1, min(plan.queries, math.ceil(queries / cores))))


def _as_tensor(rows: FloatArray) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a read-only array (a memory map): we only read
        return torch.from_numpy(np.ascontiguousarray(rows))


# A key holds a score and an index in one int64, so that the greater key is the better neighbour.


def _key(scores: Tensor, index: Tensor) -> Tensor:
    bits = (scores + 0.0).view(torch.int32)  # + 0.0 makes -0.0 and 0.0 tie
    ascending = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return (ascending.to(torch.int64) << 32) | (_LOW_32_BITS - index)


def _index_of(keys: Tensor) -> Tensor:
    return _LOW_32_BITS - (keys & _LOW_32_BITS)


def _score_of(keys: Tensor) -> Tensor:
    """The scores of `keys`, float32; `_NO_FLOOR` where there is none."""
    ascending = (keys >> 32).to(torch.int32)
    scores = (ascending ^ ((ascending >> 31) & 0x7FFFFFFF)).view(torch.float32)
    return torch.where(keys == _NO_KEY, _NO_FLOOR, scores)


@dataclass(frozen=True)
class _Slab:
    """Corpus rows, ready to meet queries: their `index` (s,) in the corpus, float64 `rows` (s, d), and parts."""

    index: Tensor
    rows: Tensor
    parts: list[Part]


@dataclass(frozen=True)
class _Search:
    """One search: query rows (n, d) on the device, corpus rows (m, d) on the CPU, k <= m, and a `map`."""

    queries: Tensor
    corpus: Tensor
    k: int
    plan: Plan
    product: Product
    each: Callable[..., Iterable[Any]]

    def run(self, progress: Progress) -> Tensor:
        """The (n, k) keys, best first."""
        total = len(self.corpus)
        keys, floor = self.sweep(self.queries, self.sample_floor(), lambda seen: progress("neighbors", seen, total))
        kth = _score_of(keys[:, -1])
        wrong = (kth < floor).nonzero()[:, 0]
        if len(wrong):
            keys[wrong], _ = self.sweep(self.queries[wrong], kth[wrong])
        return keys

    def expected_rank(self, seen: int) -> int:
        """A rank among `seen` rows, chosen at random, below which the k-th of all rows is in 1 of about 100 cases.

        The expectation and 2.5 standard deviations of a hypergeometric count, and 2 for its skew.
        """
        expected = self.k * seen / len(self.corpus)
        return math.ceil(expected + 2.5 * math.sqrt(expected * (1 - seen / len(self.corpus))) + 2)

    def sample_floor(self) -> Tensor:
        """The first (n,) floors: guesses, from approximate scores of a sample of the corpus."""
        size = min(_SAMPLE_ROWS, len(self.corpus))
        rank = self.expected_rank(size)
        floor = torch.full((len(self.queries),), _NO_FLOOR, device=self.queries.device)
        if rank <= size:
            sample = self.corpus[torch.arange(size) * len(self.corpus) // size].to(floor.device)
            starts = range(0, len(floor), self.plan.queries)
            blocks = [self.queries[i : i + self.plan.queries] for i in starts]
            floor = torch.cat(list(self.each(lambda rows: _ranked(rows @ sample.T, rank), blocks)))
        return floor

    def slabs(self) -> Iterator[_Slab]:
        """The corpus, every s-th row in one slab, ordered by largest entry so that a part's rows share a scale."""
        stride = math.ceil(len(self.corpus) / self.plan.slab)
        for first in range(stride):
            rows = self.corpus[first::stride].to(self.queries.device)
            order = rows.abs().amax(dim=1).argsort()
            rows, index = rows[order], order * stride + first
            starts = range(0, len(rows), self.plan.corpus)
            parts = list(self.each(lambda i, rows=rows: self.product.corpus(rows[i : i + self.plan.corpus]), starts))
            yield _Slab(index, rows.double(), parts)

    def sweep(
        self, queries: Tensor, floor: Tensor, report: Callable[[int], None] | None = None
    ) -> tuple[Tensor, Tensor]:
        """The (n, k) best keys with score >= floor, and the (n,) floors at the end.

        With `report`, which gets the number of corpus rows seen, floors rise by guesses after each slab.
        """
        keys = torch.full((len(queries), self.k), _NO_KEY, device=queries.device)
        blocks = [slice(i, i + self.plan.queries) for i in range(0, len(queries), self.plan.queries)]
        parts = list(self.each(lambda block: self.product.queries(queries[block]), blocks))
        seen = 0
        for slab in self.slabs():
            met = self.each(functools.partial(self.meet, slab, queries, floor, keys), blocks, parts)
            collections.deque(met, maxlen=0)  # wait, and raise what a worker raised
            seen += len(slab.index)
            if report:
                rank = min(self.k, self.expected_rank(seen))
                floor = torch.maximum(floor, _score_of(keys[:, rank - 1]))
                report(seen)
        return keys, floor

    def meet(self, slab: _Slab, queries: Tensor, floor: Tensor, keys: Tensor, block: slice, part: Part) -> None:
        """Enter the slab's rows of score >= floor into the `keys` of one block of queries."""
        rows = queries[block].double()
        pairs: list[Tensor] = []
        start = 0
        for corpus in slab.parts:
            mask = self.product.mask(corpus, part, floor[block])
            pairs.append(_true_positions(mask) + start * len(rows))
            start += len(mask)
            if start == len(slab.index) or sum(map(len, pairs)) > _PAIRS_AT_ONCE:
                keys[block] = _enter(keys[block], slab, rows, torch.cat(pairs), floor[block])
                pairs = []


@contextlib.contextmanager
def _workers(device: torch.device) -> Iterator[Callable[..., Iterable[Any]]]:
    """A `map` that runs calls side by side, each on one core, on a CPU; the plain `map` on a GPU.

    One core a block of queries is faster than all cores an operation: the steps that NumPy does on one core
    overlap, and busy neighbours cost a share of one block and not a wait of all cores at each operation.
    torch's number of threads, which is global, is 1 meanwhile; so searches on a CPU take turns.
    """
    if device.type != "cpu":
        yield map
        return
    with _ONE_AT_A_TIME:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
        try:
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(threads)


def _enter(keys: Tensor, slab: _Slab, queries: Tensor, pairs: Tensor, floor: Tensor) -> Tensor:
    """`keys` (n, k) with `pairs` of score >= floor entered; a pair is `slab row * n + query row`, ascending."""
    left = pairs // len(queries)
    right = pairs - left * len(queries)
    scores = exact_scores(slab.rows, queries, left, right)
    good = (scores >= floor[right]).nonzero()[:, 0]
    if not len(good):
        return keys
    found, query = _key(scores[good], slab.index[left[good]]), right[good]
    by_query = _sorted((query << 32) | torch.arange(len(query), device=query.device))
    order, query = by_query & _LOW_32_BITS, by_query >> 32
    counts = torch.bincount(query, minlength=len(queries))
    column = torch.arange(len(query), device=query.device) - (counts.cumsum(0) - counts)[query]
    wide = keys.new_full((len(queries), keys.shape[1] + int(counts.max())), _NO_KEY)
    wide[:, : keys.shape[1]] = keys
    wide[query, keys.shape[1] + column] = found[order]
    return _sorted(wide)[:, -keys.shape[1] :].flip(1)


def _ranked(scores: Tensor, rank: int) -> Tensor:
    """The `rank`-th greatest of each row of `scores` (n, s): (n,)."""
    return scores.topk(rank, dim=1, sorted=False).values.amin(dim=1)


def _sorted(keys: Tensor) -> Tensor:
    """`keys` ascending along the last dimension; NumPy has the faster sort on a CPU."""
    return torch.from_numpy(np.sort(keys.numpy())) if keys.device.type == "cpu" else keys.sort().values


def _true_positions(mask: Tensor) -> Tensor:
    """The positions of True in the flattened `mask`, ascending; NumPy has the faster search on a CPU."""
    if mask.device.type == "cpu":
        return torch.from_numpy(np.flatnonzero(mask.numpy()))
    return mask.view(-1).nonzero()[:, 0]
