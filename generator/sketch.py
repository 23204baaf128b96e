"""A grey head drawn by numpy: no GL, no look, so that a layout can be seen on any machine.

Orthographic, so that the two sides of a turned head compare. Shapes: V vertices, T triangles.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import FaceModel
from dlm.generator.models.normals import vertex_normals
from dlm.generator.scene import rotation

Float64 = NDArray[np.float64]

_LIGHT = np.array([0.3, 0.4, 0.85])
_HIDES = 0.0015  # metres: a vertex this far behind the surface is hidden
_BATCH = 500_000  # pixels tried at a time
_SIDES = (0, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 256, 1024, 1 << 14)  # alike in size
_TINTS = {"eye_left": 1.12, "eye_right": 1.12, "teeth_upper": 1.15, "teeth_lower": 1.15}


@dataclass(frozen=True, eq=False)
class Sketch:
    """A drawn head and where its vertices came to lie."""

    image: NDArray[np.uint8]  # (size, size, 3)
    pixels: Float64  # (V, 2)
    visible: NDArray[np.bool_]  # (V,)


@dataclass(frozen=True)
class View:
    """What a sketch shows: degrees, and the square of metres around `centre` (x, y, z)."""

    yaw: float = 0.0
    pitch: float = 0.0
    centre: tuple[float, float, float] = (0.0, -0.02, 0.0)
    width: float = 0.24  # metres


def sketch(model: FaceModel, vertices: NDArray[np.floating], view: View, size: int) -> Sketch:
    """Draw `vertices` (V, 3) of `model`, shaded, seen as `view` says, at `size` pixels."""
    turn = rotation(np.radians(view.yaw), np.radians(view.pitch), 0.0).astype(np.float64)
    turned = (np.asarray(vertices, dtype=np.float64) - view.centre) @ turn.T
    normals = vertex_normals(np.asarray(vertices, np.float32)[None], model.topology)[0] @ turn.T
    scale = size / view.width
    middle = (size - 1) / 2
    pixels = np.stack([middle + turned[:, 0] * scale, middle - turned[:, 1] * scale], axis=1)
    shade = 110 + 125 * np.clip(normals @ _LIGHT, 0, 1)
    for part, factor in _TINTS.items():
        if part in model.topology.parts:
            shade[model.topology.part_vertices(part)] *= factor
    image, depth = _fill(pixels, -turned[:, 2], shade, _drawn(model), size)
    nearest = np.clip(np.rint(pixels).astype(int), 0, size - 1)
    inside = ((pixels >= 0) & (pixels <= size - 1)).all(axis=1)
    visible = inside & (-turned[:, 2] <= depth[nearest[:, 1], nearest[:, 0]] + _HIDES)
    return Sketch(image, pixels, visible)


def _drawn(model: FaceModel) -> NDArray[np.int32]:
    """Return the triangles of all parts but the lashes, whose cards hide the lids."""
    topology = model.topology
    ranges = [r for part, r in topology.parts.items() if not part.startswith("lashes")]
    return np.concatenate([topology.triangles[start:stop] for start, stop in ranges])


def _fill(
    pixels: Float64, depth: Float64, shade: Float64, triangles: NDArray[np.int32], size: int
) -> tuple[NDArray[np.uint8], Float64]:
    """Return the picture and the depth of the nearest surface at each pixel."""
    corners = pixels[triangles]  # (T, 3, 2)
    low, high = np.floor(corners.min(axis=1)), np.ceil(corners.max(axis=1))
    facing = _cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) < -1e-9
    facing &= (high.min(axis=1) >= 0) & (low.max(axis=1) < size)
    side = (high - low).max(axis=1).astype(int) + 1
    found: list[tuple[NDArray[np.int64], Float64, Float64]] = []
    for above, widest in pairwise(_SIDES):
        chosen = np.flatnonzero(facing & (side > above) & (side <= widest))
        pieces = min(chosen.size, max(1, chosen.size * widest * widest // _BATCH))
        for rows in np.array_split(chosen, pieces) if pieces else []:
            of = triangles[rows]
            carried = np.stack([depth[of], shade[of]], axis=-1)  # (R, 3, 2)
            found.append(_samples(corners[rows], low[rows], carried, int(side[rows].max()), size))
    where, near, grey = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((-near, where))  # the nearest of a pixel comes last, and stays
    picture = np.full(size * size, 255, dtype=np.uint8)
    buffer = np.full(size * size, np.inf)
    picture[where[order]] = np.clip(grey[order], 0, 255)
    buffer[where[order]] = near[order]
    image = np.repeat(picture.reshape(size, size, 1), 3, axis=2)
    return image, buffer.reshape(size, size)


def _samples(
    corners: Float64, low: Float64, carried: Float64, span: int, size: int
) -> tuple[NDArray[np.int64], Float64, Float64]:
    """Return pixel, depth and shade wherever triangles cover a pixel's centre.

    `corners` (R, 3, 2) pixels, `low` (R, 2) the first pixel to try, `carried` (R, 3, 2) depth
    and shade of the corners; `span` x `span` pixels are tried for each triangle.
    """
    across, down = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = _cross(across, down)
    start = low - corners[:, 0]
    step = np.arange(span, dtype=np.float64)

    def weight(of_x: Float64, of_y: Float64) -> Float64:  # affine in the pixel: (R, span, span)
        first = of_x * start[:, 0] + of_y * start[:, 1]
        rows = first[:, None] + of_y[:, None] * step
        return rows[:, :, None] + (of_x[:, None] * step)[:, None, :]

    one = weight(down[:, 1] / area, -down[:, 0] / area)
    two = weight(-across[:, 1] / area, across[:, 0] / area)
    row, y, x = np.nonzero((one >= -1e-6) & (two >= -1e-6) & (one + two <= 1 + 1e-6))
    first, second = one[row, y, x], two[row, y, x]
    column, line = low[row, 0] + x, low[row, 1] + y
    inside = (column >= 0) & (column < size) & (line >= 0) & (line < size)
    row, first, second = row[inside], first[inside, None], second[inside, None]
    mixed = carried[row, 0] * (1 - first - second) + carried[row, 1] * first
    mixed += carried[row, 2] * second
    where = (line[inside] * size + column[inside]).astype(np.int64)
    return where, mixed[:, 0], mixed[:, 1]


def _cross(a: Float64, b: Float64) -> Float64:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
