"""Find, once, the vertices that posing works on: lid rings, lashes, teeth and lips, the neck.

Vertex numbers here are those of base.obj; what is returned counts the model's own base vertices.
"""

from collections import defaultdict
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dlm.generator.models.base import ARKIT_UNITS
from dlm.generator.models.makehuman_files import BaseMesh

Arrays = dict[str, NDArray[Any]]
Index = NDArray[np.int64]

# The right eye: a vertex on the edge of the lids, and its neighbours along it, out and in.
_LID_EDGE, _LID_EDGE_NEXT, _LID_OUTWARD, _LID_INWARD = 6, 0, 4849, 6762
# The mouth: the middle of the upper lip where it meets the lower, and the like.
_LIP_CONTACT, _LIP_CONTACT_NEXT, _LIP_OUTWARD, _LIP_INWARD = 520, 7267, 474, 537
_OUTER_RINGS = 5
_RING_SIZE = 28
_SHELL = 1.75  # times the ball's radius: the skin so near may be pushed into the ball
_ROLLS = ("mouthRollUpper", "mouthRollLower")  # draw the lips in, but do not part them
_LIP_OVERLAP = 6e-4  # metres that shut lips press into each other

# The neck turns between these heights (metres from the eyes' midpoint), along a plane that drops
# from the nape to the throat.
_NECK_TOP, _NECK_BOTTOM, _NECK_SLOPE = -0.085, -0.150, 0.45


def rig(base: BaseMesh, arrays: Arrays, points: NDArray[np.float64]) -> Arrays:
    """Return the arrays of the four rigs; `points` (V, 3) is the template."""
    kept = arrays["base_index"][arrays["base_index"] >= 0]
    position = np.full(len(base.vertices), -1)
    position[kept] = np.arange(len(kept))
    right = _lid_rings(base)
    rings = {"right": right, "left": base.mirror[right]}
    found = _teeth(base, position, arrays["template"]) | _neck(base, arrays, points)
    found |= _lips(arrays, position[_lip_rings(base)], points)
    for side, ring in rings.items():
        found |= _eye(base, arrays, position, side, ring)
    return found


def _lid_rings(base: BaseMesh) -> Index:
    """Return (8, 28) base.obj vertices around the right eye, column 0 at its outer corner."""
    mesh = _Neighbours(base, _LID_EDGE)
    edge = mesh.walk(_LID_EDGE, _LID_EDGE_NEXT)
    out, inside = mesh.rings(edge, _LID_OUTWARD, _OUTER_RINGS), mesh.rings(edge, _LID_INWARD, 2)
    return _from_corner(base, np.array([*out[::-1], edge, *inside]), _OUTER_RINGS)


def _lip_rings(base: BaseMesh) -> Index:
    """Return (9, 38) base.obj vertices around the mouth: the upper lip from right to left, back.

    No vertex lies in a corner: columns k and 37 - k face each other.
    """
    mesh = _Neighbours(base, _LIP_CONTACT)
    edge = mesh.walk(_LIP_CONTACT, _LIP_CONTACT_NEXT)
    out, inside = mesh.rings(edge, _LIP_OUTWARD, _OUTER_RINGS), mesh.rings(edge, _LIP_INWARD, 3)
    rings = np.array([*out[::-1], edge, *inside])
    if base.vertices[_LIP_CONTACT_NEXT, 0] < 0:
        rings = rings[:, ::-1]
    middle = int(np.flatnonzero(rings[_OUTER_RINGS] == _LIP_CONTACT)[0])
    return np.roll(rings, 9 - middle, axis=1)


def _from_corner(base: BaseMesh, rings: Index, edge: int) -> Index:
    """Start the columns at the subject's right corner and go over the top."""
    rings = np.roll(rings, -int(base.vertices[rings[edge], 0].argmin()), axis=1)
    quarter = rings.shape[1] // 4
    if base.vertices[rings[edge, quarter], 1] < base.vertices[rings[edge, -quarter], 1]:
        rings = np.concatenate([rings[:, :1], rings[:, :0:-1]], axis=1)
    return rings


class _Neighbours:
    """Who is joined to whom, around one vertex of the body."""

    def __init__(self, base: BaseMesh, centre: int) -> None:
        self._near: dict[int, set[int]] = defaultdict(set)
        self._faces: dict[int, list[set[int]]] = defaultdict(list)
        quads = base.quads["body"]
        away = np.linalg.norm(base.vertices[quads].mean(axis=1) - base.vertices[centre], axis=1)
        for quad in quads[away < 0.8].tolist():
            for k in range(4):
                self._near[quad[k]] |= {quad[k - 1], quad[(k + 1) % 4]}
                self._faces[quad[k]].append(set(quad))

    def walk(self, first: int, second: int) -> list[int]:
        """Follow an edge loop straight through vertices of four edges until it closes."""
        path = [first, second]
        while path[-1] != first:
            before, here = path[-2:]
            beside = set().union(*(face for face in self._faces[here] if before in face))
            path.append(next(iter(self._near[here] - beside)))
        return path[:-1]

    def rings(self, edge: list[int], towards: int, count: int) -> list[list[int]]:
        """Return rings beside the loop `edge`, nearest first, columns aligned with it.

        `towards` is the neighbour of edge[0] on the side to go to.
        """
        step, before = [towards], set(edge)
        for vertex in edge[1:]:
            step += [v for v in self._near[vertex] - before if v in self._near[step[-1]]]
        rings, ring = [step], edge
        while len(rings) < count:
            seen = set(ring) | set(step)
            ring, step = step, [next(iter(self._near[v] - seen)) for v in step]
            rings.append(step)
        return rings


def _eye(base: BaseMesh, arrays: Arrays, position: Index, side: str, rings: Index) -> Arrays:
    letter = side[0]
    ball = position[np.unique(base.quads[f"helper-{letter}-eye"])]
    ends, part = arrays["part_ends"], {"left": 1, "right": 2}[side]
    lashes = np.unique(np.concatenate([
        base.quads[f"helper-{letter}-eyelashes-{k}"].ravel() for k in (1, 2)]))  # fmt: skip
    upper = np.isin(lashes, base.quads[f"helper-{letter}-eyelashes-2"])
    edge = base.vertices[rings[_OUTER_RINGS]]
    away = np.abs(base.vertices[lashes][:, None, 0] - edge[None, :, 0])
    half = np.arange(_RING_SIZE)
    wrong = np.where(upper[:, None], half > 14, (half < 14) & (half > 0))
    skin = position[np.unique(base.quads["body"])]
    shell = np.setdiff1d(_before(arrays["template"], ball, skin[skin >= 0]), position[rings])
    blink = ARKIT_UNITS.index(f"eyeBlink{side.capitalize()}")
    moved = _heights(arrays, position[rings[_OUTER_RINGS]])[:, blink]
    return {
        f"eye_{side}_ball": ball, f"eye_{side}_rings": position[rings], f"eye_{side}_shell": shell,
        f"eye_{side}_ball_fine": np.unique(arrays["triangles"][ends[part] : ends[part + 1]]),
        f"eye_{side}_lashes": position[lashes],
        f"eye_{side}_lash_column": (away + wrong).argmin(axis=1),
        f"eye_{side}_closing": moved[:14:-1] - moved[1:14],
    }  # fmt: skip


def _before(template: NDArray[Any], ball: Index, skin: Index) -> Index:
    """Return the `skin` around the front half of a ball that lies outside it on the template."""
    centre = template[ball].mean(axis=0)
    radius = np.linalg.norm(template[ball] - centre, axis=1).mean()
    ray = template[skin] - centre
    away = np.linalg.norm(ray, axis=1)
    return np.asarray(skin[(away > radius) & (away < _SHELL * radius) & (ray[:, 2] > 0)])


def _lips(arrays: Arrays, rings: Index, points: NDArray[np.float64]) -> Arrays:
    """Return the rings (9, 38), how units part them (19, 52), and the gap (19,) of shut lips."""
    edge = rings[_OUTER_RINGS]
    upper, lower = edge[:19], edge[:18:-1]
    height = arrays["template"][:, 1]
    smooth = points[upper, 1] - points[lower, 1]
    parting = _heights(arrays, upper) - _heights(arrays, lower)
    parting[:, [ARKIT_UNITS.index(unit) for unit in _ROLLS]] = 0
    return {
        "lip_rings": rings,
        "lip_parting": parting,
        "lip_shut": (height[upper] - height[lower] - smooth - _LIP_OVERLAP).astype(np.float32),
    }


def _heights(arrays: Arrays, vertices: Index) -> NDArray[np.float32]:
    """Return how much each expression unit lifts `vertices`: (n, 52) metres."""
    units = _basis(arrays)[3 * vertices + 1][:, len(arrays["identity_names"]) :]
    return np.asarray(units.toarray(), dtype=np.float32)


def _basis(arrays: Arrays) -> sp.csr_matrix:
    shape = (3 * len(arrays["template"]), len(arrays["identity_names"]) + len(ARKIT_UNITS))
    fields = (arrays["basis_data"], arrays["basis_indices"], arrays["basis_indptr"])
    return sp.csr_matrix(fields, shape=shape)


def _teeth(base: BaseMesh, position: Index, template: NDArray[Any]) -> Arrays:
    """Return each arch, its front teeth, and the inner face of the lip before them."""
    body = position[np.unique(base.quads["body"])]
    skin = body[body >= 0]
    found: Arrays = {}
    for name in ("upper", "lower"):
        arch = position[np.unique(base.quads[f"helper-{name}-teeth"])]
        teeth, lip = template[arch], template[skin]
        front = arch[(np.abs(teeth[:, 0]) < 0.012) & (teeth[:, 2] > teeth[:, 2].max() - 0.003)]
        low, high = teeth[:, 1].min(), teeth[:, 1].max()
        before = (np.abs(lip[:, 0]) < 0.014) & (lip[:, 1] > low) & (lip[:, 1] < high)
        inner = before & (lip[:, 2] > template[front, 2].max()) & _faces_back(base, position, skin)
        found |= {f"teeth_{name}_all": arch, f"teeth_{name}_front": front,
                  f"teeth_{name}_lip": skin[inner]}  # fmt: skip
    return found


def _faces_back(base: BaseMesh, position: Index, skin: Index) -> NDArray[np.bool_]:
    """Return for each skin vertex whether its normal points into the head."""
    quads = base.quads["body"]
    corner = base.vertices[quads]
    across = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
    normal = np.zeros_like(base.vertices)
    for k in range(4):
        np.add.at(normal, quads[:, k], across)
    number = np.flatnonzero(position >= 0)[np.argsort(position[position >= 0])]
    return np.asarray(normal[number[skin], 2] < 0)


def _neck(base: BaseMesh, arrays: Arrays, points: NDArray[np.float64]) -> Arrays:
    """Return how far each vertex follows the torso: none above the jaw, all below the collar."""
    skin = np.zeros(len(points), dtype=bool)
    skin[arrays["triangles"][: arrays["part_ends"][1]]] = True
    height = points[:, 1] + _NECK_SLOPE * np.clip(points[:, 2] + 0.06, -0.06, 0.10)
    t = np.clip((_NECK_TOP - height) / (_NECK_TOP - _NECK_BOTTOM), 0, 1)
    share = np.where(skin, t * t * (3 - 2 * t), 0)
    moved = np.flatnonzero(share > 0)
    joint = np.arange(len(arrays["template"]) - 8, len(arrays["template"]))
    return {"neck_vertices": moved, "neck_share": share[moved].astype(np.float32),
            "neck_joint": joint}  # fmt: skip
