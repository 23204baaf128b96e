"""Points evenly along a curve, taken from the vertices of a mesh.

Shapes: C curve samples, V vertices, n points; lengths in whatever unit the vertices have.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Float = NDArray[np.float64]
Index = NDArray[np.int64]

_CALMER = 2  # times that targets are drawn to the middle of their neighbours


def along(curve: Float, fractions: Float) -> Float:
    """Return the (n, D) places at `fractions` (n,) of the arc length of the polyline (C, D)."""
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.asarray(fractions) * length[-1]
    return np.stack([np.interp(wanted, length, column) for column in curve.T], axis=1)


def spline(knots: Float, closed: bool = False) -> tuple[CubicSpline, Float]:
    """Return a smooth curve through `knots` (n, D), and the parameter (n,) of each.

    A closed one returns to its first knot at the last of n + 1 parameters. The parameter is the
    length along the chords.
    """
    through = np.concatenate([knots, knots[:1]]) if closed else np.asarray(knots, dtype=np.float64)
    chords = np.linalg.norm(np.diff(through, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(np.maximum(chords, 1e-9))])
    ends = "periodic" if closed else "natural"
    return CubicSpline(at, through, bc_type=ends), at


def spread(knots: Float, count: int) -> Float:
    """Return `count` places evenly along the smooth curve through `knots` (n, D), ends included."""
    curve, at = spline(knots)
    fine = np.asarray(curve(np.linspace(0, at[-1], 64 * len(knots))))
    return along(fine, np.linspace(0, 1, count))


def settle(
    targets: Float,
    vertices: Float,
    allowed: Index,
    fixed: dict[int, int],
    *,
    evenness: float = 3.0,
    width: int = 24,
) -> Index:
    """Return n distinct vertices near `targets` (n, 3), in order, as evenly spaced as they are.

    Of the `allowed` vertices the `width` nearest to each target are tried; the choice minimises
    squared distance to the target plus `evenness` times the squared error of each step, by
    dynamic programming.
    `fixed` says which places are settled already: place -> vertex.
    """
    options = _options(targets, vertices, allowed, fixed, width)
    cost = _misfit(vertices, options[0], targets[0])
    back: list[Index] = []
    for k in range(1, len(targets)):
        step = vertices[options[k]][None] - vertices[options[k - 1]][:, None]
        wanted = targets[k] - targets[k - 1]
        total = cost[:, None] + evenness * ((step - wanted) ** 2).sum(axis=2)
        total[options[k - 1][:, None] == options[k][None]] = np.inf
        back.append(total.argmin(axis=0))
        cost = total.min(axis=0) + _misfit(vertices, options[k], targets[k])
    place = int(cost.argmin())
    chosen = [options[-1][place]]
    for k in range(len(back) - 1, -1, -1):
        place = int(back[k][place])
        chosen.append(options[k][place])
    return np.array(chosen[::-1])


def straighten(
    targets: Float,
    vertices: Float,
    allowed: Index,
    fixed: dict[int, int],
    *,
    evenness: float = 0.5,
    bending: float = 0.8,
    width: int = 24,
) -> Index:
    """Return n > 2 vertices as `settle` does, but rather off their targets than in a zigzag.

    `bending` times the squared error of each second difference is minimised too, so that a line
    runs along the edges of a coarse mesh. Vertices three or more places apart may be the same one.
    """
    targets = _calmed(targets, fixed)
    options = _options(targets, vertices, allowed, fixed, width)
    places = [vertices[chosen] for chosen in options]

    def step(k: int) -> Float:
        off = places[k][None] - places[k - 1][:, None] - (targets[k] - targets[k - 1])
        return np.asarray(
            evenness * (off**2).sum(axis=2) + _misfit(vertices, options[k], targets[k])
        )

    cost = _misfit(vertices, options[0], targets[0])[:, None] + step(1)
    cost[options[0][:, None] == options[1]] = np.inf
    back: list[Index] = []
    for k in range(2, len(targets)):
        bend = places[k] - 2 * places[k - 1][:, None] + places[k - 2][:, None, None]
        bend -= targets[k] - 2 * targets[k - 1] + targets[k - 2]
        total = cost[:, :, None] + bending * (bend**2).sum(axis=3)
        total[np.broadcast_to(options[k - 2][:, None, None] == options[k], total.shape)] = np.inf
        back.append(total.argmin(axis=0))
        cost = total.min(axis=0) + step(k)
        cost[options[k - 1][:, None] == options[k]] = np.inf
    before, last = np.unravel_index(int(cost.argmin()), cost.shape)
    chosen = [int(options[-1][last]), int(options[-2][before])]
    for k in range(len(back) - 1, -1, -1):
        before, last = back[k][before, last], before
        chosen.append(int(options[k][before]))
    return np.array(chosen[::-1])


def _calmed(targets: Float, fixed: dict[int, int]) -> Float:
    """Return targets of which those that are free are drawn to the middle of their neighbours."""
    for _ in range(_CALMER):
        moved = targets.copy()
        moved[1:-1] += (targets[:-2] + targets[2:]) / 4 - targets[1:-1] / 2
        moved[[*fixed]] = targets[[*fixed]]
        targets = moved
    return targets


def _options(
    targets: Float, vertices: Float, allowed: Index, fixed: dict[int, int], width: int
) -> list[Index]:
    """Return for each target the vertices to choose from: the settled one, or the nearest."""
    return [
        np.array([fixed[k]]) if k in fixed else _nearest(vertices, allowed, target, width)
        for k, target in enumerate(targets)
    ]


def _nearest(vertices: Float, allowed: Index, target: Float, width: int) -> Index:
    distance = ((vertices[allowed] - target) ** 2).sum(axis=1)
    return np.asarray(allowed[np.argsort(distance, kind="stable")[:width]])


def _misfit(vertices: Float, options: Index, target: Float) -> Float:
    return np.asarray(((vertices[options] - target) ** 2).sum(axis=1))
