"""The shadow with an edge that a hard lamp casts: the head's depth as its key lamp sees it.

The visibility function of a vertex (`occlusion.py`) is far too smooth for the sun: nose, brows and
chin cast shadows with edges. Where the key lamp is hard, the skin is drawn once more from there.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dlm.generator.look.factors import Light
from dlm.generator.models.base import FaceModel, Float32, Int32, region
from dlm.generator.render.gpu import SOLID, Gpu, Program
from dlm.generator.render.occlusion import look_along

SIDE = 256  # of the depth picture: 1.3 mm a texel
REACH = 0.17  # metres that it shows about MIDDLE
MIDDLE = np.array([0.0, -0.035, -0.05])  # of head and throat, in the head
SOFTEST = 0.28  # a lamp as soft as this or softer has no edge to its shadow
CELL, LOWEST = 0.007, -0.16  # metres: vertices drawn together, and the lowest that cast
HAIR_LIFT = 0.6  # of the way from the first to the last shell
SUNK = 0.0021  # metres that a lamp sees the skin lie below itself, and more by its penumbra
PENUMBRA = (0.5, 7.0)  # texels that one looks around: of a point, and more by a lamp's softness


def penumbra(light: Light) -> float:
    """Return the half width of the key lamp's penumbra in texels, 0 where it casts no shadow."""
    if not light.lamps or light.lamps[0].softness >= SOFTEST:
        return 0.0
    return PENUMBRA[0] + PENUMBRA[1] * light.lamps[0].softness


def skin_lift(light: Light) -> float:
    """Return metres along its normal by which the key lamp sees skin moved: it would shade itself.

    Looks around a place reach as far as its penumbra, where a slope may be as much nearer to it.
    """
    return -(SUNK + penumbra(light) * 2 * REACH / SIDE)


def world_to_shadow(light: Light, turn: Float32) -> NDArray[np.float64]:
    """Return the (4, 4) orthographic clip matrix of the key lamp, for a head turned by `turn`."""
    clip = np.eye(4)
    if penumbra(light) > 0:
        clip[:3, :3] = look_along(np.array(light.lamps[0].direction)) / REACH
        clip[:3, 3] = -clip[:3, :3] @ (turn @ MIDDLE)
    return clip


class KeyShadow:
    """The depth picture that shaders read as `shadow_map`."""

    def __init__(self, gpu: Gpu, unit: int) -> None:
        self._gpu = gpu
        self._program = gpu.program("shadow.vert", "probe.frag")
        self._target = gpu.target(SIDE, (), gpu.depth(SIDE, unit))
        self._target.clear()

    def cast(self, light: Light, turn: Float32, casts: Callable[[Program], None]) -> bool:
        """Have `casts` draw from the key lamp; return whether that casts a shadow at all."""
        if penumbra(light) == 0:
            return False
        self._program.set("clip", *world_to_shadow(light, turn).T.ravel())
        self._target.clear()
        self._target.use()
        self._gpu.set(SOLID)  # what faces away is never the first that the lamp meets
        casts(self._program)
        return True


def casting(model: FaceModel) -> Int32:
    """Return (F, 3) few triangles between vertices of the head's skin that cast its shadow.

    Vertices within cells of CELL metres are drawn together: a lamp need not see the lids. The
    triangles wind as the head's do.
    """
    start, stop = model.surface.parts["skin"]
    triangles, rest = model.surface.triangles[start:stop], model.template
    triangles = triangles[rest[triangles, 1].min(axis=1) > LOWEST]
    triangles = triangles[region(model, "inner_mouth")[triangles].max(axis=1) < 0.5]
    used = np.unique(triangles)
    cells = np.floor(rest[used] / CELL).astype(np.int64)
    cells -= cells.min(axis=0)
    _, cell = np.unique(np.ravel_multi_index(cells.T, cells.max(axis=0) + 1), return_inverse=True)
    sums = np.stack([np.bincount(cell, rest[used, k]) for k in range(3)], axis=1)
    middles = sums / np.bincount(cell)[:, None]
    order = np.argsort(np.linalg.norm(rest[used] - middles[cell], axis=1), kind="stable")
    first = np.unique(cell[order], return_index=True)[1]
    stands = np.zeros(len(rest), np.int32)
    stands[used] = used[order[first]][cell]
    few = stands[triangles]
    few = few[(few != np.roll(few, 1, axis=1)).all(axis=1)]
    least_first = (few.argmin(axis=1)[:, None] + np.arange(3)) % 3
    few = np.take_along_axis(few, least_first, axis=1)
    number = (few * np.int64(len(rest)) ** np.arange(3)[::-1]).sum(axis=1)  # of each triangle
    return few[np.unique(number, return_index=True)[1]]
