"""The output heads by name; the registry is this literal dict."""

from dlm.train.networks.cells import FINE_STRIDE, STRIDE
from dlm.train.networks.head import Head
from dlm.train.networks.heatmap import HeatmapHead
from dlm.train.networks.sigma import GaussianHead
from dlm.train.networks.simcc import MarginalHead
from dlm.train.settings import Settings

HEADS: dict[str, type[Head]] = {
    "heatmap": HeatmapHead,
    "simcc": MarginalHead,
    "sigma": GaussianHead,
}


def head_of(settings: Settings, points: int) -> Head:
    """Return the head that `settings` ask for, for a layout of `points` points."""
    return HEADS[settings.head](
        points,
        settings.size,
        visibility=settings.visibility,
        stride=FINE_STRIDE if settings.fine else STRIDE,
    )
