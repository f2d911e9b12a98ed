"""Weights of the negative head, as people write them: `0:1.5:0.1`, `0,0.5,1`, or both."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from negbank.errors import RecipeError
from negbank.text.display import short

MAX_WEIGHTS: Final = 1000
MAX_WEIGHT: Final = 100


def parse_weights(text: str) -> tuple[float, ...]:
    """The weights that `text` names, ascending, each once: `0:1.5:0.1` from 0 to 1.5 and both of them, `0,0.5,1`
    just these.

    They are counted in decimals, so that the fourth of `0:1.5:0.1` is 0.3. Raises RecipeError.
    """
    found: set[Decimal] = set()
    for part in text.split(","):
        numbers = [_number(word, text) for word in part.split(":")]
        if len(numbers) == 1:
            found.add(numbers[0])
        elif len(numbers) == 3:
            start, stop, step = numbers
            found |= _range(start, stop, step, text)
        else:
            raise _refusal(text, f"{part.strip()!r} is neither a number nor START:STOP:STEP")
        if len(found) > MAX_WEIGHTS:
            raise _refusal(text, f"that is more than {MAX_WEIGHTS:,} weights")
    return tuple(sorted(float(weight) for weight in found))


def _range(start: Decimal, stop: Decimal, step: Decimal, text: str) -> set[Decimal]:
    if step <= 0:
        raise _refusal(text, f"the step is {step}, where more than 0 is expected")
    if stop < start:
        raise _refusal(text, f"it stops at {stop}, before it starts at {start}")
    if (stop - start) / step >= MAX_WEIGHTS:
        raise _refusal(text, f"that is more than {MAX_WEIGHTS:,} weights")
    return {start + place * step for place in range(int((stop - start) / step) + 1)}


def _number(word: str, text: str) -> Decimal:
    try:
        number = Decimal(word.strip())
    except InvalidOperation:
        raise _refusal(text, f"{word.strip()!r} is no number") from None
    if not (number.is_finite() and 0 <= number <= MAX_WEIGHT):
        raise _refusal(text, f"{word.strip()} is not from 0 to {MAX_WEIGHT}")
    return number


def _refusal(text: str, why: str) -> RecipeError:
    return RecipeError(f"weights {short(text, 80)}: {why}; write them as 0:1.5:0.1 or 0,0.5,1")
