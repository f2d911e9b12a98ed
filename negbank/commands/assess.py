"""What `add` and `label` share: a file's rows -> questions with all their right answers, scores, and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from negbank.commands.gather import Embedder, rules_for
from negbank.commands.judge import Judging, judged
from negbank.guards import Screened, question_keys, screen, texts_to_encode
from negbank.guards.reasons import EMPTY
from negbank.judging import Judge
from negbank.plausibility import Background, label
from negbank.records import CANDIDATES, NEAR_MISS, NEGATIVES, QUESTIONS, REPORTED, TIERS, SourceData, content_id
from negbank.sources.answer_rows import read_answer_rows
from negbank.sources.file import frame_of
from negbank.sources.options import SourceOptions
from negbank.sources.understanding import Understood

REPEATED: Final = "repeated-row"


@dataclass(frozen=True)
class FileRows:
    """The wrong answers of a file: `rows` (ANSWER_ROWS) that have all three texts.

    `left_out` counts the others by reason: they lack a text, or repeat another row of a large file in every column.
    `records` are the file's records as they were, by the column `row`.
    """

    place: str
    rows: pl.DataFrame
    left_out: Mapping[str, int]
    records: Sequence[Mapping[str, Any]]
    understood: Understood

    def originals(self, rows: pl.Series) -> pl.DataFrame:
        """The records that `rows` (their numbers) came from, in the file's own columns."""
        return frame_of([self.records[number] for number in rows])

    def refusals(self, screened: Screened) -> tuple[tuple[str, str, int], ...]:
        """`(tier, reason, count)` of all that was refused, rows that are no candidate first."""
        rows = (("row", reason, count) for reason, count in self.left_out.items())
        return (*rows, *((tier, reason, count) for reason, tier, count in screened.counts.iter_rows()))


@dataclass(frozen=True)
class Assessed:
    """`rows` (NEGATIVES, with `row`) of all wrong answers, before any is refused, and what the guards say of them.

    `asked` (QUESTIONS) are their questions. `judging` is what a judge said, None where none was asked.
    """

    rows: pl.DataFrame
    screened: Screened
    asked: pl.DataFrame
    behind: pl.DataFrame
    judging: Judging | None = None

    def kept(self) -> pl.DataFrame:
        """The `rows` that no guard refused, with what a judge said of them."""
        keys = ["question_id", "negative", "tier", "rank"]
        rows = self.rows.join(self.screened.kept.select(keys), on=keys, how="semi", maintain_order="left")
        return self.judging.told(rows) if self.judging else rows


def read_rows(place: str, options: SourceOptions) -> FileRows:
    """The wrong answers of a file, a folder, `-` or `hf:org/name`. Raises what `read_answer_rows` raises."""
    found = read_answer_rows(place, options)
    complete = found.frame.filter(pl.all_horizontal(pl.col("question", "answer", "negative").str.strip_chars() != ""))
    blank = found.frame.height - complete.height
    left_out = {reason: count for reason, count in ((EMPTY, blank), (REPEATED, found.records.repeated)) if count}
    return FileRows(place, complete, left_out, found.records.rows, found.understood)


@dataclass(frozen=True)
class Helpers:
    """What rows are assessed with: the encoder, a judge if one is asked, and whether the embedding decides the tier."""

    embed_texts: Embedder
    judge: Judge | None = None
    by_embedding: bool = False


def assess(file: FileRows, source: SourceData | None, helpers: Helpers) -> Assessed:
    """The rows of `file` with tier, scores and the guards' verdicts, their questions found again in `source`.

    A wrong answer that its file ties to a question is a near-miss; with `by_embedding` its embedding decides. Files
    that negbank wrote say the tier themselves.
    """
    asked, ids = _questions(file.rows, source)
    behind = source.questions if source else asked
    rows = file.rows.select("row", "negative", "category", "subject", question_id=ids)
    rows = rows.join(asked.drop("subject", "distractors", "split"), on="question_id", maintain_order="left")
    evaluation = source.evaluation if source else None
    texts = texts_to_encode(rows.select("negative"), asked, evaluation)
    vectors = helpers.embed_texts([*texts, *behind["question"], *behind["answer"]])
    scored = label(rows, vectors, Background.of(behind, vectors))
    tier = scored["predicted_tier"] if helpers.by_embedding else pl.Series(_tiers(file, rows), dtype=pl.String)
    own_ids = [row_id(*texts) for texts in scored.select("question", "context", "answer", "negative").iter_rows()]
    labelled = scored.with_columns(
        pl.Series("id", own_ids, pl.String), tier.alias("tier"), origin=pl.lit(REPORTED),
        origin_id=pl.lit(None, pl.String), judge_verdict=pl.lit(None, pl.String),
        judge_probability=pl.lit(None, pl.Float32),
    ).with_columns(rank=pl.int_range(pl.len(), dtype=pl.Int32).over("question_id", "tier"))  # fmt: skip
    rules = rules_for(behind, evaluation, vectors, helpers.embed_texts)
    screened = screen(labelled.select(CANDIDATES.names()).cast(CANDIDATES), asked, vectors, rules)
    labelled = labelled.select("row", *NEGATIVES.names())
    if helpers.judge is None:
        return Assessed(labelled, screened, asked, behind)
    judging = judged(screened.kept, asked, helpers.judge, helpers.embed_texts.progress)
    return Assessed(labelled, judging.refuse(screened), asked, behind, judging)


def row_id(question: str, context: str | None, answer: str, negative: str) -> str:
    """The id of a row: a hash of its content; a row without a passage keeps the id that earlier commits gave it."""
    return content_id(question, answer, negative, *([context] if context is not None else []))


def _questions(rows: pl.DataFrame, source: SourceData | None) -> tuple[pl.DataFrame, pl.Series]:
    """QUESTIONS that the rows ask, each text once with every right answer, and the id of each row's question.

    Ids and further right answers are those of the source's question of the same text, if it has one.
    """
    keys = question_keys(rows)
    known = _by_key(source.questions) if source else {}
    found: dict[str, dict[str, Any]] = {}
    columns = rows.select("question", "context", "answer", "answers", "subject").iter_rows()
    for key, (question, context, answer, answers, subject) in zip(keys, columns, strict=True):
        if key not in found:
            also = known.get(key, [])
            same = next((q for q in also if q["answer"] == answer), also[0] if also else None)
            own_id = content_id(question, answer, *([context] if context is not None else []))
            found[key] = {
                "question_id": same["question_id"] if same else own_id, "question": question, "context": context,
                "answer": answer, "subject": subject, "split": "train", "distractors": [],
                "answers": [text for q in also for text in (q["answer"], *(q["answers"] or []))],
            }  # fmt: skip
        found[key]["answers"] += [answer, *(answers or [])]
    for question in found.values():
        every = list(dict.fromkeys([question["answer"], *question["answers"]]))
        question["answers"] = every if len(every) > 1 else None
    ids = pl.Series([found[key]["question_id"] for key in keys], dtype=pl.String)
    return pl.DataFrame(list(found.values()), schema=QUESTIONS), ids


def _by_key(questions: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for key, question in zip(question_keys(questions), questions.iter_rows(named=True), strict=True):
        found.setdefault(key, []).append(question)
    return found


def _tiers(file: FileRows, rows: pl.DataFrame) -> list[str]:
    """The tier of each row: near-miss, or what a checkout of negbank's says."""
    said = [_own_tier(record) for record in file.records]
    return [said[row] or NEAR_MISS for row in rows["row"]]


def _own_tier(record: Mapping[str, Any]) -> str | None:
    """The tier in a record that negbank wrote, None in any other."""
    tier = record.get("tier")
    return tier if tier in TIERS and "plausibility" in record and "origin" in record else None
