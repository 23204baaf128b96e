"""What a mode adds to the common loop: terms of the loss, each with nets of its own or none.

A Term is an nn.Module so that its weights and counters are saved, restored and optimised as the
network's are. The trainer runs the network once over all domains of a step (their batch-norm
statistics are shared) and hands the outputs to every term.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn

from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec
from dlm.train.networks.head import Output
from dlm.train.networks.landmark import LandmarkNetwork
from dlm.train.settings import Settings

Stream = Literal["real", "unlabelled"]
Losses = tuple[Tensor, Mapping[str, Tensor]]  # what is minimised, and what is logged beside it


@dataclass(frozen=True)
class Domain:
    """One kind of picture in a step."""

    outputs: list[Output]  # of every stack
    features: Tensor  # (B, C, H, W) that the last output is made of
    points: Tensor  # (B, Q, 2) pixels: labels of renders, iBUG-68 of photos, or the teacher's


@dataclass(frozen=True)
class Step:
    """Everything that a term may learn from at one step."""

    network: LandmarkNetwork
    size: int  # pixels of the input's side
    progress: float  # of the whole run, 0 to 1
    rendered: Domain
    real: Domain | None  # labelled photos
    unlabelled: Domain | None
    autocast: AbstractContextManager[object]  # for nets that are as heavy as the network


def require_maps(settings: Settings, deed: str) -> None:
    """Raise TrainError, saying what a term does with maps, where the head has none."""
    if settings.head != "heatmap":
        raise TrainError(
            f"{deed} maps, which {settings.head} does not have", "--head", "use heatmap"
        )


class Term(nn.Module):
    """A part of the loss that one kind of photos brings."""

    stream: ClassVar[Stream]
    begins: ClassVar[float]  # share of the run after which it counts; no photo is read before
    teaches: ClassVar[bool] = False  # whether Domain.points are the averaged network's answers

    def __init__(self, settings: Settings, spec: LandmarkSpec, channels: int) -> None:
        super().__init__()
        self.weight = settings.adapt_weight

    def loss(self, step: Step) -> Losses:
        """Return the scalar to minimise and scalars to log, all in float32."""
        raise NotImplementedError

    def stepped(self) -> None:
        """Hear that the optimiser made a step in which this term counted."""

    def points_68(self, output: Output) -> Tensor | None:
        """Return its own answer (B, 68, 2) in pixels where it makes one."""
        return None
