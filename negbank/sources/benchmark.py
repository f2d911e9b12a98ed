"""What the benchmarks on the Hub have in common: some splits are training questions, some the evaluation set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from negbank.errors import SourceError
from negbank.records import QUESTIONS, REFUSED_QUESTIONS, SourceData
from negbank.sources.hub import HubDataset
from negbank.sources.rows import Columns, Parsed, parse

Part = tuple[str, str]
"""One configuration and one split, or a slice of it: ("ARC-Easy", "train"), ("all", "validation[:80%]")."""

Filter = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Benchmark:
    """A benchmark's place on the Hub and what of it may be trained on.

    `training` and `evaluation` are the parts of the published benchmark; `questions` says how many training
    questions that makes, so that a mirror that lacks some is noticed.
    """

    name: str
    dataset: str
    license: str
    columns: Columns
    training: tuple[Part, ...]
    evaluation: tuple[Part, ...]
    questions: int
    subject: str | None = None
    """The column with the subject, where it has none of the usual names."""
    fallback: tuple[Part, ...] = ()
    """Read where none of `training` is there, and said so."""


def load(benchmark: Benchmark, split: str | None = None, keep: Filter | None = None) -> SourceData:
    """The training and the evaluation questions of `benchmark`.

    `split` (a name or a slice) takes the place of the benchmark's own training splits; what it leaves of an
    evaluation split stays evaluation. `keep` selects rows before they are parsed (MMLU's subjects).
    """
    hub = HubDataset(benchmark.dataset)
    configs = list(dict.fromkeys(config for config, _ in (*benchmark.training, *benchmark.evaluation)))
    there = {(config, name) for config in configs for name in hub.splits(config)}
    wanted, notices = _choose(benchmark, hub, there, split)
    training: list[Parsed] = []
    held_out: list[Parsed] = []
    for part in wanted:
        rows = hub.read(*part)
        training.append(_parse(benchmark, part, _filtered(rows.frame, keep)))
        if (part[0], _base(part[1])) in benchmark.evaluation:
            held_out.append(_parse(benchmark, part, rows.rest))
    bases = {(config, _base(expression)) for config, expression in wanted}
    for part in benchmark.evaluation:
        if part in there and part not in bases:
            held_out.append(_parse(benchmark, part, hub.read(*part).frame))
    questions = pl.concat([p.questions for p in training])
    refused = pl.concat([p.refused for p in training])
    if split is None and keep is None:
        notices = (*notices, *_found(benchmark, hub, there, questions.height + refused.height))
    if questions.is_empty():
        raise SourceError(f"{benchmark.name}: no question is left of {', '.join(map('/'.join, wanted))}")
    evaluation = pl.concat([QUESTIONS.to_frame(), *(_evaluation(p) for p in held_out)])
    if evaluation.is_empty():
        notices = (
            *notices,
            f"{benchmark.name}: no evaluation questions are held out; contamination is not checked",
        )
    revision = hub.revision(configs[0]) or content_revision(questions)
    return SourceData(benchmark.name, questions, evaluation, refused, revision, benchmark.license, notices)


def content_revision(questions: pl.DataFrame) -> str:
    """`sha256:` and the hash of the questions' content: a revision where the source has none of its own.

    `context` and `answers` count only where a source has them, so that other sources keep the revision that they had.
    """
    digest = hashlib.sha256()
    unused = [name for name in ("context", "answers") if questions[name].null_count() == questions.height]
    for row in questions.drop(unused).iter_rows():
        digest.update(repr(row).encode())
    return f"sha256:{digest.hexdigest()}"


def _base(expression: str) -> str:
    return expression.partition("[")[0]


def _filtered(frame: pl.DataFrame, keep: Filter | None) -> pl.DataFrame:
    return keep(frame) if keep else frame


def _parse(benchmark: Benchmark, part: Part, frame: pl.DataFrame) -> Parsed:
    """One part's rows as questions."""
    if frame.is_empty():
        return Parsed(QUESTIONS.to_frame(), REFUSED_QUESTIONS.to_frame(), "")
    config, expression = part
    label = f"{benchmark.name}/{config}/{_base(expression)}"
    where = f"{label} row {{}}"
    return parse(frame, benchmark.columns, prefix=label, split="train", where=where, subject=benchmark.subject)


def _evaluation(parsed: Parsed) -> pl.DataFrame:
    """Every evaluation question, also one that could not be mined: it must not be trained on all the same."""
    unusable = parsed.refused.select("question_id", "question", answer=pl.lit("")).filter(pl.col("question") != "")
    return pl.concat([parsed.questions, unusable], how="diagonal").select(QUESTIONS.names())


def _choose(
    benchmark: Benchmark, hub: HubDataset, there: set[Part], split: str | None
) -> tuple[Sequence[Part], tuple[str, ...]]:
    """The parts to train on, and what a person should know of the choice."""
    if split is not None:
        configs = dict.fromkeys(config for config, _ in (*benchmark.training, *benchmark.evaluation))
        named = [(config, split) for config in configs if (config, _base(split)) in there]
        if not named:
            hub.read(next(iter(configs)), split)  # raises, with the splits that there are
        # of ARC's tests that of ARC-Easy alone; what every configuration evaluates on was asked for as such
        whole = [part for part in named if part not in benchmark.evaluation]
        return whole or named, ()
    found = [part for part in benchmark.training if (part[0], _base(part[1])) in there]
    if found:
        return found, ()
    fallback = [part for part in benchmark.fallback if (part[0], _base(part[1])) in there]
    missing = ", ".join(sorted({name for _, name in benchmark.training}))
    if not fallback:
        raise SourceError(f"{benchmark.name}: {hub.place} has none of its splits ({missing})")
    taken = ", ".join(name for _, name in fallback)
    return fallback, (f"{benchmark.name}: {hub.place} has no {missing} split; {taken} is read instead (--split)",)


def _found(benchmark: Benchmark, hub: HubDataset, there: set[Part], rows: int) -> tuple[str, ...]:
    """A sentence on splits that are not there, or none."""
    missing = [f"{config} {name}" for config, name in benchmark.training if (config, name) not in there]
    if not missing or len(missing) == len(benchmark.training):
        return ()
    return (
        f"{benchmark.name}: {rows:,} of {benchmark.questions:,} training questions found; "
        f"{hub.place} lacks {', '.join(missing)}",
    )
