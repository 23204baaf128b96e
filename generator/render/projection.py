"""From dlm's camera to GL's clip space, with row 0 of the picture read first.

GL's first row is the lowest of the window. The picture's y axis (down) is therefore mapped onto
the window's (up): what GL reads first is the picture's top row, nothing is flipped by a copy,
and triangles that face the camera wind clockwise.
"""

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import Float32
from dlm.generator.scene import Camera


def depth_range(camera: Camera, vertices: Float32) -> tuple[float, float]:
    """Return near and far planes, metres along the optical axis, around all `vertices` (V, 3)."""
    some = vertices[::8]  # the margins are far wider than the gaps between these
    depth = some @ camera.world_to_camera[2, :3] + camera.world_to_camera[2, 3]
    near = max(0.03, float(depth.min()) - 0.3)
    return near, max(near + 0.5, float(depth.max()) + 0.3)


def world_to_clip(camera: Camera, near: float, far: float) -> NDArray[np.float64]:
    """Return the (4, 4) matrix; pixel (0, 0) is the centre of the window's first pixel."""
    side = camera.size
    project = np.array(
        [
            [2 * camera.fx / side, 0, (2 * camera.cx + 1) / side - 1, 0],
            [0, 2 * camera.fy / side, (2 * camera.cy + 1) / side - 1, 0],
            [0, 0, (far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, 1, 0],
        ]
    )
    return project @ camera.world_to_camera.astype(np.float64)


def metres(window_depth: Float32, near: float, far: float) -> Float32:
    """Return metres along the optical axis, 0 where nothing was drawn, as a new (H, W) array."""
    distance = np.float32(near * far) / (np.float32(far) - window_depth * np.float32(far - near))
    distance[window_depth >= 1.0] = 0.0
    return np.asarray(distance)
