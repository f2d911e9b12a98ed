"""Attention over a forest of tokens, put into a transformers model in place of its own.

A model of transformers looks its attention up in a table of functions, and hands on to it what its forward was called
with. The function here stands in that table as `NAME`; it finds a `Plan` in the call, which says what each token may
see. Everything else (projections and adapters in them, rotary embeddings, norms) stays the model's own.

Attention goes tile by tile, a tile being a run of tokens and the keys that they may see. A tile of a few trees
computes little in vain, while the linear layers take the whole batch at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from negbank.scoring.trees import Tree, join

NAME: Final = "negbank_forest"

_HARMLESS: Final = frozenset({"position_ids", "use_cache"})
"""What a layer may tell its attention besides what is read here: whatever else is set is refused, not ignored."""

_KEPT_MASK: Final = 1 << 22  # entries; a larger mask is made anew in each layer

KeyValues = dict[int, tuple[Tensor, Tensor]]
"""Keys and values, (1, heads, tokens, width) each, by layer."""


class NotUnderstoodError(Exception):
    """A model's attention does something that the one here does not do."""


@dataclass(frozen=True)
class Prefix:
    """The `length` tokens that stand before every tree of a batch."""

    length: int
    layers: KeyValues


NO_PREFIX: Final = Prefix(0, {})


@dataclass(frozen=True)
class Tile:
    """Tokens `start` to `stop`, which see the prefix and tokens from `first` on: all up to themselves if `causal`."""

    start: int
    stop: int
    first: int
    causal: bool = False


@dataclass(eq=False)
class Plan:
    """What each token of a batch of trees may see: the prefix, and its own ancestors.

    `recorded`, where it is not None, takes the batch's own keys and values; `windows` the sliding windows that layers
    name.
    """

    trees: Sequence[Tree]
    prefix: Prefix
    tile_tokens: int
    device: torch.device
    recorded: KeyValues | None = None
    windows: set[int | None] = field(default_factory=set)
    _masks: dict[tuple[Tile, int | None], Tensor] = field(default_factory=dict)

    @cached_property
    def forest(self) -> Tree:
        """The trees as one."""
        return join(self.trees)

    @cached_property
    def positions(self) -> Tensor:
        """(n,) place of each token in its text."""
        return torch.from_numpy(self.forest.positions).to(self.device)

    @cached_property
    def _ends(self) -> Tensor:
        return torch.from_numpy(self.forest.ends).to(self.device)

    def tiles(self, window: int | None) -> list[Tile]:
        """The tiles of the batch, in order. Where a sliding `window` hides something none is causal."""
        return self._plain_tiles if window is None or window > self.forest.positions.max() else self._window_tiles

    @cached_property
    def _plain_tiles(self) -> list[Tile]:
        # torch's causal kernel takes as many keys as queries, so there is no use for it after a prefix
        return list(_tiles(self.trees, self.tile_tokens, causal=not self.prefix.length))

    @cached_property
    def _window_tiles(self) -> list[Tile]:
        return list(_tiles(self.trees, self.tile_tokens, causal=False))

    def mask(self, tile: Tile, window: int | None, dtype: torch.dtype) -> Tensor:
        """(1, 1, tokens, keys): 0 where a token of `tile` sees a key, minus infinity where it does not."""
        known = self._masks.get((tile, window))
        if known is not None:
            return known
        keys = slice(tile.first, tile.stop)
        place = torch.arange(tile.stop, device=self.device)
        query = place[tile.start :, None]
        hidden = (place[None, tile.first :] > query) | (query >= self._ends[None, keys])
        position = self.positions[keys]
        if self.prefix.length:
            hidden = torch.cat([hidden.new_zeros(len(hidden), self.prefix.length), hidden], dim=1)
            position = torch.cat([torch.arange(self.prefix.length, device=self.device), position])
        if window is not None:
            hidden |= self.positions[tile.start : tile.stop, None] - position[None, :] >= window
        mask = torch.zeros((1, 1, *hidden.shape), dtype=dtype, device=self.device).masked_fill_(hidden, float("-inf"))
        if mask.numel() <= _KEPT_MASK:
            self._masks[tile, window] = mask
        return mask


def _tiles(trees: Sequence[Tree], tile_tokens: int, causal: bool) -> Iterator[Tile]:
    """Tiles of whole trees, of `tile_tokens` at most; a larger tree has tiles of its own, its trunk a causal one."""
    first = stop = 0
    for tree in trees:
        if stop > first and stop - first + len(tree) > tile_tokens:
            yield Tile(first, stop, first)
            first = stop
        if len(tree) <= tile_tokens:
            stop += len(tree)
            continue
        start, stop = first, first + len(tree)
        if causal:
            yield Tile(start, start + tree.trunk, start, causal=True)
            start += tree.trunk
        for low in range(start, stop, tile_tokens):
            yield Tile(low, min(low + tile_tokens, stop), first)
        first = stop
    if stop > first:
        yield Tile(first, stop, first)


def forest_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **told: Any,
) -> tuple[Tensor, None]:
    """(1, n, heads, width) of attention over the forest of the call's `Plan`, for keys of one row of n tokens.

    Raises NotUnderstoodError for a call without a plan, and for one that asks for what is not done here.
    """
    batch: Plan | None = told.pop("forest", None)
    scaling, window = told.pop("scaling", None), told.pop("sliding_window", None)
    odd = sorted(name for name, value in told.items() if name not in _HARMLESS and _is_set(name, value))
    if batch is None or attention_mask is not None or odd:
        raise NotUnderstoodError(f"its attention is called with {', '.join(odd) or 'a mask, or without the plan'}")
    if batch.recorded is not None:
        batch.recorded[module.layer_idx] = (key, value)
    batch.windows.add(window)
    before = batch.prefix.layers[module.layer_idx] if batch.prefix.length else None
    out = query.new_empty(1, query.shape[2], query.shape[1], value.shape[-1])
    for tile in batch.tiles(window):
        keys, values = key[:, :, tile.first : tile.stop], value[:, :, tile.first : tile.stop]
        if before is not None:
            keys, values = torch.cat([before[0], keys], dim=2), torch.cat([before[1], values], dim=2)
        mask = None if tile.causal else batch.mask(tile, window, query.dtype)
        seen = _attend(query[:, :, tile.start : tile.stop], keys, values, mask, scaling)
        out[:, tile.start : tile.stop] = seen.transpose(1, 2)
    return out, None


def _is_set(name: str, value: Any) -> bool:
    if name == "is_causal":
        return value is False
    return value is not None and not (isinstance(value, (bool, int, float)) and not value)


def _attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float | None) -> Tensor:
    grouped = query.shape[1] != key.shape[1]
    if grouped and mask is not None and query.device.type != "cpu":
        # on a GPU no fused kernel takes both a mask and fewer heads of keys than of queries
        repeats = query.shape[1] // key.shape[1]
        key, value = key.repeat_interleave(repeats, dim=1), value.repeat_interleave(repeats, dim=1)
        grouped = False
    return scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=mask is None, scale=scaling, enable_gqa=grouped
    )


def register() -> None:
    """Put `forest_attention` into transformers' table."""
    AttentionInterface.register(NAME, forest_attention)
