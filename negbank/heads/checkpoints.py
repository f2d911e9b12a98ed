"""Where training stood when it was last written down, in one file: weights, optimizer, losses and position.

The file is safetensors, never a pickle, and is whole or not there. It names what it belongs to, so that a run goes on
only from its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from negbank.causal import Base
from negbank.errors import TrainingError
from negbank.heads.learners import Learner
from negbank.heads.settings import Example, LoraSettings, TrainSettings
from negbank.heads.weighing import Weighing
from negbank.heads.writing import write_file

CHECKPOINT_FILE: Final = "checkpoint.safetensors"
POINTS_FILE: Final = "points.json"

_HEAD, _OPTIMIZER, _WEIGHING, _LOSSES = "head.", "optimizer.", "weighing.", "losses_nats"


@dataclass(frozen=True)
class Position:
    """How far training is: examples and tokens read, the loss of each step, and the seconds that it took."""

    examples: int = 0
    tokens: int = 0
    losses_nats: tuple[float, ...] = ()
    elapsed_s: float = 0.0


@dataclass
class Training:
    """A head or a model in training. `identity` says, part by part, what decides its numbers.

    `weighing` holds the weights of samples and their losses so far, where they are weighed.
    """

    learner: Learner
    folder: Path
    optimizer: torch.optim.Optimizer
    identity: dict[str, str]
    weighing: Weighing | None = None
    position: Position = field(default_factory=Position)


def identity_of(
    base: Base, name: str, examples: Sequence[Example], lora: LoraSettings, training: TrainSettings
) -> dict[str, str]:
    """What decides a run's numbers, by the words in which a person is told that it differs.

    Left out is what decides at most their last bits (`max_tokens`, so that a run may go on with less after it ran
    out of memory) or nothing (`checkpoint_s`).
    """
    read = hashlib.sha256()
    for example in examples:
        read.update(json.dumps([example.context, example.continuation]).encode() + b"\n")
    numbers = asdict(replace(training, max_tokens=None, checkpoint_s=0.0)) | asdict(lora)
    return {
        "head": name,
        "base": base.info.weights,
        "precision": str(base.dtype),
        "examples": read.hexdigest(),
        "settings": json.dumps(numbers, sort_keys=True),
    }


def write_checkpoint(run: Training) -> None:
    """Write down where `run` stands. Raises TrainingError where the disk refuses."""
    position = run.position
    tensors = {_HEAD + key: value for key, value in run.learner.state().items()}
    if run.weighing is not None:
        tensors |= {_WEIGHING + key: value for key, value in run.weighing.tensors().items()}
    for number, state in run.optimizer.state_dict()["state"].items():
        tensors |= {f"{_OPTIMIZER}{number}.{key}": value for key, value in state.items()}
    tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    tensors[_LOSSES] = torch.tensor(position.losses_nats, dtype=torch.float64)
    place = {"examples": position.examples, "tokens": position.tokens, "elapsed_s": position.elapsed_s}
    metadata = {"identity": json.dumps(run.identity), "position": json.dumps(place)}
    write_file(run.folder / CHECKPOINT_FILE, save(tensors, metadata))


def read_checkpoint(run: Training) -> None:
    """Put `run` where its checkpoint stands, if there is one. Raises TrainingError where it is another run's."""
    path = run.folder / CHECKPOINT_FILE
    if not path.exists():
        return
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            identity, place = json.loads(metadata["identity"]), json.loads(metadata["position"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  # it is no dict
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read: {error}; delete it to begin anew") from error
    odd = [part for part in run.identity if identity.get(part) != run.identity[part]]
    if odd:
        raise TrainingError(
            f"{path} is of another run: its {' and '.join(odd)} differ; give another folder, or delete it to begin anew"
        )
    losses = tuple(tensors.pop(_LOSSES).tolist())
    run.learner.set_state(_part(tensors, _HEAD))
    if run.weighing is not None:
        run.weighing.restore(_part(tensors, _WEIGHING))
    _restore_optimizer(run, _part(tensors, _OPTIMIZER))
    run.position = Position(place["examples"], place["tokens"], losses, place["elapsed_s"])


def read_points(folder: Path) -> list[int]:
    """The points that are done, in their order."""
    path = folder / POINTS_FILE
    try:
        return [int(point) for point in json.loads(path.read_text())] if path.exists() else []
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(f"{path} cannot be read: {error}; delete it to do all points again") from error


def write_points(folder: Path, points: Sequence[int]) -> None:
    """Write down which points are done."""
    write_file(folder / POINTS_FILE, (json.dumps(list(points)) + "\n").encode())


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _restore_optimizer(run: Training, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, what = key.partition(".")
        state.setdefault(int(number), {})[what] = value
    run.optimizer.load_state_dict(run.optimizer.state_dict() | {"state": state})
