"""Invariants of the project's shape: help, names, layers, quick start-up, and the built wheel."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import click
import pytest
from conftest import ROOT

import negbank
from negbank.cli import COMMANDS, cli

PACKAGE = ROOT / "negbank"

LAYERS = (
    {"errors", "terms", "licenses", "machine", "processes"},
    {"records", "folders", "text"},
    {"decoding", "content_cache", "decompression", "hub"},
    {"sources", "encode", "neighbors", "guards", "plausibility", "mining", "registry", "pretraining"}
    | {"causal", "ranking", "recipes", "reasoning", "glow"},
    {"cards", "checkout_folder", "trl_columns", "scoring", "heads", "world", "chains", "report", "sampling"},
    {"harness", "validation", "generation", "judging"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
"""A module imports from layers below its own, or from its own room."""

MAY_SEE = {
    "mining": {"neighbors"},  # the nearest answers of other questions
    "guards": {"reasoning"},  # math-verify in a process of its own, which formulae need as much as chains
    "report": {"cards"},  # one way to make strangers' texts harmless
    "judging": {"generation"},  # one client of OpenAI-compatible servers
    "checkout_folder": {"registry"},  # one translation of the disk's refusals
}
"""Neighbours in one layer that may be imported all the same, and why."""

OWNERS = {
    "duckdb": {"registry/answer.py", "registry/condition.py", "registry/engine.py"},
    "datasets": {"sources/hub.py"},
    "psycopg": {"registry/postgres.py"},
    "fsspec": {"registry/object_store.py"},
    "huggingface_hub": {"encode/encoder.py", "hub/", "causal/"},
    "peft": {"heads/"},
    "requests": {"generation/client.py"},
    "urllib3": {"generation/client.py"},
    "matplotlib": {"report/"},
    "lm_eval": {"harness.py"},
    "openvino": {"encode/openvino_backend.py"},
    "sklearn": {"plausibility/model.py"},
    "click": {"cli/"},
    "rich": {"cli/"},
    "yaml": {"cards/metadata.py", "hub/readme.py"},
}
"""Each outside system is imported by the module that owns it alone."""


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(cli)
    return [(name, cli.get_command(context, name)) for name in cli.list_commands(context)]  # type: ignore[misc]


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_has_help_with_an_example(name: str, command: click.Command) -> None:
    assert command.help and "Examples:" in command.help and f"negbank {name}" in command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts[-1]} has no help"


def test_every_command_that_reports_takes_json() -> None:
    lacking = [n for n, c in commands() if not any("--json" in p.opts for p in c.params)]
    assert lacking == ["completion"]


def test_a_command_and_its_function_share_a_name() -> None:
    assert {name for name in COMMANDS if name not in negbank.__all__} == {"sources", "recipes", "completion"}


def test_the_public_names() -> None:
    assert sorted(negbank.__all__) == [
        "AddResult", "AddSettings", "BenchmarkResult", "BenchmarkSettings", "ChainSettings", "Columns", "Diff",
        "Draw", "ExportResult", "Gate", "GenerateSettings", "GlowBenchmarkResult", "GlowBenchmarkSettings",
        "InspectResult", "JudgeSettings", "LabelResult", "LabelSettings", "MineResult", "MineSettings",
        "ModelSettings", "NegbankError", "PullResult", "PushResult", "Registry", "ScoreResult", "ScoreSettings",
        "ShowResult", "SourceOptions", "VerifyResult", "__version__", "add", "benchmark", "benchmark_glow", "card",
        "checkout", "diff", "export", "gc", "inspect", "label", "load", "log", "ls", "mine", "pull", "push", "revert",
        "rm", "score", "show", "sql", "tag", "verify",
    ]  # fmt: skip
    for name in negbank.__all__:
        assert getattr(negbank, name) is not None


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Dotted names that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def room(dotted: str) -> str:
    return dotted.split(".")[1] if "." in dotted else ""


def layer(name: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if name in names)


def test_every_module_has_a_place_in_the_layers() -> None:
    known = set().union(*LAYERS)
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()} - {"__init__"}
    assert rooms <= known, rooms - known


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_lead_downward(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    for dotted in imported(path):
        if not dotted.startswith("negbank."):
            continue
        other = room(dotted)
        allowed = other == own or layer(other) < layer(own) or other in MAY_SEE.get(own, set())
        assert allowed, f"{path.name} imports {dotted}"


@pytest.mark.parametrize("package", OWNERS)
def test_each_outside_system_has_one_owner(package: str) -> None:
    users = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        if any(name.split(".")[0] == package for name in imported(path))
    }
    strangers = {user for user in users if not any(user.startswith(owner) for owner in OWNERS[package])}
    assert not strangers


def test_help_loads_none_of_the_heavy_packages() -> None:
    code = (
        "import sys; from negbank.cli import run; assert run(['--help']) == 0; assert run(['mine', '--help']) == 0\n"
        "heavy = {'torch', 'datasets', 'transformers', 'polars', 'duckdb', 'huggingface_hub', 'rich', 'sklearn'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.wheel
def test_the_wheel_in_an_empty_environment_runs_the_quick_start(tmp_path: Path) -> None:
    """What a user installs has the sample, the templates and the coefficients in it.

    The environment sees this one's packages behind its own, so that nothing is downloaded; negbank itself comes
    from the wheel alone.
    """
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(tmp_path)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("negbank-*.whl")
    target = tmp_path / "site"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, wheel], check=True)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = sys.argv[2:]\n"
        "import negbank; assert 'site' in negbank.__file__, negbank.__file__\n"
        "from negbank.cli import main; main()"
    )
    for words in (["mine", "demo"], ["show", "demo"], ["checkout", "demo", str(tmp_path / "out")]):
        done = subprocess.run(
            [sys.executable, "-I", "-c", code, str(target), *words], capture_output=True, text=True, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "README.md").exists()


def test_the_readme_lists_every_guard_and_every_command() -> None:
    from negbank.guards import REASONS

    readme = (ROOT / "README.md").read_text()
    assert not [reason for reason, meaning in REASONS.items() if f"| `{reason}` | {meaning} |" not in readme]
    assert not [name for name in COMMANDS if f"negbank {name}" not in readme]
