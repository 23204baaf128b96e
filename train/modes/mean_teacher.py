"""Mean teacher: the averaged network's answers on plain photos teach the network on altered ones.

Tarvainen and Valpola 2017; for key points Kim et al. 2022 (UniFrame). The teacher is the average
that the run keeps anyway. Its answers move with the augmentation, points that it is unsure of or
that it sees elsewhere in the mirror are left out.
"""

from typing import ClassVar

import torch
from torch import Tensor

from dlm.train.crops import ENLARGE
from dlm.train.modes.step import Losses, Step, Stream, Term
from dlm.train.networks.landmark import LandmarkNetwork

WEIGHT = 0.5
RAMP = 0.15  # of the run, from nothing to full weight
MOST_SHIFT = 0.03 / ENLARGE  # between a picture and its mirror image, in sides of the input


class MeanTeacher(Term):
    """Smooth L1 in hundredths of the input between answers and the teacher's."""

    stream: ClassVar[Stream] = "unlabelled"
    begins: ClassVar[float] = 0.25
    teaches: ClassVar[bool] = True

    def loss(self, step: Step) -> Losses:
        """Return the mean over the points that the teacher is sure of (the others are NaN)."""
        assert step.unlabelled is not None
        taught = step.unlabelled.points
        sure = torch.isfinite(taught).all(dim=-1)
        found = step.network.head.points(step.unlabelled.outputs[-1])
        distance = (found - torch.where(sure[..., None], taught, found.detach())) * (
            100 / step.size
        )
        each = torch.nn.functional.smooth_l1_loss(
            distance, torch.zeros_like(distance), reduction="none"
        ).sum(dim=-1)
        mean = (each * sure).sum() / sure.sum().clamp(min=1)
        ramp = min(max(step.progress - self.begins, 0) / RAMP, 1)
        return WEIGHT * ramp * self.weight * mean, {"taught": sure.float().mean()}


@torch.no_grad()
def teach(teacher: LandmarkNetwork, images: Tensor, mirror: Tensor) -> Tensor:
    """Return the teacher's (B, P, 2) points on plain crops (B, 3, S, S), NaN where it is unsure.

    Sure are the points whose sigma is below the batch's median and which the mirrored picture
    puts at the same place.
    """
    size = images.shape[-1]
    straight, flipped = (teacher.predict(i) for i in (images, images.flip(-1)))
    x, y = flipped.points[:, mirror].unbind(dim=-1)
    mirrored = torch.stack([size - 1 - x, y], dim=-1)
    shift = torch.linalg.vector_norm(straight.points - mirrored, dim=-1)
    sure = (shift < MOST_SHIFT * size) & (straight.sigma <= straight.sigma.median())
    mean = (straight.points + mirrored) / 2
    return torch.where(sure[..., None], mean, torch.nan)
