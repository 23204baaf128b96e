"""Learn from renders alone: every point of the layout, every stack, equal weights."""

from torch import Tensor

from dlm.train.losses import landmark_loss

NAME = "synthetic"
LICENCE = "trained on renders alone, without photographs: no licence of photographs applies"


def loss(logits: list[Tensor], points: Tensor) -> Tensor:
    """Return the scalar loss of the maps of all stacks against (B, P, 2) points in pixels."""
    total = landmark_loss(logits[0], points)
    for stack in logits[1:]:
        total = total + landmark_loss(stack, points)
    return total / len(logits)
