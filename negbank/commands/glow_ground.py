"""What a validation by GLOW stands on: a version, the base, and the problems that are solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
import polars as pl

from negbank.chains import from_mapping
from negbank.commands.chains_ground import chains_models, chains_problems, chains_revision, chains_version
from negbank.errors import BenchmarkError, RecipeError
from negbank.guards.normalise import normalise
from negbank.reasoning.golds import gold_answer
from negbank.recipes import BaseChoice, Recipe, load_recipe
from negbank.records import ERRONEOUS_COT, Progress, as_asked
from negbank.registry import Registry, Version
from negbank.sources import SOURCES, read_evaluation
from negbank.validation.solving import ProblemSet

PRETRAINED: Final = "pretrained"
CHOICES: Final = "ABCDEFGHIJ"
ORDER_SEED: Final = 20_260_104
"""Of the order of choices, where a question has some."""


@dataclass(frozen=True)
class GlowGround:
    """A version and how it is proved; `model` is what the base is loaded from, `revisions` are those of the sources."""

    recipe: Recipe
    version: Version
    base: BaseChoice
    model: str
    problems: tuple[ProblemSet, ...]
    revisions: tuple[str, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class GlowWanted:
    """What a user names: recipe, base, device, and how many problems a source at most."""

    recipe: str | None
    base: str | None
    device: str | None
    limit: int | None


def glow_ground(registry: Registry, reference: str | None, wanted: GlowWanted, progress: Progress) -> GlowGround:
    """What is proved, and on what; generated arithmetic and its models are made where they are not there yet.

    Raises RecipeError for a recipe that is none for GLOW, UnknownNameError for a dataset that is not there.
    """
    recipe = load_recipe(wanted.recipe) if wanted.recipe else _recipe_for(registry, reference)
    if recipe.glow is None:
        raise RecipeError(f"the recipe {recipe.name} has no [glow], so it proves by --likra; take --recipe chains")
    base = recipe.base(wanted.base)
    if base.kind == PRETRAINED:
        settings, models = from_mapping(recipe.chains or {}), chains_models(recipe, wanted.device, progress)
        version = registry.resolve(reference) if reference else chains_version(
            registry, recipe, models, wanted.device, progress
        )  # fmt: skip
        sets = tuple(_limited(problems, wanted.limit) for problems in chains_problems(settings))
        revisions = (chains_revision(settings),) * len(sets)
        return GlowGround(recipe, version, base, str(models.base), sets, revisions)
    version = registry.resolve(reference or recipe.data.dataset)
    found = [
        _problems(recipe.evaluation.source, "in", recipe.evaluation.split),
        *(_problems(name, "out") for name in recipe.glow.out_of_domain),
    ]
    limit = wanted.limit or recipe.evaluation.limit
    if len({problems.source for problems, _, _ in found}) < len(found):
        raise RecipeError(f"the recipe {recipe.name} names a source twice, in [evaluation] source and out_of_domain")
    return GlowGround(
        recipe, version, base, base.name, tuple(_limited(problems, limit) for problems, _, _ in found),
        tuple(revision for _, revision, _ in found), tuple(notice for _, _, notices in found for notice in notices),
    )  # fmt: skip


def refuse_shared(version: Version, rows: pl.DataFrame, problems: Sequence[ProblemSet]) -> None:
    """Raise BenchmarkError where a problem that is solved is in the version: it would prove nothing."""
    asked = {normalise(question) for question in rows["question"].unique()}
    for held in problems:
        pairs = zip(held.stems or held.questions, held.questions, strict=True)
        # a version has questions without their choices, or the whole text where its chains came from elsewhere
        if found := [stem for stem, question in pairs if not asked.isdisjoint((normalise(stem), normalise(question)))]:
            raise BenchmarkError(
                f"{version} holds {len(found)} of the problems of {held.source} that are solved, such as "
                f"{found[0][:80]!r}; mine it from the training questions alone"
            )


def _problems(
    name: str, domain: Literal["in", "out"], split: str | None = None
) -> tuple[ProblemSet, str, tuple[str, ...]]:
    """What a source is evaluated on, as problems; choices are lettered, and a letter is the answer."""
    source = read_evaluation(name, split)
    stems, questions, answers = [], [], []
    generator = np.random.default_rng(ORDER_SEED)
    evaluation = as_asked(source.evaluation).with_columns(stem=source.evaluation["question"])
    for stem, question, answer, distractors in evaluation.select(
        "stem", "question", "answer", "distractors"
    ).iter_rows():
        stems.append(stem)
        if distractors:
            choices = [answer, *distractors][: len(CHOICES)]
            order = generator.permutation(len(choices))
            listed = "\n".join(f"{CHOICES[at]}. {choices[place]}" for at, place in enumerate(order))
            questions.append(f"{question}\n{listed}\nThe answer is one of the letters.")
            answers.append(CHOICES[int(np.flatnonzero(order == 0)[0])])
        else:
            questions.append(question)
            answers.append(gold_answer(answer))
    if not questions:
        raise BenchmarkError(f"{name} holds no problems back to evaluate on; name another evaluation source")
    return (
        ProblemSet(
            name if name in SOURCES else Path(name).stem, domain, tuple(questions), tuple(answers), tuple(stems)
        ),
        source.revision,
        source.notices,
    )


def _limited(problems: ProblemSet, limit: int | None) -> ProblemSet:
    return replace(
        problems, questions=problems.questions[:limit], answers=problems.answers[:limit], stems=problems.stems[:limit]
    )


def _recipe_for(registry: Registry, reference: str | None) -> Recipe:
    """The recipe for GLOW of a dataset: by its name, else by the source that its chains are of."""
    if reference is None:
        return load_recipe("chains")
    name = reference.partition("@")[0]
    if name == "chains":
        return load_recipe(name)
    version = registry.resolve(reference)
    sources = {part.mined.get("source") for part in version.manifest.parts if part.tier == ERRONEOUS_COT}
    if name == "gsm8k" or "gsm8k" in sources:
        recipe = load_recipe("gsm8k-qwen2.5-7b")
        return replace(recipe, data=replace(recipe.data, dataset=name))
    raise RecipeError(f"no recipe says how to prove {name} by GLOW; name one: --recipe chains|gsm8k-qwen2.5-7b")
