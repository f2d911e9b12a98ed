"""What a benchmark was measured on."""

from __future__ import annotations

import subprocess

from negbank.machine import describe_machine, describe_versions, now

__all__ = ["commit", "describe_machine", "describe_versions", "now"]


def commit() -> str:
    """The commit that was measured, with `+` where the working tree differs."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=False).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
