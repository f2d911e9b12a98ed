"""Columns with answers as texts -> right and wrong answers of each row, where no choices are to be pointed into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from negbank.errors import SourceError
from negbank.sources import names
from negbank.sources.answers import UNREADABLE, Answers, answers_in, key_text, readable
from negbank.sources.cells import UnreadableCellError, decoded, is_plain, kind_of, own_text, preview, several, truth_of
from negbank.sources.layouts import Path, Roles, Table, described, dotted
from negbank.sources.names import plain_name
from negbank.sources.options import SourceOptions
from negbank.sources.pointers import MANY, SURE, folded, integer, letter
from negbank.sources.rows import NO_RIGHT_ANSWER


@dataclass
class TextAnswers:
    """Reads the right answers of a table without choices, and the wrong answers of any table."""

    table: Table
    roles: Roles
    options: SourceOptions
    place: str

    def read(self) -> Answers:
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
            found.keys.append(key_text(keys[row]))
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
        unreadable = sum(1 for value in values[:1000] if not readable(value))
        if unreadable > self.options.allow_skipped * len(values[:1000]):
            bad = next(value for value in values if not readable(value))
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
        if plain == "key":
            return f"{name} may be a row's own name; if it is the answer, say --answer-column {name}"
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
        plurals = [p for p in others if plain_name(p[-1]) in names.PLURAL]
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
                    f"{preview(next(v for v in values if not readable(v)))}; name another with --negative-column"
                )
            used.append(path)
        found.wrong_columns = tuple(used)
        if len(used) > 1 or found.choices:
            found.wrong = [list(dict.fromkeys(texts)) if len(texts) > 1 else texts for texts in found.wrong]


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


def _quoted(sign: str) -> str:
    return "'\\n'" if sign == "\n" else f"'{sign.strip()}'"
