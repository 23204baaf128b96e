"""New layouts: from another by its lines or its groups, or from a list of vertices."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dlm.errors import SpecError
from dlm.generator.layout_counts import choose, resize
from dlm.generator.layout_surface import FaceSurface, Index
from dlm.generator.layout_transfer import transfer
from dlm.landmark_specs import LandmarkSpec, load, parse
from dlm.landmark_specs.drafts import from_spec, to_spec
from dlm.landmark_specs.editing import Surface, add, complete, empty, match_ibug68, rename
from dlm.landmark_specs.writing import to_yaml

_IBUG_WITHIN = 0.002  # metres: a picked vertex this near to one of the 68 stands for it
_MAX_LIST = 1_000_000  # bytes


@dataclass(frozen=True)
class Picked:
    """A vertex someone chose."""

    vertex: int
    name: str = ""
    group: str = ""


def from_layout(
    name: str, base: LandmarkSpec, surface: FaceSurface, *,
    count: int | None = None, groups: Mapping[str, int | None] | None = None,
) -> LandmarkSpec:  # fmt: skip
    """Return a layout like `base`: of these groups, each with its count, and `count` in all.

    It is bound to the surface's head alone where points were added, else to all heads of `base`;
    `bound_too` carries it to them. Raises SpecError where that cannot be.
    """
    topology = surface.model.topology
    base.vertex_indices(surface.model.name, topology.hash, topology.vertex_count)
    draft = from_spec(base, name)
    if groups:
        draft = choose(draft, surface, groups)
    if count is not None:
        draft = resize(draft, surface, count)
    return to_spec(draft)


def bound_too(
    spec: LandmarkSpec, base: LandmarkSpec, source: FaceSurface, target: FaceSurface
) -> LandmarkSpec:
    """Return `spec`, which is bound to the source head, on the target as well.

    Points of `base`, which is bound to both, stay where it has them; the others are carried.
    Raises SpecError where `base` was picked on another mesh of the target.
    """
    topology = target.model.topology
    there = base.vertex_indices(target.model.name, topology.hash, topology.vertex_count)
    here = base.vertices[source.model.name]
    known = dict(zip(here.tolist(), there.tolist(), strict=True))
    return with_column(spec, target, transfer(spec, source, target, known).vertices)


def with_column(spec: LandmarkSpec, target: FaceSurface, vertices: Index) -> LandmarkSpec:
    """Return `spec` with its `vertices` (P,) on another head, its YAML written anew."""
    model = target.model
    both = replace(
        spec,
        vertices={**spec.vertices, model.name: vertices.astype(np.int32)},
        topology={**spec.topology, model.name: model.topology.hash},
    )
    return parse(to_yaml(both), spec.source)


def from_vertices(
    name: str, picked: list[Picked], surface: FaceSurface, *, mirror: bool
) -> LandmarkSpec:
    """Return a layout of picked vertices, with `mirror` completed on the other side.

    Points without a name are called after their group. Raises SpecError for a vertex that is not
    on the head, twice in the list, or, without `mirror`, has no vertex across in the list.
    """
    topology = surface.model.topology
    head = Surface(
        model=surface.model.name, topology=topology.hash, vertices=surface.model.template,
        mirror=topology.mirror,
    )  # fmt: skip
    draft = empty(name, head)
    for point in picked:
        if point.vertex >= topology.vertex_count:
            raise SpecError(
                f"vertex {point.vertex} is none of the {topology.vertex_count} of {head.model}",
                f"layout {name!r}", "correct the list",
            )  # fmt: skip
        draft = add(draft, head, point.vertex, group=point.group or "points", mirrored=False)
        if point.name:
            draft = rename(draft, draft.names[-1], point.name, mirrored=False)
    if mirror:
        draft = complete(draft, head)
    elif draft.unpaired:
        raise SpecError(
            f"{draft.unpaired[0]!r} has no vertex across in the list"
            f" ({len(draft.unpaired)} in all)",
            f"layout {name!r}", "add --mirror to complete the other side",
        )  # fmt: skip
    return to_spec(match_ibug68(draft, head, load("68"), within=_IBUG_WITHIN))


def read_vertices(path: Path) -> list[Picked]:
    """Return the vertices listed in a text file: `index [name [group]]` a line, # for remarks.

    Raises SpecError with file and line.
    """
    try:
        if path.stat().st_size > _MAX_LIST:
            raise SpecError("too large for a list of vertices", str(path), "check the path")
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8 text"
        raise SpecError(f"cannot read the vertices: {reason}", str(path), "check it") from None
    picked = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        if not (words[0].isascii() and words[0].isdigit()) or len(words) > 3 or len(words[0]) > 9:
            raise SpecError(
                f"{line.strip()[:40]!r} is no vertex", f"{path}:{number}",
                "write 'index', 'index name' or 'index name group'",
            )  # fmt: skip
        picked.append(Picked(int(words[0]), *words[1:]))
    if not picked:
        raise SpecError("no vertices in the file", str(path), "write one a line")
    return picked
