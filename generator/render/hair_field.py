"""Hair of the head as a grid of strands over the skull, and hats and headscarves as such grids.

Shapes: S strands or columns around the head, J steps of each, from the crown or parting down.
"""

from dataclasses import dataclass

import numpy as np

from dlm.generator.look.factors import Hair
from dlm.generator.models.base import FaceModel, Float32, Int32
from dlm.generator.render.combing import STRANDS, Combing, combing, side_shares
from dlm.generator.render.sheets import unit
from dlm.generator.render.skull_paths import (
    AROUND,
    CENTRE,
    Grid,
    Line,
    SkullPaths,
    along,
)

HAT_STEPS = np.linspace(0.0, 1.0, 15)  # from the crown to the edge of a hat or headscarf
HOOD = 0.24  # metres from the crown to where a headscarf is tucked into its veil
HUG = 0.4  # 0: it follows the skull and the jaw, 1: it hangs from where the skull is widest
# Degrees from the front, and metres over the eyes to which the rim of a hat comes down there.
CAP = ((0, 45, 90, 135, 180), (0.058, 0.053, 0.030, 0.000, -0.015))
BEANIE = ((0, 45, 90, 135, 180), (0.056, 0.047, 0.010, -0.025, -0.040))
HIGH = 14  # nodes of a path from the crown to the ear
HANGING = {"medium": 1.0, "long": 1.0, "short": 0.15, "afro": 0.2}
TAPER = 0.03  # metres before the tip over which hair comes nearer to what is below it, at least
ROUND = 1.6  # of its standoff: the same where hair stands off far
THIN = 1.0  # raggednesses before the longest tips, where no hair has ended yet
RIM_BINS, RIM_REACH = 40, 2.1  # azimuths at which the lower edge of hair is told, radians
RIM_ABOVE = 0.2  # metres up: the edge where there is no hair


@dataclass(frozen=True, eq=False)
class Strands:
    """A hairdo on one posed head."""

    points: Float32  # (S * J, 3) on the skull or below it, world
    outward: Float32  # (S * J, 3) how far the outermost hair stands off, world
    normals: Float32  # (S * J, 3) unit, world
    tangents: Float32  # (S * J, 3) unit, from root to tip, world
    ends: Float32  # (S * J, 2) metres from the parting, and to a tip as ragged as at the front
    rim: Float32  # (RIM_BINS, 2) height of the lower edge on the head at rest, how far it is off


class HairField:
    """Hair over one head model's skull."""

    def __init__(self, model: FaceModel) -> None:
        self._paths = SkullPaths(model)
        self._azimuth = np.linspace(0, 2 * np.pi, AROUND + 1)
        self._ring = np.degrees(np.pi - np.abs(np.pi - self._azimuth))

    def strands(self, hair: Hair, vertices: Float32, rotation: Float32) -> Strands:
        """Return the hairdo `hair` on `vertices` (V, 3), whose head is turned by `rotation`."""
        combed = combing(hair, self._paths)
        hang = hanging(hair)
        tables = (self._paths.at_rest(hang), self._paths.moved(vertices, rotation))
        found = along(np.concatenate(tables, axis=-1), combed.azimuth, combed.length)
        rest = found[..., :3]
        points = rest + found[..., 3:]
        away = _outwards(points)
        off = _standoff(hair, combed, hang)
        to_tip = combed.to_tip * combed.even[:, None]
        ends = np.stack([combed.from_part, to_tip], axis=-1)
        rest[..., 1] = np.where(to_tip > THIN * hair.ragged, rest[..., 1], RIM_ABOVE)
        return _in_world(points, away * off[..., None], ends, _rim(rest, off), rotation)

    def hat(self, beanie: bool, hair: Hair, vertices: Float32, rotation: Float32) -> Strands:
        """Return a hat as one closed sheet over the `hair`: `outward` is already in its points."""
        tips = self._down_to(np.interp(self._ring, *(BEANIE if beanie else CAP)))
        crown = (0.022 if beanie else 0.012) * np.clip(1.0 - HAT_STEPS * 1.6, 0.0, 1.0)
        snug = 0.011 - 0.005 * np.clip(HAT_STEPS * 5.0 - 4.0, 0.0, 1.0)  # the rim lies on the hair
        off = np.tile(snug + crown, (STRANDS, 1))
        return self._sheet(hanging(hair), tips, off, vertices, rotation)

    def hood(self, vertices: Float32, rotation: Float32) -> Strands:
        """Return a headscarf as one sheet: to the forehead, beside the face to below the jaw."""
        aside = np.clip((self._ring - 58.0) / 8.0, 0.0, 1.0)
        line = self._paths.hairline(self._azimuth)
        tips = line + 0.01 + aside * (HOOD - line)
        loose = np.clip((self._ring - 62.0) / 25.0, 0.0, 1.0)  # the hem lies on brow and cheeks
        folds = 0.006 + loose * (0.007 + 0.004 * np.sin(9 * self._azimuth))
        ears = 0.016 * np.exp(-(((self._ring - 92.0) / 24.0) ** 2))
        length = tips[:, None] * HAT_STEPS
        low = np.clip((length - 0.10) / 0.02, 0.0, 1.0) * np.clip((HOOD - length) / 0.06, 0.0, 1.0)
        off = folds[:, None] * (1 - 0.5 * np.clip((length - 0.18) / 0.06, 0.0, 1.0))
        return self._sheet(HUG * aside, tips, off + ears[:, None] * low, vertices, rotation)

    def _down_to(self, height: Line) -> Line:
        """Return metres from the crown to where each column's skull falls to `height` (S,)."""
        length = np.linspace(0.0, HOOD, 60)
        grid = (
            np.broadcast_to(self._azimuth[:, None], (len(height), 60)),
            np.tile(length, (len(height), 1)),
        )
        above = along(self._paths.at_rest(0.0), *grid)[..., 1] - height[:, None]
        first = np.maximum((above < 0).argmax(axis=1), 1)
        rows = np.arange(len(height))
        high, low = above[rows, first - 1], above[rows, first]
        return np.asarray(length[first - 1] + (length[1] - length[0]) * high / (high - low))

    def _sheet(
        self, hang: Line | float, tips: Line, off: Grid, vertices: Float32, rotation: Float32
    ) -> Strands:
        """Return cloth from the crown to `tips` (S,) that is `off` (S, J) the head."""
        tables = (self._paths.at_rest(hang), self._paths.moved(vertices, rotation))
        length = tips[:, None] * HAT_STEPS
        azimuth = np.broadcast_to(self._azimuth[:, None], length.shape)
        found = along(np.concatenate(tables, axis=-1), azimuth, length)
        rest, points = found[..., :3], found[..., :3] + found[..., 3:]
        points = points + _outwards(points) * off[..., None]
        ends = np.stack([length, tips[:, None] - length], axis=-1)
        return _in_world(points, np.zeros_like(points), ends, _rim(rest, off), rotation)

    def crown(self, vertices: Float32, rotation: Float32) -> Grid:
        """Return (n, 3) points over the skull from above the left ear to the right, in the head."""
        path = self._paths.at_rest(0.0) + self._paths.moved(vertices, rotation)
        left, right = (path[side, :HIGH:2] for side in (AROUND // 4, 3 * AROUND // 4))
        return np.asarray(np.concatenate([left[::-1], right[1:]]))

    def brow_edge(self, sheet: Float32) -> Float32:
        """Return the lower edge of `sheet` (S * J, 3) over the forehead, from right to left."""
        eighth = AROUND // 8
        rows = np.r_[AROUND - eighth : AROUND, 0 : eighth + 1]
        return np.asarray(sheet.reshape(STRANDS, -1, 3)[rows, -1])

    @staticmethod
    def triangles(nodes: int, apart: int = 1) -> Int32:
        """Return the (T, 3) triangles of a grid of strands with as many `nodes`.

        They are counter-clockwise seen from outside, and lie between every `apart`-th strand, a
        divisor of AROUND, and every `apart`-th node down to the tips.
        """
        strand = np.arange(0, AROUND, apart)[:, None] * nodes
        down = np.append(np.arange(0, nodes - 1, apart), nodes - 1)
        a, d = strand + down[:-1], strand + down[1:]
        across = apart * nodes  # the parting, or the front, is where the sheet is open
        quads = np.stack([a, d, d + across, a + across], axis=-1).reshape(-1, 4)
        return quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)  # neighbours in turn

    def coordinates(self, steps: Line) -> Float32:
        """Return (S * J, 2): strands in turns, 0 to 1, and `steps` (J,), 0 at the root to 1."""
        turns = self._azimuth / (2 * np.pi)
        around, down = np.meshgrid(turns, steps, indexing="ij")
        return np.stack([around.ravel(), down.ravel()], axis=1).astype(np.float32)


def hanging(hair: Hair) -> float:
    """Return 0 where hair follows the skull, to 1 where it hangs free from where that is widest."""
    return HANGING.get(hair.style, 0.0)


def _standoff(hair: Hair, combed: Combing, hang: float) -> Grid:
    """Return (S, J) metres that the outermost hair is off: least at a hairline it is combed from,
    along the parting with the crown at its end, and at its tips.
    """
    loose = combed.loose[:, None]
    lift = np.minimum(1.0, (1.0 - combed.share) / 0.22) * (1 - loose) + loose
    parted = float(combed.rooted.max())
    groove = (0.3 * parted + 0.45 * np.minimum(3 * combed.rooted, 1.0))[:, None]
    risen = np.clip(np.minimum(combed.from_part, combed.length) / 0.03, 0.0, 1.0) ** 0.5
    lift *= 1 - groove * (1 - risen)
    kept = 0.4 + 0.3 * hang
    near_tip = np.clip(combed.to_tip / max(TAPER, ROUND * hair.volume), 0.0, 1.0)
    lift *= kept + (1 - kept) * np.sqrt(near_tip * (2 - near_tip))
    lift *= 1 - _tucked(hair, combed)
    around = 2 * np.pi * np.arange(STRANDS) / AROUND
    lumps = 0.14 * np.sin(around * 5 + 40 * hair.texture[0])[:, None]
    lumps = 1 + lumps * np.clip(combed.length / 0.04, 0.0, 1.0)  # strands meet at the crown
    clear = 0.0015 + 0.004 * np.minimum(3 * combed.rooted, 1.0)[:, None]  # of the forehead
    return np.asarray(hair.volume * lumps * lift + clear)


def _tucked(hair: Hair, combed: Combing) -> Grid:
    """Return (S, J) how much flatter the front of parted hair lies where it falls behind an ear."""
    share, side = side_shares()
    fall = np.where(side > 0, *hair.falls)
    behind = np.clip((fall - 78.0) / 30.0, 0.0, 1.0) * np.clip(1 - share / 0.4, 0.0, 1.0)
    later = np.clip(0.6 + combed.from_part / 0.25, 0.0, 1.0)
    return np.asarray(0.7 * (behind * combed.rooted.max())[:, None] * later)


def _rim(rest: Grid, off: Grid) -> Float32:
    """Return (RIM_BINS, 2): where a sheet at `rest` (S, J, 3) that is `off` (S, J) ends, all round.

    The height, and how far off, of the lowest node at each azimuth of the head at rest.
    """
    nodes = np.concatenate([rest, off[..., None]], axis=-1)
    x, height, z, away = _halved(_halved(nodes).transpose(1, 0, 2)).reshape(-1, 4).T
    place = ((np.arctan2(x, z - CENTRE[2]) / RIM_REACH + 1) / 2 * RIM_BINS).astype(int)
    seen = np.flatnonzero((place >= 0) & (place < RIM_BINS))
    place, height, away = place[seen], height[seen], away[seen]
    rim = np.tile([RIM_ABOVE, 0.0], (RIM_BINS, 1))
    np.minimum.at(rim[:, 0], place, height)
    lowest = height == rim[place, 0]
    rim[place[lowest], 1] = away[lowest]
    told = np.flatnonzero(rim[:, 0] < RIM_ABOVE)
    if len(told):  # beside a parting nodes lie farther apart than bins
        rim = np.stack([np.interp(np.arange(RIM_BINS), told, rim[told, k]) for k in (0, 1)], axis=1)
    rim[1:-1] = (rim[:-2] + 2 * rim[1:-1] + rim[2:]) / 4
    return rim.astype(np.float32)


def _halved(grid: Grid) -> Grid:
    """Return the rows of `grid` with one more halfway between each and the next."""
    result = np.empty((2 * len(grid) - 1, *grid.shape[1:]))
    result[::2], result[1::2] = grid, (grid[1:] + grid[:-1]) / 2
    return result


def _outwards(points: Grid) -> Grid:
    """Return the unit ways (S, J, 3) from inside the skull to `points`."""
    away = points - CENTRE
    return np.asarray(away / np.linalg.norm(away, axis=-1, keepdims=True))


def _in_world(points: Grid, outward: Grid, ends: Grid, rim: Float32, rotation: Float32) -> Strands:
    """Return a grid (S, J, 3), given in the head's frame, as Strands."""
    tangents, normals = _grid_frame(points + outward)
    world = rotation.T
    return Strands(
        points=(points.reshape(-1, 3) @ world).astype(np.float32),
        outward=(outward.reshape(-1, 3) @ world).astype(np.float32),
        normals=(normals.reshape(-1, 3) @ world).astype(np.float32),
        tangents=(tangents.reshape(-1, 3) @ world).astype(np.float32),
        ends=ends.reshape(-1, 2).astype(np.float32),
        rim=rim,
    )


def _grid_frame(points: Grid) -> tuple[Grid, Grid]:
    """Return unit tangents along and unit normals (S, J, 3) of the grid, pointing outwards."""
    around, down = np.empty_like(points), np.empty_like(points)
    around[1:-1] = points[2:] - points[:-2]
    around[0], around[-1] = points[1] - points[0], points[-1] - points[-2]
    down[:, 1:-1] = points[:, 2:] - points[:, :-2]
    down[:, 0], down[:, -1] = points[:, 1] - points[:, 0], points[:, -1] - points[:, -2]
    x = down[..., 1] * around[..., 2] - down[..., 2] * around[..., 1]
    y = down[..., 2] * around[..., 0] - down[..., 0] * around[..., 2]
    z = down[..., 0] * around[..., 1] - down[..., 1] * around[..., 0]
    return unit(down), unit(np.stack([x, y, z], axis=-1))
