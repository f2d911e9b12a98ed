"""MMLU (Hendrycks et al., 2021, arXiv 2009.03300), `cais/mmlu`, MIT: exam questions of 57 subjects.

A row: `{"question": "Find the degree for the given field extension Q(sqrt(2), sqrt(3), sqrt(18)) over Q.",
"subject": "abstract_algebra", "choices": ["0", "4", "2", "6"], "answer": 1}`. Questions come from the splits dev
and validation; test is the evaluation set. `auxiliary_train` is left out: it is made of other benchmarks, ARC
among them.
"""

from __future__ import annotations

import polars as pl

from negbank.errors import UnknownNameError
from negbank.records import SourceData
from negbank.sources.benchmark import Benchmark, Filter, load
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Columns

BENCHMARK = Benchmark(
    name="mmlu",
    dataset="cais/mmlu",
    license="mit",
    columns=Columns(question="question", answer="answer", choices=("choices",)),
    training=(("all", "dev"), ("all", "validation")),
    evaluation=(("all", "test"),),
    questions=1816,
)

NON_SCIENCE = "non-science"

SCIENCE = frozenset(
    """
    abstract_algebra anatomy astronomy clinical_knowledge college_biology college_chemistry college_computer_science
    college_mathematics college_medicine college_physics computer_security conceptual_physics econometrics
    electrical_engineering elementary_mathematics high_school_biology high_school_chemistry
    high_school_computer_science high_school_mathematics high_school_physics high_school_statistics human_aging
    human_sexuality machine_learning medical_genetics nutrition professional_medicine virology
    """.split()
)
"""The subjects of science, mathematics, technology and medicine; `non-science` are all others."""


def read(options: SourceOptions) -> SourceData:
    """The questions of dev and validation, of all subjects or of those that `--subjects` names."""
    options.refuse("mmlu", "columns")
    return load(BENCHMARK, options.split, keep=_subjects(options.subjects) if options.subjects else None)


def _subjects(names: tuple[str, ...]) -> Filter:
    """A filter for the rows of the subjects named; raises UnknownNameError for one that is not there."""

    def keep(frame: pl.DataFrame) -> pl.DataFrame:
        known = set(frame["subject"].unique())
        wanted: set[str] = set()
        for name in names:
            if name != NON_SCIENCE and name not in known:
                raise UnknownNameError("subject", name, {*known, NON_SCIENCE})
            wanted |= known - SCIENCE if name == NON_SCIENCE else {name}
        return frame.filter(pl.col("subject").is_in(sorted(wanted)))

    return keep
