"""Datasets of wrong answers: mined, guarded, labelled, versioned, shared.

Every command of the command line is a function here, of the same name: `negbank.mine("arc", ["near-miss"])`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from negbank.commands.add import AddResult as AddResult
    from negbank.commands.add import AddSettings as AddSettings
    from negbank.commands.add import add as add
    from negbank.commands.benchmark import BenchmarkResult as BenchmarkResult
    from negbank.commands.benchmark import BenchmarkSettings as BenchmarkSettings
    from negbank.commands.benchmark import benchmark as benchmark
    from negbank.commands.chain_inputs import ChainSettings as ChainSettings
    from negbank.commands.chain_models import ModelSettings as ModelSettings
    from negbank.commands.checkout import card as card
    from negbank.commands.checkout import checkout as checkout
    from negbank.commands.export import ExportResult as ExportResult
    from negbank.commands.export import export as export
    from negbank.commands.gather import MineSettings as MineSettings
    from negbank.commands.glow_benchmark import GlowBenchmarkResult as GlowBenchmarkResult
    from negbank.commands.glow_benchmark import GlowBenchmarkSettings as GlowBenchmarkSettings
    from negbank.commands.glow_benchmark import benchmark_glow as benchmark_glow
    from negbank.commands.inspect import InspectResult as InspectResult
    from negbank.commands.inspect import inspect as inspect
    from negbank.commands.label import LabelResult as LabelResult
    from negbank.commands.label import LabelSettings as LabelSettings
    from negbank.commands.label import label as label
    from negbank.commands.mine import MineResult as MineResult
    from negbank.commands.mine import mine as mine
    from negbank.commands.registry import ShowResult as ShowResult
    from negbank.commands.registry import diff as diff
    from negbank.commands.registry import gc as gc
    from negbank.commands.registry import log as log
    from negbank.commands.registry import ls as ls
    from negbank.commands.registry import revert as revert
    from negbank.commands.registry import rm as rm
    from negbank.commands.registry import show as show
    from negbank.commands.registry import sql as sql
    from negbank.commands.registry import tag as tag
    from negbank.commands.score import ScoreResult as ScoreResult
    from negbank.commands.score import ScoreSettings as ScoreSettings
    from negbank.commands.score import score as score
    from negbank.commands.share import PullResult as PullResult
    from negbank.commands.share import PushResult as PushResult
    from negbank.commands.share import load as load
    from negbank.commands.share import pull as pull
    from negbank.commands.share import push as push
    from negbank.commands.validations import Gate as Gate
    from negbank.commands.verify import VerifyResult as VerifyResult
    from negbank.commands.verify import verify as verify
    from negbank.errors import NegbankError as NegbankError
    from negbank.generation import GenerateSettings as GenerateSettings
    from negbank.judging import JudgeSettings as JudgeSettings
    from negbank.registry import Diff as Diff
    from negbank.registry import Registry as Registry
    from negbank.sources import Columns as Columns
    from negbank.sources import SourceOptions as SourceOptions
    from negbank.validation import Draw as Draw

__version__ = "0.1.0"

_PUBLIC = {
    "AddResult": "negbank.commands.add",
    "AddSettings": "negbank.commands.add",
    "BenchmarkResult": "negbank.commands.benchmark",
    "BenchmarkSettings": "negbank.commands.benchmark",
    "ChainSettings": "negbank.commands.chain_inputs",
    "GenerateSettings": "negbank.generation",
    "ModelSettings": "negbank.commands.chain_models",
    "Columns": "negbank.sources",
    "Diff": "negbank.registry",
    "Draw": "negbank.validation",
    "ExportResult": "negbank.commands.export",
    "Gate": "negbank.commands.validations",
    "GlowBenchmarkResult": "negbank.commands.glow_benchmark",
    "GlowBenchmarkSettings": "negbank.commands.glow_benchmark",
    "InspectResult": "negbank.commands.inspect",
    "JudgeSettings": "negbank.judging",
    "LabelResult": "negbank.commands.label",
    "LabelSettings": "negbank.commands.label",
    "MineResult": "negbank.commands.mine",
    "MineSettings": "negbank.commands.gather",
    "NegbankError": "negbank.errors",
    "PullResult": "negbank.commands.share",
    "PushResult": "negbank.commands.share",
    "Registry": "negbank.registry",
    "ShowResult": "negbank.commands.registry",
    "ScoreResult": "negbank.commands.score",
    "ScoreSettings": "negbank.commands.score",
    "SourceOptions": "negbank.sources",
    "VerifyResult": "negbank.commands.verify",
    "add": "negbank.commands.add",
    "benchmark": "negbank.commands.benchmark",
    "benchmark_glow": "negbank.commands.glow_benchmark",
    "card": "negbank.commands.checkout",
    "checkout": "negbank.commands.checkout",
    "diff": "negbank.commands.registry",
    "export": "negbank.commands.export",
    "gc": "negbank.commands.registry",
    "inspect": "negbank.commands.inspect",
    "label": "negbank.commands.label",
    "load": "negbank.commands.share",
    "log": "negbank.commands.registry",
    "ls": "negbank.commands.registry",
    "mine": "negbank.commands.mine",
    "pull": "negbank.commands.share",
    "push": "negbank.commands.share",
    "revert": "negbank.commands.registry",
    "rm": "negbank.commands.registry",
    "score": "negbank.commands.score",
    "show": "negbank.commands.registry",
    "sql": "negbank.commands.registry",
    "tag": "negbank.commands.registry",
    "verify": "negbank.commands.verify",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: `negbank --help` must not wait for torch."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'negbank' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
