"""What was understood of a file, as lines for a person and as an object for a program."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from negbank.sources.understanding import Example, Understood
from negbank.terms import counted
from negbank.text.display import visible

SHOWN: Final = 200
"""Characters of a text that are shown."""
WARNING_SHOWN: Final = 1000
CHOICES_SHOWN: Final = 12

MEANINGS: Final = {
    "no-question": "the question is missing or blank",
    "no-right-answer": "the right answer is missing or blank",
    "answer-index-out-of-range": "the answer's number is outside the choices",
    "answer-not-among-choices": "the answer is none of the choices",
    "one-choice-only": "all choices are the same",
    "right-answer-twice": "the right answer stands among the choices twice",
    "duplicate-id": "another question has the same id",
    "no-choices": "there are no choices that the answer could point into",
    "answer-columns-contradict": "two columns name different right answers",
    "unreadable-cell": "the answer is an object or a list that is not known",
    "wrong-answers-equal-the-right-one": "every wrong answer is the right one",
    "unreadable-row": "the row cannot be read",
    "chain-of-thought": "the row is a chain of negbank's tier erroneous-cot",
}
"""Why a row is left out."""


def summary_lines(understood: Understood) -> list[str]:
    """What was understood, in lines of text without control characters."""
    files = f" in {understood.files:,} files" if understood.files > 1 else ""
    lines = [f"{shown(understood.place)}: {understood.format}, {counted(understood.rows, 'row')}{files}"]
    if understood.chains:
        lines += [
            f"  It holds {understood.chains}.",
            "  These are no questions with answers: mine them as chains, with the source of their problems:",
            f"  negbank mine SOURCE --tier erroneous-cot --trajectories {shown(understood.place)}",
        ]
        return lines
    for role, names in understood.columns.items():
        lines.append(f"  {role:<9} {_columns(names)}{_how(understood, role)}")
    lines.append(f"  Understood: {_counts(understood)}")
    for reason, count, where in understood.left_out:
        lines.append(f"  Left out: {count:,} x {reason} ({MEANINGS.get(reason, reason)}), first {shown(where)}")
    lines += [f"  Warning: {shown(warning, WARNING_SHOWN)}" for warning in understood.warnings]
    if understood.unused:
        lines.append(f"  Not used: {_columns(understood.unused)}")
    for number, example in enumerate(understood.examples, 1):
        lines += _example(number, example)
    return lines


def _columns(names: tuple[str, ...]) -> str:
    more = len(names) - CHOICES_SHOWN
    return ", ".join(shown(name, 60) for name in names[:CHOICES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _how(understood: Understood, role: str) -> str:
    if role == "choices" and "answer" not in understood.columns:
        return f"  ({understood.pointing})"
    if role != "answer":
        return ""
    evidence = f": {understood.evidence}" if understood.evidence else ""
    return f"  ({understood.pointing}{evidence})"


def _counts(understood: Understood) -> str:
    parts = [f"{understood.kept:,} kept"]
    if understood.merged:
        ask = "1 row asks" if understood.merged == 1 else f"{understood.merged:,} rows ask"
        parts.append(f"{ask} what another row asks and {'was' if understood.merged == 1 else 'were'} joined with it")
    if understood.several:
        parts.append(f"{understood.several:,} with several right answers")
    parts.append(f"{understood.with_wrong:,} with wrong answers")
    return ", ".join(parts)


def _example(number: int, example: Example) -> list[str]:
    lines = [f"  Example {number}, {shown(example.where)}"]
    if example.context:
        lines.append(f"    context   {shown(example.context)}")
    lines.append(f"    question  {shown(example.question)}")
    lines += [f"    right     {shown(text)}" for text in example.answers[:CHOICES_SHOWN]]
    lines += [f"    wrong     {shown(text)}" for text in example.wrong[:CHOICES_SHOWN]]
    left = max(0, len(example.answers) - CHOICES_SHOWN) + max(0, len(example.wrong) - CHOICES_SHOWN)
    return [*lines, f"    ... and {left} more"] if left else lines


def shown(text: str, limit: int = SHOWN) -> str:
    """A text on one line, cut, with what would drive a terminal written out: `\\x1b`, `\\u202e`."""
    head = text[: 4 * limit].replace("\n", " ⏎ ").replace("\t", " ")
    safe = visible(head[: limit + 1])
    return f"{safe[:limit].rstrip()}... ({len(text):,} characters)" if len(text) > limit else safe


def to_dict(understood: Understood) -> dict[str, Any]:
    """What was understood, for `--json`."""
    record = asdict(understood)
    record["columns"] = {role: list(names) for role, names in understood.columns.items()}
    record["left_out"] = [
        {"reason": reason, "count": count, "first": first} for reason, count, first in understood.left_out
    ]
    return record
