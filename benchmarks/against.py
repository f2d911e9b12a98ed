"""`mine arc --tier near-miss` beside another commit: `python -m benchmarks.against CHECKOUT` (NEGBANK_HUB_MIRROR set).

CHECKOUT is a working tree of the other commit. Both run in turn as processes of their own, with one environment, warm
(vectors cached) and cold (no cache); medians and the ratio go to `results/against.json`.
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


def timed(tree: Path, cache: str) -> float:
    """Seconds of one run of the command with the code of `tree`."""
    with tempfile.TemporaryDirectory() as registry:
        places = {"PYTHONPATH": str(tree), "NEGBANK_REGISTRY": registry, "NEGBANK_CACHE": cache}
        started = time.perf_counter()
        words = ["mine", "arc", "--tier", "near-miss"]
        subprocess.run([sys.executable, "-c", CODE, *words], cwd=tree, env=os.environ | places, check=True,
                       capture_output=True)  # fmt: skip
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold-runs", type=int, default=3)
    asked = parser.parse_args()
    trees = {"now": HERE, "before": asked.checkout.resolve()}
    found: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as caches:
        cold = [
            {name: timed(tree, f"{caches}/{name}{run}") for name, tree in trees.items()}
            for run in range(asked.cold_runs)
        ]
        warm = [{name: timed(tree, f"{caches}/{name}0") for name, tree in trees.items()} for _ in range(asked.runs)]
    for kind, runs in (("cold", cold), ("warm", warm)):
        found[kind] = {name: [round(run[name], 2) for run in runs] for name in trees}
    other = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=trees["before"], capture_output=True, text=True)
    ratios = {kind: statistics.median(f["now"]) / statistics.median(f["before"]) for kind, f in found.items()}
    report: dict[str, Any] = {
        "benchmark": "against", "date": now(), "commit": commit(), "other_commit": other.stdout.strip(),
        "machine": describe_machine(), "versions": describe_versions("torch", "polars", "datasets"), "runs_s": found,
        "ratio": {kind: round(ratio, 3) for kind, ratio in ratios.items()}, "limit": LIMIT,
        "reached": {kind: ratio <= LIMIT for kind, ratio in ratios.items()},
    }  # fmt: skip
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
