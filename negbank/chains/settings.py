"""What problems are made of, how the text is told, and how the models that read it are trained (docs/chains.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from negbank.decoding import Between, decode
from negbank.errors import RecipeError

Share = Annotated[float, Between(0, 1)]
Count = Annotated[int, Between(1, 1_000_000_000)]
Days = Annotated[int, Between(1, 12)]


@dataclass(frozen=True)
class ChainsSettings:
    """All that decides the problems, the text, and both models.

    Problems of `days_low` to `days_high` days are learned from and evaluated on in domain, those of `long_low` to
    `long_high` out of it. The text has both, `long_share` of them long, and none of the problems that are set apart;
    the base reads `base_tokens` of it, the teacher `teacher_tokens` more. A value is 0 to `most`, a change up to
    `operand`. The teacher solves each of `training_questions` `samples` times at `temperature`.
    """

    seed: Annotated[int, Between(0, 2**31)] = 0
    days_low: Days = 1
    days_high: Days = 3
    long_low: Days = 4
    long_high: Days = 7
    long_share: Share = 0.25
    most: Annotated[int, Between(20, 999)] = 30
    operand: Annotated[int, Between(2, 99)] = 5
    training_questions: Count = 400
    evaluation_questions: Count = 200
    long_questions: Count = 200
    samples: Annotated[int, Between(1, 64)] = 4
    temperature: Annotated[float, Between(0, 2)] = 1.0
    base_tokens: Count = 150_000
    teacher_tokens: Count = 150_000
    width: Annotated[int, Between(8, 4096)] = 128
    inner_width: Annotated[int, Between(8, 16384)] = 512
    layers: Annotated[int, Between(1, 64)] = 2
    attention_heads: Annotated[int, Between(1, 64)] = 4
    rows: Annotated[int, Between(1, 4096)] = 8
    row_tokens: Annotated[int, Between(32, 512)] = 144
    matrix_rate: Annotated[float, Between(0, 1, above=True)] = 0.03
    embedding_rate: Annotated[float, Between(0, 1, above=True)] = 0.01

    def __post_init__(self) -> None:
        if not self.days_low <= self.days_high < self.long_low <= self.long_high:
            days = f"{self.days_low} to {self.days_high} and {self.long_low} to {self.long_high}"
            raise RecipeError(f"[chains] days are {days}; each must go upward, and the long ones lie above the others")
        if self.width % (2 * self.attention_heads):
            raise RecipeError(
                f"[chains] width is {self.width}, which {self.attention_heads} attention_heads do not divide evenly"
            )

    def steps_of(self, tokens: int) -> int:
        """Steps of pretraining that read `tokens`: at least one."""
        return max(1, tokens // (self.rows * self.row_tokens))


def from_mapping(data: Mapping[str, Any], where: str = "[chains]") -> ChainsSettings:
    """Settings of a recipe's keys, defaults for the rest. Raises RecipeError that names each wrong key."""
    found, problems = decode(ChainsSettings, data)
    if found is None:
        lines = "; ".join(f"{where} {'.'.join(map(str, problem.path))} {problem.text}" for problem in problems)
        raise RecipeError(lines)
    return found
