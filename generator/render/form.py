"""Where a head's skin is hollow and where it bulges, at the scale of folds and of features.

Light on a vertex knows the slope of the skin, and visibility knows large hollows; what lies between
(beside the nose, below the lip, around the chin, along the brow) is shaded by its curvature, as a
painter would do it: hollows keep less of the light, ridges catch more.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from dlm.generator.models.base import FaceModel, Float32
from dlm.generator.models.normals import vertex_normals

RADII = (0.006, 0.014)  # metres
SPREAD = 0.12  # of the height over the radius: a bulge that counts as one


def form(model: FaceModel) -> Float32:
    """Return (V, 1) from -1 in the deepest hollows to 1 on the sharpest ridges; 0 off the skin."""
    skin = model.topology.part_vertices("skin")
    points = model.template[skin].astype(np.float64)
    normals = vertex_normals(model.template[None], model.topology)[0][skin]
    areas = _areas(model)[skin]
    tree = cKDTree(points)
    height = np.zeros(len(skin))
    for radius in RADII:
        pairs = tree.query_pairs(radius, output_type="ndarray")
        middle = _means(points, areas, np.concatenate([pairs, pairs[:, ::-1]]))
        height += ((points - middle) * normals).sum(axis=1) / (radius * len(RADII))
    result = np.zeros((len(model.template), 1), np.float32)
    result[skin, 0] = np.tanh(height / SPREAD)
    return result


def _areas(model: FaceModel) -> NDArray[np.float64]:
    """Return (V,) a third of the triangles around each vertex: dense ones count for less."""
    a, b, c = (model.template[model.surface.triangles[:, k]] for k in range(3))
    third = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    corners = model.surface.triangles.ravel()
    return np.bincount(corners, np.repeat(third, 3), len(model.template)).astype(np.float64)


def _means(
    points: NDArray[np.float64], weights: NDArray[np.float64], pairs: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return (n, 3) weighted means of each point and those it is paired with."""
    count = len(points)
    row, column = pairs.T
    near = csr_array((weights[column], (row, column)), shape=(count, count))
    total = near @ points + weights[:, None] * points
    return np.asarray(total / (near.sum(axis=1) + weights).clip(1e-12)[:, None])
