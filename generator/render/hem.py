"""Where a head's mesh ends, at breast and arms, drawn on beyond the picture's edge.

A mesh of a bust has borders, and a small child's whole bust may stand within a picture. Nothing but
the borders' own vertices is moved, and for drawing alone: no label lies there.
"""

import numpy as np

from dlm.generator.models.base import FaceModel, Float32, Int32

LENGTH = 0.35  # metres that breast and sleeves go on
ARM = 0.22  # metres from the middle: what ends farther out is an arm
BELOW = -0.2  # metres: the mouth, eyes and nostrils have borders too


class Hem:
    """The borders of one head model."""

    def __init__(self, model: FaceModel) -> None:
        start, stop = model.surface.parts["skin"]
        triangles = model.surface.triangles[start:stop]
        sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
        inner = np.concatenate([triangles[:, 2], triangles[:, 0], triangles[:, 1]])
        of = np.int64(len(model.template)) * sides.min(axis=1) + sides.max(axis=1)  # one a side
        _, first, uses = np.unique(of, return_index=True, return_counts=True)
        open_sides = first[uses == 1]
        open_sides = open_sides[(model.template[sides[open_sides], 1] < BELOW).all(axis=1)]
        x = model.template[sides[open_sides, 0], 0]
        arm = np.where(np.abs(x) > ARM, np.sign(x), 0.0)
        self._ends = [
            (np.unique(sides[mine]).astype(np.int32), inner[mine].astype(np.int32))
            for mine in (open_sides[arm == which] for which in (-1.0, 0.0, 1.0))
            if len(mine)
        ]

    def lengthen(self, vertices: Float32) -> None:
        """Move the borders of `vertices` (V, 3) on, each end the way that it goes."""
        for border, inner in self._ends:
            way = _middle(vertices, border) - _middle(vertices, inner)
            vertices[border] += LENGTH * way / max(float(np.linalg.norm(way)), 1e-6)


def _middle(vertices: Float32, rows: Int32) -> Float32:
    return np.asarray(vertices[rows].mean(axis=0), dtype=np.float32)
