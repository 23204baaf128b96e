"""Masks of the skin for any head: carried over from `makehuman` by 68 points that both have.

MakeHuman's template is bent onto the other head by thin plates through the 68 points and a few on
skull, ears and neck; a vertex then takes the masks of the nearest bent vertices that face as it
does. What is plain geometry (lash line, cavity, neck, shirt) is made anew.
Source: Bookstein, Principal warps: thin-plate splines and the decomposition of deformations, 1989.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from dlm.generator.models.base import Float32, Topology
from dlm.generator.models.normals import vertex_normals
from dlm.generator.models.occlusion import occlusion

Points = NDArray[np.float64]

CARRIED = ("lips", "inner_mouth", "lid_upper", "lid_lower", "brow", "nose", "nostril", "cheek",
           "ear", "scalp", "beard", "moustache")  # fmt: skip
_SKULL = np.array([0.0, 0.015, -0.085])  # metres, inside the skull
_DIRECTIONS = np.array([
    [0, 1, 0], [0, 1, 1], [0, 1, -1], [0, 0, -1], [0, -0.5, -1], [1, 1, 0], [-1, 1, 0],
    [1, 0.5, -1], [-1, 0.5, -1], [1, 0, -1], [-1, 0, -1],
])  # fmt: skip
_FACING = 0.012  # metres that a reversed normal counts as
_NEAREST = 4
_CHIN = 8  # of the 68
# The 68 on makehuman as other heads mean them, at the ends of brows, eyes and mouth. Layout 68 has
# moved from there to where annotators of photographs click: masks must not move with it.
_MAKEHUMAN_68 = (
    10484, 17055, 7241, 8307, 18075, 17920, 8760, 8285, 747, 12750, 13161, 20145, 20296, 12765,
    11852, 19283, 14792, 9906, 262, 224, 16615, 7085, 11716, 18849, 3187, 3220, 14261, 132, 6910,
    6984, 2228, 286, 314, 317, 3266, 3244, 6614, 6, 54, 66, 6686, 6657, 3039, 3027, 2979, 11274,
    11317, 11346, 402, 7571, 456, 455, 3404, 12152, 3351, 3355, 3430, 492, 486, 406, 432, 471, 474,
    3416, 3381, 12356, 523, 7816,
)  # fmt: skip


def carried_regions(
    points: Points, topology: Topology, landmarks: NDArray[Any]
) -> dict[str, Float32]:
    """Return the masks (V,) of a head with `points` (V, 3) metres, eyes' midpoint at 0.

    `landmarks` (68,) are its vertices in iBUG order.
    """
    from dlm.generator import models

    source = models.load("makehuman")
    theirs = np.array(_MAKEHUMAN_68)
    skin = topology.part_vertices("skin")
    bent = _bent(source.template.astype(np.float64), source.topology, points, topology,
                 theirs, landmarks)  # fmt: skip
    chosen = source.topology.part_vertices("skin")
    facing = vertex_normals(bent[None].astype(np.float32), source.topology)[0]
    own = vertex_normals(points[None].astype(np.float32), topology)[0]
    tree = cKDTree(np.concatenate([bent, _FACING / 2 * facing], axis=1)[chosen])
    away, near = tree.query(np.concatenate([points, _FACING / 2 * own], axis=1)[skin], k=_NEAREST)
    weight = 1 / (away + 2e-4) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    masks = {name: np.zeros(len(points)) for name in CARRIED}
    for name, mask in masks.items():
        mask[skin] = (source.regions[name][chosen][near] * weight).sum(axis=1)
        mask[:] = (mask + mask[topology.mirror]) / 2
    masks |= _geometric(points, topology, points[landmarks[_CHIN]])
    on_skin = np.zeros(len(points), dtype=bool)
    on_skin[skin] = True
    return {name: np.where(on_skin, np.clip(mask, 0, 1), 0).astype(np.float32)
            for name, mask in masks.items()}  # fmt: skip


def _bent(
    source: Points, source_topology: Topology, target: Points, target_topology: Topology,
    source_marks: NDArray[Any], target_marks: NDArray[Any],
) -> Points:  # fmt: skip
    """Return all source vertices, bent so that landmarks and skull meet the target's."""
    pairs = []
    for points, topology, marks in ((source, source_topology, source_marks),
                                    (target, target_topology, target_marks)):  # fmt: skip
        pairs.append(np.concatenate([points[marks], _skull(points, topology)]))
    return np.asarray(RBFInterpolator(pairs[0], pairs[1], kernel="thin_plate_spline",
                                      smoothing=1e-6)(source))  # fmt: skip


def _skull(points: Points, topology: Topology) -> Points:
    """Return where rays from inside the skull leave it, and the tips of the ears."""
    skin = points[topology.part_vertices("skin")]
    rays = skin - _SKULL
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    hits = [skin[np.argmax(rays @ (d / np.linalg.norm(d)))] for d in _DIRECTIONS]
    beside = skin[(np.abs(skin[:, 1]) < 0.05) & (skin[:, 2] < -0.03)]
    ears = [beside[np.argmax(side * beside[:, 0])] for side in (1, -1)]
    return np.array([*hits, *ears])


def _geometric(points: Points, topology: Topology, chin: Points) -> dict[str, Points]:
    """Return the masks that need no other head."""
    y, z = points[:, 1], points[:, 2]
    drawn = np.unique(topology.triangles)
    position = np.zeros(len(points), dtype=np.int64)
    position[drawn] = np.arange(len(drawn))
    cavity = np.zeros(len(points))
    cavity[drawn] = occlusion(points[drawn], position[topology.triangles])
    lashes = [topology.part_vertices(name) for name in topology.parts if name.startswith("lashes")]
    line = np.zeros(len(points))
    if lashes:
        away, _ = cKDTree(points[np.concatenate(lashes)]).query(points)
        line = np.exp(-0.5 * (away / 0.0012) ** 2)
    edge = chin[1] - 0.012 + (chin[2] - 0.02 - z) * 0.45
    neck = _step(np.minimum(edge, -0.03) - y, 0.006)
    shirt = _step(-0.175 - y - 0.35 * z, 0.009)  # as wide as a triangle of a coarse neck
    return {"cavity": cavity, "lash_line": line, "neck": neck * (1 - shirt), "shirt": shirt * neck}


def _step(value: Points, width: float) -> Points:
    """Return 0 below -width, 1 above width, smooth between."""
    t = np.clip(value / (2 * width) + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
