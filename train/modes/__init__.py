"""Ways of training, one file a mode; the registry is this literal dict."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from dlm.errors import TrainError
from dlm.train.augment import Batch
from dlm.train.modes import synthetic
from dlm.train.networks.head import Head, Output


@dataclass(frozen=True)
class Mode:
    """What a way of training adds to the common loop."""

    loss: Callable[[Head, list[Output], Batch], Tensor]
    licence: str  # what the data it learns from means for the use of the network


MODES = {
    synthetic.NAME: Mode(synthetic.loss, synthetic.LICENCE),
}


def mode(name: str) -> Mode:
    """Return a way of training by name; TrainError with what there is otherwise."""
    if name not in MODES:
        raise TrainError(f"no mode {name!r}", "--mode", f"there is: {', '.join(MODES)}")
    return MODES[name]
