"""The marginal head: where a point is across and where it is down, as two rows instead of a map.

The form is SimCC's (Li et al., ECCV 2022). What a point costs is a side of the map, not its area:
the head for layouts of hundreds of points. Rows are made by attending along the other axis, not by
flattening maps, so that no map of all points is ever held.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlm.train.losses import SMOOTH_L1_BETA_CELLS, gaussian_rows
from dlm.train.networks.cells import (
    cell_variance,
    cells_to_pixels,
    mean_cell,
    pixels_to_cells,
)
from dlm.train.networks.head import CLASSES_ACROSS, Head, Output, inside_picture
from dlm.train.networks.visible import VisibleLayer

BINS = 2  # a cell
SIGMA_BINS = 2.0  # of the target: a cell, as the heatmap's
LEAST_VARIANCE = 0.08  # bins squared, as the heatmap's
GROUPS = 8  # of channels, each attending to its own part of the other axis


class Row(nn.Module):
    """(B, hidden, L, M) features to logits (B, P, L * BINS) along the third axis."""

    def __init__(self, hidden: int, points: int) -> None:
        super().__init__()
        self.attention = nn.Conv2d(hidden, GROUPS, 1)
        self.mix = nn.Sequential(
            nn.Conv1d(hidden, hidden, 3, padding=1, bias=False), nn.BatchNorm1d(hidden), nn.ReLU()
        )
        self.logits = nn.Conv1d(hidden, points * BINS, 1)

    def forward(self, features: Tensor) -> Tensor:
        batch, hidden, length, _ = features.shape
        weight = torch.softmax(self.attention(features).float(), dim=-1).to(features.dtype)
        grouped = features.view(batch, GROUPS, hidden // GROUPS, length, -1)
        row = (grouped * weight[:, :, None]).sum(dim=-1).view(batch, hidden, length)
        bins: Tensor = self.logits(row + self.mix(row))
        return bins.view(batch, -1, BINS, length).transpose(2, 3).flatten(2)


class MarginalLayer(nn.Module):
    """(B, channels, H, W) features to an Output with `maps` (B, P, 2, W * BINS), x first."""

    def __init__(self, channels: int, points: int, *, visibility: bool) -> None:
        super().__init__()
        hidden = 2 * channels // GROUPS * GROUPS
        self.spread = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU()
        )
        self.across, self.down = Row(hidden, points), Row(hidden, points)
        self.visible = VisibleLayer(channels, points) if visibility else None

    def forward(self, features: Tensor) -> Output:
        spread = self.spread(features)
        rows = torch.stack([self.across(spread.mT.contiguous()), self.down(spread)], dim=2)
        if self.visible is None:
            return Output(rows)
        mass = torch.softmax(rows.detach().float(), dim=-1)
        mass = mass.view(*rows.shape[:3], -1, BINS).sum(dim=-1)
        return Output(rows, self.visible(features, mass[:, :, 0], mass[:, :, 1]))


class MarginalHead(Head):
    """`maps` are logits (B, P, 2, S/stride * BINS) over columns, then over rows of the picture."""

    @property
    def bin(self) -> float:
        """How many pixels wide a bin is."""
        return self.stride / BINS

    def layer(self, channels: int) -> nn.Module:
        return MarginalLayer(channels, self.count, visibility=self.visibility_learned)

    @property
    def fed_back(self) -> int:
        return 0

    def points(self, output: Output) -> Tensor:
        return cells_to_pixels(mean_cell(torch.softmax(output.maps.float(), dim=-1)), self.bin)

    def sigma(self, output: Output) -> Tensor:
        # As for heatmaps: the rows' spread without the blur of their targets.
        both = cell_variance(torch.softmax(output.maps.float(), dim=-1)).mean(dim=-1)
        return self.bin * (both - SIGMA_BINS**2).clamp(min=LEAST_VARIANCE).sqrt()

    def points_loss(self, output: Output, points: Tensor) -> Tensor:
        """KL of both rows to a Gaussian, and smooth L1 of their means in cells."""
        logits, bins = output.maps.float(), pixels_to_cells(points.float(), self.bin)
        target = gaussian_rows(bins, logits.shape[-1], SIGMA_BINS)
        entropy = -torch.xlogy(target, target).sum(dim=-1)
        kl = torch.logsumexp(logits, dim=-1) - (logits * target).sum(dim=-1) - entropy
        distance = F.smooth_l1_loss(
            mean_cell(torch.softmax(logits, dim=-1)) / BINS, bins / BINS,
            reduction="none", beta=SMOOTH_L1_BETA_CELLS,
        )  # fmt: skip
        weight = inside_picture(points, self.size)
        return ((kl + distance).sum(dim=-1) * weight).sum() / weight.sum().clamp(min=1)

    def class_logits(self, output: Output) -> Tensor:
        """Return the logits of the product of both rows, pooled."""
        logits = output.maps.float()
        across = min(CLASSES_ACROSS, logits.shape[-1])
        pooled = torch.logsumexp(logits.view(*logits.shape[:3], across, -1), dim=-1)
        return (pooled[:, :, 1, :, None] + pooled[:, :, 0, None, :]).flatten(2)
