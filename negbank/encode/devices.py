"""What an encoder is run on, and how, decided without loading torch where this machine can tell by itself."""

from __future__ import annotations

import importlib.util
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from negbank.errors import EncoderError, UnknownNameError

BACKENDS: Final = ("torch", "openvino")
PRECISIONS: Final = ("auto", "fp32", "bf16")

_BF16_FLAGS: Final = ("amx_bf16", "avx512_bf16")


@dataclass(frozen=True)
class Setup:
    """How a model is run; decided, so `auto` and None are gone."""

    device: str
    backend: str
    precision: str


def decide(device: str | None, backend: str, precision: str) -> Setup:
    """The setup that is meant. Raises EncoderError for what this machine has not, UnknownNameError for no such name."""
    for what, given, known in (("backend", backend, BACKENDS), ("precision", precision, PRECISIONS)):
        if given not in known:
            raise UnknownNameError(what, given, known)
    device = device or ("cpu" if backend == "openvino" or not _may_have_cuda() else _best_device())
    kind = device.partition(":")[0]
    if kind not in ("cpu", "cuda"):
        raise EncoderError(f"an encoder runs on cpu or cuda, not on {device!r}")
    if kind == "cuda" and _best_device() != "cuda":
        raise EncoderError(f"{device}: torch sees no CUDA device here; use cpu")
    if backend == "openvino" and kind != "cpu":
        raise EncoderError(f"the backend openvino runs on cpu, not on {device}; use the backend torch")
    if backend == "openvino" and importlib.util.find_spec("openvino") is None:
        raise EncoderError("OpenVINO is not installed: pip install 'negbank[openvino]', or use the backend torch")
    if precision == "auto":
        precision = "bf16" if _computes_bf16(kind) else "fp32"
    return Setup(device, backend, precision)


def _may_have_cuda() -> bool:
    """Whether it is worth loading torch to ask; a machine without a driver is told apart without it."""
    if platform.system() == "Linux":
        return any(Path(device).exists() for device in ("/dev/nvidiactl", "/dev/nvhost-ctrl", "/dev/dxg"))
    return platform.system() == "Windows"


def _best_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _computes_bf16(kind: str) -> bool:
    """Whether bf16 is in the hardware; emulated, it is slower than fp32."""
    if kind == "cuda":
        import torch

        return torch.cuda.get_device_capability()[0] >= 8
    information = Path("/proc/cpuinfo")
    if information.exists():
        flags = set(information.read_text().split())
        return any(flag in flags for flag in _BF16_FLAGS)
    import torch

    return any(torch.cpu.get_capabilities().get(flag, False) for flag in _BF16_FLAGS)
