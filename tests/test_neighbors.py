"""Neighbours against a brute-force float64 reference, whatever the method, the blocks and the vectors."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from negbank.errors import VectorError
from negbank.neighbors import Neighbors, Plan, nearest, search
from negbank.neighbors.products import Int8Product, Method, exact_scores, has_int8
from negbank.records import FloatArray

METHODS = [
    pytest.param("float32"),
    pytest.param("float16"),
    pytest.param("int8", marks=pytest.mark.skipif(not has_int8(), reason="a CPU without VNNI or AMX")),
]
TINY = {"queries": 17, "corpus": 13, "slab": 60}


def unit(rows: np.ndarray) -> FloatArray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def random_rows(rows: int, dimensions: int = 48, seed: int = 0) -> FloatArray:
    return unit(np.random.default_rng(seed).standard_normal((rows, dimensions)))


def clustered(rows: int, dimensions: int = 48, seed: int = 0, spread: float = 0.2) -> FloatArray:
    """Rows in clusters that lie one after the other, so that a part of the corpus tells little of the rest."""
    random = np.random.default_rng(seed)
    centres = np.repeat(random.standard_normal((max(1, rows // 40), dimensions)), 40, axis=0)
    centres = np.resize(centres, (rows, dimensions))
    return unit(centres + spread * random.standard_normal((rows, dimensions)))


def dominated(rows: int, seed: int = 0) -> FloatArray:
    """Rows of which one entry is nearly all: eight bits leave little for the others, so margins are wide."""
    vectors = 0.02 * np.random.default_rng(seed).standard_normal((rows, 48))
    vectors[:, 3] = 1
    return unit(vectors)


def nearly_identical(rows: int, seed: int = 0) -> FloatArray:
    """Rows that differ in the last bits of float32, so that most scores tie or nearly do."""
    return unit(random_rows(1) + 3e-8 * np.random.default_rng(seed).standard_normal((rows, 48)))


def duplicated(rows: int, seed: int = 0) -> FloatArray:
    """Rows of which each comes about 30 times, in random places."""
    random = np.random.default_rng(seed)
    return random_rows(max(1, rows // 30), seed=seed)[random.integers(max(1, rows // 30), size=rows)]


def one_hot(rows: int, seed: int = 0) -> FloatArray:
    """Rows whose products are 0 and 1, nearly all of them 0."""
    return np.eye(48, dtype=np.float32)[np.random.default_rng(seed).integers(48, size=rows)]


SHAPES = [random_rows, clustered, dominated, nearly_identical, duplicated, one_hot]


def by_brute_force(queries: FloatArray, corpus: FloatArray, k: int) -> Neighbors:
    """Every product in extended precision, rounded to float32, then sorted by score and index."""
    exact = np.einsum("id,jd->ij", queries.astype(np.longdouble), corpus.astype(np.longdouble))
    scores = exact.astype(np.float32)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return Neighbors(order, np.take_along_axis(scores, order, axis=1))


def assert_same(found: Neighbors, expected: Neighbors) -> None:
    assert found.indices.dtype == np.int64 and found.scores.dtype == np.float32
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_array_equal(found.scores.view(np.int32), (expected.scores + 0.0).view(np.int32))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", SHAPES)
@pytest.mark.parametrize("k", [1, 10, 300])
def test_every_method_finds_what_brute_force_finds(method: Method, rows: Callable[..., FloatArray], k: int) -> None:
    corpus, queries = rows(200), rows(40, seed=1)
    queries[:20] = corpus[:20]
    assert_same(nearest(queries, corpus, k, plan=Plan(method, **TINY)), by_brute_force(queries, corpus, k))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", [random_rows, clustered, duplicated])
def test_floors_from_a_sample_and_from_slabs_lose_nothing(method: Method, rows: Callable[..., FloatArray]) -> None:
    corpus, queries = rows(4000), rows(150, seed=0)
    plan = Plan(method, queries=64, corpus=512, slab=1024)
    assert_same(nearest(queries, corpus, 20, plan=plan), by_brute_force(queries, corpus, 20))


@pytest.mark.parametrize("method", METHODS)
def test_a_floor_that_was_guessed_too_high_is_found_out(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, queries = random_rows(2000), random_rows(100, seed=1)
    monkeypatch.setattr(search._Search, "expected_rank", lambda self, seen: 1)
    swept = []
    sweep = search._Search.sweep
    monkeypatch.setattr(search._Search, "sweep", lambda self, *a, **k: swept.append(len(a[0])) or sweep(self, *a, **k))
    assert_same(nearest(queries, corpus, 30, plan=Plan(method)), by_brute_force(queries, corpus, 30))
    assert swept == [100, 100]


def test_more_identical_rows_than_k_come_in_the_order_of_the_corpus() -> None:
    row = random_rows(1)
    corpus = np.concatenate([random_rows(50, seed=2), np.repeat(row, 5000, axis=0), random_rows(50, seed=3)])
    for slab in (64, 1000, 8192):
        found = nearest(row, corpus, 40, plan=Plan(slab=slab))
        np.testing.assert_array_equal(found.indices, [np.arange(50, 90)])
        assert len(np.unique(found.scores)) == 1


@settings(max_examples=25, deadline=None)
@given(
    rows=st.sampled_from(SHAPES),
    sizes=st.tuples(st.integers(1, 60), st.integers(1, 150)),
    k=st.integers(1, 160),
    blocks=st.tuples(st.integers(1, 70), st.integers(1, 70), st.integers(1, 200)),
    seed=st.integers(0, 1000),
)
def test_blocks_never_change_the_result(
    rows: Callable[..., FloatArray],
    sizes: tuple[int, int],
    k: int,
    blocks: tuple[int, int, int],
    seed: int,
) -> None:
    queries, corpus = rows(sizes[0], seed=seed), rows(sizes[1], seed=seed + 1)
    assert_same(nearest(queries, corpus, k, plan=Plan("auto", *blocks)), nearest(queries, corpus, k))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dimensions", [1, 2, 3, 17, 1030])
def test_any_number_of_dimensions(method: Method, dimensions: int) -> None:
    corpus, queries = random_rows(150, dimensions), random_rows(40, dimensions, seed=1)
    assert_same(nearest(queries, corpus, 9, plan=Plan(method, **TINY)), by_brute_force(queries, corpus, 9))


@pytest.mark.parametrize("precision", ["high", "medium"])
def test_a_coarser_float32_product_is_allowed_for(precision: str) -> None:
    corpus, queries = clustered(300), clustered(60, seed=1)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        found = nearest(queries, corpus, 12, plan=Plan("float32"))
    finally:
        torch.set_float32_matmul_precision(before)
    assert_same(found, by_brute_force(queries, corpus, 12))


@pytest.mark.skipif(not has_int8(), reason="a CPU without VNNI or AMX")
@pytest.mark.parametrize("rows", SHAPES)
def test_the_int8_mask_keeps_every_pair_that_reaches_the_floor(rows: Callable[..., FloatArray]) -> None:
    corpus, queries = torch.from_numpy(rows(400)), torch.from_numpy(rows(100, seed=1))
    product, scores = Int8Product(), corpus.double() @ queries.double().T
    floor = scores.median(dim=0).values.float()
    mask = product.mask(product.corpus(corpus), product.queries(queries), floor)
    assert bool(mask[scores >= floor].all())
    if rows is random_rows:
        assert mask.float().mean() < 0.75  # and it is worth something


def test_a_score_does_not_depend_on_how_its_sum_was_taken() -> None:
    """1/2 + 2^-25 lies between two float32 values: 44 terms of 2^-56 decide, if they are not lost one by one."""
    terms = np.full((64, 48), 2.0**-56)
    terms[:, 0], terms[:, 1], terms[:, 46:] = 0.5, 2.0**-25, 0
    rows, ones = torch.from_numpy(terms), torch.ones(64, 48, dtype=torch.float64)
    left = torch.arange(64).repeat_interleave(64)
    dense = exact_scores(rows, ones, left, torch.arange(64).repeat(64))
    sparse = exact_scores(rows, ones, torch.arange(64), torch.arange(64))
    assert dense.unique().tolist() == sparse.unique().tolist() == [0.5 + 2.0**-24]


def test_empty_queries_and_an_empty_corpus() -> None:
    some, none = random_rows(4), np.empty((0, 48), np.float32)
    assert nearest(none, some, 3).indices.shape == (0, 3)
    assert nearest(some, none, 3).indices.shape == (4, 0)
    assert nearest(none, none, 3).scores.shape == (0, 0)


def test_k_above_the_corpus_gives_all_of_it() -> None:
    found = nearest(random_rows(4), random_rows(6, seed=1), 50)
    assert found.scores.shape == (4, 6)
    np.testing.assert_array_equal(np.sort(found.indices, axis=1), np.tile(np.arange(6), (4, 1)))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.nan, "row 2 holds NaN or infinity"),
        (np.inf, "row 2 holds NaN or infinity"),
        (5.0, "row 2 has length .* divide each row"),
    ],
)
@pytest.mark.parametrize("where", ["queries", "corpus"])
def test_a_bad_row_is_named(bad: float, message: str, where: str) -> None:
    rows = {"queries": random_rows(5), "corpus": random_rows(5)}
    rows[where][2, 7] = bad
    rows[where][4, 7] = bad
    with pytest.raises(VectorError, match=f"{where}: {message}"):
        nearest(rows["queries"], rows["corpus"], 2)


def test_wrong_arguments_are_refused() -> None:
    rows = random_rows(5)
    with pytest.raises(VectorError, match="k is 0; ask for at least 1"):
        nearest(rows, rows, 0)
    with pytest.raises(VectorError, match="48 dimensions and the corpus has 16"):
        nearest(rows, random_rows(5, 16), 1)
    with pytest.raises(VectorError, match=r"queries: shape \(48,\)"):
        nearest(rows[0], rows, 1)
    with pytest.raises(VectorError, match="type float64; give a float32 array"):
        nearest(rows.astype(np.float64), rows, 1)  # type: ignore[arg-type]
    with pytest.raises(VectorError, match="device 'nowhere' cannot be used"):
        nearest(rows, rows, 1, device="nowhere")
    with pytest.raises(ValueError, match="at least 1 row"):
        Plan(queries=0)


def test_arrays_that_are_read_only_or_not_contiguous_are_taken() -> None:
    corpus, queries = random_rows(100), random_rows(20, seed=1)
    expected = nearest(queries, corpus, 5)
    flipped = np.asfortranarray(corpus)
    flipped.setflags(write=False)
    assert_same(nearest(np.repeat(queries, 2, axis=0)[::2], flipped, 5), expected)


def test_progress_ends_with_all_rows_of_the_corpus() -> None:
    calls: list[tuple[str, int, int]] = []
    nearest(random_rows(9), random_rows(100), 3, plan=Plan(slab=30), progress=lambda *call: calls.append(call))
    assert [done for _, done, _ in calls] == sorted(done for _, done, _ in calls)
    assert calls[-1] == ("neighbors", 100, 100) and len(calls) == 4


def test_threads_of_torch_are_as_before_also_after_an_error() -> None:
    threads = torch.get_num_threads()

    def fail(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        nearest(random_rows(9), random_rows(100), 3, progress=fail)
    assert torch.get_num_threads() == threads
    assert not set(threading.enumerate()) - before


def test_searches_in_several_threads_leave_torch_as_it_was() -> None:
    threads, rows, found = torch.get_num_threads(), random_rows(500), []
    searches = [threading.Thread(target=lambda: found.append(nearest(rows, rows, 5))) for _ in range(4)]
    for thread in searches:
        thread.start()
    for thread in searches:
        thread.join()
    for each in found:
        assert_same(each, by_brute_force(rows, rows, 5))
    assert len(found) == 4 and torch.get_num_threads() == threads


MEMORY_OF_A_SEARCH = """
import resource, sys
import numpy as np
from negbank.neighbors import Plan, nearest
n, m, method = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
random = np.random.default_rng(0)
rows = random.standard_normal((n + m, 32)).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
nearest(rows[:100], rows[:5000], 5, plan=Plan(method))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
nearest(rows[:n], rows[n:], 5, plan=Plan(method))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss has another unit elsewhere")
def test_memory_does_not_grow_with_queries_times_corpus() -> None:
    """20,000 x 20,000 scores are 400 MB even as bytes; the search may grow by less than a third of that."""
    command = [sys.executable, "-c", MEMORY_OF_A_SEARCH, "20000", "20000", "float32"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert int(done.stdout) < 130_000_000


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("rows", SHAPES)
def test_a_gpu_finds_the_same(rows: Callable[..., FloatArray]) -> None:
    corpus, queries = rows(20_000), rows(3000, seed=1)
    expected = nearest(queries, corpus, 50)
    assert_same(nearest(queries, corpus, 50, device="cuda"), expected)
    blocks = Plan("float32", queries=1000, corpus=3000, slab=7000)
    assert_same(nearest(queries, corpus, 50, device="cuda", plan=blocks), expected)
