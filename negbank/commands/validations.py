"""What was measured on a version: read, summed up, and required before it is published."""

from __future__ import annotations

from dataclasses import dataclass

from negbank.errors import BenchmarkError
from negbank.registry import Registry, Version
from negbank.report.kinds import AnyResult, deciding_of, read_result, verdict_of


@dataclass(frozen=True)
class Gate:
    """What a version must have shown before it goes out: a validation, and a gain of `min_gain` points of accuracy."""

    require_validated: bool = False
    min_gain: float | None = None


def newest_validation(registry: Registry, version: Version) -> AnyResult | None:
    """The validation of a version that was begun last, None where it was never validated."""
    found = [read_result(text, f"a validation of {version}") for text in registry.validations(version).values()]
    return max(found, key=lambda result: result.started, default=None)


def said_of(registry: Registry, version: Version) -> str | None:
    """The verdict of a version's newest validation in one sentence, None where there is none."""
    newest = newest_validation(registry, version)
    return f"on {newest.base.name}: {verdict_of(newest)}" if newest else None


def check_gate(registry: Registry, version: Version, gate: Gate) -> None:
    """Raise BenchmarkError where a version has not shown what the gate asks for."""
    if not gate.require_validated and gate.min_gain is None:
        return
    newest = newest_validation(registry, version)
    if newest is None:
        raise BenchmarkError(f"{version} was never validated: negbank benchmark {version} --likra")
    if gate.min_gain is None:
        return
    compared = deciding_of(newest)
    if compared is None or not compared.shown or 100 * compared.difference < gate.min_gain:
        raise BenchmarkError(
            f"{version} has not shown a gain of {gate.min_gain:g} points: {verdict_of(newest)} It was not pushed"
        )
