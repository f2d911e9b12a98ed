"""What a causal model is run on, and in which type of number."""

from __future__ import annotations

from typing import Final

import torch

from negbank.errors import ModelError, UnknownNameError

PRECISIONS: Final = ("auto", "fp32", "bf16")


def decide_device(device: str | None) -> torch.device:
    """The device that is meant; None takes CUDA where there is one. Raises ModelError for what is not here."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()):
        raise ModelError(f"a model runs on cpu, cuda or cuda:N, not on {device!r}")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ModelError(f"{device}: torch sees no CUDA device here; use cpu, or install torch with CUDA")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise ModelError(f"{device}: torch sees {torch.cuda.device_count()} CUDA devices here, counted from 0")
    return torch.device(device)


def lacks_memory(error: BaseException) -> bool:
    """Whether memory has run out; on a processor torch says so in a RuntimeError."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and "allocate" in str(error) and "memory" in str(error)


def decide_dtype(precision: str, device: torch.device) -> torch.dtype:
    """The type of a model's numbers; auto is bf16 on a GPU that computes it, else fp32.

    On a processor auto is fp32 even where it computes bf16: log-likelihoods of answers are compared, and bf16
    keeps two or three digits of them.
    """
    if precision not in PRECISIONS:
        raise UnknownNameError("precision", precision, PRECISIONS)
    if precision == "auto":
        precision = "bf16" if device.type == "cuda" and torch.cuda.get_device_capability(device)[0] >= 8 else "fp32"
    return torch.bfloat16 if precision == "bf16" else torch.float32
