"""Images a second of `dlm train` beside a plain PyTorch loop: `training_speed.py DATASET`.

The plain loop is what one writes first: a map-style Dataset that decodes and crops a row, turns and
flips it and draws its target maps, a DataLoader with two workers, the same hourglass in float32,
mean squared error, AdamW. dlm's is its own Trainer in the precision that measures fastest, with all
of its augmentation. Both learn from the same rows. Time is of the processor, workers included, so
that a busy machine does not count; the share of loading and augmenting is of the same.

Where there is a GPU both loops run on it: time is the clock's, the plain loop has a worker a core
and pinned memory, and it is told for which share of the time dlm's loop kept the GPU busy.
"""

import argparse
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from dlm import cores, datasets
from dlm.train import crops
from dlm.train.data import TrainingData
from dlm.train.faces import boxes_of, plain_crops, training_crops
from dlm.train.losses import gaussian_rows
from dlm.train.networks.cells import pixels_to_cells
from dlm.train.networks.landmark import build
from dlm.train.precision import by_name, fastest, measure
from dlm.train.settings import Settings
from dlm.train.trainer import Trainer
from dlm.train.training import pick_device

DEVICE = pick_device()
GPU = DEVICE.type == "cuda"
WARM = 30 if GPU else 2  # steps before the clock
LOADERS = cores.count() if GPU else 2


class Rows(Dataset[tuple[Tensor, Tensor]]):
    """Rows of a dataset as crops and target maps, made anew each time."""

    def __init__(self, faces: datasets.Dataset, rows: Any, size: int) -> None:
        self.faces, self.rows, self.size = faces, rows, size
        self.points = faces.columns(["points"], rows)["points"]
        self.boxes = boxes_of(self.points, faces.spec)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image = self.faces.images([self.rows[index]])[0]
        box, size = self.boxes[index], self.size
        crop = Image.fromarray(crops.crop_image(image, box, size))
        points = crops.apply(crops.crop_matrix(box, size), self.points[index])
        angle = np.random.uniform(-30, 30)
        turned = np.asarray(crop.rotate(angle, Image.Resampling.BILINEAR)).copy()
        radians, middle = np.radians(-angle), (size - 1) / 2
        turn = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
        points = (points - middle) @ turn.T + middle
        if np.random.rand() < 0.5:
            turned = turned[:, ::-1].copy()
            points = crops.flip_points(points, self.faces.spec.mirror, size)
        rows = gaussian_rows(pixels_to_cells(torch.from_numpy(points).float()), size // 4, 1.0)
        maps = rows[:, 1, :, None] * rows[:, 0, None, :]
        return torch.from_numpy(turned).permute(2, 0, 1).float() / 255, maps / maps.amax()


def seconds() -> float:
    """Return what this process and its finished children have used; on a GPU, what the clock says.

    There it waits for what was asked of it.
    """
    if GPU:
        torch.cuda.synchronize()
        return time.perf_counter()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def plain_loop(faces: datasets.Dataset, rows: Any, settings: Settings, steps: int) -> float:
    """Return images a second of the plain loop."""
    network = build(settings, faces.spec.size).train().to(DEVICE)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    begun = seconds()
    seen = 0
    chosen = np.resize(rows, steps * settings.batch)
    loader = DataLoader(
        Rows(faces, chosen, settings.size), settings.batch, shuffle=True, num_workers=LOADERS,
        drop_last=True, persistent_workers=False, pin_memory=GPU,
    )  # fmt: skip
    for images, maps in loader:
        images, maps = images.to(DEVICE, non_blocking=True), maps.to(DEVICE, non_blocking=True)
        loss = nn.functional.mse_loss(network(images)[-1].maps, maps)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seen += len(images)
        if GPU and seen == WARM // 3 * settings.batch:  # workers have started
            begun, seen = seconds(), 0
    del loader
    return seen / (seconds() - begun)


def dlm_loop(
    data: TrainingData, settings: Settings, precision: str, steps: int
) -> dict[str, float]:
    """Return images a second of dlm's own loop, the share of batches, and that of a busy GPU."""
    trainer = Trainer(settings, data, by_name(precision), DEVICE)
    for _ in range(WARM):
        trainer.advance()
    begun = seconds()
    for _ in range(steps):
        trainer.advance()
    whole = seconds() - begun
    begun = seconds()
    for step in range(steps):
        trainer.batch(step)
    batches = seconds() - begun
    busy = busy_share(trainer, steps, whole) if GPU else 0.0
    return {"rate": steps * settings.batch / whole, "share": batches / whole, "busy": busy}


def busy_share(trainer: Trainer, steps: int, whole: float) -> float:
    """Return the time of all kernels of `steps` steps over what those take without a profiler."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        for _ in range(steps):
            trainer.advance()
        torch.cuda.synchronize()
    kernels = sum(event.self_device_time_total for event in profile.key_averages())
    return kernels / 1e6 / whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--faces", type=int, default=512)
    parser.add_argument("--steps", type=int, default=60 if GPU else 8)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=256 if GPU else 32)
    asked = parser.parse_args()
    if not GPU:
        torch.set_num_threads(1)
    faces, rows = datasets.open(asked.data), np.arange(asked.faces)
    settings = Settings(size=asked.size, samples=10_000, batch=asked.batch)
    simple = Settings(size=asked.size, visibility=False, batch=asked.batch)
    plain = plain_loop(faces, rows, simple, asked.steps)
    begun = seconds()
    labels = faces.columns(["points", "visibility"], rows)
    boxes = boxes_of(labels["points"], faces.spec)
    training = training_crops(faces, rows, boxes, asked.size, lambda count: None)
    validation = plain_crops(faces, rows[:8], boxes[:8], asked.size, lambda count: None)
    data = TrainingData(
        faces.spec, training.label(labels["points"], labels["visibility"]),
        validation.label(labels["points"][:8]), {},
    )  # fmt: skip
    cached = asked.faces / (seconds() - begun)
    rates = measure(lambda: build(settings, faces.spec.size), settings.batch, asked.size, DEVICE)
    unit = "second" if GPU else "processor second"
    print(f"| loop | images a {unit} | loading and augmenting | GPU busy |\n|---|---|---|---|")
    print(f"| plain PyTorch, float32 | {plain:.1f} | | |")
    for name in dict.fromkeys(["float32 contiguous", fastest(rates).name]):
        found = dlm_loop(data, settings, name, asked.steps)
        busy = f"{found['busy']:.0%}" if GPU else ""
        print(f"| dlm, {name} | {found['rate']:.1f} | {found['share']:.0%} | {busy} |")
    print(f"\nRead and cropped once, before the first step: {cached:.0f} faces/s.")
    print("Forward and backward alone, by the clock: "
          + ", ".join(f"{name} {rate:.0f}/s" for name, rate in rates.items()))  # fmt: skip


if __name__ == "__main__":
    main()
