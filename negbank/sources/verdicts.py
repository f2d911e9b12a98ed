"""A column that says whether the row's own answer is right -> right and wrong answers.

Exports of flagged answers have one: `is_correct`, `verdict`, `thumbs`, `is_hallucination`. If a row has a right answer
and what a model answered, the verdict is about the model's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from negbank.errors import SourceError
from negbank.sources import names
from negbank.sources.answers import NO_VERDICT, Answers, answers_in
from negbank.sources.cells import UnreadableCellError, is_plain, own_text, truth_of
from negbank.sources.layouts import Path, Roles, Table, dotted
from negbank.sources.names import plain_name
from negbank.sources.pointers import SURE
from negbank.terms import counted

_RIGHT_WORDS: Final = frozenset(
    ("correct", "right", "up", "thumbsup", "like", "liked", "pass", "passed", "good", "valid", "accepted", "👍", "+1",
     "supported", "truthful")
)  # fmt: skip
_WRONG_WORDS: Final = frozenset(
    ("incorrect", "wrong", "down", "thumbsdown", "dislike", "disliked", "fail", "failed", "bad", "invalid",
     "notcorrect", "👎", "-1", "unsupported", "hallucinated")
)  # fmt: skip
HALF: Final = 0.5
"""The share of values that has to say yes or no in a column that is called a verdict: some say "partly"."""
_YES: Final = {"yes": True, "y": True, "no": False, "n": False}


@dataclass(frozen=True)
class Verdicts:
    """What a column says of each row: True, False, or None where it says nothing."""

    column: str
    said: tuple[bool | None, ...]
    clear: bool
    """Whether name or values leave no doubt that it is a verdict."""
    flags: bool
    """Whether it holds true and false themselves, as TRL's `label` of a `completion` does."""

    @property
    def mixed(self) -> bool:
        """Whether some rows are right and some are wrong."""
        return True in self.said and False in self.said


def verdicts_in(table: Table, skip: Sequence[Path]) -> Verdicts | None:
    """The verdicts of a table, those that leave no doubt before others; None where no column holds any."""
    found = []
    for name in names.VERDICT:
        for column in table.columns:
            if plain_name(column) == name and (column,) not in skip:
                verdicts = _read(column, table.values((column,)))
                if verdicts is not None:
                    found.append(verdicts)
    return next((v for v in found if v.clear), found[0] if found else None)


def _read(column: str, values: Sequence[Any]) -> Verdicts | None:
    plain = plain_name(column)
    said: list[bool | None] = []
    by_word = given = 0
    for value in values:
        if value in (None, ""):
            said.append(None)
            continue
        given += 1
        word = _word(value)
        truth = _absolute(word)
        by_word += truth is not None
        if truth is None:
            truth = _YES.get(word, truth_of(value))
            if truth is not None and plain in names.SAYS_WRONG:
                truth = not truth
        said.append(truth)
    understood = sum(truth is not None for truth in said)
    clear = plain in names.CLEAR_VERDICT
    least = HALF if clear and plain not in names.RIGHT else SURE  # `correct` may as well hold answers
    if not given or understood < least * given:
        return None
    flags = all(isinstance(value, bool) for value in values)
    return Verdicts(column, tuple(said), clear or by_word == understood, flags)


def _word(value: Any) -> str:
    if not is_plain(value):
        return ""
    text = own_text(value).lower()
    return text if text in ("+1", "-1", "👍", "👎") else plain_name(text) or text


def _absolute(word: str) -> bool | None:
    """True or false for words that say it whatever the column is called."""
    return True if word in _RIGHT_WORDS else False if word in _WRONG_WORDS else None


def response_column(table: Table, skip: Sequence[Path]) -> Path | None:
    """The column with what was answered, right or wrong."""
    by_name = {plain_name(column): (column,) for column in reversed(table.columns)}
    for name in names.RESPONSE:
        path = by_name.get(name)
        if path is not None and path not in skip and table.probe(path):
            return path
    return None


def apply_verdicts(found: Answers, table: Table, roles: Roles, place: str) -> None:
    """Make wrong answers of those that a column calls wrong.

    Raises SourceError where a column may say so, by a name that says it less clearly.
    """
    if any(plain_name(c) in names.STEPS for c in table.columns):
        return
    taken = [*found.columns, roles.question, *roles.context]
    verdicts = verdicts_in(table, [*taken, *roles.wrong])
    if verdicts is None:
        return
    response = response_column(table, [*taken, *roles.wrong])
    if not (verdicts.clear or (verdicts.flags and _is_response(found.columns[0]))):
        if verdicts.mixed and not roles.wrong and response is None and "answer" not in roles.named:
            raise SourceError(_unclear(verdicts, found.columns[0], place))
        return
    if roles.wrong or False not in verdicts.said:
        return
    if response is not None:
        _judge_response(found, table, response, verdicts)
        return
    for row, true in enumerate(verdicts.said):
        if true is None:
            found.right[row], found.reasons[row] = [], found.reasons[row] or NO_VERDICT
        elif not true:
            found.wrong[row], found.right[row] = found.right[row], []
    found.form = f"texts, right where {verdicts.column} says so"
    found.verdict_columns = ((verdicts.column,),)


def _is_response(path: Path) -> bool:
    return plain_name(path[-1]) in names.RESPONSE


def judged_column(table: Table, skip: Sequence[Path]) -> tuple[Path, tuple[Path, ...]] | None:
    """What was answered, if a verdict says whether it is right, and the columns that are then no right answers by
    themselves: the verdict, and it."""
    response = response_column(table, skip)
    verdicts = verdicts_in(table, [*skip, response] if response else skip)
    if response is None or verdicts is None or not (verdicts.clear or verdicts.flags):
        return None
    return response, (response, (verdicts.column,))


def rating_note(found: Answers, table: Table) -> str | None:
    """A warning where numbers may say how good an answer is, and nothing was made of them."""
    if found.verdict_columns:
        return None
    for column in table.columns:
        if plain_name(column) in names.RATINGS and (column,) not in found.columns:
            probed = [own_text(value) for value in table.probe((column,)) if is_plain(value)]
            if len(set(probed)) > 1 and all(re.fullmatch(r"-?\d{1,9}(\.\d{1,20})?", text) for text in probed):
                return f"{column} may rate the answers: all are read as right, whatever it says"
    return None


def _judge_response(found: Answers, table: Table, response: Path, verdicts: Verdicts) -> None:
    """Add what was answered to the right or to the wrong answers of its row."""
    for row, value in enumerate(table.values(response)):
        try:
            texts = answers_in(value, None) if value is not None else []
        except UnreadableCellError:
            continue
        true = verdicts.said[row]
        if true:
            found.right[row] = list(dict.fromkeys([*found.right[row], *texts]))
        elif true is False:
            found.wrong[row] = texts
    found.form = f"texts; {dotted(response)} is right or wrong as {verdicts.column} says"
    found.verdict_columns = ((verdicts.column,), response)


def drop_called_right(found: Answers, table: Table, roles: Roles) -> None:
    """Take out wrong answers that their own row calls right, with a warning."""
    if not roles.wrong:
        return
    verdicts = verdicts_in(table, [*found.columns, roles.question, *roles.context, *roles.wrong])
    if verdicts is None or not verdicts.clear or not verdicts.mixed:
        return
    dropped = 0
    for row, true in enumerate(verdicts.said):
        if true and found.wrong[row]:
            found.wrong[row] = []
            dropped += 1
    if dropped:
        found.warnings.append(
            f"{verdicts.column} calls {counted(dropped, 'row')} right: the wrong answers there in "
            f"{', '.join(map(dotted, roles.wrong))} are left out"
        )
        found.verdict_columns = ((verdicts.column,),)


def _unclear(verdicts: Verdicts, judged: Path, place: str) -> str:
    return (
        f"{place}: the column {verdicts.column} ({verdicts.said.count(True):,} yes, {verdicts.said.count(False):,} no) "
        f"may say of {dotted(judged)} whether it is right; if so, rename it to is_correct, if not, name the answers "
        f"with --answer-column {dotted(judged)}"
    )
