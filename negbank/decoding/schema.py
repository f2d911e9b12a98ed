"""Data from TOML or JSON <-> frozen dataclasses: every problem is found at once, each with its place.

A field's type says what may stand there: text, numbers, `Literal`, `X | None`, tuples, mappings, other dataclasses, and
`Annotated[float, Between(0, 1)]` for a range. Nothing is converted but a whole number where any number is expected.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from negbank.errors import nearest_hint

T = TypeVar("T")
Path = tuple[str | int, ...]

_WORDS: Final = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True)
class Problem:
    """What is wrong at a place: names of tables and keys, and positions in lists, counted from 0."""

    path: Path
    text: str


@dataclass(frozen=True)
class Between:
    """A number from `low` to `high`; with `above`, `low` itself is too low."""

    low: float
    high: float = math.inf
    above: bool = False

    def problem(self, value: float) -> str | None:
        """What is wrong with `value`, or None."""
        if (value > self.low if self.above else value >= self.low) and value <= self.high:
            return None
        low = f"above {self.low:g}" if self.above else f"from {self.low:g}"
        high = " on" if math.isinf(self.high) else f" to {self.high:g}"
        return f"is {_shown(value)}, where a number {low}{high} is expected"


def decode(kind: type[T], data: object) -> tuple[T | None, tuple[Problem, ...]]:
    """A `kind` made of `data`, or None and what is wrong with it."""
    problems: list[Problem] = []
    value = _value(kind, data, (), problems)
    return (None if problems else value), tuple(problems)


def encode(value: object) -> Any:
    """What JSON can hold of `value`: dataclasses and mappings as dicts, tuples as lists. `decode` takes it back."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def _value(kind: Any, data: object, path: Path, problems: list[Problem]) -> Any:
    """`data` as a `kind`; where it is none, a problem is added and the result means nothing."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return data
    if origin is Annotated:
        return _limited(arguments[0], arguments[1:], data, path, problems)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, data, path, problems)
    if origin is Literal:
        if data not in arguments or isinstance(data, bool):
            hint = nearest_hint(data if isinstance(data, str) else "", map(str, arguments))
            problems.append(Problem(path, f"is {_shown(data)}{hint}"))
        return data
    if origin is tuple:
        return _items(arguments[0], data, path, problems)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(arguments[1], data, path, problems)
    if dataclasses.is_dataclass(kind):
        return _record(kind, data, path, problems)
    return _scalar(kind, data, path, problems)


def _scalar(kind: Any, data: object, path: Path, problems: list[Problem]) -> Any:
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        if abs(data) <= sys.float_info.max:
            return float(data)
        problems.append(Problem(path, f"is {_shown(data)}, which is no finite number"))
    elif not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        problems.append(Problem(path, f"is {_shown(data)}, where {_WORDS[kind]} is expected"))
    return data


def _limited(kind: Any, rules: Iterable[Any], data: object, path: Path, problems: list[Problem]) -> Any:
    before = len(problems)
    value = _value(kind, data, path, problems)
    for rule in rules:
        if len(problems) == before and (text := rule.problem(data)):
            problems.append(Problem(path, text))
    return value


def _one_of(kinds: tuple[Any, ...], data: object, path: Path, problems: list[Problem]) -> Any:
    """`X | None`, or one of several kinds of scalars, which TOML and JSON tell apart."""
    if data is None and type(None) in kinds:
        return None
    wanted = [kind for kind in kinds if kind is not type(None)]
    if len(wanted) == 1:
        return _value(wanted[0], data, path, problems)
    if type(data) not in wanted:
        expected = " or ".join(_WORDS[kind] for kind in wanted)
        problems.append(Problem(path, f"is {_shown(data)}, where {expected} is expected"))
    elif isinstance(data, float):
        return _scalar(float, data, path, problems)
    return data


def _items(kind: Any, data: object, path: Path, problems: list[Problem]) -> tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        problems.append(Problem(path, f"is {_shown(data)}, where a list is expected"))
        return ()
    return tuple(_value(kind, item, (*path, place), problems) for place, item in enumerate(data))


def _mapping(kind: Any, data: object, path: Path, problems: list[Problem]) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        problems.append(Problem(path, f"is {_shown(data)}, where keys and values are expected"))
        return {}
    return {str(key): _value(kind, item, (*path, str(key)), problems) for key, item in data.items()}


def _record(kind: Any, data: object, path: Path, problems: list[Problem]) -> Any:
    """A dataclass: unknown keys are refused with the nearest known one, and keys without a default must be there."""
    if not isinstance(data, Mapping):
        problems.append(Problem(path, f"is {_shown(data)}, where keys and values are expected"))
        return None
    fields, hints = {field.name: field for field in dataclasses.fields(kind)}, _hints(kind)
    before = len(problems)
    for key in data:
        if key not in fields:
            problems.append(Problem((*path, str(key)), f"is no key that is known here{nearest_hint(str(key), fields)}"))
    values = {name: _value(hints[name], data[name], (*path, name), problems) for name in fields if name in data}
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in data:
            problems.append(Problem((*path, name), "is missing"))
    return kind(**values) if len(problems) == before else None


def _shown(data: object) -> str:
    """The first 80 characters of a value, whatever it is."""
    try:
        return repr(data)[:80]
    except (ValueError, RecursionError):  # an integer of thousands of digits, lists in lists in lists
        return "too large to be shown"


@lru_cache(maxsize=64)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)
