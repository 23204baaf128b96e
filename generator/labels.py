"""From posed vertices to labels: projection, visibility by depth test, boxes.

World   metres, right-handed, +y up.   Camera  OpenCV axes, +z into the scene.
Pixels  (x, y) from the centre of the top-left pixel; an image spans [-0.5, size - 0.5].
Shapes  V vertices, P points of a layout.
Sums over three axes are written out: the same vertex then gets the same bits in any selection.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import Float32, Int32
from dlm.generator.scene import Camera, Pose, rotation

if TYPE_CHECKING:
    from dlm.generator.render.base import Frame

OUTSIDE, HIDDEN, VISIBLE = 0, 1, 2
DEPTH_TOLERANCE = 0.0015  # metres: below it lips that touch would hide each other


def transform(matrix: Float32, points: Float32) -> Float32:
    """Return `points` (..., 3) moved by a (3, 3) or (3, 4) matrix, bit for bit in any selection.

    Each coordinate of the result is contiguous: what follows takes them one by one.
    """
    x, y, z = (np.ascontiguousarray(axis) for axis in np.moveaxis(points, -1, 0))
    moved = np.empty((3, *x.shape), np.result_type(matrix, points))
    for row, sums in zip(matrix, moved, strict=True):
        np.multiply(row[0], x, out=sums)
        sums += row[1] * y
        sums += row[2] * z
        if len(row) == 4:
            sums += row[3]
    return np.moveaxis(moved, 0, -1)


def to_world(pose: Pose, vertices: Float32) -> Float32:
    """Return head-frame `vertices` (N, 3), or normals, as the head is turned."""
    return transform(rotation(*pose.head), vertices)


def project(camera: Camera, world: Float32) -> tuple[Float32, Float32]:
    """Return pixels (N, 2) of world points (N, 3), and their depth (N,) in metres.

    A point at or behind the camera has NaN pixels: it must never become a label.
    """
    in_camera = transform(camera.world_to_camera[:3], world)
    depth = in_camera[:, 2]
    safe = np.where(depth > 0, depth, np.float32(np.nan))
    x = np.float32(camera.fx) * in_camera[:, 0] / safe + np.float32(camera.cx)
    y = np.float32(camera.fy) * in_camera[:, 1] / safe + np.float32(camera.cy)
    pixels: Float32 = np.stack([x, y])
    return pixels.T, depth


def inside(pixels: Float32, size: int) -> NDArray[np.bool_]:
    """Return which (N, 2) pixels lie in a picture of `size` x `size`."""
    x, y = pixels.T
    return np.asarray((x >= -0.5) & (x < size - 0.5) & (y >= -0.5) & (y < size - 0.5))


def vertex_visibility(
    frame: "Frame", pixels: Float32, depth: Float32, facing: Float32
) -> NDArray[np.bool_]:
    """Return which of V vertices the picture shows: a depth test over the four nearest pixels.

    `facing` (V,) is the cosine between normal and the way to the camera. A vertex on the outline
    may fall on background pixels alone: there its facing decides.
    """
    size = frame.depth.shape[0]
    shown = inside(pixels, size) & (facing > -0.05)
    asked = np.flatnonzero(shown)
    left, top = np.floor(pixels.T.take(asked, axis=1)).astype(np.intp) + 1
    farthest = _farthest_of_four(frame.depth)[top, left]
    shown[asked] = (depth[asked] <= farthest + DEPTH_TOLERANCE) | (farthest == 0)
    return np.asarray(shown)


def _farthest_of_four(depth: Float32) -> Float32:
    """Return (H + 1, W + 1): the largest depth of the pixels that meet at each corner."""
    padded = cv2.copyMakeBorder(depth, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.dilate(padded, np.ones((2, 2), np.uint8))[1:, 1:], dtype=np.float32)


def facing_camera(camera: Camera, world: Float32, normals: Float32) -> Float32:
    """Return (V,) cosines between the world `normals` and the directions to the camera."""
    turn, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    x, y, z = ((-turn.T @ shift)[:, None] - world.T).astype(np.float32, copy=False)
    across, up, out = normals.T
    lengths = np.sqrt(x * x + y * y + z * z)
    return np.asarray((x * across + y * up + z * out) / lengths)


def pack_bits(visible: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the visibility of V vertices as (ceil(V / 8),) bits, least significant first."""
    return np.packbits(visible, bitorder="little")


def point_visibility(
    packed: NDArray[np.uint8], vertices: Int32, pixels: Float32, size: int
) -> NDArray[np.uint8]:
    """Return (P,) 0 outside the picture, 1 hidden, 2 visible, for points at `vertices` (P,).

    A point between vertices is visible where one of them is: then `vertices` is (P, n).
    """
    seen = (packed[vertices >> 3] >> (vertices & 7)) & 1
    if seen.ndim == 2:
        seen = seen.max(axis=1)
    return np.where(inside(pixels, size), HIDDEN + seen, OUTSIDE).astype(np.uint8)


def tight_box(pixels: Float32) -> Float32:
    """Return [x, y, width, height] of the smallest box about (P, 2) points."""
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    return np.concatenate([low, high - low]).astype(np.float32)
