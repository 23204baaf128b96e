"""Layouts grown from layouts: lines refined, rows of points laid between them.

Every edit keeps a draft mirror-symmetric: the left half is settled on vertices of the head, the
right half is its mirror image. A line's left name stands for both sides.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlm.errors import SpecError
from dlm.generator.layout_surface import FaceSurface, Float, Index
from dlm.landmark_specs.curves import settle, spline, spread
from dlm.landmark_specs.drafts import Draft, DraftLine, DraftPoint
from dlm.landmark_specs.editing import other_side, renamed

_ON_EDGES = 1.02  # a way along edges this little longer than its line follows the line's own rim
_EVENNESS = 6.0
_ALONG = 0.4
_MIDLINE = 1e-4  # metres: nearer than this to the plane of symmetry is on it
_NUMBERED = re.compile(r"(?P<stem>.+)_(?P<number>\d\d+)")


@dataclass(frozen=True)
class Segment:
    """A stretch of a line between neighbours, on the left side or across the midline."""

    ends: tuple[str, str]
    targets: Float  # (fine, 3) the smooth line from end to end
    vertices: Index  # where new points may lie
    room: int  # how many fit

    @property
    def length(self) -> float:
        """Metres along the smooth line."""
        return float(np.linalg.norm(np.diff(self.targets, axis=0), axis=1).sum())


def segments(draft: Draft, surface: FaceSurface, line: str) -> list[Segment]:
    """Return the segments of `line` that edits settle: those not on the right side."""
    model, drawn = surface.model.name, draft.lines[line]
    vertex = dict(zip(draft.names, draft.vertices(model).tolist(), strict=True))
    curve, at = spline(surface.vertices[[vertex[name] for name in drawn.points]], drawn.closed)
    taken = np.array(sorted(vertex.values()))
    found = []
    for k, ends in enumerate(drawn.segments):
        one, other = (vertex[name] for name in ends)
        across = draft.mirror[ends[0]] == ends[1]
        if not across and min(surface.vertices[[one, other], 0]) < -_MIDLINE:
            continue
        targets = np.asarray(curve(np.linspace(at[k], at[k + 1], 33)))
        allowed = _allowed(surface, one, other, targets, across)
        allowed = np.setdiff1d(allowed, taken)
        way = len(surface.walk([one, other])) - 2
        found.append(Segment(ends, targets, allowed, min(way, len(allowed), 1 if across else way)))
    return found


def _allowed(surface: FaceSurface, one: int, other: int, targets: Float, across: bool) -> Index:
    """Return the vertices between two neighbours of a line, their ends left out."""
    way = surface.walk([one, other])
    length = np.linalg.norm(np.diff(surface.vertices[way], axis=0), axis=1).sum()
    smooth = np.linalg.norm(np.diff(targets, axis=0), axis=1).sum()
    if length > _ON_EDGES * smooth:
        way = np.intersect1d(surface.around(way, 2), surface.open)
    central = surface.mirror[way] == way
    if across or (surface.mirror[[one, other]] == [one, other]).all():
        way = way[central]
    else:
        way = way[~central & (surface.vertices[way, 0] > 0)]
    return np.asarray(way[~np.isin(way, [one, other])])


def refine(draft: Draft, surface: FaceSurface, line: str, extra: Sequence[int]) -> Draft:
    """Return the draft with `extra` points put evenly into each of the `segments` of a line.

    The new points join the groups of both neighbours, and the line is numbered anew.
    """
    stems: dict[str, None] = {}
    for segment, count in zip(segments(draft, surface, line), extra, strict=True):
        if count:
            chosen = _settled(draft, surface, segment, count)
            draft, stem = _insert(draft, surface, line, segment.ends, chosen)
            stems[stem] = None
    for stem in stems:
        draft = _numbered(draft, line, stem)
    return draft


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a row of points is called: on the left side, the right one is named after it."""

    name: str  # stem of the points, says "left"
    group: str
    line: str = ""
    closed: bool = False
    middle: str = ""  # the last point's name if it is on the midline, where both sides' lines meet


def add_row(draft: Draft, surface: FaceSurface, places: Float, row: Row) -> Draft:
    """Return the draft with a row settled on the outside near unrolled `places` (n, 2)."""
    chosen = _settled_row(draft, surface, places, bool(row.middle)).tolist()
    return add_vertices(draft, surface, chosen, row)


def add_vertices(draft: Draft, surface: FaceSurface, chosen: Sequence[int], row: Row) -> Draft:
    """Return the draft with a row through these vertices of the left side, mirrored."""
    centre = [row.middle] if row.middle else []
    lefts = [f"{row.name}_{k + 1:02d}" for k in range(len(chosen) - len(centre))]
    rights = [other_side(point) for point in lefts]
    across = surface.mirror[list(chosen[: len(lefts)])].tolist()
    points = [
        *zip(rights, across, strict=True),
        *zip(centre, chosen[len(lefts) :], strict=True),
        *list(zip(lefts, chosen, strict=False))[:: -1 if row.middle else 1],
    ]
    if row.middle:
        drawn = {row.line: (*rights, row.middle, *lefts[::-1])}
    else:
        drawn = {other_side(row.line): tuple(rights), row.line: tuple(lefts)}
    lines = {key: DraftLine(points=names, closed=row.closed) for key, names in drawn.items()}
    pairs = [*zip(rights, lefts, strict=True), *zip(centre, centre, strict=True)]
    draft = replace(
        draft,
        points=(*draft.points, *(_point(surface, *point) for point in points)),
        lines={**draft.lines, **{key: line for key, line in lines.items() if key and lefts}},
        mirror={**draft.mirror, **dict(pairs), **{b: a for a, b in pairs}},
    )
    draft = _joined(draft, other_side(row.group), rights)
    return _joined(draft, row.group, [*centre, *lefts])


def between(inner: Float, outer: Float, share: float, count: int) -> Float:
    """Return `count` unrolled places on the curve that lies `share` of the way between two.

    `inner` (a, 2) and `outer` (b, 2) are knots of smooth curves, each divided evenly.
    """
    return (1 - share) * spread(inner, count) + share * spread(outer, count)


def _point(surface: FaceSurface, name: str, vertex: int) -> DraftPoint:
    return DraftPoint(name=name, vertices={surface.model.name: vertex})


def _joined(draft: Draft, group: str, names: Sequence[str]) -> Draft:
    members = dict.fromkeys([*draft.groups.get(group, ()), *names])
    return replace(draft, groups={**draft.groups, group: tuple(members)})


def _settled_row(draft: Draft, surface: FaceSurface, places: Float, to_middle: bool) -> Index:
    """Return distinct vertices (n,) of the left side that are no points yet."""
    free = np.setdiff1d(surface.outside, draft.vertices(surface.model.name))
    central = free[surface.mirror[free] == free]
    left = free[surface.vertices[free, 0] > _MIDLINE]
    targets = surface.lift(places)
    fixed = {}
    if to_middle:
        gap = np.linalg.norm(surface.vertices[central] - targets[-1], axis=1)
        fixed = {len(targets) - 1: int(central[gap.argmin()])}
    return settle(targets, surface.vertices, left, fixed, evenness=_EVENNESS)


def _settled(draft: Draft, surface: FaceSurface, segment: Segment, count: int) -> list[int]:
    """Return distinct vertices evenly between the ends of a segment."""
    steps = np.linspace(0, len(segment.targets) - 1, count + 2).round().astype(int)
    at = {point.name: point.vertices[surface.model.name] for point in draft.points}
    fixed = {0: at[segment.ends[0]], count + 1: at[segment.ends[1]]}
    free = np.setdiff1d(segment.vertices, list(at.values()))
    along = segment.targets[-1] - segment.targets[0]
    along = along / max(float(np.linalg.norm(along)), 1e-9)

    def squeezed(points: Float) -> Float:  # a millimetre along the line counts less than one off it
        return np.asarray(points - (1 - _ALONG) * (points @ along)[:, None] * along)

    chosen = settle(
        squeezed(segment.targets[steps]), squeezed(surface.vertices), free, fixed, evenness=1.0
    )[1:-1].tolist()  # fmt: skip
    if len(set(chosen)) < count:
        raise SpecError(
            f"no room for {count} points between {segment.ends[0]!r} and {segment.ends[1]!r}",
            f"draft {draft.name!r}", "ask for fewer points",
        )  # fmt: skip
    return [int(vertex) for vertex in chosen]


def _insert(
    draft: Draft, surface: FaceSurface, line: str, ends: tuple[str, str], chosen: Sequence[int]
) -> tuple[Draft, str]:
    """Return the draft with new points between two neighbours, here and across, and their stem."""
    stem = _stem(line, ends)
    far = (draft.mirror[ends[0]], draft.mirror[ends[1]])
    across = far == ends[::-1]
    central = across or far == ends
    if across:
        names = [f"{line}_middle"]
    else:
        if not central and other_side(stem) == stem:
            stem = f"{stem}_left"
        first = len(draft.points)
        names = [f"{stem}_new_{first + k}" for k in range(len(chosen))]
    twins = [other_side(name) for name in names]
    draft = _between(draft, surface, ends, names, chosen)
    if not central:
        draft = _between(draft, surface, far, twins, surface.mirror[list(chosen)].tolist())
    pairs = [*zip(names, twins, strict=True), *zip(twins, names, strict=True)]
    return replace(draft, mirror={**draft.mirror, **dict(pairs)}), stem


def _between(
    draft: Draft, surface: FaceSurface, ends: tuple[str, str], names: Sequence[str],
    vertices: Sequence[int],
) -> Draft:  # fmt: skip
    """Return the draft with points between neighbours, in every line and group that has both.

    Where no group has both, they join those of the neighbour they are named after.
    """
    new = {name: _point(surface, name, v) for name, v in zip(names, vertices, strict=True)}
    points = {point.name: point for point in draft.points} | new
    lines = {
        key: replace(line, points=_put(line.points, ends, names))
        if ends in (joints := line.segments) or ends[::-1] in joints else line
        for key, line in draft.lines.items()
    }  # fmt: skip
    shared = [key for key, members in draft.groups.items() if set(ends) <= set(members)]
    stem = names[0].partition("_new_")[0]
    namesake = ends[1] if _of(stem, ends[1]) else ends[0]
    joined = shared or [key for key, members in draft.groups.items() if namesake in members]
    groups = {
        key: _put(members, ends if key in shared else (namesake, namesake), names)
        if key in joined else members
        for key, members in draft.groups.items()
    }  # fmt: skip
    order = _put(draft.names, ends, names)
    return replace(
        draft, points=tuple(points[name] for name in order), lines=lines, groups=groups
    )  # fmt: skip


def _put(sequence: tuple[str, ...], ends: tuple[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """Return the sequence with `names` between its neighbours `ends`, or after the first of them.

    The last and the first of a closed sequence are neighbours too.
    """
    one, other = sequence.index(ends[0]), sequence.index(ends[1])
    if other == one - 1 or (one == 0 and other == len(sequence) - 1 > 1):
        one, names = other, names[::-1]
    return (*sequence[: one + 1], *names, *sequence[one + 1 :])


def numbered_stem(name: str) -> str:
    """Return `name` without its number, '' where it has none."""
    found = _NUMBERED.fullmatch(name)
    return found["stem"] if found else ""


def number_of(name: str) -> int:
    """Return the number at the end of a numbered name."""
    return int(name.rpartition("_")[2])


def _stem(line: str, ends: tuple[str, str]) -> str:
    """Return what new points between `ends` are called, before their number."""
    stems = [stem for end in ends if (stem := numbered_stem(end))]
    own = [stem for stem in stems if stem.split("_")[0] == line.split("_")[0]]
    return (own or stems or [line])[0]


def _numbered(draft: Draft, line: str, stem: str) -> Draft:
    """Return the draft with the points of a stem numbered in the order of the line.

    Where points off the line share the stem, the new points take the next free numbers.
    """
    members = [name for name in draft.lines[line].points if _of(stem, name)]
    everywhere = [name for name in draft.names if _of(stem, name)]
    old = [number_of(name) for name in members if numbered_stem(name) == stem]
    if len(everywhere) == len(members):
        numbers = list(range(1, len(members) + 1))
        if len(old) > 1 and old[0] > old[-1]:
            numbers.reverse()
    else:
        settled = [name for name in everywhere if numbered_stem(name) == stem]
        first = 1 + max(map(number_of, settled), default=0)
        members = [name for name in members if name not in settled]
        numbers = list(range(first, first + len(members)))
    changes = {}
    for name, number in zip(members, numbers, strict=True):
        fresh = f"{stem}_{number:02d}"
        changes[draft.mirror[name]] = other_side(fresh)
        changes[name] = fresh
    return renamed(draft, changes)


def _of(stem: str, name: str) -> bool:
    rest = name.removeprefix(f"{stem}_")
    return rest != name and rest.removeprefix("new_").isdigit()
