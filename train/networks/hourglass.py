"""The stacked hourglass: a fast stem, then hourglasses that each end in one map a point.

The skeleton (pre-activation residuals, skip branch at each level, features re-injected between
stacks, a loss on every stack) is Newell, Yang and Deng's, 2016. The stem is our own: two strided
3x3 convolutions reach a quarter of the resolution at once, because on a CPU the published 7x7
stem at full width costs as much as the hourglass itself.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlm.train.networks.head import Head, Output


class Residual(nn.Module):
    """BN ReLU 1x1, BN ReLU 3x3, BN ReLU 1x1, plus the input; `width` channels in and out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half = width // 2
        self.norm1, self.conv1 = nn.BatchNorm2d(width), nn.Conv2d(width, half, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(half), nn.Conv2d(half, half, 3, 1, 1, bias=False)
        self.norm3, self.conv3 = nn.BatchNorm2d(half), nn.Conv2d(half, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, width, H, W) to the same shape."""
        y: Tensor = self.conv1(F.relu(self.norm1(x), inplace=True))
        y = self.conv2(F.relu(self.norm2(y), inplace=True))
        y = self.conv3(F.relu(self.norm3(y), inplace=True))
        return x + y


class Stem(nn.Module):
    """(B, C, S, S) pixels to (B, width, S/4, S/4) features."""

    def __init__(self, width: int, channels: int = 3) -> None:
        super().__init__()
        half = width // 2
        self.conv1, self.norm1 = (
            nn.Conv2d(channels, half, 3, 2, 1, bias=False),
            nn.BatchNorm2d(half),
        )
        self.conv2 = nn.Conv2d(half, width, 3, 2, 1)
        self.residual = Residual(width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features, and the (B, width/2, S/2, S/2) that they are made of."""
        half = F.relu(self.norm1(self.conv1(x)), inplace=True)
        return self.residual(self.conv2(half)), half


class Detail(nn.Module):
    """What the half resolution of the picture adds to the features of its quarter.

    A lid that opens moves by less than a cell of the quarter.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lateral = nn.Sequential(
            Residual(width // 2), Residual(width // 2), nn.Conv2d(width // 2, width, 1)
        )
        self.mix = nn.Sequential(Residual(width), _feature_layer(width))

    def forward(self, features: Tensor, half: Tensor) -> Tensor:
        """Return (B, width, S/2, S/2) of (B, width, S/4, S/4) and (B, width/2, S/2, S/2)."""
        wide = F.interpolate(features, scale_factor=2, mode="nearest")
        mixed: Tensor = self.mix(wide + self.lateral(half))
        return mixed


class Hourglass(nn.Module):
    """Down `depth` halvings and back up, with a residual on each skip branch."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.skip = Residual(width)
        self.before = Residual(width)
        self.inner: nn.Module = Hourglass(width, depth - 1) if depth > 1 else Residual(width)
        self.after = Residual(width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, width, H, W) to the same shape; H and W divisible by 2**depth."""
        low: Tensor = self.after(self.inner(self.before(F.max_pool2d(x, 2))))
        skipped: Tensor = self.skip(x)
        return skipped + F.interpolate(low, scale_factor=2, mode="nearest")


class StackedHourglass(nn.Module):
    """(B, C, S, S) images, zero mean and about unit range, to one Output a stack."""

    def __init__(
        self,
        head: Head,
        *,
        stacks: int = 1,
        width: int = 64,
        depth: int = 3,
        channels: int = 3,
        fine: bool = False,
    ) -> None:
        super().__init__()
        self.stem = Stem(width, channels)
        self.hourglasses = nn.ModuleList(Hourglass(width, depth) for _ in range(stacks))
        self.features = nn.ModuleList(_feature_layer(width) for _ in range(stacks))
        self.maps = nn.ModuleList(head.layer(width) for _ in range(stacks))
        self.detail = Detail(width) if fine else None
        self.fed_back = head.fed_back
        self.remaps = nn.ModuleList(
            nn.Conv2d(width + self.fed_back, width, 1) for _ in range(stacks - 1)
        )

    def last_features(self, x: Tensor) -> tuple[list[Output], Tensor]:
        """Return the outputs of all stacks but the last, and the last one's features.

        They are (B, width, S/4, S/4), or S/2 where the network is fine. What the last layer makes
        of them is the answer: see `answer`.
        """
        x, half = self.stem(x)
        outputs: list[Output] = []
        for stack, hourglass in enumerate(self.hourglasses[:-1]):
            features = self.features[stack](hourglass(x))
            outputs.append(self.maps[stack](features))
            shown = [features, outputs[-1].maps] if self.fed_back else [features]
            x = x + self.remaps[stack](torch.cat(shown, dim=1))
        last: Tensor = self.features[-1](self.hourglasses[-1](x))
        return outputs, last if self.detail is None else self.detail(last, half)

    def answer(self, features: Tensor) -> Output:
        """Return the output of the last stack from its features."""
        output: Output = self.maps[-1](features)
        return output


def _feature_layer(width: int) -> nn.Module:
    return nn.Sequential(
        Residual(width), nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
    )
