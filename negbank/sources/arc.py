"""ARC (Clark et al., 2018, arXiv 1803.05457), `allenai/ai2_arc`, CC BY-SA 4.0: grade-school science questions.

A row: `{"question": "George wants to warm his hands quickly by rubbing them. Which skin surface will produce the
most heat?", "choices": {"text": ["dry palms", "wet palms", ...], "label": ["A", "B", ...]}, "answerKey": "A"}`.
Both configurations train; only the test split of ARC-Challenge is kept for evaluation.
"""

from __future__ import annotations

from negbank.records import SourceData
from negbank.sources.benchmark import Benchmark, load
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Columns

BENCHMARK = Benchmark(
    name="arc",
    dataset="allenai/ai2_arc",
    license="cc-by-sa-4.0",
    columns=Columns(question="question", answer="answerKey", choices=("choices",)),
    training=(
        ("ARC-Challenge", "train"),
        ("ARC-Challenge", "validation"),
        ("ARC-Easy", "train"),
        ("ARC-Easy", "validation"),
        ("ARC-Easy", "test"),
    ),
    evaluation=(("ARC-Challenge", "test"),),
    questions=6615,
)


def read(options: SourceOptions) -> SourceData:
    """All splits but ARC-Challenge test, which is the evaluation set."""
    options.refuse("arc", "subjects", "columns")
    return load(BENCHMARK, options.split)
