"""Scoring ARC-Challenge test, side by side with lm-evaluation-harness's `HFLM` at its best batch size.

`python -m benchmarks.scoring` (needs NEGBANK_HUB_MIRROR and the extra `lm-eval`; 15 minutes on two cores). The model
has SmolLM2-135M's shape and random weights, since speed and equality do not depend on what they hold; its tokenizer is
trained on ARC's texts. Three setups: all 1,172 questions without shots, 100 with 25 shots drawn for each question as
the harness draws them, and 100 behind one fixed block of 25. Each run is a process of its own that loads the model,
scores one question, and then all of them on the clock, tokenizing included; sides take turns; medians are given.
`peak_mib` is the most that a process held (VmHWM), model and libraries included; `working_mib` is what is above the
loaded model. `cpu_s` is the process's time on all cores, which other processes' load disturbs less than `elapsed_s`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.machine import commit, describe_machine, describe_versions, now

SHOTS = 25
TARGET = {"zero": 3.2, "drawn": 4.2, "fixed": 47.0}
MEMORY_TARGET = 1 / 3
MAX_DIFFERENCE = {"fp32": 1e-3, "bf16": float("inf")}
BATCH_SIZES = {
    "cpu": {"zero": (4, 8, 16, 32, 64), "drawn": (1, 2, 4, 8), "fixed": (1, 2, 4, 8)},
    "cuda": {"zero": (16, 32, 64, 128, 256), "drawn": (4, 8, 16, 32, 64), "fixed": (4, 8, 16, 32, 64)},
}
TRIED = {"zero": 120, "drawn": 3, "fixed": 3}
"""Questions on which the harness's batch sizes are tried."""


Score = Callable[[list[Any]], np.ndarray]
"""Prompts to the (n,) log-likelihoods of their answers."""


@dataclass(frozen=True)
class Task:
    """What one process does."""

    folder: str
    setup: str
    questions: int
    device: str
    precision: str
    batch_size: int = 0
    """Of the harness; 0: our side."""


def rows(split: str) -> list[dict[str, Any]]:
    pattern = Path(os.environ["NEGBANK_HUB_MIRROR"], f"allenai/ai2_arc/ARC-Challenge/{split}-*.parquet")
    return list(pl.read_parquet(pattern).iter_rows(named=True))


def texts() -> list[str]:
    """All questions and choices of ARC."""
    found: list[str] = []
    for path in sorted(Path(os.environ["NEGBANK_HUB_MIRROR"], "allenai/ai2_arc").glob("*/*.parquet")):
        frame = pl.read_parquet(path)
        found += [*frame["question"], *(text for row in frame["choices"] for text in row["text"])]
    return found


def prompts(setup: str, questions: int) -> list[Any]:
    """The first `questions` of the test set, behind the shots of a setup."""
    from negbank.causal import context_of, continuation_of
    from negbank.scoring import Prompt, Shot, drawn, fixed

    test = rows("test")[:questions]
    pool = [
        Shot(r["question"], r["choices"]["text"][r["choices"]["label"].index(r["answerKey"])]) for r in rows("train")
    ]
    heads = {
        "zero": lambda: [""] * len(test),
        "drawn": lambda: drawn(pool, [row["question"] for row in test], SHOTS),
        "fixed": lambda: [fixed(pool, SHOTS)] * len(test),
    }[setup]()
    return [
        Prompt(head + context_of(row["question"]), tuple(map(continuation_of, row["choices"]["text"])))
        for head, row in zip(heads, test, strict=True)
    ]


def make_model(folder: Path, shape: str, dtype: str) -> None:
    """A model of a published shape with random weights, and a tokenizer trained on ARC."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, PreTrainedTokenizerFast

    shapes = {
        "SmolLM2-135M": lambda: LlamaConfig(
            vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
            num_key_value_heads=3, max_position_embeddings=8192, rope_theta=100_000, tie_word_embeddings=True,
        ),
        "Mistral-7B-v0.1": lambda: MistralConfig(max_position_embeddings=32768, sliding_window=4096),
    }  # fmt: skip
    config = shapes[shape]()
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=config.vocab_size, special_tokens=["<s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts(), trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="<s>").save_pretrained(folder)
    torch.manual_seed(0)
    config.initializer_range = 0.04  # a little further apart than new weights, so that answers differ by tens of nats
    AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype)).save_pretrained(folder)


def load_ours(task: Task) -> tuple[Any, Score]:
    """The model, and what scores prompts by it."""
    from negbank.causal import load_base
    from negbank.scoring import Scorer

    base = load_base(task.folder, task.device, task.precision)
    scorer = Scorer(base)
    return base.model, lambda asked: scorer.score(asked).log_likelihood


def load_harness(task: Task) -> tuple[Any, Score]:
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    logging.disable(logging.WARNING)
    dtype = {"fp32": "float32", "bf16": "bfloat16"}[task.precision]
    harness = HFLM(pretrained=task.folder, device=task.device, dtype=dtype, batch_size=task.batch_size)

    def score(asked: list[Any]) -> np.ndarray:
        every = [Instance("loglikelihood", {}, (p.context, answer), 0) for p in asked for answer in p.answers]
        return np.array([value for value, _ in harness.loglikelihood(every, disable_tqdm=True)])

    return harness.model, score


def memory_mib(field: str) -> int:
    """VmRSS, what this process holds, or VmHWM, the most it ever held."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[field].split()[0]) // 1024


def child(task: Task, out: Path) -> None:
    """One run, in a process of its own; its log-likelihoods go to `out`, the rest to standard output as JSON."""
    import torch

    asked = prompts(task.setup, task.questions)
    model, score = (load_harness if task.batch_size else load_ours)(task)
    with torch.inference_mode():
        model(input_ids=torch.zeros(1, 8, dtype=torch.long, device=task.device))  # weights are read when first used
    loaded = memory_mib("VmRSS")
    score(asked[:1])
    started, cpu = time.perf_counter(), time.process_time()
    values = score(asked)
    found = {"elapsed_s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
    np.save(out, values)
    peak = memory_mib("VmHWM")
    memory = {"peak_mib": peak, "working_mib": peak - loaded}
    if torch.cuda.is_available():
        memory["gpu_peak_mib"] = torch.cuda.max_memory_allocated() // 2**20
    print(json.dumps({**{key: round(value, 3) for key, value in found.items()}, **memory}))


def run(task: Task) -> tuple[dict[str, Any] | None, np.ndarray]:
    """What `child` gives, from a process of its own; None where it ended for want of memory."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "values.npy")
        words = [sys.executable, "-m", "benchmarks.scoring", "--child", json.dumps(vars(task)), "--out", str(out)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stderr[-600:], flush=True)
            return None, np.empty(0)
        result = json.loads(done.stdout.strip().splitlines()[-1])
        side = f"harness, batch size {task.batch_size}" if task.batch_size else "negbank"
        print(f"{task.setup}: {side}: {task.questions / result['elapsed_s']:.2f} questions/s, {result}", flush=True)
        return result, np.load(out)


def best_batch_size(task: Task) -> tuple[int, dict[int, float]]:
    """The harness's fastest batch size, and the questions per second of those tried."""
    found = {}
    for size in BATCH_SIZES[task.device.partition(":")[0]][task.setup]:
        some = Task(**{**vars(task), "questions": min(TRIED[task.setup], task.questions), "batch_size": size})
        result, _ = run(some)
        if result is None:
            break
        found[size] = round(some.questions / result["elapsed_s"], 3)
        if found[size] < 0.8 * max(found.values()):
            break  # larger ones only pad more
    return max(found, key=lambda size: found[size]), found


def tokens(folder: str, asked: list[Any]) -> dict[str, Any]:
    """Tokens that each side reads, and the ratio that is there by reading a context, or the shared block, once."""
    from transformers import AutoTokenizer

    from negbank.causal import Tokens
    from negbank.scoring.groups import group
    from negbank.scoring.trees import Answer, grow

    pairs = Tokens(AutoTokenizer.from_pretrained(folder)).pairs(
        [(p.context, answer) for p in asked for answer in p.answers]
    )
    groups = group(grow([Answer(row, tuple(context), tuple(ids)) for row, (context, ids) in enumerate(pairs)]))
    theirs = sum(len(context) + len(ids) - 1 for context, ids in pairs)
    read = sum(len(some.prefix) + sum(map(len, some.trees)) for some in groups)
    return {"harness": theirs, "negbank": read, "ratio": round(theirs / read, 2)}


def compare(task: Task, rounds: int) -> dict[str, Any]:
    size, tried = best_batch_size(task)
    sides = {"harness": Task(**{**vars(task), "batch_size": size}), "negbank": task}
    results: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    values = {}
    for _ in range(rounds):
        for side, some in sides.items():
            result, values[side] = run(some)
            if result is None:
                raise SystemExit(f"{side} failed in setup {task.setup}")
            results[side].append(result)
    pairs = list(zip(results["harness"], results["negbank"], strict=True))
    keys = [key for key in results["negbank"][0] if key.endswith("_mib")]
    report: dict[str, Any] = {
        "questions": task.questions,
        "answers": len(values["negbank"]),
        "tokens": tokens(task.folder, prompts(task.setup, task.questions)),
        "harness_batch_size": size,
        "harness_questions_per_s_by_batch_size": tried,
        "times_the_harness": round(statistics.median(t["elapsed_s"] / o["elapsed_s"] for t, o in pairs), 2),
        "times_the_harness_by_cpu_s": round(statistics.median(t["cpu_s"] / o["cpu_s"] for t, o in pairs), 2),
        "max_difference": float(np.abs(values["harness"] - values["negbank"]).max()),
        "share_of_memory": {k: round(statistics.median(o[k] / max(1, t[k]) for t, o in pairs), 3) for k in keys},
    }
    for side, runs in results.items():
        elapsed = statistics.median(each["elapsed_s"] for each in runs)
        report[side] = {"questions_per_s": round(task.questions / elapsed, 3), "runs": runs}
    return report


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="SmolLM2-135M", choices=["SmolLM2-135M", "Mistral-7B-v0.1"])
    parser.add_argument("--folder", type=Path, help="where the model is made and kept; a temporary folder if not given")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--setups", nargs="+", default=list(TARGET), choices=list(TARGET))
    parser.add_argument("--questions", type=int, default=1172, help="without shots")
    parser.add_argument("--shot-questions", type=int, default=100, help="with shots")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(options: argparse.Namespace, folder: Path, path: Path) -> None:
    """Each setup in turn, its result written when it is there; `path` keeps what it has of the others."""
    if not (folder / "config.json").exists():
        make_model(folder, options.shape, {"fp32": "float32", "bf16": "bfloat16"}[options.precision])
    about = {
        "benchmark": "scoring", "machine": describe_machine(),
        "versions": describe_versions("torch", "transformers", "lm-eval", "numpy"), "device": options.device,
        "precision": options.precision, "shape": options.shape, "shots": SHOTS, "targets": TARGET,
    }  # fmt: skip
    kept = json.loads(path.read_text()) if path.exists() else {}
    results = kept["results"] if all(kept.get(key) == value for key, value in about.items()) else {}
    for setup in options.setups:
        count = options.questions if setup == "zero" else options.shot_questions
        found = compare(Task(str(folder), setup, count, options.device, options.precision), options.rounds)
        results[setup] = {"date": now(), "commit": commit(), **found}
        report = {**about, "reached": {name: judged(name, one, options) for name, one in results.items()}}
        path.write_text(json.dumps({**report, "results": results}, indent=1) + "\n")
        print(json.dumps({setup: results[setup]}, indent=1), flush=True)


def judged(setup: str, found: dict[str, Any], options: argparse.Namespace) -> dict[str, bool]:
    """Which targets a setup's result meets; memory is the card's where there is one."""
    shares = found["share_of_memory"]
    return {
        "speed": found["times_the_harness"] >= TARGET[setup],
        "memory": shares.get("gpu_peak_mib", shares["peak_mib"]) <= MEMORY_TARGET,
        "equality": found["max_difference"] <= MAX_DIFFERENCE[options.precision],
    }


def main() -> None:
    options = arguments()
    if options.child:
        child(Task(**json.loads(options.child)), options.out)
        return
    kind = options.device.partition(":")[0]
    path = Path(__file__).parent / "results" / f"scoring-{options.shape.lower()}-{kind}-{options.precision}.json"
    with tempfile.TemporaryDirectory() as temporary:
        measure(options, options.folder or Path(temporary), path)


if __name__ == "__main__":
    main()
