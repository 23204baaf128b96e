"""LandmarkSpec: which vertices of which head are landmarks, and what they mean.

P is the number of points of a layout; a point's place in the file is its index in every array.
Left and right are the subject's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from dlm.errors import SpecError

Int32 = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """A curve through points, in order; a closed one joins its last point to its first."""

    points: Int32  # (n,) indices of points
    closed: bool

    @property
    def segments(self) -> Int32:
        """(m, 2) pairs of neighbouring points."""
        ends = np.roll(self.points, -1)
        pairs = np.stack([self.points, ends], axis=1)
        return pairs if self.closed else pairs[:-1]


@dataclass(frozen=True, kw_only=True, eq=False)
class LandmarkSpec:
    """A layout: named points as vertex indices of one or more head models."""

    name: str
    version: int
    text: str  # the YAML it was read from
    source: str  # the file it was read from, for messages
    names: tuple[str, ...]  # (P,)
    vertices: Mapping[str, Int32]  # model -> (P,) vertex indices
    topology: Mapping[str, str]  # model -> 6 to 12 hex digits of the hash of its topology
    groups: Mapping[str, Int32]  # group -> (n,) indices of points
    lines: Mapping[str, Line]
    mirror: Int32  # (P,) the point on the other side; a midline point is its own
    ibug68: Int32  # (68,) the nearest point to each of the 68 of iBUG, or -1
    normaliser: Mapping[str, tuple[int, int]]  # name -> the two points whose distance divides
    contour: tuple[str, ...]  # groups that may slide to the visible outline

    @property
    def size(self) -> int:
        """P, the number of points."""
        return len(self.names)

    @cached_property
    def hash(self) -> str:
        """Twelve hex digits over everything but comments and spacing."""
        meaning = {
            "name": self.name,
            "version": self.version,
            "names": self.names,
            "vertices": {model: column.tolist() for model, column in self.vertices.items()},
            "topology": dict(self.topology),
            "groups": {name: points.tolist() for name, points in self.groups.items()},
            "lines": {
                name: [line.points.tolist(), line.closed] for name, line in self.lines.items()
            },
            "mirror": self.mirror.tolist(),
            "ibug68": self.ibug68.tolist(),
            "normaliser": dict(self.normaliser),
            "contour": self.contour,
        }
        return sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()[:12]

    def vertex_indices(self, model: str, topology_hash: str, vertex_count: int) -> Int32:
        """Return the (P,) vertices of this layout on the head `model`.

        Raises SpecError when the layout has no column for that head, was picked on another
        topology of it, or names a vertex that the mesh does not have.
        """
        where = f"spec {self.name!r}"
        if model not in self.vertices:
            bound = ", ".join(sorted(self.vertices))
            raise SpecError(
                f"not bound to the head model {model!r}, only to {bound}", where,
                f"choose --model {sorted(self.vertices)[0]} or add a column for {model}",
            )  # fmt: skip
        picked_on = self.topology[model]
        if not topology_hash.startswith(picked_on):
            raise SpecError(
                f"was picked on topology {picked_on} of {model}, this mesh has {topology_hash}",
                where, "vertex numbers mean nothing on another mesh: pick or transfer it anew",
            )  # fmt: skip
        indices = self.vertices[model]
        beyond = np.flatnonzero(indices >= vertex_count)
        if beyond.size:
            first = int(beyond[0])
            raise SpecError(
                f"point {self.names[first]!r} is vertex {indices[first]}, but {model} has "
                f"{vertex_count} vertices (0 to {vertex_count - 1})",
                where, "correct the index",
            )  # fmt: skip
        return indices
