"""Whether the plausibility of a chain is a probability: fitted and held out by question on GSM8K's four models.

`python -m benchmarks.chain_plausibility [--fit]` (needs NEGBANK_HUB_MIRROR). Positives are the 3,275 wrong chains
beside their own gold chain; negatives pair each of these questions with a chain of another one, right or wrong, as an
answer to another question is the tier irrelevant. Every fifth of the questions is predicted by a model that was fitted
to the others. `--fit` fits to all and writes the shipped coefficients.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.machine import commit, describe_machine, describe_versions, now
from negbank.reasoning.arithmetic import first_false_equation
from negbank.reasoning.chains import Trajectory
from negbank.reasoning.formats import read_trajectories
from negbank.reasoning.golds import Gold, read_gold
from negbank.reasoning.perturb import KINDS, NotPerturbed, perturb
from negbank.reasoning.plausibility import MARKS, ChainMarks, mark_chain
from negbank.reasoning.steps import first_divergent_step
from negbank.reasoning.verify import Verdict, verify

RESULTS = Path(__file__).parent / "results"
SHIPPED = Path(__file__).parent.parent / "negbank" / "reasoning" / "chain_coefficients.json"
FOLDS, SEED, TARGET_ECE = 5, 0, 0.05

Row = tuple[ChainMarks, str, str]
"""The marks of a chain, the question that it is held against, and who wrote it."""


def solutions() -> Path:
    return Path(os.environ["NEGBANK_HUB_MIRROR"], "openai", "grade-school-math", "example_model_solutions.jsonl")


def marks(steps: tuple[str, ...], question: str, gold: Gold) -> ChainMarks:
    error = first_false_equation(steps)
    divergent = first_divergent_step(steps, gold.steps, question)
    places = [place for place in (error.step if error else None, divergent) if place is not None]
    return mark_chain(steps, gold.steps, min(places, default=None))


def read() -> tuple[list[Verdict], dict[str, str]]:
    chains = [found for found in read_trajectories(solutions()) if isinstance(found, Trajectory)]
    return list(verify(chains)), {chain.question: chain.gold or "" for chain in chains}


def rows(verdicts: list[Verdict], golds: dict[str, Gold]) -> tuple[list[Row], list[Row]]:
    """Wrong chains beside their own gold chain, and for each its question beside a chain of another."""
    draw = random.Random(SEED)
    own, other = [], []
    for verdict in verdicts:
        if verdict.outcome != "wrong":
            continue
        question = verdict.question
        own.append((marks(verdict.steps, question, golds[question]), question, verdict.model or ""))
        stranger = verdict
        while stranger.question == question:
            stranger = draw.choice(verdicts)
        other.append((marks(stranger.steps, question, golds[question]), question, stranger.model or ""))
    return own, other


def values(found: list[Row]) -> np.ndarray:
    return np.array([[getattr(row[0], name) for name in MARKS] for row in found])


def fitted(x: np.ndarray, y: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=1e3, max_iter=1000).fit(x, y)


def reliability(score: np.ndarray, truth: np.ndarray) -> list[dict[str, float]]:
    place = np.minimum((score * 10).astype(int), 9)
    cells = [(i, place == i) for i in range(10) if (place == i).any()]
    return [
        {
            "bin": i,
            "rows": int(c.sum()),
            "mean": round(float(score[c].mean()), 4),
            "share": round(float(truth[c].mean()), 4),
        }
        for i, c in cells
    ]


def held_out(own: list[Row], other: list[Row]) -> dict[str, Any]:
    """Predictions of each fifth of the questions by a model of the rest."""
    every = own + other
    x, truth = values(every), np.array([1] * len(own) + [0] * len(other))
    questions = sorted({question for _, question, _ in every})
    random.Random(SEED).shuffle(questions)
    fold = {question: number % FOLDS for number, question in enumerate(questions)}
    folds = np.array([fold[question] for _, question, _ in every])
    score = np.zeros(len(every))
    for number in range(FOLDS):
        score[folds == number] = fitted(x[folds != number], truth[folds != number]).predict_proba(x[folds == number])[
            :, 1
        ]
    found = reliability(score, truth)
    models = np.array([model for _, _, model in every])
    return {
        "rows": len(every),
        "auc": round(float(roc_auc_score(truth, score)), 4),
        "ece": round(sum(abs(r["mean"] - r["share"]) * r["rows"] for r in found) / len(every), 4),
        "brier": round(float(np.mean((score - truth) ** 2)), 4),
        "reliability": found,
        "auc_by_model": {
            str(model): round(float(roc_auc_score(truth[models == model], score[models == model])), 4)
            for model in sorted(set(models))
        },
        "without_agreement": round(float((values(own)[:, 2] == 0).mean()), 4),
    }


def perturbed(texts: dict[str, str], golds: dict[str, Gold], model: LogisticRegression) -> dict[str, float]:
    """The median plausibility of chains broken on purpose, by kind: nothing was fitted to them."""
    medians = {}
    for kind in KINDS:
        made = [(q, perturb(q, text, SEED, (kind,))) for q, text in texts.items()]
        broken = [
            (marks(found.steps, q, golds[q]), q, kind) for q, found in made if not isinstance(found, NotPerturbed)
        ]
        medians[kind] = round(float(np.median(model.predict_proba(values(broken))[:, 1])), 4)
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", action="store_true", help="write negbank/reasoning/chain_coefficients.json")
    options = parser.parse_args()
    verdicts, texts = read()
    golds = {question: read_gold(text) for question, text in texts.items()}
    own, other = rows(verdicts, golds)
    measured = held_out(own, other)
    model = fitted(values(own + other), np.array([1] * len(own) + [0] * len(other)))
    measured["perturbed_medians"] = perturbed(texts, golds, model)
    if options.fit:
        weights = {name: round(float(w), 4) for name, w in zip(MARKS, model.coef_[0], strict=True)}
        about = {
            "data": "the four models' chains of openai/grade-school-math (example_model_solutions.jsonl)",
            "command": "python -m benchmarks.chain_plausibility --fit", "seed": SEED,
            "held_out": {name: measured[name] for name in ("rows", "auc", "ece", "brier")},
        }  # fmt: skip
        shipped = {"intercept": round(float(model.intercept_[0]), 4), "weights": weights, "about": about}
        SHIPPED.write_text(json.dumps(shipped, indent=1) + "\n")
    report = {
        "benchmark": "chain_plausibility", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("numpy", "scikit-learn"), "targets": {"ece": TARGET_ECE},
        "reached": {"ece": measured["ece"] <= TARGET_ECE}, "results": measured,
    }  # fmt: skip
    (RESULTS / "chain-plausibility.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["results"], indent=1))


if __name__ == "__main__":
    main()
