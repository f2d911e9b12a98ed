"""Nearest neighbours beside two peers: `python -m benchmarks.neighbors` (add `--corpus 500000 --rounds 3`, `--gpu`).

The job: the k nearest of m corpus rows for each of n queries, float32 unit rows, exact. The peers are
`faiss.IndexFlatIP` (building included) and a float32 product with `topk` in blocks, as plain PyTorch does it. Each
run is a process of its own, after a small warm-up, the three in turn; what is timed starts with the vectors in
memory and ends with indices and scores. A sample of the queries is checked against float64.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import commit, describe_machine, describe_versions, now

RESULTS = Path(__file__).parent / "results"
CHECKED_QUERIES = 200
SEPARATED = 1e-6
"""Neighbours whose scores are closer than this may change places between float32 and float64."""

Found = tuple[np.ndarray, np.ndarray]
Search = Callable[[np.ndarray, np.ndarray, int], Found]


def negbank_search(queries: np.ndarray, corpus: np.ndarray, k: int, method: str = "auto") -> Found:
    from negbank.neighbors import Plan, nearest

    found = nearest(queries, corpus, k, plan=Plan(method))  # type: ignore[arg-type]
    return found.indices, found.scores


def negbank_float32_search(queries: np.ndarray, corpus: np.ndarray, k: int) -> Found:
    return negbank_search(queries, corpus, k, "float32")


def faiss_search(queries: np.ndarray, corpus: np.ndarray, k: int) -> Found:
    import faiss

    index = faiss.IndexFlatIP(corpus.shape[1])
    index.add(corpus)
    scores, indices = index.search(queries, k)
    return indices, scores


def torch_search(queries: np.ndarray, corpus: np.ndarray, k: int) -> Found:
    """Blocks of 1,000 queries by at most 100,000 rows: 400 MB of scores."""
    import torch

    left, right = torch.from_numpy(queries), torch.from_numpy(corpus)
    indices, scores = [], []
    for block in left.split(1000):
        best: list[Any] = [[], []]
        for start in range(0, len(right), 100_000):
            top = (block @ right[start : start + 100_000].T).topk(min(k, len(right) - start), dim=1)
            best[0].append(top.values)
            best[1].append(top.indices + start)
        top = torch.cat(best[0], dim=1).topk(k, dim=1)
        scores.append(top.values)
        indices.append(torch.cat(best[1], dim=1).gather(1, top.indices))
    return torch.cat(indices).numpy(), torch.cat(scores).numpy()


SEARCHES: dict[str, Search] = {
    "negbank": negbank_search,
    "negbank-float32": negbank_float32_search,
    "faiss": faiss_search,
    "torch": torch_search,
}


def unit_rows(rows: int, dimensions: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((rows, dimensions), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def write_vectors(options: argparse.Namespace, folder: Path) -> None:
    """`queries.npy` and `corpus.npy`: random rows, or the last and first rows of a file, never the same row twice."""
    if options.vectors:
        rows = np.load(options.vectors)
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        options.corpus = min(options.corpus, len(rows) - 1)
        options.queries = min(options.queries, len(rows) - options.corpus)
        queries, corpus = rows[-options.queries :], rows[: options.corpus]
    else:
        queries = unit_rows(options.queries, options.dimensions, 1)
        corpus = unit_rows(options.corpus, options.dimensions, 2)
    options.dimensions = queries.shape[1]
    np.save(folder / "queries.npy", queries)
    np.save(folder / "corpus.npy", corpus)


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def run_one(name: str, folder: Path, k: int) -> None:
    """One measured search, in this process; prints a line of JSON and writes what was found."""
    queries, corpus = np.load(folder / "queries.npy"), np.load(folder / "corpus.npy")
    SEARCHES[name](queries[:500], corpus[:5000], k)
    before = resident_bytes()
    start, start_cpu = time.perf_counter(), time.process_time()
    indices, scores = SEARCHES[name](queries, corpus, k)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    np.savez(folder / f"{name}.npz", indices=indices, scores=scores)
    numbers = {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mib": peak / 2**20}
    print(json.dumps({**numbers, "search_mib": max(0.0, (peak - before) / 2**20)}))


def measure_peaks() -> dict[str, float]:
    """The machine's best matrix products of this moment, in 10^9 operations a second."""
    import torch

    def best(product: Callable[[], object], operations: float) -> float:
        product()
        times = []
        for _ in range(5):
            start = time.perf_counter()
            product()
            times.append(time.perf_counter() - start)
        return round(operations / min(times) / 1e9, 1)

    size = 4096
    floats = torch.randn(size, size)
    integers = torch.randint(-127, 128, (size, size), dtype=torch.int8)
    return {
        "float32": best(lambda: floats @ floats, 2.0 * size**3),
        "int8": best(lambda: torch._int_mm(integers, integers), 2.0 * size**3),
    }


def in_a_process(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.neighbors", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def check(folder: Path, names: list[str], k: int) -> dict[str, Any]:
    """For a sample of queries: each search's recall of the float64 neighbours, and agreement away from ties."""
    queries, corpus = np.load(folder / "queries.npy"), np.load(folder / "corpus.npy")
    rows = np.linspace(0, len(queries) - 1, min(CHECKED_QUERIES, len(queries))).astype(int)
    blocks = [
        queries[rows].astype(np.float64) @ corpus[i : i + 50_000].T.astype(np.float64)
        for i in range(0, len(corpus), 50_000)
    ]
    exact = np.concatenate(blocks, axis=1).astype(np.float32)
    order = np.argsort(-exact, axis=1, kind="stable")[:, : k + 1]
    scores = np.take_along_axis(exact, order, axis=1)
    gaps = -np.diff(scores, axis=1, prepend=2.0)  # to the one before; the last column is the (k+1)-th
    apart = (gaps[:, :-1] > SEPARATED) & (gaps[:, 1:] > SEPARATED) if order.shape[1] > k else gaps > SEPARATED
    result: dict[str, Any] = {"queries": len(rows)}
    for name in names:
        found = np.load(folder / f"{name}.npz")
        indices = found["indices"][rows]
        hits = [len(np.intersect1d(a, b)) for a, b in zip(indices, order[:, :k], strict=True)]
        same = indices == order[:, : indices.shape[1]]
        result[name] = {
            "recall": sum(hits) / indices.size,
            "same_place": float(same.mean()),
            "same_place_where_apart": float(same[apart].mean()),
        }
    return result


def compare(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_vectors(options, folder)
        runs: dict[str, list[dict[str, Any]]] = {search: [] for search in options.searches}
        peaks = []
        for number in range(options.rounds):
            peaks.append(in_a_process("--peaks"))
            for search in options.searches:
                runs[search].append(in_a_process("--run", search, "--folder", name, "--k", str(options.k)))
                print(f"round {number + 1}: {search} {runs[search][-1]['seconds']:.2f} s", file=sys.stderr)
        checked = check(folder, options.searches, options.k)
    peak = {kind: statistics.median(some[kind] for some in peaks) for kind in peaks[0]}
    operations = 2.0 * options.queries * options.corpus * options.dimensions
    table = {search: summary(some, operations, peak) for search, some in runs.items()}
    ours = table["negbank"]["seconds"]
    return {
        "job": {name: getattr(options, name) for name in ("queries", "corpus", "dimensions", "k", "rounds")},
        "vectors": "given file" if options.vectors else "random unit rows",
        "operations": operations,
        "peak_gops": peak,
        "searches": table,
        "times_faster": {search: round(row["seconds"] / ours, 2) for search, row in table.items()},
        "checked": checked,
    }


def summary(runs: list[dict[str, Any]], operations: float, peak: dict[str, float]) -> dict[str, Any]:
    """Medians of one search's runs, all its times, and its shares of the machine's peaks."""
    medians = {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}
    rate = operations / medians["seconds"] / 1e9
    shares = {f"share_of_{kind}_peak": round(rate / value, 3) for kind, value in peak.items()}
    return {**medians, "all_seconds": [round(run["seconds"], 3) for run in runs], "gops": round(rate, 1), **shares}


def measure_gpu(options: argparse.Namespace) -> dict[str, Any]:
    """One search on a GPU, checked on a sample; its share of the bfloat16 peak that this card reaches now."""
    import torch

    from negbank.neighbors import nearest

    queries, corpus = (unit_rows(n, options.dimensions, i) for n, i in ((options.queries, 1), (options.corpus, 2)))
    nearest(queries[:20_000], corpus[:200_000], options.k, device="cuda")
    torch.cuda.reset_peak_memory_stats()
    times = []
    for _ in range(options.rounds):
        start = time.perf_counter()
        found = nearest(queries, corpus, options.k, device="cuda")
        times.append(time.perf_counter() - start)
    memory = torch.cuda.max_memory_allocated() / 2**20
    rows = np.linspace(0, len(queries) - 1, min(50, len(queries))).astype(int)
    exact = torch.from_numpy(queries[rows]).cuda().double() @ torch.from_numpy(corpus).cuda().double().T
    order = exact.float().sort(dim=1, descending=True, stable=True).indices[:, : options.k].cpu().numpy()
    operations = 2.0 * options.queries * options.corpus * options.dimensions
    rate, peak = operations / statistics.median(times) / 1e12, bfloat16_peak_tops()
    return {
        "job": {name: getattr(options, name) for name in ("queries", "corpus", "dimensions", "k", "rounds")},
        "all_seconds": [round(seconds, 3) for seconds in times],
        "seconds": round(statistics.median(times), 3),
        "tops": round(rate, 1),
        "bfloat16_peak_tops": round(peak, 1),
        "share_of_bfloat16_peak": round(rate / peak, 3),
        "gpu_memory_mib": round(memory),
        "same_place": float((found.indices[rows] == order).mean()),
    }


def bfloat16_peak_tops(size: int = 16384, products: int = 20) -> float:
    """The card's best bfloat16 product, in 10^12 operations a second."""
    import torch

    square = torch.randn(size, size, device="cuda", dtype=torch.bfloat16)
    best = float("inf")
    for _ in range(5):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(products):
            square @ square
        torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - start) / products)
    return 2.0 * size**3 / best / 1e12


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, help="default: 20000; with --gpu 1000000")
    parser.add_argument("--corpus", type=int, help="default: 20000; with --gpu 1000000")
    parser.add_argument("--dimensions", type=int, default=384)
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--rounds", type=int, help="default: 5; with --gpu 3")
    parser.add_argument("--vectors", type=Path, help="a (rows, dimensions) .npy file instead of random rows")
    parser.add_argument("--searches", nargs="+", choices=SEARCHES, default=["negbank", "faiss", "torch"])
    parser.add_argument("--gpu", action="store_true", help="measure negbank on CUDA")
    parser.add_argument("--output", type=Path, help="default: results/neighbors-CORPUS-KIND.json beside this file")
    parser.add_argument("--run", choices=SEARCHES, help=argparse.SUPPRESS)
    parser.add_argument("--peaks", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    size, rounds = (1_000_000, 3) if options.gpu else (20_000, 5)
    options.queries, options.corpus = options.queries or size, options.corpus or size
    options.rounds = options.rounds or rounds
    if "negbank" not in options.searches:
        parser.error("--searches needs negbank, which the others are compared with")
    return options


def main() -> None:
    options = parse()
    if options.peaks:
        print(json.dumps(measure_peaks()))
    elif options.run:
        run_one(options.run, options.folder, options.k)
    else:
        result = measure_gpu(options) if options.gpu else compare(options)
        kind = "gpu" if options.gpu else "file" if options.vectors else "random"
        versions = describe_versions("torch", "numpy", *([] if options.gpu else ["faiss-cpu"]))
        result = {"when": now(), "commit": commit(), "machine": describe_machine(), "versions": versions, **result}
        path = options.output or RESULTS / f"neighbors-{options.corpus}-{kind}.json"
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
