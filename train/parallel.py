"""Several processes that learn one network, as `torchrun` starts them; one alone needs none of it.

Gradients are averaged after the backward pass rather than inside a wrapper, so that a mode may run
the network and its nets as it likes. Batch norm takes its statistics over all processes: n
processes with a share of the batch compute what one computes with the whole.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from dlm.errors import TrainError


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this is."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this one writes files and speaks."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """Return how many samples of a step are this process's; TrainError where that is none."""
        if batch % self.count:
            raise TrainError(
                f"{batch} samples a step cannot be shared by {self.count} processes",
                "--batch", f"make it a multiple of {self.count}",
            )  # fmt: skip
        return batch // self.count

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace gradients by their mean over the processes."""
        if self.count == 1:
            return
        for parameter in parameters:
            if parameter.grad is not None:
                dist.all_reduce(parameter.grad)
                parameter.grad /= self.count

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean over the processes of a detached value."""
        if self.count > 1:
            value = value.clone()
            dist.all_reduce(value)
            value /= self.count
        return value

    def agree(self, wish: bool) -> bool:
        """Return whether any process wishes: all stop after the same step."""
        if self.count == 1:
            return wish
        asked = torch.tensor(float(wish), device=_device())
        dist.all_reduce(asked)
        return bool(asked > 0)

    @contextmanager
    def one_after_the_first(self) -> Iterator[None]:
        """Let the first process go first: it writes what the others then find."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.count > 1:
            dist.barrier()


@contextmanager
def started() -> Iterator[Ranks]:
    """Join the processes that torchrun started and leave them at the end; alone without it."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield Ranks()
        return
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm with the statistics of all processes' samples."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        from torch.distributed.nn.functional import all_reduce

        wide = x.float()
        count = dist.get_world_size()
        moments = torch.stack([wide.mean(dim=(0, 2, 3)), (wide**2).mean(dim=(0, 2, 3))])
        mean, square = all_reduce(moments) / count  # type: ignore[no-untyped-call]
        variance = (square - mean**2).clamp(min=0)
        self._follow(mean.detach(), variance.detach(), x.numel() // x.shape[1] * count)
        scale = torch.rsqrt(variance + self.eps) * self.weight
        shift = self.bias - mean * scale
        shared: Tensor = wide * scale[:, None, None] + shift[:, None, None]
        return shared.to(x.dtype)

    def _follow(self, mean: Tensor, variance: Tensor, samples: int) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        kept = 0.0 if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, kept)
        self.running_var.lerp_(variance * samples / max(samples - 1, 1), kept)
        self.num_batches_tracked += 1


def share_batch_norm(network: nn.Module, ranks: Ranks) -> None:
    """Turn the batch norms of a fresh network into shared ones, in place."""
    if ranks.count > 1:
        for module in network.modules():
            if type(module) is nn.BatchNorm2d:
                module.__class__ = SharedBatchNorm


def _device() -> torch.device:
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
