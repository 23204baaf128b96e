"""Where a step takes its faces from: on the device, or in the host's memory beside it.

A GPU that has to wait for pictures does nothing. So they lie on it where a third of its free memory
holds them. Otherwise a step's are gathered into pinned memory and copied while the GPU still works
on the step before: nothing in a step waits for it.
"""

from typing import NamedTuple

import torch
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

    def __init__(self, faces: Faces, device: torch.device) -> None:
        self._device = device
        parts = [faces.images, faces.points, faces.visibility]
        tensors = [None if part is None else torch.from_numpy(part) for part in parts]
        size = sum(tensor.nbytes for tensor in tensors if tensor is not None)
        self.home = device if _fits(size, device) else CPU
        images, points, visibility = (t if t is None else t.to(self.home) for t in tensors)
        assert images is not None
        assert points is not None
        self._held = Taken(images, points, visibility)

    def __len__(self) -> int:
        return len(self._held.images)

    def take(self, rows: Int64) -> Taken:
        """Return the faces of (B,) rows."""
        chosen = send(torch.from_numpy(rows), self.home)
        images, points, visibility = self._held
        seen = None if visibility is None else self._take(visibility, chosen)
        return Taken(self._take(images, chosen), self._take(points, chosen), seen)

    def _take(self, part: Tensor, chosen: Tensor) -> Tensor:
        if self.home == self._device:
            return part.index_select(0, chosen)
        shape = (len(chosen), *part.shape[1:])
        pinned = torch.empty(shape, dtype=part.dtype, pin_memory=self._device.type == "cuda")
        return send(torch.index_select(part, 0, chosen, out=pinned), self._device)


def _fits(size: int, device: torch.device) -> bool:
    """Tell whether so many bytes may lie on a device."""
    if device.type != "cuda":
        return True
    return size <= SHARE * torch.cuda.mem_get_info(device)[0]
