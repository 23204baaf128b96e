"""The exponential moving average of a network's weights: what is validated, saved and used."""

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)

LIMIT = 0.999


class MovingAverage(Generic[Network]):
    """A shadow of `network`: weights averaged, batch-norm buffers copied."""

    def __init__(self, network: Network) -> None:
        self.network: Network = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards `network` after optimiser step `step` (0-based); slower as steps go by."""
        keep = min(LIMIT, (1 + step) / (10 + step))
        shadow: list[Tensor] = list(self.network.parameters())
        weights: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(shadow, weights, 1 - keep)  # a few kernels for all of them
        torch._foreach_copy_(list(self.network.buffers()), list(network.buffers()))
