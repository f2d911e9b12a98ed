"""Formulas, in LaTeX or plain, as functions of their letters: `\\frac{x+1}{x-1}`, `2√3`, `sin 30°`, `5!`, `log_2 8`.

Two formulas are compared by their values at a few fixed points, which tells any two that people write apart, and finds
factored and expanded forms equal. Nothing is given to `eval`; depth, length and size are bounded.
"""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

MAX_LENGTH: Final = 300
MAX_TOKENS: Final = 150
MAX_DEPTH: Final = 25
POINTS: Final = 3

Values = tuple[complex, ...]
"""The value of a formula at each of the fixed points."""

_COMMANDS: Final = (
    (re.compile(r"\\(?:left|right|displaystyle|limits|bigl?|bigr?|Bigl?|Bigr?|[,;:! ])|~"), " "),
    (re.compile(r"\\(?:text|mathrm|mathbf|operatorname|mbox|textbf)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\[dtc]frac"), r"\\frac"),
    (re.compile(r"\\(?:cdot|times|ast)(?![a-zA-Z])|[·×∙⋅∗]|\*(?!\*)"), "*"),
    (re.compile(r"\\div(?![a-zA-Z])|[÷∕⁄]"), "/"),
    (re.compile(r"(?<=\d) ?[xX] ?(?=\d)|(?<=[\d)]) [xX] (?=[\d(])"), "*"),
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"\^\s*\{?\s*\\?circ(?:\b|\})\s*\}?|\\degree\b|[°º]| degrees?\b"), "°"),
    (re.compile(r"\\le(?:q|qslant)?(?![a-zA-Z])|<=|≦|⩽"), "≤"),
    (re.compile(r"\\ge(?:q|qslant)?(?![a-zA-Z])|>=|≧|⩾"), "≥"),
    (re.compile(r"\\lt(?![a-zA-Z])"), "<"),
    (re.compile(r"\\gt(?![a-zA-Z])"), ">"),
    (re.compile(r"\\ne(?:q)?(?![a-zA-Z])|!="), "≠"),
    (re.compile(r"\\in(?![a-zA-Z])"), "∈"),
    (re.compile(r"\\(?:cup|bigcup)(?![a-zA-Z])"), "∪"),
    (re.compile(r"\\pm(?![a-zA-Z])|\+/-|\+-"), "±"),
    (re.compile(r"\\infty|\binfinity\b|\binf\b"), "∞"),
    (re.compile(r"\\(?:emptyset|varnothing)"), "∅"),
    (re.compile(r"\\lvert|\\rvert|\\vert|\\mid"), "|"),
    (re.compile(r"\\(?:quad|qquad)"), " "),
    (re.compile(r"\bequals\b|\bis equal to\b"), "="),
)  # fmt: skip
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿˣ", "0123456789+-()nx")
_LOWERED: Final = re.compile("[₀-₉]+")
_LOWERED_DIGITS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_RAISED: Final = re.compile("[⁰¹²³⁴-⁹⁺⁻⁽⁾ⁿˣ]+")
_MINUSES: Final = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－", "-"))
_BOXED: Final = re.compile(r"\\(?:boxed|fbox)\s*\{(.*)\}", re.DOTALL)
_VULGAR: Final = {"½": "(1/2)", "⅓": "(1/3)", "⅔": "(2/3)", "¼": "(1/4)", "¾": "(3/4)", "⅛": "(1/8)"}
_FUNCTIONS: Final[dict[str, Callable[[complex], complex]]] = {
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "cot": lambda z: 1 / cmath.tan(z),
    "sec": lambda z: 1 / cmath.cos(z), "csc": lambda z: 1 / cmath.sin(z), "arcsin": cmath.asin, "arccos": cmath.acos,
    "arctan": cmath.atan, "asin": cmath.asin, "acos": cmath.acos, "atan": cmath.atan, "sinh": cmath.sinh,
    "cosh": cmath.cosh, "tanh": cmath.tanh, "ln": cmath.log, "exp": cmath.exp, "sqrt": cmath.sqrt,
    "abs": lambda z: complex(abs(z)),
}  # fmt: skip
_GREEK: Final = "alpha beta gamma delta epsilon theta lambda mu nu rho sigma tau phi varphi omega"
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d{1,3}(?:(?:,|\{,\})\d{3})+(?![\d])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)|\\(?P<command>[A-Za-z]+)|"
    r"(?P<name>arcsin|arccos|arctan|asin|acos|atan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|sqrt|log|ln|exp|abs|pi)(?![a-z])|"
    r"(?P<letter>[A-Za-zα-ωΑ-Ω])|(?P<sign>[-+*/^_(){}\[\]|!√∛°∞%]))"
)
_WORD: Final = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{2,}")
_NAMES: Final = re.compile(
    r"(?:arcsin|arccos|arctan|asin|acos|atan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|sqrt|log|ln|exp|abs|pi)+[a-z]?"
)
_SHORT_WORDS: Final = frozenset("of to in is it at on as an be by he we or if no so up us my do go am me".split())
_POINT: Final = (0.7390851332151607, 1.3247179572447460, 2.2360679774997896)


class _UnreadError(Exception):
    """The text is no formula."""


def tidy_formula(text: str) -> str:
    """`text` with one sign for each operation and relation, without LaTeX's spacing and dollar signs."""
    text = text.translate(_MINUSES).strip()
    while len(text) > 2 and (
        (text[0] == text[-1] == "$") or (text[:2] in (r"\(", r"\[") and text[-2:] in (r"\)", r"\]"))
    ):
        text = text.strip("$") if text[0] == "$" else text[2:-2]
        text = text.strip()
    boxed = _BOXED.fullmatch(text)
    if boxed is not None:
        text = boxed[1]
    text = _RAISED.sub(lambda m: "^{" + m[0].translate(_SUPERSCRIPTS) + "}", text)
    text = _LOWERED.sub(lambda m: "_" + m[0].translate(_LOWERED_DIGITS), text)
    for sign, spelled in _VULGAR.items():
        text = re.sub(rf"(\d?){sign}", lambda m, s=spelled: f"({m[1]}+{s})" if m[1] else s, text)  # type: ignore[misc]
    for pattern, spelled in _COMMANDS:
        text = pattern.sub(spelled, text)
    return " ".join(text.split()).rstrip(" .,;")


@lru_cache(maxsize=4_096)
def evaluate(text: str) -> Values | None:
    """The values of a tidied formula at the fixed points; None where it is no formula, or one without bound."""
    if not text or len(text) > MAX_LENGTH:
        return None
    if any(len(word) > 2 or word in _SHORT_WORDS for word in _WORD.findall(text) if not _NAMES.fullmatch(word)):
        return None  # a product of two letters may be written `xy`; of more, it is a word
    try:
        tokens = _tokens(text)
        return tuple(_Reader(tokens, point).read() for point in range(POINTS))
    except (_UnreadError, ZeroDivisionError, OverflowError, ValueError):
        return None


def are_close(first: complex, second: complex) -> bool:
    """Whether two values are equal up to the rounding of floating point."""
    if cmath.isinf(first) or cmath.isinf(second):
        return first == second
    difference, sizes = abs(first - second), (abs(first), abs(second))
    return difference <= 1e-9 * max(sizes) or (min(sizes) < 1e-15 and max(sizes) < 1e-12)


def _tokens(text: str) -> list[tuple[str, str, bool]]:
    """Kind, text, and whether a space or nothing stood before."""
    out: list[tuple[str, str, bool]] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or len(out) >= MAX_TOKENS:
            raise _UnreadError
        kind = found.lastgroup or ""
        piece = found[kind]
        glued = found.start(kind) == at + (kind == "command")
        if kind == "number" and out and out[-1][0] == "letter" and glued:
            raise _UnreadError  # x2 is a name
        out.append((kind, piece, glued))
        at = found.end()
    return out


class _Reader:
    """A recursive-descent reader that computes as it reads."""

    def __init__(self, tokens: list[tuple[str, str, bool]], point: int) -> None:
        self._tokens, self._point, self._at, self._depth = tokens, point, 0, 0

    def read(self) -> complex:
        value = self._sum()
        if self._at < len(self._tokens):
            raise _UnreadError
        return value

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at][:2] if self._at < len(self._tokens) else ("", "")

    def _take(self, sign: str) -> bool:
        if self._peek()[1] == sign and self._peek()[0] == "sign":
            self._at += 1
            return True
        return False

    def _sum(self) -> complex:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _UnreadError
        value = self._product()
        while self._peek() in (("sign", "+"), ("sign", "-")):
            minus = self._peek()[1] == "-"
            self._at += 1
            other = self._product()
            value = value - other if minus else value + other
        self._depth -= 1
        return value

    def _product(self) -> complex:
        value = self._signed()
        while True:
            if self._take("*"):
                value *= self._signed()
            elif self._take("/"):
                value /= self._signed()
            elif self._starts_factor():
                value *= self._power()
            else:
                return value

    def _starts_factor(self) -> bool:
        kind, text = self._peek()
        if kind in ("letter", "command", "name"):
            return True
        return kind == "sign" and text in ("(", "√", "∛", "{", "[")

    def _signed(self) -> complex:
        if self._take("-"):
            return -self._signed_deeper()
        if self._take("+"):
            return self._signed_deeper()
        return self._power()

    def _signed_deeper(self) -> complex:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _UnreadError
        value = self._signed()
        self._depth -= 1
        return value

    def _power(self) -> complex:
        base = self._atom()
        while self._peek()[0] == "sign" and self._peek()[1] in ("!", "°", "%"):
            sign = self._peek()[1]
            self._at += 1
            base = _factorial(base) if sign == "!" else base * (math.pi / 180 if sign == "°" else 0.01)
        if self._take("^"):
            return _raise(base, self._signed_deeper())
        return base

    def _atom(self) -> complex:
        kind, text = self._peek()
        self._at += 1
        if kind == "number":
            return complex(float(text.replace("{,}", "").replace(",", "")))
        if kind == "letter":
            return self._letter(text)
        if kind in ("command", "name"):
            return self._named(text)
        if text in ("(", "{", "["):
            value = self._sum()
            if not self._take({"(": ")", "{": "}", "[": "]"}[text]):
                raise _UnreadError
            return value
        if text == "|":
            value = self._sum()
            if not self._take("|"):
                raise _UnreadError
            return complex(abs(value))
        if text in ("√", "∛"):
            return _raise(self._power(), complex(1 / 2 if text == "√" else 1 / 3))
        if text == "∞":
            return complex(math.inf)
        raise _UnreadError

    def _letter(self, text: str) -> complex:
        name = text
        if self._take("_"):
            kind, index = self._peek()
            self._at += 1
            if kind not in ("number", "letter"):
                raise _UnreadError
            name += index
        constant = {"e": complex(math.e), "i": 1j, "π": complex(math.pi)}.get(name)
        if constant is not None:
            return constant
        seed = sum(ord(sign) * 7**place for place, sign in enumerate(name))
        return complex(_POINT[self._point] + math.sin(seed * 12.9898 + self._point) * 0.61)

    def _named(self, text: str) -> complex:
        if text == "pi":
            return complex(math.pi)
        if text == "frac":
            above, below = self._argument(), self._argument()
            return above / below
        if text in ("binom", "dbinom", "tbinom"):
            return _choose(self._argument(), self._argument())
        if text == "sqrt":
            root = 2 + 0j
            if self._take("["):
                root = self._sum()
                if not self._take("]"):
                    raise _UnreadError
            return _raise(self._argument(), 1 / root)
        if text == "log":
            return self._logarithm()
        if text in _FUNCTIONS:
            return self._function(_FUNCTIONS[text])
        if text in _GREEK.split():
            return self._letter(chr(0x3B1 + _GREEK.split().index(text)))
        raise _UnreadError

    def _logarithm(self) -> complex:
        base = 10 + 0j
        if self._take("_"):
            base = self._argument()
        return cmath.log(self._function_argument()) / cmath.log(base)

    def _function(self, function: Callable[[complex], complex]) -> complex:
        power = self._argument() if self._take("^") else 1 + 0j
        if power == -1:
            raise _UnreadError
        value = function(self._function_argument())
        if self._take("^"):  # tan(x)^2
            power *= self._signed_deeper()
        return value if power == 1 else _raise(value, power)

    def _function_argument(self) -> complex:
        """The factors up to a sum or another function: `sin 2x`."""
        if self._peek() == ("sign", "("):
            return self._atom()
        value = self._signed()
        while self._peek()[0] in ("letter",):
            value *= self._power()
        return value

    def _argument(self) -> complex:
        """A group in braces, or one digit or letter: `\\frac12`."""
        kind, text = self._peek()
        if kind == "number" and len(text) > 1 and "." not in text and "," not in text:
            self._tokens = [*self._tokens[: self._at], ("number", text[0], True), ("number", text[1:], True),
                            *self._tokens[self._at + 1 :]]  # fmt: skip
        return self._atom()


def _raise(base: complex, power: complex) -> complex:
    if abs(power) > 10_000 or (abs(base) > 1 and abs(power) * math.log10(abs(base) + 1) > 290):
        raise _UnreadError
    if base == 0:
        if power.real > 0:
            return 0j
        raise _UnreadError
    if power.imag == 0 and power.real == int(power.real):
        return complex(base ** int(power.real))
    return complex(base**power)


def _factorial(value: complex) -> complex:
    if value.imag or value.real != int(value.real) or not 0 <= value.real <= 100:
        raise _UnreadError
    return complex(float(math.factorial(int(value.real))))


def _choose(above: complex, below: complex) -> complex:
    if above.imag or below.imag or not (0 <= above.real <= 200 and 0 <= below.real <= 200):
        raise _UnreadError
    if above.real != int(above.real) or below.real != int(below.real):
        raise _UnreadError
    return complex(float(math.comb(int(above.real), int(below.real))))
