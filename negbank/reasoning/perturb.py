"""A right chain broken at one step: one operation, operand or reference changed, and every later value recomputed.

The chain stays consistent (each equation in it is true) and ends in a wrong answer. The kind `calculation` is the one
exception: there the result of one sum is wrong, and what follows is computed from it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from negbank.reasoning.answers import compare
from negbank.reasoning.arithmetic import first_false_equation
from negbank.reasoning.expressions import Item, count_decimals, evaluate_items, parse_number
from negbank.reasoning.steps import numbers
from negbank.reasoning.worked import Span, Sum, loose_numbers, read_sums

OPERATION: Final = "operation"
OPERAND: Final = "operand"
REFERENCE: Final = "reference"
CALCULATION: Final = "calculation"
KINDS: Final = (OPERATION, OPERAND, REFERENCE, CALCULATION)
ERROR_TYPES: Final = {
    OPERATION: "operator", OPERAND: "referencing-context-value", REFERENCE: "referencing-previous-value",
    CALCULATION: "calculation",
}  # fmt: skip
"""Each kind in LEMMA's list. An operand is always replaced by another number of the question."""

NO_SUMS: Final = "no-exact-annotations"
NO_ANSWER: Final = "answer-not-computed"
FALSE_GOLD: Final = "gold-has-false-equation"
NO_CHANGE: Final = "no-change-fits"

_SLIPS: Final = (1, -1, 2, -2, 10, -10, 100, -100)
_ANSWER: Final = re.compile(r"^\s*(?:####|A:)\s*[$£€]?([\d.,]*\d)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Perturbed:
    """A broken chain: `steps[first_error_step]` (0-based) is the first that differs; `before` became `after` there."""

    chain: str
    steps: tuple[str, ...]
    final_answer: str
    gold_answer: str
    first_error_step: int
    kind: str
    error_type: str
    before: str
    after: str


@dataclass(frozen=True)
class NotPerturbed:
    """Why no chain could be made."""

    reason: str


@dataclass(frozen=True)
class _Chain:
    """A gold chain taken apart: `result` is the sum that gives its answer, which stands at `answer`."""

    text: str
    lines: tuple[Span, ...]
    sums: tuple[Sum, ...]
    answer: Span
    result: int
    given: frozenset[Fraction]


@dataclass(frozen=True)
class _Change:
    """Item `place` of sum `number` becomes `item`; of a calculation, its value does."""

    kind: str
    number: int
    place: int
    item: Item


def perturb(question: str, chain: str, seed: int, kinds: Sequence[str] = KINDS) -> Perturbed | NotPerturbed:
    """A broken copy of a gold chain with annotations (`<<16-3=13>>`), or why none can be made.

    Kind, step and change are drawn by `seed` among those after which the final answer differs, whole values stay whole,
    positive ones positive, and the text says nothing that is no longer so.
    """
    parts = _take_apart(question, chain)
    if isinstance(parts, NotPerturbed):
        return parts
    for change in _changes(parts, random.Random(f"{seed}\n{question}"), kinds):
        made = _carry_through(parts, change)
        if made is not None:
            return made
    return NotPerturbed(NO_CHANGE)


def _take_apart(question: str, chain: str) -> _Chain | NotPerturbed:
    answers = list(_ANSWER.finditer(chain))
    gold = parse_number(answers[-1].group(1)) if answers else None
    if gold is None:
        return NotPerturbed(NO_ANSWER)
    answer = Span(answers[-1].start(1), answers[-1].end(1))
    lines = _lines(chain[: answers[-1].start()])
    given = frozenset(numbers(question))
    sums = read_sums(chain, lines, given)
    if not sums:
        return NotPerturbed(NO_SUMS)
    results = [number for number, found in enumerate(sums) if found.value == gold]
    if not results:
        return NotPerturbed(NO_ANSWER)
    if first_false_equation([chain[line.start : line.end] for line in lines]) is not None:
        return NotPerturbed(FALSE_GOLD)
    return _Chain(chain, lines, sums, answer, results[-1], given)


def _lines(text: str) -> tuple[Span, ...]:
    """The steps as places of the text: lines that are not empty, as `split_steps` gives them."""
    return tuple(Span(match.start(), match.end()) for match in re.finditer(r"\S(?:[^\n]*\S)?", text))


def _changes(parts: _Chain, draw: random.Random, kinds: Sequence[str]) -> Iterator[_Change]:
    """Every change, the places in a drawn order and the replacements of each too."""
    sites: list[tuple[str, int, int]] = []
    for number, found in enumerate(parts.sums):
        sites += [(OPERATION, number, place) for place in found.signs]
        sites += [(REFERENCE if found.sources[p] is not None else OPERAND, number, p) for p in found.operands]
        sites.append((CALCULATION, number, 0))
    wanted = list(kinds)
    draw.shuffle(wanted)
    draw.shuffle(sites)
    for kind in wanted:
        for site in sites:
            if site[0] == kind:
                replacements = _replacements(parts, *site)
                draw.shuffle(replacements)
                yield from (_Change(*site, item) for item in replacements)


def _replacements(parts: _Chain, kind: str, number: int, place: int) -> list[Item]:
    found = parts.sums[number]
    if kind == OPERATION:
        return [sign for sign in "+-*/" if sign != found.items[place]]
    if kind == CALCULATION:
        return [found.value + slip for slip in _SLIPS if abs(slip) * 2 <= abs(found.value)]
    earlier = [other.value for other in parts.sums[:number]]
    values: set[Fraction] = {*earlier, *parts.given} if kind == REFERENCE else set(parts.given)
    if kind == OPERAND and found.items[place] not in parts.given:
        return []
    return sorted(values - {found.items[place], Fraction(0)})


def _carry_through(parts: _Chain, change: _Change) -> Perturbed | None:
    """The chain with `change` made and carried through; None where it does not fit."""
    changed = _recompute(parts, change)
    if changed is None or parts.result not in changed:
        return None
    edits = _edits(parts, change, changed)
    if edits is None:
        return None
    text = _apply(parts.text, edits)
    steps = tuple(text[line.start : line.end] for line in _lines(text[: text.rindex("\n")]))
    step = parts.sums[change.number].step
    error = first_false_equation(steps)
    expected = step if change.kind == CALCULATION else None
    if (None if error is None else error.step) != expected or len(steps) != len(parts.lines):
        return None
    answer = parts.text[parts.answer.start : parts.answer.end]
    final = _written(changed[parts.result][1], answer)
    if final is None or compare(final, answer).outcome != "wrong":
        return None
    line = parts.lines[step]
    return Perturbed(
        text, steps, final, answer, step, change.kind,
        ERROR_TYPES[change.kind], parts.text[line.start : line.end], steps[step],
    )  # fmt: skip


def _recompute(parts: _Chain, change: _Change) -> dict[int, tuple[tuple[Item, ...], Fraction]] | None:
    """The items and the value of each sum that changes, by its number; None where a value does not fit its place."""
    changed: dict[int, tuple[tuple[Item, ...], Fraction]] = {}
    for number, found in enumerate(parts.sums[change.number :], start=change.number):
        items = list(found.items)
        for place, source in enumerate(found.sources):
            if source in changed:
                if place in found.unsure:
                    return None
                items[place] = changed[source][1]
        if number == change.number and change.kind != CALCULATION:
            items[change.place] = change.item
        if tuple(items) == found.items and number != change.number:
            continue
        value = change.item if number == change.number and change.kind == CALCULATION else evaluate_items(items)
        if not isinstance(value, Fraction) or not _fits(value, found.value):
            return None
        if value == found.value:  # the error is lost on the way
            return None
        changed[number] = (tuple(items), value)
    return changed


def _fits(value: Fraction, old: Fraction) -> bool:
    """Whether `value` may stand where `old` stood: as positive, as whole, no more than two decimals, and no giant."""
    whole = value.denominator == 1 if old.denominator == 1 else (value * 100).denominator == 1
    return whole and (value > 0 or old <= 0) and abs(value) <= 1000 * max(abs(old), Fraction(1))


def _edits(
    parts: _Chain, change: _Change, changed: dict[int, tuple[tuple[Item, ...], Fraction]]
) -> list[tuple[Span, str]] | None:
    """What to write where; None where the text mentions a changed value in a way that may mean something else."""
    edits: list[tuple[Span, str | None]] = [(parts.answer, _edited(parts, parts.answer, changed[parts.result][1]))]
    moved: dict[Fraction, set[Fraction]] = {}
    for number, (items, value) in changed.items():
        found = parts.sums[number]
        for place, item in enumerate(items):
            if item != found.items[place]:
                edits += [(span, _edited(parts, span, item)) for span in found.places[place]]
        edits += [(span, _edited(parts, span, value)) for span in found.shown]
        moved.setdefault(found.value, set()).add(value)
    kept = parts.given | {found.value for number, found in enumerate(parts.sums) if number not in changed}
    for value, span in loose_numbers(parts.text, parts.sums[change.number].start, parts.lines[-1].end, parts.sums):
        if value in moved:
            if value in kept or len(moved[value]) > 1:
                return None
            edits.append((span, _edited(parts, span, next(iter(moved[value])))))
    written = [(span, text) for span, text in edits if text is not None]
    return written if len(written) == len(edits) else None


def _edited(parts: _Chain, span: Span, item: Item) -> str | None:
    old = parts.text[span.start : span.end]
    if isinstance(item, Fraction):
        return _written(item, old)
    return "x" if item == "*" and old in "xX" else item


def _written(value: Fraction, like: str) -> str | None:
    """`value` in digits, with separators and decimals as in `like`; None where it has no end."""
    decimals = next((count for count in range(13) if (value * 10**count).denominator == 1), None)
    if decimals is None:
        return None
    decimals = max(decimals, 2) if decimals and count_decimals(like) == 2 else decimals
    separator = "," if "," in like else ""
    return f"{int(value):{separator}}" if decimals == 0 else f"{float(value):{separator}.{decimals}f}"


def _apply(text: str, edits: Sequence[tuple[Span, str]]) -> str:
    """`text` with every edit made; none of them overlap."""
    pieces, at = [], 0
    for span, new in sorted(edits, key=lambda edit: edit[0].start):
        pieces += [text[at : span.start], new]
        at = span.end
    return "".join([*pieces, text[at:]])
