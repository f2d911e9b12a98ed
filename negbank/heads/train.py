"""Training of one head: one pass over its examples, stopping at points to be measured, and going on after a kill."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from negbank.causal import Base
from negbank.causal.devices import lacks_memory
from negbank.errors import TrainingError
from negbank.heads.adapters import add_head, cuda_devices
from negbank.heads.batches import Sample, order_of, steps_of, tokenize
from negbank.heads.checkpoints import (
    Training,
    identity_of,
    read_checkpoint,
    read_points,
    write_checkpoint,
    write_points,
)
from negbank.heads.learners import HeadLearner, Learner
from negbank.heads.losses import Gradients, Step, Weigh, open_gradients
from negbank.heads.settings import STAGE, Example, HeadResult, LoraSettings, TrainSettings, check_settings
from negbank.records import Progress, no_progress


def train_head(
    base: Base,
    name: str,
    examples: Sequence[Example],
    lora: LoraSettings,
    training: TrainSettings,
    points: Sequence[int],
    at_point: Callable[[int], None],
    folder: Path,
    progress: Progress = no_progress,
) -> HeadResult:
    """The head `name`, trained on `examples` in their order and left on the base, not active.

    At each of `points` (numbers of examples, at ends of steps) the head is written to `folder/point-N` and
    `at_point(N)` is called with it active. A run that stopped goes on from `folder`'s checkpoint to the same
    numbers, and calls `at_point` for those points alone that had not returned. Raises TrainingError.
    """
    check_settings(lora, training)
    samples = tokenize(base, examples)
    steps = steps_of(len(samples), training, points)
    order = order_of(len(samples), training)
    schedule = Schedule(samples, [(stop, order[start:stop]) for start, stop in steps])
    add_head(base, name, lora, training.seed)
    learner, identity = HeadLearner(base, name), identity_of(base, name, examples, lora, training)
    run = Training(learner, folder, optimizer_of(learner, training), identity)
    read_checkpoint(run)
    # a point past the checkpoint was of a run whose checkpoint somebody has deleted
    done = [point for point in read_points(folder) if point <= run.position.examples]
    for stop in sorted({*points, steps[-1][1]}):
        train_to(run, schedule, stop, training, progress)
        if stop in points and stop not in done:
            _measure(run, stop, at_point)
            done = [*done, stop]
            write_points(folder, done)
    position = run.position
    return HeadResult(folder, position.examples, position.losses_nats, position.elapsed_s, position.tokens)


@dataclass(frozen=True)
class Schedule:
    """The steps of a run: after how many examples each ends, and which of `samples` it reads."""

    samples: Sequence[Sample]
    steps: Sequence[tuple[int, list[int]]]


def optimizer_of(learner: Learner, training: TrainSettings) -> torch.optim.Optimizer:
    """AdamW for what is trained."""
    return torch.optim.AdamW(
        learner.parameters, lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
    )


def _measure(run: Training, point: int, at_point: Callable[[int], None]) -> None:
    """Write the head down and have it measured."""
    if point < run.position.examples:
        raise TrainingError(
            f"the run in {run.folder} is at {run.position.examples} examples, past the point {point} that is asked for "
            "now; give another folder to train anew"
        )
    run.learner.save(run.folder / f"point-{point}", point)
    with run.learner.active():
        at_point(point)


def train_to(run: Training, schedule: Schedule, stop: int, training: TrainSettings, progress: Progress) -> None:
    """Take the steps up to `stop` examples and write a checkpoint, on the way too as often as is asked for."""
    ahead = [
        (number, end, rows) for number, (end, rows) in enumerate(schedule.steps) if run.position.examples < end <= stop
    ]
    if not ahead:
        return
    written, last = time.monotonic(), schedule.steps[-1][0]
    learner = run.learner
    with (
        learner.training(),
        _memory_named(training),
        open_gradients(learner.base, learner.parameters, streams=learner.streams) as gradients,
    ):
        for number, end, rows in ahead:
            for group in run.optimizer.param_groups:
                group["lr"] = training.rate(number, len(schedule.steps))
            _take_step(run, gradients, Read(end, rows, [schedule.samples[row] for row in rows]), training)
            progress(STAGE.format(name=learner.name), end, last)
            if time.monotonic() - written > training.checkpoint_s:
                write_checkpoint(run)
                written = time.monotonic()
    write_checkpoint(run)


@dataclass(frozen=True)
class Read:
    """What one step reads: samples, which of all they are, and how many examples are read after it."""

    end: int
    rows: list[int]
    samples: list[Sample]


def _take_step(run: Training, gradients: Gradients, read: Read, training: TrainSettings) -> None:
    """One step of the optimizer. Raises TrainingError, with nothing changed, where the loss is no number."""
    started = time.perf_counter()
    position, parameters = run.position, run.learner.parameters
    with torch.random.fork_rng(devices=cuda_devices(run.learner.base)):
        # each step draws its own dropout, so no state of a generator has to outlive a kill
        torch.manual_seed(training.seed * 1_000_003 + read.end)
        step = gradients.of(read.samples, training.max_tokens, _weigh(run, read))
    norm = _check_finite(step, len(position.losses_nats) + 1, training)
    if training.max_norm is not None and norm > training.max_norm:
        torch._foreach_mul_(list(step.gradients), training.max_norm / norm)
    for parameter, gradient in zip(parameters, step.gradients, strict=True):
        parameter.grad = gradient
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    if run.weighing is not None and step.samples_nats is not None:
        run.weighing.visit(read.rows, step.samples_nats)
    run.position = replace(
        position,
        examples=read.end,
        tokens=position.tokens + sum(len(sample.ids) for sample in read.samples),
        losses_nats=(*position.losses_nats, step.loss_nats),
        elapsed_s=position.elapsed_s + time.perf_counter() - started,
    )


def _weigh(run: Training, read: Read) -> Weigh | None:
    """How the samples of a step are weighed, by their places in it."""
    weighing = run.weighing
    if weighing is None:
        return None
    return lambda places, losses: weighing.look([read.rows[place] for place in places], losses)


def _check_finite(step: Step, number: int, training: TrainSettings) -> float:
    """The length of a step's gradient. Raises TrainingError where it, or the loss, is no number."""
    norms = torch.stack(torch._foreach_norm(list(step.gradients)))
    if not (math.isfinite(step.loss_nats) and bool(norms.isfinite().all())):
        raise TrainingError(
            f"the loss of step {number} is {step.loss_nats} or its gradient is no number, at a learning rate of "
            f"{training.learning_rate}; lower the recipe's learning_rate, or set precision = 'fp32' of its base"
        )
    return float(norms.norm())


@contextlib.contextmanager
def _memory_named(training: TrainSettings) -> Iterator[None]:
    """Say what to lower where memory runs out; what was written is kept, and the same call goes on from it."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        tokens = f"it is {training.max_tokens} now" if training.max_tokens else "such as 512"
        raise TrainingError(
            f"training ran out of memory; give --max-tokens ({tokens}), which changes no result and goes on from the "
            "last checkpoint, or a lower batch in the recipe, which begins anew"
        ) from error
