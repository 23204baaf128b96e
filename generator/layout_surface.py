"""The outside of a face as layouts are drawn on it: unrolled about the head's upright axis.

Unrolled coordinates are metres: (angle from straight ahead, to the subject's left, times RADIUS;
height), about the axis through (0, 0, AXIS). Shapes: V vertices, n places.
"""

import itertools
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from dlm.errors import SpecError
from dlm.generator.models.base import FaceModel
from dlm.generator.models.normals import vertex_normals

Float = NDArray[np.float64]
Index = NDArray[np.int64]

AXIS = -0.08  # metres: how far behind the eyes the axis stands
RADIUS = 0.09  # metres: how far most of the face is from the axis
_TOUCHED = ("skin", "eye_left", "eye_right")
_FACING = 0.1  # cosine between a vertex's normal and the way out from the axis
_HIDDEN = {"ear": 0.2, "cavity": 0.5, "inner_mouth": 0.5, "nostril": 0.5}  # masks off the outside


class FaceSurface:
    """The template of a head model, and which of its vertices one can see and touch."""

    def __init__(self, model: FaceModel) -> None:
        self.model = model
        self.vertices: Float = np.asarray(model.template, dtype=np.float64)
        self.mirror = model.topology.mirror
        self.unrolled = unroll(self.vertices)
        x, z = self.vertices[:, 0], self.vertices[:, 2] - AXIS
        out = np.stack([x, np.zeros_like(x), z], axis=1) / np.hypot(x, z)[:, None]
        normals = vertex_normals(model.template[None], model.topology)[0]
        open_ = model.topology.part_mask("skin")
        for region, share in _HIDDEN.items():
            if region in model.regions:
                open_ &= model.regions[region] < share
        self.open: Index = np.flatnonzero(open_)  # skin that no cavity holds, under the chin too
        facing = (normals * out).sum(axis=1) > _FACING
        self.outside: Index = np.flatnonzero(open_ & facing)

    def lift(self, places: Float) -> Float:
        """Return the places (n, 3) on the surface of unrolled `places` (n, 2)."""
        lifted = np.asarray(self._roll(places))
        lost = np.isnan(lifted).any(axis=1)
        if lost.any():
            _, near = self._nearest.query(places[lost])
            lifted[lost] = self.vertices[self.outside[near]]
        return lifted

    def walk(self, stops: Sequence[int]) -> Index:
        """Return the vertices on the shortest way along edges through `stops`.

        Raises SpecError where there is none nearby.
        """
        way = [int(stops[0])]
        for one, other in itertools.pairwise(stops):
            limit = 3 * float(np.linalg.norm(self.vertices[one] - self.vertices[other])) + 0.01
            _, before = dijkstra(
                self.edges, indices=int(one), return_predecessors=True, limit=limit
            )
            back = [int(other)]
            while back[-1] != one:
                back.append(int(before[back[-1]]))
                if back[-1] < 0:
                    raise SpecError(
                        f"no way along the skin from vertex {one} to {other}",
                        f"head {self.model.name!r}", "are both on the same rim, and in order?",
                    )  # fmt: skip
            way += back[-2::-1]
        return np.array(way)

    @cached_property
    def edges(self) -> sp.csr_matrix:
        """(V, V) lengths of the edges of skin and eyeballs, both ways."""
        topology = self.model.topology
        ranges = [topology.parts[part] for part in _TOUCHED if part in topology.parts]
        triangles = np.concatenate([topology.triangles[start:stop] for start, stop in ranges])
        ends = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]],
                                       triangles[:, [2, 0]]]), axis=1)  # fmt: skip
        one, other = np.unique(ends, axis=0).T
        length = np.linalg.norm(self.vertices[one] - self.vertices[other], axis=1)
        count = len(self.vertices)
        half = sp.coo_matrix((length, (one, other)), shape=(count, count))
        return (half + half.T).tocsr()

    def around(self, vertices: Index, rings: int = 1) -> Index:
        """Return `vertices` and those within so many edges of them."""
        near = np.zeros(len(self.vertices), dtype=bool)
        near[vertices] = True
        for _ in range(rings):
            near |= np.asarray(self.edges @ near.astype(np.float64) > 0)
        return np.flatnonzero(near)

    @cached_property
    def _roll(self) -> LinearNDInterpolator:
        return LinearNDInterpolator(self.unrolled[self.outside], self.vertices[self.outside])

    @cached_property
    def _nearest(self) -> cKDTree:
        return cKDTree(self.unrolled[self.outside])


def unroll(points: Float) -> Float:
    """Return unrolled coordinates (n, 2) of `points` (n, 3)."""
    angle = np.arctan2(points[:, 0], points[:, 2] - AXIS)
    return np.stack([angle * RADIUS, points[:, 1]], axis=1)
