"""Cells of a file -> texts: plain values, lists, objects, and options written out in one text.

::

    plain       "Paris"   3   3.0   true                                  their own text, as the file has it
    several     ["4", "four"]   {"text": [...]}   {"value", "aliases"}    NQ-open, SQuAD, TriviaQA
    choices     [...]   [{"label", "text"}]   {"A": ..., "B": ...}   {"text": [...], "label": [...]}   "A) ... B) ..."
"""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from negbank.decoding import WrittenNumber, kind_of, preview
from negbank.sources.names import plain_name

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_ASIDE: Final = ("text", "choice", "option", "content", "value", "answer", "body", "title")
_KEYS: Final = ("label", "key", "id", "letter", "idx", "index", "name")
_TRUTH: Final = ("iscorrect", "correct", "isanswer", "isright", "right", "istrue", "isgold")
_NOT_PLAIN: Final = (list, dict, bytes, tuple, datetime.timedelta)  # a tuple of types: this is asked of every cell
_TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices of one row.

    `texts` keep blanks in their places, since keys may be indices. `keys` name them (empty where nothing does), and
    `truth` says which are right (empty where it does not).
    """

    texts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    truth: tuple[bool, ...] = ()

    @property
    def count(self) -> int:
        """The number of choices, up to the last that is not blank."""
        texts = self.texts
        last = len(texts)
        while last and not texts[last - 1]:
            last -= 1
        return last


NO_CHOICES: Final = Choices()


class UnreadableCellError(ValueError):
    """A cell holds something that is no text, no list of texts and no object that is known."""


def text_of(value: object) -> str | None:
    """The text of a plain value as its file wrote it; None for a null. Raises UnreadableCellError for lists and
    objects: their Python form is nobody's answer."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, WrittenNumber):
        return value.text
    if isinstance(value, int | float | decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise UnreadableCellError(f"{kind_of(value)} {preview(value)}")


def own_text(value: object) -> str:
    """`text_of` without the space around it; a text of several lines keeps its indentation. Blank for a null."""
    text = value if isinstance(value, str) else text_of(value)
    if text is None:
        return ""
    stripped = text.strip()
    if len(stripped) == len(text) or "\n" not in stripped:
        return stripped
    if text[: len(text) - len(text.lstrip())].rpartition("\n")[2]:
        return text.strip("\r\n").rstrip()
    return stripped


def is_plain(value: object) -> bool:
    """Whether a value is a text, a number, true or false, or a date."""
    return not isinstance(value, _NOT_PLAIN)


def several(value: object, split_on: str | None = None) -> list[str]:
    """The answers that a cell holds, in order, without blanks and repeats.

    Raises UnreadableCellError for an object that is not known to hold answers.
    """
    if isinstance(value, str) and not split_on:
        text = own_text(value)
        return [text] if text else []
    return list(dict.fromkeys(text for text in _several(value, split_on, 0) if text))


def _several(value: object, split_on: str | None, depth: int) -> Iterable[str]:
    if isinstance(value, str) and split_on:
        return [part.strip() for part in value.split(split_on)]
    if is_plain(value):
        return [own_text(value)]
    if depth > 3:
        raise UnreadableCellError(f"{kind_of(value)} within four others")
    if isinstance(value, list | tuple):
        return [text for item in value for text in _several(item, split_on, depth + 1)]
    if isinstance(value, dict):
        return _of_object(value, split_on, depth)
    raise UnreadableCellError(kind_of(value))


def _of_object(value: Mapping[str, Any], split_on: str | None, depth: int) -> Iterable[str]:
    """SQuAD's, TriviaQA's and DROP's ways to hold an answer, and a message of a conversation."""
    fields = {plain_name(key): cell for key, cell in value.items()}
    if "text" in fields:
        return _several(fields["text"], split_on, depth + 1)
    if "value" in fields:
        return [
            text for name in ("value", "aliases") if name in fields for text in _several(fields[name], None, depth + 1)
        ]
    if "spans" in fields:
        spans = list(_several(fields["spans"], split_on, depth + 1))
        number = own_text(fields.get("number")) if is_plain(fields.get("number")) else ""
        return [*([number] if number else []), *spans] or [_date(fields.get("date"))]
    if "role" in fields and "content" in fields:
        return [own_text(fields["content"])]
    for name in ("answer", "answers", "answertext"):
        if name in fields:
            return _several(fields[name], split_on, depth + 1)
    raise UnreadableCellError(f"an object with {', '.join(map(repr, list(value)[:5]))}")


def _date(value: object) -> str:
    """DROP's `{"day", "month", "year"}` as a person writes it."""
    if not isinstance(value, dict):
        return ""
    return " ".join(part for name in ("day", "month", "year") if (part := own_text(value.get(name))))


_CONTEXT_FIELDS: Final = ("text", "contexts", "sentences", "paragraphs", "passages", "passage", "content", "summary")


def context_text(value: object) -> str | None:
    """The texts of a cell with a passage as one: of a list each on a line, of an object those of its text. None for
    what has no texts."""
    if value is None or is_plain(value):
        return own_text(value)
    if isinstance(value, list | tuple):
        parts = [context_text(item) for item in value]
        return None if None in parts else "\n".join(part for part in parts if part)
    if isinstance(value, dict):
        fields = {plain_name(key): cell for key, cell in value.items()}
        name = next((name for name in _CONTEXT_FIELDS if fields.get(name)), None)
        return context_text(fields[name]) if name else None
    return None


def truth_of(value: object) -> bool | None:
    """True or false for 1, 0, true, false and their texts; None for anything else."""
    if isinstance(value, bool):
        return value
    if not is_plain(value):
        return None
    return _TRUTHS.get((text_of(value) or "").strip().lower())


def choices_of(value: object, split_on: str | None = None) -> Choices:
    """The choices that one cell holds. Raises UnreadableCellError for one that holds none that are known."""
    if value is None:
        return NO_CHOICES
    if isinstance(value, list | tuple):
        return _of_list(value)
    if isinstance(value, dict):
        return _of_mapping(value)
    text = own_text(value)
    if not text:
        return NO_CHOICES
    if split_on and split_on in text:
        return Choices(tuple(part.strip() for part in text.split(split_on)))
    if lettered := written_out(text):
        return Choices(lettered, tuple(LETTERS[: len(lettered)]))
    raise UnreadableCellError(f"{kind_of(value)} {preview(value)}")


def _of_list(value: Sequence[object]) -> Choices:
    """`["x", "y"]`, `[{"label": "A", "text": "x"}, ...]`, or `[["A", "x"], ...]` with the key first."""
    if value and all(isinstance(item, dict) for item in value):
        return _of_structs([{plain_name(k): v for k, v in item.items()} for item in value if isinstance(item, dict)])
    return Choices(tuple(own_text(item) for item in value))


def _of_structs(items: Sequence[Mapping[str, Any]]) -> Choices:
    fields = list(dict.fromkeys(name for item in items for name in item))
    text = _field(fields, _ASIDE)
    if text is None:
        raise UnreadableCellError(f"objects with {', '.join(map(repr, fields[:5]))} and no text")
    key = _field([name for name in fields if name != text], _KEYS)
    truth = next((name for name in _TRUTH if name in fields), None)
    texts = tuple(own_text(item.get(text)) for item in items)
    keys = tuple(own_text(item.get(key)) for item in items) if key else ()
    said = [truth_of(item.get(truth)) for item in items] if truth else []
    if key and not said and set(keys) <= {"0", "1"} and len(keys) > len(set(keys)):  # `label` says which is right
        said, keys = [truth_of(k) for k in keys], ()
    right = tuple(bool(t) for t in said) if said and None not in said else ()
    return Choices(texts, keys, right)


def _field(fields: Iterable[str], names: Sequence[str]) -> str | None:
    """The field with one of `names`, or that ends in one: `atext`, `choice_text`."""
    fields = [name for name in fields if name != "answerstart"]
    exact = next((name for name in names if name in fields), None)
    return exact or next((field for name in names[:4] for field in fields if field.endswith(name)), None)


def _of_mapping(value: Mapping[str, Any]) -> Choices:
    """`{"text": [...], "label": [...]}`, `{"A": "x", "B": "y"}`, or `{"x": 1, "y": 0}`."""
    fields = {plain_name(key): cell for key, cell in value.items()}
    lists = {name: cell for name, cell in fields.items() if isinstance(cell, list)}
    texts = _field(lists, ("text", "choices", "choice", "options", "option", "answers", "endings"))
    if texts is not None:
        key = _field([name for name in lists if name != texts], ("label", "labels", "key", "id", *_KEYS))
        return _of_columns(lists[texts], lists[key] if key else [])
    given = {key: cell for key, cell in value.items() if cell is not None}
    if not given:
        return NO_CHOICES
    if all(is_plain(cell) for cell in given.values()):
        letters = _letters(given)
        if letters:
            return Choices(tuple(own_text(given[key]) for key in letters.values()), tuple(letters))
        truths = [truth_of(cell) for cell in given.values()]
        if None not in truths and not all(isinstance(cell, str) for cell in given.values()):
            return Choices(tuple(key.strip() for key in given), (), tuple(bool(t) for t in truths))
    raise UnreadableCellError(f"an object with {', '.join(map(repr, list(value)[:5]))}")


def _letters(given: Mapping[str, object]) -> dict[str, str]:
    """Letter or number -> key, in order, where the keys are `A`, `B`, ... or `option_a`, ... or `1`, `2`, ..."""
    found = {}
    for key in given:
        name = plain_name(key)
        suffix = re.sub(r"^(option|opt|op|choice|answer|ans|ending|sol)", "", name) or name
        if not re.fullmatch(r"[a-z]|\d{1,2}", suffix):
            return {}
        found[suffix.upper()] = key
    ordered = dict(sorted(found.items(), key=lambda pair: (len(pair[0]), pair[0])))
    start = next(iter(ordered))
    wanted = LETTERS[: len(ordered)] if start == "A" else [str(int(start) + i) for i in range(len(ordered))] \
        if start in "01" else []  # fmt: skip
    return ordered if list(ordered) == list(wanted) and len(found) == len(given) else {}


def _of_columns(texts: Sequence[object], labels: Sequence[object]) -> Choices:
    """Choices and labels side by side; labels of 0 and 1 (`mc1_targets`) say which is right."""
    if texts and all(isinstance(item, dict) for item in texts):
        return _of_list(texts)
    shown = tuple(own_text(item) for item in texts)
    if len(labels) != len(shown):
        return Choices(shown)
    keys = tuple(own_text(label) for label in labels)
    said = [truth_of(label) for label in labels]
    if None not in said and len(set(keys)) < len(keys):
        return Choices(shown, (), tuple(bool(t) for t in said))
    return Choices(shown, keys)


_MARK: Final = re.compile(r"\(?([A-Za-z])\s?([).:\]])\s*")


def written_out(text: str) -> tuple[str, ...]:
    """The choices of a text "A) ... B) ..." without their letters; () where it is no such text.

    Each letter is looked for behind the one before it, in the way that the first is written, at the start of a
    line or behind a space, a comma or a semicolon.
    """
    first = _MARK.match(text)
    if first is None or first.group(1).upper() != "A":
        return ()
    upper, close, opened = first.group(1).isupper(), first.group(2), text.startswith("(")
    parts, start = [], first.end()
    for letter in LETTERS[1:]:
        sign = letter if upper else letter.lower()
        mark = re.compile(rf"(?<=[\s,;|]){re.escape('(') if opened else ''}{sign}\s?{re.escape(close)}\s*")
        found = mark.search(text, start)
        if found is None:
            break
        parts.append(text[start : found.start()])
        start = found.end()
    parts.append(text[start:])
    texts = tuple(part.strip().rstrip(",;|").strip() for part in parts)
    return texts if len(texts) > 1 and all(texts) else ()


_FIRST: Final = re.compile(r"^[ \t]*(?=\(?A\s?[).:])", re.MULTILINE)
_AFTERWORD: Final = re.compile(r"\n+\s*(?:the\s+)?answer\b.{0,40}", re.IGNORECASE | re.DOTALL)


def choices_behind(text: str) -> Choices:
    """The choices that stand behind a question in its own text, from a line that begins with the letter A; none where
    anything but "Answer:" stands behind the last."""
    first = _FIRST.search(text)
    texts = written_out(text[first.end() :]) if first else ()
    if not texts:
        return NO_CHOICES
    last, line, after = texts[-1].partition("\n")
    if line and not _AFTERWORD.fullmatch(line + after):
        return NO_CHOICES
    return Choices((*texts[:-1], last.strip()), tuple(LETTERS[: len(texts)]))


def without_letters(texts: Sequence[str]) -> tuple[str, ...] | None:
    """`["A) x", "B) y"]` as `("x", "y")`; None where a choice does not begin with its letter."""
    found = []
    for place, text in enumerate(texts):
        mark = _MARK.match(text) if text else None
        if mark is None or place >= len(LETTERS) or mark.group(1).upper() != LETTERS[place]:
            return None
        found.append(text[mark.end() :].strip())
    return tuple(found) if len(found) > 1 else None


def without_letter(text: str) -> str:
    """`A) x` as `x`; a text without a letter in front as it is."""
    mark = _MARK.match(text)
    return text[mark.end() :].strip() if mark and mark.end() < len(text) else text
