"""A gold chain with calculator annotations as sums that hang together: what may be changed, and where it is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from negbank.reasoning.equations import ANNOTATION
from negbank.reasoning.expressions import NUMBER, OPERATORS, Item, evaluate_items, parse_number

_NUMBER: Final = re.compile(NUMBER)
_PART: Final = re.compile(rf"(?P<number>{NUMBER})|(?P<sign>\*\*|[-+−–*×·xX/÷^()])|(?P<space>\s+)|(?P<other>.)")
_SIGN: Final = re.compile(r"\*\*|[-+−–*×·÷/^]|(?<![A-Za-z])[xX](?![A-Za-z])")
_WRITTEN_SUM: Final = re.compile(r"[\d)%]\s*(?:[-+*/×÷−–]|[xX](?![A-Za-z]))\s*[$£€(]*\d")


@dataclass(frozen=True)
class Span:
    """A piece of the chain's text."""

    start: int
    end: int


@dataclass(frozen=True)
class Sum:
    """One annotation, `items` giving `value`, and every place that says so.

    `operands` and `signs` say which of `items` are numbers and operations between two; `places[i]` is where item `i` is
    written, in the annotation and in the text before it, and `shown` where the value is. `sources[i]` is the earlier
    sum whose value item `i` is; `unsure` are those items that may also come from elsewhere.
    """

    step: int
    items: tuple[Item, ...]
    value: Fraction
    places: tuple[tuple[Span, ...], ...]
    shown: tuple[Span, ...]
    sources: tuple[int | None, ...]
    unsure: frozenset[int]
    start: int

    @property
    def operands(self) -> tuple[int, ...]:
        """Which items are numbers."""
        return tuple(place for place, item in enumerate(self.items) if isinstance(item, Fraction))

    @property
    def signs(self) -> tuple[int, ...]:
        """Which items are one of + - * / between two others."""
        pairs = enumerate(pairwise(self.items), start=1)
        return tuple(
            place for place, (before, item) in pairs
            if item in ("+", "-", "*", "/") and (isinstance(before, Fraction) or before == ")")
        )  # fmt: skip


def read_sums(chain: str, lines: Sequence[Span], given: frozenset[Fraction]) -> tuple[Sum, ...] | None:
    """The sums of a chain whose steps are `lines`; None where one cannot be read or is not exact.

    `given` are the numbers of the question.
    """
    sums: list[Sum] = []
    for step, line in enumerate(lines):
        begin = line.start
        for match in ANNOTATION.finditer(chain, line.start, line.end):
            found = _read_sum(chain, begin, match, sums, given)
            if found is None:
                return None
            sums.append(replace(found, step=step))
            begin = found.shown[-1].end
    return tuple(sums)


def _read_sum(
    chain: str, begin: int, match: re.Match[str], before: Sequence[Sum], given: frozenset[Fraction]
) -> Sum | None:
    parts = _parts(match.group(1), match.start(1))
    value = parse_number(match.group(2)) if _NUMBER.fullmatch(match.group(2)) else None
    if parts is None or value is None or evaluate_items([item for item, _ in parts]) != value:
        return None
    items = tuple(item for item, _ in parts)
    repeated = _repeated(chain, begin, match.start(), items)
    if repeated is None:
        return None
    places = tuple((span, *repeated.get(place, ())) for place, (_, span) in enumerate(parts))
    shown = [Span(match.start(2), match.end(2))]
    after = re.compile(rf"\s*[$£€]?({NUMBER})").match(chain, match.end())
    if after is not None and parse_number(after.group(1)) == value:
        shown.append(Span(after.start(1), after.end(1)))
    values = [found.value for found in before]
    sources = tuple(_last(values, item) if isinstance(item, Fraction) else None for item in items)
    unsure = frozenset(
        place
        for place, source in enumerate(sources)
        if source is not None and (items[place] in given or items.count(items[place]) > 1)
    )
    return Sum(0, items, value, places, tuple(shown), sources, unsure, match.start())


def _parts(text: str, offset: int) -> list[tuple[Item, Span]] | None:
    """The items of an annotation's left side with their places; None where something else is among them."""
    parts: list[tuple[Item, Span]] = []
    for found in _PART.finditer(text):
        span = Span(offset + found.start(), offset + found.end())
        if found.group("number"):
            value = parse_number(found.group())
            if value is None:
                return None
            parts.append((value, span))
        elif found.group("sign"):
            parts.append((OPERATORS.get(found.group(), found.group()), span))
        elif found.group("other"):
            return None
    return parts


def _repeated(chain: str, begin: int, end: int, items: Sequence[Item]) -> dict[int, tuple[Span, ...]] | None:
    """Where the text between `begin` and `end` writes `items` out once more, by item; None where it does otherwise."""
    wanted = [place for place, item in enumerate(items) if isinstance(item, Fraction)]
    found = list(_NUMBER.finditer(chain, begin, end))[-len(wanted) :]
    values = [parse_number(match.group()) for match in found]
    if values != [items[place] for place in wanted]:
        return None if _WRITTEN_SUM.search(chain, begin, end) else {}
    places: dict[int, tuple[Span, ...]] = {}
    places |= {place: (Span(match.start(), match.end()),) for place, match in zip(wanted, found, strict=True)}
    written = False
    for left, right in pairwise(wanted):
        signs = list(_SIGN.finditer(chain, places[left][0].end, places[right][0].start))
        own = [place for place in range(left, right) if items[place] in ("+", "-", "*", "/")]
        if len(signs) == 1 and len(own) == 1 and OPERATORS[signs[0].group()] == items[own[0]]:
            places[own[0]] = (Span(signs[0].start(), signs[0].end()),)
            written = True
        elif signs:
            return None
    return places if written or not _WRITTEN_SUM.search(chain, begin, end) else None


def _last(values: Sequence[Fraction], item: Fraction) -> int | None:
    return next((place for place in reversed(range(len(values))) if values[place] == item), None)


def loose_numbers(chain: str, start: int, end: int, sums: Sequence[Sum]) -> list[tuple[Fraction, Span]]:
    """The numbers between `start` and `end` that no sum accounts for."""
    taken = {span.start for found in sums for spans in (*found.places, found.shown) for span in spans}
    numbers = ((parse_number(m.group()), Span(m.start(), m.end())) for m in _NUMBER.finditer(chain, start, end))
    return [(value, span) for value, span in numbers if value is not None and span.start not in taken]
