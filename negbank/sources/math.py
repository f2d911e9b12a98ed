r"""MATH (Hendrycks et al., 2021, arXiv 2103.03874), MIT: problems of competitions, with worked chains in LaTeX.

Read from `EleutherAI/hendrycks_math`, a copy with a configuration a subject; the authors' own place
(`hendrycks/competition_math`) was taken off the Hub. A row: `{"problem": "What is $2^3$?", "level": "Level 1", "type":
"Prealgebra", "solution": "We multiply: $2 \cdot 2 \cdot 2 = \boxed{8}$."}`. A question's `answer` is the whole gold
chain, whose answer is boxed; its subject is `type`. Test is the evaluation set, unless `--split test` takes it.
"""

from __future__ import annotations

from typing import Final

from negbank.records import SourceData
from negbank.sources.benchmark import Benchmark, load
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Columns

SUBJECTS: Final = (
    "algebra", "counting_and_probability", "geometry", "intermediate_algebra", "number_theory", "prealgebra",
    "precalculus",
)  # fmt: skip

BENCHMARK = Benchmark(
    name="math",
    dataset="EleutherAI/hendrycks_math",
    license="mit",
    columns=Columns(question="problem", answer="solution"),
    subject="type",
    training=tuple((subject, "train") for subject in SUBJECTS),
    evaluation=tuple((subject, "test") for subject in SUBJECTS),
    questions=7500,
)


def read(options: SourceOptions) -> SourceData:
    """The training problems of all subjects with their gold chains, or those of the split that `--split` names."""
    options.refuse("math", "subjects", "columns")
    return load(BENCHMARK, options.split)
