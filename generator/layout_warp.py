"""One head's surface laid over another's: the same anatomy of two heads, place by place.

First a smooth warp through landmarks that mean the same on both, then the warped skin is drawn
along its normals onto the other's. Shapes: V vertices, n places; metres.
"""

from collections.abc import Callable

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from dlm.generator.layout_surface import FaceSurface, Float, Index
from dlm.generator.models.normals import vertex_normals

Warp = Callable[[Float], Float]

ANCHORS = (27, 28, 29, 30, 33, *range(36, 68))  # of iBUG-68: bridge, tip, base, lids, lips
JAW = tuple(range(17))  # anchors too where they are known: few vertices there look like others
_ROUNDS = 4
_PULLED = 500  # vertices of the skin that are drawn onto the other
_REACH = 0.02  # metres: farther than this from the other skin, a vertex has no counterpart
_ALIKE = 0.7  # cosine between the normals of counterparts
_SLITS = ("lips", "lid_upper", "lid_lower", "inner_mouth", "nostril")  # landmarks hold these


def warp_between(source: FaceSurface, target: FaceSurface, pairs: Index) -> Warp:
    """Return the map of places near the `source` head to the same anatomy of `target`.

    `pairs` (n, 2) are vertices of source and target that mean the same.
    """
    pairs = np.concatenate([pairs, [[_chin(source), _chin(target)]]])
    first, then = source.vertices[pairs[:, 0]], target.vertices[pairs[:, 1]]
    pulled = _pulled(source)
    normals = vertex_normals(target.model.template[None], target.model.topology)[0]
    tree = cKDTree(target.vertices[target.outside])
    warp = RBFInterpolator(first, then, kernel="thin_plate_spline", smoothing=1e-9)
    for _ in range(_ROUNDS):
        moved = np.asarray(warp(source.vertices))
        facing = vertex_normals(moved[None].astype(np.float32), source.model.topology)[0][pulled]
        distance, near = tree.query(moved[pulled])
        near = target.outside[near]
        alike = (facing * normals[near]).sum(axis=1) > _ALIKE
        kept = alike & (distance < _REACH)
        gap = ((target.vertices[near] - moved[pulled]) * normals[near]).sum(axis=1)
        onto = moved[pulled] + gap[:, None] * normals[near]
        warp = RBFInterpolator(
            np.concatenate([first, source.vertices[pulled[kept]]]),
            np.concatenate([then, onto[kept]]),
            kernel="thin_plate_spline",
            smoothing=np.concatenate([np.full(len(first), 1e-9), np.full(kept.sum(), 1e-5)]),
        )
    return lambda places: np.asarray(warp(places))


def _chin(surface: FaceSurface) -> int:
    """Return the vertex of the midline that is farthest forward and down below the mouth."""
    outside = surface.outside[surface.mirror[surface.outside] == surface.outside]
    places = surface.vertices[outside]
    below = places[:, 1] < -0.085
    return int(outside[below][(places[below, 2] - places[below, 1]).argmax()])


def _pulled(source: FaceSurface) -> Index:
    """Return vertices spread over the face, away from the slits, both sides alike."""
    regions = source.model.regions
    calm = np.ones(len(source.vertices), dtype=bool)
    for region in _SLITS:
        if region in regions:
            calm &= regions[region] < 0.1
    face = source.outside[
        calm[source.outside] & (source.vertices[source.outside, 1] > -0.125)
        & (source.vertices[source.outside, 2] > -0.07)
    ]  # fmt: skip
    left = face[source.vertices[face, 0] > 1e-4]
    chosen = [int(left[0])]
    distance = np.full(len(left), np.inf)
    while len(chosen) < min(_PULLED // 2, len(left)):
        gap = np.linalg.norm(source.vertices[left] - source.vertices[chosen[-1]], axis=1)
        distance = np.minimum(distance, gap)
        chosen.append(int(left[distance.argmax()]))
    return np.unique(np.concatenate([chosen, source.mirror[chosen]]))
