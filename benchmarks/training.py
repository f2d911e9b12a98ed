"""Training a head on ARC, side by side with TRL's SFTTrainer: its defaults, and the best of its settings.

`python -m benchmarks.training` (needs NEGBANK_HUB_MIRROR, trl). All sides train the same LoRA adapter, drawn by the
same seed, on the same examples in the same batches of 8, from the same random weights, at the same constant rate and
without clipping; what differs is how. Sides run in alternating rounds in one process, each round on a model loaded
anew; medians are given. Of TRL, `train()` alone is timed, on examples that are tokens already; of ours the whole
call, with tokenizing, checkpoints and the folder of the head.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.encoding import peak_gflops
from benchmarks.machine import commit, describe_machine, describe_versions, now
from negbank.causal import context_of, continuation_of, load_base
from negbank.heads import Example, LoraSettings, TrainSettings, train_head
from negbank.sources import read_source

BATCH, RATE, SEED = 8, 1e-3, 42
TARGETS = {"defaults": 3.0, "best": 2.0}
MAX_LOSS_DIFFERENCE = 1e-4

SHAPES: dict[str, dict[str, Any]] = {
    # SmolLM2-135M's proportions at 25M, as 135M takes minutes a round on two cores
    "smollm2-25m": {
        "vocab_size": 16_384, "hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 12,
        "num_attention_heads": 6, "num_key_value_heads": 2,
    },
    "smollm2-135m": {
        "vocab_size": 49_152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
        "num_attention_heads": 9, "num_key_value_heads": 3,
    },
    "mistral-7b": {
        "vocab_size": 32_000, "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "tie_word_embeddings": False,
    },
}  # fmt: skip

TRL: dict[str, dict[str, Any]] = {
    "defaults": {},
    "no checkpointing": {"gradient_checkpointing": False},
    "by length": {"gradient_checkpointing": False, "train_sampling_strategy": "group_by_length"},
    "padding-free": {"gradient_checkpointing": False, "padding_free": True, "max_length": None},
}
"""Settings of SFTTrainer. All but its defaults run in fp32 on a processor, where its bf16 is emulated. Packing is not
here: it changes how many examples a step has. TRL says that padding_free needs FlashAttention; with transformers 5
the mask keeps sequences apart under SDPA too, and the losses agree."""


@dataclass(frozen=True)
class Job:
    """What every side trains on."""

    folder: Path
    examples: list[Example]
    device: str
    out: Path


Seconds = dict[str, list[float]]
"""`elapsed_s` of training; `cpu_s` on all cores, loading the model too."""

Run = Callable[[Job], tuple[float, list[float]]]
"""Trains once: seconds, and the loss of each step."""


def arc_examples(count: int) -> list[Example]:
    questions = read_source("arc").questions.sample(count, seed=0, shuffle=True)
    pairs = zip(questions["question"], questions["answer"], strict=True)
    return [Example(context_of(question), continuation_of(answer)) for question, answer in pairs]


def build_model(folder: Path, shape: str, device: str) -> None:
    """A Llama of `shape` with random weights, and a tokenizer of 8,192 tokens trained on ARC."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    questions = read_source("arc").questions
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=8192, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator([*questions["question"], *questions["answer"]], trainer)
    end = "<|endoftext|>"
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=end, pad_token=end).save_pretrained(folder)
    torch.manual_seed(0)
    settings = {"tie_word_embeddings": True, "max_position_embeddings": 2048} | SHAPES[shape]
    with torch.device(device):
        model = LlamaForCausalLM(LlamaConfig(**settings, initializer_range=0.04, bos_token_id=0, eos_token_id=0))
    model.to(torch.bfloat16 if device != "cpu" else torch.float32).save_pretrained(folder)


def ours(job: Job) -> tuple[float, list[float]]:
    base = load_base(str(job.folder), device=job.device)
    with tempfile.TemporaryDirectory(dir=job.out) as folder:
        started = time.perf_counter()
        settings = TrainSettings(RATE, batch=BATCH, seed=SEED)
        result = train_head(
            base, "positive", job.examples, LoraSettings(), settings, [len(job.examples)], lambda _: None, Path(folder)
        )
        return time.perf_counter() - started, list(result.losses_nats)


def peer(settings: dict[str, Any]) -> Run:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, PrinterCallback
    from trl import SFTConfig, SFTTrainer

    def run(job: Job) -> tuple[float, list[float]]:
        base = load_base(str(job.folder), device="cpu", precision="fp32")
        pairs = base.tokens.pairs([(example.context, example.continuation) for example in job.examples])
        columns = {
            "input_ids": [context + answer for context, answer in pairs],
            "labels": [[-100] * len(context) + answer for context, answer in pairs],
        }
        on_cpu = job.device == "cpu"
        model = AutoModelForCausalLM.from_pretrained(job.folder, dtype=torch.float32 if on_cpu else torch.bfloat16)
        same = {
            "per_device_train_batch_size": BATCH, "num_train_epochs": 1, "learning_rate": RATE, "seed": SEED,
            "lr_scheduler_type": "constant", "max_grad_norm": 0.0, "train_sampling_strategy": "sequential",
            "logging_steps": 1, "save_strategy": "no", "report_to": [], "disable_tqdm": True, "use_cpu": on_cpu,
        }  # fmt: skip
        precision = {"bf16": False} if on_cpu and settings else {}
        lora = LoraSettings()
        trainer = SFTTrainer(
            model,
            args=SFTConfig(str(job.out / "trl"), **(same | precision | settings)),
            train_dataset=Dataset.from_dict(columns),
            processing_class=base.tokens.tokenizer,
            peft_config=LoraConfig(
                r=lora.rank, lora_alpha=lora.alpha, target_modules=list(lora.targets), task_type="CAUSAL_LM"
            ),
        )
        trainer.remove_callback(PrinterCallback)
        started = time.perf_counter()
        trainer.train()
        elapsed = time.perf_counter() - started
        return elapsed, [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

    return run


def work(job: Job, shape: str) -> dict[str, Any]:
    """Tokens of the examples, as they are and as padded, and the operations that training needs at least."""
    tokens = load_base(str(job.folder), device="cpu").tokens
    pairs = tokens.pairs([(example.context, example.continuation) for example in job.examples])
    lengths = [len(context) + len(answer) for context, answer in pairs]
    padded = sum(len(part) * max(part) for part in (lengths[at : at + BATCH] for at in range(0, len(lengths), BATCH)))
    answers = sum(len(answer) for _, answer in pairs)
    config = SHAPES[shape]
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    keys = width // config["num_attention_heads"] * config["num_key_value_heads"]
    weights = layers * (2 * width * width + 2 * width * keys + 3 * width * inner)
    # forward and the gradient of what each layer read; frozen weights have no gradient of their own
    flop = 4 * (weights * (sum(lengths) - len(lengths)) + config["vocab_size"] * width * answers)
    return {
        "examples": len(pairs), "tokens": sum(lengths), "tokens_padded_as_given": padded, "answer_tokens": answers,
        "weights_of_layers": weights, "gflop": round(flop / 1e9, 1),
    }  # fmt: skip


def compare(sides: dict[str, Run], job: Job, rounds: int) -> tuple[dict[str, Seconds], dict[str, list[float]]]:
    """Seconds of each side and round, and each side's losses."""
    seconds: dict[str, Seconds] = {side: {"elapsed_s": [], "cpu_s": []} for side in sides}
    losses: dict[str, list[float]] = {}
    for number in range(rounds):
        for side, run in sides.items():
            cpu = time.process_time()
            elapsed, losses[side] = run(job)
            seconds[side]["elapsed_s"].append(round(elapsed, 3))
            seconds[side]["cpu_s"].append(round(time.process_time() - cpu, 3))
            gc.collect()
            rate = len(job.examples) / elapsed
            print(f"round {number + 1}: {side}: {rate:.2f} examples/s, last loss {losses[side][-1]:.5f}", flush=True)
    return seconds, losses


def summary(seconds: dict[str, Seconds], losses: dict[str, list[float]], done: dict[str, Any]) -> dict[str, Any]:
    """Rates of each side, how many times slower than ours it is, and how far its losses are from ours."""
    results = {}
    for side, taken in seconds.items():
        elapsed = taken["elapsed_s"]
        apart = max(abs(own - theirs) for own, theirs in zip(losses["ours"], losses[side], strict=True))
        median = statistics.median(elapsed)
        results[side] = {
            "examples_per_s": round(done["examples"] / median, 2),
            "gflops_of_what_is_needed": round(done["gflop"] / median, 1),
            "ours_is_times_faster": round(
                statistics.median(t / own for t, own in zip(elapsed, seconds["ours"]["elapsed_s"], strict=True)), 2
            ),
            "last_loss_nats": losses[side][-1],
            "largest_difference_of_a_step_nats": apart,
            **taken,
        }
    return results


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="smollm2-25m")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--examples", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, help="of torch, for all sides; left out, torch's own choice")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    if options.threads:
        torch.set_num_threads(options.threads)
    sides = {"ours": ours, **{side: peer(settings) for side, settings in TRL.items()}}
    with tempfile.TemporaryDirectory() as out:
        job = Job(Path(out, "model"), arc_examples(options.examples), options.device, Path(out))
        build_model(job.folder, options.shape, options.device)
        done = work(job, options.shape)
        dtype = torch.float32 if options.device == "cpu" else torch.bfloat16
        peak = peak_gflops(dtype, options.device)
        ours(Job(job.folder, job.examples[:16], job.device, job.out))  # the first products of a process are slow
        seconds, losses = compare(sides, job, options.rounds)
        peak = max(peak, peak_gflops(dtype, options.device))
    results = summary(seconds, losses, done)
    # grouped by length the batches are others, so its losses say nothing, but its speed counts
    best = max((side for side in TRL if side != "defaults"), key=lambda side: results[side]["examples_per_s"])
    times = {"defaults": results["defaults"]["ours_is_times_faster"], "best": results[best]["ours_is_times_faster"]}
    report = {
        "benchmark": "training", "date": now(), "commit": commit(), "machine": describe_machine(),
        "versions": describe_versions("torch", "transformers", "peft", "trl", "accelerate"),
        "shape": options.shape, "weights": "random", "device": options.device, "threads": torch.get_num_threads(),
        "batch": BATCH, "work": done, "peak_gflops": peak,
        "share_of_peak": round(results["ours"]["gflops_of_what_is_needed"] / peak, 3),
        "best": best, "times_faster": times, "targets": TARGETS,
        "reached": {side: times[side] >= target for side, target in TARGETS.items()},
        "same_losses": results["padding-free"]["largest_difference_of_a_step_nats"] <= MAX_LOSS_DIFFERENCE,
        "results": results,
    }  # fmt: skip
    kind = options.device.partition(":")[0]
    path = Path(__file__).parent / "results" / f"training-{kind}-{options.shape}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
