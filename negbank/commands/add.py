"""`add`: wrong answers that came from elsewhere, labelled, guarded, and put into a dataset."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from negbank import __version__
from negbank.commands.assess import Assessed, FileRows, Helpers, assess, read_rows
from negbank.commands.files import optional_output, write_rows
from negbank.commands.gather import Embedder, without_known
from negbank.commands.registry import Place, open_registry
from negbank.commands.summary import TierSummary, by_tier
from negbank.encode import Encoder, load_encoder
from negbank.errors import SourceError
from negbank.guards import explained
from negbank.judging import JudgeSettings, load_judge
from negbank.records import NEGATIVES, Progress, no_progress
from negbank.registry import Edit, Registry, Version, check_dataset_name
from negbank.sources import SourceOptions, read_source
from negbank.sources.places import HUB_PREFIX
from negbank.sources.summary import summary_lines
from negbank.terms import DEFAULT_ENCODER


@dataclass(frozen=True)
class AddSettings:
    """What may be asked of `add` besides file and dataset.

    `file` says how the file is read. `source` is where the rows' questions belong: they get its ids, and its
    evaluation set is kept apart. `license` is that of the rows, as the Hub names it; None is not known. `judge` names
    a model that looks at what no rule has decided. `refused` names a file that lists what was refused (.jsonl, .csv or
    .parquet); it is tried before the work, and overwritten only with `replace`.
    """

    file: SourceOptions = field(default_factory=SourceOptions)
    source: str | None = None
    license: str | None = None
    judge: str | None = None
    judging: JudgeSettings = field(default_factory=JudgeSettings)
    encoder: str = DEFAULT_ENCODER
    device: str | None = None
    message: str = ""
    command: str = ""
    refused: str | None = None
    replace: bool = False


@dataclass(frozen=True)
class AddResult:
    """The new version, what came in by tier, and what was refused with its reason.

    `understood` says in lines how the file was read; `notices` are for a person.
    """

    version: Version
    created: bool
    added: int
    tiers: tuple[TierSummary, ...]
    refused: pl.DataFrame
    refusals: tuple[tuple[str, str, int], ...]
    understood: tuple[str, ...]
    notices: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For `--json`: everything but the refused rows."""
        return {
            "version": str(self.version),
            "manifest": self.version.name,
            "created": self.created,
            "added": self.added,
            "tiers": [asdict(tier) for tier in self.tiers],
            "refusals": [{"tier": t, "reason": r, "count": n} for t, r, n in self.refusals],
            "notices": list(self.notices),
        }


def add(
    place: str,
    dataset: str,
    settings: AddSettings | None = None,
    *,
    registry: Place = None,
    progress: Progress = no_progress,
) -> AddResult:
    """Put wrong answers into `dataset`: a file, `-`, a folder of files, or `hf:org/name`, as a new version.

    Each is a near-miss with a plausibility. The guards refuse what is right after all, what the dataset has already,
    and what belongs to the source's evaluation set. Raises SourceError where the rows cannot be read, or all are
    refused.
    """
    settings = settings or AddSettings()
    target = open_registry(registry)
    check_dataset_name(dataset)
    named = filter(None, (place, settings.source, target.place))
    with optional_output(settings.refused, named, replace=settings.replace) as listed:
        return _add(place, dataset, settings, target, progress, listed)


def _add(
    place: str, dataset: str, settings: AddSettings, target: Registry, progress: Progress, listed: Path | None
) -> AddResult:
    """`add`; what was refused is written to `listed` before the version is made."""
    file = read_rows(place, settings.file)
    source = read_source(settings.source) if settings.source else None
    encoder = load_encoder(settings.encoder, device=settings.device)
    judge = load_judge(settings.judge, settings.judging) if settings.judge else None
    found = assess(file, source, Helpers(Embedder(encoder, progress), judge))
    found = replace(found, screened=without_known(found.screened, _known(target, dataset), found.asked))
    kept = found.kept().select(NEGATIVES.names())
    counts = file.refusals(found.screened)
    if kept.is_empty() and target.newest(dataset) is None:
        reasons = ", ".join(f"{count} {reason}" for _, reason, count in counts)
        raise SourceError(f"{place}: every row was refused ({reasons}); there is nothing to make a version of")
    note = _note(settings, file, encoder, found)
    edits = [
        Edit(tier, "train", kept.filter(pl.col("tier") == tier), note=note | {"refused": _refused(found, tier)})
        for tier in kept["tier"].unique().sort()
    ]
    refused = explained(found.screened.refused, found.asked)
    if listed:
        write_rows(refused, listed)
    commit = target.commit(dataset, edits, settings.message, settings.command)
    added = kept.height if commit.created else 0
    notices = (*found.judging.judged.notices(),) if found.judging else ()
    return AddResult(
        commit.version, commit.created, added, by_tier(kept), refused, counts,
        tuple(summary_lines(file.understood)), notices,
    )  # fmt: skip


def _known(registry: Registry, dataset: str) -> pl.DataFrame:
    newest = registry.newest(dataset)
    return registry.read(newest) if newest else NEGATIVES.to_frame()


def _refused(found: Assessed, tier: str) -> dict[str, int]:
    """How many candidates of a tier the guards refused, by reason."""
    return {reason: count for reason, of, count in found.screened.counts.iter_rows() if of == tier}


def _note(settings: AddSettings, file: FileRows, encoder: Encoder, found: Assessed) -> dict[str, Any]:
    """How these rows came in, kept with the version; what was refused is added by tier."""
    is_name = file.place == "-" or file.place.startswith(HUB_PREFIX)
    return {
        "source": file.place if is_name else Path(file.place).name,
        "license": settings.license,
        "questions_of": settings.source,
        "encoder": {"name": encoder.name, "weights_hash": encoder.weights_hash, "fingerprint": encoder.fingerprint},
        "refused_rows": dict(file.left_out),
        **({"judge": found.judging.about()} if found.judging else {}),
        "unique_ids": True,
        "negbank": __version__,
    }
