"""RegDA: a second head is pushed to where the other points are, and the features bring it back.

Jiang et al., CVPR 2021. On renders the second head f' learns to agree with the first, f. On photos
f' learns the ground false (the places of all other points) and the features learn the ground truth
(the place that f gives), two minimisations in place of a minimax. A dense layout covers the whole
face, so the ground false keeps away from the point's own place.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from dlm.landmark_specs import LandmarkSpec
from dlm.train.modes.gradients import WarmUp, scale_gradient
from dlm.train.modes.nuclear import spread_points
from dlm.train.modes.step import Losses, Step, Stream, Term, require_maps
from dlm.train.settings import Settings

MARGIN = 4.0  # weight of the agreement on renders
SIGMA = 1.0  # cells, of the places; the published 2 is on maps of twice the side
AWAY = 5 * SIGMA  # cells around a point's own place that are never ground false
HIGHEST, SPAN = 0.1, 1000  # of the gradient from f' into the features; steps of its warm-up
POINTS = 68  # of a dense layout, evenly spread


class Disparity(Term):
    """KL divergences of the second head on both domains."""

    stream: ClassVar[Stream] = "unlabelled"
    begins: ClassVar[float] = 0.25

    def __init__(self, settings: Settings, spec: LandmarkSpec, channels: int) -> None:
        super().__init__(settings, spec, channels)
        require_maps(settings, "compares")
        highest = HIGHEST * self.weight
        self.warm_up = WarmUp(min(SPAN, max(settings.steps / 3, 1)), highest)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1), nn.ReLU(),
            nn.Conv2d(channels, min(spec.size, POINTS), 1),
        )  # fmt: skip

    def loss(self, step: Step) -> Losses:
        """Return agreement on renders + ground false for f' + ground truth for the features."""
        assert step.unlabelled is not None
        gate = self.warm_up.coefficient
        source, target = step.rendered, step.unlabelled
        features = target.features.float()
        near, others = places(spread_points(target.outputs[-1].maps, POINTS))
        here, _ = places(spread_points(source.outputs[-1].maps, POINTS))
        agree = divergence(here, self.second(scale_gradient(source.features.float(), gate)))
        false = divergence(others, self.second(features.detach()))
        fixed = {name: value.detach() for name, value in self.second.named_parameters()}
        frozen = functional_call(self.second, fixed, (scale_gradient(features, gate),))
        true = divergence(near, frozen)
        return MARGIN * agree + false + true, {"disparity": true.detach()}

    def stepped(self) -> None:
        """Warm up with optimiser steps."""
        self.warm_up.step()


@torch.no_grad()
def places(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return (B, P, H, W) distributions: each point's place, and those of all the others.

    A place is a Gaussian around the highest cell of the point's logits.
    """
    height, width = maps.shape[-2:]
    best = maps.flatten(2).argmax(dim=-1)
    y, x = best // width, best % width
    rows = torch.arange(height, device=maps.device), torch.arange(width, device=maps.device)
    squares = ((rows[0] - y[..., None]) ** 2)[..., :, None] + ((rows[1] - x[..., None]) ** 2)[
        ..., None, :
    ]
    near = torch.exp(-squares.float() / (2 * SIGMA**2))
    others = near.sum(dim=1, keepdim=True).clamp(max=1) * (squares > AWAY**2)
    return _distribution(near), _distribution(others)


def divergence(target: Tensor, logits: Tensor) -> Tensor:
    """Return the mean KL(target || softmax of logits) of (B, P, H, W) in nats."""
    logs = torch.log_softmax(logits.float().flatten(2), dim=-1)
    wanted = target.flatten(2)
    return (torch.xlogy(wanted, wanted) - wanted * logs).sum(dim=-1).mean()


def _distribution(mass: Tensor) -> Tensor:
    mass = mass + 1e-7
    return mass / mass.sum(dim=(-2, -1), keepdim=True)
