"""Every plausible reading of a chain's answer against the gold one: right, wrong, ambiguous or undecided.

Wrong only where each reading differs. Right only where the reading that counts agrees and nothing speaks against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from negbank.reasoning.amounts import Amount, plain_answer
from negbank.reasoning.answers import (
    DIFFERENT,
    EQUAL,
    UNIT,
    UNKNOWN_LEFT,
    WORDS,
    Comparison,
    Judge,
    compare,
    compare_amounts,
)
from negbank.reasoning.asked import Asked
from negbank.reasoning.quantities import Value, read_amounts
from negbank.reasoning.readings import CORRECTION, LAST_SENTENCE, Reading, Readings
from negbank.reasoning.units import FAMILY, SIZE
from negbank.text.characters import plain_characters

AMBIGUOUS: Final = "ambiguous-answer"
NO_FINAL_ANSWER: Final = "no-final-answer"
UNMARKED: Final = "unmarked-answer"

_BRACKETS: Final = re.compile(r"[\[\](){}<>\s]+")
_POWERED: Final = re.compile(
    r"(?:(?P<word>square|cubic|sq|cu)\.?\s)?(?P<name>[a-z]+)(?:\s?\^?\{?(?P<raised>[23²³])\}?|\s(?P<after>squared|cubed))?(?:\s(?!per\b).*)?"
)
"""A unit, squared or cubed, and what is said after it."""
_LETTER: Final = re.compile(r"\(?([A-J])\)?(?:[.:]?\s.*)?", re.DOTALL)
_WORD: Final = re.compile(r"[\w'-]+")
_YES_NO: Final = {"yes": True, "true": True, "no": False, "false": False}
_FORMULA: Final = re.compile(
    r"\\(?:sqrt|pi|d?frac|log|ln|sin|cos|tan|times|cdot|binom)(?![a-z])|√|π|\*\*|\^|\d!|[\d)]\s?[-+*/×]\s?[\dA-Za-z(]"
)
MOST_PARTS: Final = 6
FEWEST_WORDS: Final = 3
"""An answer that arranges the question's own words has at least so many."""


def decide(
    readings: Readings, gold: str, question: str = "", judge: Judge | None = None, called_wrong: bool = False
) -> Comparison:
    """Whether the answer of a chain is `gold`; `reason` says why, and of an undecided one why it is refused.

    `called_wrong` says that somebody labelled the chain as wrong: then its last sentence counts as its answer.
    """
    final = readings.final
    if final is None or (readings.unfinished and not final.certain):
        return Comparison("undecided", NO_FINAL_ANSWER)
    golds = read_amounts(gold)
    if not golds:
        return _decide_text(readings, final, gold, question, judge)
    if not final.values:
        return _decide_text(readings, final, gold, question, judge)
    if final.value is None and final.certain and _is_expression(final.text):
        said = _decide_text(readings, final, gold, question, judge)
        if said.outcome != "wrong":
            return said
    return _decide_numbers(readings, final, golds, called_wrong)


def decide_all(
    readings: Readings, golds: Sequence[str], question: str = "", judge: Judge | None = None, called_wrong: bool = False
) -> Comparison:
    """As `decide`, of a question with several right answers: right by one of them, wrong by all."""
    found = [decide(readings, gold, question, judge, called_wrong) for gold in golds]
    for outcome in ("right", "undecided"):
        for comparison in found:
            if comparison.outcome == outcome:
                return comparison
    return found[0]


def _is_expression(text: str) -> bool:
    """Whether an answer is a formula with no one number in it: its terms are none of its values."""
    return _FORMULA.search(text) is not None and not re.search(r"[A-Za-z]{4}", re.sub(r"\\[A-Za-z]+", "", text))


def _decide_numbers(readings: Readings, final: Reading, golds: Sequence[Amount], called_wrong: bool) -> Comparison:
    asked = readings.asked
    said = None if final.value is None else against(final.value, golds, asked)
    if said is not None and said.outcome == "right":
        sure = not readings.doubtful and not any(
            _speaks_against(other, final, golds, asked) for other in readings.others
        )
        return said if sure else Comparison("undecided", AMBIGUOUS)
    if said is not None and said.outcome == "undecided":
        return said
    beside = _best(final.values, golds, asked)
    if beside.outcome != "wrong":
        return Comparison("undecided", AMBIGUOUS if beside.outcome == "right" else beside.reason)
    if _is_shared_out(final.values, golds):
        return Comparison("undecided", AMBIGUOUS)
    if any(_best(other.values, golds, asked).outcome == "right" for other in readings.others):
        return Comparison("undecided", AMBIGUOUS)
    if final.certain and not readings.doubtful:
        return Comparison("wrong", said.reason if said is not None else DIFFERENT)
    if final.value is None and not called_wrong:
        return Comparison("undecided", AMBIGUOUS)
    return _decide_guess(readings, golds, called_wrong)


def _is_shared_out(values: Sequence[Value], golds: Sequence[Amount]) -> bool:
    """Whether an answer gives the gold one in parts: `4 blue boxes and 6 red boxes` for 10."""
    parts = [value.amounts[0].value for value in values if value.role == "said" or len(values) < MOST_PARTS]
    return len(parts) > 1 and any(sum(parts) == gold.value for gold in golds)


def _decide_guess(readings: Readings, golds: Sequence[Amount], called_wrong: bool) -> Comparison:
    """A guess at the answer shows a chain to be wrong only where the gold answer stands nowhere in it."""
    if called_wrong and not readings.doubtful:
        return Comparison("wrong", DIFFERENT)
    for amount in readings.everything:
        if any(compare_amounts(amount, replace(gold, unit="")).outcome == "right" for gold in golds):
            return Comparison("undecided", AMBIGUOUS)
    return Comparison("wrong", DIFFERENT)


def _speaks_against(other: Reading, final: Reading, golds: Sequence[Amount], asked: Asked) -> bool:
    """Whether another reading is as good as the final one and says something else."""
    if other.state in ("withdrawn", "after") or (final.certain and not other.certain) or not other.values:
        return False
    if final.found_by == "boxed" and other.found_by == "boxed":  # boxes on the way; those of one line are one reading
        return False
    if not final.certain and other.state == "earlier":
        return False
    if final.found_by in ("####", "boxed", "answer field") and other.found_by in ("A:", "the answer is"):
        return False
    return _best(other.values if other.value is None else (other.value,), golds, asked).outcome != "right"


def _best(values: Iterable[Value], golds: Sequence[Amount], asked: Asked) -> Comparison:
    """The comparison that speaks most for the gold answer: one that agrees, else one that cannot be told."""
    best = Comparison("wrong", DIFFERENT)
    for value in values:
        found = against(value, golds, asked)
        if found.outcome == "right":
            return found
        if found.outcome == "undecided" and best.outcome == "wrong":
            best = found
    return best


def against(value: Value, golds: Sequence[Amount], asked: Asked) -> Comparison:
    """Whether one number of a text is the gold one, by any reading of either."""
    best = Comparison("wrong", DIFFERENT)
    for amount in value.amounts:
        for gold in golds:
            found = _one(amount, gold, value, asked)
            if found.outcome == "right" and _is_far_fetched(amount, value):
                found = Comparison("undecided", AMBIGUOUS)
            if found.outcome == "wrong" and value.lost and amount.value == -gold.value:
                found = Comparison("undecided", AMBIGUOUS)
            if found.outcome == "right" and value.role in ("unknown", "bound"):
                found = Comparison("undecided", UNKNOWN_LEFT if value.role == "unknown" else AMBIGUOUS)
            if found.outcome == "right":
                return found
            if found.outcome == "undecided":
                best = found
    return best


def _is_far_fetched(amount: Amount, value: Value) -> bool:
    """Whether a reading is one that few would write: 38 as `38,000`."""
    usual = value.amounts[0]
    return amount is not usual and amount.value.denominator == 1 and 0 < amount.value < usual.value and not usual.scaled


def _one(amount: Amount, gold: Amount, value: Value, asked: Asked) -> Comparison:
    found = compare_amounts(amount, gold)
    unsigned = amount.percent != gold.percent and amount.value != gold.value
    if found.outcome == "right" and unsigned and asked.words and not asked.share:
        return Comparison("undecided", UNIT)
    if gold.unit or gold.percent:
        return found
    mine = _measure(amount.unit)
    wanted = _measure(asked.unit)
    if mine is None:
        odd = found.outcome == "right" and _is_other_thing(value, asked)
        return Comparison("undecided", UNIT) if odd else found
    if wanted is not None and wanted[0] == mine[0]:
        if wanted == mine:
            return found
        converted = replace(amount, value=amount.value * mine[1] / wanted[1], decimals=None, unit="")
        there = compare_amounts(converted, gold)
        if there.outcome == "right":
            return there
        if found.outcome == "right" or there.outcome == "undecided":
            return Comparison("undecided", UNIT)
        return there if asked.stated else found
    other = (asked.unit and wanted != mine) or (asked.noun and not asked.unit and asked.noun not in FAMILY)
    kinds = {_kind(unit) for unit in asked.mentioned}
    unnamed = mine[0] in kinds and _plain(amount.unit) not in asked.mentioned
    if found.outcome == "right" and (other or unnamed):
        return Comparison("undecided", UNIT)
    return found


def _plain(unit: str) -> str:
    return unit.partition(" ")[0] if unit.partition(" ")[0] in SIZE else unit


def _kind(unit: str) -> str:
    found = _measure(unit)
    return "" if found is None else found[0]


def _measure(unit: str) -> tuple[str, Fraction] | None:
    """The kind and the size of a unit, squared or cubed where it says so; None for a word that is no unit."""
    found = _POWERED.fullmatch(unit)
    if found is None or found.group("name") not in FAMILY:
        return None
    power = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}.get(found.group("word") or "", 1)
    raised = found.group("raised") or found.group("after")
    if raised:
        power = 2 if raised in ("2", "²", "squared") else 3
    kind, name = FAMILY[found.group("name")]
    return (kind if power == 1 else f"{kind}^{power}"), SIZE[name] ** power


def _is_other_thing(value: Value, asked: Asked) -> bool:
    """Whether a number is of a thing that the question counts, where it asks for a measure: `18 eggs` for dollars."""
    noun = value.noun
    if not asked.unit or not noun.endswith("s") or noun in FAMILY or noun not in asked.words:
        return False
    return value.amounts[0].unit in ("", noun)


def _decide_text(readings: Readings, final: Reading, gold: str, question: str, judge: Judge | None) -> Comparison:
    """An answer that is no number: an option's letter, a word, an expression."""
    if read_amounts(gold) and not re.search(r"\d|\\pi|\bpi\b|π", final.text):
        return Comparison("undecided", WORDS)
    found = compare_texts(final.text, gold, question, judge)
    if found.outcome == "undecided":
        return found
    marked = final.found_by not in (LAST_SENTENCE, CORRECTION)
    others = [other for other in readings.others if other.found_by != LAST_SENTENCE or other.state == "after"]
    texts = [other.text for other in others]
    if found.outcome == "right":
        rivals = [other for other in others if other.state == "earlier" and other.found_by == final.found_by != "boxed"]
        clear = not readings.doubtful and all(_says(other.text, gold, question) for other in rivals)
        return found if clear and marked else Comparison("undecided", AMBIGUOUS)
    if not marked or readings.doubtful or any(_says(text, gold, question) for text in texts):
        return Comparison("undecided", AMBIGUOUS)
    return found


def _says(text: str, gold: str, question: str) -> bool:
    """Whether `text` is `gold`, or holds it word for word."""
    if compare_texts(text, gold, question, None).outcome == "right":
        return True
    return re.search(rf"(?<!\w){re.escape(plain_answer(gold))}(?!\w)", text, re.IGNORECASE) is not None


def compare_texts(answer: str, gold: str, question: str = "", judge: Judge | None = None) -> Comparison:
    """Two answers that are no plain numbers. Without a `judge`, what is neither a letter nor brackets is undecided."""
    answer, gold = plain_characters(answer).strip(), plain_characters(gold).strip()
    for same in (_letters, _brackets, _yes_or_no, _arranged):
        said = same(answer, gold, question)
        if said is not None:
            return Comparison("right", EQUAL) if said else Comparison("wrong", DIFFERENT)
    return compare(answer, gold, judge)


def _letters(answer: str, gold: str, question: str) -> bool | None:
    """Options by their letters; `(D) The last` is D, and several letters are none."""
    mine, other = _LETTER.fullmatch(plain_answer(answer)), re.fullmatch(r"\(?([A-J])\)?", plain_answer(gold))
    if mine is None or other is None or len(re.findall(r"(?<![\w'])\(?[A-J]\)?(?![\w'])", answer)) > 1:
        return None
    return mine.group(1) == other.group(1)


def _brackets(answer: str, gold: str, question: str) -> bool | None:
    """Two rows of brackets, as closing brackets are asked for."""
    answer, gold = answer.strip(" .`*\"'"), gold.strip(" .`*\"'")
    if not (answer and gold and _BRACKETS.fullmatch(answer) and _BRACKETS.fullmatch(gold)):
        return None
    return "".join(answer.split()) == "".join(gold.split())


def _yes_or_no(answer: str, gold: str, question: str) -> bool | None:
    mine, other = (_YES_NO.get(plain_answer(text).lower()) for text in (answer, gold))
    return None if mine is None or other is None else mine == other


def _arranged(answer: str, gold: str, question: str) -> bool | None:
    """Words of the question put in an order: both sides have only such words, and enough of them."""
    mine, other = ([word.lower() for word in _WORD.findall(text)] for text in (answer, gold))
    if len(other) < FEWEST_WORDS or len(mine) < FEWEST_WORDS:
        return None
    known = {word.lower() for word in _WORD.findall(question)}
    if not set(other) <= known or sum(word in known for word in mine) * 10 < len(mine) * 9:
        return None
    listed = all(len(re.sub(r"[\w'\s,;<>.-]", "", text)) == 0 for text in (answer, gold))
    if not listed or sorted(known & set(other)) != sorted(set(other)):
        return None
    # an arrangement is told from a sentence by having nearly all the words, each once
    shared = len(set(mine) & set(other))
    if shared * 10 < len(set(other)) * 8:
        return None
    return mine == other
