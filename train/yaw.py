"""How far a face is turned, from its 68 points: for tables by pose where no pose is recorded.

The mean head of the makehuman model is laid on the points by scaled orthography, without the jaw,
which people mark on the outline and not on the skin. On renders its mean error is a few degrees.
"""

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

JAW = 17  # the first of the 68 that are used
BINS = (0, 15, 30, 60, 180)  # degrees either way


@cache
def _mean_face() -> Float64:
    """Return (51, 3) metres: the points after the jaw on the mean neutral head."""
    from dlm import landmark_specs
    from dlm.generator import models

    head, spec = models.load("makehuman"), landmark_specs.load("68")
    indices = spec.vertex_indices(head.name, head.topology.hash, len(head.template))
    return np.asarray(head.template, dtype=np.float64)[indices[JAW:]]


def yaw_68(points: Float64) -> Float64:
    """Return (N,) degrees of (N, 68, 2) points; positive when the subject turns to its left."""
    face = _mean_face() - _mean_face().mean(axis=0)
    found = np.asarray(points, dtype=np.float64)[:, JAW:]
    centred = found - found.mean(axis=1, keepdims=True)
    rows = np.einsum("pk,npc->nck", np.linalg.pinv(face).T, centred)  # (N, 2, 3), y down
    across, up = rows[:, 0], -rows[:, 1]
    scale = (np.linalg.norm(across, axis=-1) + np.linalg.norm(up, axis=-1)) / 2
    across, up = across / scale[:, None], up / scale[:, None]
    forward = np.cross(across, up)
    return np.asarray(np.degrees(np.arctan2(across[:, 2], forward[:, 2])))


def bins_of(yaw: Float64) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return a name and the (N,) members of each bin of (N,) degrees that holds any."""
    size = np.abs(yaw)
    bins = [
        (f"{low} to {high}" if high < 180 else f"above {low}", (size >= low) & (size < high))
        for low, high in pairwise(BINS)
    ]
    return [(name, members) for name, members in bins if members.any()]
