"""Many keys in order with little memory: piles by their first bits, on disk where they are many, each sorted by itself.

A key is the bytes of `row_id` and `row_hash`. `row_id` is a hash, so piles are of one size. A database's sort of ten
million keys took half a gigabyte, whatever limit it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint8]
"""`(n, width)` bytes, a key a row; the first 16 decide the order."""

HELD: Final = 250_000
"""Keys that are held in memory before they go to disk: 12 MB."""

PILES: Final = 64
_SHIFT: Final = 2  # of a byte, to one of 64


def in_order(blocks: Iterable[Keys], folder: Path) -> Iterator[Keys]:
    """The keys of all blocks, ascending, some at a time; `folder` is made where they are too many for memory."""
    held: list[Keys] = []
    count = 0
    for block in blocks:
        held.append(block.copy())
        count += len(block)
        if count >= HELD:
            _pile(np.concatenate(held), folder)
            held, count = [], 0
    if held and not folder.exists():
        yield _sorted(np.concatenate(held))
        return
    if held:
        _pile(np.concatenate(held), folder)
    if not folder.exists():
        return
    for file in sorted(folder.glob("*.keys")):
        width = int(file.stem.partition("-")[2])
        yield _sorted(np.fromfile(file, dtype=np.uint8).reshape(-1, width))
        file.unlink()
    folder.rmdir()


def _pile(keys: Keys, folder: Path) -> None:
    """Append each key to the file of its pile."""
    folder.mkdir(exist_ok=True)
    pile = keys[:, 0] >> _SHIFT
    keys = keys[np.argsort(pile, kind="stable")]
    stops = np.cumsum(np.bincount(pile, minlength=PILES))
    for number, some in enumerate(np.split(keys, stops[:-1])):
        with (folder / f"{number:02}-{keys.shape[1]}.keys").open("ab") as file:
            some.tofile(file)


def _sorted(keys: Keys) -> Keys:
    """Keys by their first 16 bytes."""
    first, second = (np.ascontiguousarray(keys[:, at : at + 8]).view(">u8").ravel().astype(np.uint64) for at in (0, 8))
    order = np.argsort(first)  # half the time of a sort by both, which hashes hardly ever need
    if np.any(np.diff(first[order]) == 0):
        order = np.lexsort((second, first))
    return np.ascontiguousarray(keys[order])
