"""Paths from the crown over the skull and down: what azimuth and length mean on one head model.

On the template each azimuth has a path over the skull to well below the shoulders, and a second
one that leaves the skull where it is widest and falls. Paths follow the person: each node moves
with the skull vertices near it.

Shapes: A azimuths (0 front, then to the subject's left, the last is the first again), N nodes.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dlm.generator.models.base import FaceModel, Float32, Int32, region

AROUND, NODES = 56, 44  # azimuths apart, nodes of a path
STEP = 0.011  # metres between the nodes of a path
CENTRE = np.array([0.0, 0.015, -0.085])  # inside the skull, metres in the head
NEIGHBOURS = 3
SHOULDER = -0.10  # metres up: below, hair gives way to the shoulders

Grid = NDArray[np.float64]
Line = NDArray[np.float64]


class SkullPaths:
    """Paths over one head model's skull."""

    def __init__(self, model: FaceModel) -> None:
        skull = _skull(model)
        template = model.template[skull].astype(np.float64)
        scalp = region(model, "scalp")[skull]
        azimuth = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
        follow, cover = _surface_paths(template, scalp, azimuth)
        self._follow, self._hang = _closed(follow), _closed(_hanging(follow, azimuth))
        self._hairline = _closed(np.array([_crossing(row) for row in cover]) * STEP)
        near = cKDTree(template).query(follow.reshape(-1, 3), k=NEIGHBOURS)[1]
        leading, place = np.unique(near, return_inverse=True)
        self._near = np.ascontiguousarray(place.reshape(-1, NEIGHBOURS).T)
        self._leading, self._leading_rest = skull[leading], template[leading]

    def hairline(self, azimuth: Line) -> Line:
        """Return metres from the crown to where hair ends on the skin, at each of `azimuth`."""
        turns = azimuth / (2 * np.pi) % 1.0 * AROUND
        return np.interp(turns, np.arange(AROUND + 1), self._hairline)

    def at_rest(self, hang: Line | float) -> Grid:
        """Return the template's paths (A, N, 3): 0 over the skull, 1 falling from it."""
        share = np.broadcast_to(hang, AROUND + 1)[:, None, None]
        return np.asarray(self._follow + share * (self._hang - self._follow))

    def moved(self, vertices: Float32, rotation: Float32) -> Grid:
        """Return (A, N, 3) how far each node has moved from the template, in the head."""
        moved = vertices[self._leading] @ rotation - self._leading_rest
        first, *others = (moved.take(one, axis=0) for one in self._near)
        return _closed((sum(others, first) / NEIGHBOURS).reshape(AROUND, NODES, 3))


def along(paths: Grid, azimuth: Grid, length: Grid) -> Grid:
    """Return points (..., C) of `paths` (A, N, C) at `azimuth`, radians, and `length`, metres."""
    column = azimuth * (AROUND / (2 * np.pi)) % AROUND
    node = np.clip(length / STEP, 0, NODES - 1.001)
    left, low = column.astype(int), node.astype(int)
    beside, below = (column - left)[..., None], (node - low)[..., None]
    at = np.minimum(left, AROUND - 1) * NODES + low
    rows = paths.reshape(-1, paths.shape[-1])
    upper, right = rows.take(at, axis=0), rows.take(at + NODES, axis=0)
    lower, corner = rows.take(at + 1, axis=0), rows.take(at + NODES + 1, axis=0)
    upper += (right - upper) * beside
    lower += (corner - lower) * beside
    upper += (lower - upper) * below
    return np.asarray(upper)


def bump(degrees: Line, edge: float) -> Line:
    """Return 1 at 0, falling to 0 around `edge` degrees over 30 degrees."""
    share = np.clip((edge + 15 - np.abs(degrees)) / 30, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _closed(rows: Grid) -> Grid:
    """Return `rows` (AROUND, ...) with the first once more at the end."""
    return np.concatenate([rows, rows[:1]])


def _skull(model: FaceModel) -> Int32:
    """Return the skin vertices that move with the skull alone, without ears."""
    skin = model.topology.part_mask("skin")
    for name, limit in (("ear", 0.2), ("inner_mouth", 0.2), ("nose", 0.5), ("shirt", 0.1)):
        skin &= region(model, name) < limit
    _, y, z = model.template.T
    face = (z > -0.02) & (y < 0.015)
    return np.flatnonzero(skin & ~face & (y > -0.13)).astype(np.int32)


def _surface_paths(template: Grid, scalp: Float32, azimuth: Line) -> tuple[Grid, Grid]:
    """Return paths (A, N, 3) on the skull's surface and the scalp mask (A, N) along them."""
    rays = template - CENTRE
    radius = np.linalg.norm(rays, axis=1)
    tree = cKDTree(rays / radius[:, None])
    elevation = np.radians(np.linspace(90, -75, 240))
    angle, rise = np.meshgrid(azimuth, elevation, indexing="ij")
    ray = np.stack(
        [np.sin(angle) * np.cos(rise), np.sin(rise), np.cos(angle) * np.cos(rise)], axis=-1
    )
    gap, near = tree.query(ray.reshape(-1, 3), k=5)
    weight = 1 / (gap + 0.01) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    reach = (radius[near] * weight).sum(axis=1).reshape(angle.shape)
    mask = (scalp[near] * weight).sum(axis=1).reshape(angle.shape)
    fine = CENTRE + ray * reach[..., None]
    return _by_length(fine), _by_length(fine, mask)[..., 0]


def _by_length(fine: Grid, values: Grid | None = None) -> Grid:
    """Return points (A, N, 3), or `values` there, at equal steps of length along each path."""
    steps = np.linalg.norm(np.diff(fine, axis=1), axis=-1)
    length = np.concatenate([np.zeros((len(fine), 1)), np.cumsum(steps, axis=1)], axis=1)
    wanted = np.arange(NODES) * STEP
    source = fine if values is None else values[..., None]
    columns = [
        np.stack([np.interp(wanted, length[a], source[a, :, k]) for a in range(len(fine))])
        for k in range(source.shape[-1])
    ]
    return np.stack(columns, axis=-1)


def _hanging(follow: Grid, azimuth: Line) -> Grid:
    """Return paths that leave the skull where it is widest and fall, N steps long: straight to the
    shoulders, and from there before them or behind them.
    """
    result = follow.copy()
    for a in range(len(follow)):
        flat = follow[a] - CENTRE
        wide = np.hypot(flat[:, 0], flat[:, 2])
        leave = int(np.argmax(wide[:24]))
        below = np.arange(1, NODES - leave)
        result[a, leave + 1 :] = follow[a, leave]
        result[a, leave + 1 :, 1] -= below * STEP
        sunk = np.clip(SHOULDER - result[a, :, 1], 0.0, None)
        result[a, :, 2] += 0.5 * sunk * np.clip(3.0 * np.cos(azimuth[a]) + 1.0, -0.7, 1.0)
        result[a, :, 0] += 0.2 * sunk * np.sin(azimuth[a])
    return result


def _crossing(mask: Line) -> float:
    """Return the node, with fraction, at which the scalp ends."""
    inside = np.flatnonzero(mask > 0.5)
    if not len(inside):
        return 8.0
    k = int(inside.max())
    if k + 1 >= len(mask):
        return float(k)
    return k + float((mask[k] - 0.5) / max(mask[k] - mask[k + 1], 1e-6))
