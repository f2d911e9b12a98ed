"""Muon for the matrices of a small model: what makes it learn facts in minutes.

With AdamW the same model, text and time taught it the frequencies of values and not one fact (docs/world.md).
Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/) steps by the orthogonal factor of the momentum,
so that directions which rare facts need move as far as those of frequent words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import torch

MOMENTUM: Final = 0.95
_COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)
_ROUNDS: Final = 5


class Muon(torch.optim.Optimizer):
    """Steps of orthogonalised Nesterov momentum, for matrices only; `lr` is the length of each singular direction."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float) -> None:
        super().__init__(list(parameters), {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move each matrix by its gradient; `closure` is not called."""
        for group in self.param_groups:
            shapes: dict[tuple[int, int], list[tuple[torch.nn.Parameter, torch.Tensor]]] = {}
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                momentum = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
                momentum.lerp_(parameter.grad, 1 - MOMENTUM)
                update = parameter.grad.lerp(momentum, MOMENTUM)
                wide = update if update.shape[0] <= update.shape[1] else update.T
                shapes.setdefault((wide.shape[0], wide.shape[1]), []).append((parameter, wide))
            for members in shapes.values():
                self._move(members, group["lr"])

    @staticmethod
    def _move(members: list[tuple[torch.nn.Parameter, torch.Tensor]], rate: float) -> None:
        factors = orthogonal(torch.stack([update for _, update in members]))
        for (parameter, _), factor in zip(members, factors, strict=True):
            rows, columns = parameter.shape
            parameter.add_(factor if rows <= columns else factor.T, alpha=-rate * max(1.0, rows / columns) ** 0.5)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """About the orthogonal factor of each of `matrices` (n, rows, columns), rows <= columns: Newton-Schulz rounds."""
    first, second, third = _COEFFICIENTS
    out: torch.Tensor = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ROUNDS):
        square = out @ out.mT
        out = first * out + (second * square + third * square @ square) @ out
    return out


class Optimizers:
    """Muon for the inner matrices and Adam for embeddings and gains, stepped together on one schedule."""

    def __init__(self, model: torch.nn.Module, matrix_rate: float, embedding_rate: float) -> None:
        named = list(model.named_parameters())
        matrices = [parameter for name, parameter in named if parameter.ndim == 2 and "embed" not in name]
        others = [parameter for name, parameter in named if parameter.ndim != 2 or "embed" in name]
        self._all: tuple[Any, ...] = (
            Muon(matrices, matrix_rate),
            torch.optim.AdamW(others, lr=embedding_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
        )
        self._rates = (matrix_rate, embedding_rate)

    def step(self, factor: float) -> None:
        """One step at `factor` of the full rates; gradients are cleared."""
        for optimizer, rate in zip(self._all, self._rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)


def schedule(step: int, steps: int) -> float:
    """Share of the full rate at `step`: up over the first 50, level, then down to nothing over the last 40%."""
    warm = min(50, max(1, steps // 10))
    return min(1.0, (step + 1) / warm, max(0.02, (steps - step) / (0.4 * steps)))
