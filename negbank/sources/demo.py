"""The bundled sample: multiple-choice questions of the project's own writing, Apache-2.0, checked one by one.

A row: `{"id": "demo-001", "question": "...", "choices": ["...", "...", "...", "..."], "answer": 2, "subject":
"physics"}`. The same questions calibrate guards where a source has no wrong choices of its own.
"""

from __future__ import annotations

import io
from importlib import resources

import polars as pl

from negbank.records import QUESTIONS, SourceData
from negbank.sources.benchmark import content_revision
from negbank.sources.options import SourceOptions
from negbank.sources.rows import Columns, parse

COLUMNS = Columns(question="question", answer="answer", choices=("choices",))


def read(options: SourceOptions) -> SourceData:
    """The bundled questions, all of them for training: nothing is held out."""
    options.refuse("demo", "split", "subjects", "columns")
    data = resources.files("negbank.sources").joinpath("demo.jsonl").read_bytes()
    parsed = parse(pl.read_ndjson(io.BytesIO(data)), COLUMNS, prefix="demo", split="train", where="demo.jsonl:{}")
    revision = content_revision(parsed.questions)
    return SourceData("demo", parsed.questions, QUESTIONS.to_frame(), parsed.refused, revision, "apache-2.0")
