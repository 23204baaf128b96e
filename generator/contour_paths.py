"""Ways over the skin along which the points of a contour may slide, traced once a layout.

A path is the cut of the template by a plane that holds the z axis: seen from the front a straight
line, from the middle of the face outward through a point's fixed vertex and on round the edge. It
depends on that vertex alone, so layouts that share a point share its path. Nodes of a path are
mixtures of vertices and ride on any identity and expression.
Shapes: C contour points, S nodes a path, V vertices, T triangles.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dlm.generator.models.base import FaceModel, Float32, Int32

Float = NDArray[np.float64]
Mixture = dict[int, float]  # vertex -> weight; the weights sum to 1

STEP = 0.0025  # metres between nodes on the template
INNER, OUTER = 32, 6  # nodes before and behind the fixed vertex, at most: 80 and 15 mm
STAY = INNER  # the node at the fixed vertex
_AXIS = (-0.08, 0.03)  # heights between which the upright middle line of the face stands
_MIDDLE = 0.02  # metres from that line within which no outline of a face can pass
_SHARE = 0.2  # a path ends at this share of the way from the middle line to its point
_EDGES = 400  # of a way at most: half around a head
_MIDLINE = 0.0005  # metres: nearer to the middle a point is its own mirror point
_NOTHING = 1e-5  # metres
_OFF_VERTICES = 1e-7  # metres: the plane passes its vertices by as much
_INNER_ENDS = {"lips": 0.2, "inner_mouth": 0.2, "nose": 0.5, "nostril": 0.2, "lid_upper": 0.5,
               "lid_lower": 0.5, "ear": 0.5}  # fmt: skip
_OUTER_ENDS = {"ear": 0.05, "scalp": 0.5, "shirt": 0.2}  # never the outline of a face


@dataclass(frozen=True, eq=False)
class Paths:
    """The paths of C contour points; missing nodes repeat the ends and weigh nothing."""

    mixtures: sp.csr_matrix  # (C * S, V)
    weight: Float32  # (C, S) length of path that a node stands for, in STEPs
    outward: Float32  # (C, 2) unit directions away from the face, seen from the front: right, up
    corners: Int32  # (C, S, 8) the vertices of each node, the nearest ones repeated


def may_slide(model: FaceModel, points: Int32) -> NDArray[np.bool_]:
    """Return which of the vertices `points` (C,) lie on the skin, off the middle of the face."""
    place = model.template[points, :2]
    off = place - np.stack([np.zeros(len(points)), np.clip(place[:, 1], *_AXIS)], axis=1)
    skin = np.isin(points, model.topology.part_vertices("skin"))
    return np.asarray(skin & (np.hypot(off[:, 0], off[:, 1]) > _MIDDLE))


def trace(model: FaceModel, points: Int32) -> Paths:
    """Return the paths of the contour points at the vertices `points` (C,)."""
    mirror = model.topology.mirror
    tracer = _Tracer(model)
    rows: list[list[Mixture]] = []
    weights, outward = [], []
    for point in points.tolist():
        beside = float(model.template[point, 0])
        path, weight, away = tracer.path(int(mirror[point]) if beside < -_MIDLINE else point)
        if beside < -_MIDLINE:
            path, away = [_swapped(node, mirror) for node in path], away * [-1, 1]
        elif beside <= _MIDLINE:
            path = [_blend(node, _swapped(node, mirror), 0.5) for node in path]
        rows.append(path)
        weights.append(weight)
        outward.append(away)
    nodes = [node for path in rows for node in path]
    return Paths(
        mixtures=_matrix(nodes, model.topology.vertex_count),
        weight=np.array(weights, dtype=np.float32),
        outward=np.array(outward, dtype=np.float32),
        corners=np.array([_corners(node) for node in nodes], np.int32).reshape(len(rows), -1, 8),
    )


class _Tracer:
    """Cuts one template."""

    def __init__(self, model: FaceModel) -> None:
        start, stop = model.topology.parts["skin"]
        self.triangles = model.topology.triangles[start:stop]
        self.template: Float = model.template.astype(np.float64)
        self.inner_end = _closed(model, _INNER_ENDS)
        self.outer_end = _closed(model, _OUTER_ENDS)

    def path(self, point: int) -> tuple[list[Mixture], Float, Float]:
        """Return S nodes from the middle outward, their weights (S,), and the way out (2,)."""
        middle, away = self._frame(point)
        cut = _Cut(self.template, self.triangles, point, away)
        one, other = cut.ways()
        heights = [float((cut.place(way[:40]) @ [*away, 0.0]).mean()) for way in (one, other)]
        inner, outer = (one, other) if heights[0] < heights[1] else (other, one)
        far = np.asarray((cut.place(inner)[:, :2] - middle) @ away)
        ended = far < _SHARE * float((self.template[point, :2] - middle) @ away)
        inner = _until(inner, ended | _touched(self.inner_end, cut.ends(inner)))
        outer = _until(outer, _touched(self.outer_end, cut.ends(outer)))
        before = cut.spaced(inner, STEP, INNER)
        # None under the chin; even shares of what there is, so that neighbours have like ends.
        step = min(OUTER * STEP * float(away[0]) ** 2, cut.length(outer)) / OUTER
        behind = cut.spaced(outer, step, OUTER)
        here: Mixture = {point: 1.0}
        missing = INNER - len(before)
        nodes = [*reversed(before), here, *(behind or [here] * OUTER)]
        weight = np.ones(len(nodes) + missing)
        weight[:missing] = 0.0
        weight[STAY + 1 :] = step / STEP if behind else 0.0
        return [nodes[0]] * missing + nodes, weight, away

    def _frame(self, point: int) -> tuple[Float, Float]:
        """Return the nearest place of the middle line (2,) and the unit way from it (2,)."""
        place = self.template[point, :2]
        middle = np.array([0.0, np.clip(place[1], *_AXIS)])
        return middle, (place - middle) / np.linalg.norm(place - middle)


class _Cut:
    """The cut of a mesh by the plane of the z axis and `away` (2,) through one of its vertices."""

    def __init__(self, vertices: Float, triangles: Int32, point: int, away: Float) -> None:
        self.vertices, self.point = vertices, point
        across = np.array([-away[1], away[0], 0.0])
        height = (vertices - vertices[point]) @ across + _OFF_VERTICES
        above = height[triangles] > 0
        count = above.sum(axis=1)
        mixed = (count == 1) | (count == 2)
        corners, lone = triangles[mixed], above[mixed] == (count[mixed] == 1)[:, None]
        tip = lone.argmax(axis=1)
        turned = np.take_along_axis(corners, (tip[:, None] + [0, 1, 2]) % 3, axis=1)
        pairs = [np.sort(turned[:, [0, k]], axis=1) for k in (1, 2)]  # the two edges that are cut
        self.next: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for one, other in zip(*(map(tuple, pair.tolist()) for pair in pairs), strict=True):
            self.next.setdefault(one, []).append(other)
            self.next.setdefault(other, []).append(one)
        self.height = height

    def ways(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return the edges that the cut crosses on its two ways from the vertex."""
        edges = list(self.next)
        near = np.linalg.norm(self.place(edges) - self.vertices[self.point], axis=1).argmin()
        start = edges[int(near)]
        first, *second = self.next[start]
        return self._walk(start, first), self._walk(start, second[0] if second else start)

    def _walk(self, start: tuple[int, int], onward: tuple[int, int]) -> list[tuple[int, int]]:
        way = [start]
        while onward not in (way[-1], start) and len(way) < _EDGES:
            way.append(onward)
            onward = next((edge for edge in self.next[onward] if edge != way[-2]), onward)
        return way

    def ends(self, way: list[tuple[int, int]]) -> NDArray[np.int64]:
        """Return the vertices (n, 2) of the edges of a way."""
        return np.array(way, dtype=np.int64)

    def place(self, way: list[tuple[int, int]]) -> Float:
        """Return where (n, 3) the plane crosses the edges of a way."""
        one, other = self.ends(way).T
        share = self._share(one, other)[:, None]
        return np.asarray(self.vertices[one] * (1 - share) + self.vertices[other] * share)

    def _share(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> Float:
        return np.asarray(self.height[one] / (self.height[one] - self.height[other]))

    def length(self, way: list[tuple[int, int]]) -> float:
        """Return the metres of a way."""
        return float(self._lengths(way)[-1]) if way else 0.0

    def _lengths(self, way: list[tuple[int, int]]) -> Float:
        steps = np.linalg.norm(np.diff(self.place(way), axis=0), axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])

    def spaced(self, way: list[tuple[int, int]], step: float, most: int) -> list[Mixture]:
        """Return up to `most` nodes `step` apart along a way, the first one that far from its
        start; none where there is no way to speak of.
        """
        if len(way) < 2 or step < _NOTHING:
            return []
        length = self._lengths(way)
        wanted = step * np.arange(1, most + 1)
        wanted = wanted[wanted <= length[-1] + _NOTHING]
        after = np.clip(np.searchsorted(length, wanted), 1, len(way) - 1)
        share = (wanted - length[after - 1]) / np.maximum(length[after] - length[after - 1], 1e-12)
        shares = self._share(*self.ends(way).T)
        crossed = [{a: 1 - t, b: t} for (a, b), t in zip(way, shares.tolist(), strict=True)]
        return [_blend(crossed[k - 1], crossed[k], t)
                for k, t in zip(after.tolist(), share.tolist(), strict=True)]  # fmt: skip


def _closed(model: FaceModel, ends: dict[str, float]) -> NDArray[np.bool_]:
    closed = np.zeros(model.topology.vertex_count, dtype=bool)
    for region in ends.keys() & model.regions.keys():
        closed |= model.regions[region] >= ends[region]
    return closed


def _until(way: list[tuple[int, int]], ended: NDArray[np.bool_]) -> list[tuple[int, int]]:
    return way[: int(ended.argmax())] if ended.any() else way


def _touched(closed: NDArray[np.bool_], edges: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(closed[edges[:, 0]] | closed[edges[:, 1]])


def _swapped(node: Mixture, mirror: Int32) -> Mixture:
    swapped: Mixture = {}
    for vertex, weight in node.items():
        twin = int(mirror[vertex])
        swapped[twin] = swapped.get(twin, 0.0) + weight
    return swapped


def _blend(one: Mixture, other: Mixture, share: float) -> Mixture:
    blended = {vertex: weight * (1 - share) for vertex, weight in one.items()}
    for vertex, weight in other.items():
        blended[vertex] = blended.get(vertex, 0.0) + weight * share
    return blended


def _corners(node: Mixture) -> list[int]:
    vertices = sorted(node, key=lambda vertex: -node[vertex])
    return [*vertices, *[vertices[0]] * 8][:8]


def _matrix(nodes: Iterable[Mixture], columns: int) -> sp.csr_matrix:
    starts, indices, weights = [0], [], []
    for node in nodes:
        for vertex in sorted(node):
            indices.append(vertex)
            weights.append(node[vertex])
        starts.append(len(indices))
    shape = (len(starts) - 1, columns)
    return sp.csr_matrix((np.array(weights, np.float32), indices, starts), shape=shape)
