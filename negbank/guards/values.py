"""Rules for answers that are values: numbers, quantities, dates, symbols, formulae, mathematics, and spellings in Unicode.

`decide_values` reads both texts and says whether they are the same value; where either is no value, words decide.
Everything but the last resort (math-verify, in a process of its own) is pure and takes microseconds.
"""

from __future__ import annotations

import atexit
import re
from functools import cache, lru_cache
from typing import Final

from negbank.guards.decision import Decision
from negbank.guards.measures import decide_dates, decide_quantities
from negbank.text.dates import MONTH_WORDS
from negbank.text.formulae import formula_form, is_telling
from negbank.text.maths import compare_maths, looks_like_maths, read_maths
from negbank.text.number_words import WORDS
from negbank.text.numbers import read_number
from negbank.text.symbols import GREEK, named_symbols, plain_letters, spelling_form, symbol_form

MAX_VALUE: Final = 120
"""Longer texts are prose, whatever numbers they hold; only their spelling is compared."""
REMEMBERED: Final = 1 << 15
JUDGE_LIMIT_S: Final = 5.0

_MARKS: Final = re.compile(r"[\d\\^=<>*/+_{}|~#$%@&]|\b[MDCLXVI]{2,}\b")
_SIGNS: Final = re.compile(r"[^\w\s.,;:!?'\"()]|[\d^∅]")
_VALUE_WORDS: Final = (
    (WORDS - {"a", "an", "and", "of", "point", "over", "o"})
    | MONTH_WORDS
    | frozenset(GREEK)
    | frozenset("noon midnight midday o'clock infinity minus plus percent sharp flat fortnight".split())
)
_ABOUT_SPELLING: Final = re.compile(
    r"\b(?:capital(?:i[sz]e\w*| letters?)?|upper.?case|lower.?case|accents?|spell(?:ed|ing|s)?|punctuat\w*|apostrophes?|"
    r"hyphen\w*|diacritics?|umlauts?|italics?|quotation marks?|written correctly|correctly written)\b",
    re.IGNORECASE,
)
_ABOUT_CHEMISTRY: Final = re.compile(
    r"\b(?:chemi\w*|elements?|formula\w*|symbols?|compounds?|molecul\w*|ions?|atoms?|isotopes?|gas(?:es)?|metals?|acids?|"
    r"oxid\w*|reactions?|bonds?|units?|abbreviat\w*|alleles?|genotyp\w*|cross(?:es|ed)?|genes?)\b",
    re.IGNORECASE,
)
_NUMERAL: Final = re.compile(r"[MDCLXVI]+")
_TITLE_MARK: Final = re.compile(r"\(R\)|\(TM\)|\(C\)|[®™©℠]")
_NUMBER_SIGN: Final = re.compile(r"(?:№|\bnos?\.?|#|\bnumber)\s?(?=\d)", re.IGNORECASE)


def decide_values(question: str, answer: str, candidate: str) -> Decision | None:
    """What the rules for values say of `candidate` beside the right `answer`; None where words must decide.

    >>> decide_values("How long is the film?", "90 minutes", "1.5 h")
    Decision(verdict='same', rule='unit')
    """
    ours, theirs = _is_telling(answer), _is_telling(candidate)
    if not ours and not theirs:
        return None
    if answer == candidate:
        return Decision("same", "text")
    if ours and theirs and len(answer) <= MAX_VALUE and len(candidate) <= MAX_VALUE:
        found = (
            decide_dates(question, answer, candidate)
            or decide_quantities(question, answer, candidate)
            or _decide_numbered(answer, candidate)
        )
        if found is not None:
            return found
    return _decide_spelling(question, answer, candidate) or _decide_symbols(question, answer, candidate)


@lru_cache(maxsize=REMEMBERED)
def _is_telling(text: str) -> bool:
    """Whether `text` may be a value or is spelled with more than plain letters."""
    if len(text) <= 3 or not text.isascii():
        return True
    if len(text) > MAX_VALUE:
        return False
    if _MARKS.search(text) is not None:
        return True
    return not _VALUE_WORDS.isdisjoint(text.lower().replace("-", " ").replace(".", " ").replace(",", " ").split())


def _decide_numbered(answer: str, candidate: str) -> Decision | None:
    """`Louis XVI` and `Louis 16`, `World War Two` and `World War II`, `№ 5` and `#5`: a name with a number."""
    ours, theirs = _numbered(answer), _numbered(candidate)
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return None
    return Decision("same" if ours[1] == theirs[1] else "different", "number")


@lru_cache(maxsize=REMEMBERED)
def _numbered(text: str) -> tuple[tuple[str, ...], str] | None:
    """The words of a name and the number at its end; None where there is none."""
    words = _NUMBER_SIGN.sub("no ", spelling_form(text).strip(" .")).split()
    if not 2 <= len(words) <= 7:
        return None
    for used in (2, 1):
        tail = " ".join(words[-used:]).removeprefix("the ").removeprefix("The ")
        numbers = read_number(tail)
        if not numbers or len(words) <= used or numbers[0].decimals != 0:
            continue
        name = tuple(word.lower() for word in words[:-used] if word.lower() != "the")
        return (name, str(numbers[0].value)) if name and all(word[0].isalpha() for word in name) else None
    return None


def _decide_spelling(question: str, answer: str, candidate: str) -> Decision | None:
    """The same letters, but for accents, look-alikes, ligatures, widths, invisible characters, quotes and dashes."""
    if answer.isascii() and candidate.isascii():
        return None
    ours, theirs = spelling_form(answer), spelling_form(candidate)
    if ours == theirs:
        return Decision("same", "text")
    if _ABOUT_SPELLING.search(question):
        return None
    ours, theirs = _bare(ours), _bare(theirs)
    if not ours or not theirs:
        return None
    for german in (False, True):
        if plain_letters(ours, german) == plain_letters(theirs, german) or (
            german and plain_letters(ours) == plain_letters(theirs, german)
        ):
            return Decision("same", "text") if _case_says_nothing(ours, theirs) else None
    if plain_letters(ours, True) == plain_letters(theirs):
        return Decision("same", "text") if _case_says_nothing(ours, theirs) else None
    return None


def _bare(text: str) -> str:
    """`text` without quotes, trade marks, hyphens, and the full stop at its end."""
    text = _NUMBER_SIGN.sub("no ", _TITLE_MARK.sub("", text))
    text = text.replace('"', "").replace(" & ", " and ")
    text = re.sub(r"(?<=[^\W\d_])-(?=[^\W\d_]{2})", "" if len(text.split("-")[0]) <= 2 else " ", text)
    return " ".join(text.split()).strip(" .")


def _case_says_nothing(ours: str, theirs: str) -> bool:
    """Whether words that differ in case are words: no symbols, genotypes or numerals."""
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
    ours, theirs = symbol_form(answer), symbol_form(candidate)
    if ours == theirs or named_symbols(answer) & named_symbols(candidate):
        return Decision("same", "symbol")
    found = _decide_formulae(question, answer, candidate)
    if found is None and (looks_like_maths(answer) or looks_like_maths(candidate)):
        found = _decide_maths(answer, candidate)
    if found is None and _is_symbol(ours) and _is_symbol(theirs):
        return Decision("different", "symbol")
    if found is None and _are_cases_of_a_symbol(question, ours, theirs):
        return Decision("different", "symbol")
    return found


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


def _decide_maths(answer: str, candidate: str) -> Decision | None:
    ours, theirs = read_maths(answer), read_maths(candidate)
    if ours is not None and theirs is not None:
        same = compare_maths(ours, theirs)
        if same is not None:
            return Decision("same" if same else "different", "maths")
    if not (_is_formal(answer) and _is_formal(candidate)):
        return None
    said = _judge().compare(answer.strip("$ "), candidate.strip("$ "))
    if said == "equal":
        return Decision("same", "maths")
    return Decision("ambiguous", "maths") if said == "different" else None


def _is_formal(text: str) -> bool:
    """Whether `text` is written as mathematics throughout: no two words of prose."""
    bare = re.sub(r"\\[A-Za-z]+", " ", text)
    return looks_like_maths(text) and not re.search(r"[A-Za-z]{4}|[A-Za-z]\d", bare)


@cache
def _judge():  # type: ignore[no-untyped-def]
    """The one process of math-verify, which ends with this one."""
    from negbank.reasoning.judge import MathJudge

    judge = MathJudge(time_limit_s=JUDGE_LIMIT_S)
    atexit.register(judge.close)
    return judge
