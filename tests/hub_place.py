"""A user's machine for tests against the local Hub: an environment, a registry, and the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from negbank.registry import Registry

NEGBANK = str(Path(sys.executable).with_name("negbank"))
TOKEN = "hf_writer"


class Place:
    """A user's machine: environment, registry, and the command."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        own = {
            "HF_ENDPOINT": url, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0",
            "HF_HOME": str(folder / "hf"), "NEGBANK_REGISTRY": str(folder / "registry"),
        }  # fmt: skip
        self.environment = {**os.environ, **own}
        self.cwd: Path | None = None
        self.registry = Registry(folder / "registry")

    def run(self, *words: str, code: int = 0, **more: str) -> str:
        environment = {**self.environment, **more}
        done = subprocess.run([NEGBANK, *words], capture_output=True, text=True, env=environment, cwd=self.cwd)
        assert done.returncode == code, done.stderr
        assert TOKEN not in done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    def python(self, code: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={**self.environment, **more}
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
