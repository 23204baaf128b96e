"""A layout carried from one head to another.

Lids and lips touch on a face at rest, so their points are never snapped to the nearest vertex:
each head's rims are ways along its edges through its own 68, and a point of a rim goes to the
same share of the same rim. All else goes where the warp takes it, to a vertex on the same side
of the slit. Shapes: V vertices, P points.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from dlm.errors import SpecError
from dlm.generator.layout_surface import FaceSurface, Float, Index
from dlm.generator.layout_warp import ANCHORS, JAW, Warp, warp_between
from dlm.generator.models.ict_landmarks import ibug_68
from dlm.landmark_specs import LandmarkSpec, available, load
from dlm.landmark_specs.curves import settle, straighten

_RIMS = {  # rims of the left side, each through points of iBUG-68, and its slit's side
    "lid_upper": (42, 43, 44, 45), "lid_lower": (42, 47, 46, 45),
    "lip_outer_upper": (54, 53, 52, 51), "lip_outer_lower": (54, 55, 56, 57),
    "lip_inner_upper": (64, 63, 62), "lip_inner_lower": (64, 65, 66),
}  # fmt: skip
_ON_RIM = 0.0009  # metres along edges: a point this near to a rim is on it
_NEAR_SLIT = 0.010  # metres along edges: here a point must stay on its side of the slit
_TRIED = 40
_EVENNESS = 2.0
_LONG = 0.04  # metres: lines this long on one side are straightened
_DENSE = 0.008  # metres: where their points are this near to each other
_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Transfer:
    """A layout's vertices on another head, and how far each had to be moved onto one."""

    vertices: Index  # (P,)
    residual: Float  # (P,) metres between the wished place and the vertex


@dataclass(frozen=True, eq=False)
class _Rim:
    way: Index  # vertices in order
    stops: Index  # where on the way its iBUG points are
    distance: Float  # (V,) metres along edges to it

    def place(self, surface: FaceSurface, vertex: int) -> float:
        """Return the stop before `vertex` plus the share of the way to the next."""
        gaps = np.linalg.norm(surface.vertices[self.way] - surface.vertices[vertex], axis=1)
        at = self.lengths(surface)
        return float(np.interp(at[int(gaps.argmin())], at[self.stops], np.arange(len(self.stops))))

    @cached_property
    def number(self) -> dict[int, int]:
        """Return which on the way each of its vertices is."""
        return {int(vertex): n for n, vertex in enumerate(self.way)}

    def lengths(self, surface: FaceSurface) -> Float:
        steps = np.linalg.norm(np.diff(surface.vertices[self.way], axis=0), axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])


def transfer(
    spec: LandmarkSpec, source: FaceSurface, target: FaceSurface,
    known: Mapping[int, int] | None = None, landmarks: Index | None = None,
) -> Transfer:  # fmt: skip
    """Return `spec`, which is bound to the source head, on the target head, both sides alike.

    `known` says where vertices of the source go already, as `already_bound` does; `landmarks` are
    the target's (68,) vertices of iBUG, of which those of jaw and brows may be -1.
    Raises SpecError where none are given and the target has no 68 of its own to begin with.
    """
    topology = source.model.topology
    indices = spec.vertex_indices(source.model.name, topology.hash, topology.vertex_count)
    one, other = ibug_of(source), ibug_of(target) if landmarks is None else landmarks
    known_there = [k for k in (*ANCHORS, *JAW) if other[k] >= 0]
    pairs = np.stack([one, other], axis=1)[known_there]
    carrier = _Carrier(source, target, one, other, warp_between(source, target, pairs))
    left = [k for k in range(spec.size) if source.vertices[indices[k], 0] > -1e-4]
    found = carrier.places([int(indices[k]) for k in left])
    places = dict(zip(left, found, strict=True))
    settled = {k: known[int(indices[k])] for k in left if known and int(indices[k]) in known}
    chosen = _chosen(spec, target, places, settled)
    vertices = np.full(spec.size, -1, dtype=np.int64)
    residual = np.zeros(spec.size)
    for k, vertex in chosen.items():
        gap = np.linalg.norm(target.vertices[vertex] - places[k].wished)
        vertices[k], vertices[spec.mirror[k]] = vertex, target.mirror[vertex]
        residual[[k, spec.mirror[k]]] = gap
    return Transfer(vertices, residual)


def already_bound(source: FaceSurface, target: FaceSurface) -> dict[int, int]:
    """Return source vertex -> target vertex for the points of shipped layouts bound to both."""
    known: dict[int, int] = {}
    for name in available():
        spec = load(name)
        if all(
            spec.topology.get(surface.model.name) == surface.model.topology.hash
            for surface in (source, target)
        ):
            columns = (spec.vertices[surface.model.name] for surface in (source, target))
            known |= {int(a): int(b) for a, b in zip(*columns, strict=True)}
    return known


def _chosen(
    spec: LandmarkSpec, target: FaceSurface, places: "dict[int, _Place]", settled: dict[int, int]
) -> dict[int, int]:
    """Return a vertex for each point: those of rims first, then lines as a whole, then the rest."""
    chosen = dict(settled)

    def free(vertices: Index) -> Index:
        return np.setdiff1d(vertices, [*chosen.values()])

    for k in sorted(places, key=lambda k: -places[k].rank):
        if places[k].rank and k not in chosen:
            there = free(places[k].allowed)
            between = there[places[k].in_order(there, places, chosen)]
            chosen[k] = places[k].nearest(target, between if len(between) else there)
    for line in spec.lines.values():
        points = [int(k) for k in line.points if int(k) in places]
        for k in points:
            if spec.mirror[k] == k and k not in chosen:
                chosen[k] = places[k].nearest(target, free(places[k].allowed))
        new = [k for k in points if k not in chosen]
        if not new:
            continue
        allowed = free(np.concatenate([places[k].allowed for k in new]))
        fixed = {n: chosen[k] for n, k in enumerate(points) if k in chosen}
        wished = _through(np.array([places[k].wished for k in points]), target.vertices, fixed)
        row = settle(wished, target.vertices, allowed, fixed, evenness=_EVENNESS)
        for k, vertex in zip(points, row.tolist(), strict=True):
            if k not in chosen and vertex not in chosen.values():
                chosen[k] = vertex
    for k, place in places.items():
        if k not in chosen:
            chosen[k] = place.nearest(target, free(place.allowed))
    for _ in range(_ROUNDS):
        for line in spec.lines.values():
            points = [int(k) for k in line.points if int(k) in places]
            chosen |= _straightened(points, spec, target, places, chosen, settled)
    return chosen


def _straightened(
    points: list[int], spec: LandmarkSpec, target: FaceSurface, places: "dict[int, _Place]",
    chosen: Mapping[int, int], settled: Mapping[int, int],
) -> dict[int, int]:  # fmt: skip
    """Return vertices for the points of a long line that may move, the other points being fixed."""
    if len(points) < 3:
        return {}
    wished = np.array([places[k].wished for k in points])
    steps = np.linalg.norm(np.diff(wished, axis=0), axis=1)
    moving = [k for k in points if not (k in settled or places[k].rank or spec.mirror[k] == k)]
    if not moving or steps.sum() < _LONG or steps.mean() > _DENSE:
        return {}
    others = [vertex for k, vertex in chosen.items() if k not in moving]
    allowed = np.setdiff1d(np.concatenate([places[k].allowed for k in moving]), others)
    fixed = {n: chosen[k] for n, k in enumerate(points) if k not in moving}
    row = straighten(_through(wished, target.vertices, fixed), target.vertices, allowed, fixed)
    if np.unique(row).size < len(row):
        return {}
    return dict(zip(points, row.tolist(), strict=True))


def _through(wished: Float, vertices: Float, fixed: Mapping[int, int]) -> Float:
    """Return the wished places (n, 3) of a line bent so that it goes through its settled points.

    An end that is not settled stays: a row that meets the midline is not shifted as a whole.
    """
    if not fixed:
        return wished
    steps = np.linalg.norm(np.diff(wished, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(steps)])
    settled = sorted({0, len(wished) - 1, *fixed})
    off: Float = np.zeros((len(settled), 3))
    for row, n in enumerate(settled):
        if n in fixed:
            off[row] = vertices[fixed[n]] - wished[n]
    shift = [np.interp(at, at[settled], column) for column in off.T]
    return np.asarray(wished + np.stack(shift, axis=1))


@dataclass(frozen=True, eq=False)
class _Place:
    wished: Float  # (3,)
    allowed: Index
    rank: int  # 2 an end of a rim, 1 on a rim or an eyeball, 0 elsewhere
    rim: _Rim | None = None  # of the target, for a point on it
    share: float = 0.0  # how far along it

    def in_order(
        self, vertices: Index, places: "Mapping[int, _Place]", chosen: Mapping[int, int]
    ) -> NDArray[np.bool_]:
        """Return which of these vertices lie between those chosen for its neighbours on its rim.

        Where another layout has settled these off their shares, the line would double back.
        """
        inside = np.ones(len(vertices), dtype=bool)
        if self.rim is None:
            return inside
        number = self.rim.number
        at = np.array([number[int(vertex)] for vertex in vertices])
        for k, vertex in chosen.items():
            if k in places and places[k].rim is self.rim and vertex in number:
                after = self.share > places[k].share
                inside &= at > number[vertex] if after else at < number[vertex]
        return inside

    def nearest(self, target: FaceSurface, free: Index) -> int:
        """Return the nearest of these vertices."""
        if not len(free):
            raise SpecError(
                "more points than the other head has vertices there", "spec transfer",
                "thin the layout first",
            )  # fmt: skip
        gaps = np.linalg.norm(target.vertices[free] - self.wished, axis=1)
        return int(free[gaps.argmin()])


class _Carrier:
    """Two heads, their rims, and the warp between them."""

    def __init__(
        self, source: FaceSurface, target: FaceSurface, one: Index, other: Index, warp: Warp
    ) -> None:
        self.source, self.target, self.warp = source, target, warp
        self.source_rims, self.target_rims = _rims(source, one), _rims(target, other)
        self.source_side, self.target_side = _sides(self.source_rims), _sides(self.target_rims)
        skin = target.model.topology.part_vertices("skin")
        self.skin = np.asarray(skin[target.vertices[skin, 0] > -1e-4])
        self.eyes: list[Index] = [
            surface.model.topology.part_vertices("eye_left").astype(np.int64)
            for surface in (source, target)
        ]
        self.rim_vertices = np.unique(np.concatenate([r.way for r in self.target_rims.values()]))

    def places(self, vertices: list[int]) -> "list[_Place]":
        """Return where vertices of the source's left side belong on the target."""
        warped = self.warp(self.source.vertices[vertices])
        return [self._place(v, w) for v, w in zip(vertices, warped, strict=True)]

    def _place(self, vertex: int, warped: Float) -> _Place:
        if vertex in self.eyes[0]:
            return self._on_eye(vertex)
        central = bool(self.source.mirror[vertex] == vertex)
        name = min(self.source_rims, key=lambda key: self.source_rims[key].distance[vertex])
        if self.source_rims[name].distance[vertex] <= _ON_RIM:
            return self._on_rim(name, vertex, central)
        side = self.source_side[vertex]
        allowed = self.skin[(self.target_side[self.skin] == side)
                            | (self.target_side[self.skin] == 0) | (side == 0)]  # fmt: skip
        allowed = np.setdiff1d(self._central(allowed, central), self.rim_vertices)
        gaps = np.linalg.norm(self.target.vertices[allowed] - warped, axis=1)
        return _Place(warped, allowed[np.argsort(gaps, kind="stable")[:_TRIED]], 0)

    def _on_rim(self, name: str, vertex: int, central: bool) -> _Place:
        one, other = self.source_rims[name], self.target_rims[name]
        at, lengths = one.place(self.source, vertex), other.lengths(self.target)
        length = np.interp(at, np.arange(len(other.stops)), lengths[other.stops])
        way = self.target.vertices[other.way]
        wished = np.array([np.interp(length, lengths, way[:, k]) for k in range(3)])
        exact = abs(at - round(at)) < 1e-6
        rank = 2 if exact else 1
        return _Place(wished, self._central(other.way, central), rank, other, at)

    def _on_eye(self, vertex: int) -> _Place:
        centres, radii = [], []
        for surface, eye in zip((self.source, self.target), self.eyes, strict=True):
            ball = surface.vertices[eye]
            centres.append((ball.min(axis=0) + ball.max(axis=0)) / 2)
            radii.append(float(np.median(np.linalg.norm(ball - centres[-1], axis=1))))
        out = (self.source.vertices[vertex] - centres[0]) / radii[0]
        return _Place(centres[1] + radii[1] * out, self.eyes[1], 1)

    def _central(self, vertices: Index, central: bool) -> Index:
        on_midline = self.target.mirror[vertices] == vertices
        return np.asarray(vertices[on_midline == central])


def ibug_of(surface: FaceSurface) -> Index:
    """Return the (68,) vertices of iBUG on a head: its column of the shipped layout."""
    spec, model = load("68"), surface.model
    if model.name in spec.vertices and spec.topology[model.name] == model.topology.hash:
        return spec.vertices[model.name][spec.ibug68].astype(np.int64)
    if model.name == "ict":
        return np.array(ibug_68())
    raise SpecError(
        f"the head {model.name!r} has no column in layout 68 to begin with", "spec transfer",
        "say with --anchors FILE where eyes, lips and nose are on it (docs/layouts.md)",
    )  # fmt: skip


def _rims(surface: FaceSurface, ibug: Index) -> dict[str, _Rim]:
    rims = {}
    for name, numbers in _RIMS.items():
        way = surface.walk([int(ibug[k]) for k in numbers])
        stops = np.array([int(np.flatnonzero(way == ibug[k])[0]) for k in numbers])
        near = dijkstra(surface.edges, indices=np.unique(way), min_only=True, limit=_NEAR_SLIT)
        rims[name] = _Rim(way, stops, np.asarray(near))
    return rims


def _sides(rims: dict[str, _Rim]) -> Index:
    """Return 1 for vertices (V,) near an upper rim, -1 near a lower one, 0 away from all."""
    above = np.minimum.reduce([rim.distance for name, rim in rims.items() if "upper" in name])
    below = np.minimum.reduce([rim.distance for name, rim in rims.items() if "lower" in name])
    near = np.minimum(above, below) < _NEAR_SLIT
    return np.where(near & (above < below), 1, np.where(near & (below < above), -1, 0))
