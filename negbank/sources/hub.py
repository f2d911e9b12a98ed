"""Reading benchmarks from the Hugging Face Hub, or from a folder that mirrors it.

`datasets.load_dataset` is the one reading path. `NEGBANK_HUB_MIRROR=<dir>` makes every `org/name` resolve to
`<dir>/org/name`, as a cluster without a network needs. This module owns the package `datasets`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from negbank.errors import HubUnreachableError, NegbankError, SourceError, UnknownNameError
from negbank.folders import cache_folder, expanded

MIRROR_VARIABLE = "NEGBANK_HUB_MIRROR"


@dataclass(frozen=True)
class Slice:
    """Rows `start` to `stop` of one split: `frame` holds them, `rest` the split's other rows."""

    frame: pl.DataFrame
    rest: pl.DataFrame


@dataclass(frozen=True)
class HubDataset:
    """One dataset repository, `org/name`, on the Hub or in the mirror; `branch` of it on the Hub."""

    name: str
    branch: str | None = None

    @property
    def mirror(self) -> Path | None:
        """The folder that stands for the repository, or None where the Hub itself is asked."""
        root = os.environ.get(MIRROR_VARIABLE)
        if not root:
            return None
        folder = expanded(root) / self.name
        if not folder.is_dir():
            there = sorted(f"{p.parent.name}/{p.name}" for p in expanded(root).glob("*/*") if p.is_dir())
            raise UnknownNameError("dataset", self.name, there, hint=f" (in {MIRROR_VARIABLE}={root})")
        return folder

    @property
    def place(self) -> str:
        """Where the rows come from, in words."""
        return "the mirror" if self.mirror else "the Hub"

    def configs(self) -> list[str]:
        """The repository's configurations."""
        datasets = _import_datasets()
        with self._translated():
            return list(datasets.get_dataset_config_names(self._path(), revision=self._revision()))

    def splits(self, config: str | None) -> list[str]:
        """The splits of one configuration that are really there."""
        datasets = _import_datasets()
        with self._translated():
            return list(datasets.get_dataset_split_names(self._path(), config, revision=self._revision()))

    def read(self, config: str | None, split: str) -> Slice:
        """The rows that `split` names: a split, or a slice of one such as `validation[:80%]`.

        Raises UnknownNameError for a split that is not there, SourceError for a slice that cannot be read,
        and HubUnreachableError where the Hub does not answer.
        """
        datasets = _import_datasets()
        base = split.partition("[")[0]
        known = self.splits(config)
        if base not in known:
            raise UnknownNameError("split", base, known, hint=f" (in {self.name}, {self.place})")
        with self._translated(), _quiet_bars(datasets):
            loaded = datasets.load_dataset(
                self._path(), config, split=base, cache_dir=self._cache(), revision=self._revision()
            )
            frame = loaded.to_polars()
        start, stop = _bounds(datasets, split, base, frame.height)
        return Slice(frame[start:stop], pl.concat([frame[:start], frame[stop:]]))

    def revision(self, config: str | None) -> str | None:
        """The commit that the Hub resolved, or None for a mirror (its content is hashed instead)."""
        datasets = _import_datasets()
        if self.mirror:
            return None
        with self._translated():
            builder = datasets.load_dataset_builder(self._path(), config, revision=self._revision())
        urls = [str(f) for files in (builder.config.data_files or {}).values() for f in files]
        commits = {u.partition("@")[2].partition("/")[0] for u in urls if u.startswith("hf://") and "@" in u}
        return commits.pop() if len(commits) == 1 else None

    def _path(self) -> str:
        folder = self.mirror
        return str(folder) if folder else self.name

    def _revision(self) -> str | None:
        """The branch to read on the Hub; a mirror has the files of one."""
        return None if self.mirror else self.branch

    def location(self) -> tuple[str, str | None]:
        """What `datasets.load_dataset` has to be given to read it: `path`, and `cache_dir`."""
        return self._path(), self._cache()

    def _cache(self) -> str | None:
        """Where `datasets` keeps its Arrow copy; its own place for the Hub.

        For a folder, `datasets` keys that copy by the folder's name and not by its files, so that a rewritten
        file would give the old rows: the mirror gets one place for each state of its files.
        """
        folder = self.mirror
        if folder is None:
            return None
        digest = hashlib.sha256()
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            stat = path.stat()
            digest.update(f"{path.relative_to(folder)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        return str(cache_folder() / "mirror" / digest.hexdigest()[:16])

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the errors of `datasets` into ours."""
        from datasets.exceptions import DatasetNotFoundError

        try:
            yield
        except NegbankError:
            raise
        except DatasetNotFoundError as error:
            raise SourceError(
                f"{self.name}: not found on the Hub, or it is private or gated; "
                f"check the name, or log in with `hf auth login` ({error})"
            ) from error
        except ConnectionError as error:
            raise HubUnreachableError(
                f"{self.name}: the Hugging Face Hub cannot be reached ({error}). Without a network, set "
                f"{MIRROR_VARIABLE} to a folder that holds {self.name} as the Hub lays it out, "
                "mine a file of your own, or try `negbank mine demo`"
            ) from error
        except (ValueError, OSError) as error:
            raise SourceError(f"{self.name}: cannot be read from {self.place}: {error}") from error


def load_folder(folder: Path, config: str, split: str | None) -> Any:
    """The `datasets.Dataset` (of all splits: a DatasetDict) of one configuration of a folder in the Hub's layout."""
    datasets = _import_datasets()
    try:
        with _quiet_bars(datasets):
            return datasets.load_dataset(str(folder), config, split=split)
    except (ValueError, OSError) as error:
        raise SourceError(f"{config} cannot be loaded: {error}") from error


def _bounds(datasets: Any, split: str, base: str, rows: int) -> tuple[int, int]:
    """The first and the past-last row of a split expression, as `datasets` itself counts them."""
    try:
        parts = datasets.ReadInstruction.from_spec(split).to_absolute({base: rows})
    except (ValueError, AssertionError, AttributeError) as error:
        raise SourceError(f"cannot read the split {split!r} ({error}); write it as 'validation[:80%]'") from error
    if len(parts) != 1:
        raise SourceError(f"cannot read the split {split!r}: name one split, such as 'validation[:80%]'")
    part = parts[0]
    start = 0 if part.from_ is None else part.from_
    stop = rows if part.to is None else part.to
    return start, stop


def _import_datasets() -> Any:
    """The package `datasets`, imported when the first row is asked for: it takes a second."""
    import datasets

    return datasets


@contextlib.contextmanager
def _quiet_bars(datasets: Any) -> Iterator[None]:
    """No progress bars of `datasets` where nobody sees them move."""
    if sys.stderr.isatty() or not datasets.is_progress_bar_enabled():
        yield
        return
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.enable_progress_bars()
