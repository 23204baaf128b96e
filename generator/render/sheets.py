"""Sheets of cloth and small things: grids of nodes with their normals, in the head's frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import Int32

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A piece on one posed head, in the head's frame."""

    points: Points  # (n, 3)
    normals: Points  # (n, 3) unit


class Grid:
    """Rows from top to bottom by columns from the subject's right to its left."""

    def __init__(self, rows: int, columns: int, closed: bool = False) -> None:
        self.rows, self.columns, self.closed = rows, columns, closed
        self.count = rows * columns
        node = np.arange(self.count).reshape(rows, columns)
        right = np.roll(node, -1, axis=1) if closed else node[:, 1:]
        left = node if closed else node[:, :-1]
        a, b, c, d = left[:-1], right[:-1], right[1:], left[1:]
        quads = np.stack([a, b, c, d], axis=-1).reshape(-1, 4)
        self.triangles: Int32 = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]).astype(np.int32)
        v, u = np.mgrid[0 : 1 : rows * 1j, -1 : 1 : columns * 1j]
        self.u, self.v = u, v
        self.place = np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32)

    def sheet(self, points: Points) -> Sheet:
        """Return (rows, columns, 3) points with their normals, which point outwards."""
        down = np.gradient(points, axis=0)
        if self.closed:
            along = np.roll(points, -1, axis=1) - np.roll(points, 1, axis=1)
        else:
            along = np.gradient(points, axis=1)
        return Sheet(points.reshape(-1, 3), unit(np.cross(down, along)).reshape(-1, 3))


def unit(vectors: Points) -> Points:
    """Return `vectors` (..., 3) at length 1."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9))
