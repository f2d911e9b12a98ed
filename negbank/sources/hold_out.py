"""`--hold-out`: more questions that training data may not hold, from another source, a file or a Hub dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from negbank.errors import MalformedFileError, SourceError
from negbank.records import QUESTIONS, HeldOut, SourceData
from negbank.sources import demo, file
from negbank.sources.benchmark import Benchmark, content_revision
from negbank.sources.hub import HubDataset
from negbank.sources.loading import all_questions, every_question, questions_only
from negbank.sources.names import QUESTION, plain_name
from negbank.sources.options import SourceOptions


def with_held_out(
    data: SourceData, source: str, references: tuple[str, ...], benchmarks: Mapping[str, Benchmark]
) -> SourceData:
    """`data` that holds out every question of `references` too: names of `benchmarks`, `demo`, files, `hf:org/name`.

    Raises SourceError for a reference without questions, or for `source` itself.
    """
    evaluation, held_out = [data.evaluation], list(data.held_out)
    for reference in dict.fromkeys(references):
        if reference == source:
            raise SourceError(f"--hold-out {reference}: that is the source itself, and nothing would be left of it")
        questions, revision = _questions(reference, benchmarks)
        if questions.is_empty():
            raise SourceError(f"--hold-out {reference}: there is no question in it")
        name = reference if _is_name(reference, benchmarks) else Path(reference).name
        evaluation.append(questions.with_columns(split=pl.lit(name)))
        held_out.append(HeldOut(name, questions.height, revision))
    if len(evaluation) == 1:
        return data
    return replace(data, evaluation=pl.concat(evaluation), held_out=tuple(held_out))


def _is_name(reference: str, benchmarks: Mapping[str, Benchmark]) -> bool:
    return reference in benchmarks or reference in ("demo", "-") or reference.startswith(file.HUB_PREFIX)


def _questions(reference: str, benchmarks: Mapping[str, Benchmark]) -> tuple[pl.DataFrame, str]:
    """QUESTIONS of one reference, and what names their content."""
    if reference in benchmarks:
        return every_question(benchmarks[reference])
    if reference == "demo":
        data = demo.read(SourceOptions())
        return all_questions(data), data.revision
    if reference.startswith(file.HUB_PREFIX):
        return _of_hub(reference)
    questions = _of_file(reference)
    return questions, content_revision(questions)


def _of_hub(reference: str) -> tuple[pl.DataFrame, str]:
    """QUESTIONS of every split of a dataset's configuration."""
    hub = HubDataset(reference.removeprefix(file.HUB_PREFIX).partition(":")[0])
    config = reference.removeprefix(file.HUB_PREFIX).partition(":")[2] or hub.configs()[0]
    frames = [_of_split(reference, split) for split in hub.splits(config)]
    questions = pl.concat([QUESTIONS.to_frame(), *frames])
    return questions, hub.revision(config) or content_revision(questions)


def _of_split(reference: str, split: str) -> pl.DataFrame:
    """QUESTIONS of one split; the questions alone if its answers are withheld."""
    try:
        return all_questions(file.read_hub(reference, SourceOptions(split=split)))
    except SourceError:
        return _without_answers(file.read_hub_table(reference, split), f"{reference}/{split}")


def _of_file(path: str) -> pl.DataFrame:
    """QUESTIONS of a file; of one without answers the questions alone, which is enough to hold them out."""
    try:
        return all_questions(file.read_file(path, SourceOptions()))
    except MalformedFileError:
        raise
    except SourceError:
        if path == "-" or not Path(path).exists():
            raise
        return _without_answers(file.read_table(path), Path(path).stem)


def _without_answers(table: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """QUESTIONS of a table of which the questions alone can be read."""
    column = next((name for name in table.columns if plain_name(name) in QUESTION), None)
    if column is None or table[column].dtype.is_nested():
        raise SourceError(
            f"--hold-out {prefix}: no question column is known here; there are: {', '.join(table.columns)}"
        )
    return questions_only(table[column], prefix)
