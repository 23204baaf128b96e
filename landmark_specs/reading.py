"""From YAML to LandmarkSpec: every mistake is one line, 'file:line:column: found; way out'."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from dlm.errors import SpecError
from dlm.landmark_specs.nodes import (
    Mapping,
    Node,
    Place,
    Scalar,
    Sequence,
    describe,
    read_nodes,
    shown,
)
from dlm.landmark_specs.spec import Int32, LandmarkSpec, Line

MAX_POINTS = 20_000
MAX_VERTEX = 10_000_000
IBUG_POINTS = 68
_REQUIRED = ("name", "version", "topology", "points", "groups", "lines", "mirror")
_OPTIONAL = ("ibug68", "normaliser", "contour")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NAME_RULE = "use up to 64 letters, digits, '_', '-' and '.'"
_INTEGER = re.compile(r"-?[0-9]{1,30}")
_HASH = re.compile(r"[0-9a-f]{6,12}")


def parse(text: str, source: str) -> LandmarkSpec:
    """Return the layout that the YAML `text` describes; `source` names it in messages.

    Raises SpecError, one line, with the line and column of what is wrong.
    """
    root = _mapping(read_nodes(text, source), "a layout")
    _check_keys(root, _REQUIRED, _OPTIONAL)
    topology = _read_topology(root.values["topology"])
    table = _read_points(root.values["points"], list(topology))
    groups = _read_groups(root.values["groups"], table)
    return LandmarkSpec(
        name=_name(root.values["name"]),
        version=_integer(root.values["version"], "a version", 1, 1_000_000),
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


def _fail(node: Node | Place, what: str, way_out: str) -> SpecError:
    place = node if isinstance(node, Place) else node.place
    return SpecError(what, str(place), way_out)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return 'did you mean ...' for an unknown word."""
    candidates = list(known)
    close = get_close_matches(word[:80], candidates, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    some = ", ".join(candidates[:6]) + (", ..." if len(candidates) > 6 else "")
    return f"known are {some}" if candidates else "none is defined"


def check_name(text: str) -> None:
    """Raise SpecError unless `text` may name a layout, a point, a group or a line."""
    if not _NAME.fullmatch(text):
        raise SpecError(f"{shown(text)} is no name", "", _NAME_RULE)


def _mapping(node: Node, what: str) -> Mapping:
    if not isinstance(node, Mapping):
        raise _fail(node, f"found {describe(node)} where {what} is due", "write 'key: value' lines")
    return node


def _sequence(node: Node, what: str) -> Sequence:
    if not isinstance(node, Sequence):
        raise _fail(node, f"found {describe(node)} where {what} is due", "write [a, b, ...]")
    return node


def _text(node: Node, what: str) -> str:
    if not isinstance(node, Scalar) or not node.text:
        raise _fail(node, f"found {describe(node)} where {what} is due", "write one name")
    return node.text


def _name(node: Node) -> str:
    text = _text(node, "a name")
    if not _NAME.fullmatch(text):
        raise _fail(node, f"{shown(text)} is no name", _NAME_RULE)
    return text


def _integer(node: Node, what: str, low: int, high: int) -> int:
    if not isinstance(node, Scalar) or not node.plain or not _INTEGER.fullmatch(node.text):
        raise _fail(node, f"found {describe(node)} where {what} is due", "write a whole number")
    value = int(node.text)
    if not low <= value <= high:
        raise _fail(node, f"{value} is no {what.split()[-1]}", f"{low} to {high} is allowed")
    return value


def _check_keys(node: Mapping, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
    for key, scalar in node.keys.items():
        if key not in required + optional:
            raise _fail(scalar, f"unknown key {shown(key)}", nearest(key, required + optional))
    for key in required:
        if key not in node.values:
            raise _fail(node, f"the key {key!r} is missing", f"add '{key}: ...'")


def _read_topology(node: Node) -> dict[str, str]:
    mapping = _mapping(node, "'model: hash'")
    if not mapping.keys:
        raise _fail(mapping, "bound to no head model", "write topology: {makehuman: HASH}")
    for key, value in mapping.values.items():
        _name(mapping.keys[key])
        text = _text(value, "a topology hash")
        if not _HASH.fullmatch(text):
            raise _fail(
                value, f"{shown(text)} is no topology hash",
                "copy the 6 to 12 hex digits that `dlm model show` prints",
            )  # fmt: skip
    return {key: _text(value, "a hash") for key, value in mapping.values.items()}


def _read_points(node: Node, models: list[str]) -> _Points:
    mapping = _mapping(node, "'name: [vertex]'")
    if not mapping.keys:
        raise _fail(mapping, "no points", "a layout has at least one")
    if len(mapping.keys) > MAX_POINTS:
        raise _fail(mapping, f"{len(mapping.keys):,} points", f"{MAX_POINTS:,} are the limit")
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
    _name(key)
    items = _sequence(value, f"a list of {len(models)} vertex indices").items
    if len(items) != len(models):
        raise _fail(
            value, f"{len(items)} vertex indices for {len(models)} head models",
            f"write one for each of {', '.join(models)}",
        )  # fmt: skip
    return [_integer(item, "a vertex index", 0, MAX_VERTEX) for item in items]


def _check_distinct(mapping: Mapping, rows: list[list[int]], models: list[str]) -> None:
    for column, model in enumerate(models):
        seen: dict[int, str] = {}
        for row, (key, value) in zip(rows, mapping.values.items(), strict=True):
            first = seen.setdefault(row[column], key)
            if first != key:
                raise _fail(
                    value, f"vertex {row[column]} of {model} is {first!r} already",
                    "give each point its own vertex",
                )  # fmt: skip


def _point(node: Node, table: _Points) -> int:
    text = _text(node, "a point")
    if text not in table.index:
        raise _fail(node, f"unknown point {shown(text)}", nearest(text, table.names))
    return table.index[text]


def _point_list(node: Node, table: _Points, what: str) -> Int32:
    indices: dict[int, None] = {}
    sequence = _sequence(node, what)
    for item in sequence.items:
        index = _point(item, table)
        if index in indices:
            raise _fail(item, f"{table.names[index]!r} twice in one list", "name it once")
        indices[index] = None
    if not indices:
        raise _fail(sequence, f"an empty list where {what} is due", "name points or remove it")
    return _frozen(indices)


def _frozen(values: Iterable[int]) -> Int32:
    array = np.fromiter(values, dtype=np.int32)
    array.setflags(write=False)
    return array


def _read_groups(node: Node, table: _Points) -> dict[str, Int32]:
    mapping = _mapping(node, "'group: [points]'")
    for key in mapping.keys.values():
        _name(key)
    return {
        key: _point_list(value, table, "a list of points") for key, value in mapping.values.items()
    }


def _read_lines(node: Node, table: _Points) -> dict[str, Line]:
    lines = {}
    mapping = _mapping(node, "'line: {points: [...], closed: ...}'")
    for key, value in mapping.values.items():
        _name(mapping.keys[key])
        line = _mapping(value, "'{points: [...], closed: true or false}'")
        _check_keys(line, ("points", "closed"))
        points = _point_list(line.values["points"], table, "a list of points")
        if len(points) < 2:
            raise _fail(line.values["points"], "a line through one point", "name at least two")
        lines[key] = Line(points=points, closed=_boolean(line.values["closed"]))
    return lines


def _boolean(node: Node) -> bool:
    text = node.text if isinstance(node, Scalar) and node.plain else ""
    if text not in ("true", "false"):
        raise _fail(node, f"found {describe(node)} where true or false is due", "write one of both")
    return text == "true"


def _read_mirror(node: Node, table: _Points) -> Int32:
    mapping = _mapping(node, "'{pairs: [...], midline: [...]}'")
    _check_keys(mapping, ("pairs", "midline"))
    mirror = np.full(len(table.names), -1, dtype=np.int32)

    def claim(item: Node, point: int, partner: int) -> None:
        if mirror[point] >= 0:
            raise _fail(
                item, f"{table.names[point]!r} has a mirror point already, "
                f"{table.names[mirror[point]]!r}",
                "name each point once, in a pair or on the midline",
            )  # fmt: skip
        mirror[point] = partner

    for item in _sequence(mapping.values["pairs"], "a list of pairs").items:
        pair = _sequence(item, "a pair of points").items
        if len(pair) != 2:
            raise _fail(item, f"{len(pair)} points in a pair", "write [left, right]")
        one, other = _point(pair[0], table), _point(pair[1], table)
        if one == other:
            raise _fail(item, f"{table.names[one]!r} paired with itself", "list it under midline")
        claim(pair[0], one, other)
        claim(pair[1], other, one)
    for item in _sequence(mapping.values["midline"], "a list of points").items:
        claim(item, _point(item, table), table.index[_text(item, "a point")])
    left_out = np.flatnonzero(mirror < 0)
    if left_out.size:
        raise _fail(
            mapping, f"{table.names[left_out[0]]!r} has no mirror point ({left_out.size} in all)",
            "name every point in a pair or under midline",
        )  # fmt: skip
    mirror.setflags(write=False)
    return mirror


def _read_ibug68(node: Node | None, table: _Points) -> Int32:
    ibug = np.full(IBUG_POINTS, -1, dtype=np.int32)
    if node is not None:
        mapping = _mapping(node, "'number: point'")
        for key, value in mapping.values.items():
            number = _integer(mapping.keys[key], "an iBUG number", 0, IBUG_POINTS - 1)
            ibug[number] = _point(value, table)
    ibug.setflags(write=False)
    return ibug


def _read_normaliser(node: Node | None, table: _Points) -> dict[str, tuple[int, int]]:
    normaliser = {}
    mapping = _mapping(node, "'name: [point, point]'") if node is not None else None
    for key, value in mapping.values.items() if mapping else ():
        ends = _point_list(value, table, "two points")
        if len(ends) != 2:
            raise _fail(value, f"{len(ends)} points for a distance", "write [point, point]")
        normaliser[key] = (int(ends[0]), int(ends[1]))
    return normaliser


def _read_contour(node: Node | None, groups: dict[str, Int32]) -> tuple[str, ...]:
    contour = []
    for item in _sequence(node, "a list of groups").items if node is not None else ():
        group = _text(item, "a group")
        if group not in groups:
            raise _fail(item, f"unknown group {shown(group)}", nearest(group, groups))
        contour.append(group)
    return tuple(contour)
