"""The regression head: three numbers a point, x, y and how sure; no map at all.

The loss is the Gaussian negative log-likelihood of Wood et al. (ECCV 2022), each term weighted by
its own sigma held fixed (beta-NLL with beta 1/2, Seitzer et al., ICLR 2022): without the weight,
points that are still far off are called unsure instead of being learned.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlm.train.networks.cells import STRIDE
from dlm.train.networks.head import CLASSES_ACROSS, Head, Output, inside_picture

GRID = 4  # cells a side of what the numbers are read from
SPAN = 0.25  # of the picture: what a coordinate's raw unit is
START = 2.0  # cells: sigma before anything is learned
LEAST, MOST = 0.02, 16.0  # cells


class NumbersLayer(nn.Module):
    """(B, channels, H, W) features to an Output with `maps` (B, P, 3): raw x, y, log sigma."""

    def __init__(self, channels: int, points: int, *, visibility: bool) -> None:
        super().__init__()
        self.count, self.visibility = points, visibility
        self.down = nn.Sequential(*(_halving(channels) for _ in range(3)))
        each = 3 + visibility
        self.numbers = nn.Linear(channels * GRID * GRID, points * each)
        nn.init.normal_(self.numbers.weight, std=1e-3)
        nn.init.zeros_(self.numbers.bias)

    def forward(self, features: Tensor) -> Output:
        small = F.adaptive_avg_pool2d(self.down(features), GRID).flatten(1)
        # In bfloat16 a coordinate would be a quarter of a pixel off.
        with torch.autocast(small.device.type, enabled=False):
            numbers = self.numbers(small.float()).view(small.shape[0], self.count, -1)
        return Output(numbers[..., :3], numbers[..., 3] if self.visibility else None)


class GaussianHead(Head):
    """`maps` are (B, P, 3): x and y from the middle in units of SPAN, and log sigma from START."""

    def layer(self, channels: int) -> nn.Module:
        return NumbersLayer(channels, self.count, visibility=self.visibility_learned)

    @property
    def fed_back(self) -> int:
        return 0

    def points(self, output: Output) -> Tensor:
        return (0.5 + SPAN * output.maps[..., :2].float()) * self.size - 0.5

    def sigma(self, output: Output) -> Tensor:
        return STRIDE * (START * torch.exp(output.maps[..., 2].float())).clamp(LEAST, MOST)

    def points_loss(self, output: Output, points: Tensor) -> Tensor:
        """log sigma^2 + r^2 / (2 sigma^2), in cells, weighted by sigma."""
        squared = ((self.points(output) - points) / STRIDE).square().sum(dim=-1)
        sigma = self.sigma(output) / STRIDE
        each = sigma.detach() * (2 * torch.log(sigma) + squared / (2 * sigma.square()))
        weight = inside_picture(points, self.size)
        return (each * weight).sum() / weight.sum().clamp(min=1)

    def class_logits(self, output: Output) -> Tensor:
        """Return the log-density of the Gaussian at the middle of each region."""
        side = self.size / CLASSES_ACROSS
        middle = (torch.arange(CLASSES_ACROSS, device=output.maps.device) + 0.5) * side - 0.5
        spread = self.sigma(output)[..., None, None].clamp(min=side / 2)
        distance = (self.points(output)[..., None] - middle) / spread
        rows = -0.5 * distance.square()
        return (rows[:, :, 1, :, None] + rows[:, :, 0, None, :]).flatten(2)


def _halving(channels: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, 2, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
    )
