"""Label transfer: a small U-Net turns the layout's maps on photos into the 68 that people clicked.

The case study's way to learn from real labels in another convention. The selection of each of the
68's nearest maps comes first and the U-Net adds to it from zero, so that it starts as the nearest
protocol exactly. It sees maps alone, never the picture, and over a limited field, so that it can
learn a convention but no face. First it is fitted to the network as it is, then both learn.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlm.landmark_specs import LandmarkSpec
from dlm.train.losses import SIGMA_CELLS, landmark_loss
from dlm.train.modes.gradients import scale_gradient
from dlm.train.modes.step import Losses, Step, Stream, Term, require_maps
from dlm.train.networks.cells import cells_to_pixels, soft_argmax
from dlm.train.networks.head import Output
from dlm.train.settings import Settings

JOINT, RAMP = 0.3, 0.2  # of the run: when the network begins to learn too, until full weight
WEIGHT = 0.5  # of the photos' labels in the network, beside the renders'
PEAK = 6.28 * SIGMA_CELLS**2  # brings the mass of a sure map to a peak of one


class LabelTransfer(Term):
    """Cross-entropy and smooth L1 of the 68 on labelled photos, through the transfer net."""

    stream: ClassVar[Stream] = "real"
    begins: ClassVar[float] = 0.2

    def __init__(self, settings: Settings, spec: LandmarkSpec, channels: int) -> None:
        super().__init__(settings, spec, channels)
        require_maps(settings, "transfers")
        self.net = TransferNet(spec, max(settings.width // 2, 16))

    def loss(self, step: Step) -> Losses:
        """Return the loss of the 68; how much of it reaches the network rises with the run."""
        assert step.real is not None
        share = WEIGHT * self.weight * min(max(step.progress - JOINT, 0) / RAMP, 1)
        maps = scale_gradient(step.real.outputs[-1].maps, share)
        with step.autocast:
            logits = self.net(maps)
        total = landmark_loss(logits, step.real.points)
        return total, {"transfer_loss": total.detach()}

    def points_68(self, output: Output) -> Tensor:
        """Return the 68 points (B, 68, 2) in pixels that the net makes of the maps."""
        return cells_to_pixels(soft_argmax(self.net(output.maps)))


class TransferNet(nn.Module):
    """Logits (B, P, H, W) of a layout to logits (B, 68, H, W)."""

    def __init__(self, spec: LandmarkSpec, width: int) -> None:
        super().__init__()
        self.select = nn.Conv2d(spec.size, 68, 1, bias=False)
        chosen = torch.from_numpy(spec.ibug68.astype("int64"))
        covered = (chosen >= 0).nonzero()[:, 0]
        with torch.no_grad():
            self.select.weight.zero_()
            self.select.weight[covered, chosen[covered]] = 1
        self.first = _block(spec.size, width)
        self.down = nn.ModuleList([_block(width, 2 * width), _block(2 * width, 2 * width)])
        self.up = nn.ModuleList([_block(4 * width, 2 * width), _block(3 * width, width)])
        self.last = nn.Conv2d(width, 68, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, maps: Tensor) -> Tensor:
        logs = torch.log_softmax(maps.float().flatten(2), dim=-1).view(maps.shape)
        x = self.first(logs.exp() * PEAK)
        skips = [x]
        for block in self.down:
            x = block(F.max_pool2d(x, 2))
            skips.append(x)
        for block, skip in zip(self.up, (skips[1], skips[0]), strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skip], dim=1))
        added: Tensor = self.last(x)
        selected: Tensor = F.conv2d(logs, self.select.weight)
        return selected.float() + added.float()


def _block(inputs: int, outputs: int) -> nn.Module:
    """A 1x1 convolution to fewer channels and a 3x3: normalised by groups, since batches differ."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 1, bias=False), nn.GroupNorm(8, outputs), nn.GELU(),
        nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.GroupNorm(8, outputs), nn.GELU(),
    )  # fmt: skip
