"""Unit vertex normals of many posed heads on one topology."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from dlm.generator.models.base import FaceModel, Float32, Int32, Topology


@dataclass(frozen=True, eq=False)
class _Faces:
    """The triangles, joined to quads where two share a diagonal: half the work, same area."""

    corners: NDArray[np.intp]  # (4, Q); a lone triangle repeats its first corner
    incidence: sp.csr_matrix  # (V, Q) ones


_FACES: WeakKeyDictionary[Topology, _Faces] = WeakKeyDictionary()


def vertex_normals(vertices: Float32, on: FaceModel | Topology) -> Float32:
    """Return (B, V, 3) unit normals of `vertices` (B, V, 3): area-weighted means of the faces.

    Each coordinate is contiguous, as in the heads that models make.
    """
    faces = _faces(on if isinstance(on, Topology) else on.topology)
    a, b, c, d = faces.corners
    planes = np.empty((len(vertices), 3, vertices.shape[1]), vertices.dtype)
    for head, normals in zip(vertices, planes, strict=True):
        axes = np.ascontiguousarray(head.T)
        u = axes.take(c, axis=1) - axes.take(a, axis=1)
        v = axes.take(d, axis=1) - axes.take(b, axis=1)
        sums = [faces.incidence @ (u[i] * v[j] - u[j] * v[i]) for i, j in ((1, 2), (2, 0), (0, 1))]
        x, y, z = sums
        scale = 1 / np.sqrt(np.maximum(x * x + y * y + z * z, np.float32(1e-30)))
        for total, normal in zip(sums, normals, strict=True):
            np.multiply(total, scale, out=normal)
    return np.moveaxis(planes, 1, 2)


def _faces(topology: Topology) -> _Faces:
    found = _FACES.get(topology)
    if found is None:
        corners = _quads(topology.triangles)
        columns = np.tile(np.arange(len(corners)), 4)
        entries = (np.ones(corners.size, np.float32), (corners.T.ravel(), columns))
        incidence = sp.csr_matrix(entries, shape=(topology.vertex_count, len(corners)))
        incidence.data[:] = 1  # a lone triangle counts its repeated corner once
        found = _Faces(np.ascontiguousarray(corners.T, dtype=np.intp), incidence)
        _FACES[topology] = found
    return found


def _quads(triangles: Int32) -> Int32:
    """Join each triangle (a, b, c) with a following (a, c, d) to a quad (a, b, c, d)."""
    a, b, c = triangles.T
    fits = np.append((a[1:] == a[:-1]) & (b[1:] == c[:-1]), False)  # the one after it
    number = np.arange(len(triangles))
    before = np.maximum.accumulate(np.where(fits, -1, number))  # the last that does not fit
    first = fits & ((number - before) % 2 == 1)  # in a row of them every other: each joins once
    alone_or_first = ~np.append(False, first[:-1])
    quads = np.stack([a, b, c, np.where(first, np.roll(c, -1), a)], axis=1)
    return np.asarray(quads[alone_or_first])
