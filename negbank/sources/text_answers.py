"""Columns with answers as texts -> right and wrong answers of each row, where no choices are to be pointed into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from negbank.decoding import kind_of, preview
from negbank.errors import SourceError
from negbank.sources import names
from negbank.sources.answers import UNREADABLE, Answers, answers_in, key_text, readable
from negbank.sources.cells import UnreadableCellError, is_plain, own_text, several, truth_of
from negbank.sources.encoded import decoded, decoded_texts
from negbank.sources.layouts import Path, Roles, Table, described, dotted
from negbank.sources.listed import choices_doubt, judging_field
from negbank.sources.names import plain_name
from negbank.sources.options import SourceOptions
from negbank.sources.pointers import MANY, SURE, folded, integer, letter
from negbank.sources.rows import NO_RIGHT_ANSWER
from negbank.sources.verdicts import apply_verdicts, drop_called_right, judged_column, rating_note
from negbank.text.numbers import read_number

MANY_NAMES: Final = ("answers", "distractors", "negatives", "choices")
"""Ends of names of columns that have several answers in a row."""


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
        apply_verdicts(found, self.table, self.roles, self.place)
        if not self.roles.wrong and (note := rating_note(found, self.table)):
            found.warnings.append(note)
        return found

    def _answer_values(self, path: Path, first: bool) -> list[list[str] | None]:
        """The answers in a column, None where a cell cannot be read."""
        values = self._decoded(path)
        split = self._separator(path)
        found: list[list[str] | None] = []
        for value in values:
            try:
                if judging_field(value):
                    raise UnreadableCellError
                found.append(answers_in(value, split) if value is not None else [])
            except UnreadableCellError:
                found.append(None)
        return found

    def _decoded(self, path: Path) -> list[Any]:
        """A column's values, lists and objects that are written as texts read."""
        values = self.table.values(path)
        if self.options.answer_form == "text":
            return values
        return (decoded if plain_name(path[-1]).endswith("answers") else decoded_texts)(values) or values

    def _separator(self, path: Path) -> str | None:
        """What stands between several answers of one text: as given, or as a best answer beside it shows."""
        if self.options.split_on is not None:
            return self.options.split_on
        if not plain_name(path[-1]).endswith(MANY_NAMES):
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
        refused: list[str] = []
        judged = None if named else judged_column(self.table, [self.roles.question, *self.roles.context])
        for path in self.roles.right:
            if judged and path in judged[1]:
                continue
            problem = self._no_answer(path, named)
            if problem is None:
                doubt = None if named else choices_doubt(self.table, path, (self.roles.question, *self.roles.context))
                if doubt:
                    raise SourceError(f"{self.place}: {doubt}")
                return path
            refused.append(problem)
            if problem.startswith("!"):  # an index or a verdict: what else is there may not be taken instead
                break
        if judged and not any(problem.startswith("!") for problem in refused):
            return judged[0]
        if refused:
            raise SourceError(f"{self.place}: {'; '.join(problem.lstrip('!') for problem in refused)}")
        raise SourceError(
            f"{self.place}: no answer column is known here; name it with --answer-column. There are: "
            f"{described(self.table)}"
        )

    def _no_answer(self, path: Path, named: bool) -> str | None:
        """Why a column's values cannot be right answers, or None. A "!" in front: and nothing else may be taken."""
        values = [v for v in self._decoded(path) if v not in (None, "", [])]
        name, plain = dotted(path), plain_name(path[-1])
        if not values:
            return f"{name} holds nothing; name the column with the answers with --answer-column"
        judging = [field for value in values[:1000] if (field := judging_field(value))]
        if len(judging) > self.options.allow_skipped * len(values[:1000]):
            return (
                f"!{name} holds answers with a field {judging[0]!r}, which may say that not all are right; keep the "
                "right ones in a column of their own, or call the field is_correct with true and false"
            )
        unreadable = sum(1 for value in values[:1000] if not readable(value))
        if unreadable > self.options.allow_skipped * len(values[:1000]):
            bad = next(value for value in values if not readable(value))
            return f"{name} holds {kind_of(bad)}, which is no answer: {preview(bad)}"
        flat = [v for v in values if is_plain(v)]
        if self.options.answer_form == "text" or len(flat) < len(values):
            return None
        if pointing := _points(flat, self._beside_options()):
            return (
                f"!{name} holds {pointing}, which points into choices that were not found: name them with "
                f"--choices-column (there are {', '.join(self.table.shown())}), or say --answer-form text if these are "
                "the answers themselves"
            )
        if not named and self._is_pointer(plain, flat):
            return (
                f"!{name} holds {preview(flat[0], 30)}, and by its name points at an answer elsewhere: name the "
                f"choices with --choices-column, or say --answer-column {name} if these are the answers themselves"
            )
        if named or (plain not in names.CLASS_NAMES and not plain.endswith("label")):
            return None
        if plain == "key":
            return f"{name} may be a row's own name; if it is the answer, say --answer-column {name}"
        if plain == "output" and plain_name(self.roles.question[-1]) not in ("instruction", "input"):
            return f"{name} may be what a model said; if it is right, say --answer-column {name}"
        if all(isinstance(v, bool) for v in flat):
            return f"{name} holds true and false, and may be a verdict: name the answers with --answer-column"
        kinds = Counter(map(own_text, flat))
        if plain.endswith("label") and (len(kinds) <= max(2, len(flat) // 10)):
            listed = ", ".join(preview(kind, 20) for kind, _ in kinds.most_common(4))
            return (
                f"{name} holds {len(kinds)} different texts in {len(flat):,} rows ({listed}): classes, not answers; if "
                f"they are answers, say --answer-column {name}"
            )
        return None

    @staticmethod
    def _is_pointer(plain: str, values: Sequence[Any]) -> bool:
        """Whether a name says that numbers (or, of an id, anything) point at an answer."""
        if plain.endswith("id") or not plain.endswith(names.POINTERS) or plain == "key":
            return plain.endswith("id")
        return all(integer(value) is not None for value in values)

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
            if self._counts(path, values, found):
                found.warnings.append(f"{dotted(path)} holds numbers or verdicts and no wrong answers: not used")
                continue
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
        drop_called_right(found, self.table, self.roles)
        if len(used) > 1 or found.choices:
            found.wrong = [list(dict.fromkeys(texts)) if len(texts) > 1 else texts for texts in found.wrong]

    def _counts(self, path: Path, values: Sequence[Any], found: Answers) -> bool:
        """Whether a column by a wrong answer's name has only numbers or true and false, and the right answers are
        nothing like it."""
        if "negative" in self.roles.named:
            return False
        given = [value for value in values if value not in (None, "")]
        if not given or not all(is_plain(v) and _is_mark(own_text(v)) for v in given):
            return False
        right = [texts[0] for texts in found.right if texts]
        return len(right) >= 5 and sum(map(_is_mark, right)) < 0.1 * len(right)


def _is_mark(text: str) -> bool:
    """Whether a text is a number, in digits or words, or true or false."""
    return truth_of(text) is not None or bool(read_number(text))


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
