"""Layers that pass values as they are and change gradients: reversed, or scaled."""

from typing import Any

import torch
from torch import Tensor, nn


class _Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float | Tensor) -> Tensor:
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return gradients[0] * ctx.factor, None


def scale_gradient(x: Tensor, factor: float | Tensor) -> Tensor:
    """Return x; its gradient is multiplied by `factor` (below zero: reversed)."""
    scaled: Tensor = _Scaled.apply(x, factor)  # type: ignore[no-untyped-call]
    return scaled


class WarmUp(nn.Module):
    """A coefficient that rises from 0 to `highest` with optimiser steps, and is saved.

    2 highest / (1 + exp(-i / span)) - highest after i steps: the schedule of the gradient reversal
    of DALN (Chen et al. 2022, span 1000) and of DANN (Ganin et al. 2016, span a tenth of the run).
    """

    steps: Tensor

    def __init__(self, span: float, highest: float = 1.0) -> None:
        super().__init__()
        self.span, self.highest = span, highest
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    @property
    def coefficient(self) -> Tensor:
        """The coefficient now, on the device: nobody has to wait for its count."""
        rise = 2 / (1 + torch.exp(-self.steps.double() / self.span)) - 1
        return self.highest * rise

    def step(self) -> None:
        """Count one optimiser step."""
        self.steps += 1
