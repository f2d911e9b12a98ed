"""How an answer points into the choices beside it: read over the whole file, never by one row.

::

    key       "B" where the choices have labels of their own        ARC, CommonsenseQA
    text      the text of a choice
    one-hot   [0, 1, 0, 0]
    letter    "B", "(b)", "B."                                      RACE, AQuA
    index     a number; 1-based where some value equals the number of choices, or where 20 rows have no 0;
              0-based where some value is 0                         MMLU, PIQA, SocialIQA
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from negbank.decoding import preview
from negbank.sources.cells import (
    LETTERS,
    Choices,
    UnreadableCellError,
    is_plain,
    own_text,
    several,
    truth_of,
    without_letter,
)

FORMS: Final = ("key", "text", "one-hot", "letter", "index")
"""Ways to point, in the order in which one is taken where several say the same."""

SURE: Final = 0.9
"""The share of rows that a way has to read."""
MANY: Final = 20
"""Rows from which the lack of a 0 says something."""

HOPELESS: Final = 1000
HOPELESS_SHARE: Final = 0.05
"""A form that reads less than this share of that many rows is given up."""

Picks = tuple[int, ...]
"""The places of the right choices of one row."""

_INTEGER: Final = re.compile(r"[+-]?\d{1,6}(\.0+)?")
_LETTER: Final = re.compile(r"\(?([A-Za-z])[).:\]]?")


@dataclass(frozen=True)
class Fit:
    """How one column points, and where: `picks` is None in rows that it cannot be read in.

    `doubt` says why it is not taken for what it seems, and which flag settles it; `evidence` says what it was told by.
    """

    column: str
    form: str = ""
    base: int | None = None
    picks: tuple[Picks | None, ...] = ()
    share: float = 0.0
    evidence: str = ""
    doubt: str = ""

    @property
    def says(self) -> str:
        """The way of pointing, for a person."""
        if self.form == "index":
            return f"{self.base}-based index"
        return {"key": "key of a choice", "text": "text of a choice"}.get(self.form, self.form)


def integer(value: object) -> int | None:
    """The number that a plain value writes, 2 and "2" and 2.0 alike; None for any other value."""
    if isinstance(value, bool) or not is_plain(value):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**6 else None
    text = own_text(value)
    if len(text) > 12:
        return None
    return int(float(text)) if _INTEGER.fullmatch(text) else None


def letter(value: object) -> int | None:
    """The place in the alphabet of "B", "b", "(B)", "B."; None for any other value."""
    match = _LETTER.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 8 else None
    return LETTERS.index(match.group(1).upper()) if match else None


def folded(text: str) -> str:
    """A text by which answers are recognised among choices: without case, doubled spaces and a last point."""
    return " ".join(text.casefold().split()).rstrip(".")


def fit(column: str, values: Sequence[Any], choices: Sequence[Choices], form: str | None, base: int | None) -> Fit:
    """How `values` point into `choices`, as far as that can be told; `form` and `base` are what a user said."""
    rows = [i for i, value in enumerate(values) if is_given(value) and choices[i].texts]
    if not rows:
        return Fit(column)
    wanted = FORMS if form is None else ("key", "letter") if form == "letter" else (form,)
    found = {}
    told, evidence = (base, "as given") if base is not None else _base(values, choices, rows)
    for way in wanted:
        given = told if way == "index" else None
        tried = _fit(column, values, choices, rows, way, given)
        if way == "index" and given is None:  # not known yet: either may be meant
            tried = max(tried, _fit(column, values, choices, rows, way, 1), key=lambda f: f.share)
            tried = replace(tried, base=None, evidence=evidence)
        found[way] = tried
    rivals = [found[way] for way in wanted if found[way].share >= SURE]
    if not rivals:
        return max(found.values(), key=lambda f: f.share)
    return _settled(rivals, values, choices, rows, (told, evidence))


def is_given(value: object) -> bool:
    """Whether a cell says anything; -1 is how test splits say that they do not tell."""
    return value is not None and value not in ("", []) and integer(value) != -1


def _fit(
    column: str, values: Sequence[Any], choices: Sequence[Choices], rows: Sequence[int], form: str, base: int | None
) -> Fit:
    read = _READERS[form]
    picks: list[Picks | None] = [None] * len(values)
    missed = 0
    for tried, row in enumerate(rows):
        picks[row] = pick = read(values[row], choices[row], base or 0)
        if pick is None:
            missed += 1
            if tried >= HOPELESS and missed > (1 - HOPELESS_SHARE) * tried and missed > (1 - SURE) * len(rows):
                break  # plainly another form: what is left is not worth its time
    share = sum(pick is not None for pick in picks) / len(rows)
    return Fit(column, form, base, tuple(picks), share)


def _settled(
    rivals: list[Fit],
    values: Sequence[Any],
    choices: Sequence[Choices],
    rows: Sequence[int],
    told: tuple[int | None, str],
) -> Fit:
    """The way that is meant of those that fit. Where two fit and differ, or an index has no base: with the doubt."""
    first = rivals[0]
    indices = next((f for f in rivals if f.form == "index"), None)
    if first.form == "key" or any(f.form == "one-hot" for f in rivals):  # more than a number says
        rivals = [f for f in rivals if f.form not in ("index", "letter")]
        indices = None
    base_known, evidence = told
    if first.form == "index":
        doubt = "" if base_known is not None else evidence
        return Fit(first.column, "index", base_known, first.picks, first.share, evidence, doubt)
    for other in rivals[1:]:
        differing = [i for i in rows if _differ(first.picks[i], other.picks[i])]
        if differing:
            row = differing[0]
            about = (
                f"{preview(values[row])} is the {first.says} {_shown(first, choices[row], row)} and the "
                f"{other.form} of {_shown(other, choices[row], row)} in {len(differing):,} of {len(rows):,} rows; "
                f"say which with --answer-form text, letter or index"
            )
            return Fit(first.column, first.form, None, first.picks, first.share, "", about)
    if indices is not None and first.form == "text" and base_known is None:
        about = f"it holds numbers that are choices too; {evidence}, or --answer-form text"
        return Fit(first.column, first.form, None, first.picks, first.share, "", about)
    return Fit(first.column, first.form, None, first.picks, first.share, f"{_percent(first.share)} of rows")


def _differ(one: Picks | None, other: Picks | None) -> bool:
    return one is not None and other is not None and set(one) != set(other)


def _shown(found: Fit, choices: Choices, row: int) -> str:
    picks = found.picks[row] or ()
    return ", ".join(preview(choices.texts[pick], 30) for pick in picks)


def _percent(share: float) -> str:
    return "all" if share == 1 else f"{share:.0%}"


def _base(values: Sequence[Any], choices: Sequence[Choices], rows: Sequence[int]) -> tuple[int | None, str]:
    """0 or 1 and what says so, or None and what to ask for."""
    pairs = [(number, choices[row].count) for row in rows for item in _items(values[row])
             if (number := integer(item)) is not None]  # fmt: skip
    zeros = sum(number == 0 for number, _ in pairs)
    ends = sum(number == count for number, count in pairs)
    if zeros and ends:
        return None, (
            f"{zeros:,} values are 0 and {ends:,} equal the number of their choices, so that neither 0 nor 1 can be "
            "the first; say which with --answer-base 0 or --answer-base 1"
        )
    if ends:
        return 1, f"{ends:,} of {len(pairs):,} values equal the number of choices, none is 0"
    if zeros:
        return 0, f"{zeros:,} of {len(pairs):,} values are 0, none equals the number of choices"
    if len(pairs) >= MANY and len({number for number, _ in pairs}) > 1:
        blanks = _blanks(values, choices, rows, 1), _blanks(values, choices, rows, 0)
        if blanks[0] > blanks[1]:
            return None, (
                f"none of {len(pairs):,} values is 0, but counted from 1 they point at a missing choice {blanks[0]:,} "
                f"times, from 0 {blanks[1]:,} times; say which with --answer-base 0 or --answer-base 1"
            )
        return 1, f"none of {len(pairs):,} values is 0"
    return None, (
        f"of its {len(pairs):,} values none is 0 and none equals the number of choices, which is too little to tell "
        "whether the first choice is 0 or 1; say which with --answer-base 0 or --answer-base 1"
    )


def _blanks(values: Sequence[Any], choices: Sequence[Choices], rows: Sequence[int], base: int) -> int:
    """How many values point at a choice that is blank if the first choice is `base`."""
    return sum(
        not choices[row].texts[number - base]
        for row in rows for item in _items(values[row])
        if (number := integer(item)) is not None and 0 <= number - base < choices[row].count
    )  # fmt: skip


_LETTERS: Final = re.compile(r"[A-Z](?:[\s,;/&+]*[A-Z])+")


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else (value,)


def _letters(value: Any) -> Sequence[Any]:
    """`_items`, and of "BC" or "B, C" the letters: several choices that are right, in order, each once."""
    if isinstance(value, str) and 1 < len(value) < 40 and _LETTERS.fullmatch(value.strip()):
        found = re.findall("[A-Z]", value)
        if found == sorted(set(found)):
            return found
    return _items(value)


def _by_key(value: Any, choices: Choices, base: int) -> Picks | None:
    keys = choices.keys
    if not keys:
        return None
    picks = []
    for item in [value] if isinstance(value, str) and value in keys else _letters(value):
        text = own_text(item) if is_plain(item) else ""
        if text not in keys:
            return None
        picks.append(keys.index(text))
    return tuple(picks) or None


def _by_text(value: Any, choices: Choices, base: int) -> Picks | None:
    try:
        texts = several(value)
    except UnreadableCellError:
        return None
    picks = [_place(text, choices.texts) for text in texts]
    found = tuple(pick for pick in picks if pick is not None)
    return found if found and len(found) == len(picks) else None


def _place(text: str, texts: tuple[str, ...]) -> int | None:
    if text in texts:
        return texts.index(text)
    whole = str(integer(text)) if text.endswith(".0") else text  # pandas writes 12 as 12.0 beside a missing value
    for wanted in dict.fromkeys((folded(text), folded(without_letter(text)), whole)):
        found = [place for place, choice in enumerate(texts) if choice and folded(choice) == wanted]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _by_one_hot(value: Any, choices: Choices, base: int) -> Picks | None:
    if not isinstance(value, list) or len(value) != len(choices.texts):
        return None
    said = [truth_of(item) for item in value]
    return None if None in said else tuple(place for place, true in enumerate(said) if true) or None


def _by_letter(value: Any, choices: Choices, base: int) -> Picks | None:
    return _within([letter(item) for item in _letters(value)], choices)


def _by_index(value: Any, choices: Choices, base: int) -> Picks | None:
    numbers = [integer(item) for item in _items(value)]
    return _within([None if number is None else number - base for number in numbers], choices)


def _within(places: Sequence[int | None], choices: Choices) -> Picks | None:
    found = tuple(place for place in places if place is not None and 0 <= place < choices.count)
    return found if found and len(found) == len(places) else None


_READERS: Final[dict[str, Callable[[Any, Choices, int], Picks | None]]] = {
    "key": _by_key, "text": _by_text, "one-hot": _by_one_hot, "letter": _by_letter, "index": _by_index,
}  # fmt: skip


def contradictions(one: Fit, other: Fit) -> list[int]:
    """The rows in which two columns point to different choices."""
    return [row for row, pair in enumerate(zip(one.picks, other.picks, strict=True)) if _differ(*pair)]
