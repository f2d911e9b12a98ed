"""One spelling of symbols and of letters: Greek letters, arrows, relations, formulae, accents, look-alikes.

`symbol_form` keeps the case and what is raised (x² is not x2); `plain_letters` takes accents and look-alikes away.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

MAX_LENGTH: Final = 2_000
MAX_MARKS: Final = 30
"""The longest run of combining marks that is put in order; longer ones would take quadratic time."""

_GREEK: Final = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega"
).split()
_SMALL: Final = "αβγδεζηθικλμνξοπρστυφχψω"
GREEK: Final = dict(zip(_GREEK, _SMALL, strict=True))
"""Each small letter by its English name."""
_LATEX: Final = {
    **GREEK,
    **{name.title(): sign.upper() for name, sign in GREEK.items()},
    "varepsilon": "ε", "vartheta": "θ", "varphi": "φ", "to": "→", "rightarrow": "→", "longrightarrow": "→",
    "leftarrow": "←", "gets": "←", "leftrightarrow": "↔", "rightleftharpoons": "⇌", "Rightarrow": "⇒", "implies": "⇒",
    "Leftrightarrow": "⇔", "iff": "⇔", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠", "ne": "≠",
    "approx": "≈", "equiv": "≡", "sim": "~", "times": "×", "div": "÷", "pm": "±", "cdot": "·", "in": "∈",
    "notin": "∉", "subset": "⊂", "subseteq": "⊆", "supset": "⊃", "cup": "∪", "cap": "∩", "emptyset": "∅",
    "varnothing": "∅", "forall": "∀", "exists": "∃", "neg": "¬", "lnot": "¬", "land": "∧", "wedge": "∧", "lor": "∨",
    "vee": "∨", "oplus": "⊕", "infty": "∞", "partial": "∂", "nabla": "∇", "sum": "∑", "prod": "∏", "int": "∫",
    "sqrt": "√", "angle": "∠", "perp": "⊥", "parallel": "∥", "circ": "°", "degree": "°", "hbar": "ℏ", "ell": "ℓ",
    "therefore": "∴", "propto": "∝", "setminus": "∖",
}  # fmt: skip
_NAMES: Final = {
    "infinity": "∞", "plus or minus": "±", "plus-minus": "±", "greater than or equal to": "≥",
    "less than or equal to": "≤", "greater than": ">", "less than": "<", "not equal to": "≠", "not equal": "≠",
    "empty set": "∅", "the empty set": "∅", "times": "×", "x": "×", "*": "×", "·": "×",
    "multiplication sign": "×", "division sign": "÷",
    "plus": "+", "minus": "-", "equals": "=", "equal": "=",
    "percent": "%", "per cent": "%", "ampersand": "&", "asterisk": "*",
    "hash": "#", "degree": "°", "square root": "√", "there exists": "∃", "for all": "∀", "union": "∪",
    "intersection": "∩", "element of": "∈", "dollar": "$", "dollar sign": "$", "euro": "€", "euro sign": "€",
    "pound sign": "£", "question mark": "?", "exclamation mark": "!", "exclamation point": "!", "comma": ",",
    "full stop": ".", "period": ".", "colon": ":", "semicolon": ";", "apostrophe": "'", "hyphen": "-", "slash": "/",
    "forward slash": "/", "backslash": "\\", "underscore": "_", "vertical bar": "|",
    "pipe": "|", "tilde": "~", "caret": "^",
    "yen": "¥", "ohm": "Ω", "at sign": "@", "section sign": "§", "copyright": "©", "registered": "®",
}  # fmt: skip
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"), **dict.fromkeys("‘’‛ʼ′`´＇", "'"), **dict.fromkeys('“”„‟«»＂″', '"'),
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u034f", ""), "⁄": "/", "∕": "/",
        **dict.fromkeys("➔⟶⇾➝➜", "→"), "⇄": "⇌", "⟹": "⇒", "⩾": "≥", "⩽": "≤", "≧": "≥", "≦": "≤", "º": "°", "˚": "°",
        "∙": "·", "⋅": "·", "•": "·", "∆": "Δ", "∑": "Σ", "∏": "Π", "µ": "μ", "Ω": "Ω", "ϕ": "φ", "ϵ": "ε", "＝": "=",
        "♯": "#", "♭": "b", "∣": "|", "∶": ":", "⋀": "∧", "⋁": "∨",
    }
)  # fmt: skip
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", "0123456789+-=()ni")
_RAISED: Final = re.compile("[⁰¹²³⁴-⁹⁺⁻⁼⁽⁾ⁿⁱ]+")
_COMMAND: Final = re.compile(r"\\([A-Za-z]+)\s?")
_STYLED: Final = re.compile(r"\\(?:text|mathrm|mathbf|mathit|operatorname|ce|boldsymbol)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_NO_MEANING: Final = re.compile(r"\\(?:left|right|displaystyle)(?![A-Za-z])|\\[,;:! ]")
_ARROWS: Final = (
    (re.compile(r"<-{1,3}>"), "↔"), (re.compile(r"<=>|<==>"), "⇔"), (re.compile(r"-{1,3}>"), "→"),
    (re.compile(r"={1,2}>(?!=)"), "⇒"), (re.compile(r"<-{1,3}(?!>)"), "←"), (re.compile(r">="), "≥"),
    (re.compile(r"<="), "≤"), (re.compile(r"!=|=/="), "≠"), (re.compile(r"\+/-|\+-"), "±"),
)  # fmt: skip
_INDEX: Final = re.compile(r"_\s?(?:\{([^{}]{1,12})\}|(\w))")
_POWER: Final = re.compile(r"(?:\^|\*\*)\s?(?:\{([^{}]{1,12})\}|\(([-+]?\w{1,9})\))|\*\*")
_AROUND: Final = re.compile(r"(?<=[^\w\s]) (?=\S)|(?<=\S) (?=[^\w\s])")
_SAID: Final = re.compile(r"^(?:(?:an?|the) )?(?:greek )?(?:(?:letter|symbol|sign|character) )?")
_TWICE: Final = re.compile(r"([^()]+) \(([^()]+)\)")
_CASED: Final = re.compile(r"(capital|upper-?case|lower-?case|small) (?:letter )?([a-z])")
_REVERSIBLE: Final = ("<=>", "<==>", "<->", "<-->", "⇔", "↔", "⇄", "⇆")
"""How a reversible reaction is typed, beside the two half arrows."""
_SIGNS: Final = frozenset(_NAMES.values())
_FUNCTION: Final = re.compile(r"(?:arc)?(?:sin|cos|tan|cot|sec|csc)h?|ln|log|exp")
_INVERSE: Final = re.compile(r"\b(sin|cos|tan)\^\(?-1\)?(?!\d)")
_TAGS: Final = re.compile(r"<(\w{1,12})>(?:\.{3})?</\1>")
"""A tag written as the pair that it opens and closes: `<b>...</b>`."""
_NOTE: Final = re.compile(r"\b([A-G])[ -](flat|sharp)\b")
_LETTERS: Final = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i", "ħ": "h", "ŀ": "l",
}  # fmt: skip
_GERMAN: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "đ": "dj"}
_LOOKALIKES: Final = str.maketrans(
    "аеорсухіјѕԁһԛԝАВЕКМНОРСТХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧνο", "aeopcyxijsdhqwABEKMHOPCTXIJSABEZHIKMNOPTYXvo"
)


def spelling_form(text: str) -> str:
    """`text` with one character for each kind of quote, dash, space and full-width letter; what is raised gets a `^`.

    Invisible characters are gone, ligatures are letters, accents stay.
    """
    if text.isascii():
        return " ".join(text.split())
    text = _RAISED.sub(lambda m: "^{" + m[0].translate(_SUPERSCRIPTS) + "}", text[:MAX_LENGTH].translate(_ALIKE))
    if _has_long_marks(text):
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFKC", text).translate(_ALIKE).split())


def _has_long_marks(text: str) -> bool:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > MAX_MARKS:
            return True
    return False


def plain_letters(text: str, german: bool = False, lower: bool = True) -> str:
    """A spelling form without accents on Latin and Greek letters, look-alikes in a mixed word made Latin.

    In small letters, unless not `lower`. `german` writes ä, ö, ü, ø, å as ae, oe, ue, oe, aa.
    """
    if text.isascii():
        return text.lower() if lower else text
    words = [_unmixed(word) for word in text.split(" ")]
    joined = " ".join(words)
    out = []
    for character in joined.lower() if lower else joined:
        if german and character in _GERMAN:
            out.append(_GERMAN[character])
            continue
        out.append(_LETTERS.get(character) or _without_accent(character))
    return "".join(out)


def _without_accent(character: str) -> str:
    if character.isascii():
        return character
    parts = unicodedata.normalize("NFD", character)
    name = unicodedata.name(parts[0], "")
    if len(parts) > 1 and name.startswith(("LATIN", "GREEK")):
        return parts[0]
    return "" if unicodedata.combining(character) and name.startswith("COMBINING") else character


def _unmixed(word: str) -> str:
    """A word of several scripts in Latin letters, where each of the others looks like one."""
    if word.isascii() or not any("a" <= sign.lower() <= "z" for sign in word):
        return word
    return word.translate(_LOOKALIKES)


@lru_cache(maxsize=4_096)
def symbol_form(text: str) -> str:
    """`text` as symbols: LaTeX commands and typed arrows as signs, indices on the line, no spaces around signs."""
    if len(text) > MAX_LENGTH:
        return text
    text = spelling_form(text).strip()
    while len(text) > 2 and text[0] == text[-1] and text[0] in "$\"'`":
        text = text[1:-1].strip()
    if "\\" in text:
        text = _NO_MEANING.sub(" ", _STYLED.sub(r"\1", text)).replace(r"\{", "{").replace(r"\}", "}")
        text = _COMMAND.sub(lambda m: _LATEX.get(m[1]) or (m[1] if _FUNCTION.fullmatch(m[1]) else m[0]), text)
    if not text.replace(" ", "").isalpha():
        for pattern, sign in _ARROWS:
            text = pattern.sub(sign, text)
        text = _INDEX.sub(lambda m: m[1] or m[2], text)
        text = _POWER.sub(lambda m: "^" + (m[1] or m[2] or ""), text)
    if " " in text:
        text = _NOTE.sub(lambda m: m[1] + ("b" if m[2] == "flat" else "#"), text)
        text = re.sub(r"(?<=\w) x (?=\w)", "×", text)
    text = _AROUND.sub("", " ".join(text.split()))
    if text.endswith(".") and len(text) > 1:
        text = text[:-1]
    if "^" in text:
        text = _INVERSE.sub(r"arc\1", text)
    pair = _TAGS.fullmatch(text) if text[:1] == "<" else None
    text = text if pair is None else f"<{pair[1]}>"
    return "∅" if text == "{}" else text.translate(_ALIKE)


def named_symbols(text: str) -> frozenset[str]:
    """The signs that `text` is, as itself or by name: `lambda` is λ or Λ; its symbol form if it is no name."""
    twice = _TWICE.fullmatch(text) if len(text) < 60 else None
    if twice is not None:  # question mark (?)
        outer, inner = named_symbols(twice[1]), named_symbols(twice[2])
        if outer & inner or (_SIGNS.isdisjoint(outer) and not any(sign.isalnum() for sign in twice[2])):
            return outer & inner or inner
    form = symbol_form(text)
    name = _SAID.sub("", form.lower()).removesuffix(" sign").removesuffix(" symbol")
    blood = re.fullmatch(r"(?:(?:blood )?(?:group|type) )?(a|b|ab|o) ?(pos(?:itive)?|neg(?:ative)?)\.?", name)
    if blood is not None:
        return frozenset((blood[1].upper() + ("+" if blood[2].startswith("pos") else "-"),))
    if name in GREEK:
        return frozenset((GREEK[name], GREEK[name].upper()))
    cased = _CASED.fullmatch(name)
    if cased is not None:
        return frozenset((cased[2].upper() if cased[1] in ("capital", "uppercase", "upper-case") else cased[2],))
    if text.strip() in _REVERSIBLE:
        return frozenset(("⇌", form))
    for prefix, upper in (("capital ", True), ("uppercase ", True), ("small ", False), ("lowercase ", False)):
        letter = GREEK.get(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if letter is not None:
            return frozenset((letter.upper() if upper else letter,))
    sign = _NAMES.get(name) or _NAMES.get(name.replace("-", " ")) or _NAMES.get(form.lower())
    note = re.fullmatch(r"([A-Ga-g])[ -]?(sharp|flat|natural|♮|#|b)", form, re.IGNORECASE)
    if note is not None and (len(note[2]) > 1 or form[0].isupper()):
        return frozenset(
            (note[1].upper() + {"sharp": "#", "flat": "b", "natural": "", "♮": ""}.get(note[2].lower(), note[2]),)
        )
    return frozenset((sign, form)) if sign is not None else frozenset((form,))
