"""What each vertex carries unchanged through every sample: masks, and where detail is painted."""

import numpy as np
from scipy.spatial import cKDTree

from dlm.generator.models.base import FaceModel, Float32

MASKS = (
    "lips", "inner_mouth", "lid_upper", "lid_lower",
    "lash_line", "brow", "nose", "nostril",
    "cheek", "ear", "scalp", "beard",
    "moustache", "neck", "shirt", "cavity",
)  # fmt: skip
SKULL_AXIS_Z = -0.08  # metres: the upright axis that cylindrical coordinates turn about
SKULL_RADIUS = 0.085


def masks(model: FaceModel) -> Float32:
    """Return (V, 16) in the order of MASKS; a region the model does not know is zero."""
    result = np.zeros((model.topology.vertex_count, len(MASKS)), np.float32)
    for k, name in enumerate(MASKS):
        if name in model.regions:
            result[:, k] = model.regions[name]
    return result


def paint_map(model: FaceModel) -> Float32:
    """Return (V, 4): where noise and strokes lie on each vertex.

    On the skin: metres around the head and up, then along the brow (0 inner to 1 outer end) and
    across it (metres above its middle line). On lashes: metres along the lid, height, 0, and
    distance from the lid as 0 at the root to 1 at the tip.
    """
    x, y, z = model.template.T
    around = np.arctan2(x, z - SKULL_AXIS_Z) * SKULL_RADIUS
    along, across = _brow_coordinates(model)
    result = np.stack([around, y, along, across], axis=1).astype(np.float32)
    skin = model.topology.part_vertices("skin")
    tree = cKDTree(model.template[skin])
    for part in model.topology.parts:
        if part.startswith("lashes"):
            strip = model.topology.part_vertices(part)
            away = tree.query(model.template[strip])[0]
            result[strip, 0] = model.template[strip, 0]
            result[strip, 2] = 0.0
            result[strip, 3] = away / max(float(away.max()), 1e-6)
    return result


def _brow_coordinates(model: FaceModel) -> tuple[Float32, Float32]:
    """Return along and across the brow for every vertex, from where the brow mask lies."""
    count = model.topology.vertex_count
    mask = model.regions.get("brow", np.zeros(count, np.float32))
    x, y = np.abs(model.template[:, 0]), model.template[:, 1]
    if mask.max() <= 0:
        return np.zeros(count, np.float32), np.ones(count, np.float32)
    chosen = mask > 0.5
    inner, outer = np.percentile(x[chosen], [1, 99])
    curve = np.polyfit(x[chosen], y[chosen], 2, w=mask[chosen])
    along = (x - inner) / (outer - inner)
    across = y - np.polyval(curve, np.clip(x, inner - 0.01, outer + 0.01))
    away = (model.template[:, 2] < SKULL_AXIS_Z) | (np.abs(across) > 0.05)
    return along.astype(np.float32), np.where(away, 1.0, across).astype(np.float32)
