"""One spelling for texts that say the same: `normalise("an increase of 50%") == normalise("Increase of 1/2.")`.

Case, articles, end punctuation, quotes, hyphens, dashes, thousands, decimals, fractions, percent, number words and
units (SI prefixes, hours, feet; never metric to imperial, never between temperature scales) are made alike.
What may carry meaning stays: the case of symbols (`Mg`, `mg`, `Rr`, `RR`), signs and charges, order, ratios and dates,
`A` as a name, and all punctuation of a formula. In doubt two texts stay apart.

Numbers are exact fractions. Nothing is evaluated, and the time is linear in the text's length.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from fractions import Fraction
from typing import Final

from negbank.guards.quantity import NUMBER_WORDS, PARTS, SCALES, format_number, parse_number, read_unit
from negbank.guards.spelling import respell
from negbank.guards.tokens import FORMULA, NOTHING, Token, tokenise, without_marks

REMEMBERED: Final = 1 << 17
"""Texts whose forms are kept: calibration and several guards ask for the same ones."""

PASSES: Final = 12
"""A pass can bring together what it could not see (a number freed from brackets), so passes run until one changes
nothing. Benchmark texts take two; the most seen on made-up ones is seven. A text still moving after twelve is left as
it is, which can only keep it apart from another."""

_PROSE = re.compile(r"""(?:[A-Za-z ,;:?"']|\.(?![A-Za-z])|(?<=[A-Za-z]{2})-(?=[A-Za-z]{2}))*+""")
_LETTERS = re.compile("[A-Za-z]+(?:'[A-Za-z]+)*+")
_PLAIN = re.compile(r"[a-z]+(?: [a-z]+)*+")

_BINDS_NUMBER: Final = frozenset({"^", "_", "\\", "/"})
_NUMERAL = re.compile("[IVX]+")
_UNIT_TOKENS: Final = 16
"""More than any unit is spelled with; a longer quotient keeps its end as it is written."""
_MAX_SCALES: Final = 3
_ARTICLES: Final = frozenset({"a", "an", "the"})
_NAMED_BY_LETTER: Final = frozenset(
    "vitamin hepatitis type group class point object choice option answer figure planet star element substance "
    "plant line side team part section influenza plan case box".split()
)
_NOT_AFTER_ARTICLE: Final = frozenset(
    "and or is are was were has have had to in on at of for than then nor with by from not only does will would "
    "can plus minus times equals but goes implies".split()
)
_SHORT_WORDS: Final = frozenset("no of it in an he as at is to by up be we or on if so us my me do go am ex".split())


@functools.lru_cache(maxsize=REMEMBERED)
def normalise(text: str) -> str:
    """The canonical form of `text`: equal forms say the same by surface alone. Idempotent; raises nothing.

    A text of punctuation only is its own form; a blank one gives "".
    """
    for _ in range(PASSES):
        form = _one_pass(text)
        if form == text or (_PLAIN.fullmatch(form) is not None and not _ARTICLES.intersection(form.split())):
            return form
        text = form
    return text


def _one_pass(text: str) -> str:
    if _PROSE.fullmatch(text) is not None and not ("-" in text and "'" in text):
        words = _LETTERS.findall(text)
        if NUMBER_WORDS.keys().isdisjoint(map(str.lower, words)) and words:
            return _join_prose(words)
    spelled = respell(text)
    formula = FORMULA.search(spelled) is not None
    tokens = _without_articles(without_marks(tokenise(spelled), spelled, formula))
    pieces = _quantities(tokens)
    return _join(pieces) or " ".join(spelled.split())


def _without_articles(tokens: list[Token]) -> list[Token]:
    """`tokens` without a, an and the, where another word follows and `a` is not a name."""
    keep: list[Token] = []
    for place, token in enumerate(tokens):
        if len(token.text) <= 3 and token.text.lower() in _ARTICLES:
            after = tokens[place + 1] if place + 1 < len(tokens) else NOTHING
            before = keep[-1].text if keep else ""
            if after.kind in ("word", "number") and _is_article(token.text, before, after.text):
                continue
        keep.append(token)
    return keep


def _is_article(text: str, before: str, after: str) -> bool:
    """Whether `text`, which a word or number follows, says nothing; `before` is "" at the start."""
    if text.lower() != "a":
        return text not in ("AN", "aN")
    if len(after) < 2 or not after.isalpha() or after.lower() in _NOT_AFTER_ARTICLE:
        return False
    if text == "A":
        return not before and after.islower()
    return before.lower() not in _NAMED_BY_LETTER


def _join_prose(words: list[str]) -> str:
    """What the long way makes of words that only spaces and sentence marks part, at a tenth of the time."""
    keep: list[str] = []
    last = len(words) - 1
    for place, word in enumerate(words):
        article = len(word) <= 3 and place < last and word.lower() in _ARTICLES
        if not (article and _is_article(word, keep[-1] if keep else "", words[place + 1])):
            keep.append(word)
    alone = len(keep) == 1
    return " ".join([word if word.islower() else _fold(word, alone) for word in keep])


def _quantities(tokens: list[Token]) -> list[Token]:
    """`tokens` with each number, and the unit after it, in its one spelling."""
    out: list[Token] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.kind == "number":
            piece, used = _number(tokens, place)
        elif token.kind == "word" and token.text.lower() in NUMBER_WORDS:
            piece, used = _number_words(tokens, place)
        else:
            piece, used = token, 1
        if piece.kind == "number" and out and out[-1].kind == "number":
            out.append(Token("mark", ","))
        out.append(piece)
        place += used
    return out


def _number(tokens: list[Token], place: int) -> tuple[Token, int]:
    token = tokens[place]
    before = tokens[place - 1].text if place else ""
    after = tokens[place + 1] if place + 1 < len(tokens) else NOTHING
    bound = (
        before in _BINDS_NUMBER or after.text in _BINDS_NUMBER or (after.text in "(!" and after.tight and after.text)
    )
    value = None if bound else parse_number(token.text)
    if value is not None and not (token.text.isdigit() and len(token.text) == 4 and after.text == "s" and after.tight):
        piece, used = _measured(tokens, place + 1, value)
        if used or after.kind != "word" or not after.tight:
            return piece, 1 + used
    if after.kind == "word" and after.tight:
        return Token("word", token.text + after.text), 2
    return token, 1


def _number_words(tokens: list[Token], place: int) -> tuple[Token, int]:
    value, used = Fraction(NUMBER_WORDS[tokens[place].text.lower()]), 1
    following = [token.text.lower() for token in tokens[place + 1 : place + 2] if token.kind == "word"]
    if following and value >= 20 and 0 < NUMBER_WORDS.get(following[0], 0) < 10:
        value, used = value + NUMBER_WORDS[following[0]], 2
    elif following and following[0] in PARTS and following[0].endswith("s") == (value != 1):
        value, used = value * PARTS[following[0]], 2
    piece, more = _measured(tokens, place + used, value)
    return piece, used + more


def _measured(tokens: list[Token], place: int, value: Fraction) -> tuple[Token, int]:
    """The number `value` with the scale words and the unit that stand at `place`, and how many tokens they are."""
    used = 0
    while place + used < len(tokens) and tokens[place + used].text.lower() in SCALES and used < _MAX_SCALES:
        value *= SCALES[tokens[place + used].text.lower()]
        used += 1
    unit = read_unit([token.text for token in tokens[place + used : place + used + _UNIT_TOKENS]])
    if unit is None:
        return Token("number", format_number(value)), used
    spelled = f"{format_number(value * unit.factor)} {unit.symbol}".rstrip()
    return Token("number", spelled), used + unit.used


def _join(pieces: list[Token]) -> str:
    alone = len(pieces) == 1
    out: list[str] = []
    glued = True
    for piece in pieces:
        if not (glued or piece.left):
            out.append(" ")
        out.append(_fold(piece.text, alone) if piece.kind == "word" else piece.text)
        glued = piece.right
    return "".join(out)


def _fold(word: str, alone: bool) -> str:
    """`word` in lower case, unless its case may be its meaning: symbols, genotypes, numerals, single letters."""
    if (word.islower() and word.isascii()) or len(word) == 1:
        return word
    title = word[0].isupper() and word[1:].islower()
    if len(word) == 2:
        return word.lower() if title and word.lower() in _SHORT_WORDS and (not alone or word == "No") else word
    spelled = title or word.isupper() or word.islower()
    if not spelled or not word.replace("'", "").isalpha() or _NUMERAL.fullmatch(word) or _is_genotype(word):
        return word
    if word.isascii():
        return word.lower()
    folded = word.casefold()
    stable = folded.isalpha() and unicodedata.normalize("NFKC", folded) == folded == folded.casefold()
    return folded if stable else word


def _is_genotype(word: str) -> bool:
    """Whether letters come in pairs, as in RRYY and RrYy."""
    return len(word) % 2 == 0 and word[::2].lower() == word[1::2].lower()
