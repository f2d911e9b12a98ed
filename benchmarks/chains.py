"""Chains of thought mined into a version: seconds for the real file, and memory by the number of chains.

`python -m benchmarks.chains [--copies N ...]` (needs NEGBANK_HUB_MIRROR). Each run is a process of its own, in a
registry of its own. The real file's 5,276 chains are mined as they are; a stream has copies of them, each copy's models
named apart and its chains marked, so that no chain is refused as a duplicate and right ones stay right.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count, islice
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, describe_machine, describe_versions, now

TARGET = {"elapsed_s": 10.0, "wrong": 3275, "growth_mib": 100}
"""Seconds for the real file; MiB that ten times the chains may add to the peak."""


def solutions() -> Path:
    return Path(os.environ["NEGBANK_HUB_MIRROR"], "openai", "grade-school-math", "example_model_solutions.jsonl")


def copies() -> Iterator[dict[str, str]]:
    """Chains without end: the real ones, and again with a number at the end of their first line."""
    records = [json.loads(line) for line in solutions().read_text(encoding="utf-8").splitlines()]
    for number in count():
        for record in records:
            for model, cell in record.items():
                if isinstance(cell, dict):
                    chain = cell["solution"].replace("\n", f" ({number})\n", 1)
                    yield {"question": record["question"], "chain": chain, "model": f"{model}-{number}"}


def run(file: Path, folder: Path) -> dict[str, Any]:
    """Mine a file; what became of it, seconds, and the peak of this process."""
    import negbank

    settings = negbank.MineSettings(
        source=negbank.SourceOptions(split="test"), chains=negbank.ChainSettings((str(file),))
    )
    started, used, verified = time.perf_counter(), time.process_time(), [0.0, 0.0]

    def watch(stage: str, done: int, total: int) -> None:
        verified[bool(done)] = time.perf_counter()

    result = negbank.mine("gsm8k", ["erroneous-cot"], settings, registry=folder / "registry", progress=watch)
    assert result.chains is not None
    return {
        **asdict(result.chains), "refusals": result.refusals,
        "elapsed_s": round(time.perf_counter() - started, 2), "cpu_s": round(time.process_time() - used, 2),
        "verify_s": round(verified[1] - verified[0], 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }  # fmt: skip


def run_apart(chains: int | None) -> dict[str, Any]:
    """As `run`, in a process of its own; None is the real file."""
    with tempfile.TemporaryDirectory() as folder:
        file = solutions()
        if chains is not None:
            file = Path(folder) / "chains.jsonl"
            with file.open("w", encoding="utf-8") as out:
                out.writelines(json.dumps(record) + "\n" for record in islice(copies(), chains))
        command = [sys.executable, "-m", "benchmarks.chains", "--run", str(file), folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(chains or "the real file", found, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--copies", type=int, nargs="+", default=[20_000, 200_000], help="chains of each stream")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run(*map(Path, options.run))))
        return
    real = [run_apart(None) for _ in range(options.rounds)]
    streams = {str(chains): run_apart(chains) for chains in options.copies}
    peaks = [found["peak_mib"] for found in streams.values()]
    reached = {
        "elapsed_s": min(found["elapsed_s"] for found in real) < TARGET["elapsed_s"],
        "wrong": all(found["wrong"] == TARGET["wrong"] for found in real),
        "growth_mib": peaks[-1] - peaks[0] < TARGET["growth_mib"],
    }
    report = {
        "benchmark": "chains", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("math-verify", "polars", "pyarrow", "duckdb"), "targets": TARGET,
        "reached": reached, "real": real, "streams": streams,
    }  # fmt: skip
    path = Path(__file__).parent / "results" / "chains.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(reached, indent=1))


if __name__ == "__main__":
    main()
