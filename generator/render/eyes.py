"""What the eye shader must know of a posed head: balls, gaze and the lids' edges."""

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.ball import centre_weights
from dlm.generator.models.base import FaceModel, Float32, Int32, region
from dlm.generator.render.uniforms import EyeState

SIDES = ("left", "right")
UNIT = 0.01  # metres: numbers near 1 make the normal equations of a lid's edge well conditioned
OPEN_GAP = 0.011  # metres between the lids' edges of an eye that counts as open


class EyeFinder:
    """Finds balls and lid edges by vertices picked once on the template."""

    def __init__(self, model: FaceModel) -> None:
        self._blind = not all(f"eye_{side}" in model.topology.parts for side in SIDES)
        if self._blind:
            return
        self.balls = [model.topology.part_vertices(f"eye_{side}") for side in SIDES]
        rest = model.template
        self.fronts = [ball[np.argmax(rest[ball, 2])] for ball in self.balls]
        self.weights = [centre_weights(rest[ball]) for ball in self.balls]
        self.upper = [_edge(model, ball, 1.0) for ball in self.balls]
        self.lower = [_edge(model, ball, -1.0) for ball in self.balls]

    def find(self, vertices: Float32, rotation: Float32) -> EyeState:
        """Return the state of the eyes of `vertices` (V, 3), in the world."""
        if self._blind:
            return _no_eyes()
        centre = np.stack(
            [share @ vertices[ball] for share, ball in zip(self.weights, self.balls, strict=True)]
        )
        axis = np.stack([vertices[front] for front in self.fronts]) - centre
        radius = np.linalg.norm(axis, axis=1)
        upper, lower = (
            np.stack([_quadratic((vertices[e] - c) @ rotation)
                      for e, c in zip(edges, centre, strict=True)])
            for edges in (self.upper, self.lower)
        )  # fmt: skip
        gap = np.clip((upper[:, 0] - lower[:, 0]) / OPEN_GAP, 0.0, 1.0)
        return EyeState(
            centre=centre.astype(np.float32),
            radius=radius.astype(np.float32),
            axis=(axis / radius[:, None]).astype(np.float32),
            upper=upper.astype(np.float32),
            lower=lower.astype(np.float32),
            openness=gap.astype(np.float32),
        )


def _no_eyes() -> EyeState:
    """Return what stands for the eyes of a head without: nothing is drawn by it."""
    nowhere, ahead = np.zeros((2, 3), np.float32), np.tile(np.eye(3, dtype=np.float32)[2], (2, 1))
    one = np.ones(2, np.float32)
    return EyeState(centre=nowhere, radius=one, axis=ahead, upper=nowhere, lower=nowhere,
                    openness=one)  # fmt: skip


def _edge(model: FaceModel, ball: Int32, sign: float) -> Int32:
    """Return the skin vertices of a lid's edge: the innermost of the lid region on that side."""
    rest, name = model.template, "lid_upper" if sign > 0 else "lid_lower"
    centre = centre_weights(rest[ball]) @ rest[ball]
    radius = np.linalg.norm(rest[ball] - centre, axis=1).mean()
    offset = rest - centre
    distance = np.linalg.norm(offset, axis=1)
    near = (distance > 0.9 * radius) & (distance < 1.35 * radius) & (offset[:, 2] > 0.3 * radius)
    lids = region(model, name) > 0.5
    chosen = np.flatnonzero(near & lids & (np.abs(offset[:, 0]) < 0.75 * radius))
    picks = []
    for low in np.linspace(-0.75, 0.6, 10) * radius:
        column = chosen[(offset[chosen, 0] >= low) & (offset[chosen, 0] < low + 0.15 * radius)]
        if len(column):
            picks.append(column[np.argmin(sign * offset[column, 1])])
    return np.unique(np.array(picks, dtype=np.int32))


def _quadratic(points: Float32) -> NDArray[np.float64]:
    """Return c0, c1, c2 of y over x, least squares."""
    if len(points) < 3:
        return np.array([0.0, 0.0, 0.0])
    x, y = (points[:, k].astype(np.float64) / UNIT for k in (0, 1))
    design = np.stack([np.ones_like(x), x, x * x])
    found = np.linalg.solve(design @ design.T, design @ y)
    return np.asarray(found * (UNIT, 1.0, 1 / UNIT))
