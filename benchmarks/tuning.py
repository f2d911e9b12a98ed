"""What the recipe `chains` shows, on a seed: `python -m benchmarks.tuning --seed 301` writes `results/tuning-301.json`.

It runs `negbank.benchmark_glow` as `negbank benchmark --glow --recipe chains` does, with another seed of the problems,
the text and the models.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import negbank
from benchmarks.machine import commit, describe_machine, describe_versions, now
from negbank.recipes import load_recipe, recipe_text
from negbank.report.tuned import TunedResult

HERE = Path(__file__).parent
SEED = "[chains]\nseed = 0"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the problems, the text and the models")
    parser.add_argument("--runs", type=int, default=3, help="trainings of each system, each with an order of its own")
    parser.add_argument("--note", default="", help="what this seed was used for")
    chosen = parser.parse_args()
    report = measured(chosen.seed, chosen.runs) | {"note": chosen.note}
    (HERE / "results" / f"tuning-{chosen.seed}.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({key: report[key] for key in ("elapsed_s", "pass_at", "entropy_nats", "compared")}, indent=1))


def measured(seed: int, runs: int) -> dict[str, Any]:
    """Everything about one seed."""
    started, clock, processor = now(), time.perf_counter(), time.process_time()
    result = tuned(seed, runs)
    return {
        "benchmark": "tuning", "commit": commit(), "started": started, "machine": describe_machine(),
        "versions": describe_versions("torch", "transformers", "numpy"), "seed": seed, "runs": runs,
        "settings": dict(result.recipe["chains"]),
        # models that were in the cache were not trained again
        "elapsed_s": round(time.perf_counter() - clock, 1), "processor_s": round(time.process_time() - processor, 1),
        "problems": {used.source: used.problems for used in result.problems},
        "chains": {run.system: {"right": run.right, "wrong": run.wrong} for run in result.training},
        "pass_at": scores(result), "entropy_nats": entropies(result),
        "compared": [vars(found) | {"shown": found.shown} for found in result.contrasts],
    }  # fmt: skip


def tuned(seed: int, runs: int) -> TunedResult:
    """The command's result, from a registry and a folder that are thrown away."""
    with tempfile.TemporaryDirectory() as name:
        recipe = Path(name) / "chains.toml"
        recipe.write_text(recipe_text("chains").replace(SEED, SEED.replace("0", str(seed))))
        assert (load_recipe(str(recipe)).chains or {})["seed"] == seed
        settings = negbank.GlowBenchmarkSettings(
            recipe=str(recipe), device="cpu", seeds=runs, folder=Path(name) / "runs"
        )
        return negbank.benchmark_glow(None, settings, registry=Path(name) / "registry").result


def scores(result: TunedResult) -> dict[str, dict[str, dict[str, Any]]]:
    """pass@k by source, k and system; `by_run` are the single trainings."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for score in result.scores:
        found.setdefault(score.source, {}).setdefault(str(score.k), {})[score.system] = {
            "mean": round(score.accuracy, 4), "low": round(score.low, 4), "high": round(score.high, 4),
            "by_run": [round(accuracy, 4) for accuracy in score.by_seed],
        }  # fmt: skip
    return found


def entropies(result: TunedResult) -> dict[str, dict[str, float]]:
    """Mean entropy of a token by source and system."""
    found: dict[str, dict[str, float]] = {}
    for entropy in result.entropies:
        found.setdefault(entropy.source, {})[entropy.system] = round(entropy.nats, 4)
    return found


if __name__ == "__main__":
    main()
