"""Answers in mathematics: formulas, equations, inequalities, intervals, sets, tuples and matrices, compared exactly
enough to tell them apart (`expressions` says how)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from negbank.text.expressions import MAX_LENGTH, Values, are_close, evaluate, tidy_formula

_MARKS: Final = re.compile(
    r"[\\^=<>≤≥≠∈√π∞∪|{}\[\]⁰¹²³⁴⁵⁶⁷⁸⁹±]|\d\s*[A-Za-z(]|[A-Za-z)]\s*[-+*/·×−]\s*[\dA-Za-z(]|\d\s*[-+*/·×÷−]\s*\d|\(.*,.*\)|!$|°|[ℝℕℤℚ]|(?<![A-Za-z])(?:sin|cos|tan|log|ln|sqrt|exp)(?![A-Za-z])"
)
_MATRIX: Final = re.compile(r"\\begin\{([bpvBV]?matrix|array)\}(?:\{[lcr|]*\})?(.*?)\\end\{\1\}", re.DOTALL)
_NAMED: Final = re.compile(
    r"([A-Za-z](?:_\{?\w\}?)?|[A-Za-z]'{0,3}(?:\([a-z]\))?|[A-Za-z]\^\{?-1\}?\([a-z]\)|d[a-z]/d[a-z]|\\?(?:theta|alpha|beta|lambda|phi))\s*=\s*([^=]+)"
)
_RELATION: Final = re.compile(r"\s*(=|<|>|≤|≥|≠)\s*")
_JOINED: Final = re.compile(r"\s*(?:,|;|\bor\b|\band\b)\s*|,\s*(?:or|and)\s+")
_POINT: Final = re.compile(r"\(([^()|,]{1,20})\|([^()|,]{1,20})\)")
"""A point as German schools write it: (2|3)."""
_ALL_BUT: Final = re.compile(
    r"(?:x ?∈ ?)?(?:ℝ|\\mathbb ?\{R\}) ?(?:\\setminus|\\|∖|-|, ?|(?=\{)) ?(?:x ?≠ ?)?\\?\{?([^{}\\,]+)\\?\}?"
)
_ALL: Final = re.compile(r"(?:x ?∈ ?)?(?:ℝ|\\mathbb ?\{R\})")
_TWO_RELATIONS: Final = re.compile(r"([^<>≤≥]+[<>≤≥][^<>≤≥]+?)\s*(?:\b(and|or)\b|,|;|∧)\s*([^<>≤≥]+[<>≤≥][^<>≤≥]+)")
_UNKNOWN: Final = re.compile(r"[A-Za-z](?:\([a-z]\))?")
_CROSS: Final = re.compile(r"[A-Za-z]{2,6} ?[×xX] ?[A-Za-z]{2,6}")
"""A cross of two genotypes is no product."""
_FLIPPED: Final = {"<": ">", ">": "<", "≤": "≥", "≥": "≤"}


@dataclass(frozen=True)
class Maths:
    """What a text says: `kind` is value, set, list (in order), interval, equation or matrix.

    `values` holds the members; `ends` the brackets of an interval or list; `letter` the unknown that it is about.
    """

    kind: str
    values: tuple[Values, ...]
    ends: str = ""
    letter: str = ""
    parts: tuple[Maths, ...] = ()


@lru_cache(maxsize=4_096)
def read_maths(text: str) -> Maths | None:
    """`text` as mathematics; None where it is anything else."""
    if not text or len(text) > MAX_LENGTH or _CROSS.fullmatch(text):
        return None
    text = re.sub(r"^<([^<>]+,[^<>]+)>$", r"(\1)", text.strip())  # a vector
    text = _POINT.sub(r"(\1,\2)", text)
    text = re.sub(r"\\langle|⟨", "(", re.sub(r"\\rangle|⟩", ")", text))
    matrix = _MATRIX.fullmatch(text.strip().strip("$").strip())
    if matrix is not None:
        return _matrix(matrix[2])
    tidied = tidy_formula(text)
    tidied = _ALL_BUT.sub(r"x≠\1", tidied)
    if _ALL.fullmatch(tidied):
        return _interval("-∞", "∞", "<", "<")
    if "∪" in tidied:
        parts = tuple(part for piece in tidied.split("∪") if (part := _read(piece.strip())) is not None)
        return _union(parts) if len(parts) == tidied.count("∪") + 1 else None
    return _read(tidied)


def looks_like_maths(text: str) -> bool:
    """Whether `text` has a mark of a formula, beyond a plain number or word."""
    return len(text) <= MAX_LENGTH and _MARKS.search(text) is not None


def compare_maths(first: Maths, second: Maths) -> bool | None:
    """Whether both say the same; None where they cannot be compared."""
    if first.kind == "union" or second.kind == "union":
        return _compare_unions(first, second)
    if re.fullmatch(r"[A-Za-z] [A-Za-z]", f"{first.letter} {second.letter}") and first.letter != second.letter:
        return None if "y" in (first.letter, second.letter) and "f" in (first.letter, second.letter) else False
    first, second = _aligned(first, second), _aligned(second, first)
    kinds = {first.kind, second.kind}
    if kinds == {"list", "interval"}:
        return _same_members(first.values, second.values) and first.ends == second.ends
    if first.kind != second.kind:
        return False if kinds <= {"value", "set", "list", "interval", "matrix", "except"} else None
    if first.kind == "order":
        return first.ends == second.ends and _same_order(first.values[0], second.values[0])
    if first.kind == "equation":
        return _same_equation(first.values[0], second.values[0])
    if first.kind == "set":
        return _same_set(first.values, second.values)
    if first.kind == "list" and len(first.values) > 2:
        return _same_members(first.values, second.values)
    if first.kind in ("list", "interval", "matrix"):
        return first.ends == second.ends and _same_members(first.values, second.values)
    return _equal(first.values[0], second.values[0])


def _aligned(ours: Maths, theirs: Maths) -> Maths:
    """`x = 5` beside `5`; a set of one beside a value; a bare list beside a set."""
    if ours.kind == "value" and theirs.kind == "set" and len(theirs.values) == 1:
        return Maths("set", ours.values)
    if ours.kind == "list" and "_" in ours.letter and theirs.kind == "set":  # x_1 = 2, x_2 = 3
        return Maths("set", ours.values)
    if ours.kind == "matrix" and "1" in ours.ends.split("x") and theirs.kind == "list":
        return Maths("list", ours.values, "()")
    if ours.kind == "set" and ours.ends == "" and theirs.kind == "list" and "_" not in theirs.letter:
        return Maths("list", ours.values, "()")
    return ours


def _equal(first: Values, second: Values) -> bool:
    return all(are_close(a, b) for a, b in zip(first, second, strict=True))


def _same_members(first: Sequence[Values], second: Sequence[Values]) -> bool:
    return len(first) == len(second) and all(_equal(a, b) for a, b in zip(first, second, strict=True))


def _same_set(first: Sequence[Values], second: Sequence[Values]) -> bool:
    inside = all(any(_equal(a, b) for b in second) for a in first)
    return inside and all(any(_equal(a, b) for a in first) for b in second)


def _same_equation(first: Values, second: Values) -> bool | None:
    """Whether two differences of sides vanish together, as far as a constant factor shows it."""
    if any(abs(value) < 1e-12 for value in (*first, *second)):
        return None
    ratios = [a / b for a, b in zip(first, second, strict=True)]
    return True if all(are_close(ratio, ratios[0]) for ratio in ratios) else None


def _same_order(first: Values, second: Values) -> bool | None:
    """Whether two sides' differences are one another's positive multiple; None where that is not clear."""
    if any(abs(value) < 1e-12 for value in (*first, *second)):
        return None
    ratios = [a / b for a, b in zip(first, second, strict=True)]
    return ratios[0].real > 0 if all(are_close(ratio, ratios[0]) for ratio in ratios) else None


def _union(parts: tuple[Maths, ...]) -> Maths:
    """A union of intervals; `(-∞, a) ∪ (a, ∞)` is everything but a."""
    if len(parts) == 2 and all(part.kind == "interval" and part.ends == "()" for part in parts):
        low, high = sorted(parts, key=lambda part: part.values[0][0].real)
        outer = (low.values[0][0].real, high.values[1][0].real)
        if outer == (-math.inf, math.inf) and _equal(low.values[1], high.values[0]):
            return Maths("except", (low.values[1],))
    return Maths("union", (), parts=parts)


def _compare_unions(first: Maths, second: Maths) -> bool | None:
    if first.kind != second.kind or len(first.parts) != len(second.parts):
        return False if {first.kind, second.kind} <= {"union", "interval", "list", "except"} else None
    return all(any(compare_maths(a, b) for b in second.parts) for a in first.parts)


def _read(text: str) -> Maths | None:
    if text in ("∅", "{}", r"\{\}"):
        return Maths("set", (), "{}")
    if text.startswith((r"\{", "{")) and text.endswith("}"):
        inner = text.removeprefix("\\")[1:].removesuffix("}").removesuffix("\\")
        members = _members(inner)
        if members is not None and (text[0] == "\\" or len(members) > 1 or "^" not in text):
            return Maths("set", members, "{}")
    belongs = re.fullmatch(r"([A-Za-z])\s*∈\s*(.+)", text)
    if belongs is not None:
        inner_read = _read(belongs[2])
        return inner_read if inner_read is not None and inner_read.kind in ("list", "interval", "set") else None
    if re.fullmatch(r"[\[\](][^\[\]()]*,[^\[\]()]*[\[\])]", text) and (text[0] == "]" or text[-1] == "["):
        values = _members(text[1:-1])
        ends = ("[" if text[0] == "[" else "(") + ("]" if text[-1] == "]" else ")")
        return Maths("interval", values, ends) if values is not None and len(values) == 2 else None
    if text[:1] == "[" and text[-1:] == "]" and len(_split(text[1:-1])) > 2:
        text = f"({text[1:-1]})"
    if text[:1] in "([" and text[-1:] in ")]" and _closes_at_end(text):
        values = _members(text[1:-1], "and" not in text)
        if values is not None and len(values) > 1:
            interval = len(values) == 2 and (text[0] + text[-1] != "()" or any(_is_infinite(v) for v in values))
            return Maths("interval" if interval else "list", values, text[0] + text[-1])
    return _joined(text) or _related(text) or _several(text) or _single(text)


def _joined(text: str) -> Maths | None:
    """`x > -1 and x < 3` is an interval, `x < -1 or x > 3` a union."""
    found = _TWO_RELATIONS.fullmatch(text)
    if found is None:
        return None
    sides = [_related(found[1]), _related(found[3])]
    if any(side is None or side.kind != "interval" for side in sides):
        return None
    first, second = (side for side in sides if side is not None)
    if found[2] == "or":
        return _union((first, second))
    low, high = (first, second) if _is_infinite(second.values[0:1][0]) else (second, first)
    if not (_is_infinite(low.values[1]) and _is_infinite(high.values[0])):
        return None
    return Maths("interval", (low.values[0], high.values[1]), low.ends[0] + high.ends[1])


def _closes_at_end(text: str) -> bool:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if depth == 0:
            return place == len(text) - 1
    return False


def _is_infinite(values: Values) -> bool:
    return any(math.isinf(value.real) for value in values)


def _split(text: str) -> list[str]:
    """`text` at its commas outside brackets."""
    pieces, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign in ",;" and depth == 0 and not re.match(r",\d{3}(?!\d)", text[place : place + 5]):
            pieces.append(text[start:place])
            start = place + 1
    return [piece.strip() for piece in (*pieces, text[start:])]


def _members(text: str, plain: bool = True) -> tuple[Values, ...] | None:
    pieces = _split(text)
    values = tuple(value for piece in pieces if (value := evaluate(piece)) is not None)
    return values if len(values) == len(pieces) and plain else None


def _single(text: str) -> Maths | None:
    value = evaluate(text)
    return None if value is None else Maths("value", (value,))


def _several(text: str) -> Maths | None:
    """`2 and 3`, `x = 2 or x = 3`, `2, 3`, `±3`."""
    if text.startswith("±") or re.search(r"=\s*±", text):
        both = [evaluate(text.rpartition("±")[2].strip()), evaluate("-(" + text.rpartition("±")[2].strip() + ")")]
        values = tuple(value for value in both if value is not None)
        return Maths("set", values) if len(values) == 2 else None
    pieces = [piece for piece in re.split(r"\s+(?:or|and)\s+", text) for piece in _split(piece) if piece]
    if len(pieces) < 2:
        return None
    letters: list[str] = []
    out: list[Values] = []
    for piece in pieces:
        named = _NAMED.fullmatch(piece)
        value = evaluate(named[2] if named is not None else piece)
        if value is None:
            return None
        if named is not None:
            letters.append(named[1])
        out.append(value)
    if len(set(letters)) == len(letters) == len(pieces):  # x = 3, y = 2
        in_order = sorted(zip(letters, out, strict=True), key=lambda named: named[0])
        indexed = len({letter[0] for letter in letters}) == 1 and all("_" in letter for letter in letters)
        return Maths("list", tuple(value for _, value in in_order), "()", letter="x_" if indexed else "")
    return Maths("set", tuple(out), letter="".join(letters[:1])) if len(set(letters)) <= 1 else None


def _related(text: str) -> Maths | None:
    """An equation or a chain of inequalities."""
    pieces = _RELATION.split(text)
    sides, signs = pieces[::2], pieces[1::2]
    if not signs or len(signs) > 2 or not all(sides) or "±" in text or re.search(r"\b(?:or|and)\b", text):
        return None
    if signs == ["="]:
        return _equation(text, sides)
    if signs == ["≠"] and (re.fullmatch(r"[A-Za-z]", sides[0]) or re.fullmatch(r"[A-Za-z]", sides[1])):
        value = evaluate(sides[1] if re.fullmatch(r"[A-Za-z]", sides[0]) else sides[0])
        return None if value is None else Maths("except", (value,))
    if "=" in signs or "≠" in signs or any(len(_split(side)) > 1 for side in sides):
        return None
    if len(signs) == 2:
        if signs[0] in ">≥":
            sides, signs = sides[::-1], [_FLIPPED[sign] for sign in signs[::-1]]
        if any(sign not in "<≤" for sign in signs) or not re.fullmatch(r"[A-Za-z]", sides[1]):
            return None
        return _interval(sides[0], sides[2], signs[0], signs[1])
    if all(re.search(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", "", side)) for side in sides):
        left, right = (sides[1], sides[0]) if signs[0] in ">≥" else (sides[0], sides[1])
        values = evaluate(f"({left})-({right})")
        return None if values is None else Maths("order", (values,), "≤" if signs[0] in "≤≥" else "<")
    letter_first = _UNKNOWN.fullmatch(sides[0]) is not None
    if not letter_first and _UNKNOWN.fullmatch(sides[1]) is None:
        return None
    sign = signs[0] if letter_first else _FLIPPED[signs[0]]
    other = sides[1] if letter_first else sides[0]
    return (
        _interval("-∞", other, "<", sign) if sign in "<≤" else _interval(other, "∞", "<" if sign == ">" else "≤", "<")
    )


def _interval(low: str, high: str, first: str, second: str) -> Maths | None:
    values = [evaluate(low), evaluate(high)]
    if values[0] is None or values[1] is None:
        return None
    ends = ("[" if first == "≤" else "(") + ("]" if second == "≤" else ")")
    return Maths("interval", (values[0], values[1]), ends)


def _equation(text: str, sides: list[str]) -> Maths | None:
    named = _NAMED.fullmatch(text) or _NAMED.fullmatch(f"{sides[1]} = {sides[0]}")
    if named is not None and named[1] not in re.sub(r"\\[A-Za-z]+", "", named[2]):
        inner = _read(named[2].strip())
        if inner is not None and inner.kind in ("value", "list", "set", "interval"):
            return Maths(inner.kind, inner.values, inner.ends, letter=named[1])
    left, right = evaluate(sides[0]), evaluate(sides[1])
    if left is None or right is None:
        return None
    if _is_constant(left) and _is_constant(right):  # 3 x 4 = 12 says 12, and log_2(8) = 3 says 3
        return Maths("value", (right,))
    return Maths("equation", (tuple(a - b for a, b in zip(left, right, strict=True)),))


def _is_constant(values: Values) -> bool:
    return all(value == values[0] for value in values)


def _matrix(body: str) -> Maths | None:
    rows = [row.split("&") for row in re.split(r"\\\\", body) if row.strip()]
    values = [evaluate(tidy_formula(cell)) for row in rows for cell in row]
    if not values or len({len(row) for row in rows}) != 1 or any(value is None for value in values):
        return None
    return Maths("matrix", tuple(value for value in values if value is not None), f"{len(rows)}x{len(rows[0])}")
