"""Questions -> a file of chains by a model, one line a chain, that `reasoning.formats` reads.

::

    {"question_id": ..., "question": ..., "sample": 0, "chain": ..., "model": ...,
     "provenance": {"model": ..., "revision": ..., "temperature": 0.8, ..., "prompt": ..., "seed": 1234,
                    "tokens": 87, "finished": true}}

A chain is on the disk when it is done, so that a run that ended early is gone on with; no date is in it, so that the
same model, settings and seed give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from negbank.errors import GenerationError
from negbank.folders import cache_folder
from negbank.generation.lines import Lines, Record
from negbank.generation.records import Asked, GenerateSettings, Sampler, Written, seed_of
from negbank.records import Progress, content_id, no_progress

STAGE: Final = "generate"
_DECIDING: Final = ("question", "sample", "model")


@dataclass(frozen=True)
class Collected:
    """The file of chains, how many it holds, how many of these were sampled now, and how many were cut for length.

    `left_out` are the questions of the chains that it lacks, as they leave the model no room to write in.
    """

    path: Path
    chains: int
    sampled: int
    cut: int
    left_out: tuple[str, ...] = ()


def default_file(revision: str, sampler: Sampler, settings: GenerateSettings, questions: pl.DataFrame) -> Path:
    """Where the chains to `questions` (QUESTIONS) of a source's `revision` are kept, by all that decides them.

    A revision may be that of a whole repository, the same for each of its splits, subjects and slices.
    """
    asked = content_id(*sorted(questions["question_id"]))
    decides = json.dumps(
        [revision, sampler.model, sampler.provenance(), settings.samples, settings.seed, asked], sort_keys=True
    )
    return cache_folder() / "chains" / f"{hashlib.sha256(decides.encode()).hexdigest()[:24]}.jsonl"


def collect(
    questions: pl.DataFrame,
    sampler: Sampler,
    settings: GenerateSettings,
    file: Path,
    progress: Progress = no_progress,
) -> Collected:
    """`file` with `settings.samples` chains to each of `questions` (QUESTIONS), those that are there kept.

    When all are there, they stand in the order of the questions. How they are drawn is the sampler's matter. Raises
    GenerationError for a file that holds other chains or that another process writes to, and what the sampler raises;
    what is done is kept.
    """
    wanted = [
        Asked(name, question, sample, seed_of(settings.seed, name, sample))
        for name, question in questions.select("question_id", "question").iter_rows()
        for sample in range(settings.samples)
    ]
    place = {(asked.question_id, asked.sample): number for number, asked in enumerate(wanted)}
    if len(place) < len(wanted):
        raise GenerationError("two questions have one id; leave the second out")
    with Lines(file) as lines:
        done, cut = set[int](), 0
        for record in lines.read():
            done.add(_place(record, place, wanted, sampler, file))
            cut += record["provenance"].get("finished") is False
        before, left_out = len(done), list[str]()
        progress(STAGE, before, len(wanted))
        if before < len(wanted):
            for number, written in sampler.write(wanted, frozenset(done)):
                if written is None:
                    left_out.append(wanted[number].question)
                else:
                    lines.append(_record(wanted[number], written, sampler))
                    done.add(number)
                    cut += not written.finished
                progress(STAGE, len(done) + len(left_out), len(wanted))
        lines.sort(lambda record: place[record["question_id"], record["sample"]])
    return Collected(file, len(done), len(done) - before, cut, tuple(sorted(left_out)))


def _record(asked: Asked, written: Written, sampler: Sampler) -> dict[str, Any]:
    return {
        "question_id": asked.question_id,
        "question": asked.question,
        "sample": asked.sample,
        "chain": written.chain,
        "model": sampler.model,
        "provenance": sampler.provenance()
        | dict(written.served or {})
        | {"seed": asked.seed, "tokens": written.tokens, "finished": written.finished},
    }


def _place(
    record: Record, place: dict[tuple[str, int], int], wanted: Sequence[Asked], sampler: Sampler, file: Path
) -> int:
    """Which of the wanted chains a record is. Raises GenerationError where it is none of them."""
    number = place.get((record.get("question_id", ""), record.get("sample", -1)))
    if number is None:
        raise GenerationError(f"{file} holds chains to other questions; give another file, or delete it")
    expected = sampler.provenance() | {"seed": wanted[number].seed}
    found = record.get("provenance")
    odd = [key for key, value in expected.items() if not isinstance(found, dict) or found.get(key) != value]
    own = _record(wanted[number], Written("", None, True), sampler)
    odd += [key for key in _DECIDING if record.get(key) != own[key]]
    if odd:
        raise GenerationError(
            f"{file} holds chains of another run: {', '.join(sorted(odd)[:4])} differ; give another file, or delete it"
        )
    return number
