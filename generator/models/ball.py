"""The centre of an eyeball as a fixed linear combination of its vertices.

Vertices of a ball are seldom spread evenly (fine at the cornea, coarse behind), so that their mean
is not the centre. The weights found here give the centre of the ball wherever it is moved, turned
or scaled.
"""

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import Float32


def centre_weights(points: NDArray[np.floating]) -> Float32:
    """Return (n,) weights, sum 1, with which `points` (n, 3) of a sphere give its centre.

    The sphere is the one of least squared (algebraic) distance; of all such weights these are
    the most even.
    """
    rays = np.asarray(points, dtype=np.float64)
    middle = rays.mean(axis=0)
    rays = rays - middle
    design = np.column_stack([2 * rays, np.ones(len(rays))])
    centre = np.linalg.lstsq(design, (rays**2).sum(axis=1), rcond=None)[0][:3]
    conditions = np.column_stack([np.ones(len(rays)), rays])
    weights = np.linalg.lstsq(conditions.T, np.array([1.0, *centre]), rcond=None)[0]
    return np.asarray(weights, dtype=np.float32)
