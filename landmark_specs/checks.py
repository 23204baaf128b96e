"""Does a layout sit well on a head? Each rule gives a verdict and names the points that fail it.

Nothing here knows a head model: the mesh and the random faces come in as arrays.
Shapes: P points, V vertices, B faces; lengths are metres coming in, millimetres in verdicts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlm.landmark_specs.spec import Int32, LandmarkSpec, Line

Float = NDArray[np.floating]

SYMMETRY_MM = 1.0  # a point and its mirror point may differ by this much on the mean head
STEP_RATIO = 3.0  # longest step of a line over its median step
TURN_DEGREES = 125.0  # a line that turns sharper than this at a point is out of order
CROSSING_MM = 3.0  # an upper lid or lip point may lie this far below its lower line
CROSSING_SHARE = 0.02  # of the faces
OPENING_MM = 3.0  # the widest gap of lids or lips over the faces is at least this
OPENING_SHARE = 0.5  # a point opens at least this share of what its neighbours do


@dataclass(frozen=True)
class Verdict:
    """What one rule found; `points` are the indices of the offenders."""

    rule: str
    passed: bool
    detail: str
    points: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Geometry:
    """A head as the rules see it."""

    template: Float  # (V, 3) the mean head
    faces: Float  # (B, P, 3) the layout's points on random people with random expressions
    visible_parts: Int32  # vertices of the parts a landmark may lie on


def check(spec: LandmarkSpec, indices: Int32, geometry: Geometry) -> list[Verdict]:
    """Return the verdict of every rule, for the vertices `indices` (P,) of one head."""
    points = np.asarray(geometry.template, dtype=np.float64)[indices]
    return [
        _surface(spec, indices, geometry.visible_parts),
        _grouped(spec),
        _symmetry(spec, points),
        _order(spec, points),
        _spacing(spec, points),
        *_apertures(spec, np.asarray(geometry.faces, dtype=np.float64)),
    ]


def _verdict(rule: str, spec: LandmarkSpec, bad: NDArray[np.bool_], good: str) -> Verdict:
    points = tuple(np.flatnonzero(bad).tolist())
    if not points:
        return Verdict(rule, True, good)
    named = ", ".join(spec.names[k] for k in points[:4]) + (", ..." if len(points) > 4 else "")
    return Verdict(rule, False, f"{good}; fails at {named}", points)


def _surface(spec: LandmarkSpec, indices: Int32, allowed: Int32) -> Verdict:
    outside = ~np.isin(indices, allowed)
    return _verdict("surface", spec, outside, "points lie on the skin or the eyeballs")


def _grouped(spec: LandmarkSpec) -> Verdict:
    alone = np.ones(spec.size, dtype=bool)
    for points in spec.groups.values():
        alone[points] = False
    return _verdict("groups", spec, alone, f"every point is in one of {len(spec.groups)} groups")


def _symmetry(spec: LandmarkSpec, points: Float) -> Verdict:
    error = np.linalg.norm(points * [-1, 1, 1] - points[spec.mirror], axis=1) * 1000
    good = f"largest difference to the mirror point {error.max():.2f} mm"
    return _verdict("symmetry", spec, error > SYMMETRY_MM, good)


def _order(spec: LandmarkSpec, points: Float) -> Verdict:
    bad = np.zeros(spec.size, dtype=bool)
    sharpest = 0.0
    for line in spec.lines.values():
        inner = line.points if line.closed else line.points[1:-1]
        before = points[np.roll(line.points, 1)]
        after = points[np.roll(line.points, -1)]
        here = points[line.points]
        turn = _angles(here - before, after - here)
        turn = turn if line.closed else turn[1:-1]
        bad[inner[turn > TURN_DEGREES]] = True
        sharpest = max(sharpest, float(turn.max(initial=0.0)))
    return _verdict("order", spec, bad, f"sharpest turn of a line {sharpest:.0f} degrees")


def _angles(one: Float, other: Float) -> Float:
    length = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosine = (one * other).sum(axis=1) / np.maximum(length, 1e-12)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _spacing(spec: LandmarkSpec, points: Float) -> Verdict:
    bad = np.zeros(spec.size, dtype=bool)
    worst, where = 1.0, "none"
    for name, line in spec.lines.items():
        segments = line.segments
        step = np.linalg.norm(points[segments[:, 1]] - points[segments[:, 0]], axis=1)
        ratio = step / max(float(np.median(step)), 1e-9)
        bad[segments[ratio > STEP_RATIO].ravel()] = True
        if ratio.max() > worst:
            worst, where = float(ratio.max()), name
    good = f"longest step {worst:.1f} times its line's median ({where})"
    return _verdict("spacing", spec, bad, good)


def _apertures(spec: LandmarkSpec, faces: Float) -> Iterator[Verdict]:
    """Lids and lips: a point snapped to the wrong one of two touching rims crosses over, or
    never opens where its neighbours do.
    """
    for name, upper in spec.lines.items():
        lower = spec.lines.get(name.replace("upper", "lower"))
        if "upper" not in name or lower is None or "brow" in name:
            continue
        above, below = _gaps(faces, upper, lower), -_gaps(faces, lower, upper)
        bad = np.zeros(spec.size, dtype=bool)
        bad[upper.points[_misplaced(above)]] = True
        bad[lower.points[_misplaced(below)]] = True
        good = (
            f"{name} above {name.replace('upper', 'lower')}: gap from "
            f"{above.min() * 1000:.1f} to {above.max() * 1000:.1f} mm over {len(faces)} faces"
        )
        yield _verdict("aperture", spec, bad, good)


def _misplaced(gaps: Float) -> NDArray[np.bool_]:
    """Return which points of a line (n,) cross the other line, or do not open; gaps (B, n)."""
    crossing = (gaps * 1000 < -CROSSING_MM).mean(axis=0) > CROSSING_SHARE
    widest = gaps.max(axis=0)
    stuck = np.full(widest.shape, bool(widest.max() * 1000 < OPENING_MM))
    stuck[1:-1] |= widest[1:-1] < OPENING_SHARE * (widest[:-2] + widest[2:]) / 2
    return np.asarray(crossing | stuck)


def _gaps(faces: Float, line: Line, other: Line) -> Float:
    """Return how far (B, n) each point of `line` lies above the line `other`."""
    gaps = np.empty((len(faces), len(line.points)))
    for b, face in enumerate(faces):
        base = face[other.points]
        base = base[np.argsort(base[:, 0], kind="stable")]
        place = face[line.points]
        gaps[b] = place[:, 1] - np.interp(place[:, 0], base[:, 0], base[:, 1])
    return gaps
