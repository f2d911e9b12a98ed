"""Rules for symbols, chemical formulae and mathematics, which `values` asks last."""

from __future__ import annotations

import atexit
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from negbank.guards.decision import Decision, Verdict
from negbank.guards.keys_and_notes import decide_keys, decide_notes
from negbank.text.formulae import formula_form, is_telling
from negbank.text.maths import Maths, compare_maths, looks_like_maths, read_maths
from negbank.text.maths_words import FORMULA_WORDS, formula_of_words
from negbank.text.numbers import read_number
from negbank.text.symbols import named_symbols, symbol_form
from negbank.text.unit_names import read_unit

if TYPE_CHECKING:
    from negbank.reasoning.judge import MathJudge

MAX_LENGTH: Final = 240
"""Longer texts are prose."""
MAX_SYMBOL: Final = 40
"""Longer texts are no sign, unit or proposition."""
REMEMBERED: Final = 1 << 15
JUDGE_LIMIT_S: Final = 5.0

_SIGNS: Final = re.compile(r"[^\w\s.,;:!?'\"()]|[\d^∅]")
_ABOUT_CHEMISTRY: Final = re.compile(
    r"\b(?:chemi\w*|elements?|formula\w*|symbols?|compounds?|molecul\w*|ions?|atoms?|isotopes?|gas(?:es)?|metals?|acids?|"
    r"oxid\w*|reactions?|bonds?|units?|abbreviat\w*|alleles?|genotyp\w*|cross(?:es|ed)?|genes?)\b",
    re.IGNORECASE,
)
_ASKS_INTERCEPT: Final = re.compile(
    r"intercept|\b(?:cross|meet|cut|intersect|hit|touch)(?:es)? the [xy].?axis", re.IGNORECASE
)
_ASKS_INTEGRAL: Final = re.compile(r"\b(?:integral|antiderivative|primitive|integrate)\b", re.IGNORECASE)
_CONSTANT: Final = re.compile(r"(?<![A-Za-z\\])(?:[cCkK]|(?:an? |any )?const(?:ant)?\.?)(?![A-Za-z])")
_FORMAL: Final = re.compile(r"[\\^=√π∞≤≥<>∈]|\w\s*[-+*/]\s*\w")
_PROSE: Final = re.compile(
    r"^(?!.*\\).*(?<![A-Za-z])(?!arcsin|arccos|arctan|sinh|cosh|tanh|sqrt|infinity|equals|degrees?|zero|five|four|nine|three|"
    r"seven|eight|half)[A-Za-z]{4}"
)
"""A word that no formula holds, and no LaTeX."""
_SAID_BEFORE: Final = re.compile(
    r"^(?:(?:about|approximately|approx\.?|roughly|around|exactly) ?(?=[-\d√(\\])|"
    r"(?:at |in )?(?:the )?(?:point|vector|interval|line|function|equation|value|solution|coordinates|"
    r"inequality|number) (?=\S{1,20}$|[\[(\]{]|[a-z] ?[=<>≤≥]))",
    re.IGNORECASE,
)
"""What may stand before a formula: `the point (3, 0)`."""
_REMARK: Final = re.compile(r"(\S{1,8}) \(([A-Za-z ,'’-]{2,40})\)")
_NOT: Final = re.compile(
    r"\b(?:not|no|never|without|plus|minus|times|per|hundred|thousand|[mb]illion)\b", re.IGNORECASE
)
_LISTED: Final = re.compile(r" or | and | ?/ ?")
_LETTERED: Final = re.compile(r"[A-Z][a-z]?[^\w\s]?")
_ABOUT_LOGIC: Final = re.compile(
    r"\b(?:logic(?:al)?|negation|propositions?|propositional|boolean algebra|truth table)\b", re.IGNORECASE
)
_ABOUT_MATRICES = re.compile(r"\b(?:matrix|matrices|quaternions?|operators|non-?commut\w*)\b", re.IGNORECASE)
_ABOUT_STRINGS = re.compile(r"\b(?:regular expressions?|regex)\b", re.IGNORECASE)
_MATRICES = re.compile(r"[A-Z] ?[A-Z]")
_LOGIC: Final = (
    (re.compile(r"\bnot ?|[~!](?=[\w(])"), "¬"),
    (re.compile(r" and | ?&& ?"), "∧"),
    (re.compile(r" or | ?\|\| ?"), "∨"),
    (re.compile(r" implies "), "→"),
)
_UNIT_VECTORS: Final = re.compile(r"^(-?\d*)i ?([-+] ?\d*)j(?: ?([-+] ?\d*)k)?$")
_NO_FORMULA: Final = re.compile(
    r"(?<![A-Za-z])(?!sin|cos|tan|cot|sec|csc|arc|log|exp|sqrt|lim|max|min|mod|gcd|lcm)[A-Za-z]{3}|[A-Za-z]\d"
)


def decide_formal(question: str, answer: str, candidate: str) -> Decision | None:
    """Symbols, chemical formulae and mathematics; None where either side is in words."""
    if len(answer) > MAX_LENGTH or len(candidate) > MAX_LENGTH:
        return None
    if _is_prose(answer) and _is_prose(candidate):
        return None
    answer, candidate = _SAID_BEFORE.sub("", answer), _SAID_BEFORE.sub("", candidate)
    answer, candidate = formula_of_words(answer), formula_of_words(candidate)
    if _ABOUT_LOGIC.search(question):
        answer, candidate = _logical(answer), _logical(candidate)
    ours, theirs = symbol_form(answer), symbol_form(candidate)
    if ours == theirs or named_symbols(answer) & named_symbols(candidate):
        return Decision("same", "symbol")
    if _commented(ours, candidate) or _commented(theirs, answer) or _same_symbols(answer, candidate):
        return Decision("same", "symbol")
    pressed = decide_keys(answer, candidate) or decide_notes(question, ours, theirs)
    if pressed is not None:
        return pressed
    if (
        max(len(ours), len(theirs)) <= MAX_SYMBOL
        and ours.lower() != theirs.lower()
        and set(read_unit(answer)) & set(read_unit(candidate))
    ):  # the name of a unit and its symbol
        return Decision("same", "unit")
    found = _decide_formulae(question, answer, candidate)
    if "vector" in question.lower():
        answer, candidate = _UNIT_VECTORS.sub(_as_tuple, answer), _UNIT_VECTORS.sub(_as_tuple, candidate)
    if _ASKS_INTEGRAL.search(question):
        answer, candidate = _CONSTANT.sub("C", answer), _CONSTANT.sub("C", candidate)
    prose = _PROSE.search(answer) is not None or _PROSE.search(candidate) is not None
    if found is None and _has_other_laws(question, answer):
        return None
    if found is None and not prose and (looks_like_maths(answer) or looks_like_maths(candidate)):
        found = _decide_maths(question, answer, candidate)
    if found is None and _is_symbol(ours) and _is_symbol(theirs):
        alike = ours.lower() == theirs.lower() and not _ABOUT_CHEMISTRY.search(question)
        if not alike or not (ours + theirs).isascii():
            return Decision("different", "symbol")
        return Decision("ambiguous", "symbol") if len(ours) > 1 else None
    if found is None and _are_cases_of_a_symbol(question, ours, theirs):
        return Decision("different", "symbol")
    return found


def _has_other_laws(question: str, answer: str) -> bool:
    """Whether letters in `answer` do not follow the laws of numbers: `ab` is not `ba`."""
    if _ABOUT_STRINGS.search(question):
        return any(map(str.isalpha, answer))
    return _MATRICES.search(answer) is not None and _ABOUT_MATRICES.search(question) is not None


def _is_prose(text: str) -> bool:
    """Whether `text` is a phrase of plain words, at least three of which no formula is said with."""
    if len(text) < 20 or not text.replace(" ", "").isalpha() or not text.isascii():
        return False
    return sum(len(word) > 3 and word not in FORMULA_WORDS for word in text.lower().split()) >= 3


def _commented(symbol: str, text: str) -> bool:
    """Whether `text` is `symbol` with a remark in brackets: `W (wolfram)`."""
    found = _REMARK.fullmatch(text) if len(symbol) <= 4 and not symbol.isdigit() else None
    return found is not None and symbol_form(found[1]) == symbol and _NOT.search(found[2]) is None


def _same_symbols(answer: str, candidate: str) -> bool:
    """Whether both name the same alternatives: `C♯ or D♭`, `D flat / C sharp`."""
    sides = [[symbol_form(piece) for piece in _LISTED.split(text)] for text in (answer, candidate)]
    if any(not 2 <= len(side) <= 4 or not all(map(_LETTERED.fullmatch, side)) for side in sides):
        return False
    return sorted(sides[0]) == sorted(sides[1])


def _logical(text: str) -> str:
    """`text` with ¬, ∧, ∨ and → for the words and for the signs of programs."""
    if len(text) > MAX_SYMBOL or not re.search(r"(?<!\w)[a-zA-Z]$", text):
        return text
    for pattern, sign in _LOGIC:
        text = pattern.sub(sign, text)
    return text


def _as_tuple(found: re.Match[str]) -> str:
    """`(3, 4)` for the vector `3i + 4j`."""
    parts = [re.sub(r"\s", "", part or "0") for part in found.groups()]
    parts = [part + "1" if part in ("", "+", "-") else part.removeprefix("+") for part in parts]
    return f"({', '.join(parts if found[3] is not None else parts[:2])})"


def _decide_formulae(question: str, answer: str, candidate: str) -> Decision | None:
    ours, theirs = formula_form(answer), formula_form(candidate)
    if ours is None or theirs is None:
        return None
    if ours.replace("^", "") == theirs.replace("^", ""):
        return Decision("same", "symbol")
    told = is_telling(ours) and is_telling(theirs)
    chemical = _ABOUT_CHEMISTRY.search(question) is not None
    return Decision("different", "symbol") if told or chemical else None


def _is_symbol(form: str) -> bool:
    """Whether a symbol form is a sign or a formula and no words."""
    if not form or len(form) > 40 or re.search(r"[A-Za-z]{3}", form):
        return False
    return len(form) == 1 or _SIGNS.search(form) is not None


def _are_cases_of_a_symbol(question: str, ours: str, theirs: str) -> bool:
    """Whether short texts differ in case alone, and are symbols: `Co` and `CO`, `Rr` and `RR`, `mg` and `Mg`."""
    if ours.lower() != theirs.lower() or len(ours) > 6 or not ours.isalpha() or ours == theirs:
        return False
    inner = ours[1:] != theirs[1:]
    genotype = len(ours) % 2 == 0 and ours[::2].lower() == ours[1::2].lower()
    return genotype or (len(ours) <= 3 and inner and _ABOUT_CHEMISTRY.search(question) is not None)


_REACTION: Final = re.compile(r"->|[→⟶⇌]|\\(?:to|rightarrow|rightleftharpoons)\b")
"""Reactions and maps are no expressions that math-verify reads, and starting it takes a second."""


def _decide_maths(question: str, answer: str, candidate: str) -> Decision | None:
    ours, theirs = read_maths(answer), read_maths(candidate)
    if ours is not None and theirs is not None:
        same = compare_maths(ours, theirs)
        if same is False and (_is_intercept(question, ours, theirs) or _is_intercept(question, theirs, ours)):
            return Decision("ambiguous", "maths")
        if same is False and _is_rounded(ours, theirs, answer, candidate):
            return Decision("ambiguous", "maths")
        if same is not None:
            return Decision("same" if same else "different", "maths")
    formal = _FORMAL.search(answer) is not None or _FORMAL.search(candidate) is not None
    if not (formal and _has_no_words(answer) and _has_no_words(candidate)) or _REACTION.search(answer + candidate):
        return None
    said = _judged(answer.strip("$ "), candidate.strip("$ "))
    verdict: dict[str, Verdict] = {"equal": "same", "different": "different"}
    return Decision(verdict[said], "maths") if said in verdict else None


@lru_cache(maxsize=REMEMBERED)
def _judged(answer: str, candidate: str) -> str:
    return _judge().compare(answer, candidate)


def _is_intercept(question: str, point: Maths, value: Maths) -> bool:
    """Whether an intercept is given as a point and as its one coordinate that is not 0."""
    if not _ASKS_INTERCEPT.search(question) or point.kind != "list" or value.kind != "value" or len(point.values) != 2:
        return False
    others = [coordinate[0] for coordinate in point.values if coordinate[0] != 0]
    return len(others) == 1 and others[0] == value.values[0][0]


def _is_rounded(ours: Maths, theirs: Maths, answer: str, candidate: str) -> bool:
    """Whether one side is a decimal that the other, such as 10π, rounds to."""
    for decimal, other in ((answer, theirs), (candidate, ours)):
        numbers = read_number(decimal)
        if numbers and numbers[0].decimals and other.kind == "value":
            value = other.values[0][0]
            if abs(value - float(numbers[0].value)) <= 0.5000001 * 10.0 ** -numbers[0].decimals:
                return True
    return False


def _has_no_words(text: str) -> bool:
    """Whether `text` is written as mathematics throughout: no two words of prose."""
    bare = re.sub(r"\\[A-Za-z]+", " ", text)
    return looks_like_maths(text) and not _NO_FORMULA.search(bare)


@cache
def _judge() -> MathJudge:
    """The one process of math-verify, which ends with this one."""
    from negbank.reasoning.judge import MathJudge

    judge = MathJudge(time_limit_s=JUDGE_LIMIT_S)
    atexit.register(judge.close)
    return judge
