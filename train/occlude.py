"""Things in the way: shadow edges across the face, and patches of texture before it."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from dlm.train.draws import Draws, noise, normal, on_some, uniform

PATCH_CHANCES = (1.0, 0.6, 0.36)  # of a first, second and third patch on a covered face


def occlude(images: Tensor, rng: Draws) -> tuple[Tensor, Tensor]:
    """Shade some of (B, 3, S, S) images in 0 to 1 and cover parts of some.

    Returns the images, and (B, 1, S, S) how much of each pixel is covered.
    """
    images = on_some(images, 0.25, rng, cast_shadow)
    with_cover = torch.cat([images, torch.zeros_like(images[:, :1])], dim=1)
    with_cover = on_some(with_cover, 0.25, rng, cover)
    return with_cover[:, :3], with_cover[:, 3:]


def cast_shadow(images: Tensor, rng: Draws) -> Tensor:
    """Darken (or brighten) one side of a bent, more or less sharp line through the picture."""
    batch, size = len(images), images.shape[-1]
    u, v = _rotated_axes(size, uniform(rng, 0, 2 * math.pi, batch), normal(rng, batch, 2) * 0.2)
    bend = normal(rng, batch) * 0.6
    wave = normal(rng, batch) * 0.04 * (uniform(rng, 0, 1, batch) < 0.4)
    pitch, phase = uniform(rng, 8, 25, batch), uniform(rng, 0, 6.3, batch)
    edge = u + _maps(bend) * v**2 + _maps(wave) * torch.sin(_maps(pitch) * v + _maps(phase))
    sharpness = torch.exp(uniform(rng, math.log(8), math.log(200), batch))
    shade = torch.sigmoid(edge * _maps(sharpness))
    depth = uniform(rng, -0.35, 0.8, batch)  # below zero the lit side is brighter than it was
    tint = 1 + normal(rng, batch, 3, 1, 1) * 0.05
    factor = 1 - shade[:, None] * depth[:, None, None, None] * tint
    return (images * factor).clamp_(0, 1)


def cover(images: Tensor, rng: Draws) -> Tensor:
    """Lay one to three patches of 5 to 45 % of the side over each of (B, 3 + 1, S, S).

    The last channel holds how much of a pixel is covered.
    """
    for share in PATCH_CHANCES:
        images = on_some(images, share, rng, lay_patch)
    return images


def lay_patch(images: Tensor, rng: Draws) -> Tensor:
    """Cover each image by one patch, a box or an ellipse, with soft edges."""
    batch, size = len(images), images.shape[-1]
    angle, centre = uniform(rng, 0, math.pi, batch), uniform(rng, -0.5, 0.5, batch, 2)
    u, v = _rotated_axes(size, angle, centre)
    halves = torch.exp(uniform(rng, math.log(0.025), math.log(0.22), batch, 2))
    across, along = (u / _maps(halves[:, 0])) ** 2, (v / _maps(halves[:, 1])) ** 2
    boxes = _maps(uniform(rng, 0, 1, batch) < 0.5)
    reach = torch.where(boxes, torch.maximum(across, along), across + along)
    mask = ((1 - reach) * 4).clamp(0, 1)[:, None]
    drawn = torch.lerp(images[:, :3], textures(images[:, :3], rng), mask)
    return torch.cat([drawn, torch.maximum(images[:, 3:], mask)], dim=1)


def textures(images: Tensor, rng: Draws) -> Tensor:
    """Return (B, 3, S, S) textures: a coloured cloud of random coarseness, or another image."""
    batch, size = len(images), images.shape[-1]
    cells = int(2 ** uniform(rng.host, 0, 6, 1).item())
    cloud = F.interpolate(noise(rng, batch, 3, cells, cells), size=(size, size), mode="bilinear")
    base, spread = uniform(rng, 0, 1, batch, 3, 1, 1), uniform(rng, 0, 0.3, batch, 1, 1, 1)
    drawn = (base + cloud * spread).clamp_(0, 1)
    others = images.roll((1, int(uniform(rng.host, 0, size, 1))), (0, 2)).flip(2)
    borrowed = (uniform(rng, 0, 1, batch) < 0.4)[:, None, None, None]
    return torch.where(borrowed, others, drawn)


def _rotated_axes(size: int, angle: Tensor, centre: Tensor) -> tuple[Tensor, Tensor]:
    """Return two (B, S, S) coordinates in sides of the image, turned and moved."""
    axis = (torch.arange(size, device=angle.device) + 0.5) / size - 0.5
    y = axis[None, :, None] - centre[:, 1, None, None]
    x = axis[None, None, :] - centre[:, 0, None, None]
    cos, sin = _maps(torch.cos(angle)), _maps(torch.sin(angle))
    return x * cos + y * sin, y * cos - x * sin


def _maps(values: Tensor) -> Tensor:
    """Return (B,) values so that they broadcast over (B, S, S)."""
    return values[:, None, None]
