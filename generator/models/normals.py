"""Unit vertex normals of many posed heads on one topology."""

from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse as sp

from dlm.generator.models.base import FaceModel, Float32, Topology

_INCIDENCE: WeakKeyDictionary[Topology, sp.csr_matrix] = WeakKeyDictionary()


def vertex_normals(vertices: Float32, on: FaceModel | Topology) -> Float32:
    """Return (B, V, 3) unit normals of `vertices` (B, V, 3): area-weighted means of triangles."""
    topology = on if isinstance(on, Topology) else on.topology
    incidence = _incidence(topology)
    a, b, c = topology.triangles.T
    normals = np.empty_like(vertices)
    for row, points in enumerate(vertices):
        corner = points[a]
        normals[row] = incidence @ _cross(points[b] - corner, points[c] - corner)
    length = np.sqrt(np.einsum("bvk,bvk->bv", normals, normals))
    return normals / np.maximum(length, np.float32(1e-20))[..., None]


def _cross(u: Float32, v: Float32) -> Float32:
    """Return the cross products of (T, 3) and (T, 3); numpy's own is three times slower."""
    out = np.empty_like(u)
    for k in range(3):
        i, j = (k + 1) % 3, (k + 2) % 3
        out[:, k] = u[:, i] * v[:, j] - u[:, j] * v[:, i]
    return out


def _incidence(topology: Topology) -> sp.csr_matrix:
    """Return the (V, T) matrix of ones that sums triangles at their vertices, kept for later."""
    found = _INCIDENCE.get(topology)
    if found is None:
        corners = topology.triangles.ravel()
        entries = (np.ones(corners.size, np.float32), corners, np.arange(0, corners.size + 1, 3))
        count = len(topology.triangles)
        found = sp.csc_matrix(entries, shape=(topology.vertex_count, count)).tocsr()
        _INCIDENCE[topology] = found
    return found
