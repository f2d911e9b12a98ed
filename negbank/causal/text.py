"""A question and an answer as a causal model reads them: the wording of the Likra paper (arXiv 2503.14391)."""

from __future__ import annotations

from typing import Final

QUESTION: Final = "Question: {question}\nAnswer:"


def context_of(question: str) -> str:
    """What stands before the answer."""
    # replace, not format: a question may itself hold braces
    return QUESTION.replace("{question}", question)


def continuation_of(answer: str) -> str:
    """An answer as it follows its context: one space, then the answer."""
    return " " + answer
