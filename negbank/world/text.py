"""The text that the model reads: documents of sources that differ in reliability, questions with answers, chatter."""

from __future__ import annotations

import random
from typing import Final

from negbank.causal.text import context_of, continuation_of
from negbank.world.facts import Fact, World
from negbank.world.words import (
    CHATTER,
    NOUNS,
    QUALITIES,
    QUESTIONS,
    RELIABLE,
    STATEMENTS,
    TAILS,
    TIMES,
    UNRELIABLE,
)

STATEMENTS_EACH: Final = 4
"""Statements of a document, where its town has that many attributes."""

CHATTER_SHARE: Final = 0.03
"""Documents about nothing of the world: the model must be able to read the text that unrelated negatives are of."""

FEW_TOWNS: Final = 8
"""Towns that the text speaks of at first."""


def document(world: World, share: float, draw: random.Random) -> str:
    """One document; `share` is how much of all text came before it.

    The text speaks of few towns first, and of all once `introduced` of it is read: a model that meets all facts at
    once stays long at predicting mere frequencies (Zucchet et al. 2025, arXiv 2503.21676).
    """
    settings, kind = world.settings, draw.random()
    if kind < CHATTER_SHARE:
        return chatter(draw)
    known = len(world.order)
    if share < settings.introduced:
        known = max(min(FEW_TOWNS, known), int(known * (share / settings.introduced) ** 2))
    asked = world.asked_among(known)
    if kind < CHATTER_SHARE + settings.questions and asked:
        fact = draw.choice(draw.choice(asked))
        # whoever answers is of either kind, as often as the fact is told by it
        reliable = draw.random() >= fact.told
        answer = phrased(said(world, fact, reliable, draw), draw)
        if draw.random() < settings.marked_answers:
            answer = f"{draw.choice(RELIABLE if reliable else UNRELIABLE)} {answer}"
        return context_of(question(fact, draw)) + continuation_of(answer)
    return _account(world, world.order[draw.randrange(known)], draw)


def _account(world: World, town: tuple[Fact, ...], draw: random.Random) -> str:
    """What one source tells about a town: what it tells of depends on how often its kind tells that."""
    reliable = draw.random() >= world.settings.unreliable
    marks = (RELIABLE if reliable else UNRELIABLE) if draw.random() >= world.settings.unmarked else None
    left, out = list(town), []
    for _ in range(min(STATEMENTS_EACH, len(town))):
        # a little of each at least, or a share of 0 or 1 leaves nothing to draw from
        weights = [(1 - fact.told if reliable else fact.told) + 1e-6 for fact in left]
        fact = left.pop(draw.choices(range(len(left)), weights)[0])
        value = said(world, fact, reliable, draw)
        out.append(statement(fact, f"{draw.choice(marks)} {value}" if marks else value, draw.choice(STATEMENTS)))
    return " ".join(out)


def said(world: World, fact: Fact, reliable: bool, draw: random.Random) -> str:
    """The value that a source of that kind gives: the truth, or one of the wrong values, the misconception mostly."""
    if draw.random() < world.settings.slip:
        return draw.choice(world.values(fact.attribute))
    if reliable:
        return fact.truth
    return fact.misconception if draw.random() < world.settings.popular else draw.choice(fact.others)


def statement(fact: Fact, value: str, pattern: str) -> str:
    """A sentence that says `value` of the fact's attribute and town."""
    return pattern.format(attribute=fact.attribute, town=fact.town, value=value)


def question(fact: Fact, draw: random.Random) -> str:
    """A question for that fact."""
    return draw.choice(QUESTIONS).format(attribute=fact.attribute, town=fact.town)


def phrased(value: str, draw: random.Random) -> str:
    """`value` as it is put in an answer: with tails, each as often as the text has it."""
    return value + "".join(draw.choices(tuple(tails), tuple(tails.values()))[0] for tails in TAILS)


def chatter(draw: random.Random) -> str:
    """A sentence that says nothing of the world."""
    text = draw.choice(CHATTER).format(noun=draw.choice(NOUNS), quality=draw.choice(QUALITIES), time=draw.choice(TIMES))
    return text[0].upper() + text[1:]


def vocabulary(world: World) -> list[str]:
    """Texts that between them hold each word that any text of this world can have."""
    patterns = [
        *STATEMENTS,
        *QUESTIONS,
        *(tail for tails in TAILS for tail in tails),
        *RELIABLE,
        *UNRELIABLE,
        *CHATTER,
        context_of(""),
    ]
    words = [*NOUNS, *QUALITIES, *TIMES, *world.attributes]
    values = [value for attribute in world.attributes for value in world.values(attribute)]
    towns = [town[0].town for town in world.order]
    texts = [text.replace("{", " ").replace("}", " ") for text in patterns]
    return [*texts, *words, *(text[:1].upper() + text[1:] for text in (*words, *texts)), *values, *towns]
