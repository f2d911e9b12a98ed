"""`verify`: whether the registry is intact, and what can be put right."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from negbank.commands.registry import Place, open_registry
from negbank.records import Progress, no_progress
from negbank.registry import Verified


@dataclass(frozen=True)
class VerifyResult:
    """What was found; after a repair, what is still wrong and which contents were written again."""

    found: Verified
    repaired: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.found.problems

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"intact": self.intact, **asdict(self.found), "repaired": list(self.repaired)}


def verify(*, repair: bool = False, registry: Place = None, progress: Progress = no_progress) -> VerifyResult:
    """Read every file that a version needs, and say what is wrong.

    With `repair` the index is made anew, and contents that are broken or were never fetched come from where they
    were pushed; what cannot be had stays among the problems.
    """
    place = open_registry(registry)
    found = place.verify(progress)
    if not repair:
        return VerifyResult(found)
    place.rebuild(found.damaged)
    wanted = (*found.damaged, *found.absent)
    if not wanted:
        return VerifyResult(found)
    from negbank.commands.share import fetch_rows

    left = fetch_rows(place, wanted, progress)
    return VerifyResult(place.verify(progress), tuple(sorted(set(wanted) - set(left))))
