"""Whether versions have one row per question and negative, and no `id` twice.

Versions made before this was a rule do not say `unique_ids` in what their parts record, and are not checked.

Contents never change, so what was found unique once is so for good: that is kept in the cache, and a registry that
grew by one version is not read again as a whole. Keys are put in order by `keys`, with little memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow.parquet as pq

from negbank.records import LATER_COLUMNS
from negbank.registry import proven
from negbank.registry.contents import Contents
from negbank.registry.engine import Engine
from negbank.registry.keys import Keys, in_order
from negbank.registry.manifest import Manifest, Part
from negbank.registry.queries import Layers
from negbank.registry.rows import BATCH, as_frame, share_of

MARK: Final = "unique_ids"
"""What a part's record says (`true`) where the rule was kept when it was made."""

RULES: Final[Mapping[str, Sequence[str]]] = {
    "id": ("id",),
    "question and negative": ("question", "context", "negative", "generator"),
}
"""What may not stand twice, and the columns that it consists of: two models may write the same chain."""


def repeated(contents: Contents, manifests: Iterable[Manifest], broken: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each version whose marked parts hold something twice together, and what, in words.

    Parts that are `broken` are left out. Of versions that consist of the same parts the first is named.
    """
    done: set[tuple[str, ...]] = set()
    for manifest in sorted(manifests, key=lambda own: (own.dataset, own.number)):
        parts = [part for part in manifest.parts if part.mined.get(MARK) is True and part.content not in broken]
        digests = tuple(sorted(part.content for part in parts))
        fact = "\n".join(digests)
        if not parts or digests in done or proven.is_proven("unique-rows", fact):
            continue
        done.add(digests)
        counts = _counts(contents, parts)
        for what, rows in counts.items():
            said = "1 row repeats" if rows == 1 else f"{rows:,} rows repeat"
            yield f"{manifest.dataset}@v{manifest.number}", f"{said} the {what} of another row"
        if not counts:
            proven.keep("unique-rows", fact)


def _counts(contents: Contents, parts: Iterable[Part]) -> dict[str, int]:
    """How many rows repeat what of another row; nothing where none does."""
    found = [content for part in parts if (content := contents.find(part.content)) is not None]
    counts = {}
    with contents.engine() as engine:
        layers = [contents.files(content) for content in found]
        for what, columns in RULES.items():
            keys = (_keys(frame) for own in layers for frame in _frames(engine, own, columns))
            rows = 0
            for ordered in in_order(keys, engine.spill / "keys"):
                rows += int(np.all(ordered[1:] == ordered[:-1], axis=1).sum())
            if rows:
                counts[what] = rows
    return counts


def _frames(engine: Engine, layers: Layers, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Those of the columns that the rows of layers have, some rows at a time."""
    base = layers[0].added
    if base is None or len(layers) > 1:
        for frame in engine.ordered(layers):
            yield frame.select(name for name in columns if name in frame.columns)
        return
    with pq.ParquetFile(base, pre_buffer=False) as file:
        there = set(file.schema_arrow.names)
        own = [name for name in columns if name in there]
        for batch in file.iter_batches(share_of(there, BATCH), columns=own):
            yield as_frame(batch)


def _keys(frame: pl.DataFrame) -> Keys:
    """`(n, 16)` a key a row: two hashes of 64 bits, each over all texts. A text that is null counts as blank."""
    halves = np.zeros((frame.height, 2), dtype=np.uint64)
    for half in (0, 1):
        for place, name in enumerate(frame.columns):
            column = frame[name].fill_null("") if name in _NULLABLE else frame[name]
            hashed: npt.NDArray[np.uint64] = column.hash(2 * place + half).to_numpy()
            halves[:, half] = halves[:, half] * _ODD + hashed
    return halves.view(np.uint8).reshape(-1, 16)


_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_NULLABLE: Final = frozenset((*LATER_COLUMNS, "generator"))
