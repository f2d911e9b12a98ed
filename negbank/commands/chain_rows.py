"""Verdicts -> rows of the tier erroneous-cot, some questions at a time: memory does not grow with the chains.

Chains go to piles on disk, a range of question ids each, since the right chains of a question may come after its wrong
ones. A pile is then read alone, and gives a Parquet file; the files follow each other in an object's order.
"""

from __future__ import annotations

import contextlib
import json
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import polars as pl

from negbank.reasoning.final_form import KEEP, FinalForm, with_final_form
from negbank.reasoning.verify import Verdict
from negbank.records import CHAINS, ERRONEOUS_COT, PERTURBED, content_id
from negbank.registry.rows import ORDER, shared_schema, write_table

PILES: Final = 64

Record = dict[str, Any]
"""A chain on its way: what a row needs of its verdict, as JSON."""

Refuse = Callable[[Record], None]
"""Told of a wrong chain that its question has already."""


@dataclass(frozen=True)
class Question:
    """A question of the source; `answer` is its gold chain, `answers` are all right answers where there are several."""

    question_id: str
    question: str
    answer: str
    subject: str | None
    context: str | None = None
    answers: tuple[str, ...] | None = None


@dataclass
class Made:
    """What rows were made: `plausibility` of each as a float32 (NaN where unknown), the right chains that stand beside
    them and those that are left over, how first errors are known and how the outcome is."""

    plausibility: array[float] = field(default_factory=lambda: array("f"))
    right_used: int = 0
    right_left: int = 0
    error_sources: Counter[str] = field(default_factory=Counter)
    verified_by: Counter[str] = field(default_factory=Counter)
    questions: int = 0


class Piles:
    """Chains in files by question; use it in a `with` statement. `folder` is empty and there.

    Rows end as `final_form` says.
    """

    def __init__(self, folder: Path, questions: Mapping[str, Question], final_form: FinalForm = KEEP) -> None:
        self.folder = folder
        self.final_form = final_form
        self.questions = questions
        ids = sorted(questions)
        step = max(1, -(-len(ids) // PILES))
        self._first = ids[::step]
        self._files: list[IO[str]] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Piles:
        paths = [self.folder / f"{number:02}.jsonl" for number in range(len(self._first))]
        self._files = [self._stack.enter_context(path.open("w+", encoding="utf-8")) for path in paths]
        return self

    def __exit__(self, *about: object) -> None:
        self._stack.close()

    def put(self, question_id: str, verdict: Verdict, origin: str) -> None:
        """Keep a wrong or a right chain of a question."""
        record: Record = {"question_id": question_id, "outcome": verdict.outcome, "chain": verdict.chain}
        record |= {"line": verdict.line, "position": verdict.position, "model": verdict.model, "origin": origin}
        if verdict.outcome == "wrong":
            record |= {
                "steps": verdict.steps, "final_answer": verdict.final_answer, "gold_answer": verdict.gold_answer,
                "first_error_step": verdict.first_error_step, "error_source": verdict.error_source,
                "first_divergent_step": verdict.divergent_step, "error_type": verdict.error_type,
                "plausibility": verdict.plausibility, "provenance": verdict.provenance,
                "found_by": verdict.found_by, "verified_by": verdict.verified_by,
            }  # fmt: skip
        file = self._files[bisect_right(self._first, question_id) - 1]
        file.write(json.dumps(record) + "\n")

    def rows(self, made: Made, refuse: Refuse) -> Iterator[Path]:
        """A Parquet file (CHAINS) a pile, in order; what was made of the chains is counted in `made`."""
        for number, file in enumerate(self._files):
            file.seek(0)
            chains: dict[str, list[Record]] = {}
            for line in file:
                record = json.loads(line)
                chains.setdefault(record["question_id"], []).append(record)
            rows = [
                row
                for question_id in sorted(chains)
                for row in _rows(self.questions[question_id], chains[question_id], made, refuse, self.final_form)
            ]
            file.truncate(0)
            if rows:
                path = self.folder / f"{number:02}.parquet"
                frame = pl.DataFrame(rows, schema=CHAINS).sort(ORDER)
                write_table(path, shared_schema(CHAINS), [frame.to_arrow()])
                yield path


def _rows(
    question: Question, chains: Sequence[Record], made: Made, refuse: Refuse, form: FinalForm
) -> Iterator[Record]:
    """The rows of one question: its wrong chains, the most plausible first, each beside a right one.

    Right chains are used once each, in their order; then, and for a chain that was made from it, the gold chain is.
    """
    right = [chain["chain"] for chain in chains if chain["outcome"] == "right"]
    rights = list(dict.fromkeys(right))
    formed = [_formed(chain, form) for chain in chains if chain["outcome"] == "wrong"]
    wrong = sorted(_distinct(formed, refuse), key=lambda chain: -_known(chain["plausibility"]))
    used = 0
    for rank, chain in enumerate(wrong):
        answer = question.answer
        if chain["origin"] != PERTURBED and used < len(rights):
            answer, used = rights[used], used + 1
        made.plausibility.append(float("nan") if chain["plausibility"] is None else chain["plausibility"])
        made.error_sources[chain["error_source"] or "unknown"] += 1
        made.verified_by[chain["verified_by"] or "unknown"] += 1
        yield _row(question, with_final_form(answer, chain["gold_answer"], form=form).chain, chain, rank)
    made.right_used += used
    made.right_left += len(right) - used
    made.questions += bool(wrong)


def _formed(chain: Record, form: FinalForm) -> Record:
    """A wrong chain with its final line in `form`; what it says of its steps stays true."""
    made = with_final_form(chain["chain"], chain["final_answer"], chain["steps"], chain["first_error_step"], form)
    return chain | {"chain": made.chain, "steps": list(made.steps)}


def _known(plausibility: float | None) -> float:
    return -1.0 if plausibility is None else plausibility


def _distinct(chains: Sequence[Record], refuse: Refuse) -> Iterator[Record]:
    """The wrong chains, each of a generator once: a second one teaches nothing new."""
    seen: set[tuple[str | None, str]] = set()
    for chain in chains:
        if chain["outcome"] != "wrong":
            continue
        key = (chain["model"], " ".join(chain["chain"].split()))
        if key in seen:
            refuse(chain)
            continue
        seen.add(key)
        yield chain


def _row(question: Question, answer: str, chain: Record, rank: int) -> Record:
    error_type, generator = chain["error_type"], chain["model"]
    return {
        "id": content_id(question.question, answer, chain["chain"], generator or ""),
        "question_id": question.question_id, "question": question.question, "answer": answer,
        "negative": chain["chain"], "tier": ERRONEOUS_COT, "plausibility": chain["plausibility"], "similarity": None,
        "question_similarity": None, "rank": rank, "origin": chain["origin"], "origin_id": question.question_id,
        "category": [f"reasoning.{error_type}"] if error_type else [], "subject": question.subject,
        "steps": chain["steps"], "final_answer": chain["final_answer"], "gold_answer": chain["gold_answer"],
        "first_error_step": chain["first_error_step"], "error_source": chain["error_source"],
        "first_divergent_step": chain["first_divergent_step"], "error_type": error_type, "generator": generator,
        "provenance": chain["provenance"], "found_by": chain["found_by"], "verified_by": chain["verified_by"],
        "context": question.context, "answers": None if question.answers is None else list(question.answers),
    }  # fmt: skip
