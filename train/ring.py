"""Drawn faces on their way from workers to the trainer: memory that all of them share.

A ring of slots of PIECE faces each; piece k goes through slot k modulo their number. A worker may
write it once the piece that lay there is taken. Nothing is pickled or left behind: the memory has
no name, and goes with the process that made it.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.train.crops import UInt8
from dlm.train.schedule import PIECE

# How many pieces were taken; which face the run begins with; whether no more is wanted.
TAKEN, FIRST, CLOSED, HEADER = 0, 1, 2, 4
UNKNOWN = -1  # as FIRST: until the run says at which step it is


@dataclass(frozen=True)
class Ring:
    """Where the memory is, and its shape. Every process makes its own views."""

    path: str
    slots: int
    side: int  # pixels of a picture
    points: int

    @classmethod
    def make(cls, slots: int, side: int, points: int) -> "Ring":
        """Return a new ring, which lives as long as this process or until `close`."""
        handle = os.memfd_create("dlm")
        ring = cls(f"/proc/{os.getpid()}/fd/{handle}", slots, side, points)
        os.ftruncate(handle, sum(ring._sizes))
        ring.counters[:] = 0
        ring.counters[FIRST] = UNKNOWN
        return ring

    def __reduce__(self) -> tuple[Any, ...]:
        return Ring, (self.path, self.slots, self.side, self.points)  # without the views

    def close(self) -> None:
        """Give the memory back when nobody looks at it any more."""
        os.close(int(self.path.rsplit("/", 1)[1]))

    @property
    def counters(self) -> NDArray[np.int64]:
        """TAKEN, FIRST, CLOSED; from HEADER on what each slot holds: the piece's number + 1."""
        return self._views[0]

    def slot(self, piece: int) -> tuple[UInt8, NDArray[np.float32], UInt8]:
        """Return a piece's pictures (PIECE, side, side, 3), points and visibility: the ring's."""
        _, images, points, visibility = self._views
        k = piece % self.slots
        return images[k], points[k], visibility[k]

    @cached_property
    def _sizes(self) -> list[int]:
        numbers = self.slots * PIECE * self.points
        counters = 8 * (HEADER + self.slots)
        return [counters, self.slots * PIECE * self.side**2 * 3, 8 * numbers, numbers]

    @cached_property
    def _views(self) -> tuple[NDArray[np.int64], UInt8, NDArray[np.float32], UInt8]:
        memory = np.asarray(np.memmap(self.path, np.uint8, "r+", shape=(sum(self._sizes),)))
        counters, images, points, seen = np.split(memory, np.cumsum(self._sizes)[:-1])
        shape = (self.slots, PIECE, self.points)
        return (
            counters.view(np.int64),
            images.reshape(self.slots, PIECE, self.side, self.side, 3),
            points.view(np.float32).reshape(*shape, 2),
            seen.reshape(shape),
        )
