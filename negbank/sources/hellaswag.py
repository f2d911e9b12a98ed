"""HellaSwag (Zellers et al., 2019, arXiv 1905.07830), `Rowan/hellaswag`, MIT: which ending follows.

A row: `{"ctx": "A man is sitting on a roof. he", "endings": ["is using wrap to wrap a pair of skis.", "is ripping
level tiles off.", ...], "label": "3", "activity_label": "Roof shingle removal"}`. The wrong endings were written
by a model and kept where they fooled another. The validation split is the evaluation set, less what is mined.
"""

from __future__ import annotations

from negbank.records import SourceData
from negbank.sources.benchmark import Benchmark, load
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Columns

BENCHMARK = Benchmark(
    name="hellaswag",
    dataset="Rowan/hellaswag",
    license="mit",
    columns=Columns(question="ctx", answer="label", choices=("endings",)),
    training=(("default", "train"),),
    evaluation=(("default", "validation"),),
    questions=39905,
    fallback=(("default", "validation[:80%]"),),
)


def read(options: SourceOptions) -> SourceData:
    """The training split, or the slice that `--split` names, such as `validation[:80%]`."""
    options.refuse("hellaswag", "subjects", "columns")
    return load(BENCHMARK, options.split)
