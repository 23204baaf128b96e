"""What every output head can do: learn from labels, and say where, how sure and whether seen.

A head is two things: a layer that turns a stack's features into an `Output` (trained, part of the
network), and the rules that read an Output (here, without weights). Modes of training, the
predictor and the exporter know nothing else of it. Shapes: B images, P points.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlm.train.networks.cells import STRIDE

VISIBILITY_WEIGHT = 0.1  # of the visibility's cross-entropy beside the points' loss
VISIBLE = 2  # the row's code of a point that is seen; 1 is hidden, 0 outside the picture
CLASSES_ACROSS = 16  # regions a side of the picture, for losses that treat a place as a class


class Output(NamedTuple):
    """The answer of one stack."""

    maps: Tensor  # what the head reads points from; its shape is the head's own matter
    visible: Tensor | None = None  # (B, P) logits; None where visibility is not learned


class Head(ABC):
    """Reads outputs for pictures of `size` x `size` pixels; all results in float32.

    A cell of the features that its layer sees is `stride` pixels wide.
    """

    def __init__(self, points: int, size: int, *, visibility: bool, stride: int = STRIDE) -> None:
        self.count, self.size, self.visibility_learned = points, size, visibility
        self.stride = stride

    @abstractmethod
    def layer(self, channels: int) -> nn.Module:
        """Return the layer from features (B, channels, size/stride, size/stride) to an Output."""

    @property
    @abstractmethod
    def fed_back(self) -> int:
        """How many channels of `maps` the next stack is shown; 0 where they are no pictures."""

    @abstractmethod
    def points(self, output: Output) -> Tensor:
        """Return (B, P, 2) points in pixels of the input."""

    @abstractmethod
    def sigma(self, output: Output) -> Tensor:
        """Return (B, P) standard deviations of a point along either axis, in pixels."""

    @abstractmethod
    def class_logits(self, output: Output) -> Tensor:
        """Return (B, P, K) logits: softmax over K regions of the picture is where a point may be.

        What batch statistics (the nuclear norm) and per-point discriminators are computed on.
        """

    @abstractmethod
    def points_loss(self, output: Output, points: Tensor) -> Tensor:
        """Return the scalar loss of one stack against (B, P, 2) points in pixels."""

    def loss(self, output: Output, points: Tensor, visibility: Tensor | None = None) -> Tensor:
        """Return the scalar loss of one stack.

        `points` (B, P, 2) in pixels; those outside the picture carry no loss. `visibility`
        (B, P) is the rows' code (0, 1, 2), None where the labels do not have it.
        """
        total = self.points_loss(output, points)
        if output.visible is None or visibility is None:
            return total
        return total + VISIBILITY_WEIGHT * self._visibility_loss(output.visible, points, visibility)

    def visibility(self, output: Output) -> Tensor | None:
        """Return (B, P) probabilities that a point is seen; None where it was not learned."""
        return None if output.visible is None else torch.sigmoid(output.visible.float())

    def _visibility_loss(self, logits: Tensor, points: Tensor, visibility: Tensor) -> Tensor:
        weight = inside_picture(points, self.size)
        seen = (visibility == VISIBLE).float()
        each = F.binary_cross_entropy_with_logits(logits.float(), seen, reduction="none")
        return (each * weight).sum() / weight.sum().clamp(min=1)


def inside_picture(points: Tensor, size: int) -> Tensor:
    """Return (B, P) 1 where a point (B, P, 2) lies on the picture and can be learned, else 0."""
    return ((points > -0.5) & (points < size - 0.5)).all(dim=-1).float()
