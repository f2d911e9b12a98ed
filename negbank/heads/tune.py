"""Chains of thought -> a tuned model or head: several epochs, each sample with the weight that is its own.

The loss of a sample is the mean over its own answer's tokens, that of a step the weighed mean over its samples
(arXiv 2601.04992). Weights come from the losses of the very forward pass that the gradient is of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from negbank.causal import Base
from negbank.glow import GlowSettings, SampleId
from negbank.heads.adapters import add_head
from negbank.heads.batches import order_of, steps_of, tokenize
from negbank.heads.checkpoints import Training, read_checkpoint
from negbank.heads.learners import HeadLearner, Learner, ModelLearner
from negbank.heads.settings import Example, LoraSettings, TrainSettings, check_settings
from negbank.heads.train import Schedule, optimizer_of, train_to
from negbank.heads.weighing import Weighing
from negbank.records import Progress, no_progress

HISTORY_FILE: Final = "losses.json"
"""The losses of all samples at their last visit, as `glow.LossHistory` reads them."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chain:
    """One chain of thought to learn from, and the id that its losses are kept under."""

    id: SampleId
    example: Example


@dataclass(frozen=True)
class TuneSettings:
    """How chains are learned: `lora` None changes all of the model's weights, `glow` None weighs each sample alike."""

    training: TrainSettings
    lora: LoraSettings | None = None
    glow: GlowSettings | None = None


@dataclass(frozen=True, eq=False)
class Tuned:
    """What was learned, how it can be used (`learner`), and how it went.

    `losses_nats` and `weights` are (epochs, chains): of each chain at each visit, in the order that chains were given.
    """

    learner: Learner
    losses_nats: Floats
    weights: Floats
    tokens: int
    elapsed_s: float


def tune(
    base: Base, name: str, chains: Sequence[Chain], settings: TuneSettings, folder: Path,
    progress: Progress = no_progress,
) -> Tuned:  # fmt: skip
    """The base tuned on `chains`, or a head `name` on it, read to the end of every epoch.

    A run that stopped goes on from `folder`'s checkpoint to the same numbers. A whole model is trained in place: give
    a base that was loaded for it. Raises TrainingError for chains that cannot be trained on.
    """
    training = settings.training
    check_settings(settings.lora or LoraSettings(), training)
    samples = tokenize(base, [chain.example for chain in chains], end=True)
    weighing = Weighing([chain.id for chain in chains], settings.glow)
    order = order_of(len(samples), training)
    steps = [(stop, order[start:stop]) for start, stop in steps_of(len(samples), training, ())]
    learner = _learner(base, name, settings)
    identity = _identity(base, name, chains, settings)
    run = Training(learner, folder, optimizer_of(learner, training), identity, weighing)
    read_checkpoint(run)
    train_to(run, Schedule(samples, steps), steps[-1][0], training, progress)
    weighing.history.save(folder / HISTORY_FILE)
    places = np.argsort(np.array(order).reshape(training.epochs, -1), axis=1)  # the inverse of each epoch's order
    losses, weights = (
        np.take_along_axis(np.array(seen).reshape(places.shape), places, axis=1)
        for seen in (weighing.losses_nats, weighing.weights)
    )
    return Tuned(learner, losses, weights, run.position.tokens, run.position.elapsed_s)


def _learner(base: Base, name: str, settings: TuneSettings) -> Learner:
    if settings.lora is None:
        return ModelLearner(base, name)
    add_head(base, name, settings.lora, settings.training.seed)
    return HeadLearner(base, name)


def _identity(base: Base, name: str, chains: Sequence[Chain], settings: TuneSettings) -> dict[str, str]:
    """What decides a run's numbers, by the words in which a person is told that it differs."""
    read = hashlib.sha256()
    for chain in chains:
        text = [chain.id.file, chain.id.id, chain.example.context, chain.example.continuation]
        read.update(json.dumps(text).encode() + b"\n")
    numbers = asdict(replace(settings, training=replace(settings.training, max_tokens=None, checkpoint_s=0.0)))
    return {
        "name": name, "base": base.info.weights, "precision": str(base.dtype), "chains": read.hexdigest(),
        "settings": json.dumps(numbers, sort_keys=True),
    }  # fmt: skip
