"""Options and argument types that commands share."""

from __future__ import annotations

import functools
import shlex
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from negbank.errors import nearest_hint
from negbank.folders import RegistryPlace, without_password
from negbank.terms import ALL_TIERS, DEFAULT_ENCODER, MAX_COUNT

F = TypeVar("F", bound=Callable[..., Any])


class Name(click.ParamType[str]):
    """One of a few names; a wrong one is answered with the nearest."""

    def __init__(self, kind: str, names: tuple[str, ...]) -> None:
        self.name = kind
        self.names = names

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """`value`, if it is one of the names."""
        if value not in self.names:
            self.fail(f"no {self.name} {value!r}{nearest_hint(value, self.names)}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so."""
        return [CompletionItem(name) for name in self.names if name.startswith(incomplete)]

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The names themselves, in help texts."""
        return "[" + "|".join(self.names) + "]"


COUNT = click.IntRange(1, MAX_COUNT)
COUNT_OR_NONE = click.IntRange(0, MAX_COUNT)

TIER = Name("tier", ALL_TIERS)

OTHER_SUBJECTS = tuple(
    """
    business_ethics formal_logic global_facts high_school_european_history high_school_geography
    high_school_government_and_politics high_school_macroeconomics high_school_microeconomics high_school_psychology
    high_school_us_history high_school_world_history international_law jurisprudence logical_fallacies management
    marketing miscellaneous moral_disputes moral_scenarios philosophy prehistory professional_accounting
    professional_law professional_psychology public_relations security_studies sociology us_foreign_policy
    world_religions
    """.split()
)
"""The subjects of mmlu that are not among `negbank.sources.mmlu.SCIENCE`."""


def complete_dataset(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The datasets of the registry that begin so; after `@` the dataset's tags and versions, newest first."""
    import negbank

    place = RegistryPlace(ctx.params.get("registry"), ctx.params.get("refs"))
    dataset, at_sign, wanted = incomplete.partition("@")
    try:
        if not at_sign:
            return _beginning([summary.dataset for summary in negbank.ls(place)], incomplete)
        history = negbank.log(dataset, registry=place)
    except negbank.NegbankError:  # whoever presses TAB wants no error
        return []
    tags = [tag for logged in history for tag in logged.tags]
    versions = [f"v{logged.version.manifest.number}" for logged in history]
    return [CompletionItem(f"{dataset}@{name}") for name in (*tags, *versions) if name.startswith(wanted)]


def complete_recipe(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The recipes that begin so, and files."""
    from negbank.recipes import recipe_names

    return _beginning(recipe_names(), incomplete) or [CompletionItem(incomplete, type="file")]


def complete_layout(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The layouts of files of chains that begin so."""
    from negbank.reasoning.layouts import LAYOUTS

    return _beginning(LAYOUTS, incomplete)


def complete_subjects(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The subjects of mmlu, for the last of those that commas part."""
    from negbank.sources.named import MMLU_SCIENCE

    before, comma, last = incomplete.rpartition(",")
    given = before.split(",")
    known = sorted({*MMLU_SCIENCE, *OTHER_SUBJECTS, "non-science"})
    return [CompletionItem(before + comma + name) for name in known if name.startswith(last) and name not in given]


def _beginning(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_source(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The sources that begin so, and files."""
    from negbank.sources import SOURCES

    names = [CompletionItem(name, help=s.summary) for name, s in SOURCES.items() if name.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


def registry_option(command: F) -> F:
    """`--registry DIR` and `--refs URL`, which come as one RegistryPlace named `registry`."""

    @click.option(
        "--registry",
        metavar="DIR|URL",
        help="The registry: a folder or s3://BUCKET/PREFIX (else NEGBANK_REGISTRY, else a folder of the user's).",
    )
    @click.option(
        "--refs",
        metavar="URL",
        help="postgresql://USER@HOST/DATABASE, where versions are named for a team (else NEGBANK_REFS).",
    )
    @functools.wraps(command)
    def with_place(*args: Any, registry: str | None, refs: str | None, **given: Any) -> Any:
        return command(*args, registry=RegistryPlace(registry, refs), **given)

    return cast("F", with_place)


def refuse_empty(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """`value` as it is. Raises BadParameter for an empty text: it was meant to say something."""
    if value == "" or (isinstance(value, tuple) and "" in value):
        otherwise = "; leave the option out for its default" if isinstance(option, click.Option) else ""
        raise click.BadParameter(f"it must not be empty{otherwise}", context, option)
    return value


def json_option(command: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")(command)


def force_option(command: F) -> F:
    """`--force`."""
    help = "Overwrite a file that is there already."
    return click.option("--force", is_flag=True, help=help)(command)


def refused_options(command: F) -> F:
    """`--refused FILE` and `--force`."""
    return click.option(
        "--refused",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="List what was refused, and why: .jsonl, .csv or .parquet.",
    )(force_option(command))


def refuse_force(force: bool, *outputs: str | None) -> None:
    """Raise UsageError for `--force` where no file is asked for."""
    if force and not any(outputs):
        raise click.UsageError("--force has no effect here: it belongs to a file that is written")


def encoder_options(command: F) -> F:
    """`--encoder`, `--device`, `--backend`."""
    command = click.option(
        "--encoder",
        default=DEFAULT_ENCODER,
        show_default=True,
        metavar="MODEL",
        help="A sentence-transformers model, by name or path.",
    )(command)
    return click.option("--device", metavar="DEVICE", help="cpu, cuda, cuda:1 (else the best that is there).")(command)


def column_options(command: F) -> F:
    """`--question-column`, `--answer-column`."""
    command = click.option("--answer-column", metavar="NAME", help="The column with the right answer.")(command)
    return click.option("--question-column", metavar="NAME", help="The column with the question.")(command)


def command_line() -> str:
    """What was typed, as a version records it: without passwords."""
    return shlex.join(["negbank", *map(without_password, sys.argv[1:])])


def size_text(count: int) -> str:
    """Bytes as a person says them."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
