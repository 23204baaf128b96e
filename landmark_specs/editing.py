"""Edits of a draft layout: each takes a Draft and returns a new one.

With `mirrored`, what is done to a point is done to the one on the other side as well. Names that
hold the word left or right (`brow_left_upper_03`) swap it for the other side; a line without a
side (`jaw`) grows at its end on the side that is clicked and at its start on the other.
Left and right are the subject's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dlm.errors import SpecError
from dlm.landmark_specs.drafts import Draft, DraftLine, DraftPoint
from dlm.landmark_specs.spec import Int32, LandmarkSpec
from dlm.landmark_specs.values import check_name

_OTHER = {"left": "right", "right": "left"}
_OUTER_EYE_CORNERS = (36, 45)  # of iBUG-68, right and left
_NORMALISER = "inter_ocular"


@dataclass(frozen=True, kw_only=True, eq=False)
class Surface:
    """The head that a draft is picked on."""

    model: str
    topology: str  # hash
    vertices: NDArray[np.float32]  # (V, 3) metres, +x to the subject's left, of the mean face
    mirror: Int32  # (V,) the vertex on the other side; a midline vertex is its own

    def side(self, vertex: int) -> str:
        """Return 'left', 'right', or '' for the midline."""
        if self.mirror[vertex] == vertex:
            return ""
        return "left" if self.vertices[vertex, 0] > 0 else "right"


def empty(name: str, surface: Surface) -> Draft:
    """Return a draft without points."""
    return Draft(name=name, topology={surface.model: surface.topology})


def other_side(name: str) -> str:
    """Return `name` with left and right swapped; a name without a side stays as it is."""
    return "_".join(_OTHER.get(word, word) for word in name.split("_"))


def on_side(name: str, side: str) -> str:
    """Return a sided name for `side`; a name without a side, or no side, changes nothing."""
    words = name.split("_")
    return other_side(name) if side and _OTHER[side] in words else name


def add(
    draft: Draft, surface: Surface, vertex: int, *, group: str, line: str = "", mirrored: bool
) -> Draft:
    """Return the draft with a point at `vertex`, and with `mirrored` one across from it.

    The point joins `group` and the end of `line`, each where it is given, and is named after the
    line, or else the group. Raises SpecError where the vertex is a point already.
    """
    at = _by_vertex(draft, surface.model)
    if vertex in at:
        raise SpecError(f"vertex {vertex} is {at[vertex]!r} already", f"draft {draft.name!r}")
    for name in (group, line):
        if name:
            check_name(name)
    twin = int(surface.mirror[vertex])
    wanted = [vertex, twin] if mirrored and twin != vertex and twin not in at else [vertex]
    names = _new_names(draft, [surface.side(v) for v in wanted], line or group or "point")
    points = [
        DraftPoint(name=name, vertices={surface.model: v})
        for name, v in zip(names, wanted, strict=True)
    ]
    grown = replace(draft, points=(*draft.points, *points))
    grown = _pair(grown, surface, names)
    for k, (name, v) in enumerate(zip(names, wanted, strict=True)):
        side = surface.side(v)
        if group:
            grown = _join(grown, on_side(group, side), name)
        if line:
            grown = _extend(grown, line, side, name, at_start=k == 1)
    return grown


def complete(draft: Draft, surface: Surface) -> Draft:
    """Return the draft with the other side of every point that lacks it, in its groups as well.

    Lines are left alone, but for those of one side, which get their twin where it is missing.
    """
    draft = _pair(draft, surface, draft.unpaired)
    for name in draft.unpaired:
        vertex = draft.points[draft.names.index(name)].vertices[surface.model]
        groups = [group for group, points in draft.groups.items() if name in points]
        draft = add(draft, surface, int(surface.mirror[vertex]), group="", mirrored=False)
        twin = draft.names[-1]
        wanted = other_side(name)
        if wanted != name and wanted not in draft.names:
            draft, twin = renamed(draft, {twin: wanted}), wanted
        for group in groups:
            draft = _join(draft, other_side(group), twin)
    for key, line in draft.lines.items():
        if other_side(key) not in draft.lines:
            twins = tuple(draft.mirror[name] for name in line.points)
            draft = _with_line(draft, other_side(key), replace(line, points=twins))
    return draft


def remove(draft: Draft, names: Iterable[str], *, mirrored: bool) -> Draft:
    """Return the draft without these points; groups and lines that lose all points go too."""
    gone = _both(draft, names, mirrored)
    lines = {
        key: replace(line, points=_without(line.points, gone)) for key, line in draft.lines.items()
    }
    groups = {key: _without(points, gone) for key, points in draft.groups.items()}
    groups = {key: points for key, points in groups.items() if points}
    return replace(
        draft,
        points=tuple(point for point in draft.points if point.name not in gone),
        groups=groups,
        lines={key: line for key, line in lines.items() if line.points},
        mirror={a: b for a, b in draft.mirror.items() if a not in gone and b not in gone},
        ibug68={n: name for n, name in draft.ibug68.items() if name not in gone},
        normaliser={
            key: ends for key, ends in draft.normaliser.items() if gone.isdisjoint(ends)
        },
        contour=tuple(group for group in draft.contour if group in groups),
    )  # fmt: skip


def rename(draft: Draft, old: str, new: str, *, mirrored: bool) -> Draft:
    """Return the draft with a point renamed, and its twin where both names tell their side.

    Raises SpecError where `new` is no name or is taken.
    """
    check_name(new)
    changes = {old: new}
    twin = draft.mirror.get(old, old)
    if mirrored and twin != old and other_side(new) != new:
        changes[twin] = other_side(new)
    for before, after in changes.items():
        if after in draft.names and after not in changes:
            raise SpecError(
                f"{after!r} is a point already", f"renaming {before!r}", "choose another"
            )
    return renamed(draft, changes)


def move(draft: Draft, names: Collection[str], place: int) -> Draft:
    """Return the draft with these points, in their order, from index `place` on."""
    moved = [point for point in draft.points if point.name in names]
    rest = [point for point in draft.points if point.name not in names]
    place = min(max(place, 0), len(rest))
    return replace(draft, points=(*rest[:place], *moved, *rest[place:]))


def join_group(draft: Draft, group: str, names: Iterable[str], *, mirrored: bool) -> Draft:
    """Return the draft with these points in `group`; twins join the group of their side."""
    check_name(group)
    for name in names:
        draft = _join(draft, group, name)
        twin = draft.mirror.get(name, name)
        if mirrored and twin != name:
            draft = _join(draft, other_side(group), twin)
    return draft


def leave_group(draft: Draft, group: str, names: Iterable[str], *, mirrored: bool) -> Draft:
    """Return the draft with these points out of `group`, twins out of their side's."""
    chosen = list(names)
    leaving = {group: set(chosen)}
    if mirrored:
        twins = {draft.mirror.get(name, name) for name in chosen}
        leaving[other_side(group)] = leaving.get(other_side(group), set()) | twins
    groups = {
        key: _without(points, leaving.get(key, ())) for key, points in draft.groups.items()
    }  # fmt: skip
    groups = {key: points for key, points in groups.items() if points}
    contour = tuple(key for key in draft.contour if key in groups)
    return replace(draft, groups=groups, contour=contour)


def delete_group(draft: Draft, group: str, *, mirrored: bool) -> Draft:
    """Return the draft without `group`; its points stay."""
    gone = {group, other_side(group)} if mirrored else {group}
    groups = {key: points for key, points in draft.groups.items() if key not in gone}
    contour = tuple(key for key in draft.contour if key in groups)
    return replace(draft, groups=groups, contour=contour)


def draw_line(draft: Draft, line: str, names: Sequence[str], *, mirrored: bool) -> Draft:
    """Return the draft with `line` through these points in this order, in place of what it was.

    Mirrored, a line that tells its side gets a twin through the points across.
    """
    check_name(line)
    closed = draft.lines[line].closed if line in draft.lines else False
    drawn = _with_line(draft, line, DraftLine(points=tuple(names), closed=closed))
    if mirrored and other_side(line) != line:
        twins = tuple(draft.mirror[name] for name in names if name in draft.mirror)
        drawn = _with_line(drawn, other_side(line), DraftLine(points=twins, closed=closed))
    return drawn


def close_line(draft: Draft, line: str, closed: bool, *, mirrored: bool) -> Draft:
    """Return the draft with `line` joined end to start, or not."""
    for key in {line, other_side(line)} if mirrored else {line}:
        if key in draft.lines:
            draft = _with_line(draft, key, replace(draft.lines[key], closed=closed))
    return draft


def delete_line(draft: Draft, line: str, *, mirrored: bool) -> Draft:
    """Return the draft without `line`; its points stay."""
    gone = {line, other_side(line)} if mirrored else {line}
    lines = {key: value for key, value in draft.lines.items() if key not in gone}
    return replace(draft, lines=lines)


def match_ibug68(
    draft: Draft, surface: Surface, reference: LandmarkSpec, *, within: float
) -> Draft:
    """Return the draft with the nearest point, within so many metres, for each of the 68.

    `reference` is a layout of exactly the 68. Where both outer eye corners are matched, their
    distance becomes the normaliser, unless there is one.
    """
    targets = surface.vertices[reference.vertices[surface.model][reference.ibug68]]
    places = surface.vertices[draft.vertices(surface.model)]
    gaps = np.linalg.norm(places[None] - targets[:, None], axis=2)  # (68, P)
    best = gaps.argmin(axis=1)
    found = {
        number: draft.names[point]
        for number, point in enumerate(best.tolist())
        if gaps[number, point] <= within
    }
    normaliser = dict(draft.normaliser)
    if not normaliser and all(number in found for number in _OUTER_EYE_CORNERS):
        right, left = (found[number] for number in _OUTER_EYE_CORNERS)
        if right != left:
            normaliser[_NORMALISER] = (right, left)
    return replace(draft, ibug68=found, normaliser=normaliser)


def _by_vertex(draft: Draft, model: str) -> dict[int, str]:
    return {point.vertices[model]: point.name for point in draft.points}


def _new_names(draft: Draft, sides: Sequence[str], stem: str) -> list[str]:
    """Return free names with one number for points on these sides."""
    words = stem.split("_")
    stems = []
    for side in sides:
        if side and not _OTHER.keys() & set(words):
            stems.append(f"{stem}_{side}")
        elif side:
            stems.append(on_side(stem, side))
        else:
            stems.append("_".join(word for word in words if word not in _OTHER) or stem)
    taken = set(draft.names)
    number = 1
    while any(f"{name}_{number:02d}" in taken for name in stems):
        number += 1
    return [f"{name}_{number:02d}" for name in stems]


def _pair(draft: Draft, surface: Surface, names: Iterable[str]) -> Draft:
    """Return the draft with these points paired with the points across, where those exist."""
    at = _by_vertex(draft, surface.model)
    vertex = {name: v for v, name in at.items()}
    mirror = dict(draft.mirror)
    for name in names:
        twin = at.get(int(surface.mirror[vertex[name]]))
        if twin is not None and (twin == name or twin not in mirror):
            mirror[name], mirror[twin] = twin, name
    return replace(draft, mirror=mirror)


def _both(draft: Draft, names: Iterable[str], mirrored: bool) -> set[str]:
    chosen = set(names)
    if not mirrored:
        return chosen
    return chosen | {draft.mirror[name] for name in chosen if name in draft.mirror}


def _without(names: Sequence[str], gone: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in gone)


def _join(draft: Draft, group: str, name: str) -> Draft:
    members = draft.groups.get(group, ())
    if name in members:
        return draft
    return replace(draft, groups={**draft.groups, group: (*members, name)})


def _extend(draft: Draft, line: str, side: str, name: str, *, at_start: bool) -> Draft:
    """Return the draft with the line of this point's side grown by it."""
    key = on_side(line, side)
    old = draft.lines.get(key, DraftLine(points=()))
    at_start = at_start and key == other_side(key)
    points = (name, *old.points) if at_start else (*old.points, name)
    return _with_line(draft, key, replace(old, points=points))


def _with_line(draft: Draft, key: str, line: DraftLine) -> Draft:
    return replace(draft, lines={**draft.lines, key: line})


def renamed(draft: Draft, changes: Mapping[str, str]) -> Draft:
    """Return the draft with points renamed, all at once: old name -> new name."""

    def new(name: str) -> str:
        return changes.get(name, name)

    def all_new(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(map(new, names))

    return replace(
        draft,
        points=tuple(replace(point, name=new(point.name)) for point in draft.points),
        groups={key: all_new(points) for key, points in draft.groups.items()},
        lines={
            key: replace(line, points=all_new(line.points)) for key, line in draft.lines.items()
        },
        mirror={new(a): new(b) for a, b in draft.mirror.items()},
        ibug68={number: new(name) for number, name in draft.ibug68.items()},
        normaliser={key: (new(a), new(b)) for key, (a, b) in draft.normaliser.items()},
    )
