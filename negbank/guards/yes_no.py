"""Yes, no and neither: in a word, in a short answer ("It does."), or as the question's own words said back."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from negbank.guards.decision import Decision
from negbank.guards.negation import Compared, compare, statement
from negbank.guards.opposites import without_prefix
from negbank.guards.words import fold_accents, stem, tokens_of


def _words(text: str) -> frozenset[str]:
    return frozenset(fold_accents(text).split())


_YES: Final = _words(
    """yes yeah yep yup aye sure certainly absolutely definitely indeed affirmative true correct right y t totally
    exactly of-course sure-thing by-all-means i-think-so without-a-doubt without-doubt most-certainly
    oui si ja jawohl jo da sim tak ano igen evet nai kylla hai ya vrai verdadero cierto richtig wahr vero verdadeiro
    waar claro claro-que-si por-supuesto bien-sur mais-oui naturlich certo
    да верно так ναι はい 是 是的 对 對 네 예 نعم हाँ हां כן"""
)
_NO: Final = _words(
    """no nope nah nay never negative false incorrect wrong untrue n f not-really not-at-all not-true not-correct
    not-right of-course-not absolutely-not definitely-not certainly-not by-no-means no-way not-quite not-exactly
    i-do-not-think-so in-no-way under-no-circumstances hardly far-from-it
    non nein nee nej nei nao nie ne nem hayir ohi ei tidak faux falso falsch onwaar errado
    claro-que-no bien-sur-que-non
    нет неверно ні όχι οχι いいえ 不 不是 不对 否 아니요 아니오 لا नहीं לא"""
)
_OPEN: Final = _words(
    """maybe perhaps possibly probably sometimes unknown unclear unsure uncertain undecided it-depends depends
    partly partially both neither cannot-be-determined can-not-be-determined cannot-tell i-do-not-know not-sure
    i-am-not-sure not-known nobody-knows no-one-knows hard-to-say peut-etre vielleicht quizas tal-vez forse talvez
    probably-not inconclusive possibly-not who-knows"""
)
_ALSO_OTHERWISE: Final = frozenset(
    "right true correct sure y n t f negative never hardly wrong ne ei ya da ano si tak nie jo hai so".split()
)
"""Words of those above that are answers of another kind as well; they count only where a yes or no is asked for."""

_POLAR_START: Final = frozenset(
    """is are was were am do does did can could will would shall should has have had may might must isn't aren't
    wasn't weren't don't doesn't didn't can't couldn't won't wouldn't shouldn't hasn't haven't hadn't
    ist sind war waren hat haben kann konnen wird est sont""".split()
)
_TRUE_FALSE = re.compile(
    r"\b(?:true or false|yes or no|yes/no|true/false|is it true|is this (?:true|correct)|answer (?:with )?(?:yes|no)|"
    r"right or wrong|correct or incorrect)\b",
    re.IGNORECASE,
)
_WH: Final = frozenset("what which who whom whose when where why how".split())
_PRONOUNS: Final = frozenset("it they he she i we you there that this these those both one".split())
_AUXILIARIES: Final = frozenset(
    "is are was were am do does did can could will would shall should has have had may might must".split()
)
_EMPHASIS: Final = frozenset("indeed certainly definitely really actually surely absolutely always".split())
_TRUTH: Final = {"true": 1, "correct": 1, "right": 1, "false": -1, "incorrect": -1, "wrong": -1, "untrue": -1}
_WORD_AND_MARK = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*\s*([,.;:!–—*]|-\s)?")
_STATEMENT: Final = frozenset("the statement claim answer sentence this that it assertion is was a".split())
_FIRST_WORD = re.compile(r"[^\w]{0,8}([^\W\d_]+)")
_FIRST: Final = frozenset(phrase.split("-")[0] for phrase in _YES | _NO | _OPEN) | _PRONOUNS | _STATEMENT
_FIRST_ALONE: Final = frozenset(phrase.split("-")[0] for phrase in _YES | _NO | _OPEN)
_HEDGE: Final = frozenset("but except unless however only if although though partly depending".split())
_TAG_QUESTION = re.compile(r"(?:est-ce que|est-elle|est-il|¿|[^\W\d_]+-t-(?:il|elle))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """`sign`: 1 for yes, -1 for no, 0 for neither; `bare`: whether that is all the text says; `hedged`: ", but ..."."""

    sign: int
    bare: bool
    hedged: bool = False
    only_reply: bool = True


def decide_yes_no(question: str, answer: str, candidate: str) -> Decision | None:
    """`same` or `different` where one of the texts says yes or no to `question` and the other can be read so too."""
    polar = is_polar(question)
    if not polar and not (may_reply(answer) or may_reply(candidate)):
        return None
    right, other = reply(answer, polar), reply(candidate, polar)
    if right is None and other is None:
        return None
    if right is not None and other is not None:
        return _of_replies(right, other, polar)
    if not polar:
        return None
    if right is not None:
        said = clause_sign(question, candidate)
        return None if said is None or not right.sign else _verdict(said == right.sign)
    said = clause_sign(question, answer)
    if said is None or other is None:
        return None
    if said == other.sign:
        return _verdict(True) if other.bare else None
    return _verdict(False)


def _of_replies(right: Reply, other: Reply, polar: bool) -> Decision | None:
    if not polar and not (right.only_reply and other.only_reply):
        return None
    if right.sign != other.sign:
        return _verdict(False)
    if not right.sign or (not right.bare and not other.bare):
        return None
    if right.bare != other.bare and (right.hedged or other.hedged):
        return Decision("ambiguous", "yes-no")
    return _verdict(True)


def _verdict(same: bool) -> Decision:
    return Decision("same" if same else "different", "yes-no")


@functools.lru_cache(maxsize=1 << 15)
def is_polar(question: str) -> bool:
    """Whether `question` asks for yes or no: "Is it round?", "True or false: ..."; not "Is it red or blue?"."""
    lower = question.lower()
    if any(hint in lower for hint in ("true", "yes", "correct", "wrong", "answer")) and _TRUE_FALSE.search(question):
        return True
    last = _last_sentence(question)
    words = last.lower().replace("’", "'").split(maxsplit=2)
    while len(words) > 1 and words[0].strip(",") in ("and", "so", "but", "then", "well"):
        words = words[1:]
    first = words[0].strip("¿\"'([ ,") if words else ""
    if not first or first in _WH or (" or " in last and "or not" not in last.lower()):
        return False
    if first in _POLAR_START:
        return True
    if ("¿" in last or "-" in last or "est" in first) and _TAG_QUESTION.search(last) and not _foreign_wh(last):
        return True
    # "In France, is it legal to ...?"
    comma = last.rfind(", ")
    after = last[comma + 2 :].split(" ", 1)[0].lower() if comma > 0 else ""
    return after in _POLAR_START and _WH.isdisjoint(re.findall(r"\w+", last[:600].lower()))


def _last_sentence(question: str) -> str:
    text = question.strip()[-2000:]
    cut = max(text.rfind(". ", 0, -1), text.rfind("? ", 0, -1), text.rfind("! ", 0, -1), text.rfind("\n", 0, -1))
    return text[cut + 1 :].strip() if cut >= 0 else text


def _foreign_wh(text: str) -> bool:
    folded = fold_accents(text.lower())
    return re.search(r"\b(?:que|quel|quelle|quels|qui|quand|ou|combien|comment|pourquoi|cual|cuales|quien|cuando|"
                     r"donde|cuanto|cuantos|cuantas|como|por que|en que)\b", folded) is not None and not re.match(
        r"\W*est-ce que", folded)  # fmt: skip


@functools.lru_cache(maxsize=1 << 16)
def may_reply(text: str) -> bool:
    """Whether the first word of `text` says yes or no in some language: a cheap look before `reply`."""
    first = _FIRST_WORD.match(text)
    return first is not None and fold_accents(first[1].lower()) in _FIRST_ALONE


@functools.lru_cache(maxsize=1 << 15)
def reply(text: str, polar: bool) -> Reply | None:
    """What `text` says as an answer to a yes/no question, or None where it says neither.

    Unless the question is `polar`, only words that say nothing but yes or no count: "No change" and "right" do not.
    """
    first = _FIRST_WORD.match(text)
    if first is None or fold_accents(first[1].lower()) not in _FIRST:
        return None
    text = text[:600]
    tokens = tokens_of(text.lower())
    if not tokens:
        return None
    whole = _sign("-".join(tokens))
    if whole is not None and len(tokens) <= 5:
        alone = "-".join(tokens) not in _ALSO_OTHERWISE
        return Reply(whole, True, only_reply=alone) if polar or alone else None
    if not polar and tokens[0] not in ("yes", "no", "oui", "non", "ja", "nein", "si"):
        return None
    return _longer(tokens, text)


def _longer(tokens: list[str], text: str) -> Reply | None:
    short = _short_answer(tokens)
    if short is not None:
        return Reply(short, True)
    if tokens[-1] in _TRUTH and all(token in _STATEMENT or token == "not" for token in tokens[:-1]):
        true = _TRUTH[tokens[-1]]
        return Reply(-true if "not" in tokens else true, True)
    for length in (3, 2, 1):
        sign = _sign("-".join(tokens[:length])) if len(tokens) > length else None
        if sign is not None:
            found = _with_rest(sign, tokens[length:], length, text)
            if found is not None:
                return found
    return None


def _with_rest(sign: int, rest: list[str], length: int, text: str) -> Reply | None:
    """The reply of a text that begins with yes or no (`sign`, in `length` words) and goes on with `rest`."""
    short = _short_answer(rest)
    if short is None and not _mark_after(text, length):
        return None
    if len(rest) <= 2 and (_sign("-".join(rest)) is not None or _sign(rest[0]) is not None):
        return Reply(sign, True) if _sign("-".join(rest)) == sign else None
    if short is not None:
        return Reply(sign, True) if short == sign or length > 1 else None
    return Reply(sign, len(rest) <= 4 and rest[-1] in _TRUTH, hedged=not _HEDGE.isdisjoint(rest))


def _mark_after(text: str, length: int) -> bool:
    """Whether a mark follows the first `length` words of `text`."""
    words = _WORD_AND_MARK.findall(text[:200])
    return len(words) >= length and bool(words[length - 1])


def _sign(phrase: str) -> int | None:
    if phrase in _YES:
        return 1
    if phrase in _NO:
        return -1
    return 0 if phrase in _OPEN else None


def _short_answer(tokens: list[str]) -> int | None:
    """1 or -1 for "it is", "they do not", "he certainly did"; None for all else."""
    plain = [token for token in tokens if token not in _EMPHASIS]
    if len(plain) not in (2, 3) or plain[0] not in _PRONOUNS or plain[1] not in _AUXILIARIES:
        return None
    if len(plain) == 2:
        return 1
    return -1 if plain[2] in ("not", "never") else 1 if plain[2] in ("so", "too") else None


@functools.lru_cache(maxsize=1 << 14)
def clause_sign(question: str, text: str) -> int | None:
    """1 where `text` says what the polar `question` asks, -1 where it says the opposite, None where neither is sure."""
    asked = _last_sentence(question)
    asked = re.sub(r"^\W*(?:true or false|yes or no)\W*", "", asked, flags=re.IGNORECASE)
    asked = re.sub(r"^(\W*\w+)n['’]t\b", r"\1", asked)
    found = compare(asked, text, extra_in_first=True)
    if found is None:
        found = _by_pronoun(asked, text)
    if found is None or found.verdict == "ambiguous":
        return None
    return 1 if found.verdict == "same" else -1


def _by_pronoun(asked: str, text: str) -> Compared | None:
    """How `text` stands to the question where a pronoun takes the place of who is asked about: "They cannot fly."."""
    words = text.split(maxsplit=1)
    if len(words) < 2 or words[0].lower() not in _PRONOUNS:
        return None
    said = {item.lstrip("¬") for item in statement(text).content}
    kept = [token for token in tokens_of(asked) if without_prefix(stem(token))[0] in said]
    negative = "not " if "not" in tokens_of(asked)[1:] else ""
    return compare(negative + " ".join(kept), text, extra_in_first=True) if kept else None
