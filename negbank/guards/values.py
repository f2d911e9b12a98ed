"""Rules for answers that are values: numbers, quantities, dates, symbols, formulae, mathematics, Unicode spellings.

`decide_values` reads both texts and says whether they are the same value; where either is no value, words decide.
Everything but the last resort (math-verify, in a process of its own, see `formal`) is pure and takes microseconds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from negbank.guards.asked_forms import decide_asked_form
from negbank.guards.decision import Decision
from negbank.guards.formal import decide_formal
from negbank.guards.frames import (
    asks_for_a_form,
    asks_for_a_word,
    asks_for_accents,
    decide_form,
    decide_framed,
    is_framed,
    says_nothing,
)
from negbank.guards.measures import decide_dates, decide_quantities
from negbank.text.dates import MONTH_WORDS
from negbank.text.maths import compare_maths, read_maths
from negbank.text.number_words import WORDS
from negbank.text.numbers import Number, read_number
from negbank.text.symbols import GREEK, plain_letters, spelling_form
from negbank.text.unit_names import atoms

if TYPE_CHECKING:
    pass

MAX_VALUE: Final = 120
"""Longer texts are prose, whatever numbers they hold; only their spelling is compared."""
MAX_FORM: Final = 40
"""Longer texts are no answer to a question about a form, such as a keyword or a spelling."""
REMEMBERED: Final = 1 << 15
_MARKS: Final = re.compile(r"[\d\\^=<>*/+_{}|~#$%@&]|[A-Z][a-z]?[A-Z]")
_POINTS: Final = str.maketrans("-.,;:()?!", "         ")
_VALUE_WORDS: Final = (
    (WORDS - {"a", "an", "and", "of", "point", "over", "o"})
    | MONTH_WORDS
    | frozenset(GREEK)
    | frozenset(
        "noon midnight midday o'clock infinity minus plus percent sharp flat fortnight "
        "sin cos tan log ln sqrt exp".split()
    )
)
_HYPHEN: Final = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_]{2})")
_ASKS_FACTORIAL: Final = re.compile(
    r"\b(?:permutations?|factorials?|arrange\w*|ways|orders|combinations?)\b", re.IGNORECASE
)
_NAMED: Final = re.compile(
    r"\$?(?:[A-Za-z][A-Za-z ]{2,24}|[A-Za-z]{1,3}\([^()=]{1,12}\)|[A-Za-z]\^\{?-1\}?\([a-z]\))\s*=\s*([^=<>]+?)\$?"
)
_ASKS_BASE: Final = re.compile(r"\b(?:binary|hexadecimal|octal|base (?:2|8|16|two|eight|sixteen))\b", re.IGNORECASE)
_WORKED: Final = re.compile(r"(?=.*\d.*=)(?![^=]*(?<![A-Za-z])[A-Za-z](?![A-Za-z]))[^=<>]+= ?([-−]?\d[\d.,/]*)")
"""A calculation and its value: `10% of 250 = 25`."""
_UNKNOWN: Final = re.compile(r"[a-z] ?= ?([-−]?\d[\d.,/]*)")
_SUM: Final = re.compile(r"\d \s*[-+−–]\s* ?\d")
_NUMERAL: Final = re.compile(r"[MDCLXVI]+")
_TITLE_MARK: Final = re.compile(r"\(R\)|\(TM\)|\(C\)|[®™©℠]")
_NUMBER_SIGN: Final = re.compile(r"(?:№|\bnos?\.?|#|\bnumber|\bn[°º]|\bnr\.?)\s?(?=\d)", re.IGNORECASE)


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
    if _ASKS_BASE.search(question):
        answer, candidate = _without_base(answer), _without_base(candidate)
        if answer == candidate:
            return Decision("same", "number")
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
        or decide_formal(question, answer, candidate)
    )


def _unnamed(text: str) -> str:
    """What follows a name and `=`: 0.3 for `P(A) = 0.3`."""
    if len(text) > MAX_VALUE:
        return text
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
    if len(text) <= 3 or text[1] == "." or not text.isascii():
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
    if _NUMBER_SIGN.match(answer) or _NUMBER_SIGN.match(candidate):
        numbers = [_bare_number(text) if len(text) < 40 else () for text in (answer, candidate)]
        if all(numbers):
            return Decision("same" if numbers[0][0].value == numbers[1][0].value else "different", "number")
    return _decide_bare(question, answer, candidate) or _decide_bare(question, candidate, answer)


def _bare_number(text: str) -> tuple[Number, ...]:
    """`ten`, `the tenth`, `No. 10`."""
    return read_number(_NUMBER_SIGN.sub("", text.lower().removeprefix("the ")))


def _decide_bare(question: str, named: str, bare: str) -> Decision | None:
    """`chapter 10` beside `ten` or `the tenth`, where the question asks for a chapter."""
    names = _numbered(named)
    numbers = _bare_number(bare) if names and len(bare) < 40 else ()
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
    if ours[1:] == theirs[1:] and re.fullmatch(r"(?:[A-Za-z]\. ?)+[A-Za-z]?", ours):  # E.g. begins a sentence
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


def _without_base(text: str) -> str:
    return re.sub(
        r"^0[bxo](?=[\dA-Fa-f])|(?<=[\dA-Fa-f])(?:₂|₁₆|₈|_\{?(?:2|8|16)\}?| ?\(base (?:2|8|16|two)\))$",
        "",
        text.strip(),
    )
