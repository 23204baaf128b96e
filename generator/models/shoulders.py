"""Shoulders and breast for a head that ends at the collar: a loft from its lower border.

They are covered by clothes and carry no landmark: what matters is an outline that reads as a
person. Metres, y up, z out of the face; the shape is that of an adult of average build.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_HALF_WIDTH, _HALF_DEPTH, _ROUNDNESS = 0.205, 0.105, 2.5  # of the torso's section
_BOTTOM, _SLOPE = 0.19, 0.045  # metres below the border: end of the breast, edge of the shoulders
_RINGS = 10


@dataclass(frozen=True, eq=False)
class Shoulders:
    """What is added to a mesh of N vertices."""

    points: Points  # (n, 3), numbered from N
    quads: list[list[int]]
    follows: NDArray[np.int64]  # (n,) the border vertex that moves each


def add_shoulders(points: Points, polygons: list[list[int]]) -> Shoulders:
    """Continue `points` (N, 3) below the lowest open border of `polygons`."""
    border = _lowest_border(points, polygons)
    edge = points[border]
    inner = _inner_neighbours(border, polygons)
    centre = (edge.max(axis=0) + edge.min(axis=0)) / 2
    angle = np.arctan2(edge[:, 0] - centre[0], edge[:, 2] - centre[2])
    beside, before = np.abs(np.sin(angle)) / _HALF_WIDTH, np.abs(np.cos(angle)) / _HALF_DEPTH
    reach = (beside**_ROUNDNESS + before**_ROUNDNESS) ** (-1 / _ROUNDNESS)
    outer = np.stack([centre[0] + reach * np.sin(angle), edge[:, 1] - _SLOPE,
                      centre[2] + reach * np.cos(angle)], axis=1)  # fmt: skip
    lowest = outer.copy()
    lowest[:, 1] = edge[:, 1].min() - _BOTTOM
    away = edge - points[inner]
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    tangent = edge + away * (0.5 * np.linalg.norm(outer - edge, axis=1, keepdims=True))
    rings = [_bezier(edge, tangent, outer, lowest, t) for t in np.linspace(0, 1, _RINGS + 1)[1:]]
    count, first = len(border), len(points)
    rows = np.concatenate([border[None], first + np.arange(_RINGS * count).reshape(-1, count)])
    a, b, c, d = rows[:-1], np.roll(rows[:-1], -1, axis=1), np.roll(rows[1:], -1, axis=1), rows[1:]
    quads = np.stack([a, d, c, b], axis=-1).reshape(-1, 4)
    if not _same_way(border, polygons):
        quads = quads[:, ::-1]
    return Shoulders(np.concatenate(rings), quads.tolist(), np.tile(border, _RINGS))


def _bezier(a: Points, b: Points, c: Points, d: Points, t: float) -> Points:
    s = 1 - t
    return s**3 * a + 3 * s * s * t * b + 3 * s * t * t * c + t**3 * d


def _edges(polygons: list[list[int]]) -> list[tuple[int, int]]:
    return [(a, b) for p in polygons for a, b in zip(p, p[1:] + p[:1], strict=True)]


def _lowest_border(points: Points, polygons: list[list[int]]) -> NDArray[np.int64]:
    """Return the open border whose middle lies lowest, in order."""
    uses = Counter(tuple(sorted(edge)) for edge in _edges(polygons))
    near: dict[int, list[int]] = {}
    for (a, b), count in uses.items():
        if count == 1:
            near.setdefault(a, []).append(b)
            near.setdefault(b, []).append(a)
    loops, left = [], set(near)
    while left:
        path = [min(left)]
        while True:
            left.discard(path[-1])
            ahead = [v for v in near[path[-1]] if v in left]
            if not ahead:
                break
            path.append(ahead[0])
        loops.append(path)
    return np.array(min(loops, key=lambda loop: float(points[loop, 1].mean())))


def _inner_neighbours(border: NDArray[np.int64], polygons: list[list[int]]) -> NDArray[np.int64]:
    """Return for each border vertex a neighbour that is not on the border."""
    on = set(border.tolist())
    inner: dict[int, int] = {}
    for a, b in _edges(polygons):
        if a in on and b not in on:
            inner[a] = b
        elif b in on and a not in on:
            inner[b] = a
    return np.array([inner.get(v, v) for v in border.tolist()])


def _same_way(border: NDArray[np.int64], polygons: list[list[int]]) -> bool:
    """Whether the polygons run along the border in its order: then the next ones run against it."""
    edges = set(_edges(polygons))
    return (int(border[0]), int(border[1])) in edges
