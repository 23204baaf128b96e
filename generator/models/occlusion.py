"""How hidden each vertex lies, seen from all around: what ambient light does not reach."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_DIRECTIONS = 96
_CELL = 0.002  # metres


def occlusion(points: NDArray[np.float64], triangles: NDArray[Any]) -> NDArray[np.float64]:
    """Return (V,) from 0 (free) to 1 (closed in), over the outer half-space of each vertex.

    Vertices and samples of the triangles are splatted into depth grids from many directions; a
    vertex is hidden where something lies more than 4 mm before it.
    """
    corner = points[triangles]
    normals = _normals(points, triangles, corner)
    cloud = np.concatenate([points, corner.mean(axis=1), (corner + corner[:, [1, 2, 0]]).reshape(
        -1, 3) / 2])  # fmt: skip
    seen = np.zeros(len(points))
    weight = np.zeros(len(points))
    for direction in _sphere(_DIRECTIONS):
        facing = np.maximum(normals @ direction, 0)
        seen += facing * _visible(points, cloud, direction)
        weight += facing
    return np.asarray(1 - seen / np.maximum(weight, 1e-9))


def _visible(
    points: NDArray[np.float64], cloud: NDArray[np.float64], direction: NDArray[np.float64]
) -> NDArray[np.bool_]:
    side = np.cross(direction, [0.0, 1.0, 0.1])
    side /= np.linalg.norm(side)
    axes = np.stack([side, np.cross(side, direction)], axis=1)
    cells = np.floor(cloud @ axes / _CELL).astype(np.int64)
    cells -= cells.min(axis=0)
    width = int(cells[:, 0].max()) + 1
    flat = cells[:, 1] * width + cells[:, 0]
    height = cloud @ direction
    front = np.full(int(flat.max()) + 1, -np.inf)
    np.maximum.at(front, flat, height)
    return np.asarray(height[: len(points)] > front[flat[: len(points)]] - 0.004)


def _normals(
    points: NDArray[np.float64], triangles: NDArray[Any], corner: NDArray[np.float64]
) -> NDArray[np.float64]:
    across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normals = np.zeros_like(points)
    for k in range(3):
        np.add.at(normals, triangles[:, k], across)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20))


def _sphere(count: int) -> NDArray[np.float64]:
    """Return evenly spread unit vectors (count, 3), mirrored pairs in x."""
    k = np.arange(count // 2) + 0.5
    polar = np.arccos(1 - 2 * k / (count // 2))
    around = np.pi * (1 + 5**0.5) * k
    one = np.stack([np.sin(polar) * np.cos(around), np.cos(polar), np.sin(polar) * np.sin(around)])
    return np.concatenate([one.T, one.T * [-1, 1, 1]])
