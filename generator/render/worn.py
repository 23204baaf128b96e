"""Cloth and things that lie on a posed head: masks, headphones, earrings; scarves are next door.

Cloth is a grid about an upright axis. Each node is bound, once, to the skin vertices that lie
around it on the template; on a posed head it stands where those are, as far out as the outermost of
them, and the grid is then tented over noses and lips as cloth is: widened, smoothed, and never
below the skin. All in the head's frame, metres; GL is elsewhere (render/extras.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from dlm.generator.look.factors import Colour, Look, Wardrobe
from dlm.generator.models.base import FaceModel, Float32, region
from dlm.generator.render.accessories import evenly
from dlm.generator.render.neckwear import Neckwear
from dlm.generator.render.sheets import Grid, Points, Sheet, unit

NEAR = 6  # skin vertices that a node of cloth follows
UNDER_CUPS = 0.009  # metres that hair may stand off below headphones
CLEAR = 0.0015  # metres of cloth above the skin


class Cloth:
    """A grid of cloth about the axis through (0, 0, `back`), bound to skin of one head model."""

    def __init__(
        self, model: FaceModel, grid: Grid, back: float, azimuth: Points, height: Points,
        skip: Sequence[str],
    ) -> None:  # fmt: skip
        self.grid, self._back = grid, back
        skin = model.topology.part_mask("skin")
        for name in skip:
            skin &= region(model, name) < 0.3
        chosen = np.flatnonzero(skin)
        angle, out, high = self._around(model.template[chosen].astype(np.float64))
        wanted = np.stack([0.07 * azimuth.ravel(), height.ravel()], axis=1)
        _, near = cKDTree(np.stack([0.07 * angle, high], axis=1)).query(wanted, k=3 * NEAR)
        # Under the chin skin lies behind skin: the outer one carries the cloth.
        order = np.argsort(-out[near], axis=1, kind="stable")[:, :NEAR]
        self._bound = chosen[np.take_along_axis(near, np.sort(order, axis=1), axis=1)]
        own_angle, _, own_high = self._around(model.template[self._bound].astype(np.float64))
        self._angle_off = azimuth.ravel() - own_angle.mean(axis=1)
        self._high_off = height.ravel() - own_high.mean(axis=1)

    def draped(self, posed: Float32, clear: Points | float, tent: int) -> Points:
        """Return (rows, columns, 3) over `posed` skin (V, 3), `clear` metres above it.

        `tent` is over how many nodes the cloth spans hollows.
        """
        angle, out, high = self._around(posed[self._bound].astype(np.float64))
        shape = (self.grid.rows, self.grid.columns)
        azimuth = (angle.mean(axis=1) + self._angle_off).reshape(shape)
        height = (high.mean(axis=1) + self._high_off).reshape(shape)
        skin = out.max(axis=1).reshape(shape)
        spanned = skin
        for _ in range(tent):
            spanned = _largest(spanned)
        for _ in range(tent + 1):
            spanned = _smoothed(spanned)
        radius = np.maximum(spanned, _largest(skin)) + CLEAR + clear
        return np.stack(
            [radius * np.sin(azimuth), height, self._back + radius * np.cos(azimuth)], axis=-1
        )

    def _around(self, points: Points) -> tuple[Points, Points, Points]:
        """Return azimuth from the front, distance from the axis, and height of (..., 3) points."""
        x, y, z = points[..., 0], points[..., 1], points[..., 2] - self._back
        return np.arctan2(x, z), np.hypot(x, z), y


def _largest(values: Points) -> Points:
    """Return the largest of each node and its neighbours."""
    wide = np.pad(values, 1, mode="edge")
    rows = np.maximum(np.maximum(wide[:-2], wide[2:]), wide[1:-1])
    return np.maximum(np.maximum(rows[:, :-2], rows[:, 2:]), rows[:, 1:-1])


def _smoothed(values: Points) -> Points:
    wide = np.pad(values, 1, mode="edge")
    rows = (wide[:-2] + wide[2:] + 2 * wide[1:-1]) / 4
    return (rows[:, :-2] + rows[:, 2:] + 2 * rows[:, 1:-1]) / 4


class FaceMask:
    """A mask over nose, mouth and chin, and the four ends of its loops."""

    REACH = np.radians(64.0)  # from the front to where the loops begin
    BACK = -0.05  # metres, the axis

    def __init__(self, model: FaceModel) -> None:
        self.grid = Grid(15, 19)
        u, v = self.grid.u, self.grid.v
        side = np.abs(u)
        top = -0.011 - 0.017 * np.clip(side / 0.4, 0, 1) ** 1.5
        low = -0.117 + 0.034 * side**2
        height = top + (low - top) * v
        skip = ("ear", "inner_mouth", "nostril", "cavity")
        self._cloth = Cloth(model, self.grid, self.BACK, u * self.REACH, height, skip)

    def shape(self, posed: Float32, slip: float, stiff: int) -> Sheet:
        """Return the mask on `posed` (V, 3); `slip` 0 over the nose to 1 under the chin."""
        clear = 0.002 + 0.004 * (1 - np.abs(self.grid.u)) * np.sin(np.pi * self.grid.v)
        points = self._cloth.draped(posed, clear, stiff)
        at = np.clip(slip + (1 - slip) * self.grid.v[:, 0], 0, 1) * (self.grid.rows - 1)
        low = np.minimum(at.astype(int), self.grid.rows - 2)
        part = (at - low)[:, None, None]
        return self.grid.sheet(points[low] * (1 - part) + points[low + 1] * part)

    def loops(self, worn: Sheet, ears: Points, size: float) -> Points:
        """Return (4, 2, 3): from the mask's corners to `ears` (2, 3; left first) of this size."""
        points = worn.points.reshape(self.grid.rows, self.grid.columns, 3)
        last = self.grid.rows - 1
        low = ears - size * np.array([0.0, 0.045, -0.006])
        return np.array([
            [points[1, -1], ears[0]], [points[last - 1, -1], low[0]],
            [points[1, 0], ears[1]], [points[last - 1, 0], low[1]],
        ])  # fmt: skip


class Small:
    """Ribbons, rings, beads and shells: loops of masks, earrings, headphones."""

    BAND, BEAD = Grid(2, 24), Grid(7, 10, closed=True)

    @classmethod
    def ribbon(cls, line: Points, half: Points) -> Sheet:
        """Return a ribbon along `line` (n, 3) that reaches `half` (3,) or (n, 3) to its sides."""
        edges = (evenly(line + half, cls.BAND.columns), evenly(line - half, cls.BAND.columns))
        return cls.BAND.sheet(np.stack(edges))

    @classmethod
    def ring(cls, centre: Points, radius: float, facing: Points, width: float) -> Sheet:
        """Return a band of `width` bent into a ring of `radius` about `centre`, axis `facing`."""
        first = unit(np.cross(facing, np.array([0.0, 0.0, 1.0])))
        second = np.cross(facing, first)
        turn = np.linspace(0, 2 * np.pi, cls.BAND.columns)[:, None]
        line = centre + radius * (np.cos(turn) * first + np.sin(turn) * second)
        return cls.ribbon(line, facing * width / 2)

    @classmethod
    def bead(cls, centre: Points, halves: Points, flat: float) -> Sheet:
        """Return an ellipsoid with half axes `halves`; `flat` above 2 rounds it to a cushion."""
        rise = np.linspace(np.pi / 2, -np.pi / 2, cls.BEAD.rows)[:, None]
        turn = np.linspace(-np.pi, np.pi, cls.BEAD.columns, endpoint=False)
        across = np.cos(rise)
        ball = np.stack([across * np.sin(turn), np.sin(rise) + 0 * turn, across * np.cos(turn)], -1)
        ball /= (np.abs(ball) ** flat).sum(axis=-1, keepdims=True) ** (1 / flat)
        return cls.BEAD.sheet(centre + halves * ball)


@dataclass(frozen=True, eq=False)
class Piece:
    """Something to draw: a sheet, the grid it is on, and what it is made of."""

    grid: Grid
    sheet: Sheet
    stuff: str  # one of STUFFS
    colour: Colour


STUFFS = ("surgical", "cloth", "wool", "plastic", "metal")  # as shaders/worn.frag counts them


class Worn:
    """All of these on one head model."""

    def __init__(self, model: FaceModel) -> None:
        self.mask, self.neck = FaceMask(model), Neckwear(model)
        self.grids = (self.mask.grid, self.neck.roll, self.neck.veil, Small.BAND, Small.BEAD)
        ear = region(model, "ear") > 0.5
        self._ears, self._lobes = [], []
        for sign in (1, -1):
            side = np.flatnonzero(ear & (sign * model.template[:, 0] > 0))
            self._ears.append(side)
            self._lobes.append(side[np.argsort(model.template[side, 1])[:6]])

        self._high = self._height(model.template)

    def _height(self, posed: Float32) -> float:
        """Return the mean height of the ears of `posed` (V, 3), metres; 1 where it has none."""
        heights = [float(np.ptp(posed[ear, 1])) for ear in self._ears if len(ear)]
        return float(np.mean(heights)) if heights else 1.0

    def _size(self, posed: Float32) -> float:
        """Return how large the ears are for the template's: what hangs on them is as large."""
        return self._height(posed) / self._high

    @staticmethod
    def any(clothes: Wardrobe) -> bool:
        """Whether there is anything to draw."""
        return (
            clothes.mask != "none" or clothes.scarf > 0 or clothes.earrings != "none"
            or clothes.headphones or clothes.hat == "headscarf"
        )  # fmt: skip

    def pieces(self, look: Look, posed: Float32, crown: Points | None) -> list[Piece]:
        """Return what `look` wears on `posed` skin (V, 3).

        `crown` (n, 3) goes from ear to ear; headphones alone need it.
        """
        clothes, found = look.wardrobe, list[Piece]()
        if clothes.mask != "none":
            found += self._mask(clothes, posed)
        phase = 6.28 * look.hair.texture[0]
        if clothes.hat == "headscarf":
            sheet = self.neck.veiled(posed, phase)
            found.append(Piece(self.neck.veil, sheet, "wool", clothes.hat_colour))
        if clothes.scarf > 0:
            sheet = self.neck.rolled(posed, clothes.scarf, phase)
            found.append(Piece(self.neck.roll, sheet, "wool", clothes.scarf_colour))
        if len(self._lobes[0]) and clothes.earrings != "none":
            found += self._earrings(clothes, posed)
        if len(self._ears[0]) and crown is not None:
            found += self._headphones(look, posed, crown)
        return found

    def _mask(self, clothes: Wardrobe, posed: Float32) -> list[Piece]:
        surgical = clothes.mask == "surgical"
        worn = self.mask.shape(posed, clothes.mask_slip, 2 if surgical else 1)
        found = [Piece(self.mask.grid, worn, clothes.mask, clothes.mask_colour)]
        if not len(self._ears[0]):
            return found
        ears = np.array([posed[ear].max(axis=0) for ear in self._ears], np.float64)
        ears[:, 0] = [posed[self._ears[0], 0].mean(), posed[self._ears[1], 0].mean()]
        ears[:, 2] = [posed[ear, 2].mean() - 0.004 for ear in self._ears]
        white: Colour = (0.7, 0.7, 0.7) if surgical else clothes.mask_colour
        loops = self.mask.loops(worn, ears, self._size(posed))
        for loop, outward in zip(loops, (1, 1, -1, -1), strict=True):
            middle = loop.mean(axis=0) + np.array([0.006 * outward, 0.0, 0.0])
            line = np.array([loop[0], middle, loop[1]])
            ribbon = Small.ribbon(line, np.array([0.0, 0.0013, 0.0]))
            found.append(Piece(Small.BAND, ribbon, "cloth", white))
        return found

    def _earrings(self, clothes: Wardrobe, posed: Float32) -> list[Piece]:
        found, scale = [], self._size(posed)
        for lobe, sign in zip(self._lobes, (1.0, -1.0), strict=True):
            place = posed[lobe].mean(axis=0, dtype=np.float64)
            if clothes.earrings == "stud":
                size = scale * clothes.earring_size
                centre = place + np.array([sign * 0.003, 0.004, 0.003])
                sheet, grid = Small.bead(centre, np.full(3, size), 2.0), Small.BEAD
            else:
                facing, size = unit(np.array([0.8, 0.0, 0.6 * sign])), scale * clothes.earring_size
                centre = place + np.array([sign * 0.002, 0.003 - size, 0.002])
                sheet, grid = Small.ring(centre, size, facing, 0.002), Small.BAND
            found.append(Piece(grid, sheet, "metal", clothes.metal))
        return found

    def _headphones(self, look: Look, posed: Float32, crown: Points) -> list[Piece]:
        colour = look.wardrobe.headphone_colour
        lift = 0.009 + min(look.hair.volume, UNDER_CUPS)
        centres = []
        for ear, sign in zip(self._ears, (1.0, -1.0), strict=True):
            centre = posed[ear].mean(axis=0, dtype=np.float64)
            centres.append(centre + np.array([sign * lift, 0.0, 0.002]))
        halves = self._size(posed) * np.array([0.016, 0.043, 0.036])
        cups = [Piece(Small.BEAD, Small.bead(c, halves, 3.0), "plastic", colour) for c in centres]
        middle = crown.mean(axis=0)
        out = unit(crown - middle + np.array([0.0, 0.05, 0.0]))
        line = np.concatenate([centres[0][None], crown + out * (lift + 0.004), centres[1][None]])
        thick = 0.0025 * np.concatenate([out[:1], out, out[-1:]])
        bands = (Small.ribbon(line, np.array([0.0, 0.0, 0.011])), Small.ribbon(line, thick))
        return cups + [Piece(Small.BAND, band, "plastic", colour) for band in bands]
