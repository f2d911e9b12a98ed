"""Where questions come from: benchmarks by name, files, and datasets of the Hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from negbank.errors import UnknownNameError
from negbank.records import SourceData
from negbank.sources import arc, demo, file, gsm8k, hellaswag, math, mmlu
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Columns

__all__ = ["SOURCES", "Columns", "Source", "SourceOptions", "read_source"]


@dataclass(frozen=True)
class Source:
    """A source by name, as `negbank sources` lists it."""

    name: str
    summary: str
    place: str
    license: str
    read: Callable[[SourceOptions], SourceData]


SOURCES = {
    source.name: source
    for source in (
        Source(
            "arc", "grade-school science; ARC-Challenge test is kept for evaluation",
            arc.BENCHMARK.dataset, arc.BENCHMARK.license, arc.read,
        ),
        Source(
            "hellaswag", "which ending follows; validation is kept for evaluation, less what --split takes",
            hellaswag.BENCHMARK.dataset, hellaswag.BENCHMARK.license, hellaswag.read,
        ),
        Source(
            "mmlu", "exams of 57 subjects (--subjects, or the group non-science); test is kept for evaluation",
            mmlu.BENCHMARK.dataset, mmlu.BENCHMARK.license, mmlu.read,
        ),
        Source(
            "gsm8k", "word problems with worked chains; test is kept for evaluation, unless --split test takes it",
            gsm8k.BENCHMARK.dataset, gsm8k.BENCHMARK.license, gsm8k.read,
        ),
        Source(
            "math", "competitions, with worked chains; test is kept for evaluation, unless --split test takes it",
            math.BENCHMARK.dataset, math.BENCHMARK.license, math.read,
        ),
        Source("demo", "general knowledge, in the package itself: no network", "bundled", "apache-2.0", demo.read),
    )
}  # fmt: skip


def read_source(reference: str, options: SourceOptions | None = None) -> SourceData:
    """The questions of a source by name, of a file, a folder or a glob of files, or of `hf:org/name`.

    Raises UnknownNameError where there is no such source, and SourceError where it cannot be read.
    """
    options = options or SourceOptions()
    if reference in SOURCES:
        return SOURCES[reference].read(options)
    if reference.startswith(file.HUB_PREFIX):
        return file.read_hub(reference, options)
    if reference == "-" or Path(reference).suffix or "/" in reference or Path(reference).is_dir():
        return file.read_file(reference, options)
    raise UnknownNameError("source", reference, SOURCES, hint="; a file (FILE.jsonl) or hf:org/name will do as well")
