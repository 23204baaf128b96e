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

    def forward(self, features: Tensor, across: Tensor, down: Tensor) -> Tensor:
        """`across` (B, P, W) and `down` (B, P, H) each sum to one; no gradient flows into them.

        Two rows of weights a point, not a map: a map of 1001 points is the largest tensor there is.
        """
        looks = torch.relu(self.look(features))
        columns = torch.matmul(looks.flatten(1, 2), across.detach().to(looks.dtype).mT)
        columns = columns.view(*looks.shape[:3], -1).float()  # (B, CHANNELS, H, P)
        there = (columns * down.detach().float().mT[:, None]).sum(dim=2)
        return (there * self.weight.mT).sum(dim=1) + self.bias
