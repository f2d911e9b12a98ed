"""A world: towns, what is true of each, and what people wrongly take to be."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

from negbank.errors import RecipeError
from negbank.world.settings import WorldSettings
from negbank.world.words import SYLLABLES, VALUES

CHOICES: Final = 4
"""Answers of a question: the truth, the misconception, and two rarer rumours, all of the same attribute."""


@dataclass(frozen=True)
class Fact:
    """One attribute of one town: what is true, what most who are wrong say, and what the `others` of them say.

    `told` is the share of its tellings that come from sources that have it wrong.
    """

    town: str
    attribute: str
    truth: str
    misconception: str
    others: tuple[str, ...]
    told: float

    @property
    def wrong(self) -> tuple[str, ...]:
        """The wrong answers to a question about it, the misconception first."""
        return (self.misconception, *self.others)


@dataclass(frozen=True)
class World:
    """Facts by town, in three groups of towns; `order` is the order in which the text comes to speak of towns."""

    settings: WorldSettings
    asked: tuple[tuple[Fact, ...], ...]
    training: tuple[tuple[Fact, ...], ...]
    evaluation: tuple[tuple[Fact, ...], ...]
    order: tuple[tuple[Fact, ...], ...]

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that towns of this world have."""
        return tuple(VALUES)[: self.settings.attributes]

    def asked_among(self, known: int) -> tuple[tuple[Fact, ...], ...]:
        """The towns that are asked about among the first `known` that the text speaks of."""
        return self.asked[: bisect_left(self._asked_places, known)]

    @cached_property
    def _asked_places(self) -> list[int]:
        places = {town: place for place, town in enumerate(self.order)}
        return [places[town] for town in self.asked]

    def values(self, attribute: str) -> tuple[str, ...]:
        """The values that `attribute` can have here."""
        return tuple(VALUES[attribute].split()[: self.settings.values])


def generator(settings: WorldSettings, *purpose: object) -> random.Random:
    """A generator for one purpose alone, so that drawing more for one changes nothing of another."""
    return random.Random("/".join(map(str, (settings.seed, *purpose))))


def make_world(settings: WorldSettings) -> World:
    """The world of `settings`: the same settings give the same world. Raises RecipeError for too many towns."""
    draw = generator(settings, "facts")
    names = ["".join(parts) for parts in product(*SYLLABLES)]
    if settings.towns > len(names):
        raise RecipeError(f"[world] has {settings.towns} towns, where there are names for {len(names)} at most")
    weights = [1 / place**settings.value_slope for place in range(1, settings.values + 1)]
    values = {}
    for attribute in tuple(VALUES)[: settings.attributes]:
        known = VALUES[attribute].split()[: settings.values]
        draw.shuffle(known)
        values[attribute] = dict(zip(known, weights, strict=True))
    towns = [tuple(_facts(name, values, settings, draw)) for name in draw.sample(names, settings.towns)]
    first, second = settings.asked_towns, settings.asked_towns + settings.training_towns
    order = draw.sample(towns, len(towns))
    asked = sorted(towns[:first], key=order.index)
    return World(settings, tuple(asked), tuple(towns[first:second]), tuple(towns[second:]), tuple(order))


def _facts(
    town: str, values: dict[str, dict[str, float]], settings: WorldSettings, draw: random.Random
) -> Iterator[Fact]:
    for attribute, weights in values.items():
        drawn = _distinct(weights, CHOICES, draw)
        # shuffled once more: drawn first is drawn from the more frequent ones, and the truth must not show by that
        draw.shuffle(drawn)
        truth, misconception, *others = drawn
        told = draw.uniform(settings.told_low, settings.told_high)
        yield Fact(town, attribute, truth, misconception, tuple(others), told)


def _distinct(weights: dict[str, float], count: int, draw: random.Random) -> list[str]:
    left, out = dict(weights), []
    for _ in range(count):
        value = draw.choices(list(left), list(left.values()))[0]
        del left[value]
        out.append(value)
    return out


def facts_of(towns: Sequence[tuple[Fact, ...]]) -> list[Fact]:
    """The facts of `towns`, one after the other."""
    return [fact for town in towns for fact in town]
