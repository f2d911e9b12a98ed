"""Everything that a version's records say was refused: questions of a source, rows of a file, candidates of a tier.

A part's `mined`, and each note under its `added`, may hold three counts by reason:

- `refused_questions`: rows of the source that are no usable question. Every tier of one run has the same count, so it
  is listed once a source and revision.
- `refused_rows`: rows of an added file that never became a candidate, such as blank ones. Listed once a file, too.
- `refused`: candidates of this tier. In the notes of `add` that have no `refused_rows`, which were made before it was
  there, it counts the rows of the whole file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from negbank.guards import REASONS
from negbank.reasoning.reasons import CHAIN_REASONS
from negbank.records import ERRONEOUS_COT

QUESTION: Final = "question"
ROW: Final = "row"
"""What a refusal is of where it is of no tier."""

UNTOLD: Final = "how many were refused is not recorded"


@dataclass(frozen=True)
class Refusal:
    """`count` things that were refused for one reason; `of` is a tier, QUESTION or ROW."""

    of: str
    reason: str
    count: int

    @property
    def meaning(self) -> str:
        """The reason for a person."""
        known = CHAIN_REASONS if self.of == ERRONEOUS_COT else REASONS
        return known.get(self.reason) or self.reason.replace("-", " ")


def refusals(parts: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[Refusal, ...]:
    """Every refusal that the records (tier, `mined`) of a version hold: questions, rows of files, then by tier."""
    counts: dict[tuple[str, str], int] = {}
    told: list[tuple[str, object]] = []
    for tier, record in _records(parts):
        for of, reasons in _groups(tier, record):
            if of in (QUESTION, ROW):
                if (of, once := _once(record, reasons)) in told:
                    continue
                told.append((of, once))
            for reason, count in reasons.items():
                counts[of, reason] = counts.get((of, reason), 0) + count
    ofs = list(dict.fromkeys([QUESTION, ROW, *(of for of, _ in counts)]))
    order = {reason: place for place, reason in enumerate((*REASONS, *CHAIN_REASONS))}
    found = [Refusal(of, reason, count) for (of, reason), count in counts.items()]
    return tuple(sorted(found, key=lambda r: (ofs.index(r.of), order.get(r.reason, len(order)), r.reason)))


def refusals_text(found: Iterable[Refusal]) -> str:
    """All refusals on one line: `question: no-right-answer 2; near-miss: paraphrase 12, duplicate 3`."""
    groups: dict[str, list[str]] = {}
    for refusal in found:
        groups.setdefault(refusal.of, []).append(f"{refusal.reason} {refusal.count:,}")
    return "; ".join(f"{of}: {', '.join(reasons)}" for of, reasons in groups.items())


def counts_of(value: object) -> dict[str, int]:
    """The counts by reason in `value`, whatever it is: it may come from a stranger."""
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {str(k): v for k, v in pairs if isinstance(v, int) and not isinstance(v, bool) and v > 0}


def _records(parts: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for tier, mined in parts:
        added = mined.get("added")
        for record in (mined, *(added if isinstance(added, list | tuple) else ())):
            if isinstance(record, Mapping):
                yield tier, record


def _groups(tier: str, record: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, int]]]:
    """What the counts of one record are of, and the counts."""
    yield QUESTION, counts_of(record.get("refused_questions"))
    yield ROW, counts_of(record.get("refused_rows"))
    of_whole_file = "questions_of" in record and "refused_rows" not in record
    yield ROW if of_whole_file else tier, counts_of(record.get("refused"))


def _once(record: Mapping[str, Any], reasons: Mapping[str, int]) -> object:
    """What is the same in the records of all tiers of one run."""
    return [record.get(name) for name in ("source", "revision", "questions_of", "split")] + [reasons]
