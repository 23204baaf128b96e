"""What networks and heads cost to train and to use: `network_cost.py [--size 128] [--batch 32]`.

Each row is a process of its own, so that its peak memory is its own; time is that of the processor
on one thread, so that a busy machine does not lengthen it. Prints Markdown.

`--gpu 256` counts instead, without computing: the bytes that a step keeps for its backward pass at
that many pixels, by PyTorch's own account of saved tensors on its 'meta' device. That is an
estimate of what a GPU must hold; kernels' workspaces and fragmentation come on top. Where there is
a GPU it steps: the most memory that PyTorch took and milliseconds an image.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dlm.train.networks.landmark import build
from dlm.train.precision import Precision, by_name
from dlm.train.settings import Settings

STEPS = 2
ROWS = [
    (network, head, points)
    for network in ("hourglass", "light")
    for head in ("heatmap", "simcc", "sigma")
    for points in (68, 490, 1001)
]


def step_loss(network: Any, images: Tensor, points: Tensor, seen: Tensor) -> Tensor:
    """Return the loss of all stacks, as training sums it."""
    losses = [network.head.loss(output, points, seen) for output in network(images)]
    return torch.stack(losses).mean()


def prepared(
    settings: Settings, points: int, precision: Precision, device: torch.device
) -> tuple[Any, Tensor, Callable[[], None]]:
    """Return a fresh network, a batch of pictures, and a training step of both."""
    network = build(settings, points).train().to(device)
    precision.lay_out_network(network)
    batch, size = settings.batch, settings.size
    images = precision.lay_out(torch.rand(batch, 3, size, size, device=device))
    labels = size * torch.rand(batch, points, 2, device=device)
    seen = torch.full((batch, points), 2, device=device)
    optimiser = torch.optim.AdamW(network.parameters(), fused=True)

    def step() -> None:
        with precision.autocast(device):
            outputs = network(images)
        losses = [network.head.loss(output, labels, seen) for output in outputs]
        optimiser.zero_grad(set_to_none=True)
        torch.stack(losses).mean().backward()
        optimiser.step()

    return network, images, step


def measure(settings: Settings, points: int, precision_name: str) -> dict[str, float]:
    """Train a few steps and predict; return milliseconds and gigabytes."""
    torch.set_num_threads(1)
    precision, cpu = by_name(precision_name), torch.device("cpu")
    network, images, step = prepared(settings, points, precision, cpu)
    batch = settings.batch
    step()
    begun = time.process_time()
    for _ in range(STEPS):
        step()
    trained = (time.process_time() - begun) / STEPS / batch
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    network.eval()
    with torch.inference_mode():
        network.predict(images[:1])
        begun = time.process_time()
        for _ in range(8):
            network.predict(images[:1])
    used = (time.process_time() - begun) / 8
    weights = sum(weight.numel() for weight in network.parameters())
    return {"train_ms": 1e3 * trained, "use_ms": 1e3 * used, "gb": peak, "weights": weights}


def count_saved(settings: Settings, points: int) -> float:
    """Return the gigabytes that one float32 step keeps for its backward pass, without computing."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage.nbytes()
        held.append(storage)  # so that no address is used twice
        return tensor

    held: list[Any] = []
    with torch.device("meta"):
        network = build(settings, points).train()
        batch, size = settings.batch, settings.size
        images = torch.rand(batch, 3, size, size)
        labels, seen = torch.rand(batch, points, 2), torch.ones(batch, points)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            step_loss(network, images, labels, seen)
    weights = sum(weight.numel() for weight in network.parameters())
    return (sum(kept.values()) + 4 * 4 * weights) / 2**30  # weight, gradient, two moments


def measure_gpu(settings: Settings, points: int, precision_name: str) -> tuple[float, float]:
    """Return gigabytes at most and milliseconds an image of steps on a GPU."""
    precision, device = by_name(precision_name), torch.device("cuda")
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    step = prepared(settings, points, precision, device)[2]

    def steps(count: int) -> float:
        begun = time.perf_counter()
        for _ in range(count):
            step()
        torch.cuda.synchronize()
        return (time.perf_counter() - begun) / count / settings.batch

    steps(3)
    each = steps(10)
    return torch.cuda.max_memory_allocated() / 2**30, 1e3 * each


def rows(asked: argparse.Namespace) -> None:
    """Print the measured table."""
    print("| network | head | points | weights | train, ms an image | use, ms | peak GB |")
    print("|---|---|---|---|---|---|---|")
    for network, head, points in ROWS:
        words = ["--row", network, head, str(points), *sys.argv[1:]]
        done = subprocess.run(
            [sys.executable, __file__, *words], check=True, capture_output=True, text=True
        )
        found = json.loads(done.stdout)
        print(
            f"| {network} | {head} | {points} | {found['weights'] / 1e6:.2f} M "
            f"| {found['train_ms']:.1f} | {found['use_ms']:.1f} | {found['gb']:.2f} |", flush=True,
        )  # fmt: skip


def estimates(size: int, batch: int, precision: str) -> None:
    """Print what a step needs of a GPU, by stacks, head and layout."""

    def cell(settings: Settings, points: int) -> str:
        if not torch.cuda.is_available():
            return f"{count_saved(settings, points):.1f}"
        return "{:.1f} GB, {:.2f} ms".format(*measure_gpu(settings, points, precision))

    print("| head | points | 1 stack, 128 wide | 2 stacks, 256 wide | 4 stacks, 256 wide |")
    print("|---|---|---|---|---|")
    for head in ("heatmap", "simcc", "sigma"):
        for points in (68, 490, 1001):
            found = [
                cell(Settings(head=head, size=size, batch=batch, stacks=s, width=w), points)
                for s, w in ((1, 128), (2, 256), (4, 256))
            ]
            print(f"| {head} | {points} | " + " | ".join(found) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--stacks", type=int, default=1)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--precision", default="bf16 channels_last")
    parser.add_argument("--row", nargs=3, metavar=("NETWORK", "HEAD", "POINTS"))
    parser.add_argument("--gpu", type=int, metavar="SIZE")
    asked = parser.parse_args()
    if asked.gpu:
        estimates(asked.gpu, asked.batch, asked.precision)
    elif asked.row:
        network, head, points = asked.row
        settings = Settings(
            network=network, head=head, size=asked.size, batch=asked.batch, stacks=asked.stacks,
            width=asked.width,
        )  # fmt: skip
        print(json.dumps(measure(settings, int(points), asked.precision)))
    else:
        rows(asked)


if __name__ == "__main__":
    main()
