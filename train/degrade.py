"""What cameras and the web do to a picture: blur, few pixels, noise with grain, JPEG."""

import math
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from dlm.train.draws import Draws, noise, on_some, send, uniform

KERNEL = 11
_LUMA_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56), (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)  # fmt: skip
_TO_YCC = (
    (0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312)
)  # fmt: skip


def degrade(images: Tensor, rng: Draws) -> Tensor:
    """Return (B, 3, S, S) images in 0 to 1, some of them of worse quality.

    Seldom: renders have a sensor of their own, and what blurs lids away teaches nothing of them.
    Five times as often gave 0.2 more NME on photos (docs/results.md).
    """
    images = on_some(images, 0.08, rng, blur)
    images = on_some(images, 0.05, rng, shrink)
    images = on_some(images, 0.05, rng, add_fine_noise)
    images = on_some(images, 0.05, rng, add_grain)
    return on_some(images, 0.1, rng, jpeg)


def blur(images: Tensor, rng: Draws) -> Tensor:
    """Blur each image by its own elongated Gaussian: out of focus where round, motion where long.

    The kernel is drawn at a random angle with a standard deviation of 0.3 to 1.6 pixels across and
    up to 2.5 more along.
    """
    batch, size = len(images), images.shape[-1]
    angle = uniform(rng, 0, math.pi, batch)
    across = uniform(rng, 0.3, 1.6, batch) * size / 128
    along = across + uniform(rng, 0, 1, batch).pow(3) * 2.5 * size / 128
    axis = torch.arange(KERNEL, device=images.device) - (KERNEL - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    u, v = (x * cos + y * sin) / along[:, None, None], (y * cos - x * sin) / across[:, None, None]
    kernels = torch.softmax(-0.5 * (u**2 + v**2).flatten(1), dim=1).view(batch, 1, KERNEL, KERNEL)
    padded = F.pad(images, (KERNEL // 2,) * 4, mode="replicate").transpose(0, 1)
    return F.conv2d(padded, kernels, groups=batch).transpose(0, 1)


def shrink(images: Tensor, rng: Draws) -> Tensor:
    """Draw the images at a lower resolution, one for the whole subset, and enlarge them again."""
    size = images.shape[-1]
    small = round(size * float(uniform(rng.host, math.log(0.25), math.log(0.9), 1).exp()))
    low = F.interpolate(images, size=(small, small), mode="bilinear", antialias=True)
    return F.interpolate(low, size=(size, size), mode="bilinear")


def add_fine_noise(images: Tensor, rng: Draws) -> Tensor:
    """Add independent noise to each pixel, of a standard deviation up to 0.08."""
    return images + noise(rng, *images.shape) * _noise_level(images, rng)


def add_grain(images: Tensor, rng: Draws) -> Tensor:
    """Add noise that hangs together over about two pixels, as a demosaiced and cleaned one does."""
    batch, channels, size, _ = images.shape
    half = -(-size // 2)
    grain = noise(rng, batch, channels, half, half)
    grain = F.interpolate(grain, size=(size, size), mode="bilinear") * 1.5
    return images + grain * _noise_level(images, rng)


def _noise_level(images: Tensor, rng: Draws) -> Tensor:
    level = uniform(rng, 0, 1, len(images)).pow(1.5) * 0.08
    return level[:, None, None, None]


def jpeg(images: Tensor, rng: Draws) -> Tensor:
    """Round each image's 8x8 block cosine coefficients as JPEG of quality 15 to 90 does.

    The luma table of ITU T.81 Annex K serves all three channels; chroma is kept at full
    resolution. `images` (B, 3, S, S) in 0 to 1; S must be a multiple of 8.
    """
    batch, _, size, _ = images.shape
    quality = uniform(rng, 15, 90, batch)
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    fixed = _jpeg(images.device)
    steps = (fixed.table * scale[:, None])[:, None]
    ycc = torch.einsum("ij,bjhw->bihw", fixed.to_ycc, images)
    blocks = ycc.view(batch, 3, size // 8, 8, size // 8, 8).transpose(3, 4).reshape(-1, 64)
    coefficients = (blocks @ fixed.cosines.T).view(batch, -1, 64)
    rounded = (torch.round(coefficients / steps) * steps).view(-1, 64) @ fixed.cosines
    back = rounded.view(batch, 3, size // 8, size // 8, 8, 8).transpose(3, 4)
    return torch.einsum("ij,bjhw->bihw", fixed.to_rgb, back.reshape_as(images))


class _Jpeg(NamedTuple):
    """What does not change from picture to picture."""

    table: Tensor  # (64,) steps of quality 50, of pixels in 0 to 1
    to_ycc: Tensor  # (3, 3)
    to_rgb: Tensor  # (3, 3)
    cosines: Tensor  # (64, 64)


@cache
def _jpeg(device: torch.device) -> _Jpeg:
    to_ycc = torch.tensor(_TO_YCC)
    table = torch.tensor(_LUMA_TABLE).flatten().float() / 255
    made = _Jpeg(table, to_ycc, torch.linalg.inv(to_ycc), _cosines())
    return _Jpeg(*(send(tensor, device) for tensor in made))


def _cosines() -> Tensor:
    """Return the (64, 64) orthonormal cosine transform of a block laid out in a row."""
    k, n = torch.arange(8)[:, None], torch.arange(8)[None]
    rows = torch.cos(math.pi * (2 * n + 1) * k / 16) / 2
    rows[0] /= math.sqrt(2)
    return torch.kron(rows, rows)
