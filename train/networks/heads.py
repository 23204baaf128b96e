"""Output heads: from logit maps to points, in float32 whatever the backbone ran in.

Cells and pixels: cell h of a map of stride s is centred on pixel s * (h + 0.5) - 0.5, because
both count from the centre of their first element.
"""

import torch
from torch import Tensor

from dlm.train.networks.hourglass import STRIDE


def cells_to_pixels(cells: Tensor, stride: int = STRIDE) -> Tensor:
    """Map coordinates in heatmap cells to coordinates in input pixels."""
    return stride * (cells + 0.5) - 0.5


def pixels_to_cells(pixels: Tensor, stride: int = STRIDE) -> Tensor:
    """Map coordinates in input pixels to coordinates in heatmap cells."""
    return (pixels + 0.5) / stride - 0.5


def soft_argmax(logits: Tensor) -> Tensor:
    """Return the mean position (B, P, 2) as x, y in cells of the softmax of (B, P, H, W)."""
    height, width = logits.shape[-2:]
    mass = torch.softmax(logits.float().flatten(2), dim=-1).view(logits.shape)
    xs = torch.arange(width, device=logits.device, dtype=mass.dtype)
    ys = torch.arange(height, device=logits.device, dtype=mass.dtype)
    # Sums, not matrix products: those would be cast to bfloat16 where autocast is on.
    x, y = (mass.sum(dim=2) * xs).sum(dim=-1), (mass.sum(dim=3) * ys).sum(dim=-1)
    return torch.stack([x, y], dim=-1)


def decode(logits: Tensor) -> Tensor:
    """Return points (B, P, 2) in input pixels from logits (B, P, H, W)."""
    return cells_to_pixels(soft_argmax(logits))
