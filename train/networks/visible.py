"""Whether a point is seen: read from the features at the place where the point is said to be."""

import torch
from torch import Tensor, nn

CHANNELS = 16  # of what is looked at; a point's own weights say what counts for it


class VisibleLayer(nn.Module):
    """(B, channels, H, W) features and where each point may be to (B, P) logits."""

    def __init__(self, channels: int, points: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(channels, CHANNELS, 1)
        self.weight = nn.Parameter(torch.zeros(points, CHANNELS))
        self.bias = nn.Parameter(torch.zeros(points))

    def forward(self, features: Tensor, mass: Tensor) -> Tensor:
        """`mass` (B, P, H, W) sums to one a point; no gradient flows into it."""
        looks = torch.relu(self.look(features)).flatten(2)
        there = torch.matmul(mass.detach().flatten(2).to(looks.dtype), looks.mT)
        return (there.float() * self.weight).sum(dim=-1) + self.bias
