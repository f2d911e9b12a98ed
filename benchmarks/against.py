"""`mine arc --tier near-miss` beside another commit: `python -m benchmarks.against CHECKOUT` (NEGBANK_HUB_MIRROR set).

CHECKOUT is a working tree of the other commit. Both run in turn as processes of their own, with one environment, warm
(vectors cached) and cold (no cache); medians and the ratio go to `results/against.json`. The ratio is of processor
time, which other work on the machine disturbs less than the clock; the clock's is there too.
"""

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

RESULT = Path(__file__).parent / "results" / "against.json"
HERE = Path(__file__).parent.parent
CODE = "from negbank.cli import main; main()"
LIMIT = 1.1


def timed(tree: Path, cache: str) -> tuple[float, float]:
    """Seconds on the clock, and of the processor, of one run of the command with the code of `tree`."""
    with tempfile.TemporaryDirectory() as registry:
        places = {"PYTHONPATH": str(tree), "NEGBANK_REGISTRY": registry, "NEGBANK_CACHE": cache}
        started, used = time.perf_counter(), processor_s()
        words = ["mine", "arc", "--tier", "near-miss"]
        subprocess.run([sys.executable, "-c", CODE, *words], cwd=tree, env=os.environ | places, check=True,
                       capture_output=True)  # fmt: skip
        return time.perf_counter() - started, processor_s() - used


def processor_s() -> float:
    """Seconds of the processor that child processes have used."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold-runs", type=int, default=3)
    asked = parser.parse_args()
    trees = {"now": HERE, "before": asked.checkout.resolve()}
    found: dict[str, dict[str, list[float]]] = {}
    clock: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as caches:
        cold = [
            {name: timed(tree, f"{caches}/{name}{run}") for name, tree in trees.items()}
            for run in range(asked.cold_runs)
        ]
        warm = [{name: timed(tree, f"{caches}/{name}0") for name, tree in trees.items()} for _ in range(asked.runs)]
    for kind, runs in (("cold", cold), ("warm", warm)):
        found[kind] = {name: [round(run[name][1], 2) for run in runs] for name in trees}
        walls = {name: statistics.median(run[name][0] for run in runs) for name in trees}
        clock[kind] = round(walls["now"] / walls["before"], 3)
    other = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=trees["before"], capture_output=True, text=True)
    ratios = {kind: statistics.median(f["now"]) / statistics.median(f["before"]) for kind, f in found.items()}
    report: dict[str, Any] = {
        "benchmark": "against", "date": now(), "commit": commit(), "other_commit": other.stdout.strip(),
        "machine": describe_machine(), "versions": describe_versions("torch", "polars", "datasets"),
        "processor_s": found, "clock_ratio": clock,
        "ratio": {kind: round(ratio, 3) for kind, ratio in ratios.items()}, "limit": LIMIT,
        "reached": {kind: ratio <= LIMIT for kind, ratio in ratios.items()},
    }  # fmt: skip
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
