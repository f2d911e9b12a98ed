"""What was measured on a version: read, summed up, and required before it is published."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

from negbank.cards import Reading
from negbank.decoding import decode
from negbank.errors import BenchmarkError, UnknownNameError
from negbank.registry import Registry, Version
from negbank.report.kinds import AnyResult, deciding_of, read_result, verdict_of
from negbank.terms import counted

READING: Final = "reading"
"""The `kind` of a measurement that a person made by reading rows."""


@dataclass(frozen=True)
class Gate:
    """What a version must have shown before it goes out: a validation, and a gain of `min_gain` points of accuracy."""

    require_validated: bool = False
    min_gain: float | None = None


def newest_validation(registry: Registry, version: Version) -> AnyResult | None:
    """The validation of a version that was begun last, None where it was never validated."""
    texts = benchmarks_in(registry.validations(version).values())
    found = [read_result(text, f"a validation of {version}") for text in texts]
    return max(found, key=lambda result: result.started, default=None)


def benchmarks_in(texts: Iterable[str]) -> list[str]:
    """Those of the measurements (JSON) of a version that a benchmark made; the others are readings."""
    return [text for text in texts if not _is_reading(text)]


def record_reading(
    reference: str, tier: str, *, read: int, right: int, by: str, seed: int | None = None, note: str = "",
    registry: Registry,
) -> Reading:  # fmt: skip
    """Keep with a version what somebody found who read rows of a tier, and give it back: its card says so.

    `right` of the `read` rows are right answers after all. Raises BenchmarkError where the numbers cannot be so.
    """
    version = registry.resolve(reference)
    if tier not in version.tiers:
        raise UnknownNameError("tier", tier, version.tiers, hint=f" (in {version})")
    reading = Reading(tier, read, right, by, seed, note)
    if not 0 < read <= version.tiers[tier] or not 0 <= right <= read:
        raise BenchmarkError(
            f"{right} of {read} rows cannot be right: {version} has {counted(version.tiers[tier], 'row')} of {tier}"
        )
    registry.record_validation(version, json.dumps({"kind": READING, "manifest": version.name, **asdict(reading)}))
    return reading


def readings_of(registry: Registry, version: Version) -> tuple[Reading, ...]:
    """What people found who read rows of the version; records that cannot be so are left out."""
    found = []
    for text in registry.validations(version).values():
        if _is_reading(text):
            record = {name: value for name, value in json.loads(text).items() if name not in ("kind", "manifest")}
            reading, _ = decode(Reading, record)
            if reading and 0 <= reading.right <= reading.read and reading.read:
                found.append(reading)
    return tuple(found)


def _is_reading(text: str) -> bool:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("kind") == READING


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
