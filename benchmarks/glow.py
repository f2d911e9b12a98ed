"""What GLOW's weights cost: `python -m benchmarks.glow` (needs NEGBANK_HUB_MIRROR).

The same step of the optimizer, on the same gold chains of GSM8K and the same model, as plain SFT (the mean over all
answer tokens, no losses of samples kept) and as GLOW (each sample's own loss, its history, its weight). The two take
turns step by step, each first half of the time; the median of the pairs' ratios is given, by the clock and by processor
time. Weights are compared with the formula in 50 digits.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from decimal import Decimal, getcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import commit, describe_machine, describe_versions, now
from benchmarks.training import BATCH, RATE, SHAPES, build_model
from negbank.causal import context_of, continuation_of, load_base
from negbank.glow import GlowSettings, SampleId
from negbank.heads import Example
from negbank.heads.batches import Sample, tokenize
from negbank.heads.learners import ModelLearner
from negbank.heads.losses import Gradients, open_gradients
from negbank.heads.weighing import Weighing
from negbank.sources import read_source

TARGETS = {"cost_share": 0.03, "weight_error": 1e-6}
SETTINGS = GlowSettings(alpha=2.0, beta=10.0)


class Steps:
    """One model and its optimizer, and the two kinds of step."""

    def __init__(self, gradients: Gradients, parameters: list[torch.Tensor], weighing: Weighing) -> None:
        self.gradients, self.parameters, self.weighing = gradients, parameters, weighing
        self.optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.0, fused=True)

    def plain(self, samples: list[Sample], rows: list[int]) -> None:
        self._take(self.gradients.of(samples).gradients)

    def glow(self, samples: list[Sample], rows: list[int]) -> None:
        step = self.gradients.of(
            samples, None, lambda places, losses: self.weighing.look([rows[place] for place in places], losses)
        )
        assert step.samples_nats is not None
        self.weighing.visit(rows, step.samples_nats)
        self._take(step.gradients)

    def _take(self, gradients: tuple[torch.Tensor, ...]) -> None:
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def chains(count: int) -> list[Example]:
    questions = read_source("gsm8k").questions.sample(count, seed=0, shuffle=True)
    pairs = zip(questions["question"], questions["answer"], strict=True)
    return [Example(context_of(question), continuation_of(answer)) for question, answer in pairs]


def weight_error(pairs: int = 20_000) -> float:
    """The largest difference of a weight from the formula, worked out in 50 digits."""
    from negbank.glow import glow_weights

    getcontext().prec = 50
    generator = np.random.default_rng(0)
    last, current = generator.uniform(0, 5, (2, pairs))
    found = glow_weights(last, current, SETTINGS)
    worst = 0.0
    for before, after, weight in zip(last.tolist(), current.tolist(), found.tolist(), strict=True):
        exponent = Decimal(SETTINGS.beta) * (Decimal(before) - Decimal(after))
        raw = Decimal(SETTINGS.alpha) * (1 - 1 / (1 + (-exponent).exp()))
        exact = min(max(raw, Decimal(SETTINGS.low)), Decimal(SETTINGS.high))
        worst = max(worst, float(abs(exact - Decimal(weight))))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="smollm2-25m")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pairs", type=int, default=40)
    options = parser.parse_args()
    taken: dict[str, dict[str, list[float]]] = {kind: {"elapsed_s": [], "cpu_s": []} for kind in ("plain", "glow")}
    with tempfile.TemporaryDirectory() as folder:
        build_model(Path(folder), options.shape, options.device)
        base = load_base(folder, device=options.device)
        samples = tokenize(base, chains(BATCH * 8), end=False)
        learner = ModelLearner(base, "glow")
        parameters = learner.parameters
        weighing = Weighing([SampleId("gsm8k", str(place)) for place in range(len(samples))], SETTINGS)
        with learner.training(), open_gradients(base, parameters) as gradients:
            steps = Steps(gradients, parameters, weighing)
            for number in range(options.pairs + 2):
                rows = [(number * BATCH + place) % len(samples) for place in range(BATCH)]
                kinds = ("plain", "glow") if number % 2 else ("glow", "plain")
                for kind in kinds:
                    started, cpu = time.perf_counter(), time.process_time()
                    getattr(steps, kind)([samples[row] for row in rows], rows)
                    if options.device != "cpu":
                        torch.cuda.synchronize()
                    if number >= 2:  # the first products of a process are slow
                        taken[kind]["elapsed_s"].append(round(time.perf_counter() - started, 5))
                        taken[kind]["cpu_s"].append(round(time.process_time() - cpu, 5))
    shares = {
        key: statistics.median(b / a for a, b in zip(taken["plain"][key], taken["glow"][key], strict=True)) - 1
        for key in ("elapsed_s", "cpu_s")
    }
    error = weight_error()
    report: dict[str, Any] = {
        "benchmark": "glow", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("torch", "transformers", "numpy"), "shape": options.shape, "weights": "random",
        "device": options.device, "threads": torch.get_num_threads(), "batch": BATCH, "pairs": options.pairs,
        "targets": TARGETS, "cost_share": round(shares["elapsed_s"], 4),
        "cost_share_by_cpu_s": round(shares["cpu_s"], 4),
        "weight_error": error,
        "median_step_s": {kind: statistics.median(found["elapsed_s"]) for kind, found in taken.items()},
        "reached": {"cost_share": shares["elapsed_s"] <= TARGETS["cost_share"], "weight_error": error <= 1e-6},
        "steps": taken,
    }  # fmt: skip
    path = Path(__file__).parent / "results" / f"glow-{options.device.partition(':')[0]}-{options.shape}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({key: value for key, value in report.items() if key != "steps"}, indent=1))


if __name__ == "__main__":
    main()
