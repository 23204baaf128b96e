"""A layout while it is being made: it may still be wrong, says how, and becomes a LandmarkSpec.

A Draft speaks of points by name, so that points can go without renumbering what refers to them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from dlm.errors import SpecError
from dlm.landmark_specs.reading import IBUG_POINTS, parse
from dlm.landmark_specs.spec import Int32, LandmarkSpec, Line
from dlm.landmark_specs.writing import to_yaml


@dataclass(frozen=True, kw_only=True)
class DraftPoint:
    """A point and its vertex on each head model where it is known."""

    name: str
    vertices: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """A curve through named points; one with a single point is being drawn."""

    points: tuple[str, ...]
    closed: bool = False

    @property
    def segments(self) -> list[tuple[str, str]]:
        """Pairs of neighbouring points."""
        ends = [*self.points, self.points[0]] if self.closed else self.points
        return list(pairwise(ends))


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An unfinished layout. Never changed: the functions of `editing` return new ones."""

    name: str
    version: int = 1
    topology: Mapping[str, str]  # model -> hash
    points: tuple[DraftPoint, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: Mapping[str, DraftLine] = field(default_factory=dict)
    mirror: Mapping[str, str] = field(default_factory=dict)  # both ways; midline: to itself
    ibug68: Mapping[int, str] = field(default_factory=dict)
    normaliser: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    contour: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The points' names in the order of the layout."""
        return tuple(point.name for point in self.points)

    def vertices(self, model: str) -> Int32:
        """Return (P,) vertices on the head `model`, which every point must know."""
        return np.array([point.vertices[model] for point in self.points], dtype=np.int32)

    @property
    def unpaired(self) -> tuple[str, ...]:
        """The points whose other side is no point."""
        return tuple(name for name in self.names if name not in self.mirror)


def from_spec(spec: LandmarkSpec, name: str | None = None) -> Draft:
    """Return a draft of a finished layout, under a name of its own where one is given."""
    names = spec.names
    columns = {model: column.tolist() for model, column in spec.vertices.items()}

    def named(indices: Int32) -> tuple[str, ...]:
        return tuple(names[k] for k in indices)

    return Draft(
        name=name or spec.name,
        version=1 if name else spec.version,
        topology=dict(spec.topology),
        points=tuple(
            DraftPoint(name=point, vertices={model: columns[model][k] for model in columns})
            for k, point in enumerate(names)
        ),
        groups={group: named(points) for group, points in spec.groups.items()},
        lines={
            key: DraftLine(points=named(line.points), closed=line.closed)
            for key, line in spec.lines.items()
        },
        mirror={point: names[spec.mirror[k]] for k, point in enumerate(names)},
        ibug68={n: names[k] for n, k in enumerate(spec.ibug68.tolist()) if k >= 0},
        normaliser={key: (names[a], names[b]) for key, (a, b) in spec.normaliser.items()},
        contour=spec.contour,
    )


def problems(draft: Draft) -> list[str]:
    """Return what keeps this draft from being a layout, each with the way out."""
    found = []
    if not draft.points:
        found.append("no points yet: click on the face")
    if draft.unpaired:
        found.append(
            f"{_listed(draft.unpaired)}: the other side is no point; complete the other side, "
            "or remove them"
        )
    for key, line in draft.lines.items():
        if len(line.points) < 2:
            found.append(f"line {key!r} goes through one point: add another, or delete the line")
    return found


def to_spec(draft: Draft) -> LandmarkSpec:
    """Return the finished layout, read back from the YAML that it is written as.

    Raises SpecError with the first of `problems`, or with what `parse` finds.
    """
    found = problems(draft)
    if found:
        raise SpecError(found[0], f"draft {draft.name!r}")
    return parse(to_yaml(unchecked(draft)), f"{draft.name}.yaml")


def unchecked(draft: Draft) -> LandmarkSpec:
    """Return the draft as it is, to be drawn: a point without a mirror image is its own.

    Columns of head models that some point lacks are left out.
    """
    place = {name: k for k, name in enumerate(draft.names)}

    def indices(names: Iterable[str]) -> Int32:
        return np.array([place[name] for name in names], dtype=np.int32)

    models = [m for m in draft.topology if all(m in point.vertices for point in draft.points)]
    ibug = np.full(IBUG_POINTS, -1, dtype=np.int32)
    for number, name in draft.ibug68.items():
        ibug[number] = place[name]
    return LandmarkSpec(
        name=draft.name,
        version=draft.version,
        text="",
        source=draft.name,
        names=draft.names,
        vertices={model: draft.vertices(model) for model in models},
        topology={model: draft.topology[model] for model in models},
        groups={group: indices(points) for group, points in draft.groups.items()},
        lines={
            key: Line(points=indices(line.points), closed=line.closed)
            for key, line in draft.lines.items()
        },
        mirror=indices(draft.mirror.get(name, name) for name in draft.names),
        ibug68=ibug,
        normaliser={key: (place[a], place[b]) for key, (a, b) in draft.normaliser.items()},
        contour=draft.contour,
    )


@dataclass(frozen=True, kw_only=True)
class History:
    """A draft with the ones before it and those taken back."""

    now: Draft
    past: tuple[Draft, ...] = ()
    future: tuple[Draft, ...] = ()

    def do(self, draft: Draft) -> "History":
        """Make `draft` the present one; what was taken back is forgotten."""
        if draft == self.now:
            return self
        return History(now=draft, past=(*self.past, self.now))

    def undo(self) -> "History":
        """Take the last edit back, if there is one."""
        if not self.past:
            return self
        return replace(
            self, now=self.past[-1], past=self.past[:-1], future=(self.now, *self.future)
        )

    def redo(self) -> "History":
        """Do again what was taken back last, if anything was."""
        if not self.future:
            return self
        return replace(
            self, now=self.future[0], past=(*self.past, self.now), future=self.future[1:]
        )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
