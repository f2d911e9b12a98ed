"""What a question asks about the form of its answer, and the words that may stand around an answer without a meaning.

`the == operator` beside `==`, `version 3.10` beside `3.10`, `the word 'its'` beside `its`: every other word names the
kind of thing that is asked for, or stands in the question.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from negbank.guards.decision import Decision
from negbank.text.number_words import read_words
from negbank.text.symbols import spelling_form, symbol_form

_FRAME: Final = frozenset(
    "the a an it is it's its word words sign symbol letter number numeral digit month year day date time hour weekday "
    "language operator article note version release formula element character mark key value answer name prefix suffix "
    "term unit function keyword command tag option called named written as of in on at expression equation result "
    "literal note grade type class temperature length distance price amount total ion compound molecule isotope "
    "position place rank vit he she they was were roughly about exactly "
    "simply just i think would be that this means".split()
)
_MEANS_SOMETHING: Final = frozenset(
    "not no never non nor neither without except before after more less than least most north south east west minus "
    "ln log sin cos tan exp arcsin arccos arctan lim negative half over under per other another false opposite".split()
)
_FOREIGN: Final = frozenset(
    "un une le la les l d el los las una unos der die das ein eine il lo gli i uno o os as um uma de het een".split()
)
_LANGUAGES: Final = re.compile(
    r"\b(?:French|Spanish|German|Italian|Portuguese|Dutch|Catalan|Swedish|Danish|Norwegian|Polish|Turkish|Latin)\b"
)
_CODE: Final = re.compile(
    r"\b(?:Python|Java(?:Script)?|TypeScript|SQL|HTML|CSS|bash|Unix|Linux|JSON|YAML|LaTeX|regex|Rust|Ruby|Perl|Haskell|"
    r"shell|case.sensitive|source code|programming)\b|\bC(?:\+\+|#)?(?=[ ,.?]|$)"
)
_CODE_ITEM: Final = re.compile(
    r"\b(?:written|literals?|keywords?|functions?|methods?|commands?|constants?|statements?|attributes?|escape|tags?|"
    r"types?|spelled|booleans?|null)\b",
    re.IGNORECASE,
)
_CASE: Final = re.compile(
    r"\b(?:capital letters?|capitali[sz]\w*|a capital\b(?! of)|in capitals|upper.?case|lower.?case|proper noun)\b",
    re.IGNORECASE,
)
_PUNCTUATION: Final = re.compile(
    r"\b(?:punctuat\w*|apostrophes?|possessive|contraction|short(?:ened)? form|hyphen\w*|"
    r"commas?|quotation marks?|quoted)\b",
    re.IGNORECASE,
)
_ACCENTS: Final = re.compile(
    r"\b(?:accent\w*|diacritics?|umlauts?|tildes?|cedilla|circumflex|diaeres[ie]s|dieresis|"
    r"trema|macron|caron|breve|ogonek|special characters?)\b",
    re.IGNORECASE,
)
_WORD_FOR: Final = re.compile(
    r"\bword (?:(?:that )?means|for|meaning)\b|\bhow do you (?:say|write|spell)\b|\bspell(?:ed|ing|s)?\b", re.IGNORECASE
)
_VERSION: Final = re.compile(
    r"\b(?:release|version|build number|firmware|kernel|section|verse|paragraph|model number|"
    r"(?:phone|serial|flight|route|"
    r"account|part) number|(?:area|zip|postal|country|error|status|access|dialling) code|password|pin|isbn)\b",
    re.IGNORECASE,
)
_PAIR: Final = re.compile(
    r"\b(?:time signature|blood pressure|score of|final score|what (?:was|is) the score|odds|"
    r"result of the (?:match|game))\b",
    re.IGNORECASE,
)
_LOWEST: Final = re.compile(
    r"\b(?:lowest terms|simplest form|simplest terms|fully reduced|fully simplified|irreducible)\b", re.IGNORECASE
)
_NOTATION: Final = re.compile(r"\bscientific notation\b", re.IGNORECASE)
_SCIENTIFIC: Final = re.compile(r"(-?\d[\d.,]*) ?(?:[×x*·] ?10\^|[eE])")
_WORDS: Final = frozenset(
    "capital capitals capitalise capitalised capitalize capitalized capitalization uppercase lowercase upper-case "
    "lower-case upper lower noun punctuation punctuated apostrophe apostrophes possessive contraction short "
    "shortened hyphen hyphens "
    "hyphenated hyphenation comma commas quotation quoted accent accents accented diacritic diacritics umlaut umlauts "
    "tilde tildes cedilla circumflex diaeresis dieresis trema macron caron breve ogonek special "
    "word say write spell spelled spelling spells spelt release version build firmware "
    "kernel section verse paragraph number code "
    "password pin isbn signature blood score odds match game lowest simplest reduced simplified "
    "irreducible notation python java javascript typescript sql html css bash unix linux json yaml latex regex "
    "rust ruby perl haskell shell case-sensitive programming c c++ c#".split()
)
"""A word of every pattern here: most questions hold none, and are done with in two microseconds."""
_POINTS: Final = str.maketrans("?.,:;'\"()`", "          ")
_COMMENT: Final = re.compile(
    r"(.+?) \((?:with (?:a |an )?)?(?:capital|upper.?case|lower.?case|small|no|note|all)[^()]*\)", re.IGNORECASE
)
_ELISION: Final = re.compile(r"(?<!\w)([lLdD]')(?=\w)")
_OUTER: Final = "`'\"“”‘’"
_TWO: Final = re.compile(r"(.+?)(?: ?[/:] ?| ?- ?| to | over | (?=\d|[a-z]+$))(.+?)(?: time)?")
_SOLIDUS: Final = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*|\\[dt]?frac\{(\d{1,9})\}\{(\d{1,9})\}")


def decide_form(question: str, answer: str, candidate: str) -> Decision | None:
    """The verdict where the question asks for a form: code, capitals, punctuation, a version, a pair, lowest terms."""
    asks = _asked(question)
    if not asks:
        return None
    if "lowest" in asks and (found := _lowest(answer, candidate)) is not None:
        return found
    if "notation" in asks and (found := _notation(answer, candidate)) is not None:
        return found
    if "pair" in asks and (found := _pairs(question, answer, candidate)) is not None:
        return found
    if "version" in asks and (found := _versions(question, answer, candidate)) is not None:
        return found
    return _exactly(asks, question, answer, candidate)


@lru_cache(maxsize=4_096)
def _asked(question: str) -> frozenset[str]:
    """What the question asks about: some of code, case, punctuation, accents, version, pair, lowest."""
    patterns = (
        ("case", _CASE), ("punctuation", _PUNCTUATION), ("accents", _ACCENTS), ("version", _VERSION), ("pair", _PAIR),
        ("lowest", _LOWEST), ("word", _WORD_FOR), ("notation", _NOTATION),
    )  # fmt: skip
    if _WORDS.isdisjoint(question.lower().translate(_POINTS).split()):
        return frozenset()
    asks = {name for name, pattern in patterns if pattern.search(question)}
    if _CODE.search(question) and _CODE_ITEM.search(question):
        asks.add("code")
    return frozenset(asks)


def asks_for_a_form(question: str) -> bool:
    """Whether `decide_form` may have something to say of any answer."""
    return bool(_asked(question))


def asks_for_accents(question: str) -> bool:
    """Whether a letter with its accent is what the question is about."""
    return "accents" in _asked(question)


def asks_for_a_word(question: str) -> bool:
    """Whether the question is about a word of another language, where ñ and n are two letters."""
    return "word" in _asked(question)


def _lowest(answer: str, candidate: str) -> Decision | None:
    ours, theirs = (_SOLIDUS.fullmatch(text.strip("$ .")) for text in (answer, candidate))
    if ours is None or theirs is None:
        return None
    pairs = [tuple(int(part) for part in found.groups() if part is not None) for found in (ours, theirs)]
    return Decision("same" if pairs[0] == pairs[1] else "different", "number")


def _notation(answer: str, candidate: str) -> Decision | None:
    """Different where the candidate is not in scientific notation although the answer is."""
    ours, theirs = (_SCIENTIFIC.match(symbol_form(text)) for text in (answer, candidate))
    if ours is None or theirs is None or not _is_normal(ours[1]) or _is_normal(theirs[1]):
        return None
    return Decision("different", "number")


def _is_normal(mantissa: str) -> bool:
    return re.fullmatch(r"-?[1-9](?:[.,]\d+)?", mantissa) is not None


def _pairs(question: str, answer: str, candidate: str) -> Decision | None:
    """`3/4`, `three-four`, `3 to 4`: two numbers of which none is divided by the other."""
    ours, theirs = _pair(answer), _pair(candidate)
    if ours is None or theirs is None:
        alone = re.fullmatch(r"\d+(?:[.,]\d+)?", (answer if theirs is not None else candidate).strip())
        return Decision("different", "number") if alone and (ours or theirs) is not None else None
    if ours == theirs:
        return Decision("same", "number")
    turned = ours == theirs[::-1] and re.search(r"\bscore|result\b", question, re.IGNORECASE) is not None
    return Decision("ambiguous" if turned else "different", "number")


def _pair(text: str) -> tuple[str, str] | None:
    plain = re.sub(r"^(\w+)[ -]all$", r"\1-\1", spelling_form(text).lower().strip(" ."))  # two all
    found = _TWO.fullmatch(plain) if len(plain) < 40 else None
    if found is None:
        return None
    sides = [_digits(found[1]), _digits(found[2])]
    return (sides[0], sides[1]) if all(sides) else None


def _digits(text: str) -> str:
    if text.isdigit():
        return str(int(text)) if len(text) < 10 else text
    numerals = read_words(text.replace("-", " ").split())
    return str(numerals[0].value) if numerals else ""


def _versions(question: str, answer: str, candidate: str) -> Decision | None:
    """Versions and codes are compared as written: 3.10 is not 3.1, and 007 is not 7."""
    ours, theirs = _code(question, answer), _code(question, candidate)
    if ours is None or theirs is None:
        return None
    return Decision("same" if ours == theirs else "different", "number")


def _code(question: str, text: str) -> str | None:
    words = [word for word in spelling_form(text).lower().strip(" .").split() if not _is_allowed(word, question)]
    code = " ".join(words)
    code = re.sub(r"^v\.?(?=\d)", "", code)
    return re.sub(r"(?<=\d)[ -](?=\d)", "", code) if re.fullmatch(r"\d[\w. -]*", code) else None


def _exactly(asks: frozenset[str], question: str, answer: str, candidate: str) -> Decision | None:
    """Equal but for what is asked about: different; equal in all: the same."""
    if not asks & {"code", "case", "punctuation"}:
        return None
    ours, theirs = _unframed(question, answer, asks), _unframed(question, candidate, asks)
    if ours == theirs or _holds(ours, theirs, question) or _holds(theirs, ours, question):
        return Decision("same", "containment" if ours != theirs else "text")
    plain = [_without_marks(text, asks) for text in (ours, theirs)]
    if plain[0] == plain[1]:
        return Decision("different", "text")
    return None


def _unframed(question: str, text: str, asks: frozenset[str]) -> str:
    text = spelling_form(text) if not text.isascii() else text
    comment = _COMMENT.fullmatch(text)
    text = (comment[1] if comment is not None else text).strip()
    text = text.strip("`") if len(text) > 2 else text
    if "code" in asks or ("'" not in text and '"' not in text):
        return text if "code" in asks else text.removesuffix(".")
    found = re.fullmatch(r"(.*?)(?<!\w)(['\"])(.+)\2(?!\w)(.*)", text)
    if found is not None and all(_is_allowed(word, question) for word in (found[1] + " " + found[4]).split()):
        return found[3]
    return text.removesuffix(".")


def _without_marks(text: str, asks: frozenset[str]) -> str:
    if asks & {"code", "punctuation"}:
        text = re.sub(r"[^\w\s]", "", text)
    return text.lower() if asks & {"code", "case"} else text


def decide_framed(question: str, answer: str, candidate: str) -> Decision | None:
    """The same where one text is the other and words that say nothing more beside this question."""
    ours, theirs = _tokens(answer), _tokens(candidate)
    if ours == theirs or not ours or not theirs:
        return None
    shorter, longer = (ours, theirs) if len(ours) < len(theirs) else (theirs, ours)
    for start in range(len(longer) - len(shorter) + 1):
        if longer[start : start + len(shorter)] == shorter:
            rest = longer[:start] + longer[start + len(shorter) :]
            if rest and all(_is_allowed(word, question) for word in rest):
                return Decision("same", "containment")
    return None


def is_framed(question: str, first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether one name is the other with words around it that say nothing more: `king henry` beside `henry`."""
    shorter, longer = (first, second) if len(first) < len(second) else (second, first)
    for start in range(len(longer) - len(shorter) + 1):
        if shorter and longer[start : start + len(shorter)] == shorter:
            rest = longer[:start] + longer[start + len(shorter) :]
            return all(_is_allowed(word, question) for word in rest)
    return False


def says_nothing(question: str, words: tuple[str, ...]) -> bool:
    """Whether `words` only name what the question asks for: `chapter` beside `Which chapter comes next?`."""
    return all(_is_allowed(word, question) for word in words)


def _holds(shorter: str, longer: str, question: str) -> bool:
    words, others = shorter.split(), [word.strip(_OUTER) if len(word) > 2 else word for word in longer.split()]
    if len(words) >= len(others):
        return False
    for start in range(len(others) - len(words) + 1):
        if others[start : start + len(words)] == words:
            return all(_is_allowed(word, question) for word in others[:start] + others[start + len(words) :])
    return False


@lru_cache(maxsize=4_096)
def _tokens(text: str) -> tuple[str, ...]:
    if len(text) > 80:
        return ()
    words = _ELISION.sub(r"\1 ", spelling_form(text)).strip().removesuffix(".").split()
    return tuple(symbol_form(word.strip("`'\",") or word) for word in words)


def _is_allowed(word: str, question: str) -> bool:
    word = word.lower().strip(",.:;'\"`()")
    if not word:
        return True
    if word in _MEANS_SOMETHING or not word.replace("'", "").isalpha():
        return False
    asked = _question_words(question)
    if word in _FRAME or word in asked or any(word.removesuffix(end) in asked for end in ("d", "ed", "s", "es")):
        return True
    return word in _FOREIGN and _LANGUAGES.search(question) is not None


@lru_cache(maxsize=1_024)
def _question_words(question: str) -> frozenset[str]:
    words = re.findall(r"[^\W\d_]+", question[:600].lower())
    return frozenset(word for word in words if len(word) > 1 and not read_words([word]))
