"""The network as everything else sees it: pictures in, maps out while training, points after."""

from torch import Tensor, nn

from dlm.train.networks.heads import decode
from dlm.train.networks.hourglass import StackedHourglass
from dlm.train.settings import Settings


class LandmarkNetwork(nn.Module):
    """(B, 3, S, S) images in 0 to 1 to the logits (B, P, S/4, S/4) of every stack."""

    def __init__(self, points: int, *, stacks: int, width: int) -> None:
        super().__init__()
        self.backbone = StackedHourglass(points, stacks=stacks, width=width)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the logits of every stack, the last one best."""
        logits: list[Tensor] = self.backbone((images - 0.5) * 4)
        return logits

    def points(self, images: Tensor) -> Tensor:
        """Return (B, P, 2) points in pixels of the input, in float32."""
        return decode(self.forward(images)[-1])


def build(settings: Settings, points: int) -> LandmarkNetwork:
    """Return a fresh network for a layout of `points` points; torch's global seed decides it."""
    return LandmarkNetwork(points, stacks=settings.stacks, width=settings.width)
