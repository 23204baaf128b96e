"""Rows of the picture by what the skin in them can be: eyes, mouth, cloth.

Brows and furrows lie in some rows, lips, a beard or the shirt in others. Each shader program pays
for what it could draw at every pixel, so the skin is shaded row band by row band, with no more than
needed.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from dlm.generator.models.base import FaceModel, Float32, Int32, region
from dlm.generator.render.statics import shirt_mask

EYES, MOUTH, CLOTH = "EYES", "MOUTH", "CLOTH"  # as skin_shade.frag is told
FRONT_OF = -0.07  # metres: the face lies before the ears
TOP, MIDDLE, BOTTOM = 0.095, -0.03, -0.16  # metres up; the middle as in skin_shade.frag
OVERLAP = 0.005  # metres beyond the middle, more than between two vertices
MARGIN = 0.006  # metres that a vertex may move out of the hull of those that span it at rest


class Bands:
    """The vertices of one head model that can show each of these."""

    def __init__(self, model: FaceModel) -> None:
        skin = model.topology.part_mask("skin")
        shirt = shirt_mask(model) > 0
        hairy = region(model, "beard") + region(model, "moustache") > 0
        _, y, z = model.template.T
        face = skin & ~shirt & (z > FRONT_OF)
        shown = {
            EYES: face & (y > MIDDLE - OVERLAP) & (y < TOP),
            MOUTH: face & (y < MIDDLE + OVERLAP) & (y > BOTTOM),
            CLOTH: skin & shirt,
        }
        self._of = {what: _hull(model.template, mask) for what, mask in shown.items()}
        self._bearded = _hull(model.template, shown[MOUTH] | (skin & hairy))

    def find(
        self, clip: NDArray[np.float64], vertices: Float32, size: int, beard: bool
    ) -> list[tuple[int, int, tuple[str, ...]]]:
        """Return bands [first row, last row) of a picture with what can be seen in each.

        `clip` (4, 4) takes the world's `vertices` (V, 3) to clip space, whose -1 is row 0. A
        `beard` may reach up beside the ears.
        """
        shown = self._of | ({MOUTH: self._bearded} if beard else {})
        spans = {what: _rows(clip, vertices[of], size) for what, of in shown.items() if len(of)}
        edges = sorted({0, size, *(edge for span in spans.values() for edge in span)})
        return [
            (low, high, tuple(what for what, span in spans.items() if span[0] <= low < span[1]))
            for low, high in pairwise(edges)
        ]


def _hull(template: Float32, mask: NDArray[np.bool_]) -> Int32:
    """Return those of the masked vertices that the others lie between, from wherever one looks."""
    of = np.flatnonzero(mask).astype(np.int32)
    return np.asarray(of[ConvexHull(template[of]).vertices]) if len(of) > 3 else of


def _rows(clip: NDArray[np.float64], points: Float32, size: int) -> tuple[int, int]:
    """Return the rows [first, last) that `points` (N, 3) span, with a margin."""
    up, away = (points @ clip[k, :3].astype(np.float32) + clip[k, 3] for k in (1, 3))
    rows = (up / away + 1) * size / 2
    margin = MARGIN * float(np.linalg.norm(clip[1, :3])) / float(away.min()) * size / 2
    low, high = int(np.floor(rows.min() - margin)), int(np.ceil(rows.max() + margin))
    return min(max(low, 0), size), min(max(high, 0), size)
