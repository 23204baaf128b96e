"""Where a head of one's own has its eyes, nose and lips: told in a file, so that layouts can be
carried to it. Shapes: P points of a layout; 68 points of iBUG.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dlm.errors import SpecError
from dlm.generator.layout_surface import FaceSurface, Index
from dlm.generator.layout_transfer import ibug_of
from dlm.generator.layout_warp import ANCHORS
from dlm.landmark_specs import LandmarkSpec, load
from dlm.landmark_specs.foreign import Mesh, read_anchors

_SHOWN = 4


def anchors_of(
    path: Path, spec: LandmarkSpec, source: FaceSurface, target: FaceSurface
) -> tuple[Index, dict[int, int]]:
    """Return the target's (68,) vertices of iBUG, -1 where unknown, and source -> target vertices.

    The file names points of the layout 68, or else of `spec`, before their vertices on the target.
    One side is enough. Raises SpecError for what the file gets wrong, or leaves out of nose, lids
    and lips.
    """
    reference, topology = load("68"), target.model.topology
    names = tuple(dict.fromkeys([*reference.names, *spec.names]))
    mesh = Mesh(target.model.name, topology.hash, topology.vertex_count)
    given = read_anchors(path, names, mesh)
    whole = _both_sides(_both_sides(given, reference, target), spec, target)
    landmarks = np.full(len(reference.ibug68), -1, dtype=np.int64)
    for number, point in enumerate(reference.ibug68):
        landmarks[number] = whole.get(reference.names[point], -1)
    missing = [reference.names[reference.ibug68[k]] for k in ANCHORS if landmarks[k] < 0]
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise SpecError(
            f"without {', '.join(missing[:_SHOWN])}{more}", str(path),
            "add them; one side is enough, and `dlm spec show 68 -o 68.png` shows where they are",
        )  # fmt: skip
    own = dict(zip(spec.names, spec.vertices[source.model.name].tolist(), strict=True))
    there = own | dict(zip(reference.names, ibug_of(source).tolist(), strict=True))
    return landmarks, {there[name]: vertex for name, vertex in whole.items()}


def _both_sides(
    given: Mapping[str, int], spec: LandmarkSpec, target: FaceSurface
) -> dict[str, int]:  # fmt: skip
    """Return the anchors with those across of the points of `spec` whose other side is given."""
    whole = dict(given)
    for k, name in enumerate(spec.names):
        twin = spec.names[spec.mirror[k]]
        if twin in given:
            whole.setdefault(name, int(target.mirror[given[twin]]))
    return whole
