"""Random draws, the same on every device, for tensors that may live anywhere.

What parametrises a picture is drawn on the CPU and sent to the device without waiting for it: a
GPU is never asked anything during a step. A number for each pixel is drawn where it is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Draws:
    """One stream of random numbers, and the device that they are for."""

    source: Generator  # of the CPU
    device: torch.device = CPU

    @property
    def host(self) -> "Draws":
        """The same stream for tensors on the CPU: what Python has to know."""
        return replace(self, device=CPU)


def generator(seed: int, stream: int, device: torch.device = CPU) -> Draws:
    """Return the draws of one stream of a seed: a pure function of both."""
    mixed = (seed * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03) % 2**63
    return Draws(Generator().manual_seed(mixed), device)


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor of the CPU on a device, without waiting for what that is busy with.

    It may be forgotten at once: memory that is not pinned is copied before this returns.
    """
    return tensor.to(device, non_blocking=True)


def uniform(rng: Draws, low: float, high: float, *shape: int) -> Tensor:
    """Return uniform draws in [low, high)."""
    return send(torch.rand(*shape, generator=rng.source) * (high - low) + low, rng.device)


def normal(rng: Draws, *shape: int) -> Tensor:
    """Return standard normal draws."""
    return send(torch.randn(*shape, generator=rng.source), rng.device)


def noise(rng: Draws, *shape: int) -> Tensor:
    """Return standard normal draws by the million: those of a GPU are its own."""
    if rng.device.type != "cuda":
        return normal(rng, *shape)
    seed = int(torch.randint(2**62, (), generator=rng.source))
    own = Generator(rng.device).manual_seed(seed)
    return torch.randn(*shape, generator=own, device=rng.device)


def on_some(
    images: Tensor, chance: float, rng: Draws, change: Callable[[Tensor, Draws], Tensor]
) -> Tensor:
    """Apply `change` to a random subset of a batch; the others pass at no cost."""
    chosen = (uniform(rng.host, 0, 1, len(images)) < chance).nonzero()[:, 0]
    if not len(chosen):
        return images
    chosen = send(chosen, images.device)
    return images.index_copy(0, chosen, change(images[chosen], rng).to(images.dtype))
