"""The columns with choices -> the choices of each row: lists, objects, or a column for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from negbank.errors import SourceError
from negbank.sources.cells import (
    LETTERS,
    NO_CHOICES,
    Choices,
    UnreadableCellError,
    choices_of,
    is_plain,
    own_text,
    truth_of,
    without_letters,
)  # fmt: skip
from negbank.sources.encoded import decoded
from negbank.sources.layouts import Path, Roles, Table, dotted
from negbank.sources.names import plain_name
from negbank.sources.options import SourceOptions
from negbank.sources.pointers import SURE, integer, letter


@dataclass
class ChoiceColumns:
    """Reads the choices of a table; `roles` lose a column that turns out to hold choices and no answers."""

    table: Table
    roles: Roles
    options: SourceOptions
    place: str

    def read(self) -> tuple[tuple[Path, ...], list[Choices] | None]:
        """The columns with the choices, and those of each row; None where there are none."""
        paths = self.roles.choices
        named = "choices" in self.roles.named
        if not paths:
            return (), None
        targets = [path for path in paths if plain_name(path[-1]) in ("mc1targets", "mc2targets")]
        if targets and not named:
            if self.roles.wrong and self.roles.right:  # TruthfulQA has its answers as texts too
                return (), None
            return self._targets(targets[0])
        if len(paths) > 1:
            stem_numbers = any(plain_name(path[-1])[-1:].isdigit() for path in paths)
            keys = () if stem_numbers else tuple(LETTERS[: len(paths)])
            if not named and plain_name(paths[0][-1])[:3] == "ans" and not self._pointer(paths):
                return (), None
            columns = [self.table.values(path) for path in paths]
            return paths, [Choices(tuple(map(self._plain, row)), keys) for row in zip(*columns, strict=True)]
        return paths, self._column(paths[0])

    def _plain(self, value: Any) -> str:
        try:
            return own_text(value)
        except UnreadableCellError as error:
            listed = ", ".join(map(dotted, self.roles.choices))
            raise SourceError(f"{self.place}: the columns {listed} must hold one choice each; found {error}") from error

    def _column(self, path: Path) -> list[Choices]:
        """The choices in one column, without the letters in front of them. Raises where most cells hold none."""
        values = self.table.values(path)
        values = decoded(values) or values
        found, bad = [], []
        for value in values:
            try:
                found.append(choices_of(value, self.options.split_on))
            except UnreadableCellError as error:
                found.append(NO_CHOICES)
                bad.append(str(error))
        given = sum(value not in (None, "", []) for value in values)
        if bad and len(bad) > self.options.allow_skipped * given:
            raise SourceError(
                f"{self.place}: the column {dotted(path)!r} must hold lists of choices, and holds {bad[0]} "
                f"({len(bad):,} of {given:,} rows); name several columns with --choices-column NAME --choices-column "
                "NAME, or say what stands between choices with --split-on"
            )
        return _unlettered(found)

    def _targets(self, first: Path) -> tuple[tuple[Path, ...], list[Choices]]:
        """TruthfulQA's mc1 and mc2 together: the right answer of mc1 first, then those of mc2."""
        parent = first[:-1]
        beside = [c for c in (self.table.fields(parent) if parent else self.table.columns)
                  if plain_name(c) in ("mc1targets", "mc2targets")]  # fmt: skip
        paths = tuple((*parent, name) for name in sorted(beside, key=plain_name))
        read = [self._column(path) for path in paths]
        merged = []
        for row in zip(*read, strict=True):
            said: dict[str, bool] = {}
            for cell in row:
                for text, true in sorted(zip(cell.texts, cell.truth, strict=False), key=lambda pair: not pair[1]):
                    said[text] = said.get(text, False) or true
            merged.append(Choices(tuple(said), (), tuple(said.values())))
        return paths, merged

    def _pointer(self, taken: Sequence[Path]) -> bool:
        """Whether some column can be read as a number or letter of one of as many choices."""
        count = len(taken)
        for path in self.roles.right:
            probed = self.table.probe(path)
            if path not in taken and probed and _all_pointers(probed, count):
                return True
        return False

    def hidden(self) -> tuple[tuple[Path, ...], list[Choices] | None]:
        """ReClor's and HEAD-QA's way: `answers` holds choices where another column points into it."""
        for path in self.roles.right:
            if self._marked(path):
                self.roles = _without(self.roles, path)
                return (path,), self._column(path)
            counts = [_count(value) for value in self.table.probe(path)]
            if not counts or min(counts) < 2:
                continue
            for other in self.roles.right:
                if other != path and self._points_into(other, path, min(counts)):
                    self.roles = _without(self.roles, path)
                    return (path,), self._column(path)
        return (), None

    def _marked(self, path: Path) -> bool:
        """Whether the items of a column's lists say themselves which is right: true and false both."""
        truths: set[bool] = set()
        for value in self.table.probe(path):
            try:
                truth = choices_of(value).truth if isinstance(value, list) else ()
            except UnreadableCellError:
                return False
            if not truth:
                return False
            truths.update(truth)
        return len(truths) == 2

    def _points_into(self, other: Path, path: Path, count: int) -> bool:
        """Whether a column holds the place of one of the answers in another, or 0 and 1 for each."""
        probed = self.table.probe(other)
        if _all_pointers(probed, count):
            return True
        pairs = zip(self.table.values(other), self.table.values(path), strict=True)
        lists = [(marks, texts) for marks, texts in pairs if isinstance(marks, list) and isinstance(texts, list)]
        return bool(lists) and len(lists) == len(self.table.rows) and all(_one_hot(*pair) for pair in lists)


def _one_hot(marks: list[Any], texts: list[Any]) -> bool:
    """Whether there is a 0 or 1 for each text, and a single 1."""
    said = [truth_of(mark) for mark in marks]
    return len(said) == len(texts) and None not in said and said.count(True) == 1


def _count(value: Any) -> int:
    """How many choices a list or an object holds; 0 for anything else."""
    try:
        return 0 if is_plain(value) else len(choices_of(value).texts)
    except UnreadableCellError:
        return 0


def _unlettered(found: list[Choices]) -> list[Choices]:
    """Choices without the letters in front of them, where nearly every row has them."""
    having = [row for row, cell in enumerate(found) if len(cell.texts) > 1]
    bare = {row: texts for row in having if (texts := without_letters(found[row].texts)) is not None}
    if not having or len(bare) < SURE * len(having):
        return found
    for row, texts in bare.items():
        found[row] = Choices(texts, found[row].keys, found[row].truth)
    return found


def _all_pointers(probed: Sequence[Any], count: int) -> bool:
    """Whether all values are letters or numbers of one of `count` choices."""
    letters = [place for value in probed if (place := letter(value)) is not None]
    if probed and len(letters) == len(probed):
        return max(letters) < count
    numbers = [number for value in probed if (number := integer(value)) is not None]
    return bool(probed) and len(numbers) == len(probed) and min(numbers) >= -1 and max(numbers) <= count


def _without(roles: Roles, path: Path) -> Roles:
    return replace(roles, right=tuple(p for p in roles.right if p != path))
