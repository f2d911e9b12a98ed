"""`inspect`: what is understood of a file, before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from negbank.errors import SourceError
from negbank.sources import SOURCES, SourceOptions
from negbank.sources.items import chains_in
from negbank.sources.places import HUB_PREFIX, read_records
from negbank.sources.summary import summary_lines, to_dict
from negbank.sources.understanding import Understood, understand


@dataclass(frozen=True)
class InspectResult:
    """What was understood of a place."""

    understood: Understood

    def lines(self) -> list[str]:
        """For a person."""
        return summary_lines(self.understood)

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return to_dict(self.understood)


def inspect(place: str, options: SourceOptions | None = None) -> InspectResult:
    """What is understood of a file, a folder, a glob, `-` or `hf:org/name`.

    Chains of thought are said to be chains. Raises SourceError where nothing fits, with what the columns hold.
    """
    options = options or SourceOptions()
    if place in SOURCES:
        raise SourceError(f"{place} is a source by name, whose columns are known; inspect is for files and hf:org/name")
    options.refuse(place, *(("subjects",) if place.startswith(HUB_PREFIX) else ("split", "subjects")))
    records = read_records(place, options.encoding, options.on_bad_row, options.split)
    if chains := chains_in(records, options):
        rows = len(records.rows) + len(records.bad) + records.repeated
        return InspectResult(Understood(records.place, records.format, rows, chains=chains, files=records.files))
    return InspectResult(understand(records, options, records.name)[2])
