"""The weight of each sample in a step: GLOW's, by the losses of the same forward pass, or 1.

Weights are looked up while a step is computed and written down once it is taken, so that a step that fails, or that is
computed part by part, changes nothing of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from negbank.errors import TrainingError
from negbank.glow import GlowSettings, LossHistory, SampleId, glow_weights

Floats = npt.NDArray[np.float64]

_LOSSES, _WEIGHTS, _LAST = "losses_nats", "weights", "last_nats"
_PARTS: Final = (_LOSSES, _WEIGHTS, _LAST)


class Weighing:
    """Weights of the samples `ids`; `glow` None gives each the weight 1, and keeps its losses all the same.

    `losses_nats` and `weights` are what each visit gave, in the order of reading. Raises TrainingError for ids that are
    not unique over all files.
    """

    def __init__(self, ids: Sequence[SampleId], glow: GlowSettings | None) -> None:
        if len(set(ids)) != len(ids):
            twice = next(sample for place, sample in enumerate(ids) if sample in ids[:place])
            raise TrainingError(f"sample {twice.id!r} of {twice.file} is there twice; ids must be unique in a file")
        self.ids, self.glow = list(ids), glow
        self.history = LossHistory()
        self.losses_nats: list[float] = []
        self.weights: list[float] = []

    def look(self, rows: Sequence[int], losses_nats: Floats) -> Floats:
        """The `(k,)` weights of samples `rows`, whose losses are these now. Raises TrainingError for no number."""
        finite = np.isfinite(losses_nats)
        if not finite.all():
            sample = self.ids[rows[int(np.argmin(finite))]]
            raise TrainingError(
                f"the loss of sample {sample.id!r} of {sample.file} is no finite number; lower the learning rate, or "
                "leave the sample out"
            )
        if self.glow is None:
            return np.ones(len(rows))
        return glow_weights(self.history.last([self.ids[row] for row in rows]), losses_nats, self.glow)

    def visit(self, rows: Sequence[int], losses_nats: Floats) -> None:
        """Write down a step that was taken: its samples, and what they lost in it."""
        weights = self.history.visit([self.ids[row] for row in rows], losses_nats, self.glow)
        self.losses_nats += losses_nats.tolist()
        self.weights += weights.tolist() if self.glow else [1.0] * len(rows)

    def tensors(self) -> dict[str, Tensor]:
        """All of it, for a checkpoint: in float64, so that a run that goes on has the same bits."""
        parts = (self.losses_nats, self.weights, self.history.last(self.ids).tolist())
        return {name: torch.tensor(part, dtype=torch.float64) for name, part in zip(_PARTS, parts, strict=True)}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Take back what `tensors` gave. Raises TrainingError where it is of other samples."""
        if set(tensors) != set(_PARTS) or tensors[_LAST].shape != (len(self.ids),):
            raise TrainingError("the checkpoint lacks the history of losses; delete it to begin anew")
        last = tensors[_LAST].tolist()
        seen = ((sample, loss) for sample, loss in zip(self.ids, last, strict=True) if not np.isnan(loss))
        self.history = LossHistory(seen)
        self.losses_nats, self.weights = tensors[_LOSSES].tolist(), tensors[_WEIGHTS].tolist()
