"""How long whole commands take, cold and warm: `python -m benchmarks.cli` (needs NEGBANK_HUB_MIRROR)."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, describe_machine, describe_versions, now

NEGBANK = str(Path(sys.executable).with_name("negbank"))
RESULT = Path(__file__).parent / "results" / "cli.json"


def timed(words: list[str], **folders: str) -> float:
    """Seconds that one `negbank` command takes as a process of its own."""
    started = time.perf_counter()
    subprocess.run([NEGBANK, *words], env={**os.environ, **folders}, check=True, capture_output=True)
    return time.perf_counter() - started


def summary(seconds: list[float], limit_s: float) -> dict[str, Any]:
    return {
        "median_s": round(statistics.median(seconds), 3),
        "runs_s": [round(s, 3) for s in seconds],
        "limit_s": limit_s,
        "reached": statistics.median(seconds) < limit_s,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold-runs", type=int, default=3)
    options = parser.parse_args()
    mine = ["mine", "arc", "--tier", "near-miss"]
    results = {"negbank --help": summary([timed(["--help"]) for _ in range(options.runs + 1)][1:], 0.5)}
    cold = []
    with tempfile.TemporaryDirectory() as kept:
        for run in range(options.cold_runs):
            cache = f"{kept}/cache{run}"
            cold.append(timed(mine, NEGBANK_CACHE=cache, NEGBANK_REGISTRY=f"{kept}/cold{run}"))
        warm = [timed(mine, NEGBANK_CACHE=cache, NEGBANK_REGISTRY=f"{kept}/warm{run}") for run in range(options.runs)]
    results["negbank mine arc --tier near-miss, cold cache"] = summary(cold, 60.0)
    results["negbank mine arc --tier near-miss, warm cache"] = summary(warm, 8.0)
    report = {
        "benchmark": "cli", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("torch", "sentence-transformers", "polars", "datasets"), "results": results,
    }  # fmt: skip
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
