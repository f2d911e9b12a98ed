"""What a whole learning curve costs beside its parts: `python -m benchmarks.curve` (needs NEGBANK_HUB_MIRROR).

The whole is `measure`: a positive and a negative head on ARC, each trained once and scored at 16, 32, 64 and so on up
to `--examples`, checkpoints, adapters and files included. The parts are training each head to the end with nothing
on the way, and scoring the same exam as often. Both take turns, each round on a model loaded anew; the median of the
rounds' ratios is given, by the clock and by processor time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl
import torch

from benchmarks.machine import commit, describe_machine, describe_versions, now
from benchmarks.training import BATCH, RATE, SHAPES, build_model
from negbank.causal import Base, context_of, continuation_of, load_base
from negbank.heads import Example, LoraSettings, TrainSettings, active, train_head
from negbank.recipes import TrainingSettings
from negbank.scoring import Scorer
from negbank.sources import read_source
from negbank.validation import Asking, Exam, Lessons, Plan, measure, set_exam

TARGET = 1.2
SIDES = ("positive", "negative-near-miss")


def lessons_of(questions: pl.DataFrame, examples: int) -> Lessons:
    """A right and a wrong answer to each of some questions."""
    some = questions.filter(pl.col("distractors").list.len() > 0).sample(examples, seed=0, shuffle=True)
    sides = some["answer"], some["distractors"].list.first()
    right, wrong = (
        tuple(Example(context_of(q), continuation_of(a)) for q, a in zip(some["question"], side, strict=True))
        for side in sides
    )
    return Lessons(right, {"near-miss": wrong})


def whole(base: Base, exam: Exam, plan: Plan, folder: Path) -> None:
    """Both heads and their whole curves."""
    measure(base, exam, plan, folder)


def parts(base: Base, exam: Exam, plan: Plan, folder: Path) -> None:
    """Each head once to its end, and the exam as often as the curve asks for it."""
    lessons = plan.lessons[0]
    scorer = Scorer(base)
    with active(base, None):
        sit(scorer, exam, last=True)
    for name, examples in zip(SIDES, (lessons.positive, lessons.negative["near-miss"]), strict=True):
        train_head(base, name, examples, plan.lora, plan.training, [len(examples)], lambda _: None, folder / name)
        points = plan.points(len(examples))
        with active(base, name):
            for point in points:
                sit(scorer, exam, last=point == points[-1])


def sit(scorer: Scorer, exam: Exam, last: bool) -> None:
    """What is scored at one point: the choices, and at the last one the choices without their questions."""
    scorer.score(exam.prompts)
    if last:
        scorer.score(exam.blank)


def warm_up(model: Path, device: str, folder: Path) -> None:
    """A few steps that are not counted: the first products of a process are slow."""
    base = load_base(str(model), device=device)
    examples = [Example(context_of(f"What is {number}?"), continuation_of("a number")) for number in range(16)]
    train_head(base, "positive", examples, LoraSettings(), TrainSettings(RATE), [16], lambda _: None, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="smollm2-25m")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--examples", type=int, default=256)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    source = read_source("arc")
    plan = Plan(
        {0: lessons_of(source.questions, options.examples)}, TrainingSettings().points_for, LoraSettings(),
        TrainSettings(RATE, batch=BATCH),
    )  # fmt: skip
    seconds: dict[str, list[dict[str, float]]] = {"whole": [], "parts": []}
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch, "model")
        build_model(model, options.shape, options.device)
        warm_up(model, options.device, Path(scratch, "warm"))
        for number in range(options.rounds):
            for side, run in (("whole", whole), ("parts", parts)):
                base = load_base(str(model), device=options.device)
                exam = set_exam(
                    source.evaluation, source.questions, Asking(limit=options.questions), base.tokens, base.window
                )
                started, cpu = time.perf_counter(), time.process_time()
                run(base, exam, plan, Path(scratch, f"{side}-{number}"))
                taken = {"elapsed_s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
                seconds[side].append({key: round(value, 3) for key, value in taken.items()})
                print(f"round {number + 1}: {side}: {taken['elapsed_s']:.1f} s", flush=True)
    report: dict[str, Any] = {
        "benchmark": "curve", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("torch", "transformers", "peft"), "shape": options.shape, "weights": "random",
        "device": options.device, "threads": torch.get_num_threads(), "examples_a_head": options.examples,
        "points": plan.points(options.examples), "questions": options.questions, "target": TARGET,
        **{
            f"times_the_parts_by_{key}": round(statistics.median(
                a[key] / b[key] for a, b in zip(seconds["whole"], seconds["parts"], strict=True)
            ), 3)
            for key in ("elapsed_s", "cpu_s")
        },
        "seconds": seconds,
    }  # fmt: skip
    path = Path(__file__).parent / "results" / f"curve-{options.device.partition(':')[0]}-{options.shape}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
