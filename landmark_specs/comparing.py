"""What differs between two layouts."""

from collections.abc import Mapping
from dataclasses import dataclass

from dlm.landmark_specs.spec import Int32, LandmarkSpec


@dataclass(frozen=True)
class Difference:
    """How `other` differs from `one`; points by name."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: Mapping[str, str]  # old name -> new name, same vertex
    moved: Mapping[str, tuple[int, int]]  # same name, another vertex: before, after
    reordered: bool  # points that both have stand in another order
    groups: tuple[str, ...]  # whose points differ
    lines: tuple[str, ...]  # whose points, order or ends differ
    ibug68: tuple[int, ...]  # numbers that another vertex, or none, stands for
    same_vertices: int  # points whose vertex the other has too

    @property
    def nothing(self) -> bool:
        """Whether the two layouts mean the same."""
        return not (
            self.added or self.removed or self.renamed or self.moved or self.reordered
            or self.groups or self.lines or self.ibug68
        )  # fmt: skip


def difference(one: LandmarkSpec, other: LandmarkSpec, model: str) -> Difference:
    """Return what differs between two layouts that are both bound to the head `model`."""
    before = dict(zip(one.names, one.vertices[model].tolist(), strict=True))
    after = dict(zip(other.names, other.vertices[model].tolist(), strict=True))
    name_at = {vertex: name for name, vertex in after.items()}
    renamed = {
        name: name_at[vertex] for name, vertex in before.items()
        if vertex in name_at and name not in after and name_at[vertex] not in before
    }  # fmt: skip
    moved = {
        name: (vertex, after[name]) for name, vertex in before.items()
        if name in after and after[name] != vertex
    }  # fmt: skip
    new = set(renamed.values())
    shared = [renamed.get(name, name) for name in before if renamed.get(name, name) in after]
    return Difference(
        added=tuple(name for name in after if name not in before and name not in new),
        removed=tuple(name for name in before if name not in after and name not in renamed),
        renamed=renamed,
        moved=moved,
        reordered=shared != [name for name in after if name in set(shared)],
        groups=_changed(_groups(one, model), _groups(other, model)),
        lines=_changed(_lines(one, model), _lines(other, model)),
        ibug68=tuple(
            k for k in range(len(one.ibug68))
            if _vertex(one, one.ibug68[k], model) != _vertex(other, other.ibug68[k], model)
        ),
        same_vertices=len(set(before.values()) & set(after.values())),
    )  # fmt: skip


def _vertex(spec: LandmarkSpec, point: int, model: str) -> int:
    return int(spec.vertices[model][point]) if point >= 0 else -1


def _at(spec: LandmarkSpec, points: Int32, model: str) -> tuple[int, ...]:
    return tuple(spec.vertices[model][points].tolist())


def _groups(spec: LandmarkSpec, model: str) -> dict[str, object]:
    return {key: frozenset(_at(spec, points, model)) for key, points in spec.groups.items()}


def _lines(spec: LandmarkSpec, model: str) -> dict[str, object]:
    return {key: (_at(spec, line.points, model), line.closed) for key, line in spec.lines.items()}


def _changed(one: dict[str, object], other: dict[str, object]) -> tuple[str, ...]:
    keys = [*one, *(key for key in other if key not in one)]
    return tuple(key for key in keys if one.get(key) != other.get(key))
