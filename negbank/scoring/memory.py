"""Batches that do not fit into memory: tried again in halves, which changes no number."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch

from negbank.causal.devices import lacks_memory
from negbank.errors import ModelError
from negbank.scoring.log_likelihood import Part

T = TypeVar("T")


def in_halves(run: Callable[[Sequence[T]], Part], items: Sequence[T], device: torch.device) -> list[Part]:
    """`run` of `items`, or of their halves where memory does not suffice. ModelError for one item that is too much."""
    if len(items) == 1:
        with out_of_memory(device):
            return [run(items)]
    try:
        return [run(items)]
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        # and out of this block, so that the batch's tensors, which the error holds, are let go
    middle = len(items) // 2
    return in_halves(run, items[:middle], device) + in_halves(run, items[middle:], device)


@contextlib.contextmanager
def out_of_memory(device: torch.device) -> Iterator[None]:
    """Within, a lack of memory is a ModelError that says what to lower."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        raise ModelError(
            f"one question with its context does not fit into the memory of {device}: take fewer shots, bf16, or a "
            "smaller model"
        ) from error
