"""Examples to steps of training, and a step to parts that are run side by side or one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from negbank.causal import Base
from negbank.errors import ModelError, TrainingError
from negbank.heads.settings import Example, TrainSettings


@dataclass(frozen=True)
class Sample:
    """An example as tokens: all of them, and how many at the end are the answer's."""

    ids: tuple[int, ...]
    answer: int


def tokenize(base: Base, examples: Sequence[Example], end: bool = False) -> list[Sample]:
    """The tokens of each example; with `end`, the answer's last one is the token that ends a text, if there is one.

    Raises TrainingError for an example that cannot be trained on.
    """
    if not examples:
        raise TrainingError("there are no examples to train on; the tier may be empty, see `negbank show`")
    try:
        pairs = base.tokens.pairs([(example.context, example.continuation) for example in examples])
    except ModelError as error:
        raise TrainingError(f"an example cannot be trained on: {error}") from error
    if end and base.tokens.eos_id is not None:
        pairs = [(context, [*answer, base.tokens.eos_id]) for context, answer in pairs]
    for number, (context, answer) in enumerate(pairs):
        if len(context) + len(answer) > base.window:
            raise TrainingError(
                f"example {number} has {len(context) + len(answer)} tokens, and {base.info.name} takes {base.window}: "
                f"{examples[number].context[:60]!r}...; leave it out"
            )
    return [Sample((*context, *answer), len(answer)) for context, answer in pairs]


def order_of(count: int, training: TrainSettings) -> list[int]:
    """Which example is read when: as given in the first epoch, drawn anew by the seed in each further one."""
    order = list(range(count))
    for epoch in range(1, training.epochs):
        drawn = np.random.default_rng([training.seed, epoch]).permutation(count)
        order += [int(row) for row in drawn]
    return order


def steps_of(count: int, training: TrainSettings, points: Sequence[int]) -> list[tuple[int, int]]:
    """The steps as `(start, stop)` in the order of reading: `batch` examples each, fewer at an epoch's end.

    Raises TrainingError for a point that no step ends at: to stop there would change what comes after it.
    """
    steps = [
        (epoch * count + start, epoch * count + min(start + training.batch, count))
        for epoch in range(training.epochs)
        for start in range(0, count, training.batch)
    ]
    ends = {0, *(stop for _, stop in steps)}
    for point in points:
        if point not in ends:
            near = sorted(ends, key=lambda end: abs(end - point))[:2]
            raise TrainingError(
                f"a point at {point} examples falls within no end of a step of {training.batch} over "
                f"{count * training.epochs}; take {' or '.join(str(end) for end in sorted(near))}"
            )
    return steps


def split(samples: Sequence[Sample], parts: int, max_tokens: int | None) -> list[list[int]]:
    """Which samples of a step go together: `parts` of about as many tokens, more where `max_tokens` asks for it.

    The longest go first, each to the part with the fewest tokens, so that parts end at about the same time.
    """
    sizes = [len(sample.ids) for sample in samples]
    if max_tokens is not None:
        parts = max(parts, -(-sum(sizes) // max_tokens))
    while True:
        groups: list[list[int]] = [[] for _ in range(min(parts, len(samples)))]
        totals = [0] * len(groups)
        for row in sorted(range(len(samples)), key=lambda row: -sizes[row]):
            least = totals.index(min(totals))
            groups[least].append(row)
            totals[least] += sizes[row]
        if max_tokens is None or max(totals) <= max_tokens or len(groups) == len(samples):
            return [sorted(group) for group in groups if group]
        parts += 1
