"""Cells and pixels: where the cells of a map lie in the picture, and the mean position of a map.

Cell h of a map of stride s is centred on pixel s * (h + 0.5) - 0.5, because both count from the
centre of their first element.
"""

import torch
from torch import Tensor

STRIDE = 4  # input pixels a cell
FINE_STRIDE = 2  # the same of networks that answer at half of the picture's resolution


def cells_to_pixels(cells: Tensor, stride: float = STRIDE) -> Tensor:
    """Map coordinates in heatmap cells to coordinates in input pixels."""
    return stride * (cells + 0.5) - 0.5


def pixels_to_cells(pixels: Tensor, stride: float = STRIDE) -> Tensor:
    """Map coordinates in input pixels to coordinates in heatmap cells."""
    return (pixels + 0.5) / stride - 0.5


def soft_argmax(logits: Tensor) -> Tensor:
    """Return the mean position (B, P, 2) as x, y in cells of the softmax of (B, P, H, W)."""
    mass = torch.softmax(logits.float().flatten(2), dim=-1).view(logits.shape)
    return torch.stack([mean_cell(mass.sum(dim=2)), mean_cell(mass.sum(dim=3))], dim=-1)


def mean_cell(mass: Tensor) -> Tensor:
    """Return the mean cell (...) of a distribution (..., L)."""
    # A sum, not a matrix product: that would be cast to bfloat16 where autocast is on.
    cells = torch.arange(mass.shape[-1], device=mass.device, dtype=mass.dtype)
    return (mass * cells).sum(dim=-1)


def cell_variance(mass: Tensor) -> Tensor:
    """Return the variance (...) in cells of a distribution (..., L)."""
    cells = torch.arange(mass.shape[-1], device=mass.device, dtype=mass.dtype)
    return (mass * (cells - mean_cell(mass)[..., None]) ** 2).sum(dim=-1)
