"""A benchmark's rows -> its training questions, and the questions of every split that is held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from negbank.errors import SourceError, UnknownNameError
from negbank.records import QUESTIONS, REFUSED_QUESTIONS, HeldOut, SourceData, content_id
from negbank.sources.benchmark import (
    Benchmark,
    Part,
    Repository,
    TrainingPlan,
    content_revision,
    match_parts,
    open_repository,
    part_of,
    plan_training,
)
from negbank.sources.formats import frame_rows
from negbank.sources.options import SourceOptions
from negbank.sources.places import Records
from negbank.sources.rows import DUPLICATE_ID, Parsed, parse
from negbank.sources.understanding import understand
from negbank.terms import counted


def load(benchmark: Benchmark, options: SourceOptions) -> SourceData:
    """The training questions of `benchmark`; its `evaluation` has the questions of every split that is held out.

    `options.split` replaces the training splits, `options.no_hold_out` adds to them; what they leave of a held-out
    split stays held out. Raises SourceError if nothing is left to train on.
    """
    options.refuse(benchmark.name, "columns", *(() if benchmark.subject_groups else ("subjects",)))
    repository = open_repository(benchmark)
    plan = plan_training(repository, options)
    if not plan.parts:
        raise SourceError(_nothing_to_train_on(repository))
    training: list[Parsed] = []
    rest: dict[str, pl.DataFrame] = {}
    for part in plan.parts:
        rows = repository.read(part)
        training.append(_parse(benchmark, part, _of_subjects(benchmark, rows.frame, options.subjects)))
        if part.name in benchmark.held_out:
            rest[part.name] = rows.rest
    questions, refused = _without_repeats(training)
    if questions.is_empty():
        raise SourceError(f"{benchmark.name}: no question is left of {', '.join(map(str, plan.parts))}")
    data = _with_evaluation(repository, rest, SourceData(benchmark.name, questions, QUESTIONS.to_frame(), refused, ""))
    counts = {str(part): parsed.questions.height for part, parsed in zip(plan.parts, training, strict=True)}
    found = questions.height + refused.height if options == SourceOptions(no_hold_out=options.no_hold_out) else None
    notices = (
        *plan.notices,
        *_asked_notice(benchmark, plan, counts, data.held_out),
        *_missing_notice(repository, plan, found),
    )
    return replace(data, revision=data.revision or content_revision(questions), notices=notices)


def load_evaluation(benchmark: Benchmark, split: str | None = None) -> SourceData:
    """The questions that `benchmark` is evaluated on, in `evaluation`; `questions` has its training questions.

    `split` names another held-out split (`ARC-Easy/test`, or `test` for each configuration's). A benchmark without
    training splits has no questions there. Raises UnknownNameError for a split that is not held out.
    """
    wanted = match_parts(benchmark, split, "the evaluation") if split else map(part_of, benchmark.evaluation)
    names = [part.name for part in wanted]
    data = load(benchmark, SourceOptions()) if benchmark.training else _only_held_out(benchmark)
    return replace(data, evaluation=data.evaluation.filter(pl.col("split").is_in(names)))


def every_question(benchmark: Benchmark) -> tuple[pl.DataFrame, str]:
    """QUESTIONS of every split that the table names and that is there, and what names their content."""
    repository = open_repository(benchmark)
    names = [name for name in (*benchmark.training, *benchmark.held_out) if name in repository.there]
    parts = map(part_of, names)
    frames = [_evaluation_rows(benchmark, part, repository.read(part).frame) for part in parts]
    questions = pl.concat([QUESTIONS.to_frame(), *frames])
    return questions, repository.revision() or content_revision(questions)


def all_questions(parsed: Parsed | SourceData) -> pl.DataFrame:
    """QUESTIONS of all rows with a question, also of those that cannot be mined: they must not be trained on either."""
    unusable = parsed.refused.select("question_id", "question", answer=pl.lit("")).filter(pl.col("question") != "")
    return pl.concat([parsed.questions, unusable], how="diagonal").select(QUESTIONS.names())


def questions_only(texts: pl.Series, prefix: str) -> pl.DataFrame:
    """QUESTIONS that have a text and nothing else, under ids of their content."""
    kept = [text for text in texts.cast(pl.String).drop_nulls().str.strip_chars().to_list() if text]
    rows = [{"question_id": f"{prefix}/{content_id(text)}", "question": text, "answer": ""} for text in kept]
    return pl.DataFrame(rows, schema=QUESTIONS)


def _only_held_out(benchmark: Benchmark) -> SourceData:
    """A benchmark that nothing is trained on."""
    repository = open_repository(benchmark)
    empty = SourceData(benchmark.name, QUESTIONS.to_frame(), QUESTIONS.to_frame(), REFUSED_QUESTIONS.to_frame(), "")
    data = _with_evaluation(repository, {}, empty)
    return replace(data, revision=data.revision or content_revision(data.evaluation))


def _with_evaluation(repository: Repository, rest: Mapping[str, pl.DataFrame], data: SourceData) -> SourceData:
    """`data` with every held-out question, and the Hub's revision; of a split in `rest` those rows alone."""
    benchmark = repository.benchmark
    frames, held_out, revision = [QUESTIONS.to_frame()], [], repository.revision()
    for name in benchmark.held_out:
        if name not in repository.there:
            continue
        part = part_of(name)
        rows = rest[name] if name in rest else repository.read(part).frame
        questions = _evaluation_rows(benchmark, part, rows)
        if not questions.is_empty():
            frames.append(questions.with_columns(split=pl.lit(name)))
            held_out.append(HeldOut(name, questions.height, revision or content_revision(questions)))
    return replace(
        data, evaluation=pl.concat(frames), held_out=tuple(held_out), license=benchmark.license, revision=revision or ""
    )


def _evaluation_rows(benchmark: Benchmark, part: Part, frame: pl.DataFrame) -> pl.DataFrame:
    """QUESTIONS of every row of an evaluation split; where answers are withheld, of the questions alone."""
    try:
        return all_questions(_parse(benchmark, part, frame))
    except SourceError:
        column = benchmark.columns.question
        if column is None or column not in frame.columns:
            raise
        return questions_only(frame[column], _label(benchmark, part))


def _parse(benchmark: Benchmark, part: Part, frame: pl.DataFrame) -> Parsed:
    """One part's rows as questions."""
    if frame.is_empty():
        return Parsed(QUESTIONS.to_frame(), REFUSED_QUESTIONS.to_frame(), "")
    label = _label(benchmark, part)
    if not benchmark.plain:
        return _understood(benchmark, label, frame)
    where = f"{label} row {{}}"
    return parse(frame, benchmark.columns, prefix=label, split="train", where=where, subject=benchmark.subject)


def _understood(benchmark: Benchmark, label: str, frame: pl.DataFrame) -> Parsed:
    """Rows that are read as those of a file with these columns."""
    records = Records(label, label, "dataset", list(frame_rows(frame, label)[0]), lambda row: f"{label} row {row + 1}")
    options = SourceOptions(columns=benchmark.columns, answer_base=benchmark.answer_base)
    # ids without the split: parts that overlap, as GPQA's do, then name the same question alike
    questions, refused, understood = understand(records, options, benchmark.name)
    return Parsed(questions, refused, understood.pointing)


def _label(benchmark: Benchmark, part: Part) -> str:
    return f"{benchmark.name}/{part.name}"


def _without_repeats(training: Sequence[Parsed]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The questions and the refused rows of all parts; an id that an earlier part has already is refused."""
    questions = pl.concat([parsed.questions for parsed in training])
    refused = pl.concat([parsed.refused for parsed in training])
    again = pl.col("question_id").is_first_distinct().not_()
    where = pl.lit("a second split: ") + pl.col("question_id")
    repeated = questions.filter(again).select("question_id", "question", reason=pl.lit(DUPLICATE_ID), where=where)
    return questions.filter(~again), pl.concat([refused, repeated])


def _of_subjects(benchmark: Benchmark, frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """The rows of the subjects and groups named, or all. Raises UnknownNameError for one that is not there."""
    if not names:
        return frame
    column = benchmark.subject or "subject"
    known = set(frame[column].unique())
    wanted: set[str] = set()
    for name in names:
        if name not in (*known, *benchmark.subject_groups):
            raise UnknownNameError("subject", name, {*known, *benchmark.subject_groups})
        wanted |= known - benchmark.subject_groups[name] if name in benchmark.subject_groups else {name}
    return frame.filter(pl.col(column).is_in(sorted(wanted)))


def _nothing_to_train_on(repository: Repository) -> str:
    """Why a benchmark gives no questions, and what would."""
    benchmark = repository.benchmark
    listed = " and ".join(benchmark.held_out)
    return (
        f"{benchmark.name}: people evaluate on every split of it ({listed}), so all of it is held out and nothing is "
        f"left to train on. --no-hold-out {next(iter(benchmark.evaluation))} takes its questions all the same; a model "
        f"that has seen them must not be evaluated on {benchmark.name}"
    )


def _asked_notice(
    benchmark: Benchmark, plan: TrainingPlan, counts: Mapping[str, int], held_out: Sequence[HeldOut]
) -> tuple[str, ...]:
    """A sentence on evaluation questions that are trained on because someone asked for them."""
    if not plan.asked:
        return ()
    taken = " and ".join(f"{counted(counts[str(part)], 'question')} of {part}" for part in plan.asked)
    left = ", ".join(f"{held.name} ({held.questions:,})" for held in held_out)
    still = f"still held out: {left}" if left else "nothing is held out, so contamination is not checked"
    return (f"{benchmark.name}: {plan.option} takes {taken} for training. People evaluate on them; {still}",)


def _missing_notice(repository: Repository, plan: TrainingPlan, found: int | None) -> tuple[str, ...]:
    """Sentences on splits that are published and that are not there."""
    benchmark, place, there = repository.benchmark, repository.hub.place, repository.there
    notices = []
    given_back = {part.name: benchmark.held_out[part.name] for part in plan.wanted}
    wanted = {**benchmark.training, **given_back}
    lacking = [name for name in wanted if name not in there]
    if found is not None and lacking and any(name in there for name in benchmark.training):
        notices.append(
            f"{benchmark.name}: {found:,} of {sum(wanted.values()):,} training questions found; "
            f"{place} lacks {', '.join(lacking)}"
        )
    unheld = [name for name in benchmark.held_out if name not in there and name not in given_back]
    if unheld:
        notices.append(
            f"{benchmark.name}: {place} lacks {', '.join(unheld)}, so contamination with them is not checked"
        )
    return tuple(notices)
