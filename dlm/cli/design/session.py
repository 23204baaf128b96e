"""What the page edits: a draft with its history, the chosen points, and the file it goes to."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dlm.cli.design import picking
from dlm.cli.design.picking import Ray
from dlm.errors import SpecError
from dlm.generator.layout_geometry import layout_geometry
from dlm.generator.models.base import FaceModel, Int32
from dlm.landmark_specs import available, drafts, editing, load, saving
from dlm.landmark_specs.checks import Verdict, check
from dlm.landmark_specs.drafts import Draft, History
from dlm.landmark_specs.editing import Surface
from dlm.landmark_specs.values import check_name
from dlm.landmark_specs.writing import to_yaml

_NEW_NAME = "my_layout"
_REFERENCE = "68"  # the layout that iBUG's 68 are taken from
_CHECK_FACES = 50
_HEADING = "Made with dlm spec design; dlm spec check tells whether it is sound."


@dataclass(frozen=True, kw_only=True)
class Pen:
    """What the next click or button does: the settings of the page."""

    mirrored: bool = True
    group: str = ""
    line: str = ""
    radius: float = 0.0008  # metres, of a point's ball


class Session:
    """One layout being made. Its methods return what they did, in words, and raise SpecError."""

    def __init__(self, model: FaceModel, triangles: Int32, draft: Draft, path: Path) -> None:
        self._model = model
        self.surface = surface_of(model)
        self.triangles = triangles  # (T, 3), those that can be clicked
        self.history = History(now=draft)
        self.saved = draft
        self.path = path
        self.chosen: tuple[str, ...] = ()

    @property
    def draft(self) -> Draft:
        """The layout as it is now."""
        return self.history.now

    @property
    def unsaved(self) -> bool:
        """Whether something would be lost by leaving."""
        return self.draft != self.saved and bool(self.draft.points)

    def toggle(self, ray: Ray, vertices: NDArray[np.floating], pen: Pen) -> str:
        """Add the clicked vertex of the posed head (V, 3) as a point, or remove the point there."""
        points = self.draft.vertices(self.surface.model)
        vertex = picking.toggled(ray, vertices, self.triangles, points, pen.radius)
        if vertex is None:
            return ""
        before = self.draft
        standing = np.flatnonzero(points == vertex)
        if standing.size:
            name = before.names[int(standing[0])]
            self.edit(editing.remove(before, [name], mirrored=pen.mirrored))
            gone = [name for name in before.names if name not in self.draft.names]
            return f"removed {' and '.join(gone)}"
        self.edit(editing.add(before, self.surface, vertex, group=pen.group, line=pen.line,
                              mirrored=pen.mirrored))  # fmt: skip
        return f"added {' and '.join(self.draft.names[len(before.points) :])}, vertex {vertex}"

    def choose(self, ray: Ray, vertices: NDArray[np.floating], pen: Pen) -> str:
        """Choose the clicked point, or let it go if it is chosen."""
        met = picking.hit(ray, vertices, self.triangles)
        limit = np.inf if met is None else met[1]
        places = vertices[self.draft.vertices(self.surface.model)]
        point = picking.point_at(ray, places, limit, 1.5 * pen.radius)
        if point is None:
            return "no point there: click on a ball, or let a click add points" if met else ""
        name = self.draft.names[point]
        if name in self.chosen:
            self.chosen = tuple(other for other in self.chosen if other != name)
            return f"{name} is no longer chosen"
        self.chosen = (*self.chosen, name)
        return f"chose {point} {name}"

    def edit(self, draft: Draft) -> None:
        """Make this the layout; chosen points that are gone are no longer chosen."""
        self.history = self.history.do(draft)
        self._forget_gone()

    def undo(self) -> str:
        """Take the last edit back."""
        if not self.history.past:
            return "nothing to undo"
        self.history = self.history.undo()
        self._forget_gone()
        return "took the last edit back"

    def redo(self) -> str:
        """Do again what was taken back."""
        if not self.history.future:
            return "nothing to redo"
        self.history = self.history.redo()
        self._forget_gone()
        return "did it again"

    def rename_layout(self, name: str) -> None:
        """Give the layout another name."""
        check_name(name)
        self.edit(replace(self.draft, name=name))

    def start_from(self, name: str) -> str:
        """Begin anew from a shipped layout; the one before can be had back by undo."""
        self.edit(_from_shipped(name, self.surface))
        self.chosen = ()
        return f"loaded {name}: {len(self.draft.points)} points"

    def match(self, millimetres: float) -> str:
        """Find the nearest point for each of iBUG's 68."""
        self.edit(editing.match_ibug68(
            self.draft, self.surface, load(_REFERENCE), within=millimetres / 1000))  # fmt: skip
        return f"{len(self.draft.ibug68)} of iBUG's 68 have a point within {millimetres:g} mm"

    def check(self) -> list[Verdict]:
        """Return what `dlm spec check` finds, on fewer faces."""
        spec = drafts.to_spec(self.draft)
        indices = spec.vertices[self.surface.model]
        return check(spec, indices, layout_geometry(self._model, indices, _CHECK_FACES))

    def save(self, path: Path, *, replace: bool) -> str:
        """Write the layout, read back and checked, to a YAML file."""
        spec = drafts.to_spec(self.draft)
        saving.save(to_yaml(spec, _HEADING), path, replace=replace)
        self.saved, self.path = self.draft, path
        lost = ", ".join(model for model in self.draft.topology if model not in spec.vertices)
        note = f"; without {lost}, whose vertices new points lack" if lost else ""
        return f"saved {path}: {spec.size} points{note}"

    def keep(self) -> Path | None:
        """Save unsaved work beside the file it was meant for; None if that cannot be."""
        for number in range(1, 100):
            path = self.path.with_name(f"{self.path.stem}.unsaved{number}.yaml")
            if not path.exists():
                try:
                    self.save(path, replace=False)
                except SpecError:
                    return None
                return path
        return None

    def _forget_gone(self) -> None:
        self.chosen = tuple(name for name in self.chosen if name in self.draft.names)


def surface_of(model: FaceModel) -> Surface:
    """Return what a draft must know of a head model."""
    topology = model.topology
    return Surface(model=model.name, topology=topology.hash, vertices=model.template,
                   mirror=topology.mirror)  # fmt: skip


def begin(name: str | None, model: FaceModel) -> tuple[Draft, Path]:
    """Return the draft that `dlm spec design NAME` starts with, and the file it will go to.

    A shipped layout is copied under a name of one's own, a file is gone on with, and any other
    name is that of a new layout.
    """
    surface = surface_of(model)
    if name in available():
        draft = _from_shipped(name, surface)
        return draft, Path(f"{draft.name}.yaml")
    path = Path(name or f"{_NEW_NAME}.yaml")
    if path.suffix not in (".yaml", ".yml"):
        check_name(str(name))
        path = Path(f"{name}.yaml")
    elif path.exists():
        spec = load(path)
        spec.vertex_indices(surface.model, surface.topology, len(surface.vertices))
        return drafts.from_spec(spec), path
    check_name(path.stem)
    if not path.parent.is_dir():
        raise SpecError("no such folder", str(path.parent), "make it first, or choose another")
    return editing.empty(path.stem, surface), path


def _from_shipped(name: str, surface: Surface) -> Draft:
    spec = load(name)
    spec.vertex_indices(surface.model, surface.topology, len(surface.vertices))
    return drafts.from_spec(spec, name=f"my_{name}")
