"""Hair of the head as a grid of strands: from the crown over the skull, then down.

The grid has AROUND azimuths about the skull's upright axis and ALONG steps from crown to tip. On
the template each azimuth has a path over the skull to well below the shoulders; a hairdo takes a
length of each path. Paths follow the person: each node moves with the skull vertices near it.

Shapes: A azimuths (0 front, then to the subject's left), N nodes of a path, J steps of a strand.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dlm.generator.look.factors import Hair
from dlm.generator.models.base import FaceModel, Float32, Int32, region

AROUND, ALONG, NODES = 56, 13, 44
STEP = 0.011  # metres between the nodes of a path
CENTRE = np.array([0.0, 0.015, -0.085])  # inside the skull, metres in the head
NEIGHBOURS = 3
HOOD = 0.24  # metres from the crown to where a headscarf is tucked into its veil
HUG = 0.55  # 0: it follows the skull and the jaw, 1: it hangs from where the skull is widest
HIGH = 14  # nodes of a path from the crown to the ear
HANGING = {"medium": 1.0, "long": 1.0, "short": 0.15, "afro": 0.2}

Grid = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Strands:
    """A hairdo on one posed head."""

    points: Float32  # (A * J, 3) on the skull or below it, world
    outward: Float32  # (A * J, 3) how far the outermost hair stands off, world
    normals: Float32  # (A * J, 3) unit, world


class HairField:
    """Paths of hair over one head model's skull."""

    def __init__(self, model: FaceModel) -> None:
        skull = _skull(model)
        template = model.template[skull].astype(np.float64)
        scalp = region(model, "scalp")[skull]
        self.azimuth = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
        ring = np.degrees(np.pi - np.abs(np.pi - self.azimuth))
        self._front = _bump(ring, 0, 42)
        self._back = 1 - _bump(ring, 0, 125)
        self._side = 1 - self._front - self._back
        self._follow, cover = self._surface_paths(template, scalp)
        self._hang = _hanging(self._follow)
        self._hairline = np.array([_crossing(row) for row in cover]) * STEP
        near = cKDTree(template).query(self._follow.reshape(-1, 3), k=NEIGHBOURS)[1]
        leading, self._near = np.unique(near, return_inverse=True)
        self._leading, self._leading_rest = skull[leading], template[leading]

    def strands(self, hair: Hair, vertices: Float32, rotation: Float32) -> Strands:
        """Return the hairdo `hair` on `vertices` (V, 3), whose head is turned by `rotation`."""
        path = self._path(hair, vertices, rotation)
        tips = self._tips(hair)
        share = np.linspace(0, 1, ALONG) ** 0.9
        points = _along(path, tips, share)
        outward = self._outward(hair, points, tips, share)
        normals = _grid_normals(points + outward)
        world = rotation.T
        return Strands(
            points=(points.reshape(-1, 3) @ world).astype(np.float32),
            outward=(outward.reshape(-1, 3) @ world).astype(np.float32),
            normals=(normals.reshape(-1, 3) @ world).astype(np.float32),
        )

    def hat(self, beanie: bool, hair: Hair, vertices: Float32, rotation: Float32) -> Strands:
        """Return a hat as one closed sheet over the `hair`: `outward` is already in its points."""
        edge = (0.012, 0.008, -0.05) if beanie else (0.012, -0.03, -0.07)
        drop = self._front * edge[0] + self._side * edge[1] + self._back * edge[2]
        tips = np.maximum(self._hairline + drop, 0.06)
        path = self._path(hair, vertices, rotation)
        points = _along(path, tips, np.linspace(0, 1, ALONG))
        away = _outwards(points)
        down = np.linspace(0, 1, ALONG)[:, None]
        crown = (0.022 if beanie else 0.012) * np.clip(1.0 - down * 1.6, 0.0, 1.0)
        snug = 0.011 - 0.005 * np.clip(down * 5.0 - 4.0, 0.0, 1.0)  # the rim lies on the hair
        return _sheet(points + away * (snug + crown), rotation)

    def hood(self, vertices: Float32, rotation: Float32) -> Strands:
        """Return a headscarf as one sheet: to the forehead, beside the face to below the jaw."""
        ring = np.degrees(np.pi - np.abs(np.pi - self.azimuth))
        aside = np.clip((ring - 58.0) / 8.0, 0.0, 1.0)
        path = self._follow + HUG * aside[:, None, None] * (self._hang - self._follow)
        tips = self._hairline + 0.01 + aside * (HOOD - self._hairline)
        points = _along(path + self._shift(vertices, rotation), tips, np.linspace(0, 1, ALONG))
        away = _outwards(points)
        folds = 0.012 + 0.004 * aside * np.sin(9 * self.azimuth)
        over_ears = (
            0.019 * np.exp(-(((ring - 88.0) / 32.0) ** 2))[:, None] * (points[..., 1] < 0.04)
        )
        return _sheet(points + away * (folds[:, None] + over_ears)[..., None], rotation)

    def crown(self, vertices: Float32, rotation: Float32) -> Grid:
        """Return (n, 3) points over the skull from above the left ear to the right, in the head."""
        sides = (AROUND // 4, 3 * AROUND // 4)
        path = self._follow + self._shift(vertices, rotation)
        left, right = (path[side, :HIGH:2] for side in sides)
        return np.asarray(np.concatenate([left[::-1], right[1:]]))

    def brow_edge(self, sheet: Float32) -> Float32:
        """Return the lower edge of `sheet` (A * J, 3) over the forehead, from right to left."""
        eighth = AROUND // 8
        rows = np.r_[AROUND - eighth : AROUND, 0 : eighth + 1]
        return np.asarray(sheet.reshape(AROUND, ALONG, 3)[rows, -1])

    def triangles(self) -> Int32:
        """Return the (T, 3) triangles of the grid, counter-clockwise seen from outside."""
        a = np.arange(AROUND)[:, None] * ALONG + np.arange(ALONG - 1)
        b = (np.arange(AROUND)[:, None] + 1) % AROUND * ALONG + np.arange(ALONG - 1)
        quads = np.stack([a, a + 1, b + 1, b], axis=-1).reshape(-1, 4)
        return quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)  # neighbours in turn

    def coordinates(self) -> Float32:
        """Return (A * J, 2): azimuth in turns, -0.5 to 0.5, and 0 at the crown to 1 at the tip."""
        turns = (self.azimuth / (2 * np.pi) + 0.5) % 1.0 - 0.5
        around, along = np.meshgrid(turns, np.linspace(0, 1, ALONG), indexing="ij")
        return np.stack([around.ravel(), along.ravel()], axis=1).astype(np.float32)

    def _path(self, hair: Hair, vertices: Float32, rotation: Float32) -> Grid:
        """Return the paths (A, N, 3) that `hair` lies on, in the head."""
        hang = HANGING.get(hair.style, 0.0)
        fallen = self._follow + hang * (self._hang - self._follow)
        return np.asarray(fallen + self._shift(vertices, rotation))

    def _shift(self, vertices: Float32, rotation: Float32) -> Grid:
        """Return (A, N, 3) how far each node has moved from the template, in the head."""
        moved = vertices[self._leading] @ rotation - self._leading_rest
        first, *others = (moved[column] for column in self._near.T)
        return np.asarray(sum(others, first) / NEIGHBOURS).reshape(AROUND, NODES, 3)

    def _tips(self, hair: Hair) -> NDArray[np.float64]:
        """Return (A,) metres from the crown to the tips."""
        swing = 0.35 * hair.part * np.sin(self.azimuth)
        front = self._front * (hair.front * (1 + swing) - 0.012 * max(hair.hairline, 0.0) * 2)
        length = self._hairline + front + self._side * hair.side + self._back * hair.back
        return np.asarray(np.clip(length, 0.03, (NODES - 1.01) * STEP))

    def _outward(
        self, hair: Hair, points: Grid, tips: NDArray[np.float64], share: NDArray[np.float64]
    ) -> Grid:
        """Return (A, J, 3) how far hair stands off: least at a hairline it is combed from."""
        away = _outwards(points)
        loose = np.clip((tips - self._hairline) / 0.03, 0.0, 1.0)[:, None]
        lift = np.minimum(1.0, (1.0 - share) / 0.22) * (1 - loose) + loose
        lumps = 1 + 0.14 * np.sin(self.azimuth * 5 + 40 * hair.texture[0])[:, None]
        return np.asarray(away * (hair.volume * lumps * lift + 0.0015)[..., None])

    def _surface_paths(self, template: Grid, scalp: Float32) -> tuple[Grid, Grid]:
        """Return paths (A, N, 3) on the skull's surface and the scalp mask (A, N) along them."""
        rays = template - CENTRE
        radius = np.linalg.norm(rays, axis=1)
        tree = cKDTree(rays / radius[:, None])
        elevation = np.radians(np.linspace(90, -75, 240))
        angle, rise = np.meshgrid(self.azimuth, elevation, indexing="ij")
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


def _outwards(points: Grid) -> Grid:
    """Return the unit ways (A, J, 3) from inside the skull to `points`."""
    away = points - CENTRE
    return np.asarray(away / np.linalg.norm(away, axis=-1, keepdims=True))


def _sheet(points: Grid, rotation: Float32) -> Strands:
    """Return a closed sheet (A, J, 3), given in the head's frame, as hair without volume."""
    normals, world = _grid_normals(points), rotation.T
    return Strands(
        points=(points.reshape(-1, 3) @ world).astype(np.float32),
        outward=np.zeros((AROUND * ALONG, 3), np.float32),
        normals=(normals.reshape(-1, 3) @ world).astype(np.float32),
    )


def _skull(model: FaceModel) -> Int32:
    """Return the skin vertices that move with the skull alone, without ears."""
    skin = model.topology.part_mask("skin")
    for name, limit in (("ear", 0.2), ("inner_mouth", 0.2), ("nose", 0.5), ("shirt", 0.1)):
        skin &= region(model, name) < limit
    _, y, z = model.template.T
    face = (z > -0.02) & (y < 0.015)
    return np.flatnonzero(skin & ~face & (y > -0.13)).astype(np.int32)


def _bump(degrees: NDArray[np.float64], centre: float, edge: float) -> NDArray[np.float64]:
    """Return 1 at `centre`, falling to 0 around `edge` degrees over 30 degrees."""
    share = np.clip((edge + 15 - np.abs(degrees - centre)) / 30, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


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


def _along(path: Grid, tips: NDArray[np.float64], share: NDArray[np.float64]) -> Grid:
    """Return points (A, J, 3) of `path` (A, N, 3) at these shares of each length to the tip."""
    place = np.clip(tips[:, None] * share / STEP, 0, NODES - 1.001)
    low = place.astype(int)
    part = (place - low)[..., None]
    rows = np.arange(AROUND)[:, None]
    return np.asarray(path[rows, low] * (1 - part) + path[rows, low + 1] * part)


def _hanging(follow: Grid) -> Grid:
    """Return paths that leave the skull where it is widest and fall straight, N steps long."""
    result = follow.copy()
    for a in range(len(follow)):
        flat = follow[a] - CENTRE
        wide = np.hypot(flat[:, 0], flat[:, 2])
        leave = int(np.argmax(wide[:24]))
        below = np.arange(1, NODES - leave)
        result[a, leave + 1 :] = follow[a, leave]
        result[a, leave + 1 :, 1] -= below * STEP
    return result


def _crossing(mask: NDArray[np.float64]) -> float:
    """Return the node, with fraction, at which the scalp ends."""
    inside = np.flatnonzero(mask > 0.5)
    if not len(inside):
        return 8.0
    k = int(inside.max())
    if k + 1 >= len(mask):
        return float(k)
    return k + float((mask[k] - 0.5) / max(mask[k] - mask[k + 1], 1e-6))


def _grid_normals(points: Grid) -> Grid:
    """Return unit normals (A, J, 3) of the closed grid, pointing outwards."""
    around = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    along = np.empty_like(points)
    along[:, 1:-1] = points[:, 2:] - points[:, :-2]
    along[:, 0], along[:, -1] = points[:, 1] - points[:, 0], points[:, -1] - points[:, -2]
    x = along[..., 1] * around[..., 2] - along[..., 2] * around[..., 1]
    y = along[..., 2] * around[..., 0] - along[..., 0] * around[..., 2]
    z = along[..., 0] * around[..., 1] - along[..., 1] * around[..., 0]
    normals = np.stack([x, y, z], axis=-1)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9))
