"""DALN: the head is its own critic, by the nuclear-norm Wasserstein discrepancy of two batches.

Chen et al., CVPR 2022. The last layer learns to raise the nuclear norm on renders and lower it on
photos; through the reversed gradient the features learn the opposite, so that photos come to be
answered as surely and as diversely as renders. No discriminator is needed.
"""

from typing import ClassVar

from torch import Tensor

from dlm.landmark_specs import LandmarkSpec
from dlm.train.modes.gradients import WarmUp, scale_gradient
from dlm.train.modes.nuclear import batch_norm_of
from dlm.train.modes.step import Losses, Step, Stream, Term
from dlm.train.settings import Settings

WEIGHT = 0.1  # of the discrepancy beside the points' loss
SPAN = 1000  # steps of the warm-up as published; a third of a shorter run


class NuclearDiscrepancy(Term):
    """-weight * (nu of renders - nu of photos), reversed into the features."""

    stream: ClassVar[Stream] = "unlabelled"
    begins: ClassVar[float] = 0.25

    def __init__(self, settings: Settings, spec: LandmarkSpec, channels: int) -> None:
        super().__init__(settings, spec, channels)
        self.matrix = settings.matrix
        self.warm_up = WarmUp(span=min(SPAN, max(settings.steps / 3, 1)))

    def loss(self, step: Step) -> Losses:
        """Return the critic's loss; the features get its reversed gradient."""
        assert step.unlabelled is not None
        nu_s = batch_norm_of(self._critic(step, step.rendered.features), self.matrix)
        nu_t = batch_norm_of(self._critic(step, step.unlabelled.features), self.matrix)
        total = -WEIGHT * self.weight * (nu_s - nu_t)
        return total, {"nwd": (nu_s - nu_t).detach()}

    def stepped(self) -> None:
        """Warm up with optimiser steps, whatever else is run forward."""
        self.warm_up.step()

    def _critic(self, step: Step, features: Tensor) -> Tensor:
        reversed_ = scale_gradient(features.float(), -self.warm_up.coefficient)
        logits = step.network.head.class_logits(step.network.answer(reversed_))
        return logits.softmax(dim=-1)
