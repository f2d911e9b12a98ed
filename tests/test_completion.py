"""What TAB gives, by the protocol that the shells' scripts speak, and once in a real Bash."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from samples import part

from negbank.cli import cli
from negbank.cli.options import OTHER_SUBJECTS, complete_layout, complete_recipe, complete_subjects
from negbank.registry import Registry

CODE = "from negbank.cli import main; main()"


@pytest.fixture
def registry() -> Registry:
    registry = Registry()
    registry.commit("arc", [part(count=2)], "", "")
    registry.commit("arc", [part(count=3)], "", "")
    registry.tag("arc@v1", "stable")
    registry.commit("other", [part(count=2)], "", "")
    return registry


def bash(words: list[str], place: int | None = None) -> list[str]:
    """What Bash is given where it split a line into `words`; the last one is being typed."""
    own = {"COMP_WORDS": "\n".join(words), "COMP_CWORD": str(len(words) - 1 if place is None else place)}
    environment = {**os.environ, **own, "_NEGBANK_COMPLETE": "bash_complete"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_datasets_versions_and_tags_in_bash(registry: Registry) -> None:
    assert bash(["negbank", "show", "a"]) == ["arc"]
    assert bash(["negbank", "show"], place=2) == ["arc", "other"]
    assert bash(["negbank", "show", "arc", "@"]) == ["@stable", "@v2", "@v1"]
    assert bash(["negbank", "show", "arc", "@", "v"]) == ["@v2", "@v1"]
    assert bash(["negbank", "diff", "arc", "@", "v1", "arc", "@", "s"]) == ["@stable"]
    assert bash(["negbank", "show", "none", "@"]) == []
    assert bash(["negbank", "show", "arc", "--tier", "=", "ne"]) == ["near-miss"]


def test_a_shell_that_splits_nothing_gets_the_whole_reference(registry: Registry) -> None:
    environment = {**os.environ, "COMP_WORDS": "negbank show arc@v", "COMP_CWORD": "2"}
    environment["_NEGBANK_COMPLETE"] = "zsh_complete"
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=environment)
    assert done.stdout.split("\n")[1::3] == ["arc@v2", "arc@v1"]


def test_a_broken_registry_is_silent(tmp_path: Path, registry: Registry) -> None:
    (Path(registry.place) / "registry.json").write_text("{")
    assert bash(["negbank", "show", "a"]) == []


def test_recipes_layouts_and_subjects() -> None:
    context, parameter = click.Context(cli), click.Argument(["x"])
    assert [i.value for i in complete_recipe(context, parameter, "arc")] == ["arc", "arc-small"]
    assert [i.type for i in complete_recipe(context, parameter, "./my")] == ["file"]
    assert "processbench" in [i.value for i in complete_layout(context, parameter, "p")]
    assert [i.value for i in complete_subjects(context, parameter, "non")] == ["non-science"]
    found = [i.value for i in complete_subjects(context, parameter, "astronomy,a")]
    assert found == ["astronomy,abstract_algebra", "astronomy,anatomy"]


@pytest.mark.hub
def test_every_subject_of_mmlu_is_completed(hub: Path) -> None:
    import polars as pl

    from negbank.sources.named import MMLU_SCIENCE

    frames = [pl.read_parquet(file, columns=["subject"]) for file in (hub / "cais/mmlu/all").glob("test*.parquet")]
    assert {*MMLU_SCIENCE, *OTHER_SUBJECTS} == set(pl.concat(frames)["subject"])


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no Bash")
def test_in_a_real_bash(registry: Registry, tmp_path: Path) -> None:
    program = tmp_path / "negbank"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{CODE}' \"$@\"\n")
    program.chmod(0o755)
    pid, terminal = pty.fork()
    if pid == 0:
        path = f"{tmp_path}:{os.environ['PATH']}"
        os.execvpe("bash", ["bash", "--norc", "-i"], {**os.environ, "PATH": path, "PS1": "$ ", "TERM": "dumb"})

    def answer(typed: str, wanted: str) -> str:
        """What Bash prints after `typed`, until `wanted` is there or a minute is over."""
        os.write(terminal, typed.encode())
        said, end = "", time.monotonic() + 60
        while wanted not in said and time.monotonic() < end:
            if select.select([terminal], [], [], 0.2)[0]:
                said += os.read(terminal, 4096).decode()
        return said

    try:
        answer('eval "$(negbank completion bash)"; echo rea""dy\n', "ready")
        assert "arc@stable " in answer("negbank show arc@st\t", "arc@stable ")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
