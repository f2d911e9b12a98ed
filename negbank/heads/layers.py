"""A LoRA layer in as few passes over memory as its mathematics needs.

peft computes `result + B(A(x)) * scaling` as separate steps, each of which writes a matrix as wide as the layer, and
keeps them for the gradient. Here the products are added into the result in place, forward and backward; the numbers
are those of peft to the last bits of their type.
"""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class LoraProduct(torch.autograd.Function):
    """`y = x W' + s (x A') B'` for x (n, in), W (out, in) frozen, A (r, in), B (out, r); gradients of x, A and B."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, down: Tensor, up: Tensor, scaling: float) -> Tensor:
        """The layer's result (n, out)."""
        narrow_down, narrow_up = down.to(x.dtype), up.to(x.dtype)
        y = x @ weight.t()
        inner = x @ narrow_down.t()
        y.addmm_(inner, narrow_up.t(), alpha=scaling)
        ctx.save_for_backward(x, weight, narrow_down, narrow_up, inner)
        ctx.scaling, ctx.dtypes = scaling, (down.dtype, up.dtype)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of x, W (none), A, B and the scaling (none)."""
        (gradient,) = gradients
        x, weight, down, up, inner = ctx.saved_tensors
        outer = (gradient @ up).mul_(ctx.scaling)
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = gradient @ weight
            of_x.addmm_(outer, down)
        of_down = (outer.t() @ x).to(ctx.dtypes[0])
        of_up = (gradient.t() @ inner).mul_(ctx.scaling).to(ctx.dtypes[1])
        return of_x, None, of_down, of_up, None


def make_fast(layer: Any) -> None:
    """Have a layer of peft compute its one active plain LoRA adapter by `LoraProduct`, and all else by peft."""
    if isinstance(layer.base_layer, torch.nn.Linear) and "forward" not in vars(layer):
        layer.forward = types.MethodType(_forward, layer)


def _forward(self: Any, x: Tensor, *arguments: Any, **settings: Any) -> Tensor:
    active = [name for name in self.active_adapters if name in self.lora_A]
    base = self.base_layer
    if self.disable_adapters or not active:
        return functional.linear(x, base.weight, base.bias)
    name = active[0]
    if len(active) > 1 or arguments or settings or self.merged or self.lora_variant or not _is_plain(self, name):
        out: Tensor = type(self).forward(self, x, *arguments, **settings)
        return out
    flat = LoraProduct.apply(  # type: ignore[no-untyped-call]
        x.reshape(-1, x.shape[-1]), base.weight, self.lora_A[name].weight, self.lora_B[name].weight, self.scaling[name]
    )
    result: Tensor = flat.view(*x.shape[:-1], -1)
    return result if base.bias is None else result + base.bias


def _is_plain(layer: Any, name: str) -> bool:
    drops = isinstance(layer.lora_dropout[name], torch.nn.Dropout) and layer.lora_dropout[name].training
    return not drops and layer.lora_A[name].bias is None and layer.lora_B[name].bias is None
