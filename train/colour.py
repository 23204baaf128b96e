"""Colour jitter: one affine map of RGB an image (gains, contrast, saturation, hue), then gamma."""

import math

import torch
from torch import Tensor

from dlm.train.draws import Draws, normal, send, uniform

LUMA = (0.299, 0.587, 0.114)


def colour_matrices(batch: int, rng: Draws) -> tuple[Tensor, Tensor]:
    """Return (B, 3, 3) and (B, 3): rgb' = M rgb + b, with greys kept grey but for the gains.

    `rng` draws for the CPU, where such small things are made.
    """
    luma = torch.tensor(LUMA).expand(3, 3)
    saturation = uniform(rng, 0.3, 1.5, batch)
    saturation = torch.where(uniform(rng, 0, 1, batch) < 0.15, torch.zeros(batch), saturation)
    matrix = luma + saturation[:, None, None] * (hue_rotations(batch, rng) - luma)
    contrast = uniform(rng, 0.6, 1.4, batch)
    gains = torch.exp(normal(rng, batch, 3) * 0.08)
    brightness = uniform(rng, -0.15, 0.2, batch)
    matrix = matrix * (gains * contrast[:, None])[..., None]
    return matrix, (brightness + 0.5 * (1 - contrast))[:, None].expand(batch, 3)


def hue_rotations(batch: int, rng: Draws) -> Tensor:
    """Return (B, 3, 3) small rotations about the grey axis."""
    angle = uniform(rng, -0.05, 0.05, batch) * (2 * math.pi)
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    third, root = torch.full((3, 3), 1 / 3), math.sqrt(1 / 3)
    cross = torch.tensor([[0.0, -root, root], [root, 0.0, -root], [-root, root, 0.0]])
    return cos * torch.eye(3) + (1 - cos) * third + sin * cross


def jitter_colour(images: Tensor, rng: Draws) -> Tensor:
    """Return (B, 3, S, S) images in 0 to 1 with other colours."""
    batch = len(images)
    matrix, bias = (send(t, images.device) for t in colour_matrices(batch, rng.host))
    gamma = torch.exp(uniform(rng, -0.5, 0.4, batch))
    mapped = torch.baddbmm(bias[..., None], matrix, images.flatten(2)).view_as(images)
    return mapped.clamp_(1e-4, 1).pow(gamma[:, None, None, None])
