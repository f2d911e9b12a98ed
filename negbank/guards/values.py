"""Rules for answers that are values: numbers, quantities, dates, symbols, formulae, mathematics, Unicode spellings.

`decide_values` reads both texts and says whether they are the same value; where either is no value, words decide.
Everything but the last resort (math-verify, in a process of its own) is pure and takes microseconds.
"""

from __future__ import annotations

import atexit
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from negbank.guards.asked_forms import decide_asked_form
from negbank.guards.decision import Decision, Verdict
from negbank.guards.frames import (
    asks_for_a_form,
    asks_for_a_word,
    asks_for_accents,
    decide_form,
    decide_framed,
    is_framed,
    says_nothing,
)
from negbank.guards.keys_and_notes import decide_keys, decide_notes
from negbank.guards.measures import decide_dates, decide_quantities
from negbank.text.dates import MONTH_WORDS
from negbank.text.formulae import formula_form, is_telling
from negbank.text.maths import Maths, compare_maths, looks_like_maths, read_maths
from negbank.text.maths_words import formula_of_words
from negbank.text.number_words import WORDS
from negbank.text.numbers import read_number
from negbank.text.symbols import GREEK, named_symbols, plain_letters, spelling_form, symbol_form
from negbank.text.unit_names import atoms, read_unit

if TYPE_CHECKING:
    from negbank.reasoning.judge import MathJudge

MAX_VALUE: Final = 120
"""Longer texts are prose, whatever numbers they hold; only their spelling is compared."""
MAX_FORM: Final = 40
"""Longer texts are no answer to a question about a form, such as a keyword or a spelling."""
REMEMBERED: Final = 1 << 15
JUDGE_LIMIT_S: Final = 5.0

_MARKS: Final = re.compile(r"[\d\\^=<>*/+_{}|~#$%@&]|[A-Z][a-z]?[A-Z]")
_POINTS: Final = str.maketrans("-.,;:()?!", "         ")
_SIGNS: Final = re.compile(r"[^\w\s.,;:!?'\"()]|[\d^∅]")
_VALUE_WORDS: Final = (
    (WORDS - {"a", "an", "and", "of", "point", "over", "o"})
    | MONTH_WORDS
    | frozenset(GREEK)
    | frozenset(
        "noon midnight midday o'clock infinity minus plus percent sharp flat fortnight "
        "sin cos tan log ln sqrt exp".split()
    )
)
_ABOUT_CHEMISTRY: Final = re.compile(
    r"\b(?:chemi\w*|elements?|formula\w*|symbols?|compounds?|molecul\w*|ions?|atoms?|isotopes?|gas(?:es)?|metals?|acids?|"
    r"oxid\w*|reactions?|bonds?|units?|abbreviat\w*|alleles?|genotyp\w*|cross(?:es|ed)?|genes?)\b",
    re.IGNORECASE,
)
_HYPHEN: Final = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_]{2})")
_ASKS_INTERCEPT: Final = re.compile(
    r"intercept|\b(?:cross|meet|cut|intersect|hit|touch)(?:es)? the [xy].?axis", re.IGNORECASE
)
_ASKS_INTEGRAL: Final = re.compile(r"\b(?:integral|antiderivative|primitive|integrate)\b", re.IGNORECASE)
_CONSTANT: Final = re.compile(r"(?<![A-Za-z\\])(?:[cCkK]|(?:an? |any )?const(?:ant)?\.?)(?![A-Za-z])")
_ASKS_FACTORIAL: Final = re.compile(
    r"\b(?:permutations?|factorials?|arrange\w*|ways|orders|combinations?)\b", re.IGNORECASE
)
_FORMAL: Final = re.compile(r"[\\^=√π∞≤≥<>∈]|\w\s*[-+*/]\s*\w")
_PROSE: Final = re.compile(
    r"^(?!.*\\).*(?<![A-Za-z])(?!arcsin|arccos|arctan|sinh|cosh|tanh|sqrt|infinity|equals|degrees?|zero|five|four|nine|three|"
    r"seven|eight|half)[A-Za-z]{4}"
)
"""A word that no formula holds, and no LaTeX."""
_NAMED: Final = re.compile(
    r"\$?(?:[A-Za-z][A-Za-z ]{2,24}|[A-Za-z]{1,3}\([^()=]{1,12}\)|[A-Za-z]\^\{?-1\}?\([a-z]\))\s*=\s*([^=<>]+?)\$?"
)
_SAID_BEFORE: Final = re.compile(
    r"^(?:(?:about|approximately|approx\.?|roughly|around|exactly) ?(?=[-\d√(\\])|"
    r"(?:at |in )?(?:the )?(?:point|vector|interval|line|function|equation|value|solution|coordinates|inequality|number) (?=\S{1,20}$|[\[(\]{]|[a-z] ?[=<>≤≥]))",
    re.IGNORECASE,
)
"""What may stand before a formula: `the point (3, 0)`."""
_ABOUT_LOGIC: Final = re.compile(
    r"\b(?:logic(?:al)?|negation|propositions?|propositional|boolean algebra|truth table)\b", re.IGNORECASE
)
_LOGIC: Final = (
    (re.compile(r"\bnot ?|[~!](?=[\w(])"), "¬"),
    (re.compile(r" and | ?&& ?"), "∧"),
    (re.compile(r" or | ?\|\| ?"), "∨"),
    (re.compile(r" implies "), "→"),
)
_UNIT_VECTORS: Final = re.compile(r"^(-?\d*)i ?([-+] ?\d*)j(?: ?([-+] ?\d*)k)?$")
_WORKED: Final = re.compile(r"(?=.*\d.*=)(?![^=]*(?<![A-Za-z])[A-Za-z](?![A-Za-z]))[^=<>]+= ?([-−]?\d[\d.,/]*)")
"""A calculation and its value: `10% of 250 = 25`."""
_UNKNOWN: Final = re.compile(r"[a-z] ?= ?([-−]?\d[\d.,/]*)")
_NO_FORMULA: Final = re.compile(
    r"(?<![A-Za-z])(?!sin|cos|tan|cot|sec|csc|arc|log|exp|sqrt|lim|max|min|mod|gcd|lcm)[A-Za-z]{3}|[A-Za-z]\d"
)
_SUM: Final = re.compile(r"\d \s*[-+−–]\s* ?\d")
_NUMERAL: Final = re.compile(r"[MDCLXVI]+")
_TITLE_MARK: Final = re.compile(r"\(R\)|\(TM\)|\(C\)|[®™©℠]")
_NUMBER_SIGN: Final = re.compile(r"(?:№|\bnos?\.?|#|\bnumber)\s?(?=\d)", re.IGNORECASE)


def decide_values(question: str, answer: str, candidate: str) -> Decision | None:
    """What the rules for values say of `candidate` beside the right `answer`; None where words must decide.

    >>> decide_values("How long is the film?", "90 minutes", "1.5 h")
    Decision(verdict='same', rule='unit')
    """
    ours, theirs = _is_telling(answer), _is_telling(candidate)
    if not (ours or theirs or (len(answer) <= MAX_FORM and asks_for_a_form(question))):
        return None
    if answer == candidate:
        return Decision("same", "text")
    if ("=" in answer) != ("=" in candidate) and "＝" not in answer + candidate:
        answer, candidate = _unnamed(answer), _unnamed(candidate)
    asked = decide_form(question, answer, candidate) or decide_asked_form(question, answer, candidate)
    if asked is not None or not (ours or theirs):
        return asked
    if ours and theirs and len(answer) <= MAX_VALUE and len(candidate) <= MAX_VALUE:
        found = decide_dates(question, answer, candidate) or _decide_measured(question, answer, candidate)
        if found is not None:
            return found
    return (
        _decide_numbered(question, answer, candidate)
        or _decide_spelling(question, answer, candidate)
        or decide_framed(question, answer, candidate)
        or _decide_symbols(question, answer, candidate)
    )


def _unnamed(text: str) -> str:
    """What follows a name and `=`: 0.3 for `P(A) = 0.3`."""
    found = _NAMED.fullmatch(text) or _UNKNOWN.fullmatch(text) or _WORKED.fullmatch(text)
    return text if found is None else found[1]


def _decide_measured(question: str, answer: str, candidate: str) -> Decision | None:
    """Numbers and quantities, unless one may be a sum: `4 - 6` is a range, or -2; `5!` an exclamation, or 120."""
    if (answer + candidate).count("!") == 1 and _ASKS_FACTORIAL.search(question):
        return None
    found = decide_quantities(question, answer, candidate)
    if found is None or found != Decision("different", "number"):
        return found
    sums = [text for text in (answer, candidate) if _SUM.search(text)]
    return Decision("ambiguous", "maths") if len(sums) == 1 and _decide_closed(answer, candidate) else found


def _decide_closed(answer: str, candidate: str) -> bool:
    ours, theirs = read_maths(answer), read_maths(candidate)
    return ours is not None and theirs is not None and compare_maths(ours, theirs) is True


@lru_cache(maxsize=REMEMBERED)
def _is_telling(text: str) -> bool:
    """Whether `text` may be a value or is spelled with more than plain letters."""
    if len(text) <= 3 or not text.isascii():
        return True
    if len(text) > MAX_VALUE:
        return False
    if _MARKS.search(text) is not None or ("-" in text and len(text) <= 40):
        return True
    words = text.lower().translate(_POINTS).split()
    if not _VALUE_WORDS.isdisjoint(words):
        return True
    short = 2 <= len(words) <= 3 and words[0] in ("a", "an")  # an hour, a right angle
    return short and (words[-1] in ("angle", "turn") or bool(atoms(words[-1])))


def _decide_numbered(question: str, answer: str, candidate: str) -> Decision | None:
    """`Louis XVI` and `Louis 16`, `World War Two` and `World War II`, `№ 5` and `#5`: a name with a number."""
    for ours in _numbered(answer):
        for theirs in _numbered(candidate):
            if ours[0] == theirs[0] or is_framed(question, ours[0], theirs[0]):
                return Decision("same" if ours[1] == theirs[1] else "different", "number")
    return _decide_bare(question, answer, candidate) or _decide_bare(question, candidate, answer)


def _decide_bare(question: str, named: str, bare: str) -> Decision | None:
    """`chapter 10` beside `ten` or `the tenth`, where the question asks for a chapter."""
    names = _numbered(named)
    numbers = read_number(bare.lower().removeprefix("the ")) if names and len(bare) < 40 else ()
    if not numbers or numbers[0].percent or numbers[0].decimals != 0:
        return None
    for name, value in names:
        if says_nothing(question, name):
            return Decision("same" if value == str(numbers[0].value) else "different", "number")
    return None


@lru_cache(maxsize=REMEMBERED)
def _numbered(text: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The words of a name and its number: the one at its end, or an ordinal at its beginning."""
    if len(text) > 60 or "=" in text:
        return ()
    words = _NUMBER_SIGN.sub("no ", spelling_form(text).strip(" .")).split()
    if not 2 <= len(words) <= 7:
        return ()
    words = words[1:] if words[0].lower() == "the" and len(words) > 2 else words
    first = read_number(words[0])
    if first and first[0].ordinal and all(word.isalpha() for word in words[1:]):
        return ((tuple(word.lower() for word in words[1:]), str(first[0].value)),)
    for used in (2, 1):
        tail = " ".join(words[-used:]).removeprefix("the ").removeprefix("The ")
        numbers = read_number(tail) or (read_number(tail.upper()) if _NUMERAL.fullmatch(tail.upper()) else ())
        if not numbers or len(words) <= used or numbers[0].decimals != 0:
            continue
        name = tuple(word.lower() for word in words[:-used] if word.lower() != "the")
        name = name[:-1] if len(name) > 1 and name[-1].rstrip(".") in ("no", "nr", "number") else name
        return ((name, str(numbers[0].value)),) if name and all(word[0].isalpha() for word in name) else ()
    return ()


def _decide_spelling(question: str, answer: str, candidate: str) -> Decision | None:
    """The same letters, but for accents, look-alikes, ligatures, widths, invisible characters, quotes and hyphens."""
    ours, theirs = (spelling_form(_TITLE_MARK.sub("", text)) for text in (answer, candidate))
    if ours == theirs:
        return Decision("same", "text")
    ours, theirs = _bare(ours), _bare(theirs)
    if not (ours + theirs).isascii():
        ours, theirs = ours.strip("!?¡¿ "), theirs.strip("!?¡¿ ")
    if not ours or not theirs:
        return None
    without, spaced = (_unhyphenated(ours), _unhyphenated(theirs)), (_HYPHEN.sub(" ", ours), _HYPHEN.sub(" ", theirs))
    for first, second in ((ours, theirs), without, spaced):
        if _same_letters(first, second) and (_case_says_nothing(first, second) or asks_for_a_word(question)):
            return _letters_asked(question, first, second) or Decision("same", "text")
    return None


def _letters_asked(question: str, ours: str, theirs: str) -> Decision | None:
    """Different where the question is about accents, or about a word in a language with the letter ñ."""
    if ours.lower() == theirs.lower():
        return None
    if (
        asks_for_accents(question)
        or len(ours) == len(theirs) == 1
        or (asks_for_a_word(question) and ("ñ" in ours) != ("ñ" in theirs))
    ):
        return Decision("different", "text")
    return None


def _same_letters(ours: str, theirs: str) -> bool:
    forms = [{plain_letters(text), plain_letters(text, german=True)} for text in (ours, theirs)]
    if not (ours + theirs).isascii() and len(ours) > 4:  # Hà Nội is Hanoi
        forms = [side | {form.replace(" ", "") for form in side} for side in forms]
    return not forms[0].isdisjoint(forms[1])


def _bare(text: str) -> str:
    """`text` without quotes, trade marks, and the full stop at its end."""
    text = _NUMBER_SIGN.sub("no ", text)
    return " ".join(text.replace('"', "").replace(" & ", " and ").split()).strip(" .")


def _unhyphenated(text: str) -> str:
    """`text` without the hyphens inside words: `e-mail` is `email`."""
    return _HYPHEN.sub("", text)


def _case_says_nothing(ours: str, theirs: str) -> bool:
    """Whether words that differ in case are words: no symbols, genotypes or numerals."""
    ours, theirs = plain_letters(ours, lower=False), plain_letters(theirs, lower=False)
    if len(ours.split()) != len(theirs.split()):
        return True
    pairs = zip(ours.split(), theirs.split(), strict=False)
    return all(first == second or (_is_word(first) and _is_word(second)) for first, second in pairs if first != second)


def _is_word(text: str) -> bool:
    shaped = text.islower() or text.isupper() or text.istitle() or "'" in text or not text.isascii()
    letters = text.replace("'", "")
    paired = len(text) % 2 == 0 and len(text) <= 6 and text[::2].lower() == text[1::2].lower()
    return (
        len(text) >= 3 and shaped and not paired and not _NUMERAL.fullmatch(letters) and not re.search(r"[\d^]", text)
    )


def _decide_symbols(question: str, answer: str, candidate: str) -> Decision | None:
    """Symbols, chemical formulae and mathematics; None where either side is in words."""
    if len(answer) > MAX_VALUE * 2 or len(candidate) > MAX_VALUE * 2:
        return None
    answer, candidate = _SAID_BEFORE.sub("", answer), _SAID_BEFORE.sub("", candidate)
    answer, candidate = formula_of_words(answer), formula_of_words(candidate)
    if _ABOUT_LOGIC.search(question):
        answer, candidate = _logical(answer), _logical(candidate)
    ours, theirs = symbol_form(answer), symbol_form(candidate)
    if ours == theirs or named_symbols(answer) & named_symbols(candidate):
        return Decision("same", "symbol")
    pressed = decide_keys(answer, candidate) or decide_notes(question, ours, theirs)
    if pressed is not None:
        return pressed
    if (
        max(len(ours), len(theirs)) <= MAX_FORM
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


def _logical(text: str) -> str:
    """`text` with ¬, ∧, ∨ and → for the words and for the signs of programs."""
    if len(text) > MAX_FORM or not re.search(r"(?<!\w)[a-zA-Z]$", text):
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
"""Reactions and maps are not expressions that math-verify reads, and starting it takes a second."""


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
