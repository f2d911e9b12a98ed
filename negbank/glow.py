"""GLOW: the weight of a training sample by how much its loss still falls from one visit to the next (arXiv 2601.04992).

A sample whose loss falls fast is nearly learned and counts less; one whose loss stands still or rises counts more.
Everything is computed in float64 and depends on nothing but a sample's own losses: how samples are put into batches or
accumulated over several of them changes no weight.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from negbank.errors import TrainingError

Floats = npt.NDArray[np.float64]
Form = Literal["sigmoid", "linear"]
FORMAT: Final = "glow-losses-1"


@dataclass(frozen=True)
class GlowSettings:
    """`w = clamp(alpha (1 - sigmoid(beta D)), low, high)`; the authors use alpha 1 or 2 and beta 10 to 30.

    With the form `linear` it is the tangent of that at D = 0, `clamp(alpha (1/2 - beta D / 4), low, high)`: a loss that
    rises far goes on to gain weight.
    """

    alpha: float = 1.0
    beta: float = 20.0
    low: float = 0.5
    high: float = 5.0
    form: Form = "sigmoid"

    def __post_init__(self) -> None:
        values = (self.alpha, self.beta, self.low, self.high)
        if self.form not in get_args(Form):
            forms = " and ".join(get_args(Form))
            raise TrainingError(f"GLOW cannot weight with the form {self.form!r}; its forms are {forms}")
        if not all(np.isfinite(values)) or self.alpha <= 0 or self.beta < 0 or not 0 <= self.low <= self.high:
            raise TrainingError(
                f"GLOW cannot weight with alpha {self.alpha}, beta {self.beta}, clamp {self.low} to {self.high}; "
                "alpha must be above 0, beta at least 0, and the clamp from a lower to a higher number"
            )


@dataclass(frozen=True, order=True)
class SampleId:
    """A sample of one of the files that are joined: ids of two files never meet, even where they are the same text."""

    file: str
    id: str


def glow_weights(last: npt.ArrayLike, current: npt.ArrayLike, settings: GlowSettings | None = None) -> Floats:
    """The `(n,)` weights of n samples by `settings`, with `D = last - current`.

    `last` and `current` are each sample's loss in nats, a mean over its own answer tokens; NaN in `last` is a sample
    that was not visited yet, whose weight is 1. Raises TrainingError for shapes that differ, or a loss that is no
    number.
    """
    settings = settings or GlowSettings()
    before, now = np.asarray(last, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if before.shape != now.shape or now.ndim != 1:
        raise TrainingError(f"losses of shapes {before.shape} and {now.shape} cannot be compared; give one a sample")
    if not np.isfinite(now).all() or np.isinf(before).any():
        raise TrainingError("a sample's loss is no finite number; lower the learning rate or leave the sample out")
    seen = ~np.isnan(before)
    gain = np.where(seen, before, now) - now
    steep = settings.beta * gain
    share = _falling(steep) if settings.form == "sigmoid" else 0.5 - steep / 4
    weights: Floats = np.clip(settings.alpha * share, settings.low, settings.high)
    weights[~seen] = 1.0
    return weights


def _falling(x: Floats) -> Floats:
    """1 - sigmoid(x), without overflow and without losing small values to 1 - 1."""
    small = np.exp(-np.abs(x))
    weights: Floats = np.where(x >= 0, small, 1.0) / (1.0 + small)
    return weights


def mean_answer_losses(token_losses: npt.ArrayLike, is_answer: npt.ArrayLike) -> Floats:
    """The `(n,)` loss of each sample, the mean of `token_losses` (n, t) in nats over its own answer tokens alone.

    Raises TrainingError where a sample has no answer token.
    """
    losses, mask = np.asarray(token_losses, dtype=np.float64), np.asarray(is_answer, dtype=bool)
    counts = mask.sum(axis=1)
    if (counts == 0).any():
        raise TrainingError(f"sample {int(np.argmin(counts))} of the batch has no answer token, and so no loss")
    totals: Floats = np.where(mask, losses, 0.0).sum(axis=1)
    means: Floats = totals / counts
    return means


def weighted_loss(losses: npt.ArrayLike, weights: npt.ArrayLike, samples_in_step: int) -> float:
    """What a batch adds to the loss of an optimiser step of `samples_in_step` samples: `sum(w * loss) / samples`.

    The parts of a step that is accumulated over several batches add up to that of one batch. Weights are not brought
    back to a mean of 1, in which a sample's weight would depend on its neighbours.
    """
    return float(np.dot(np.asarray(losses, dtype=np.float64), np.asarray(weights, dtype=np.float64)) / samples_in_step)


class LossHistory:
    """Each sample's loss at its last visit, kept apart by file and saved with a checkpoint.

    A run that is resumed from a saved history gives the same weights as one that was never interrupted.
    """

    def __init__(self, losses: Iterable[tuple[SampleId, float]] = ()) -> None:
        self._last: dict[SampleId, float] = dict(losses)

    def __len__(self) -> int:
        return len(self._last)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LossHistory) and self._last == other._last

    __hash__ = None  # type: ignore[assignment]

    def last(self, ids: Sequence[SampleId]) -> Floats:
        """The `(n,)` losses of `ids` at their last visit; NaN where there was none."""
        return np.array([self._last.get(sample, np.nan) for sample in ids], dtype=np.float64)

    def visit(self, ids: Sequence[SampleId], losses: npt.ArrayLike, settings: GlowSettings | None = None) -> Floats:
        """The `(n,)` weights of a batch, by its samples' losses now and at their last visit; these are now the last.

        Raises TrainingError for a sample that is twice in the batch, or a loss that is no number; nothing is kept then.
        """
        current = np.asarray(losses, dtype=np.float64)
        if len(set(ids)) != len(ids):
            twice = next(sample for sample in ids if list(ids).count(sample) > 1)
            raise TrainingError(
                f"sample {twice.id!r} of {twice.file} is twice in one batch; ids must be unique in a file"
            )
        if current.shape != (len(ids),):
            raise TrainingError(f"{len(ids)} samples have losses of shape {current.shape}; give one a sample")
        weights = glow_weights(self.last(ids), current, settings)
        self._last.update(zip(ids, current.tolist(), strict=True))
        return weights

    def save(self, path: Path | str) -> None:
        """Write the history to one file, whole or not at all. Raises TrainingError where the disk refuses."""
        files: dict[str, dict[str, float]] = {}
        for sample in sorted(self._last):
            files.setdefault(sample.file, {})[sample.id] = self._last[sample]
        # JSON writes a float64 with as many digits as bring back the same bits
        data = json.dumps({"format": FORMAT, "losses": files}, allow_nan=False) + "\n"
        try:
            _write(Path(path), data.encode())
        except OSError as error:
            raise TrainingError(f"{path}: the history of losses cannot be written: {error.strerror}") from error

    @classmethod
    def read(cls, path: Path | str) -> LossHistory:
        """The history that `save` wrote. Raises TrainingError where the file holds something else."""
        try:
            held = json.loads(Path(path).read_bytes())
            if held["format"] != FORMAT:
                raise ValueError(f"its format is {held['format']!r}, and {FORMAT!r} is read here")
            pairs = [
                (SampleId(file, name), _number(loss))
                for file, losses in held["losses"].items()
                for name, loss in losses.items()
            ]
        except OSError as error:
            raise TrainingError(f"{path}: the history of losses cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise TrainingError(f"{path}: is no history of losses: {error}") from error
        return cls(pairs)


def _number(loss: object) -> float:
    if isinstance(loss, bool) or not isinstance(loss, int | float) or not math.isfinite(loss):
        raise ValueError(f"{str(loss)[:40]!r} is no loss")
    return float(loss)


def _write(path: Path, data: bytes) -> None:
    """Make `path` hold `data`, by way of a temporary name in its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
