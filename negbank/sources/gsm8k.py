r"""GSM8K (Cobbe et al., 2021, arXiv 2110.14168), `openai/gsm8k`, MIT: grade-school word problems with worked chains.

A row: `{"question": "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How
many clips did Natalia sell altogether in April and May?", "answer": "Natalia sold 48/2 = <<48/2=24>>24 clips in
May.\nNatalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May.\n#### 72"}`. A question's
`answer` is the whole gold chain, calculator annotations (`<<48/2=24>>`) included. Test is the evaluation
set, unless `--split test` takes it for questions.
"""

from __future__ import annotations

from negbank.records import SourceData
from negbank.sources.benchmark import Benchmark, load
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Columns

BENCHMARK = Benchmark(
    name="gsm8k",
    dataset="openai/gsm8k",
    license="mit",
    columns=Columns(question="question", answer="answer"),
    training=(("main", "train"),),
    evaluation=(("main", "test"),),
    questions=7473,
)


def read(options: SourceOptions) -> SourceData:
    """The training questions with their gold chains, or those of the split or slice that `--split` names."""
    options.refuse("gsm8k", "subjects", "columns")
    return load(BENCHMARK, options.split)
