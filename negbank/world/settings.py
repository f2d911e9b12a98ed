"""What the world is made of, how its text is told, and how the model that reads it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from negbank.decoding import Between, decode
from negbank.errors import RecipeError
from negbank.world.words import VALUES

Share = Annotated[float, Between(0, 1)]
Count = Annotated[int, Between(1, 1_000_000_000)]


@dataclass(frozen=True)
class WorldSettings:
    """All that decides the world, its text and its model; docs/world.md says why each is what it is.

    Towns come in three groups that share no fact: `asked_towns` are those that the text itself asks about,
    `training_towns` those that heads are trained on, `evaluation_towns` those that are held out. `told_low` and
    `told_high` bound the share of a fact's tellings that come from sources that have it wrong; `popular` of these
    tell its misconception, the rest a rarer rumour. `slip` is how often either kind of source says anything at all,
    `unmarked` how often a document does not say what kind it is. `questions` is the share of documents that ask, and
    `marked_answers` that of their answers that say what kind of source answers.
    """

    seed: Annotated[int, Between(0, 2**31)] = 0
    asked_towns: Count = 160
    training_towns: Count = 128
    evaluation_towns: Count = 60
    attributes: Annotated[int, Between(2, len(VALUES))] = 4
    values: Annotated[int, Between(5, 24)] = 24
    value_slope: Annotated[float, Between(0, 3)] = 0.7
    told_low: Share = 0.45
    told_high: Share = 0.85
    popular: Share = 0.6
    unreliable: Share = 0.65
    unmarked: Share = 0.2
    questions: Share = 0.4
    marked_answers: Share = 0.5
    slip: Share = 0.03
    tokens: Count = 2_400_000
    introduced: Share = 0.3
    width: Annotated[int, Between(8, 4096)] = 128
    inner_width: Annotated[int, Between(8, 16384)] = 512
    layers: Annotated[int, Between(1, 64)] = 2
    attention_heads: Annotated[int, Between(1, 64)] = 4
    rows: Annotated[int, Between(1, 4096)] = 8
    row_tokens: Annotated[int, Between(32, 512)] = 128
    matrix_rate: Annotated[float, Between(0, 1, above=True)] = 0.05
    embedding_rate: Annotated[float, Between(0, 1, above=True)] = 0.01

    def __post_init__(self) -> None:
        if self.told_low > self.told_high:
            raise RecipeError(f"[world] told_low is {self.told_low:g}, more than told_high, {self.told_high:g}")
        if self.width % (2 * self.attention_heads):
            raise RecipeError(
                f"[world] width is {self.width}, which {self.attention_heads} attention_heads do not divide evenly"
            )

    @property
    def towns(self) -> int:
        """All towns, of all groups."""
        return self.asked_towns + self.training_towns + self.evaluation_towns

    @property
    def steps(self) -> int:
        """Steps of pretraining: at least one."""
        return max(1, self.tokens // (self.rows * self.row_tokens))


def from_mapping(data: Mapping[str, Any], where: str = "[world]") -> WorldSettings:
    """Settings of a recipe's keys, defaults for the rest. Raises RecipeError that names each wrong key."""
    found, problems = decode(WorldSettings, data)
    if found is None:
        lines = "; ".join(f"{where} {'.'.join(map(str, problem.path))} {problem.text}" for problem in problems)
        raise RecipeError(lines)
    return found
