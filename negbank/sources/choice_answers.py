"""Columns that point into choices -> right and wrong answers, by what they say over the whole file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from negbank.decoding import kind_of, preview
from negbank.errors import SourceError
from negbank.sources.answers import CONTRADICTED, NO_CHOICES_HERE, Answers, key_text
from negbank.sources.cells import Choices, several
from negbank.sources.encoded import decoded
from negbank.sources.layouts import Path, Roles, Table, dotted
from negbank.sources.options import SourceOptions
from negbank.sources.pointers import SURE, Fit, Picks, contradictions, fit, integer, is_given
from negbank.sources.rows import INDEX_OUT_OF_RANGE, NO_RIGHT_ANSWER, NOT_A_CHOICE, ONE_CHOICE, REPEATED_CHOICE

NOT_SURE: Final = 0.1
"""A text column that agrees with the choices in a larger share of rows, and not in SURE, is about them and wrong."""


@dataclass
class ChoiceAnswers:
    """Reads the right answers of a table whose rows have choices."""

    table: Table
    roles: Roles
    options: SourceOptions
    place: str

    def read(self, choices: list[Choices]) -> Answers:
        """Answers as choices, by the columns that point into them, or by what the choices say themselves."""
        having = [row for row, cell in enumerate(choices) if cell.texts]
        fits = [self._fit(path, choices) for path in self.roles.right]
        marked = _marked(choices, having)
        chosen, warnings = self._chosen(fits, marked, choices, having)
        columns = tuple(p for p in self.roles.right if dotted(p) in {f.column for f in chosen})
        found = Answers([], [], [], [], chosen[0].says, columns, chosen[0].evidence, choices, warnings=warnings)
        values = self.table.values(columns[0]) if columns else [None] * len(choices)
        united = "answer" in self.roles.named and len(self.roles.right) > 1
        differing = set() if united else {row for other in chosen[1:] for row in contradictions(chosen[0], other)}
        for row, cell in enumerate(choices):
            picks = [f.picks[row] for f in (chosen if united else chosen[:1])]
            self._add(found, row, cell, picks, values[row])
            if found.reasons[row] is None and row in differing:
                found.reasons[row] = CONTRADICTED
        return found

    def _fit(self, path: Path, choices: list[Choices]) -> Fit:
        cells = self.table.values(path)
        values = decoded(cells) or _bare(cells)
        if sign := self.options.split_on:
            values = [
                [part.strip() for part in v.split(sign)] if isinstance(v, str) and sign in v else v for v in values
            ]
        return fit(dotted(path), values, choices, self.options.answer_form, self.options.answer_base)

    def _chosen(
        self, fits: list[Fit], marked: Fit | None, choices: list[Choices], having: list[int]
    ) -> tuple[list[Fit], list[str]]:
        """The columns that are believed, the first before all others. Raises SourceError where none can be."""
        sure = [f for f in ([marked] if marked else []) + fits if f.share >= SURE and not f.doubt]
        doubtful = [f for f in fits if f.share >= SURE and f.doubt]
        if not sure and doubtful:
            raise SourceError(f"{self.place}: {doubtful[0].column}: {doubtful[0].doubt}")
        if not sure:
            return [self._allowed(fits, choices, having)], []
        for half in (f for f in fits if f.form == "text" and NOT_SURE < f.share < SURE):
            if half.share < 1 - self.options.allow_skipped:
                raise SourceError(self._outside(half, choices, having))
        believed = [sure[0]]
        others = [*sure[1:], *(self._with_base(f, sure[0], choices) for f in doubtful)]
        for other in (f for f in others if f is not None):
            differing = contradictions(sure[0], other)
            if len(differing) > self.options.allow_skipped * len(having) and "answer" not in self.roles.named:
                row = differing[0]
                raise SourceError(
                    f"{self.place}: the columns {sure[0].column} and {other.column} contradict each other in "
                    f"{len(differing):,} of {len(having):,} rows (row {row + 1}: {self._cell(sure[0], row)} and "
                    f"{self._cell(other, row)}); name the right one with --answer-column"
                )
            believed.append(other)
        if not sure[0].evidence.startswith("none of"):
            return believed, []
        return believed, [
            f"{sure[0].column}: {sure[0].evidence}, and none equals the number of choices either: read as 1-based "
            "(--answer-base 0 says otherwise)"
        ]

    def _with_base(self, doubtful: Fit, sure: Fit, choices: list[Choices]) -> Fit | None:
        """A column of numbers whose base is not known by itself, read as it agrees with the column that is sure."""
        if doubtful.form != "index":
            return None
        values = self.table.values(next(p for p in self.roles.right if dotted(p) == doubtful.column))
        tried = [fit(doubtful.column, values, choices, "index", base) for base in (0, 1)]
        return min(tried, key=lambda f: len(contradictions(sure, f)))

    def _cell(self, found: Fit, row: int) -> str:
        path = next(path for path in self.roles.right if dotted(path) == found.column) if found.column else ()
        return preview(self.table.values(path)[row]) if path else "the marks of the choices"

    def _allowed(self, fits: list[Fit], choices: list[Choices], having: list[int]) -> Fit:
        """The best column where a user lets more rows pass. Raises SourceError with what every column holds."""
        best = max(fits, key=lambda f: f.share, default=None)
        if best is None or not best.share:
            raise SourceError(self._nothing_fits(choices, having))
        if best.form == "index" and best.base is None and best.share >= 0.5:
            raise SourceError(f"{self.place}: {best.column}: {best.evidence}")
        if best.share < 1 - self.options.allow_skipped:
            raise SourceError(self._outside(best, choices, having))
        return best

    def _outside(self, best: Fit, choices: list[Choices], having: list[int]) -> str:
        values = self.table.values(next(path for path in self.roles.right if dotted(path) == best.column))
        outside = [row for row in having if best.picks[row] is None and is_given(values[row])]
        return (
            f"{self.place}: in {len(outside):,} of {len(having):,} rows the column {best.column} is outside the "
            f"choices (read as {best.form}); --allow-skipped {min(1.0, len(outside) / len(having) + 0.01):.2f} would "
            f"leave them out. For example: {self._examples(best.column, outside[:2], choices)}"
        )

    def _examples(self, column: str, rows: Sequence[int], choices: list[Choices]) -> str:
        path = next(path for path in self.roles.right if dotted(path) == column)
        values = self.table.values(path)
        return "; ".join(
            f"row {row + 1}: {preview(values[row])} with the choices {preview(list(choices[row].texts), 120)}"
            for row in rows
        )

    def _nothing_fits(self, choices: list[Choices], having: list[int]) -> str:
        held = [self._held(path) for path in self.roles.right]
        about = "; ".join(held) if held else f"there are {', '.join(self.table.shown())}"
        row = having[0]
        return (
            f"{self.place}: no column says which choice is right: {about}. The choices of row {row + 1} are "
            f"{preview(list(choices[row].texts), 120)}; name the column with --answer-column, or, if the choices are "
            f"all wrong answers, name theirs with --negative-column {dotted(self.roles.choices[0])}"
            if self.roles.choices
            else f"{self.place}: no column says which choice is right: {about}"
        )

    def _held(self, path: Path) -> str:
        """What a column holds, in a few words."""
        values = [value for value in self.table.values(path) if value is not None]
        numbers = [number for value in values if (number := integer(value)) is not None]
        if values and len(numbers) == len(values):
            return f"{dotted(path)} holds numbers from {min(numbers)} to {max(numbers)}"
        if not values:
            return f"{dotted(path)} holds nothing"
        return f"{dotted(path)} holds {kind_of(values[0])} such as {preview(values[0])}"

    def _add(self, found: Answers, row: int, cell: Choices, picks: list[Picks | None], value: Any) -> None:
        """Add one row to `found`."""
        right, wrong, reason = _row_answers(cell, picks, value, found.form)
        found.right.append(right)
        found.wrong.append(wrong)
        found.reasons.append(reason)
        found.keys.append(key_text(value) if value is not None else "".join(right[:1]))


_NAMED_CHOICE: Final = re.compile(r"(?:option|choice|answer|ans|opt|sol|ending)[\s_-]*\(?([A-Za-z]|\d{1,2})\)?", re.I)


def _bare(values: Sequence[Any]) -> Sequence[Any]:
    """`Option B` and `option_b` as `B`, if every value is written like that."""
    given = [value for value in values if value not in (None, "")]
    if not given or not all(isinstance(value, str) and len(value) < 20 and _NAMED_CHOICE.fullmatch(value.strip())
                            for value in given):  # fmt: skip
        return values
    return [
        match.group(1) if value and (match := _NAMED_CHOICE.fullmatch(value.strip())) else value for value in values
    ]


def _marked(choices: list[Choices], having: list[int]) -> Fit | None:
    """What the choices say themselves about which is right."""
    picks: list[Picks | None] = [None] * len(choices)
    for row in having:
        cell = choices[row]
        picks[row] = tuple(place for place, true in enumerate(cell.truth) if true and cell.texts[place]) or None
    share = sum(pick is not None for pick in picks) / len(having)
    return Fit("", "marked in the choices", None, tuple(picks), share, "") if share >= SURE else None


def _row_answers(
    cell: Choices, picks: list[Picks | None], value: Any, form: str
) -> tuple[list[str], list[str], str | None]:
    """Right and wrong answers of a row with choices, or why there are none."""
    if not any(cell.texts):
        if form.startswith("text") and value is not None:
            return several(value), [], None
        return [], [], NO_RIGHT_ANSWER if value is None else NO_CHOICES_HERE
    places = [place for pick in picks if pick for place in pick]
    if not places:
        blank = value is None or value in ("", []) or integer(value) == -1
        if blank or form.startswith("marked"):
            return [], [], NO_RIGHT_ANSWER
        return [], [], INDEX_OUT_OF_RANGE if form.endswith("index") and integer(value) is not None else NOT_A_CHOICE
    right = [cell.texts[place] for place in places]
    if len(right) > 1:
        right = list(dict.fromkeys(right))
    if len({text for text in cell.texts if text}) == 1:
        return [], [], ONE_CHOICE
    if not all(right):
        return [], [], NO_RIGHT_ANSWER
    if any(cell.texts.count(text) > 1 for text in right) and not form.startswith("marked"):
        return [], [], REPEATED_CHOICE
    wrong = [text for text in cell.texts if text and text not in right]
    return right, wrong if len(set(wrong)) == len(wrong) else list(dict.fromkeys(wrong)), None
