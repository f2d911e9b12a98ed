"""Whether the model has read its text well: sentences to complete about held-out facts, after each kind of mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from negbank.world.facts import World, facts_of, generator
from negbank.world.text import statement
from negbank.world.words import RELIABLE, STATEMENTS, UNRELIABLE

MARKS: Final = {"reliable": RELIABLE, "unreliable": UNRELIABLE, "unmarked": ("",)}


@dataclass(frozen=True)
class Probe:
    """A sentence that breaks off before its value, and four values; those at `right` and `popular` are of interest."""

    context: str
    answers: tuple[str, ...]
    right: int
    popular: int


def probes(world: World, kind: str) -> list[Probe]:
    """A probe a held-out fact, after marks of `kind`: `reliable`, `unreliable` or `unmarked`.

    A model has the knowledge where it completes with the truth after reliable marks. It prefers what is popular where
    it completes with misconceptions after none.
    """
    draw, out = generator(world.settings, "probes", kind), []
    for fact in facts_of(world.evaluation):
        answers = draw.sample((fact.truth, *fact.wrong), 1 + len(fact.wrong))
        context = statement(fact, draw.choice(MARKS[kind]), draw.choice(STATEMENTS)).rstrip(" .")
        texts = tuple(" " + answer for answer in answers)
        out.append(Probe(context, texts, answers.index(fact.truth), answers.index(fact.misconception)))
    return out
