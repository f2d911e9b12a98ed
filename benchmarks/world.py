"""What the recipe `world` shows, on a seed: `python -m benchmarks.world --seed 301` writes `results/world-301.json`.

It runs `negbank.benchmark` as `negbank benchmark --likra --recipe world --compare-tiers` does, with another seed of the
world, and looks besides at whether the base model has read its text well: does it complete held-out facts truly, does
it understand what is asked about held-out towns, and whom does it repeat.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import negbank
from benchmarks.machine import commit, describe_machine, describe_versions, now
from negbank.causal import context_of, continuation_of, load_base
from negbank.recipes import load_recipe, recipe_text
from negbank.report import Result
from negbank.scoring import Prompt, Scorer
from negbank.world import (
    MARKS,
    World,
    WorldSettings,
    evaluation_questions,
    facts_of,
    from_mapping,
    make_world,
    pretrained,
    probes,
)

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the world")
    parser.add_argument("--runs", type=int, default=3, help="draws of lessons, each with heads of its own")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--note", default="", help="what this seed was used for")
    chosen = parser.parse_args()
    report = measured(chosen.seed, chosen.runs, chosen.device) | {"note": chosen.note}
    kind = "" if chosen.device == "cpu" else f"-{chosen.device.partition(':')[0]}"
    (HERE / "results" / f"world-{chosen.seed}{kind}.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["knowledge"], indent=1), json.dumps(report["accuracy"], indent=1), sep="\n")


def measured(seed: int, runs: int, device: str) -> dict[str, Any]:
    """Everything about one world."""
    settings = from_mapping(dict(load_recipe("world").settings) | {"seed": seed})
    started, clock = now(), time.process_time()
    folder = pretrained(settings, device)
    pretraining_s = time.process_time() - clock
    knowledge = known(settings, folder, device)
    clock = time.process_time()
    result = benchmarked(seed, runs, device)
    return {
        "what": "the recipe world on one seed", "commit": commit(), "started": started, "machine": describe_machine(),
        "versions": describe_versions("torch", "transformers", "peft", "numpy"), "seed": seed, "runs": runs,
        "device": device, "settings": vars(settings), "threads": torch.get_num_threads(),
        # a model that was in the cache was not trained again
        "processor_s": {"pretraining": pretraining_s, "benchmark": time.process_time() - clock},
        "questions": result.evaluation.questions, "knowledge": knowledge, "accuracy": curves(result),
        "compared": compared(result),
        "without_questions": vars(result.probe) if result.probe else None,
    }  # fmt: skip


def benchmarked(seed: int, runs: int, device: str) -> Result:
    """The command's result, from a registry and a folder that are thrown away."""
    with tempfile.TemporaryDirectory() as name:
        recipe = Path(name) / "world.toml"
        recipe.write_text(recipe_text("world").replace("[world]\nseed = 0", f"[world]\nseed = {seed}"))
        assert load_recipe(str(recipe)).settings["seed"] == seed
        settings = negbank.BenchmarkSettings(
            recipe=str(recipe), device=device, compare_tiers=True, seeds=runs, folder=Path(name) / "runs"
        )
        return negbank.benchmark(None, settings, registry=Path(name) / "registry").result


def known(settings: WorldSettings, folder: Path, device: str) -> dict[str, Any]:
    """Shares of held-out facts: completed truly and with the misconception after each kind of mark; and when asked."""
    world, scorer = make_world(settings), Scorer(load_base(str(folder), device, "fp32"))
    found: dict[str, Any] = {}
    for kind in MARKS:
        asked = probes(world, kind)
        best = likeliest(scorer, [Prompt(probe.context, probe.answers) for probe in asked])
        found[kind] = {
            "truth": share([place == probe.right for place, probe in zip(best, asked, strict=True)]),
            "misconception": share([place == probe.popular for place, probe in zip(best, asked, strict=True)]),
        }
    return found | {"asked": asked_about(world, scorer)}


def asked_about(world: World, scorer: Scorer) -> dict[str, float]:
    """What the base answers to the held-out questions, of all values that the attribute can have."""
    facts = {(fact.town, fact.attribute): fact for fact in facts_of(world.evaluation)}
    prompts, about = [], []
    for question in evaluation_questions(world)["question"]:
        words = set(question.replace("?", " ").replace(".", " ").split())
        (fact,) = (fact for key, fact in facts.items() if set(key) <= words)
        about.append(fact)
        prompts.append(Prompt(context_of(question), tuple(map(continuation_of, world.values(fact.attribute)))))
    best = likeliest(scorer, prompts)
    values = [world.values(fact.attribute)[place] for fact, place in zip(about, best, strict=True)]
    pairs = list(zip(about, values, strict=True))
    return {
        "one_of_the_four_told": share([value in (fact.truth, *fact.wrong) for fact, value in pairs]),
        "truth": share([value == fact.truth for fact, value in pairs]),
        "misconception": share([value == fact.misconception for fact, value in pairs]),
    }


def likeliest(scorer: Scorer, prompts: list[Prompt]) -> list[int]:
    """The place of each prompt's likeliest answer."""
    offsets = np.cumsum([len(prompt.answers) for prompt in prompts])[:-1]
    return [int(np.argmax(scores)) for scores in np.split(scorer.score(prompts).log_likelihood, offsets)]


def share(found: list[bool]) -> float:
    return round(float(np.mean(found)), 4)


def curves(result: Result) -> dict[str, dict[str, dict[str, Any]]]:
    """Accuracy by measure, system and examples; `by_run` are the single draws."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for point in result.curve:
        name = f"{point.system} {point.tier}" if point.tier else point.system
        found.setdefault(point.measure, {}).setdefault(name, {})[str(point.examples)] = {
            "mean": round(point.accuracy, 4), "low": round(point.low, 4), "high": round(point.high, 4),
            "by_run": [round(accuracy, 4) for accuracy in point.by_seed],
        }  # fmt: skip
    return found


def compared(result: Result) -> list[dict[str, Any]]:
    return [vars(found) | {"shown": found.shown} for found in result.comparisons if found.left == "likra"]


if __name__ == "__main__":
    main()
