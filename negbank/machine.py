"""What a result was measured on: the machine, and the versions of what ran."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Final

FLAGS: Final = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8")
"""The instructions that matter here."""


def describe_machine() -> dict[str, int | float | str | None]:
    """Processor, cores, memory, the instructions that matter here, and the GPU where there is one."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    fields = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in info.splitlines()) if v}
    flags = set(fields.get("flags", "").split())
    return {
        "processor": fields.get("model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "flags": " ".join(flag for flag in FLAGS if flag in flags),
        "gpu": _gpu(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def describe_versions(*packages: str) -> dict[str, str]:
    """Python's version and those of `packages`."""
    return {"python": platform.python_version(), **{p: importlib.metadata.version(p) for p in packages}}


def now() -> str:
    """The time, UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _gpu() -> str | None:
    try:
        import torch
    except ImportError:
        return None
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
