"""Generated arithmetic as a version: a teacher's own chains, verified, in the tier erroneous-cot."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import polars as pl

from negbank import __version__
from negbank.causal import Base, context_of, load_base
from negbank.chains import ChainsSettings, Models, Problem, from_mapping, held_out, pretrained
from negbank.commands.chain_rows import Made, Piles, Question
from negbank.errors import BenchmarkError
from negbank.reasoning.chains import RefusedChain, Trajectory
from negbank.reasoning.golds import GoldBook
from negbank.reasoning.reasons import CHAIN_CUT
from negbank.reasoning.verify import Tally, verify
from negbank.recipes import Recipe
from negbank.records import ERRONEOUS_COT, MODEL, Progress, content_id
from negbank.registry import NewPart, Registry, Version
from negbank.sampling import SampleSettings, sample
from negbank.validation.solving import ProblemSet

CHAINS, LONG = "chains", "chains-long"
SAMPLE: Final = "sample the teacher's chains"
MAX_TOKENS: Final = 200
ROWS: Final = "rows.parquet"
BATCH: Final = 256


def chains_models(recipe: Recipe, device: str | None, progress: Progress) -> Models:
    """The base and the teacher of a recipe, trained where they are not there yet."""
    return pretrained(from_mapping(recipe.chains or {}), device, progress=progress)


def chains_revision(settings: ChainsSettings) -> str:
    """What names the content of generated arithmetic: its settings, all of them."""
    return f"chains:{content_id(json.dumps(asdict(settings), sort_keys=True))}"


def chains_problems(settings: ChainsSettings) -> tuple[ProblemSet, ...]:
    """The problems that are held back: as long as those that are learned from, and longer ones."""
    problems = held_out(settings)

    def of(purpose: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        found = problems[purpose]
        return tuple(problem.question for problem in found), tuple(str(problem.answer) for problem in found)

    return ProblemSet(CHAINS, "in", *of("evaluation")), ProblemSet(LONG, "out", *of("long"))


def chains_version(
    registry: Registry, recipe: Recipe, models: Models, device: str | None, progress: Progress
) -> Version:
    """The version that holds the teacher's wrong chains; it is committed where it is not the newest one.

    They are sampled once, and kept beside the models. Raises BenchmarkError where none of them is wrong.
    """
    settings = from_mapping(recipe.chains or {})
    kept = models.teacher.parent / f"sampled-{device or 'any'}"
    if not (kept / ROWS).is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=".sampling-", dir=kept.parent))
        try:
            _sample_into(making, settings, load_base(str(models.teacher), device, "fp32"), progress)
            shutil.rmtree(kept, ignore_errors=True)  # one without rows, which no version can be made of
            making.replace(kept)
        finally:
            shutil.rmtree(making, ignore_errors=True)
    rows, counted = pl.read_parquet(kept / ROWS), json.loads((kept / "counted.json").read_text())
    mined: dict[str, Any] = {
        "source": CHAINS, "revision": chains_revision(settings), "license": "apache-2.0",
        "parameters": asdict(settings), "questions": settings.training_questions, **counted, "negbank": __version__,
    }  # fmt: skip
    command = f"negbank benchmark --glow --recipe {recipe.name}"
    return registry.commit(
        recipe.data.dataset, [NewPart(ERRONEOUS_COT, "train", rows, mined)], "generated arithmetic", command
    ).version


def _sample_into(folder: Path, settings: ChainsSettings, teacher: Base, progress: Progress) -> None:
    """Write the rows (CHAINS) of the teacher's chains, and what was counted on the way.

    Raises BenchmarkError where there is no row.
    """
    problems = held_out(settings)["training"]
    questions = {_name(problem): problem for problem in problems}
    golds = GoldBook.of((problem.question, problem.chain) for problem in problems)
    tally, made, twice = Tally(), Made(), Counter[str]()
    known = {name: Question(name, p.question, p.chain, f"{p.days} days") for name, p in questions.items()}
    names = {problem.question: name for name, problem in questions.items()}
    piles = folder / "piles"
    piles.mkdir()
    with Piles(piles, known) as kept:
        for verdict in tally.count(verify(_sampled(settings, problems, teacher, progress), golds)):
            if verdict.outcome != "refused":
                kept.put(names[verdict.question], verdict, MODEL)
        frames = [pl.read_parquet(path) for path in kept.rows(made, lambda _: twice.update(["duplicate"]))]
    shutil.rmtree(piles)
    counted = {"refused": {**tally.refused, **twice}, "chains": dict(tally.outcomes)}
    if not frames:
        met = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(tally.outcomes.items())) or "none"
        raise BenchmarkError(
            f"the teacher wrote no wrong chain to {len(problems):,} problems (chains: {met}); in [chains], raise "
            "samples or temperature where its chains are right, and teacher_tokens where they are refused"
        )
    pl.concat(frames).write_parquet(folder / ROWS)
    (folder / "counted.json").write_text(json.dumps(counted))


def _sampled(
    settings: ChainsSettings, problems: list[Problem], teacher: Base, progress: Progress
) -> Iterator[Trajectory | RefusedChain]:
    """Each problem solved by the teacher as often as the settings say."""
    asked = [problem for problem in problems for _ in range(settings.samples)]
    how = SampleSettings(settings.temperature, 1.0, MAX_TOKENS, BATCH)
    seeds = [int(content_id(str(settings.seed), "teacher", str(place)), 16) for place in range(len(asked))]
    prompts = [context_of(problem.question) for problem in asked]
    drawn = sample(teacher, prompts, how, seeds, lambda _, done, total: progress(SAMPLE, done, total))
    about = json.dumps({"model": CHAINS, "temperature": settings.temperature, "top_p": 1.0, "seed": settings.seed})
    for place, (problem, one) in enumerate(zip(asked, drawn, strict=True)):
        if not one.finished:
            yield RefusedChain(problem.question, CHAIN_CUT, 0, place)
            continue
        yield Trajectory(problem.question, _tidy(one.text), model="teacher", position=place, provenance=about)


def _name(problem: Problem) -> str:
    return f"chains/{content_id(problem.question)}"


def _tidy(text: str) -> str:
    """A chain of a tokenizer of words as people write it: no space before a sign."""
    return text.replace(" .", ".").replace(" :", ":").strip()
