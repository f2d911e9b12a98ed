"""Results of either kind: read, told in a sentence, and shown, whatever they are of."""

from __future__ import annotations

from collections.abc import Mapping

from negbank.report import words
from negbank.report.result import Compared, Result, decoded, from_json, read_json
from negbank.report.tuned import Contrast, TunedResult, checked_tuned
from negbank.report.tuned_words import tuned_deciding, tuned_verdict

AnyResult = Result | TunedResult


def read_result(text: str | bytes, where: str = "result") -> AnyResult:
    """The result that `to_json` wrote, of Likra or of GLOW. Raises BenchmarkError with every problem."""
    data = read_json(text, where)
    if isinstance(data, Mapping) and data.get("kind") == "glow":
        return checked_tuned(decoded(TunedResult, data, where), where)
    return from_json(text, where)


def verdict_of(result: AnyResult) -> str:
    """What came out, in one sentence."""
    return tuned_verdict(result) if isinstance(result, TunedResult) else words.verdict(result)


def deciding_of(result: AnyResult) -> Compared | Contrast | None:
    """The comparison that the verdict is about, or None where nothing was compared."""
    return tuned_deciding(result) if isinstance(result, TunedResult) else words.deciding(result)
