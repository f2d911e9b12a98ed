"""The options of `mine` that name models: who writes chains of thought, and how."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from negbank.cli.options import COUNT

FINAL_FORM: Final = click.option(
    "--final-form", type=click.Choice(["marked", "keep"]),
    help="erroneous-cot: end right and wrong chains alike, in '#### ANSWER' (marked), or as they are (keep).  "
    "[default: marked]",
)  # fmt: skip
STRICT: Final = click.option(
    "--strict", is_flag=True,
    help="erroneous-cot: take only chains that mark their answer (#### 18, \\boxed{18}, The answer is 18).",
)  # fmt: skip
"""Passed on under their own names: they are about chains of every origin."""

F = TypeVar("F", bound=Callable[..., Any])

DRAWN: Final = ("samples", "temperature", "top_p", "max_tokens", "prompt")
"""What is said of how chains are drawn: it means something only where a model writes them."""

_OPTIONS: Final = (
    click.option("--generate", metavar="MODEL", help="erroneous-cot: chains by a model that is loaded here."),
    click.option("--endpoint", metavar="URL", help="erroneous-cot: chains by an OpenAI-compatible server."),
    click.option(
        "--model", metavar="NAME",
        help="The model on that server. A key is read from NEGBANK_API_KEY, for https://api.openai.com also from "
        "OPENAI_API_KEY.",
    ),
    click.option("--samples", type=COUNT, metavar="N", help="Chains a question.  [default: 4]"),
    click.option("--temperature", type=click.FloatRange(0), metavar="T", help="0 is greedy.  [default: 0.8]"),
    click.option(
        "--top-p", type=click.FloatRange(0, 1, min_open=True), metavar="P",
        help="Draw from the likeliest tokens that hold P.  [default: 1.0]",
    ),
    click.option("--max-tokens", type=COUNT, metavar="N", help="A chain's longest.  [default: 512]"),
    click.option(
        "--prompt", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
        help="A prompt of your own, with {question} in it; worked examples may stand before.",
    ),
)  # fmt: skip


def model_options(command: F) -> F:
    """The options above, those that were given in one dict named `models`."""

    @functools.wraps(command)
    def with_models(*args: Any, **given: Any) -> Any:
        values = {name: given.pop(name) for name in NAMES}
        return command(*args, models={k: v for k, v in values.items() if v is not None}, **given)

    for option in reversed((*_OPTIONS, STRICT, FINAL_FORM)):
        option(with_models)
    return cast("F", with_models)


NAMES: Final = ("generate", "endpoint", "model", *DRAWN)


def model_settings(models: dict[str, Any], judge: dict[str, str]) -> Any:
    """The options as `ModelSettings`, with the judge of steps. Raises UsageError for those that do not go together."""
    import negbank

    if "generate" in models and "endpoint" in models:
        raise click.UsageError("chains are written by --generate MODEL or by an --endpoint, not by both")
    if ("endpoint" in models) != ("model" in models):
        raise click.UsageError("--endpoint URL and --model NAME go together")
    said = [name for name in DRAWN if name in models]
    if said and not {"generate", "endpoint"} & set(models):
        raise click.UsageError(f"--{said[0].replace('_', '-')} is about chains by --generate or --endpoint")
    drawn = {name: models.pop(name) for name in said}
    if "prompt" in drawn:
        drawn["prompt"] = _read(drawn["prompt"])
    return negbank.ModelSettings(**models, **judge, chains=negbank.GenerateSettings(**drawn))


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{path} is no text in UTF-8") from error
