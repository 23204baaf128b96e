"""Find, once, the vertices that posing works on: lid rings, lashes, teeth and lips, the neck.

Vertex numbers here are those of base.obj; what is returned counts the model's own base vertices.
"""

from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlm.generator.models.base import ARKIT_UNITS
from dlm.generator.models.makehuman_files import BaseMesh

Arrays = dict[str, NDArray[Any]]
Index = NDArray[np.int64]

# The right eye: a vertex on the edge of the lids, and its neighbour along the edge.
_LID_EDGE, _LID_EDGE_NEXT = 6, 0
_OUTER_RINGS, _INNER_RINGS = 5, 2
_RING_SIZE = 28

# The neck turns between these heights (metres from the eyes' midpoint), along a plane that drops
# from the nape to the throat.
_NECK_TOP, _NECK_BOTTOM, _NECK_SLOPE = -0.085, -0.150, 0.45


def rig(base: BaseMesh, arrays: Arrays, points: NDArray[np.float64]) -> Arrays:
    """Return the arrays of EyeRigs, TeethRig and NeckRig; `points` (V, 3) is the template."""
    kept = arrays["base_index"][arrays["base_index"] >= 0]
    position = np.full(len(base.vertices), -1)
    position[kept] = np.arange(len(kept))
    right = _lid_rings(base)
    rings = {"right": right, "left": base.mirror[right]}
    found = _teeth(base, position, arrays["template"]) | _neck(base, arrays, points)
    for side, ring in rings.items():
        found |= _eye(base, arrays, position, side, ring)
    return found


def _lid_rings(base: BaseMesh) -> Index:
    """Return (8, 28) base.obj vertices around the right eye, column 0 at its outer corner."""
    quads = base.quads["body"]
    near: dict[int, set[int]] = defaultdict(set)
    faces: dict[int, list[set[int]]] = defaultdict(list)
    for quad in quads[np.linalg.norm(base.vertices[quads].mean(axis=1) -
                                     base.vertices[_LID_EDGE], axis=1) < 0.5].tolist():  # fmt: skip
        for k in range(4):
            near[quad[k]] |= {quad[k - 1], quad[(k + 1) % 4]}
            faces[quad[k]].append(set(quad))
    edge = _walk(near, faces, _LID_EDGE, _LID_EDGE_NEXT)
    centre = base.vertices[base.quads["helper-r-eye"].ravel()].mean(axis=0)
    out, inside = _rings(near, edge)
    if (
        np.linalg.norm(base.vertices[out[0]] - centre, axis=1).mean()
        < np.linalg.norm(base.vertices[inside[0]] - centre, axis=1).mean()
    ):
        out, inside = inside, out
    rings = np.array([*out[:_OUTER_RINGS][::-1], edge, *inside[:_INNER_RINGS]])
    start = int(base.vertices[edge, 0].argmin())
    rings = np.roll(rings, -start, axis=1)
    if base.vertices[rings[_OUTER_RINGS, 7], 1] < base.vertices[rings[_OUTER_RINGS, 21], 1]:
        rings = np.concatenate([rings[:, :1], rings[:, :0:-1]], axis=1)
    return rings


def _walk(
    near: dict[int, set[int]], faces: dict[int, list[set[int]]], first: int, second: int
) -> list[int]:
    """Follow an edge loop straight through vertices of four edges until it closes."""
    path = [first, second]
    while path[-1] != first:
        before, here = path[-2:]
        beside = set().union(*(face for face in faces[here] if before in face))
        path.append(next(iter(near[here] - beside)))
    return path[:-1]


def _rings(near: dict[int, set[int]], edge: list[int]) -> tuple[list[list[int]], list[list[int]]]:
    """Return the rings on both sides of the loop `edge`, nearest first, columns aligned."""
    sides = []
    for towards in sorted(near[edge[0]] - set(edge)):
        ring, before, rings = edge, set(edge), []
        step = [towards]
        for k in range(1, len(edge)):
            step += [v for v in near[edge[k]] - before if v in near[step[-1]]]
        for _ in range(_OUTER_RINGS):
            rings.append(step)
            seen = set(ring) | set(step)
            ring, step = step, [next(iter(near[v] - seen)) for v in step]
        sides.append(rings)
    return sides[0], sides[1]


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
    blink = len(arrays["identity_names"]) + ARKIT_UNITS.index(f"eyeBlink{side.capitalize()}")
    moved = _column(arrays, blink)[position[rings[_OUTER_RINGS]], 1]
    return {
        f"eye_{side}_ball": ball, f"eye_{side}_rings": position[rings],
        f"eye_{side}_ball_fine": np.unique(arrays["triangles"][ends[part] : ends[part + 1]]),
        f"eye_{side}_lashes": position[lashes],
        f"eye_{side}_lash_column": (away + wrong).argmin(axis=1),
        f"eye_{side}_closing": (moved[:14:-1] - moved[1:14]).astype(np.float32),
    }  # fmt: skip


def _column(arrays: Arrays, column: int) -> NDArray[np.float64]:
    """Return one direction (N, 3) of the basis."""
    import scipy.sparse as sp

    rows = 3 * len(arrays["template"])
    basis = sp.csr_matrix(
        (arrays["basis_data"], arrays["basis_indices"], arrays["basis_indptr"]),
        shape=(rows, len(arrays["identity_names"]) + len(ARKIT_UNITS)),
    )
    return np.asarray(basis[:, [column]].toarray().reshape(-1, 3))


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
