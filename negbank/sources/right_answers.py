"""Candidate columns -> the right and wrong answers of each row, on what the values say over the whole file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from negbank.errors import SourceError
from negbank.sources import names
from negbank.sources.cells import (
    LETTERS,
    NO_CHOICES,
    Choices,
    UnreadableCellError,
    choices_of,
    decoded,
    is_plain,
    kind_of,
    own_text,
    preview,
    several,
    truth_of,
    without_letters,
)  # fmt: skip
from negbank.sources.layouts import Path, Roles, Table, described, dotted
from negbank.sources.names import plain_name
from negbank.sources.options import SourceOptions
from negbank.sources.pointers import MANY, SURE, Fit, Picks, contradictions, fit, folded, integer, is_given, letter
from negbank.sources.rows import (
    INDEX_OUT_OF_RANGE,
    NO_RIGHT_ANSWER,
    NOT_A_CHOICE,
    ONE_CHOICE,
    REPEATED_CHOICE,
)  # fmt: skip
from negbank.sources.talks import is_messages, is_transcript, last_said, split_transcript

NO_CHOICES_HERE: Final = "no-choices"
CONTRADICTED: Final = "answer-columns-contradict"
UNREADABLE: Final = "unreadable-cell"
NOT_SURE: Final = 0.1
"""A text column that agrees with the choices in a larger share of rows, and not in SURE, is about them and wrong."""


@dataclass
class Answers:
    """What was found in each row: right answers, wrong ones, or the reason why it is no question.

    `keys` are the cells that said which answer is right, as texts; `form` and `evidence` say how they were read.
    """

    right: list[list[str]]
    wrong: list[list[str]]
    reasons: list[str | None]
    keys: list[str]
    form: str
    columns: tuple[Path, ...]
    evidence: str = ""
    choices: list[Choices] = field(default_factory=list)
    choice_columns: tuple[Path, ...] = ()
    warnings: list[str] = field(default_factory=list)
    wrong_columns: tuple[Path, ...] = ()


def find_answers(table: Table, roles: Roles, options: SourceOptions, place: str) -> Answers:
    """The answers of every row. Raises SourceError where no column can be accepted, or two contradict each other."""
    reader = _Reader(table, roles, options, place)
    columns, choices = reader.choices()
    if choices is None and not options.columns.choices:
        columns, choices = reader.hidden_choices()
    found = reader.pointed(choices) if choices is not None else reader.direct()
    found.choice_columns = columns
    reader.add_wrong(found)
    return found


def answers_in(value: Any, split_on: str | None) -> list[str]:
    """The answers that a cell holds; of a conversation the last one."""
    if is_messages(value):
        return [text] if (text := last_said(value)) else []
    if is_transcript(value):
        return [text] if (text := split_transcript(value)[1]) else []
    return several(value, split_on)


@dataclass
class _Reader:
    table: Table
    roles: Roles
    options: SourceOptions
    place: str

    # choices

    def choices(self) -> tuple[tuple[Path, ...], list[Choices] | None]:
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

    def hidden_choices(self) -> tuple[tuple[Path, ...], list[Choices] | None]:
        """ReClor's way: `answers` holds choices where another column points into it."""
        for path in self.roles.right:
            probed = self.table.probe(path)
            lists = [v for v in probed if isinstance(v, list) and len(v) > 1 and all(map(is_plain, v))]
            if not probed or len(lists) < len(probed):
                continue
            shortest = min(map(len, lists))
            for other in self.roles.right:
                if other != path and _all_pointers(self.table.probe(other), shortest):
                    self.roles = _without(self.roles, path)
                    return (path,), self._column(path)
        return (), None

    # right answers that point into choices

    def pointed(self, choices: list[Choices]) -> Answers:
        """Answers as choices, by the columns that point into them, or by what the choices say themselves."""
        having = [row for row, cell in enumerate(choices) if cell.texts]
        if not having:
            return self.direct()
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
        values = self.table.values(path)
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
        found.keys.append(_key_text(value) if value is not None else "".join(right[:1]))

    # right answers by themselves

    def direct(self) -> Answers:
        """Answers as the texts of their columns. Raises SourceError for what can only be an index or a class."""
        if self.options.answer_form in ("letter", "index") or self.options.answer_base is not None:
            raise SourceError(
                f"{self.place}: no choices were found that an answer could point into; name them with --choices-column"
            )
        main = self._main_column()
        columns = (main, *self._more_columns(main))
        found = Answers([], [], [], [], "texts", columns)
        cells = [self._answer_values(path, column == 0) for column, path in enumerate(columns)]
        keys = self.table.values(main)
        for row, values in enumerate(zip(*cells, strict=True)):
            right = list(dict.fromkeys(text for value in values for text in value or ()))
            found.right.append(right)
            found.wrong.append([])
            unreadable = values[0] is None
            found.reasons.append(None if right else UNREADABLE if unreadable else NO_RIGHT_ANSWER)
            found.keys.append(_key_text(keys[row]))
        if len(columns) > 1:
            found.evidence = "the first is the answer, the others count as right too"
        self._apply_verdict(found)
        return found

    def _apply_verdict(self, found: Answers) -> None:
        """Where a column says of each row's own answer whether it is right, those that are not are wrong answers.

        Raises SourceError where a column may say so, by a name that says it less clearly.
        """
        if self.roles.wrong or any(plain_name(c) in names.STEPS for c in self.table.columns):
            return
        for column in self.table.columns:
            plain = plain_name(column)
            if plain not in names.VERDICT or (column,) in (*found.columns, self.roles.question):
                continue
            said = [truth_of(value) for value in self.table.values((column,))]
            if None in said or (all(said) and plain in names.CLEAR_VERDICT):
                continue
            if plain in names.CLEAR_VERDICT:
                for row, true in enumerate(said):
                    if not true:
                        found.wrong[row], found.right[row] = found.right[row], []
                found.form = f"texts, right where {column} says so"
                return
            if "answer" not in self.roles.named:
                raise SourceError(
                    f"{self.place}: the column {column} ({sum(map(bool, said)):,} yes, {said.count(False):,} no) may "
                    f"say of {dotted(found.columns[0])} whether it is right; if so, rename it to is_correct, if not, "
                    f"name the answers with --answer-column {dotted(found.columns[0])}"
                )

    def _answer_values(self, path: Path, first: bool) -> list[list[str] | None]:
        """The answers in a column, None where a cell cannot be read."""
        values = self.table.values(path)
        if plain_name(path[-1]).endswith("answers"):
            values = decoded(values) or values
        split = self._separator(path)
        found: list[list[str] | None] = []
        for value in values:
            try:
                found.append(answers_in(value, split) if value is not None else [])
            except UnreadableCellError:
                found.append(None)
        return found

    def _separator(self, path: Path) -> str | None:
        """What stands between several answers of one text: as given, or as a best answer beside it shows."""
        if self.options.split_on is not None:
            return self.options.split_on
        if not plain_name(path[-1]).endswith("answers"):
            return None
        texts = [v for v in self.table.values(path) if isinstance(v, str)]
        if not texts or decoded(texts) is not None:
            return None
        best = next((p for p in self.roles.right if plain_name(p[-1]) == "bestanswer"), None)
        for sign in ("; ", ";", "\n"):
            if best is not None and any(sign in text for text in texts) and self._is_part(best, sign):
                return sign
        for sign in ("\n", "; ", "|"):
            if sum(sign in text for text in texts) > 0.3 * len(texts):
                raise SourceError(
                    f"{self.place}: the column {dotted(path)} seems to hold several answers in one text, such as "
                    f"{preview(texts[0], 120)}; say what stands between them with --split-on {_quoted(sign)}"
                )
        return None

    def _is_part(self, best: Path, sign: str) -> bool:
        """Whether the best answer is one of the correct ones when those are split at `sign`, in nearly all rows."""
        correct = next((p for p in self.roles.right if plain_name(p[-1]) == "correctanswers"), None)
        if correct is None:
            return False
        pairs = [
            (folded(b), [folded(part) for part in c.split(sign)])
            for b, c in zip(self.table.values(best), self.table.values(correct), strict=True)
            if isinstance(b, str) and isinstance(c, str)
        ]
        return bool(pairs) and sum(b in parts for b, parts in pairs) >= SURE * len(pairs)

    def _main_column(self) -> Path:
        """The first column whose values can be answers."""
        named = "answer" in self.roles.named
        refused = []
        for path in self.roles.right:
            problem = self._no_answer(path, named)
            if problem is None:
                return path
            refused.append(problem)
            if problem.startswith("!"):  # an index or a verdict: what else is there may not be taken instead
                break
        if refused:
            raise SourceError(f"{self.place}: {'; '.join(problem.lstrip('!') for problem in refused)}")
        raise SourceError(
            f"{self.place}: no answer column is known here; name it with --answer-column. There are: "
            f"{described(self.table)}"
        )

    def _no_answer(self, path: Path, named: bool) -> str | None:
        """Why a column's values cannot be right answers, or None. A "!" in front: and nothing else may be taken."""
        values = [v for v in self.table.values(path) if v not in (None, "", [])]
        name, plain = dotted(path), plain_name(path[-1])
        if not values:
            return f"{name} holds nothing"
        unreadable = sum(1 for value in values[:1000] if not _readable(value))
        if unreadable > self.options.allow_skipped * len(values[:1000]):
            bad = next(value for value in values if not _readable(value))
            return f"{name} holds {kind_of(bad)} that is no answer: {preview(bad)}"
        flat = [v for v in values if is_plain(v)]
        if self.options.answer_form == "text" or len(flat) < len(values):
            return None
        if pointing := _points(flat, self._beside_options()):
            return (
                f"!{name} holds {pointing}, which points into choices that were not found: name them with "
                f"--choices-column (there are {', '.join(self.table.shown())}), or say --answer-form text if these are "
                "the answers themselves"
            )
        if named or plain not in names.CLASS_NAMES:
            return None
        if plain == "output" and plain_name(self.roles.question[-1]) not in ("instruction", "input"):
            return f"{name} may be what a model said; if it is right, say --answer-column {name}"
        if all(isinstance(v, bool) for v in flat):
            return f"{name} holds true and false, and may be a verdict: name the answers with --answer-column"
        kinds = Counter(map(own_text, flat))
        if plain == "label" and (len(kinds) <= max(2, len(flat) // 10)):
            listed = ", ".join(preview(kind, 20) for kind, _ in kinds.most_common(4))
            return (
                f"{name} holds {len(kinds)} different texts in {len(flat):,} rows ({listed}): classes, not answers; if "
                f"they are answers, say --answer-column {name}"
            )
        return None

    def _beside_options(self) -> bool:
        """Whether other columns look like options: numbered or lettered, of a stem that is not known."""
        free = [c for c in self.table.columns if (c,) not in (*self.roles.right, *self.roles.wrong)]
        stems = {plain_name(c).rstrip("0123456789") or plain_name(c)[:-1] for c in free}
        return bool(names.family(free, stems, least=2)) and not self.roles.wrong

    def _more_columns(self, main: Path) -> tuple[Path, ...]:
        """Other columns with right answers: all that a user named, or a plural beside the main one."""
        others = [path for path in self.roles.right if path != main and path[:-1] == main[:-1]]
        if "answer" in self.roles.named:
            return tuple(others)
        plurals = [p for p in others if plain_name(p[-1]) in ("correctanswers", "rightanswers", "answers")]
        plain = plain_name(main[-1])
        accepted = []
        for path in plurals:
            if plain in names.CLASS_NAMES or self._no_answer(path, False) is not None:
                continue
            if plain_name(path[-1]) == "answers":
                self._check_plural(main, path)
            accepted.append(path)
        return tuple(accepted)

    def _check_plural(self, main: Path, plural: Path) -> None:
        """Raise SourceError where `answers` may as well be choices: the answer stands anywhere in it."""
        pairs = [
            (own_text(one), [folded(t) for t in several(many)])
            for one, many in zip(self.table.values(main), self.table.values(plural), strict=True)
            if is_plain(one) and one is not None and isinstance(many, list) and all(map(is_plain, many)) and many
        ]
        first = sum(many[0] == folded(one) for one, many in pairs)
        among = sum(folded(one) in many for one, many in pairs)
        name = dotted(plural)
        if len(pairs) - among > self.options.allow_skipped * len(pairs):
            one, many = next((one, many) for one, many in pairs if folded(one) not in many)
            raise SourceError(
                f"{self.place}: the columns {dotted(main)} and {name} contradict each other in {len(pairs) - among:,} "
                f"of {len(pairs):,} rows ({preview(one)} is not among {preview(many, 80)}); name one with "
                "--answer-column"
            )
        if pairs and first < SURE * len(pairs) and min(len(many) for _, many in pairs) > 1:
            raise SourceError(
                f"{self.place}: the column {name} may hold several right answers or the choices; say which with "
                f"--answer-column {dotted(main)} --answer-column {name}, or --choices-column {name}"
            )

    # wrong answers in columns of their own

    def add_wrong(self, found: Answers) -> None:
        """Add the wrong answers that have columns of their own."""
        used = []
        for path in self.roles.wrong:
            values = self.table.values(path)
            values = decoded(values) or values
            split = self._separator(path)
            bad = 0
            for row, value in enumerate(values):
                try:
                    found.wrong[row].extend(answers_in(value, split) if value is not None else [])
                except UnreadableCellError:
                    bad += 1
            if bad > self.options.allow_skipped * len(values):
                raise SourceError(
                    f"{self.place}: the column {dotted(path)} holds no wrong answers that can be read, such as "
                    f"{preview(next(v for v in values if not _readable(v)))}; name another with --negative-column"
                )
            used.append(path)
        found.wrong_columns = tuple(used)


def _unlettered(found: list[Choices]) -> list[Choices]:
    """Choices without the letters in front of them, where nearly every row has them."""
    having = [row for row, cell in enumerate(found) if len(cell.texts) > 1]
    bare = {row: texts for row in having if (texts := without_letters(found[row].texts)) is not None}
    if not having or len(bare) < SURE * len(having):
        return found
    for row, texts in bare.items():
        found[row] = Choices(texts, found[row].keys, found[row].truth)
    return found


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
    right = list(dict.fromkeys(cell.texts[place] for place in places))
    if len({text for text in cell.texts if text}) == 1:
        return [], [], ONE_CHOICE
    if not all(right):
        return [], [], NO_RIGHT_ANSWER
    if any(cell.texts.count(text) > 1 for text in right) and not form.startswith("marked"):
        return [], [], REPEATED_CHOICE
    return right, [text for text in dict.fromkeys(cell.texts) if text and text not in right], None


def _all_pointers(probed: Sequence[Any], count: int) -> bool:
    """Whether all values are letters or numbers of one of `count` choices."""
    letters = [place for value in probed if (place := letter(value)) is not None]
    if probed and len(letters) == len(probed):
        return max(letters) < count
    numbers = [number for value in probed if (number := integer(value)) is not None]
    return bool(probed) and len(numbers) == len(probed) and min(numbers) >= -1 and max(numbers) <= count


def _points(values: Sequence[Any], beside_options: bool) -> str | None:
    """What small numbers or single letters a column holds, if it holds nothing else; None for any other column."""
    if all(letter(value) is not None and letter(value) < 10 for value in values):  # type: ignore[operator]
        listed = ", ".join(sorted({own_text(value) for value in values})[:6])
        return f"single letters ({listed})"
    numbers = [integer(value) for value in values]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or any(number < -1 for number in known):
        return None
    small = max(known) < 10 and (len(known) > 1 or beside_options)
    if small or (beside_options and max(known) < MANY):
        return f"small numbers, {min(known)} to {max(known)}"
    return None


def _readable(value: Any) -> bool:
    try:
        answers_in(value, None)
    except UnreadableCellError:
        return False
    return True


def _key_text(value: Any) -> str:
    """A cell as it goes into an id."""
    return str(value) if is_plain(value) else json.dumps(value, ensure_ascii=False, default=str)


def _quoted(sign: str) -> str:
    return "'\\n'" if sign == "\n" else f"'{sign.strip()}'"


def _without(roles: Roles, path: Path) -> Roles:
    return replace(roles, right=tuple(p for p in roles.right if p != path))
