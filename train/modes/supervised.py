"""What every mode learns from: labels of every point that is learned, on every stack alike."""

from torch import Tensor

from dlm.train.augment import Batch
from dlm.train.networks.head import Head, Output


def supervised_loss(head: Head, outputs: list[Output], batch: Batch) -> Tensor:
    """Return the scalar loss of the outputs of all stacks against a batch's labels."""
    total = head.loss(outputs[0], batch.points, batch.visibility)
    for output in outputs[1:]:
        total = total + head.loss(output, batch.points, batch.visibility)
    return total / len(outputs)
