"""Draws from a CPU generator; the tensors they parametrise may live anywhere."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor


def generator(seed: int, stream: int) -> Generator:
    """Return the generator of one stream of a seed: a pure function of both."""
    mixed = (seed * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03) % 2**63
    return Generator().manual_seed(mixed)


def uniform(rng: Generator, low: float, high: float, *shape: int) -> Tensor:
    """Return uniform draws in [low, high)."""
    return torch.rand(*shape, generator=rng) * (high - low) + low


def normal(rng: Generator, *shape: int) -> Tensor:
    """Return standard normal draws."""
    return torch.randn(*shape, generator=rng)


def on_some(
    images: Tensor, chance: float, rng: Generator, change: Callable[[Tensor, Generator], Tensor]
) -> Tensor:
    """Apply `change` to a random subset of a batch; the others pass at no cost."""
    chosen = (uniform(rng, 0, 1, len(images)) < chance).nonzero()[:, 0].to(images.device)
    if not len(chosen):
        return images
    return images.index_copy(0, chosen, change(images[chosen], rng).to(images.dtype))
