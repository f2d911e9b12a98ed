"""Problems of several days of arithmetic, and their solutions written out.

::

    There are 7 beads. Each day 5 come and 2 go. How many are there after day 2?
    Day 1: 7 + 5 = 12. Then 12 - 2 = 10. Day 2: 10 + 5 = 15. Then 15 - 2 = 13. The answer is 13.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from negbank.chains.settings import ChainsSettings
from negbank.errors import RecipeError

QUESTION: Final = "There are {start} beads. Each day {first} and {second}. How many are there after day {days}?"
VERBS: Final = {"+": "{by} come", "-": "{by} go"}
DAY: Final = "Day {day}: {before} {first} {by} = {middle}. Then {middle} {second} {then} = {after}."
ANSWER: Final = "The answer is {value}."

IN_VAIN: Final = 10_000
"""Draws in a row without a new problem, after which there is hardly one left."""

Change = tuple[str, int]
"""A sign, + or -, and how many come or go."""


@dataclass(frozen=True)
class Problem:
    """There are `start` beads, and on each of `days` days `first` happens, then `second`."""

    start: int
    first: Change
    second: Change
    days: int

    @property
    def question(self) -> str:
        """The problem in words."""
        first, second = (VERBS[sign].format(by=by) for sign, by in (self.first, self.second))
        return QUESTION.format(start=self.start, first=first, second=second, days=self.days)

    @property
    def values(self) -> tuple[int, ...]:
        """How many there are after each change, two a day."""
        value, out = self.start, list[int]()
        for sign, by in (self.first, self.second) * self.days:
            value += by if sign == "+" else -by
            out.append(value)
        return tuple(out)

    @property
    def answer(self) -> int:
        """How many there are in the end."""
        return self.values[-1]

    @property
    def chain(self) -> str:
        """The solution, day by day."""
        values = (self.start, *self.values)
        told = [
            DAY.format(
                day=day + 1, before=values[2 * day], first=self.first[0], by=self.first[1],
                middle=values[2 * day + 1], second=self.second[0], then=self.second[1], after=values[2 * day + 2],
            )
            for day in range(self.days)
        ]  # fmt: skip
        return " ".join([*told, ANSWER.format(value=self.answer)])


def draw_problem(settings: ChainsSettings, days: int, draw: random.Random) -> Problem:
    """A problem of so many days with no value below 0 or above `most`, and not the same at every day's end."""
    while True:
        first, second = ((draw.choice("+-"), draw.randint(1, settings.operand)) for _ in range(2))
        bare = Problem(0, first, second, days).values
        low, high = max(1, -min(bare)), settings.most - max(0, *bare)
        if low <= high and bare[1]:
            return Problem(draw.randint(low, high), first, second, days)


def generator(settings: ChainsSettings, *purpose: object) -> random.Random:
    """A generator for one purpose alone, so that drawing more for one changes nothing of another."""
    return random.Random("/".join(map(str, (settings.seed, *purpose))))


def held_out(settings: ChainsSettings) -> dict[str, list[Problem]]:
    """The problems of `training`, `evaluation` (as long) and `long`, no two of them alike over all three.

    Raises RecipeError where there are not as many.
    """
    short, long = (settings.days_low, settings.days_high), (settings.long_low, settings.long_high)
    sizes = {
        "training": (*short, settings.training_questions),
        "evaluation": (*short, settings.evaluation_questions),
        "long": (*long, settings.long_questions),
    }
    problems, seen = dict[str, list[Problem]](), set[Problem]()
    for name, (low, high, count) in sizes.items():
        draw, found, in_vain = generator(settings, name), list[Problem](), 0
        while len(found) < count:
            days = low + len(found) % (high - low + 1)
            problem = draw_problem(settings, days, draw)
            if problem not in seen:
                seen.add(problem)
                found.append(problem)
                in_vain = 0
            elif (in_vain := in_vain + 1) == IN_VAIN:
                raise RecipeError(
                    f"[chains] {name}_questions is {count:,}, and after {len(found):,} of them no new problem of "
                    f"{days} days is found; lower it, or raise most or operand"
                )
        problems[name] = found
    return problems
