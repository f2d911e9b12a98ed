"""`mine --tier erroneous-cot`: chains of thought -> verdicts -> guards -> rows -> a part of a version.

Chains are read, verified against the source's gold answers and put away one at a time, however many there are.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import polars as pl

from negbank import __version__
from negbank.commands.chain_inputs import ChainInput, WrittenInput, chain_inputs
from negbank.commands.chain_models import step_judge, write_chains
from negbank.commands.chain_rows import Made, Piles, Question, Record
from negbank.commands.files import write_spooled
from negbank.commands.gather import MineSettings
from negbank.commands.summary import TierSummary, by_tier
from negbank.errors import SourceError
from negbank.generation import StepJudge
from negbank.guards.normalise import normalise
from negbank.reasoning.golds import NOT_IN_SOURCE, GoldBook, QuestionIndex
from negbank.reasoning.judge import MathJudge
from negbank.reasoning.reasons import CHAIN_REASONS, DUPLICATE_CHAIN, EVALUATION_OVERLAP, RIGHT_AFTER_ALL
from negbank.reasoning.verify import Tally, Verdict, verify
from negbank.records import ERRONEOUS_COT, PERTURBED, Progress, SourceData
from negbank.registry import Commit, NewPart, Registry
from negbank.terms import counted

SHOWN: Final = 10_000
"""Refused chains that a result holds; a file (`refused`) gets all of them."""

CUT: Final = 1_000
"""Characters of a refused chain, and of its question, that are listed."""

SHORT: Final = 60
REPORT_EVERY: Final = 64

REFUSED_CHAINS: Final = pl.Schema(
    {
        "tier": pl.String(), "reason": pl.String(), "meaning": pl.String(), "question": pl.String(),
        "chain": pl.String(), "final_answer": pl.String(), "gold_answer": pl.String(), "generator": pl.String(),
        "file": pl.String(), "line": pl.Int64(), "position": pl.Int64(),
    }
)  # fmt: skip
"""A chain that was refused, and why; its text and its question's are cut."""


@dataclass(frozen=True)
class ChainCounts:
    """What became of the chains that were read; of the right ones `right_used` stand beside a wrong one of `questions`.

    `false_claims` are chains that their file calls right or wrong and the gold answer the opposite, which are refused,
    and `disagreement` describes the first of them. `first_error` counts the wrong ones by how their first error is
    known, `verified_by` by what says that they are wrong.
    """

    read: int
    wrong: int
    right: int
    refused: int
    false_claims: int
    right_used: int
    right_left: int
    questions: int
    first_error: Mapping[str, int]
    verified_by: Mapping[str, int] = field(default_factory=dict)
    disagreement: str = ""


@dataclass(frozen=True)
class ChainsMined:
    """The commit, counts, and the first SHOWN of the chains that were refused."""

    commit: Commit
    counts: ChainCounts
    tier: TierSummary
    refused: pl.DataFrame
    refusals: tuple[tuple[str, str, int], ...]


def mine_chains(
    registry: Registry,
    dataset: str,
    data: SourceData,
    settings: MineSettings,
    progress: Progress,
    listed: Path | None = None,
) -> ChainsMined:
    """Make the part erroneous-cot of a new version of `dataset` from the chains that the settings name.

    What was refused is written to the file `listed`, where one is named, before the version is made.
    Raises SourceError where there are none to be had, or none is a wrong chain to a question of `data`.
    """
    inputs = chain_inputs(data.questions, settings.chains, settings.per_question, settings.seed)
    models = settings.chains.models
    if models.writes:
        found, written = write_chains(data, models, settings.seed, settings.device, progress)
        inputs.append(WrittenInput(str(found.path), written=written, left_out=found.left_out))
    judge = step_judge(models)
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        refused = stack.enter_context(_Refused(Path(scratch) / "refused.jsonl"))
        folder = Path(scratch) / "piles"
        folder.mkdir()
        gate = _Gate(data, refused)
        piles = stack.enter_context(Piles(folder, gate.questions, settings.chains.final_form))
        _verify(inputs, gate, piles, judge, settings.chains.strict, progress)
        made = Made()
        files = list(piles.rows(made, gate.refuse_duplicate))
        counts = _counts(gate, refused, made)
        if not files:
            raise SourceError(_nothing(counts, refused))
        part = NewPart(
            ERRONEOUS_COT, "train", files, _mined(data, settings, inputs, counts, refused.reasons) | _judged(judge)
        )
        refused.close()
        if listed:
            write_spooled(refused.path, REFUSED_CHAINS, listed)
        commit = registry.commit(dataset, [part], settings.message or "", settings.command)
        return ChainsMined(commit, counts, _summary(made, inputs), refused.first(), refused.counts())


@dataclass
class _Refused(contextlib.AbstractContextManager["_Refused"]):
    """Refused chains, on disk and counted by reason."""

    path: Path
    reasons: Counter[str] = field(default_factory=Counter)
    _file: IO[str] | None = None

    def __enter__(self) -> _Refused:
        self._file = self.path.open("w", encoding="utf-8")
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    def close(self) -> None:
        """Write down what was put."""
        if self._file:
            self._file.close()

    def put(self, reason: str, found: Record) -> None:
        """Keep a refused chain."""
        assert self._file is not None
        self.reasons[reason] += 1
        texts = {name: _cut(found.get(name)) for name in ("question", "chain", "final_answer", "gold_answer")}
        rest = {name: found.get(name) for name in ("line", "position")}
        known = {"tier": ERRONEOUS_COT, "reason": reason, "meaning": CHAIN_REASONS.get(reason), **texts}
        said = json.loads(found.get("provenance") or "{}")
        row = {**known, "generator": found.get("model"), "file": found.get("file") or said.get("file"), **rest}
        self._file.write(json.dumps(row) + "\n")

    def first(self) -> pl.DataFrame:
        """The first SHOWN of them (REFUSED_CHAINS)."""
        if not self.reasons:
            return REFUSED_CHAINS.to_frame()
        return pl.scan_ndjson(self.path, schema=REFUSED_CHAINS).head(SHOWN).collect()

    def counts(self) -> tuple[tuple[str, str, int], ...]:
        """`(tier, reason, count)` in the order of the way that a chain takes."""
        places = {reason: place for place, reason in enumerate(CHAIN_REASONS)}
        ordered = sorted(self.reasons.items(), key=lambda item: places.get(item[0], len(places)))
        return tuple((ERRONEOUS_COT, reason, count) for reason, count in ordered)


class _Gate:
    """The guards: what of the verdicts is a row's, and of which question."""

    def __init__(self, data: SourceData, refused: _Refused) -> None:
        columns = data.questions.select("question_id", "question", "answer", "subject", "context", "answers")
        self.questions = {row[0]: _question(*row) for row in columns.iter_rows()}
        self.golds = GoldBook.of((q.question, q.answer, q.answers) for q in self.questions.values())
        self.tally = Tally()
        self.refused = refused
        self._held_out = {normalise(question) for question in data.evaluation["question"]}
        self._ids = QuestionIndex((q.question, q.question_id) for q in self.questions.values())
        self.disagreement = ""

    def pass_on(self, verdicts: Iterable[Verdict], origin: str, file: str | None) -> Iterator[tuple[str, Verdict]]:
        """The wrong and the right chains with the id of their question; the others are refused."""
        for verdict in self.tally.count(verdicts):
            reason = verdict.reason if verdict.outcome == "refused" else None
            if self._held_out and normalise(verdict.question) in self._held_out:
                reason = EVALUATION_OVERLAP
            elif verdict.outcome == "right" and origin == PERTURBED:
                reason = RIGHT_AFTER_ALL
            question_id = self._ids.find(verdict.question) if reason is None else None
            if question_id is not None:
                yield question_id, verdict
            else:
                if verdict.claim_holds is False and not self.disagreement:
                    self.disagreement = _disagreement(verdict, file)
                self.refused.put(reason or NOT_IN_SOURCE, {**vars(verdict), "file": file})

    def refuse_duplicate(self, record: Record) -> None:
        """Refuse a chain that its question has already."""
        self.refused.put(DUPLICATE_CHAIN, {**record, "question": self.questions[record["question_id"]].question})


def _question(
    question_id: str, question: str, answer: str, subject: str | None, context: str | None, answers: list[str] | None
) -> Question:
    return Question(question_id, question, answer, subject, context, None if answers is None else tuple(answers))


def _disagreement(verdict: Verdict, file: str | None) -> str:
    """A sentence about a chain that its file and the gold answer judge differently."""
    where = f"{file}:{verdict.line}" if file else f"line {verdict.line}"
    said, found = ("wrong", "right") if verdict.found_right else ("right", "wrong")
    return (
        f"{where} is called {said}, but its answer {_short(verdict.final_answer)} is {found} by the gold answer "
        f"{_short(verdict.gold_answer)}"
    )


def _short(text: str | None) -> str:
    return repr(text if text is None or len(text) <= SHORT else f"{text[:SHORT]}...")


def _cut(text: str | None) -> str | None:
    """The first CUT characters, as what can be written."""
    return text[:CUT].encode(errors="replace").decode() if text is not None else None


def _verify(
    inputs: list[ChainInput], gate: _Gate, piles: Piles, judge: StepJudge | None, strict: bool, progress: Progress
) -> None:
    """Put every chain of the inputs where it belongs, its first error named by the judge where nothing else does."""
    before = 0
    with MathJudge() as answers:
        for chains in inputs:
            verdicts = verify(chains.chains(), gate.golds, answers, strict)
            for verdict in judge.fill(verdicts) if judge else verdicts:
                done = gate.tally.outcomes.total() - before
                origin = chains.origin(verdict.model)
                for question_id, kept in gate.pass_on((verdict,), origin, chains.name):
                    piles.put(question_id, kept, origin)
                if done % REPORT_EVERY == 0:
                    progress("verify", done, chains.total(done + 1))
            done = gate.tally.outcomes.total() - before
            progress("verify", done, done)
            before += done


def _counts(gate: _Gate, refused: _Refused, made: Made) -> ChainCounts:
    """What became of all chains; refused are all that are neither a row's nor a right one's."""
    total, wrong = gate.tally.outcomes.total(), len(made.plausibility)
    gone = refused.reasons.total()
    return ChainCounts(
        read=total, wrong=wrong, right=total - wrong - gone, refused=gone, false_claims=gate.tally.false_claims,
        right_used=made.right_used, right_left=made.right_left, questions=made.questions,
        first_error=dict(sorted(made.error_sources.items())), verified_by=dict(sorted(made.verified_by.items())),
        disagreement=gate.disagreement,
    )  # fmt: skip


def _nothing(counts: ChainCounts, refused: _Refused) -> str:
    reasons = ", ".join(f"{count:,} {reason}" for _, reason, count in refused.counts()) or "none refused"
    return (
        f"{counted(counts.read, 'chain')} read, and none is a wrong chain to a question of the source (right: "
        f"{counts.right:,}; {reasons}); there is nothing to make a version of. Is it the right source and --split?"
    )


def _mined(
    data: SourceData, settings: MineSettings, inputs: list[ChainInput], counts: ChainCounts, reasons: Counter[str]
) -> dict[str, Any]:
    """How the rows were made: nothing here depends on when or where."""
    return {
        "source": data.name,
        "revision": data.revision,
        "license": data.license,
        "questions": data.questions.height,
        "refused_questions": dict(sorted(data.refused["reason"].value_counts().iter_rows())),
        "evaluation_questions": data.evaluation.height,
        "held_out": [asdict(held_out) for held_out in data.held_out],
        "chains": [dict(chains.about()) for chains in inputs],
        "parameters": settings.source.recorded(),
        "final_form": settings.chains.final_form,
        **({"seed": settings.seed} if settings.chains.perturb or settings.chains.models.writes else {}),
        "verified": {name: value for name, value in asdict(counts).items() if name != "disagreement"},
        **({"strict": True} if settings.chains.strict else {}),
        "refused": dict(sorted(reasons.items())),
        "negbank": __version__,
    }


def _judged(judge: StepJudge | None) -> dict[str, Any]:
    """Who judged steps, and how often it decided, by reason where it did not."""
    return {} if judge is None else {"judge": judge.about()}


def _summary(made: Made, inputs: list[ChainInput]) -> TierSummary:
    values = pl.Series("plausibility", made.plausibility, dtype=pl.Float32).fill_nan(None)
    rows = pl.DataFrame({"plausibility": values}).with_columns(
        tier=pl.lit(ERRONEOUS_COT), similarity=pl.lit(None, pl.Float32)
    )
    short, missing = sum(chains.short for chains in inputs), sum(chains.missing for chains in inputs)
    return by_tier(rows, {ERRONEOUS_COT: short}, {ERRONEOUS_COT: missing})[0]
