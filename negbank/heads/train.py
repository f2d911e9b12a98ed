"""Training of one head: one pass over its examples, stopping at points to be measured, and going on after a kill."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from negbank.causal import Base
from negbank.errors import TrainingError
from negbank.heads.adapters import active, add_head, cuda_devices, drops, parameters_of, save_head, set_training
from negbank.heads.batches import Sample, order_of, steps_of, tokenize
from negbank.heads.checkpoints import (
    Training,
    identity_of,
    read_checkpoint,
    read_points,
    write_checkpoint,
    write_points,
)
from negbank.heads.losses import Gradients, Step, open_gradients
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
    schedule = [(stop, [samples[row] for row in order[start:stop]]) for start, stop in steps]
    add_head(base, name, lora, training.seed)
    run = _started(base, name, folder, training, identity_of(base, name, examples, lora, training))
    # a point past the checkpoint was of a run whose checkpoint somebody has deleted
    done = [point for point in read_points(folder) if point <= run.position.examples]
    for stop in sorted({*points, steps[-1][1]}):
        _train_to(run, schedule, stop, training, progress)
        if stop in points and stop not in done:
            _measure(run, stop, at_point)
            done = [*done, stop]
            write_points(folder, done)
    position = run.position
    return HeadResult(folder, position.examples, position.losses_nats, position.elapsed_s, position.tokens)


def _started(base: Base, name: str, folder: Path, training: TrainSettings, identity: dict[str, str]) -> Training:
    """A run at its checkpoint, or at its begin."""
    optimizer = torch.optim.AdamW(
        parameters_of(base, name), lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
    )
    run = Training(base, name, folder, optimizer, identity)
    read_checkpoint(run)
    return run


def _measure(run: Training, point: int, at_point: Callable[[int], None]) -> None:
    """Write the head down and have it measured."""
    if point < run.position.examples:
        raise TrainingError(
            f"the run in {run.folder} is at {run.position.examples} examples, past the point {point} that is asked for "
            "now; give another folder to train anew"
        )
    save_head(run.base, run.name, run.folder / f"point-{point}", point)
    with active(run.base, run.name):
        at_point(point)


def _train_to(
    run: Training, schedule: Sequence[tuple[int, list[Sample]]], stop: int, training: TrainSettings, progress: Progress
) -> None:
    """Take the steps up to `stop` examples and write a checkpoint, on the way too as often as is asked for."""
    begun = run.position
    ahead = [(end, samples) for end, samples in schedule if begun.examples < end <= stop]
    if not ahead:
        return
    written = time.monotonic()
    parameters = parameters_of(run.base, run.name)
    # dropout is drawn from one generator, whose order several streams would leave to chance
    streams = 1 if drops(run.base, run.name) else None
    with _trainable(run), _memory_named(training), open_gradients(run.base, parameters, streams=streams) as gradients:
        for end, samples in ahead:
            _take_step(run, gradients, samples, end, training)
            progress(STAGE.format(name=run.name), end, schedule[-1][0])
            if time.monotonic() - written > training.checkpoint_s:
                write_checkpoint(run)
                written = time.monotonic()
    write_checkpoint(run)


def _take_step(run: Training, gradients: Gradients, samples: list[Sample], end: int, training: TrainSettings) -> None:
    """One step of the optimizer. Raises TrainingError, with nothing changed, where the loss is no number."""
    started = time.perf_counter()
    position, parameters = run.position, parameters_of(run.base, run.name)
    with torch.random.fork_rng(devices=cuda_devices(run.base)):
        # each step draws its own dropout, so no state of a generator has to outlive a kill
        torch.manual_seed(training.seed * 1_000_003 + end)
        step = gradients.of(samples, training.max_tokens)
    _check_finite(step, len(position.losses_nats) + 1, training)
    for parameter, gradient in zip(parameters, step.gradients, strict=True):
        parameter.grad = gradient
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    run.position = replace(
        position,
        examples=end,
        tokens=position.tokens + sum(len(sample.ids) for sample in samples),
        losses_nats=(*position.losses_nats, step.loss_nats),
        elapsed_s=position.elapsed_s + time.perf_counter() - started,
    )


def _check_finite(step: Step, number: int, training: TrainSettings) -> None:
    norms = torch.stack(torch._foreach_norm(list(step.gradients)))
    if not (math.isfinite(step.loss_nats) and bool(norms.isfinite().all())):
        raise TrainingError(
            f"the loss of step {number} is {step.loss_nats} or its gradient is no number, at a learning rate of "
            f"{training.learning_rate}; lower the learning rate (--learning-rate), or use --precision fp32"
        )


@contextlib.contextmanager
def _trainable(run: Training) -> Iterator[None]:
    """Within, the run's head is active and its parameters take gradients."""
    with active(run.base, run.name):
        set_training(run.base, run.name, True)
        try:
            yield
        finally:
            set_training(run.base, run.name, False)


@contextlib.contextmanager
def _memory_named(training: TrainSettings) -> Iterator[None]:
    """Say what to lower where memory runs out; what was written is kept, and the same call goes on from it."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not isinstance(error, (torch.OutOfMemoryError, MemoryError)) and "alloc" not in str(error):
            raise
        tokens = f"it is {training.max_tokens} now" if training.max_tokens else "such as 512"
        raise TrainingError(
            f"training ran out of memory; give --max-tokens ({tokens}), which changes no result and goes on from the "
            "last checkpoint, or a lower --batch, which begins anew"
        ) from error
