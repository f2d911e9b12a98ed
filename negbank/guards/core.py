"""What a text answers, without the words that only lead up to it: `Canberra` of "I think the answer is Canberra."."""

from __future__ import annotations

import functools
import re
from typing import Final

from negbank.guards.words import BARE_NEGATIONS, MAX_CHARACTERS, fold_accents, tokens_of

_BE: Final = r"(?:'s|'re|\s+(?:is|was|are|were|would\s+be|must\s+be|should\s+be|will\s+be))"
_OPENERS: Final = re.compile(
    r"(?:so|well|ok|okay|therefore|thus|hence|sure|actually|certainly|of\s+course|obviously|clearly|probably|hmm|"
    r"i\s+(?:think|believe|guess|would\s+say|am\s+sure|suppose)(?:\s+that)?|in\s+my\s+opinion|to\s+my\s+knowledge|"
    r"as\s+far\s+as\s+i\s+know)\b[\s,:]*",
    re.IGNORECASE,
)
_LEAD: Final = re.compile(
    r"(?:(?:the|my|our|a)\s+)?(?:(?:final|correct|right|best|short|true|only)\s+)?"
    rf"(?:answer|response|solution|result|choice|option)(?:\s+(?:to|here|for)\b[^:.=]{{0,40}}?)?(?:{_BE}|\s*[:=])\s*(?:that\s+)?"
    rf"|(?:it|this|that|he|she|they|these|those){_BE}\s+(?:called\s+|named\s+|known\s+as\s+)?"
    r"|there\s+(?:is|are|was|were)\s+"
    r"|(?:ans|a|answer|antwort|reponse|respuesta|risposta|resposta|antwoord|svar|odpowiedz|vastaus)\s*[:=]\s*"
    r"|(?:ответ|答案|答|回答|해답)\s*[:=：]\s*"
    r"|(?:c'est|ce\s+sont|ce\s+fut|c'etait|il\s+s'agit\s+de|la\s+reponse\s+est)\s+"
    r"|(?:es\s+ist|das\s+ist|es\s+sind|das\s+sind|es\s+war|die\s+antwort\s+(?:ist|lautet)|er\s+ist|sie\s+ist)\s+"
    r"|(?:es|son|fue|era|la\s+respuesta\s+es|se\s+trata\s+de|se\s+llama)\s+"
    r"|(?:e|sono|la\s+risposta\s+e|si\s+tratta\s+di|a\s+resposta\s+e|sao)\s+"
    r"|(?:het\s+is|dat\s+is|het\s+antwoord\s+is|det\s+er|det\s+ar|svaret\s+er|svaret\s+ar)\s+"
    r"|(?:это|ответ\s*[-—:])\s*",
    re.IGNORECASE,
)
_ASIAN: Final = re.compile(
    r"(?:答案是|回答是|它是|那是|这是|就是|是|それは|これは|答えは|정답은|답은)?\s*([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+?)"
    r"(?:でございます|です|だ|である|입니다|이다|예요|이에요)?[。．.!！]?"
)
_LETTERED: Final = re.compile(r"(?:option|choice|answer)?\s*(?:\([A-Ha-h]\)|[A-H]\))\s+")
_TAIL: Final = re.compile(
    r"[\s,;]*(?:of course|i think|i believe|i guess|i suppose|for sure|obviously|as far as i know|without a doubt|"
    r"if i remember (?:correctly|right)|i am sure|i'm sure)?[\s.!]*$",
    re.IGNORECASE,
)
LEADING: Final = frozenset(
    """so well ok okay therefore thus hence sure actually certainly of obviously clearly probably hmm i in to as final
    correct right best short true only answer response solution result choice option it this that he she they these
    those there ans c'est ce il la es das die er sie son fue era se e sono si sao het dat det svaret""".split()
)
"""The first or second word of each lead-in; a plain text without one needs no second look."""
_WRAPPERS: Final = "*_`\"'“”„«»‘’ \t\n"
_FOREIGN: Final = frozenset("le les der die das el los las il lo gli un une una ein eine het".split())
_ARTICLES: Final = ("a", "an", "the")
_SPECIAL: Final = BARE_NEGATIONS | {"cannot", "course"} | _FOREIGN


@functools.lru_cache(maxsize=1 << 16)
def core(text: str) -> str:
    """`text` without wrapping, "I think", "the answer is", "it is" and their like in other languages.

    The text itself where nothing else would be left.
    """
    plain = text.rstrip(" .!")
    if _is_plain(plain) and " I " not in plain and LEADING.isdisjoint(plain.lower().split(" ", 2)[:2]):
        return plain
    asian = None if text.isascii() else _ASIAN.fullmatch(text[:60].strip(_WRAPPERS + "。"))
    if asian is not None:
        return asian[1]
    out = fold_accents(text[:MAX_CHARACTERS].strip(_WRAPPERS)).replace("’", "'")
    for _ in range(4):
        before = out
        for pattern in (_OPENERS, _LETTERED, _LEAD):
            found = pattern.match(out)
            if found is not None and len(found[0]) < len(out):
                out = out[found.end() :].lstrip(_WRAPPERS + ",:")
        if out == before:
            break
    tail = _TAIL.search(out)
    if tail is not None:
        out = out[: tail.start()]
    return out.strip(_WRAPPERS) or text.strip()


@functools.lru_cache(maxsize=1 << 16)
def core_tokens(text: str) -> tuple[str, ...]:
    """The folded tokens of `core(text)` without articles; with them where nothing else is left."""
    plain = text.rstrip(" .!")
    if plain[1:].islower() and _is_plain(plain):
        words = plain.lower().split()
        if len(words[0]) > 2 and LEADING.isdisjoint(words[:2]) and _SPECIAL.isdisjoint(words):
            return tuple([word for word in words if word not in _ARTICLES]) or tuple(words)
    tokens = tokens_of(core(text))
    out = tuple(token for place, token in enumerate(tokens) if token not in _ARTICLES)
    if len(out) > 1 and out[0] in _FOREIGN:
        out = out[1:]
    return out or tuple(tokens)


def _is_plain(text: str) -> bool:
    """Whether `text` is plain words only, so that the short way sees all that the long one would."""
    return text.isascii() and len(text) <= MAX_CHARACTERS and text.replace(" ", "").isalpha() and "course" not in text


def core_key(text: str) -> str:
    """`core_tokens` as one string."""
    return " ".join(core_tokens(text))
