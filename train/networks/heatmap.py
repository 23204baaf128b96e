"""The heatmap head: one map a point, its mean the point, its spread the uncertainty."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlm.train.losses import SIGMA_CELLS, landmark_loss
from dlm.train.networks.cells import cell_variance, cells_to_pixels, soft_argmax
from dlm.train.networks.head import CLASSES_ACROSS, Head, Output
from dlm.train.networks.visible import VisibleLayer

LEAST_VARIANCE = 0.02  # cells squared; below a seventh of a cell a map says nothing of the doubt


class HeatmapLayer(nn.Conv2d):
    """A 1x1 convolution to one logit map a point, and what is seen there where that is learned."""

    def __init__(self, channels: int, points: int, *, visibility: bool) -> None:
        super().__init__(channels, points, 1)
        self.visible = VisibleLayer(channels, points) if visibility else None

    def forward(self, features: Tensor) -> Output:  # type: ignore[override]
        logits = super().forward(features)
        if self.visible is None:
            return Output(logits)
        mass = torch.softmax(logits.detach().flatten(2).float(), dim=-1).view(logits.shape)
        return Output(logits, self.visible(features, mass.sum(dim=2), mass.sum(dim=3)))


class HeatmapHead(Head):
    """`maps` are logits (B, P, S/stride, S/stride)."""

    def layer(self, channels: int) -> nn.Module:
        return HeatmapLayer(channels, self.count, visibility=self.visibility_learned)

    @property
    def fed_back(self) -> int:
        return self.count

    def points(self, output: Output) -> Tensor:
        return cells_to_pixels(soft_argmax(output.maps), self.stride)

    def sigma(self, output: Output) -> Tensor:
        # Cross-entropy to a Gaussian teaches the map of all places that the label may have, each
        # blurred by that Gaussian: what is left without the blur is the doubt.
        logits = output.maps.float()
        mass = torch.softmax(logits.flatten(2), dim=-1).view(logits.shape)
        both = cell_variance(mass.sum(dim=2)) + cell_variance(mass.sum(dim=3))
        return self.stride * (both / 2 - SIGMA_CELLS**2).clamp(min=LEAST_VARIANCE).sqrt()

    def points_loss(self, output: Output, points: Tensor) -> Tensor:
        return landmark_loss(output.maps, points, self.stride)

    def class_logits(self, output: Output) -> Tensor:
        """Return the logits of the mass in each region: log of the summed exponentials."""
        return pool_mass(output.maps.float(), CLASSES_ACROSS).flatten(2)


def pool_mass(logits: Tensor, across: int) -> Tensor:
    """Return (B, P, across, across) logits of the summed softmax of (B, P, H, W) logits."""
    block = max(logits.shape[-1] // across, 1)
    if block == 1:
        return logits
    highest = logits.flatten(2).amax(dim=-1)[..., None, None].detach()
    mean = F.avg_pool2d(torch.exp(logits - highest), block)
    return torch.log(mean.clamp(min=1e-30)) + highest
