"""From YAML to LandmarkSpec: every mistake is one line, 'file:line:column: found; way out'."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dlm.landmark_specs.nodes import Mapping, Node, Scalar, read_nodes, shown
from dlm.landmark_specs.spec import Int32, LandmarkSpec, Line
from dlm.landmark_specs.values import (
    MAX_VERTEX,
    as_boolean,
    as_integer,
    as_mapping,
    as_name,
    as_sequence,
    as_text,
    check_keys,
    fail,
    nearest,
    read_topology,
)  # fmt: skip

MAX_POINTS = 20_000
IBUG_POINTS = 68
_REQUIRED = ("name", "version", "topology", "points", "groups", "lines", "mirror")
_OPTIONAL = ("ibug68", "normaliser", "contour")


def parse(text: str, source: str) -> LandmarkSpec:
    """Return the layout that the YAML `text` describes; `source` names it in messages.

    Raises SpecError, one line, with the line and column of what is wrong.
    """
    root = as_mapping(read_nodes(text, source), "a layout")
    check_keys(root, _REQUIRED, _OPTIONAL)
    topology = read_topology(root.values["topology"])
    table = _read_points(root.values["points"], list(topology))
    groups = _read_groups(root.values["groups"], table)
    return LandmarkSpec(
        name=as_name(root.values["name"]),
        version=as_integer(root.values["version"], "a version", 1, 1_000_000),
        text=text,
        source=source,
        names=table.names,
        vertices=table.vertices,
        topology=topology,
        groups=groups,
        lines=_read_lines(root.values["lines"], table),
        mirror=_read_mirror(root.values["mirror"], table),
        ibug68=_read_ibug68(root.values.get("ibug68"), table),
        normaliser=_read_normaliser(root.values.get("normaliser"), table),
        contour=_read_contour(root.values.get("contour"), groups),
    )


@dataclass(frozen=True)
class _Points:
    names: tuple[str, ...]
    index: dict[str, int]
    vertices: dict[str, Int32]


def _read_points(node: Node, models: list[str]) -> _Points:
    mapping = as_mapping(node, "'name: [vertex]'")
    if not mapping.keys:
        raise fail(mapping, "no points", "a layout has at least one")
    if len(mapping.keys) > MAX_POINTS:
        raise fail(mapping, f"{len(mapping.keys):,} points", f"{MAX_POINTS:,} are the limit")
    rows = [_read_point(mapping.keys[key], value, models) for key, value in mapping.values.items()]
    _check_distinct(mapping, rows, models)
    columns = np.array(rows, dtype=np.int32).reshape(-1, len(models))
    columns.setflags(write=False)
    names = tuple(mapping.keys)
    return _Points(
        names,
        {name: i for i, name in enumerate(names)},
        {model: np.ascontiguousarray(columns[:, k]) for k, model in enumerate(models)},
    )


def _read_point(key: Scalar, value: Node, models: list[str]) -> list[int]:
    as_name(key)
    items = as_sequence(value, f"a list of {len(models)} vertex indices").items
    if len(items) != len(models):
        raise fail(
            value, f"{len(items)} vertex indices for {len(models)} head models",
            f"write one for each of {', '.join(models)}",
        )  # fmt: skip
    return [as_integer(item, "a vertex index", 0, MAX_VERTEX) for item in items]


def _check_distinct(mapping: Mapping, rows: list[list[int]], models: list[str]) -> None:
    for column, model in enumerate(models):
        seen: dict[int, str] = {}
        for row, (key, value) in zip(rows, mapping.values.items(), strict=True):
            first = seen.setdefault(row[column], key)
            if first != key:
                raise fail(
                    value, f"vertex {row[column]} of {model} is {first!r} already",
                    "give each point its own vertex",
                )  # fmt: skip


def _point(node: Node, table: _Points) -> int:
    text = as_text(node, "a point")
    if text not in table.index:
        raise fail(node, f"unknown point {shown(text)}", nearest(text, table.names))
    return table.index[text]


def _point_list(node: Node, table: _Points, what: str) -> Int32:
    indices: dict[int, None] = {}
    sequence = as_sequence(node, what)
    for item in sequence.items:
        index = _point(item, table)
        if index in indices:
            raise fail(item, f"{table.names[index]!r} twice in one list", "name it once")
        indices[index] = None
    if not indices:
        raise fail(sequence, f"an empty list where {what} is due", "name points or remove it")
    return _frozen(indices)


def _frozen(values: Iterable[int]) -> Int32:
    array = np.fromiter(values, dtype=np.int32)
    array.setflags(write=False)
    return array


def _read_groups(node: Node, table: _Points) -> dict[str, Int32]:
    mapping = as_mapping(node, "'group: [points]'")
    for key in mapping.keys.values():
        as_name(key)
    return {
        key: _point_list(value, table, "a list of points") for key, value in mapping.values.items()
    }


def _read_lines(node: Node, table: _Points) -> dict[str, Line]:
    lines = {}
    mapping = as_mapping(node, "'line: {points: [...], closed: ...}'")
    for key, value in mapping.values.items():
        as_name(mapping.keys[key])
        line = as_mapping(value, "'{points: [...], closed: true or false}'")
        check_keys(line, ("points", "closed"))
        points = _point_list(line.values["points"], table, "a list of points")
        if len(points) < 2:
            raise fail(line.values["points"], "a line through one point", "name at least two")
        lines[key] = Line(points=points, closed=as_boolean(line.values["closed"]))
    return lines


def _read_mirror(node: Node, table: _Points) -> Int32:
    mapping = as_mapping(node, "'{pairs: [...], midline: [...]}'")
    check_keys(mapping, ("pairs", "midline"))
    mirror = np.full(len(table.names), -1, dtype=np.int32)

    def claim(item: Node, point: int, partner: int) -> None:
        if mirror[point] >= 0:
            raise fail(
                item, f"{table.names[point]!r} has a mirror point already, "
                f"{table.names[mirror[point]]!r}",
                "name each point once, in a pair or on the midline",
            )  # fmt: skip
        mirror[point] = partner

    for item in as_sequence(mapping.values["pairs"], "a list of pairs").items:
        pair = as_sequence(item, "a pair of points").items
        if len(pair) != 2:
            raise fail(item, f"{len(pair)} points in a pair", "write [left, right]")
        one, other = _point(pair[0], table), _point(pair[1], table)
        if one == other:
            raise fail(item, f"{table.names[one]!r} paired with itself", "list it under midline")
        claim(pair[0], one, other)
        claim(pair[1], other, one)
    for item in as_sequence(mapping.values["midline"], "a list of points").items:
        claim(item, _point(item, table), table.index[as_text(item, "a point")])
    left_out = np.flatnonzero(mirror < 0)
    if left_out.size:
        raise fail(
            mapping, f"{table.names[left_out[0]]!r} has no mirror point ({left_out.size} in all)",
            "name every point in a pair or under midline",
        )  # fmt: skip
    mirror.setflags(write=False)
    return mirror


def _read_ibug68(node: Node | None, table: _Points) -> Int32:
    ibug = np.full(IBUG_POINTS, -1, dtype=np.int32)
    if node is not None:
        mapping = as_mapping(node, "'number: point'")
        for key, value in mapping.values.items():
            number = as_integer(mapping.keys[key], "an iBUG number", 0, IBUG_POINTS - 1)
            ibug[number] = _point(value, table)
    ibug.setflags(write=False)
    return ibug


def _read_normaliser(node: Node | None, table: _Points) -> dict[str, tuple[int, int]]:
    normaliser = {}
    mapping = as_mapping(node, "'name: [point, point]'") if node is not None else None
    for key, value in mapping.values.items() if mapping else ():
        ends = _point_list(value, table, "two points")
        if len(ends) != 2:
            raise fail(value, f"{len(ends)} points for a distance", "write [point, point]")
        normaliser[key] = (int(ends[0]), int(ends[1]))
    return normaliser


def _read_contour(node: Node | None, groups: dict[str, Int32]) -> tuple[str, ...]:
    contour = []
    for item in as_sequence(node, "a list of groups").items if node is not None else ():
        group = as_text(item, "a group")
        if group not in groups:
            raise fail(item, f"unknown group {shown(group)}", nearest(group, groups))
        contour.append(group)
    return tuple(contour)
