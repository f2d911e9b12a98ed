"""TOML -> a recipe, with everything that is wrong with it said at once."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from negbank.decoding import MAX_DIGITS, Problem, decode, encode, preview
from negbank.errors import RecipeError, UnknownNameError
from negbank.recipes.settings import (
    BaseChoice,
    DataSettings,
    EvaluationSettings,
    GlowReference,
    GlowTable,
    HeadSettings,
    LikraSettings,
    Recipe,
    Reference,
    TrainingSettings,
)
from negbank.recipes.weights import parse_weights

RECIPE_SUFFIX: Final = ".toml"
MAX_BYTES: Final = 1_000_000
"""A recipe is a page of text; a larger file is something else."""

_LONG_NUMBER: Final = re.compile(rf"\d[\d_]{{{MAX_DIGITS},}}")
_LISTS = ("base", "reference", "glow_reference")


@dataclass(frozen=True)
class _Title:
    """`[recipe]`."""

    name: str
    summary: str = ""


@dataclass(frozen=True)
class _Tables:
    """A recipe's file as it is laid out: the tables' names are what people write, `Recipe`'s what code says."""

    recipe: _Title
    data: DataSettings
    evaluation: EvaluationSettings
    base: tuple[BaseChoice, ...]
    lora: HeadSettings = field(default_factory=HeadSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    likra: LikraSettings = field(default_factory=LikraSettings)
    reference: tuple[Reference, ...] = ()
    world: Mapping[str, int | float | str] = field(default_factory=dict)
    glow: GlowTable | None = None
    glow_reference: tuple[GlowReference, ...] = ()
    chains: Mapping[str, int | float | str] | None = None


def load_recipe(name_or_path: str | Path) -> Recipe:
    """The recipe of that name, or in that file: what ends in `.toml` or has a folder in it is a file.

    Raises UnknownNameError for a name that is none, RecipeError with every problem of the file.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(RECIPE_SUFFIX) or "/" in text or "\\" in text:
        return _read(Path(name_or_path), text)
    if text not in recipe_names():
        raise UnknownNameError("recipe", text, recipe_names(), "; or give a file of your own: ./my.toml")
    return _read(_shipped().joinpath(text + RECIPE_SUFFIX), text)


def recipe_names() -> tuple[str, ...]:
    """The recipes that come with negbank."""
    files = (file.name for file in _shipped().iterdir())
    return tuple(sorted(name.removesuffix(RECIPE_SUFFIX) for name in files if name.endswith(RECIPE_SUFFIX)))


def recipe_text(name_or_path: str | Path) -> str:
    """The TOML of a recipe that `load_recipe` reads."""
    load_recipe(name_or_path)
    text = str(name_or_path)
    file = _shipped().joinpath(text + RECIPE_SUFFIX) if text in recipe_names() else Path(name_or_path)
    return file.read_text(encoding="utf-8")


def as_record(recipe: Recipe) -> dict[str, Any]:
    """`recipe` as JSON and TOML have it, laid out as its file is; `recipe_from_record` takes it back."""
    tables = _Tables(
        _Title(recipe.name, recipe.summary), recipe.data, recipe.evaluation, recipe.bases, recipe.heads,
        recipe.training, recipe.likra, recipe.references, recipe.settings, recipe.glow, recipe.glow_references,
        recipe.chains,
    )  # fmt: skip
    return dict(encode(tables))


def recipe_from_record(record: Mapping[str, Any], where: str = "recipe") -> Recipe:
    """The recipe of a record. Raises RecipeError with every problem, each with its place, under the name `where`."""
    found, early = _with_weights(record)
    tables, problems = decode(_Tables, found)
    problems = (*early, *problems)
    if tables is not None:
        problems = (*problems, *_contradictions(tables))
    if tables is None or problems:
        lines = "\n".join(f"  {_place(problem)} {problem.text}" for problem in problems)
        raise RecipeError(f"{where}: {len(problems)} problem{'s' * (len(problems) != 1)}\n{lines}")
    return Recipe(
        tables.recipe.name, tables.recipe.summary, tables.data, tables.evaluation, tables.base, tables.lora,
        tables.training, tables.likra, tables.reference, tables.world, tables.glow, tables.glow_reference,
        tables.chains,
    )  # fmt: skip


def _read(file: Path | Traversable, where: str) -> Recipe:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise RecipeError(f"{where}: is larger than {MAX_BYTES:,} bytes, which no recipe is")
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise RecipeError(f"{where}: cannot be read: {error.strerror or error}; recipes: negbank recipes ls") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{where}: is no text in UTF-8 (byte {error.start})") from error
    return recipe_from_record(_parsed(text, where), where)


def _parsed(text: str, where: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises RecipeError, with the line where it is known."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{where}: is no TOML: {error}") from error
    except RecursionError as error:
        raise RecipeError(f"{where}: is no TOML that can be read: nested too deeply") from error
    except ValueError as error:  # Python reads no number of so many digits
        found = _LONG_NUMBER.search(text)
        line = f" (line {text.count(chr(10), 0, found.start()) + 1})" if found else ""
        raise RecipeError(f"{where}: holds a number of more than {MAX_DIGITS:,} digits{line}") from error


def _with_weights(record: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """`record` with the weights as numbers where they were written as `0:1.5:0.1`."""
    likra = record.get("likra")
    if not isinstance(likra, Mapping) or not isinstance(likra.get("weights"), str):
        return dict(record), []
    try:
        return {**record, "likra": {**likra, "weights": parse_weights(likra["weights"])}}, []
    except RecipeError as error:
        left = {key: value for key, value in likra.items() if key != "weights"}
        return {**record, "likra": left}, [Problem(("likra", "weights"), str(error).removeprefix("weights "))]


def _contradictions(tables: _Tables) -> Iterator[Problem]:
    """What each key by itself does not show."""
    if not tables.recipe.name.strip():
        yield Problem(("recipe", "name"), "is empty")
    if not tables.base:
        yield Problem(("base",), "is empty; name at least one model")
    for name, count in Counter(base.name for base in tables.base).items():
        if count > 1:
            yield Problem(("base",), f"names {name!r} {count} times")
    if not tables.lora.targets:
        yield Problem(("lora", "targets"), "is empty; a head needs at least one projection, such as up_proj")
    points = tables.training.points
    if any(left >= right for left, right in pairwise(points)):
        yield Problem(("training", "points"), f"are {preview(list(points), 80)}; they must ascend")
    if not tables.likra.weights:
        yield Problem(("likra", "weights"), "is empty; write it as 0:1.5:0.1 or [0.0, 0.5, 1.0]")
    known = {base.name for base in tables.base}
    for place, reference in enumerate(tables.reference):
        if reference.base not in known:
            yield Problem(("reference", place, "base"), f"is {reference.base!r}, which no [[base]] is named")
    yield from _glow_contradictions(tables, known)


def _glow_contradictions(tables: _Tables, known: set[str]) -> Iterator[Problem]:
    """What each key of a recipe for GLOW by itself does not show."""
    glow = tables.glow
    if glow is None:
        if tables.chains is not None or tables.glow_reference:
            yield Problem(("glow",), "is missing, where [chains] or [[glow_reference]] is there")
        if tables.data.tier == "erroneous-cot":
            yield Problem(("glow",), "is missing: chains of thought are proved by GLOW")
        return
    if tables.data.tier != "erroneous-cot":
        yield Problem(("data", "tier"), f"is {tables.data.tier!r}, where [glow] learns from 'erroneous-cot'")
    if glow.low > glow.high:
        yield Problem(("glow", "low"), f"is {glow.low:g}, more than high, {glow.high:g}")
    if not glow.ks or any(k > glow.samples for k in glow.ks):
        yield Problem(
            ("glow", "ks"), f"are {preview(list(glow.ks), 80)}; at least one, and none above samples, {glow.samples}"
        )
    if tables.chains is None and any(base.kind == "pretrained" for base in tables.base):
        yield Problem(("chains",), "is missing: it says what a pretrained base has read")
    for place, reference in enumerate(tables.glow_reference):
        if reference.base not in known:
            yield Problem(("glow_reference", place, "base"), f"is {reference.base!r}, which no [[base]] is named")


def _place(problem: Problem) -> str:
    """A place as it is found in the file: `[training] learning_rate`, `[[base]] 2 name`."""
    words = [
        str(part + 1) if isinstance(part, int) else part if part.isprintable() else repr(part) for part in problem.path
    ]
    table, *rest = words or [""]
    return " ".join([f"[[{table}]]" if table in _LISTS else f"[{table}]", *rest])


def _shipped() -> Traversable:
    """The folder of recipes: inside the installed package, or beside it in a checkout of the project."""
    packed = resources.files("negbank").joinpath("_recipes")
    return packed if packed.is_dir() else Path(__file__).parents[2] / "recipes"
