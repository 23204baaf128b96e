"""Turn a clone of ICT-FaceKit into the arrays of a linear head (see linear_file).

Vertices keep ICT-FaceKit's numbers, 0 to 26,718; shoulders are appended behind them, since its
mesh ends at the collar. Eyeballs become spheres that look straight ahead, which posing turns.
Vertices of irises lie on the balls and are not drawn; tear fluid and blend meshes are not drawn.
Source of the ranges: README of ICT-FaceKit.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.errors import ModelError
from dlm.generator.models.ball import centre_weights
from dlm.generator.models.base import Topology
from dlm.generator.models.ict_files import Clone, Progress, read_clone
from dlm.generator.models.ict_landmarks import ibug_68
from dlm.generator.models.linear import find_mirror
from dlm.generator.models.linear_regions import carried_regions
from dlm.generator.models.shoulders import add_shoulders

Arrays = dict[str, NDArray[Any]]

LICENCE = "MIT"
VERTICES, POLYGONS = 26_719, 26_384
_METRES = 0.01
_SKIN = (0, 14_034)  # polygons of face, head and neck, mouth socket, eye sockets
_OUTER_SKIN, _EYE_SOCKETS = 11_144, 13_226  # where of these the mouth's and the eyes' inside begin
_MOUTH = (11_248, 13_294)  # vertices of the mouth's inside
_PARTS: dict[str, tuple[int, int]] = {  # polygons
    "skin": _SKIN,
    "eye_left": (21_496, 22_296),
    "eye_right": (23_094, 23_894),
    "teeth_upper": (17_006, 19_250),
    "teeth_lower": (19_250, 21_496),
    "tongue": (14_034, 17_006),  # with the gums
}
_LASHES = (25_304, 26_384)  # polygons; six strips an eye
_EYEBALLS = {"left": ((21_451, 22_221), (22_221, 23_021)), "right": ((23_021, 23_791),
             (23_791, 24_591))}  # fmt: skip  # vertices of sclera and iris
_CORNEA = 0.9  # cosine to the front above which a ball bulges
_LID_EDGE, _LIP_EDGE = 2, 7  # steps from a socket's rim to where lids and lips meet
_NECK_BELOW_CHIN, _NECK_LENGTH, _NECK_SLOPE = 0.012, 0.065, 0.45
_NECK_PIVOT = (0.0, -0.137, -0.11)  # metres from between the eyes: about the upper neck's joint


def convert(path: Path, progress: Progress | None = None) -> Arrays:
    """Return the arrays of the head `ict` from the clone at `path`.

    Raises
    ------
    ModelError
        Where the folder is no whole clone of ICT-FaceKit light.
    """
    clone = read_clone(path, progress)
    if (len(clone.neutral), len(clone.polygons)) != (VERTICES, POLYGONS):
        raise ModelError(
            f"its neutral mesh has {len(clone.neutral)} vertices and {len(clone.polygons)} faces,"
            f" ICT-FaceKit light has {VERTICES} and {POLYGONS}", str(path),
            "give a clone of the light model")  # fmt: skip
    neutral, identity, expression = clone.neutral.copy(), clone.identity, clone.expression
    for side in _EYEBALLS:
        _round_ball(neutral, identity, expression, side)
    polygons, sizes = _by_part(clone, neutral)
    body = add_shoulders(neutral * _METRES, polygons[: sizes["skin"]])
    triangles, counts = _triangles([*polygons[: sizes["skin"]], *body.quads],
                                   polygons[sizes["skin"] :], list(sizes.values())[1:])  # fmt: skip
    points = np.concatenate([neutral, body.points / _METRES])
    arrays: Arrays = {
        "template": points.astype(np.float32), "triangles": triangles.astype(np.int32),
        "metres": np.array(_METRES), "licence": np.array(LICENCE),
        "part_names": np.array(list(sizes)), "part_sizes": np.array(counts),
        "expression_names": np.array(clone.units), "source": np.array(clone.content),
        "landmarks_68": np.array(ibug_68(), dtype=np.int32),
    }  # fmt: skip
    for key, modes in (("identity", identity), ("expression", expression)):
        arrays |= _packed(key, np.concatenate([modes, modes[:, body.follows]], axis=1))
    arrays |= _edges_that_meet(neutral, clone.polygons)
    mirror = find_mirror(points, _edges([*clone.polygons, *body.quads]))
    if mirror is None:
        raise ModelError("its neutral mesh is not symmetric", str(path), "fetch the clone again")
    arrays["mirror"] = mirror
    return arrays | _masks(arrays)


def _round_ball(
    neutral: NDArray[np.float64], identity: NDArray[np.float32],
    expression: NDArray[np.float32], side: str,
) -> None:  # fmt: skip
    """Make one eye's vertices a sphere that looks ahead, and identities move and scale it."""
    (first, last), (_, end) = _EYEBALLS[side]
    ball = neutral[first:last]
    front = ball - ball.mean(axis=0)
    behind = front[:, 2] < _CORNEA * np.linalg.norm(front, axis=1)
    weights = np.zeros(len(ball))
    weights[behind] = centre_weights(ball[behind])
    centre = weights @ ball
    rays = neutral[first:end] - centre
    reach = np.linalg.norm(rays, axis=1)
    radius = float(reach[: last - first][behind].mean())
    rays /= reach[:, None]
    bulge = np.where(behind, 0, reach[: last - first] - radius)
    axis = (np.maximum(bulge, 0)[:, None] * rays[: last - first]).sum(axis=0)
    ahead = rays @ _turn_to_front(axis / np.linalg.norm(axis)).T
    neutral[first:end] = centre + radius * ahead
    shift = np.einsum("n,mnk->mk", weights, identity[:, first:last].astype(np.float64))
    moved = identity[:, first:last] - shift[:, None]
    growth = np.einsum("nk,mnk->mn", rays[: last - first], moved)[:, behind].mean(axis=1)
    identity[:, first:end] = shift[:, None] + growth[:, None, None] * ahead
    expression[:, first:end] = 0  # the balls turn about their centres instead


def _turn_to_front(axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least rotation (3, 3) that brings unit `axis` to +z (Rodrigues)."""
    v = np.cross(axis, [0.0, 0.0, 1.0])
    skew = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1 + axis[2]))


def _by_part(clone: Clone, neutral: NDArray[np.float64]) -> tuple[list[list[int]], dict[str, int]]:
    """Return polygons sorted by part, and how many each part has."""
    table = {name: clone.polygons[low:high] for name, (low, high) in _PARTS.items()}
    strips = clone.polygons[slice(*_LASHES)]
    middle = np.mean([neutral[slice(*ball[0]), 1].mean() for ball in _EYEBALLS.values()])
    upper = _upper_strips(strips, neutral, float(middle))
    table["lashes_upper"] = [p for p, above in zip(strips, upper, strict=True) if above]
    table["lashes_lower"] = [p for p, above in zip(strips, upper, strict=True) if not above]
    polygons = [polygon for rows in table.values() for polygon in rows]
    return polygons, {name: len(rows) for name, rows in table.items()}


def _upper_strips(
    strips: list[list[int]], neutral: NDArray[np.float64], middle: float
) -> list[bool]:
    """Return for each lash polygon whether its strip of 114 vertices lies above `middle`."""
    first = min(min(polygon) for polygon in strips)
    above = neutral[first:].reshape(-1, 114, 3)[..., 1].mean(axis=1) > middle - 0.3
    return [bool(above[(polygon[0] - first) // 114]) for polygon in strips]


def _triangles(
    skin: list[list[int]], others: list[list[int]], sizes: list[int]
) -> tuple[NDArray[np.int64], list[int]]:
    """Return all triangles by part and their number in each part."""
    cut = [[[p[0], p[k], p[k + 1]] for k in range(1, len(p) - 1)] for p in [*skin, *others]]
    stops = np.cumsum([len(skin), *sizes])
    starts = [0, *stops[:-1]]
    counts = [sum(len(rows) for rows in cut[a:b]) for a, b in zip(starts, stops, strict=True)]
    return np.array([triangle for rows in cut for triangle in rows]), counts


def _edges(polygons: list[list[int]]) -> NDArray[np.int64]:
    """Return the sides (E, 2) of all polygons, each once."""
    sides = [pair for p in polygons for pair in zip(p, p[1:] + p[:1], strict=True)]
    return np.unique(np.sort(np.array(sides), axis=1), axis=0)


def _packed(key: str, modes: NDArray[np.float32]) -> Arrays:
    """Return modes as int16 with a scale each: below 0.01 mm of error, a quarter of the size."""
    scale = np.maximum(np.abs(modes).max(axis=(1, 2)), 1e-9) / 32767
    data = np.round(modes / scale[:, None, None]).astype(np.int16)
    return {key: data, f"{key}_scale": scale.astype(np.float32)}


def _edges_that_meet(neutral: NDArray[np.float64], polygons: list[list[int]]) -> Arrays:
    """Return the edges of lids and lips, from the outer (or left) to the inner (right) corner."""
    skin = polygons[:_OUTER_SKIN]
    outside = {v for p in skin for v in p}
    mouth, sockets = (
        outside & {v for p in polygons[first:last] for v in p}
        for first, last in ((_OUTER_SKIN, _EYE_SOCKETS), (_EYE_SOCKETS, _SKIN[1]))
    )
    left = {v for v in sockets if neutral[v, 0] > 0}
    found: Arrays = {}
    for name, rim, steps, sign in (
        ("lid_left", left, _LID_EDGE, 1), ("lid_right", sockets - left, _LID_EDGE, -1),
        ("lip", mouth, _LIP_EDGE, 1),
    ):  # fmt: skip
        ring, seen = rim, set[int]()
        for _ in range(steps):
            seen |= ring
            ring = {v for p in skin if seen.intersection(p) for v in p} - seen
        upper, lower = _halves(_loop(ring, skin), neutral * [sign, 1, 1])
        found |= {f"{name}_upper": np.array(upper), f"{name}_lower": np.array(lower)}
    return found


def _halves(path: list[int], points: NDArray[np.float64]) -> tuple[list[int], list[int]]:
    """Cut a closed path at its ends in x: the upper and the lower half, both from greatest x."""
    start = int(np.argmax(points[path, 0]))
    path = path[start:] + path[:start]
    turn = int(np.argmin(points[path, 0]))
    one, other = path[: turn + 1], [path[0], *path[: turn - 1 : -1]]
    return (one, other) if points[one, 1].mean() > points[other, 1].mean() else (other, one)


def _loop(ring: set[int], polygons: list[list[int]]) -> list[int]:
    """Return the vertices of `ring` in the order of the edges that join them."""
    near: dict[int, set[int]] = {v: set() for v in ring}
    for polygon in polygons:
        for a, b in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            if a in ring and b in ring:
                near[a].add(b)
                near[b].add(a)
    path = [min(ring)]
    while True:
        ahead = sorted(near[path[-1]] - set(path))
        if not ahead:
            return path
        path.append(ahead[0])


def _masks(arrays: Arrays) -> Arrays:
    """Return regions and the neck's share of each vertex."""
    stops = np.cumsum(arrays["part_sizes"]).tolist()
    parts = dict(zip(arrays["part_names"].tolist(), zip([0, *stops], stops, strict=False),
                     strict=True))  # fmt: skip
    topology = Topology(
        model="ict", vertex_count=len(arrays["template"]), triangles=arrays["triangles"],
        uv=np.zeros((len(arrays["template"]), 2), np.float32), parts=parts, mirror=arrays["mirror"],
    )  # fmt: skip
    points = arrays["template"].astype(np.float64) * _METRES
    balls = [points[topology.part_vertices(f"eye_{side}")] for side in _EYEBALLS]
    points -= np.mean([centre_weights(ball) @ ball for ball in balls], axis=0)
    regions = carried_regions(points, topology, arrays["landmarks_68"])
    regions["inner_mouth"][slice(*_MOUTH)] = 1
    regions["lips"][slice(*_MOUTH)] = 0
    skin = topology.part_mask("skin")
    skin[slice(*_MOUTH)] = False
    height = points[:, 1] + _NECK_SLOPE * np.clip(points[:, 2] + 0.06, -0.06, 0.10)
    top = height[arrays["landmarks_68"][:17]].min() - _NECK_BELOW_CHIN
    t = np.clip((top - height) / _NECK_LENGTH, 0, 1)
    around = np.argsort(np.linalg.norm((points - _NECK_PIVOT) * [0.2, 1, 0.2], axis=1)[skin])[:64]
    return {f"region_{name}": mask for name, mask in regions.items()} | {
        "neck_share": np.where(skin, t * t * (3 - 2 * t), 0).astype(np.float32),
        "neck_pivot": np.flatnonzero(skin)[around],
    }  # fmt: skip
