"""Rendered faces in memory: cropped with a margin once, so that training never waits for a disk."""

import copy
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dlm import cores
from dlm.datasets import Dataset
from dlm.errors import TrainError
from dlm.landmark_specs import LandmarkSpec
from dlm.train import crops
from dlm.train.augment import CACHE_MARGIN
from dlm.train.split import hashes_of, held_out

OVERSAMPLING = 1.125  # cached pixels a pixel of the network's input
READ_ROWS = 64
VALIDATION_FACES = 512

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]
Int64 = NDArray[np.int64]
Report = Callable[[int], None]  # called with a count of finished things


@dataclass(frozen=True, eq=False)
class Faces:
    """N square crops with P points each, in pixels of the crops."""

    images: UInt8  # (N, K, K, 3)
    points: Float32  # (N, P, 2)
    visibility: UInt8 | None = None  # (N, P) 0 outside the picture, 1 hidden, 2 visible

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Crops:
    """N square crops and how they were cut, so that any layout's labels can be laid on them."""

    images: UInt8  # (N, K, K, 3)
    matrices: crops.Float64  # (N, 2, 3) image pixels to crop pixels

    def label(self, points: Float32, visibility: UInt8 | None = None) -> Faces:
        """Return the crops with (N, P, 2) points given in pixels of the uncropped images."""
        moved = crops.apply(self.matrices, points).astype(np.float32)
        return Faces(self.images, moved, visibility)


def cache_size(size: int) -> int:
    """Return the pixels of a cached crop's side for a network input of `size` pixels."""
    return round(size * CACHE_MARGIN * OVERSAMPLING)


def box_points(spec: LandmarkSpec) -> NDArray[np.int32]:
    """Return the points a crop is centred on: those that stand for iBUG-68, or all of them."""
    chosen = spec.ibug68[spec.ibug68 >= 0]
    return chosen if len(chosen) >= 2 else np.arange(spec.size, dtype=np.int32)


def split_by_identity(dataset: Dataset) -> tuple[Int64, Int64]:
    """Return the rows to train on and the rows held out, both ascending.

    An identity is held out by the hash of its coefficients: all its rows are, and rendering more
    rows moves none from one side to the other. A small dataset holds out at least one identity.
    """
    hashes = hashes_of(np.asarray(dataset.columns(["identity"])["identity"], np.float32))
    held = held_out(hashes) | (hashes == hashes.min())
    return np.flatnonzero(~held), np.flatnonzero(held)


def boxes_of(points: Float32, spec: LandmarkSpec) -> crops.Float64:
    """Return the (N, 3) crop boxes of (N, P, 2) points."""
    return crops.square_box(points[:, box_points(spec)])


def training_crops(
    dataset: Dataset, rows: Int64, boxes: crops.Float64, size: int, report: Report
) -> Crops:
    """Return crops of `rows` at (n, 3) boxes with a margin for augmentation to move in."""
    kept = cache_size(size)
    way_out = "train at a smaller --size or on a smaller dataset"
    require_memory(len(rows) * kept * kept * 3, str(dataset.path), way_out)
    return _read(dataset, rows, boxes * [1, 1, CACHE_MARGIN], kept, report)


def plain_crops(
    dataset: Dataset, rows: Int64, boxes: crops.Float64, size: int, report: Report
) -> Crops:
    """Return crops of `rows` at (n, 3) boxes as a network sees them at test."""
    return _read(dataset, rows, boxes, size, report)


def _read(dataset: Dataset, rows: Int64, boxes: crops.Float64, size: int, report: Report) -> Crops:
    """Decode and crop in as many threads as there are cores: both leave Python's lock alone."""
    images = np.empty((len(rows), size, size, 3), dtype=np.uint8)
    own = threading.local()  # a dataset's open files are one thread's

    def draw(part: slice) -> int:
        if not hasattr(own, "dataset"):
            own.dataset = copy.copy(dataset)
        decoded = own.dataset.images(rows[part])
        images[part] = crops.crop_all(list(decoded), boxes[part], size)
        return len(decoded)

    with ThreadPoolExecutor(cores.count()) as pool:
        for count in pool.map(draw, _parts(len(rows))):
            report(count)
    return Crops(images, crops.crop_matrix(boxes, size))


def require_memory(needed: int, where: str, way_out: str) -> None:
    """Raise TrainError where pictures of so many bytes do not fit."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > 0.8 * free:
        raise TrainError(
            f"the faces take {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free",
            where, way_out,
        )  # fmt: skip


def _parts(count: int) -> Iterator[slice]:
    for start in range(0, count, READ_ROWS):
        yield slice(start, min(start + READ_ROWS, count))


def batch_rows(count: int, batch: int, step: int, seed: int) -> Int64:
    """Return the (batch,) rows of one step: every epoch is a new permutation, ends joined."""
    start = step * batch
    wanted = np.arange(start, start + batch)
    rows = np.empty(batch, dtype=np.int64)
    for epoch in np.unique(wanted // count):
        mine = wanted // count == epoch
        rows[mine] = _order(count, seed, int(epoch))[wanted[mine] % count]
    return rows


@lru_cache(maxsize=8)
def _order(count: int, seed: int, epoch: int) -> Int64:
    return np.random.default_rng((seed, epoch)).permutation(count)
