"""From a click to what it means: the vertex of the surface, or a point that stands there.

Shapes: V vertices, T triangles, P points. Lengths are metres.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.floating]
_RIM = 1e-6  # of a triangle's side: a ray along an edge must not slip through


@dataclass(frozen=True, eq=False)
class Ray:
    """Where a click looks along: `origin` (3,) and unit `direction` (3,)."""

    origin: NDArray[np.float64]
    direction: NDArray[np.float64]

    def distances(self, places: Float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how far along the ray and how far beside it `places` (N, 3) lie."""
        offset = places - self.origin
        along = offset @ self.direction
        beside = np.linalg.norm(offset - along[:, None] * self.direction, axis=1)
        return along, beside


def hit(ray: Ray, vertices: Float, triangles: NDArray[np.int32]) -> tuple[int, float] | None:
    """Return the vertex nearest to where the ray first meets the surface, and how far that is.

    Method: Moeller and Trumbore 1997, for all triangles at once.
    """
    first = vertices[triangles[:, 0]].astype(np.float64)
    edge_1, edge_2 = (vertices[triangles[:, k]] - first for k in (1, 2))
    normal = np.cross(ray.direction, edge_2)
    determinant = np.einsum("ti,ti->t", edge_1, normal)
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = ray.origin - first
        u = np.einsum("ti,ti->t", offset, normal) / determinant
        across = np.cross(offset, edge_1)
        v = (across @ ray.direction) / determinant
        along = np.einsum("ti,ti->t", edge_2, across) / determinant
        met = (u >= -_RIM) & (v >= -_RIM) & (u + v <= 1 + _RIM) & (along > 0)  # NaN compares false
    if not met.any():
        return None
    nearest = int(np.where(met, along, np.inf).argmin())
    place = ray.origin + along[nearest] * ray.direction
    corners = triangles[nearest]
    gaps = np.linalg.norm(vertices[corners] - place, axis=1)
    return int(corners[gaps.argmin()]), float(along[nearest])


def point_at(ray: Ray, places: Float, limit: float, radius: float) -> int | None:
    """Return which of the points `places` (P, 3) is clicked: within `radius` of the ray.

    Points farther along than `limit` by more than their own size are hidden by the surface.
    """
    if not len(places):
        return None
    along, beside = ray.distances(places)
    beside = np.where((along > 0) & (along <= limit + 2 * radius), beside, np.inf)
    nearest = int(beside.argmin())
    return nearest if beside[nearest] <= radius else None


def toggled(
    ray: Ray,
    vertices: Float,
    triangles: NDArray[np.int32],
    points: NDArray[np.int32],
    radius: float,
) -> int | None:
    """Return the vertex that a click adds or removes, or None beside the head.

    A point's ball reaches beyond its vertex: where it is clicked, the point's vertex is meant,
    unless the surface has another vertex nearer to the click.
    """
    met = hit(ray, vertices, triangles)
    if met is None:
        return None
    vertex, limit = met
    point = point_at(ray, vertices[points], limit, radius)
    if point is None:
        return vertex
    _, beside = ray.distances(vertices[[vertex, points[point]]])
    return int(points[point]) if beside[1] <= beside[0] else vertex
