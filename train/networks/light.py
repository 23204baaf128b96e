"""A light backbone for real time: depthwise-separable convolutions down, and a thin way back up.

No published network: down to a 32nd of the picture where convolutions cost little, then features
are added up on the way back to a quarter of it, so that every head fits as on the hourglass.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from dlm.train.networks.head import Head, Output

BLOCKS = (1, 2, 2, 2)  # residual blocks at a 4th, 8th, 16th and 32nd of the picture


class Separable(nn.Module):
    """3x3 depthwise, then 1x1, each with batch norm; the input is added where shapes agree."""

    def __init__(self, inner: int, outer: int, stride: int = 1) -> None:
        super().__init__()
        self.depth = nn.Conv2d(inner, inner, 3, stride, 1, groups=inner, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(inner), nn.BatchNorm2d(outer)
        self.point = nn.Conv2d(inner, outer, 1, bias=False)
        self.residual = inner == outer and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inner, H, W) to (B, outer, H/stride, W/stride)."""
        y: Tensor = self.norm2(self.point(F.relu(self.norm1(self.depth(x)), inplace=True)))
        return F.relu(x + y if self.residual else y)


class LightNetwork(nn.Module):
    """(B, C, S, S) images, zero mean and about unit range, to one Output."""

    def __init__(self, head: Head, *, width: int, channels: int = 3) -> None:
        super().__init__()
        half = width // 2
        self.stem = nn.Sequential(
            nn.Conv2d(channels, half // 2, 3, 2, 1, bias=False),
            nn.BatchNorm2d(half // 2),
            nn.ReLU(),
        )
        widths = [half // 2, half, width, 3 * width // 2, 2 * width]
        self.levels = nn.ModuleList(
            nn.Sequential(Separable(widths[k], widths[k + 1], 2),
                          *(Separable(widths[k + 1], widths[k + 1]) for _ in range(blocks)))
            for k, blocks in enumerate(BLOCKS)
        )  # fmt: skip
        self.laterals = nn.ModuleList(nn.Conv2d(wide, half, 1) for wide in widths[1:])
        self.smooth = nn.ModuleList(Separable(half, half) for _ in BLOCKS)
        self.maps = head.layer(half)

    def last_features(self, x: Tensor) -> tuple[list[Output], Tensor]:
        """Return no earlier outputs, and the features (B, width/2, S/4, S/4)."""
        x = self.stem(x)
        levels = []
        for level in self.levels:
            x = level(x)
            levels.append(x)
        y: Tensor = self.smooth[-1](self.laterals[-1](levels[-1]))
        for k in range(len(levels) - 2, -1, -1):
            y = self.laterals[k](levels[k]) + F.interpolate(y, scale_factor=2, mode="nearest")
            y = self.smooth[k](y)
        return [], y

    def answer(self, features: Tensor) -> Output:
        """Return the output of the features."""
        output: Output = self.maps(features)
        return output
