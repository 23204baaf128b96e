"""BNM: raise the nuclear norm of the predictions on photos, without a critic.

Cui et al., CVPR 2020. It is the half of DALN that the features see on photos, and the ablation of
it: what DALN gains over this is what the critic brings.
"""

from typing import ClassVar

from dlm.train.modes.nuclear import batch_norm_of
from dlm.train.modes.step import Losses, Step, Stream, Term

WEIGHT = 0.1


class TargetNuclearNorm(Term):
    """-weight * nu of photos."""

    stream: ClassVar[Stream] = "unlabelled"
    begins: ClassVar[float] = 0.25

    def loss(self, step: Step) -> Losses:
        """Return the loss of the network's own answers."""
        assert step.unlabelled is not None
        logits = step.network.head.class_logits(step.unlabelled.outputs[-1])
        nu_t = batch_norm_of(logits.softmax(dim=-1), "points")
        return -WEIGHT * self.weight * nu_t, {"nu_t_step": nu_t.detach()}
