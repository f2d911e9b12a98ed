"""Results for tests of the report. EVERY NUMBER IN HERE IS MADE UP: nothing was trained or measured."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from negbank.recipes import as_record, load_recipe
from negbank.report import BaseModel, Compared, Evaluation, HeadRun, Point, Probe, Referred, Result, Shift

EXAMPLES = (16, 32, 64, 128, 256, 512)
QUESTIONS = 1172
TIERS = ("near-miss", "irrelevant", "unrelated")
REACHED = {"near-miss": 0.80, "irrelevant": 0.70, "unrelated": 0.62}


def made_up_point(system: str, tier: str | None, examples: int, accuracy: float, **changes: Any) -> Point:
    half = 1.96 * math.sqrt(accuracy * (1 - accuracy) / QUESTIONS)
    values: dict[str, Any] = {
        "system": system,
        "tier": tier,
        "examples": examples,
        "positives": examples if system in ("sft", "likra") else 0,
        "negatives": examples if "likra" in system else 0,
        "weight": 1.0 if "likra" in system else None,
        "measure": "acc_norm",
        "accuracy": accuracy,
        "low": max(0.0, accuracy - half),
        "high": min(1.0, accuracy + half),
        "by_seed": (accuracy,),
    }
    return Point(**{**values, **changes})


def made_up_curve(tiers: tuple[str, ...], measure: str = "acc_norm") -> tuple[Point, ...]:
    """A jump between 64 and 256 examples, higher for negatives that are more plausible."""
    shift = 0.0 if measure == "acc_norm" else -0.04
    points = [made_up_point("base", None, 0, 0.600 + shift, measure=measure)]
    for place, examples in enumerate(EXAMPLES):
        points.append(made_up_point("sft", None, examples, 0.605 + 0.006 * place + shift, measure=measure))
        for tier in tiers:
            rise = (REACHED[tier] - 0.60) / (1 + math.exp(-(math.log2(examples) - 6.6) * 1.8))
            for system, share in (("likra", 1.0), ("base-likra", 0.93)):
                points.append(made_up_point(system, tier, examples, 0.60 + share * rise + shift, measure=measure))
    return tuple(points)


def made_up_shift() -> tuple[Shift, ...]:
    slopes = {
        "positive": {"correct": 0.05, "most-likely-incorrect": 0.04, "irrelevant": 0.01, "unrelated": -0.05},
        "negative": {"correct": -0.02, "most-likely-incorrect": 0.09, "irrelevant": 0.02, "unrelated": -0.06},
    }
    return tuple(
        Shift(head, None if head == "positive" else "near-miss", examples, kind, slope * math.log2(examples) / 3)  # type: ignore[arg-type]
        for head, kinds in slopes.items()
        for kind, slope in kinds.items()
        for examples in EXAMPLES
    )


def made_up_comparisons(tier: str) -> tuple[Compared, ...]:
    return tuple(
        Compared("likra", "sft", tier, examples, "acc_norm", difference, difference - 0.031, difference + 0.031, p)  # type: ignore[arg-type]
        for examples, difference, p in ((64, 0.012, 0.45), (512, 0.123, 0.0000999))
    )


def made_up_weights(tier: str, weights: tuple[float, ...]) -> tuple[Point, ...]:
    return tuple(
        made_up_point(system, tier, 512, 0.62 + 0.18 * math.sin(min(1.2, w) / 1.2 * 1.57) + less, weight=w)
        for system, less in (("likra", 0.0), ("base-likra", -0.02))
        for w in weights
    )


def made_up_result(tiers: tuple[str, ...] = ("near-miss",), **changes: Any) -> Result:
    """A result with everything in it."""
    recipe = load_recipe("arc")
    base = recipe.base().name
    values: dict[str, Any] = {
        "version": "arc@v3",
        "manifest": "4f2c" * 16,
        "negbank": "0.1.0",
        "command": "negbank benchmark arc@v3 --likra --sft --shots 25",
        "recipe": as_record(recipe),
        "base": BaseModel(base, "7231864981174d9bee8c7687c24c8344414eae6b", "53aa" * 16, 7_241_732_096, "mistral"),
        "machine": {"device": "cpu", "cores": 2, "memory_gb": 8.0, "system": "Linux"},
        "packages": {"torch": "2.13.0", "transformers": "5.23.0"},
        "seeds": (0,),
        "started": "2026-01-05T10:00:00+00:00",
        "elapsed_s": 4321.0,
        "evaluation": Evaluation("arc", "210d026", QUESTIONS, 0.2502, 25, "per-question", "acc_norm"),
        "curve": made_up_curve(tiers) + made_up_curve(tiers, "acc"),
        "weights": made_up_weights(tiers[0], recipe.likra.weights),
        "shift": made_up_shift(),
        "probe": Probe("likra", tiers[0], 512, 0.31, 0.284, 0.337, 0.2502, False),  # type: ignore[arg-type]
        "comparisons": made_up_comparisons(tiers[0]),
        "references": tuple(
            Referred(r.base, r.system, r.measure, r.accuracy, r.source) for r in recipe.references_for(base, "acc_norm")
        ),
        "training": tuple(
            HeadRun(head, tier, 0, 512, 9216, tuple(3.2 - 0.02 * step for step in range(64)), 61.5, 8.3)  # type: ignore[arg-type]
            for head, tier in (("positive", None), ("negative", tiers[0]))
        ),
        "notices": ("arc: 3,548 of 6,615 training questions found",),
    }
    return dataclasses.replace(Result(**values), **changes)
