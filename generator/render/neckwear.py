"""Scarves and veils: cloth about the neck of a posed head.

Rings of skin are picked on the template, at the neckline and below the jaw. On a posed head they
stand where their skin is, freed of all but its broad shape, and cloth is built upon them: a roll
that has no edge, or a veil from below the jaw to the shoulders. The head's frame, metres.
"""

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import FaceModel, Float32, Int32, region
from dlm.generator.render.sheets import Grid, Points, Sheet, unit

AROUND = 40  # azimuths, from the back over the subject's right and the front to its left
AXIS = -0.075  # z of the upright axis through the neck
NEAR = 8  # skin vertices that a place of a ring follows
UNDER_CHIN = 0.008  # metres that cloth may stand higher than the skin below the jaw
BROAD = 3  # of a ring's shape, so many waves around are kept


class Neckwear:
    """Both kinds, on one head model."""

    def __init__(self, model: FaceModel) -> None:
        self.roll, self.veil = Grid(13, AROUND, closed=True), Grid(10, AROUND, closed=True)
        self._azimuth = np.linspace(-np.pi, np.pi, AROUND, endpoint=False)
        self._front = 0.5 + 0.5 * np.cos(self._azimuth)
        self._base = self._ring(model, -0.118 - 0.030 * self._front)
        self._jaw = self._ring(model, -0.088 - 0.036 * self._front**2)
        self._width = _reach(self._posed(model.template, self._base))

    def rolled(self, posed: Float32, thick: float, phase: float) -> Sheet:
        """Return a scarf of `thick` metres wound about the neck of `posed` (V, 3)."""
        ring, out, up = self._frame(posed)
        size = _reach(ring) / self._width
        v, around = self.roll.v, self._azimuth
        turn = np.linspace(2.6, -2.6, self.roll.rows)[:, None] + 0 * v  # over the top, outwards
        wound = 0.16 * np.sin(2 * turn + around + phase) + 0.07 * np.sin(3 * around + 5 * phase)
        folds = 0.06 * np.sin(5 * turn - 2 * around + 2 * phase)
        full = (1 + wound + folds) * (1 + 0.25 * self._front)
        wide, high = (0.008 + 0.8 * thick) * size * full, (0.013 + 0.9 * thick) * size * full
        low = 0.006 * size * (1 - 2 * self._front)
        room = ((self._posed(posed, self._jaw) - ring) @ up + UNDER_CHIN * size - low) / 1.25
        flat = np.clip(room / high.max(axis=0), 0.3, 1.0)  # less of it under a chin that sinks
        high, wide = high * flat, wide * np.sqrt(flat)
        away = 0.006 * size + wide * (0.55 + np.cos(turn))
        rise = low + high * (0.25 + np.sin(turn))
        return self.roll.sheet(ring + away[..., None] * out + rise[..., None] * up)

    def veiled(self, posed: Float32, phase: float) -> Sheet:
        """Return cloth from below the jaw of `posed` (V, 3) over the neck to the shoulders."""
        ring, out, up = self._frame(posed)
        size = _reach(ring) / self._width
        jaw = self._posed(posed, self._jaw)
        t = np.linspace(0, 1, self.veil.rows)[:, None, None]
        low = np.clip(t / 0.6, 0, 1)
        beyond = np.clip((t - 0.6) / 0.4, 0, 1)
        folds = 0.004 * np.sin(9 * t[..., 0] + 2 * self._azimuth + phase)[..., None] * low
        away = -0.004 + 0.010 * np.minimum(8 * t, 1) + 0.012 * low + 0.07 * beyond + folds
        rise = -0.008 * np.minimum(8 * t, 1) * (1 - low) - 0.035 * beyond**1.5
        place = jaw + (ring - jaw) * low
        return self.veil.sheet(place + size * (away * out + rise * up))

    def _ring(self, model: FaceModel, height: Points) -> Int32:
        """Return (AROUND, NEAR) vertices of the neck near each azimuth's `height` (AROUND,)."""
        skin = model.topology.part_mask("skin")
        neck = np.flatnonzero(skin & (region(model, "neck") + region(model, "shirt") > 0.3))
        x, y, z = model.template[neck].astype(np.float64).T
        turn = (np.arctan2(x, z - AXIS)[None] - self._azimuth[:, None] + np.pi) % (2 * np.pi)
        gap = np.hypot(0.07 * (turn - np.pi), y - height[:, None])
        farthest = np.partition(gap, NEAR - 1, axis=1)[:, NEAR - 1]
        nearest = [_first(row, most) for row, most in zip(gap, farthest, strict=True)]
        return np.asarray(neck[np.array(nearest)], np.int32)

    def _frame(self, posed: Float32) -> tuple[Points, Points, Points]:
        """Return the base ring (AROUND, 3), the ways out from it (AROUND, 3), the way up (3,)."""
        ring = self._posed(posed, self._base)
        rays = ring - ring.mean(axis=0)
        up = unit(np.cross(rays, np.roll(rays, -1, axis=0)).sum(axis=0))
        up = up if up[1] > 0 else -up
        return ring, unit(rays - (rays @ up)[:, None] * up), up

    def _posed(self, posed: Float32, ring: Int32) -> Points:
        """Return the broad shape (AROUND, 3) of a ring."""
        waves = np.fft.rfft(posed[ring].mean(axis=1, dtype=np.float64), axis=0)
        waves[BROAD + 1 :] = 0
        return np.fft.irfft(waves, AROUND, axis=0)


def _first(gap: Points, most: float) -> NDArray[np.intp]:
    """Return the NEAR places of the least of `gap` (n,), none above `most`; of equals the first."""
    near = np.flatnonzero(gap <= most)
    return near[np.argsort(gap[near], kind="stable")[:NEAR]]


def _reach(ring: Points) -> float:
    """Return the mean distance of a `ring` (n, 3) from its middle."""
    return float(np.linalg.norm(ring - ring.mean(axis=0), axis=1).mean())
