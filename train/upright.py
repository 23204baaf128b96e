"""Turning faces upright: the similarity that brings each of N shapes closest to one reference.

Annotators follow a face, not the frame of its photo: what separates two conventions of labels is
simpler to learn where every face has the same place, size and roll. Shapes: N faces, P points.
"""

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


def reference(points: Float64) -> Float64:
    """Return the (P, 2) mean of (N, P, 2) points, centred, at a mean distance of 1 from there."""
    mean = points.mean(axis=0)
    mean = mean - mean.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean, axis=1).mean())


def matrices(points: Float64, shape: Float64) -> Float64:
    """Return the (N, 2, 3) similarities that bring (N, P, 2) points closest to a (P, 2) shape.

    Least squares, without reflection; P is 2 or more, and no face's points all coincide.
    """
    centres = points.mean(axis=1)
    x, y = np.moveaxis(points - centres[:, None], -1, 0)  # (N, P) each
    square = (x**2 + y**2).sum(axis=1)
    cos = (x @ shape[:, 0] + y @ shape[:, 1]) / square
    sin = (x @ shape[:, 1] - y @ shape[:, 0]) / square
    linear = np.stack([np.stack([cos, -sin], axis=1), np.stack([sin, cos], axis=1)], axis=1)
    return np.concatenate([linear, -linear @ centres[:, :, None]], axis=2)
