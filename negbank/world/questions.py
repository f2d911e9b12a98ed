"""What heads are trained on and what they are evaluated on, as frames; and answers in an order that tells nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from negbank.errors import UnknownNameError
from negbank.records import (
    DISTRACTOR,
    IRRELEVANT,
    NEAR_MISS,
    NEGATIVES,
    OTHER_QUESTION,
    OTHER_SOURCE,
    QUESTIONS,
    TIERS,
    UNRELATED,
    content_id,
)
from negbank.world.facts import Fact, World, facts_of, generator
from negbank.world.text import chatter, phrased, question

TRAINING, EVALUATION = "training", "evaluation"


@dataclass(frozen=True)
class Choices:
    """Answers to choose from: `answers[i][right[i]]` is the right one of question `question_ids[i]`."""

    question_ids: tuple[str, ...]
    answers: tuple[tuple[str, ...], ...]
    right: tuple[int, ...]


def training_questions(world: World) -> pl.DataFrame:
    """QUESTIONS about the facts of the training towns, one a fact, in an order drawn with the seed."""
    return _questions(world, TRAINING)


def evaluation_questions(world: World) -> pl.DataFrame:
    """QUESTIONS about the facts of the held-out towns; the first of `distractors` is the misconception."""
    return _questions(world, EVALUATION)


def negatives(world: World, tier: str) -> pl.DataFrame:
    """NEGATIVES of the training questions: all three near-misses a question, or as many of another tier.

    Near-misses are the misconception (rank 0) and the two rumours; irrelevant are right answers to questions of
    another attribute; unrelated are sentences of no attribute. Nothing here was scored: similarities and
    plausibility are null. Raises UnknownNameError for another tier.
    """
    if tier not in TIERS:
        raise UnknownNameError("tier", tier, TIERS)
    asked, facts = training_questions(world), _shuffled(world, TRAINING)
    draw = generator(world.settings, "negatives", tier)
    rows = [
        {"id": content_id(row["question"], row["answer"], text), "question_id": row["question_id"],
         "question": row["question"], "answer": row["answer"], "negative": text, "tier": tier, "rank": rank,
         "origin": origin, "origin_id": origin_id, "category": [], "subject": row["subject"]}
        for row, fact in zip(asked.iter_rows(named=True), facts, strict=True)
        for rank, (text, origin, origin_id) in enumerate(_wrong(tier, row, fact, asked, draw))
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=NEGATIVES)


def choices(questions: pl.DataFrame, seed: int) -> Choices:
    """The answers of each question, shuffled; each position holds the right one equally often, or once more."""
    draw, out, right = random.Random(f"{seed}/choices"), [], []
    most = max((len(wrong) + 1 for wrong in questions["distractors"]), default=1)
    places = [place % most for place in range(questions.height)]
    draw.shuffle(places)
    for answer, distractors, place in zip(questions["answer"], questions["distractors"], places, strict=True):
        wrong = draw.sample(list(distractors), len(distractors))
        here = place % (len(wrong) + 1)
        out.append((*wrong[:here], answer, *wrong[here:]))
        right.append(here)
    return Choices(tuple(questions["question_id"]), tuple(out), tuple(right))


def _shuffled(world: World, split: str) -> list[Fact]:
    facts = facts_of(world.training if split == TRAINING else world.evaluation)
    return generator(world.settings, split, "order").sample(facts, len(facts))


def _questions(world: World, split: str) -> pl.DataFrame:
    draw = generator(world.settings, split, "questions")
    rows: list[dict[str, object]] = []
    for fact in _shuffled(world, split):
        # the wording of each answer is drawn alike, so that none tells whether it is right
        answer, *wrong = (phrased(value, draw) for value in (fact.truth, *fact.wrong))
        name = f"world/{content_id(str(world.settings.seed), fact.town, fact.attribute)}"
        rows.append(
            {"question_id": name, "question": question(fact, draw), "answer": answer, "distractors": wrong,
             "subject": fact.attribute, "split": f"world/{split}"}
        )  # fmt: skip
    return pl.DataFrame(rows, schema=QUESTIONS)


Wrong = tuple[str, str, str | None]
"""A wrong answer, its origin, and the question that it was taken from."""


def _wrong(tier: str, row: dict[str, object], fact: Fact, asked: pl.DataFrame, draw: random.Random) -> Iterator[Wrong]:
    if tier == NEAR_MISS:
        distractors = row["distractors"]
        assert isinstance(distractors, list)
        yield from ((text, DISTRACTOR, str(row["question_id"])) for text in distractors)
    elif tier == IRRELEVANT:
        yield from _of_other_attributes(fact, asked, draw)
    elif tier == UNRELATED:
        texts: list[str] = []
        while len(texts) < len(fact.wrong):
            if (text := chatter(draw)) not in texts:
                texts.append(text)
        yield from ((text, OTHER_SOURCE, None) for text in texts)


def _of_other_attributes(fact: Fact, asked: pl.DataFrame, draw: random.Random) -> list[Wrong]:
    ids, answers, subjects = (asked[name].to_list() for name in ("question_id", "answer", "subject"))
    found: dict[str, str] = {}
    for place in _places(len(ids), draw):
        if len(found) == len(fact.wrong):
            break
        if subjects[place] != fact.attribute:
            found.setdefault(answers[place], ids[place])
    return [(text, OTHER_QUESTION, origin) for text, origin in found.items()]


def _places(count: int, draw: random.Random) -> Sequence[int]:
    """Positions below `count` in random order; far fewer than all are looked at."""
    return draw.sample(range(count), min(count, 64))
