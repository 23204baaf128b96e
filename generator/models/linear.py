"""A head that is linear in identity and expression, read from a file: `ict`, or one of your own.

Frame   metres, dlm's axes, the origin between the template's eyeballs.
Shapes  B samples, V vertices, I identity coefficients, 52 expression units.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dlm.generator.models import linear_rig as rig
from dlm.generator.models.base import (
    ARKIT_UNITS,
    Float32,
    Identity,
    Int32,
    Surface,
    Topology,
    heads_of,
)
from dlm.generator.models.makehuman_pose import NeckRig

Arrays = Mapping[str, NDArray[Any]]

_PLAUSIBLE = 0.9  # of the modes' own spread: a normal draw in every mode is seldom anybody
_FARTHEST = 2.5  # standard deviations
_SAME = 0.005  # of a head's size: how far a vertex may lie from its partner's mirror image


class LinearHead:
    """A FaceModel from the arrays of `linear_file`."""

    def __init__(self, name: str, arrays: Arrays) -> None:
        self.name = name
        self.licence = str(arrays["licence"]) if "licence" in arrays else "unknown"
        metres = float(arrays["metres"].reshape(()))
        points = arrays["template"].astype(np.float64) * metres
        triangles, parts = _parts(arrays)
        self.topology = Topology(
            model=name, vertex_count=len(points), triangles=triangles, parts=parts,
            uv=arrays["uv"].astype(np.float32) if "uv" in arrays else _cylinder(points),
            mirror=arrays["mirror"].astype(np.int32),
        )  # fmt: skip
        self._eyes = rig.balls(self.topology, points.astype(np.float32))
        centres = [(eye.weights @ points[eye.vertices])[0] for eye in self._eyes]
        self.template: Float32 = (points - (np.mean(centres, axis=0) if centres else 0)).astype(
            np.float32
        )
        self.surface = Surface(triangles=triangles, parts=parts).in_order(self.template)
        self.identity_size = len(arrays["identity"])
        self._std = arrays.get("identity_std", np.ones(self.identity_size)).astype(np.float64)
        self._identity = _dense(_scaled(arrays, "identity", metres))
        self._expression = _units(arrays, metres)
        bases = (self._identity, self._expression)
        self._lids = rig.find_lids(arrays, self.template, self.topology, bases, self._eyes)
        self._lips = rig.find_lips(arrays, self.template, self.topology, self._expression)
        self._neck = _neck(arrays)
        self.regions: Mapping[str, Float32] = {
            key.removeprefix("region_"): value.astype(np.float32)
            for key, value in arrays.items() if key.startswith("region_")
        }  # fmt: skip

    def sample_identity(self, rng: np.random.Generator) -> Identity:
        """Draw one plausible person.

        The modes of such a head know nothing of age, sex or ancestry: these traits are drawn on
        their own, for the look alone (skin, hair, beard), and say nothing about the shape.
        """
        draws = np.clip(rng.normal(size=self.identity_size) * _PLAUSIBLE, -_FARTHEST, _FARTHEST)
        shares = rng.dirichlet([0.4, 0.4, 0.4])
        traits = {"age": float(rng.uniform(18, 75)), "sex": float(rng.integers(2))}
        names = ("african", "asian", "caucasian")
        traits |= {race: float(share) for race, share in zip(names, shares, strict=True)}
        return Identity(coefficients=(draws * self._std).astype(np.float32), traits=traits)

    def vertices(
        self, identity: Float32, expression: Float32, gaze: Float32, neck: Float32
    ) -> Float32:
        """Return (B, V, 3) metres; see FaceModel."""
        identity = np.asarray(identity, dtype=np.float32)
        weights = rig.lids_follow(np.asarray(expression, dtype=np.float32), gaze)
        asked = [rig.blink_weight(lids, identity, weights) for lids in self._lids]
        for lids, (weight, _) in zip(self._lids, asked, strict=True):
            weights[:, lids.unit] = weight
        shift = self._identity @ np.ascontiguousarray(identity.T)
        shift += self._expression @ np.ascontiguousarray(weights.T)
        rows = shift.reshape(*self.template.shape, len(identity))
        rows += self.template[..., None]
        if self._lips is not None:
            rig.fit_lips(rows, self._lips, weights)
        for lids, eye, (_, opening) in zip(self._lids, self._eyes, asked, strict=False):
            rig.fit_lids(rows, lids, eye, opening)
        for side, eye in enumerate(self._eyes):
            rig.turn_ball(rows, eye, np.asarray(gaze[:, side], dtype=np.float32))
        points = heads_of(rows)
        if self._neck is not None:
            self._neck.turn_torso(points, rows, np.asarray(neck, dtype=np.float32))
        return points


def find_mirror(points: NDArray[np.float64], edges: NDArray[Any]) -> Int32 | None:
    """Return the mirror (V,) of a symmetric mesh with `edges` (E, 2), None where there is none.

    Vertices that lie on each other are told apart by where their neighbours lie.
    """
    near = _neighbour_means(len(points), edges)
    for marks in ([points], [points, near @ points], [points, near @ points, near @ near @ points]):
        here = np.concatenate(marks, axis=1)
        away, found = cKDTree(here).query(here * np.tile([-1.0, 1.0, 1.0], len(marks)))
        if (found[found] == np.arange(len(points))).all() and away.max() < _SAME * np.ptp(points):
            return np.asarray(found, dtype=np.int32)
    return None


def _neighbour_means(count: int, edges: NDArray[Any]) -> sp.csr_matrix:
    a, b = edges.T
    joined = sp.csr_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), shape=(count, count))
    joined.data[:] = 1
    total = np.maximum(np.asarray(joined.sum(axis=1)).ravel(), 1)
    return sp.csr_matrix(sp.diags(1 / total) @ joined)


def _parts(arrays: Arrays) -> tuple[Int32, dict[str, tuple[int, int]]]:
    triangles = arrays["triangles"].astype(np.int32)
    if "part_names" not in arrays:
        return triangles, {"skin": (0, len(triangles))}
    stops = np.cumsum(arrays["part_sizes"]).tolist()
    names = arrays["part_names"].tolist()
    return triangles, dict(zip(names, zip([0, *stops], stops, strict=False), strict=True))


def _cylinder(points: NDArray[np.float64]) -> Float32:
    low, high = points.min(axis=0), points.max(axis=0)
    around = np.arctan2(points[:, 0], points[:, 2] - (low[2] + high[2]) / 2)
    up = (points[:, 1] - low[1]) / (high[1] - low[1])
    return np.stack([0.5 + around / (2 * np.pi), up], axis=1).astype(np.float32)


def _scaled(arrays: Arrays, key: str, metres: float) -> Float32:
    """Return the modes (M, V, 3) in metres."""
    basis = arrays[key]
    scale = arrays.get(f"{key}_scale", np.ones(len(basis))).astype(np.float64) * metres
    return np.asarray(basis * scale.astype(np.float32)[:, None, None], dtype=np.float32)


def _dense(modes: Float32) -> sp.csr_matrix:
    """Return (3V, M) with every entry kept: sparse products add in one order for any batch."""
    count, rows = len(modes), modes[0].size if len(modes) else 0
    if not count:
        return sp.csr_matrix((modes.shape[1] * 3, 0), dtype=np.float32)
    data = np.ascontiguousarray(modes.reshape(count, rows).T).ravel()
    columns = np.tile(np.arange(count, dtype=np.int32), rows)
    starts = np.arange(0, rows * count + 1, count, dtype=np.int32)
    return sp.csr_matrix((data, columns, starts), shape=(rows, count))


def _units(arrays: Arrays, metres: float) -> sp.csr_matrix:
    """Return (3V, 52), each unit in its place; units that the head lacks are empty."""
    modes = _scaled(arrays, "expression", metres)
    dense = np.zeros((modes.shape[1] * 3, len(ARKIT_UNITS)), dtype=np.float32)
    place = [ARKIT_UNITS.index(name) for name in arrays["expression_names"].tolist()]
    dense[:, place] = modes.reshape(len(modes), -1).T
    return sp.csr_matrix(dense)


def _neck(arrays: Arrays) -> NeckRig | None:
    if "neck_share" not in arrays:
        return None
    moved = np.flatnonzero(arrays["neck_share"] > 0)
    return NeckRig({
        "neck_vertices": moved, "neck_share": arrays["neck_share"][moved].astype(np.float32),
        "neck_joint": arrays["neck_pivot"].astype(np.int64),
    })  # fmt: skip
