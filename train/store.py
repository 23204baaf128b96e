"""Where a step takes its faces from: on the device, or in the host's memory beside it.

A GPU that has to wait for pictures does nothing. So they lie on it where a third of its free memory
holds them. Otherwise a step's are gathered into pinned memory and copied while the GPU still works
on the step before: nothing in a step waits for it.
"""

from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dlm.train.draws import CPU, send
from dlm.train.faces import Faces, Int64

SHARE = 1 / 3  # of a GPU's free memory that pictures may take


class Taken(NamedTuple):
    """B faces on the device."""

    images: Tensor  # (B, K, K, 3) uint8
    points: Tensor  # (B, P, 2) pixels of the crops
    visibility: Tensor | None  # (B, P)


class Store:
    """N faces as tensors, to take rows from and to write rows to."""

    def __init__(self, held: Taken, home: torch.device, device: torch.device) -> None:
        """Keep faces at `home` for the steps of `device`. Made by `of` and `empty`."""
        self._held, self.home, self._device = held, home, device

    @classmethod
    def of(cls, faces: Faces, device: torch.device) -> Self:
        """Return a store of these faces."""
        images, points, seen = _tensors(faces)
        size = images.nbytes + points.nbytes + (0 if seen is None else seen.nbytes)
        home = _home(size, device)
        seen = None if seen is None else seen.to(home)
        return cls(Taken(images.to(home), points.to(home), seen), home, device)

    @classmethod
    def empty(cls, count: int, side: int, points: int, device: torch.device) -> Self:
        """Return a store of faces that are to come, with pictures of `side` pixels."""
        home = _home(count * (side * side * 3 + points * 9), device)
        images = torch.empty((count, side, side, 3), dtype=torch.uint8, device=home)
        seen = torch.empty((count, points), dtype=torch.uint8, device=home)
        return cls(Taken(images, torch.empty((count, points, 2), device=home), seen), home, device)

    def __len__(self) -> int:
        return len(self._held.images)

    def take(self, rows: Int64) -> Taken:
        """Return the faces of (B,) rows."""
        chosen = send(torch.from_numpy(rows), self.home)
        images, points, visibility = self._held
        seen = None if visibility is None else self._take(visibility, chosen)
        return Taken(self._take(images, chosen), self._take(points, chosen), seen)

    def put(self, start: int, faces: Faces) -> None:
        """Write faces over the rows from `start` on; their arrays may change afterwards."""
        for held, new in zip(self._held, _tensors(faces), strict=True):
            if held is not None and new is not None:
                pinned = new.pin_memory() if self.home.type == "cuda" else new
                held[start : start + len(new)].copy_(pinned, non_blocking=True)

    def _take(self, part: Tensor, chosen: Tensor) -> Tensor:
        if self.home == self._device:
            return part.index_select(0, chosen)
        shape = (len(chosen), *part.shape[1:])
        pinned = torch.empty(shape, dtype=part.dtype, pin_memory=self._device.type == "cuda")
        return send(torch.index_select(part, 0, chosen, out=pinned), self._device)


def _tensors(faces: Faces) -> Taken:
    seen = None if faces.visibility is None else _tensor(faces.visibility)
    return Taken(_tensor(faces.images), _tensor(faces.points), seen)


def _tensor(array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.require(array, requirements="W"))  # a copy where none may be written


def _home(size: int, device: torch.device) -> torch.device:
    """Return where so many bytes lie best for the steps of a device."""
    if device.type != "cuda":
        return device
    return device if size <= SHARE * torch.cuda.mem_get_info(device)[0] else CPU
