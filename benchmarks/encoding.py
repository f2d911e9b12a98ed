"""Encoding the distinct texts of ARC, side by side with SentenceTransformer.encode at its defaults.

`python -m benchmarks.encoding` (needs NEGBANK_HUB_MIRROR). All sides are loaded once and warmed up, then run in
alternating rounds in one process; medians are given. `cpu_s` is the process's time on all cores, which another
process's load disturbs less than `elapsed_s`. Model loading is not in either.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import commit, describe_machine, describe_versions, now
from negbank.encode import find_model, load_encoder
from negbank.encode.torch_backend import load_model
from negbank.records import FloatArray

Run = Callable[[list[str]], FloatArray]
MIN_COSINE = 0.9998
TARGET = {"torch": 4.0, "openvino": 6.0}


def arc_texts(sample: int | None, seed: int) -> list[str]:
    """The distinct questions, answers and wrong choices of ARC, in order; `sample` of them drawn by `seed`."""
    import polars as pl

    texts: set[str] = set()
    for path in sorted(Path(os.environ["NEGBANK_HUB_MIRROR"], "allenai/ai2_arc").glob("*/*.parquet")):
        frame = pl.read_parquet(path)
        texts |= set(frame["question"]) | {text for row in frame["choices"] for text in row["text"]}
    ordered = sorted(texts)
    if sample is None or sample >= len(ordered):
        return ordered
    drawn = np.random.default_rng(seed).choice(len(ordered), sample, replace=False)
    return [ordered[row] for row in sorted(drawn)]


def peer(device: str) -> Run:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_model("all-MiniLM-L6-v2")), device=device)
    return lambda texts: model.encode(texts)


def ours(device: str, backend: str, precision: str) -> Run:
    encoder = load_encoder(device=device, backend=backend, precision=precision)

    def run(texts: list[str]) -> FloatArray:
        parts = list(encoder.stream(texts))
        matrix = np.empty((len(texts), parts[0][1].shape[1]), dtype=np.float32)
        for rows, vectors in parts:
            matrix[rows] = vectors
        return matrix

    return run


def work(texts: list[str]) -> dict[str, Any]:
    """Tokens of `texts`, and the floating-point operations that they need without padding."""
    model = load_model(find_model("all-MiniLM-L6-v2"), "cpu")
    ids = model.tokenizer(texts, truncation=True, max_length=model.max_seq_length)["input_ids"]
    lengths = np.array([len(row) for row in ids], dtype=np.float64)
    named = model[0].model.named_modules()
    weights = sum(m.weight.numel() for n, m in named if isinstance(m, torch.nn.Linear) and "pooler" not in n)
    layers, width = model[0].config.num_hidden_layers, model[0].config.hidden_size
    flop = 2 * weights * lengths.sum() + 4 * layers * width * (lengths**2).sum()
    return {"texts": len(texts), "tokens": int(lengths.sum()), "gflop": round(flop / 1e9)}


def peak_gflops(dtype: torch.dtype, device: str) -> float:
    """The best rate of a product of square matrices, in 1e9 operations a second."""
    size = 2048 if device == "cpu" else 8192
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(8):
        started = time.perf_counter()
        (a @ b)[0, 0].item()
        best = min(best, time.perf_counter() - started)
    return round(2 * size**3 / best / 1e9, 1)


def compare(sides: dict[str, Run], texts: list[str], rounds: int) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Seconds of each side and round, and the vectors of each side's last round."""
    for run in sides.values():
        run(texts[:: max(1, len(texts) // 128)])
    seconds: dict[str, Any] = {side: {"elapsed_s": [], "cpu_s": []} for side in sides}
    vectors = {}
    for number in range(rounds):
        for side, run in sides.items():
            started, cpu = time.perf_counter(), time.process_time()
            vectors[side] = run(texts)
            seconds[side]["elapsed_s"].append(round(time.perf_counter() - started, 3))
            seconds[side]["cpu_s"].append(round(time.process_time() - cpu, 3))
            print(f"round {number + 1}: {side}: {len(texts) / seconds[side]['elapsed_s'][-1]:.0f} texts/s", flush=True)
    return seconds, vectors


def summary(side: str, seconds: dict[str, Any], vectors: dict[str, FloatArray], done: dict[str, Any]) -> dict[str, Any]:
    """Rates of one side, and its cosines to the peer's vectors."""
    elapsed = statistics.median(seconds[side]["elapsed_s"])
    paired = zip(seconds["peer"]["elapsed_s"], seconds[side]["elapsed_s"], strict=True)
    cosines = np.einsum("ij,ij->i", vectors[side].astype(np.float64), vectors["peer"].astype(np.float64))
    cpu = statistics.median(seconds["peer"]["cpu_s"]) / statistics.median(seconds[side]["cpu_s"])
    return {
        "texts_per_s": round(done["texts"] / elapsed, 1),
        "tokens_per_s": round(done["tokens"] / elapsed),
        "gflops": round(done["gflop"] / elapsed, 1),
        "times_the_peer": round(statistics.median(theirs / own for theirs, own in paired), 2),
        "times_the_peer_by_cpu_s": round(cpu, 2),
        "min_cosine": round(float(cosines.min()), 7),
        "mean_cosine": round(float(cosines.mean()), 7),
        "share_of_cosines_that_reach": {str(MIN_COSINE): float((cosines >= MIN_COSINE).mean())},
        **seconds[side],
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto", help="of our sides; the peer's is fp32")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sample", type=int, help="texts to draw, instead of all")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    texts = arc_texts(options.sample, options.seed)
    sides = {"peer": peer(options.device), "torch": ours(options.device, "torch", options.precision)}
    if options.device == "cpu" and importlib.util.find_spec("openvino"):
        sides["openvino"] = ours("cpu", "openvino", options.precision)
    done = work(texts)
    setup = load_encoder(device=options.device, precision=options.precision).setup
    dtypes = {"fp32": torch.float32, "bf16": torch.bfloat16}
    kinds = dict.fromkeys(["fp32", setup.precision])
    peaks = [{kind: peak_gflops(dtypes[kind], options.device) for kind in kinds}]
    seconds, vectors = compare(sides, texts, options.rounds)
    peaks.append({kind: peak_gflops(dtypes[kind], options.device) for kind in kinds})
    peak = {kind: max(p[kind] for p in peaks) for kind in kinds}
    results = {side: summary(side, seconds, vectors, done) for side in sides}
    for result in results.values():
        result["share_of_peak"] = {kind: round(result["gflops"] / rate, 3) for kind, rate in peak.items()}
    reached = {
        s: results[s]["times_the_peer"] >= t and results[s]["min_cosine"] >= MIN_COSINE
        for s, t in TARGET.items()
        if s in results
    }
    report = {
        "benchmark": "encoding", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("torch", "sentence-transformers", "transformers", "numpy"),
        "device": setup.device, "precision": setup.precision, "sample": options.sample, "work": done,
        "peak_gflops": peak, "targets": TARGET, "reached": reached, "results": results,
    }  # fmt: skip
    if "openvino" in sides:
        report["versions"] |= describe_versions("openvino")
    kind = setup.device.partition(":")[0]
    suffix = "" if options.sample is None else f"-sample{options.sample}"
    path = Path(__file__).parent / "results" / f"encoding-{kind}-{setup.precision}{suffix}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
