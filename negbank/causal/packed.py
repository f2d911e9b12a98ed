"""A causal model run over sequences laid end to end: no token of padding but within attention.

All of a model but attention treats tokens one by one, so sequences of any lengths stand in one row. For attention
itself, which is a small share of the work at these lengths, they are spread to rows of one length: after a sequence
its padding is the future, which a causal model never looks at. The tokens that all sequences begin with stand in the
row once. Where only some tokens' results are wanted, the last layer's work after attention is done for them alone.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional
from transformers import AttentionInterface

from negbank.causal.base import Base

ATTENTION: Final = "negbank_packed"
"""The name under which attention over packed sequences is known to transformers."""

ARCHITECTURES: Final = ("llama", "mistral", "qwen2", "qwen3", "smollm3")
"""Model types whose layers are norm, attention, norm, perceptron, each of which but attention sees tokens one by one,
and whose logits are the head's as they are."""


SHORT: Final = 128
"""Tokens up to which plain products beat torch's attention kernel on a processor (1.7x at 50, 0.8x at 200)."""


@dataclass(frozen=True)
class Packed:
    """Sequences end to end: `ids` and `positions` are (1, n), `places` (n,) are their tokens' in (rows, longest).

    The first `shared` tokens are all sequences' own. `wanted` (m,) are the tokens whose results are asked for.
    `future` (longest, longest) is minus infinity where a token stands after the one that looks, for attention by
    plain products; None where a kernel does it.
    """

    ids: Tensor
    positions: Tensor
    places: Tensor
    wanted: Tensor
    rows: int
    longest: int
    shared: int
    future: Tensor | None


def pack(sequences: Sequence[Sequence[int]], wanted: Sequence[int], device: torch.device) -> Packed:
    """The sequences of token ids, end to end, on `device`; of each the last `wanted` tokens' results are asked for."""
    longest = max(len(sequence) for sequence in sequences)
    shared = _shared(sequences, wanted)
    ids, positions, places = list(sequences[0][:shared]), list(range(shared)), list(range(shared))
    asked: list[int] = []
    for row, (sequence, count) in enumerate(zip(sequences, wanted, strict=True)):
        ids += sequence[shared:]
        asked += range(len(ids) - count, len(ids))
        positions += range(shared, len(sequence))
        places += range(row * longest + shared, row * longest + len(sequence))
    plain = device.type == "cpu" and longest <= SHORT
    future = torch.full((longest, longest), float("-inf")).triu(1) if plain else None
    return Packed(
        torch.tensor([ids], device=device),
        torch.tensor([positions], device=device),
        torch.tensor(places, device=device),
        torch.tensor(asked, device=device),
        len(sequences),
        longest,
        shared,
        future,
    )


def _shared(sequences: Sequence[Sequence[int]], wanted: Sequence[int]) -> int:
    """How many tokens all sequences begin with, none of them wanted."""
    most = min(len(sequence) - count for sequence, count in zip(sequences, wanted, strict=True))
    if len(sequences) == 1:
        return 0
    columns = zip(*(sequence[:most] for sequence in sequences), strict=True)
    return next((place for place, column in enumerate(columns) if len(set(column)) > 1), most)


def can_pack(base: Base, longest: int) -> bool:
    """Whether the model runs over packed sequences of up to `longest` tokens as it does over one sequence a row."""
    config = base.model.config
    window = getattr(config, "sliding_window", None)
    return config.model_type in ARCHITECTURES and (window is None or longest <= window)


@contextlib.contextmanager
def packed_attention(base: Base) -> Iterator[None]:
    """Within, the model's attention is that of `hidden_states`, and no other call of it makes sense."""
    AttentionInterface.register(ATTENTION, _attend)
    config, last = base.model.config, base.model.base_model.layers[-1]
    before = config._attn_implementation
    config._attn_implementation = ATTENTION
    last.forward = types.MethodType(_last_layer, last)
    try:
        yield
    finally:
        del last.forward
        config._attn_implementation = before


def hidden_states(base: Base, packed: Packed) -> Tensor:
    """(m, width) what the model gives for each wanted token, in order. To be called within `packed_attention`."""
    out = base.model.base_model(
        input_ids=packed.ids, position_ids=packed.positions, use_cache=False, negbank_packed=packed
    )
    hidden: Tensor = out.last_hidden_state[0]
    return hidden


def logits_of(base: Base, hidden: Tensor) -> Tensor:
    """(n, vocabulary) logits in the model's precision of hidden states (n, width)."""
    logits: Tensor = base.model.get_output_embeddings()(hidden)
    return logits


class _Spread(torch.autograd.Function):
    """Tokens (n, ...) at their places in (rows, longest, ...), zeros elsewhere; shared ones in every row if `repeat`.

    The gradient is a plain read, and for shared tokens a sum over the rows.
    """

    @staticmethod
    def forward(ctx: Any, tokens: Tensor, packed: Packed, repeat: bool) -> Tensor:
        ctx.packed, ctx.shared = packed, packed.shared if repeat else 0
        flat = tokens.new_zeros((packed.rows * packed.longest, *tokens.shape[1:])).index_copy_(0, packed.places, tokens)
        spread = flat.view(packed.rows, packed.longest, *tokens.shape[1:])
        if ctx.shared:
            spread[1:, : ctx.shared] = tokens[: ctx.shared]
        return spread

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = gradients
        out = gradient.flatten(0, 1).index_select(0, ctx.packed.places)
        if ctx.shared:
            out[: ctx.shared] = gradient[:, : ctx.shared].sum(0)
        return out, None, None


class _Collect(torch.autograd.Function):
    """The rows at `places`; its gradient puts them back, which needs no sum as all places differ."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, places: Tensor) -> Tensor:
        ctx.save_for_backward(places)
        ctx.size = rows.shape[0]
        return rows.index_select(0, places)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (places,) = ctx.saved_tensors
        (gradient,) = gradients
        return gradient.new_zeros((ctx.size, *gradient.shape[1:])).index_copy_(0, places, gradient), None


def _attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **settings: Any
) -> tuple[Tensor, None]:
    """(1, n, heads, width) of causal attention within each sequence of a `Packed`."""
    packed: Packed = settings["negbank_packed"]

    queries, keys, values = (
        _Spread.apply(states[0].transpose(0, 1), packed, repeat).transpose(1, 2)  # type: ignore[no-untyped-call]
        for states, repeat in ((query, False), (key, True), (value, True))
    )
    if packed.future is None:
        out = functional.scaled_dot_product_attention(
            queries, keys, values, is_causal=True, scale=settings["scaling"], enable_gqa=key.shape[1] != query.shape[1]
        )
    else:
        out = _plain_attention(queries, keys, values, packed.future.to(query.dtype), settings["scaling"])
    flat = out.transpose(1, 2).reshape(packed.rows * packed.longest, query.shape[1], query.shape[3])
    return _Collect.apply(flat, packed.places)[None], None  # type: ignore[no-untyped-call]


def _plain_attention(query: Tensor, key: Tensor, value: Tensor, future: Tensor, scaling: float) -> Tensor:
    """Causal attention; the heads that share keys are further rows of one product."""
    rows, heads, length, width = query.shape
    shared = key.shape[1]
    together = (rows * shared, heads // shared * length)
    looking = query.reshape(*together, width)
    seen = key.reshape(rows * shared, length, width).transpose(1, 2)
    hidden = future.repeat(heads // shared, 1).expand(rows * shared, -1, -1)
    weights = torch.baddbmm(hidden, looking, seen, alpha=scaling).softmax(-1)
    out: Tensor = (weights @ value.reshape(rows * shared, length, width)).view(rows, heads, length, width)
    return out


def _last_layer(self: Any, hidden_states: Tensor, **settings: Any) -> Tensor:
    """A decoder layer, for the wanted tokens alone once they have seen the others."""
    wanted = settings["negbank_packed"].wanted
    attended, _ = self.self_attn(hidden_states=self.input_layernorm(hidden_states), **settings)
    states: Tensor = (hidden_states + attended).index_select(1, wanted)
    out: Tensor = states + self.mlp(self.post_attention_layernorm(states))
    return out
