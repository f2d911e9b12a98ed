"""Chains of reasoning: labels reproduced, seconds and memory of verification, and first errors found again.

`python -m benchmarks.reasoning` (needs NEGBANK_HUB_MIRROR). The four models' 5,276 chains are verified and labelled
in alternating rounds in one process; every chain that GSM8K's training set allows is broken once by each kind; a
stream of copies of the real chains is verified in a process of its own, whose memory is read at several counts. GLOW's
weights are compared with the formula in 50 digits.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, getcontext
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.machine import commit, describe_machine, describe_versions, now
from negbank.glow import GlowSettings, glow_weights
from negbank.reasoning.arithmetic import first_false_equation
from negbank.reasoning.chains import RefusedChain, Trajectory
from negbank.reasoning.formats import read_trajectories
from negbank.reasoning.judge import MathJudge
from negbank.reasoning.perturb import KINDS, NotPerturbed, perturb
from negbank.reasoning.steps import first_divergent_step, split_steps
from negbank.reasoning.verify import Tally, Verdict, verify

TARGET = {"labels_reproduced": 5276, "wrong": 3275, "elapsed_s": 10.0, "found_again": 0.95, "glow_error": 1e-6}


def hub(*parts: str) -> Path:
    return Path(os.environ["NEGBANK_HUB_MIRROR"], "openai", *parts)


def solutions() -> Path:
    return hub("grade-school-math", "example_model_solutions.jsonl")


def verify_file(rounds: int) -> dict[str, Any]:
    """Labels, and seconds of reading, verifying and labelling the whole file, caches included from round 2 on."""
    elapsed, cpu = [], []
    tally, verdicts = Tally(), list[Verdict]()
    for number in range(rounds):
        started, used = time.perf_counter(), time.process_time()
        tally = Tally()
        with MathJudge() as judge:
            verdicts = list(tally.count(verify(read_trajectories(solutions()), judge=judge)))
        elapsed.append(round(time.perf_counter() - started, 3))
        cpu.append(round(time.process_time() - used, 3))
        print(f"round {number + 1}: {len(verdicts)} chains in {elapsed[-1]} s", flush=True)
    wrong = [v for v in verdicts if v.outcome == "wrong"]
    return {
        "chains": len(verdicts), "outcomes": dict(tally.outcomes), "refused": dict(tally.refused),
        "labels_reproduced": sum(v.claim_holds is True for v in verdicts), "labels_contradicted": tally.false_claims,
        "found_by": dict(Counter(v.found_by for v in verdicts)),
        "with_false_equation": {
            outcome: sum(v.error_source == "arithmetic" for v in verdicts if v.outcome == outcome)
            for outcome in ("wrong", "right")
        },
        "divergent": {
            outcome: sum(v.divergent_step is not None for v in verdicts if v.outcome == outcome)
            for outcome in ("wrong", "right")
        },
        "median_plausibility_of_wrong": round(statistics.median(v.plausibility or 0.0 for v in wrong), 3),
        "first_round_s": elapsed[0], "elapsed_s": elapsed, "cpu_s": cpu,
    }  # fmt: skip


def gold_chains(limit: int | None) -> list[tuple[str, str]]:
    rows = list(pl.read_parquet(hub("gsm8k", "main", "train-00000-of-00001.parquet")).iter_rows())
    return rows[:limit]


def break_chains(rows: list[tuple[str, str]], kind: str, seed: int) -> dict[str, Any]:
    """How many chains can be broken by one kind, and how many first errors are found again, and by what."""
    refused: Counter[str] = Counter()
    by: Counter[str] = Counter()
    broken = found = 0
    for question, chain in rows:
        made = perturb(question, chain, seed, (kind,))
        if isinstance(made, NotPerturbed):
            refused[made.reason] += 1
            continue
        broken += 1
        error = first_false_equation(made.steps)
        step = error.step if error else first_divergent_step(made.steps, split_steps(chain), question)
        found += step == made.first_error_step
        by["arithmetic" if error else "divergence" if step is not None else "neither"] += 1
    return {
        "chains": len(rows),
        "broken": broken,
        "refused": dict(refused),
        "found_again": round(found / broken, 4),
        "by": dict(by),
    }


def false_gold(rows: list[tuple[str, str]]) -> dict[str, Any]:
    """Gold chains with an equation that does not hold: errors of the data set, and false alarms of ours."""
    found = [error for _, chain in rows if (error := first_false_equation(split_steps(chain)))]
    return {"chains": len(rows), "false": len(found), "equations": [error.text for error in found]}


def stream(count: int) -> None:
    """Verify `count` chains, copies of the real ones, and print the peak of this process's memory in MiB at marks."""
    records = [line for line in solutions().read_bytes().splitlines() if line.strip()]

    def chains() -> Iterator[Trajectory | RefusedChain]:
        from negbank.reasoning.formats import parse_lines

        return islice(parse_lines(cycle(records), solutions()), count)

    marks = {count // 100, count // 10, count // 2, count}
    started = time.perf_counter()
    for number, _ in enumerate(verify(chains()), start=1):
        if number in marks:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            spent = round(time.perf_counter() - started, 1)
            print(json.dumps({"chains": number, "peak_mib": round(peak, 1), "elapsed_s": spent}), flush=True)


def stream_apart(count: int) -> list[dict[str, Any]]:
    """As `stream`, in a process of its own, whose memory nothing else has raised."""
    command = [sys.executable, "-m", "benchmarks.reasoning", "--stream", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def glow_error(samples: int, seed: int) -> float:
    """The largest difference of a weight from the formula in 50 digits."""
    getcontext().prec = 50
    draw = np.random.default_rng(seed)
    last, current = draw.uniform(0, 4, (2, samples))
    worst = 0.0
    for alpha, beta in ((1.0, 10.0), (2.0, 30.0)):
        settings = GlowSettings(alpha=alpha, beta=beta)
        for weight, before, after in zip(glow_weights(last, current, settings), last, current, strict=True):
            exponent = Decimal(beta) * (Decimal(before) - Decimal(after))
            exact = Decimal(alpha) * (1 - 1 / (1 + (-exponent).exp()))
            exact = min(max(exact, Decimal(settings.low)), Decimal(settings.high))
            worst = max(worst, abs(float(Decimal(float(weight)) - exact)))
    return worst


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--chains", type=int, help="gold chains to break, instead of all 7,473")
    parser.add_argument("--copies", type=int, default=100_000, help="chains to stream for the memory's sake")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stream", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.stream:
        stream(options.stream)
        return
    verified = verify_file(options.rounds)
    rows = gold_chains(options.chains)
    broken = {}
    for kind in KINDS:
        broken[kind] = break_chains(rows, kind, options.seed)
        print(kind, broken[kind], flush=True)
    error = glow_error(10_000, options.seed)
    memory = stream_apart(options.copies)
    reached = {
        "labels_reproduced": verified["labels_reproduced"] == TARGET["labels_reproduced"],
        "wrong": verified["outcomes"]["wrong"] == TARGET["wrong"],
        "elapsed_s": verified["first_round_s"] < TARGET["elapsed_s"],
        "found_again": all(found["found_again"] >= TARGET["found_again"] for found in broken.values()),
        "glow_error": error <= TARGET["glow_error"],
    }
    report = {
        "benchmark": "reasoning", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("math-verify", "numpy"), "seed": options.seed, "targets": TARGET,
        "reached": reached, "verification": verified, "perturbation": broken, "gold_chains": false_gold(rows),
        "memory": memory, "glow_largest_error": error,
    }  # fmt: skip
    path = Path(__file__).parent / "results" / "reasoning.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
