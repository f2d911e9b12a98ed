"""The options that name a judge: a model that says whether a candidate is a right answer after all."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import click

from negbank.errors import JudgeError

F = TypeVar("F", bound=Callable[..., Any])

NAMES: Final = ("judge", "judge_model", "judge_threshold")

_OPTIONS: Final = (
    click.option(
        "--judge", metavar="MODEL|DIR|URL",
        help="Ask a model about candidates that no rule decides: a cross-encoder or NLI model, or an OpenAI-compatible "
        "server.",
    ),
    click.option(
        "--judge-model", metavar="NAME",
        help="The model on the judge's server. A key is read from NEGBANK_API_KEY, for https://api.openai.com also "
        "from OPENAI_API_KEY.",
    ),
    click.option(
        "--judge-threshold", type=click.FloatRange(0, 1, min_open=True), metavar="P",
        help="Refuse a candidate from this probability of being right on; one that its file calls wrong from 0.9 on.  "
        "[default: 0.5]",
    ),
)  # fmt: skip


def judge_options(command: F) -> F:
    """The options above, those that were given in one dict named `judge`."""

    @functools.wraps(command)
    def with_judge(*args: Any, **given: Any) -> Any:
        values = {name: given.pop(name) for name in NAMES}
        return command(*args, judge={k: v for k, v in values.items() if v is not None}, **given)

    for option in reversed(_OPTIONS):
        option(with_judge)
    return cast("F", with_judge)


def judge_settings(judge: dict[str, Any], device: str | None = None) -> dict[str, Any]:
    """`judge` (what was named) and `judging` (JudgeSettings) for a command's settings, nothing where none was named.

    Raises UsageError for options that don't go together.
    """
    if not judge:
        return {}
    _check(judge)
    from negbank.judging import JudgeSettings

    thresholds = {"threshold": judge["judge_threshold"]} if "judge_threshold" in judge else {}
    try:
        settings = JudgeSettings(judge.get("judge_model"), device=device, **thresholds)
    except JudgeError as error:  # NaN passes click's range
        raise click.UsageError(str(error)) from error
    return {"judge": judge["judge"], "judging": settings}


def step_judge_settings(judge: dict[str, Any]) -> dict[str, str]:
    """The same options where a chain's steps are judged: only a server's model can do that."""
    if not judge:
        return {}
    _check(judge)
    if "judge_threshold" in judge:
        raise click.UsageError("--judge-threshold is about direct answers; a chain's judge names a step")
    if "judge_model" not in judge:
        raise click.UsageError("the steps of chains are judged by a server: --judge URL and --judge-model NAME")
    return {"judge": judge["judge"], "judge_model": judge["judge_model"]}


def _check(judge: dict[str, Any]) -> None:
    """Refuse options without effect, and a server without a model."""
    if "judge" not in judge:
        named = next(name for name in NAMES if name in judge)
        raise click.UsageError(f"--{named.replace('_', '-')} only applies with --judge MODEL, DIR or URL")
    from negbank.judging.load import is_server

    if is_server(judge["judge"]) != ("judge_model" in judge):
        raise click.UsageError(
            "--judge URL needs --judge-model NAME, the model on that server"
            if "judge_model" not in judge
            else "--judge-model names a model on a server: give its URL with --judge http://HOST/v1"
        )
