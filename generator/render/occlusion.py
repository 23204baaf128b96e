"""How a head hides the light from its own skin, as spherical harmonics at every vertex.

The template is seen from many directions by plain depth pictures; where a vertex is hidden from
a direction, light from there does not reach it. The visibility function of a vertex is kept as
its nine lowest real spherical harmonics in the head's frame (Sloan et al. 2002, precomputed
radiance transfer), from which a shader has soft shadows for any light and ambient occlusion.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import Float32

DIRECTIONS = 96
BIAS = 0.004  # metres a vertex may lie behind the picture's depth


def fibonacci_sphere(count: int) -> NDArray[np.float64]:
    """Return (count, 3) unit vectors, evenly spread."""
    k = np.arange(count) + 0.5
    y = 1 - 2 * k / count
    angle = np.pi * (1 + np.sqrt(5)) * k
    ring = np.sqrt(1 - y * y)
    return np.stack([ring * np.cos(angle), y, ring * np.sin(angle)], axis=1)


def harmonics(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 9) real spherical harmonics of unit `directions` (N, 3), in the shaders' order."""
    x, y, z = directions.T
    return np.stack(
        [
            np.full_like(x, 0.282095),
            0.488603 * y, 0.488603 * z, 0.488603 * x,
            1.092548 * x * y, 1.092548 * y * z, 0.315392 * (3 * z * z - 1), 1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        axis=1,
    )  # fmt: skip


def look_along(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (3, 3) rotation whose third row points against `direction`, to the scene."""
    up = np.array([0.0, 1.0, 0.0]) if abs(direction[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    right = np.cross(up, -direction)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(-direction, right), -direction])


def visibility_harmonics(
    vertices: Float32,
    normals: Float32,
    depth_of: Callable[[NDArray[np.float64]], NDArray[np.float32]],
) -> Float32:
    """Return (V, 9) coefficients.

    `depth_of(matrix)` draws the template with a (4, 4) orthographic clip matrix and returns the
    (S, S) window depth, its first row at clip y = -1.
    """
    centre = (vertices.max(axis=0) + vertices.min(axis=0)) / 2
    reach = float(np.linalg.norm(vertices - centre, axis=1).max()) + 0.01
    directions = fibonacci_sphere(DIRECTIONS)
    total = np.zeros((len(vertices), 9))
    for direction, basis in zip(directions, harmonics(directions), strict=True):
        clip = np.eye(4)
        clip[:3, :3] = look_along(direction) / reach
        clip[:3, 3] = -clip[:3, :3] @ centre
        depth = depth_of(clip)
        place = vertices @ clip[:3, :3].T + clip[:3, 3]
        side = len(depth)
        column, row = np.clip(((place[:, :2] + 1) / 2 * side).astype(int), 0, side - 1).T
        free = (place[:, 2] + 1) / 2 < depth[row, column] + BIAS / (2 * reach)
        total += (free & (normals @ direction > -0.15))[:, None] * basis
    return (total * (4 * np.pi / DIRECTIONS)).astype(np.float32)
