"""What training changes: a head on a base, or the base's own weights."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

import torch
from safetensors.torch import save
from torch import Tensor

from negbank.causal import Base
from negbank.errors import TrainingError
from negbank.heads.adapters import (
    ORIGIN_FILE,
    active,
    drops,
    parameters_of,
    save_head,
    set_state,
    set_training,
    state_of,
)
from negbank.heads.writing import write_file

MODEL_FILE: Final = "model.safetensors"


class Learner(Protocol):
    """Some weights of `base` that are trained under a `name`."""

    base: Base
    name: str

    @property
    def parameters(self) -> list[Tensor]:
        """What takes gradients, always in the same order."""

    @property
    def streams(self) -> int | None:
        """How many threads may compute gradients; None where any number gives the same."""

    def state(self) -> dict[str, Tensor]:
        """All tensors that training changes, by name."""

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Put back what `state` gave. Raises NegbankError where it does not fit."""

    def save(self, folder: Path, examples: int) -> None:
        """Write what was learned as a folder that can be loaded."""

    def active(self) -> contextlib.AbstractContextManager[None]:
        """Within, the base answers with what was learned."""

    def training(self) -> contextlib.AbstractContextManager[None]:
        """Within, the parameters take gradients."""


class HeadLearner:
    """The head `name`, which is on the base already."""

    def __init__(self, base: Base, name: str) -> None:
        self.base, self.name = base, name

    @property
    def parameters(self) -> list[Tensor]:
        """A and B of each layer."""
        return parameters_of(self.base, self.name)

    @property
    def streams(self) -> int | None:
        """One where it drops: of dropout, drawn from one generator, several streams would leave the order to chance."""
        return 1 if drops(self.base, self.name) else None

    def state(self) -> dict[str, Tensor]:
        """The head's tensors by peft's names."""
        return state_of(self.base, self.name)

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Give the head these tensors."""
        set_state(self.base, self.name, state)

    def save(self, folder: Path, examples: int) -> None:
        """Write the head as peft reads it."""
        save_head(self.base, self.name, folder, examples)

    def active(self) -> contextlib.AbstractContextManager[None]:
        """Within, the head is active."""
        return active(self.base, self.name)

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """Within, the head is active and its parameters take gradients."""
        with active(self.base, self.name):
            set_training(self.base, self.name, True)
            try:
                yield
            finally:
                set_training(self.base, self.name, False)


class ModelLearner:
    """All weights of the base, which is another model afterwards: load it anew for whoever needs it as it was."""

    def __init__(self, base: Base, name: str) -> None:
        self.base, self.name = base, name

    @property
    def parameters(self) -> list[Tensor]:
        """Every weight once, shared ones too."""
        return [parameter for _, parameter in self.base.model.named_parameters()]

    @property
    def streams(self) -> int | None:
        """Any: nothing is drawn while a whole model is trained, as it stays in evaluation mode."""
        return None

    def state(self) -> dict[str, Tensor]:
        """Every weight by its name."""
        return dict(self.base.model.named_parameters())

    def set_state(self, state: dict[str, Tensor]) -> None:
        """Copy these weights into the model. Raises TrainingError where they are not its own."""
        own = self.state()
        shapes = {name: tuple(value.shape) for name, value in own.items()}
        if shapes != {name: tuple(value.shape) for name, value in state.items()}:
            raise TrainingError(f"the weights do not fit {self.base.info.name}; delete the checkpoint to begin anew")
        with torch.no_grad():
            for name, value in state.items():
                own[name].copy_(value)

    def save(self, folder: Path, examples: int) -> None:
        """Write the model with its tokenizer as `load_base` reads it."""
        base = self.base
        tensors = {name: value.detach().cpu().contiguous() for name, value in self.state().items()}
        write_file(folder / MODEL_FILE, save(tensors, {"format": "pt"}))
        base.model.config.save_pretrained(folder)
        base.tokens.tokenizer.save_pretrained(folder)
        origin = {"trained": self.name, "base": base.info.name, "weights": base.info.weights, "examples": examples}
        write_file(folder / ORIGIN_FILE, (json.dumps(origin, indent=2) + "\n").encode())  # last: it means whole

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Nothing is to be done: the base is what was learned."""
        yield

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """Within, every weight takes gradients."""
        self.base.model.requires_grad_(True)
        try:
            yield
        finally:
            self.base.model.requires_grad_(False)
