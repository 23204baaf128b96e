"""Glasses, cap peaks, and sheets held before the face: small meshes laid onto one posed head.

Everything is made in the head's frame (metres, origin between the eyeballs) and fitted by
vertices: lenses stand before the eyeballs, bows end at the ears, a peak lies on the forehead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dlm.generator.look.factors import Occluder, Wardrobe
from dlm.generator.models.base import FaceModel, Float32, Int32, region
from dlm.generator.scene import Camera

RING = 28  # points around a lens
NASAL = 0.16  # of a lens's half width that its lower inner corner gives way to the nose
REST = 0.0012  # metres between glasses and skin
BESIDE = 0.008  # metres across which something counts as behind an edge of them
FARTHEST = 0.024  # metres that nose and cheeks may push glasses out
Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fit:
    """The few points of a head, in its frame, that accessories lean on; left side first."""

    eyes: Points  # (2, 3) centres of the eyeballs
    front: float  # z of the foremost point of the balls
    ears: Points  # (2, 3) where a bow rests
    nose: Points  # (3,) bridge of the nose
    under: list[Points]  # (n, 3) each, what glasses may touch: nose, cheeks, brows; a mask
    size: float  # distance between the eyes as a share of the template's


class Fitter:
    """Finds the Fit of posed vertices by vertices picked on the template."""

    def __init__(self, model: FaceModel) -> None:
        rest = model.template
        self._balls = [model.topology.part_vertices(f"eye_{s}") for s in ("left", "right")]
        skin = model.topology.part_mask("skin")
        ear = region(model, "ear") > 0.5
        self._ears = []
        for sign in (1, -1):
            side = np.flatnonzero(ear & (sign * rest[:, 0] > 0))
            self._ears.append(int(side[rest[side, 1].argmax()]) if len(side) else int(np.argmax(
                np.where(skin & (np.abs(rest[:, 1]) < 0.02), sign * rest[:, 0], -9))))  # fmt: skip
        middle = skin & (np.abs(rest[:, 0]) < 0.004) & (np.abs(rest[:, 1] - 0.004) < 0.006)
        line = np.flatnonzero(middle)
        self._nose = int(line[rest[line, 2].argmax()]) if len(line) else int(rest[:, 2].argmax())
        x, y, z = rest.T
        drawn = np.isin(np.arange(len(rest)), model.surface.triangles)
        near = (np.abs(x) < 0.075) & (y > -0.065) & (y < 0.035) & (z > -0.045)
        for name in ("nostril", "lid_upper", "lid_lower"):
            near &= region(model, name) < 0.5
        self._skin = np.flatnonzero(drawn & skin & near)
        self._apart = self._distance([rest[ball] for ball in self._balls])

    def fit(self, vertices: Float32, rotation: Float32, worn: Sequence[Points] = ()) -> Fit:
        """Return the Fit of `vertices` (V, 3) of a head turned by `rotation`.

        `worn` (n, 3) each, in the head, is what else lies between glasses and face.
        """
        balls = [vertices[ball] @ rotation for ball in self._balls]
        return Fit(
            eyes=np.array([ball.mean(axis=0, dtype=np.float64) for ball in balls]),
            front=float(max(ball[:, 2].max() for ball in balls)),
            ears=np.asarray(vertices[self._ears] @ rotation, dtype=np.float64),
            nose=np.asarray(vertices[self._nose] @ rotation, dtype=np.float64),
            under=[np.asarray(vertices[self._skin] @ rotation, dtype=np.float64), *worn],
            size=self.scale(vertices),
        )

    def scale(self, vertices: Float32) -> float:
        """Return how far apart the eyes of `vertices` (V, 3) are, the template's being 1."""
        return self._distance([vertices[ball] for ball in self._balls]) / self._apart

    @staticmethod
    def _distance(balls: list[Float32]) -> float:
        left, right = (ball.mean(axis=0, dtype=np.float64) for ball in balls)
        return float(np.linalg.norm(left - right))


def evenly(line: Points, count: int) -> Points:
    """Return `count` points along `line` (n, 3), by its indices."""
    share = np.linspace(0, len(line) - 1, count)
    low = np.minimum(share.astype(int), len(line) - 2)
    return np.asarray(line[low] + (line[low + 1] - line[low]) * (share - low)[:, None])


class Glasses:
    """Two rims, a bridge and two bows as flat bands with a little depth, and two lenses."""

    def __init__(self) -> None:
        bands: list[list[int]] = []
        for start, count, closed in self._layout():
            bands += _band(start, count, closed)
        self._frame_count = len(bands)
        first = sum(2 * count for _, count, _ in self._layout())
        self.vertex_count = first + 2 * (RING + 1)
        lenses = []
        for lens in range(2):
            hub = first + lens * (RING + 1)
            lenses += [[hub, hub + 1 + k, hub + 1 + (k + 1) % RING] for k in range(RING)]
        self.triangles: Int32 = np.array(bands + lenses, np.int32)
        self.frame = (0, self._frame_count)
        self.lenses = (self._frame_count, len(self.triangles))

    @staticmethod
    def _layout() -> list[tuple[int, int, bool]]:
        """Return first vertex, points and closedness of each band."""
        layout, start = [], 0
        for count, closed in ((RING, True), (RING, True), (6, False), (4, False), (4, False)):
            layout.append((start, count, closed))
            start += 2 * count
        return layout

    def shape(self, clothes: Wardrobe, fit: Fit) -> Points:
        """Return (vertex_count, 3) in the head's frame."""
        clothes = replace(clothes, frame_width=clothes.frame_width * fit.size,
                          frame_height=clothes.frame_height * fit.size)  # fmt: skip
        centres = fit.eyes.copy()
        low = 0.25 * clothes.frame_height
        spread = np.sign(centres[:, 0]) * np.maximum(
            np.abs(centres[:, 0]), clothes.frame_width + 0.007 * fit.size
        )
        centres[:, 0], centres[:, 1] = spread, centres[:, 1] - low
        centres[:, 2] = max(fit.front + 0.010 * fit.size, fit.nose[2] - 0.001)
        rims = self._rested([self._rim(centre, clothes) for centre in centres], clothes.rim, fit)
        centres = np.array([rim.mean(axis=0) for rim in rims])
        bands = [np.concatenate([_grown(rim, c, clothes.rim), rim])
                 for rim, c in zip(rims, centres, strict=True)]  # fmt: skip
        bands.append(self._bridge(rims, clothes, fit))
        bands += [self._bow(rims[k], fit.ears[k], clothes) for k in range(2)]
        lenses = [np.concatenate([c[None], rim]) for rim, c in zip(rims, centres, strict=True)]
        return np.concatenate(bands + lenses)

    @staticmethod
    def _rested(rims: list[Points], thick: float, fit: Fit) -> list[Points]:
        """Return the rims moved out, and tilted by the cheeks, until they clear nose and cheeks.

        Of some tilts the one that needs to move them least is taken.
        """
        edges = np.concatenate([_grown(rim, rim.mean(axis=0), thick) for rim in rims])
        foremost = np.max([_foremost(points, edges) for points in fit.under], axis=0)
        lacking = foremost + REST - edges[:, 2]
        top = edges[:, 1].max()
        tilts = np.array([0.0, 0.08, 0.16, 0.24])
        moves = (lacking - tilts[:, None] * (top - edges[:, 1])).max(axis=1).clip(0.0, FARTHEST)
        best = int((moves + 0.01 * tilts).argmin())
        away = [moves[best] + tilts[best] * (top - rim[:, 1]) for rim in rims]
        return [rim + out[:, None] * np.array([0.0, 0.0, 1.0])
                for rim, out in zip(rims, away, strict=True)]  # fmt: skip

    @staticmethod
    def _rim(centre: Points, clothes: Wardrobe) -> Points:
        """Return the (RING, 3) outline of a lens: a superellipse that bends back at the side.

        Beside the nose it gives way, the lower the more.
        """
        angle = np.linspace(0, 2 * np.pi, RING, endpoint=False)
        power = 2.0 / clothes.frame_shape
        c, s = np.cos(angle), np.sin(angle)
        x = clothes.frame_width * np.sign(c) * np.abs(c) ** power
        y = clothes.frame_height * np.sign(s) * np.abs(s) ** power
        outward = np.sign(centre[0]) * x / clothes.frame_width
        x += np.sign(centre[0]) * NASAL * clothes.frame_width * (
            np.clip(-outward, 0, 1) * np.clip(0.35 - y / clothes.frame_height, 0, 1.35)
        )  # fmt: skip
        y = y * (1 + 0.08 * outward)
        out = np.abs(centre[0] + x)
        return np.stack([centre[0] + x, centre[1] + y, centre[2] - 2.2 * out * out], axis=1)

    @staticmethod
    def _bridge(rims: list[Points], clothes: Wardrobe, fit: Fit) -> Points:
        left = rims[0][np.argmin(rims[0][:, 0])]
        right = rims[1][np.argmax(rims[1][:, 0])]
        share = np.linspace(0, 1, 6)[:, None]
        line = left + (right - left) * share
        line[:, 1] += 0.3 * clothes.frame_height * np.sin(np.pi * share[:, 0]) + 0.002
        line[:, 2] = np.maximum(line[:, 2], fit.nose[2] + 0.002)
        thick = np.array([0.0, max(clothes.rim, 0.0012), 0.0])
        return np.concatenate([line + thick, line - thick])

    @staticmethod
    def _bow(rim: Points, ear: Points, clothes: Wardrobe) -> Points:
        side = np.sign(ear[0])
        high = rim[:, 1] > rim[:, 1].mean()
        hinge = rim[high][np.argmax(side * rim[high, 0])].copy()
        rest = ear + np.array([side * 0.002, 0.0, 0.004])
        corner = hinge * 0.75 + rest * 0.25
        corner[2] = hinge[2] - 0.015
        tip = rest + np.array([0.0, -0.012, -0.018])
        line = np.stack([hinge, corner, rest, tip])
        thick = np.array([0.0, max(1.2 * clothes.rim, 0.0015), 0.0])
        return np.concatenate([line + thick, line - thick])


def _foremost(points: Points, places: Points) -> Points:
    """Return (m,) the largest z of `points` (n, 3) right behind or before `places` (m, 3)."""
    tree = cKDTree(points[:, :2], compact_nodes=False, balanced_tree=False)  # asked but once
    away, near = tree.query(places[:, :2], k=3)
    return np.asarray(np.where(away < BESIDE, points[near, 2], -np.inf).max(axis=1))


def _band(start: int, count: int, closed: bool) -> list[list[int]]:
    """Return the triangles between two rows of `count` points that lie one behind the other."""
    rows = []
    for k in range(count if closed else count - 1):
        a, b = start + k, start + (k + 1) % count
        rows += [[a, b, a + count], [b, b + count, a + count]]
    return rows


def _grown(rim: Points, centre: Points, thickness: float) -> Points:
    """Return the rim moved outwards from its centre by `thickness` metres."""
    away = rim[:, :2] - centre[:2]
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    result = rim.copy()
    result[:, :2] += away * thickness
    return result


class Peak:
    """The peak of a cap: a bent sheet that starts at the forehead."""

    ROWS, COLUMNS = 4, 11

    def __init__(self) -> None:
        grid = np.arange(self.ROWS * self.COLUMNS).reshape(self.ROWS, self.COLUMNS)
        a, b, c, d = (grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1])
        quads = np.stack([a, b, c, d], axis=-1).reshape(-1, 4)
        self.triangles: Int32 = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]).astype(np.int32)
        self.vertex_count = self.ROWS * self.COLUMNS

    def shape(self, front: Points) -> Points:
        """Return (vertex_count, 3); `front` (n, 3) is the hat's lower edge from side to side."""
        edge = evenly(front, self.COLUMNS)
        reach = np.sin(np.linspace(0.0, np.pi, self.COLUMNS)) ** 0.7
        rows = []
        for k in range(self.ROWS):
            out = 0.07 * k / (self.ROWS - 1)
            row = edge.copy()
            row[:, 2] += out * reach
            row[:, 1] -= reach * (out * 0.28 + 1.6 * row[:, 0] ** 2 * k / (self.ROWS - 1))
            rows.append(row)
        return np.concatenate(rows)


FACE_CENTRE = np.array([0.0, -0.035, 0.0])  # in the head, metres
FACE_HALF_HEIGHT = 0.11  # metres
CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)  # x right, y down
HANDS, FLAT = ("hand", "fist"), ("board", "paper")
# held.frag draws hands in units of about half a palm: from the top of its sheet to the middle of
# what is held, and half across; below a board or paper comes an arm, and a unit is of this size.
FROM_TOP, HALF_WIDE, ARM_BELOW = 1.3, 1.6, 5.2
FLAT_UNIT = 0.44  # of half the face's height


@dataclass(frozen=True)
class Sheet:
    """What of a hand's surroundings is drawn, and how large, in hand's units."""

    unit: float  # in halves of a face's height
    half: tuple[float, float]
    from_top: float  # to the middle of what is held
    card: tuple[float, float]  # half width and height of a board or paper


def sheet_of(thing: Occluder) -> Sheet:
    """Return the sheet that `thing` is drawn on: all of its hand and arm fit."""
    wide, high = thing.size
    if thing.kind in FLAT:
        wide, high = wide / FLAT_UNIT, high / FLAT_UNIT
        half = (max(wide, HALF_WIDE), high + ARM_BELOW / 2)
        return Sheet(unit=FLAT_UNIT, half=half, from_top=high, card=(wide, high))
    half = (HALF_WIDE, HALF_WIDE * high / wide)
    return Sheet(unit=wide / HALF_WIDE, half=half, from_top=FROM_TOP, card=(0.0, 0.0))


def held_sheet(thing: Occluder, camera: Camera, rotation: Float32, scale: float) -> Points:
    """Return the (4, 3) corners, in the world, of what is held between the camera and the face.

    It is as large in the picture as if it were beside a face that is `scale` of an adult's.
    """
    turn = camera.world_to_camera[:3, :3].astype(np.float64)
    eye = -turn.T @ camera.world_to_camera[:3, 3]
    middle = rotation @ (scale * FACE_CENTRE)
    toward = eye - middle
    reach = float(np.linalg.norm(toward))
    toward /= reach
    near = min(scale * thing.distance, 0.6 * reach)
    c, s = np.cos(thing.angle), np.sin(thing.angle)
    sheet = sheet_of(thing)
    flat = CORNERS * sheet.half + np.array([0.0, sheet.half[1] - sheet.from_top])
    flat = sheet.unit * flat @ np.array([[c, s], [-s, c]]) + thing.centre
    flat *= scale * FACE_HALF_HEIGHT * (1 - near / reach)
    return np.asarray(middle + toward * near + flat @ turn[:2])


def thumb_side(thing: Occluder) -> float:
    """Return 1 or -1: a thumb is on the face's side of a hand, a grip on the other side."""
    outer = 1.0 if thing.centre[0] > 0 else -1.0
    return -outer if thing.kind in HANDS else outer
