"""Reading benchmarks from the Hugging Face Hub, or from a folder that mirrors it.

`datasets` is the one reading path. `NEGBANK_HUB_MIRROR=<dir>` makes every `org/name` resolve to `<dir>/org/name`, as a
cluster without a network needs. This module owns the package `datasets`.

A repository is a stranger's, on the Hub and in a mirror. Its README chooses the files that `datasets` reads, so these
must be its own, of a kind that is only data, and not too large; nothing in it is ever run.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from negbank.decompression import refuse_bombs
from negbank.errors import HubUnreachableError, NegbankError, SourceError, UnknownNameError
from negbank.folders import cache_folder, expanded
from negbank.text.display import short

if TYPE_CHECKING:
    from negbank.hub import Listing

MIRROR_VARIABLE = "NEGBANK_HUB_MIRROR"

MAX_ROW_DIGITS: Final = 18
"""Digits of a number in a slice of a split: no split has as many rows."""

_LONG_NUMBER: Final = re.compile(rf"\d[\d_]{{{MAX_ROW_DIGITS},}}")
_KINDS: Final = ("parquet", "json", "csv", "arrow", "text", "cache")  # the last: what was made of one of these before


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
        self._refuse_notes()
        with self._translated():
            return list(datasets.get_dataset_config_names(self._path(), revision=self._revision()))

    def splits(self, config: str | None) -> list[str]:
        """The splits of one configuration that are really there."""
        builder = self._builder(config)
        if builder.config.data_files:
            return [str(split) for split in builder.config.data_files]
        datasets = _import_datasets()  # offline: what `datasets` made before is read from its cache
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
        builder = self._builder(config)
        with self._translated(), _quiet_bars(datasets):
            frame = _prepared(datasets, builder, base).to_polars()
        start, stop = _bounds(datasets, split, base, frame.height)
        return Slice(frame[start:stop], pl.concat([frame[:start], frame[stop:]]))

    def revision(self, config: str | None) -> str | None:
        """The commit that the Hub resolved, or None for a mirror (its content is hashed instead)."""
        if self.mirror:
            return None
        urls = _files_of(self._builder(config))
        commits = {u.partition("@")[2].partition("/")[0] for u in urls if u.startswith("hf://") and "@" in u}
        return commits.pop() if len(commits) == 1 else None

    def _builder(self, config: str | None) -> Any:
        """What `datasets` would read of a configuration, judged before any of it is read."""
        datasets = _import_datasets()
        self._refuse_notes()
        with self._translated():
            builder = datasets.load_dataset_builder(
                self._path(), config, cache_dir=self._cache(), revision=self._revision()
            )
        if folder := self.mirror:
            refuse_strange_files(self.name, builder, f"{folder.resolve().as_posix()}/")
            return builder
        found = _listing(self.name, self.branch)
        base = f"hf://datasets/{self.name}@" + (f"{found.commit}/" if found else "")
        refuse_strange_files(self.name, builder, base)
        self._refuse_large([found.sizes.get(url.removeprefix(base), 0) for url in _files_of(builder)] if found else [])
        return builder

    def _refuse_notes(self) -> None:
        """Raise HubError for a README that names other files than its own, or that would take hours to read."""
        folder = self.mirror
        if folder is None:
            _listing(self.name, self.branch)
        else:
            _refuse_notes_of(self.name, folder)

    def _refuse_large(self, sizes: list[int]) -> None:
        """Raise SourceError for files that are too large to be read whole."""
        from negbank.hub import MAX_GB

        if sum(sizes) > MAX_GB * 1e9:
            raise SourceError(
                f"{self.name}: this configuration has {sum(sizes):,} bytes, more than the {MAX_GB:g} GB that are "
                f"read from the Hub; download what you need of it (hf download {self.name} --repo-type dataset) and "
                "name the files"
            )

    def _path(self) -> str:
        folder = self.mirror
        return str(folder) if folder else self.name

    def _revision(self) -> str | None:
        """The commit to read on the Hub, so that all is read from one; a mirror has the files of one."""
        if self.mirror:
            return None
        found = _listing(self.name, self.branch)
        return found.commit if found else self.branch

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
        except Exception as error:  # `datasets` raises whatever it likes on a README or a file that it does not expect
            raise SourceError(f"{self.name}: cannot be read from {self.place}: {_said(error)}") from error


def load_folder(folder: Path, config: str, split: str | None) -> Any:
    """The `datasets.Dataset` (of all splits: a DatasetDict) of one configuration of a folder in the Hub's layout."""
    datasets = _import_datasets()
    _refuse_notes_of(config, folder)
    try:
        with _quiet_bars(datasets):
            builder = datasets.load_dataset_builder(str(folder), config)
            refuse_strange_files(config, builder, f"{folder.resolve().as_posix()}/")
            return _prepared(datasets, builder, split)
    except NegbankError:
        raise
    except Exception as error:  # as above
        raise SourceError(f"{config} cannot be loaded: {_said(error)}") from error


def refuse_strange_files(name: str, builder: Any, base: str) -> None:
    """Raise SourceError where a README names files that are not below `base`, or of a kind that may be more than data.

    `datasets` reads whatever file or URL a README in a folder names, also a private one of the user's.
    """
    for path in _files_of(builder):
        own = os.path.normpath(path.removeprefix(base)) if path.startswith(base) else ".."
        if own.startswith(("..", "/")) or "::" in path:
            raise SourceError(
                f"{name}: its README names a file that is not its own, {_short(path)!r}; nothing was read"
            )
    kind = type(builder).__module__.rpartition(".")[2]
    if kind not in _KINDS:
        raise SourceError(
            f"{name}: its files are read by {kind!r} of `datasets`, and only {', '.join(_KINDS[:-1])} are read here; "
            "convert them to JSON Lines or Parquet and name the files"
        )


def _files_of(builder: Any) -> list[str]:
    """The files that a builder reads: paths or URLs."""
    return [str(path) for paths in (builder.config.data_files or {}).values() for path in paths]


def _prepared(datasets: Any, builder: Any, split: str | None) -> Any:
    """The rows that a builder gives, as `datasets.load_dataset` has them, unless its Parquet files are bombs."""
    files = [path for path in _files_of(builder) if path.endswith(".parquet")]
    if files and not Path(builder.cache_dir).exists():  # else they were read before
        there = datasets.DownloadManager(dataset_name=builder.dataset_name).download(files)
        refuse_bombs([Path(path) for path in there])
    builder.download_and_prepare()
    return builder.as_dataset(split=split)


@functools.lru_cache(maxsize=64)
def _listing(name: str, branch: str | None) -> Listing | None:
    """What a repository on the Hub holds, asked once."""
    from negbank.hub import look

    return look(name, branch)


def _refuse_notes_of(name: str, folder: Path) -> None:
    from negbank.hub import notes_of, refuse_strange_notes

    refuse_strange_notes(name, notes_of(folder))


def _said(error: Exception) -> str:
    return _short(str(error) or type(error).__name__)


def _short(text: str) -> str:
    """At most 300 characters on one line, of what others wrote."""
    return "".join(c if c.isprintable() else " " for c in text[:301])[:300] + ("..." if len(text) > 300 else "")


def _bounds(datasets: Any, split: str, base: str, rows: int) -> tuple[int, int]:
    """The first and the past-last row of a split expression, as `datasets` itself counts them."""
    refusal = f"cannot read the split {short(split, 60)}"
    if _LONG_NUMBER.search(split.removeprefix(base)):
        raise SourceError(f"{refusal}: a number in it has more than {MAX_ROW_DIGITS} digits; {base} has {rows:,} rows")
    try:
        parts = datasets.ReadInstruction.from_spec(split).to_absolute({base: rows})
    except (ValueError, AssertionError, AttributeError) as error:
        raise SourceError(f"{refusal}; write it as '{base}[:80%]' or '{base}[:100]'") from error
    if len(parts) != 1:
        raise SourceError(f"{refusal}: name one split, such as '{base}[:80%]'")
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
    """No progress bars of `datasets`: they print what a repository calls its splits."""
    if not datasets.is_progress_bar_enabled():
        yield
        return
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        datasets.enable_progress_bars()
