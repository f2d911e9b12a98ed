"""`verify`: whether the registry is intact, and what can be put right."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from negbank.commands.registry import Place, open_registry
from negbank.records import Progress, no_progress
from negbank.registry import Saved, Verified


@dataclass(frozen=True)
class VerifyResult:
    """What was found; after a repair, what is still wrong, which contents are whole again, and which rows are saved."""

    found: Verified
    repaired: tuple[str, ...] = ()
    saved: tuple[Saved, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.found.problems

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        saved = [asdict(saved) for saved in self.saved]
        return {"intact": self.intact, **asdict(self.found), "repaired": list(self.repaired), "saved": saved}


def verify(*, repair: bool = False, registry: Place = None, progress: Progress = no_progress) -> VerifyResult:
    """Read every file that a version needs, and say what is wrong.

    With `repair` contents that are broken are made whole from what is here, or else fetched from where they were
    pushed, as are those that were never fetched. Nothing is deleted: what is replaced is kept in `quarantine/` of the
    registry, and of what cannot be had the rows that can still be read are saved there.
    """
    place = open_registry(registry)
    found = place.verify(progress)
    if not repair or not (found.lost or found.absent):
        return VerifyResult(found)
    mended = place.mend(found.lost)
    wanted = (*(digest for digest in found.damaged if digest not in mended), *found.absent)
    from negbank.commands.share import fetch_rows

    left = set(fetch_rows(place, wanted, progress))
    saved = place.save([loss for loss in found.lost if loss.content in left])
    whole = mended | (set(wanted) - left)
    return VerifyResult(place.verify(progress), tuple(sorted(whole)), tuple(saved))
