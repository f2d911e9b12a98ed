"""The registry's steps beside those of an earlier commit: `python -m benchmarks.registry_before --base CHECKOUT`.

Both write and read the same rows in turn, each history in a fresh folder with a fresh cache, each step in a process of
its own. What is compared is the median of the ratios of neighbouring runs, since a machine drifts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, describe_machine, describe_versions, now
from benchmarks.registry import EDITED, RESULTS, make

HERE = Path(__file__).resolve().parents[1]
STEPS = ("commit", "edit", "diff", "verify")
AGAIN = {"diff": 3, "verify": 3}
"""Steps that change nothing are run so many times, and the fastest counts."""


def measure(checkout: Path, step: str, folder: Path) -> float:
    """The seconds of one step with the code of `checkout`."""
    words = [sys.executable, "-m", "benchmarks.registry", "--step", step, "--folder", str(folder)]
    places = {"PYTHONPATH": str(checkout), "NEGBANK_CACHE": str(folder / "cache")}
    done = subprocess.run(
        words, check=True, stdout=subprocess.PIPE, text=True, cwd=checkout, env={**os.environ, **places}
    )
    return float(json.loads(done.stdout.splitlines()[-1])["elapsed_s"])


def history(checkout: Path, rows: Path) -> dict[str, float]:
    """The seconds of every step upon the rows, which lie in a folder."""
    with tempfile.TemporaryDirectory(dir=rows) as scratch:
        folder = Path(scratch)
        for file in rows.glob("*.parquet"):
            (folder / file.name).symlink_to(file)
        return {step: min(measure(checkout, step, folder) for _ in range(AGAIN.get(step, 1))) for step in STEPS}


def compared(before: list[dict[str, float]], after: list[dict[str, float]]) -> dict[str, Any]:
    """Medians of each step, and the median of how each run compares with its neighbour."""
    return {
        step: {
            "before_s": statistics.median(run[step] for run in before),
            "after_s": statistics.median(run[step] for run in after),
            "ratio": statistics.median(b[step] / a[step] for a, b in zip(before, after, strict=True)),
            "runs_s": [[round(a[step], 3), round(b[step], 3)] for a, b in zip(before, after, strict=True)],
        }
        for step in STEPS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="a checkout of the earlier commit")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=7)
    options = parser.parse_args()
    sides: dict[Path, list[dict[str, float]]] = {options.base.resolve(): [], HERE: []}
    with tempfile.TemporaryDirectory() as scratch:
        make(Path(scratch), options.rows)
        for pair in range(options.pairs):
            for checkout in list(sides)[:: 1 if pair % 2 else -1]:
                sides[checkout].append(history(checkout, Path(scratch)))
            print(pair + 1, *(runs[-1] for runs in sides.values()), flush=True)
    base = subprocess.run(
        ["git", "-C", str(options.base), "rev-parse", "--short", "HEAD"], check=True, stdout=subprocess.PIPE, text=True
    )
    report = {
        "benchmark": "registry-before", "date": now(), "commit": commit(), "base": base.stdout.strip(),
        "machine": describe_machine(), "versions": describe_versions("duckdb", "polars", "pyarrow"),
        "rows": options.rows, "edited_share": 1 / EDITED, "steps": compared(*sides.values()),
    }  # fmt: skip
    (RESULTS / "registry-before.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
