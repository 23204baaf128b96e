"""What is not linear in the head: lids and lips that meet, gaze, teeth, the neck.

Everything is elementwise over the batch, so that a row does not depend on its neighbours. Shapes:
N base vertices, V vertices, B samples; base vertices come as (N, 3, B), whole heads as (B, V, 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dlm.generator.models.base import Float32

Index = NDArray[np.int64]

_LID_FALLOFF = np.array([0.1, 0.3, 0.55, 0.8, 0.95, 1.0, 1.0, 1.0], dtype=np.float32)
_LIP_FALLOFF = np.array([0.12, 0.3, 0.55, 0.8, 0.95, 1.0, 1.0, 0.7, 0.3], dtype=np.float32)
_MARGIN = 5  # the ring where lids or lips meet, counted from the outermost
_UPPER_SHARE = np.float32(0.85)  # of a lid's closing; the lower lid comes to meet it
_CLEAR_OUT, _CLEAR_IN = np.float32(4e-4), np.float32(1.5e-4)  # metres of lid before the ball
_CLEAR_SKIN = np.float32(1.2e-3)  # the same of the skin around the lids, whose triangles are large
_DROOP, _LASH_OUT = np.float32(1.3), np.float32(2.6e-3)  # of the upper lashes when the lids shut
_FAN = 5  # columns from the outer corner whose upper lashes fan out
_WIDE = np.float32(4e-3)  # metres between lips that need not meet beside the middle,
_SLANT_KEPT = np.float32(0.7)  # and how much of what slanting parts them is then left
_TEETH_CLEAR = np.float32(6e-4)  # metres behind the lips


@dataclass(frozen=True, eq=False)
class EyeRig:
    """One eye: its ball and the rings of vertices around its opening."""

    ball: Index  # base vertices of the ball
    ball_fine: Index  # vertices of the ball
    rings: Index  # (8, 28) base vertices, outermost first, column 0 the outer corner
    shell: Index  # (m,) base vertices of the skin around the rings
    lashes: Index  # (n,) base vertices
    lash_column: Index  # (n,) the column of the lid's edge each hangs on
    closing: Float32  # (13,) metres that a full blink unit closes at columns 1 to 13


class EyeRigs:
    """Both eyes."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._eyes = [
            EyeRig(**{field: arrays[f"eye_{side}_{field}"] for field in EyeRig.__annotations__})
            for side in ("left", "right")
        ]

    def lid_edges(self) -> dict[str, tuple[Index, Index]]:
        """Return for each side the facing vertices (13,) of the upper and the lower lid's edge."""
        edges = (eye.rings[_MARGIN] for eye in self._eyes)
        return {
            side: (edge[1:14], edge[:14:-1])
            for side, edge in zip(("left", "right"), edges, strict=True)
        }

    def fit_lids(self, rows: Float32, blink: Float32) -> "list[Ball]":
        """Close the lids of `rows` (N, 3, B) as far as `blink` (2, B) says; return the balls.

        The linear units close one identity's lids and not another's: each pair of facing points
        is brought to the opening that it would have without the unit, times 1 - blink. Lids
        never cross, and lie on the ball.
        """
        balls = []
        for eye, amount in zip(self._eyes, blink, strict=True):
            edge = rows[eye.rings[_MARGIN]].copy()
            ball = _ball(rows, eye)
            _close(rows, eye, amount)
            _clear(rows, eye, ball)
            _hang_lashes(rows, eye, edge, amount)
            balls.append(ball)
        return balls

    def turn_balls(self, points: Float32, gaze: Float32, balls: "list[Ball]") -> None:
        """Make the balls of `points` (B, V, 3) round and turn them by `gaze` (B, 2, 2)."""
        for side, (eye, ball) in enumerate(zip(self._eyes, balls, strict=True)):
            centre = ball.centre.T[:, None]
            ray = points[:, eye.ball_fine] - centre
            ray *= (ball.radius[:, None] / _length(ray, 2))[..., None]
            yaw, pitch = gaze[:, side, 0, None], gaze[:, side, 1, None]
            points[:, eye.ball_fine] = centre + _turned(ray, yaw, pitch)


@dataclass(frozen=True, eq=False)
class Ball:
    """Where the eyeballs of a batch are."""

    centre: Float32  # (3, B) metres
    radius: Float32  # (B,) metres


def _ball(rows: Float32, eye: EyeRig) -> Ball:
    points = rows[eye.ball]
    centre = _mean(points)
    return Ball(centre, _mean(_length(points - centre, 1)))


def _length(rays: Float32, axis: int) -> Float32:
    """Return the lengths of 3-vectors along `axis`, added in the same order for any batch."""
    x, y, z = np.moveaxis(rays, axis, 0)
    return np.asarray(np.sqrt(x * x + y * y + z * z))


def _mean(values: Float32) -> Float32:
    """Return the mean over the first axis; numpy's own order of adding depends on the batch."""
    count = len(values)
    ones = sp.csr_matrix(np.full((1, count), 1 / count, dtype=np.float32))
    return np.asarray((ones @ values.reshape(count, -1)).reshape(values.shape[1:]))


def _close(rows: Float32, eye: EyeRig, blink: Float32) -> None:
    upper, lower = eye.rings[:, 1:14], eye.rings[:, :14:-1]
    gap = rows[upper[_MARGIN], 1] - rows[lower[_MARGIN], 1]
    rest = np.maximum(gap + blink * eye.closing[:, None], 0)
    change = np.maximum(1 - blink, 0) * rest - gap
    fall = _LID_FALLOFF[:, None, None]
    rows[upper, 1] += fall * (_UPPER_SHARE * change)
    rows[lower, 1] -= fall * ((1 - _UPPER_SHARE) * change)


def _clear(rows: Float32, eye: EyeRig, ball: Ball) -> None:
    """Push lids, and the skin around them, that lie inside the ball out to its surface."""
    clear = np.where(np.arange(len(eye.rings)) <= _MARGIN, _CLEAR_OUT, _CLEAR_IN)
    for part, space in ((eye.rings, clear[:, None, None]), (eye.shell, _CLEAR_SKIN)):
        ray = rows[part] - ball.centre
        distance = _length(ray, -2)
        least = ball.radius + space
        rows[part] = ball.centre + ray * (np.maximum(distance, least) / distance)[..., None, :]


def _hang_lashes(rows: Float32, eye: EyeRig, before: Float32, blink: Float32) -> None:
    """Carry the lashes along with the lids' edge, which was `before`; shut upper ones hang down.

    Those at the outer corner fan out beyond it: hanging they would be one lump, so they shrink.
    """
    edge = rows[eye.rings[_MARGIN]]
    hair = rows[eye.lashes] - before[eye.lash_column]
    upper = (eye.lash_column > 0) & (eye.lash_column < 14)
    shut = upper[:, None] * blink
    hair[:, 1] *= 1 - _DROOP * shut
    hair[:, 2] += _LASH_OUT * shut
    outermost = np.where(eye.lash_column < 14, np.maximum(1 - eye.lash_column / _FAN, 0), 0)
    hair *= (1 - outermost.astype(np.float32)[:, None] * blink)[:, None]
    rows[eye.lashes] = edge[eye.lash_column] + hair


def _turned(ray: Float32, yaw: Float32, pitch: Float32) -> Float32:
    """Turn rays (B, n, 3) first up by pitch, then to the subject's left by yaw."""
    x, y, z = ray[..., 0], ray[..., 1], ray[..., 2]
    y, z = y * np.cos(pitch) + z * np.sin(pitch), z * np.cos(pitch) - y * np.sin(pitch)
    x, z = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
    return np.stack([x, y, z], axis=-1)


class LipRig:
    """Lips that meet: on most identities the linear shapes leave the mouth ajar."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        rings = arrays["lip_rings"]
        self._upper, self._lower = rings[:, :19], rings[:, :18:-1]
        self._parting = sp.csr_matrix(arrays["lip_parting"])
        self._shut: Float32 = arrays["lip_shut"][:, None]

    def edges(self) -> tuple[Index, Index]:
        """Return the facing vertices (19,) of upper and lower lip, where they meet."""
        return self._upper[_MARGIN], self._lower[_MARGIN]

    def shut(self, rows: Float32, expression: Float32) -> None:
        """Let lips of `rows` (N, 3, B) stand apart only as far as `expression` (B, 52) parts them.

        Facing points meet where no unit opens the mouth, and never cross.
        """
        upper, lower = rows[self._upper[_MARGIN]], rows[self._lower[_MARGIN]]
        # A smile slants the lips and shifts facing points along them: heights count at the same x.
        along = (upper + lower)[[*range(2, 19), 18, 18]] - (upper + lower)[[0, 0, *range(17)]]
        slope = np.clip(along[:, 1] / np.where(along[:, 0] > 1e-4, along[:, 0], np.inf), -1, 1)
        parting = np.maximum(self._parting @ np.ascontiguousarray(expression.T), 0)
        slope *= 1 - _SLANT_KEPT * np.minimum(parting.max(axis=0) / _WIDE, 1)
        gap = upper[:, 1] - lower[:, 1] - slope * (upper[:, 0] - lower[:, 0])
        change = self._shut + parting - gap
        step = _LIP_FALLOFF[:, None, None] * (np.float32(0.5) * change)
        rows[self._upper, 1] += step
        rows[self._lower, 1] -= step


class TeethRig:
    """Keeps each arch of teeth behind the lip before it."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arches = [
            tuple(arrays[f"teeth_{name}_{field}"] for field in ("all", "front", "lip"))
            for name in ("upper", "lower")
        ]

    def keep_behind_lips(self, rows: Float32) -> None:
        """Draw back the arches of `rows` (N, 3, B) that would come through a lip."""
        for arch, front, lip in self._arches:
            room = rows[lip, 2].min(axis=0) - _TEETH_CLEAR - rows[front, 2].max(axis=0)
            rows[arch, 2] += np.minimum(room, 0)


class NeckRig:
    """Turns the torso about the neck's joint, the neck part of the way."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._moved: Index = arrays["neck_vertices"]
        self._share: Float32 = arrays["neck_share"]  # of the turn, 0 at the head, 1 at the torso
        self._joint: Index = arrays["neck_joint"]

    def turn_torso(self, points: Float32, rows: Float32, neck: Float32) -> None:
        """Turn the torsos of `points` (B, V, 3) against `neck` (B, 3), about joints in `rows`."""
        pivot = _mean(rows[self._joint]).T[:, None]
        axis, angle = _axis_angle(neck)
        turn = -angle[:, None] * self._share
        sine, cosine = np.sin(turn), np.cos(turn)
        rays = [points[..., k].take(self._moved, axis=1) - pivot[..., k] for k in range(3)]
        axes = [axis[:, k, None] for k in range(3)]
        x, y, z = (ray * about for ray, about in zip(rays, axes, strict=True))
        along = x + y + z
        for k, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
            across = axes[i] * rays[j] - axes[j] * rays[i]
            turned = rays[k] * cosine + across * sine + axes[k] * along * (1 - cosine)
            points[:, self._moved, k] = pivot[..., k] + turned


def _axis_angle(neck: Float32) -> tuple[Float32, Float32]:
    """Return axes (B, 3) and angles (B,) of the rotations of `scene.rotation`."""
    half_yaw, half_pitch, half_roll = neck[:, 0] / 2, -neck[:, 1] / 2, -neck[:, 2] / 2
    cy, sy, cp, sp = np.cos(half_yaw), np.sin(half_yaw), np.cos(half_pitch), np.sin(half_pitch)
    cr, sr = np.cos(half_roll), np.sin(half_roll)
    w = cy * cp * cr + sy * sp * sr  # the quaternion of yaw * pitch * roll
    vector = np.stack([
        cy * sp * cr + sy * cp * sr, sy * cp * cr - cy * sp * sr, cy * cp * sr - sy * sp * cr,
    ], axis=1)  # fmt: skip
    length = _length(vector, 1)
    axis = np.asarray(vector / np.maximum(length, 1e-12)[:, None], dtype=np.float32)
    return axis, np.asarray(2 * np.arctan2(length, w), dtype=np.float32)
