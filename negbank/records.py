"""The records that stages pass to each other: schemas of frames, and small dataclasses.

Many rows are a Polars frame with one of the schemas below; one row's worth, or a stage's settings, is a
frozen dataclass; vectors are `(n, d)` float32 with unit rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from negbank.terms import (
    ALL_TIERS,
    DISTRACTOR,
    ERRONEOUS_COT,
    IRRELEVANT,
    MODEL,
    NEAR_MISS,
    OTHER_QUESTION,
    OTHER_SOURCE,
    PERTURBED,
    REPORTED,
    TIERS,
    UNRELATED,
    Progress,
)

__all__ = [
    "ALL_TIERS", "CANDIDATES", "CHAINS", "DISTRACTOR", "ERRONEOUS_COT", "IRRELEVANT", "LATER_COLUMNS", "MODEL",
    "NEAR_MISS", "NEGATIVES", "OTHER_QUESTION", "OTHER_SOURCE", "PERTURBED", "QUESTIONS", "REFUSED",
    "REFUSED_QUESTIONS", "REPORTED", "TIERS", "UNRELATED", "FloatArray", "HeldOut", "Progress", "SourceData",
    "TextVectors", "as_asked", "columns_of", "content_id", "no_progress",
]  # fmt: skip

QUESTIONS: Final = pl.Schema(
    {
        "question_id": pl.String(),
        "question": pl.String(),
        "context": pl.String(),
        "answer": pl.String(),
        "answers": pl.List(pl.String()),
        "distractors": pl.List(pl.String()),
        "subject": pl.String(),
        "split": pl.String(),
    }
)
"""One question a row; `distractors` are its wrong choices, an empty list where it has none.

`context` is a passage that is part of the question, null where there is none. `answers` are all right answers where
there are several, `answer` first; null where there is one."""

REFUSED_QUESTIONS: Final = pl.Schema(
    {"question_id": pl.String(), "question": pl.String(), "reason": pl.String(), "where": pl.String()}
)
"""A row of a source that is no usable question, with the reason and where it stands."""

CANDIDATES: Final = pl.Schema(
    {
        "question_id": pl.String(),
        "negative": pl.String(),
        "tier": pl.String(),
        "rank": pl.Int32(),
        "origin": pl.String(),
        "origin_id": pl.String(),
    }
)
"""One possible negative a row; `rank` (0-based, within question and tier) is the miner's order of preference.
`origin_id` is the question that the text was taken from."""

REFUSED: Final = pl.Schema([*CANDIDATES.items(), ("reason", pl.String())])
"""A candidate that a guard refused, with the guard's reason code."""

NEGATIVES: Final = pl.Schema(
    {
        "id": pl.String(),
        "question_id": pl.String(),
        "question": pl.String(),
        "context": pl.String(),
        "answer": pl.String(),
        "answers": pl.List(pl.String()),
        "negative": pl.String(),
        "tier": pl.String(),
        "plausibility": pl.Float32(),
        "similarity": pl.Float32(),
        "question_similarity": pl.Float32(),
        "rank": pl.Int32(),
        "origin": pl.String(),
        "origin_id": pl.String(),
        "category": pl.List(pl.String()),
        "subject": pl.String(),
        "judge_verdict": pl.String(),
        "judge_probability": pl.Float32(),
    }
)
"""What leaves: `answer` is right, `negative` is wrong; `similarity` is the cosine of negative and
answer, `question_similarity` that of negative and question; `plausibility` is a probability, 0 to 1.

`context` and `answers` are those of QUESTIONS. `judge_probability` is how likely a judge (`--judge`) takes the negative
to be right, `judge_verdict` what follows from that (`wrong`, in rows that are kept); both null where none was asked."""

CHAINS: Final = pl.Schema(
    [
        *NEGATIVES.items(),
        ("steps", pl.List(pl.String())),
        ("final_answer", pl.String()),
        ("gold_answer", pl.String()),
        ("first_error_step", pl.Int32()),
        ("error_source", pl.String()),
        ("first_divergent_step", pl.Int32()),
        ("error_type", pl.String()),
        ("generator", pl.String()),
        ("provenance", pl.String()),
        ("found_by", pl.String()),
        ("verified_by", pl.String()),
    ]
)
"""The rows of the tier erroneous-cot: `negative` is a chain that ends in the wrong `final_answer`, `answer` a right
chain.

`steps` are those of `negative`. `first_error_step` (0-based, null where nobody knows) is certain as far as its
`error_source` is; `first_divergent_step`, where the chain first leaves the quantities of the gold chain, is a hint.
`provenance` is JSON: the line of a file, or model, revision, sampling parameters and prompt. `found_by` is the sign by
which the final answer was found, `verified_by` what says that it is wrong: `gold`, `file` or `both`."""

LATER_COLUMNS: Final = ("context", "answers", "judge_verdict", "judge_probability", "found_by", "verified_by")
"""Columns that registries of earlier commits lack: null in their rows, and part of a row's hash only where not null,
so that the rows of those registries keep their hashes."""


def columns_of(tier: str) -> pl.Schema:
    """The schema of a tier's rows: CHAINS for erroneous-cot, NEGATIVES for any other."""
    return CHAINS if tier == ERRONEOUS_COT else NEGATIVES


@dataclass(frozen=True)
class HeldOut:
    """Questions that training data may not hold: a split of the source (`ARC-Easy/test`), another source, or a file.

    `revision` names their content.
    """

    name: str
    questions: int
    revision: str


@dataclass(frozen=True)
class SourceData:
    """What a source gives: its questions, what is kept apart for evaluation, and where it all came from.

    `revision` names the exact content (a commit of the Hub, or a SHA-256 over the questions read);
    `notices` are sentences for a person, such as which splits were not found. `held_out` says where the questions of
    `evaluation` are from; its column `split` has the same names.
    """

    name: str
    questions: pl.DataFrame
    evaluation: pl.DataFrame
    refused: pl.DataFrame
    revision: str
    license: str | None = None
    notices: tuple[str, ...] = ()
    held_out: tuple[HeldOut, ...] = ()


FloatArray = npt.NDArray[np.float32]


def no_progress(stage: str, done: int, total: int) -> None:
    """Report nothing: the default of every function that takes a `Progress`."""


@dataclass(frozen=True)
class TextVectors:
    """Unit vectors by text: `matrix` is `(n, d)` float32, `row[text]` the row of a text."""

    row: Mapping[str, int]
    matrix: FloatArray

    def of(self, texts: Iterable[str]) -> FloatArray:
        """The `(len(texts), d)` vectors of `texts`, in order. Raises KeyError for a text not encoded."""
        return self.matrix[np.fromiter((self.row[t] for t in texts), dtype=np.int64)]

    def cosine(self, left: Sequence[str], right: Sequence[str], block: int = 8192) -> FloatArray:
        """The `(n,)` cosines of `left[i]` and `right[i]`, the same bits whatever else is asked for."""
        if len(left) != len(right):
            raise ValueError(f"cosine of {len(left)} and {len(right)} texts")
        out = np.empty(len(left), dtype=np.float32)
        for start in range(0, len(left), block):
            stop = start + block
            # einsum, not BLAS: each row is summed alone, so a row's value does not depend on its neighbours
            out[start:stop] = np.einsum("ij,ij->i", self.of(left[start:stop]), self.of(right[start:stop]))
        return out


def as_asked(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with each question behind its passage, if it has one: what a model is shown.

    Frames without a column `context` of texts come back as they are.
    """
    if frame.schema.get("context") != pl.String:
        return frame
    with_passage = pl.concat_str("context", pl.lit("\n\n"), "question")
    return frame.with_columns(question=pl.coalesce(with_passage, "question"))


def content_id(*parts: str) -> str:
    """16 hexadecimal digits that name a content: SHA-256 over the parts, each preceded by its length."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]
