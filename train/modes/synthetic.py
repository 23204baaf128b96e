"""Learn from renders alone: every point of the layout, every stack, equal weights."""

from torch import Tensor

from dlm.train.augment import Batch
from dlm.train.networks.head import Head, Output

NAME = "synthetic"
LICENCE = "trained on renders alone, without photographs: no licence of photographs applies"


def loss(head: Head, outputs: list[Output], batch: Batch) -> Tensor:
    """Return the scalar loss of the outputs of all stacks against a batch's labels."""
    total = head.loss(outputs[0], batch.points, batch.visibility)
    for output in outputs[1:]:
        total = total + head.loss(output, batch.points, batch.visibility)
    return total / len(outputs)
