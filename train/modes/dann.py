"""DANN: a discriminator tells renders from photos, and the features learn to fool it.

Ganin et al., JMLR 2016. It looks at the features of the last stack, normalised so that their scale
gives nothing away. Its accuracy is logged: at 100 % nothing is aligned, at 50 % from the start it
is broken.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlm.landmark_specs import LandmarkSpec
from dlm.train.modes.gradients import WarmUp, scale_gradient
from dlm.train.modes.step import Losses, Step, Stream, Term
from dlm.train.settings import Settings

WEIGHT = 0.1  # of the reversed gradient; the discriminator itself learns at full weight
CHANNELS = 64


class Discriminator(Term):
    """Cross-entropy of renders (1) against photos (0), reversed into the features."""

    stream: ClassVar[Stream] = "unlabelled"
    begins: ClassVar[float] = 0.25

    def __init__(self, settings: Settings, spec: LandmarkSpec, channels: int) -> None:
        super().__init__(settings, spec, channels)
        counted = settings.steps * (1 - self.begins)
        self.warm_up = WarmUp(span=max(counted / 10, 1), highest=WEIGHT * self.weight)
        self.layers = nn.Sequential(
            nn.GroupNorm(1, channels),
            nn.Conv2d(channels, CHANNELS, 3, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(CHANNELS, CHANNELS, 3, 2, 1), nn.LeakyReLU(0.2),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, 1),
        )  # fmt: skip

    def loss(self, step: Step) -> Losses:
        """Return the discriminator's loss; the features get its reversed gradient."""
        assert step.unlabelled is not None
        both = torch.cat([step.rendered.features, step.unlabelled.features]).float()
        logits: Tensor = self.layers(scale_gradient(both, -self.warm_up.coefficient))[:, 0]
        truth = torch.zeros_like(logits)
        truth[: len(step.rendered.features)] = 1
        right = ((logits > 0) == (truth > 0.5)).float().mean()
        return F.binary_cross_entropy_with_logits(logits, truth), {"discriminator_accuracy": right}

    def stepped(self) -> None:
        """Warm up with optimiser steps."""
        self.warm_up.step()
