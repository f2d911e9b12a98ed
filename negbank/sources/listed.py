"""A column of lists that may hold choices, though its name says right answers: what else in the file says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from negbank.sources import names
from negbank.sources.cells import is_plain, own_text, truth_of
from negbank.sources.layouts import Path, Table, dotted
from negbank.sources.names import plain_name
from negbank.sources.pointers import MANY, SURE, folded, integer, letter

_JUDGING: Final = frozenset(
    ("iscorrect", "correct", "isanswer", "isright", "right", "istrue", "isgold", "correctness", "score", "rank",
     "rating", "votes", "upvotes", "label", "selected", "isselected", "accepted", "isaccepted", "verdict", "relevance",
     "hallucination", "ishallucination", "iswrong")
)  # fmt: skip
_JUDGING_ENDS: Final = ("score", "rank", "rating", "votes")


def judging_field(value: Any, depth: int = 0) -> str | None:
    """The field of an object, or of the objects in a list, that may say that it is not right; None if there is none.

    A flag that says `correct: true` says nothing against it.
    """
    if isinstance(value, list) and depth < 3:
        return next((name for item in value if (name := judging_field(item, depth + 1))), None)
    if not isinstance(value, dict):
        return None
    for name, cell in value.items():
        plain = plain_name(name)
        if plain in _JUDGING or plain.endswith(_JUDGING_ENDS):
            if plain in names.CLEAR_VERDICT and plain not in names.SAYS_WRONG and truth_of(cell):
                continue
            if is_plain(cell) and cell is not None:
                return str(name)
    return None


def choices_doubt(table: Table, path: Path, skip: Sequence[Path]) -> str | None:
    """Why the lists in a column may be choices rather than right answers, with what to say; None where nothing does."""
    lists = [value if isinstance(value, list) else [] for value in table.values(path)]
    full = [row for row, items in enumerate(lists) if len(items) > 1 and all(map(is_plain, items))]
    if len(full) < max(2, SURE * len(lists)):
        return None
    lengths = {len(lists[row]) for row in full}
    name = dotted(path)
    for column in table.columns:
        if (column,) == path or (column,) in skip or plain_name(column) in names.ID:
            continue
        values = table.values((column,))
        here = [(lists[row], values[row]) for row in full]
        if _marks(here) or (len(lengths) == 1 and _points(here)) or _names_one(here):
            other = dotted((column,))
            return (
                f"{name} has several texts in each row, and {other} may say which is right; if they are choices, say "
                f"--choices-column {name} --answer-column {other}, and if all are right, --answer-column {name}"
            )
    if plain_name(path[-1]) == "answers" and len(full) == len(lists) >= MANY and _like_choices(lists, lengths):
        return (
            f"{name} has {max(lengths)} different texts in every row, as choices have; if all are right, say "
            f"--answer-column {name}, and if they are choices, --choices-column {name} --answer-column NAME"
        )
    return None


def _like_choices(lists: Sequence[list[Any]], lengths: set[int]) -> bool:
    """Whether every row has the same number of texts, three or more, and all different."""
    return (
        len(lengths) == 1 and max(lengths) > 2 and all(len(set(map(own_text, texts))) == len(texts) for texts in lists)
    )


def _marks(pairs: Sequence[tuple[list[Any], Any]]) -> bool:
    """Whether a column has a number, or true or false, for each text."""
    return all(
        isinstance(value, list) and len(value) == len(items)
        and all(isinstance(v, int | float) or truth_of(v) is not None for v in value)
        for items, value in pairs
    )  # fmt: skip


def _points(pairs: Sequence[tuple[list[Any], Any]]) -> bool:
    """Whether a column has the place of one of the texts, not always the same one."""
    count = len(pairs[0][0])
    letters = [letter(value) for _, value in pairs]
    if all(place is not None and place < count for place in letters):
        return len(set(letters)) > 1
    numbers = [integer(value) for _, value in pairs]
    return all(number is not None and 0 <= number <= count for number in numbers) and len(set(numbers)) > 1


def _names_one(pairs: Sequence[tuple[list[Any], Any]]) -> bool:
    """Whether a column has one of the texts, and not always the first."""
    first = among = 0
    for items, value in pairs:
        if not is_plain(value) or value in (None, ""):
            return False
        wanted = folded(own_text(value))
        texts = [folded(own_text(item)) for item in items]
        among += wanted in texts
        first += wanted == texts[0]
    return among >= SURE * len(pairs) and first < SURE * len(pairs)
