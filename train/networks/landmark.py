"""The network as everything else sees it: pictures in, outputs out; its head reads them."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from dlm.train.networks.head import Head, Output
from dlm.train.networks.heads import head_of
from dlm.train.networks.hourglass import StackedHourglass
from dlm.train.networks.light import LightNetwork
from dlm.train.settings import Settings


class Prediction(NamedTuple):
    """What a network says of B pictures, in float32."""

    points: Tensor  # (B, P, 2) pixels of the input
    sigma: Tensor  # (B, P) standard deviation along either axis, pixels
    visibility: Tensor | None  # (B, P) probability to be seen; None where not learned


Backbone = StackedHourglass | LightNetwork


class LandmarkNetwork(nn.Module):
    """(B, 3, S, S) images in 0 to 1 to one Output a stack."""

    def __init__(self, head: Head, backbone: Backbone, *, coord_conv: bool = False) -> None:
        super().__init__()
        self.head, self.backbone, self.coord_conv = head, backbone, coord_conv

    def forward(self, images: Tensor) -> list[Output]:
        """Return the outputs of every stack, the last one best."""
        outputs, features = self.last_features(images)
        return [*outputs, self.answer(features)]

    def last_features(self, images: Tensor) -> tuple[list[Output], Tensor]:
        """Return the earlier stacks' outputs and the features that the last layer reads."""
        x = (images - 0.5) * 4
        return self.backbone.last_features(with_coordinates(x) if self.coord_conv else x)

    def answer(self, features: Tensor) -> Output:
        """Return the last layer's output: with `last_features` the two halves of `forward`.

        Adversarial modes put a gradient reversal between them: this layer is then the critic.
        """
        return self.backbone.answer(features)

    def predict(self, images: Tensor) -> Prediction:
        """Return what the last stack says."""
        output = self.forward(images)[-1]
        head = self.head
        return Prediction(head.points(output), head.sigma(output), head.visibility(output))

    def points(self, images: Tensor) -> Tensor:
        """Return (B, P, 2) points in pixels of the input, in float32."""
        return self.head.points(self.forward(images)[-1])


def to_unit(pixels: Tensor) -> Tensor:
    """Return (B, 3, S, S) in 0 to 1 of (B, S, S, 3) uint8 pixels."""
    return pixels.permute(0, 3, 1, 2).float() / 255


def with_coordinates(images: Tensor) -> Tensor:
    """Append x, y in -1 to 1 and the distance from the middle to (B, C, S, S): CoordConv."""
    size = images.shape[-1]
    axis = (torch.arange(size, device=images.device, dtype=images.dtype) * 2 + 1) / size - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    maps = torch.stack([x, y, (x.square() + y.square()).sqrt()]).expand(images.shape[0], -1, -1, -1)
    return torch.cat([images, maps], dim=1)


def build(settings: Settings, points: int) -> LandmarkNetwork:
    """Return a fresh network for a layout of `points` points; torch's global seed decides it."""
    head = head_of(settings, points)
    channels = 6 if settings.coord_conv else 3
    width = settings.width
    backbone: Backbone = (
        LightNetwork(head, width=width, channels=channels)
        if settings.network == "light"
        else StackedHourglass(
            head, stacks=settings.stacks, width=width, channels=channels, fine=settings.fine
        )
    )
    return LandmarkNetwork(head, backbone, coord_conv=settings.coord_conv)
