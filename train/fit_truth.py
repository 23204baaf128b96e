"""How far fitted heads are from true ones, in millimetres: rows of a dataset know their heads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlm.datasets import Dataset
from dlm.train.fit import Fitted
from dlm.train.fit_basis import HeadBasis

Float64 = NDArray[np.float64]

BATCH = 32  # heads posed together


@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """The heads of n rows, and the cameras that saw them."""

    faces: Float64  # (n, F, 3) metres, the vertices of HeadBasis.face
    axis: Float64  # (n, 2) pixels of the picture
    focal: Float64  # (n,) pixels


def truth_of(basis: HeadBasis, dataset: Dataset, rows: NDArray[np.int64]) -> Truth:
    """Return the true faces of `rows`, with their expressions."""
    faces, cameras = [], []
    for start in range(0, len(rows), BATCH):
        held = dataset.columns(
            ["identity", "expression", "gaze", "neck", "intrinsics"], rows[start : start + BATCH]
        )
        gaze, neck = (np.radians(held[name]).astype(np.float32) for name in ("gaze", "neck"))
        heads = basis.model.vertices(held["identity"], held["expression"], gaze, neck)
        faces.append(heads[:, basis.face].astype(np.float64))
        cameras.append(held["intrinsics"])  # fx, fy, cx, cy
    camera = np.concatenate(cameras).astype(np.float64)
    return Truth(faces=np.concatenate(faces), axis=camera[:, 2:], focal=camera[:, 0])


def face_errors(basis: HeadBasis, fitted: Fitted, truth: Truth) -> Float64:
    """Return (n,) mean distances in mm between fitted and true faces, vertex by vertex.

    Means are over the face's surface, after the similarity that brings the fitted face closest:
    a picture tells neither where a head is nor how large. The size is the true head's.
    """
    errors = []
    for start in range(0, len(truth.faces), BATCH):
        part = slice(start, start + BATCH)
        heads = basis.heads(fitted.identity[part], fitted.expression[part])[:, basis.face]
        errors.append(_distances(heads.astype(np.float64), truth.faces[part], basis.area))
    return np.concatenate(errors)


def mean_face_errors(basis: HeadBasis, truth: Truth) -> Float64:
    """Return the (n,) errors of the mean neutral face: what a fit must beat."""
    mean = np.broadcast_to(basis.mean[basis.face].astype(np.float64), truth.faces.shape)
    return _distances(mean, truth.faces, basis.area)


def _distances(fitted: Float64, true: Float64, area: Float64) -> Float64:
    """Return (n,) weighted mean distances in mm of (n, F, 3) after Umeyama's similarity."""
    centred = [each - np.einsum("f,nfc->nc", area, each)[:, None] for each in (fitted, true)]
    shared = np.einsum("f,nfi,nfj->nij", area, centred[1], centred[0])
    left, sizes, right = np.linalg.svd(shared)
    sign = np.ones_like(sizes)
    sign[:, 2] = np.sign(np.linalg.det(left @ right))
    turn = (left * sign[:, None]) @ right
    spread = np.einsum("f,nfc->n", area, centred[0] ** 2)
    scale = (sizes * sign).sum(axis=1) / spread
    moved = scale[:, None, None] * centred[0] @ np.swapaxes(turn, 1, 2)
    return 1000 * np.asarray(np.linalg.norm(moved - centred[1], axis=2) @ area)
