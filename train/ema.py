"""The exponential moving average of a network's weights: what is validated, saved and used."""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

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
        for shadow, weight in zip(self.network.parameters(), network.parameters(), strict=True):
            shadow.lerp_(weight, 1 - keep)
        for held, buffer in zip(self.network.buffers(), network.buffers(), strict=True):
            held.copy_(buffer)
