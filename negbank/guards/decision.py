"""What a rule says of a candidate and a right answer; the record that all rules of the guards give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal["same", "different", "ambiguous"]
"""`same`: the candidate says what a right answer says. `different`: it says something else, so it is wrong.
`ambiguous`: it can be read either way, so it is not used."""

RULES: Final = (
    "text", "yes-no", "number", "unit", "date", "alias", "containment", "negation", "symbol", "maths", "paraphrase",
)  # fmt: skip
"""Every rule, by what kind of answer it knows about."""


@dataclass(frozen=True)
class Decision:
    """A verdict and the rule (one of RULES) that gave it."""

    verdict: Verdict
    rule: str
