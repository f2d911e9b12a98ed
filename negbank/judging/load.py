"""From what a user names to a judge."""

from __future__ import annotations

from negbank.errors import JudgeError
from negbank.generation.client import Endpoint
from negbank.judging.local import LocalJudge, load_local
from negbank.judging.records import JudgeSettings
from negbank.judging.server import ServerJudge


def load_judge(spec: str, settings: JudgeSettings | None = None) -> LocalJudge | ServerJudge:
    """The judge that `spec` names: a folder, a model of the Hub, or the URL of an OpenAI-compatible server.

    Nothing is asked yet, and no weights are loaded. Raises JudgeError where there is no such model or it can't be a
    judge, GenerationError for a URL that is none.
    """
    settings = settings or JudgeSettings()
    if not is_server(spec):
        if settings.model is not None:
            raise JudgeError(
                f"--judge-model {settings.model} names a model on a server, and --judge {spec} is no URL; leave "
                "--judge-model out, or give --judge http://HOST/v1"
            )
        return load_local(spec, settings)
    if not settings.model:
        raise JudgeError(f"which model of {spec} is the judge? Name it with --judge-model NAME")
    return ServerJudge(Endpoint(spec, settings.patience), settings.model, settings)


def is_server(spec: str) -> bool:
    """Whether a judge is asked over HTTP, rather than run here."""
    return spec.lower().startswith(("http://", "https://"))
