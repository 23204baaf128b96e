"""Soft masks of the skin that a look paints by: lips, lids, brows, scalp, beard, shirt, ...

Each is (V,) float32 from 0 to 1, zero off the skin. Lips, lids, ears and the inside of the mouth
come from MakeHuman's CC0 mask pictures; the rest is geometry of the template, in metres from the
midpoint of the eyes. Vertex numbers are those of base.obj.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dlm.generator.models.makehuman_files import BaseMesh
from dlm.generator.models.occlusion import occlusion

Mask = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

REGIONS: tuple[str, ...] = (
    "lips", "inner_mouth", "lid_upper", "lid_lower", "lash_line", "brow", "nose", "nostril",
    "cheek", "ear", "scalp", "beard", "moustache", "neck", "shirt", "cavity",
)  # fmt: skip

# The middle lines of the brows, outer to inner: their upper edges then lie where human annotators
# put points 17 to 26 (the mean of 374 near-frontal 300-W faces, laid over the template).
_BROWS = ((5262, 255, 206, 204, 177, 180), (11870, 7024, 6981, 6979, 6953, 6956))
_NOSE = (136, 131, 291, 5054, 334, 314, 317, 7077, 7096)
_NOSTRILS = (314, 7077)
_UPPER_LIP = (425, 5354, 355, 362, 7116, 11956, 7185)
_CHIN_TIP, _MOUTH_CORNER = 5225, 7185

# Height (m) of the hairline at an angle (degrees) about the head's upright axis, 0 = front.
_HAIRLINE = ((0, 0.066), (30, 0.062), (50, 0.048), (62, 0.030), (72, 0.005), (82, -0.012),
             (92, -0.010), (105, -0.040), (130, -0.070), (180, -0.085))  # fmt: skip


def region_masks(folder: Path, base: BaseMesh, arrays: Arrays) -> Arrays:
    """Return the masks as `region_<name>` arrays (V,) float32."""
    head = _Head(folder, base, arrays)
    return {
        f"region_{name}": np.where(head.skin, np.clip(mask, 0, 1), 0).astype(np.float32)
        for name, mask in head.masks().items()
    }


class _Head:
    """The template's vertices with what the masks are made of."""

    def __init__(self, folder: Path, base: BaseMesh, arrays: Arrays) -> None:
        self._folder, self._base = folder, base
        count, rows = len(arrays["mirror"]), len(arrays["template"])
        subdivide = sp.csr_matrix(
            (arrays["subdivide_data"], arrays["subdivide_indices"], arrays["subdivide_indptr"]),
            shape=(count, rows),
        )
        self.points = subdivide @ arrays["template"].astype(np.float64)
        self.triangles, ends = arrays["triangles"], arrays["part_ends"]
        self.skin = np.zeros(count, dtype=bool)
        self.skin[self.triangles[: ends[1]]] = True
        self._lashes = np.unique(self.triangles[ends[6] : ends[8]])
        self._upper_lashes = np.unique(self.triangles[ends[6] : ends[7]])
        self._number = arrays["base_index"]
        self._subdivide = subdivide
        x, y, z = self.points.T
        self.x, self.y, self.z = x, y, z
        self.angle = np.degrees(np.abs(np.arctan2(x, z + 0.08)))

    def masks(self) -> dict[str, Mask]:
        """Return every region's mask (V,), not yet cut to the skin."""
        lips, mouth = self._painted("lips"), self._painted("inside-mouth")
        lids, ear = self._painted("eyelids"), self._painted("ears")
        cavity = occlusion(self.points, self.triangles)
        outside = (1 - lips) * (1 - mouth)
        nose = _near(self.points, self._at(_NOSE), 0.012)
        scalp = _step(self.y - np.interp(self.angle, *np.array(_HAIRLINE).T), 0.006)
        neck = self._below_jaw()
        shirt = _step(-0.175 - self.y + 0.35 * (0.0 - self.z), 0.004)
        upper = self._above_corners()
        return {
            "lips": lips, "inner_mouth": mouth, "lid_upper": lids * upper,
            "lid_lower": lids * (1 - upper),
            "lash_line": _near(self.points, self.points[self._lashes], 0.0012),
            "brow": self._brow(), "nose": nose,
            "nostril": _near(self.points, self._at(_NOSTRILS), 0.007) * _step(cavity - 0.6, 0.1),
            "cheek": self._cheek(), "ear": ear, "scalp": scalp * (1 - ear),
            "beard": self._beard() * outside * (1 - ear), "moustache": self._moustache() * outside,
            "neck": neck * (1 - shirt), "shirt": shirt * neck, "cavity": cavity,
        }  # fmt: skip

    def _at(self, numbers: Sequence[int]) -> NDArray[np.float64]:
        position = {int(n): k for k, n in enumerate(self._number) if n >= 0}
        return np.asarray(self.points[[position[n] for n in numbers]])

    def _painted(self, name: str) -> Mask:
        """Return a mask picture read at the vertices."""
        from PIL import Image

        with Image.open(self._folder / f"mpfb2/textures/mpfb_{name}.jpg") as picture:
            pixels = np.asarray(picture.convert("L"), dtype=np.float64) / 255
        value = np.zeros(len(self._base.vertices))
        body, corners = self._base.quads["body"].ravel(), self._base.corners["body"].ravel()
        uv = self._base.uv[corners]
        column = np.clip(uv[:, 0] * pixels.shape[1], 0, pixels.shape[1] - 1).astype(int)
        row = np.clip((1 - uv[:, 1]) * pixels.shape[0], 0, pixels.shape[0] - 1).astype(int)
        np.maximum.at(value, body, pixels[row, column])
        value = (value + value[self._base.mirror]) / 2
        kept = self._number[self._number >= 0]
        padded = np.zeros(self._subdivide.shape[1])
        padded[: len(kept)] = value[kept]
        return np.asarray(self._subdivide @ padded)

    def _above_corners(self) -> Mask:
        """Return 1 above the line through the corners of each eye, 0 below."""
        lashes = self.points[self._upper_lashes]
        side = lashes[lashes[:, 0] > 0]
        inner, outer = side[side[:, 0].argmin()], side[side[:, 0].argmax()]
        share = (np.abs(self.x) - inner[0]) / (outer[0] - inner[0])
        return _step(self.y - (inner[1] + np.clip(share, 0, 1) * (outer[1] - inner[1])), 0.001)

    def _brow(self) -> Mask:
        """Return a band along each brow, thinner to its outer end."""
        mask = np.zeros(len(self.points))
        for numbers in _BROWS:
            line = self._at(numbers)
            t = np.linspace(0, 1, 60)
            knots = np.linspace(0, 1, len(line))
            curve = np.stack([np.interp(t, knots, line[:, k]) for k in range(3)], axis=1)
            distance, which = cKDTree(curve).query(self.points)
            width = 0.0024 + 0.0012 * t[which]
            mask = np.maximum(mask, np.exp(-0.5 * (distance / width) ** 2))
        return mask

    def _cheek(self) -> Mask:
        centre = np.array([0.037, -0.040, 0.010])
        away = (np.abs(self.points * [1, 0, 0]) + self.points * [0, 1, 1] - centre) / 0.018
        return np.asarray(np.exp(-0.5 * (away**2).sum(axis=1)))

    def _below_jaw(self) -> Mask:
        """Return 1 under the plane from the chin's underside to the nape."""
        chin = self._at((_CHIN_TIP,))[0]
        edge = chin[1] - 0.012 + (chin[2] - 0.02 - self.z) * 0.45
        return _step(np.minimum(edge, -0.03) - self.y, 0.006)

    def _beard(self) -> Mask:
        """Return jaw, chin and lower cheeks, up to the sideburns and down to the throat."""
        corner = self._at((_MOUTH_CORNER,))[0]
        top = np.interp(self.angle, [0, 25, 45, 70, 80], [corner[1], corner[1] - 0.004, -0.062,
                                                         -0.035, 0.0])  # fmt: skip
        chin = self._at((_CHIN_TIP,))[0]
        bottom = chin[1] - 0.02 + np.maximum(chin[2] - 0.03 - self.z, 0) * 0.55
        front = _step(88 - self.angle, 3)
        return _step(top - self.y, 0.004) * _step(self.y - bottom, 0.006) * front

    def _moustache(self) -> Mask:
        lip, base = self._at(_UPPER_LIP), self._at((317,))[0]
        edge = np.interp(np.abs(self.x), lip[3:, 0], lip[3:, 1])
        above = _step(self.y - edge, 0.001)
        roof = base[1] - 0.001 - 0.25 * np.maximum(np.abs(self.x) - 0.008, 0)
        span = _step(lip[:, 0].max() + 0.004 - np.abs(self.x), 0.003)
        return above * _step(roof - self.y, 0.002) * span * _step(self.z - (lip[:, 2].min() - 0.01),
                                                                  0.003)  # fmt: skip


def _step(value: Mask, width: float) -> Mask:
    """Return 0 below -width, 1 above width, smooth between."""
    t = np.clip(value / (2 * width) + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _near(points: NDArray[Any], targets: NDArray[Any], width: float) -> Mask:
    """Return 1 at the targets, falling off with their distance."""
    distance, _ = cKDTree(targets).query(points)
    return np.asarray(np.exp(-0.5 * (distance / width) ** 2))
