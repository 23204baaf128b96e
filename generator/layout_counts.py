"""Layouts of a wished-for size: more or fewer points along the lines of one, both sides alike."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dlm.errors import SpecError
from dlm.generator.layout_authoring import Segment, number_of, numbered_stem, refine, segments
from dlm.generator.layout_surface import FaceSurface, Float
from dlm.landmark_specs.drafts import Draft
from dlm.landmark_specs.editing import other_side, remove, renamed

_END = 2.5  # a line's end is kept as if its step were so many times as long
_ALONE = 2.0  # what a point on no line counts


def resize(
    draft: Draft, surface: FaceSurface, count: int, within: Collection[str] | None = None
) -> Draft:
    """Return the draft with `count` points, or with `count` of those `within` it.

    Lines grow and shrink in proportion: points come where the step is longest compared with its
    line's median step, and go where it is shortest. Raises SpecError where that cannot be.
    """
    inside = set(draft.names if within is None else within)
    change = count - len(inside)
    if change > 0:
        return _densified(draft, surface, change, inside)
    return _thinned(draft, surface, -change, inside) if change else draft


def choose(draft: Draft, surface: FaceSurface, wanted: Mapping[str, int | None]) -> Draft:
    """Return the draft with the points of these groups alone, each as many as wanted.

    A line's name stands for a group of its points. What is of one side brings that of the other,
    with as many points; None keeps them all. Raises SpecError for a name that is not there.
    """
    draft = _lines_as_groups(draft, wanted)
    sides = {group: {group, other_side(group)} & set(draft.groups) for group in wanted}
    kept = {name for keys in sides.values() for key in keys for name in draft.groups[key]}
    lines = {key: line for key, line in draft.lines.items()
             if any(kept.issuperset(ends) for ends in line.segments)}  # fmt: skip
    draft = _without(
        replace(draft, lines=lines), [name for name in draft.names if name not in kept]
    )
    draft = replace(
        draft, groups={k: v for k, v in draft.groups.items() if k in set().union(*sides.values())}
    )
    for group, count in wanted.items():
        if count is not None:
            inside = {name for key in sides[group] for name in draft.groups[key]}
            draft = resize(draft, surface, count * len(sides[group]), inside)
    return draft


def _lines_as_groups(draft: Draft, wanted: Iterable[str]) -> Draft:
    """Return the draft with a group for each wanted line that no group is named as."""
    groups = dict(draft.groups)
    for name in wanted:
        if name not in groups and name not in draft.lines:
            known = f"{', '.join(sorted(draft.groups))}; lines {', '.join(sorted(draft.lines))}"
            raise SpecError(
                f"no group or line {name!r}", f"layout {draft.name!r}", f"it has {known}"
            )
        for key in (name, other_side(name)):
            if key not in groups and key in draft.lines:
                groups[key] = draft.lines[key].points
    return replace(draft, groups=groups)


def _densified(draft: Draft, surface: FaceSurface, wanted: int, inside: set[str]) -> Draft:
    twins = {other_side(key) for key in draft.lines if "left" in key.split("_")}
    lines = [
        key for key, line in draft.lines.items()
        if key not in twins and inside.issuperset(line.points)
    ]  # fmt: skip
    parts = {key: segments(draft, surface, key) for key in lines}
    extra = _shared_out(draft, parts, wanted)
    for key in lines:
        draft = refine(draft, surface, key, extra[key])
    return draft


def _shared_out(
    draft: Draft, parts: Mapping[str, list[Segment]], wanted: int
) -> dict[str, list[int]]:
    """Return how many new points each segment gets, so that both sides get `wanted`."""
    extra = {key: [0] * len(found) for key, found in parts.items()}
    step = {key: float(np.median([s.length for s in found] or [1])) for key, found in parts.items()}
    left = wanted
    while left:
        best = max(
            (
                (segment.length / (extra[key][k] + 1) / step[key], key, k)
                for key, found in parts.items()
                for k, segment in enumerate(found)
                if extra[key][k] < segment.room and _cost(draft, segment) <= left
            ),
            default=None,
        )
        if best is None:
            raise SpecError(
                f"no room along its lines for {left} more points",
                f"layout {draft.name!r}", "ask for fewer, or for an even number more",
            )  # fmt: skip
        _, key, k = best
        extra[key][k] += 1
        left -= _cost(draft, parts[key][k])
    return extra


def _cost(draft: Draft, segment: Segment) -> int:
    """Return how many points one more in this segment makes: two off the midline."""
    one, other = segment.ends
    across = draft.mirror[one] == other
    return 1 if across or (draft.mirror[one] == one and draft.mirror[other] == other) else 2


def _thinned(draft: Draft, surface: FaceSurface, surplus: int, inside: set[str]) -> Draft:
    """Return the draft without `surplus` points; ends of lines and iBUG's 68 go last."""
    places = dict(
        zip(draft.names, surface.vertices[draft.vertices(surface.model.name)], strict=True)
    )
    chains = [_Chain(list(line.points), line.closed, places) for line in draft.lines.values()]
    kept = set(draft.ibug68.values())
    gone: set[str] = set()
    while surplus:
        central = {name for name in inside - gone if draft.mirror[name] == name}
        # The last point of the midline goes only where that leaves pairs alone to go.
        spare = len(central) > 1 or surplus % 2 == 1
        best = min(
            (
                (name in kept, _loss(name, chains), name)
                for name in inside - gone
                if (spare if name in central else surplus > 1)
            ),
            default=None,
        )
        if best is None:
            raise SpecError(
                f"cannot do with {surplus} points fewer and stay symmetric",
                f"layout {draft.name!r}", "ask for one point more or fewer",
            )  # fmt: skip
        both = {best[2], draft.mirror[best[2]]}
        for chain in chains:
            chain.points = [name for name in chain.points if name not in both]
        gone |= both
        surplus -= len(both)
    return _without(draft, gone)


@dataclass
class _Chain:
    """A line while points are taken from it."""

    points: list[str]
    closed: bool
    places: Mapping[str, Float]

    def __post_init__(self) -> None:
        joints = zip(self.points, self.points[1:], strict=False)
        self.step = float(np.median([self._gap(*ends) for ends in joints] or [1.0])) or 1.0

    def _gap(self, one: str, other: str) -> float:
        return float(np.linalg.norm(self.places[one] - self.places[other]))

    def score(self, name: str) -> float:
        """Return how long the step would be without this point, in its line's first steps."""
        k = self.points.index(name)
        if len(self.points) == 1:
            return _ALONE
        if not self.closed and k in (0, len(self.points) - 1):
            return _END * self._gap(name, self.points[1 if k == 0 else k - 1]) / self.step
        after = self.points[(k + 1) % len(self.points)]
        return self._gap(self.points[k - 1], after) / self.step


def _loss(name: str, chains: Iterable[_Chain]) -> float:
    """Return what taking a point costs the line that misses it most; one on no line, middling."""
    return max((chain.score(name) for chain in chains if name in chain.points), default=_ALONE)


def _without(draft: Draft, names: Iterable[str]) -> Draft:
    """Return the draft without these points, their lines of one point gone, the rest renumbered."""
    draft = remove(draft, list(names), mirrored=True)
    lines = {
        key: replace(line, closed=line.closed and len(line.points) > 2)
        for key, line in draft.lines.items()
        if len(line.points) > 1
    }
    draft = replace(draft, lines=lines)
    stems: dict[str, list[str]] = defaultdict(list)
    for name in draft.names:
        if stem := numbered_stem(name):
            stems[stem].append(name)
    changes = {
        name: f"{stem}_{number:02d}"
        for stem, members in stems.items()
        for number, name in enumerate(sorted(members, key=number_of), 1)
    }
    return renamed(draft, changes)
