"""Augmentation of a batch of cached crops, as batched tensor operations with one warp.

Order: geometry, shadows and occluders, colour, degradation (dlm.train.degrade). Every draw comes
from the generator handed in, so a step's augmentation is a pure function of (seed, step).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from dlm.train.colour import jitter_colour
from dlm.train.degrade import degrade
from dlm.train.draws import Draws, normal, send, uniform
from dlm.train.occlude import occlude

CACHE_MARGIN = 1.5  # side of a cached crop in sides of the network's crop
HIDDEN = 1  # a row's code of a point behind something


@dataclass(frozen=True)
class Geometry:
    """How far faces are moved. Angles in degrees; shift in sides of the crop; scale as log SD.

    Renders turn their heads themselves; shift and scale are what a detector's box is off by.
    """

    rotation: float = 12.0
    rotation_limit: float = 60.0
    scale: float = 0.12
    shift: float = 0.04
    aspect: float = 0.07
    perspective: float = 0.04
    flip: float = 0.5


def warp_matrices(batch: int, geometry: Geometry, rng: Draws) -> Tensor:
    """Return (B, 3, 3) homographies from crop to source, both in sides of the crop from its centre.

    Without the flip, which is a separate matter of the labels' order. They stay on the CPU, where
    they are inverted.
    """
    rng = rng.host
    limit = geometry.rotation_limit
    angle = (normal(rng, batch) * geometry.rotation).clamp(-limit, limit) * (math.pi / 180)
    scale = torch.exp(normal(rng, batch) * geometry.scale)
    aspect = torch.exp(normal(rng, batch) * geometry.aspect)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    shift = normal(rng, batch, 2) * geometry.shift
    tilt = uniform(rng, -geometry.perspective, geometry.perspective, batch, 2)
    one = torch.ones_like(cos)
    rows = [cos * aspect, -sin, shift[:, 0], sin * aspect, cos, shift[:, 1], tilt[:, 0], tilt[:, 1]]
    return torch.stack([*rows, one], dim=-1).view(batch, 3, 3)


def project(matrices: Tensor, points: Tensor) -> Tensor:
    """Map (B, P, 2) points by (B, 3, 3) homographies."""
    mapped = points @ matrices[:, :, :2].mT + matrices[:, None, :, 2]
    return mapped[..., :2] / mapped[..., 2:]


def warp(images: Tensor, points: Tensor, matrices: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Draw (B, C, K, K) cached crops at (B, C, size, size) and move (B, P, 2) points with them.

    `matrices`, on the CPU, map crop to source (see warp_matrices); points are pixels of the cache,
    then of the crop. What lies outside the cache repeats its border.
    """
    cached = images.shape[-1]
    axis = (torch.arange(size, device=images.device) - (size - 1) / 2) / size
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).view(1, -1, 2)
    back = torch.linalg.inv(matrices.double()).to(matrices.dtype)
    matrices, back = send(matrices, images.device), send(back, images.device)
    source = project(matrices, grid.expand(len(images), -1, -1)) * (2 / CACHE_MARGIN)
    drawn = F.grid_sample(
        images, source.view(-1, size, size, 2), padding_mode="border", align_corners=False
    )
    sides = (points - (cached - 1) / 2) * (CACHE_MARGIN / cached)
    moved = project(back, sides)
    return drawn, moved * size + (size - 1) / 2


def flip(images: Tensor, points: Tensor, mirror: Tensor, flipped: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror those of (B, C, S, S) images with their (B, P, 2) points that (B,) `flipped` says.

    The points' order is mirrored with them.
    """
    x, y = points[:, mirror].unbind(dim=-1)
    mirrored = torch.stack([images.shape[-1] - 1 - x, y], dim=-1)
    images = torch.where(flipped[:, None, None, None], images.flip(-1), images)
    return images, torch.where(flipped[:, None, None], mirrored, points)


@dataclass(frozen=True)
class Batch:
    """What one step learns from."""

    images: Tensor  # (B, 3, S, S) in 0 to 1
    points: Tensor  # (B, P, 2) pixels of the images
    visibility: Tensor | None = None  # (B, P) 0 outside the image, 1 hidden, 2 visible


@dataclass(frozen=True)
class Augmentation:
    """Everything done to a batch; `appearance` off leaves the pixels' values alone."""

    geometry: Geometry = Geometry()
    appearance: bool = True

    def __call__(
        self,
        images: Tensor,
        points: Tensor,
        mirror: Tensor,
        size: int,
        rng: Draws,
        visibility: Tensor | None = None,
    ) -> Batch:
        """Return crops of `size` pixels with their labels, and what is still visible of them.

        `images` (B, 3, K, K) in 0 to 1, `points` in pixels of the cache, `visibility` (B, P).
        """
        matrices = warp_matrices(len(images), self.geometry, rng)
        images, points = warp(images, points, matrices, size)
        flipped = uniform(rng, 0, 1, len(images)) < self.geometry.flip
        images, points = flip(images, points, mirror, flipped)
        if visibility is not None:
            visibility = torch.where(flipped[:, None], visibility[:, mirror], visibility)
        if self.appearance:
            images, covered = occlude(images, rng)
            images = degrade(jitter_colour(images, rng), rng).clamp_(0, 1)
            if visibility is not None:
                visibility = hide(visibility, points, covered)
        return Batch(images, points, visibility)


def hide(visibility: Tensor, points: Tensor, covered: Tensor) -> Tensor:
    """Return (B, P) visibility, hidden where `covered` (B, 1, S, S) is at (B, P, 2) points."""
    last = covered.shape[-1] - 1
    x, y = points.round().long().clamp(0, last).unbind(dim=-1)
    batch = torch.arange(len(points), device=points.device)[:, None]
    return torch.where(covered[batch, 0, y, x] > 0.5, visibility.clamp(max=HIDDEN), visibility)


PLAIN = Augmentation(Geometry(0, 0, 0, 0, 0, 0, 0), appearance=False)
