"""A source's name, a file or `hf:org/name` -> its questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from negbank.errors import SourceError, UnknownNameError
from negbank.records import QUESTIONS, SourceData
from negbank.sources import demo, file
from negbank.sources.benchmark import Benchmark
from negbank.sources.hold_out import with_held_out
from negbank.sources.loading import load, load_evaluation
from negbank.sources.named import BENCHMARKS
from negbank.sources.options import SourceOptions


@dataclass(frozen=True)
class Source:
    """A source by name, as `negbank sources` lists it.

    `training` and `held_out` are published splits with their numbers of questions; `held_out` is not trained on unless
    someone asks for it. `needs` says what must be at hand to read it.
    """

    name: str
    summary: str
    place: str
    license: str
    read: Callable[[SourceOptions], SourceData]
    training: Mapping[str, int] = field(default_factory=dict)
    held_out: Mapping[str, int] = field(default_factory=dict)
    needs: str = "nothing"


def _source(benchmark: Benchmark) -> Source:
    """A benchmark's entry in the list."""
    needs = "the Hub (log in and accept its terms) or a mirror" if benchmark.gated else "the Hub or a mirror"
    return Source(
        benchmark.name, benchmark.summary, benchmark.dataset, benchmark.license, partial(load, benchmark),
        benchmark.training, benchmark.held_out, needs,
    )  # fmt: skip


DEMO = Source("demo", "general knowledge, in the package itself: no network", "bundled", "apache-2.0", demo.read)

SOURCES = {source.name: source for source in (*map(_source, BENCHMARKS), DEMO)}

_BY_NAME = {benchmark.name: benchmark for benchmark in BENCHMARKS}


def read_source(reference: str, options: SourceOptions | None = None) -> SourceData:
    """The questions of a source by name, of a file, a folder or a glob of files, or of `hf:org/name`.

    Raises UnknownNameError where there is no such source, and SourceError where it cannot be read.
    """
    options = options or SourceOptions()
    if reference not in SOURCES and not _is_place(reference):
        hint = "; a file (FILE.jsonl) or hf:org/name will do as well"
        raise UnknownNameError("source", reference, SOURCES, hint=hint)
    if options.no_hold_out and reference not in _BY_NAME:
        raise SourceError(f"--no-hold-out gives back splits of a benchmark; {reference} holds nothing out by default")
    if reference in SOURCES:
        data = SOURCES[reference].read(options)
    elif reference.startswith(file.HUB_PREFIX):
        data = _noted(reference, file.read_hub(reference, options))
    else:
        data = file.read_file(reference, options)
    return with_held_out(data, reference, options.hold_out, _BY_NAME)


def read_evaluation(reference: str, split: str | None = None) -> SourceData:
    """What `reference` is evaluated on, in `evaluation`; `questions` are those that may be trained on.

    Of a benchmark that is its own evaluation split, or the held-out `split`. A file, a Hub dataset and `demo` hold
    nothing back: every question is evaluated on, and none is in `questions`. Raises UnknownNameError for a split that
    the benchmark does not hold out.
    """
    if reference in _BY_NAME:
        return load_evaluation(_BY_NAME[reference], split)
    data = read_source(reference)
    return replace(data, questions=QUESTIONS.to_frame(), evaluation=data.questions)


def _is_place(reference: str) -> bool:
    return reference == "-" or bool(Path(reference).suffix) or "/" in reference or Path(reference).is_dir()


def _noted(reference: str, data: SourceData) -> SourceData:
    """`data` of a Hub dataset; a notice says if it is a benchmark that holds its evaluation splits out by name."""
    repository = reference.removeprefix(file.HUB_PREFIX).partition(":")[0]
    found = next((b for b in BENCHMARKS if b.dataset.lower() == repository.lower()), None)
    if found is None:
        return data
    notice = (
        f"{reference} is the benchmark {found.name}, read here without holding its evaluation splits out; "
        f"use {found.name}, or add --hold-out {found.name}"
    )
    return replace(data, notices=(*data.notices, notice))
