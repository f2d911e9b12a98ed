"""What a validation stands on: a recipe, a version, the questions to evaluate on, and the base model."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from negbank import __version__
from negbank.commands.mine import MineSettings, mine
from negbank.errors import RecipeError, UnknownNameError
from negbank.recipes import BaseChoice, Recipe, load_recipe, recipe_names
from negbank.records import IRRELEVANT, NEAR_MISS, UNRELATED, Progress, as_asked, content_id
from negbank.registry import NewPart, Registry, Version
from negbank.sources import SOURCES, SourceOptions, read_evaluation
from negbank.world.facts import make_world
from negbank.world.pretrain import pretrained
from negbank.world.questions import evaluation_questions, negatives, training_questions
from negbank.world.settings import WorldSettings, from_mapping

PRETRAINED, WORLD = "pretrained", "world"


@dataclass(frozen=True)
class Ground:
    """A version, and how it is proved: `pool` (QUESTIONS) is what shots are drawn from, `revision` the source's.

    `model` is what the base is loaded from: its name, or the folder of one that was trained here.
    """

    recipe: Recipe
    version: Version
    base: BaseChoice
    model: str
    evaluation: pl.DataFrame
    pool: pl.DataFrame
    revision: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """What a user names: a recipe, a base model, a device; None where that is left open."""

    recipe: str | None
    base: str | None
    device: str | None


def choose_ground(registry: Registry, reference: str | None, wanted: Wanted, progress: Progress) -> Ground:
    """What is proved, and on what; the generated world and its model are made where they are not there yet.

    Raises UnknownNameError for a dataset or a recipe that is not there, RecipeError where none fits the dataset.
    """
    recipe = load_recipe(wanted.recipe) if wanted.recipe else _recipe_for(registry, reference)
    if recipe.glow is not None:
        raise RecipeError(f"the recipe {recipe.name} is one for chains of thought; prove by it with --glow")
    base = recipe.base(wanted.base)
    if base.kind == PRETRAINED:
        world, revision = make_world(from_mapping(recipe.settings)), world_revision(from_mapping(recipe.settings))
        version = registry.resolve(reference) if reference else _world_version(registry, recipe)
        model = model_of(recipe, base, wanted.device, progress)
        return Ground(recipe, version, base, model, evaluation_questions(world), training_questions(world), revision)
    version = _version(registry, reference or recipe.data.dataset, recipe, wanted.device, progress)
    source = read_evaluation(recipe.evaluation.source, recipe.evaluation.split)
    if recipe.evaluation.source in SOURCES:
        pool = source.questions.filter(pl.col("question_id").str.starts_with(recipe.evaluation.shots_from))
    else:  # a file of questions has none beside those that are evaluated on
        pool = _asked(registry, version)
    notices = (*source.notices, *_other_training(recipe, version))
    evaluation, shots = as_asked(source.evaluation), as_asked(pool)
    return Ground(recipe, version, base, base.name, evaluation, shots, source.revision, notices)


def model_of(recipe: Recipe, base: BaseChoice, device: str | None, progress: Progress) -> str:
    """What a base is loaded from; one that is trained here is trained first, unless it was before."""
    if base.kind != PRETRAINED:
        return base.name
    return str(pretrained(from_mapping(recipe.settings), device, progress=progress))


def world_revision(settings: WorldSettings) -> str:
    """What names the content of a generated world: its settings, all of them."""
    return f"world:{content_id(json.dumps(asdict(settings), sort_keys=True))}"


def _version(registry: Registry, reference: str, recipe: Recipe, device: str | None, progress: Progress) -> Version:
    """The version that `reference` names. If the recipe's own dataset is not there yet and the recipe trains on splits
    that are held out by default, it is mined as the recipe says."""
    data = recipe.data
    own = reference == data.dataset and data.source is not None and bool(data.no_hold_out)
    if data.source is None or not own or registry.newest(data.dataset) is not None:
        return registry.resolve(reference)
    given_back = " ".join(f"--no-hold-out {name}" for name in data.no_hold_out)
    settings = MineSettings(
        device=device, dataset=data.dataset, source=SourceOptions(no_hold_out=data.no_hold_out),
        message=f"as the recipe {recipe.name} trains", command=f"negbank mine {data.source} {given_back}",
    )  # fmt: skip
    return mine(data.source, [data.tier], settings, registry=registry, progress=progress).version


def _other_training(recipe: Recipe, version: Version) -> tuple[str, ...]:
    """A sentence if the recipe trains on splits that the version holds out."""
    parts = [part for part in version.manifest.parts if part.tier == recipe.data.tier]
    held_out = {held["name"] for part in parts for held in part.mined.get("held_out") or ()}
    lacking = [name for name in recipe.data.no_hold_out if name in held_out]
    if not lacking:
        return ()
    flags = " ".join(f"--no-hold-out {name}" for name in recipe.data.no_hold_out)
    return (
        f"the recipe {recipe.name} trains on {', '.join(lacking)} too, which {version} holds out; "
        f"negbank mine {recipe.data.source} {flags} mines what it trains on",
    )


def _asked(registry: Registry, version: Version) -> pl.DataFrame:
    """`question` and `answer` of the version's questions, each once."""
    return as_asked(registry.read(version)).select("question", "answer").unique(maintain_order=True)


def _recipe_for(registry: Registry, reference: str | None) -> Recipe:
    """The recipe of a dataset, of the newest one where none is named: that of its name, or of its source."""
    dataset = (reference or _newest(registry)).partition("@")[0]
    names = recipe_names()
    if dataset in names:
        return load_recipe(dataset)
    version = registry.resolve(dataset)
    sources = {part.mined.get("source") for part in version.manifest.parts}
    for name in names:
        recipe = load_recipe(name)
        if name == recipe.data.source and name in sources:
            return replace(recipe, data=replace(recipe.data, dataset=dataset))
    raise RecipeError(
        f"no recipe says how to prove {dataset}; name one (--recipe {'|'.join(names)}), or write one: see negbank "
        "recipes show arc"
    )


def _newest(registry: Registry) -> str:
    """The dataset that was changed last. Raises UnknownNameError where there is none."""
    found = registry.datasets()
    if not found:
        raise UnknownNameError("dataset", "", [], hint="; try negbank benchmark --likra --recipe world")
    return max(found, key=lambda summary: summary.created).dataset


def _world_version(registry: Registry, recipe: Recipe) -> Version:
    """The version that holds the world's negatives; it is committed where it is not the newest one."""
    settings = from_mapping(recipe.settings)
    world = make_world(settings)
    mined: dict[str, Any] = {
        "source": WORLD, "revision": world_revision(settings), "license": "apache-2.0",
        "parameters": asdict(settings), "questions": training_questions(world).height,
        "evaluation_questions": evaluation_questions(world).height, "refused": {}, "negbank": __version__,
    }  # fmt: skip
    tiers = (NEAR_MISS, IRRELEVANT, UNRELATED)
    parts = [NewPart(tier, "train", negatives(world, tier), mined) for tier in tiers]
    command = f"negbank benchmark --likra --recipe {recipe.name}"
    return registry.commit(recipe.data.dataset, parts, "the generated world", command).version
