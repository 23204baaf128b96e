"""Points that others number: files that say which of their indices is which point or vertex here.

A mapping file declares a layout that dlm does not draw, such as a detector's:

    name: detector_98
    size: 98                       # points a face in its files
    points:                        # index, counted from 0: a point of our layout, or a vertex
      54: nose_tip
      60: eye_right_outer
      16: 4021
    topology: {makehuman: 203fb3}  # of the head whose vertices are named; not needed without them

An anchors file says where on a head of one's own some points are: the same two keys, `topology`
and `points`, but a point's name before its vertex. Shapes: n points of the file.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlm.landmark_specs.nodes import Mapping, Node, Scalar, read_file, read_nodes
from dlm.landmark_specs.spec import Int32, LandmarkSpec
from dlm.landmark_specs.values import (
    MAX_VERTEX,
    as_integer,
    as_mapping,
    as_name,
    as_text,
    check_keys,
    fail,
    nearest,
    read_topology,
)

_MAX_SIZE = 100_000


@dataclass(frozen=True)
class Mesh:
    """The head whose vertices a file may name."""

    model: str
    topology: str  # hash
    vertex_count: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Foreign:
    """A layout of someone else, as far as it is known."""

    name: str
    size: int  # points a face in its files
    indices: Int32  # (n,) the known ones of them
    vertices: Int32  # (n,) where those are on the head


def read_foreign(path: Path, spec: LandmarkSpec, mesh: Mesh) -> Foreign:
    """Return the layout that a mapping file declares by points of `spec`, or by vertices.

    Raises SpecError with file:line:column; one for a vertex without a matching topology too.
    """
    root = as_mapping(read_nodes(read_file(path), str(path)), "a mapping file")
    check_keys(root, ("name", "size", "points"), ("topology",))
    size = as_integer(root.values["size"], "a number of points", 1, _MAX_SIZE)
    points = as_mapping(root.values["points"], "'index: point'")
    column = dict(zip(spec.names, spec.vertices[mesh.model].tolist(), strict=True))
    known: dict[int, int] = {}
    for key, value in points.values.items():
        index = as_integer(points.keys[key], "an index", 0, size - 1)
        if isinstance(value, Scalar) and value.plain and value.text.lstrip("-").isdigit():
            _check_topology(root, mesh)
            known[index] = _vertex(value, mesh)
        else:
            known[index] = column[_point(value, column)]
        _check_new(known, index, value)
    if not known:
        raise fail(points, "no points", "name at least one")
    return Foreign(
        name=as_name(root.values["name"]),
        size=size,
        indices=np.array(list(known), dtype=np.int32),
        vertices=np.array(list(known.values()), dtype=np.int32),
    )


def read_anchors(path: Path, names: tuple[str, ...], mesh: Mesh) -> dict[str, int]:
    """Return point -> vertex of the head as an anchors file says; points are some of `names`."""
    root = as_mapping(read_nodes(read_file(path), str(path)), "an anchors file")
    check_keys(root, ("topology", "points"))
    _check_topology(root, mesh)
    points = as_mapping(root.values["points"], "'point: vertex'")
    known = dict.fromkeys(names, 0)
    anchors: dict[str, int] = {}
    for key, value in points.values.items():
        name = _point(points.keys[key], known)
        anchors[name] = _vertex(value, mesh)
        _check_new(anchors, name, value)
    if not anchors:
        raise fail(points, "no anchors", "write 'point: vertex' lines")
    return anchors


def _point(node: Node, known: dict[str, int]) -> str:
    name = as_text(node, "a point or a vertex")
    if name not in known:
        raise fail(node, f"unknown point {name[:60]!r}", nearest(name, known))
    return name


def _vertex(node: Node, mesh: Mesh) -> int:
    vertex = as_integer(node, "a vertex index", 0, MAX_VERTEX)
    if vertex >= mesh.vertex_count:
        raise fail(
            node, f"{mesh.model} has no vertex {vertex}", f"0 to {mesh.vertex_count - 1} are there"
        )
    return vertex


def _check_new(known: "dict[int, int] | dict[str, int]", key: int | str, node: Node) -> None:
    """Raise where the vertex of the entry just made is another entry's already."""
    entries = list(known.items())
    for other, vertex in entries[:-1]:
        if vertex == entries[-1][1]:
            raise fail(node, f"this is {other!r} already", f"give {key!r} a place of its own")


def _check_topology(root: Mapping, mesh: Mesh) -> None:
    if "topology" not in root.values:
        raise fail(
            root, "vertices are named, but not on which mesh",
            f"add 'topology: {{{mesh.model}: {mesh.topology}}}' if they were picked on that",
        )  # fmt: skip
    node = root.values["topology"]
    picked_on = read_topology(node)
    if mesh.model not in picked_on:
        raise fail(node, f"not of the head {mesh.model!r}", f"it names {', '.join(picked_on)}")
    if not mesh.topology.startswith(picked_on[mesh.model]):
        raise fail(
            node, f"picked on topology {picked_on[mesh.model]} of {mesh.model}, this mesh has "
            f"{mesh.topology}", "vertex numbers mean nothing on another mesh: pick anew",
        )  # fmt: skip
