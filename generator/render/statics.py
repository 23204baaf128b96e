"""What each vertex carries unchanged through every sample: masks, and where detail is painted."""

import numpy as np
from scipy.spatial import cKDTree

from dlm.generator.models.base import FaceModel, Float32, region

MASKS = (
    "lips", "inner_mouth", "lid_upper", "lid_lower",
    "lash_line", "brow", "nose", "nostril",
    "cheek", "ear", "scalp", "beard",
    "moustache", "neck", "shirt", "cavity",
)  # fmt: skip
SKULL_AXIS_Z = -0.08  # metres: the upright axis that cylindrical coordinates turn about
# The brow's middle line from inner to outer end, x and height over the corners of the eyes in
# units of the distance between the outer corners: half a brow's width below points 17 to 26 of
# the layouts, which lie on its upper edge, as annotators put them (374 nearly frontal faces).
BROW_LINE = ((0.14, 0.13), (0.275, 0.188), (0.425, 0.210), (0.568, 0.190), (0.67, 0.140))
SKULL_RADIUS = 0.085
LASH_ROWS = (("lashes_upper", 0.75, 0.0022), ("lashes_lower", 0.3, 0.0014))  # strength, metres
ROOT_REACH = 0.0015  # metres from the skin within which a vertex of the lashes is a root
HEM_RAMP = 0.05  # metres over which the shirt's mask rises, more than between two vertices there


def masks(model: FaceModel) -> Float32:
    """Return (V, 16) in the order of MASKS; a region the model does not know is zero."""
    result = np.zeros((model.topology.vertex_count, len(MASKS)), np.float32)
    for k, name in enumerate(MASKS):
        if name in model.regions:
            result[:, k] = model.regions[name]
    line = MASKS.index("lash_line")
    result[:, line] = np.maximum(result[:, line], _lash_shade(model))
    result[:, MASKS.index("shirt")] = shirt_mask(model)
    return result


def shirt_mask(model: FaceModel) -> Float32:
    """Return (V,) 0.5 at the shirt's neckline, rising evenly downwards; zero off the skin.

    The region's own edge is steeper than the mesh of a neck is fine: drawn from vertex to vertex
    it would be a saw. The plane through that edge has no teeth.
    """
    shirt, skin = region(model, "shirt"), model.topology.part_mask("skin")
    edge = skin & (shirt > 0.02) & (shirt < 0.98)
    if edge.sum() < 8:
        return shirt
    _, y, z = model.template.T.astype(np.float64)
    plane = np.polyfit(z[edge], y[edge], 1)
    below = np.polyval(plane, z) - y
    return np.where(skin, np.clip(0.5 + below / HEM_RAMP, 0.0, 1.0), 0.0).astype(np.float32)


def _lash_shade(model: FaceModel) -> Float32:
    """Return (V,) how much the roots of the lashes darken the skin: they stand in several rows."""
    skin = model.topology.part_vertices("skin")
    tree = cKDTree(model.template[skin])
    shade = np.zeros(model.topology.vertex_count, np.float32)
    for part, strength, width in LASH_ROWS:
        if part in model.topology.parts:
            strip = model.template[model.topology.part_vertices(part)]
            roots = strip[tree.query(strip)[0] < ROOT_REACH]
            if len(roots):
                away = cKDTree(roots).query(model.template[skin], distance_upper_bound=5 * width)[0]
                shade[skin] = np.maximum(shade[skin], strength * np.exp(-((away / width) ** 2)))
    return shade


def paint_map(model: FaceModel) -> Float32:
    """Return (V, 4): where noise and strokes lie on each vertex.

    On the skin: metres around the head and up, then along the brow (0 inner to 1 outer end) and
    across it (metres above its middle line). On lashes: metres along the lid, height, 0, and
    distance from the lid as 0 at the root to 1 at the tip.
    """
    x, y, z = model.template.T
    around = np.arctan2(x, z - SKULL_AXIS_Z) * SKULL_RADIUS
    around, y = _over_shoulders(model, around, y)
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


def _over_shoulders(model: FaceModel, around: Float32, up: Float32) -> tuple[Float32, Float32]:
    """Return metres around and up, on the shirt measured on from its neckline along the cloth.

    About the skull's axis alone a pattern would run outwards in rays, as the head's skin does.
    """
    x, _, z = model.template.T
    shirt = shirt_mask(model)
    turn, radius = np.arctan2(x, z - SKULL_AXIS_Z), np.hypot(x, z - SKULL_AXIS_Z)
    waves = np.stack([np.cos(k * turn) for k in range(4)], axis=1)
    edge = (np.abs(shirt - 0.5) < 0.3) & model.topology.part_mask("skin")
    if edge.sum() < 8:
        return around, up
    neckline, *_ = np.linalg.lstsq(waves[edge], radius[edge], rcond=None)
    past = np.maximum(radius - waves @ neckline, 0.0)
    beyond: Float32 = np.where(shirt > 0.5, past, 0.0).astype(np.float32)
    return around + turn * beyond, up - 0.6 * beyond


def _brow_coordinates(model: FaceModel) -> tuple[Float32, Float32]:
    """Return along and across the brow for every vertex, placed by the corners of the eyes."""
    x, y = np.abs(model.template[:, 0]), model.template[:, 1]
    span, level = _eye_corners(model)
    knots = np.array(BROW_LINE) * span
    along = (x - knots[0, 0]) / (knots[-1, 0] - knots[0, 0])
    curve = np.polyfit(knots[:, 0], knots[:, 1] + level, 3)
    across = y - np.polyval(curve, np.clip(x, knots[0, 0] - 0.006, knots[-1, 0] + 0.004))
    # Held within bounds of either sign: between vertices nothing passes through 0, the brow, anew.
    across = np.clip(across, -0.05, 0.05)
    along = np.where(model.template[:, 2] < SKULL_AXIS_Z, 3.0, along)  # none on the back
    return along.astype(np.float32), across.astype(np.float32)


def _eye_corners(model: FaceModel) -> tuple[float, float]:
    """Return the distance between the outer corners of the eyes and the corners' mean height."""
    mask = model.regions.get("lash_line")
    if mask is None or mask.max() <= 0.5:
        return 0.085, 0.0
    line = model.template[mask > 0.5]
    line = line[line[:, 0] > 0]
    outer, inner = line[line[:, 0].argmax()], line[line[:, 0].argmin()]
    return 2 * float(outer[0]), float(outer[1] + inner[1]) / 2
